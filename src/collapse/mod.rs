//! Composition: a graph of affine layers becomes one affine map f(x) = Mx + b.
//!
//! Rows of M are computed one by one, from the output backwards: the row vector eᵣᵀ is multiplied
//! by each layer's operator in turn, and where a value is used twice the products meet and are
//! added. So shared values are computed once a row, no intermediate matrix is ever stored, and the
//! rows are independent of one another. All arithmetic is on integers: every value's row has a
//! denominator that is known before any row is computed.

mod cost;
mod hash;
mod image;
mod kernel;
mod residues;
mod segment;
mod stream;
mod zero;

pub use image::{Axis, Borders, ImageMap, ImageRow, Outputs};
pub use kernel::{OneKernel, one_kernel, padded_between, per_channel};
pub use segment::{Merged, Segment, segments};
pub use stream::MapRow;

use std::collections::{BTreeMap, BTreeSet};

use num_integer::Integer as _;
use num_traits::{One, Signed};
use rayon::prelude::*;

use cost::Cost;
use hash::Hash;
use residues::Residues;

use crate::algebra::{Budget, Coefficient, Integer, MAX_BITS, Matrix, Rational, Tensor, ratio};
use crate::diagnostic::size;
use crate::layer::{Lowered, Weights};
use crate::network::{Network, NodeId};
use crate::toeplitz::Operator;

/// An exact affine map f(x) = Mx + b between flat vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AffineMap<C = Integer> {
    /// M: one row an output entry, one column an input entry (all inputs concatenated).
    pub matrix: Matrix<C>,
    /// b, of the output's shape.
    pub bias: Tensor<C>,
}

/// A stated limit that a computation would exceed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitReached {
    /// A matrix is larger than the memory allowed.
    #[error("the {rows}×{columns} matrix needs about {needed}, above the limit of {limit}", needed = size(*.needed), limit = size(*.limit))]
    Memory {
        /// The rows of the matrix.
        rows: usize,
        /// The columns of the matrix.
        columns: usize,
        /// The bytes it is estimated to need.
        needed: u64,
        /// The bytes allowed.
        limit: u64,
    },
    /// Numbers would be longer than [`MAX_BITS`].
    #[error("the numbers of the one matrix may have {bits} bits, above the limit of {MAX_BITS} bits")]
    Bits {
        /// An upper bound on the bits of an entry.
        bits: u64,
    },
    /// The rows would take too long.
    #[error("its {rows} rows take about {needed} multiply-adds, above the limit of {limit}")]
    Work {
        /// The rows of the matrix.
        rows: usize,
        /// The multiply-adds that they are estimated to need.
        needed: u64,
        /// The multiply-adds allowed.
        limit: u64,
    },
    /// Polynomials would have too many terms.
    #[error("the polynomials of the one matrix may have {} terms in all, above the limit of {limit}", many(*terms))]
    Terms {
        /// An estimate of the terms of all entries.
        terms: u64,
        /// The terms allowed.
        limit: u64,
    },
}

/// A number that stops at the largest that is counted to.
fn many(terms: u64) -> String {
    if terms == u64::MAX { "more than 2^64".into() } else { terms.to_string() }
}

impl LimitReached {
    /// What the user may say to raise the limit.
    pub fn remedy(&self) -> &'static str {
        match self {
            LimitReached::Memory { .. } => "more memory (`--memory`)",
            LimitReached::Work { .. } => "more work (`--budget`)",
            LimitReached::Bits { .. } => "weights with fewer digits",
            LimitReached::Terms { .. } => "smaller shapes",
        }
    }
}

/// The most terms that the entries of a symbolic map may have in all.
pub const MAX_TERMS: u64 = 20_000_000;

/// The multiply-adds that one collapse may take, as a standard.
pub const STANDARD_WORK: u64 = 400_000_000;

/// The affine layers between some sources (inputs, or the outputs of nonlinear layers) and a sink.
#[derive(Debug)]
pub struct Region<'n, C = Integer> {
    network: &'n Network,
    /// The values that the region starts from, ascending; their concatenation is its input.
    pub sources: Vec<NodeId>,
    /// The value that it computes.
    pub sink: NodeId,
    /// The affine nodes in between, ascending, each with its lowering.
    layers: BTreeMap<NodeId, Lowered<C>>,
}

