//! Elements of stored tensors: floats and integers, each as its exact value.

use num_integer::Integer as _;
use num_traits::{One, Signed, ToPrimitive, Zero};
use rayon::prelude::*;

use super::Refusal;
use crate::algebra::{Integer, Rational, Shape, Tensor, ratio};
use crate::diagnostic::{Code, size};

/// The type of a stored element; all are little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// An IEEE 754 format, or bfloat16, by its bits.
    Float(Float),
    /// A two's-complement integer of so many bytes.
    Signed(usize),
    /// An integer without sign.
    Unsigned(usize),
    /// One byte, 0 or 1.
    Bool,
}

/// A binary floating-point format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Float {
    /// Bits in all: 16, 32 or 64.
    pub bits: u32,
    /// Bits of the fraction, without the hidden one.
    pub fraction: u32,
}

/// IEEE 754 binary16.
pub const F16: Float = Float { bits: 16, fraction: 10 };
/// The upper half of binary32.
pub const BF16: Float = Float { bits: 16, fraction: 7 };
/// IEEE 754 binary32.
pub const F32: Float = Float { bits: 32, fraction: 23 };
/// IEEE 754 binary64.
pub const F64: Float = Float { bits: 64, fraction: 52 };

/// m·2ᵉ, with m odd or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Dyadic {
    mantissa: i128,
    exponent: i32,
}

impl Dyadic {
    fn new(mantissa: i128, exponent: i32) -> Dyadic {
        match mantissa {
            0 => Dyadic { mantissa, exponent: 0 },
            m => Dyadic { mantissa: m >> m.trailing_zeros(), exponent: exponent + m.trailing_zeros() as i32 },
        }
    }
}

impl Float {
    /// The exponents of the largest finite numbers, and of the fraction's last bit in subnormal ones.
    pub fn range(self) -> (i32, i32) {
        let bias = (1_i32 << (self.bits - self.fraction - 2)) - 1;
        (bias, 1 - bias - self.fraction as i32)
    }

    /// The float nearest to a number, ties to even: its bits and exact value; `None` if the number
    /// is too large. A number too small for the format is 0 or the smallest float.
    pub fn nearest(self, value: &Rational) -> Option<(u64, Rational)> {
        let (bias, least) = self.range();
        if value.is_zero() {
            return Some((0, Rational::zero()));
        }
        let size = value.abs();
        // 2ᵉ ≤ size < 2ᵉ⁺²: one of two exponents, and then the last bit's.
        let e = i64::try_from(size.numer().bits()).ok()? - i64::try_from(size.denom().bits()).ok()?;
        let mut last = (e - 1 - i64::from(self.fraction)).max(i64::from(least));
        let mut mantissa = rounded(&size, last);
        if mantissa.bits() > u64::from(self.fraction) + 1 {
            last += 1;
            mantissa = rounded(&size, last);
        }
        if mantissa.bits() > u64::from(self.fraction) + 1 {
            // Rounded up to a power of two.
            last += 1;
            mantissa >>= 1;
        }
        let (digits, fraction) = (mantissa.to_u64()?, self.fraction);
        let hidden = 1_u64 << fraction;
        let field = match digits < hidden {
            true => 0,
            false => u64::try_from(last - i64::from(least)).ok()? + 1,
        };
        if field > 2 * u64::try_from(bias).ok()? {
            return None;
        }
        let sign = u64::from(value.is_negative()) << (self.bits - 1);
        let power = |e: i64| Some(Integer::one() << u64::try_from(e).ok()?);
        let size = match last < 0 {
            true => ratio(mantissa, power(-last)?),
            false => Rational::from_integer(mantissa * power(last)?),
        };
        let stored = if value.is_negative() { -size } else { size };
        Some((sign | field << fraction | (digits & (hidden - 1)), stored))
    }

    /// The exact value of some bits; `None` for infinities and NaN.
    fn value(self, bits: u64) -> Option<Dyadic> {
        let fraction = bits & ((1 << self.fraction) - 1);
        let top = (1_u64 << (self.bits - self.fraction - 1)) - 1;
        let exponent = (bits >> self.fraction) & top;
        if exponent == top {
            return None;
        }
        let (_, least) = self.range();
        let mantissa = i128::from(if exponent == 0 { fraction } else { fraction | 1 << self.fraction });
        let shift = i32::try_from(exponent.max(1) - 1).ok()?;
        let negative = bits >> (self.bits - 1) & 1 == 1;
        Some(Dyadic::new(if negative { -mantissa } else { mantissa }, least + shift))
    }
}

