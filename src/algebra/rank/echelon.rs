//! Elimination modulo one prime, row by row.

use std::collections::HashMap;

use num_bigint::Sign;

use super::Undecided;
use crate::algebra::Integer;

/// The bits that each of [`primes`] has at least, less one: their product is at least 2 to their sum.
pub(super) const PRIME_BITS: u64 = 27;

/// Products of two residues, each below 2⁵⁶, that a sum in 64 bits holds beside one residue.
const PRODUCTS: usize = 255;

/// Rows modulo a prime in echelon form: no two begin in the same column, so they are independent.
pub(crate) struct Echelon {
    /// Below 2²⁸.
    prime: u64,
    /// By the column that they begin in, with a 1; up to their last entry.
    rows: HashMap<usize, Vec<u32>>,
    /// The row that is being eliminated: sums of products; zeros between rows.
    dense: Vec<u64>,
    work: u64,
    most_work: u64,
    bytes: u64,
    most_bytes: u64,
    stopped: Option<Undecided>,
}

impl Echelon {
    /// Modulo a prime below 2²⁸; it takes no further rows once it has done so much work or takes so many bytes.
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
        let (p, mut end, mut products) = (self.prime, last + 1, 0);
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
            column += 1;
            if products == PRODUCTS {
                self.dense[column..end].iter_mut().for_each(|d| *d %= p);
                products = 0;
            }
            products += 1;
            add_multiple(&mut self.dense[column..], &pivot[1..], (p - lead) as u32);
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

/// Adds a multiple of one row to another one. A function of its own, so that nothing that is read can be what changes, and
/// the processor's instructions for several numbers at once serve.
#[inline(never)]
fn add_multiple(row: &mut [u64], other: &[u32], factor: u32) {
    row.iter_mut().zip(other).for_each(|(sum, &entry)| *sum += u64::from(entry) * u64::from(factor));
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

/// The primes below 2²⁸, descending; those above 2²⁷ are more than anyone uses.
pub(super) fn primes() -> impl Iterator<Item = u64> {
    (0..).map(|i| (1 << 28) - 1 - 2 * i).filter(|&n| is_prime(n))
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
        assert_eq!(primes().take(3).collect::<Vec<_>>(), [268_435_399, 268_435_367, 268_435_361]);
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
