//! Text to syntax tree: the limits, the grammar, and what happens when a text does not follow it.

use pest::Parser as _;

use super::build::Builder;
use super::explain::{Context, explain};
use super::lex::{ITEM_WORDS, Kind, Lexer, Token};
use super::recover::{Recovery, Region};
use super::tree::File;
use crate::diagnostic::{Code, Diagnostic, Span};

pub(super) use grammar::{NetParser, Rule};

#[allow(missing_docs)]
mod grammar {
    /// The parser that pest makes of `grammar/net.pest`.
    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/net.pest"]
    pub struct NetParser;
}

/// The largest text that is read, in bytes.
pub const MAX_BYTES: usize = 16 << 20;
/// The most names, numbers and marks that one file may have: they bound the memory of its tree.
pub const MAX_TOKENS: usize = 4_000_000;
/// The most brackets that may be open at once.
pub const MAX_NESTING: usize = 64;
/// The most mistakes that one run lists.
pub const MAX_DIAGNOSTICS: usize = 50;

/// Reads a whole file; `file` is its index in [`Sources`](crate::diagnostic::Sources).
///
/// Every independent mistake is reported, at most [`MAX_DIAGNOSTICS`] of them, in the order of the
/// text. The tree holds what could be read: an item with a mistake is left out and its name is in
/// [`File::poisoned`]; a network with a mistake in a statement is `broken`.
pub fn parse(text: &str, file: u32) -> (File, Vec<Diagnostic>) {
    if let Some(diagnostic) = too_large(text.len(), file).or_else(|| beyond_limits(text, file)) {
        return (File::default(), vec![diagnostic]);
    }
    let mut builder = Builder::new(text, file);
    match NetParser::parse(Rule::file, text) {
        Ok(pairs) => pairs.for_each(|pair| builder.items(pair)),
        Err(error) => {
            let mut recovery = Recovery::new(text, file);
            recovery.run();
            builder = recovery.builder;
            if builder.diagnostics.is_empty() {
                let whole = Region { start: 0, end: text.len() };
                builder.report(explain(text, file, &whole, Context::Item, &error));
            }
        }
    }
    (builder.tree, limited(builder.diagnostics))
}

/// The text of a file's bytes, or why they are none: too many, or not UTF-8.
///
/// The mistake's span is the place of the first bad byte, which is the same place in the lossily
/// converted text.
pub fn decode(bytes: Vec<u8>, file: u32) -> Result<String, Diagnostic> {
    if let Some(diagnostic) = too_large(bytes.len(), file) {
        return Err(diagnostic);
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count();
        let byte = error.as_bytes().get(at).copied().unwrap_or_default();
        Diagnostic::new(Code::NotUtf8, Span { file, start: at, end: at }, "this file is not UTF-8 text")
            .label("the first byte that is not part of a character")
            .note(format!("byte {byte:#04x} at offset {at}, on line {line}"))
            .help("save the file as UTF-8; tensors in binary files are read with `load(\"file.npy\")`")
    })
}

fn too_large(bytes: usize, file: u32) -> Option<Diagnostic> {
    (bytes > MAX_BYTES).then(|| {
        // Not how many bytes it has: whoever read it may have stopped at the limit.
        let message = format!("this file has more than {MAX_BYTES} bytes, the most that netprove reads");
        Diagnostic::new(Code::FileTooLarge, Span { file, start: 0, end: 0 }, message)
            .help("keep large tensors in files of their own: `load(\"weights.npy\")`")
    })
}

/// What must not reach the parser: too many tokens, and brackets nested so deeply that reading them
/// recursively would exhaust the stack.
fn beyond_limits(text: &str, file: u32) -> Option<Diagnostic> {
    let (mut depth, mut count, mut previous) = (0usize, 0usize, None);
    for token in Lexer::new(text) {
        if matches!(token.kind, Kind::Newline | Kind::Comment) {
            continue;
        }
        count += 1;
        depth = match token.kind {
            Kind::Open | Kind::OpenBrace => depth + 1,
            Kind::Close | Kind::CloseBrace => depth.saturating_sub(1),
            _ if cannot_be_inside(text, previous, token) => 0,
            _ => depth,
        };
        let span = Span { file, start: token.start, end: token.end };
        if depth > MAX_NESTING {
            return Some(
                Diagnostic::new(Code::NestedTooDeeply, span, "brackets are nested too deeply")
                    .label(format!("more than {MAX_NESTING} brackets are open here"))
                    .help("name the inner parts with `let`"),
            );
        }
        if count > MAX_TOKENS {
            return Some(
                Diagnostic::new(Code::FileTooLarge, span, "this file has too many words and numbers")
                    .label(format!("more than {MAX_TOKENS} up to here"))
                    .help("keep large tensors in files of their own: `load(\"weights.npy\")`"),
            );
        }
        previous = Some(token);
    }
    None
}

/// Whether no program has this token inside brackets after the previous one, so that brackets that
/// are still open were only forgotten: the parser never gets deeper than here.
fn cannot_be_inside(text: &str, previous: Option<Token>, token: Token) -> bool {
    match token.kind {
        Kind::Reserved => ITEM_WORDS.contains(&token.text(text)) || token.text(text) == "output",
        Kind::Name | Kind::Number | Kind::Text => previous.is_some_and(Token::ends_value),
        _ => false,
    }
}

/// The first mistakes, in the order of the text; the last says how many are left out.
fn limited(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    let hidden = diagnostics.len().saturating_sub(MAX_DIAGNOSTICS);
    let at_least = if diagnostics.len() >= super::recover::GIVE_UP { "at least " } else { "" };
    diagnostics.truncate(MAX_DIAGNOSTICS);
    if let (true, Some(last)) = (hidden > 0, diagnostics.last_mut()) {
        last.notes.push(format!("{at_least}{hidden} more mistakes are not shown"));
    }
    diagnostics
}
