//! Networks as models again: merged, rounded once to floats, and written.

mod layers;
pub mod merge;
mod model;
pub mod onnx;
pub mod stable;

use num_traits::{Signed, Zero};

use crate::algebra::{Rational, Tensor};
use crate::import::element::Float;

/// What became of exact weights when they were rounded to floats, once and to nearest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rounding {
    /// The weights written.
    pub weights: usize,
    /// Those that are no floats of the format.
    pub inexact: usize,
    /// The largest difference between a weight and the float that was written for it.
    pub largest: Rational,
}

/// A weight that is larger than the largest float.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a weight of about 2^{exponent} is too large for {bits}-bit floats")]
pub struct TooLarge {
    exponent: i64,
    bits: u32,
}

/// The little-endian floats nearest to a tensor's elements, ties to even.
///
/// # Errors
/// If an element is too large for the format.
pub fn floats(tensor: &Tensor, format: Float, rounding: &mut Rounding) -> Result<Vec<u8>, TooLarge> {
    let width = format.bits as usize / 8;
    let mut bytes = Vec::with_capacity(tensor.len() * width);
    for value in tensor.to_rationals() {
        let exponent = value.numer().bits().cast_signed() - value.denom().bits().cast_signed();
        let (bits, stored) = format.nearest(&value).ok_or(TooLarge { exponent, bits: format.bits })?;
        bytes.extend(bits.to_le_bytes().into_iter().take(width));
        rounding.weights += 1;
        let error = (stored - value).abs();
        if !error.is_zero() {
            rounding.inexact += 1;
            rounding.largest = rounding.largest.clone().max(error);
        }
    }
    Ok(bytes)
}
