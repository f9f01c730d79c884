//! Arithmetic against evaluation.

use super::*;
use proptest::prelude::*;

/// Three of the symbols are free, two are roots.
const SYMBOLS: [Symbol; 5] = [Symbol::Free(0), Symbol::Free(1), Symbol::Free(2), Symbol::Root(2), Symbol::Root(3)];

/// A random polynomial of degree at most 3.
fn polynomials() -> impl Strategy<Value = Polynomial> {
    prop::collection::vec((-3_i64..=3, prop::collection::vec(0_usize..5, 0..4)), 0..5).prop_map(|terms| {
        terms.into_iter().fold(Polynomial::default(), |sum, (c, symbols)| {
            let one = Polynomial::from(Integer::from(c));
            sum.plus(&symbols.into_iter().fold(one, |p, s| p.times(&Polynomial::symbol(SYMBOLS[s]))))
        })
    })
}

/// Coefficients of 1, √2, √3, √6.
type Quadratic = [Rational; 4];

fn quadratic(p: &Polynomial) -> Quadratic {
    let at = |powers: &[u64]| {
        let is = |m: &Monomial| m.powers().iter().map(|p| p.0).eq(powers.iter().map(|&q| Symbol::Root(q)));
        p.terms().iter().find(|(m, _)| is(m)).map_or_else(Rational::zero, |(_, c)| c.clone())
    };
    [at(&[]), at(&[2]), at(&[3]), at(&[2, 3])]
}

fn add(a: &Quadratic, b: &Quadratic) -> Quadratic {
    std::array::from_fn(|i| &a[i] + &b[i])
}

fn multiply(a: &Quadratic, b: &Quadratic) -> Quadratic {
    // Indices as bits: bit 0 for √2, bit 1 for √3.
    let mut product = Quadratic::default();
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            let square = [1, 2, 3, 6][i & j];
            product[i ^ j] += x * y * Rational::from_integer(square.into());
        }
    }
    product
}

#[test]
fn roots_are_simplified() {
    let name = |s: Symbol| unreachable!("{s:?} is free");
    let table = [
        (0_u128, "0"),
        (1, "1"),
        (2, "\\sqrt{2}"),
        (4, "2"),
        (12, "2 \\cdot \\sqrt{3}"),
        (90, "3 \\cdot \\sqrt{10}"),
        (2 * 1009 * 1013 * 1013, "1013 \\cdot \\sqrt{2018}"),
        // 2⁶⁴ + 13 is prime.
        (18_446_744_073_709_551_629 * 4, ""),
    ];
    for (n, shown) in table {
        let n = Integer::from(n);
        if shown.is_empty() {
            assert_eq!(Polynomial::root(&Rational::from_integer(n)), None);
            continue;
        }
        let root = Polynomial::root(&Rational::from_integer(n.clone())).unwrap();
        assert_eq!(root.to_formula(&name), shown);
        assert_eq!(root.times(&root), Polynomial::from(n.clone()));
        if !n.is_zero() {
            assert_eq!(root.times(&root.inverse().unwrap()), Polynomial::one());
            let inverse = Rational::new(1.into(), n);
            assert_eq!(Polynomial::root(&inverse), root.inverse());
        }
    }
}

proptest! {
    #[test]
    fn arithmetic_agrees_with_evaluation(a in polynomials(), b in polynomials(), c in polynomials(), point in prop::array::uniform3((-5_i64..=5, 1_i64..4))) {
        let number = |(n, d): (i64, i64)| super::super::ratio(n.into(), d.into());
        let at: Assignment = (0..).map(Symbol::Free).zip(point.map(number)).collect();
        // A value is (u, v, w, z) for u + v√2 + w√3 + z√6, which has an arithmetic of its own.
        let value = |p: &Polynomial| quadratic(&p.at(&at));
        prop_assert_eq!(value(&a.plus(&b)), add(&value(&a), &value(&b)));
        prop_assert_eq!(value(&a.minus(&b).plus(&b)), value(&a));
        prop_assert_eq!(value(&a.times(&b)), multiply(&value(&a), &value(&b)));
        let mut sum = c.clone();
        sum.add_product(&a, &b);
        prop_assert_eq!(value(&sum), add(&value(&c), &multiply(&value(&a), &value(&b))));
        let (low, high) = a.at(&at).enclose().unwrap_or_else(|| panic!("nothing is free"));
        prop_assert!(low <= high);
        prop_assert_eq!(low.is_positive() || high.is_negative(), !a.at(&at).is_zero());
        // Canonical: equal as functions, equal as values.
        prop_assert_eq!(a.plus(&b).times(&c), c.times(&b).plus(&a.times(&c)));
        prop_assert_eq!(a.minus(&a), Polynomial::default());
        if let Some((number, monomial, rest)) = a.factors() {
            let product = Polynomial { terms: vec![(monomial, number)] }.times(&rest);
            prop_assert_eq!(product, a);
            prop_assert!(rest.lead().is_one());
        }
    }

    #[test]
    fn the_order_is_total_and_invariant(a in polynomials(), b in polynomials(), c in polynomials(), scale in 1_i64..5) {
        let sign = |p: Polynomial| p.lead().signum();
        let scale = Rational::from_integer(scale.into());
        prop_assert_eq!(sign(a.minus(&b)), -sign(b.minus(&a)));
        prop_assert_eq!(sign(a.plus(&c).minus(&b.plus(&c))), sign(a.minus(&b)));
        prop_assert_eq!(sign(a.scaled(&scale).minus(&b.scaled(&scale))), sign(a.minus(&b)));
        if sign(a.minus(&b)).is_positive() && sign(b.minus(&c)).is_positive() {
            prop_assert!(sign(a.minus(&c)).is_positive());
        }
    }
}

#[test]
fn formulas_read_as_they_are_written() {
    let (a, b) = (Polynomial::symbol(Symbol::Free(0)), Polynomial::symbol(Symbol::Free(1)));
    let name = |s: Symbol| if s == Symbol::Free(0) { "a".to_string() } else { "b".to_string() };
    let two = Polynomial::from(Integer::from(2));
    assert_eq!(
        a.times(&b).times(&two).minus(&Polynomial::from(Integer::one())).to_formula(&name),
        "2 \\cdot a \\cdot b - 1"
    );
    assert_eq!(a.times(&a).to_formula(&name), "a^{2}");
    assert_eq!(Polynomial::default().to_formula(&name), "0");
}
