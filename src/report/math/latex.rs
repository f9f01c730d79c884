//! Formulas as LaTeX that needs amsmath and amssymb only.

use super::{Node, parse};
use crate::report::escape;

/// A formula for LaTeX's mathematical mode. What names contain is escaped, so that the result is
/// balanced and compiles whatever they are.
pub fn latex(formula: &str) -> String {
    row(&parse(formula))
}

fn row(nodes: &[Node<'_>]) -> String {
    let mut out = String::new();
    for (at, node) in nodes.iter().enumerate() {
        match node {
            Node::Word(text) | Node::Number(text) if text.len() == 1 => out.push_str(text),
            Node::Number(text) => out.push_str(text),
            Node::Word(text) => out.push_str(&format!("\\mathit{{{}}}", escape::latex(text))),
            Node::Upright(text) if text.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                out.push_str(&format!("\\mathrm{{{text}}}"));
            }
            Node::Upright(text) | Node::Phrase(text) => out.push_str(&format!("\\text{{{}}}", escape::latex(text))),
            Node::Root(body) => out.push_str(&format!("\\sqrt{{{}}}", row(body))),
            // Two scripts of one kind, one after the other, are an error in LaTeX.
            Node::Script(kind, body) => {
                let twice = at > 0 && matches!(nodes[at - 1], Node::Script(..));
                out.push_str(&format!("{}{kind}{{{}}}", if twice || at == 0 { "{}" } else { "" }, row(body)));
            }
            Node::Command("\\{", _) => out.push_str("\\lbrace "),
            Node::Command("\\}", _) => out.push_str("\\rbrace "),
            Node::Command(name, _) => {
                out.push_str(name);
                out.push(' ');
            }
            Node::Blank if juxtaposed(nodes, at) => out.push_str("\\,"),
            Node::Blank => out.push(' '),
            // With a blank after it, it begins no tag where the formula stands in Markdown.
            Node::Other('<') => out.push_str("< "),
            Node::Other('−') => out.push('-'),
            Node::Other('\\') => out.push_str("\\backslash "),
            Node::Other('…') => out.push_str("\\dots "),
            Node::Other(c) if c.is_ascii_graphic() && !"#$%&~".contains(*c) => out.push(*c),
            Node::Other(c) => out.push_str(&format!("\\text{{{}}}", escape::latex(&c.to_string()))),
        }
    }
    out.trim_end().to_string()
}

/// Whether the blank at `at` stands between two factors, one of them longer than a letter.
fn juxtaposed(nodes: &[Node<'_>], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|i| nodes.get(i));
    let ends = matches!(before, Some(Node::Word(_) | Node::Number(_) | Node::Script(..)));
    ends && matches!(nodes.get(at + 1), Some(Node::Word(_) | Node::Upright(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_escaped() {
        for (formula, expected) in [
            ("T_{12}", "T_{12}"),
            ("\\mathrm{with_relu}(x)", "\\text{with\\_relu}(x)"),
            ("\\max\\{0, l\\}", "\\max \\lbrace 0, l\\rbrace"),
            ("\\mathbb{Q}^{1\\times5}", "\\mathbb{Q} ^{1\\times 5}"),
            ("net.k[0,1] \\cdot s", "\\mathit{net}.k[0,1] \\cdot  s"),
            ("a^2_1", "a^{2}{}_{1}"),
            ("50% & #", "50\\text{\\%} \\text{\\&} \\text{\\#}"),
        ] {
            assert_eq!(latex(formula), expected, "{formula}");
        }
    }
}
