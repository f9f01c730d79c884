//! What can be read of a text that does not follow the grammar, and every mistake in it.
//!
//! The text is cut where statements and items must end, by its lexical structure alone; each piece
//! is then read by the grammar on its own. A bracket that was never closed does not swallow the rest
//! of the file: a piece also ends before a line that cannot go on inside brackets.

use pest::Parser as _;
use pest::iterators::Pair;

use super::build::Builder;
use super::explain::{Context, explain};
use super::lex::{ITEM_WORDS, Kind, Lexer, Token};
use super::parse::{NetParser, Rule};
use super::tree::{Name, NetworkItem};
use crate::diagnostic::{Code, Diagnostic, Span};

/// The number of mistakes after which the rest of the text is not looked at.
pub(super) const GIVE_UP: usize = 1000;

/// A piece of the text: from its first token to its last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Region {
    pub start: usize,
    pub end: usize,
}

/// What ended a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The end of a statement.
    End,
    /// In a header: the `{` or `=` that begins the network's body.
    Body(Token),
}

/// Reads a broken text piece by piece.
pub(super) struct Recovery<'t> {
    text: &'t str,
    file: u32,
    lexer: Lexer<'t>,
    /// Closing brackets that belong to a mistake already reported.
    swallow: usize,
    /// From where the next brace was last looked for, where it is, and whether it opens.
    brace: Option<(usize, Option<(usize, bool)>)>,
    pub builder: Builder<'t>,
}

