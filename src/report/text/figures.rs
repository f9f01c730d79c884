//! Figures as characters and words.

use num_traits::{Signed, Zero};

use super::table::table;
use super::{INDENT, Style, rows_of_grids, wrap};
use crate::report::document::{Grid, Inline, strong};
use crate::report::figure::{Cells, Drawing, Entry, Figure, Graph, GraphKind, Picture, Plot};
use crate::report::math::plain;

/// A figure as lines: its characters, then what is to be seen.
pub(super) fn lines(figure: &Figure, style: Style) -> Vec<String> {
    let mut lines = match grids(&figure.drawing) {
        Some(grids) => rows_of_grids(&grids, style.width),
        None => characters(&figure.drawing).into_iter().map(|line| format!("{INDENT}{line}")).collect(),
    };
    let mut words: Vec<Inline> = vec![strong(format!("{}.", figure.title)), Inline::Text(" ".into())];
    words.extend(figure.caption.iter().cloned());
    lines.push(String::new());
    lines.extend(wrap(&words, INDENT, INDENT, style));
    lines
}

/// Pictures whose numbers can be read, as grids.
pub fn grids(drawing: &Drawing) -> Option<Vec<Grid>> {
    let Drawing::Pictures(pictures) = drawing else { return None };
    pictures.iter().map(Picture::as_grid).collect()
}

/// A drawing as lines of characters, each one column wide.
pub fn characters(drawing: &Drawing) -> Vec<String> {
    match drawing {
        Drawing::Graph(graph) => network(graph),
        Drawing::Pictures(pictures) => {
            let mut lines = Vec::new();
            for picture in pictures {
                if !lines.is_empty() {
                    lines.push(String::new());
                }
                lines.push(heading(picture));
                lines.extend(raster(picture));
            }
            lines
        }
        Drawing::Plot(plot) => points(plot),
    }
}

fn heading(picture: &Picture) -> String {
    let sign = if picture.sign.is_empty() { String::new() } else { format!("{} ", picture.sign) };
    format!("{sign}{} ({}×{})", plain(&picture.name), picture.rows, picture.columns)
}

/// One line a node, with the names of its operands where they are not the node above.
fn network(graph: &Graph) -> Vec<String> {
    let nodes = &graph.nodes;
    let longest = |part: fn(&crate::report::figure::GraphNode) -> &str| {
        nodes.iter().map(|n| part(n).chars().count()).max().unwrap_or(0)
    };
    let (names, layers, shapes) = (longest(|n| &n.name), longest(|n| &n.layer), longest(|n| &n.shape));
    let line = |(at, node): (usize, &crate::report::figure::GraphNode)| {
        let mark = match (node.kind, node.segment) {
            (GraphKind::Input, _) => "○".to_string(),
            (GraphKind::Blocking, _) => "✕".into(),
            (GraphKind::Omitted, _) => "⋮".into(),
            (_, Some(segment)) => char::from_u32('A' as u32 + segment as u32 % 26).unwrap_or('·').to_string(),
            _ => "·".into(),
        };
        let from: Vec<&str> = node.operands.iter().filter_map(|&o| nodes.get(o)).map(|n| n.name.as_str()).collect();
        let above = at.checked_sub(1).is_some_and(|above| node.operands == [above]);
        let from = if above || from.is_empty() { String::new() } else { format!("  from {}", from.join(", ")) };
        let (name, layer, shape) = (&node.name, &node.layer, &node.shape);
        format!("{mark} {name:<names$}  {layer:<layers$}  {shape:<shapes$}{from}").trim_end().to_string()
    };
    nodes.iter().enumerate().map(line).collect()
}

/// `+`, `−` and `·` for signs, letters for polynomials, shades for densities.
fn raster(picture: &Picture) -> Vec<String> {
    let (rows, columns, marks): (usize, usize, Vec<(usize, usize, char)>) = match &picture.cells {
        Cells::Entries(entries) => {
            let marks = entries.iter().map(|e| (e.row, e.column, sign(e))).collect();
            (picture.rows, picture.columns, marks)
        }
        Cells::Density(density) => {
            let shade = |&(row, column, count, of): &(usize, usize, usize, usize)| {
                (row, column, ['░', '▒', '▓', '█'][(4 * count / of.max(1)).min(3)])
            };
            let (height, width) = density.cell;
            let marks = density.counts.iter().map(shade).collect();
            (picture.rows.div_ceil(height), picture.columns.div_ceil(width), marks)
        }
    };
    let mut lines = vec![vec!['·'; columns]; rows];
    for (row, column, mark) in marks {
        if let Some(cell) = lines.get_mut(row).and_then(|line| line.get_mut(column)) {
            *cell = mark;
        }
    }
    lines.into_iter().map(|line| line.into_iter().collect()).collect()
}

fn sign(entry: &Entry) -> char {
    match &entry.value {
        Ok(value) if value.is_negative() => '−',
        Ok(value) if value.is_zero() => '·',
        Ok(_) => '+',
        Err(class) => char::from_u32('a' as u32 + *class as u32 % 26).unwrap_or('?'),
    }
}

/// The function as a table of its breakpoints.
fn points(plot: &Plot) -> Vec<String> {
    let last = plot.points.len().saturating_sub(1);
    let row = |(at, (t, value, kink)): (usize, &(_, _, bool))| {
        let what = if at == 0 || at == last {
            "end"
        } else if *kink {
            "kink"
        } else {
            ""
        };
        let number = |n: &crate::algebra::Rational| n.to_string().replace('-', "−");
        vec![number(t), number(value), what.to_string()]
    };
    let rows: Vec<Vec<String>> = plot.points.iter().enumerate().map(row).collect();
    let lines = table(&["t".to_string(), plain(&plot.name), String::new()], &rows, usize::MAX);
    lines.into_iter().map(|line| line.trim_start_matches(INDENT).trim_end().to_string()).collect()
}
