//! The enclosures by themselves: against series of exact rationals, against digits that are known, for monotonicity,
//! both signs, and arguments that are huge and tiny.

use super::*;

const CURVES: [Curve; 7] =
    [Curve::Sigmoid, Curve::Tanh, Curve::Softplus, Curve::Elu, Curve::Silu, Curve::Gelu, Curve::GeluTanh];

fn ratio(p: i64, q: i64) -> Rat {
    Rat::new(p.into(), q.into())
}

/// The number that decimal digits stand for, and one more in the last place.
fn digits(text: &str) -> (Rat, Rat) {
    let (whole, part) = text.trim_start_matches('-').split_once('.').expect("a point");
    let ten = pow(Int::from(10), part.len());
    let size: Int = format!("{whole}{part}").parse().expect("digits");
    let (near, far) = (Rat::new(size.clone(), ten.clone()), Rat::new(size + 1, ten));
    if text.starts_with('-') { (-far, -near) } else { (near, far) }
}

fn bounds(span: &Span) -> (Rat, Rat) {
    (rational(span.0.clone()), rational(span.1.clone()))
}

/// Arguments of both signs: fractions, integers, tiny and large.
fn arguments() -> Vec<Rat> {
    let mut all: Vec<Rat> = (-60..=60).map(|n| ratio(n, 7)).collect();
    all.extend((-12..=12).map(|n| Rat::from_integer(Int::from(n * n * n))));
    for exponent in [1_u32, 20, 100, 255, 256, 300, 1000] {
        let tiny = Rat::new(Int::one(), Int::one() << exponent);
        all.extend([tiny.clone(), -tiny]);
    }
    for exponent in [8_u32, 9, 20, 64] {
        let large = Rat::from_integer(Int::one() << exponent);
        all.extend([large.clone(), -large]);
    }
    all.sort();
    all.dedup();
    all
}

/// e^x by its series, in rationals: for |x| ≤ 4, what follows the term of order 120 is less than 2^−250.
fn exp(x: &Rat) -> (Rat, Rat) {
    let (mut term, mut sum) = (Rat::one(), Rat::one());
    for n in 1..=120 {
        term = term * x / Rat::from_integer(n.into());
        sum += &term;
    }
    let rest = Rat::new(Int::one(), Int::one() << 250_u32);
    (&sum - &rest, sum + rest)
}

#[test]
fn exponentials_agree_with_the_exact_series() {
    for n in 0..=40 {
        let x = ratio(n, 10);
        let (series, found) = (exp(&-&x), bounds(&exp_neg(&x)));
        assert!(found.0 <= series.1 && series.0 <= found.1, "e^-{x}");
        assert!(&found.1 - &found.0 < Rat::new(Int::one(), Int::one() << 240_u32), "e^-{x}: narrow");
    }
}

#[test]
fn curves_agree_with_their_definitions_by_series() {
    let one = Rat::one();
    for n in -28..=28 {
        let x = ratio(n, 10);
        let (grows, falls) = (exp(&x), exp(&-&x));
        let meets = |curve: Curve, low: Rat, high: Rat| {
            let found = bounds(&curve.over(&x, &x));
            assert!(found.0 <= high && low <= found.1, "{curve:?} at {x}: {found:?} against {low} to {high}");
        };
        meets(Curve::Sigmoid, (&one + &falls.1).recip(), (&one + &falls.0).recip());
        meets(
            Curve::Elu,
            if n < 0 { &grows.0 - &one } else { x.clone() },
            if n < 0 { &grows.1 - &one } else { x.clone() },
        );
        let (p, q) = (&grows.0 - &falls.1, &grows.1 - &falls.0);
        let (r, s) = (&grows.0 + &falls.0, &grows.1 + &falls.1);
        // (e^x − e^−x)/(e^x + e^−x), whose sign the numerator has.
        let (low, high) = if n < 0 { (&p / &r, &q / &s) } else { (&p / &s, &q / &r) };
        meets(Curve::Tanh, low.clone().min(high.clone()), low.max(high));
        let gate = ((&one + &falls.1).recip(), (&one + &falls.0).recip());
        let (a, b) = (&gate.0 * &x, &gate.1 * &x);
        meets(Curve::Silu, a.clone().min(b.clone()), a.max(b));
    }
}

/// e^softplus(x) = 1 + e^x, with the exponential by its series: at the bounds, rounded outwards to few digits.
#[test]
fn softplus_is_the_logarithm() {
    let short = |n: Int| Rat::new(n, Int::one() << 80_u32);
    for n in -25..=25 {
        let x = ratio(n, 10);
        let (low, high) = Curve::Softplus.over(&x, &x);
        let (low, high) = (low >> (Q - 80), up(&high, &(Int::one() << (Q - 80))));
        assert!(&high - &low <= 2.into(), "softplus({x}): narrow");
        let value = exp(&x);
        let (below, above) = (exp(&short(low)), exp(&short(high)));
        assert!(below.0 <= &value.1 + Rat::one() && &value.0 + Rat::one() <= above.1, "softplus({x})");
    }
}

