//! Formulas: the small subset of LaTeX that reports are written in, read once and printed as Unicode
//! text, MathML or LaTeX.

mod latex;
mod mathml;

pub use latex::latex;
pub use mathml::{mathml, mathml_pieces};

/// The commands that formulas may use, and what stands for them in plain text.
pub const COMMANDS: &[(&str, &str)] = &[
    ("\\mathbb{Q}", "ℚ"),
    ("\\dots", "…"),
    ("\\cdots", "⋯"),
    ("\\vdots", "⋮"),
    ("\\ddots", "⋱"),
    ("\\cdot", "·"),
    ("\\times", "×"),
    ("\\otimes", "⊗"),
    ("\\to", "→"),
    ("\\neq", "≠"),
    ("\\leq", "≤"),
    ("\\geq", "≥"),
    ("\\le", "≤"),
    ("\\ge", "≥"),
    ("\\ne", "≠"),
    ("\\in", "∈"),
    ("\\infty", "∞"),
    ("\\sum", "Σ"),
    ("\\prod", "Π"),
    ("\\max", "max"),
    ("\\min", "min"),
    ("\\sqrt", "√"),
    ("\\lfloor", "⌊"),
    ("\\rfloor", "⌋"),
    ("\\lceil", "⌈"),
    ("\\rceil", "⌉"),
    ("\\ln", "ln"),
    ("\\pi", "π"),
    ("\\sigma", "σ"),
    ("\\gamma", "γ"),
    ("\\beta", "β"),
    ("\\mu", "μ"),
    ("\\varepsilon", "ε"),
    ("\\Phi", "Φ"),
    ("\\exp", "exp"),
    ("\\tanh", "tanh"),
    ("\\quad", "  "),
    ("\\,", " "),
    ("\\{", "{"),
    ("\\}", "}"),
];

