//! Polynomials over ℚ in the symbols that stand for unknown weights.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Add, AddAssign, Mul};

use num_traits::{One, Signed, ToPrimitive, Zero};

use super::enclose::{self, Bounds};
use super::{Integer, Rational};

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

/// A product of powers of symbols: `(symbol, exponent)`, symbols ascending, exponents positive, and
/// 1 for roots. Empty is 1.
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

    /// The product, as a number and a monomial: √p · √p is the number p.
    fn times(&self, other: &Monomial) -> (Rational, Monomial) {
        let mut number = Rational::one();
        let mut powers: BTreeMap<Symbol, u32> = self.0.iter().copied().collect();
        for &(symbol, exponent) in &other.0 {
            match (powers.entry(symbol), symbol) {
                (Entry::Occupied(entry), Symbol::Root(p)) => {
                    entry.remove();
                    number *= Rational::from_integer(p.into());
                }
                (entry, _) => *entry.or_default() += exponent,
            }
        }
        (number, Monomial(powers.into_iter().collect()))
    }

    /// The monomial with other exponents.
    pub(super) fn map_exponents(&self, exponent: impl Fn(Symbol, u32) -> u32) -> Monomial {
        Monomial(self.0.iter().map(|&(s, e)| (s, exponent(s, e))).filter(|p| p.1 > 0).collect())
    }

    /// The exponent of a symbol.
    fn exponent(&self, symbol: Symbol) -> u32 {
        self.0.iter().find(|p| p.0 == symbol).map_or(0, |p| p.1)
    }

    /// The largest monomial that divides both.
    pub fn common(&self, other: &Monomial) -> Monomial {
        self.map_exponents(|s, e| e.min(other.exponent(s)))
    }

    /// The quotient by a monomial that divides it.
    fn over(&self, divisor: &Monomial) -> Monomial {
        self.map_exponents(|s, e| e - divisor.exponent(s).min(e))
    }

    /// The factors as formulas: one root, and the powers of free symbols, whose names are given.
    pub fn to_factors(&self, name: &dyn Fn(Symbol) -> String) -> Vec<String> {
        let mut under = Integer::one();
        let mut factors = Vec::new();
        for &(symbol, exponent) in &self.0 {
            match symbol {
                Symbol::Root(p) => under *= p,
                Symbol::Free(_) if exponent == 1 => factors.push(name(symbol)),
                Symbol::Free(_) => factors.push(format!("{}^{{{exponent}}}", name(symbol))),
            }
        }
        if !under.is_one() {
            factors.insert(0, format!("\\sqrt{{{under}}}"));
        }
        factors
    }

    /// Bounds of its value; `None` if a symbol is free.
    fn enclose(&self) -> Option<Bounds> {
        self.0.iter().try_fold((Rational::one(), Rational::one()), |(low, high), &(symbol, _)| match symbol {
            Symbol::Free(_) => None,
            Symbol::Root(p) => {
                let root = enclose::root(&Rational::from_integer(p.into()), ROOT_BITS);
                Some((low * root.0, high * root.1))
            }
        })
    }
}

/// The precision to which roots are enclosed where a sign or a value is needed.
const ROOT_BITS: usize = 192;

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

#[cfg(test)]
mod tests {
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
}
