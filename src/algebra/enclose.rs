//! Rational bounds of exponential functions, of proven width.
//!
//! Every function returns (low, high) with low ≤ f(x) ≤ high and high − low ≤ 2^−bits, at a
//! rational x of any size. All steps are exact rational arithmetic with outward rounding to dyadic
//! numbers, so the bounds are theorems, not estimates.

use num_traits::{One, Signed, ToPrimitive, Zero};

use super::{Integer, Rational, ratio};

/// A lower and an upper bound.
pub type Bounds = (Rational, Rational);

fn dyadic(bits: usize) -> Rational {
    ratio(Integer::one(), Integer::one() << bits)
}

fn round_down(x: &Rational, bits: usize) -> Rational {
    ratio((x * Rational::from_integer(Integer::one() << bits)).floor().to_integer(), Integer::one() << bits)
}

fn round_up(x: &Rational, bits: usize) -> Rational {
    -round_down(&-x, bits)
}

fn integer(n: usize) -> Rational {
    Rational::from_integer(n.into())
}

/// e^−x for x ≥ 0.
///
/// With y = x/2ᵏ ≤ 1/2 the series Σ (−y)ⁿ/n! alternates with decreasing terms, so consecutive
/// partial sums enclose e^−y; squaring k times gives e^−x. Each squaring of numbers in [0, 1] at
/// most doubles the width. Where x ≥ bits, e^−x < 2^−bits.
pub fn exp_neg(x: &Rational, bits: usize) -> Bounds {
    if x.is_zero() {
        return (Rational::one(), Rational::one());
    }
    if *x >= integer(bits) {
        return (Rational::zero(), dyadic(bits));
    }
    let halvings = x.ceil().to_integer().bits() as usize + 1;
    let work = bits + 2 * halvings + 8;
    let scale = Rational::from_integer(Integer::one() << halvings);
    let (near, far) = (round_down(&(x / &scale), work), round_up(&(x / &scale), work));
    let (mut low, mut high) = (series(&far, work).0, series(&near, work).1);
    for _ in 0..halvings {
        low = round_down(&(&low * &low), work);
        high = round_up(&(&high * &high), work);
    }
    (low, high)
}

/// Bounds of Σ (−y)ⁿ/n! for 0 ≤ y ≤ 1.
fn series(y: &Rational, work: usize) -> Bounds {
    let (mut term, mut sum) = (Rational::one(), Rational::one());
    let (mut low, mut high) = (Rational::zero(), Rational::one());
    let mut n = 0;
    // Terms are rounded up in size; the sum of these roundings stays below n·2^−(work + 16).
    let fine = work + 16;
    while term >= dyadic(work + 1) {
        n += 1;
        term = round_up(&(&term * y / integer(n)), fine);
        if n % 2 == 1 {
            sum -= &term;
            low = sum.clone();
        } else {
            sum += &term;
            high = sum.clone();
        }
    }
    let slack = integer(n + 1) * dyadic(fine);
    ((low - &slack).max(Rational::zero()), (high + slack).min(Rational::one()))
}

/// The logistic function 1/(1 + e^−x).
pub fn sigmoid(x: &Rational, bits: usize) -> Bounds {
    let one = Rational::one();
    if x.is_negative() {
        // σ(x) = 1 − σ(−x)
        let (low, high) = sigmoid(&-x, bits);
        return (&one - high, one - low);
    }
    // The derivative of 1/(1 + e) in e is at most 1 in size, so the width does not grow.
    let (low, high) = exp_neg(x, bits + 1);
    (round_down(&(&one + high).recip(), bits + 3), round_up(&(one + low).recip(), bits + 3))
}

/// The hyperbolic tangent, 2σ(2x) − 1.
pub fn tanh(x: &Rational, bits: usize) -> Bounds {
    let (one, two) = (Rational::one(), integer(2));
    let (low, high) = sigmoid(&(x * &two), bits + 1);
    (low * &two - &one, high * two - one)
}

