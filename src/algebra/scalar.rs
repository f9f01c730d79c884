//! The numbers that affine forms are made of: rationals, or polynomials in symbols.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::Hash;

use num_traits::{One, Signed, Zero};

use super::enclose::Bounds;
use super::{Monomial, Polynomial, Rational, Symbol};

/// An exact number, known or depending on symbols.
pub trait Scalar: Clone + Debug + Eq + Hash + Send + Sync + Zero + One + From<Rational> + 'static {
    /// Adds a product.
    fn add_product(&mut self, a: &Self, b: &Self);

    /// The product with a number.
    fn scaled(&self, factor: &Rational) -> Self;

    /// A number whose sign orders differences: lead(a − b) > 0, = 0 or < 0. The order is total, and
    /// adding to both sides, or scaling both by a positive number, does not change it.
    fn lead(&self) -> Rational;

    /// Bounds that hold for all values of the symbols, where they are known; equal for a rational.
    fn enclose(&self) -> Option<Bounds>;

    /// The number, when no symbol occurs.
    fn as_number(&self) -> Option<Rational>;

    /// The work of an operation with it, in word operations.
    fn cost(&self) -> usize;

    /// The largest monomial that divides it; `None` for 0.
    fn monomial_factor(&self) -> Option<Monomial>;

    /// The quotient by a monomial that divides it.
    fn over(&self, divisor: &Monomial) -> Self;

    /// A monomial, which is 1 where there are no symbols.
    fn from_monomial(monomial: Monomial) -> Self;

    /// The same as a polynomial.
    fn to_polynomial(&self) -> Polynomial;

    /// The sign, where it is the same for all values of the symbols.
    fn sign(&self) -> Option<Ordering> {
        if self.is_zero() {
            return Some(Ordering::Equal);
        }
        let (low, high) = self.enclose()?;
        match (low.is_positive(), high.is_negative()) {
            (true, _) => Some(Ordering::Greater),
            (_, true) => Some(Ordering::Less),
            _ => None,
        }
    }

    /// Whether it is certainly at least 0, when these symbols are.
    fn is_nonnegative(&self, nonnegative: &BTreeSet<Symbol>) -> bool;

    /// The sum.
    fn plus(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        sum.add_product(other, &Self::one());
        sum
    }
}

/// What an operation with a rational costs: more where it is long, because the greatest common
/// divisors take the square of its length.
fn cost(number: &Rational) -> usize {
    let words = (number.numer().bits() + number.denom().bits()) / 128;
    usize::try_from(words.saturating_mul(words)).map_or(usize::MAX, |cost| cost.saturating_add(1))
}

impl Scalar for Rational {
    fn add_product(&mut self, a: &Rational, b: &Rational) {
        *self += a * b;
    }

    fn scaled(&self, factor: &Rational) -> Rational {
        self * factor
    }

    fn lead(&self) -> Rational {
        self.clone()
    }

    fn enclose(&self) -> Option<Bounds> {
        Some((self.clone(), self.clone()))
    }

    fn as_number(&self) -> Option<Rational> {
        Some(self.clone())
    }

    fn cost(&self) -> usize {
        cost(self)
    }

    fn monomial_factor(&self) -> Option<Monomial> {
        (!self.is_zero()).then(Monomial::default)
    }

    fn over(&self, _: &Monomial) -> Rational {
        self.clone()
    }

    fn from_monomial(_: Monomial) -> Rational {
        Rational::one()
    }

    fn to_polynomial(&self) -> Polynomial {
        Polynomial::constant(self.clone())
    }

    fn is_nonnegative(&self, _: &BTreeSet<Symbol>) -> bool {
        !self.is_negative()
    }
}

impl Scalar for Polynomial {
    fn add_product(&mut self, a: &Polynomial, b: &Polynomial) {
        Polynomial::add_product(self, a, b);
    }

    fn scaled(&self, factor: &Rational) -> Polynomial {
        Polynomial::scaled(self, factor)
    }

    fn lead(&self) -> Rational {
        Polynomial::lead(self)
    }

    fn enclose(&self) -> Option<Bounds> {
        Polynomial::enclose(self)
    }

    fn as_number(&self) -> Option<Rational> {
        self.as_constant()
    }

    fn cost(&self) -> usize {
        self.terms().iter().map(|(m, c)| m.powers().len() + cost(c)).sum::<usize>() + 1
    }

    fn monomial_factor(&self) -> Option<Monomial> {
        Some(self.factors()?.1)
    }

    fn over(&self, divisor: &Monomial) -> Polynomial {
        Polynomial::over(self, divisor)
    }

    fn from_monomial(monomial: Monomial) -> Polynomial {
        Polynomial::from_monomial(monomial)
    }

    fn to_polynomial(&self) -> Polynomial {
        self.clone()
    }

    fn is_nonnegative(&self, nonnegative: &BTreeSet<Symbol>) -> bool {
        let certain = |m: &Monomial| m.nonnegative_part(nonnegative) == *m;
        self.terms().iter().all(|(m, c)| c.is_positive() && certain(m))
            || self.sign().is_some_and(|sign| sign != Ordering::Less)
    }
}

impl Monomial {
    /// The largest divisor that is nowhere negative, when the symbols in `nonnegative` are not:
    /// even powers, and any power of those and of roots.
    pub fn nonnegative_part(&self, nonnegative: &BTreeSet<Symbol>) -> Monomial {
        let certain = |s: &Symbol| matches!(s, Symbol::Root(_)) || nonnegative.contains(s);
        self.map_exponents(|s, e| if certain(&s) { e } else { e - e % 2 })
    }
}
