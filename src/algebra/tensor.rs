//! Exact tensors: numbers over one common denominator, or polynomials.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use num_traits::{One, Signed};

use super::numerators::{Numerators, Store};
use super::{Assignment, Coefficient, Integer, Polynomial, Rational, Shape, Symbol, common_denominator, ratio};

/// A tensor, row-major (channel first), stored as numerators over one positive denominator in the
/// ring's canonical form (for integers: lowest terms): two tensors are equal exactly when their
/// fields are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tensor<C = Integer> {
    shape: Shape,
    /// Shared between copies, which weights have many of.
    numerators: Arc<Store<C>>,
    denominator: Integer,
}

impl<C: Coefficient> Tensor<C> {
    /// `numerators / denominator`, reduced to the canonical form.
    ///
    /// # Panics
    /// If the count of numerators is not the shape's, or the denominator is not positive: both are
    /// mistakes of the calling code, never of a user's file.
    pub fn new(shape: Shape, numerators: Vec<C>, denominator: Integer) -> Tensor<C> {
        Tensor::of_store(shape, Store::Long(numerators), denominator)
    }

    fn of_store(shape: Shape, mut numerators: Store<C>, mut denominator: Integer) -> Tensor<C> {
        assert_eq!(numerators.len(), shape.elements(), "one number per element of {shape}");
        assert!(denominator.is_positive(), "a positive denominator");
        numerators.reduce(&mut denominator);
        Tensor { shape, numerators: Arc::new(numerators), denominator }
    }

    /// A tensor of ring elements.
    pub fn from_integers(shape: Shape, numerators: Vec<C>) -> Tensor<C> {
        Tensor::new(shape, numerators, Integer::one())
    }

    /// Every element 0.
    pub fn zeros(shape: Shape) -> Tensor<C> {
        let numerators = Store::words(vec![0; shape.elements()]);
        Tensor { shape, numerators: Arc::new(numerators), denominator: Integer::one() }
    }

    /// The shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The numerators over [`Tensor::denominator`], row-major.
    pub fn numerators(&self) -> &[C] {
        self.numerators.all()
    }

    /// Some consecutive numerators; for one row of a large matrix, better than all of them.
    pub fn run(&self, range: Range<usize>) -> Cow<'_, [C]> {
        self.numerators.run(range)
    }

    /// The common denominator: positive, in lowest terms with the numerators.
    pub fn denominator(&self) -> &Integer {
        &self.denominator
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.numerators.len()
    }

    /// Never true: a shape has no empty axis. Present because `len` is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bits of the longest numerator or of the denominator, whichever is longer.
    pub fn bits(&self) -> u64 {
        self.numerators.bits().max(self.denominator.bits())
    }

    /// The most terms that an element is written with.
    pub fn terms(&self) -> usize {
        self.numerators.terms()
    }

    /// The bytes that an element takes, as it is kept; an estimate that is rather too high.
    pub fn element_bytes(&self) -> u64 {
        self.numerators.element_bytes()
    }

    /// Whether every element is 0.
    pub fn is_zero(&self) -> bool {
        (0..self.len()).all(|i| self.is_zero_at(i))
    }

    /// Whether one element, by its flat index, is 0.
    pub fn is_zero_at(&self, flat: usize) -> bool {
        self.numerators.is_zero_at(flat)
    }

    /// The number of elements that are not 0.
    pub fn nonzeros(&self) -> usize {
        (0..self.len()).filter(|&i| !self.is_zero_at(i)).count()
    }

    /// The sum over the elements that are not 0 of a weight each; after the last weight comes the first one again.
    pub fn weigh_nonzeros(&self, weights: &[usize]) -> usize {
        self.numerators.weigh(weights)
    }

    /// The numerators over another denominator, which must be a multiple of the tensor's own.
    pub fn numerators_over(&self, denominator: &Integer) -> Vec<C> {
        let factor = denominator / &self.denominator;
        if factor.is_one() { self.numerators.to_vec() } else { self.numerators.times(&factor).to_vec() }
    }

    /// The same elements in another shape of the same size.
    pub fn reshaped(&self, shape: Shape) -> Tensor<C> {
        assert_eq!(shape.elements(), self.len(), "{} to {shape}", self.shape);
        Tensor { shape, numerators: self.numerators.clone(), denominator: self.denominator.clone() }
    }

    /// The tensor whose element i is element `sources[i]`; 0 where there is no source.
    pub fn gather(&self, shape: Shape, source: impl Fn(usize) -> Option<usize>) -> Tensor<C> {
        let numerators = self.numerators.gathered((0..shape.elements()).map(source));
        Tensor::of_store(shape, numerators, self.denominator.clone())
    }

    /// Every element times `factor`.
    pub fn scaled(&self, factor: &Rational) -> Tensor<C> {
        let denominator = &self.denominator * factor.denom();
        if let (true, Some(numbers)) = (factor.numer().is_one(), C::numbers(self))
            && numbers.integers().content(factor.denom()).is_one()
        {
            return Tensor { shape: self.shape.clone(), numerators: self.numerators.clone(), denominator };
        }
        Tensor::of_store(self.shape.clone(), self.numerators.times(factor.numer()), denominator)
    }

    /// The elementwise sum of two tensors of one shape.
    pub fn plus(&self, other: &Tensor<C>) -> Tensor<C> {
        assert_eq!(self.shape, other.shape, "tensors of one shape");
        self.plus_runs(other)
    }

    /// The sum with a tensor each of whose n numbers serves `len / n` consecutive elements.
    pub fn plus_runs(&self, other: &Tensor<C>) -> Tensor<C> {
        let run = self.len() / other.len();
        assert_eq!(run * other.len(), self.len(), "runs of one length");
        let denominator = common_denominator([&self.denominator, &other.denominator]);
        let mut numerators = self.numerators_over(&denominator);
        let others = other.numerators_over(&denominator);
        for (numerators, other) in numerators.chunks_exact_mut(run).zip(&others).filter(|(_, other)| !other.is_zero()) {
            numerators.iter_mut().for_each(|n| *n += other);
        }
        Tensor::new(self.shape.clone(), numerators, denominator)
    }

    /// The elementwise difference of two tensors of one shape.
    pub fn minus(&self, other: &Tensor<C>) -> Tensor<C> {
        assert_eq!(self.shape, other.shape, "tensors of one shape");
        self.plus(&other.scaled(&-Rational::one()))
    }

    /// The elementwise product of two tensors of one shape.
    pub fn times(&self, other: &Tensor<C>) -> Tensor<C> {
        assert_eq!(self.shape, other.shape, "tensors of one shape");
        let product = |(a, b): (&C, &C)| {
            let mut product = C::zero();
            product.add_product(a, b);
            product
        };
        let numerators = self.numerators().iter().zip(other.numerators()).map(product).collect();
        Tensor::new(self.shape.clone(), numerators, &self.denominator * &other.denominator)
    }
}

