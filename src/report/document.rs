//! The proof document: what every renderer prints, and nothing about how it looks.

use super::figure::Figure;
use crate::algebra::Rational;

/// A proof, or several, as blocks from top to bottom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The blocks, in order.
    pub blocks: Vec<Block>,
}

/// One block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A title; `aside` stands at the far side (a place in a file).
    Title {
        /// The title.
        text: Vec<Inline>,
        /// The aside.
        aside: String,
    },
    /// A labelled statement: `Theorem.`, `Lemma 1 (conv1).`, `Composition.`
    Statement {
        /// The label, without its full stop.
        label: String,
        /// What it says.
        text: Vec<Inline>,
    },
    /// Running text.
    Paragraph(Vec<Inline>),
    /// Formulas on lines of their own.
    Formulas(Vec<String>),
    /// A matrix, column vector or image of numbers, with a name.
    Grid(Grid),
    /// Several grids that belong side by side.
    Row(Vec<Grid>),
    /// A table; cells are running text, numbers are right-aligned.
    Table {
        /// The column heads.
        head: Vec<String>,
        /// The rows.
        rows: Vec<Vec<String>>,
    },
    /// Lines of characters in a fixed grid: a map of an image.
    Picture(Vec<String>),
    /// A figure.
    Figure(Figure),
    /// The end of a proof.
    Qed,
}

/// A piece of running text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Words.
    Text(String),
    /// A formula in the small subset of LaTeX that `math` converts.
    Math(String),
    /// Something as it is written in a file.
    Code(String),
    /// Words that carry the result.
    Strong(String),
}

/// Numbers in rows and columns: `factor · cells`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// A formula for its name, such as `T_1`.
    pub name: String,
    /// A common factor, 1 when there is none.
    pub factor: Rational,
    /// Formulas, mostly integers, row by row.
    pub cells: Vec<Vec<String>>,
    /// The shape of what is drawn, for the indices of single entries: its last axis is a row of
    /// cells, the one before it runs down, and planes stand side by side.
    pub shape: Vec<usize>,
    /// Draw a line after every so many rows; 0 for none.
    pub row_block: usize,
    /// Draw a line after every so many columns; 0 for none.
    pub column_block: usize,
}

impl Grid {
    /// The index of a cell's entry, as `0, 2, 1`.
    pub fn index(&self, row: usize, column: usize) -> String {
        let width = self.shape.last().copied().unwrap_or(1).max(1);
        let (mut plane, column) = (column / width, column % width);
        let mut index = match self.shape.len() {
            0 => Vec::new(),
            1 => vec![column],
            _ => vec![column, row],
        };
        for &axis in self.shape.iter().rev().skip(2) {
            index.push(plane % axis);
            plane /= axis;
        }
        index.iter().rev().map(usize::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// Words.
pub fn text(words: impl Into<String>) -> Inline {
    Inline::Text(words.into())
}

/// A formula.
pub fn math(formula: impl Into<String>) -> Inline {
    Inline::Math(formula.into())
}

/// Something as written.
pub fn code(written: impl Into<String>) -> Inline {
    Inline::Code(written.into())
}

/// Words that carry the result.
pub fn strong(words: impl Into<String>) -> Inline {
    Inline::Strong(words.into())
}

impl Document {
    /// Appends a labelled statement.
    pub fn state(&mut self, label: impl Into<String>, text: Vec<Inline>) {
        self.blocks.push(Block::Statement { label: label.into(), text });
    }

    /// Appends running text.
    pub fn say(&mut self, text: Vec<Inline>) {
        self.blocks.push(Block::Paragraph(text));
    }

    /// Appends formulas on lines of their own.
    pub fn formulas(&mut self, lines: Vec<String>) {
        self.blocks.push(Block::Formulas(lines));
    }

    /// Appends a figure.
    pub fn figure(&mut self, figure: Figure) {
        self.blocks.push(Block::Figure(figure));
    }

    /// Appends a grid.
    pub fn grid(&mut self, grid: Grid) {
        self.blocks.push(Block::Grid(grid));
    }
}

/// Which columns of a table hold numbers, and so are aligned to the right.
pub fn numeric_columns(columns: usize, rows: &[Vec<String>]) -> Vec<bool> {
    let is_number = |t: &String| t.starts_with(|c: char| c.is_ascii_digit() || c == '−');
    let numeric = |c: usize| rows.iter().filter_map(|r| r.get(c)).all(|t| is_number(t) || t == "–") && !rows.is_empty();
    (0..columns).map(numeric).collect()
}
