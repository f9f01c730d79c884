//! Polynomials over ℚ in the symbols that stand for unknown weights.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Add, AddAssign, Mul};

use num_traits::{One, Signed, Zero};

use super::{Integer, Rational};

/// The number of a symbol; names belong to whoever hands them out.
pub type Symbol = u32;

/// A product of powers of symbols: `(symbol, exponent)`, symbols ascending, exponents positive. Empty is 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monomial(Vec<(Symbol, u32)>);

/// A polynomial: terms with ascending monomials and nonzero coefficients, so that two are equal
/// exactly when their terms are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Polynomial {
    terms: Vec<(Monomial, Rational)>,
}

impl Monomial {
    /// The powers, symbols ascending.
    pub fn powers(&self) -> &[(Symbol, u32)] {
        &self.0
    }

    /// The sum of the exponents.
    pub fn degree(&self) -> u32 {
        self.0.iter().map(|(_, e)| e).sum()
    }

    fn times(&self, other: &Monomial) -> Monomial {
        let mut powers: BTreeMap<Symbol, u32> = self.0.iter().copied().collect();
        for &(symbol, exponent) in &other.0 {
            *powers.entry(symbol).or_default() += exponent;
        }
        Monomial(powers.into_iter().collect())
    }

    /// The largest monomial that divides both.
    fn common(&self, other: &Monomial) -> Monomial {
        let exponent = |s: Symbol| other.0.iter().find(|p| p.0 == s).map_or(0, |p| p.1);
        let powers = self.0.iter().map(|&(s, e)| (s, e.min(exponent(s)))).filter(|p| p.1 > 0);
        Monomial(powers.collect())
    }

    /// The quotient by a monomial that divides it.
    fn over(&self, divisor: &Monomial) -> Monomial {
        let exponent = |s: Symbol| divisor.0.iter().find(|p| p.0 == s).map_or(0, |p| p.1);
        let powers = self.0.iter().map(|&(s, e)| (s, e - exponent(s).min(e))).filter(|p| p.1 > 0);
        Monomial(powers.collect())
    }
}

impl Polynomial {
    /// A number.
    pub fn constant(value: Rational) -> Polynomial {
        let terms = if value.is_zero() { Vec::new() } else { vec![(Monomial::default(), value)] };
        Polynomial { terms }
    }

    /// A symbol.
    pub fn symbol(symbol: Symbol) -> Polynomial {
        Polynomial { terms: vec![(Monomial(vec![(symbol, 1)]), Rational::one())] }
    }

    /// The terms, monomials ascending.
    pub fn terms(&self) -> &[(Monomial, Rational)] {
        &self.terms
    }

    /// The number, when no symbol occurs.
    pub fn as_constant(&self) -> Option<Rational> {
        match self.terms.as_slice() {
            [] => Some(Rational::zero()),
            [(monomial, value)] if monomial.0.is_empty() => Some(value.clone()),
            _ => None,
        }
    }

    /// The symbols that occur.
    pub fn symbols(&self) -> BTreeSet<Symbol> {
        self.terms.iter().flat_map(|(m, _)| m.0.iter().map(|p| p.0)).collect()
    }

    /// The coefficient of the greatest monomial; 0 for the zero polynomial.
    ///
    /// The sign of `lead(a − b)` orders polynomials totally, and adding a polynomial to both, or
    /// scaling both by a positive number, does not change that order.
    pub fn lead(&self) -> Rational {
        self.terms.last().map_or_else(Rational::zero, |(_, c)| c.clone())
    }

    /// Adds `coefficient · monomial`.
    fn add_term(&mut self, monomial: Monomial, coefficient: Rational) {
        if coefficient.is_zero() {
            return;
        }
        match self.terms.binary_search_by(|(m, _)| m.cmp(&monomial)) {
            Err(at) => self.terms.insert(at, (monomial, coefficient)),
            Ok(at) => {
                self.terms[at].1 += coefficient;
                if self.terms[at].1.is_zero() {
                    self.terms.remove(at);
                }
            }
        }
    }

    /// Adds a product.
    pub fn add_product(&mut self, a: &Polynomial, b: &Polynomial) {
        /// Past this many products, collecting them first is quicker than inserting one by one.
        const FEW: usize = 16;
        let products = || a.terms.iter().flat_map(|(m, c)| b.terms.iter().map(move |(n, d)| (m.times(n), c * d)));
        if a.terms.len() * b.terms.len() <= FEW {
            products().for_each(|(m, c)| self.add_term(m, c));
            return;
        }
        let mut sum: BTreeMap<Monomial, Rational> = std::mem::take(&mut self.terms).into_iter().collect();
        products().for_each(|(m, c)| *sum.entry(m).or_default() += c);
        self.terms = sum.into_iter().filter(|(_, c)| !c.is_zero()).collect();
    }

    /// The product.
    pub fn times(&self, other: &Polynomial) -> Polynomial {
        let mut product = Polynomial::default();
        product.add_product(self, other);
        product
    }

    /// The sum.
    pub fn plus(&self, other: &Polynomial) -> Polynomial {
        let mut sum = self.clone();
        sum += other;
        sum
    }

    /// The difference.
    pub fn minus(&self, other: &Polynomial) -> Polynomial {
        self.plus(&other.scaled(&-Rational::one()))
    }