impl<'n, C: Weights> Region<'n, C> {
    /// The largest region that ends in `sink`: back to inputs and nonlinear layers.
    pub fn ending_in(network: &'n Network, sink: NodeId) -> Region<'n, C> {
        let (mut sources, mut layers, mut open) = (Vec::new(), BTreeMap::new(), vec![sink]);
        while let Some(id) = open.pop() {
            let node = &network.nodes[id];
            if layers.contains_key(&id) {
                continue;
            }
            match node.layer.as_ref().and_then(C::lower) {
                Some(lowered) => {
                    open.extend(&node.operands);
                    layers.insert(id, lowered);
                }
                None => sources.push(id),
            }
        }
        sources.sort_unstable();
        sources.dedup();
        Region { network, sources, sink, layers }
    }

    /// The whole network as one region; its input is all of the network's inputs, used or not.
    /// `None` if a live layer is not affine.
    pub fn whole(network: &'n Network) -> Option<Region<'n, C>> {
        let mut region = Region::ending_in(network, network.output);
        let inputs = network.inputs.len();
        if region.sources.iter().any(|&source| source >= inputs) {
            return None;
        }
        region.sources = (0..inputs).collect();
        Some(region)
    }

    /// The affine layers of the region, ascending, with their lowerings.
    pub fn layers(&self) -> impl DoubleEndedIterator<Item = (NodeId, &Lowered<C>)> {
        self.layers.iter().map(|(&id, lowered)| (id, lowered))
    }

    /// The number of entries of the region's input.
    pub fn columns(&self) -> usize {
        self.sources.iter().map(|&s| self.network.nodes[s].shape.elements()).sum()
    }

    /// The number of entries of the region's output.
    pub fn rows(&self) -> usize {
        self.network.nodes[self.sink].shape.elements()
    }

    /// An estimate of the terms that the row vectors have together, at the widest value; 0 where
    /// entries are numbers. Backwards through a layer, an entry's terms are multiplied by those of
    /// the weights and by the number of entries that reach it.
    fn terms(&self) -> u64 {
        if !C::GROWS {
            return 0;
        }
        // For each value: entries of a row vector that are not zero, and the terms of each.
        let mut growth = BTreeMap::from([(self.sink, (1_u64, 1_u64))]);
        let mut most = 0;
        for (id, lowered) in self.layers().rev() {
            let (support, terms) = growth[&id];
            for (&operand, operator) in self.network.nodes[id].operands.iter().zip(&lowered.operators) {
                let nonzeros = operator.nonzeros();
                let width = nonzeros.div_ceil(operator.rows().max(1)) as u64;
                let height = nonzeros.div_ceil(operator.columns().max(1)) as u64;
                let reached = support.saturating_mul(width).min(operator.columns() as u64);
                let longer = terms.saturating_mul(operator.terms() as u64).saturating_mul(height.min(support));
                let entry = growth.entry(operand).or_insert((0, 0));
                *entry = (entry.0.max(reached), entry.1.saturating_add(longer));
                most = most.max(entry.0.saturating_mul(entry.1));
            }
        }
        most.saturating_mul(self.rows() as u64)
    }

    /// An upper bound on log₂ of any entry of the row vectors at any value, or of the constants.
    fn magnitude(&self) -> u64 {
        let lengths = self.magnitudes();
        let constant = |(id, lowered): (NodeId, &Lowered<C>)| {
            lowered.bias.as_ref().map_or(0, |b| lengths[&id] + b.bits() + log2_up(b.shape().elements()))
        };
        let most = self.layers().map(constant).max().unwrap_or(1);
        lengths.values().copied().fold(most.max(1), u64::max)
    }

    /// An upper bound on log₂ of any entry of the row vectors at each value: along each path from the
    /// sink, the numerators' bits and the numbers of terms.
    fn magnitudes(&self) -> BTreeMap<NodeId, u64> {
        let mut bits = BTreeMap::from([(self.sink, 1_u64)]);
        for (id, lowered) in self.layers().rev() {
            let here = bits[&id];
            for (&operand, operator) in self.network.nodes[id].operands.iter().zip(&lowered.operators) {
                let reached = here + operator.bits() + log2_up(operator.rows());
                // One more bit for each further user: their products are added.
                bits.entry(operand).and_modify(|b| *b = (*b).max(reached) + 1).or_insert(reached);
            }
        }
        bits
    }

    /// Refuses a map whose polynomials may have more than `limit` terms in all.
    pub fn check_terms(&self, limit: u64) -> Result<(), LimitReached> {
        let terms = self.terms();
        if terms > limit { Err(LimitReached::Terms { terms, limit }) } else { Ok(()) }
    }

    /// Composes the region's layers into one map, within a budget.
    pub fn collapse(&self, budget: impl Into<Budget>) -> Result<AffineMap<C>, LimitReached> {
        let budget = budget.into();
        self.collapse_within(budget.memory, budget.work(STANDARD_WORK))
    }

    /// The same, with this much memory and work.
    fn collapse_within(&self, memory: u64, work: u64) -> Result<AffineMap<C>, LimitReached> {
        self.check_terms(MAX_TERMS)?;
        let plan = Plan::new(self)?;
        let rows = match Cost::of(self).prefers_residues(self.rows()).then(|| Residues::new(&plan)).flatten() {
            Some(residues) => residues.all(memory, work)?,
            None => None,
        };
        let rows = match rows {
            Some(rows) => rows,
            None => {
                plan.check(memory, work)?;
                let all = (0..self.rows()).into_par_iter();
                all.map_init(|| plan.workspace(), |work, row| plan.row(work, row)).collect()
            }
        };
        let denominator = plan.denominator.clone();
        let (entries, constants): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let matrix = Matrix::from_rows(self.columns(), entries, denominator.clone());
        let shape = self.network.nodes[self.sink].shape.clone();
        Ok(AffineMap { matrix, bias: Tensor::new(shape, constants, denominator) })
    }
}

/// The least n with 2ⁿ > `count`.
fn log2_up(count: usize) -> u64 {
    u64::from(usize::BITS - count.leading_zeros())
}

/// A row of M and the entry of b that belongs to it, over the plan's denominator.
type Row<C> = (Vec<(usize, C)>, C);

/// Everything that the rows share: the denominators of every value's row, and the biases.
struct Plan<'r, C> {
    region: &'r Region<'r, C>,
    /// One denominator a value: the row vector at that value is integers over it.
    denominators: BTreeMap<NodeId, Integer>,
    /// For each layer and operand, what a contribution is multiplied by to reach the operand's denominator.
    factors: BTreeMap<NodeId, Vec<Integer>>,
    /// For each layer with a bias, what the dot product with its numerators is multiplied by.
    bias_factors: BTreeMap<NodeId, Integer>,
    /// For each layer and operand, what a product with a weight costs.
    prices: BTreeMap<NodeId, Vec<u64>>,
    /// The first column of each source.
    columns: BTreeMap<NodeId, usize>,
    /// The common denominator of M and b.
    denominator: Integer,
}

/// The row vectors at every value, dense, with the entries in use; all zero between rows.
struct Workspace<C> {
    values: BTreeMap<NodeId, (Vec<C>, Vec<usize>)>,
    /// Multiply-adds so far; past the allowance, a row is left unfinished.
    spent: u64,
    allowance: u64,
}

/// Bytes that one stored entry takes besides its digits: index, integer header, allocation.
const ENTRY_BYTES: u64 = 72;

impl<'r, C: Weights> Plan<'r, C> {
    fn new(region: &'r Region<'r, C>) -> Result<Plan<'r, C>, LimitReached> {
        let magnitude = region.magnitude();
        let fits = |denominator: &Integer| match magnitude + denominator.bits() {
            bits if bits > MAX_BITS => Err(LimitReached::Bits { bits }),
            _ => Ok(()),
        };
        fits(&Integer::one())?;
        let mut denominators = BTreeMap::from([(region.sink, Integer::one())]);
        for (id, lowered) in region.layers().rev() {
            let here = denominators[&id].clone();
            for (&operand, operator) in region.network.nodes[id].operands.iter().zip(&lowered.operators) {
                let contribution = &here * operator.denominator();
                let entry = denominators.entry(operand).or_insert_with(Integer::one);
                *entry = entry.lcm(&contribution);
                fits(entry)?;
            }
        }
        let mut factors = BTreeMap::new();
        for (id, lowered) in region.layers() {
            let here = &denominators[&id];
            let operands = region.network.nodes[id].operands.iter().zip(&lowered.operators);
            factors.insert(id, operands.map(|(o, op)| &denominators[o] / (here * op.denominator())).collect());
        }
        // A product of polynomials sorts and merges its terms.
        let terms = if C::GROWS { 8 } else { 1 };
        let price = |o: &Operator<C>| (1 + o.bits() / 64).saturating_mul(terms * o.terms() as u64);
        let prices = region.layers().map(|(id, lowered)| (id, lowered.operators.iter().map(price).collect())).collect();
        let source = |id: &NodeId| denominators.get(id).cloned().unwrap_or_else(Integer::one);
        let bias =
            |(id, lowered): (NodeId, &Lowered<C>)| lowered.bias.as_ref().map(|b| &denominators[&id] * b.denominator());
        let denominator = region.layers().filter_map(bias).fold(Integer::one(), |lcm, d| lcm.lcm(&d));
        let denominator = region.sources.iter().map(source).fold(denominator, |lcm, d| lcm.lcm(&d));
        fits(&denominator)?;
        let bias_factors = region.layers().filter_map(|l| Some((l.0, &denominator / bias(l)?))).collect();
        let mut next = 0;
        let mut columns = BTreeMap::new();
        for &source in &region.sources {
            columns.insert(source, next);
            next += region.network.nodes[source].shape.elements();
        }
        Ok(Plan { region, denominators, factors, bias_factors, prices, columns, denominator })
    }

