//! Exact arithmetic: shapes, tensors and sparse matrices over ℚ.
//!
//! Everything is stored as integers over **one** common denominator, because multiplying rationals
//! one by one spends nearly all its time in greatest common divisors. Rationals appear only at the
//! edges of the API. Nothing here knows about networks, layers or text.

mod coefficient;
pub mod enclose;
mod interior;
mod matrix;
mod notes;
mod numerators;
mod polynomial;
mod random;
mod rank;
pub mod residue;
mod scalar;
mod shape;
mod tensor;
mod work;

pub use coefficient::Coefficient;
pub use interior::{Inequality, Interior, Largest, interior, largest};
pub use matrix::Matrix;
pub use notes::Notes;
pub use numerators::Numerators;
pub use polynomial::{Assignment, Monomial, Polynomial, Symbol};
pub use random::{Random, split_mix};
pub(crate) use rank::Echelon;
pub use rank::{Rank, RankLimits, Undecided, Visit, rank};
pub use scalar::Scalar;
pub use shape::{MAX_ELEMENTS, Shape, ShapeError};
pub use tensor::Tensor;
pub use work::{Budget, STANDARD_REGIONS, Work};

/// An exact rational number.
pub type Rational = num_rational::BigRational;
/// An integer of any size.
pub type Integer = num_bigint::BigInt;

use num_integer::Integer as _;
use num_traits::{One, Signed, Zero};

/// The most bits that a numerator or denominator may have: about 39,000 decimal digits. A few lines
/// of text can ask for numbers that no machine holds; past this, they are refused or not computed.
pub const MAX_BITS: u64 = 1 << 17;

/// The least common multiple of `denominators`; 1 when there are none.
pub fn common_denominator<'a>(denominators: impl IntoIterator<Item = &'a Integer>) -> Integer {
    denominators.into_iter().fold(Integer::one(), |lcm, d| if lcm.is_multiple_of(d) { lcm } else { lcm.lcm(d) })
}

/// The least common multiple of `denominators`, if it has at most [`MAX_BITS`] bits.
pub fn bounded_denominator<'a>(denominators: impl IntoIterator<Item = &'a Integer>) -> Option<Integer> {
    let step = |lcm: Integer, d: &Integer| if lcm.is_multiple_of(d) { lcm } else { lcm.lcm(d) };
    denominators.into_iter().try_fold(Integer::one(), |lcm, d| Some(step(lcm, d)).filter(|lcm| lcm.bits() <= MAX_BITS))
}

/// `numerator / denominator`, in lowest terms. The denominator must not be zero.
pub fn ratio(numerator: Integer, denominator: Integer) -> Rational {
    match power_of_two(&denominator) {
        // Shifts take the place of greatest common divisors, which are slow.
        Some(power) => {
            let common = numerator.trailing_zeros().map_or(power, |zeros| zeros.min(power));
            Rational::new_raw(numerator >> common, denominator >> common)
        }
        None => Rational::new(numerator, denominator),
    }
}

/// The k of a number 2ᵏ.
fn power_of_two(n: &Integer) -> Option<u64> {
    n.trailing_zeros().filter(|&zeros| n.is_positive() && zeros + 1 == n.bits())
}

/// The greatest common divisor of `numerators` and `denominator`; stops as soon as it is 1.
pub(crate) fn content<'a>(numerators: impl IntoIterator<Item = &'a Integer>, denominator: &Integer) -> Integer {
    let mut numerators = numerators.into_iter();
    if let Some(power) = power_of_two(denominator) {
        // How often 2 divides everything; 0 is divided by all its powers.
        let least = numerators.try_fold(power, |least, n| match n.trailing_zeros().unwrap_or(least).min(least) {
            0 => Err(()),
            least => Ok(least),
        });
        return Integer::one() << least.unwrap_or(0);
    }
    let mut gcd = denominator.abs();
    for n in numerators.filter(|n| !n.is_zero()) {
        if gcd.is_one() {
            break;
        }
        gcd = gcd.gcd(n);
    }
    gcd
}
