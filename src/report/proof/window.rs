//! One row of a convolution's matrix beside the window that it encodes.

use std::collections::BTreeMap;

use super::Writer;
use super::figures::{Rows, largest};
use crate::algebra::Shape;
use crate::layer::Lowered;
use crate::layer::definition::Geometry;
use crate::report::document::{Inline, code, math, text};
use crate::report::figure::{Cells, Drawing, Entry, Figure, Indices, Picture};
use crate::report::numbers::{Formula, plural};

/// Columns of a row that is drawn whole.
const WHOLE: usize = 256;
/// The most columns, and window entries a side, of a part that is drawn.
const PART: usize = 256;
/// Columns of zeros that are drawn on either side of a part.
const AROUND: usize = 2;

/// An image as planes beside one another: the last two axes are rows and columns, the others count planes.
#[derive(Clone, Copy)]
struct Planes {
    count: usize,
    height: usize,
    width: usize,
}

impl Planes {
    fn of(shape: &Shape) -> Option<Planes> {
        let axes = shape.axes();
        match axes {
            [_, .., _] => {
                let width = axes[axes.len() - 1];
                let height = if axes.len() > 2 { axes[axes.len() - 2] } else { 1 };
                Some(Planes { count: shape.elements() / (width * height), height, width })
            }
            _ => None,
        }
    }

    /// The plane, row and column of a flat index.
    fn place(self, flat: usize) -> (usize, usize, usize) {
        let (plane, at) = (flat / (self.height * self.width), flat % (self.height * self.width));
        (plane, at / self.width, at % self.width)
    }
}

/// First and last rows, first and last columns.
type Bounds = (usize, usize, usize, usize);

impl Writer<'_> {
    /// The window of an output in the middle, the row of the matrix that computes it, and the next row.
    pub fn window_figure<C: Formula>(&mut self, lowered: &Lowered<C>, window: &Geometry, name: &str) {
        if let Some(figure) = self.window(lowered, window, name) {
            self.document.figure(figure);
        }
    }

    fn window<C: Formula>(&self, lowered: &Lowered<C>, window: &Geometry, name: &str) -> Option<Figure> {
        let operator = lowered.operators.first()?;
        let (output, input) = (operator.output(), operator.input());
        let planes = Planes::of(input)?;
        // An output in the middle, where no tap falls into the padding.
        let mut index: Vec<usize> = output.axes().iter().map(|n| (n - 1) / 2).collect();
        index[0] = 0;
        let row = output.ravel(&index);
        let last = (row + 1).min(operator.rows() - 1);
        let strip = Rows::of_operator(operator).entries(row..last + 1, self);
        let line: Vec<Entry> = strip.iter().filter(|e| e.row == 0).cloned().collect();
        let bounds = bounds(&line, planes);
        let whole = operator.columns() <= WHOLE;
        let pictures = match whole {
            true => Some([whole_image(&line, input, planes, &bounds), whole_rows(&strip, (row, last), operator, name)]),
            false => part(&line, &strip, (row, last), (output, input), planes, &bounds, name),
        }?;
        let most = largest(&Cells::Entries(line));
        let pictures = pictures.map(|picture| Picture { largest: most.clone(), ..picture });
        let words = caption(&index, row, window, name, whole);
        Some(Figure {
            title: "One row is one window".into(),
            caption: words,
            drawing: Drawing::Pictures(pictures.to_vec()),
        })
    }
}

fn caption(index: &[usize], row: usize, window: &Geometry, name: &str, whole: bool) -> Vec<Inline> {
    let at = format!("[{}]", index.iter().map(usize::to_string).collect::<Vec<_>>().join(", "));
    let step = plural(window.stride.last().copied().unwrap_or(1), "place");
    let spread = match window.dilation.iter().any(|&d| d > 1) {
        true => " (with the gaps of its dilation)",
        false => "",
    };
    let mut words = vec![
        text("Output "),
        code(at),
        text(format!(
            " is the sum of the numbers in the window{spread}, each times the entry of the image under it. Write the rows of the image one after the other, and the same picture is row {row} of "
        )),
        math(name),
        text(format!(
            ": the kernel, and 0 everywhere else. The next output slides the window by {step}, so the next row is the same numbers moved by {step}: that is what makes the matrix Toeplitz."
        )),
    ];
    if !whole {
        words.push(text(
            " The image is large, so only the surroundings of the window are drawn, in the first plane that it reads; what is left out of the row is 0 or belongs to other planes.",
        ));
    }
    words
}

