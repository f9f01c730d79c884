//! Maps between images by border classes: an exact table whose size does not depend on the image's.
//!
//! Where every operator is a product over the axes (convolutions in every padding mode, pools,
//! padding, cropping, upsampling, sums, concatenations, scales, constants), an output position is
//! read back axis by axis: [`trace`] follows one position of one axis to the inputs, numbering the
//! positions of each value as it meets them. Positions with equal traces on every axis (one border
//! class) have the same rows of M up to where the numbered positions are, because the rows are
//! computed by the same steps from the same numbers. So one row an output channel is computed for
//! each product of classes ([`local`]), and M is these rows, moved.

mod borders;
mod compare;
mod local;
mod outputs;
mod rank;
mod row;
mod rows;
mod trace;

pub use borders::Borders;
pub use outputs::Outputs;
pub use row::ImageRow;

use std::collections::BTreeMap;

use num_integer::Integer as _;
use num_traits::{One, Signed};
use rayon::prelude::*;

use super::{AffineMap, ENTRY_BYTES, LimitReached, Region};
use crate::algebra::{Budget, Coefficient, Integer, Matrix, Rational, Shape, Tensor, ratio};
use crate::diagnostic::Span;
use crate::layer::{Bias, Lowered, Weights};
use crate::network::{Input, Network, Node, NodeId};
use crate::toeplitz::Operator;

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

impl<C: Weights> ImageMap<C> {
    /// The map of one operator and a constant; `None` where it is no product over the axes.
    pub fn of_operator(operator: Operator<C>, bias: Option<Bias<C>>) -> Option<ImageMap<C>> {
        let value = |shape: &Shape, operands: Vec<NodeId>| Node {
            name: String::new(),
            layer: None,
            operands,
            shape: shape.clone(),
            span: Span::default(),
        };
        let (input, output) = (operator.input().clone(), operator.output().clone());
        let network = Network {
            name: String::new(),
            inputs: vec![Input { name: String::new(), shape: input.clone(), domain: None }],
            nodes: vec![value(&input, Vec::new()), value(&output, vec![0])],
            output: 1,
            span: Span::default(),
        };
        let layers = BTreeMap::from([(1, Lowered { operators: vec![operator], bias })]);
        let region = Region { network: &network, sources: vec![0], sink: 1, layers };
        region.borders()?.map(Budget::new(u64::MAX, u64::MAX)).ok()
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

    /// The map without its constants.
    pub fn without_constants(&self) -> ImageMap<C> {
        let class = |class: &AffineMap<C>| AffineMap {
            matrix: class.matrix.clone(),
            bias: Tensor::zeros(class.bias.shape().clone()),
        };
        ImageMap { table: self.table.iter().map(class).collect(), ..self.clone() }
    }

    /// One output for each channel and product of classes.
    pub fn examples(&self) -> Vec<usize> {
        let first = |axis: &Axis| -> Vec<usize> {
            (0..axis.count()).filter_map(|class| axis.classes.iter().position(|&c| c == class)).collect()
        };
        let firsts: Vec<Vec<usize>> = self.axes.iter().map(first).collect();
        let counts: Vec<usize> = firsts.iter().map(Vec::len).collect();
        let outputs = (0..self.table.len()).flat_map(|flat| {
            let position: Vec<usize> = unravel(flat, &counts).into_iter().zip(&firsts).map(|(c, f)| f[c]).collect();
            (0..self.output.channels())
                .map(move |channel| self.output.ravel(&[&[channel], position.as_slice()].concat()))
        });
        outputs.collect()
    }

    /// The first output whose entry of b is not 0.
    pub fn first_constant(&self) -> Option<usize> {
        self.examples().into_iter().filter(|&output| !self.constant(output).0.is_zero()).min()
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
            let mut hash = super::hash::Hash::new(self.rows(), self.columns());
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
