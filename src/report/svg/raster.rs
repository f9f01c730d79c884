//! Matrices and images: a coloured square an entry, lines between blocks, the exact value on hover.

use super::{element, html};
use crate::report::figure::{Cells, Density, Entry, Picture};
use crate::report::math::{mathml, plain};

/// The room around a picture.
const MARGIN: usize = 2;
/// Shades of a density picture.
const SHADES: usize = 10;
/// Colours of polynomials: enough for the nine weights of a 3×3 kernel.
const COLOURS: usize = 9;
/// From how much of a colour on the inverse ink reads better, where the page is dark and where it is light.
const BLUE: (u32, u32) = (61, 88);
const ORANGE: (u32, u32) = (60, 97);

/// The pictures side by side, with their names, and a legend of the colours.
pub(super) fn draw(pictures: &[Picture], id: &str) -> String {
    let mut out = String::from("<div class=\"pictures\">");
    for (at, picture) in pictures.iter().enumerate() {
        if !picture.sign.is_empty() {
            out.push_str(&format!("<div class=\"sign\"><math><mo>{}</mo></math></div>", html(picture.sign)));
        }
        let name = format!(
            "<math>{}</math> <span class=\"size\">{}×{}</span>",
            mathml(&picture.name),
            picture.rows,
            picture.columns
        );
        out.push_str(&format!(
            "<div class=\"picture\"><div class=\"name\">{name}</div>{}</div>",
            one(picture, &format!("{id}-{at}"))
        ));
    }
    out.push_str("</div>");
    out.push_str(&legend(pictures));
    out
}

fn one(picture: &Picture, id: &str) -> String {
    match &picture.cells {
        Cells::Entries(entries) => exact(picture, entries, id),
        Cells::Density(density) => shaded(picture, density, id),
    }
}

/// The width and height of one entry, and whether its number is written into it.
fn cell_size(picture: &Picture, entries: &[Entry]) -> (usize, usize, bool) {
    let longest = entries.iter().map(|e| plain(&e.formula).chars().count()).max().unwrap_or(1);
    let side = picture.rows.max(picture.columns);
    match side {
        0..=16 if longest <= 6 => ((7 * longest + 8).max(24), 24, true),
        0..=16 => (20, 20, false),
        17..=32 => (14, 14, false),
        _ => (9, 9, false),
    }
}

fn exact(picture: &Picture, entries: &[Entry], id: &str) -> String {
    let (width, height, written) = cell_size(picture, entries);
    let size = (picture.columns * width + 2 * MARGIN, picture.rows * height + 2 * MARGIN);
    let mut body = background(size);
    for entry in entries {
        let (x, y) = (MARGIN + entry.column * width, MARGIN + entry.row * height);
        let value = plain(&entry.formula);
        let name = html(&format!("{} = {value}", picture.entry_name(entry.row, entry.column)));
        let (class, opacity, ink) = match entry.level(&picture.largest) {
            Ok((share, negative)) => (if negative { "n" } else { "p" }.to_string(), share, ink(share, negative)),
            Err(class) => (format!("k{}", class % COLOURS), 100, "v i"),
        };
        let opacity = if opacity >= 100 { String::new() } else { format!(" fill-opacity=\".{opacity:02}\"") };
        body.push_str(&format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{opacity}><title>{name}</title></rect>"
        ));
        if written {
            let (x, y) = (x + width / 2, y + height / 2 + 4);
            body.push_str(&format!("<text class=\"{ink}\" x=\"{x}\" y=\"{y}\">{}</text>", html(&value)));
        }
    }
    body.push_str(&lines(picture, (width, height), (1, 1), size));
    for (row, column, rows, columns) in &picture.frames {
        body.push_str(&format!(
            "<rect class=\"frame\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            MARGIN + column * width,
            MARGIN + row * height,
            columns * width,
            rows * height
        ));
    }
    let class = if written { "raster written" } else { "raster" };
    element(id, class, size, &plain(&picture.name), &description(picture, entries), &body)
}

/// The class of a number's text on this much of a colour: what is readable on it, in the page's light colours
/// and in its dark ones (a contrast of 4.5 or more: <https://www.w3.org/TR/WCAG22/#contrast-minimum>).
fn ink(share: u32, negative: bool) -> &'static str {
    // The inverse ink in dark colours only, and in both.
    let (dark, light) = if negative { ORANGE } else { BLUE };
    match share {
        _ if share >= light => "v i",
        _ if share >= dark => "v j",
        _ => "v",
    }
}

