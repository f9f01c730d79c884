//! Exact rank.
//!
//! The rank modulo a prime never exceeds the rank over ℚ, so reaching an upper bound proves
//! equality. Otherwise let r be the largest rank found modulo the primes p₁, …, pₖ: every minor of
//! size r + 1 is divisible by each pᵢ, hence by their product; once the product exceeds Hadamard's
//! bound for such minors, all of them are zero and the rank is exactly r.

use num_integer::Integer as _;
use num_traits::ToPrimitive;

use super::{Integer, Matrix};

/// What is known of a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// Proved.
    Exact(usize),
    /// A proved lower bound; deciding equality would take more work than allowed.
    AtLeast(usize),
}

/// Word operations that one rank computation may take.
const WORK: u64 = 4_000_000_000;

impl Matrix {
    /// The exact rank, as far as a fixed amount of work decides it. `upper` is any known upper
    /// bound, such as the size of the narrowest layer.
    pub fn rank(&self, upper: usize) -> Rank {
        let occupied_rows = (0..self.rows()).filter(|&r| self.row(r).next().is_some()).count();
        let mut columns = vec![usize::MAX; self.columns()];
        let mut occupied_columns = 0;
        for &column in self.numerators().col_indices() {
            if columns[column] == usize::MAX {
                columns[column] = occupied_columns;
                occupied_columns += 1;
            }
        }
        let upper = upper.min(occupied_rows).min(occupied_columns);
        let cost = (occupied_rows as u64).saturating_mul(occupied_columns as u64).saturating_mul(upper.max(1) as u64);
        let affordable = usize::try_from(WORK / cost.max(1)).unwrap_or(usize::MAX);
        let (mut best, mut bits) = (0, 0);
        for (used, prime) in primes().enumerate() {
            if best == upper || bits > self.minor_bits(best + 1) {
                return Rank::Exact(best);
            }
            if used >= affordable {
                break;
            }
            let rank = self.rank_modulo(prime, &columns, occupied_columns);
            // Every prime counts: its rank, at most the largest, makes the larger minors vanish.
            best = best.max(rank);
            bits += u64::from(prime.ilog2());
        }
        Rank::AtLeast(best)
    }

    /// Bits of Hadamard's bound on the integer minors of a size: the largest rows' Euclidean norms.
    fn minor_bits(&self, size: usize) -> u64 {
        let norm = |row| self.row(row).map(|(_, n)| n * n).sum::<Integer>().bits().div_ceil(2);
        let mut norms: Vec<u64> = (0..self.rows()).map(norm).collect();
        norms.sort_unstable_by(|a, b| b.cmp(a));
        norms.iter().take(size).sum()
    }

    /// The rank modulo a prime below 2⁶², by elimination on the occupied columns.
    fn rank_modulo(&self, prime: u64, columns: &[usize], width: usize) -> usize {
        let mut pivots: Vec<Option<Vec<u64>>> = vec![None; width];
        let mut rank = 0;
        for row in 0..self.rows() {
            let mut dense = vec![0; width];
            for (column, n) in self.row(row) {
                dense[columns[column]] = n.mod_floor(&prime.into()).to_u64().unwrap_or(0);
            }
            for column in 0..width {
                let lead = dense[column];
                if lead == 0 {
                    continue;
                }
                match &pivots[column] {
                    Some(pivot) => {
                        for (d, &p) in dense[column..].iter_mut().zip(&pivot[column..]) {
                            if p != 0 {
                                *d = (*d + prime - multiply(lead, p, prime)) % prime;
                            }
                        }
                    }
                    None => {
                        let inverse = power(lead, prime - 2, prime);
                        dense[column..].iter_mut().for_each(|d| *d = multiply(*d, inverse, prime));
                        pivots[column] = Some(dense);
                        rank += 1;
                        break;
                    }
                }
            }
        }
        rank
    }
}

fn multiply(a: u64, b: u64, prime: u64) -> u64 {
    let product = u128::from(a) * u128::from(b) % u128::from(prime);
    u64::try_from(product).unwrap_or(0)
}

fn power(mut base: u64, mut exponent: u64, prime: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = multiply(result, base, prime);
        }
        base = multiply(base, base, prime);
        exponent >>= 1;
    }
    result
}

/// The primes below 2⁶², descending.
fn primes() -> impl Iterator<Item = u64> {
    (0..).map(|i| (1 << 62) - 1 - 2 * i).filter(|&n| is_prime(n))
}

/// Miller–Rabin with the first twelve primes as bases: exact below 3.3·10²⁴ (Sorenson, Webster 2015).
fn is_prime(n: u64) -> bool {
    let shift = (n - 1).trailing_zeros();
    let odd = (n - 1) >> shift;
    [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37].into_iter().all(|base| {
        let mut x = power(base, odd, n);
        if x == 1 || x == n - 1 {
            return true;
        }
        (1..shift).any(|_| {
            x = multiply(x, x, n);
            x == n - 1
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matrix(rows: usize, columns: usize, entries: &[i64]) -> Matrix {
        let row = |r: usize| (0..columns).map(|c| (c, entries[(r * columns + c) % entries.len()].into())).collect();
        Matrix::from_rows(columns, (0..rows).map(row).collect(), 7.into())
    }

    #[test]
    fn ranks_known_by_hand() {
        assert_eq!(Matrix::identity(9).rank(9), Rank::Exact(9));
        assert_eq!(matrix(3, 3, &[1, 2, 3, 4, 5, 6, 7, 8, 9]).rank(3), Rank::Exact(2));
        assert_eq!(matrix(4, 5, &[0]).rank(4), Rank::Exact(0));
        assert_eq!(matrix(4, 5, &[-3]).rank(4), Rank::Exact(1));
    }

    #[test]
    fn a_multiple_of_the_first_prime_is_not_mistaken_for_zero() {
        let prime = primes().next().expect("a prime");
        let matrix = Matrix::from_rows(1, vec![vec![(0, prime.into())], vec![]], 1.into());
        assert_eq!(matrix.rank(1), Rank::Exact(1));
    }

    #[test]
    fn is_prime_knows_primes_and_strong_pseudoprimes() {
        assert!(is_prime((1 << 61) - 1));
        for composite in [3_215_031_751, 3_825_123_056_546_413_051, (1 << 62) - 1] {
            assert!(!is_prime(composite), "{composite}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn products_have_the_inner_rank_at_most(a in prop::collection::vec(-9_i64..9, 12), b in prop::collection::vec(-9_i64..9, 15)) {
            let (left, right) = (matrix(4, 3, &a), matrix(3, 5, &b));
            let (Rank::Exact(l), Rank::Exact(r)) = (left.rank(3), right.rank(3)) else { panic!("small ranks are exact") };
            let Rank::Exact(p) = left.product(&right).rank(4) else { panic!("small ranks are exact") };
            prop_assert!(p <= l.min(r) && l + r <= p + 3, "Sylvester: {l} {r} {p}");
            prop_assert_eq!(left.transpose().rank(4), Rank::Exact(l));
        }
    }
}
