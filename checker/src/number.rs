//! Exact numbers, and polynomials in the symbols that theorems are quantified over.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero, pow};

use crate::Rejection;
use crate::text::Json;

pub type Int = BigInt;
pub type Rat = BigRational;

pub fn gcd(a: &Int, b: &Int) -> Int {
    a.gcd(b)
}

/// The bits of a number's numerator and denominator.
pub fn bits(n: &Rat) -> u64 {
    n.numer().bits() + n.denom().bits()
}

/// Numbers as integers over their least common denominator.
pub fn over_common(numbers: &[Rat]) -> (Vec<Int>, Int) {
    let common = numbers.iter().fold(Int::one(), |lcm, n| lcm.lcm(n.denom()));
    (numbers.iter().map(|n| n.numer() * (&common / n.denom())).collect(), common)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbol {
    /// The positive square root of an integer.
    Root(u64),
    /// Any number; the index in the certificate's `symbols`.
    Free(usize),
}

/// Powers of symbols, ascending, exponents at least 1; a root's exponent is 1.
pub type Monomial = Vec<(Symbol, u32)>;

/// A polynomial: ascending monomials, coefficients that are not 0.
///
/// √p·√p is replaced by p, so two polynomials with the same terms have the same value wherever the
/// symbols have one. (That different terms mean different values is used nowhere.)
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Poly(pub Vec<(Monomial, Rat)>);

impl Poly {
    pub fn number(value: Rat) -> Poly {
        Poly(if value.is_zero() { Vec::new() } else { vec![(Vec::new(), value)] })
    }

    /// An integer, or terms `[coefficient, [[symbol, exponent], …]]`; over a denominator.
    pub fn read(json: &Json, denominator: &Int, symbols: &[Symbol]) -> Result<Poly, Rejection> {
        if matches!(json, Json::Text(_)) {
            let n = json.integer()?;
            // A fraction is reduced, which takes long.
            let whole = denominator.is_one();
            return Ok(Poly::number(if whole { Rat::from_integer(n) } else { Rat::new(n, denominator.clone()) }));
        }
        let over = Rat::new(Int::one(), denominator.clone());
        let power = |json: &Json| {
            let (symbol, exponent) = json.pair(Json::size, Json::size)?;
            match (symbols.get(symbol), exponent) {
                (Some(symbol), 1..=64) => Ok((*symbol, exponent)),
                _ => Err(Rejection::Unreadable(format!("symbol {symbol} to the power {exponent}: there is none"))),
            }
        };
        let mut sum = Poly::default();
        for (coefficient, powers) in json.list(|term| term.pair(Json::rational, |powers| powers.list(power)))? {
            if powers.len() > 64 {
                return Err(Rejection::Unreadable("a monomial has more than 64 powers".into()));
            }
            let mut term = Poly::number(coefficient * &over);
            for (symbol, exponent) in powers {
                let factor = Poly(vec![(vec![(symbol, 1)], Rat::one())]);
                (0..exponent).for_each(|_| term = term.times(&factor));
            }
            sum.add(&term, &Rat::one());
        }
        Ok(sum)
    }

    pub fn as_number(&self) -> Option<Rat> {
        match self.0.as_slice() {
            [] => Some(Rat::zero()),
            [(monomial, value)] if monomial.is_empty() => Some(value.clone()),
            _ => None,
        }
    }

    pub fn as_integer(&self) -> Option<&Int> {
        match self.0.as_slice() {
            [(monomial, value)] if monomial.is_empty() && value.is_integer() => Some(value.numer()),
            _ => None,
        }
    }

    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds `factor · other`.
    pub fn add(&mut self, other: &Poly, factor: &Rat) {
        for (monomial, value) in other.0.iter().filter(|_| !factor.is_zero()) {
            match self.0.binary_search_by(|(m, _)| m.cmp(monomial)) {
                Err(at) => self.0.insert(at, (monomial.clone(), value * factor)),
                Ok(at) => {
                    self.0[at].1 += value * factor;
                    if self.0[at].1.is_zero() {
                        self.0.remove(at);
                    }
                }
            }
        }
    }

    pub fn times(&self, other: &Poly) -> Poly {
        if let Some(factor) = other.as_number() {
            let scaled = self.0.iter().map(|(m, c)| (m.clone(), c * &factor));
            return Poly(if factor.is_zero() { Vec::new() } else { scaled.collect() });
        }
        let mut sum: BTreeMap<Monomial, Rat> = BTreeMap::new();
        for (m, a) in &self.0 {
            for (n, b) in &other.0 {
                let (number, monomial) = product(m, n);
                *sum.entry(monomial).or_insert_with(Rat::zero) += a * b * number;
            }
        }
        Poly(sum.into_iter().filter(|(_, c)| !c.is_zero()).collect())
    }

    /// The coefficient of the greatest monomial. The sign of lead(a − b) orders polynomials totally.
    pub fn lead(&self) -> Rat {
        self.0.last().map_or_else(Rat::zero, |t| t.1.clone())
    }

    /// The quotient by a monomial that divides every term.
    pub fn over(&self, divisor: &Monomial) -> Poly {
        let quotient = self.0.iter().map(|(m, c)| (shared(m, divisor, |e, d| e - d.min(e)), c.clone()));
        Poly(quotient.collect::<BTreeMap<_, _>>().into_iter().collect())
    }

    /// Bounds of the value where free symbols have these values; `None` if one has none.
    pub fn bounds(&self, values: &dyn Fn(usize) -> Option<Rat>) -> Option<(Rat, Rat)> {
        let (mut low, mut high) = (Rat::zero(), Rat::zero());
        for (monomial, coefficient) in &self.0 {
            let (mut factor, mut a, mut b) = (coefficient.clone(), Rat::one(), Rat::one());
            for &(symbol, exponent) in monomial {
                match symbol {
                    Symbol::Root(p) => {
                        let (below, above) = root(p);
                        (a, b) = (a * pow(below, exponent as usize), b * pow(above, exponent as usize));
                    }
                    Symbol::Free(index) => factor *= pow(values(index)?, exponent as usize),
                }
            }
            let (a, b) = if factor.is_negative() { (b, a) } else { (a, b) };
            low += &factor * a;
            high += factor * b;
        }
        Some((low, high))
    }

    /// Whether the value is at least 0 for all values of the symbols, where those in `nonnegative` are.
    pub fn is_nonnegative(&self, nonnegative: &[usize]) -> bool {
        let known = |&(s, e): &(Symbol, u32)| match s {
            Symbol::Root(_) => true,
            Symbol::Free(index) => e % 2 == 0 || nonnegative.contains(&index),
        };
        self.0.iter().all(|(monomial, c)| c.is_positive() && monomial.iter().all(known))
            || self.bounds(&|_| None).is_some_and(|(low, _)| !low.is_negative())
    }
}

/// √p, between neighbouring multiples of 2^−256.
fn root(p: u64) -> (Rat, Rat) {
    let unit = Int::one() << 256_u32;
    let square = Int::from(p) << 512_u32;
    let below = square.sqrt();
    let above = if &below * &below == square { below.clone() } else { &below + 1 };
    (Rat::new(below, unit.clone()), Rat::new(above, unit))
}

/// The product of two monomials, as a number and a monomial.
fn product(m: &Monomial, n: &Monomial) -> (Rat, Monomial) {
    let mut powers: BTreeMap<Symbol, u32> = m.iter().copied().collect();
    let mut number = Rat::one();
    for &(symbol, exponent) in n {
        let sum = powers.remove(&symbol).unwrap_or(0) + exponent;
        match symbol {
            Symbol::Root(p) if sum == 2 => number *= Rat::from(Int::from(p)),
            _ => _ = powers.insert(symbol, sum),
        }
    }
    (number, powers.into_iter().collect())
}

/// The powers of `m`, with exponents from its own and another monomial's; zeros are dropped.
pub fn shared(m: &Monomial, other: &Monomial, exponent: impl Fn(u32, u32) -> u32) -> Monomial {
    let of = |symbol: Symbol| other.iter().find(|p| p.0 == symbol).map_or(0, |p| p.1);
    m.iter().map(|&(s, e)| (s, exponent(e, of(s)))).filter(|p| p.1 > 0).collect()
}
