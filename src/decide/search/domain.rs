//! The box of a network's inputs.

use num_traits::{One, Signed, Zero};

use super::flat;
use crate::algebra::{Rational, Tensor};
use crate::network::Network;

/// The box of a network's inputs.
#[derive(Clone, Debug)]
pub struct Domain {
    /// One entry an input entry.
    bounds: Vec<Option<(Rational, Rational)>>,
    /// Whether any entry is bounded.
    bounded: bool,
}

impl Domain {
    /// The declared domain of a network.
    pub fn of(network: &Network) -> Domain {
        let entries = network.inputs.iter().flat_map(|i| std::iter::repeat_n(i.domain.clone(), i.shape.elements()));
        Domain { bounds: entries.collect(), bounded: network.inputs.iter().any(|i| i.domain.is_some()) }
    }

    /// The point of the domain nearest to zero.
    pub fn base(&self) -> Tensor {
        let clamp = |bound: &Option<(Rational, Rational)>| match bound {
            None => Rational::zero(),
            Some((low, high)) => Rational::zero().max(low.clone()).min(high.clone()),
        };
        let values: Vec<Rational> = self.bounds.iter().map(clamp).collect();
        flat(&values)
    }

    /// The interval of each input entry; `None` is all of ℚ.
    pub fn bounds(&self) -> &[Option<(Rational, Rational)>] {
        &self.bounds
    }

    /// The middle of each bounded entry, 1 elsewhere.
    pub fn middle(&self) -> Tensor {
        let two = Rational::from_integer(2.into());
        let entry = |bound: &Option<(Rational, Rational)>| match bound {
            None => Rational::one(),
            Some((low, high)) => (low + high) / &two,
        };
        let values: Vec<Rational> = self.bounds.iter().map(entry).collect();
        flat(&values)
    }

    /// Whether a point lies in it.
    pub fn contains(&self, point: &Tensor) -> bool {
        let denominator = point.denominator();
        let inside = |(n, bound): (_, &Option<(Rational, Rational)>)| match bound {
            None => true,
            Some((low, high)) => {
                n * low.denom() >= low.numer() * denominator && n * high.denom() <= high.numer() * denominator
            }
        };
        !self.bounded || point.numerators().iter().zip(&self.bounds).all(inside)
    }

    /// Whether entry `i` has only one value.
    pub fn is_pinned(&self, i: usize) -> bool {
        self.bounds[i].as_ref().is_some_and(|(low, high)| low == high)
    }

    /// The base point with entry `i` moved: by 1, or half of the room that there is.
    pub fn step(&self, i: usize) -> Tensor {
        let mut values = self.base().to_rationals();
        let half = |room: Rational| (room / Rational::from_integer(2.into())).min(Rational::one());
        let (up, down) = (self.room(i, true).map(half), self.room(i, false).map(half));
        match (up, down) {
            (Some(up), Some(down)) if up.is_zero() => values[i] -= down,
            (Some(up), _) if !up.is_zero() => values[i] += up,
            _ => values[i] += Rational::one(),
        }
        flat(&values)
    }

    /// How far entry `i` can go up or down from the base point; `None` is without end.
    pub fn room(&self, i: usize, up: bool) -> Option<Rational> {
        let (low, high) = self.bounds[i].as_ref()?;
        let base = Rational::zero().max(low.clone()).min(high.clone());
        Some(if up { high - base } else { base - low })
    }

    /// The largest t with base + t·direction in the domain; `None` is without end.
    pub(super) fn reach(&self, direction: &Tensor) -> Option<Rational> {
        let limit = |i: usize| {
            let step = direction.get(i);
            let room = self.room(i, step.is_positive())?;
            (!step.is_zero()).then(|| room / step.abs())
        };
        (0..direction.len()).filter_map(limit).min()
    }
}
