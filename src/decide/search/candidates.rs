//! Displacements and directions worth trying, simplest first. Deterministic.

use num_traits::Zero;

use super::{Probe, Witness, flat, line, one};
use crate::algebra::{Rational, Tensor};

/// Entries that are tried one by one; larger inputs are sampled evenly.
const SINGLES: usize = 32;

/// Pairs of displacements: unit vectors, constants, small random integers, then generic rationals.
pub(super) fn pairs(probe: &mut Probe<'_>) -> Option<Witness> {
    let n = probe.base.len();
    let singles = sample(n, SINGLES);
    for &i in &singles {
        let (up, down) = (unit(probe, i, true), unit(probe, i, false));
        if let Some(found) =
            probe.test(&up, &down).or_else(|| probe.test(&up, &up)).or_else(|| probe.test(&down, &down))
        {
            return Some(found);
        }
    }
    for &i in &singles {
        for j in neighbours(probe, i) {
            for (a, b) in [(true, true), (true, false), (false, true), (false, false)] {
                let (x, y) = (unit(probe, i, a), unit(probe, j, b));
                if let Some(found) = probe.test(&x, &y) {
                    return Some(found);
                }
            }
        }
    }
    let mut random = Random(1);
    for round in 0..48_usize {
        let magnitude = [1, 1, 2, 5, 25, 1000][round % 6];
        let sparse = round % 3 == 1;
        let (x, y) = (integers(probe, &mut random, magnitude, sparse), integers(probe, &mut random, magnitude, sparse));
        let opposite = x.scaled(&-one());
        if let Some(found) = probe.test(&x, &y).or_else(|| probe.test(&x, &opposite)) {
            return Some(found);
        }
    }
    for magnitude in [1, 10, 1000] {
        let (x, y) = (generic(probe, &mut random, magnitude), generic(probe, &mut random, magnitude));
        if let Some(found) = probe.test(&x, &y) {
            return Some(found);
        }
    }
    None
}

/// Lines from the base point: along the axes, the diagonals, and random directions.
pub(super) fn lines(probe: &mut Probe<'_>, breakpoints: usize) -> Option<Witness> {
    let n = probe.base.len();
    let mut directions = Vec::new();
    for &i in &sample(n, 16) {
        directions.extend([unit(probe, i, true), unit(probe, i, false)]);
    }
    let ones = flat(&vec![one(); n]);
    directions.extend([ones.clone(), ones.scaled(&-one())]);
    let mut random = Random(2);
    directions.extend((0..16).map(|k| integers(probe, &mut random, 7, k % 2 == 0)));
    directions.into_iter().find_map(|d| line::follow(probe, &d, breakpoints))
}

/// Single points: the base, steps along single entries, integers of growing size, generic rationals.
pub(super) fn points(probe: &Probe<'_>) -> Vec<Tensor> {
    let mut random = Random(3);
    let mut displacements = Vec::new();
    for i in sample(probe.base.len(), SINGLES) {
        displacements.extend([unit(probe, i, true), unit(probe, i, false)]);
    }
    for round in 0..96_usize {
        let magnitude = [1, 2, 5, 25, 1000, 100_000][round % 6];
        displacements.push(integers(probe, &mut random, magnitude, round % 3 == 1));
        displacements.push(generic(probe, &mut random, magnitude));
    }
    let moved = displacements.into_iter().map(|d| probe.base.plus(&d));
    std::iter::once(probe.base.clone()).chain(moved).filter(|p| probe.domain.contains(p)).collect()
}

/// `count` indices below n, evenly spread, in an order that touches every part early.
fn sample(n: usize, count: usize) -> Vec<usize> {
    if n <= count { (0..n).collect() } else { (0..count).map(|k| k * 13 % count * n / count).collect() }
}

/// A step of one entry: 1, or a quarter of the room that the domain leaves.
fn unit(probe: &Probe<'_>, i: usize, up: bool) -> Tensor {
    let mut values = vec![Rational::zero(); probe.base.len()];
    let length = probe.domain.room(i, up).map_or_else(one, |room| (room / Rational::from_integer(2.into())).min(one()));
    values[i] = if up { length } else { -length };
    flat(&values)
}

/// Entries that a window may hold together with entry i: the next one, the one below, the next channel's.
fn neighbours(probe: &Probe<'_>, i: usize) -> Vec<usize> {
    let mut first = 0;
    for input in &probe.network.inputs {
        let end = first + input.shape.elements();
        if (first..end).contains(&i) {
            let axes = input.shape.axes();
            let strides = (0..axes.len()).map(|a| axes[a + 1..].iter().product::<usize>());
            let all = probe.base.len();
            let across = (all > end || first > 0).then_some((i + (end - first)) % all);
            return strides.map(|s| i + s).filter(|&j| j < end).chain(across).filter(|&j| j != i).collect();
        }
        first = end;
    }
    Vec::new()
}

/// A vector of random integers of a magnitude, or, in a domain, of random multiples of an eighth of the room.
fn integers(probe: &Probe<'_>, random: &mut Random, magnitude: u64, sparse: bool) -> Tensor {
    let entry = |i: usize| {
        let draw = i64::try_from(random.below(2 * magnitude + 1)).unwrap_or(0) - i64::try_from(magnitude).unwrap_or(0);
        if sparse && random.below(4) > 0 {
            return Rational::zero();
        }
        match probe.domain.room(i, draw > 0) {
            None => Rational::from_integer(draw.into()),
            Some(room) => room * Rational::new(draw.into(), (2 * magnitude).into()),
        }
    };
    let values: Vec<Rational> = (0..probe.base.len()).map(entry).collect();
    flat(&values)
}

/// Quotients of large coprime-looking numbers: no kink passes through them by accident.
fn generic(probe: &Probe<'_>, random: &mut Random, magnitude: u64) -> Tensor {
    const PRIMES: [u64; 8] = [997, 1009, 1013, 1019, 1021, 1031, 1033, 1039];
    let entry = |i: usize| {
        let prime = PRIMES[i % PRIMES.len()];
        let draw = i64::try_from(random.below(2 * prime)).unwrap_or(0) - i64::try_from(prime).unwrap_or(0);
        match probe.domain.room(i, draw > 0) {
            None => Rational::new((draw * i64::try_from(magnitude).unwrap_or(1)).into(), prime.into()),
            Some(room) => room * Rational::new(draw.into(), (2 * prime).into()),
        }
    };
    let values: Vec<Rational> = (0..probe.base.len()).map(entry).collect();
    flat(&values)
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound.max(1)
    }
}