impl Element {
    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            Element::Float(float) => float.bits as usize / 8,
            Element::Signed(bytes) | Element::Unsigned(bytes) => bytes,
            Element::Bool => 1,
        }
    }

    /// Whether values are whole numbers.
    pub fn is_integer(self) -> bool {
        !matches!(self, Element::Float(_))
    }

    fn value(self, bytes: &[u8]) -> Option<Dyadic> {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(word);
        match self {
            Element::Float(float) => float.value(bits),
            Element::Unsigned(_) => Some(Dyadic::new(i128::from(bits), 0)),
            Element::Bool => Some(Dyadic::new(i128::from(bits != 0), 0)),
            Element::Signed(size) => {
                let unused = 64 - 8 * size as u32;
                Some(Dyadic::new(i128::from(bits.cast_signed() << unused >> unused), 0))
            }
        }
    }
}

/// The exact tensor of little-endian elements, row-major.
///
/// # Errors
/// If the bytes are not as many as the shape asks for, an element is infinite or not a number, or
/// the tensor, over one common denominator, would take more than `memory` bytes.
pub fn decode(element: Element, shape: &Shape, bytes: &[u8], memory: u64) -> Result<Tensor, Refusal> {
    let width = element.size();
    if shape.elements().checked_mul(width) != Some(bytes.len()) {
        let message = format!("a tensor {shape} of {width}-byte elements does not have {} bytes of data", bytes.len());
        return Err(Refusal::damaged(message));
    }
    // Before anything is allocated: how long the numerators over one power of two will be.
    let extremes = |element: Result<Dyadic, usize>| element.map(|d| (d.exponent.min(0), d.exponent + length(d)));
    let value = |(i, bytes): (usize, &[u8])| element.value(bytes).ok_or(i);
    let union = |a: (i32, i32), b: (i32, i32)| (a.0.min(b.0), a.1.max(b.1));
    let bounds = bytes
        .par_chunks_exact(width)
        .with_min_len(4096)
        .enumerate()
        .map(|pair| extremes(value(pair)))
        .try_reduce(|| (0, 0), |a, b| Ok(union(a, b)));
    let (least, most) = bounds.map_err(|_| not_finite(shape, width, bytes, element))?;
    let bits = u64::try_from(most - least).unwrap_or(0);
    let entry = if bits < WORD { 8 } else { 64 + bits / 8 };
    let needed = (shape.elements() as u64).saturating_mul(entry);
    if needed > memory {
        let message = format!("a tensor {shape} of these numbers needs about {}", size(needed));
        let help = format!("the limit is {}; raise it with `--memory`", size(memory));
        return Err(Refusal { code: Code::MemoryLimit, message, help: Some(help) });
    }
    let shifted = |bytes: &[u8]| {
        let Dyadic { mantissa, exponent } = element.value(bytes)?;
        Some((mantissa, u32::try_from(exponent - least).ok()?))
    };
    let all = bytes.par_chunks_exact(width).with_min_len(4096);
    let refused = || not_finite(shape, width, bytes, element);
    let denominator = Integer::from(1) << least.unsigned_abs();
    if bits < WORD {
        let words: Option<Vec<i64>> =
            all.map(|b| shifted(b).map(|(mantissa, shift)| (mantissa << shift) as i64)).collect();
        return Ok(Tensor::from_words(shape.clone(), words.ok_or_else(refused)?, denominator));
    }
    let numerators: Option<Vec<Integer>> =
        all.map(|b| shifted(b).map(|(mantissa, shift)| Integer::from(mantissa) << shift)).collect();
    Ok(Tensor::new(shape.clone(), numerators.ok_or_else(refused)?, denominator))
}

/// Numerators of fewer bits than this, and a sign, are machine words.
const WORD: u64 = 64;

/// Bits of the mantissa.
fn length(d: Dyadic) -> i32 {
    (i128::BITS - d.mantissa.unsigned_abs().leading_zeros()) as i32
}

/// Names the first element that is no number.
fn not_finite(shape: &Shape, width: usize, bytes: &[u8], element: Element) -> Refusal {
    let first = bytes.chunks_exact(width).position(|b| element.value(b).is_none()).unwrap_or(0);
    let index = shape.unravel(first).iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let message = format!("the element [{index}] is infinite or not a number");
    let help = "a theorem is about numbers: store finite weights".to_string();
    Refusal { code: Code::InvalidNumber, message, help: Some(help) }
}

/// size / 2ˡᵃˢᵗ as an integer, to nearest, ties to even.
fn rounded(size: &Rational, last: i64) -> Integer {
    let (mut n, mut d) = (size.numer().clone(), size.denom().clone());
    if last < 0 {
        n <<= last.unsigned_abs()
    } else {
        d <<= last.unsigned_abs()
    }
    let (quotient, rest) = n.div_rem(&d);
    let twice: Integer = rest << 1;
    let up = twice > d || (twice == d && quotient.is_odd());
    if up { quotient + 1 } else { quotient }
}
