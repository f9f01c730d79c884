//! Convolutions with three taps along each axis, in fewer products, modulo a prime.
//!
//! Four neighbouring values of yᵢ = g₀xᵢ + g₁xᵢ₊₁ + g₂xᵢ₊₂ take six products instead of twelve: with polynomials
//! evaluated at 0, ±1, ±2 and ∞, y = Aᵀ((G·g) ⊙ (Bᵀ·x)), and along several axes one after the other. This is the
//! minimal filtering F(4, 3) of Winograd (*Arithmetic complexity of computations*, 1980), with the matrices of
//! Lavin and Gray (*Fast algorithms for convolutional neural networks*, 2016). In floating point it loses digits;
//! modulo a prime p > 3 the fractions in G are residues, and nothing is lost.

use std::array::from_fn;

use multiversion::multiversion;

use super::Modulus;

/// Neighbouring results along an axis that are computed together.
pub const RESULTS: usize = 4;
/// The values along an axis that these results depend on, and the products that they take.
pub const VALUES: usize = 6;
/// Taps along an axis.
pub const TAPS: usize = 3;
/// Numbers that are transformed side by side.
pub const CHUNK: usize = 64;

/// As many residues, of one place of a tile.
pub type Chunk = [i16; CHUNK];

/// Room for the places of a tile between one axis and the next.
#[derive(Debug, Default)]
pub struct Tile {
    places: Vec<Chunk>,
    next: Vec<Chunk>,
}

