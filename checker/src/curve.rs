//! Bounds of smooth functions: exact integer arithmetic, rounded outwards.
//!
//! A fixed-point number n stands for n·2^−Q. `down` and `up` are the roundings of a quotient.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, Zero};

use crate::number::{Int, Rat};

/// The bits of fixed-point numbers.
pub const Q: u32 = 256;

/// The first digits of π: 3.14159… < π < the same with 1 more in the last place (10^−75).
const PI: &[u8] = b"3141592653589793238462643383279502884197169399375105820974944592307816406286";

fn unit() -> Int {
    Int::one() << Q
}

fn up(a: &Int, b: &Int) -> Int {
    a.div_ceil(b)
}

/// ⌊x·2^Q⌋ and ⌈x·2^Q⌉.
pub fn fixed(x: &Rat) -> (Int, Int) {
    let scaled: Int = x.numer() << Q;
    (scaled.div_floor(x.denom()), up(&scaled, x.denom()))
}

pub fn rational(n: Int) -> Rat {
    Rat::new(n, unit())
}

/// e^−t for t ≥ 0: with y = t/2ᵏ ≤ 1/2 the terms yⁿ/n! of Σ (−y)ⁿ/n! decrease, so consecutive partial
/// sums lie on both sides of e^−y; its 2ᵏ-th power is e^−t. Where t ≥ Q, 0 < e^−t < 2^−Q.
pub fn exp_neg(t: &Rat) -> (Int, Int) {
    if *t >= Rat::from(Int::from(Q)) {
        return (Int::zero(), Int::one());
    }
    let k = t.ceil().to_integer().bits() + 1;
    let (near, far) = fixed(&(t / Rat::from(Int::one() << k)));
    let one = unit();
    let (mut term, mut sum) = ((one.clone(), one.clone()), (one.clone(), one.clone()));
    let (mut low, mut high) = (Int::zero(), one);
    for n in 1_u32.. {
        let step: Int = BigInt::from(n) << Q;
        term = ((&term.0 * &near).div_floor(&step), up(&(&term.1 * &far), &step));
        if n % 2 == 1 {
            sum = (sum.0 - &term.1, sum.1 - &term.0);
            low = low.max(sum.0.clone());
        } else {
            sum = (sum.0 + &term.0, sum.1 + &term.1);
            high = high.min(sum.1.clone());
        }
        if term.1 <= Int::one() && n % 2 == 0 {
            break;
        }
    }
    for _ in 0..k {
        (low, high) = ((&low * &low) >> Q, up(&(&high * &high), &unit()));
    }
    (low, high)
}

/// 1/(1 + e^−x).
pub fn sigmoid(x: &Rat) -> (Int, Int) {
    if x.is_negative() {
        let (low, high) = sigmoid(&-x);
        return (unit() - high, unit() - low);
    }
    let ((low, high), square) = (exp_neg(x), Int::one() << (2 * Q));
    (square.div_floor(&(unit() + high)), up(&square, &(unit() + low)))
}

/// tanh(x) = 2/(1 + e^−2x) − 1.
pub fn tanh(x: &Rat) -> (Int, Int) {
    let (low, high) = sigmoid(&(x + x));
    (2 * low - unit(), 2 * high - unit())
}

/// The normal distribution function. For x ≥ 0,
/// Φ(x) = 1/2 + e^(−x²/2)/√(2π) · Σ x^(2n+1) / (1·3·…·(2n + 1)) (Abramowitz, Stegun 26.2.11): all terms are
/// positive, and once the ratio x²/(2n + 3) of neighbours is at most 1/2, what follows a term is at
/// most the term. Where x²/2 ≥ Q, 1 − Φ(x) < e^(−x²/2) < 2^−Q.
pub fn normal(x: &Rat) -> (Int, Int) {
    if x.is_negative() {
        let (low, high) = normal(&-x);
        return (unit() - high, unit() - low);
    }
    // Φ increases: its bounds at x's neighbours among the fixed-point numbers.
    let (near, far) = fixed(x);
    let half_square = |n: &Int| rational(n.clone()) * rational(n.clone()) / Rat::from(Int::from(2));
    if half_square(&near) >= Rat::from(Int::from(Q)) {
        return (unit() - 1, unit());
    }
    let sum = |x: &Int, round: &dyn Fn(&Int, &Int) -> Int| {
        let square = x * x;
        let (mut term, mut sum, mut n) = (x.clone(), x.clone(), 1_u32);
        loop {
            n += 2;
            term = round(&(&term * &square), &(BigInt::from(n) << (2 * Q)));
            sum += &term;
            let small = &square << 1_u32 <= BigInt::from(n + 2) << (2 * Q);
            if small && term <= Int::one() {
                return (sum, term);
            }
        }
    };
    let (low, (high, rest)) = (sum(&near, &|a, b| a.div_floor(b)).0, sum(&far, &up));
    // 1/√(2π) = √(10^75 / (2·PI)).
    let digits = |last: u32| PI.iter().fold(Int::zero(), |n, d| n * 10 + (d - b'0')) + last;
    let ten = num_traits::pow(Int::from(10), PI.len() - 1) << (2 * Q);
    let root = (ten.div_floor(&(2 * digits(1))).sqrt(), up(&ten, &(2 * digits(0))).sqrt() + 1);
    let (falling, rising) = (exp_neg(&half_square(&far)).0, exp_neg(&half_square(&near)).1);
    let half = unit() >> 1_u32;
    let low = &half + ((low * falling * root.0) >> (2 * Q));
    let high = half + up(&((high + rest) * rising * root.1), &(Int::one() << (2 * Q)));
    (low, high.min(unit()))
}