    fn workspace(&self) -> Workspace<C> {
        let zeros = |&id: &NodeId| (id, (vec![C::zero(); self.region.network.nodes[id].shape.elements()], Vec::new()));
        Workspace { values: self.denominators.keys().map(zeros).collect(), spent: 0, allowance: u64::MAX }
    }

    /// Row `row` of M and entry `row` of b.
    fn row(&self, work: &mut Workspace<C>, row: usize) -> Row<C> {
        add(work, self.region.sink, row, &C::one());
        let mut constant = C::zero();
        for (id, lowered) in self.region.layers().rev() {
            let entries = take(work, id);
            if let Some(bias) = &lowered.bias {
                let mut dot = C::zero();
                entries.iter().for_each(|(i, n)| dot.add_product(n, bias.at(*i)));
                constant += &dot.times(&self.bias_factors[&id]);
            }
            let operands = self.region.network.nodes[id].operands.iter().zip(&self.prices[&id]);
            for (((&operand, price), operator), factor) in operands.zip(&lowered.operators).zip(&self.factors[&id]) {
                let Some((values, used)) = work.values.get_mut(&operand) else { continue };
                for (i, n) in &entries {
                    if work.spent > work.allowance {
                        break;
                    }
                    let price = price.saturating_mul((1 + n.bits() / 512) * n.terms() as u64);
                    let mut products = 0;
                    let scaled = if factor.is_one() { n.clone() } else { n.times(factor) };
                    operator.for_each_in_row(*i, &mut |column, weight| {
                        if values[column].is_zero() {
                            used.push(column);
                        }
                        values[column].add_product(&scaled, weight);
                        products += 1;
                    });
                    work.spent = work.spent.saturating_add(price.saturating_mul(products));
                }
            }
        }
        let mut entries = Vec::new();
        for &source in &self.region.sources {
            if let Some(denominator) = self.denominators.get(&source) {
                let (first, factor) = (self.columns[&source], &self.denominator / denominator);
                entries.extend(take(work, source).into_iter().map(|(i, n)| (first + i, n.times(&factor))));
            }
        }
        (entries, constant)
    }

