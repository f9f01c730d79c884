//! Rows of a collapsed map by residues.
//!
//! The rows are computed as everywhere, from the outputs backwards, but many at once and modulo
//! primes. Soundness: at each value there is a bound B on the numerators of the row vectors, and as
//! many primes as make their product exceed 4B, so the residues are the numerators themselves
//! ([`Basis`]). Through a layer, |uᵀA| ≤ B · ‖A‖, the largest sum of absolute values in a column.
//! So the sets of primes grow with the numbers, from one prime at the output; and before each
//! layer B is measured anew, from the residues, which undoes what the norms overestimate.

mod vectors;
mod walk;

use std::collections::BTreeMap;
use std::ops::Range;

use num_traits::Zero;
use rayon::prelude::*;

use super::cost::Cost;
use super::{ENTRY_BYTES, LimitReached, Plan, Row};
use crate::algebra::residue::{Basis, Digits, Modulus, add_all, dot};
use crate::algebra::{Integer, Shape, Tensor};
use crate::layer::Weights;
use crate::network::NodeId;
use crate::toeplitz::adjoint::{Adjoint, Layout};

use vectors::Vectors;

/// Bytes that the residues of one batch of rows may take: more rows at once are no faster.
pub(super) const WORKSPACE: u64 = 400_000_000;

/// A plan's layers, made ready for residues.
pub(super) struct Residues<'p, 'r, C> {
    plan: &'p Plan<'r, C>,
    layers: BTreeMap<NodeId, Ready>,
}

/// One layer: the transposes of its operators, and its bias.
struct Ready {
    adjoints: Vec<Adjoint>,
    bias: Option<Bias>,
}

/// A bias, at one position if all are alike, and the sum of all its absolute values.
struct Bias {
    numbers: Digits,
    norm: Integer,
}

/// The numbers need more primes than there are.
#[derive(Debug)]
pub(super) struct TooLong;

impl<'p, 'r, C: Weights> Residues<'p, 'r, C> {
    /// `None` if the weights are symbols.
    pub fn new(plan: &'p Plan<'r, C>) -> Option<Residues<'p, 'r, C>> {
        let lowered: Vec<_> = plan.region.layers().collect();
        let ready = lowered.into_par_iter().map(|(id, lowered)| {
            let adjoints = lowered.operators.iter().map(Adjoint::new).collect::<Option<_>>()?;
            let bias = match &lowered.bias {
                Some(bias) => Some(Bias::new(C::numbers(bias.numbers())?, bias.shape())),
                None => None,
            };
            Some((id, Ready { adjoints, bias }))
        });
        Some(Residues { plan, layers: ready.collect::<Option<_>>()? })
    }

    /// All rows; `None` if the numbers need more primes than there are.
    pub fn all(&self, memory: u64, limit: u64) -> Result<Option<Vec<Row<C>>>, LimitReached> {
        let (region, rows) = (self.plan.region, self.plan.region.rows());
        let (cost, bits) = (Cost::of(region), region.magnitude());
        let work = cost.by_residues.saturating_mul(rows as u64);
        if work > limit {
            return Err(LimitReached::Work { rows, needed: work, limit });
        }
        // Twice: the rows, and the matrix made of them.
        let result = cost.entries.saturating_mul(rows as u64).saturating_mul(2 * (ENTRY_BYTES + bits / 8));
        let row = self.plan.row_by_residues(memory.saturating_sub(result).min(WORKSPACE));
        let needed = result.saturating_add(row);
        if needed > memory {
            return Err(LimitReached::Memory { rows, columns: region.columns(), needed, limit: memory });
        }
        let room = (memory - result).min(WORKSPACE);
        let batch = usize::try_from(room / row.max(1)).unwrap_or(rows).clamp(1, rows);
        let mut found = Vec::with_capacity(rows);
        for first in (0..rows).step_by(batch) {
            match self.rows(first..rows.min(first + batch), room) {
                Ok(rows) => found.extend(rows),
                Err(TooLong) => return Ok(None),
            }
        }
        Ok(Some(found))
    }

