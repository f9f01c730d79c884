//! The usual layout of a text: its words, comments and line breaks, with the blanks between them as
//! they should be.
//!
//! - Four blanks for each block; a line that continues a statement, or begins with `|>`, has four more.
//! - Lines inside a bracket stand four blanks in if the bracket ends its line, and under the first
//!   word after it otherwise, which keeps the rows of a table under one another.
//! - One blank around `=`, `|>` and infix operators, but none around the `=` of an argument nor the
//!   `/` of a fraction `3/2`; one after `,` `:` `;`; one before a comment at the end of a line.
//! - At most one empty line in a row, none where a block begins or ends; line feeds, no byte order
//!   mark, one line break at the end.

use super::lex::{Kind, Lexer, Token};
use super::parse::parse;
use crate::diagnostic::Diagnostic;

const INDENT: usize = 4;

/// The text in the usual layout.
///
/// Formatting again changes nothing, and the syntax tree stays the same. A text with mistakes is not
/// formatted: they are returned instead, with spans in file 0.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let (_, diagnostics) = parse(text, 0);
    if diagnostics.is_empty() { Ok(layout(text)) } else { Err(diagnostics) }
}

/// A bracket that is open, and where lines inside it and its closing bracket stand.
struct Bracket {
    mark: &'static str,
    inside: usize,
    closing: usize,
}

struct Layout<'t> {
    text: &'t str,
    output: String,
    brackets: Vec<Bracket>,
    /// The last word of the statement so far.
    previous: Option<Token>,
    /// Whether the last word was a sign, not an infix operator.
    sign: bool,
}

fn layout(text: &str) -> String {
    let lines = lines(text);
    let mut layout = Layout { text, output: String::new(), brackets: Vec::new(), previous: None, sign: false };
    let mut upcoming = vec![None; lines.len() + 1];
    for (i, line) in lines.iter().enumerate().rev() {
        upcoming[i] = line.iter().copied().find(|token| token.kind != Kind::Comment).or(upcoming[i + 1]);
    }
    let mut empty = false;
    for (i, line) in lines.iter().enumerate() {
        if line.is_empty() {
            empty = true;
            continue;
        }
        if empty && layout.may_be_empty_before(line[0]) {
            layout.output.push('\n');
        }
        empty = false;
        layout.line(line, upcoming[i]);
        layout.end_line(upcoming[i + 1]);
    }
    layout.output
}

/// The tokens of each line.
fn lines(text: &str) -> Vec<Vec<Token>> {
    let mut lines = vec![Vec::new()];
    for token in Lexer::new(text) {
        match (token.kind, lines.last_mut()) {
            (Kind::Newline, _) => lines.push(Vec::new()),
            (_, Some(line)) => line.push(token),
            _ => {}
        }
    }
    lines
}

impl Layout<'_> {
    fn line(&mut self, line: &[Token], upcoming: Option<Token>) {
        let indent = self.indent(line[0], upcoming);
        self.output.push_str(&" ".repeat(indent));
        let mut column = indent;
        for (i, &token) in line.iter().enumerate() {
            let blank = i > 0 && self.blank(line, i);
            let word = token.text(self.text);
            let word = if token.kind == Kind::Comment { word.trim_end() } else { word };
            self.output.push_str(if blank { " " } else { "" });
            self.output.push_str(word);
            column += usize::from(blank) + word.chars().count();
            let ends_line = line.get(i + 1).is_none_or(|next| next.kind == Kind::Comment);
            self.advance(token, indent, column, ends_line);
        }
        self.output.push('\n');
    }

    /// Where a line stands that begins with this token. A comment stands where the next word does.
    fn indent(&self, first: Token, upcoming: Option<Token>) -> usize {
        let closes = matches!(first.kind, Kind::Close | Kind::CloseBrace);
        let continues =
            || self.previous.is_some_and(Token::continues) || upcoming.is_some_and(|token| token.kind == Kind::Pipe);
        match self.brackets.last() {
            Some(bracket) if closes => bracket.closing,
            Some(bracket) if bracket.mark != "{" => bracket.inside,
            top => top.map_or(0, |bracket| bracket.inside) + if continues() { INDENT } else { 0 },
        }
    }

    /// Follows the brackets and the statement over one token.
    fn advance(&mut self, token: Token, indent: usize, column: usize, ends_line: bool) {
        self.sign = self.is_sign(token);
        match token.kind {
            Kind::Comment => return,
            Kind::Open => {
                let mark = if token.text(self.text) == "(" { "(" } else { "[" };
                let bracket = match ends_line {
                    true => Bracket { mark, inside: indent + INDENT, closing: indent },
                    false => Bracket { mark, inside: column, closing: column - 1 },
                };
                self.brackets.push(bracket);
            }
            // A network never stands inside another.
            Kind::OpenBrace => self.brackets.push(Bracket { mark: "{", inside: INDENT, closing: 0 }),
            Kind::Close | Kind::CloseBrace => drop(self.brackets.pop()),
            _ => {}
        }
        let ends = matches!(token.kind, Kind::Semicolon | Kind::OpenBrace | Kind::CloseBrace);
        self.previous = (!ends).then_some(token);
    }

    /// Forgets the statement if the line break ends it.
    fn end_line(&mut self, upcoming: Option<Token>) {
        let inside = self.brackets.last().is_some_and(|bracket| bracket.mark != "{");
        let continues = self.previous.is_some_and(Token::continues);
        if !inside && !continues && upcoming.is_none_or(|token| token.kind != Kind::Pipe) {
            self.previous = None;
        }
    }

    fn is_sign(&self, token: Token) -> bool {
        token.text(self.text) == "-" && !self.previous.is_some_and(Token::ends_value)
    }

    fn may_be_empty_before(&self, first: Token) -> bool {
        let opens = self.output.trim_end_matches('\n').is_empty() || self.output.ends_with("{\n") || {
            self.previous.is_some_and(|token| token.kind == Kind::Open)
        };
        !opens && !matches!(first.kind, Kind::Close | Kind::CloseBrace)
    }

    /// Whether a blank stands before the `i`-th token of a line, which is not its first.
    fn blank(&self, line: &[Token], i: usize) -> bool {
        let (before, token) = (line[i - 1], line[i]);
        match (before.kind, token.kind) {
            (_, Kind::Comment) => true,
            (_, Kind::Comma | Kind::Semicolon | Kind::Colon | Kind::Dot | Kind::Close) => false,
            (Kind::Open, _) | (Kind::OpenBrace, Kind::CloseBrace) => false,
            (Kind::Name, Kind::Open) => false,
            _ if self.sign => false,
            (Kind::Equals, _) | (_, Kind::Equals) => self.brackets.last().is_none_or(|bracket| bracket.mark == "{"),
            (Kind::Operator, _) => !self.is_fraction(line, i - 1),
            (_, Kind::Operator) => !self.is_fraction(line, i),
            _ => true,
        }
    }

    /// Whether the operator is the bar of a fraction such as `3/2`. After `*` or `/` it is not:
    /// `x / 2 / 3` would look like `x / (2/3)`.
    fn is_fraction(&self, line: &[Token], operator: usize) -> bool {
        let text = |i: usize| line.get(i).map_or("", |token| token.text(self.text));
        let is_number = |i: usize| line.get(i).is_some_and(|token| token.kind == Kind::Number);
        let product = operator >= 2 && matches!(text(operator - 2), "*" | "/");
        text(operator) == "/" && operator >= 1 && is_number(operator - 1) && is_number(operator + 1) && !product
    }
}
