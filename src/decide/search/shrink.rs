//! Shrinking: a witness that a person can follow by hand. It stays a witness at every step.

use num_traits::{Signed, Zero};

use super::cone::LARGE;
use super::{Probe, Witness, flat, one};
use crate::algebra::{Rational, Tensor, Work};

/// Tests spent on one witness.
const TESTS: usize = 1500;

/// Work that shrinking may take, whatever is left of the search's.
const ALLOWANCE: u64 = 40_000_000;

struct Shrinker<'p, 'n> {
    probe: &'p mut Probe<'n>,
    best: Witness,
    left: usize,
}

/// Fewer nonzero entries first, then simpler numbers.
pub(super) fn shrink(probe: &mut Probe<'_>, witness: Witness) -> Witness {
    let is_unit = |t: &Tensor| {
        let values = t.to_rationals();
        let mut nonzero = values.iter().filter(|v| !v.is_zero());
        nonzero.next().is_some_and(|v| v.abs() == one()) && nonzero.next().is_none()
    };
    // One entry each: as short as can be; a large network is not evaluated again for a nicer sign.
    if probe.evaluator.price() >= LARGE && is_unit(&witness.x) && is_unit(&witness.y) {
        return witness;
    }
    // Shrinking has an allowance of its own, so that a long search does not leave an ugly witness.
    probe.work = Work::new(probe.work.left().max(ALLOWANCE));
    let tried = probe.tried;
    let mut shrinker = Shrinker { probe, best: witness, left: TESTS };
    shrinker.zero_out();
    shrinker.simplify();
    shrinker.zero_out();
    let best = shrinker.best;
    probe.tried = tried;
    best
}

impl Shrinker<'_, '_> {
    /// Replaces the witness by these displacements if they are one too.
    fn accept(&mut self, x: Tensor, y: Tensor) -> bool {
        if self.left == 0 || self.probe.work.is_exhausted() {
            return false;
        }
        self.left -= 1;
        match self.probe.test(&x, &y) {
            Some(found) => {
                self.best = found;
                true
            }
            None => false,
        }
    }

    fn pair(&self) -> [Vec<Rational>; 2] {
        [self.best.x.to_rationals(), self.best.y.to_rationals()]
    }

    /// Sets runs of entries to zero: halves of the support, then quarters, down to single entries.
    fn zero_out(&mut self) {
        for which in 0..2 {
            let mut run = support(&self.pair()[which]).len().div_ceil(2);
            while run > 0 {
                let mut from = 0;
                loop {
                    let mut pair = self.pair();
                    let support = support(&pair[which]);
                    if from >= support.len() || support.len() <= 1 {
                        break;
                    }
                    let removed = &support[from..(from + run).min(support.len())];
                    removed.iter().for_each(|&i| pair[which][i] = Rational::zero());
                    if !self.accept(flat(&pair[0]), flat(&pair[1])) {
                        from += run;
                    }
                }
                run /= 2;
            }
        }
    }

    /// Replaces numbers by simpler ones, and y by ±x.
    fn simplify(&mut self) {
        for factor in [one(), -one()] {
            let (x, y) = (self.best.x.clone(), self.best.x.scaled(&factor));
            if support(&self.pair()[1]).len() >= support(&self.pair()[0]).len() && self.best.y != y && self.accept(x, y)
            {
                break;
            }
        }
        for which in 0..2 {
            for i in support(&self.pair()[which]) {
                let current = self.pair()[which][i].clone();
                for simpler in simpler_than(&current) {
                    let mut pair = self.pair();
                    pair[which][i] = simpler;
                    if self.accept(flat(&pair[0]), flat(&pair[1])) {
                        break;
                    }
                }
            }
        }
    }
}

fn support(values: &[Rational]) -> Vec<usize> {
    (0..values.len()).filter(|&i| !values[i].is_zero()).collect()
}

/// Simpler numbers, simplest first: small integers, simple fractions, then roundings.
fn simpler_than(value: &Rational) -> Vec<Rational> {
    let integer = |n: i64| Rational::from_integer(n.into());
    let mut found: Vec<Rational> = [1, -1, 2, -2, 3, -3].into_iter().map(integer).collect();
    found.extend([(1, 2), (-1, 2), (1, 4), (-1, 4)].map(|(n, d)| Rational::new(n.into(), d.into())));
    found.extend([5, 10, 100, 1000, 10_000, 100_000].into_iter().flat_map(|n| [integer(n), integer(-n)]));
    let (floor, ceil) = (value.floor(), value.ceil());
    found.extend([ceil.clone() + one(), ceil, floor.clone(), floor - one()]);
    let size = |v: &Rational| v.numer().abs().bits() + 2 * v.denom().bits();
    let limit = size(value);
    found.retain(|v| !v.is_zero() && (size(v) < limit || (size(v) == limit && v.abs() < value.abs())));
    found
}
