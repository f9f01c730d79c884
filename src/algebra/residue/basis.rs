//! From residues to numbers, and to more residues.

use num_bigint::Sign;
use num_integer::Integer as _;
use num_traits::{One, ToPrimitive};
use rayon::prelude::*;

use super::modulus::Factor;
use super::vectors::{add_fractions, add_products, multiply_into, reduce_all, rounded, split_fractions};
use super::{FRACTION, Modulus, moduli};
use crate::algebra::Integer;

/// The first few [`moduli`], as a system of residues for numbers x with |x| < P/4, P their product.
///
/// With Mⱼ = P/pⱼ and cⱼ ≡ x · Mⱼ⁻¹ (mod pⱼ), balanced, x = Σ cⱼ·Mⱼ − q·P for one integer q (the Chinese
/// remainder theorem). Dividing by P, Σ cⱼ/pⱼ − q = x/P lies within ±1/4, so q is that sum rounded,
/// even where it is known only within 1/4. (So in Shenoy and Kumaresan 1989, and Halevi, Polyakov
/// and Shoup 2019.)
#[derive(Clone, Debug)]
pub struct Basis {
    moduli: &'static [Modulus],
    /// P.
    product: Integer,
    /// Mⱼ⁻¹ mod pⱼ.
    inverses: Vec<i16>,
}

impl Basis {
    /// The least basis, of one prime or more, for numbers of at most this absolute value; `None` if
    /// there are not enough primes.
    pub fn of(bound: &Integer) -> Option<Basis> {
        let least = (bound << 2_u32).max(Integer::one());
        let mut product = Integer::one();
        let mut count = 0;
        while product <= least {
            product *= moduli().get(count)?.prime();
            count += 1;
        }
        Some(Basis::new(count))
    }

    /// The basis of the first `count` moduli.
    fn new(count: usize) -> Basis {
        let moduli = &moduli()[..count];
        let product: Integer = moduli.iter().map(|m| Integer::from(m.prime())).product();
        let inverse = |m: &Modulus| m.invert(residue(&(&product / m.prime()), m));
        Basis { moduli, inverses: moduli.iter().map(inverse).collect(), product }
    }

    /// The moduli.
    pub fn moduli(&self) -> &'static [Modulus] {
        self.moduli
    }

    /// The numbers with these residues: `residues[j][i]` is number i modulo the j-th prime.
    pub fn lift(&self, residues: &[&[i16]]) -> Vec<Integer> {
        // Σ cⱼ·Mⱼ − q·P in digits of 32 bits, each sum well within 64: |cⱼ| < 2¹², fewer than 2¹⁰ primes.
        let product: Vec<u32> = self.product.iter_u32_digits().collect();
        let cofactor = |m: &Modulus| (&self.product / m.prime()).iter_u32_digits().collect::<Vec<u32>>();
        let cofactors: Vec<Vec<u32>> = self.moduli.iter().map(cofactor).collect();
        let number = |digits: &mut Vec<i64>, i: usize| {
            digits.clear();
            digits.resize(product.len(), 0);
            let mut fraction = 0;
            for (j, modulus) in self.moduli.iter().enumerate() {
                let c = i64::from(modulus.multiply(residues[j][i], self.inverses[j]));
                digits.iter_mut().zip(&cofactors[j]).for_each(|(d, &m)| *d += c * i64::from(m));
                fraction += c * i64::from(per_unit(modulus));
            }
            let q = rounded(fraction);
            digits.iter_mut().zip(&product).for_each(|(d, &p)| *d -= q * i64::from(p));
            integer(digits)
        };
        let count = residues.first().map_or(0, |r| r.len());
        (0..count).into_par_iter().with_min_len(64).map_init(Vec::new, number).collect()
    }

    /// The largest absolute value of the numbers with these residues, rounded up, and what is needed
    /// to find their residues modulo other primes.
    pub fn measure<'b>(&'b self, residues: &'b [Vec<i16>]) -> Measured<'b> {
        let factors =
            self.moduli.iter().zip(&self.inverses).map(|(modulus, &inverse)| modulus.factor(inverse)).collect();
        let quotients = vec![0; residues.first().map_or(0, Vec::len)];
        let mut measured = Measured { basis: self, residues, factors, quotients, bound: Integer::ZERO };
        let units: Vec<i32> = self.moduli.iter().map(per_unit).collect();
        let mut quotients = std::mem::take(&mut measured.quotients);
        let most = quotients.par_chunks_mut(CHUNK).enumerate().map_init(Vec::new, |terms, (chunk, quotients)| {
            measured.terms(chunk, terms);
            let mut sums = [0_i64; CHUNK];
            for (terms, units) in terms.chunks(2).zip(units.chunks(2)) {
                add_fractions(&mut sums, both(terms), [units[0], *units.get(1).unwrap_or(&0)]);
            }
            split_fractions(&sums, quotients)
        });
        // Each term's unit is off by at most 1/2, and |cⱼ| < 2¹².
        let most = most.reduce(|| 0, u64::max) + ((self.moduli.len() as u64) << 11);
        Measured { bound: (&self.product * most) >> FRACTION, quotients, ..measured }
    }
}

