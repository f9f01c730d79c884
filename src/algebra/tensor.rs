//! Exact tensors: integers over one common denominator.

use num_traits::{One, Signed, Zero};

use super::{Integer, Rational, Shape, common_denominator, content, ratio};

/// A tensor over ℚ, row-major (channel first), stored as integers over one positive denominator
/// in lowest terms: two tensors are equal exactly when their fields are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tensor {
    shape: Shape,
    numerators: Vec<Integer>,
    denominator: Integer,
}

impl Tensor {
    /// `numerators / denominator`, reduced to lowest terms.
    ///
    /// # Panics
    /// If the count of numerators is not the shape's, or the denominator is not positive: both are
    /// mistakes of the calling code, never of a user's file.
    pub fn new(shape: Shape, mut numerators: Vec<Integer>, mut denominator: Integer) -> Tensor {
        assert_eq!(numerators.len(), shape.elements(), "one number per element of {shape}");
        assert!(denominator.is_positive(), "a positive denominator");
        let gcd = content(&numerators, &denominator);
        if !gcd.is_one() {
            numerators.iter_mut().filter(|n| !n.is_zero()).for_each(|n| *n /= &gcd);
            denominator /= &gcd;
        }
        Tensor { shape, numerators, denominator }
    }

    /// A tensor of integers.
    pub fn from_integers(shape: Shape, numerators: Vec<Integer>) -> Tensor {
        Tensor::new(shape, numerators, Integer::one())
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

    /// Every element 0.
    pub fn zeros(shape: Shape) -> Tensor {
        let numerators = vec![Integer::zero(); shape.elements()];
        Tensor { shape, numerators, denominator: Integer::one() }
    }

    /// A scalar: rank 0, one element.
    pub fn scalar(value: &Rational) -> Tensor {
        Tensor::constant(Shape::scalar(), value)
    }

    /// The shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The integers over [`Tensor::denominator`], row-major.
    pub fn numerators(&self) -> &[Integer] {
        &self.numerators
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
        self.numerators.is_empty()
    }

    /// One element, by its flat row-major index.
    pub fn get(&self, flat: usize) -> Rational {
        ratio(self.numerators[flat].clone(), self.denominator.clone())
    }

    /// All elements, row-major.
    pub fn to_rationals(&self) -> Vec<Rational> {
        (0..self.len()).map(|i| self.get(i)).collect()
    }

    /// The bits of the longest numerator or of the denominator, whichever is longer.
    pub fn bits(&self) -> u64 {
        self.numerators.iter().map(Integer::bits).fold(self.denominator.bits(), u64::max)
    }

    /// Whether every element is 0.
    pub fn is_zero(&self) -> bool {
        self.numerators.iter().all(Zero::is_zero)
    }

    /// The numerators over another denominator, which must be a multiple of the tensor's own.
    pub fn numerators_over(&self, denominator: &Integer) -> Vec<Integer> {
        let factor = denominator / &self.denominator;
        if factor.is_one() { self.numerators.clone() } else { self.numerators.iter().map(|n| n * &factor).collect() }
    }

    /// The same elements in another shape of the same size.
    pub fn reshaped(&self, shape: Shape) -> Tensor {
        assert_eq!(shape.elements(), self.len(), "{} to {shape}", self.shape);
        Tensor { shape, numerators: self.numerators.clone(), denominator: self.denominator.clone() }
    }

    /// Applies `f` to each rational element.
    pub fn map(&self, f: impl Fn(Rational) -> Rational) -> Tensor {
        let values: Vec<Rational> = (0..self.len()).map(|i| f(self.get(i))).collect();
        Tensor::from_rationals(self.shape.clone(), &values)
    }

    /// Every element times `factor`.
    pub fn scaled(&self, factor: &Rational) -> Tensor {
        let numerators = self.numerators.iter().map(|n| n * factor.numer()).collect();
        Tensor::new(self.shape.clone(), numerators, &self.denominator * factor.denom())
    }

    /// The elementwise sum of two tensors of one shape.
    pub fn plus(&self, other: &Tensor) -> Tensor {
        self.combine(other, |a, b| a + b)
    }

    /// The elementwise difference of two tensors of one shape.
    pub fn minus(&self, other: &Tensor) -> Tensor {
        self.combine(other, |a, b| a - b)
    }

    fn combine(&self, other: &Tensor, f: impl Fn(&Integer, &Integer) -> Integer) -> Tensor {
        assert_eq!(self.shape, other.shape, "tensors of one shape");
        let denominator = common_denominator([&self.denominator, &other.denominator]);
        let left = self.numerators_over(&denominator);
        let right = other.numerators_over(&denominator);
        let numerators = left.iter().zip(&right).map(|(a, b)| f(a, b)).collect();
        Tensor::new(self.shape.clone(), numerators, denominator)
    }
}
