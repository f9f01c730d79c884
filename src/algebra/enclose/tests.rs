//! Every bound against values computed another way.

use proptest::prelude::*;

use super::*;

type Function = fn(&Rational, usize) -> Bounds;

const NAMED: [(&str, Function); 3] = [("sigmoid", sigmoid), ("tanh", tanh), ("normal_cdf", normal_cdf)];

fn r(n: i64, d: i64) -> Rational {
    ratio(n.into(), d.into())
}

/// Rationals of both signs: tiny, plain, past every limit, and with huge denominators.
fn rationals() -> impl Strategy<Value = Rational> {
    prop_oneof![
        4 => (-4000_i64..4000, 1_i64..1000).prop_map(|(n, d)| r(n, d)),
        4 => (-4000_i64..4000, 1_i64..200).prop_map(|(n, d)| r(n, 64 * d)),
        2 => (-400_i64..400).prop_map(|n| r(n, 1)),
        2 => any::<i64>().prop_map(|n| r(n, i64::MAX)),
        1 => any::<i64>().prop_map(|n| ratio(n.into(), Integer::one() << 900)),
        1 => (any::<i64>(), -60_i64..60).prop_map(|(n, k)| integer(7) * ratio(k.into(), 7.into()) + ratio(n.into(), Integer::from(3) << 700)),
    ]
}

fn meet(a: &Bounds, b: &Bounds) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}

fn inside(inner: &Bounds, outer: &Bounds) -> bool {
    outer.0 <= inner.0 && inner.1 <= outer.1
}

fn product(a: &Bounds, b: &Bounds) -> Bounds {
    (&a.0 * &b.0, &a.1 * &b.1)
}

/// e^−x for x ≥ 0 as the reciprocal of the series of e^x, whose terms are all positive; the rest
/// after the term t with ratio at most 1/2 is at most t. Nothing is rounded before the end.
fn reference_exp_neg(x: &Rational, bits: usize) -> Bounds {
    let (mut term, mut sum, mut n) = (Rational::one(), Rational::one(), 0_usize);
    while integer(2) * x > integer(n + 1) || term > dyadic(bits) {
        n += 1;
        term = &term * x / integer(n);
        sum += &term;
    }
    ((&sum + &term).recip(), sum.recip())
}

/// Φ(x) − 1/2 = φ(x)·(x + x³/3 + x⁵/(3·5) + …) (Abramowitz, Stegun 26.2.11): positive terms, unlike
/// the alternating series of the implementation; π is given by its digits.
fn reference_cdf(x: &Rational, bits: usize) -> Bounds {
    let (mut term, mut sum, mut n) = (x.clone(), x.clone(), 1_usize);
    while integer(2) * x * x > integer(2 * n + 1) || term > dyadic(bits) {
        term = &term * x * x / integer(2 * n + 1);
        sum += &term;
        n += 1;
    }
    let density = reference_exp_neg(&(x * x / integer(2)), bits);
    let (pi_low, pi_high) = decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620");
    let half = r(1, 2);
    let (from, to) = (&sum * &density.0, (&sum + &term) * &density.1);
    (
        &half + from * root(&(pi_high * integer(2)).recip(), 240).0,
        half + to * root(&(pi_low * integer(2)).recip(), 240).1,
    )
}

/// A decimal, cut off: the number lies in [value, value + 10^−places].
fn decimal(text: &str) -> Bounds {
    let (whole, places) = text.split_once('.').expect("a point");
    let digits: Integer = format!("{whole}{places}").parse().expect("digits");
    let unit = num_traits::pow(Integer::from(10), places.len());
    (ratio(digits.clone(), unit.clone()), ratio(digits + 1, unit))
}

/// Cut off after 50 places, from a computation with 80 decimal digits.
#[test]
fn known_digits() {
    let cases: [(Function, Rational, &str); 8] = [
        (exp_neg, r(1, 1), "0.36787944117144232159552377016146086744581113103176"),
        (sigmoid, r(1, 1), "0.73105857863000487925115924182183627436514464016505"),
        (tanh, r(1, 2), "0.46211715726000975850231848364367254873028928033011"),
        (normal_cdf, r(1, 1), "0.84134474606854294858523254563203792247791296672660"),
        (normal_cdf, r(3, 1), "0.998650101968369905473348185232405022"),
        (normal_cdf, r(1, 2), "0.691462461274013103637704610608337739"),
        (exp_neg, r(10, 1), "0.000045399929762484851535591515560550"),
        (|_, bits| pi(bits), r(0, 1), "3.14159265358979323846264338327950288419716939937510"),
    ];
    for (f, x, digits) in cases {
        let bounds = f(&x, 150);
        assert!(meet(&bounds, &decimal(digits)), "{digits}");
        assert!(bounds.1 - bounds.0 <= dyadic(150), "{digits}");
    }
}

