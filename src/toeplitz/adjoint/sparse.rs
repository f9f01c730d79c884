//! Products with small sparse matrices, modulo small primes.

use num_traits::One;
use rayon::prelude::*;

use crate::algebra::residue::{Digits, Modulus, combine};
use crate::algebra::{Integer, Matrix};

/// The largest sum of absolute values in a row of a matrix's numerators.
pub(super) fn row_norm(matrix: &Matrix) -> Integer {
    let norm = |row| matrix.row(row).map(|(_, n)| num_traits::Signed::abs(n)).sum();
    (0..matrix.rows()).map(norm).max().unwrap_or_default()
}

/// A small sparse matrix: for each row, pairs of a column and the index of a weight.
#[derive(Debug)]
pub(super) struct Sparse {
    pub rows: Vec<Vec<(usize, usize)>>,
    pub weights: Digits,
}

impl Sparse {
    /// The Kronecker product of some matrices.
    pub fn new(factors: &[Matrix]) -> Sparse {
        let mut rows = vec![vec![(0, Integer::one())]];
        for factor in factors {
            let extend = |entries: &Vec<(usize, Integer)>| -> Vec<Vec<(usize, Integer)>> {
                let row = |r| {
                    let entries = entries.iter().flat_map(|(c, w)| {
                        factor.row(r).map(move |(column, n)| (c * factor.columns() + column, w * n))
                    });
                    entries.collect()
                };
                (0..factor.rows()).map(row).collect()
            };
            rows = rows.iter().flat_map(extend).collect();
        }
        let weights = Digits::new(rows.iter().flatten().map(|(_, w)| w).collect::<Vec<_>>().into_iter());
        let mut next = 0..;
        let rows = rows.into_iter().map(|row| row.into_iter().map(|(c, _)| c).zip(&mut next).collect()).collect();
        Sparse { rows, weights }
    }

    /// The product with a vector of runs of residues.
    pub fn apply(&self, modulus: &Modulus, run: usize, u: &[i16]) -> Vec<i16> {
        let weights = self.weights.residues(modulus);
        let mut out = vec![0; self.rows.len() * run];
        out.par_chunks_mut(run).zip(&self.rows).for_each(|(out, entries)| {
            let term = |&(column, weight): &(usize, usize)| (weights[weight], &u[column * run..(column + 1) * run]);
            combine(modulus, &entries.iter().map(term).collect::<Vec<_>>(), out);
        });
        out
    }
}
