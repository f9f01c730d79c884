//! Displacements and directions worth trying, simplest first. Deterministic.

use num_traits::Zero;

use super::cone::LARGE;
use super::{Effort, Probe, Witness, flat, line, one};
use crate::algebra::{Integer, Random, Rational, Tensor, Work};

/// Entries that are tried one by one; larger inputs are sampled evenly.
const SINGLES: usize = 32;

/// Of a large network, one entry up and down, whatever it takes: three evaluations show most kinks.
pub(super) fn first(probe: &mut Probe<'_>, effort: &Effort) -> Option<Witness> {
    if effort.lines || probe.evaluator.price() < LARGE {
        return None;
    }
    let middle = probe.base.len() / 2;
    let (up, down) = (unit(probe, middle, true), unit(probe, middle, false));
    probe.confirm(&up, &down)
}

/// Pairs of displacements: unit vectors, constants, small random integers, then generic rationals.
pub(super) fn pairs(probe: &mut Probe<'_>) -> Option<Witness> {
    let n = probe.base.len();
    let singles = sample(n, SINGLES);
    for &i in &singles {
        if !affordable(&probe.work, probe) {
            return None;
        }
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
                if !affordable(&probe.work, probe) {
                    return None;
                }
                let (x, y) = (unit(probe, i, a), unit(probe, j, b));
                if let Some(found) = probe.test(&x, &y) {
                    return Some(found);
                }
            }
        }
    }
    let mut random = Random::new(1);
    for round in 0..48_usize {
        if !affordable(&probe.work, probe) {
            return None;
        }
        let magnitude = [1, 1, 2, 5, 25, 1000][round % 6];
        let sparse = round % 3 == 1;
        let (x, y) = (integers(probe, &mut random, magnitude, sparse), integers(probe, &mut random, magnitude, sparse));
        let opposite = x.scaled(&-one());
        if let Some(found) = probe.test(&x, &y).or_else(|| probe.test(&x, &opposite)) {
            return Some(found);
        }
    }
    for magnitude in [1, 10, 1000] {
        if !affordable(&probe.work, probe) {
            return None;
        }
        let (x, y) = (generic(probe, &mut random, magnitude), generic(probe, &mut random, magnitude));
        if let Some(found) = probe.test(&x, &y) {
            return Some(found);
        }
    }
    None
}

/// Whether another candidate may be made; pays for its entries.
fn affordable(work: &Work, probe: &Probe<'_>) -> bool {
    !work.is_exhausted() && work.pay(16 * probe.base.len() as u64)
}

/// Lines from the base point: along the axes, the diagonals, and random directions.
pub(super) fn lines(probe: &mut Probe<'_>, breakpoints: usize) -> Option<Witness> {
    let n = probe.base.len();
    let mut random = Random::new(2);
    let axes = sample(n, 16).into_iter().flat_map(|i| [Direction::Axis(i, true), Direction::Axis(i, false)]);
    let diagonals = [Direction::Diagonal(true), Direction::Diagonal(false)];
    for direction in axes.chain(diagonals).chain((0..16).map(|k| Direction::Random(k % 2 == 0))) {
        if !affordable(&probe.work, probe) {
            return None;
        }
        let direction = match direction {
            Direction::Axis(i, up) => unit(probe, i, up),
            Direction::Diagonal(up) => flat(&vec![if up { one() } else { -one() }; n]),
            Direction::Random(sparse) => integers(probe, &mut random, 7, sparse),
        };
        let found = line::follow(probe, &direction, breakpoints);
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Where a line goes.
enum Direction {
    Axis(usize, bool),
    Diagonal(bool),
    /// Sparse or not.
    Random(bool),
}

/// Tries single points until one gives something: the base, steps along single entries, integers of
/// growing size, generic rationals.
pub(super) fn points<T>(probe: &Probe<'_>, work: &Work, mut test: impl FnMut(&Tensor) -> Option<T>) -> Option<T> {
    let mut try_step = |step: &Tensor| {
        let point = probe.base.plus(step);
        if probe.domain.contains(&point) { test(&point) } else { None }
    };
    if let Some(found) = try_step(&Tensor::zeros(probe.base.shape().clone())) {
        return Some(found);
    }
    for (i, up) in sample(probe.base.len(), SINGLES).into_iter().flat_map(|i| [(i, true), (i, false)]) {
        let found = if affordable(work, probe) { try_step(&unit(probe, i, up)) } else { return None };
        if found.is_some() {
            return found;
        }
    }
    let mut random = Random::new(3);
    for round in 0..96_usize {
        if !affordable(work, probe) {
            return None;
        }
        let magnitude = [1, 2, 5, 25, 1000, 100_000][round % 6];
        let step = integers(probe, &mut random, magnitude, round % 3 == 1);
        let found = try_step(&step).or_else(|| try_step(&generic(probe, &mut random, magnitude)));
        if found.is_some() {
            return found;
        }
    }
    None
}

/// `count` indices below n, evenly spread, in an order that touches every part early.
fn sample(n: usize, count: usize) -> Vec<usize> {
    if n <= count { (0..n).collect() } else { (0..count).map(|k| k * 13 % count * n / count).collect() }
}

/// A step of one entry: 1, or half of the room that the domain leaves.
fn unit(probe: &Probe<'_>, i: usize, up: bool) -> Tensor {
    let length = probe.domain.room(i, up).map_or_else(one, |room| (room / Rational::from_integer(2.into())).min(one()));
    let mut numerators = vec![Integer::zero(); probe.base.len()];
    numerators[i] = if up { length.numer().clone() } else { -length.numer() };
    Tensor::new(probe.base.shape().clone(), numerators, length.denom().clone())
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
