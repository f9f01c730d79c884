//! The words of a text one after another, without any memory of their own.
//!
//! The grammar (`grammar/net.pest`) decides what a program is. This lexer serves what must also work
//! on text that is not one: the limits that are checked before parsing, recovery from mistakes, what
//! an error message says was found, and the formatter. Tests hold the two to the same words.

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name that is not reserved.
    Name,
    /// `let`, `in`, ...
    Reserved,
    /// A number, `3`, or a shape, `3x3`.
    Number,
    /// Something that begins like a number and is none.
    BadNumber,
    /// `"..."`
    Text,
    /// A text whose closing quote is missing from its line.
    OpenText,
    /// From `#` to the end of the line.
    Comment,
    /// A line break.
    Newline,
    /// `(` or `[`
    Open,
    /// `)` or `]`
    Close,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `;`
    Semicolon,
    /// `.`
    Dot,
    /// `=`
    Equals,
    /// `==` or `!=`
    Relation,
    /// `+ - * /`
    Operator,
    /// `|>`
    Pipe,
    /// What no program contains.
    Unknown,
}

/// A token: its kind and the bytes that it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

impl Token {
    /// The token's text.
    pub fn text(self, source: &str) -> &str {
        source.get(self.start..self.end).unwrap_or("")
    }

    /// Whether a value can end here.
    pub fn ends_value(self) -> bool {
        matches!(self.kind, Kind::Name | Kind::Number | Kind::BadNumber | Kind::Text | Kind::OpenText | Kind::Close)
    }

    /// Whether the line that follows continues the statement.
    pub fn continues(self) -> bool {
        matches!(
            self.kind,
            Kind::Operator | Kind::Pipe | Kind::Equals | Kind::Relation | Kind::Comma | Kind::Dot | Kind::Colon
        )
    }
}

/// The words that cannot be names.
pub(super) const RESERVED: [&str; 10] =
    ["let", "forall", "network", "import", "prove", "output", "in", "is", "as", "within"];

/// The reserved words that begin an item.
pub(super) const ITEM_WORDS: [&str; 5] = ["let", "forall", "network", "import", "prove"];

/// Operators of other languages, longest first, read as one word so that a message can name them.
const FOREIGN: [&str; 18] =
    ["===", "!==", "...", "|>=", ":=", "->", "=>", "<=", ">=", "**", "//", "/*", "*/", "&&", "||", "++", "<-", "::"];