    /// These rows of M and b, as in [`Plan::row`]; where the residues of all primes would take more than
    /// `room` bytes, the rest of the way is gone prime by prime.
    pub fn rows(&self, rows: Range<usize>, room: u64) -> Result<Vec<Row<C>>, TooLong> {
        let (region, count) = (self.plan.region, rows.len());
        let nodes = &region.network.nodes;
        let layout = |id: NodeId| Layout::of(&nodes[id].shape);

        let mut constants = vec![Integer::zero(); count];
        let mut values = BTreeMap::from([(region.sink, Vectors::unit(layout(region.sink), rows))]);
        let turn = self.turn(count, room);
        for (id, _) in region.layers().rev() {
            if turn == Some(id) {
                let rest = self.finish(values, count)?;
                values = rest.0;
                constants.iter_mut().zip(rest.1).for_each(|(constant, rest)| *constant += rest);
                break;
            }
            let (Some(mut u), layer) = (values.remove(&id), &self.layers[&id]) else { continue };
            let operands = || nodes[id].operands.iter().zip(&layer.adjoints).zip(&self.plan.factors[&id]);
            let growth = operands().map(|((_, adjoint), factor)| adjoint.norm() * factor);
            let growth = growth.chain(layer.bias.as_ref().map(|b| b.norm.clone())).max().unwrap_or_default();
            u.prepare(|bound| bound * growth)?;

            if let Some(bias) = &layer.bias {
                let factor = &self.plan.bias_factors[&id];
                let dots = bias.dots(&u, layout(id), count)?;
                constants.iter_mut().zip(dots).for_each(|(constant, dot)| *constant += dot * factor);
            }

            let live: Vec<_> =
                operands().filter(|((operand, _), _)| self.plan.denominators.contains_key(operand)).collect();
            // The last operand's product takes the vectors themselves.
            for (u, ((&operand, adjoint), factor)) in std::iter::repeat_n(u, live.len()).zip(live) {
                let product = u.through(adjoint, factor, count)?;
                match values.remove(&operand) {
                    None => values.insert(operand, product),
                    Some(other) => values.insert(operand, other.plus(product)?),
                };
            }
        }
        let mut found: Vec<Row<C>> = constants.into_iter().map(|constant| (Vec::new(), constant.into())).collect();
        for &source in &region.sources {
            let Some(u) = values.remove(&source) else { continue };
            let (layout, first) = (layout(source), self.plan.columns[&source]);
            let factor = &self.plan.denominator / &self.plan.denominators[&source];
            let numbers = u.numbers()?;
            found.par_iter_mut().enumerate().for_each(|(row, (entries, _))| {
                for flat in 0..nodes[source].shape.elements() {
                    let number = &numbers[layout.index(count, row, flat)];
                    if !number.is_zero() {
                        entries.push((first + flat, C::from(number * &factor)));
                    }
                }
            });
        }
        Ok(found)
    }
}

fn one_residue(n: &Integer, modulus: &Modulus) -> i16 {
    Digits::new([n].into_iter()).residues(modulus)[0]
}

impl Bias {
    /// A constant of this shape, each of whose numbers serves as many consecutive entries.
    fn new(bias: &Tensor, shape: &Shape) -> Bias {
        let (layout, run) = (Layout::of(shape), shape.elements() / bias.len());
        let positions = shape.elements() / shape.channels();
        // The same at every position: one position stands for all.
        let alike = run.is_multiple_of(positions);
        let entries = if alike { shape.channels() } else { shape.elements() };
        let part = if alike { Layout::vector(entries) } else { layout };
        let (each, size) = if alike { (run / positions, part.stride()) } else { (run, part.size(1)) };
        let mut ordered = vec![None; size];
        (0..entries).for_each(|flat| ordered[part.index(1, 0, flat)] = Some(flat / each));
        let numbers = Digits::of(bias.integers()).gathered(size, |put| ordered.iter().for_each(|&source| put(source)));
        let norm = numbers.norm(0..numbers.count());
        Bias { norm: if alike { norm * positions } else { norm }, numbers }
    }

    /// The product of each row vector with the bias, modulo one prime.
    fn dots_modulo(&self, modulus: &Modulus, u: &[i16], layout: Layout, rows: usize) -> Vec<i16> {
        /// Residues that an `i32` holds the sum of.
        const RESIDUES: usize = 1 << 18;
        let (bias, run) = (self.numbers.residues(modulus), rows * layout.stride());
        let mut sums = vec![0; rows];
        let bias = bias.chunks_exact(layout.stride());
        if bias.len() == 1 {
            // The same at every position: the sum over positions comes first.
            let mut total = vec![0; run];
            for u in u.chunks(run * RESIDUES) {
                let mut part = vec![0_i32; run];
                u.chunks_exact(run).for_each(|u| add_all(&mut part, u));
                total.iter_mut().zip(part).for_each(|(total, part)| *total = modulus.reduce(part + i32::from(*total)));
            }
            for (sum, u) in sums.iter_mut().zip(total.chunks_exact(layout.stride())) {
                bias.clone().for_each(|bias| *sum += dot(bias, u));
            }
        } else {
            for (bias, u) in bias.zip(u.chunks_exact(run)) {
                let runs = u.chunks_exact(layout.stride());
                sums.iter_mut().zip(runs).for_each(|(sum, u)| *sum += dot(bias, u));
            }
        }
        sums.into_iter().map(|sum| modulus.reduce((sum % i64::from(modulus.prime())) as i32)).collect()
    }

    /// The product of each row vector with the bias.
    fn dots(&self, u: &Vectors, layout: Layout, rows: usize) -> Result<Vec<Integer>, TooLong> {
        let basis = Basis::of(&(&u.bound * &self.norm)).ok_or(TooLong)?;
        let dots = |(modulus, residues): (&Modulus, &Vec<i16>)| self.dots_modulo(modulus, residues, layout, rows);
        let dots: Vec<Vec<i16>> = basis.moduli().par_iter().zip(&u.residues).map(dots).collect();
        Ok(basis.lift(&dots.iter().map(Vec::as_slice).collect::<Vec<_>>()))
    }
}

#[cfg(test)]
mod tests;
