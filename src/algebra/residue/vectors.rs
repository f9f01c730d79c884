//! Loops over many residues, compiled for several sets of instructions; the processor's own is chosen when
//! the program runs.

use multiversion::multiversion;

use super::modulus::Factor;
use super::{FRACTION, Modulus};

/// Each residue times a factor.
pub fn multiply_all(modulus: &Modulus, factor: i16, residues: &[i16]) -> Vec<i16> {
    let mut products = vec![0; residues.len()];
    multiply_into(modulus.factor(factor), residues, &mut products);
    products
}

/// Writes each residue times a factor.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn multiply_into(factor: Factor, residues: &[i16], out: &mut [i16]) {
    out.iter_mut().zip(residues).for_each(|(out, &r)| *out = factor.times(r));
}

/// Adds to each sum its terms, each times a factor.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn add_products(sums: &mut [i32], terms: [&[i16]; 2], factors: [i16; 2]) {
    let [a, b] = factors.map(i32::from);
    let terms = terms[0].iter().zip(terms[1]);
    sums.iter_mut().zip(terms).for_each(|(sum, (&s, &t))| *sum += i32::from(s) * a + i32::from(t) * b);
}

/// The residues of Σ weight · vector, for vectors of residues and their weights.
pub fn combine(modulus: &Modulus, terms: &[(i16, &[i16])], out: &mut [i16]) {
    /// Vectors that are added before sums are reduced: an `i32` holds more than a hundred products.
    const PRODUCTS: usize = 100;
    if let &[(weight, vector)] = terms {
        return multiply_into(modulus.factor(weight), vector, out);
    }
    out.fill(0);
    let mut sums = Vec::new();
    for terms in terms.chunks(PRODUCTS) {
        sums.clear();
        sums.extend(out.iter().map(|&o| i32::from(o)));
        for pair in terms.chunks(2) {
            let (a, b) = (pair[0], *pair.get(1).unwrap_or(&(0, pair[0].1)));
            add_products(&mut sums, [a.1, b.1], [a.0, b.0]);
        }
        reduce_all(modulus, &sums, out);
    }
}

/// Adds to each sum its residue.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn add_all(sums: &mut [i32], residues: &[i16]) {
    sums.iter_mut().zip(residues).for_each(|(sum, &r)| *sum += i32::from(r));
}

/// The residue of each sum.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn reduce_all(modulus: &Modulus, sums: &[i32], out: &mut [i16]) {
    out.iter_mut().zip(sums).for_each(|(out, &sum)| *out = modulus.reduce(sum));
}

/// Adds to each sum its terms, each times a fraction in units of 2^−[`FRACTION`].
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn add_fractions(sums: &mut [i64], terms: [&[i16]; 2], units: [i32; 2]) {
    let [a, b] = units.map(i64::from);
    let terms = terms[0].iter().zip(terms[1]);
    sums.iter_mut().zip(terms).for_each(|(sum, (&s, &t))| *sum += i64::from(s) * a + i64::from(t) * b);
}

/// Writes each sum, rounded to an integer; gives the largest distance of a sum from its integer.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn split_fractions(sums: &[i64], integers: &mut [i16]) -> u64 {
    let mut most = 0;
    for (integer, &sum) in integers.iter_mut().zip(sums) {
        let whole = rounded(sum);
        *integer = whole as i16;
        most = most.max((sum - (whole << FRACTION)).unsigned_abs());
    }
    most
}

/// A sum of fractions, rounded to the nearest integer.
#[inline(always)]
pub fn rounded(sum: i64) -> i64 {
    (sum + (1 << (FRACTION - 1))) >> FRACTION
}

/// Σ aᵢ · bᵢ of residues.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn dot(a: &[i16], b: &[i16]) -> i64 {
    /// Products that an `i32` holds the sum of.
    const PRODUCTS: usize = 64;
    let product = |(&a, &b): (&i16, &i16)| i32::from(a) * i32::from(b);
    let part = |(a, b): (&[i16], &[i16])| i64::from(a.iter().zip(b).map(product).sum::<i32>());
    a.chunks(PRODUCTS).zip(b.chunks(PRODUCTS)).map(part).sum()
}

/// Each residue times a factor, plus a digit of at most 24 bits; or the residues of digits of any size.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn add_digits(modulus: &Modulus, residues: &mut [i16], factor: i16, digits: &[i32]) {
    residues
        .iter_mut()
        .zip(digits)
        .for_each(|(r, &digit)| *r = modulus.reduce(i32::from(*r) * i32::from(factor) + digit));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Products as large as residues make them, of one sign: far more than 32 bits hold the sum of.
    #[test]
    fn dots_are_the_sums_of_the_products() {
        for count in [0, 1, 63, 64, 65, 128, 129, 10_000] {
            for (a, b) in [(4095_i16, 4095_i16), (-4095, 4095), (1, -1)] {
                assert_eq!(dot(&vec![a; count], &vec![b; count]), i64::from(a) * i64::from(b) * count as i64);
            }
        }
    }
}