/// The standard normal distribution function Φ(x) = (1 + erf(x/√2))/2.
///
/// Φ(x) = 1/2 + 1/√(2π) · Σ (−1)ⁿ x²ⁿ⁺¹ / (2ⁿ n! (2n + 1)) (Abramowitz, Stegun 26.2.10). The series
/// alternates; once 2(n + 1) > x² its terms decrease, and consecutive partial sums enclose it.
/// Where x²/2 ≥ bits, 1 − Φ(x) < e^(−x²/2) < 2^−bits.
pub fn normal_cdf(x: &Rational, bits: usize) -> Bounds {
    let (one, half) = (Rational::one(), ratio(1.into(), 2.into()));
    if x.is_zero() {
        return (half.clone(), half);
    }
    if x.is_negative() {
        let (low, high) = normal_cdf(&-x, bits);
        return (&one - high, one - low);
    }
    let square = x * x * &half;
    if square >= integer(bits) {
        return (&one - dyadic(bits), one);
    }
    // Φ is increasing with derivative below 1/2: a dyadic neighbour of x moves it by less than the step.
    let (near, far) = (round_down(x, bits + 4), round_up(x, bits + 4));
    let (low, high) = (cdf_series(&near, bits + 4).0, cdf_series(&far, bits + 4).1);
    (round_down(&low, bits + 4), round_up(&high.min(one), bits + 4))
}

fn cdf_series(x: &Rational, bits: usize) -> Bounds {
    let square = x * x / integer(2);
    // Terms grow up to e^(x²/2): that many more bits keep the sum's absolute error small.
    let growth = square.ceil().to_integer().to_usize().unwrap_or(bits) * 2;
    let work = bits + growth + 32;
    let half = ratio(1.into(), 2.into());
    let (mut power, mut sum) = (x.clone(), x.clone());
    let (mut low, mut high) = (Rational::zero(), x.clone());
    let mut n = 0;
    loop {
        n += 1;
        power = round_up(&(&power * &square / integer(n)), work);
        let term = &power / integer(2 * n + 1);
        if n % 2 == 1 {
            sum -= &term;
            low = sum.clone();
        } else {
            sum += &term;
            high = sum.clone();
        }
        if integer(n + 1) > square && term < dyadic(bits + 4) {
            break;
        }
    }
    // Each power is too large by at most the rounding of all before it, which grow like the terms.
    let slack = dyadic(bits + 8);
    let (root_low, root_high) = inverse_root_of_two_pi(bits + 16);
    (&half + (low - &slack) * root_low, half + (high + slack) * root_high)
}

/// 1/√(2π).
fn inverse_root_of_two_pi(bits: usize) -> Bounds {
    let (low, high) = pi(bits + 8);
    let two = integer(2);
    (root(&(high * &two).recip(), bits).0, root(&(low * two).recip(), bits).1)
}

/// π = 16·arctan(1/5) − 4·arctan(1/239) (Machin).
fn pi(bits: usize) -> Bounds {
    let places = bits + 40;
    let value = arctan_of_inverse(5, places) * 16 - arctan_of_inverse(239, places) * 4;
    let error = Integer::from(20 * 2 * (places + 1));
    let unit = Integer::one() << places;
    (ratio(&value - &error, unit.clone()), ratio(value + error, unit))
}

/// arctan(1/k) = Σ (−1)ⁿ / ((2n + 1)·k²ⁿ⁺¹), in units of 2^−places: cutting off makes each term less
/// than 2 units too small, and there are at most `places` terms and a tail below 2 units.
fn arctan_of_inverse(k: u32, places: usize) -> Integer {
    let mut power: Integer = (Integer::one() << places) / k;
    let (mut sum, mut n) = (Integer::zero(), 0_u32);
    while !power.is_zero() {
        let term = &power / (2 * n + 1);
        sum += if n.is_multiple_of(2) { term } else { -term };
        power /= k * k;
        n += 1;
    }
    sum
}

/// Bounds of a square root: ⌊√(x·4ᵇ)⌋/2ᵇ and one step more.
pub fn root(x: &Rational, bits: usize) -> Bounds {
    let scaled = (x * Rational::from_integer(Integer::one() << (2 * bits))).floor().to_integer().sqrt();
    let unit = Integer::one() << bits;
    (ratio(scaled.clone(), unit.clone()), ratio(scaled + 1, unit))
}

#[cfg(test)]
mod tests;