/// Σ digits\[i\] · 2^(32i), for digits of either sign.
fn integer(digits: &mut [i64]) -> Integer {
    let mut carry = 0;
    for digit in digits.iter_mut() {
        let sum = *digit + carry;
        carry = sum >> 32;
        *digit = sum & 0xFFFF_FFFF;
    }
    // The carry is 0 or more for a positive number, and −1 or less for a negative one: then the digits are those
    // of its complement.
    if carry >= 0 {
        let words = digits.iter().map(|&d| d as u32).chain([carry as u32]);
        return Integer::new(Sign::Plus, words.collect());
    }
    let mut borrow = 1;
    for digit in digits.iter_mut() {
        let sum = (!*digit & 0xFFFF_FFFF) + borrow;
        borrow = sum >> 32;
        *digit = sum & 0xFFFF_FFFF;
    }
    let words = digits.iter().map(|&d| d as u32).chain([(!carry + borrow) as u32]);
    Integer::new(Sign::Minus, words.collect())
}

/// Elements that are handled together.
const CHUNK: usize = 1024;

/// 1/p in units of 2⁻⁴⁰, rounded to nearest.
fn per_unit(modulus: &Modulus) -> i32 {
    let p = i64::from(modulus.prime());
    (((1 << FRACTION) + p / 2) / p) as i32
}

/// The balanced residue of an integer.
fn residue(n: &Integer, modulus: &Modulus) -> i16 {
    let least = n.mod_floor(&modulus.prime().into()).to_i32();
    modulus.reduce(least.unwrap_or(0))
}

/// Two chunks, or one of them twice: the second counts with a factor of 0.
fn both(terms: &[[i16; CHUNK]]) -> [&[i16]; 2] {
    [&terms[0], &terms[terms.len() - 1]]
}

/// Numbers x = Σ cⱼ·Mⱼ − q·P, by their residues, of which the cⱼ are multiples, and q.
#[derive(Debug)]
pub struct Measured<'b> {
    basis: &'b Basis,
    residues: &'b [Vec<i16>],
    /// Mⱼ⁻¹ mod pⱼ.
    factors: Vec<Factor>,
    quotients: Vec<i16>,
    bound: Integer,
}

impl Measured<'_> {
    /// No number's absolute value is larger.
    pub fn bound(&self) -> &Integer {
        &self.bound
    }

    /// The cⱼ of a chunk. They are found again wherever they are needed, in the processor's own cache, which is faster than
    /// to keep them.
    fn terms(&self, chunk: usize, terms: &mut Vec<[i16; CHUNK]>) {
        terms.resize(self.factors.len(), [0; CHUNK]);
        for ((terms, &factor), residues) in terms.iter_mut().zip(&self.factors).zip(self.residues) {
            let residues = &residues[chunk * CHUNK..];
            multiply_into(factor, &residues[..residues.len().min(CHUNK)], terms);
        }
    }

    /// The residues of the numbers modulo the primes of a wider basis that the first one lacks.
    pub fn extend(&self, wider: &Basis) -> Vec<Vec<i16>> {
        let new = &wider.moduli[self.basis.moduli.len().min(wider.moduli.len())..];
        let extensions: Vec<Extension> = new.iter().map(|modulus| self.basis.extension(modulus)).collect();
        // Not one vector and copies of it: zeros that nobody has written yet take no time.
        let mut out: Vec<Vec<i16>> = new.iter().map(|_| vec![0; self.quotients.len()]).collect();
        let mut chunks: Vec<Vec<&mut [i16]>> = Vec::new();
        chunks.resize_with(self.quotients.len().div_ceil(CHUNK), Vec::new);
        for out in &mut out {
            chunks.iter_mut().zip(out.chunks_mut(CHUNK)).for_each(|(chunk, out)| chunk.push(out));
        }
        chunks.into_par_iter().enumerate().for_each_init(Vec::new, |terms, (chunk, outs)| {
            self.terms(chunk, terms);
            for (extension, out) in extensions.iter().zip(outs) {
                extension.of(terms, &self.quotients[chunk * CHUNK..], out);
            }
        });
        out
    }
}

/// What the residue modulo one more prime is found with.
struct Extension<'m> {
    modulus: &'m Modulus,
    /// Mⱼ mod this prime.
    cofactors: Vec<i16>,
    /// P mod this prime.
    product: i16,
}