    /// Every coefficient times a number.
    pub fn scaled(&self, factor: &Rational) -> Polynomial {
        if factor.is_zero() {
            return Polynomial::default();
        }
        Polynomial { terms: self.terms.iter().map(|(m, c)| (m.clone(), c * factor)).collect() }
    }

    /// The value where each symbol has a value.
    pub fn evaluate(&self, values: &dyn Fn(Symbol) -> Rational) -> Rational {
        let power = |&(s, e): &(Symbol, u32)| num_traits::pow(values(s), e as usize);
        self.terms.iter().map(|(m, c)| m.0.iter().map(power).fold(c.clone(), |product, p| product * p)).sum()
    }

    /// The bits of its longest coefficient.
    pub fn bits(&self) -> u64 {
        self.terms.iter().map(|(_, c)| c.numer().bits().max(c.denom().bits())).max().unwrap_or(0)
    }

    /// A positive or negative number, a monomial, and what is left, with leading coefficient 1:
    /// the polynomial is their product. `None` for 0.
    pub fn factors(&self) -> Option<(Rational, Monomial, Polynomial)> {
        let lead = self.lead();
        let first = self.terms.first()?.0.clone();
        let common = self.terms.iter().fold(first, |common, (m, _)| common.common(m));
        let terms = self.terms.iter().map(|(m, c)| (m.over(&common), c / &lead));
        // Dividing by a common monomial may change the order of what is left.
        let mut rest = Polynomial::default();
        terms.for_each(|(m, c)| rest.add_term(m, c));
        let (lead, rest) = match rest.lead() {
            c if c.is_one() => (lead, rest),
            c => (lead * &c, rest.scaled(&c.recip())),
        };
        Some((lead, common, rest))
    }

    /// The polynomial as a formula, with the names of its symbols: `2 \cdot a \cdot b - 1`.
    pub fn to_formula(&self, name: &dyn Fn(Symbol) -> String) -> String {
        let mut text = String::new();
        // Products first, as they are written by hand.
        for (monomial, coefficient) in self.terms.iter().rev() {
            let sign = match (text.is_empty(), coefficient.is_negative()) {
                (true, true) => "-",
                (true, false) => "",
                (false, true) => " - ",
                (false, false) => " + ",
            };
            let power = |&(s, e): &(Symbol, u32)| if e == 1 { name(s) } else { format!("{}^{{{e}}}", name(s)) };
            let mut factors: Vec<String> = monomial.0.iter().map(power).collect();
            let size = coefficient.abs();
            if !size.is_one() || factors.is_empty() {
                factors.insert(0, size.to_string());
            }
            text.push_str(sign);
            text.push_str(&factors.join(" \\cdot "));
        }
        if text.is_empty() { "0".into() } else { text }
    }
}

impl Add for Polynomial {
    type Output = Polynomial;

    fn add(self, other: Polynomial) -> Polynomial {
        self.plus(&other)
    }
}

impl Mul for Polynomial {
    type Output = Polynomial;

    fn mul(self, other: Polynomial) -> Polynomial {
        self.times(&other)
    }
}

impl AddAssign<&Polynomial> for Polynomial {
    fn add_assign(&mut self, other: &Polynomial) {
        other.terms.iter().for_each(|(m, c)| self.add_term(m.clone(), c.clone()));
    }
}

impl Zero for Polynomial {
    fn zero() -> Polynomial {
        Polynomial::default()
    }

    fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }
}

impl One for Polynomial {
    fn one() -> Polynomial {
        Polynomial::constant(Rational::one())
    }
}

impl From<Integer> for Polynomial {
    fn from(value: Integer) -> Polynomial {
        Polynomial::constant(value.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A random polynomial in three symbols of degree at most 4.
    fn polynomials() -> impl Strategy<Value = Polynomial> {
        prop::collection::vec((-3_i64..=3, prop::collection::vec(0_u32..3, 0..3)), 0..5).prop_map(|terms| {
            terms.into_iter().fold(Polynomial::default(), |sum, (c, symbols)| {
                let one = Polynomial::from(Integer::from(c));
                sum.plus(&symbols.into_iter().fold(one, |p, s| p.times(&Polynomial::symbol(s))))
            })
        })
    }

    proptest! {
        #[test]
        fn arithmetic_agrees_with_evaluation(a in polynomials(), b in polynomials(), c in polynomials(), point in prop::array::uniform3((-5_i64..=5, 1_i64..4))) {
            let at = |s: Symbol| { let (n, d) = point[s as usize]; super::super::ratio(n.into(), d.into()) };
            let value = |p: &Polynomial| p.evaluate(&at);
            prop_assert_eq!(value(&a.plus(&b)), value(&a) + value(&b));
            prop_assert_eq!(value(&a.minus(&b)), value(&a) - value(&b));
            prop_assert_eq!(value(&a.times(&b)), value(&a) * value(&b));
            let mut sum = c.clone();
            sum.add_product(&a, &b);
            prop_assert_eq!(value(&sum), value(&c) + value(&a) * value(&b));
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
        let (a, b) = (Polynomial::symbol(0), Polynomial::symbol(1));
        let name = |s: Symbol| ["a", "b"][s as usize].to_string();
        let two = Polynomial::from(Integer::from(2));
        assert_eq!(
            a.times(&b).times(&two).minus(&Polynomial::from(Integer::one())).to_formula(&name),
            "2 \\cdot a \\cdot b - 1"
        );
        assert_eq!(a.times(&a).to_formula(&name), "a^{2}");
        assert_eq!(Polynomial::default().to_formula(&name), "0");
    }
}
