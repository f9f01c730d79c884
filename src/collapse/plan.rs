//! What all rows share, and one row entry by entry, on integers of any size.

use std::collections::{BTreeMap, BTreeSet};

use num_integer::Integer as _;
use num_traits::One;

use super::{LimitReached, Region};
use crate::algebra::{Coefficient, Integer, MAX_BITS};
use crate::layer::{Lowered, Weights};
use crate::network::NodeId;
use crate::toeplitz::Operator;

/// A row of M and the entry of b that belongs to it, over the plan's denominator.
pub(super) type Row<C> = (Vec<(usize, C)>, C);

/// Everything that the rows share: the denominators of every value's row, and the biases.
pub(super) struct Plan<'r, C> {
    pub region: &'r Region<'r, C>,
    /// One denominator a value: the row vector at that value is integers over it.
    pub denominators: BTreeMap<NodeId, Integer>,
    /// For each layer and operand, what a contribution is multiplied by to reach the operand's denominator.
    pub factors: BTreeMap<NodeId, Vec<Integer>>,
    /// For each layer with a bias, what the dot product with its numerators is multiplied by.
    pub bias_factors: BTreeMap<NodeId, Integer>,
    /// For each layer and operand, what a product with a weight costs.
    prices: BTreeMap<NodeId, Vec<u64>>,
    /// The first column of each source.
    pub columns: BTreeMap<NodeId, usize>,
    /// The common denominator of M and b.
    pub denominator: Integer,
}

/// The row vectors at every value, dense, with the entries in use; all zero between rows.
pub(super) struct Workspace<C> {
    values: BTreeMap<NodeId, (Vec<C>, Vec<usize>)>,
    /// Multiply-adds so far; past the allowance, a row is left unfinished.
    spent: u64,
    allowance: u64,
}

/// Bytes that one stored entry takes besides its digits: index, integer header, allocation.
pub(super) const ENTRY_BYTES: u64 = 72;

impl<'r, C: Weights> Plan<'r, C> {
    pub fn new(region: &'r Region<'r, C>) -> Result<Plan<'r, C>, LimitReached> {
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

    pub fn workspace(&self) -> Workspace<C> {
        let zeros = |&id: &NodeId| (id, (vec![C::zero(); self.region.network.nodes[id].shape.elements()], Vec::new()));
        Workspace { values: self.denominators.keys().map(zeros).collect(), spent: 0, allowance: u64::MAX }
    }

    /// Row `row` of M and entry `row` of b.
    pub fn row(&self, work: &mut Workspace<C>, row: usize) -> Row<C> {
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
    pub fn check(&self, memory: u64, limit: u64) -> Result<(), LimitReached> {
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
