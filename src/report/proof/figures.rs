//! What the figures of a proof show.

use std::collections::BTreeMap;

use num_traits::{One, Signed, Zero};

use super::lemma::{Lemma, is_identity};
use super::{Writer, rule};
use crate::algebra::{Integer, Matrix, Rational, Scalar, Shape, ratio};
use crate::collapse::AffineMap;
use crate::decide::Finding;
use crate::layer::{Function, Layer, Lowered};
use crate::report::document::{Grid, text};
use crate::report::figure::{Cells, Density, Drawing, Entry, Figure, Graph, GraphKind, GraphNode, Indices, Picture};
use crate::report::math::plain;
use crate::report::numbers::{Formula, count};
use crate::toeplitz::Operator;

/// Matrices of at most this many entries, and rows or columns, are drawn entry by entry.
const EXACT: (usize, usize) = (64 * 64, 256);
/// Matrices of more rows or columns are written without their middle.
const WRITTEN: usize = 16;
/// Rectangles of a density picture in each direction.
const CELLS: usize = 96;
/// Nonzero entries that are counted for one picture; of larger matrices some rows are.
const COUNTED: usize = 2_000_000;
/// Layers of a graph; of longer networks the first and last are drawn.
const NODES: usize = 48;
/// Pictures in one composition.
const FACTORS: usize = 4;

/// Calls a function with the entries of one row.
type Visit<'m, C> = dyn Fn(usize, &mut dyn FnMut(usize, &C)) + 'm;

/// The rows of a matrix, wherever they come from.
pub(super) struct Rows<'m, C> {
    rows: usize,
    columns: usize,
    denominator: Integer,
    nonzeros: usize,
    visit: Box<Visit<'m, C>>,
}

