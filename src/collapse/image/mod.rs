//! Maps between images by border classes: an exact table whose size does not depend on the image's.
//!
//! Where every operator is a product over the axes (convolutions in every padding mode, pools,
//! padding, cropping, upsampling, sums, concatenations, scales, constants), an output position is
//! read back axis by axis: [`trace`] follows one position of one axis to the inputs, numbering the
//! positions of each value as it meets them. Positions with equal traces on every axis (one border
//! class) have the same rows of M up to where the numbered positions are, because the rows are
//! computed by the same steps from the same numbers. So one row an output channel is computed for
//! each product of classes ([`local`]), and M is these rows, moved.

mod compare;
mod local;
mod outputs;
mod trace;

pub use outputs::Outputs;

use std::collections::BTreeMap;

use num_integer::Integer as _;
use num_traits::{One, Signed};
use rayon::prelude::*;

use self::local::Local;
use self::trace::Classes;
use super::{AffineMap, ENTRY_BYTES, LimitReached, Region, STANDARD_WORK};
use crate::algebra::{Budget, Coefficient, Integer, Matrix, Rational, Shape, Tensor, ratio};
use crate::layer::Weights;
use crate::network::NodeId;

/// Matrices with fewer entries are written out.
const LARGE: u64 = 1_000_000;
/// A table has at most one in so many of the matrix's entries.
const WORTH: u64 = 4;
/// The most products of classes.
const MOST_CLASSES: usize = 1 << 16;

/// A region between images whose border classes are known, and whose table is not computed yet.
pub struct Borders<'r, 'n, C> {
    region: &'r Region<'n, C>,
    axes: Vec<Classes>,
    /// Constants that are the same at all positions: one number a channel.
    uniform: BTreeMap<NodeId, Tensor<C>>,
}

/// The output positions of one axis, by border class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The class of each position; classes are numbered in the order of their first positions.
    pub classes: Vec<usize>,
    /// For each position and source, the input positions that the table's columns stand for.
    pub windows: Vec<Vec<Vec<usize>>>,
}

/// An exact affine map between images, as a table of border classes.
#[derive(Clone, Debug)]
pub struct ImageMap<C = Integer> {
    /// The shapes of the inputs; a column of M is an entry of their concatenation.
    inputs: Vec<Shape>,
    /// The shape of the output.
    output: Shape,
    /// The classes of each spatial axis.
    axes: Vec<Axis>,
    /// For each product of classes, the last axis fastest: a row an output channel, over the entries
    /// of the windows (source, channel, positions).
    table: Vec<AffineMap<C>>,
}

impl<C: Weights> Region<'_, C> {
    /// The border classes, where every layer is a product over the axes of images.
    pub fn borders(&self) -> Option<Borders<'_, '_, C>> {
        let shape = |id: NodeId| &self.network.nodes[id].shape;
        let axes = shape(self.sink).spatial().len();
        if axes == 0 || self.sources.iter().any(|&source| shape(source).spatial().len() != axes) {
            return None;
        }
        let biases = self.layers().filter_map(|(id, lowered)| Some((id, lowered.bias.as_ref()?.per_channel()?)));
        let uniform: BTreeMap<NodeId, Tensor<C>> = biases.collect();
        let classes = (0..axes).map(|axis| Classes::of(self, axis, &|id| uniform.contains_key(&id)));
        Some(Borders { axes: classes.collect::<Option<_>>()?, region: self, uniform })
    }

    /// The map by border classes, where its matrix is large and the table is not.
    pub fn image(&self, budget: impl Into<Budget>) -> Option<Result<ImageMap<C>, LimitReached>> {
        let most = (self.rows() as u64).saturating_mul(self.columns() as u64);
        let borders = if most < LARGE { None } else { self.borders() };
        borders.filter(Borders::are_worth_it).map(|borders| borders.map(budget))
    }
}

impl<C: Weights> Borders<'_, '_, C> {
    /// Entries of M that may not be zero, and entries of the table.
    fn entries(&self) -> (u64, u64) {
        let nodes = &self.region.network.nodes;
        let (mut matrix, mut table) = (0_u64, 0_u64);
        for (at, &source) in self.region.sources.iter().enumerate() {
            let (mut all, mut some) = (nodes[source].shape.channels() as u64, nodes[source].shape.channels() as u64);
            for classes in &self.axes {
                let size = |position: usize| classes.windows[position][at].len() as u64;
                all = all.saturating_mul((0..classes.of.len()).map(size).sum());
                some = some.saturating_mul(classes.firsts().into_iter().map(size).sum());
            }
            (matrix, table) = (matrix.saturating_add(all), table.saturating_add(some));
        }
        let rows = nodes[self.region.sink].shape.channels() as u64;
        (matrix.saturating_mul(rows), table.saturating_mul(rows))
    }