/// What each plane's part of the window takes.
fn bounds(line: &[Entry], planes: Planes) -> BTreeMap<usize, Bounds> {
    let mut bounds: BTreeMap<usize, Bounds> = BTreeMap::new();
    for entry in line {
        let (plane, row, column) = planes.place(entry.column);
        let of = bounds.entry(plane).or_insert((row, row, column, column));
        *of = (of.0.min(row), of.1.max(row), of.2.min(column), of.3.max(column));
    }
    bounds
}

fn whole_image(line: &[Entry], input: &Shape, planes: Planes, bounds: &BTreeMap<usize, Bounds>) -> Picture {
    let inside = line.iter().map(|entry| {
        let (plane, row, column) = planes.place(entry.column);
        Entry { row, column: plane * planes.width + column, ..entry.clone() }
    });
    let frame = |(plane, of): (&usize, &Bounds)| (of.0, plane * planes.width + of.2, of.1 - of.0 + 1, of.3 - of.2 + 1);
    Picture {
        rows: planes.height,
        columns: planes.width * planes.count,
        blocks: vec![(planes.height, planes.width), (1, 1)],
        indices: Indices::Image(input.axes().to_vec()),
        frames: bounds.iter().map(frame).collect(),
        ..picture("\\text{kernel on the image}".into(), inside.collect())
    }
}

fn rows_name((row, last): (usize, usize), name: &str) -> String {
    match last > row {
        true => format!("\\text{{rows {row} and {last} of }} {name}"),
        false => format!("\\text{{row {row} of }} {name}"),
    }
}

fn whole_rows<C: Formula>(
    strip: &[Entry],
    rows: (usize, usize),
    operator: &crate::toeplitz::Operator<C>,
    name: &str,
) -> Picture {
    let width = operator.input().axes().last().copied().unwrap_or(1);
    let (output, input) = (operator.output().axes().to_vec(), operator.input().axes().to_vec());
    Picture {
        rows: rows.1 - rows.0 + 1,
        columns: operator.columns(),
        blocks: vec![(rows.1 - rows.0 + 1, width)],
        indices: Indices::Matrix { output, input, first: (rows.0, 0) },
        ..picture(rows_name(rows, name), strip.to_vec())
    }
}

/// The surroundings of the window in the first plane that it reads, and the part of the rows that they are.
fn part(
    line: &[Entry],
    strip: &[Entry],
    rows: (usize, usize),
    (output, input): (&Shape, &Shape),
    planes: Planes,
    bounds: &BTreeMap<usize, Bounds>,
    name: &str,
) -> Option<[Picture; 2]> {
    let (&plane, of) = bounds.iter().next()?;
    let (top, left) = (of.0.saturating_sub(AROUND), of.2.saturating_sub(AROUND));
    let (bottom, right) = ((of.1 + AROUND).min(planes.height - 1), (of.3 + AROUND).min(planes.width - 1));
    let flat = |row: usize, column: usize| (plane * planes.height + row) * planes.width + column;
    let (from, to) = (flat(of.0, of.2).saturating_sub(AROUND), (flat(of.1, of.3) + AROUND + 1).min(input.elements()));
    if to - from > PART || right - left >= PART || bottom - top >= PART {
        return None;
    }
    let inside = line.iter().filter(|e| planes.place(e.column).0 == plane).map(|entry| {
        let (_, row, column) = planes.place(entry.column);
        Entry { row: row - top, column: column - left, ..entry.clone() }
    });
    let inside = inside.collect();
    let columns = strip.iter().filter(|e| (from..to).contains(&e.column));
    let columns = columns.map(|entry| Entry { column: entry.column - from, ..entry.clone() }).collect();
    let shape = input.axes().to_vec();
    let window = Picture {
        rows: bottom - top + 1,
        columns: right - left + 1,
        blocks: vec![(1, 1)],
        indices: Indices::Part { shape: shape.clone(), plane, first: (top, left) },
        frames: vec![(of.0 - top, of.2 - left, of.1 - of.0 + 1, of.3 - of.2 + 1)],
        ..picture("\\text{kernel on a part of the image}".into(), inside)
    };
    let name = rows_name(rows, name);
    let strip = Picture {
        rows: rows.1 - rows.0 + 1,
        columns: to - from,
        indices: Indices::Matrix { output: output.axes().to_vec(), input: shape, first: (rows.0, from) },
        ..picture(format!("{name} \\text{{, columns {from} to {}}}", to - 1), columns)
    };
    Some([window, strip])
}

/// A picture of these entries; its size and indices are its caller's.
fn picture(name: String, entries: Vec<Entry>) -> Picture {
    Picture {
        sign: "",
        name,
        rows: 0,
        columns: 0,
        blocks: Vec::new(),
        indices: Indices::Image(Vec::new()),
        cells: Cells::Entries(entries),
        largest: Default::default(),
        frames: Vec::new(),
        elided: None,
    }
}
