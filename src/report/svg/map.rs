//! Maps of an image: a square a position, with the numbers of rows and columns, and what the colours mean.

use super::raster::background;
use super::{element, html};
use crate::report::document::Map;

const SIDE: usize = 16;
const MARGIN: usize = 2;
/// The room for one character of a row's name.
const LETTER: usize = 7;

/// The map and its legend.
pub fn draw(map: &Map, id: &str) -> String {
    let (rows, columns) = (map.marked.len(), map.marked.iter().map(Vec::len).max().unwrap_or(0));
    let room = |axis: usize, count: usize| (0..count).map(|i| map.name(axis, i).chars().count()).max().unwrap_or(0);
    let left = room(0, rows) * LETTER + 6;
    let top = if room(1, columns) <= 2 { SIDE } else { room(1, columns) * LETTER + 4 };
    let size = (left + columns * SIDE + 2 * MARGIN, top + rows * SIDE + 2 * MARGIN);
    let mut body =
        format!("<g transform=\"translate({left} {top})\">{}</g>", background((size.0 - left, size.1 - top)));
    let place = |row: usize, column: usize| (left + MARGIN + column * SIDE, top + MARGIN + row * SIDE);
    for row in 0..rows {
        let (x, y) = (left - 4, place(row, 0).1 + SIDE / 2 + 4);
        body.push_str(&format!("<text class=\"m end\" x=\"{x}\" y=\"{y}\">{}</text>", html(&map.name(0, row))));
    }
    for column in 0..columns {
        let (x, name) = (place(0, column).0 + SIDE / 2, html(&map.name(1, column)));
        body.push_str(&match room(1, columns) {
            0..=2 => format!("<text class=\"m mid\" x=\"{x}\" y=\"{}\">{name}</text>", top - 3),
            _ => format!("<text class=\"m\" transform=\"translate({} {}) rotate(-90)\">{name}</text>", x + 4, top - 3),
        });
    }
    for (r, row) in map.marked.iter().enumerate() {
        for (c, &marked) in row.iter().enumerate() {
            let (x, y) = place(r, c);
            let class = if marked { "differs" } else { "same" };
            let what = html(if marked { &map.legend.0 } else { &map.legend.1 });
            let (r, c) = (html(&map.name(0, r)), html(&map.name(1, c)));
            body.push_str(&format!(
                "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{SIDE}\" height=\"{SIDE}\"><title>row {r}, column {c}: {what}</title></rect>"
            ));
        }
    }
    let marked = map.marked.iter().flatten().filter(|m| **m).count();
    let words = format!("{rows} rows, {columns} columns; {marked} squares are marked: {}.", map.legend.0);
    let legend = |class: &str, word: &str| {
        format!(
            "<svg width=\"{SIDE}\" height=\"{SIDE}\" aria-hidden=\"true\"><rect class=\"{class}\" x=\"1\" y=\"1\" width=\"14\" height=\"14\"/></svg><span class=\"note\">{}</span>",
            html(word)
        )
    };
    format!(
        "{}<div class=\"legend\">{}{}</div>",
        element(id, "raster map", size, "Map of the outputs", &words, &body),
        legend("differs", &map.legend.0),
        legend("same", &map.legend.1)
    )
}
