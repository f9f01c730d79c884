//! Products of integer matrices, exactly, by residues.

use std::ops::Range;

use rayon::prelude::*;

use super::{Basis, Digits, Instructions, LANES, Modulus, Window, sum_products};
use crate::algebra::{Integer, Numerators};

/// A matrix product of fewer multiplications than this is not worth preparing for residues.
pub const WORTH: usize = 1 << 20;

/// A matrix whose columns are what a sliding window reads of an image: with c channels and t taps, entry
/// `channel · t + tap` of a column is `values[channel · pixels + positions[column · t + tap]]`.
#[derive(Clone, Copy, Debug)]
pub struct Patches<'a> {
    /// The image, channel by channel.
    pub values: Numerators<'a>,
    /// The pixels of a channel.
    pub pixels: usize,
    /// For each column, the pixel that each tap reads; `None` reads 0.
    pub positions: &'a [Option<usize>],
    /// The taps of the window.
    pub taps: usize,
}

impl Patches<'_> {
    fn rows(&self) -> usize {
        self.values.len() / self.pixels * self.taps
    }

    fn columns(&self) -> usize {
        self.positions.len() / self.taps
    }
}

/// The product of an `m×k` matrix, row-major, with the `k×n` matrix of patches: `m×n`, row-major.
///
/// Its entries are at most the largest sum of absolute values in a row times the largest value, so
/// residues modulo enough primes are a proof of them ([`Basis`]); `None` if that takes more primes
/// than there are.
///
/// # Panics
/// If the matrix is not of whole rows, or a position is out of range.
pub fn product(matrix: Numerators<'_>, patches: Patches<'_>) -> Option<Vec<Integer>> {
    let k = patches.rows();
    let m = matrix.len() / k;
    assert_eq!(m * k, matrix.len(), "whole rows");
    let weights = Digits::of(matrix);
    let norm = (0..m).map(|row| weights.norm(row * k..(row + 1) * k)).max().unwrap_or_default();
    let basis = Basis::of(&(norm * patches.values.largest()))?;
    let packed = Packed::new(&weights, m, k);
    let numbers = Digits::of(patches.values);
    let residues: Vec<Vec<i16>> =
        basis.moduli().par_iter().map(|modulus| packed.product(modulus, &numbers, patches)).collect();
    Some(basis.lift(&residues.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

/// The left factor in the order in which [`sum_products`] reads it.
struct Packed {
    m: usize,
    k: usize,
    /// `[block][pair of columns][row of the block][2]`.
    weights: Digits,
}

/// Vectors of rows that are computed together.
const VECTORS: usize = 3;

impl Packed {
    fn new(weights: &Digits, m: usize, k: usize) -> Packed {
        let lanes: usize = blocks(m).map(|(_, vectors)| vectors * LANES).sum();
        let weights = weights.gathered(k.next_multiple_of(2) * lanes, |put| {
            for (first, vectors) in blocks(m) {
                let pairs =
                    (0..k.div_ceil(2)).flat_map(|pair| (first..first + vectors * LANES).map(move |row| (pair, row)));
                for (pair, row) in pairs {
                    let mut put = |column| put((row < m && column < k).then(|| row * k + column));
                    put(2 * pair);
                    put(2 * pair + 1);
                }
            }
        });
        Packed { m, k, weights }
    }

    /// The product modulo one prime.
    fn product(&self, modulus: &Modulus, numbers: &Digits, patches: Patches<'_>) -> Vec<i16> {
        /// Columns that are laid out at once.
        const PANEL: usize = 480;
        let (weights, values) = (self.weights.residues(modulus), numbers.residues(modulus));
        let mut out = vec![0; self.m * patches.columns()];
        for first in (0..patches.columns()).step_by(PANEL) {
            self.panel(modulus, &weights, &values, patches, first..patches.columns().min(first + PANEL), &mut out);
        }
        out
    }

    fn panel(
        &self,
        modulus: &Modulus,
        weights: &[i16],
        values: &[i16],
        patches: Patches<'_>,
        panel: Range<usize>,
        out: &mut [i16],
    ) {
        let (instructions, taps, stride) = (Instructions::detect(), patches.taps, self.k.next_multiple_of(2));
        let mut columns = vec![0; panel.len() * stride];
        let positions = patches.positions[panel.start * taps..panel.end * taps].chunks_exact(taps);
        for (column, positions) in columns.chunks_exact_mut(stride).zip(positions) {
            for (entries, channel) in column.chunks_exact_mut(taps).zip(values.chunks_exact(patches.pixels)) {
                entries.iter_mut().zip(positions).for_each(|(entry, p)| *entry = p.map_or(0, |p| channel[p]));
            }
        }
        let (mut results, mut next) = (Vec::new(), 0);
        for (first, vectors) in blocks(self.m) {
            let (lanes, together) = (vectors * LANES, instructions.columns(vectors));
            let window = &weights[next..next + stride * lanes];
            next += stride * lanes;
            results.resize(together * lanes, 0);
            for begin in panel.clone().step_by(together) {
                let some = begin..panel.end.min(begin + together);
                let starts: Vec<usize> = some.clone().map(|column| (column - panel.start) * stride).collect();
                let windows = [Window { weights: window, starts: &starts }];
                sum_products(instructions, modulus, vectors, &windows, &columns, &mut results);
                for (column, result) in some.zip(results.chunks_exact(lanes)) {
                    let rows = first..self.m.min(first + lanes);
                    rows.zip(result).for_each(|(row, &r)| out[row * patches.columns() + column] = r);
                }
            }
        }
    }
}

/// Runs of rows that are computed together: the first, and vectors of [`LANES`].
fn blocks(m: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..m).step_by(VECTORS * LANES).map(move |first| (first, (m - first).div_ceil(LANES).min(VECTORS)))
}

#[cfg(test)]
mod tests {
    use num_traits::Zero;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        /// Against the defining sum; `flat` makes every product as large as the bound allows.
        #[test]
        fn products_are_the_defining_sums(m in 1_usize..70, channels in 1_usize..8, taps in 1_usize..7, n in 1_usize..30, seed in any::<u64>(), shift in 0_u32..300, flat in any::<bool>()) {
            let mut state = seed;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                if flat { Integer::from(i64::MAX) << shift } else { Integer::from((state >> 20) as i64 - (1 << 43)) << (state % 64 * u64::from(shift) / 64) }
            };
            let (k, pixels) = (channels * taps, 17);
            let matrix: Vec<Integer> = (0..m * k).map(|_| next()).collect();
            let values: Vec<Integer> = (0..channels * pixels).map(|_| next()).collect();
            let positions: Vec<Option<usize>> = (0..n * taps).map(|i| if flat { Some(i % 17) } else { Some(i * i % 18).filter(|&p| p < 17) }).collect();
            let value = |column: usize, row: usize| {
                positions[column * taps + row % taps].map_or(Integer::zero(), |p| values[row / taps * pixels + p].clone())
            };
            let entry = |i: usize| -> Integer { (0..k).map(|r| &matrix[i / n * k + r] * value(i % n, r)).sum() };
            let expected: Vec<Integer> = (0..m * n).map(entry).collect();
            let patches = Patches { values: Numerators::Long(&values), pixels, positions: &positions, taps };
            prop_assert_eq!(product(Numerators::Long(&matrix), patches), Some(expected));
        }
    }

    #[test]
    fn longer_numbers_than_the_primes_hold_are_refused() {
        let long = vec![Integer::from(1) << 3_000_u32; 4];
        let patches = Patches { values: Numerators::Long(&long), pixels: 4, positions: &[Some(0), Some(1)], taps: 2 };
        assert_eq!(product(Numerators::Long(&long), patches), None);
    }
}