/// A large matrix: rectangles of entries, shaded by how many of them are not 0.
fn shaded(picture: &Picture, density: &Density, id: &str) -> String {
    const SIDE: usize = 4;
    let (rows, columns) = (picture.rows.div_ceil(density.cell.0), picture.columns.div_ceil(density.cell.1));
    let size = (columns * SIDE + 2 * MARGIN, rows * SIDE + 2 * MARGIN);
    let mut body = background(size);
    // One path a shade; neighbours of one shade in a row are one rectangle of it.
    let mut paths = vec![String::new(); SHADES + 1];
    let shade = |count: usize, of: usize| (1 + (SHADES - 1) * count / of.max(1)).min(SHADES);
    let mut at = 0;
    while let Some(&(row, column, count, of)) = density.counts.get(at) {
        let this = shade(count, of);
        let mut run = 1;
        while density
            .counts
            .get(at + run)
            .is_some_and(|&(r, c, n, of)| r == row && c == column + run && shade(n, of) == this)
        {
            run += 1;
        }
        let (x, y, length) = (MARGIN + column * SIDE, MARGIN + row * SIDE, run * SIDE);
        paths[this].push_str(&format!("M{x} {y}h{length}v{SIDE}h-{length}z"));
        at += run;
    }
    for (shade, path) in paths.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
        let opacity = 10 + 90 * shade / SHADES;
        let opacity = if opacity >= 100 { "1".into() } else { format!(".{opacity:02}") };
        body.push_str(&format!("<path class=\"d\" fill-opacity=\"{opacity}\" d=\"{path}\"/>"));
    }
    body.push_str(&lines(picture, (SIDE, SIDE), density.cell, size));
    let (height, width) = density.cell;
    let words = format!(
        "{} rows and {} columns, drawn as rectangles of {height} by {width} entries, the darker the more of them are not 0.",
        picture.rows, picture.columns
    );
    element(id, "raster", size, &plain(&picture.name), &words, &body)
}

pub(super) fn background((width, height): (usize, usize)) -> String {
    let (width, height) = (width - 2 * MARGIN, height - 2 * MARGIN);
    format!("<rect class=\"paper\" x=\"{MARGIN}\" y=\"{MARGIN}\" width=\"{width}\" height=\"{height}\"/>")
}

/// Lines between blocks, heavier between outer ones; `cell` is the size of one entry, or of one rectangle of `of` entries.
fn lines(picture: &Picture, cell: (usize, usize), of: (usize, usize), size: (usize, usize)) -> String {
    /// More lines than this in one direction would hide what they divide.
    const MOST: usize = 40;
    let mut out = String::new();
    for (level, &(rows, columns)) in picture.blocks.iter().enumerate() {
        let mut path = String::new();
        let steps = |total: usize, block: usize| {
            if block > 0 && total / block <= MOST { (block..total).step_by(block) } else { (0..0).step_by(1) }
        };
        for at in steps(picture.rows, rows) {
            path.push_str(&format!("M{MARGIN} {}h{}", MARGIN + at * cell.1 / of.0, size.0 - 2 * MARGIN));
        }
        for at in steps(picture.columns, columns) {
            path.push_str(&format!("M{} {MARGIN}v{}", MARGIN + at * cell.0 / of.1, size.1 - 2 * MARGIN));
        }
        if !path.is_empty() {
            let class = if level == 0 { "line" } else { "line inner" };
            out.push_str(&format!("<path class=\"{class}\" d=\"{path}\"/>"));
        }
    }
    let (width, height) = (size.0 - 2 * MARGIN, size.1 - 2 * MARGIN);
    out.push_str(&format!(
        "<rect class=\"edge\" x=\"{MARGIN}\" y=\"{MARGIN}\" width=\"{width}\" height=\"{height}\"/>"
    ));
    out
}

fn description(picture: &Picture, entries: &[Entry]) -> String {
    let values = entries.iter().filter_map(|e| e.value.as_ref().ok());
    let range = match (values.clone().min(), values.max()) {
        (Some(least), Some(most)) => format!(", from {least} to {most}").replace('-', "−"),
        _ => String::new(),
    };
    let zero = picture.rows * picture.columns == entries.len();
    let rest = if zero { "" } else { "; all others are 0" };
    format!(
        "{} rows, {} columns: {} entries that are not 0{range}{rest}.",
        picture.rows,
        picture.columns,
        entries.len()
    )
}

/// What the colours mean, as a line under the pictures.
fn legend(pictures: &[Picture]) -> String {
    let mut out = String::from("<div class=\"legend\">");
    let entries = || pictures.iter().flat_map(|p| p.entries().iter().map(move |e| (p, e)));
    if entries().any(|(_, e)| e.value.is_ok()) {
        let mut scales: Vec<String> = pictures.iter().map(|p| p.largest.to_string()).collect();
        scales.dedup();
        let (low, high) = match scales.as_slice() {
            [one] => (format!("−{}", html(one)), html(one)),
            _ => ("most negative".into(), "largest".into()),
        };
        out.push_str(&format!(
            "<span>{low}</span><span class=\"scale\" aria-hidden=\"true\"></span><span>{high}</span>"
        ));
        out.push_str("<span class=\"note\">orange is negative, blue positive, blank 0</span>");
    }
    if let Some(last) = entries().filter_map(|(_, e)| e.value.as_ref().err()).max() {
        let words = match *last < COLOURS {
            true => "entries of one colour are one weight, or one polynomial in them",
            false => {
                "equal entries have one colour; after nine weights, or polynomials in them, colours are used again"
            }
        };
        out.push_str(&format!("<span class=\"note\">{words}</span>"));
    }
    if pictures.iter().any(|p| matches!(p.cells, Cells::Density(_))) {
        out.push_str("<span class=\"scale density\" aria-hidden=\"true\"></span><span class=\"note\">the darker, the more entries are not 0</span>");
    }
    out.push_str("</div>");
    out
}