impl<'m, C: Formula> Rows<'m, C> {
    pub fn of_operator(operator: &'m Operator<C>) -> Rows<'m, C> {
        Rows {
            rows: operator.rows(),
            columns: operator.columns(),
            denominator: operator.denominator(),
            nonzeros: operator.products(),
            visit: Box::new(|row, visit| operator.for_each_in_row(row, visit)),
        }
    }

    fn of_matrix(matrix: &'m Matrix<C>) -> Rows<'m, C> {
        Rows {
            rows: matrix.rows(),
            columns: matrix.columns(),
            denominator: matrix.denominator().clone(),
            nonzeros: matrix.nonzeros(),
            visit: Box::new(|row, visit| matrix.row(row).for_each(|(column, weight)| visit(column, weight))),
        }
    }

    /// The entries of some rows, those of one column added up, and zeros left out.
    pub fn entries(&self, rows: std::ops::Range<usize>, writer: &Writer<'_>) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut classes = BTreeMap::new();
        let first = rows.start;
        for row in rows {
            let mut sums: BTreeMap<usize, C> = BTreeMap::new();
            (self.visit)(row, &mut |column, weight| *sums.entry(column).or_insert_with(C::zero) += weight);
            for (column, sum) in sums.into_iter().filter(|(_, sum)| !sum.is_zero()) {
                entries.push(entry((row - first, column), &sum, &self.denominator, &mut classes, writer));
            }
        }
        entries
    }

    fn density(&self) -> Density {
        let cell = (self.rows.div_ceil(CELLS), self.columns.div_ceil(CELLS));
        let every = self.nonzeros.div_ceil(COUNTED).max(1);
        let mut counts: BTreeMap<(usize, usize), (usize, usize)> = BTreeMap::new();
        let mut seen = vec![usize::MAX; self.columns];
        let mut looked = vec![0; self.rows.div_ceil(cell.0)];
        for row in (0..self.rows).step_by(every) {
            looked[row / cell.0] += 1;
            (self.visit)(row, &mut |column, _| {
                if std::mem::replace(&mut seen[column], row) != row {
                    counts.entry((row / cell.0, column / cell.1)).or_default().0 += 1;
                }
            });
        }
        let width = |column: usize| cell.1.min(self.columns - column * cell.1);
        let counts = counts.into_iter().map(|((r, c), (n, _))| (r, c, n, looked[r] * width(c))).collect();
        Density { cell, every, counts }
    }

    /// The matrix as a picture.
    fn picture(
        &self,
        name: &str,
        blocks: Vec<(usize, usize)>,
        shapes: (&Shape, &Shape),
        writer: &Writer<'_>,
    ) -> Picture {
        let small = self.rows * self.columns <= EXACT.0 && self.rows.max(self.columns) <= EXACT.1;
        let cells = match small {
            true => Cells::Entries(self.entries(0..self.rows, writer)),
            false => Cells::Density(self.density()),
        };
        let (output, input) = (shapes.0.axes().to_vec(), shapes.1.axes().to_vec());
        let indices = Indices::Matrix { output, input, first: (0, 0) };
        Picture {
            sign: "",
            name: name.into(),
            rows: self.rows,
            columns: self.columns,
            blocks,
            indices,
            largest: largest(&cells),
            cells,
            frames: Vec::new(),
            elided: (self.rows > WRITTEN || self.columns > WRITTEN).then(|| self.elided(name, writer)),
        }
    }

    /// The first and last rows and columns; dots stand for the others.
    fn elided(&self, name: &str, writer: &Writer<'_>) -> Grid {
        let (rows, columns) = (kept(self.rows), kept(self.columns));
        let shown = |row: Option<usize>| match row {
            Some(row) => self.entries(row..row + 1, writer),
            None => Vec::new(),
        };
        let entries: Vec<Vec<Entry>> = rows.iter().map(|&row| shown(row)).collect();
        let symbolic = entries.iter().flatten().any(|entry| entry.value.is_err());
        let denominator = if symbolic { Integer::one() } else { self.denominator.clone() };
        let number = |entry: &Entry| match &entry.value {
            Ok(value) if !symbolic => (value.numer() * (&denominator / value.denom())).to_string(),
            _ => entry.formula.clone(),
        };
        let cell = |at: usize, column: Option<usize>| match (rows[at], column) {
            (None, None) => "\\ddots".into(),
            (None, _) => "\\vdots".into(),
            (_, None) => "\\cdots".into(),
            (_, Some(column)) => entries[at].iter().find(|e| e.column == column).map_or("0".into(), number),
        };
        let line = |at: usize| columns.iter().map(|&column| cell(at, column)).collect();
        let cells: Vec<Vec<String>> = (0..rows.len()).map(line).collect();
        let shape = vec![rows.len(), columns.len()];
        let factor = ratio(Integer::one(), denominator);
        Grid { name: name.into(), factor, cells, shape, row_block: 0, column_block: 0 }
    }
}

/// The rows or columns that are written; `None` stands for those left out.
fn kept(total: usize) -> Vec<Option<usize>> {
    /// The first and the last ones.
    const ENDS: (usize, usize) = (8, 4);
    if total <= WRITTEN {
        return (0..total).map(Some).collect();
    }
    (0..ENDS.0).map(Some).chain([None]).chain((total - ENDS.1..total).map(Some)).collect()
}

fn entry<C: Formula>(
    (row, column): (usize, usize),
    weight: &C,
    denominator: &Integer,
    classes: &mut BTreeMap<String, usize>,
    writer: &Writer<'_>,
) -> Entry {
    let value = weight.value(denominator).to_polynomial();
    let (formula, value) = match value.as_constant() {
        Some(number) => (number.to_string(), Ok(number)),
        None => {
            let formula = value.to_formula(&|s| writer.symbols.name(s));
            let next = classes.len();
            let class = *classes.entry(formula.clone()).or_insert(next);
            (formula, Err(class))
        }
    };
    Entry { row, column, formula, value }
}

pub(super) fn largest(cells: &Cells) -> Rational {
    let Cells::Entries(entries) = cells else { return Rational::zero() };
    entries.iter().filter_map(|e| e.value.as_ref().ok()).map(Rational::abs).max().unwrap_or_default()
}

impl Writer<'_> {
    /// The network as a graph.
    pub fn graph(&mut self, finding: &Finding) {
        let live = self.network.live_nodes();
        let segment_of = |id: usize| {
            let worth = finding.segments.iter().filter(|s| s.working_layers(self.network).len() > 1);
            worth.enumerate().find(|(_, s)| s.layers.contains(&id)).map(|(at, _)| at)
        };
        let all_affine = finding.segments.is_empty();
        let mut place = BTreeMap::new();
        let mut nodes = Vec::new();
        let omitted = live.len().saturating_sub(NODES);
        let middle = NODES / 2..NODES / 2 + omitted;
        for (at, &id) in live.iter().enumerate() {
            if omitted > 0 && middle.contains(&at) {
                if at == middle.start {
                    nodes.push(GraphNode {
                        name: format!("… {} more layers …", count(omitted)),
                        layer: String::new(),
                        shape: String::new(),
                        operands: vec![nodes.len() - 1],
                        kind: GraphKind::Omitted,
                        segment: None,
                    });
                }
                place.insert(id, nodes.len() - 1);
                continue;
            }
            place.insert(id, nodes.len());
            let node = &self.network.nodes[id];
            let kind = match &node.layer {
                None => GraphKind::Input,
                Some(Layer::Affine(_) | Layer::Symbolic(_)) => GraphKind::Affine,
                Some(_) => GraphKind::Blocking,
            };
            let layer = node.layer.as_ref().map_or(String::new(), |l| {
                let (kind, detail) = (l.function().kind(), l.function().detail());
                if detail.is_empty() { kind.to_string() } else { format!("{kind}: {detail}") }
            });
            let segment = if all_affine && kind == GraphKind::Affine { Some(0) } else { segment_of(id) };
            let mut operands: Vec<usize> = node.operands.iter().filter_map(|o| place.get(o).copied()).collect();
            operands.dedup();
            nodes.push(GraphNode {
                name: node.name.clone(),
                layer,
                shape: node.shape.to_string(),
                operands,
                kind,
                segment,
            });
        }
        let blocked = nodes.iter().any(|n| n.kind == GraphKind::Blocking);
        let words = match blocked {
            true => {
                "Layers of one colour are one matrix; a dashed box is a layer that is not affine, where every run of affine layers ends."
            }
            false => "Every layer is affine, so all of one colour are one matrix.",
        };
        let title = format!("The network {}", self.network.name);
        self.document.figure(Figure { title, caption: vec![text(words)], drawing: Drawing::Graph(Graph { nodes }) });
    }

    /// A layer's matrices as pictures.
    pub fn operator_figures<C: Formula>(&mut self, lowered: &Lowered<C>, names: &[String], layer: &dyn Function) {
        for (operator, name) in lowered.operators.iter().zip(names).filter(|(operator, _)| !is_identity(operator)) {
            let rows = Rows::of_operator(operator);
            let picture = rows.picture(name, operator.blocks(), (operator.output(), operator.input()), self);
            let mut caption = vec![text(format!(
                "Row i of it computes output i, column j multiplies input j: {}.",
                operator.describe()
            ))];
            if picture.as_grid().is_none() {
                caption.extend(rule::of_entries(layer, name));
            }
            if let Cells::Density(density) = &picture.cells {
                caption.push(text(shades(density)));
            }
            let title = format!("The matrix {}", plain(name));
            self.document.figure(Figure { title, caption, drawing: Drawing::Pictures(vec![picture]) });
        }
    }

    /// T₃ · T₂ · T₁ = M, as pictures; M alone where the network is no short chain.
    pub fn composition_figure<C: Formula>(&mut self, map: &AffineMap<C>, lemmas: &[Lemma]) {
        let mut pictures = Vec::new();
        if self.is_chain(lemmas) && lemmas.len() > 1 && lemmas.len() <= FACTORS {
            for lemma in lemmas.iter().rev() {
                let Some(lowered) = self.network.nodes[lemma.node].layer.as_ref().and_then(C::lower) else { continue };
                let (Some(operator), Some(name)) = (lowered.operators.first(), lemma.names.first()) else { continue };
                let rows = Rows::of_operator(operator);
                let mut picture = rows.picture(name, operator.blocks(), (operator.output(), operator.input()), self);
                picture.sign = if pictures.is_empty() { "" } else { "·" };
                pictures.push(picture);
            }
        }
        let several = pictures.len() > 1;
        if !several {
            pictures.clear();
        }
        let input = self.flat_input();
        let (rows, columns) = self.blocks();
        let blocks = if rows > 0 || columns > 0 { vec![(rows, columns)] } else { Vec::new() };
        let rows = Rows::of_matrix(&map.matrix);
        let mut picture = rows.picture("M", blocks, (self.network.output_shape(), &input), self);
        picture.sign = if several { "=" } else { "" };
        let mut caption = match several {
            true => vec![text(
                "The product of the layers’ matrices, the first layer on the right, is the one matrix of the network.",
            )],
            false => vec![text("All layers together: row i computes output i, column j multiplies input j.")],
        };
        if let Cells::Density(density) = &picture.cells {
            caption.push(text(shades(density)));
        }
        pictures.push(picture);
        let title = if several { "The composition".to_string() } else { "The matrix M".into() };
        self.document.figure(Figure { title, caption, drawing: Drawing::Pictures(pictures) });
    }

    /// The input as one shape: its own where there is one argument.
    fn flat_input(&self) -> Shape {
        match self.network.inputs.as_slice() {
            [one] => one.shape.clone(),
            _ => Shape::new(vec![self.network.input_elements().max(1)]).unwrap_or_else(|_| Shape::scalar()),
        }
    }

    /// Whether each layer reads the one before it only, through one matrix.
    fn is_chain(&self, lemmas: &[Lemma]) -> bool {
        let mut expected = self.network.inputs.len().checked_sub(1).filter(|&n| n == 0);
        lemmas.iter().all(|lemma| {
            let reads = expected.is_some_and(|e| self.network.nodes[lemma.node].operands == [e]);
            expected = Some(lemma.node);
            reads && lemma.names.len() == 1
        })
    }
}

fn shades(density: &Density) -> String {
    let (rows, columns) = density.cell;
    let every = match density.every {
        1 => String::new(),
        n => format!(", of which every {n}th row was counted"),
    };
    format!(" Each square is {rows}×{columns} entries{every}.")
}
