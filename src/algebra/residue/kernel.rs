//! Sums of products of residues, by the widest instructions that the processor has.
//!
//! This is the one module with unsafe code. Every entry goes through [`sum_products`], which checks
//! the bounds of everything that the loops behind it read, and every path is tested against plain
//! arithmetic on whatever the testing machine offers.
#![allow(unsafe_code)]

use std::sync::LazyLock;

use super::Modulus;

/// Residues are multiplied for this many outputs at once, or a multiple of it.
pub const LANES: usize = 16;

/// Instructions that this processor has: only [`Instructions::available`] makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instructions(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    /// What every processor has.
    Portable,
    /// x86-64 with AVX2: 16 products an instruction.
    Avx2,
    /// x86-64 with AVX-512 VNNI: 32 products an instruction, added at once.
    Avx512,
}

impl Instructions {
    /// The widest that this processor has.
    pub fn detect() -> Instructions {
        static WIDEST: LazyLock<Instructions> =
            LazyLock::new(|| *Instructions::available().last().unwrap_or(&Instructions(Set::Portable)));
        *WIDEST
    }

    /// All that this processor has, widest last.
    pub fn available() -> Vec<Instructions> {
        let mut all = vec![Instructions(Set::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") {
                all.push(Instructions(Set::Avx2));
            }
            if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vnni") {
                all.push(Instructions(Set::Avx512));
            }
        }
        all
    }

    /// How many columns [`sum_products`] takes at once, for outputs of `vectors` × [`LANES`].
    pub fn columns(self, vectors: usize) -> usize {
        match (self.0, vectors) {
            (Set::Portable, _) => 2,
            (Set::Avx2, 1) => 6,
            (Set::Avx2, 2) => 3,
            (Set::Avx2, _) => 2,
            (Set::Avx512, 1) => 12,
            (Set::Avx512, 2) => 10,
            (Set::Avx512, _) => 8,
        }
    }
}

/// One window of weights and the values that it is multiplied with, in one column each.
#[derive(Clone, Debug)]
pub struct Window<'a> {
    /// Pairs of weights for every output: `[pair][output][2]`.
    pub weights: &'a [i16],
    /// Where each column's values begin; the last one is repeated for columns that are missing.
    pub starts: &'a [usize],
}

