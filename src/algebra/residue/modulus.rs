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
    /// 2²⁷/p, rounded to nearest.
    short: i16,
    /// The balanced residue of 2¹⁶.
    fold: i16,
    /// How many products of two residues may be added to a folded sum; even.
    products: usize,
}

/// A residue as a factor of many others (so in Shoup's NTL): its quotient by p is found once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factor {
    factor: i16,
    /// factor · 2¹⁶/p, rounded to nearest.
    quotient: i16,
    prime: i16,
}

impl Factor {
    /// The balanced residue of the product with another residue, nearly balanced or balanced.
    ///
    /// With q = ⌊r · quotient / 2¹⁶⌋, r · factor/p − q is between −1/31 and 32/31: words of 16 bits hold the
    /// difference r · factor − qp, even where the products overflow, and at most one p is too much.
    #[inline(always)]
    pub fn times(self, r: i16) -> i16 {
        let q = ((i32::from(r) * i32::from(self.quotient)) >> 16) as i16;
        let product = r.wrapping_mul(self.factor).wrapping_sub(q.wrapping_mul(self.prime));
        if product > self.prime >> 1 { product - self.prime } else { product }
    }
}

/// No partial sum exceeds this, so that folding can add 2¹⁵ to it.
const SUM_LIMIT: i64 = (1 << 31) - (1 << 16);
/// By how much [`Modulus::nearly`] may miss the balanced residue.
const NEARLY: i64 = 6;
/// A bound on a sum after [`Modulus::folded`]: |high · fold + low| ≤ 2¹⁵ · 2¹² + 2¹⁵.
const FOLDED_LIMIT: i64 = (1 << 27) + (1 << 15);

impl Modulus {
    /// # Panics
    /// If p is even, or not between 2¹² and 2¹³.
    fn new(prime: i32) -> Modulus {
        assert!(prime % 2 == 1 && (1 << 12..1 << 13).contains(&prime), "an odd prime of 13 bits");
        let p = i64::from(prime);
        let half = (p - 1) / 2 + NEARLY;
        let products = usize::try_from((SUM_LIMIT - FOLDED_LIMIT) / (half * half)).unwrap_or(usize::MAX) & !1;
        let rounded = |bits: u32| (((1 << bits) + p / 2) / p) as i32;
        let mut modulus = Modulus { prime, reciprocal: rounded(43), short: rounded(27) as i16, fold: 0, products };
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

    /// 2²⁷/p, rounded to nearest.
    pub(super) fn short(&self) -> i16 {
        self.short
    }

    /// How many products of two residues, nearly balanced or balanced, may be added to a folded sum before it is
    /// folded again.
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

    /// A residue of n that is *nearly* balanced: at most (p − 1)/2 + 6.
    ///
    /// With t = ⌊n · short / 2¹⁶⌋, |t − n · 2¹¹/p| ≤ 5/4; so the quotient q = ⌊t/2¹¹⌉ has |n/p − q| < 1/2 + 2⁻¹⁰·⁶, and p < 2¹³.
    /// Only words of 16 bits, of which a processor handles the most at once.
    #[inline(always)]
    pub(super) fn nearly(&self, n: i16) -> i16 {
        let high = ((i32::from(n) * i32::from(self.short)) >> 16) as i16;
        n.wrapping_sub(((high + (1 << 10)) >> 11).wrapping_mul(self.prime as i16))
    }

    /// The balanced residue of n, by words of 16 bits.
    #[inline(always)]
    pub(super) fn balanced(&self, n: i16) -> i16 {
        let (r, p) = (self.nearly(n), self.prime as i16);
        let half = p >> 1;
        r - if r > half { p } else { 0 } + if r < -half { p } else { 0 }
    }

    /// A residue to multiply many others with.
    pub(super) fn factor(&self, factor: i16) -> Factor {
        let p = self.prime;
        let quotient = (2 * (i32::from(factor) << 16) + p).div_euclid(2 * p) as i16;
        Factor { factor, quotient, prime: p as i16 }
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
            for n in (i16::MIN..=i16::MAX).step_by(5).chain([i16::MAX]) {
                let (near, exact) = (i64::from(modulus.nearly(n)), i64::from(modulus.balanced(n)));
                assert!((i64::from(n) - near) % p == 0 && near.abs() <= p / 2 + NEARLY, "{n} mod {p} is nearly {near}");
                assert_eq!(exact, i64::from(modulus.reduce(n.into())), "{n} mod {p}");
            }
            let half = (p / 2) as i16;
            for (a, b) in [half, -half, 1, -1, 0, 1234]
                .into_iter()
                .flat_map(|a| (-half..=half).step_by(37).chain([half]).map(move |b| (a, b)))
            {
                assert_eq!(modulus.factor(a).times(b), modulus.multiply(a, b), "{a} · {b} mod {p}");
            }
            assert_eq!(modulus.multiply(modulus.invert(7), 7), 1);
        }
    }
}
