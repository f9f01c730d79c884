//! What the rows of a collapsed map cost, by entries one by one and by residues, before any is computed.

use std::collections::BTreeMap;

use super::Region;
use crate::algebra::residue::LANES;
use crate::algebra::{Coefficient, Shape};
use crate::layer::Weights;
use crate::network::NodeId;
use crate::toeplitz::{Operator, Structure};

/// Estimates for one row, in multiply-adds of numbers of one machine word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// Going through the nonzero entries only, on integers of any size.
    pub by_entries: u64,
    /// Going through all entries, modulo primes.
    pub by_residues: u64,
    /// Entries of a row of the map that may not be zero.
    pub entries: u64,
}

/// Multiply-adds of residues that take the time of one of integers.
const RESIDUES: u64 = 400;

/// Multiply-adds of some milliseconds.
pub(super) const LITTLE: u64 = 200_000;

/// The bits that one prime adds.
pub(super) const PRIME_BITS: u64 = 12;

impl Cost {
    /// The cost of the row in the middle of the output, where windows are whole.
    pub fn of<C: Weights>(region: &Region<'_, C>) -> Cost {
        let middle = |shape: &Shape| Support { axes: shape.axes().iter().map(|&n| one_of(n, n / 2)).collect() };
        let shape = |id: NodeId| &region.network.nodes[id].shape;
        let mut supports = BTreeMap::from([(region.sink, middle(shape(region.sink)))]);
        let mut bits = BTreeMap::from([(region.sink, 1)]);
        let mut cost = Cost { by_entries: 0, by_residues: 0, entries: 0 };
        for (id, lowered) in region.layers().rev() {
            let (Some(support), here) = (supports.remove(&id), bits[&id]) else { continue };
            for (&operand, operator) in region.network.nodes[id].operands.iter().zip(&lowered.operators) {
                let products = operator.products() as u64;
                let length = here + operator.bits();
                let touched = products / operator.rows() as u64 + 1;
                let price = 1 + length / 512 + operator.bits() / 64;
                cost.by_entries += (support.entries() * touched).saturating_mul(price);
                let padded = products.saturating_mul(padding(operator)) / 16;
                cost.by_residues += padded.saturating_mul(1 + length / PRIME_BITS) / RESIDUES;
                let reached = support.through(operator);
                supports.entry(operand).and_modify(|s| s.add(&reached)).or_insert(reached);
                // The numbers of terms add a few bits a layer.
                bits.entry(operand).and_modify(|b| *b = length.max(*b)).or_insert(length + 4);
            }
        }
        cost.entries = supports.values().map(Support::entries).sum();
        cost
    }
}

impl Cost {
    /// Whether these rows are sooner computed by residues. They are not worth preparing for what is
    /// done at once.
    pub fn prefers_residues(&self, rows: usize) -> bool {
        self.by_entries.saturating_mul(rows as u64) > LITTLE && self.by_residues < self.by_entries
    }
}

/// How much more than its products a kernel of residues computes, in sixteenths.
fn padding<C: Coefficient>(operator: &Operator<C>) -> u64 {
    let (outputs, inputs) = match operator.structure() {
        Structure::Convolution(c) => (c.channels().0 / c.groups(), c.channels().1 / c.groups()),
        Structure::Dense(_) => (operator.rows(), operator.columns()),
        // Loops over single numbers.
        _ => return 16 * LANES as u64,
    };
    let padded = outputs.next_multiple_of(2) * inputs.next_multiple_of(LANES);
    (16 * padded).div_ceil(outputs * inputs) as u64
}

/// The entries of a row vector that may not be zero: those whose index is in a set on every axis.
struct Support {
    axes: Vec<Vec<bool>>,
}

fn one_of(count: usize, index: usize) -> Vec<bool> {
    (0..count).map(|i| i == index).collect()
}

impl Support {
    fn all(shape: &Shape) -> Support {
        Support { axes: shape.axes().iter().map(|&n| vec![true; n]).collect() }
    }

    fn entries(&self) -> u64 {
        self.axes.iter().map(|axis| axis.iter().filter(|&&there| there).count() as u64).product()
    }

    fn add(&mut self, other: &Support) {
        for (axis, other) in self.axes.iter_mut().zip(&other.axes) {
            axis.iter_mut().zip(other).for_each(|(here, &there)| *here |= there);
        }
    }

    /// What the row vector times an operator reaches.
    fn through<C: Coefficient>(&self, operator: &Operator<C>) -> Support {
        let axes = match operator.structure() {
            Structure::Diagonal(_) => self.axes.clone(),
            Structure::Identity if operator.input() == operator.output() => self.axes.clone(),
            Structure::Kronecker(factors) => {
                let reach = |(axis, m): (&Vec<bool>, &crate::algebra::Matrix)| {
                    reached(axis, m.columns(), |row, visit| m.row(row).for_each(|(c, _)| visit(c)))
                };
                self.axes.iter().zip(factors).map(reach).collect()
            }
            Structure::Convolution(convolution) => {
                let reach = |(axis, taps): (&Vec<bool>, &crate::toeplitz::Taps)| {
                    reached(axis, taps.inputs(), |row, visit| taps.row(row).iter().for_each(|&(_, p)| visit(p)))
                };
                let channels = vec![true; convolution.channels().1];
                let spatial = self.axes[1..].iter().zip(convolution.taps()).map(reach);
                std::iter::once(channels).chain(spatial).collect()
            }
            _ => return Support::all(operator.input()),
        };
        Support { axes }
    }
}

/// The columns that some rows reach.
fn reached(rows: &[bool], columns: usize, visit: impl Fn(usize, &mut dyn FnMut(usize))) -> Vec<bool> {
    let mut found = vec![false; columns];
    (0..rows.len()).filter(|&r| rows[r]).for_each(|row| visit(row, &mut |column| found[column] = true));
    found
}