/// For each column n and output o, the residue of Σ over windows of Σₖ weights\[k, o\] · values\[startₙ + k\],
/// written to `out[n][o]`.
///
/// All numbers are balanced residues; `vectors` × [`LANES`] is the number of outputs, 1 to 3 vectors.
///
/// # Panics
/// If a window reads past the values, or sizes do not agree.
pub fn sum_products(
    instructions: Instructions,
    modulus: &Modulus,
    vectors: usize,
    windows: &[Window<'_>],
    values: &[i16],
    out: &mut [i16],
) {
    let columns = instructions.columns(vectors);
    assert_eq!(out.len(), columns * vectors * LANES, "one number a column and output");
    for window in windows {
        let pairs = window.weights.len() / (2 * vectors * LANES);
        assert_eq!(window.weights.len(), pairs * 2 * vectors * LANES, "whole pairs of weights");
        assert!((1..=columns).contains(&window.starts.len()), "one start a column");
        let last = values.len().checked_sub(2 * pairs).expect("values for every pair of weights");
        assert!(window.starts.iter().all(|&start| start <= last), "windows stay within the values");
    }
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the windows were checked above, and `available` found these instructions here.
    unsafe {
        match (instructions.0, vectors) {
            (Set::Avx2, 1) => return x86::avx2::<2, 6>(modulus, windows, values, out),
            (Set::Avx2, 2) => return x86::avx2::<4, 3>(modulus, windows, values, out),
            (Set::Avx2, 3) => return x86::avx2::<6, 2>(modulus, windows, values, out),
            (Set::Avx512, 1) => return x86::avx512::<1, 12>(modulus, windows, values, out),
            (Set::Avx512, 2) => return x86::avx512::<2, 10>(modulus, windows, values, out),
            (Set::Avx512, 3) => return x86::avx512::<3, 8>(modulus, windows, values, out),
            _ => {}
        }
    }
    portable(modulus, vectors * LANES, windows, values, out);
}

/// The loops in plain Rust.
fn portable(modulus: &Modulus, outputs: usize, windows: &[Window<'_>], values: &[i16], out: &mut [i16]) {
    let mut sums = vec![0_i32; outputs];
    for (n, out) in out.chunks_exact_mut(outputs).enumerate() {
        sums.fill(0);
        let mut room = modulus.products() / 2;
        for window in windows {
            for (pair, weights) in window.weights.chunks_exact(2 * outputs).enumerate() {
                let start = window.starts[n.min(window.starts.len() - 1)] + 2 * pair;
                let (a, b) = (i32::from(values[start]), i32::from(values[start + 1]));
                for (sum, w) in sums.iter_mut().zip(weights.chunks_exact(2)) {
                    *sum += i32::from(w[0]) * a + i32::from(w[1]) * b;
                }
                room -= 1;
                if room == 0 {
                    sums.iter_mut().for_each(|sum| *sum = modulus.folded(*sum));
                    room = modulus.products() / 2;
                }
            }
        }
        out.iter_mut().zip(&sums).for_each(|(out, &sum)| *out = modulus.reduce(sum));
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Modulus, Window};

    /// The fold factor in the high half of a lane and 1 in the low: what a lane's halves are multiplied by.
    fn fold_pair(modulus: &Modulus) -> i32 {
        (i32::from(modulus.fold_factor()) << 16) | 1
    }

    /// `N` columns, `V` vectors of 8 outputs.
    ///
    /// # Safety
    /// The processor has AVX2, and [`super::sum_products`] has checked the windows.
    #[target_feature(enable = "avx2")]
    pub unsafe fn avx2<const V: usize, const N: usize>(
        modulus: &Modulus,
        windows: &[Window<'_>],
        values: &[i16],
        out: &mut [i16],
    ) {
        let (half, fold) = (_mm256_set1_epi32(0x8000), _mm256_set1_epi32(fold_pair(modulus)));
        let mut sums = [[_mm256_setzero_si256(); V]; N];
        let mut room = modulus.products() / 2;
        for window in windows {
            let pairs = window.weights.len() / (16 * V);
            let mut starts = [values.as_ptr(); N];
            for (n, start) in starts.iter_mut().enumerate() {
                // SAFETY: every start is within the values.
                *start = unsafe { start.add(window.starts[n.min(window.starts.len() - 1)]) };
            }
            let mut pair = 0;
            while pair < pairs {
                let end = pairs.min(pair + room);
                room -= end - pair;
                while pair < end {
                    let mut weights = [_mm256_setzero_si256(); V];
                    for (v, w) in weights.iter_mut().enumerate() {
                        // SAFETY: pair < pairs, so these 16 weights are there.
                        *w = unsafe { _mm256_loadu_si256(window.weights.as_ptr().add((pair * V + v) * 16).cast()) };
                    }
                    for n in 0..N {
                        // SAFETY: two values for each pair follow each start.
                        let value = unsafe { starts[n].add(2 * pair).cast::<i32>().read_unaligned() };
                        let value = _mm256_set1_epi32(value);
                        for v in 0..V {
                            sums[n][v] = _mm256_add_epi32(sums[n][v], _mm256_madd_epi16(weights[v], value));
                        }
                    }
                    pair += 1;
                }
                if room == 0 {
                    for sum in sums.as_flattened_mut() {
                        // With 2¹⁵ added, the high half is right for a low half that is read as signed.
                        *sum = _mm256_madd_epi16(_mm256_xor_si256(_mm256_add_epi32(*sum, half), half), fold);
                    }
                    room = modulus.products() / 2;
                }
            }
        }
        for (out, sum) in out.chunks_exact_mut(8).zip(sums.as_flattened()) {
            let mut lanes = [0_i32; 8];
            // SAFETY: eight lanes are 32 bytes.
            unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), *sum) };
            out.iter_mut().zip(lanes).for_each(|(out, lane)| *out = modulus.reduce(lane));
        }
    }

    /// A sum, folded once ([`Modulus::folded`]).
    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    fn folded(sum: __m512i, fold: __m512i) -> __m512i {
        let half = _mm512_set1_epi32(0x8000);
        // With 2¹⁵ added, the high half is right for a low half that is read as signed.
        _mm512_madd_epi16(_mm512_xor_si512(_mm512_add_epi32(sum, half), half), fold)
    }

    /// The balanced residues of sums: of |n| ≤ 2²³ + 2¹⁶ after two folds.
    ///
    /// With t = ⌊n/2⁹⌋ and the quotient q = ⌊t · short / 2¹⁸⌉, |n/p − q| < 1/2 + 2⁹/p + 2⁻⁴ < 3/4: t, q and p are words of
    /// 16 bits, and the difference n − qp is at most one p away from being balanced.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    #[inline]
    fn reduced(modulus: &Modulus, sum: __m512i, fold: __m512i) -> __m256i {
        let (p, short) = (modulus.prime(), i32::from(modulus.short()));
        let n = folded(folded(sum, fold), fold);
        let quotient = _mm512_dpwssd_epi32(_mm512_set1_epi32(1 << 17), _mm512_srai_epi32::<9>(n), low(short));
        let r = _mm512_dpwssd_epi32(n, _mm512_srai_epi32::<18>(quotient), low(-p));
        let (half, p) = (_mm512_set1_epi32(p / 2), _mm512_set1_epi32(p));
        let r = _mm512_mask_sub_epi32(r, _mm512_cmpgt_epi32_mask(r, half), r, p);
        let r =
            _mm512_mask_add_epi32(r, _mm512_cmplt_epi32_mask(r, _mm512_sub_epi32(_mm512_setzero_si512(), half)), r, p);
        _mm512_cvtepi32_epi16(r)
    }

    /// A word of 16 bits, either sign, in the low half of every lane, and 0 in the high half.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn low(n: i32) -> __m512i {
        _mm512_set1_epi32(n & 0xFFFF)
    }

    /// `N` columns, `V` vectors of 16 outputs.
    ///
    /// # Safety
    /// The processor has AVX-512 BW and VNNI, and [`super::sum_products`] has checked the windows.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    #[expect(clippy::needless_range_loop, reason = "known indices keep the sums in registers")]
    pub unsafe fn avx512<const V: usize, const N: usize>(
        modulus: &Modulus,
        windows: &[Window<'_>],
        values: &[i16],
        out: &mut [i16],
    ) {
        let fold = _mm512_set1_epi32(fold_pair(modulus));
        let mut sums = [[_mm512_setzero_si512(); V]; N];
        let mut room = modulus.products() / 2;
        for window in windows {
            let pairs = window.weights.len() / (32 * V);
            let mut starts = [values.as_ptr(); N];
            for (n, start) in starts.iter_mut().enumerate() {
                // SAFETY: every start is within the values.
                *start = unsafe { start.add(window.starts[n.min(window.starts.len() - 1)]) };
            }
            let mut pair = 0;
            while pair < pairs {
                let end = pairs.min(pair + room);
                room -= end - pair;
                while pair < end {
                    let mut weights = [_mm512_setzero_si512(); V];
                    for (v, w) in weights.iter_mut().enumerate() {
                        // SAFETY: pair < pairs, so these 32 weights are there.
                        *w = unsafe { _mm512_loadu_si512(window.weights.as_ptr().add((pair * V + v) * 32).cast()) };
                    }
                    for n in 0..N {
                        // SAFETY: two values for each pair follow each start.
                        let value = unsafe { starts[n].add(2 * pair).cast::<i32>().read_unaligned() };
                        let value = _mm512_set1_epi32(value);
                        for v in 0..V {
                            sums[n][v] = _mm512_dpwssd_epi32(sums[n][v], weights[v], value);
                        }
                    }
                    pair += 1;
                }
                if room == 0 {
                    for n in 0..N {
                        for v in 0..V {
                            sums[n][v] = folded(sums[n][v], fold);
                        }
                    }
                    room = modulus.products() / 2;
                }
            }
        }
        // A copy, so that the sums themselves need not be in memory while they grow.
        let ended = sums;
        for (out, sum) in out.chunks_exact_mut(16).zip(ended.as_flattened()) {
            // SAFETY: sixteen residues are 32 bytes.
            unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), reduced(modulus, *sum, fold)) };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::algebra::residue::moduli;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Long enough for several folds, with every residue at its largest or arbitrary.
        #[test]
        fn every_path_gives_the_sum(seed in any::<u64>(), prime in 0_usize..464, vectors in 1_usize..=3, taps in 1_usize..4, pairs in 1_usize..90, given in 1_usize..14, extreme in any::<bool>()) {
            let modulus = &moduli()[prime];
            let mut state = seed;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let half = modulus.prime() / 2;
                if extreme { half as i16 } else { modulus.reduce((state >> 33) as i32) }
            };
            let outputs = vectors * LANES;
            let weights: Vec<Vec<i16>> = (0..taps).map(|_| (0..2 * pairs * outputs).map(|_| next()).collect()).collect();
            let sign = if seed % 2 == 0 { 1 } else { -1 };
            let values: Vec<i16> = (0..2 * pairs + 40).map(|_| next() * sign).collect();
            for instructions in Instructions::available() {
                let columns = instructions.columns(vectors);
                let starts: Vec<Vec<usize>> = (0..taps).map(|t| (0..given.min(columns)).map(|n| (7 * t + 3 * n + t * n) % 41).collect()).collect();
                let windows: Vec<Window<'_>> = weights.iter().zip(&starts).map(|(weights, starts)| Window { weights, starts }).collect();
                let mut out = vec![0; columns * outputs];
                sum_products(instructions, modulus, vectors, &windows, &values, &mut out);
                for (n, o) in (0..given.min(columns)).flat_map(|n| (0..outputs).map(move |o| (n, o))) {
                    let product = |(w, s): (&Vec<i16>, &Vec<usize>), k: usize| {
                        i64::from(w[(k / 2 * outputs + o) * 2 + k % 2]) * i64::from(values[s[n] + k])
                    };
                    let sum: i64 = weights.iter().zip(&starts).flat_map(|ws| (0..2 * pairs).map(move |k| product(ws, k))).sum();
                    let found = i64::from(out[n * outputs + o]);
                    prop_assert_eq!((sum - found) % i64::from(modulus.prime()), 0, "{:?} column {} output {}", instructions, n, o);
                    prop_assert!(2 * found.abs() < i64::from(modulus.prime()));
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "within the values")]
    fn a_window_past_the_values_is_refused() {
        let instructions = Instructions(Set::Portable);
        let windows = [Window { weights: &[1; 32], starts: &[0, 2] }];
        sum_products(instructions, &moduli()[0], 1, &windows, &[1; 3], &mut [0; 32]);
    }
}