    /// Whether the matrix is large, and the table much smaller.
    pub fn are_worth_it(&self) -> bool {
        let (matrix, table) = self.entries();
        matrix >= LARGE && table <= matrix / WORTH && self.count().is_some_and(|count| count <= MOST_CLASSES)
    }

    /// The products of classes.
    fn count(&self) -> Option<usize> {
        self.axes.iter().try_fold(1_usize, |count, classes| count.checked_mul(classes.traces.len()))
    }

    fn local(&self, flat: usize) -> Local<'_> {
        let counts: Vec<usize> = self.axes.iter().map(|classes| classes.traces.len()).collect();
        let classes = self.axes.iter().zip(unravel(flat, &counts));
        Local { traces: classes.map(|(classes, class)| &classes.traces[class]).collect() }
    }

    /// The product of classes in which windows are largest.
    fn widest(&self) -> usize {
        let widest = |classes: &Classes| {
            let size = |&class: &usize| classes.traces[class].positions.values().map(Vec::len).sum::<usize>();
            (0..classes.traces.len()).max_by_key(size).unwrap_or(0)
        };
        self.axes.iter().fold(0, |flat, classes| flat * classes.traces.len() + widest(classes))
    }

    /// Computes the table.
    pub fn map(&self, budget: impl Into<Budget>) -> Result<ImageMap<C>, LimitReached> {
        let budget = budget.into();
        let (region, limit) = (self.region, budget.work(STANDARD_WORK));
        let (rows, columns) = (region.rows(), region.columns());
        let count = self.count().unwrap_or(usize::MAX);
        let bytes = ENTRY_BYTES + region.magnitude() / 8;
        let needed = self.entries().1.saturating_mul(bytes);
        if needed > budget.memory {
            return Err(LimitReached::Memory { rows, columns, needed, limit: budget.memory });
        }
        let cost = self.local(self.widest()).cost(region, &self.uniform).unwrap_or(u64::MAX);
        let needed = cost.saturating_mul(count as u64);
        if needed > limit {
            return Err(LimitReached::Work { rows, needed, limit });
        }
        let class = |flat: usize| self.class(flat, budget);
        let table = (0..count).into_par_iter().map(class).collect::<Result<_, _>>()?;
        let shape = |&id: &NodeId| region.network.nodes[id].shape.clone();
        let axis = |classes: &Classes| Axis { classes: classes.of.clone(), windows: classes.windows.clone() };
        let axes = self.axes.iter().map(axis).collect();
        Ok(ImageMap { inputs: region.sources.iter().map(shape).collect(), output: shape(&region.sink), axes, table })
    }

    /// The rows of one product of classes.
    fn class(&self, flat: usize, budget: Budget) -> Result<AffineMap<C>, LimitReached> {
        self.local(flat).map(self.region, &self.uniform, (budget.memory, budget.work(STANDARD_WORK)))
    }

    /// One row of M, and its entry of b: the rows of its class alone are computed.
    pub fn row(&self, row: usize, budget: impl Into<Budget>) -> Result<ImageRow<C>, LimitReached> {
        let nodes = &self.region.network.nodes;
        let index = nodes[self.region.sink].shape.unravel(row);
        let classes = self.axes.iter().zip(&index[1..]);
        let flat = classes.clone().fold(0, |flat, (c, &p)| flat * c.traces.len() + c.of[p]);
        let windows: Vec<&Vec<Vec<usize>>> = classes.map(|(classes, &p)| &classes.windows[p]).collect();
        let inputs: Vec<Shape> = self.region.sources.iter().map(|&id| nodes[id].shape.clone()).collect();
        Ok(ImageRow::of(&self.class(flat, budget.into())?, index[0], &inputs, &windows))
    }
}

/// A row of M and its entry of b, each over its own denominator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRow<C = Integer> {
    /// The nonzero entries, columns ascending.
    pub entries: Vec<(usize, C)>,
    /// What they are over.
    pub denominator: Integer,
    /// The numerator of the constant.
    pub constant: C,
    /// What it is over.
    pub constant_denominator: Integer,
}

impl<C: Coefficient> ImageRow<C> {
    /// The row of an output channel in a class whose columns stand for these windows, one list an axis.
    fn of(class: &AffineMap<C>, channel: usize, inputs: &[Shape], windows: &[&Vec<Vec<usize>>]) -> ImageRow<C> {
        let columns = columns(inputs, windows);
        let mut entries: Vec<(usize, C)> =
            class.matrix.row(channel).map(|(column, weight)| (columns.whole(column), weight.clone())).collect();
        entries.sort_unstable_by_key(|(column, _)| *column);
        ImageRow {
            entries,
            denominator: class.matrix.denominator().clone(),
            constant: class.bias.numerators()[channel].clone(),
            constant_denominator: class.bias.denominator().clone(),
        }
    }
}

