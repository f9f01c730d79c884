//! Arithmetic modulo a prime of 13 bits.

use std::sync::LazyLock;

/// A prime p of 13 bits and what reduction modulo it needs.
///
/// A residue is *balanced*: r ≡ n with |r| ≤ (p − 1)/2 < 2¹². So a residue is an `i16`, the product
/// of two is below 2²⁴, and an `i32` holds the sum of more than a hundred products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modulus {
    prime: i32,
    /// 2⁴³/p, rounded to nearest.
    reciprocal: i32,
    /// The balanced residue of 2¹⁶.
    fold: i16,
    /// How many products of two residues may be added to a folded sum; even.
    products: usize,
}

/// No partial sum exceeds this, so that folding can add 2¹⁵ to it.
const SUM_LIMIT: i64 = (1 << 31) - (1 << 16);
/// A bound on a sum after [`Modulus::folded`]: |high · fold + low| ≤ 2¹⁵ · 2¹² + 2¹⁵.
const FOLDED_LIMIT: i64 = (1 << 27) + (1 << 15);

impl Modulus {
    /// # Panics
    /// If p is even, or not between 2¹² and 2¹³.
    fn new(prime: i32) -> Modulus {
        assert!(prime % 2 == 1 && (1 << 12..1 << 13).contains(&prime), "an odd prime of 13 bits");
        let p = i64::from(prime);
        let half = (p - 1) / 2;
        let products = usize::try_from((SUM_LIMIT - FOLDED_LIMIT) / (half * half)).unwrap_or(usize::MAX) & !1;
        let mut modulus = Modulus { prime, reciprocal: (((1 << 43) + p / 2) / p) as i32, fold: 0, products };
        modulus.fold = modulus.reduce_short(1 << 16);
        modulus
    }

    /// p.
    pub fn prime(&self) -> i32 {
        self.prime
    }

    /// The factor by which the high half of a sum is folded into the low half: 2¹⁶ mod p.
    pub(super) fn fold_factor(&self) -> i16 {
        self.fold
    }

    /// How many products of two residues may be added to a folded sum before it is folded again.
    pub(super) fn products(&self) -> usize {
        self.products
    }

    /// A number of the same residue that is at most 2²⁷ + 2¹⁵.
    #[inline(always)]
    pub(super) fn folded(&self, sum: i32) -> i32 {
        let low = sum as i16;
        let high = (sum >> 16) + ((sum >> 15) & 1);
        high * i32::from(self.fold) + i32::from(low)
    }

    /// The balanced residue of n.
    #[inline(always)]
    pub fn reduce(&self, n: i32) -> i16 {
        self.reduce_short(self.folded(n))
    }

    /// The balanced residue of n, |n| < 2³⁰.
    ///
    /// With q = ⌊n · reciprocal / 2⁴³⌉, |n/p − q| ≤ 1/2 + 2³⁰ · 2⁻⁴⁴, so |n − qp| < p/2 + 1/2, and an
    /// integer that small is at most (p − 1)/2.
    #[inline(always)]
    pub(super) fn reduce_short(&self, n: i32) -> i16 {
        let quotient = (i64::from(n) * i64::from(self.reciprocal) + (1 << 42)) >> 43;
        (n - quotient as i32 * self.prime) as i16
    }

    /// The balanced residue of a product.
    #[inline(always)]
    pub fn multiply(&self, a: i16, b: i16) -> i16 {
        self.reduce_short(i32::from(a) * i32::from(b))
    }

    /// The inverse of a residue that is not 0, by Fermat: a^(p − 2).
    pub fn invert(&self, a: i16) -> i16 {
        let (mut base, mut exponent, mut power) = (a, self.prime - 2, 1);
        while exponent > 0 {
            if exponent & 1 == 1 {
                power = self.multiply(power, base);
            }
            base = self.multiply(base, base);
            exponent >>= 1;
        }
        power
    }
}

/// The primes from 2¹³ down to 2¹²: 464 of them, of about 5,800 bits together.
pub fn moduli() -> &'static [Modulus] {
    static MODULI: LazyLock<Vec<Modulus>> = LazyLock::new(|| {
        let is_prime = |n: &i32| (2..).take_while(|d| d * d <= *n).all(|d| n % d != 0);
        ((1 << 12)..(1 << 13)).rev().filter(is_prime).map(Modulus::new).collect()
    });
    &MODULI
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residues_are_balanced_and_congruent() {
        assert_eq!(moduli().len(), 464);
        let extremes = [i32::MIN, i32::MIN + 1, -1, 0, 1, i32::MAX];
        for modulus in moduli() {
            let p = i64::from(modulus.prime());
            let near = (-3..=3)
                .flat_map(|k| [k * (modulus.prime() / 2), (i32::MAX / modulus.prime() - 4) * modulus.prime() + k]);
            for n in near.chain(extremes) {
                let r = i64::from(modulus.reduce(n));
                assert!((i64::from(n) - r) % p == 0 && 2 * r.abs() < p, "{n} mod {p} is {r}");
            }
            for n in [i64::from(i32::MAX), i64::from(i32::MIN), 0x8000, -0x8000, -0x8001, 0x7fff, 0x1_8000] {
                let folded = i64::from(modulus.folded(n as i32));
                assert!((n - folded) % p == 0 && folded.abs() <= FOLDED_LIMIT, "{n} mod {p} folds to {folded}");
            }
            assert_eq!(modulus.multiply(modulus.invert(7), 7), 1);
        }
    }
}