impl<'t> Recovery<'t> {
    pub fn new(text: &'t str, file: u32) -> Recovery<'t> {
        let (lexer, builder) = (Lexer::new(text), Builder::new(text, file));
        Recovery { text, file, lexer, swallow: 0, brace: None, builder }
    }

    /// Reads every item.
    pub fn run(&mut self) {
        while let Some(token) = self.next_piece() {
            match token.kind {
                Kind::CloseBrace => {
                    self.lexer.next();
                    let message = "this `}` closes nothing";
                    self.builder.report(Diagnostic::new(Code::Syntax, self.span(token), message).label("unexpected"));
                }
                Kind::Reserved if token.text(self.text) == "network" => self.network(token),
                _ => self.item(),
            }
        }
    }

    fn span(&self, token: Token) -> Span {
        Span { file: self.file, start: token.start, end: token.end }
    }

    /// The first token of the next piece, which is not consumed.
    fn next_piece(&mut self) -> Option<Token> {
        if self.builder.diagnostics.len() >= GIVE_UP {
            return None;
        }
        loop {
            let before = self.lexer;
            let token = self.lexer.significant()?;
            match token.kind {
                Kind::Newline | Kind::Semicolon => {}
                Kind::Close if self.swallow > 0 => {
                    let left = self.swallow - 1;
                    let (region, _) = self.region(false);
                    let closers = Lexer::from(&self.text[..region.end.max(token.end)], token.end);
                    self.swallow = left.saturating_sub(closers.filter(|t| t.kind == Kind::Close).count());
                }
                _ => {
                    self.swallow = if self.begins_item(token) { 0 } else { self.swallow };
                    self.lexer = before;
                    return Some(token);
                }
            }
        }
    }

    /// Goes to the end of the piece that begins at the next token.
    fn region(&mut self, header: bool) -> (Region, Stop) {
        let (mut depth, mut braces) = (0usize, 0usize);
        let (mut start, mut end, mut previous) = (None, self.lexer.position(), None);
        loop {
            let before = self.lexer;
            let Some(token) = self.lexer.significant() else { break };
            match token.kind {
                Kind::Newline if self.goes_on(previous, depth, braces, header) => continue,
                Kind::Newline => break,
                Kind::Semicolon if braces == 0 => break,
                Kind::CloseBrace if braces == 0 => {
                    self.lexer = before;
                    break;
                }
                Kind::OpenBrace | Kind::Equals if header => {
                    let region = Region { start: start.unwrap_or(token.start), end };
                    return (region, Stop::Body(token));
                }
                Kind::OpenBrace => braces += 1,
                Kind::CloseBrace => braces -= 1,
                Kind::Open => depth += 1,
                Kind::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            start = start.or(Some(token.start));
            end = token.end;
            previous = Some(token);
        }
        self.swallow += depth;
        (Region { start: start.unwrap_or(end), end }, Stop::End)
    }

    /// Whether a piece goes on after a line break, where the lexer stands.
    fn goes_on(&self, previous: Option<Token>, depth: usize, braces: usize, header: bool) -> bool {
        let Some(next) = self.lexer.ahead() else { return false };
        let word = next.text(self.text);
        if next.kind == Kind::Reserved && ITEM_WORDS.contains(&word) {
            return false;
        }
        if braces > 0 || (header && next.kind == Kind::OpenBrace) {
            return true;
        }
        if next.kind == Kind::CloseBrace || word == "output" {
            return false;
        }
        let after_value = previous.is_some_and(Token::ends_value);
        if depth > 0 {
            return !(after_value && next.kind == Kind::Name);
        }
        let defines = Lexer::from(self.text, next.end).significant().is_some_and(|token| token.kind == Kind::Equals);
        next.kind == Kind::Pipe || (previous.is_some_and(Token::continues) && !(next.kind == Kind::Name && defines))
    }

    /// Reads a piece by a rule of the grammar; a mistake is reported.
    fn read(&mut self, rule: Rule, region: Region, context: Context) -> Option<Pair<'t, Rule>> {
        let text = self.text.get(region.start..region.end).unwrap_or("");
        self.builder.part(text, region.start);
        match NetParser::parse(rule, text) {
            Ok(mut pairs) => pairs.next(),
            Err(error) => {
                self.builder.report(explain(self.text, self.file, &region, context, &error));
                None
            }
        }
    }

    fn item(&mut self) {
        let (region, _) = self.region(false);
        match self.read(Rule::lone_item, region, Context::Item) {
            Some(node) => self.builder.items(node),
            None => self.poison(region),
        }
    }

    /// Poisons what an unreadable item would have defined: the names before `=`, `:` or `(`, one more
    /// than usual if the item's first word is misspelt.
    fn poison(&mut self, region: Region) {
        let text = &self.text[..region.end];
        let mut tokens = Lexer::from(text, region.start).filter(|token| token.kind != Kind::Comment);
        let Some(first) = tokens.next() else { return };
        let word = first.text(text);
        let more: Vec<Token> = match word {
            "let" => tokens.take(1).collect(),
            "forall" => Lexer::from(text, first.end).collect::<Vec<_>>().windows(2).filter_map(symbol).collect(),
            "import" => tokens.skip_while(|token| token.text(text) != "as").skip(1).take(1).collect(),
            _ if first.kind == Kind::Name => [first].into_iter().chain(tokens.take(1)).collect(),
            _ => Vec::new(),
        };
        let names = more.into_iter().filter(|token| token.kind == Kind::Name);
        self.builder.tree.poisoned.extend(names.map(|token| token.text(text).to_string()));
    }

    fn network(&mut self, word: Token) {
        let (region, stop) = self.region(true);
        let header = self.read(Rule::lone_header, region, Context::Header);
        let header = header.and_then(|node| node.into_inner().next()).and_then(|node| self.builder.header(node));
        let readable = header.is_some();
        let mut network = header.unwrap_or_else(|| NetworkItem {
            name: self.name_after(word, region),
            parameters: Vec::new(),
            body: Vec::new(),
            broken: true,
            span: self.span(word),
        });
        let closed = match stop {
            Stop::Body(token) if token.kind == Kind::Equals => self.value(&mut network),
            Stop::Body(token) => self.body(&mut network, Some(token)),
            Stop::End => {
                if readable {
                    self.missing_body(region);
                }
                let next = self.next_piece();
                if next.is_some_and(|token| !self.begins_item(token)) {
                    self.body(&mut network, None);
                }
                false
            }
        };
        if !closed {
            network.parameters.clear();
        }
        self.builder.finish(network);
    }

    /// The name that an unreadable header defines; empty if there is none.
    fn name_after(&self, word: Token, region: Region) -> Name {
        let token = Lexer::from(&self.text[..region.end.max(word.end)], word.end).significant();
        match token.filter(|token| token.kind == Kind::Name) {
            Some(token) => Name { text: token.text(self.text).to_string(), span: self.span(token) },
            None => Name { text: String::new(), span: self.span(word) },
        }
    }

    fn missing_body(&mut self, region: Region) {
        let span = Span { file: self.file, start: region.end, end: region.end };
        self.builder.report(
            Diagnostic::new(Code::Syntax, span, "this network has no body")
                .label("expected `{` or `=`")
                .help("write `network f(x: 1x8x8) { ... }` or `network f(x: 1x8x8) = x |> ...`"),
        );
    }

    /// The body `= VALUE`.
    fn value(&mut self, network: &mut NetworkItem) -> bool {
        let mut region = Region { start: self.lexer.position(), end: self.lexer.position() };
        if let Some(next) = self.lexer.ahead().filter(|&token| !self.begins_item(token)) {
            self.lexer = Lexer::from(self.text, next.start);
            region = self.region(false).0;
        }
        match self.read(Rule::lone_value, region, Context::Statement) {
            Some(node) => self.builder.value_body(&mut node.into_inner().peekable(), network),
            None => network.broken = true,
        }
        true
    }

    /// The statements up to `}`, and whether there is one. `open` is the `{`.
    fn body(&mut self, network: &mut NetworkItem, open: Option<Token>) -> bool {
        while let Some(token) = self.next_piece() {
            if token.kind == Kind::CloseBrace {
                self.lexer.next();
                network.span = network.span.to(self.span(token));
                return true;
            }
            if self.begins_item(token) && !self.closes_before_opening(token.end) {
                break;
            }
            let (region, _) = self.region(false);
            match self.read(Rule::lone_statement, region, Context::Statement) {
                Some(node) => node.into_inner().for_each(|node| self.builder.statement(node, network)),
                None => network.broken = true,
            }
        }
        if let Some(open) = open {
            self.unclosed_body(network, open);
        }
        false
    }

    fn unclosed_body(&mut self, network: &NetworkItem, open: Token) {
        if self.builder.diagnostics.len() >= GIVE_UP {
            return;
        }
        let next = self.lexer.ahead();
        let last = self.text.trim_end().len();
        let (span, found) = match next {
            Some(token) => (self.span(token), format!("`{}`", token.text(self.text))),
            None => (Span { file: self.file, start: last, end: last }, "the end of the file".to_string()),
        };
        let name = match network.name.text.as_str() {
            "" => "this network".to_string(),
            name => format!("`{name}`"),
        };
        let message = format!("the body of {name} is never closed: expected `}}`, found {found}");
        self.builder.report(
            Diagnostic::new(Code::Syntax, span, message)
                .label("expected `}` before this")
                .related(self.span(open), "this `{` is not closed"),
        );
    }

    fn begins_item(&self, token: Token) -> bool {
        token.kind == Kind::Reserved && ITEM_WORDS.contains(&token.text(self.text))
    }

    /// Whether the next brace after a place closes: a `let` before it stands inside a network.
    fn closes_before_opening(&mut self, at: usize) -> bool {
        let known = self.brace.filter(|&(from, found)| from <= at && found.is_none_or(|(brace, _)| brace >= at));
        let found = match known {
            Some((_, found)) => found,
            None => {
                let is_brace = |token: &Token| matches!(token.kind, Kind::OpenBrace | Kind::CloseBrace);
                let found = Lexer::from(self.text, at).find(is_brace);
                found.map(|token| (token.start, token.kind == Kind::OpenBrace))
            }
        };
        self.brace = Some((known.map_or(at, |(from, _)| from), found));
        found.is_some_and(|(_, opens)| !opens)
    }
}

/// The name of two neighbouring tokens that are a name and the `,` or `:` after it.
fn symbol(pair: &[Token]) -> Option<Token> {
    matches!(pair[1].kind, Kind::Comma | Kind::Colon).then_some(pair[0])
}