    /// Refuses a collapse that, judged by a sample of its rows, takes too much memory or work.
    fn check(&self, memory: u64, limit: u64) -> Result<(), LimitReached> {
        let rows = self.region.rows();
        let sum_of =
            |counts: &mut dyn Iterator<Item = usize>| counts.fold(0_u64, |sum, n| sum.saturating_add(n as u64));
        let shapes = self.denominators.keys().map(|&id| self.region.network.nodes[id].shape.elements());
        let workspace = sum_of(&mut shapes.into_iter()).saturating_mul(ENTRY_BYTES);
        let refuse = |needed| Err(LimitReached::Memory { rows, columns: self.region.columns(), needed, limit: memory });
        if workspace > memory {
            return refuse(workspace);
        }
        let sample: BTreeSet<usize> = (0..16).map(|i| i * (rows - 1) / 15).collect();
        let mut work = Workspace { allowance: limit / rows as u64, ..self.workspace() };
        let (mut bytes, mut products) = (0, 0);
        for row in sample {
            work.spent = 0;
            let (entries, _) = self.row(&mut work, row);
            products = products.max(work.spent);
            let digits: u64 = entries.iter().map(|(_, n)| n.terms() as u64 * (n.bits() / 8 + ENTRY_BYTES)).sum();
            bytes = bytes.max(digits.saturating_add((entries.len() as u64).saturating_mul(ENTRY_BYTES)));
            if products > work.allowance {
                return Err(LimitReached::Work { rows, needed: products.saturating_mul(rows as u64), limit });
            }
        }
        // Twice: the rows, and the matrix made of them.
        let needed = bytes.saturating_mul(rows as u64).saturating_mul(2).saturating_add(workspace);
        if needed > memory { refuse(needed) } else { Ok(()) }
    }
}

