//! Rows of a collapsed map by residues.
//!
//! The rows are computed as everywhere, from the outputs backwards, but many at once and modulo
//! primes. Soundness: at each value there is a bound B on the numerators of the row vectors, and as
//! many primes as make their product exceed 4B, so the residues are the numerators themselves
//! ([`Basis`]). Through a layer, |uᵀA| ≤ B · ‖A‖, the largest sum of absolute values in a column.
//! So the sets of primes grow with the numbers, from one prime at the output; and before each
//! layer B is measured anew, from the residues, which undoes what the norms overestimate.

use std::collections::BTreeMap;
use std::ops::Range;

use num_traits::{One, Zero};
use rayon::prelude::*;

use super::cost::{Cost, PRIME_BITS};
use super::{ENTRY_BYTES, LimitReached, Plan, Row};
use crate::algebra::residue::{Basis, Digits, Modulus, dot, multiply_all};
use crate::algebra::{Integer, Shape, Tensor};
use crate::layer::Weights;
use crate::network::NodeId;
use crate::toeplitz::adjoint::{Adjoint, Layout};

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

/// A bias, and the sum of its absolute values.
struct Bias {
    numbers: Digits,
    norm: Integer,
}

/// The row vectors of a batch of rows at one value.
struct Vectors {
    /// For each prime of a basis, the residues.
    residues: Vec<Vec<i16>>,
    /// No numerator's absolute value is larger.
    bound: Integer,
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
        // What is read, what is written, and what measures it.
        let widest = self.plan.denominators.keys().map(|&id| region.network.nodes[id].shape.elements()).max();
        let row = (widest.unwrap_or(1) as u64).saturating_mul(3 * 2 * bits.div_ceil(PRIME_BITS));
        let needed = result.saturating_add(row);
        if needed > memory {
            return Err(LimitReached::Memory { rows, columns: region.columns(), needed, limit: memory });
        }
        let batch = usize::try_from((memory - result).min(WORKSPACE) / row.max(1)).unwrap_or(rows).clamp(1, rows);
        let mut found = Vec::with_capacity(rows);
        for first in (0..rows).step_by(batch) {
            match self.rows(first..rows.min(first + batch)) {
                Ok(rows) => found.extend(rows),
                Err(TooLong) => return Ok(None),
            }
        }
        Ok(Some(found))
    }

    /// These rows of M and b, as in [`Plan::row`].
    pub fn rows(&self, rows: Range<usize>) -> Result<Vec<Row<C>>, TooLong> {
        let (region, count) = (self.plan.region, rows.len());
        let nodes = &region.network.nodes;
        let layout = |id: NodeId| Layout::of(&nodes[id].shape);

        let mut constants = vec![Integer::zero(); count];
        let mut values = BTreeMap::from([(region.sink, Vectors::unit(layout(region.sink), rows))]);
        for (id, _) in region.layers().rev() {
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

            for ((&operand, adjoint), factor) in operands() {
                if self.plan.denominators.contains_key(&operand) {
                    let product = u.through(adjoint, factor, count)?;
                    match values.remove(&operand) {
                        None => values.insert(operand, product),
                        Some(other) => values.insert(operand, other.plus(product)?),
                    };
                }
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

impl<C: Weights> Residues<'_, '_, C> {
    /// A combination of the rows of some outputs, with arbitrary factors, modulo one prime: whether it
    /// is 0. Where it is not, one of those rows is not 0; where it is, probably all of them are.
    pub fn combination_vanishes(&self, outputs: Range<usize>, modulus: &Modulus) -> bool {
        let (plan, region) = (self.plan, self.plan.region);
        let layout = |id: NodeId| Layout::of(&region.network.nodes[id].shape);
        let mut start = vec![0; layout(region.sink).size(1)];
        let mut state = modulus.prime() as u64;
        for output in outputs {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            start[layout(region.sink).index(1, 0, output)] = modulus.reduce((state >> 40) as i32).max(1);
        }
        let mut constant = 0;
        let mut values = BTreeMap::from([(region.sink, start)]);
        for (id, _) in region.layers().rev() {
            let (Some(u), layer) = (values.remove(&id), &self.layers[&id]) else { continue };
            if let Some(bias) = &layer.bias {
                let product = (dot(&bias.numbers.residues(modulus), &u) % i64::from(modulus.prime())) as i32;
                let product = modulus.multiply(modulus.reduce(product), one_residue(&plan.bias_factors[&id], modulus));
                constant = modulus.reduce(i32::from(constant) + i32::from(product));
            }
            let operands = region.network.nodes[id].operands.iter().zip(&layer.adjoints).zip(&plan.factors[&id]);
            for ((&operand, adjoint), factor) in operands {
                let product = multiply_all(modulus, one_residue(factor, modulus), &adjoint.apply(modulus, 1, &u));
                match values.get_mut(&operand) {
                    Some(sum) => {
                        sum.iter_mut().zip(product).for_each(|(s, p)| *s = modulus.reduce(i32::from(*s) + i32::from(p)))
                    }
                    None => drop(values.insert(operand, product)),
                }
            }
        }
        constant == 0 && values.values().flatten().all(|&residue| residue == 0)
    }
}

fn one_residue(n: &Integer, modulus: &Modulus) -> i16 {
    Digits::new([n].into_iter()).residues(modulus)[0]
}

impl Bias {
    /// A constant of this shape, each of whose numbers serves as many consecutive entries.
    fn new(bias: &Tensor, shape: &Shape) -> Bias {
        let (layout, run) = (Layout::of(shape), shape.elements() / bias.len());
        let mut ordered = vec![None; layout.size(1)];
        (0..shape.elements()).for_each(|flat| ordered[layout.index(1, 0, flat)] = Some(flat / run));
        let numbers = Digits::new(bias.numerators().iter()).gathered(&ordered);
        Bias { norm: numbers.norm(0..numbers.count()), numbers }
    }

    /// The product of each row vector with the bias.
    fn dots(&self, u: &Vectors, layout: Layout, rows: usize) -> Result<Vec<Integer>, TooLong> {
        let basis = Basis::of(&(&u.bound * &self.norm)).ok_or(TooLong)?;
        let dots = |(modulus, residues): (&Modulus, &Vec<i16>)| -> Vec<i16> {
            let bias = self.numbers.residues(modulus);
            let mut sums = vec![0; rows];
            let positions = bias.chunks_exact(layout.stride()).zip(residues.chunks_exact(rows * layout.stride()));
            for (bias, u) in positions {
                let runs = u.chunks_exact(layout.stride());
                sums.iter_mut().zip(runs).for_each(|(sum, u)| *sum += dot(bias, u));
            }
            sums.into_iter().map(|sum| modulus.reduce((sum % i64::from(modulus.prime())) as i32)).collect()
        };
        let dots: Vec<Vec<i16>> = basis.moduli().par_iter().zip(&u.residues).map(dots).collect();
        Ok(basis.lift(&dots.iter().map(Vec::as_slice).collect::<Vec<_>>()))
    }
}

impl Vectors {
    /// The rows of the identity.
    fn unit(layout: Layout, rows: Range<usize>) -> Vectors {
        let mut residues = vec![0; layout.size(rows.len())];
        rows.clone().enumerate().for_each(|(n, row)| residues[layout.index(rows.len(), n, row)] = 1);
        Vectors { residues: vec![residues], bound: Integer::one() }
    }

    /// The basis for numbers up to the bound.
    fn basis(&self) -> Result<Basis, TooLong> {
        Basis::of(&self.bound).ok_or(TooLong)
    }

    /// Measures the bound, and finds residues enough for a second bound, which depends on it.
    fn prepare(&mut self, needed: impl FnOnce(&Integer) -> Integer) -> Result<(), TooLong> {
        let basis = self.basis()?;
        self.residues.truncate(basis.moduli().len());
        let measured = basis.measure(&self.residues);
        if *measured.bound() < self.bound {
            self.bound = measured.bound().clone();
        }
        let wider = Basis::of(&needed(&self.bound)).ok_or(TooLong)?;
        self.residues.extend(measured.extend(&wider));
        Ok(())
    }

    /// The product with a layer's operator and with a positive factor; the vectors are prepared for it.
    fn through(&self, adjoint: &Adjoint, factor: &Integer, rows: usize) -> Result<Vectors, TooLong> {
        let bound = &self.bound * adjoint.norm() * factor;
        let basis = Basis::of(&bound).ok_or(TooLong)?;
        let product = |(modulus, u): (&Modulus, &Vec<i16>)| {
            let product = adjoint.apply(modulus, rows, u);
            match one_residue(factor, modulus) {
                1 => product,
                factor => multiply_all(modulus, factor, &product),
            }
        };
        let residues = basis.moduli().par_iter().zip(&self.residues).map(product).collect();
        Ok(Vectors { residues, bound })
    }

    /// The sum of two batches at one value.
    fn plus(mut self, mut other: Vectors) -> Result<Vectors, TooLong> {
        let bound = &self.bound + &other.bound;
        let basis = Basis::of(&bound).ok_or(TooLong)?;
        for vectors in [&mut self, &mut other] {
            vectors.prepare(|_| bound.clone())?;
        }
        let add = |((modulus, mut sum), other): ((&Modulus, Vec<i16>), Vec<i16>)| {
            sum.iter_mut().zip(other).for_each(|(s, o)| *s = modulus.reduce(i32::from(*s) + i32::from(o)));
            sum
        };
        let residues = basis.moduli().par_iter().zip(self.residues).zip(other.residues).map(add).collect();
        Ok(Vectors { residues, bound })
    }

    /// The numbers, where they lie.
    fn numbers(mut self) -> Result<Vec<Integer>, TooLong> {
        let basis = self.basis()?;
        self.residues.truncate(basis.moduli().len());
        Ok(basis.lift(&self.residues.iter().map(Vec::as_slice).collect::<Vec<_>>()))
    }
}

#[cfg(test)]
mod tests;
