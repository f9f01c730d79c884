//! Figures of a proof as data: exact values and what they are called. Renderers draw them and decide nothing.

use num_traits::One;

use super::document::{Grid, Inline};
use crate::algebra::{Integer, Rational, common_denominator, ratio};

/// A figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it shows, in a few plain words: its name for whoever cannot see it.
    pub title: String,
    /// What is to be seen in it.
    pub caption: Vec<Inline>,
    /// The drawing.
    pub drawing: Drawing,
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drawing {
    /// A network as a graph.
    Graph(Graph),
    /// Matrices and images of numbers, in the order of reading.
    Pictures(Vec<Picture>),
    /// A piecewise-linear function of one number.
    Plot(Box<Plot>),
}

/// A network: its inputs, then its layers, operands before their users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// The nodes.
    pub nodes: Vec<GraphNode>,
}

/// One value of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphNode {
    /// Its name in reports.
    pub name: String,
    /// The layer and its arguments: `conv: kernel 3×3, pad 1`; empty for inputs.
    pub layer: String,
    /// The shape of the value.
    pub shape: String,
    /// The nodes it is computed from.
    pub operands: Vec<usize>,
    /// What kind of layer it is.
    pub kind: GraphKind,
    /// The linear segment it belongs to, numbered from 0, when it can be merged with other layers.
    pub segment: Option<usize>,
}

/// Kinds of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphKind {
    /// An argument of the network.
    Input,
    /// An affine layer.
    Affine,
    /// A layer that is not affine, and so ends every linear segment.
    Blocking,
    /// Stands for layers in the middle of a long network that are not drawn.
    Omitted,
}

/// A matrix or an image of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What stands between it and the picture before it: nothing, `·` or `=`.
    pub sign: &'static str,
    /// A formula for its name.
    pub name: String,
    /// The number of rows.
    pub rows: usize,
    /// The number of columns.
    pub columns: usize,
    /// Sizes of blocks, rows and columns, outermost first: lines are drawn between them.
    pub blocks: Vec<(usize, usize)>,
    /// How an entry is named.
    pub indices: Indices,
    /// The numbers.
    pub cells: Cells,
    /// The largest absolute value of the colour scale.
    pub largest: Rational,
    /// Windows to be outlined: first row, first column, rows, columns.
    pub frames: Vec<(usize, usize, usize, usize)>,
    /// The first and last rows and columns with dots between them, where the whole is too much to be written.
    pub elided: Option<Grid>,
}

/// What rows and columns of a picture are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indices {
    /// Rows are flat indices of outputs and columns of inputs; these are the shapes.
    Matrix {
        /// The shape of the output.
        output: Vec<usize>,
        /// The shape of the input.
        input: Vec<usize>,
        /// The first row and the first column that are drawn.
        first: (usize, usize),
    },
    /// A tensor of this shape, its planes beside one another.
    Image(Vec<usize>),
    /// A part of one plane of a tensor.
    Part {
        /// The tensor's shape.
        shape: Vec<usize>,
        /// The plane, counted over all axes but the last two.
        plane: usize,
        /// The first row and the first column that are drawn.
        first: (usize, usize),
    },
}

/// The numbers of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cells {
    /// Every entry that is not 0, row by row.
    Entries(Vec<Entry>),
    /// Counts of nonzero entries in rectangles of the matrix.
    Density(Density),
}

/// An entry that is not 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its row.
    pub row: usize,
    /// Its column.
    pub column: usize,
    /// The number as a formula.
    pub formula: String,
    /// The number; for a polynomial in symbols, which of the picture's polynomials it is.
    pub value: Result<Rational, usize>,
}

/// How many entries are not 0 in each rectangle of a large matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Density {
    /// Rows and columns of one rectangle; those at the far ends may be smaller.
    pub cell: (usize, usize),
    /// Only every so many rows were counted; 1 for all.
    pub every: usize,
    /// (rectangle row, rectangle column, nonzero entries counted, entries looked at), nonzero ones only.
    pub counts: Vec<(usize, usize, usize, usize)>,
}

