//! Exact sparse matrices: an integer matrix in compressed sparse rows over one common denominator.

use std::fmt;

use nalgebra::DMatrix;
use nalgebra_sparse::{CooMatrix, CsrMatrix};
use num_traits::{One, Signed, Zero};
use rayon::prelude::*;

use super::{Coefficient, Integer, Rational, Tensor, ratio};

/// A sparse matrix over ℚ: `numerators / denominator` in lowest terms, columns ascending in each
/// row, no stored zeros. Two matrices are equal exactly when their fields are.
#[derive(Clone, PartialEq, Eq)]
pub struct Matrix<C = Integer> {
    numerators: CsrMatrix<C>,
    denominator: Integer,
}

impl<C: Coefficient> Matrix<C> {
    /// Builds a matrix from the entries of its rows, in any order; entries of one column are added.
    ///
    /// # Panics
    /// If a column is out of range or the denominator is not positive.
    pub fn from_rows(columns: usize, mut rows: Vec<Vec<(usize, C)>>, mut denominator: Integer) -> Matrix<C> {
        assert!(denominator.is_positive(), "a positive denominator");
        rows.par_iter_mut().for_each(merge);
        let mut offsets = vec![0];
        let (mut indices, mut values) = (Vec::new(), Vec::new());
        let count = rows.len();
        for row in rows {
            for (column, value) in row {
                indices.push(column);
                values.push(value);
            }
            offsets.push(indices.len());
        }
        C::reduce(&mut values, &mut denominator);
        let numerators = CsrMatrix::try_from_csr_data(count, columns, offsets, indices, values)
            .expect("rows are sorted, merged and within the columns");
        Matrix { numerators, denominator }
    }

    /// The identity.
    pub fn identity(size: usize) -> Matrix<C> {
        Matrix { numerators: CsrMatrix::identity(size), denominator: Integer::one() }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.numerators.nrows()
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.numerators.ncols()
    }

    /// The number of nonzero entries.
    pub fn nonzeros(&self) -> usize {
        self.numerators.nnz()
    }

    /// The common denominator: positive, in lowest terms with the entries.
    pub fn denominator(&self) -> &Integer {
        &self.denominator
    }

    /// The matrix of numerators over [`Matrix::denominator`], as nalgebra's sparse type.
    pub fn numerators(&self) -> &CsrMatrix<C> {
        &self.numerators
    }

    /// The nonzero entries of a row, columns ascending, over the common denominator.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, &C)> {
        let offsets = self.numerators.row_offsets();
        let range = offsets[row]..offsets[row + 1];
        let columns = &self.numerators.col_indices()[range.clone()];
        columns.iter().copied().zip(&self.numerators.values()[range])
    }

    /// Whether every entry is zero.
    pub fn is_zero(&self) -> bool {
        self.nonzeros() == 0
    }

    /// The transpose.
    pub fn transpose(&self) -> Matrix<C> {
        Matrix { numerators: self.numerators.transpose(), denominator: self.denominator.clone() }
    }

    /// The bits of the longest numerator or of the denominator, whichever is longer.
    pub fn bits(&self) -> u64 {
        self.numerators.values().iter().map(C::bits).fold(self.denominator.bits(), u64::max)
    }
}

impl Matrix {
    /// The same matrix over a larger ring.
    pub fn lifted<C: Coefficient>(&self) -> Matrix<C> {
        let row = |r| self.row(r).map(|(c, n)| (c, C::lift(n, &self.denominator))).collect();
        let rows = (0..self.rows()).map(row).collect();
        Matrix::from_rows(self.columns(), rows, C::denominator(&self.denominator))
    }

    /// The nonzero entries `(row, column, value)`, row by row.
    pub fn entries(&self) -> impl Iterator<Item = (usize, usize, Rational)> {
        let entry = |(r, c, n): (usize, usize, &Integer)| (r, c, ratio(n.clone(), self.denominator.clone()));
        self.numerators.triplet_iter().map(entry)
    }

    /// One entry.
    pub fn get(&self, row: usize, column: usize) -> Rational {
        let numerator = self.row(row).find(|&(c, _)| c == column).map_or_else(Integer::zero, |(_, n)| n.clone());
        ratio(numerator, self.denominator.clone())
    }

    /// The product `self · right`.
    ///
    /// # Panics
    /// If the inner sizes differ.
    pub fn product(&self, right: &Matrix) -> Matrix {
        assert_eq!(self.columns(), right.rows(), "inner sizes");
        let rows = (0..self.rows()).into_par_iter().map(|row| {
            let mut sum = std::collections::BTreeMap::<usize, Integer>::new();
            for (inner, a) in self.row(row) {
                for (column, b) in right.row(inner) {
                    *sum.entry(column).or_default() += a * b;
                }
            }
            sum.into_iter().collect()
        });
        Matrix::from_rows(right.columns(), rows.collect(), &self.denominator * &right.denominator)
    }

    /// The matrix–vector product with a flat tensor; the result is a vector.
    pub fn apply(&self, vector: &Tensor) -> Vec<Rational> {
        assert_eq!(self.columns(), vector.len(), "one column per element");
        let denominator = &self.denominator * vector.denominator();
        let dot = |row| self.row(row).map(|(c, n)| n * &vector.numerators()[c]).sum();
        (0..self.rows()).map(|row| ratio(dot(row), denominator.clone())).collect()
    }

    /// The matrix with rational entries, as nalgebra's sparse type.
    pub fn to_csr(&self) -> CsrMatrix<Rational> {
        let mut coo = CooMatrix::new(self.rows(), self.columns());
        self.entries().for_each(|(r, c, v)| coo.push(r, c, v));
        CsrMatrix::from(&coo)
    }

    /// The matrix with rational entries, as nalgebra's dense type. Allocates every entry.
    pub fn to_dense(&self) -> DMatrix<Rational> {
        let mut dense = DMatrix::from_element(self.rows(), self.columns(), Rational::zero());
        self.entries().for_each(|(r, c, v)| dense[(r, c)] = v);
        dense
    }
}

/// Sorts by column, adds entries of one column, drops zeros.
fn merge<C: Coefficient>(row: &mut Vec<(usize, C)>) {
    row.sort_by_key(|&(column, _)| column);
    row.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += &next.1;
        }
        same
    });
    row.retain(|(_, n)| !n.is_zero());
}

impl<C: fmt::Debug> fmt::Debug for Matrix<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Matrix {}×{} over {} ", self.numerators.nrows(), self.numerators.ncols(), self.denominator)?;
        f.debug_list().entries(self.numerators.triplet_iter()).finish()
    }
}
