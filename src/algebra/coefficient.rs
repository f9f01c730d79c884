//! The rings that weights come from.

use std::fmt::Debug;
use std::hash::Hash;
use std::ops::AddAssign;

use num_traits::{One, Zero};
use rayon::prelude::*;

use super::{Integer, Polynomial, Rational, Scalar, Tensor, common_denominator, content};

/// A commutative ring over ℤ: what the entries of tensors, operators and matrices are made of.
///
/// [`Integer`]s are the numerators of exact numbers over one common denominator. [`Polynomial`]s
/// are weights that are not known; they carry their own denominators, and the common one is 1.
pub trait Coefficient:
    Clone + Debug + Eq + Hash + Send + Sync + Zero + One + for<'a> AddAssign<&'a Self> + From<Integer> + 'static
{
    /// What a product costs, beside one of integers.
    const PRODUCT_COST: usize;

    /// Adds a product.
    fn add_product(&mut self, a: &Self, b: &Self);

    /// The product with an integer.
    fn times(&self, factor: &Integer) -> Self;

    /// Brings numerators over a positive denominator into the ring's canonical form.
    fn reduce(numerators: &mut [Self], denominator: &mut Integer);

    /// `numerator / denominator` as numbers over one denominator of this ring: for integers the
    /// numerator itself, whose denominator the caller keeps.
    fn lift(numerator: &Integer, denominator: &Integer) -> Self;

    /// The common denominator that [`Coefficient::lift`] leaves over.
    fn denominator(denominator: &Integer) -> Integer;

    /// The tensor itself, where its elements are numbers.
    fn numbers(tensor: &Tensor<Self>) -> Option<&Tensor>;

    /// Bounds of the elements; `None` where a symbol is free.
    fn bounds(tensor: &Tensor<Self>) -> Option<(Tensor, Tensor)>;

    /// The bits of its longest number.
    fn bits(&self) -> u64;

    /// The number of terms that it is written with.
    fn terms(&self) -> usize;

    /// What a numerator over the common denominator stands for.
    type Value: Scalar;

    /// `self / denominator`.
    fn value(&self, denominator: &Integer) -> Self::Value;

    /// Values as numerators over their least common denominator.
    fn over_common(values: &[Self::Value]) -> (Vec<Self>, Integer);
}

impl Coefficient for Integer {
    const PRODUCT_COST: usize = 1;

    fn add_product(&mut self, a: &Integer, b: &Integer) {
        *self += a * b;
    }

    fn times(&self, factor: &Integer) -> Integer {
        self * factor
    }

    fn reduce(numerators: &mut [Integer], denominator: &mut Integer) {
        let gcd = content(&*numerators, denominator);
        if !gcd.is_one() {
            numerators.par_iter_mut().with_min_len(1024).filter(|n| !n.is_zero()).for_each(|n| *n /= &gcd);
            *denominator /= &gcd;
        }
    }

    fn lift(numerator: &Integer, _: &Integer) -> Integer {
        numerator.clone()
    }

    fn denominator(denominator: &Integer) -> Integer {
        denominator.clone()
    }

    fn numbers(tensor: &Tensor) -> Option<&Tensor> {
        Some(tensor)
    }

    fn bounds(tensor: &Tensor) -> Option<(Tensor, Tensor)> {
        Some((tensor.clone(), tensor.clone()))
    }

    fn bits(&self) -> u64 {
        Integer::bits(self)
    }

    fn terms(&self) -> usize {
        1
    }

    type Value = Rational;

    fn value(&self, denominator: &Integer) -> Rational {
        super::ratio(self.clone(), denominator.clone())
    }

    fn over_common(values: &[Rational]) -> (Vec<Integer>, Integer) {
        let denominator = common_denominator(values.iter().map(Rational::denom));
        (values.iter().map(|v| v.numer() * (&denominator / v.denom())).collect(), denominator)
    }
}

impl Coefficient for Polynomial {
    const PRODUCT_COST: usize = 32;

    fn add_product(&mut self, a: &Polynomial, b: &Polynomial) {
        Polynomial::add_product(self, a, b);
    }

    fn times(&self, factor: &Integer) -> Polynomial {
        self.scaled(&Rational::from_integer(factor.clone()))
    }

    fn reduce(numerators: &mut [Polynomial], denominator: &mut Integer) {
        if !denominator.is_one() {
            let factor = Rational::new(Integer::one(), std::mem::replace(denominator, One::one()));
            numerators.iter_mut().for_each(|n| *n = n.scaled(&factor));
        }
    }

    fn lift(numerator: &Integer, denominator: &Integer) -> Polynomial {
        Polynomial::constant(super::ratio(numerator.clone(), denominator.clone()))
    }

    fn denominator(_: &Integer) -> Integer {
        One::one()
    }

    fn numbers(_: &Tensor<Polynomial>) -> Option<&Tensor> {
        None
    }

    fn bounds(tensor: &Tensor<Polynomial>) -> Option<(Tensor, Tensor)> {
        tensor.enclose()
    }

    fn bits(&self) -> u64 {
        Polynomial::bits(self)
    }

    fn terms(&self) -> usize {
        Polynomial::terms(self).len()
    }

    type Value = Polynomial;

    fn value(&self, denominator: &Integer) -> Polynomial {
        if denominator.is_one() { self.clone() } else { self.scaled(&Rational::new(One::one(), denominator.clone())) }
    }

    fn over_common(values: &[Polynomial]) -> (Vec<Polynomial>, Integer) {
        (values.to_vec(), One::one())
    }
}