impl Basis {
    fn extension<'m>(&self, modulus: &'m Modulus) -> Extension<'m> {
        let cofactor = |m: &Modulus| residue(&(&self.product / m.prime()), modulus);
        let cofactors = self.moduli.iter().map(cofactor).collect();
        Extension { modulus, cofactors, product: residue(&self.product, modulus) }
    }
}

impl Extension<'_> {
    /// The residues Σ cⱼ·Mⱼ − q·P of a chunk.
    fn of(&self, terms: &[[i16; CHUNK]], quotients: &[i16], out: &mut [i16]) {
        let mut sums = [0_i32; CHUNK];
        add_products(&mut sums, [quotients; 2], [-self.product, 0]);
        for (j, (terms, cofactors)) in terms.chunks(2).zip(self.cofactors.chunks(2)).enumerate() {
            add_products(&mut sums, both(terms), [cofactors[0], *cofactors.get(1).unwrap_or(&0)]);
            if j % 32 == 31 {
                sums.iter_mut().for_each(|sum| *sum = self.modulus.folded(*sum));
            }
        }
        reduce_all(self.modulus, &sums, out);
    }
}

#[cfg(test)]
mod tests {
    use num_traits::{Signed, Zero};
    use proptest::prelude::*;

    use super::*;

    fn residues(basis: &Basis, numbers: &[Integer]) -> Vec<Vec<i16>> {
        basis.moduli().iter().map(|m| numbers.iter().map(|n| residue(n, m)).collect()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// Numbers of every size up to the bound, and the bound itself.
        #[test]
        fn numbers_come_back(bits in 1_u32..2000, parts in prop::collection::vec((any::<i64>(), 0_u32..2000), 1..40), more in 0_u32..900) {
            let bound: Integer = (Integer::one() << bits) - 1;
            let mut numbers: Vec<Integer> = parts.iter().map(|&(n, s)| (Integer::from(n) << s) % (&bound + 1)).collect();
            numbers.extend([bound.clone(), -&bound, Integer::zero()]);
            let basis = Basis::of(&bound).expect("primes for 2000 bits");
            let known = residues(&basis, &numbers);
            let slices: Vec<&[i16]> = known.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(basis.lift(&slices), &numbers[..]);
            let measured = basis.measure(&known);
            prop_assert!(measured.bound() >= &bound && measured.bound() <= &(&bound + (&basis.product >> 20_u32)));
            let wider = Basis::of(&(&bound << more)).expect("primes for 2900 bits");
            let mut extended = known.clone();
            extended.extend(measured.extend(&wider));
            prop_assert_eq!(extended, residues(&wider, &numbers));
            let small: Vec<Integer> = numbers.iter().map(|n| n.signum()).collect();
            prop_assert!(basis.measure(&residues(&basis, &small)).bound() <= &(1 + (&basis.product >> 20_u32)));
        }
    }

    /// All terms of a number's sum modulo a further prime are as large as they can be, and of one sign.
    #[test]
    fn the_largest_sums_of_many_primes_are_right() {
        let basis = Basis::new(463);
        let further = moduli()[463];
        let cofactors: Vec<i64> =
            basis.moduli().iter().map(|m| i64::from(residue(&(&basis.product / m.prime()), &further))).collect();
        let term = |(m, &cofactor): (&Modulus, &i64)| i64::from(m.prime() / 2) * cofactor.signum();
        let mut terms: Vec<i64> = basis.moduli().iter().zip(&cofactors).map(term).collect();
        // Some terms are left out until the number is below a quarter of the product.
        let number = |terms: &[i64]| -> Integer {
            let sum: Integer = terms.iter().zip(basis.moduli()).map(|(c, m)| &basis.product / m.prime() * c).sum();
            let rest = sum.mod_floor(&basis.product);
            if &rest * 2 > basis.product { rest - &basis.product } else { rest }
        };
        let mut last = terms.len();
        while number(&terms).abs() * 4 >= basis.product {
            last -= 1;
            terms[last] = 0;
        }
        assert!(terms.iter().zip(&cofactors).map(|(c, m)| c * m).sum::<i64>() > 1 << 30, "a large sum");
        let numbers = [number(&terms), -number(&terms)];
        let known = residues(&basis, &numbers);
        let wider = Basis::new(464);
        assert_eq!([known.clone(), basis.measure(&known).extend(&wider)].concat(), residues(&wider, &numbers));
    }

    #[test]
    fn zeros_take_one_prime() {
        assert_eq!(Basis::of(&Integer::zero()).expect("a prime").moduli().len(), 1);
    }

    #[test]
    fn there_are_only_so_many_primes() {
        assert!(Basis::of(&(Integer::one() << 5_700)).is_some());
        assert!(Basis::of(&(Integer::one() << 6_000)).is_none());
    }
}