/// What the columns of a class stand for.
struct Columns<'w> {
    /// For each source: its first local column, its first column, its shape and its windows.
    sources: Vec<(usize, usize, &'w Shape, Vec<&'w [usize]>)>,
}

fn columns<'w>(inputs: &'w [Shape], windows: &[&'w Vec<Vec<usize>>]) -> Columns<'w> {
    let (mut local, mut whole, mut sources) = (0, 0, Vec::new());
    for (at, shape) in inputs.iter().enumerate() {
        let windows: Vec<&[usize]> = windows.iter().map(|axis| axis[at].as_slice()).collect();
        let size = shape.channels() * windows.iter().map(|w| w.len().max(1)).product::<usize>();
        sources.push((local, whole, shape, windows));
        (local, whole) = (local + size, whole + shape.elements());
    }
    Columns { sources }
}

impl Columns<'_> {
    /// The source, channel and place in each window of a local column.
    fn split(&self, column: usize) -> (usize, usize, Vec<usize>) {
        let at = self.sources.partition_point(|source| source.0 <= column).saturating_sub(1);
        let (first, _, shape, windows) = &self.sources[at];
        let sizes: Vec<usize> =
            std::iter::once(shape.channels()).chain(windows.iter().map(|w| w.len().max(1))).collect();
        let mut index = unravel(column - first, &sizes);
        let places = index.split_off(1);
        (at, index[0], places)
    }

    /// The column of M.
    fn whole(&self, column: usize) -> usize {
        let (at, channel, places) = self.split(column);
        let (_, first, shape, windows) = &self.sources[at];
        let positions = places.iter().zip(windows).map(|(&place, window)| window.get(place).copied().unwrap_or(0));
        let index: Vec<usize> = std::iter::once(channel).chain(positions).collect();
        first + shape.ravel(&index)
    }
}

/// The row-major index of a flat number.
fn unravel(mut flat: usize, sizes: &[usize]) -> Vec<usize> {
    let mut index = vec![0; sizes.len()];
    for (slot, &size) in index.iter_mut().zip(sizes).rev() {
        *slot = flat % size;
        flat /= size;
    }
    index
}

impl Axis {
    /// The number of classes.
    pub fn count(&self) -> usize {
        self.classes.iter().max().map_or(0, |last| last + 1)
    }

    /// The positions of each class.
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.count()];
        self.classes.iter().for_each(|&class| sizes[class] += 1);
        sizes
    }

    /// The longest run of positions, first and last, in which each reads what the one before it
    /// does, this many positions further on in every source; of one position if there is none.
    pub fn interior(&self) -> (usize, usize, Option<usize>) {
        let step = |p: usize| -> Option<usize> {
            let pairs = || self.windows[p].iter().flatten().zip(self.windows[p + 1].iter().flatten());
            let by = pairs().next().and_then(|(a, b)| b.checked_sub(*a))?;
            (self.classes[p] == self.classes[p + 1] && pairs().all(|(a, b)| a + by == *b)).then_some(by)
        };
        let (mut best, mut first) = ((0, 0, None), 0);
        let mut last = None;
        for p in 0..self.classes.len().saturating_sub(1) {
            let by = step(p);
            if by.is_none() || by != last {
                first = p;
            }
            last = by;
            if by.is_some() && p + 1 - first > best.1 - best.0 {
                best = (first, p + 1, by);
            }
        }
        best
    }
}

impl<C: Coefficient> ImageMap<C> {
    /// The shapes of the inputs.
    pub fn inputs(&self) -> &[Shape] {
        &self.inputs
    }

    /// The shape of the output.
    pub fn output(&self) -> &Shape {
        &self.output
    }

    /// The classes of each spatial axis of the output.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The rows of M.
    pub fn rows(&self) -> usize {
        self.output.elements()
    }

    /// The columns of M.
    pub fn columns(&self) -> usize {
        self.inputs.iter().map(Shape::elements).sum()
    }

    /// The products of classes.
    pub fn classes(&self) -> usize {
        self.table.len()
    }

    /// Each product of classes: how many positions are in it, and its rows, one an output channel,
    /// over the entries of their windows.
    pub fn table(&self) -> impl Iterator<Item = (usize, &AffineMap<C>)> {
        let sizes: Vec<Vec<usize>> = self.axes.iter().map(Axis::sizes).collect();
        let counts: Vec<usize> = sizes.iter().map(Vec::len).collect();
        self.table.iter().enumerate().map(move |(flat, map)| {
            let classes = unravel(flat, &counts);
            (sizes.iter().zip(classes).map(|(sizes, class)| sizes[class]).product(), map)
        })
    }

