//! Figures in LaTeX: matrices as rectangles of colour, everything else as characters.

use super::{escaped, latex, rendered, words};
use crate::report::document::Block;
use crate::report::figure::{Cells, Drawing, Figure, Picture};
use crate::report::text;

/// The width of a picture, and the largest side of a cell, in hundredths of a millimetre.
const WIDTH: usize = 12_000;
const CELL: usize = 400;

/// A figure with its caption, where it stands.
pub(super) fn figure(figure: &Figure) -> String {
    let body = match &figure.drawing {
        Drawing::Pictures(pictures) => match text::grids(&figure.drawing) {
            Some(grids) => rendered(&Block::Row(grids)),
            None => pictures.iter().map(|p| written(p) + &picture(p)).collect(),
        },
        other => characters(&text::characters(other)),
    };
    format!("{body}\n{{\\small\\textbf{{{}.}} {}\\par}}\n", escaped(&figure.title), words(&figure.caption))
}

/// A large matrix as its first and last rows and columns.
fn written(picture: &Picture) -> String {
    picture.elided.as_ref().map_or(String::new(), |grid| rendered(&Block::Grid(grid.clone())))
}

/// Lines of a fixed grid of characters.
pub(super) fn characters(lines: &[String]) -> String {
    let columns = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0).max(1);
    // Every character in a box as wide as a digit of the typewriter face, whatever it is.
    let boxed = |c: char| format!("\\makebox[0.55em][c]{{{}}}", escaped(&c.to_string()));
    let line = |line: &String| {
        let line: Vec<char> = line.chars().collect();
        line.iter().map(|&c| if c == ' ' { "\\hspace*{0.55em}".into() } else { boxed(c) }).collect::<String>()
    };
    let rows: Vec<String> = lines.iter().map(line).collect();
    let size = if columns > 70 { "\\scriptsize" } else { "\\small" };
    format!(
        "\\begin{{center}}\n\\fittedtable{{{size}\\ttfamily\\begin{{tabular}}{{@{{}}l@{{}}}}\n{}\n\\end{{tabular}}}}\n\\end{{center}}\n",
        rows.join(" \\\\\n")
    )
}

/// A matrix as colours: blue for positive entries, orange for negative ones, the stronger the larger.
fn picture(picture: &Picture) -> String {
    let (height, width) = match &picture.cells {
        Cells::Entries(_) => (1, 1),
        Cells::Density(density) => density.cell,
    };
    let (rows, columns) = (picture.rows.div_ceil(height), picture.columns.div_ceil(width));
    let side = (WIDTH / columns.max(rows).max(1)).min(CELL);
    let mut out = String::new();
    let sign = match picture.sign {
        "" => String::new(),
        "·" => "\\cdot\\; ".into(),
        sign => format!("{sign}\\; "),
    };
    let name = format!("${sign}{}$, {}$\\times${}", latex(&picture.name), picture.rows, picture.columns);
    out.push_str(&format!("\\begin{{center}}\n{name}\\\\[2pt]\n\\setlength{{\\unitlength}}{{0.01mm}}\n"));
    out.push_str(&format!("\\begin{{picture}}({},{})\n", columns * side, rows * side));
    let mut put = |row: usize, column: usize, colour: &str, share: u32| {
        let (x, y) = (column * side, (rows - 1 - row.min(rows - 1)) * side);
        out.push_str(&format!(
            "\\put({x},{y}){{\\color{{{colour}!{share}}}\\rule{{{side}\\unitlength}}{{{side}\\unitlength}}}}\n"
        ));
    };
    match &picture.cells {
        Cells::Entries(entries) => {
            for entry in entries {
                match entry.level(&picture.largest) {
                    Ok((share, false)) => put(entry.row, entry.column, "blue", share),
                    Ok((share, true)) => put(entry.row, entry.column, "orange", share),
                    Err(class) => {
                        let colours = ["blue", "orange", "teal", "purple", "olive", "brown", "violet", "gray"];
                        put(entry.row, entry.column, colours[class % colours.len()], 80);
                    }
                }
            }
        }
        Cells::Density(density) => {
            for &(row, column, count, of) in &density.counts {
                put(row, column, "teal", u32::try_from(15 + 85 * count / of.max(1)).unwrap_or(100));
            }
        }
    }
    let (right, top) = (columns * side, rows * side);
    for (outer, inner) in &picture.blocks {
        for at in (0..picture.rows).step_by((*outer).max(1)).skip(1).map(|at| at / height) {
            out.push_str(&format!("\\put(0,{}){{\\line(1,0){{{right}}}}}\n", top - at * side));
        }
        for at in (0..picture.columns).step_by((*inner).max(1)).skip(1).map(|at| at / width) {
            out.push_str(&format!("\\put({},0){{\\line(0,1){{{top}}}}}\n", at * side));
        }
    }
    out.push_str(&format!("\\put(0,0){{\\line(1,0){{{right}}}}}\\put(0,{top}){{\\line(1,0){{{right}}}}}\n"));
    out.push_str(&format!("\\put(0,0){{\\line(0,1){{{top}}}}}\\put({right},0){{\\line(0,1){{{top}}}}}\n"));
    for (row, column, rows, columns) in &picture.frames {
        let (left, bottom) = (column * side, (picture.rows - row - rows) * side);
        let frame = format!("\\framebox({},{}){{}}", columns * side, rows * side);
        out.push_str(&format!("\\linethickness{{1.2pt}}\\put({left},{bottom}){{{frame}}}\n"));
    }
    out.push_str("\\end{picture}\n\\end{center}\n");
    out
}
