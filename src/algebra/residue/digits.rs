//! Integers of any size in pieces that fit a machine word.

use num_bigint::Sign;
use num_traits::{ToPrimitive, Zero};

use super::Modulus;
use super::vectors::add_digits;
use crate::algebra::Integer;

/// Many integers: number i is Σⱼ planes\[j\]\[i\] · 2^(24j), its digits all of its own sign.
///
/// Where every number fits in an `i32`, there is one plane.
#[derive(Clone, Debug)]
pub struct Digits {
    planes: Vec<Vec<i32>>,
}

/// The bits of a digit, where there are several planes.
const BITS: usize = 24;

impl Digits {
    /// The digits of some numbers.
    pub fn new<'a>(numbers: impl ExactSizeIterator<Item = &'a Integer>) -> Digits {
        let count = numbers.len();
        let mut planes = vec![vec![0; count]];
        let mut long = Vec::new();
        for (i, number) in numbers.enumerate() {
            match number.to_i32() {
                Some(small) => planes[0][i] = small,
                None => long.push((i, number)),
            }
        }
        if long.is_empty() {
            return Digits { planes };
        }
        let short = std::mem::replace(&mut planes[0], vec![0; count]);
        for (i, n) in short.into_iter().enumerate() {
            split(&mut planes, i, n < 0, &n.unsigned_abs().to_le_bytes());
        }
        for (i, n) in long {
            let (sign, bytes) = n.to_bytes_le();
            split(&mut planes, i, sign == Sign::Minus, &bytes);
        }
        Digits { planes }
    }

    /// These numbers in another order, with 0 where there is `None`.
    pub fn gathered(&self, sources: &[Option<usize>]) -> Digits {
        let plane = |digits: &Vec<i32>| sources.iter().map(|source| source.map_or(0, |i| digits[i])).collect();
        Digits { planes: self.planes.iter().map(plane).collect() }
    }

    /// The balanced residues of all numbers.
    pub fn residues(&self, modulus: &Modulus) -> Vec<i16> {
        let mut residues = vec![0; self.count()];
        let base = modulus.reduce(1 << BITS);
        // |r · base| + |digit| < 2²⁴ + 2²⁴, or r = 0.
        self.planes.iter().rev().for_each(|digits| add_digits(modulus, &mut residues, base, digits));
        residues
    }

    /// The sum of the absolute values of some numbers.
    pub fn norm(&self, indices: impl Iterator<Item = usize> + Clone) -> Integer {
        let plane = |digits: &Vec<i32>| -> u64 { indices.clone().map(|i| u64::from(digits[i].unsigned_abs())).sum() };
        self.planes.iter().rev().fold(Integer::zero(), |sum, digits| (sum << BITS) + plane(digits))
    }

    /// How many numbers there are.
    pub fn count(&self) -> usize {
        self.planes[0].len()
    }
}

/// Writes the digits of number i into the planes, which become as many as it needs.
fn split(planes: &mut Vec<Vec<i32>>, i: usize, negative: bool, bytes: &[u8]) {
    for (j, bytes) in bytes.chunks(BITS / 8).enumerate() {
        let digit = bytes.iter().rev().fold(0, |digit, &byte| (digit << 8) | i32::from(byte));
        if digit != 0 {
            let count = planes[0].len();
            while planes.len() <= j {
                planes.push(vec![0; count]);
            }
            planes[j][i] = if negative { -digit } else { digit };
        }
    }
}

#[cfg(test)]
mod tests {
    use num_integer::Integer as _;
    use num_traits::{One, Signed};
    use proptest::prelude::*;

    use super::*;
    use crate::algebra::residue::moduli;

    proptest! {
        #[test]
        fn residues_and_norms_are_those_of_the_numbers(numbers in prop::collection::vec((any::<i64>(), 0_u32..200), 1..20), small in any::<bool>(), prime in 0_usize..464) {
            let shift = |&(n, s): &(i64, u32)| if small { Integer::from(n >> 33) } else { Integer::from(n) << s };
            let mut numbers: Vec<Integer> = numbers.iter().map(shift).collect();
            numbers.extend([Integer::from(i32::MIN), Integer::from(i32::MAX), Integer::zero(), -Integer::one()]);
            let digits = Digits::new(numbers.iter());
            let modulus = &moduli()[prime];
            for (n, r) in numbers.iter().zip(digits.residues(modulus)) {
                prop_assert!((n - Integer::from(r)).is_multiple_of(&modulus.prime().into()));
                prop_assert!(2 * i32::from(r).abs() < modulus.prime());
            }
            let norm: Integer = numbers.iter().map(Integer::abs).sum();
            prop_assert_eq!(digits.norm(0..numbers.len()), norm);
        }
    }
}
