//! The document as text for a terminal.

mod figures;
mod table;

pub use figures::{characters, grids};

use num_traits::One;

use self::table::table;
use super::document::{Block, Document, Grid, Inline};
use super::math::plain;

/// How text is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// The most columns a line of text or of a table takes; a grid's own may be more.
    pub width: usize,
    /// Whether to colour with ANSI escapes.
    pub color: bool,
}

/// The document as text.
pub fn render(document: &Document, style: Style) -> String {
    let mut out = String::new();
    for block in &document.blocks {
        let lines = lines(block, style);
        if !out.is_empty() && !matches!(block, Block::Qed) {
            out.push('\n');
        }
        for line in lines {
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

pub(super) const INDENT: &str = "    ";

fn lines(block: &Block, style: Style) -> Vec<String> {
    match block {
        Block::Title { text, aside } => title(text, aside, style),
        Block::Statement { label, text } => {
            let mut words = vec![Inline::Strong(format!("{label}."))];
            words.extend(text.iter().cloned());
            wrap(&words, "", INDENT, style)
        }
        Block::Paragraph(text) => wrap(text, INDENT, INDENT, style),
        Block::Formulas(formulas) => formulas.iter().map(|f| format!("{INDENT}{INDENT}{}", plain(f))).collect(),
        Block::Grid(grid) => rows_of_grids(std::slice::from_ref(grid), style.width),
        Block::Row(grids) => rows_of_grids(grids, style.width),
        Block::Table { head, rows } => table(head, rows, style.width),
        Block::Map(map) => map.characters().iter().map(|line| format!("{INDENT}{INDENT}{line}")).collect(),
        Block::Figure(figure) => figures::lines(figure, style),
        Block::Qed => vec![format!("{:>1$}", "∎", style.width)],
    }
}

fn title(text: &[Inline], aside: &str, style: Style) -> Vec<String> {
    let title: String = text.iter().map(words_of).collect();
    let used = columns(&title) + columns(aside);
    let gap = style.width.saturating_sub(used).max(2);
    let line = format!("{}{}{aside}", paint(&title, style), " ".repeat(gap));
    vec![line, "─".repeat(style.width.min(used + gap))]
}

fn words_of(inline: &Inline) -> String {
    match inline {
        Inline::Text(t) | Inline::Strong(t) => t.clone(),
        Inline::Code(t) => format!("`{t}`"),
        Inline::Math(f) => plain(f),
    }
}

fn paint(words: &str, style: Style) -> String {
    if style.color { format!("\u{1b}[1m{words}\u{1b}[0m") } else { words.to_string() }
}

/// Wraps at blanks; formulas and code are kept whole unless they are longer than a line.
fn wrap(text: &[Inline], first: &str, rest: &str, style: Style) -> Vec<String> {
    // (words, painted, glued to the previous piece)
    let mut pieces: Vec<(String, bool, bool)> = Vec::new();
    let mut glue = false;
    for (i, inline) in text.iter().enumerate() {
        let words = words_of(inline);
        if words.is_empty() {
            continue;
        }
        let starts_blank = words.starts_with(' ');
        let painted = matches!(inline, Inline::Strong(_));
        let atomic =
            matches!(inline, Inline::Math(_) | Inline::Code(_)) && columns(&words) + rest.len() <= style.width / 2;
        let parts: Vec<&str> = if atomic { vec![&words] } else { words.split_whitespace().collect() };
        for (j, part) in parts.into_iter().enumerate() {
            pieces.push((part.to_string(), painted, j == 0 && i > 0 && glue && !starts_blank));
        }
        let label = painted && i == 0 && words.ends_with('.');
        glue = !words.ends_with(' ') && !label;
    }
    let mut lines = Vec::new();
    let (mut line, mut used) = (first.to_string(), first.len());
    let mut empty = true;
    let mut at = 0;
    while at < pieces.len() {
        // What is glued together breaks together.
        let end = (at + 1..pieces.len()).find(|&i| !pieces[i].2).unwrap_or(pieces.len());
        let size: usize = pieces[at..end].iter().map(|p| columns(&p.0)).sum();
        if !empty && used + 1 + size > style.width {
            lines.push(std::mem::replace(&mut line, rest.to_string()));
            used = rest.len();
            empty = true;
        }
        if !empty {
            line.push(' ');
            used += 1;
        }
        for (words, painted, _) in &pieces[at..end] {
            line.push_str(&if *painted { paint(words, style) } else { words.clone() });
        }
        used += size;
        empty = false;
        at = end;
    }
    lines.push(line);
    lines
}

/// The columns that text takes on a terminal: the symbols of reports are all one column wide.
fn columns(text: &str) -> usize {
    text.chars().count()
}

/// Grids side by side, as many a line as fit.
fn rows_of_grids(grids: &[Grid], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut start = 0;
    while start < grids.len() {
        let mut end = start + 1;
        while end < grids.len() && beside(&grids[start..=end]).iter().all(|l| columns(l) <= width) {
            end += 1;
        }
        if !lines.is_empty() {
            lines.push(String::new());
        }
        match &grids[start..end] {
            [grid] if beside(&grids[start..end]).iter().any(|l| columns(l) > width) => lines.extend(listed(grid)),
            fitting => lines.extend(beside(fitting)),
        }
        start = end;
    }
    lines
}

/// A grid that is too wide, entry by entry: `M[0, 2] = k[0,2] · s`.
fn listed(grid: &Grid) -> Vec<String> {
    /// Entries listed.
    const MOST: usize = 24;
    let entries =
        grid.cells.iter().enumerate().flat_map(|(r, row)| row.iter().enumerate().map(move |(c, n)| (r, c, n)));
    let nonzero: Vec<_> = entries.filter(|(_, _, n)| *n != "0").collect();
    let factor = if grid.factor.is_one() { String::new() } else { format!("{} · ", grid.factor) };
    let line = |(r, c, n): &(usize, usize, &String)| {
        let product = if factor.is_empty() { plain(n) } else { format!("{factor}({})", plain(n)) };
        format!("{INDENT}{}[{}] = {product}", plain(&grid.name), grid.index(*r, *c))
    };
    let mut lines: Vec<String> = nonzero.iter().take(MOST).map(line).collect();
    if nonzero.len() > MOST {
        lines.push(format!("{INDENT}… and {} more", nonzero.len() - MOST));
    }
    lines
}

fn beside(grids: &[Grid]) -> Vec<String> {
    let drawn: Vec<Vec<String>> = grids.iter().map(draw).collect();
    let height = drawn.iter().map(Vec::len).max().unwrap_or(0);
    let mut lines = vec![INDENT.to_string(); height];
    for (i, grid) in drawn.iter().enumerate() {
        let width = grid.iter().map(|l| columns(l)).max().unwrap_or(0);
        let top = (height - grid.len()) / 2;
        for (row, line) in lines.iter_mut().enumerate() {
            if i > 0 {
                line.push_str("   ");
            }
            let part = row.checked_sub(top).and_then(|r| grid.get(r)).map_or("", String::as_str);
            line.push_str(part);
            line.push_str(&" ".repeat(width - columns(part)));
        }
    }
    lines
}

/// One grid with brackets, its name and factor beside the middle row, and block lines.
fn draw(grid: &Grid) -> Vec<String> {
    let cell = |formula: &String| if formula == "0" { "·".to_string() } else { plain(formula) };
    let cells: Vec<Vec<String>> = grid.cells.iter().map(|row| row.iter().map(cell).collect()).collect();
    let count = cells.first().map_or(0, Vec::len);
    let width = |c: usize| cells.iter().map(|row| columns(&row[c])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let breaks =
        |at: usize, block: usize, total: usize| block > 0 && block < total && at > 0 && at.is_multiple_of(block);
    let mut body: Vec<String> = Vec::new();
    for (r, row) in cells.iter().enumerate() {
        let mut line = String::new();
        let mut rule = String::new();
        for (c, text) in row.iter().enumerate() {
            let bar = breaks(c, grid.column_block, count);
            let gap = if c == 0 {
                ""
            } else if bar {
                " │ "
            } else {
                " "
            };
            line.push_str(gap);
            line.push_str(&" ".repeat(widths[c] - columns(text)));
            line.push_str(text);
            rule.push_str(if c == 0 {
                ""
            } else if bar {
                "─┼─"
            } else {
                "─"
            });
            rule.push_str(&"─".repeat(widths[c]));
        }
        if breaks(r, grid.row_block, cells.len()) {
            body.push(rule);
        }
        body.push(line);
    }
    let factor = if grid.factor.is_one() { String::new() } else { format!("{} · ", grid.factor) };
    let name = if grid.name.is_empty() { String::new() } else { format!("{} = ", plain(&grid.name)) };
    let lead = format!("{name}{factor}").replace('-', "−");
    let (middle, last) = (body.len() / 2, body.len().saturating_sub(1));
    let bracket = |i: usize, line: &str| {
        let (left, right) = match i {
            _ if last == 0 => ("[", "]"),
            0 => ("⎡", "⎤"),
            i if i == last => ("⎣", "⎦"),
            _ => ("⎢", "⎥"),
        };
        let lead = if i == middle { lead.clone() } else { " ".repeat(columns(&lead)) };
        format!("{lead}{left} {line} {right}")
    };
    body.iter().enumerate().map(|(i, line)| bracket(i, line)).collect()
}
