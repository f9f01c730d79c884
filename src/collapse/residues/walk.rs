//! Row vectors modulo one prime, all the way back to the sources.
//!
//! Where numbers are known to be short enough in the end, each prime can go its way alone: it takes the room of
//! two vectors of residues, whatever the number of primes. It takes longer than all primes together, since the
//! first layers need fewer of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use num_traits::Zero;
use rayon::prelude::*;

use super::{Residues, TooLong, Vectors, one_residue};
use crate::algebra::Integer;
use crate::algebra::residue::{Basis, Modulus, multiply_all};
use crate::collapse::Plan;
use crate::collapse::cost::PRIME_BITS;
use crate::layer::Weights;
use crate::network::NodeId;
use crate::toeplitz::adjoint::Layout;

impl<C: Weights> Plan<'_, C> {
    fn elements(&self, id: NodeId) -> u64 {
        self.region.network.nodes[id].shape.elements() as u64
    }

    /// The bytes that one row takes while it is computed by residues, if there is room for so many.
    pub fn row_by_residues(&self, room: u64) -> u64 {
        let widest = self.denominators.keys().map(|&id| self.elements(id)).max().unwrap_or(1);
        let primes = self.region.magnitude().div_ceil(PRIME_BITS);
        // What is read, what is written, and what measures it: of all primes; or of one a thread, with the room
        // that it goes on in, and the row itself of all.
        let together = widest.saturating_mul(3 * 2 * primes);
        let threads = rayon::current_num_threads() as u64;
        let columns = self.region.columns() as u64 + self.elements(self.region.sink);
        let one_by_one = widest.saturating_mul(4 * 2 * threads).saturating_add(columns.saturating_mul(4 * primes));
        if together > room { one_by_one.min(together) } else { together }
    }
}

impl<C: Weights> Residues<'_, '_, C> {
    /// The layer before which `rows` rows, in this room, go on prime by prime: the last one before which the
    /// residues of all primes still fit. `None` if there is room for all of them to the end.
    pub(super) fn turn(&self, rows: usize, room: u64) -> Option<NodeId> {
        let (plan, region) = (self.plan, self.plan.region);
        let lengths = region.magnitudes();
        let primes = |id: &NodeId| lengths.get(id).map_or(1, |bits| bits.div_ceil(PRIME_BITS));
        let most = lengths.values().max().map_or(1, |bits| bits.div_ceil(PRIME_BITS));
        let bytes =
            |id: &NodeId, primes: u64| plan.elements(*id).saturating_mul(2 * rows as u64).saturating_mul(primes);

        let (mut live, mut turn) = (BTreeSet::from([region.sink]), None);
        for (id, _) in region.layers().rev() {
            if !live.contains(&id) {
                continue;
            }
            if turn.is_none() || live.iter().map(|id| bytes(id, most)).sum::<u64>() <= room / 4 {
                turn = Some(id);
            }
            let operands = &region.network.nodes[id].operands;
            let taken = operands.iter().chain(&live).map(|id| bytes(id, primes(id))).fold(0, u64::saturating_add);
            if taken.saturating_mul(3) / 2 > room {
                return turn;
            }
            live.remove(&id);
            live.extend(operands);
        }
        None
    }

    /// The row vectors at the sources, and what the constants of the layers on the way add, prime by prime.
    pub(super) fn finish(
        &self,
        mut values: BTreeMap<NodeId, Vectors>,
        rows: usize,
    ) -> Result<(BTreeMap<NodeId, Vectors>, Vec<Integer>), TooLong> {
        for u in values.values_mut() {
            u.prepare(Integer::clone)?;
        }
        let (bounds, constant) = self.bounds(values.iter().map(|(&id, u)| (id, u.bound.clone())).collect());
        // What lies between need not be known: it is determined modulo each prime.
        let most = bounds.values().chain(values.values().map(|u| &u.bound)).chain([&constant]).max().cloned();
        let most = most.unwrap_or_default();
        let basis = Basis::of(&most).ok_or(TooLong)?;
        for u in values.values_mut() {
            u.prepare(|_| most.clone())?;
        }
        let ends: Vec<(BTreeMap<NodeId, _>, Vec<i16>)> = basis
            .moduli()
            .par_iter()
            .with_max_len(1)
            .enumerate()
            .map(|(j, modulus)| {
                self.walk(modulus, rows, values.iter().map(|(&id, u)| (id, u.residues[j].clone())).collect())
            })
            .collect();
        drop(values);
        let constants = basis.lift(&ends.iter().map(|(_, dots)| dots.as_slice()).collect::<Vec<_>>());
        let mut sources: BTreeMap<NodeId, Vectors> = BTreeMap::new();
        for (id, residues) in ends.into_iter().flat_map(|(values, _)| values) {
            let bound = bounds.get(&id).cloned().unwrap_or_default();
            sources.entry(id).or_insert(Vectors { residues: Vec::new(), bound }).residues.push(residues);
        }
        Ok((sources, constants))
    }

