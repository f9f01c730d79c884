//! What the grammar expected and what was found, in the words of people who write programs.

use pest::error::{Error, ErrorVariant, InputLocation};

use super::hints::hint;
use super::lex::{Kind, Lexer, Token};
use super::parse::Rule;
use super::recover::Region;
use crate::diagnostic::{Code, Diagnostic, Span};

/// What the region is a piece of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// The top level of a file.
    Item,
    /// A network up to its `{` or `=`.
    Header,
    /// A network's body.
    Statement,
}

/// A mistake, and everything around it that a message may speak of.
pub(super) struct Mistake<'t> {
    pub text: &'t str,
    pub file: u32,
    pub region: Region,
    pub context: Context,
    /// The token that does not fit; `None` at the end of the file.
    pub found: Option<Token>,
    /// The token before it in the region.
    pub before: Option<Token>,
    /// The brackets that are open there, outermost first.
    pub open: Vec<Token>,
    /// The rules of the grammar that could have followed.
    pub rules: Vec<Rule>,
}

impl Mistake<'_> {
    /// The word found; empty at the end of the file.
    pub fn word(&self) -> &str {
        self.found.map_or("", |token| token.text(self.text))
    }

    /// Whether one of these rules could have followed.
    pub fn expects(&self, rules: &[Rule]) -> bool {
        self.rules.iter().any(|rule| rules.contains(rule))
    }

    /// Whether any value could have followed.
    pub fn expects_value(&self) -> bool {
        self.expects(&[Rule::number, Rule::list, Rule::group, Rule::lone_value])
    }

    /// Whether the token found lies in the piece, not after it.
    pub fn inside(&self) -> bool {
        self.found.is_some_and(|token| token.start < self.region.end)
    }

    /// Whether nothing stands before it in the piece.
    pub fn at_start(&self) -> bool {
        self.before.is_none()
    }

    /// Where to point: at the token, or right after the last one where something is missing.
    pub fn span(&self) -> Span {
        match self.found {
            Some(token) if token.kind != Kind::Newline => Span { file: self.file, start: token.start, end: token.end },
            _ => {
                let end = self.before.map_or(self.region.end, |token| token.end);
                Span { file: self.file, start: end, end }
            }
        }
    }

    /// The token found, as a message names it.
    pub fn found_words(&self) -> String {
        match self.found {
            None => "the end of the file".to_string(),
            Some(token) if token.kind == Kind::Newline => "the end of the line".to_string(),
            Some(token) => quoted(token.text(self.text)),
        }
    }

    /// "expected X, found Y"
    pub fn message(&self) -> String {
        format!("expected {}, found {}", expected(self), self.found_words())
    }
}

/// The diagnostic of a piece that the grammar does not read.
pub(super) fn explain(text: &str, file: u32, region: &Region, context: Context, error: &Error<Rule>) -> Diagnostic {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => region.start + at,
    };
    let ErrorVariant::ParsingError { positives, .. } = &error.variant else {
        let span = Span { file, start: at, end: at };
        return Diagnostic::new(Code::NestedTooDeeply, span, "this is nested too deeply to be read")
            .help("name the inner parts with `let`");
    };
    let mistake = locate(text, file, region, context, at, positives);
    let diagnostic = hint(&mistake).unwrap_or_else(|| {
        Diagnostic::new(Code::Syntax, mistake.span(), mistake.message())
            .label(format!("expected {}", expected(&mistake)))
    });
    with_open_bracket(diagnostic, &mistake)
}

/// Finds the token at byte `at`, and what stands before it.
fn locate<'t>(text: &'t str, file: u32, region: &Region, context: Context, at: usize, rules: &[Rule]) -> Mistake<'t> {
    let (mut before, mut found, mut open) = (None, None, Vec::new());
    let mut lexer = Lexer::from(text, region.start);
    while let Some(token) = lexer.significant() {
        // A line break that does not end the piece is nothing that could be found.
        if token.kind == Kind::Newline && token.end <= region.end {
            continue;
        }
        if token.end > at || token.start >= region.end {
            found = Some(token);
            break;
        }
        match token.kind {
            Kind::Open => open.push(token),
            Kind::Close => drop(open.pop()),
            _ => {}
        }
        before = Some(token);
    }
    Mistake { text, file, region: *region, context, found, before, open, rules: rules.to_vec() }
}

