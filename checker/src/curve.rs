//! Bounds of smooth functions: exact integer arithmetic, rounded outwards.
//!
//! A fixed-point number n stands for n·2^−Q. `down` and `up` are the roundings of a quotient.

use num_integer::Integer;
use num_traits::{One, Signed, Zero, pow};

use crate::number::{Int, Rat};

/// The bits of fixed-point numbers.
pub const Q: u32 = 256;

/// An interval of fixed-point numbers.
pub type Span = (Int, Int);

/// The first digits of π: 3.14159… < π < the same with 1 more in the last place (10^−75).
const PI: &str = "3141592653589793238462643383279502884197169399375105820974944592307816406286";

/// A smooth function of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// 1/(1 + e^−x)
    Sigmoid,
    /// (e^x − e^−x)/(e^x + e^−x)
    Tanh,
    /// ln(1 + e^x)
    Softplus,
    /// max(0, x) + e^min(0, x) − 1
    Elu,
    /// x/(1 + e^−x)
    Silu,
    /// x·Φ(x)
    Gelu,
    /// x/(1 + e^−z), z = 2·√(2/π)·(x + 0.044715·x³)
    GeluTanh,
}

pub fn unit() -> Int {
    Int::one() << Q
}

fn up(a: &Int, b: &Int) -> Int {
    a.div_ceil(b)
}

/// ⌊x·2^Q⌋ and ⌈x·2^Q⌉.
pub fn fixed(x: &Rat) -> Span {
    let scaled: Int = x.numer() << Q;
    (scaled.div_floor(x.denom()), up(&scaled, x.denom()))
}

fn rational(n: Int) -> Rat {
    Rat::new(n, unit())
}

/// The products of the numbers of two intervals.
pub fn product(a: &Span, b: &Span) -> Span {
    let corners = [&a.0 * &b.0, &a.0 * &b.1, &a.1 * &b.0, &a.1 * &b.1];
    let [p, q, r, s] = corners;
    (p.clone().min(q.clone()).min(r.clone().min(s.clone())), p.max(q).max(r.max(s)))
}

/// e^−t for t ≥ 0: with y = t/2ᵏ ≤ 1/2 the terms yⁿ/n! of Σ (−y)ⁿ/n! decrease, so consecutive partial
/// sums lie on both sides of e^−y; its 2ᵏ-th power is e^−t. Where t ≥ Q, 0 < e^−t < 2^−Q.
pub fn exp_neg(t: &Rat) -> Span {
    if *t >= Rat::from(Int::from(Q)) {
        return (Int::zero(), Int::one());
    }
    let k = t.ceil().to_integer().bits() + 1;
    let (near, far) = fixed(&(t / Rat::from(Int::one() << k)));
    let (mut term, mut sum) = ((unit(), unit()), (unit(), unit()));
    let (mut low, mut high) = (Int::zero(), unit());
    for n in 1_u32.. {
        let step: Int = Int::from(n) << Q;
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
fn sigmoid(x: &Rat) -> Span {
    if x.is_negative() {
        let (low, high) = sigmoid(&-x);
        return (unit() - high, unit() - low);
    }
    let ((low, high), square) = (exp_neg(x), Int::one() << (2 * Q));
    (square.div_floor(&(unit() + high)), up(&square, &(unit() + low)))
}

/// ln(1 + e^x) = max(0, x) + ln(1 + u), u = e^−|x|; with z = u/(2 + u) ≤ 1/3, ln(1 + u) is
/// 2·(z + z³/3 + z⁵/5 + …), and what follows a term is less than the term.
fn softplus(x: &Rat) -> Span {
    let u = exp_neg(&x.abs());
    let log = |u: &Int, round: &dyn Fn(&Int, &Int) -> Int| {
        let z = round(&(u << Q), &((unit() << 1_u32) + u));
        let (mut power, mut sum) = (z.clone(), Int::zero());
        for n in (1_u32..).step_by(2) {
            let term = round(&power, &n.into());
            sum += &term;
            if term <= Int::one() {
                return (2 * sum, 2 * term);
            }
            power = round(&(&power * &z * &z), &(Int::one() << (2 * Q)));
        }
        (sum, Int::zero())
    };
    let (low, (high, rest)) = (log(&u.0, &|a, b| a.div_floor(b)).0, log(&u.1, &up));
    let (below, above) = fixed(&x.clone().max(Rat::zero()));
    (low + below, high + rest + above)
}

/// e^x − 1 where x < 0, else x.
fn elu(x: &Rat) -> Span {
    if !x.is_negative() {
        return fixed(x);
    }
    let (low, high) = exp_neg(&-x);
    (low - unit(), high - unit())
}

/// 1/√(2π) = √(10^75 / (2·PI)).
fn root() -> Span {
    let digits: Int = PI.bytes().fold(Int::zero(), |n, d| n * 10 + (d - b'0'));
    let ten = pow(Int::from(10), PI.len() - 1) << (2 * Q);
    (ten.div_floor(&(2 * (&digits + 1))).sqrt(), up(&ten, &(2 * digits)).sqrt() + 1)
}

/// The normal distribution function. For x ≥ 0,
/// Φ(x) = 1/2 + e^(−x²/2)/√(2π) · Σ x^(2n+1) / (1·3·…·(2n + 1)) (Abramowitz, Stegun 26.2.11): all terms are
/// positive, and once the ratio x²/(2n + 3) of neighbours is at most 1/2, what follows a term is at
/// most the term. Where x²/2 ≥ Q, 1 − Φ(x) < e^(−x²/2) < 2^−Q.
fn normal(x: &Rat) -> Span {
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
            term = round(&(&term * &square), &(Int::from(n) << (2 * Q)));
            sum += &term;
            let small = &square << 1_u32 <= Int::from(n + 2) << (2 * Q);
            if small && term <= Int::one() {
                return (sum, term);
            }
        }
    };
    let (low, (high, rest)) = (sum(&near, &|a, b| a.div_floor(b)).0, sum(&far, &up));
    let (falling, rising) = (exp_neg(&half_square(&far)).0, exp_neg(&half_square(&near)).1);
    let (half, root) = (unit() >> 1_u32, root());
    let low = &half + ((low * falling * root.0) >> (2 * Q));
    let high = half + up(&((high + rest) * rising * root.1), &(Int::one() << (2 * Q)));
    (low, high.min(unit()))
}

