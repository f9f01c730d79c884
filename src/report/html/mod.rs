//! The document as one HTML page that needs nothing else: no network, no script.

mod index;

pub use index::{Entry, index};

use num_traits::One;

use super::document::{Block, Document, Grid, Inline, numeric_columns, ticked};
use super::escape::html as escaped;
use super::figure::Figure;
use super::math::{mathml, mathml_pieces, plain};
use super::svg;

const STYLE: &str = include_str!("style.css");

/// The documents of one file as one page with this title. Section n, from 1, has the id `part-n`.
pub fn render(title: &str, documents: &[Document]) -> String {
    let titles: Vec<(String, String)> = documents.iter().enumerate().map(|(at, d)| contents(at, d)).collect();
    let items: Vec<String> =
        titles.iter().map(|(id, words)| format!("<li><a href=\"#{id}\">{words}</a></li>")).collect();
    let nav = if items.len() > 1 {
        format!("<nav aria-label=\"Contents\"><ol>{}</ol></nav>\n", items.concat())
    } else {
        String::new()
    };
    let mut page = Page::default();
    let sections: Vec<String> = documents.iter().enumerate().map(|(at, d)| page.section(at, d)).collect();
    shell(title, &format!("{nav}<main id=\"main\">\n{}</main>\n", sections.concat()))
}

/// Some blocks as a part of a page with text of its own; their figures are numbered from `first`.
pub fn blocks(blocks: &[Block], first: usize) -> String {
    let mut page = Page { figures: first };
    blocks.iter().map(|block| page.block(block, "")).collect()
}

/// A whole page around its body, whose main element has the id `main`.
pub fn shell(title: &str, body: &str) -> String {
    let (title, version) = (escaped(title), env!("CARGO_PKG_VERSION"));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip-to\" href=\"#main\">Skip to the proofs</a>\n\
         <header><p class=\"made\">netprove</p><h1>{title}</h1></header>\n{body}\
         <footer><p>Every number on this page is exact. Made by netprove {version}.</p></footer>\n</body>\n</html>\n"
    )
}

/// A section's id and title.
fn contents(at: usize, document: &Document) -> (String, String) {
    let title = document.blocks.iter().find_map(|block| match block {
        Block::Title { text, .. } => Some(words(text)),
        _ => None,
    });
    (format!("part-{}", at + 1), title.unwrap_or_default())
}

/// Counts what needs an id.
#[derive(Default)]
struct Page {
    figures: usize,
}

impl Page {
    fn section(&mut self, at: usize, document: &Document) -> String {
        let id = format!("part-{}", at + 1);
        let body: String = document.blocks.iter().map(|block| self.block(block, &id)).collect();
        format!("<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n{body}</section>\n")
    }

    fn block(&mut self, block: &Block, id: &str) -> String {
        match block {
            Block::Title { text, aside } => {
                let aside =
                    if aside.is_empty() { String::new() } else { format!("<p class=\"aside\">{}</p>", escaped(aside)) };
                format!("<h2 id=\"{id}-title\">{}</h2>{aside}\n", words(text))
            }
            Block::Statement { label, text } => {
                let kind = label.split([' ', '(']).next().unwrap_or("").to_lowercase();
                let kind = if kind == "theorem" { "statement theorem" } else { "statement" };
                format!("<div class=\"{kind}\"><h3>{}.</h3> <p>{}</p></div>\n", escaped(label), words(text))
            }
            Block::Paragraph(text) => format!("<p>{}</p>\n", words(text)),
            Block::Formulas(lines) => {
                let line = |l: &String| format!("<div class=\"formula\">{}</div>", pieces(l, " displaystyle=\"true\""));
                format!(
                    "<div class=\"scroll formulas\" tabindex=\"0\">{}</div>\n",
                    lines.iter().map(line).collect::<String>()
                )
            }
            Block::Grid(one) => grids(std::slice::from_ref(one)),
            Block::Row(several) => grids(several),
            Block::Table { head, rows } => table(head, rows),
            Block::Map(map) => {
                self.figures += 1;
                format!(
                    "<div class=\"scroll\" tabindex=\"0\">{}</div>\n",
                    svg::map(map, &format!("figure-{}", self.figures))
                )
            }
            Block::Figure(figure) => self.figure(figure),
            Block::Qed => "<p class=\"qed\" aria-label=\"End of proof\">∎</p>\n".into(),
        }
    }

