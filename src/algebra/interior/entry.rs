//! Integers that dictionaries are made of: machine words, or of any size.

use std::cmp::Ordering;

use num_traits::{One, ToPrimitive, Zero};

use crate::algebra::Integer;

/// An integer type of a dictionary; `None` where a number does not fit.
pub(super) trait Entry: Clone + PartialOrd + Zero + One {
    /// What a multiplication costs beside one of machine words.
    const COST: u64;

    fn of(n: &Integer) -> Option<Self>;
    fn to_integer(&self) -> Integer;
    fn negated(&self) -> Self;
    fn difference(&self, other: &Self) -> Option<Self>;
    /// The machine words that it takes.
    fn words(&self) -> u64;
    /// (a·b − c·d) / e, which is exact.
    fn cross(a: &Self, b: &Self, c: &Self, d: &Self, e: &Self) -> Option<Self>;
    /// a/b against c/d, for positive b and d.
    fn compare(a: &Self, b: &Self, c: &Self, d: &Self) -> Option<Ordering>;
}

impl Entry for i128 {
    const COST: u64 = 1;

    fn of(n: &Integer) -> Option<i128> {
        n.to_i128()
    }

    fn to_integer(&self) -> Integer {
        Integer::from(*self)
    }

    fn negated(&self) -> i128 {
        -self
    }

    fn difference(&self, other: &i128) -> Option<i128> {
        self.checked_sub(*other).filter(|n| *n != i128::MIN)
    }

    fn cross(a: &i128, b: &i128, c: &i128, d: &i128, e: &i128) -> Option<i128> {
        Some(a.checked_mul(*b)?.checked_sub(c.checked_mul(*d)?)? / e).filter(|n| *n != i128::MIN)
    }

    fn words(&self) -> u64 {
        1
    }

    fn compare(a: &i128, b: &i128, c: &i128, d: &i128) -> Option<Ordering> {
        Some(a.checked_mul(*d)?.cmp(&c.checked_mul(*b)?))
    }
}

impl Entry for Integer {
    const COST: u64 = 16;

    fn of(n: &Integer) -> Option<Integer> {
        Some(n.clone())
    }

    fn to_integer(&self) -> Integer {
        self.clone()
    }

    fn negated(&self) -> Integer {
        -self
    }

    fn difference(&self, other: &Integer) -> Option<Integer> {
        Some(self - other)
    }

    fn cross(a: &Integer, b: &Integer, c: &Integer, d: &Integer, e: &Integer) -> Option<Integer> {
        if (a.is_zero() || b.is_zero()) && (c.is_zero() || d.is_zero()) {
            return Some(Integer::zero());
        }
        Some((a * b - c * d) / e)
    }

    fn words(&self) -> u64 {
        1 + self.bits() / 64
    }

    fn compare(a: &Integer, b: &Integer, c: &Integer, d: &Integer) -> Option<Ordering> {
        Some((a * d).cmp(&(c * b)))
    }
}
