//! Rational bounds of exponential functions, of proven width.
//!
//! Every function returns (low, high) with low ≤ f(x) ≤ high and high − low ≤ 2^−bits, at a
//! rational x of any size. All steps are exact rational arithmetic with outward rounding to dyadic
//! numbers, so the bounds are theorems, not estimates.

use num_integer::Integer as _;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::{Integer, Rational, ratio};

/// A lower and an upper bound.
pub type Bounds = (Rational, Rational);

fn dyadic(bits: usize) -> Rational {
    ratio(Integer::one(), Integer::one() << bits)
}

/// n·2^−bits.
fn scaled(n: Integer, bits: usize) -> Rational {
    ratio(n, Integer::one() << bits)
}

/// ⌊x·2ᵇ⌋.
pub fn floor(x: &Rational, bits: usize) -> Integer {
    (x.numer() << bits).div_floor(x.denom())
}

/// ⌈x·2ᵇ⌉.
pub fn ceil(x: &Rational, bits: usize) -> Integer {
    -(-(x.numer() << bits)).div_floor(x.denom())
}

/// ⌈a/b⌉ for b > 0.
fn quotient_up(a: &Integer, b: &Integer) -> Integer {
    -(-a).div_floor(b)
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
    let (low, high, scale) = fixed_exp_neg(x, bits);
    (scaled(low, scale), scaled(high, scale))
}

/// The same as integers in units of 2^−scale, and the scale.
fn fixed_exp_neg(x: &Rational, bits: usize) -> (Integer, Integer, usize) {
    if x.is_zero() {
        return (Integer::one(), Integer::one(), 0);
    }
    if *x >= integer(bits) {
        return (Integer::zero(), Integer::one(), bits);
    }
    let halvings = x.ceil().to_integer().bits() as usize + 1;
    let work = bits + 2 * halvings + 8;
    // y = x/2ᵏ in units of 2^−work.
    let (near, far) = (floor(x, work - halvings), ceil(x, work - halvings));
    let (mut low, mut high) = (series(&far, work).0, series(&near, work).1);
    for _ in 0..halvings {
        low = (&low * &low) >> work;
        high = -(-(&high * &high) >> work);
    }
    (low, high, work)
}

/// Bounds of Σ (−y)ⁿ/n! for 0 ≤ y ≤ 1, all in units of 2^−work.
fn series(y: &Integer, work: usize) -> (Integer, Integer) {
    /// Bits that terms have more.
    const GUARD: usize = 16;
    let one = Integer::one() << (work + GUARD);
    let (mut term, mut sum) = (one.clone(), one.clone());
    let (mut low, mut high) = (Integer::zero(), one.clone());
    let mut n = 0_u32;
    // Terms are rounded up in size; the sum of these roundings stays below n units.
    while term.bits() >= GUARD as u64 {
        n += 1;
        term = quotient_up(&(&term * y), &(Integer::from(n) << work));
        if n % 2 == 1 {
            sum -= &term;
            low = sum.clone();
        } else {
            sum += &term;
            high = sum.clone();
        }
    }
    let (low, high) = ((low - (n + 1)).max(Integer::zero()), (high + (n + 1)).min(one));
    (low >> GUARD, -(-high >> GUARD))
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
    let (low, high, scale) = fixed_exp_neg(x, bits + 1);
    let (one, places) = (Integer::one() << scale, bits + 3);
    let numerator = &one << places;
    let (low, high) = (numerator.div_floor(&(&one + high)), quotient_up(&numerator, &(one + low)));
    (scaled(low, places), scaled(high, places))
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
    if x * x * &half >= integer(bits) {
        return (&one - dyadic(bits), one);
    }
    // Φ is increasing with derivative below 1/2: a dyadic neighbour of x moves it by less than the step.
    let places = bits + 4;
    let (near, far) = (floor(x, places), ceil(x, places));
    let (low, high) = (cdf_series(&near, places).0, cdf_series(&far, places).1);
    (scaled(floor(&low, places), places), scaled(ceil(&high.min(one), places), places))
}

