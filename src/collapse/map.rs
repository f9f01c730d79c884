//! The one affine map that a stack is.

use num_integer::Integer as _;
use num_traits::Signed;

use super::hash::Hash;
use crate::algebra::{Coefficient, Integer, Matrix, Rational, Tensor, ratio};

/// An exact affine map f(x) = Mx + b between flat vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AffineMap<C = Integer> {
    /// M: one row an output entry, one column an input entry (all inputs concatenated).
    pub matrix: Matrix<C>,
    /// b, of the output's shape.
    pub bias: Tensor<C>,
}

impl<C: Coefficient> AffineMap<C> {
    /// The same map on the inputs whose entry `entry` is `value` ≠ 0, without a constant: b moves
    /// into that entry's column.
    pub fn with_constant_in(&self, entry: usize, value: &Rational) -> AffineMap<C> {
        let bias = self.bias.scaled(&value.recip());
        let denominator = self.matrix.denominator().lcm(bias.denominator());
        let factor = &denominator / self.matrix.denominator();
        let constants = bias.numerators_over(&denominator);
        let row = |(r, constant): (usize, C)| {
            let entries = self.matrix.row(r).map(|(c, n)| (c, n.times(&factor)));
            entries.chain([(entry, constant)]).collect()
        };
        let rows = constants.into_iter().enumerate().map(row).collect();
        let matrix = Matrix::from_rows(self.matrix.columns(), rows, denominator);
        AffineMap { matrix, bias: Tensor::zeros(self.bias.shape().clone()) }
    }

    /// The common denominator of M and b.
    pub fn denominator(&self) -> Integer {
        self.matrix.denominator().lcm(self.bias.denominator())
    }
}

impl AffineMap {
    /// Mx + b for a flat input.
    pub fn apply(&self, x: &Tensor) -> Tensor {
        let product = self.matrix.apply(x);
        Tensor::from_rationals(self.bias.shape().clone(), &product).plus(&self.bias)
    }

    /// The largest absolute value of an entry of M; 0 if there is none.
    pub fn largest(&self) -> Rational {
        let sizes = self.matrix.numerators().values().iter().map(Signed::abs);
        ratio(sizes.max().unwrap_or_default(), self.matrix.denominator().clone())
    }

    /// The same map over a larger ring.
    pub fn lifted<C: Coefficient>(&self) -> AffineMap<C> {
        AffineMap { matrix: self.matrix.lifted(), bias: self.bias.lifted() }
    }

    /// The lowercase hexadecimal SHA-256 of a canonical text of M and b: sizes, then one line an
    /// entry `row column value`, then one line a bias entry.
    pub fn sha256(&self) -> String {
        let mut hash = Hash::new(self.matrix.rows(), self.matrix.columns());
        self.matrix.entries().for_each(|(row, column, value)| hash.entry(row, column, value));
        self.bias.to_rationals().iter().for_each(|b| hash.constant(b));
        hash.finish()
    }
}
