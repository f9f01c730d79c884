//! Inverses of matrices from one side: they show a rank by multiplication.

use num_traits::{One, Zero};

use crate::algebra::Rational;

/// The most entries of a matrix whose inverse is written out, and of the inverse.
const MOST: usize = 40_000;

/// R with M·R = 1, for a matrix of independent rows; `None` if they are dependent, or too many.
pub(super) fn right(matrix: &[Vec<Rational>]) -> Option<Vec<Vec<Rational>>> {
    let (rows, columns) = (matrix.len(), matrix.first()?.len());
    if rows * (rows + columns) > MOST {
        return None;
    }
    // M beside the unit matrix, by elimination; and the column of each row's pivot.
    let unit = |r: usize, c: usize| if r == c { Rational::one() } else { Rational::zero() };
    let beside = |(r, row): (usize, &Vec<Rational>)| row.iter().cloned().chain((0..rows).map(|c| unit(r, c))).collect();
    let mut both: Vec<Vec<Rational>> = matrix.iter().enumerate().map(beside).collect();
    let mut pivots = Vec::new();
    for at in 0..rows {
        let column = (0..columns).find(|&c| !both[at][c].is_zero())?;
        let lead = both[at][column].recip();
        both[at].iter_mut().for_each(|n| *n *= &lead);
        let pivot = both[at].clone();
        for (_, row) in both.iter_mut().enumerate().filter(|(r, _)| *r != at) {
            let factor = row[column].clone();
            if !factor.is_zero() {
                row.iter_mut().zip(&pivot).filter(|(_, p)| !p.is_zero()).for_each(|(n, p)| *n -= &factor * p);
            }
        }
        pivots.push(column);
    }
    let mut inverse = vec![vec![Rational::zero(); rows]; columns];
    for (row, column) in both.into_iter().zip(pivots) {
        inverse[column] = row[columns..].to_vec();
    }
    Some(inverse)
}

/// L with L·M = 1, for a matrix of independent columns.
pub(super) fn left(matrix: &[Vec<Rational>]) -> Option<Vec<Vec<Rational>>> {
    #[cfg(debug_assertions)]
    if crate::fault::has(crate::fault::Fault::WrongInverse) {
        return right(&transposed(matrix));
    }
    right(&transposed(matrix)).map(|inverse| transposed(&inverse))
}

fn transposed(matrix: &[Vec<Rational>]) -> Vec<Vec<Rational>> {
    let columns = matrix.first().map_or(0, Vec::len);
    (0..columns).map(|c| matrix.iter().map(|row| row[c].clone()).collect()).collect()
}