#[test]
fn exact_at_zero() {
    let zero = Rational::zero();
    for (f, value) in [(exp_neg as Function, r(1, 1)), (sigmoid, r(1, 2)), (tanh, r(0, 1)), (normal_cdf, r(1, 2))] {
        let (low, high) = f(&zero, 40);
        assert!(low <= value && value <= high && high - low <= dyadic(40));
    }
}

#[test]
fn enormous_arguments_take_no_time() {
    let big: Integer = num_traits::pow(Integer::from(10), 20_000);
    let (huge, tiny) = (Rational::from_integer(big.clone()), Rational::new_raw(Integer::one(), big.clone()));
    // 1 + 10^−20000: long but not large.
    let long = Rational::new_raw(&big + 1, big);
    for (name, f) in NAMED {
        let (above, below) = (f(&huge, 96), f(&-&huge, 96));
        assert!(above.1 == Rational::one() && &above.1 - &above.0 <= dyadic(96), "{name}");
        assert!(below.0 <= below.1 && &below.1 - &below.0 <= dyadic(96), "{name}");
        assert!(meet(&f(&long, 96), &f(&r(1, 1), 96)) && meet(&f(&tiny, 96), &f(&r(0, 1), 96)), "{name}");
    }
    assert!(exp_neg(&huge, 96).0.is_zero() && exp_neg(&huge, 96).1 <= dyadic(96));
    assert!(meet(&tanh(&tiny, 96), &(tiny.clone(), tiny)));
}

