//! Formulas as MathML Core (<https://www.w3.org/TR/mathml-core/>).

use super::{Node, parse};
use crate::report::escape::html;

/// A formula as the content of a `math` element.
pub fn mathml(formula: &str) -> String {
    row(&parse(formula))
}

/// A formula as the contents of `math` elements between which a line may break: before each relation
/// and each sum outside of brackets.
pub fn mathml_pieces(formula: &str) -> Vec<String> {
    let nodes = parse(formula);
    let (mut depth, mut starts) = (0, vec![0]);
    for (at, node) in nodes.iter().enumerate() {
        match node {
            Node::Other('(' | '[') | Node::Command("\\{", _) => depth += 1,
            Node::Other(')' | ']') | Node::Command("\\}", _) => depth -= 1,
            Node::Other('=' | '+') | Node::Command("\\neq" | "\\to", _) if depth == 0 && at > 0 => starts.push(at),
            _ => {}
        }
    }
    let ends = starts.iter().skip(1).copied().chain([nodes.len()]);
    let pieces = starts.iter().zip(ends).map(|(&start, end)| row(&nodes[start..end]));
    // At its beginning an operator would be taken for a sign.
    pieces.map(|piece| piece.replacen("<mo>+</mo>", "<mo form=\"infix\">+</mo>", 1)).collect()
}

fn row(nodes: &[Node<'_>]) -> String {
    let mut elements: Vec<(String, bool)> = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        match node {
            Node::Script(kind, body) => {
                let (base, under) = elements.pop().unwrap_or_default();
                let base = if base.is_empty() { "<mrow></mrow>".to_string() } else { base };
                let tag = match (kind, under) {
                    ('_', true) => "munder",
                    ('_', false) => "msub",
                    _ => "msup",
                };
                elements.push((format!("<{tag}>{base}<mrow>{}</mrow></{tag}>", row(body)), false));
            }
            Node::Blank if !juxtaposed(nodes, at) => {}
            Node::Blank if is_operator(nodes, at) => elements.push((ROOM.into(), false)),
            Node::Blank => elements.push((format!("<mo>&#x2062;</mo>{ROOM}"), false)),
            other => elements.push(element(other)),
        }
    }
    elements.into_iter().map(|(element, _)| element).collect()
}

/// A thin space; products have U+2062, invisible times, before it.
const ROOM: &str = "<mspace width=\"0.17em\"></mspace>";

/// Whether what stands before the blank at `at` is `\sum` or `\max` with what is below it.
fn is_operator(nodes: &[Node<'_>], at: usize) -> bool {
    at >= 2 && matches!(nodes[at - 2], Node::Command(..)) && matches!(nodes[at - 1], Node::Script('_', _))
}

/// Whether the blank at `at` stands between two factors.
fn juxtaposed(nodes: &[Node<'_>], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|i| nodes.get(i));
    let ends = matches!(before, Some(Node::Word(_) | Node::Number(_) | Node::Script(..) | Node::Upright(_)));
    let begins = matches!(nodes.get(at + 1), Some(Node::Word(_) | Node::Upright(_) | Node::Other('(')));
    ends && begins
}

/// An element, and whether what is below it stands under it.
fn element(node: &Node<'_>) -> (String, bool) {
    let element = match node {
        // One letter is italic by itself; longer names are upright by MathML's rule, and read well so.
        Node::Word(text) => format!("<mi>{text}</mi>"),
        Node::Number(text) => format!("<mn>{text}</mn>"),
        Node::Upright(text) => format!("<mi mathvariant=\"normal\">{}</mi>", html(text)),
        Node::Phrase(text) => format!("<mtext>{}</mtext>", html(text).replace(' ', "&#xa0;")),
        Node::Root(body) => format!("<msqrt>{}</msqrt>", row(body)),
        Node::Command("\\max" | "\\min" | "\\exp" | "\\tanh", symbol) => return (format!("<mi>{symbol}</mi>"), true),
        Node::Command("\\sum", _) => return ("<mo movablelimits=\"false\">∑</mo>".into(), true),
        Node::Command("\\quad", _) => "<mspace width=\"1em\"></mspace>".into(),
        Node::Command("\\,", _) => "<mspace width=\"0.17em\"></mspace>".into(),
        Node::Command(_, symbol) if symbol.chars().all(char::is_alphabetic) => format!("<mi>{symbol}</mi>"),
        Node::Command(_, symbol) => operator(symbol),
        Node::Other('-') => operator("−"),
        Node::Other(c) if c.is_alphabetic() || *c == '∞' => format!("<mi>{c}</mi>"),
        Node::Other(c) if c.is_numeric() => format!("<mn>{c}</mn>"),
        Node::Other(c) => operator(&html(&c.to_string())),
        Node::Script(..) | Node::Blank => String::new(),
    };
    (element, false)
}

/// Brackets keep their size, so that lines of text keep their height.
fn operator(symbol: &str) -> String {
    match symbol {
        "(" | ")" | "[" | "]" | "{" | "}" | "|" | "⌊" | "⌋" | "⌈" | "⌉" => {
            format!("<mo stretchy=\"false\">{symbol}</mo>")
        }
        "," | ";" => format!("<mo separator=\"true\">{symbol}</mo>"),
        _ => format!("<mo>{symbol}</mo>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_elements() {
        for (formula, expected) in [
            ("T_{12}", "<msub><mi>T</mi><mrow><mn>12</mn></mrow></msub>"),
            ("M x", "<mi>M</mi><mo>&#x2062;</mo><mspace width=\"0.17em\"></mspace><mi>x</mi>"),
            (
                "\\max_{k} x",
                "<munder><mi>max</mi><mrow><mi>k</mi></mrow></munder><mspace width=\"0.17em\"></mspace><mi>x</mi>",
            ),
            ("a - 1", "<mi>a</mi><mo>−</mo><mn>1</mn>"),
            ("\\mathrm{a<b}", "<mi mathvariant=\"normal\">a&lt;b</mi>"),
            ("w_10", "<mi>w_10</mi>"),
            ("_2", "<msub><mrow></mrow><mrow><mn>2</mn></mrow></msub>"),
        ] {
            assert_eq!(mathml(formula), expected, "{formula}");
        }
    }
}
