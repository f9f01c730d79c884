//! Exact rank, from the rows as they pass.
//!
//! The rank modulo a prime never exceeds the rank over ℚ, so reaching an upper bound proves
//! equality. Otherwise let r be the largest rank found modulo the primes p₁, …, pₖ: every minor of
//! size r + 1 is divisible by each pᵢ, hence by their product; once the product exceeds Hadamard's
//! bound for such minors, all of them are zero and the rank is exactly r.

mod echelon;

use std::convert::Infallible;
use std::fmt;

use rayon::prelude::*;

use super::{Integer, Matrix};
pub(crate) use echelon::Echelon;
use echelon::{PRIME_BITS, primes};

/// What is known of a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// Proved.
    Exact(usize),
    /// Proved bounds, not equal.
    Between {
        /// It is not less.
        least: usize,
        /// It is not more.
        most: usize,
        /// Why it is not known which.
        why: Undecided,
    },
}

/// Why a rank is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecided {
    /// Elimination takes more work than is spent on it.
    Work,
    /// Elimination takes more memory than allowed.
    Memory,
    /// The matrix is not written out, and its structure does not say.
    Structure,
}

impl Rank {
    /// The rank, where it is proved.
    pub fn exact(self) -> Option<usize> {
        match self {
            Rank::Exact(rank) => Some(rank),
            Rank::Between { .. } => None,
        }
    }

    /// A proved lower bound.
    pub fn least(self) -> usize {
        match self {
            Rank::Exact(rank) => rank,
            Rank::Between { least, .. } => least,
        }
    }

    pub(crate) fn between(least: usize, most: usize, why: Undecided) -> Rank {
        if least == most { Rank::Exact(least) } else { Rank::Between { least, most, why } }
    }
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Undecided::Work => "elimination modulo enough primes takes more work than is spent on it",
            Undecided::Memory => "elimination takes more memory than is allowed",
            Undecided::Structure => "that would take M itself",
        })
    }
}

/// What finding one rank may take.
#[derive(Clone, Copy, Debug)]
pub struct RankLimits {
    /// Multiply-adds.
    pub work: u64,
    /// Bytes.
    pub memory: u64,
}

impl RankLimits {
    /// So many bytes, and a second or two.
    pub fn memory(bytes: u64) -> RankLimits {
        RankLimits { work: 1_500_000_000, memory: bytes }
    }
}

/// Primes that are worked with at once, memory permitting.
const TOGETHER: u64 = 16;

/// Visits a row by its entries that are not 0: `(column, numerator)`, columns ascending.
pub type Visit<'v> = dyn FnMut(&[(usize, &Integer)]) + 'v;

