//! Integers of any size in pieces that fit a machine word.

use num_bigint::Sign;
use num_traits::{ToPrimitive, Zero};

use super::Modulus;
use super::vectors::add_digits;
use crate::algebra::{Integer, Numerators};

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
    pub fn of(numbers: Numerators<'_>) -> Digits {
        match numbers {
            Numerators::Words(words) => {
                let short: Option<Vec<i32>> = words.iter().map(|&w| i32::try_from(w).ok()).collect();
                short.map_or_else(|| Digits::of_words(words), |plane| Digits { planes: vec![plane] })
            }
            Numerators::Long(long) => Digits::new(long.iter()),
        }
    }

    fn of_words(words: &[i64]) -> Digits {
        let longest = words.iter().fold(0, |union, w| union | w.unsigned_abs());
        let planes = (u64::BITS - longest.leading_zeros()).div_ceil(BITS as u32);
        let digit = |w: &i64, plane: u32| {
            let digit = (w.unsigned_abs() >> (plane * BITS as u32) & ((1 << BITS) - 1)) as i32;
            if *w < 0 { -digit } else { digit }
        };
        Digits { planes: (0..planes).map(|plane| words.iter().map(|w| digit(w, plane)).collect()).collect() }
    }

    /// The digits of some integers.
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
            split(&mut planes, i, n < 0, [n.unsigned_abs()].into_iter());
        }
        for (i, n) in long {
            split(&mut planes, i, n.sign() == Sign::Minus, n.iter_u32_digits());
        }
        Digits { planes }
    }

    /// `count` of these numbers in the order in which `visit` names them, with 0 where it says `None`.
    pub fn gathered(&self, count: usize, visit: impl Fn(&mut dyn FnMut(Option<usize>))) -> Digits {
        let plane = |digits: &Vec<i32>| {
            let mut plane = Vec::with_capacity(count);
            visit(&mut |source| plane.push(source.map_or(0, |i| digits[i])));
            plane
        };
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

/// Writes the digits of number i, given 32 bits at a time, into the planes, which become as many as it needs.
fn split(planes: &mut Vec<Vec<i32>>, i: usize, negative: bool, words: impl Iterator<Item = u32>) {
    let (mut bits, mut known, mut plane) = (0_u64, 0, 0);
    let mut write = |digit: i32| {
        if digit != 0 {
            let count = planes[0].len();
            while planes.len() <= plane {
                planes.push(vec![0; count]);
            }
            planes[plane][i] = if negative { -digit } else { digit };
        }
        plane += 1;
    };
    for word in words {
        bits |= u64::from(word) << known;
        known += u32::BITS as usize;
        while known >= BITS {
            write((bits & ((1 << BITS) - 1)) as i32);
            bits >>= BITS;
            known -= BITS;
        }
    }
    write(bits as i32);
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