    /// The table's entries.
    pub fn stored(&self) -> usize {
        self.table.iter().map(|class| class.matrix.nonzeros()).sum()
    }

    /// The nonzero entries of M; `None` if they are more than a word counts.
    pub fn nonzeros(&self) -> Option<usize> {
        self.table().try_fold(0_usize, |sum, (positions, class)| {
            sum.checked_add(class.matrix.nonzeros().checked_mul(positions)?)
        })
    }

    /// The nonzero entries of b.
    pub fn constants(&self) -> usize {
        let nonzero = |class: &AffineMap<C>| class.bias.numerators().iter().filter(|n| !n.is_zero()).count();
        self.table().map(|(positions, class)| positions * nonzero(class)).sum()
    }

    /// Whether b = 0.
    pub fn is_linear(&self) -> bool {
        self.table.iter().all(|class| class.bias.is_zero())
    }

    /// The rows that the outputs at a position have, one a channel.
    fn class_at(&self, position: &[usize]) -> &AffineMap<C> {
        let classes = self.axes.iter().zip(position);
        &self.table[classes.fold(0, |flat, (axis, &p)| flat * axis.count() + axis.classes[p])]
    }

    /// One row of M, and its entry of b.
    pub fn row(&self, row: usize) -> ImageRow<C> {
        let index = self.output.unravel(row);
        let windows: Vec<&Vec<Vec<usize>>> = self.axes.iter().zip(&index[1..]).map(|(a, &p)| &a.windows[p]).collect();
        ImageRow::of(self.class_at(&index[1..]), index[0], &self.inputs, &windows)
    }

    /// One entry of b over its own denominator.
    pub fn constant(&self, row: usize) -> (&C, &Integer) {
        let index = self.output.unravel(row);
        let class = self.class_at(&index[1..]);
        (&class.bias.numerators()[index[0]], class.bias.denominator())
    }

    /// The common denominator of M and b.
    pub fn denominator(&self) -> Integer {
        self.table.iter().fold(Integer::one(), |lcm, class| lcm.lcm(&class.denominator()))
    }

    /// M and b, written out.
    pub fn literal(&self, memory: u64) -> Result<AffineMap<C>, LimitReached> {
        let (rows, columns) = (self.rows(), self.columns());
        let bits = self.table.iter().map(|class| class.matrix.bits()).max().unwrap_or(1);
        // Twice: the rows, and the matrix made of them.
        let entry = 2 * (ENTRY_BYTES + bits / 8);
        let needed = self.nonzeros().map_or(u64::MAX, |n| (n as u64).saturating_add(rows as u64).saturating_mul(entry));
        if needed > memory {
            return Err(LimitReached::Memory { rows, columns, needed, limit: memory });
        }
        let denominator = self.denominator();
        let row = |row: usize| {
            let row = self.row(row);
            let (factor, constant) = (&denominator / &row.denominator, &denominator / &row.constant_denominator);
            let entries: Vec<_> = row.entries.into_iter().map(|(column, n)| (column, n.times(&factor))).collect();
            (entries, row.constant.times(&constant))
        };
        let (entries, constants) = (0..rows).into_par_iter().map(row).unzip();
        let matrix = Matrix::from_rows(columns, entries, denominator.clone());
        Ok(AffineMap { matrix, bias: Tensor::new(self.output.clone(), constants, denominator) })
    }
}

impl ImageMap {
    /// The largest absolute value of an entry of M.
    pub fn largest(&self) -> Rational {
        let largest = |class: &AffineMap| {
            let numerators = class.matrix.numerators().values().iter().map(Signed::abs).max();
            ratio(numerators.unwrap_or_default(), class.matrix.denominator().clone())
        };
        self.table.iter().map(largest).max().unwrap_or_default()
    }

    /// The hash of the map as [`AffineMap::sha256`] has it; `None` if M has more nonzeros than that.
    pub fn sha256(&self, most: usize) -> Option<String> {
        let few = self.nonzeros().is_some_and(|nonzeros| nonzeros <= most) && self.rows() <= most;
        few.then(|| {
            let mut hash = super::Hash::new(self.rows(), self.columns());
            for row in 0..self.rows() {
                let found = self.row(row);
                found.entries.into_iter().for_each(|(c, n)| hash.entry(row, c, ratio(n, found.denominator.clone())));
            }
            for row in 0..self.rows() {
                let (n, denominator) = self.constant(row);
                hash.constant(&ratio(n.clone(), denominator.clone()));
            }
            hash.finish()
        })
    }
}

impl Classes {
    /// The first position of each class.
    fn firsts(&self) -> Vec<usize> {
        let mut firsts = Vec::with_capacity(self.traces.len());
        for (position, &class) in self.of.iter().enumerate() {
            if class == firsts.len() {
                firsts.push(position);
            }
        }
        firsts
    }
}