    fn figure(&mut self, figure: &Figure) -> String {
        self.figures += 1;
        let drawing = svg::drawing(figure, &format!("figure-{}", self.figures));
        format!(
            "<figure><div class=\"scroll\" tabindex=\"0\">{drawing}</div><figcaption><b>{}.</b> {}</figcaption></figure>\n",
            escaped(&figure.title),
            words(&figure.caption)
        )
    }
}

/// Running text.
fn words(text: &[Inline]) -> String {
    let piece = |inline: &Inline| match inline {
        Inline::Text(words) => escaped(words),
        Inline::Code(written) => format!("<code>{}</code>", escaped(written)),
        Inline::Strong(words) => format!("<strong>{}</strong>", escaped(words)),
        Inline::Math(formula) => pieces(formula, ""),
    };
    text.iter().map(piece).collect::<String>().trim().to_string()
}

/// A formula in pieces between which a line may break.
fn pieces(formula: &str, attributes: &str) -> String {
    let pieces = mathml_pieces(formula).into_iter().map(|piece| format!("<math{attributes}>{piece}</math>"));
    pieces.collect::<Vec<_>>().join(" ")
}

/// Grids beside one another, each a table between brackets.
fn grids(grids: &[Grid]) -> String {
    format!("<div class=\"scroll grids\" tabindex=\"0\">{}</div>\n", grids.iter().map(grid).collect::<String>())
}

fn grid(grid: &Grid) -> String {
    let columns = grid.cells.first().map_or(0, Vec::len);
    let breaks =
        |at: usize, block: usize, total: usize| block > 0 && block < total && at > 0 && at.is_multiple_of(block);
    let mut body = String::new();
    for (r, row) in grid.cells.iter().enumerate() {
        body.push_str(if breaks(r, grid.row_block, grid.cells.len()) { "<tr class=\"top\">" } else { "<tr>" });
        for (c, formula) in row.iter().enumerate() {
            let bar = breaks(c, grid.column_block, columns);
            let class = match (formula == "0", bar) {
                (true, true) => " class=\"z left\"",
                (true, false) => " class=\"z\"",
                (false, true) => " class=\"left\"",
                (false, false) => "",
            };
            body.push_str(&format!("<td{class}>{}</td>", escaped(&plain(formula))));
        }
        body.push_str("</tr>");
    }
    let name = if grid.name.is_empty() { String::new() } else { format!("{}<mo>=</mo>", mathml(&grid.name)) };
    let factor = match (grid.factor.is_one(), grid.factor.denom().is_one()) {
        (true, _) => String::new(),
        (_, true) => format!("<mn>{}</mn><mo>·</mo>", grid.factor),
        _ => format!("<mfrac><mn>{}</mn><mn>{}</mn></mfrac><mo>·</mo>", grid.factor.numer(), grid.factor.denom()),
    };
    let label = escaped(&plain(&grid.name));
    format!(
        "<div class=\"grid\"><math>{name}{factor}</math><table class=\"matrix\" aria-label=\"{label}\"><tbody>{body}</tbody></table></div>"
    )
}

fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let numeric = numeric_columns(head.len(), rows);
    let class = |c: usize| if numeric.get(c).copied().unwrap_or(false) { " class=\"number\"" } else { "" };
    let titles: Vec<String> =
        head.iter().enumerate().map(|(c, t)| format!("<th scope=\"col\"{}>{}</th>", class(c), escaped(t))).collect();
    let cell = |(c, text): (usize, &String)| {
        let word = match text.as_str() {
            "proved" | "refuted" | "undecided" => format!("<span class=\"answer {text}\">{text}</span>"),
            text => words(&ticked(text)),
        };
        format!("<td{}>{word}</td>", class(c))
    };
    let line = |row: &Vec<String>| format!("<tr>{}</tr>", row.iter().enumerate().map(cell).collect::<String>());
    let body: String = rows.iter().map(line).collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\"><table class=\"data\"><thead><tr>{}</tr></thead><tbody>{body}</tbody></table></div>\n",
        titles.concat()
    )
}