/// On both sides of every switch of method, coarse bounds contain those of a much higher precision.
#[test]
fn the_limits_of_the_direct_bounds_join_the_series() {
    for bits in [1, 6, 25] {
        for n in 0..84 {
            let x = r(n, 3);
            for (name, f) in NAMED.into_iter().chain([("exp_neg", exp_neg as Function)]) {
                assert!(inside(&f(&x, 4 * bits + 60), &f(&x, bits)), "{name} at {x} with {bits} bits");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn as_narrow_as_promised_and_nested(x in rationals(), bits in 1_usize..260, more in 8_usize..100) {
        for (name, f) in NAMED.into_iter().chain([("exp_neg", exp_neg as Function)]) {
            let x = if name == "exp_neg" { x.abs() } else { x.clone() };
            let (coarse, fine) = (f(&x, bits), f(&x, bits + more));
            prop_assert!(coarse.0 <= coarse.1, "{} at {}", name, x);
            prop_assert!(&coarse.1 - &coarse.0 <= dyadic(bits), "{} at {} with {} bits", name, x, bits);
            prop_assert!(meet(&coarse, &fine), "{} at {}", name, x);
            // The finer bounds hold the value and so do the coarser: inside, but for the finer width.
            let width = &fine.1 - &fine.0;
            prop_assert!(inside(&fine, &(coarse.0 - &width, coarse.1 + width)), "{} at {}", name, x);
            let (least, most) = if name == "tanh" { (-Rational::one(), Rational::one()) } else { (Rational::zero(), Rational::one()) };
            prop_assert!(least <= fine.0 && fine.1 <= most, "{} at {}: a range", name, x);
        }
    }

    /// Independent series enclose the value far more narrowly than the bounds, so they lie within.
    #[test]
    fn series_of_another_kind(n in 0_i64..900, d in 1_i64..60, bits in 1_usize..150) {
        let x = r(n, d).min(r(n % 60, 1) + r(1, d));
        let e = reference_exp_neg(&x, 200);
        prop_assert!(inside(&e, &exp_neg(&x, bits)), "exp_neg {x} with {bits} bits");
        let (one, two) = (Rational::one(), integer(2));
        prop_assert!(inside(&((&one + &e.1).recip(), (&one + &e.0).recip()), &sigmoid(&x, bits)), "sigmoid {x}");
        // tanh(x/2) = (1 − e^−x)/(1 + e^−x)
        let t = ((&one - &e.1) / (&one + &e.1), (&one - &e.0) / (&one + &e.0));
        prop_assert!(inside(&t, &tanh(&(&x / &two), bits)), "tanh {x}/2");
        let small = x.min(r(n % 13, 1) + r(1, d));
        prop_assert!(inside(&reference_cdf(&small, 200), &normal_cdf(&small, bits)), "normal_cdf {small} with {bits} bits");
    }

    #[test]
    fn functional_equations(x in rationals(), y in rationals(), bits in 20_usize..120) {
        let (a, b) = (x.abs(), y.abs());
        prop_assert!(meet(&exp_neg(&(&a + &b), bits), &product(&exp_neg(&a, bits), &exp_neg(&b, bits))), "e^-a e^-b");
        for (f, sum) in [(sigmoid as Function, 1), (normal_cdf, 1), (tanh, 0)] {
            let (at, reflected) = (f(&x, bits), f(&-&x, bits));
            prop_assert!(at.0 + reflected.0 <= r(sum, 1) && r(sum, 1) <= at.1 + reflected.1, "reflected at {x}");
        }
        // tanh(2x) = 2t/(1 + t²), increasing in t on [−1, 1].
        let (t, twice) = (tanh(&x, bits), tanh(&(&x + &x), bits));
        let double = |t: &Rational| (t + t) / (Rational::one() + t * t);
        prop_assert!(meet(&(double(&t.0), double(&t.1)), &twice), "tanh 2x at {x}");
        // σ(x) = (1 + tanh(x/2))/2
        let half = tanh(&(&x / integer(2)), bits);
        let shifted = |t: &Rational| (t + Rational::one()) / integer(2);
        prop_assert!(meet(&(shifted(&half.0), shifted(&half.1)), &sigmoid(&x, bits)), "sigmoid and tanh at {x}");
    }

    #[test]
    fn increasing(x in rationals(), step in (1_i64..1000, 1_i64..1000)) {
        let y = &x + r(step.0, step.1);
        for (name, f) in NAMED {
            prop_assert!(f(&x, 60).0 <= f(&y, 60).1, "{} at {} and {}", name, x, y);
        }
        prop_assert!(exp_neg(&(x.abs() + r(step.0, step.1)), 60).0 <= exp_neg(&x.abs(), 60).1);
    }

    #[test]
    fn roots_and_rounding_go_outward(n in any::<i64>(), d in 1_i64..1000, bits in 1_usize..80) {
        let x = r(n, d);
        let (low, high) = (scaled(floor(&x, bits), bits), scaled(ceil(&x, bits), bits));
        prop_assert!(low <= x && x <= high && high - low <= dyadic(bits));
        let (low, high) = root(&x.abs(), bits);
        prop_assert!(&low * &low <= x.abs() && x.abs() <= &high * &high && high - low <= dyadic(bits));
    }
}

#[test]
fn known_values() {
    let near = |bounds: Bounds, digits: i64| {
        let value = r(digits, 1_000_000_000_000);
        assert!(&bounds.0 - r(1, 1_000_000_000_000) <= value && value <= bounds.1 + r(1, 1_000_000_000_000));
    };
    // ln 2, ln(1 + e), and (1 + tanh(√(2/π)·1.044715))/2.
    near(softplus(&r(0, 1), 96), 693_147_180_560);
    near(softplus(&r(1, 1), 96), 1_313_261_687_518);
    near(gelu_tanh_gate(&r(1, 1), 96), 841_191_990_608);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// softplus(x) − softplus(−x) = x and e^−softplus(x) = σ(−x); the gate of −x is 1 less that of x.
    #[test]
    fn softplus_and_the_gate_obey_their_laws(x in rationals(), bits in 8_usize..200) {
        let (plus, minus) = (softplus(&x, bits), softplus(&-&x, bits));
        prop_assert!(plus.0 <= plus.1 && &plus.1 - &plus.0 <= dyadic(bits));
        prop_assert!(&plus.0 - &minus.1 <= x && x <= &plus.1 - &minus.0);
        let decay = (exp_neg(&plus.1, bits).0, exp_neg(&plus.0.clone().max(Rational::zero()), bits).1);
        prop_assert!(meet(&decay, &sigmoid(&-&x, bits)));
        let (gate, other) = (gelu_tanh_gate(&x, bits), gelu_tanh_gate(&-&x, bits));
        prop_assert!(gate.0 <= gate.1 && &gate.1 - &gate.0 <= dyadic(bits));
        prop_assert!(&gate.0 + &other.0 <= Rational::one() && Rational::one() <= &gate.1 + &other.1);
    }
}