impl Tile {
    /// Bᵀ along every axis: from [`VALUES`] places each of what a convolution reads to as many, nearly balanced
    /// residues: at most (p − 1)/2 + 6. Places are row-major.
    pub fn values<'a>(
        &mut self,
        modulus: &Modulus,
        axes: usize,
        from: impl Fn(usize) -> &'a Chunk,
        to: impl FnMut(usize, &Chunk),
    ) {
        self.along::<VALUES, VALUES>(axes, from, to, |places, found| values(modulus, places, found));
    }

    /// G along every axis: from [`TAPS`] places each to [`VALUES`] places, balanced residues.
    pub fn taps<'a>(
        &mut self,
        modulus: &Modulus,
        axes: usize,
        from: impl Fn(usize) -> &'a Chunk,
        to: impl FnMut(usize, &Chunk),
    ) {
        let fractions = [4, 6, 24].map(|n| i32::from(modulus.invert(n)));
        self.along::<TAPS, VALUES>(axes, from, to, |places, found| taps(modulus, fractions, places, found));
    }

    /// Aᵀ along every axis: from [`VALUES`] places each of products, nearly balanced, to [`RESULTS`] places, balanced
    /// residues.
    pub fn results<'a>(
        &mut self,
        modulus: &Modulus,
        axes: usize,
        from: impl Fn(usize) -> &'a Chunk,
        to: impl FnMut(usize, &Chunk),
    ) {
        self.along::<VALUES, RESULTS>(axes, from, to, |places, found| results(modulus, places, found));
    }

    /// One axis after the other.
    fn along<'a, const FROM: usize, const TO: usize>(
        &mut self,
        axes: usize,
        from: impl Fn(usize) -> &'a Chunk,
        mut to: impl FnMut(usize, &Chunk),
        axis: impl Fn([&Chunk; FROM], &mut [Chunk; TO]),
    ) {
        let mut found = [[0; CHUNK]; TO];
        for done in 0..axes {
            let (outer, stride) = (TO.pow(done as u32), FROM.pow((axes - 1 - done) as u32));
            self.next.resize(outer * TO * stride, [0; CHUNK]);
            for (o, i) in (0..outer).flat_map(|o| (0..stride).map(move |i| (o, i))) {
                let place = |k| o * FROM * stride + i + k * stride;
                let places = from_fn(|k| if done == 0 { from(place(k)) } else { &self.places[place(k)] });
                axis(places, &mut found);
                for (k, chunk) in found.iter().enumerate() {
                    let place = o * TO * stride + i + k * stride;
                    if done + 1 == axes { to(place, chunk) } else { self.next[place] = *chunk }
                }
            }
            std::mem::swap(&mut self.places, &mut self.next);
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn values(modulus: &Modulus, x: [&Chunk; VALUES], y: &mut [Chunk; VALUES]) {
    for i in 0..CHUNK {
        // Each is at most 4,101, and no sum of eight of them, or more, is made: 16 bits hold the others.
        let x: [i16; VALUES] = from_fn(|k| x[k][i]);
        let near = |n| modulus.nearly(n);
        let (even, odd) = (near(x[4] - 4 * x[2]), near(x[3] - 4 * x[1]));
        let (more, twice) = (x[4] - x[2], 2 * (x[3] - x[1]));
        y[0][i] = near(near(4 * x[0] - 3 * x[2]) - 2 * x[2] + x[4]);
        y[1][i] = near(even + odd);
        y[2][i] = near(even - odd);
        y[3][i] = near(more + twice);
        y[4][i] = near(more - twice);
        y[5][i] = near(near(4 * x[1] - 3 * x[3]) - 2 * x[3] + x[5]);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn taps(modulus: &Modulus, [quarter, sixth, least]: [i32; 3], g: [&Chunk; TAPS], y: &mut [Chunk; VALUES]) {
    for i in 0..CHUNK {
        let g: [i32; TAPS] = from_fn(|k| i32::from(g[k][i]));
        let (outer, far) = (g[0] + g[2], g[0] + 4 * g[2]);
        // At most seven residues times one.
        y[0][i] = modulus.reduce_short(g[0] * quarter);
        y[1][i] = modulus.reduce_short((outer + g[1]) * -sixth);
        y[2][i] = modulus.reduce_short((outer - g[1]) * -sixth);
        y[3][i] = modulus.reduce_short((far + 2 * g[1]) * least);
        y[4][i] = modulus.reduce_short((far - 2 * g[1]) * least);
        y[5][i] = g[2] as i16;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn results(modulus: &Modulus, x: [&Chunk; VALUES], y: &mut [Chunk; RESULTS]) {
    for i in 0..CHUNK {
        // As in `values`.
        let x: [i16; VALUES] = from_fn(|k| x[k][i]);
        let near = |n| modulus.nearly(n);
        let (one, less) = (x[1] + x[2], x[1] - x[2]);
        let (two, fewer) = (near(x[3] + x[4]), near(x[3] - x[4]));
        y[0][i] = modulus.balanced(x[0] + one + two);
        y[1][i] = modulus.balanced(less + 2 * fewer);
        y[2][i] = modulus.balanced(one + 4 * two);
        y[3][i] = modulus.balanced(less + 2 * near(4 * fewer) + x[5]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algebra::residue::moduli;

    /// Tiles along one to three axes, of arbitrary residues and of the largest, against the sum.
    #[test]
    fn tiles_are_convolutions() {
        for (axes, extreme) in [(1, false), (1, true), (2, false), (2, true), (3, false), (3, true)] {
            for modulus in [moduli()[0], moduli()[200], moduli()[463]] {
                let half = modulus.prime() / 2;
                let mut state = 7_u64;
                let mut next = || {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let n = (state >> 40) as i32 % (half + 1);
                    let sign = if state >> 63 == 0 { 1 } else { -1 };
                    (if extreme { half } else { n } * sign) as i16
                };
                let mut tile = |n: usize| -> Vec<Chunk> { (0..n.pow(axes)).map(|_| from_fn(|_| next())).collect() };
                let (x, g) = (tile(VALUES), tile(TAPS));
                let digits =
                    |mut i: usize, base: usize| -> Vec<usize> { (0..axes).map(|_| (i % base, i /= base).0).collect() };
                let at = |d: &[usize], base: usize| d.iter().rev().fold(0, |i, d| i * base + d);
                let expected = |i: usize, lane: usize| -> i64 {
                    let product = |tap: usize| {
                        let d: Vec<usize> =
                            digits(i, RESULTS).iter().zip(digits(tap, TAPS)).map(|(a, b)| a + b).collect();
                        i64::from(x[at(&d, VALUES)][lane]) * i64::from(g[tap][lane])
                    };
                    (0..TAPS.pow(axes)).map(product).sum()
                };
                let lanes = [0, 17, CHUNK - 1];
                let sums: Vec<[i64; 3]> = (0..RESULTS.pow(axes)).map(|i| lanes.map(|lane| expected(i, lane))).collect();
                let (axes, mut tile) = (axes as usize, Tile::default());
                let (mut bx, mut gg, mut y) = (Vec::new(), Vec::new(), vec![[0; CHUNK]; RESULTS.pow(axes as u32)]);
                let put = |out: &mut Vec<Chunk>, place: usize, chunk: &Chunk| {
                    out.resize(out.len().max(place + 1), [0; CHUNK]);
                    out[place] = *chunk;
                };
                tile.values(&modulus, axes, |k| &x[k], |k, chunk| put(&mut bx, k, chunk));
                tile.taps(&modulus, axes, |k| &g[k], |k, chunk| put(&mut gg, k, chunk));
                let product = |(x, g): (&Chunk, &Chunk)| from_fn(|i| modulus.multiply(x[i], g[i]));
                let products: Vec<Chunk> = bx.iter().zip(&gg).map(product).collect();
                tile.results(&modulus, axes, |k| &products[k], |k, chunk| y[k] = *chunk);
                for (sums, y) in sums.iter().zip(&y) {
                    for (sum, lane) in sums.iter().zip(lanes) {
                        assert_eq!((sum - i64::from(y[lane])) % i64::from(modulus.prime()), 0, "{axes} axes");
                        assert!(2 * i32::from(y[lane]).abs() < modulus.prime());
                    }
                }
            }
        }
    }
}