/// The graph of a piecewise-linear function of one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plot {
    /// A formula for the function's value.
    pub name: String,
    /// The ends and every breakpoint between them: argument, value, and whether the slope changes there.
    pub points: Vec<(Rational, Rational, bool)>,
    /// Arguments of interest, and formulas for the points they stand for.
    pub marks: Vec<(Rational, String)>,
    /// Two points, joined by the line that an affine function with these values would follow.
    pub chord: [(Rational, Rational); 2],
}

impl Picture {
    /// The name of an entry, as `T₁[5, 3]`, or of a matrix between images `T₁[5, 3]: output (0, 1, 1), input (0, 0, 3)`.
    pub fn entry_name(&self, row: usize, column: usize) -> String {
        let name = super::math::plain(&self.name);
        let flat = match &self.indices {
            Indices::Matrix { output, input, first } => {
                let (row, column) = (row + first.0, column + first.1);
                let place = format!("{name}[{row}, {column}]");
                if output.len() < 2 && input.len() < 2 {
                    return place;
                }
                return format!(
                    "{place}, output {}, input {}",
                    tuple(&unravel(output, row)),
                    tuple(&unravel(input, column))
                );
            }
            Indices::Image(shape) => {
                let width = shape.last().copied().unwrap_or(1).max(1);
                (shape, (column / width * self.rows.max(1) + row) * width + column % width)
            }
            Indices::Part { shape, plane, first } => {
                let width = shape.last().copied().unwrap_or(1);
                let height = if shape.len() > 2 { shape[shape.len() - 2] } else { 1 };
                (shape, (plane * height + row + first.0) * width + column + first.1)
            }
        };
        let index: Vec<String> = unravel(flat.0, flat.1).iter().map(usize::to_string).collect();
        format!("{name}[{}]", index.join(", "))
    }

    /// The picture as numbers over one denominator, where they are few enough to be read.
    pub fn as_grid(&self) -> Option<Grid> {
        /// The most rows and columns.
        const MOST: usize = 16;
        let Cells::Entries(entries) = &self.cells else { return None };
        if self.rows > MOST || self.columns > MOST {
            return None;
        }
        let numbers = entries.iter().filter_map(|entry| entry.value.as_ref().ok());
        let denominator = common_denominator(numbers.map(Rational::denom));
        let symbolic = entries.iter().any(|entry| entry.value.is_err());
        let denominator = if symbolic { Integer::one() } else { denominator };
        let mut cells = vec![vec!["0".to_string(); self.columns]; self.rows];
        for entry in entries {
            cells[entry.row][entry.column] = match &entry.value {
                Ok(value) if !symbolic => (value.numer() * (&denominator / value.denom())).to_string(),
                _ => entry.formula.clone(),
            };
        }
        // Lines around every entry would divide nothing.
        let blocks = self.blocks.iter().rev().find(|block| **block != (1, 1));
        let (row_block, column_block) = blocks.copied().unwrap_or((0, 0));
        let shape = match &self.indices {
            Indices::Matrix { .. } | Indices::Part { .. } => vec![self.rows, self.columns],
            Indices::Image(shape) => shape.clone(),
        };
        let factor = ratio(Integer::one(), denominator);
        Some(Grid { name: self.name.clone(), factor, cells, shape, row_block, column_block })
    }

    /// The entries, where they are known one by one.
    pub fn entries(&self) -> &[Entry] {
        match &self.cells {
            Cells::Entries(entries) => entries,
            Cells::Density(_) => &[],
        }
    }
}

impl Entry {
    /// How much of the colour scale the entry takes, in percent from 15 to 100, and whether it is
    /// negative; `Err` numbers a polynomial.
    pub fn level(&self, largest: &Rational) -> Result<(u32, bool), usize> {
        use num_traits::{Signed, ToPrimitive, Zero};
        let value = self.value.as_ref().map_err(|&class| class)?;
        let share = if largest.is_zero() { Rational::zero() } else { value.abs() / largest };
        let percent = (share * Rational::from_integer(85.into())).round().to_integer().to_u32().unwrap_or(85);
        Ok((15 + percent.min(85), value.is_negative()))
    }
}

/// The index of a flat position.
fn unravel(shape: &[usize], mut flat: usize) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (slot, &axis) in index.iter_mut().zip(shape).rev() {
        *slot = flat % axis.max(1);
        flat /= axis.max(1);
    }
    index
}

fn tuple(index: &[usize]) -> String {
    match index {
        [one] => one.to_string(),
        _ => format!("({})", index.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}
