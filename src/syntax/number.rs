//! Numbers as they are written, read exactly. No number ever passes through a floating-point type.

use num_bigint::{BigInt, BigUint};
use num_traits::{One, Zero};

use crate::algebra::{Rational, ratio};

/// The most digits that one number may have, and the largest exponent: decimal, or binary after `p`.
///
/// The exponents of every floating-point format in use are far below it, and a power of ten of this
/// size is still computed at once.
pub const MAX_DIGITS: usize = 10_000;

/// The value of a number literal: `3`, `0.1` (that is 1/10), `2.5e-3`, `0x1.8p-3` (that is 3/16).
///
/// The text must be a `number` of the grammar. The error says, in a few words, why it cannot be used.
pub fn parse_number(text: &str) -> Result<Rational, String> {
    if let Ok(small) = text.parse::<u64>() {
        return Ok(Rational::from_integer(BigInt::from(small)));
    }
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(rest) => power(rest, &['p', 'P'], 16, 2, 4),
        None => power(text, &['e', 'E'], 10, 10, 1),
    }
}

/// How many digits the value of a literal takes, at most: the length of the text and its exponent.
pub fn cost(text: &str) -> usize {
    let exponent = text.rsplit(['e', 'E', 'p', 'P']).next().and_then(|e| e.trim_start_matches(['+', '-']).parse().ok());
    text.len().saturating_add(if text.len() > 3 { exponent.unwrap_or(0).min(MAX_DIGITS) } else { 0 })
}

/// `mantissa · base^exponent`, with a mantissa in `radix`; each of its fractional digits is worth
/// `base^-digit_power`.
fn power(text: &str, marks: &[char], radix: u32, base: u32, digit_power: usize) -> Result<Rational, String> {
    let (mantissa, exponent) = text.split_once(marks).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() + fraction.len() > MAX_DIGITS {
        return Err(format!("it has {} digits; the most is {MAX_DIGITS}", whole.len() + fraction.len()));
    }
    let (negative, magnitude) = parse_exponent(exponent)?;
    let numerator = BigUint::parse_bytes(format!("{whole}{fraction}").as_bytes(), radix)
        .ok_or_else(|| "it is not a number".to_string())?;
    let shift = fraction.len() * digit_power;
    let (up, down) = if negative { (0, magnitude + shift) } else { (magnitude, shift) };
    if numerator.is_zero() {
        return Ok(Rational::zero());
    }
    let scale = |power: usize| BigInt::from(base).pow(u32::try_from(power).unwrap_or(u32::MAX));
    let common = up.min(down);
    let numerator = BigInt::from(numerator) * scale(up - common);
    let denominator = if down == common { BigInt::one() } else { scale(down - common) };
    Ok(ratio(numerator, denominator))
}

/// The sign and size of an exponent, refused before anything is computed when it is too large.
fn parse_exponent(text: &str) -> Result<(bool, usize), String> {
    let negative = text.starts_with('-');
    let digits = text.trim_start_matches(['+', '-']).trim_start_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    match digits.parse::<usize>() {
        Ok(size) if size <= MAX_DIGITS => Ok((negative, size)),
        _ => Err(format!("its exponent is too large; the largest is {MAX_DIGITS}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn q(n: i64, d: i64) -> Rational {
        ratio(n.into(), d.into())
    }

    #[test]
    fn numbers_are_exact() {
        let cases = [
            ("3", q(3, 1)),
            ("007", q(7, 1)),
            ("0.1", q(1, 10)),
            ("2.5e-3", q(1, 400)),
            ("2.5E+3", q(2500, 1)),
            ("1e0", q(1, 1)),
            ("0e5", q(0, 1)),
            ("0x1.8p-3", q(3, 16)),
            ("0X1p4", q(16, 1)),
            ("0x.8p0", q(1, 2)),
            ("0x1.p1", q(2, 1)),
            ("0x1.921fb54442d18p+1", q(884279719003555, 281474976710656)),
            ("0xep1", q(28, 1)),
        ];
        for (text, value) in cases {
            assert_eq!(parse_number(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn monstrous_numbers_are_refused_at_once() {
        for text in ["1e999999999", "1e-999999999", "0e10001", "0x1p99999999999999999999999", "1e10001"] {
            assert!(parse_number(text).unwrap_err().contains("exponent"), "{text}");
        }
        assert!(parse_number(&"9".repeat(MAX_DIGITS + 1)).unwrap_err().contains("digits"));
        assert_eq!(parse_number("1e00000000000000000000000001"), Ok(q(10, 1)));
        assert!(parse_number("1e10000").is_ok() && parse_number("0x1p-10000").is_ok());
        assert!(cost("1e9999") > 9999 && cost("12") == 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn decimals_agree_with_their_definition(whole in 0u64..=u64::MAX, fraction in "[0-9]{0,25}", exponent in -30i64..30) {
            let point = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
            let ten = Rational::from_integer(10.into());
            let power = |n: i64| num_traits::pow::Pow::pow(&ten, &BigInt::from(n));
            let mantissa = Rational::from_integer(whole.into())
                + Rational::from_integer(format!("0{fraction}").parse().unwrap()) * power(-(fraction.len() as i64));
            prop_assert_eq!(parse_number(&format!("{whole}{point}e{exponent}")), Ok(mantissa * power(exponent)));
        }

        #[test]
        fn hexadecimal_floats_agree_with_their_definition(whole in 0u64..1 << 60, fraction in "[0-9a-fA-F]{0,20}", exponent in -90i64..90) {
            let point = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
            let two = Rational::from_integer(2.into());
            let power = |n: i64| num_traits::pow::Pow::pow(&two, &BigInt::from(n));
            let digits = BigInt::parse_bytes(format!("0{fraction}").as_bytes(), 16).unwrap();
            let mantissa = Rational::from_integer(whole.into())
                + Rational::from_integer(digits) * power(-4 * fraction.len() as i64);
            prop_assert_eq!(parse_number(&format!("0x{whole:x}{point}p{exponent}")), Ok(mantissa * power(exponent)));
        }
    }
}