/// A piece of a formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node<'f> {
    /// A name: `x`, `stride`, `net_1.k` has two.
    Word(&'f str),
    /// Digits.
    Number(&'f str),
    /// The body of `\\mathrm` or `\\operatorname`.
    Upright(&'f str),
    /// The body of `\\text`.
    Phrase(&'f str),
    /// One of [`COMMANDS`]: its name and its symbol.
    Command(&'static str, &'static str),
    /// What stands below (`_`) or above (`^`) the node before it.
    Script(char, Vec<Node<'f>>),
    /// A square root.
    Root(Vec<Node<'f>>),
    /// A blank.
    Blank,
    /// Any other character.
    Other(char),
}

/// Reads a formula. Everything is a formula: what is not in the subset is taken as characters.
pub(super) fn parse(formula: &str) -> Vec<Node<'_>> {
    let mut nodes = Vec::new();
    let mut rest = formula;
    while let Some(c) = rest.chars().next() {
        rest = match c {
            '\\' => command(rest, &mut nodes),
            '_' | '^' => {
                let (body, after) = script(&rest[1..]);
                nodes.push(Node::Script(c, parse(body)));
                after
            }
            'a'..='z' | 'A'..='Z' => word(rest, &mut nodes),
            '0'..='9' => {
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                nodes.push(Node::Number(&rest[..end]));
                &rest[end..]
            }
            '{' | '}' => &rest[1..],
            ' ' => {
                nodes.push(Node::Blank);
                &rest[1..]
            }
            other => {
                nodes.push(Node::Other(other));
                &rest[other.len_utf8()..]
            }
        };
    }
    nodes
}

/// A name, and its one-character subscript if it has one: in `w_10`, the name of a weight, `_` is a letter.
fn word<'f>(rest: &'f str, nodes: &mut Vec<Node<'f>>) -> &'f str {
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    if let Some(base) = name.strip_suffix('_').filter(|_| after.starts_with('{')) {
        nodes.push(Node::Word(base));
        return &rest[base.len()..];
    }
    match name.split_once('_') {
        Some((base, below)) if below.len() == 1 && below != "_" => {
            nodes.extend([Node::Word(base), Node::Script('_', parse(below))]);
        }
        _ => nodes.push(Node::Word(name)),
    }
    after
}

fn command<'f>(rest: &'f str, nodes: &mut Vec<Node<'f>>) -> &'f str {
    type Body<'f> = fn(&'f str) -> Node<'f>;
    let bodies: [(&str, Body<'f>); 5] = [
        ("\\operatorname", Node::Upright),
        ("\\mathrm", Node::Upright),
        ("\\mathbf", Node::Upright),
        ("\\text", Node::Phrase),
        ("\\sqrt", |body| Node::Root(parse(body))),
    ];
    for (name, node) in bodies {
        if let Some(after) = rest.strip_prefix(name) {
            let (body, after) = script(after);
            nodes.push(node(body));
            return after;
        }
    }
    let known = COMMANDS.iter().filter(|(name, _)| rest.starts_with(name)).max_by_key(|(name, _)| name.len());
    match known {
        Some((name, symbol)) => {
            nodes.push(Node::Command(name, symbol));
            &rest[name.len()..]
        }
        None => {
            nodes.push(Node::Other('\\'));
            &rest[1..]
        }
    }
}

/// The `{…}` or single character after `_` or `^`, and what follows.
fn script(rest: &str) -> (&str, &str) {
    if let Some(body) = rest.strip_prefix('{') {
        let mut depth = 1;
        for (i, c) in body.char_indices() {
            depth += match c {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            if depth == 0 {
                return (&body[..i], &body[i + 1..]);
            }
        }
        return (body, "");
    }
    let end = rest.chars().next().map_or(0, char::len_utf8);
    rest.split_at(end)
}

/// A formula in plain text.
pub fn plain(formula: &str) -> String {
    plain_nodes(&parse(formula))
}

fn plain_nodes(nodes: &[Node<'_>]) -> String {
    let node = |node: &Node<'_>| match node {
        Node::Word(text) | Node::Number(text) | Node::Upright(text) | Node::Phrase(text) => text.to_string(),
        Node::Command(_, symbol) => symbol.to_string(),
        Node::Script(kind, body) => raised(*kind, &plain_nodes(body)),
        Node::Root(body) => {
            let body = plain_nodes(body);
            if body.chars().all(char::is_alphanumeric) { format!("√{body}") } else { format!("√({body})") }
        }
        Node::Blank => " ".into(),
        Node::Other('-') => "−".into(),
        Node::Other(c) => c.to_string(),
    };
    nodes.iter().map(node).collect()
}

fn raised(kind: char, body: &str) -> String {
    let (from, to) = if kind == '_' {
        ("0123456789+−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
    } else {
        ("0123456789+−=()nT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿᵀ")
    };
    let convert = |c: char| from.chars().position(|f| f == c).and_then(|i| to.chars().nth(i));
    match body.chars().map(convert).collect::<Option<String>>() {
        Some(small) => small,
        None if body.chars().count() == 1 => format!("{kind}{body}"),
        None => format!("{kind}({body})"),
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn formulas_read_well_in_plain_text() {
        for (formula, expected) in [
            ("T_2 T_1", "T₂ T₁"),
            ("\\mathbb{Q}^{64} \\to \\mathbb{Q}^{12}", "ℚ⁶⁴ → ℚ¹²"),
            ("y_{o} = \\sum_{c,k} K_{o,c,k} \\cdot x_{c}", "y_o = Σ_(c,k) K_(o,c,k) · x_c"),
            ("f(x + y) - f(0) \\neq 0", "f(x + y) − f(0) ≠ 0"),
            ("\\max\\{0, x\\}", "max{0, x}"),
            ("\\operatorname{clip}(x)", "clip(x)"),
            ("2 \\cdot \\sqrt{10}", "2 · √10"),
            ("\\gamma / \\sqrt{var + \\varepsilon}", "γ / √(var + ε)"),
        ] {
            assert_eq!(plain(formula), expected);
        }
    }

    #[test]
    fn every_layers_formula_is_within_the_subset() {
        for signature in crate::layer::catalogue::all() {
            let text = plain(signature.formula);
            assert!(!text.contains('\\'), "{}: {text}", signature.name);
        }
    }
}
