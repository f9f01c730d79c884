//! Whatever a file's text contains, as text of HTML, Markdown and LaTeX.
//!
//! Control characters become visible ones first, in every format.

use super::excerpt::visible;

/// Text for HTML, XML and attributes in double quotes.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().map(visible) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Text for CommonMark, tables and `$…$` included: every character that could mean something there
/// is escaped, but for those between letters that never do.
pub fn markdown(text: &str) -> String {
    let characters: Vec<char> = text.chars().map(visible).collect();
    let mut out = String::with_capacity(text.len());
    for (at, &c) in characters.iter().enumerate() {
        let before = at.checked_sub(1).map(|i| characters[i]);
        let means = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '$' | '~' | '&' | '^' => true,
            // Inside a word it is a letter.
            '_' => {
                let letter = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
                !(letter(before.as_ref()) && letter(characters.get(at + 1)))
            }
            // What begins a line may be a heading, a list or a rule. Lines are never broken here.
            '#' | '+' | '-' | '=' => characters[..at].iter().all(|c| c.is_whitespace()),
            '.' | ')' => {
                before.is_some_and(|c| c.is_ascii_digit())
                    && characters[..at].iter().all(|c| c.is_ascii_digit() || c.is_whitespace())
            }
            // A bare address would become a link on a forge: `http://`, `www.`, `a@b`.
            ':' => characters.get(at + 1) == Some(&'/'),
            '@' => true,
            _ => false,
        };
        if means {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Text as code in CommonMark: between more backticks than it contains.
pub fn markdown_code(text: &str) -> String {
    let text: String = text.chars().map(visible).collect();
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let room = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{room}{text}{room}{fence}")
}

/// Text for LaTeX's text mode, in T1 encoding with amssymb and textcomp.
pub fn latex(text: &str) -> String {
    text.chars().map(visible).map(latex_character).collect()
}

/// One character. What pdfTeX's fonts lack is written by its number.
fn latex_character(c: char) -> String {
    if let Some((_, command)) = LATEX.iter().find(|(known, _)| *known == c) {
        return (*command).into();
    }
    // Latin letters are in every T1 font.
    let latin = matches!(c, 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ÿ');
    if c.is_ascii() || latin { c.to_string() } else { format!("\\texttt{{U+{:04X}}}", c as u32) }
}

/// Characters of reports and of LaTeX, and how they are written.
const LATEX: &[(char, &str)] = &[
    ('\\', "\\textbackslash{}"),
    ('{', "\\{"),
    ('}', "\\}"),
    ('$', "\\$"),
    ('&', "\\&"),
    ('#', "\\#"),
    ('%', "\\%"),
    ('_', "\\_"),
    ('~', "\\textasciitilde{}"),
    ('^', "\\textasciicircum{}"),
    ('<', "\\textless{}"),
    ('>', "\\textgreater{}"),
    ('|', "\\textbar{}"),
    ('"', "\\textquotedbl{}"),
    ('`', "\\textasciigrave{}"),
    ('\'', "\\textquotesingle{}"),
    // Two hyphens would be a dash.
    ('-', "{-}"),
    ('[', "{[}"),
    (']', "{]}"),
    ('’', "'"),
    ('‘', "\\textquoteleft{}"),
    ('“', "\\textquotedblleft{}"),
    ('”', "\\textquotedblright{}"),
    ('–', "--"),
    ('—', "---"),
    ('…', "\\dots{}"),
    ('·', "$\\cdot$"),
    ('×', "$\\times$"),
    ('⊗', "$\\otimes$"),
    ('−', "$-$"),
    ('±', "$\\pm$"),
    ('→', "$\\to$"),
    ('≠', "$\\neq$"),
    ('≤', "$\\leq$"),
    ('≥', "$\\geq$"),
    ('∈', "$\\in$"),
    ('∞', "$\\infty$"),
    ('∎', "$\\blacksquare$"),
    ('○', "$\\circ$"),
    ('✕', "$\\times$"),
    ('⋮', "$\\vdots$"),
    ('Σ', "$\\Sigma$"),
    ('Π', "$\\Pi$"),
    ('√', "$\\surd$"),
    ('⌊', "$\\lfloor$"),
    ('⌋', "$\\rfloor$"),
    ('⌈', "$\\lceil$"),
    ('⌉', "$\\rceil$"),
    ('σ', "$\\sigma$"),
    ('π', "$\\pi$"),
    ('γ', "$\\gamma$"),
    ('β', "$\\beta$"),
    ('μ', "$\\mu$"),
    ('ε', "$\\varepsilon$"),
    ('Φ', "$\\Phi$"),
    ('ℚ', "$\\mathbb{Q}$"),
    ('₀', "$_0$"),
    ('₁', "$_1$"),
    ('₂', "$_2$"),
    ('₃', "$_3$"),
    ('₄', "$_4$"),
    ('₅', "$_5$"),
    ('₆', "$_6$"),
    ('₇', "$_7$"),
    ('₈', "$_8$"),
    ('₉', "$_9$"),
    ('⁰', "$^0$"),
    ('¹', "$^1$"),
    ('²', "$^2$"),
    ('³', "$^3$"),
    ('⁴', "$^4$"),
    ('⁵', "$^5$"),
    ('⁶', "$^6$"),
    ('⁷', "$^7$"),
    ('⁸', "$^8$"),
    ('⁹', "$^9$"),
    ('⁻', "$^-$"),
    ('ᵀ', "$^T$"),
    ('ⁿ', "$^n$"),
    ('\u{a0}', "~"),
];
