//! The document as Markdown that forges render: CommonMark with GitHub's tables and mathematics.
//!
//! Inline formulas are `$…$`; where a formula has a backslash before punctuation, which CommonMark
//! takes for itself, they stand between backticks too (`` $`…`$ ``), as GitHub and GitLab document.
//! Displayed formulas are code blocks of the language `math`, in which nothing is taken.

use super::document::{Block, Document, Grid, Inline, numeric_columns, ticked};
use super::escape::{markdown as escaped, markdown_code};
use super::excerpt::visible;
use super::figure::{Drawing, Figure};
use super::latex::{display, elided};
use super::math::latex;
use super::text::{characters, grids};

/// The documents of one file as one Markdown document with this title.
pub fn render(title: &str, documents: &[Document]) -> String {
    let mut out = format!("# {}\n", escaped(title));
    for block in documents.iter().flat_map(|document| &document.blocks) {
        out.push('\n');
        out.push_str(&rendered(block));
    }
    out
}

fn rendered(block: &Block) -> String {
    match block {
        Block::Title { text, aside } if aside.is_empty() => format!("## {}\n", words(text)),
        Block::Title { text, aside } => format!("## {}\n\n{}\n", words(text), markdown_code(aside)),
        Block::Statement { label, text } => format!("**{}.** {}\n", escaped(label), words(text).trim_start()),
        Block::Paragraph(text) => format!("{}\n", words(text)),
        Block::Formulas(lines) => fenced("math", &display(lines)),
        Block::Grid(grid) => fenced("math", &elided(grid)),
        Block::Row(grids) => fenced("math", &grids.iter().map(elided).collect::<Vec<_>>().join(" \\qquad\n")),
        Block::Table { head, rows } => table(head, rows),
        Block::Map(map) => fenced("text", &map.characters().join("\n")),
        Block::Figure(figure) => drawn(figure),
        Block::Qed => "∎\n".into(),
    }
}

fn drawn(figure: &Figure) -> String {
    let caption = words(&figure.caption);
    let picture = match grids(&figure.drawing) {
        Some(grids) => rendered(&Block::Row(grids)),
        None => {
            let ends: Vec<Grid> = written(&figure.drawing);
            let ends = if ends.is_empty() { String::new() } else { rendered(&Block::Row(ends)) + "\n" };
            ends + &fenced("text", &characters(&figure.drawing).join("\n"))
        }
    };
    format!("{picture}\n*{}.* {}\n", escaped(&figure.title), caption.trim())
}

/// Large matrices as their first and last rows and columns.
fn written(drawing: &Drawing) -> Vec<Grid> {
    let Drawing::Pictures(pictures) = drawing else { return Vec::new() };
    pictures.iter().filter_map(|picture| picture.elided.clone()).collect()
}

/// A code block, with a fence that its lines do not contain.
fn fenced(language: &str, body: &str) -> String {
    let body: String = body.chars().map(|c| if c == '\n' { c } else { visible(c) }).collect();
    let mut fence = "```".to_string();
    while body.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}{language}\n{body}\n{fence}\n")
}

/// Running text on one line.
fn words(text: &[Inline]) -> String {
    let piece = |inline: &Inline| match inline {
        Inline::Text(words) => escaped(words),
        Inline::Code(written) => markdown_code(written),
        Inline::Strong(words) => format!("**{}**", escaped(words)),
        Inline::Math(formula) => math(formula),
    };
    text.iter().map(piece).collect::<String>().trim().to_string()
}

fn math(formula: &str) -> String {
    let formula = latex(formula).replace('$', "\\text{＄}");
    let mut characters = formula.chars().peekable();
    let mut taken = false;
    while let Some(c) = characters.next() {
        taken |= c == '\\' && characters.peek().is_some_and(char::is_ascii_punctuation);
    }
    // A backtick cannot stand between backticks, nor can text end the formula.
    if taken && !formula.contains('`') { format!("$`{formula}`$") } else { format!("${formula}$") }
}

/// A cell's text; a bar would end the cell even in code.
fn cell(text: &str) -> String {
    if text.contains('|') { escaped(text) } else { words(&ticked(text)) }
}

fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = (0..head.len()).map(|c| cells.get(c).map_or(String::new(), |t| cell(t))).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule: Vec<&str> = numeric_columns(head.len(), rows).iter().map(|n| if *n { "---:" } else { "---" }).collect();
    let mut out = format!("{}| {} |\n", line(head), rule.join(" | "));
    rows.iter().for_each(|row| out.push_str(&line(row)));
    out
}