    /// Bounds of the row vectors at the sources, and of what the constants on the way add, from bounds of
    /// the row vectors at some values: by the norms alone.
    fn bounds(&self, mut bounds: BTreeMap<NodeId, Integer>) -> (BTreeMap<NodeId, Integer>, Integer) {
        let (plan, mut constant) = (self.plan, Integer::zero());
        for (id, _) in plan.region.layers().rev() {
            let (Some(bound), layer) = (bounds.remove(&id), &self.layers[&id]) else { continue };
            if let Some(bias) = &layer.bias {
                constant += &bound * &bias.norm * &plan.bias_factors[&id];
            }
            let operands = plan.region.network.nodes[id].operands.iter().zip(&layer.adjoints).zip(&plan.factors[&id]);
            for ((&operand, adjoint), factor) in operands {
                *bounds.entry(operand).or_default() += &bound * adjoint.norm() * factor;
            }
        }
        (bounds, constant)
    }

    /// From row vectors at some values, modulo one prime, those at the sources and what the constants of
    /// the layers on the way add.
    fn walk(
        &self,
        modulus: &Modulus,
        rows: usize,
        mut values: BTreeMap<NodeId, Vec<i16>>,
    ) -> (BTreeMap<NodeId, Vec<i16>>, Vec<i16>) {
        let (plan, nodes) = (self.plan, &self.plan.region.network.nodes);
        let plus = |sums: &mut [i16], terms: Vec<i16>| {
            sums.iter_mut().zip(terms).for_each(|(s, t)| *s = modulus.reduce(i32::from(*s) + i32::from(t)));
        };
        let (mut constants, mut room) = (vec![0; rows], Vec::new());
        for (id, _) in plan.region.layers().rev() {
            let (Some(u), layer) = (values.remove(&id), &self.layers[&id]) else { continue };
            if let Some(bias) = &layer.bias {
                let dots = bias.dots_modulo(modulus, &u, Layout::of(&nodes[id].shape), rows);
                plus(&mut constants, multiply_all(modulus, one_residue(&plan.bias_factors[&id], modulus), &dots));
            }
            let operands = nodes[id].operands.iter().zip(&layer.adjoints).zip(&plan.factors[&id]);
            for ((&operand, adjoint), factor) in operands.filter(|((id, _), _)| plan.denominators.contains_key(id)) {
                let mut product = adjoint.apply(modulus, rows, &u, std::mem::take(&mut room));
                let factor = one_residue(factor, modulus);
                if factor != 1 {
                    product = multiply_all(modulus, factor, &product);
                }
                match values.get_mut(&operand) {
                    Some(sum) => plus(sum, product),
                    None => drop(values.insert(operand, product)),
                }
            }
            room = u;
        }
        (values, constants)
    }

    /// A combination of the rows of some outputs, with arbitrary factors, modulo one prime: whether it
    /// is 0. Where it is not, one of those rows is not 0; where it is, probably all of them are.
    pub fn combination_vanishes(&self, outputs: Range<usize>, modulus: &Modulus) -> bool {
        let sink = self.plan.region.sink;
        let layout = Layout::of(&self.plan.region.network.nodes[sink].shape);
        let mut start = vec![0; layout.size(1)];
        let mut state = modulus.prime() as u64;
        for output in outputs {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            start[layout.index(1, 0, output)] = modulus.reduce((state >> 40) as i32).max(1);
        }
        let (values, constants) = self.walk(modulus, 1, BTreeMap::from([(sink, start)]));
        constants == [0] && values.values().flatten().all(|&residue| residue == 0)
    }
}
