//! Whether rows of numbers are independent: exactly, by elimination modulo integers.
//!
//! Elimination modulo m multiplies rows by units, and adds multiples of rows to others. If it finds a pivot that is a
//! unit for every row, a maximal minor is a unit modulo m, so it is not 0: the rows are independent. If a row becomes
//! 0, all maximal minors are multiples of m. Such a minor is at most the product of the rows' sums of sizes; one that
//! is a multiple of coprime integers whose product is larger is 0: the rows are dependent. An m with a row that is
//! neither 0 nor has a unit is passed over.

use std::collections::BTreeSet;

use num_integer::Integer;
use num_traits::{One, Signed};

use crate::Rejection;
use crate::layer::wrong;
use crate::number::{Int, Rat, over_common};
use crate::rows::{FIRST_MODULUS, Modulus};
use crate::work::Work;

/// The most entries of a matrix.
const MOST: usize = 1 << 26;

/// Whether no combination of rows, each given by its entries that are not 0, is 0, but that of zeros.
pub fn independent(rows: &[Vec<(usize, Rat)>], work: &Work) -> Result<bool, Rejection> {
    let used: Vec<usize> = rows.iter().flatten().map(|(v, _)| *v).collect::<BTreeSet<_>>().into_iter().collect();
    if rows.len() > used.len() {
        return Ok(false);
    }
    if rows.len().saturating_mul(used.len()) > MOST {
        return wrong("the matrix is too large to find its rank");
    }
    let whole = |row: &Vec<(usize, Rat)>| -> Vec<(usize, Int)> {
        let (columns, numbers): (Vec<_>, Vec<_>) = row.iter().cloned().unzip();
        let columns = columns.iter().map(|v| used.partition_point(|u| u < v));
        columns.zip(over_common(&numbers).0).collect()
    };
    let rows: Vec<Vec<(usize, Int)>> = rows.iter().map(whole).collect();
    let bound: Int = rows.iter().map(|row| row.iter().map(|(_, n)| n.abs()).sum::<Int>()).product();
    let (mut product, mut next) = (Int::one(), FIRST_MODULUS);
    while product <= bound {
        if product.gcd(&next.into()).is_one() {
            match has_pivots(&rows, used.len(), next, work)? {
                Some(true) => return Ok(true),
                Some(false) => product *= next,
                None => {}
            }
        }
        next -= 2;
    }
    Ok(false)
}

/// Whether every row has a pivot modulo m, or one becomes 0; `None` if that is not found.
fn has_pivots(rows: &[Vec<(usize, Int)>], columns: usize, m: u64, work: &Work) -> Result<Option<bool>, Rejection> {
    let modulus = Modulus(m);
    // Each with a 1 in its column, where all rows after it get a 0.
    let mut pivots: Vec<(usize, Vec<u64>)> = Vec::new();
    for entries in rows {
        work.spend(((pivots.len() + 1) * columns) as u64 * 3)?;
        let mut row = vec![0; columns];
        entries.iter().for_each(|(column, n)| row[*column] = modulus.residue(n));
        for (column, pivot) in &pivots {
            if row[*column] != 0 {
                let factor = m - row[*column];
                row.iter_mut().zip(pivot).for_each(|(n, p)| *n = (*n + p * factor) % m);
            }
        }
        let Some(column) = row.iter().position(|n| n.gcd(&m) == 1) else {
            return Ok(if row.iter().all(|n| *n == 0) { Some(false) } else { None });
        };
        let factor = modulus.over(&row[column].into());
        row.iter_mut().for_each(|n| *n = *n * factor % m);
        pivots.push((column, row));
    }
    Ok(Some(true))
}

#[cfg(test)]
mod tests {
    use num_traits::Zero;

    use super::*;

    /// By elimination over the rational numbers.
    fn expected(rows: &[Vec<i64>]) -> bool {
        let mut rows: Vec<Vec<Rat>> =
            rows.iter().map(|row| row.iter().map(|n| Rat::from_integer((*n).into())).collect()).collect();
        for at in 0..rows.len() {
            let Some(column) = rows[at].iter().position(|n| !n.is_zero()) else { return false };
            let pivot = rows[at].clone();
            for row in &mut rows[at + 1..] {
                let factor = &row[column] / &pivot[column];
                row.iter_mut().zip(&pivot).for_each(|(n, p)| *n -= &factor * p);
            }
        }
        true
    }

    fn found(rows: &[Vec<i64>], denominator: i64) -> bool {
        let entry = |(v, n): (usize, &i64)| (*n != 0).then(|| (v, Rat::new((*n).into(), denominator.into())));
        let rows: Vec<_> = rows.iter().map(|row| row.iter().enumerate().filter_map(entry).collect()).collect();
        independent(&rows, &Work::new(1 << 40)).expect("enough steps")
    }

    #[test]
    fn it_is_the_rank_over_the_rational_numbers() {
        let mut state = 1_u64;
        let mut number = |n: i64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as i64 % n
        };
        let (mut full, mut less) = (0, 0);
        for round in 0..400 {
            // Products of a matrix with r columns; entries that are multiples of a modulus's factors, and some longer.
            let (rows, columns, r) = (1 + number(6) as usize, 1 + number(6) as usize, 1 + number(6) as usize);
            let scale = [1, 3, 2_147_483_647, 715_827_883][round % 4];
            let a: Vec<Vec<i64>> = (0..rows).map(|_| (0..r).map(|_| number(7) - 3).collect()).collect();
            let b: Vec<Vec<i64>> = (0..r).map(|_| (0..columns).map(|_| (number(7) - 3) * scale).collect()).collect();
            let entry = |i: usize, j: usize| (0..r).map(|k| a[i][k] * b[k][j]).sum();
            let product: Vec<Vec<i64>> = (0..rows).map(|i| (0..columns).map(|j| entry(i, j)).collect()).collect();
            let expected = expected(&product);
            assert_eq!(found(&product, 1 + number(9)), expected, "{product:?}");
            if expected { full += 1 } else { less += 1 }
        }
        assert!(full > 50 && less > 50, "{full} {less}");
        // Determinants that are a modulus, or a product of several.
        let m = FIRST_MODULUS as i64;
        assert!(found(&[vec![m, 0], vec![0, m]], 1) && found(&[vec![m, 1], vec![m, 2]], 1));
        // And the least multiple of four of them, of which two are multiples of 3.
        let least = (0..4).map(|i| Int::from(FIRST_MODULUS - 2 * i)).product::<Int>() / 3;
        let rows = [vec![(0, Rat::from_integer(least))], vec![(1, Rat::one())]];
        assert!(independent(&rows, &Work::new(1 << 20)).expect("enough steps"));
        assert!(!found(&[vec![m, m - 2], vec![m, m - 2]], 1) && !found(&[vec![0, 0]], 1) && found(&[], 1));
    }

    #[test]
    fn a_rank_costs_steps() {
        let rows: Vec<_> = (0..50_usize).map(|i| vec![(i, Rat::one()), ((i + 1) % 50, Rat::one())]).collect();
        assert!(independent(&rows, &Work::new(1000)).is_err());
    }
}
