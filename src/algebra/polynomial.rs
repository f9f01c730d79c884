//! Polynomials over ℚ in the symbols that stand for unknown weights.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Add, AddAssign, Mul};

use num_traits::{One, Signed, ToPrimitive, Zero};

use super::enclose::Bounds;
use super::{Integer, Rational};

mod monomial;
#[cfg(test)]
mod tests;

pub use monomial::Monomial;

/// What a polynomial is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbol {
    /// √p, for a prime p. Products of different roots of primes are linearly independent over ℚ
    /// (Besicovitch 1940), so a polynomial in roots is 0 exactly when it has no terms.
    Root(u64),
    /// Any number. Its name belongs to whoever hands the index out.
    Free(u32),
}

/// Values for symbols. A free symbol without one is 0; a root without one stays what it is.
pub type Assignment = BTreeMap<Symbol, Rational>;

/// A polynomial: terms with ascending monomials and nonzero coefficients, so that two are equal
/// exactly when their terms are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Polynomial {
    terms: Vec<(Monomial, Rational)>,
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

    /// A monomial.
    pub fn from_monomial(monomial: Monomial) -> Polynomial {
        Polynomial { terms: vec![(monomial, Rational::one())] }
    }

    /// √x for a rational x ≥ 0; `None` if its numerator or denominator has a prime factor above 2⁶⁴
    /// to an odd power, or one that is hard to find.
    pub fn root(x: &Rational) -> Option<Polynomial> {
        // √(n/d) = √n·√d / d.
        let product = integer_root(x.numer())?.times(&integer_root(x.denom())?);
        Some(product.scaled(&Rational::from_integer(x.denom().clone()).recip()))
    }

    /// 1 / the polynomial, where it is a number times roots other than 0.
    pub fn inverse(&self) -> Option<Polynomial> {
        let [(monomial, coefficient)] = self.terms.as_slice() else { return None };
        // 1/√p = √p/p.
        let square = monomial.0.iter().try_fold(Rational::one(), |product, &(symbol, _)| match symbol {
            Symbol::Root(p) => Some(product * Rational::from_integer(p.into())),
            Symbol::Free(_) => None,
        })?;
        Some(Polynomial { terms: vec![(monomial.clone(), (square * coefficient).recip())] })
    }

    /// Bounds of its value; `None` if a symbol is free.
    pub fn enclose(&self) -> Option<Bounds> {
        let zero = (Rational::zero(), Rational::zero());
        self.terms.iter().try_fold(zero, |(low, high), (monomial, c)| {
            let (a, b) = monomial.enclose()?;
            let (a, b) = if c.is_negative() { (b, a) } else { (a, b) };
            Some((low + c * a, high + c * b))
        })
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

    /// The symbols that occur, roots too.
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
        let product = |(m, c): &(Monomial, Rational), (n, d): &(Monomial, Rational)| {
            let (number, monomial) = m.times(n);
            (monomial, if number.is_one() { c * d } else { c * d * number })
        };
        let products = || a.terms.iter().flat_map(|m| b.terms.iter().map(move |n| product(m, n)));
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

    /// The polynomial at these values; see [`Assignment`].
    pub fn at(&self, values: &Assignment) -> Polynomial {
        let stays = |symbol: &Symbol| matches!(symbol, Symbol::Root(_)) && !values.contains_key(symbol);
        let mut sum = Polynomial::default();
        for (monomial, coefficient) in &self.terms {
            let (roots, given): (Vec<_>, Vec<_>) = monomial.0.iter().partition(|(symbol, _)| stays(symbol));
            let power = |(s, e): (Symbol, u32)| values.get(&s).map(|v| num_traits::pow(v.clone(), e as usize));
            let product: Option<Rational> = given.into_iter().map(power).product();
            sum.add_term(Monomial(roots), coefficient * product.unwrap_or_default());
        }
        sum
    }

    /// The quotient by a monomial that divides it.
    pub fn over(&self, divisor: &Monomial) -> Polynomial {
        let mut quotient = Polynomial::default();
        // Dividing by a common monomial may change the order of what is left.
        self.terms.iter().for_each(|(m, c)| quotient.add_term(m.over(divisor), c.clone()));
        quotient
    }

    /// The bits of its longest coefficient.
    pub fn bits(&self) -> u64 {
        self.terms.iter().map(|(_, c)| c.numer().bits().max(c.denom().bits())).max().unwrap_or(0)
    }

    /// A positive or negative number, a monomial, and what is left, with leading coefficient 1:
    /// the polynomial is their product. `None` for 0.
    pub fn factors(&self) -> Option<(Rational, Monomial, Polynomial)> {
        let first = self.terms.first()?.0.clone();
        let common = self.terms.iter().fold(first, |common, (m, _)| common.common(m));
        let rest = self.over(&common);
        let lead = rest.lead();
        let rest = rest.scaled(&lead.recip());
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
            let mut factors = monomial.to_factors(name);
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

/// √n for an integer n ≥ 0, if its factors are found quickly.
fn integer_root(n: &Integer) -> Option<Polynomial> {
    /// Primes below this are divided out, which leaves a number that must be a square or a machine word.
    const SMALL: u64 = 1 << 10;
    if n.is_zero() {
        return Some(Polynomial::zero());
    }
    let mut rest = n.clone();
    let (mut outside, mut primes) = (Integer::one(), BTreeMap::<u64, usize>::new());
    for p in 2..SMALL {
        while (&rest % p).is_zero() {
            rest /= p;
            *primes.entry(p).or_default() += 1;
        }
    }
    let exact = rest.sqrt();
    if &exact * &exact == rest {
        outside *= exact;
    } else {
        for (p, exponent) in num_prime::nt_funcs::factorize64(rest.to_u64()?) {
            *primes.entry(p).or_default() += exponent;
        }
    }
    let mut roots = Vec::new();
    for (p, exponent) in primes {
        outside *= num_traits::pow(Integer::from(p), exponent / 2);
        if exponent % 2 == 1 {
            roots.push((Symbol::Root(p), 1));
        }
    }
    Some(Polynomial::from_monomial(Monomial(roots)).scaled(&Rational::from_integer(outside)))
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

impl From<Rational> for Polynomial {
    fn from(value: Rational) -> Polynomial {
        Polynomial::constant(value)
    }
}

impl From<Integer> for Polynomial {
    fn from(value: Integer) -> Polynomial {
        Polynomial::constant(value.into())
    }
}