/// Adds to one entry of the row vector at a value.
fn add<C: Coefficient>(work: &mut Workspace<C>, id: NodeId, index: usize, amount: &C) {
    if let Some((values, used)) = work.values.get_mut(&id) {
        values[index] += amount;
        used.push(index);
    }
}

/// Takes the nonzero entries of the row vector at a value, leaving zeros.
fn take<C: Coefficient>(work: &mut Workspace<C>, id: NodeId) -> Vec<(usize, C)> {
    let Some((values, used)) = work.values.get_mut(&id) else { return Vec::new() };
    // An entry that was cancelled and came back is listed twice; the second time it is zero.
    let take = |i| (i, std::mem::replace(&mut values[i], C::zero()));
    used.drain(..).map(take).filter(|(_, n)| !n.is_zero()).collect()
}

impl<C: Coefficient> AffineMap<C> {
    /// The same map on the inputs whose entry `entry` is `value` ≠ 0, without a constant: b moves
    /// into that entry's column.
    pub fn with_constant_in(&self, entry: usize, value: &Rational) -> AffineMap<C> {
        let bias = self.bias.scaled(&value.recip());
        let denominator = self.matrix.denominator().lcm(bias.denominator());
        let factor = &denominator / self.matrix.denominator();
        let constants = bias.numerators_over(&denominator);
        let row = |(r, constant): (usize, C)| {
            let entries = self.matrix.row(r).map(|(c, n)| (c, n.times(&factor)));
            entries.chain([(entry, constant)]).collect()
        };
        let rows = constants.into_iter().enumerate().map(row).collect();
        let matrix = Matrix::from_rows(self.matrix.columns(), rows, denominator);
        AffineMap { matrix, bias: Tensor::zeros(self.bias.shape().clone()) }
    }

    /// The common denominator of M and b.
    pub fn denominator(&self) -> Integer {
        self.matrix.denominator().lcm(self.bias.denominator())
    }
}

impl AffineMap {
    /// Mx + b for a flat input.
    pub fn apply(&self, x: &Tensor) -> Tensor {
        let product = self.matrix.apply(x);
        Tensor::from_rationals(self.bias.shape().clone(), &product).plus(&self.bias)
    }

    /// The largest absolute value of an entry of M; 0 if there is none.
    pub fn largest(&self) -> Rational {
        let sizes = self.matrix.numerators().values().iter().map(Signed::abs);
        ratio(sizes.max().unwrap_or_default(), self.matrix.denominator().clone())
    }

    /// The same map over a larger ring.
    pub fn lifted<C: Coefficient>(&self) -> AffineMap<C> {
        AffineMap { matrix: self.matrix.lifted(), bias: self.bias.lifted() }
    }

    /// The lowercase hexadecimal SHA-256 of a canonical text of M and b: sizes, then one line an
    /// entry `row column value`, then one line a bias entry.
    pub fn sha256(&self) -> String {
        let mut hash = Hash::new(self.matrix.rows(), self.matrix.columns());
        self.matrix.entries().for_each(|(row, column, value)| hash.entry(row, column, value));
        self.bias.to_rationals().iter().for_each(|b| hash.constant(b));
        hash.finish()
    }
}
