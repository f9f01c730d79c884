//! Formulas as plain text: the small subset of LaTeX that reports are written in, in Unicode.

/// The commands that formulas may use, and what stands for them in plain text.
pub const COMMANDS: &[(&str, &str)] = &[
    ("\\mathbb{Q}", "ℚ"),
    ("\\dots", "…"),
    ("\\cdots", "⋯"),
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

/// A formula in plain text.
pub fn plain(formula: &str) -> String {
    let mut out = String::new();
    let mut rest = formula;
    while let Some(c) = rest.chars().next() {
        if c == '\\' {
            rest = command(rest, &mut out);
        } else if c == '_' || c == '^' {
            let (body, after) = script(&rest[1..]);
            out.push_str(&raised(c, &plain(body)));
            rest = after;
        } else {
            if c == '-' {
                out.push('−');
            } else if c != '{' && c != '}' {
                out.push(c);
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

fn command<'a>(rest: &'a str, out: &mut String) -> &'a str {
    for name in ["\\operatorname", "\\mathrm", "\\text"] {
        if let Some(after) = rest.strip_prefix(name) {
            let (body, after) = script(after);
            out.push_str(body);
            return after;
        }
    }
    if let Some(after) = rest.strip_prefix("\\sqrt") {
        let (body, after) = script(after);
        let body = plain(body);
        out.push_str(&if body.chars().all(char::is_alphanumeric) {
            format!("√{body}")
        } else {
            format!("√({body})")
        });
        return after;
    }
    let known = COMMANDS.iter().filter(|(name, _)| rest.starts_with(name)).max_by_key(|(name, _)| name.len());
    match known {
        Some((name, symbol)) => {
            out.push_str(symbol);
            &rest[name.len()..]
        }
        None => {
            out.push('\\');
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