/// An iterator over the tokens of a text. Blanks and a leading byte order mark are skipped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    /// The tokens from the text's beginning.
    pub fn new(text: &'t str) -> Lexer<'t> {
        Lexer { text, at: if text.starts_with('\u{FEFF}') { 3 } else { 0 } }
    }

    /// The tokens from a byte on, which must be a character's first.
    pub fn from(text: &'t str, at: usize) -> Lexer<'t> {
        let at = if text.is_char_boundary(at) { at } else { text.len() };
        if at == 0 { Lexer::new(text) } else { Lexer { text, at } }
    }

    /// Where the next token is looked for.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next token that is not a comment.
    pub fn significant(&mut self) -> Option<Token> {
        self.find(|token| token.kind != Kind::Comment)
    }

    /// The next token that is neither a comment nor a line break, without moving on.
    pub fn ahead(mut self) -> Option<Token> {
        self.find(|token| !matches!(token.kind, Kind::Comment | Kind::Newline))
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        let start = self.at;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let (kind, length) = token(rest);
        self.at = start + length;
        Some(Token { kind, start, end: self.at })
    }
}

/// The kind and length of the token that a non-empty text begins with.
fn token(text: &str) -> (Kind, usize) {
    let bytes = text.as_bytes();
    match bytes[0] {
        b'\n' => (Kind::Newline, 1),
        b'\r' if bytes.get(1) == Some(&b'\n') => (Kind::Newline, 2),
        b'#' => (Kind::Comment, text.find('\n').map_or(text.len(), |end| end - usize::from(bytes[end - 1] == b'\r'))),
        b'"' => string(text),
        b'0'..=b'9' => number(text),
        b'.' if bytes.get(1).is_some_and(u8::is_ascii_digit) => (Kind::BadNumber, ragged(text)),
        b if b.is_ascii_alphabetic() || b == b'_' => {
            let length = text.bytes().position(|b| !is_name(b)).unwrap_or(text.len());
            (if RESERVED.contains(&&text[..length]) { Kind::Reserved } else { Kind::Name }, length)
        }
        _ => punctuation(text),
    }
}

fn punctuation(text: &str) -> (Kind, usize) {
    if text.starts_with("|>") && !text.starts_with("|>=") {
        return (Kind::Pipe, 2);
    }
    if let Some(foreign) = FOREIGN.iter().find(|f| text.starts_with(**f)) {
        return (Kind::Unknown, foreign.len());
    }
    if text.starts_with("==") || text.starts_with("!=") {
        return (Kind::Relation, 2);
    }
    let kind = match text.as_bytes()[0] {
        b'(' | b'[' => Kind::Open,
        b')' | b']' => Kind::Close,
        b'{' => Kind::OpenBrace,
        b'}' => Kind::CloseBrace,
        b',' => Kind::Comma,
        b':' => Kind::Colon,
        b';' => Kind::Semicolon,
        b'.' => Kind::Dot,
        b'=' => Kind::Equals,
        b'+' | b'-' | b'*' | b'/' => Kind::Operator,
        _ => Kind::Unknown,
    };
    (kind, text.chars().next().map_or(1, char::len_utf8))
}

fn string(text: &str) -> (Kind, usize) {
    match text[1..].find(['"', '\n', '\r']) {
        Some(end) if text.as_bytes()[end + 1] == b'"' => (Kind::Text, end + 2),
        Some(end) => (Kind::OpenText, end + 1),
        None => (Kind::OpenText, text.len()),
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The number or shape that a text begins with, as the rules `number` and `shape` of the grammar.
fn number(text: &str) -> (Kind, usize) {
    let complete = |end: &usize| {
        let rest = &text.as_bytes()[*end..];
        let runs_on = rest.first().is_some_and(|&b| is_name(b))
            || text[*end..].starts_with('×')
            || (rest.first() == Some(&b'.') && rest.get(1).is_some_and(u8::is_ascii_digit));
        !runs_on
    };
    let candidates = [hexadecimal(text), Some(decimal(text)), shape(text)];
    match candidates.into_iter().flatten().find(complete) {
        Some(end) => (Kind::Number, end),
        None => (Kind::BadNumber, ragged(text)),
    }
}

/// The end of the run of decimal digits that begins at `at`.
fn digits(text: &str, at: usize) -> usize {
    run(text, at, u8::is_ascii_digit)
}

fn run(text: &str, at: usize, is: fn(&u8) -> bool) -> usize {
    at + text.as_bytes()[at..].iter().take_while(|b| is(b)).count()
}

/// The end of an exponent whose mark is at `at`; `None` if there is none.
fn exponent(text: &str, at: usize, mark: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.get(at)?.to_ascii_lowercase() != mark {
        return None;
    }
    let start = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
    Some(digits(text, start.min(text.len()))).filter(|&end| end > start)
}

fn decimal(text: &str) -> usize {
    let mut end = digits(text, 0);
    if text[end..].starts_with('.') && digits(text, end + 1) > end + 1 {
        end = digits(text, end + 1);
    }
    exponent(text, end, b'e').unwrap_or(end)
}

fn hexadecimal(text: &str) -> Option<usize> {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let whole = run(text, 2, u8::is_ascii_hexdigit);
    let mut end = whole;
    if text[end..].starts_with('.') {
        end = run(text, end + 1, u8::is_ascii_hexdigit);
    }
    let has_digits = whole > 2 || end > whole + 1;
    exponent(text, end, b'p').filter(|_| has_digits)
}

fn shape(text: &str) -> Option<usize> {
    let mut end = digits(text, 0);
    let first = end;
    while let Some(rest) = text[end..].strip_prefix('x').or_else(|| text[end..].strip_prefix('×')) {
        let start = text.len() - rest.len();
        if digits(text, start) == start {
            break;
        }
        end = digits(text, start);
    }
    Some(end).filter(|&end| end > first)
}

/// The length of something that begins like a number and is none: up to the next blank or bracket.
fn ragged(text: &str) -> usize {
    let mut end = 0;
    for (i, c) in text.char_indices() {
        let next = text.as_bytes().get(i + c.len_utf8());
        let belongs = match c {
            '.' => next.is_some_and(|&b| is_name(b)),
            '×' => true,
            _ => c.is_ascii() && is_name(c as u8),
        };
        if !belongs {
            break;
        }
        end = i + c.len_utf8();
    }
    end.max(1)
}
