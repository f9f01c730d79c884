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
    /// Which positions of an image are marked.
    Map(Map),
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

/// A map of an image: the positions that are marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    /// Whether each position is marked, row by row.
    pub marked: Vec<Vec<bool>>,
    /// Names of the rows and of the columns, where a drawn one stands for several; else they are counted from 0.
    pub names: Option<(Vec<String>, Vec<String>)>,
    /// What a marked position is, and what any other one is, in a word.
    pub legend: (String, String),
}

impl Map {
    /// A line of characters a row, and one that says what the characters are.
    pub fn characters(&self) -> Vec<String> {
        let names = self.names.as_ref().map_or(&[][..], |names| &names.0);
        let widest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let line = |(at, row): (usize, &Vec<bool>)| {
            let cells: Vec<&str> = row.iter().map(|marked| if *marked { "#" } else { "·" }).collect();
            match names.get(at) {
                Some(name) => format!("{name:>widest$}  {}", cells.join(" ")),
                None => cells.join(" "),
            }
        };
        let legend = format!("# {}   · {}", self.legend.0, self.legend.1);
        self.marked.iter().enumerate().map(line).chain([String::new(), legend]).collect()
    }

    /// The name of a row (axis 0) or of a column (axis 1).
    pub fn name(&self, axis: usize, at: usize) -> String {
        let names = self.names.as_ref().map(|names| if axis == 0 { &names.0 } else { &names.1 });
        names.and_then(|names| names.get(at).cloned()).unwrap_or_else(|| at.to_string())
    }
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

/// Words in which what stands between backticks is something as written.
pub fn ticked(words: &str) -> Vec<Inline> {
    let parts: Vec<&str> = words.split('`').collect();
    if parts.len().is_multiple_of(2) || parts.iter().skip(1).step_by(2).any(|written| written.is_empty()) {
        return vec![text(words)];
    }
    let part = |(at, part): (usize, &&str)| if at % 2 == 0 { text(*part) } else { code(*part) };
    parts.iter().enumerate().map(part).filter(|inline| *inline != text("")).collect()
}

/// The same for running text.
fn all_ticked(words: Vec<Inline>) -> Vec<Inline> {
    let ticked = |inline: Inline| match inline {
        Inline::Text(words) => ticked(&words),
        other => vec![other],
    };
    words.into_iter().flat_map(ticked).collect()
}

impl Document {
    /// Appends a labelled statement.
    pub fn state(&mut self, label: impl Into<String>, text: Vec<Inline>) {
        self.blocks.push(Block::Statement { label: label.into(), text: all_ticked(text) });
    }

    /// Appends running text.
    pub fn say(&mut self, text: Vec<Inline>) {
        self.blocks.push(Block::Paragraph(all_ticked(text)));
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
