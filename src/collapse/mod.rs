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
mod limit;
mod map;
mod plan;
mod residues;
mod segment;
mod stream;
mod zero;

pub use image::{Axis, Borders, ImageMap, ImageRow, Outputs};
pub use kernel::{OneKernel, one_kernel, padded_between, per_channel};
pub use limit::LimitReached;
pub use map::AffineMap;
pub use segment::{Merged, Segment, segments};
pub use stream::MapRow;

use std::collections::BTreeMap;

use rayon::prelude::*;

use cost::Cost;
use plan::{ENTRY_BYTES, Plan, Row};
use residues::Residues;

use crate::algebra::{Budget, Integer, Matrix, Tensor};
use crate::layer::{Lowered, Weights};
use crate::network::{Network, NodeId};

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