/// Bounds of Φ(x) for x > 0, which is given in units of 2^−bits.
fn cdf_series(x: &Integer, bits: usize) -> Bounds {
    // x²/2 in units of 2^−(2·bits + 1).
    let (square, unit) = (x * x, 2 * bits + 1);
    let size: Integer = &square >> unit;
    // Terms grow up to e^(x²/2): that many more bits keep the sum's absolute error small.
    let growth = size.to_usize().map_or(bits, |size| 2 * size + 2);
    let work = bits + growth + 32;
    let (mut power, mut sum) = (x << (work - bits), x << (work - bits));
    let (mut low, mut high) = (Integer::zero(), sum.clone());
    let mut n = 0_u32;
    loop {
        n += 1;
        power = quotient_up(&(&power * &square), &(Integer::from(n) << unit));
        let term = &power / (2 * n + 1);
        if n % 2 == 1 {
            sum -= &term;
            low = sum.clone();
        } else {
            sum += &term;
            high = sum.clone();
        }
        if Integer::from(n) > size && term.bits() < (work - bits - 4) as u64 {
            break;
        }
    }
    // Each power is too large by at most the rounding of all before it, which grow like the terms.
    let (half, slack) = (ratio(1.into(), 2.into()), Integer::one() << (work - bits - 8));
    let (root_low, root_high) = inverse_root_of_two_pi(bits + 16);
    (&half + scaled(low - &slack, work) * root_low, half + scaled(high + slack, work) * root_high)
}

/// ln(1 + e^x) = max(0, x) + ln(1 + e^−|x|).
pub fn softplus(x: &Rational, bits: usize) -> Bounds {
    let (low, high) = exp_neg(&x.abs(), bits + 4);
    let kink = x.clone().max(Rational::zero());
    (&kink + log_of_one_plus(&low, bits + 2).0, kink + log_of_one_plus(&high, bits + 2).1)
}

/// ln(1 + u) for 0 ≤ u ≤ 1: 2·Σ z²ⁿ⁺¹/(2n + 1) with z = u/(2 + u) ≤ 1/3, so each term is at most a ninth of the one before.
fn log_of_one_plus(u: &Rational, bits: usize) -> Bounds {
    let work = bits + 16;
    let z = u / (u + integer(2));
    let (least, most) = (floor(&z, work), ceil(&z, work));
    let (square_least, square_most) = ((&least * &least) >> work, ((&most * &most) >> work) + 1);
    let (mut low, mut high) = (Integer::zero(), Integer::zero());
    let (mut power_least, mut power_most) = (least, most);
    for n in 0..work {
        let odd = Integer::from(2 * n + 1);
        low += power_least.div_floor(&odd);
        high += quotient_up(&power_most, &odd);
        power_least = (&power_least * &square_least) >> work;
        power_most = ((&power_most * &square_most) >> work) + 1;
        if power_most <= Integer::from(4) {
            // What is left is below 4·(1 + 1/9 + …) units, and one a rounding.
            high += 8;
            break;
        }
    }
    (scaled(low * 2, work), scaled(high * 2, work))
}

/// σ(2·√(2/π)·(x + 0.044715·x³)), which increases with x; 2·√(2/π) is 4/√(2π).
pub fn gelu_tanh_gate(x: &Rational, bits: usize) -> Bounds {
    let cubic = x + ratio(44_715.into(), 1_000_000.into()) * x * x * x;
    if cubic.abs() >= integer(bits + 2) {
        // The factor is more than 1, so the sigmoid is between that of the cubic and its limit.
        let (low, high) = sigmoid(&cubic, bits + 2);
        return if cubic.is_positive() { (low, Rational::one()) } else { (Rational::zero(), high) };
    }
    let size = usize::try_from(cubic.abs().ceil().to_integer().bits()).unwrap_or(usize::MAX / 2);
    let (low, high) = inverse_root_of_two_pi(bits + size + 8);
    let (low, high) = (low * integer(4) * &cubic, high * integer(4) * &cubic);
    let (low, high) = if low <= high { (low, high) } else { (high, low) };
    (sigmoid(&low, bits + 2).0, sigmoid(&high, bits + 2).1)
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
    let root = floor(x, 2 * bits).sqrt();
    (scaled(root.clone(), bits), scaled(root + 1, bits))
}

#[cfg(test)]
mod tests;
