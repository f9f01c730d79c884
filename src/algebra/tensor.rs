//! Exact tensors: numbers over one common denominator, or polynomials.

use std::sync::Arc;

use num_traits::{One, Signed};

use super::{
    Assignment, Coefficient, Integer, Polynomial, Rational, Shape, Symbol, common_denominator, content, ratio,
};

/// A tensor, row-major (channel first), stored as numerators over one positive denominator in the
/// ring's canonical form (for integers: lowest terms): two tensors are equal exactly when their
/// fields are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tensor<C = Integer> {
    shape: Shape,
    /// Shared between copies, which weights have many of.
    numerators: Arc<Vec<C>>,
    denominator: Integer,
}

impl<C: Coefficient> Tensor<C> {
    /// `numerators / denominator`, reduced to the canonical form.
    ///
    /// # Panics
    /// If the count of numerators is not the shape's, or the denominator is not positive: both are
    /// mistakes of the calling code, never of a user's file.
    pub fn new(shape: Shape, mut numerators: Vec<C>, mut denominator: Integer) -> Tensor<C> {
        assert_eq!(numerators.len(), shape.elements(), "one number per element of {shape}");
        assert!(denominator.is_positive(), "a positive denominator");
        C::reduce(&mut numerators, &mut denominator);
        Tensor { shape, numerators: Arc::new(numerators), denominator }
    }

    /// A tensor of ring elements.
    pub fn from_integers(shape: Shape, numerators: Vec<C>) -> Tensor<C> {
        Tensor::new(shape, numerators, Integer::one())
    }

    /// Every element 0.
    pub fn zeros(shape: Shape) -> Tensor<C> {
        let numerators = vec![C::zero(); shape.elements()];
        Tensor { shape, numerators: Arc::new(numerators), denominator: Integer::one() }
    }

    /// The shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The numerators over [`Tensor::denominator`], row-major.
    pub fn numerators(&self) -> &[C] {
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

    /// The bits of the longest numerator or of the denominator, whichever is longer.
    pub fn bits(&self) -> u64 {
        self.numerators.iter().map(C::bits).fold(self.denominator.bits(), u64::max)
    }

    /// Whether every element is 0.
    pub fn is_zero(&self) -> bool {
        self.numerators.iter().all(C::is_zero)
    }

    /// The numerators over another denominator, which must be a multiple of the tensor's own.
    pub fn numerators_over(&self, denominator: &Integer) -> Vec<C> {
        let factor = denominator / &self.denominator;
        if factor.is_one() {
            self.numerators.to_vec()
        } else {
            self.numerators.iter().map(|n| n.times(&factor)).collect()
        }
    }

    /// The same elements in another shape of the same size.
    pub fn reshaped(&self, shape: Shape) -> Tensor<C> {
        assert_eq!(shape.elements(), self.len(), "{} to {shape}", self.shape);
        Tensor { shape, numerators: self.numerators.clone(), denominator: self.denominator.clone() }
    }

    /// The tensor whose element i is element `sources[i]`; 0 where there is no source.
    pub fn gather(&self, shape: Shape, source: impl Fn(usize) -> Option<usize>) -> Tensor<C> {
        let element = |i| source(i).map_or_else(C::zero, |from| self.numerators[from].clone());
        let numerators = (0..shape.elements()).map(element).collect();
        Tensor::new(shape, numerators, self.denominator.clone())
    }

    /// Every element times `factor`.
    pub fn scaled(&self, factor: &Rational) -> Tensor<C> {
        if let (true, Some(numbers)) = (factor.numer().is_one(), C::numbers(self))
            && content(numbers.numerators(), factor.denom()).is_one()
        {
            let denominator = &self.denominator * factor.denom();
            return Tensor { shape: self.shape.clone(), numerators: self.numerators.clone(), denominator };
        }
        let numerators = self.numerators.iter().map(|n| n.times(factor.numer())).collect();
        Tensor::new(self.shape.clone(), numerators, &self.denominator * factor.denom())
    }

    /// The elementwise sum of two tensors of one shape.
    pub fn plus(&self, other: &Tensor<C>) -> Tensor<C> {
        self.combine(other, |a, b| {
            let mut sum = a.clone();
            sum += b;
            sum
        })
    }

    /// The elementwise difference of two tensors of one shape.
    pub fn minus(&self, other: &Tensor<C>) -> Tensor<C> {
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
        let numerators = self.numerators.iter().zip(other.numerators.iter()).map(product).collect();
        Tensor::new(self.shape.clone(), numerators, &self.denominator * &other.denominator)
    }

    fn combine(&self, other: &Tensor<C>, f: impl Fn(&C, &C) -> C) -> Tensor<C> {
        assert_eq!(self.shape, other.shape, "tensors of one shape");
        let denominator = common_denominator([&self.denominator, &other.denominator]);
        let left = self.numerators_over(&denominator);
        let right = other.numerators_over(&denominator);
        let numerators = left.iter().zip(&right).map(|(a, b)| f(a, b)).collect();
        Tensor::new(self.shape.clone(), numerators, denominator)
    }
}

impl Tensor {
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
        ratio(self.numerators[flat].clone(), self.denominator.clone())
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
        let numerators = self.numerators.iter().map(|n| C::lift(n, &self.denominator)).collect();
        Tensor {
            shape: self.shape.clone(),
            numerators: Arc::new(numerators),
            denominator: C::denominator(&self.denominator),
        }
    }
}

impl Tensor<Polynomial> {
    /// A tensor of free symbols, numbered upwards from `first`.
    pub fn symbols(shape: Shape, first: u32) -> Tensor<Polynomial> {
        let numerators = (first..).take(shape.elements()).map(|i| Polynomial::symbol(Symbol::Free(i))).collect();
        Tensor { shape, numerators: Arc::new(numerators), denominator: Integer::one() }
    }

    /// The elements where each free symbol has a value.
    pub fn at(&self, values: &Assignment) -> Tensor<Polynomial> {
        let numerators = self.numerators.iter().map(|p| p.at(values)).collect();
        Tensor { shape: self.shape.clone(), numerators: Arc::new(numerators), denominator: Integer::one() }
    }

    /// Bounds of the elements; `None` if a symbol is free.
    pub fn enclose(&self) -> Option<(Tensor, Tensor)> {
        let bounds: Option<Vec<_>> = self.numerators.iter().map(Polynomial::enclose).collect();
        let (low, high): (Vec<Rational>, Vec<Rational>) = bounds?.into_iter().unzip();
        Some((Tensor::from_rationals(self.shape.clone(), &low), Tensor::from_rationals(self.shape.clone(), &high)))
    }

    /// The numbers, when no symbol occurs.
    pub fn as_numbers(&self) -> Option<Tensor> {
        let numbers: Option<Vec<Rational>> = self.numerators.iter().map(Polynomial::as_constant).collect();
        Some(Tensor::from_rationals(self.shape.clone(), &numbers?))
    }
}