impl Tensor {
    /// A tensor of `words / denominator`, which keeps machine words: for many numbers, such as weights.
    pub fn from_words(shape: Shape, words: Vec<i64>, denominator: Integer) -> Tensor {
        Tensor::of_store(shape, Store::words(words), denominator)
    }

    /// The numerators as they are kept, row-major.
    pub fn integers(&self) -> Numerators<'_> {
        Numerators::of(&self.numerators)
    }

    /// A tensor of rationals, row-major.
    pub fn from_rationals(shape: Shape, values: &[Rational]) -> Tensor {
        let denominator = common_denominator(values.iter().map(Rational::denom));
        let numerators = values.iter().map(|v| v.numer() * (&denominator / v.denom())).collect();
        Tensor::new(shape, numerators, denominator)
    }

    /// Every element equal to `value`.
    pub fn constant(shape: Shape, value: &Rational) -> Tensor {
        let numerators = vec![value.numer().clone(); shape.elements()];
        Tensor::new(shape, numerators, value.denom().clone())
    }

    /// A scalar: rank 0, one element.
    pub fn scalar(value: &Rational) -> Tensor {
        Tensor::constant(Shape::scalar(), value)
    }

    /// One element, by its flat row-major index.
    pub fn get(&self, flat: usize) -> Rational {
        ratio(self.numerators.one(flat), self.denominator.clone())
    }

    /// All elements, row-major.
    pub fn to_rationals(&self) -> Vec<Rational> {
        (0..self.len()).map(|i| self.get(i)).collect()
    }

    /// Applies `f` to each rational element.
    pub fn map(&self, f: impl Fn(Rational) -> Rational) -> Tensor {
        let values: Vec<Rational> = (0..self.len()).map(|i| f(self.get(i))).collect();
        Tensor::from_rationals(self.shape.clone(), &values)
    }

    /// The same numbers in a larger ring.
    pub fn lifted<C: Coefficient>(&self) -> Tensor<C> {
        let lift = |i| C::lift(&self.numerators.one(i), &self.denominator);
        let numerators = Store::Long((0..self.len()).map(lift).collect());
        let denominator = C::denominator(&self.denominator);
        Tensor { shape: self.shape.clone(), numerators: Arc::new(numerators), denominator }
    }
}

impl Tensor<Polynomial> {
    /// A tensor of free symbols, numbered upwards from `first`.
    pub fn symbols(shape: Shape, first: u32) -> Tensor<Polynomial> {
        let numerators = (first..).take(shape.elements()).map(|i| Polynomial::symbol(Symbol::Free(i))).collect();
        Tensor::from_integers(shape, numerators)
    }

    /// The elements where each free symbol has a value.
    pub fn at(&self, values: &Assignment) -> Tensor<Polynomial> {
        Tensor::from_integers(self.shape.clone(), self.numerators().iter().map(|p| p.at(values)).collect())
    }

    /// Bounds of the elements; `None` if a symbol is free.
    pub fn enclose(&self) -> Option<(Tensor, Tensor)> {
        let bounds: Option<Vec<_>> = self.numerators().iter().map(Polynomial::enclose).collect();
        let (low, high): (Vec<Rational>, Vec<Rational>) = bounds?.into_iter().unzip();
        Some((Tensor::from_rationals(self.shape.clone(), &low), Tensor::from_rationals(self.shape.clone(), &high)))
    }

    /// The numbers, when no symbol occurs.
    pub fn as_numbers(&self) -> Option<Tensor> {
        let numbers: Option<Vec<Rational>> = self.numerators().iter().map(Polynomial::as_constant).collect();
        Some(Tensor::from_rationals(self.shape.clone(), &numbers?))
    }
}
