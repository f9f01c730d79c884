//! Weights that are floats: which number is taken, where it is not the decimal that someone meant.

use num_integer::Integer as _;
use num_traits::{Signed, Zero, pow};

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
/// From the coarsest, whose numbers stand for the shortest decimals, with the most digits of a decimal that someone may
/// have meant.
const FORMATS: [Format; 4] = [(BF16, "bfloat16", 4), (F16, "float16", 5), (F32, "float32", 9), (F64, "float64", 12)];

/// A format of floats, its name, and digits.
type Format = (Float, &'static str, usize);

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
            let weights = weights(&definition);
            let Some(format) = format_of(&weights) else { continue };
            for weight in weights {
                let below = best.as_ref().map_or(usize::MAX, |(known, _)| known.digits);
                best = stored(weight, format, below).map(|found| (found, node.name.clone())).or(best);
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

/// The coarsest format whose numbers all of these are.
fn format_of(values: &[Rational]) -> Option<Format> {
    let keeps = |(format, ..): &Format| values.iter().all(|value| stands_for(*format, value, value));
    FORMATS.into_iter().find(keeps)
}

/// Whether a number of this format is the nearest to a number.
fn stands_for(format: Float, value: &Rational, number: &Rational) -> bool {
    format.nearest(number).is_some_and(|nearest| nearest.1 == *value)
}

/// What a float is near to, if it is one and is not that number; in fewer digits than `below`.
fn stored(value: Rational, (format, name, most): Format, below: usize) -> Option<Stored> {
    let denominator = value.denom();
    let short = denominator.bits() <= PLACES || value.numer().bits() < SIGNIFICANT;
    if short || denominator.trailing_zeros() != Some(denominator.bits() - 1) {
        return None;
    }
    let near = |digits: usize| {
        let (decimal, written) = rounded(&value, digits);
        stands_for(format, &value, &decimal).then_some((digits, decimal, written))
    };
    // Numbers that a float stands for lie as far below as above it, if it is no power of two: where the nearest decimal
    // of so many digits is none of them, no shorter one is.
    let most = most.min(below - 1);
    near(most)?;
    let (digits, decimal, written) = (1..=most).find_map(near)?;
    (decimal != value).then_some(Stored { value, format: name, digits, decimal, written })
}

/// A number, not 0, to so many decimal digits: exactly, and as it is written.
fn rounded(value: &Rational, digits: usize) -> (Rational, String) {
    let (numerator, denominator) = (value.numer().abs(), value.denom().clone());
    // size = numerator/denominator · 10⁻ᵉ, over a common denominator.
    let shifted = |e: i64| {
        let power = pow(Integer::from(10), usize::try_from(e.unsigned_abs()).unwrap_or(0));
        if e < 0 { (&numerator * power, denominator.clone()) } else { (numerator.clone(), &denominator * power) }
    };
    let reaches = |e: i64| {
        let (size, one) = shifted(e);
        size >= one
    };
    // From below: a bit is more than 3/10 of a digit.
    let bits = |n: &Integer| i64::try_from(n.bits()).unwrap_or(i64::MAX);
    let powers = bits(&numerator) - bits(&denominator) - 1;
    let mut exponent = if powers < 0 { powers.div_euclid(3) } else { powers * 3 / 10 };
    while reaches(exponent + 1) {
        exponent += 1;
    }
    // The last digit's place.
    let mut last = exponent + 1 - i64::try_from(digits).unwrap_or(1);
    let (size, one) = shifted(last);
    let mut n: Integer = (2 * size + &one) / (2 * one);
    while !n.is_zero() && n.is_multiple_of(&Integer::from(10)) {
        n /= 10;
        last += 1;
    }
    let power = pow(Integer::from(10), usize::try_from(last.unsigned_abs()).unwrap_or(0));
    let decimal = if last < 0 { ratio(n.clone(), power) } else { Rational::from_integer(&n * power) };
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
    if value.is_negative() { (-decimal, format!("-{written}")) } else { (decimal, written) }
}

#[cfg(test)]
mod tests {
    use num_traits::One;

    use super::*;
    use crate::algebra::Random;

    #[test]
    fn floats_are_near_the_decimals_that_were_meant() {
        let found = |values: &[(i64, i64)]| {
            let values: Vec<Rational> = values.iter().map(|&(n, d)| ratio(n.into(), d.into())).collect();
            let found = stored(values[0].clone(), format_of(&values)?, usize::MAX)?;
            Some(format!("{} {}", found.format, found.written))
        };
        assert_eq!(found(&[(13_421_773, 134_217_728)]).as_deref(), Some("float32 0.1"));
        assert_eq!(found(&[(-13_421_773, 134_217_728)]).as_deref(), Some("float32 -0.1"));
        assert_eq!(found(&[(819, 8192)]).as_deref(), Some("float16 0.1"));
        assert_eq!(found(&[(205, 2048)]).as_deref(), Some("bfloat16 0.1"));
        // A number that a shorter format has too, beside one that it has not.
        assert_eq!(found(&[(205, 2048), (819, 8192)]).as_deref(), Some("float16 0.1001"));
        assert_eq!(found(&[(3_602_879_701_896_397, 36_028_797_018_963_968)]).as_deref(), Some("float64 0.1"));
        // Fractions, and decimals that are floats themselves.
        for value in [(13, 16), (1, 3), (1, 10), (5, 8), (1, 1 << 20), (3, 1)] {
            assert_eq!(found(&[value]), None, "{value:?}");
        }
    }

    /// Where the nearest decimal is none that a float stands for, no shorter one is.
    #[test]
    fn the_shortest_decimal_is_found() {
        let mut random = Random::new(3);
        for (format, name, most) in FORMATS {
            for _ in 0..200 {
                let drawn = ratio((random.bits() as i64 >> 12).into(), Integer::one() << random.below(60));
                let Some((_, value)) = format.nearest(&drawn).filter(|(_, value)| !value.is_zero()) else { continue };
                let digits = 1 + random.below(12) as usize;
                let (decimal, written) = rounded(&value, digits);
                let off = (&decimal - &value).abs() * Integer::from(2) * pow(Integer::from(10), digits);
                assert!(off <= value.abs() * Integer::from(10), "{value} is near {written}");
                let shown: String =
                    written.split('e').next().into_iter().flat_map(str::chars).filter(char::is_ascii_digit).collect();
                assert!(shown.trim_matches('0').len() <= digits, "{value} in {digits} digits is {written}");
                let below = 1 + random.below(14) as usize;
                let stands = |digits: &usize| stands_for(format, &value, &rounded(&value, *digits).0);
                let shortest = (1..=most.min(below - 1)).find(stands);
                if let Some(found) = stored(value.clone(), (format, name, most), below) {
                    assert_eq!(Some(found.digits), shortest, "{value} as {name}");
                } else if let Some(digits) = shortest {
                    let short = value.denom().bits() <= PLACES || value.numer().bits() < SIGNIFICANT;
                    assert!(short || rounded(&value, digits).0 == value, "{value} as {name}");
                }
            }
        }
    }
}
