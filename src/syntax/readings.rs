//! `|>` beside an infix operator: what the line could mean, written out both ways.

use super::chain::{Built, Infix};
use crate::diagnostic::{Code, Diagnostic, Span};

/// The longest operand that a reading repeats in full, and the longest chain.
const LONGEST: usize = 32;
const MOST_OPERANDS: usize = 12;

/// The mistake of a chain that has both `|>` and an infix operator.
pub(super) fn ambiguous(text: &str, base: usize, operands: &[Built], operators: &[(Infix, Span)]) -> Diagnostic {
    let is_pipe = |infix: &Infix| matches!(infix, Infix::Pipe);
    // The first place where the two kinds meet.
    let meeting = operators.windows(2).find(|pair| is_pipe(&pair[0].0) != is_pipe(&pair[1].0));
    let (infix, pipe) = match meeting {
        Some([first, second]) if is_pipe(&first.0) => (second.1, first.1),
        Some([first, second]) => (first.1, second.1),
        _ => (operators[0].1, operators[0].1),
    };
    let diagnostic = Diagnostic::new(Code::AmbiguousPipe, pipe, "`|>` beside an infix operator could mean two things")
        .label("does it take the whole value before it, or only the operand beside it?")
        .related(infix, "this operator needs parentheses on one side");
    if operands.len() > MOST_OPERANDS {
        return diagnostic.help("put parentheses around the part that `|>` belongs to");
    }
    let words: Vec<String> = operands.iter().map(|operand| short(text, base, operand.expr.span)).collect();
    let symbols: Vec<&str> = operators.iter().map(|(infix, span)| symbol(text, base, infix, *span)).collect();
    let (loose, tight) = (whole_value(&words, &symbols), nearest_operand(&words, &symbols));
    match loose == tight {
        true => diagnostic.help(format!("write `{loose}`; what follows `|>` is one layer or network")),
        false => diagnostic.help(format!("write `{loose}` or `{tight}`")),
    }
}

/// The reading in which `|>` takes everything before it.
fn whole_value(words: &[String], symbols: &[&str]) -> String {
    let mut reading = words.first().cloned().unwrap_or_default();
    let mut pipes = None;
    for (symbol, word) in symbols.iter().zip(words.iter().skip(1)) {
        let is_pipe = *symbol == "|>";
        if pipes.is_some_and(|pipes: bool| pipes != is_pipe) {
            reading = format!("({reading})");
        }
        pipes = Some(is_pipe);
        reading = format!("{reading} {symbol} {word}");
    }
    reading
}

/// The reading in which `|>` takes only the operand beside it.
fn nearest_operand(words: &[String], symbols: &[&str]) -> String {
    let mut reading = String::new();
    let mut group = words.first().cloned().unwrap_or_default();
    let close = |group: &str| if group.contains("|>") { format!("({group})") } else { group.to_string() };
    for (symbol, word) in symbols.iter().zip(words.iter().skip(1)) {
        if *symbol == "|>" {
            group = format!("{group} |> {word}");
        } else {
            reading = format!("{reading}{} {symbol} ", close(&group));
            group = word.clone();
        }
    }
    reading + &close(&group)
}

fn symbol<'t>(text: &'t str, base: usize, infix: &Infix, span: Span) -> &'t str {
    match infix {
        Infix::Pipe => "|>",
        Infix::Binary(_) => slice(text, base, span),
    }
}

/// An operand as written, or its beginning if it is long: `conv(…)`.
fn short(text: &str, base: usize, span: Span) -> String {
    let word = slice(text, base, span);
    if word.chars().count() <= LONGEST && !word.contains(['\n', '#', '|']) {
        return word.to_string();
    }
    match word.split_once(['(', '[']) {
        Some((callee, _)) if !callee.is_empty() && callee.len() <= LONGEST => format!("{}(…)", callee.trim_end()),
        _ if word.starts_with('[') => "[…]".to_string(),
        _ => "(…)".to_string(),
    }
}

fn slice(text: &str, base: usize, span: Span) -> &str {
    text.get(span.start.saturating_sub(base)..span.end.saturating_sub(base)).unwrap_or("…")
}