/// The rank of a matrix whose rows `pass` goes through, all of them each time that it is called. `most` is any known
/// upper bound, such as the size of the narrowest layer. The rows are not kept; what is, and finding it, is limited.
pub fn rank<E>(
    columns: usize,
    most: usize,
    RankLimits { work, memory }: RankLimits,
    mut pass: impl FnMut(&mut Visit<'_>) -> Result<(), E>,
) -> Result<Rank, E> {
    let mut primes = primes();
    let mut fresh = |work: u64, memory: u64| Echelon::new(primes.next().expect("they go on"), columns, work, memory);
    let (mut bounds, mut first) = (Bounds::new(columns), fresh(work, memory));
    pass(&mut |row| {
        bounds.add(row);
        if first.rank() < most {
            first.insert(row);
        }
    })?;
    let most = most.min(bounds.rows.len()).min(bounds.columns());
    let (mut best, mut bits, mut spent) = (first.rank(), PRIME_BITS, first.work());
    if let (true, Some(why)) = (best < most, first.stopped()) {
        return Ok(Rank::between(best, most, why));
    }
    let (each, bytes) = (first.work(), first.bytes());
    drop(first);
    loop {
        let needed = bounds.minors(best + 1);
        if best == most || bits > needed {
            return Ok(Rank::Exact(best));
        }
        let missing = (needed - bits) / PRIME_BITS + 1;
        if missing.saturating_mul(each).saturating_add(spent) > work {
            return Ok(Rank::between(best, most, Undecided::Work));
        }
        let together = missing.min(TOGETHER).min(memory / bytes.max(1)).max(1);
        let mut some: Vec<Echelon> = (0..together).map(|_| fresh(work - spent, memory / together)).collect();
        pass(&mut |row| some.par_iter_mut().for_each(|echelon| echelon.insert(row)))?;
        for echelon in some {
            // Every prime counts: its rank, at most the largest, makes the larger minors vanish.
            best = best.max(echelon.rank());
            if let Some(why) = echelon.stopped() {
                return Ok(Rank::between(best, most, why));
            }
            bits += PRIME_BITS;
            spent += echelon.work();
        }
    }
}

/// What bounds the rank of some rows, and their minors.
struct Bounds {
    /// For each row that is not 0, a bound on the bits of its Euclidean norm.
    rows: Vec<u64>,
    /// The columns that are not 0.
    occupied: Vec<bool>,
}

impl Bounds {
    fn new(columns: usize) -> Bounds {
        Bounds { rows: Vec::new(), occupied: vec![false; columns] }
    }

    fn add(&mut self, row: &[(usize, &Integer)]) {
        let Some(longest) = row.iter().map(|(_, n)| n.bits()).max() else { return };
        row.iter().for_each(|&(column, _)| self.occupied[column] = true);
        // The norm is at most √(entries) times the largest.
        let entries = u64::from(usize::BITS - row.len().leading_zeros());
        self.rows.push(longest + entries.div_ceil(2));
    }

    fn columns(&self) -> usize {
        self.occupied.iter().filter(|&&occupied| occupied).count()
    }

    /// Bits of Hadamard's bound on the integer minors of a size: the product of the largest rows' norms.
    fn minors(&mut self, size: usize) -> u64 {
        self.rows.sort_unstable_by(|a, b| b.cmp(a));
        self.rows.iter().take(size).sum()
    }
}

impl Matrix {
    /// The exact rank, as far as a fixed amount of work decides it. `most` is any known upper bound.
    pub fn rank(&self, most: usize) -> Rank {
        let pass = |visit: &mut Visit<'_>| -> Result<(), Infallible> {
            (0..self.rows()).for_each(|row| visit(&self.row(row).collect::<Vec<_>>()));
            Ok(())
        };
        match rank(self.columns(), most, RankLimits::memory(u64::MAX), pass) {
            Ok(rank) => rank,
        }
    }
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
        assert_eq!(Matrix::from_rows(5, Vec::new(), 1.into()).rank(4), Rank::Exact(0));
    }

    #[test]
    fn a_multiple_of_the_first_prime_is_not_mistaken_for_zero() {
        let prime = primes().next().expect("a prime");
        let matrix = Matrix::from_rows(1, vec![vec![(0, prime.into())], vec![]], 1.into());
        assert_eq!(matrix.rank(1), Rank::Exact(1));
    }

    /// Multiples of many primes, which one prime more than Hadamard's bound tells from 0.
    #[test]
    fn multiples_of_as_many_primes_as_a_minor_has_are_not_mistaken_for_zero() {
        for count in [1, 2, 5, 40] {
            let product: Integer = primes().take(count).map(Integer::from).product();
            let rows = vec![vec![(0, product.clone()), (2, 1.into())], vec![(1, -&product), (2, 1.into())], vec![]];
            let square = vec![vec![(0, product.clone())], vec![(1, product.clone())], vec![(2, product)]];
            assert_eq!(Matrix::from_rows(3, rows, 1.into()).rank(3), Rank::Exact(2));
            assert_eq!(Matrix::from_rows(3, square, 1.into()).rank(3), Rank::Exact(3));
        }
    }

    /// Minors of the longest rows count, and the largest rank modulo any prime.
    #[test]
    fn short_rows_and_later_primes_do_not_mislead() {
        let product: Integer = primes().take(5).map(Integer::from).product();
        let rows = vec![vec![(0, product)], vec![(1, 1.into())], vec![(1, 2.into())]];
        assert_eq!(Matrix::from_rows(2, rows, 1.into()).rank(2), Rank::Exact(2));
        // Each prime in turn is the last of those that Hadamard's bound asks for.
        for (later, shift) in (1..5).flat_map(|later| (0..31).map(move |k| (later, 27 * later - 13 + k))) {
            let prime = Integer::from(primes().nth(later).expect("a prime"));
            let twice = |n: Integer| vec![(1, n.clone()), (2, n)];
            let rows = vec![vec![(0, prime)], twice(1.into()), twice(Integer::from(1) << shift)];
            assert_eq!(Matrix::from_rows(3, rows, 1.into()).rank(3), Rank::Exact(2), "{later} {shift}");
        }
    }

    /// A row that depends on more others than a sum holds products of, which are as large as they can be.
    #[test]
    fn long_eliminations_are_reduced_in_time() {
        for count in [254, 255, 256, 257, 511, 512, 1100] {
            let others = (0..count).map(|i| vec![(i, 1.into()), (count, (-1).into())]);
            let sum = (0..=count).map(|i| (i, if i < count { 1.into() } else { (-(count as i64)).into() })).collect();
            let rows: Vec<Vec<(usize, Integer)>> = others.chain([sum]).collect();
            assert_eq!(Matrix::from_rows(count + 1, rows, 1.into()).rank(count + 1), Rank::Exact(count));
        }
    }

    /// A few rows in little memory, and what is said where even that does not suffice.
    #[test]
    fn limits_are_stated() {
        let rows: Vec<Vec<(usize, Integer)>> = (0..4_usize)
            .map(|r| {
                (0..3000).map(|c| (c, Integer::from((r * r * c % 97) as i64 - 48 * (r as i64 % 2)) << 90)).collect()
            })
            .collect();
        let matrix = Matrix::from_rows(3000, [rows.clone(), vec![rows[3].clone()]].concat(), 1.into());
        let within = |memory: u64| {
            rank(3000, 9, RankLimits::memory(memory), |visit| -> Result<(), Infallible> {
                (0..matrix.rows()).for_each(|row| visit(&matrix.row(row).collect::<Vec<_>>()));
                Ok(())
            })
        };
        let Rank::Exact(expected) = matrix.rank(9) else { panic!("small ranks are exact") };
        assert!(expected < 5);
        assert_eq!(within(100_000), Ok(Rank::Exact(expected)));
        assert_eq!(within(30_000), Ok(Rank::Between { least: 1, most: 4, why: Undecided::Memory }));
        assert_eq!(within(1_000), Ok(Rank::Between { least: 0, most: 4, why: Undecided::Memory }));
        // Two equal rows of long numbers: they would take 2,000 primes.
        let long: Vec<(usize, Integer)> = (0..2_000).map(|c| (c, Integer::from(c + 1) << 30_000_u32)).collect();
        let long = Matrix::from_rows(2_000, vec![vec![(0, Integer::from(1))], long.clone(), long], 1.into());
        assert_eq!(long.rank(3), Rank::Between { least: 2, most: 3, why: Undecided::Work });
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

        /// By the definition: the largest minor that is not 0.
        #[test]
        fn the_rank_is_the_size_of_the_largest_minor(rows in 1_usize..5, columns in 1_usize..5, entries in prop::collection::vec(-2_i64..3, 16), zeros in 0_u32..16) {
            let entry = |r: usize, c: usize| if zeros >> (r ^ c) & 1 == 1 { 0 } else { entries[4 * r + c] };
            let row = |r: usize| (0..columns).map(|c| (c, Integer::from(entry(r, c)) << 70_u32)).collect();
            let matrix = Matrix::from_rows(columns, (0..rows).map(row).collect(), 3.into());
            fn minor(entry: &dyn Fn(usize, usize) -> i64, rows: &[usize], columns: &[usize]) -> i64 {
                let Some((&row, rows)) = rows.split_first() else { return 1 };
                let term = |(i, &c): (usize, &usize)| {
                    let others: Vec<usize> = columns.iter().copied().filter(|&other| other != c).collect();
                    (1 - 2 * (i as i64 % 2)) * entry(row, c) * minor(entry, rows, &others)
                };
                columns.iter().enumerate().map(term).sum()
            }
            let chosen = |set: usize, n: usize| (0..n).filter(|i| set >> i & 1 == 1).collect::<Vec<_>>();
            let sets = (0..1_usize << rows).flat_map(|a| (0..1_usize << columns).map(move |b| (a, b)));
            let nonzero = sets.filter(|(a, b)| a.count_ones() == b.count_ones() && minor(&entry, &chosen(*a, rows), &chosen(*b, columns)) != 0);
            prop_assert_eq!(matrix.rank(5), Rank::Exact(nonzero.map(|(a, _)| a.count_ones() as usize).max().unwrap_or(0)));
        }
    }
}