/// Says which bracket is not closed, where that is why something else was expected.
fn with_open_bracket(diagnostic: Diagnostic, mistake: &Mistake) -> Diagnostic {
    let Some(open) = mistake.open.last().filter(|_| diagnostic.related.is_empty()) else { return diagnostic };
    let bracket = open.text(mistake.text);
    let closers = [Rule::close_paren, Rule::close_list];
    let unclosed = !mistake.inside() || mistake.found.is_some_and(|token| token.kind == Kind::Close);
    if !unclosed || !mistake.expects(&closers) {
        return diagnostic;
    }
    let span = Span { file: mistake.file, start: open.start, end: open.end };
    diagnostic.related(span, format!("this `{bracket}` is not closed"))
}

/// A word in backquotes; a character that cannot be seen by its number.
pub(super) fn quoted(word: &str) -> String {
    let mut characters = word.chars();
    match (characters.next(), characters.next()) {
        (Some(c), None) if !(c.is_ascii_graphic() || c.is_alphanumeric() || "×≠−·∀→“”‘’".contains(c)) =>
        {
            format!("the character U+{:04X}", c as u32)
        }
        _ if word.chars().count() > 40 => format!("`{}…`", word.chars().take(39).collect::<String>()),
        _ => format!("`{word}`"),
    }
}

/// What could have followed, most telling first.
fn expected(mistake: &Mistake) -> String {
    if mistake.context == Context::Item && mistake.at_start() {
        return "`let`, `forall`, `network`, `import` or `prove`".to_string();
    }
    let mut words: Vec<&str> = Vec::new();
    if mistake.expects(&[Rule::lone_statement]) {
        words.push("a statement");
    } else if mistake.expects_value() {
        words.push("a value");
    } else if mistake.expects(&[Rule::shape, Rule::axis]) {
        words.push("a shape such as `1x8x8`");
    } else if mistake.before.is_some_and(|token| token.kind == Kind::Pipe) {
        words.push("a layer or a network");
    } else if mistake.expects(&[Rule::name, Rule::parameter, Rule::declaration, Rule::keyword]) {
        words.push("a name");
    } else if mistake.expects(&[Rule::string]) {
        words.push("a file's name in double quotes");
    }
    let marks: [(&[Rule], &str); 10] = [
        (&[Rule::property, Rule::is_word], "`is`"),
        (&[Rule::comparison, Rule::relation], "`==`"),
        (&[Rule::comparison, Rule::relation], "`!=`"),
        (&[Rule::comma], "`,`"),
        (&[Rule::close_paren], "`)`"),
        (&[Rule::close_list], "`]`"),
        (&[Rule::colon], "`:`"),
        (&[Rule::dot], "`.`"),
        (&[Rule::open_brace, Rule::body], "`{`"),
        (&[Rule::close_brace], "`}`"),
    ];
    words.extend(marks.iter().filter(|(rules, _)| mistake.expects(rules)).map(|(_, word)| *word));
    if mistake.expects(&[Rule::EOI]) {
        let after: &[&str] =
            if mistake.context == Context::Header { &["`{`", "`=`"] } else { &["the end of the line"] };
        words.extend(after);
    }
    // What may follow nearly anything is worth saying only where nothing else may.
    let weak: [(&[Rule], &str); 7] = [
        (&[Rule::equals], "`=`"),
        (&[Rule::open_paren], "`(`"),
        (&[Rule::open_list, Rule::interval], "`[`"),
        (&[Rule::in_word], "`in`"),
        (&[Rule::within_word], "`within`"),
        (&[Rule::as_word], "`as`"),
        (&[Rule::operator, Rule::pipe], "an operator"),
    ];
    if words.is_empty() {
        words.extend(weak.iter().filter(|(rules, _)| mistake.expects(rules)).map(|(_, word)| *word));
    }
    list(&words)
}

/// `a`, `a or b`, `a, b or c`
fn list(words: &[&str]) -> String {
    match words {
        [] => "something else".to_string(),
        [one] => one.to_string(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}
