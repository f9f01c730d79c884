//! Elimination modulo one prime, row by row.

use std::collections::HashMap;

use num_bigint::Sign;

use super::Undecided;
use crate::algebra::Integer;

/// The bits that each of [`primes`] has at least, less one: their product is at least 2 to their sum.
pub(super) const PRIME_BITS: u64 = 30;

/// Rows modulo a prime in echelon form: no two begin in the same column, so they are independent.
pub(crate) struct Echelon {
    /// Below 2³¹.
    prime: u64,
    /// By the column that they begin in, with a 1; up to their last entry.
    rows: HashMap<usize, Vec<u32>>,
    /// The row that is being eliminated: representatives below p²; zeros between rows.
    dense: Vec<u64>,
    work: u64,
    most_work: u64,
    bytes: u64,
    most_bytes: u64,
    stopped: Option<Undecided>,
}

impl Echelon {
    /// Modulo a prime below 2³¹; it takes no further rows once it has done so much work or takes so many bytes.
    pub fn new(prime: u64, columns: usize, most_work: u64, most_bytes: u64) -> Echelon {
        let bytes = 9 * columns as u64;
        let stopped = (bytes > most_bytes).then_some(Undecided::Memory);
        let dense = if stopped.is_some() { Vec::new() } else { vec![0; columns] };
        Echelon { prime, rows: HashMap::new(), dense, work: 0, most_work, bytes, most_bytes, stopped }
    }

    /// Modulo one prime, for what fits.
    pub fn small(columns: usize) -> Echelon {
        Echelon::new(primes().next().expect("there are primes"), columns, u64::MAX, u64::MAX)
    }

    /// The number of independent rows.
    pub fn rank(&self) -> usize {
        self.rows.len()
    }

    /// The columns that the rows begin in.
    pub fn leads(&self) -> impl Iterator<Item = usize> {
        self.rows.keys().copied()
    }

    pub fn work(&self) -> u64 {
        self.work
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Why it takes no further rows.
    pub fn stopped(&self) -> Option<Undecided> {
        self.stopped
    }

    /// Adds a row, columns ascending.
    pub fn insert(&mut self, row: &[(usize, &Integer)]) {
        let (Some((first, _)), Some((last, _)), None) = (row.first(), row.last(), self.stopped) else { return };
        let (p, square, mut end) = (self.prime, self.prime * self.prime, last + 1);
        for &(column, n) in row {
            self.dense[column] = residue(n, p);
            // A division for every 32 bits.
            self.work += n.bits() / 8;
        }
        let mut column = *first;
        while column < end {
            let lead = std::mem::take(&mut self.dense[column]) % p;
            self.work += 1;
            if lead == 0 {
                column += 1;
                continue;
            }
            let Some(pivot) = self.rows.get(&column) else {
                self.dense[column] = lead;
                self.keep(column, end);
                return;
            };
            end = end.max(column + pivot.len());
            self.work += pivot.len() as u64;
            for (d, &entry) in self.dense[column + 1..].iter_mut().zip(&pivot[1..]) {
                let product = lead * u64::from(entry);
                *d = if *d >= product { *d - product } else { *d + square - product };
            }
            column += 1;
        }
        self.check();
    }

    /// Keeps what is left of a row, from the first column that is not 0, and leaves zeros.
    fn keep(&mut self, first: usize, end: usize) {
        let inverse = power(self.dense[first], self.prime - 2, self.prime);
        let scaled = |d: &mut u64| (std::mem::take(d) % self.prime * inverse % self.prime) as u32;
        let mut row: Vec<u32> = self.dense[first..end].iter_mut().map(scaled).collect();
        let length = row.iter().rposition(|&entry| entry != 0).map_or(0, |last| last + 1);
        row.truncate(length);
        row.shrink_to_fit();
        self.work += (end - first) as u64;
        self.bytes += 64 + 4 * length as u64;
        self.rows.insert(first, row);
        self.check();
    }

    fn check(&mut self) {
        let why = if self.bytes > self.most_bytes { Undecided::Memory } else { Undecided::Work };
        if self.bytes > self.most_bytes || self.work > self.most_work {
            self.stopped = Some(why);
        }
    }
}

/// The least residue of an integer.
fn residue(n: &Integer, prime: u64) -> u64 {
    let digits = n.magnitude().iter_u32_digits();
    let size = digits.rev().fold(0, |rest, digit| (rest << 32 | u64::from(digit)) % prime);
    if n.sign() == Sign::Minus && size > 0 { prime - size } else { size }
}

fn power(mut base: u64, mut exponent: u64, prime: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % prime;
        }
        base = base * base % prime;
        exponent >>= 1;
    }
    result
}

/// The primes below 2³¹, descending; those above 2³⁰ are more than anyone uses.
pub(super) fn primes() -> impl Iterator<Item = u64> {
    (0..).map(|i| (1 << 31) - 1 - 2 * i).filter(|&n| is_prime(n))
}

/// Miller–Rabin with the bases 2, 3, 5 and 7: exact below 3,215,031,751 (Jaeschke 1993).
fn is_prime(n: u64) -> bool {
    let shift = (n - 1).trailing_zeros();
    let odd = (n - 1) >> shift;
    [2, 3, 5, 7].into_iter().all(|base| {
        let mut x = power(base, odd, n);
        if x == 1 || x == n - 1 {
            return true;
        }
        (1..shift).any(|_| {
            x = x * x % n;
            x == n - 1
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_prime_knows_primes_and_strong_pseudoprimes() {
        assert_eq!(primes().take(3).collect::<Vec<_>>(), [2_147_483_647, 2_147_483_629, 2_147_483_587]);
        for composite in [2047, 1_373_653, 25_326_001, 2_147_483_645] {
            assert!(!is_prime(composite), "{composite}");
        }
    }

    #[test]
    fn residues_are_least() {
        let prime = (1 << 31) - 1;
        for n in [0, 1, -1, i64::MAX, i64::MIN, 2_147_483_647, -2_147_483_647, -2_147_483_648] {
            assert_eq!(i128::from(residue(&n.into(), prime)), i128::from(n).rem_euclid(prime.into()), "{n}");
            let long = (Integer::from(n) << 64_u32) + n;
            let expected = (i128::from(n).rem_euclid(prime.into()) * 5).rem_euclid(prime.into());
            // 2⁶⁴ = 4 modulo 2³¹ − 1.
            assert_eq!(i128::from(residue(&long, prime)), expected, "{long}");
        }
    }
}