/// Digits from tables (OEIS, Abramowitz and Stegun).
#[test]
fn known_digits_lie_inside() {
    let half = ratio(1, 2);
    let known = [
        // ln 2
        (Curve::Softplus, ratio(0, 1), "0.693147180559945309417232121458176568"),
        // tanh 1, tanh 1/2
        (Curve::Tanh, ratio(1, 1), "0.761594155955764888119458282604793590"),
        (Curve::Tanh, half.clone(), "0.462117157260009758502318483643672548"),
        // 1/(1 + 1/e)
        (Curve::Sigmoid, ratio(1, 1), "0.731058578630004879251159241821836274"),
        // 1/e − 1
        (Curve::Elu, ratio(-1, 1), "-0.632120558828557678404476229838539132"),
        // Φ(1), and −Φ(−1)
        (Curve::Gelu, ratio(1, 1), "0.841344746068542948585232545632"),
        (Curve::Gelu, ratio(-1, 1), "-0.158655253931457051414767454367"),
    ];
    for (curve, x, text) in known {
        let ((low, high), found) = (digits(text), bounds(&curve.over(&x, &x)));
        assert!(found.0 <= high && low <= found.1, "{curve:?}({x}) = {text}: {found:?}");
        assert!(&found.1 - &found.0 < Rat::new(Int::one(), Int::one() << 200_u32), "{curve:?}({x}): narrow");
    }
}

/// What every curve obeys: bounds in order, narrow, and growing with the argument where the curve grows.
#[test]
fn curves_grow_and_stay_within_their_range() {
    for curve in CURVES {
        let mut last: Option<(Rat, Span)> = None;
        for x in arguments() {
            let span = curve.over(&x, &x);
            assert!(span.0 <= span.1, "{curve:?}({x})");
            let width = rational(&span.1 - &span.0);
            let most = (Rat::one() + x.abs()) * Rat::new(Int::one(), Int::one() << 200_u32);
            assert!(width <= most, "{curve:?}({x}) is {width} wide");
            let (low, high) = bounds(&span);
            let inside = match curve {
                Curve::Sigmoid => !low.is_negative() && high <= Rat::one(),
                Curve::Tanh => low >= -Rat::one() && high <= Rat::one(),
                Curve::Elu => low >= -Rat::one(),
                Curve::Softplus => !low.is_negative(),
                // x·g(x) lies between 0 and x.
                _ => low <= x.clone().max(Rat::zero()) && high >= x.clone().min(Rat::zero()),
            };
            assert!(inside, "{curve:?}({x}) = {low} to {high}");
            if let Some((before, earlier)) = last.filter(|_| curve.increases()) {
                assert!(earlier.0 <= span.1, "{curve:?} falls from {before} to {x}");
                let both = curve.over(&before, &x);
                assert!(both.0 <= earlier.0 && both.1 >= span.1, "{curve:?} over [{before}, {x}]");
            }
            last = Some((x, span));
        }
    }
}

/// σ(x) + σ(−x) = 1, tanh odd, x·g(x) − (−x)·g(−x) = x, softplus(x) − softplus(−x) = x.
#[test]
fn both_signs_agree() {
    for x in arguments() {
        let of = |curve: Curve, x: &Rat| bounds(&curve.over(x, x));
        let minus = -&x;
        let holds = |name: &str, a: (Rat, Rat), b: (Rat, Rat), is: Rat| {
            assert!(&a.0 + &b.0 <= is && is <= &a.1 + &b.1, "{name} at {x}");
        };
        let negated = |(low, high): (Rat, Rat)| (-high, -low);
        holds("sigmoid", of(Curve::Sigmoid, &x), of(Curve::Sigmoid, &minus), Rat::one());
        holds("tanh", of(Curve::Tanh, &x), of(Curve::Tanh, &minus), Rat::zero());
        holds("softplus", of(Curve::Softplus, &x), negated(of(Curve::Softplus, &minus)), x.clone());
        for curve in [Curve::Silu, Curve::Gelu, Curve::GeluTanh] {
            holds("a gate", of(curve, &x), negated(of(curve, &minus)), x.clone());
        }
    }
}

/// Over an interval, the values at points inside are inside.
#[test]
fn intervals_hold_their_points() {
    for curve in CURVES {
        for a in -20..20 {
            for width in [1, 3, 10] {
                let (low, high) = (ratio(a, 4), ratio(a + width, 4));
                let all = curve.over(&low, &high);
                for step in 0..=4 {
                    let x = &low + (&high - &low) * ratio(step, 4);
                    let one = curve.over(&x, &x);
                    assert!(all.0 <= one.1 && one.0 <= all.1, "{curve:?}({x}) over [{low}, {high}]");
                }
            }
        }
    }
}