/// The gate of `gelu_tanh`: 2·√(2/π) = 4/√(2π), and x + 0.044715·x³ increases.
fn gelu_tanh_gate(x: &Rat) -> Span {
    let inner = x + x * x * x * Rat::new(44_715.into(), 1_000_000.into());
    let (low, high) = product(&fixed(&inner), &root());
    let quarter = |n: Int| Rat::new(n, Int::one() << (2 * Q - 2));
    (sigmoid(&quarter(low)).0, sigmoid(&quarter(high)).1)
}

impl Curve {
    pub fn read(kind: &str) -> Option<Curve> {
        Some(match kind {
            "sigmoid" => Curve::Sigmoid,
            "tanh" => Curve::Tanh,
            "softplus" => Curve::Softplus,
            "elu" => Curve::Elu,
            "silu" => Curve::Silu,
            "gelu" => Curve::Gelu,
            "gelu_tanh" => Curve::GeluTanh,
            _ => return None,
        })
    }

    /// Whether the function increases.
    pub fn increases(self) -> bool {
        self.gate().is_none()
    }

    /// g, where the function is x·g(x) and g increases.
    fn gate(self) -> Option<fn(&Rat) -> Span> {
        match self {
            Curve::Silu => Some(sigmoid),
            Curve::Gelu => Some(normal),
            Curve::GeluTanh => Some(gelu_tanh_gate),
            _ => None,
        }
    }

    /// Bounds over the interval from a to b: of an increasing function at its ends, of x·g(x) by those of g.
    pub fn over(self, a: &Rat, b: &Rat) -> Span {
        if let Some(gate) = self.gate() {
            let (low, high) = product(&(gate(a).0, gate(b).1), &(fixed(a).0, fixed(b).1));
            return (low >> Q, up(&high, &unit()));
        }
        let at = |x: &Rat| match self {
            Curve::Tanh => {
                // 2/(1 + e^−2x) − 1
                let (low, high) = sigmoid(&(x + x));
                (2 * low - unit(), 2 * high - unit())
            }
            Curve::Softplus => softplus(x),
            Curve::Elu => elu(x),
            _ => sigmoid(x),
        };
        (at(a).0, at(b).1)
    }
}

#[cfg(test)]
mod tests;
