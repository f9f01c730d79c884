//! Weights that are floats: which number is taken, where it is not the decimal that someone meant.

use num_integer::Integer as _;
use num_traits::{One, Signed, Zero, pow};

use super::Writer;
use super::difference::scientific;
use crate::algebra::{Integer, Rational, ratio};
use crate::import::element::{BF16, F16, F32, F64, Float};
use crate::layer::Function;
use crate::layer::definition::{Constant, Definition};
use crate::report::document::text;
use crate::report::numbers::number;

/// Weights of one layer that are looked at.
const LOOKED: usize = 64;
/// Numbers over a smaller power of two are rather fractions than floats.
const PLACES: u64 = 11;
/// Powers of two and small multiples of them too.
const SIGNIFICANT: u64 = 7;
/// From the narrowest, with the most digits of a decimal that someone may have meant.
const FORMATS: [(Float, &str, usize); 4] =
    [(F16, "float16", 5), (BF16, "bfloat16", 4), (F32, "float32", 9), (F64, "float64", 12)];

/// A stored number, and the shortest decimal that it stands for and is not.
struct Stored {
    value: Rational,
    format: &'static str,
    digits: usize,
    decimal: Rational,
    written: String,
}

impl Writer<'_> {
    /// One of the weights that are floats near a decimal, the shortest such.
    pub fn stored_floats(&mut self) {
        let mut best: Option<(Stored, String)> = None;
        for id in self.network.live_nodes() {
            let node = &self.network.nodes[id];
            // What a normalisation multiplies by is computed, not stored.
            let stores = |function: &&dyn Function| function.kind() != "batchnorm";
            let function = node.layer.as_ref().map(|layer| layer.function()).filter(stores);
            let Some(definition) = function.and_then(Function::definition) else { continue };
            for found in weights(&definition).into_iter().filter_map(stored) {
                if best.as_ref().is_none_or(|(known, _)| found.digits < known.digits) {
                    best = Some((found, node.name.clone()));
                }
            }
        }
        let Some((found, layer)) = best else { return };
        let words = format!(
            "Weights are taken exactly as they are stored. In `{layer}`, {} is the {} nearest to {}, and not that number itself: they differ by {}.",
            number(&found.value),
            found.format,
            found.written.replace('-', "−"),
            scientific(&(&found.value - &found.decimal).abs(), true)
        );
        self.document.state("Stored numbers", vec![text(words)]);
    }
}

/// Some of the numbers that a layer stores.
fn weights(definition: &Definition) -> Vec<Rational> {
    let constants: Vec<&Constant> = match definition {
        Definition::Conv { kernel, bias, .. } | Definition::ConvTranspose { kernel, bias, .. } => {
            std::iter::once(kernel).chain(bias).collect()
        }
        Definition::Dense { matrix, bias } => std::iter::once(matrix).chain(bias).collect(),
        Definition::Scale { factor, offset } => factor.iter().chain(offset).collect(),
        Definition::Slopes { below } => return below.iter().take(LOOKED).cloned().collect(),
        Definition::Clip { slope, offset, low, high } => {
            return [slope, offset, low, high].into_iter().cloned().collect();
        }
        _ => Vec::new(),
    };
    let numbers = |constant: &Constant| match constant {
        Constant::Numbers(tensor) => (0..tensor.len().min(LOOKED)).map(|i| tensor.get(i)).collect(),
        Constant::Symbols(_) => Vec::new(),
    };
    constants.into_iter().flat_map(numbers).collect()
}

/// What a float is near to, if it is one and is not that number.
fn stored(value: Rational) -> Option<Stored> {
    let denominator = value.denom();
    let short = denominator.bits() <= PLACES || value.numer().bits() < SIGNIFICANT;
    if short || denominator.trailing_zeros() != Some(denominator.bits() - 1) {
        return None;
    }
    let stands_for = |format: Float, number: &Rational| format.nearest(number).is_some_and(|n| n.1 == value);
    // Of the formats that it may be of, the one that needs the fewest digits.
    let shortest = |(format, name, most): (Float, &'static str, usize)| {
        (1..=most).find_map(|digits| {
            let (decimal, written) = rounded(&value, digits);
            stands_for(format, &decimal).then_some((digits, name, decimal, written))
        })
    };
    let (digits, format, decimal, written) = FORMATS.into_iter().filter_map(shortest).min_by_key(|found| found.0)?;
    (decimal != value).then_some(Stored { value, format, digits, decimal, written })
}

/// A number, not 0, to so many decimal digits: exactly, and as it is written.
fn rounded(value: &Rational, digits: usize) -> (Rational, String) {
    let size = value.abs();
    let power = |e: i64| {
        let power = Rational::from_integer(pow(Integer::from(10), usize::try_from(e.unsigned_abs()).unwrap_or(0)));
        if e < 0 { power.recip() } else { power }
    };
    let mut exponent = 0_i64;
    while size < power(exponent) {
        exponent -= 1;
    }
    while size >= power(exponent + 1) {
        exponent += 1;
    }
    // The last digit's place.
    let last = exponent + 1 - i64::try_from(digits).unwrap_or(1);
    let mut n = (&size / power(last)).round().to_integer();
    let mut last = last;
    while !n.is_zero() && n.is_multiple_of(&Integer::from(10)) {
        n /= 10;
        last += 1;
    }
    let decimal = Rational::from_integer(n.clone()) * power(last);
    let text = n.to_string();
    let places = usize::try_from(-last).unwrap_or(0);
    let written = match last {
        0.. if last < 7 => format!("{text}{}", "0".repeat(usize::try_from(last).unwrap_or(0))),
        _ if last < 0 && places < 20 => {
            let padded = format!("{text:0>width$}", width = places + 1);
            let (whole, rest) = padded.split_at(padded.len() - places);
            format!("{whole}.{rest}")
        }
        _ => format!("{text}e{last}"),
    };
    let negative = value.is_negative();
    let sign = if negative { "-" } else { "" };
    let one = ratio(if negative { -Integer::one() } else { Integer::one() }, Integer::one());
    (decimal * one, format!("{sign}{written}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_near_the_decimals_that_were_meant() {
        let float = |n: i64, d: i64| stored(ratio(n.into(), d.into())).map(|s| format!("{} {}", s.format, s.written));
        assert_eq!(float(13_421_773, 134_217_728).as_deref(), Some("float32 0.1"));
        assert_eq!(float(-13_421_773, 134_217_728).as_deref(), Some("float32 -0.1"));
        assert_eq!(float(819, 8192).as_deref(), Some("float16 0.1"));
        assert_eq!(float(205, 2048).as_deref(), Some("bfloat16 0.1"));
        let wide = ratio(3_602_879_701_896_397_i64.into(), 36_028_797_018_963_968_i64.into());
        assert_eq!(stored(wide).map(|s| (s.format, s.written)), Some(("float64", "0.1".into())));
        // Fractions, and decimals that are floats themselves.
        for (n, d) in [(13, 16), (1, 3), (1, 10), (5, 8), (1, 1 << 20), (3, 1)] {
            assert_eq!(float(n, d), None, "{n}/{d}");
        }
    }
}
