//! Exact arithmetic: shapes, tensors and sparse matrices over ℚ.
//!
//! Everything is stored as integers over **one** common denominator, because multiplying rationals
//! one by one spends nearly all its time in greatest common divisors. Rationals appear only at the
//! edges of the API. Nothing here knows about networks, layers or text.

pub mod enclose;
mod matrix;
mod rank;
mod shape;
mod tensor;

pub use matrix::Matrix;
pub use rank::Rank;
pub use shape::{MAX_ELEMENTS, Shape, ShapeError};
pub use tensor::Tensor;

/// An exact rational number.
pub type Rational = num_rational::BigRational;
/// An integer of any size.
pub type Integer = num_bigint::BigInt;

use num_integer::Integer as _;
use num_traits::{One, Signed};

/// The least common multiple of `denominators`; 1 when there are none.
pub fn common_denominator<'a>(denominators: impl IntoIterator<Item = &'a Integer>) -> Integer {
    denominators.into_iter().fold(Integer::one(), |lcm, d| if lcm.is_multiple_of(d) { lcm } else { lcm.lcm(d) })
}

/// `numerator / denominator`, in lowest terms. The denominator must not be zero.
pub fn ratio(numerator: Integer, denominator: Integer) -> Rational {
    Rational::new(numerator, denominator)
}

/// The greatest common divisor of `numerators` and `denominator`; stops as soon as it is 1.
pub(crate) fn content<'a>(numerators: impl IntoIterator<Item = &'a Integer>, denominator: &Integer) -> Integer {
    let mut gcd = denominator.abs();
    for n in numerators {
        if gcd.is_one() {
            break;
        }
        gcd = gcd.gcd(n);
    }
    gcd
}
