//! Exact numbers as text, and polynomials in the symbols that theorems are quantified over.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use crate::Rejection;
use crate::format::{Entry, Symbol as SymbolText};

pub type Int = BigInt;
pub type Rat = BigRational;

/// The most digits of an integer: reading takes the square of their number.
const MOST_DIGITS: usize = 100_000;

/// A decimal integer in its one canonical spelling: no sign but `-`, no leading zero, no `-0`.
pub fn integer(text: &str) -> Result<Int, Rejection> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = (1..=MOST_DIGITS).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (!digits.starts_with('0') || text == "0");
    let number = if canonical { text.parse().ok() } else { None };
    number.ok_or_else(|| {
        Rejection::Unreadable(format!("`{}` is not an integer", text.chars().take(40).collect::<String>()))
    })
}

/// `p` or `p/q` in lowest terms, q > 1.
pub fn rational(text: &str) -> Result<Rat, Rejection> {
    let Some((p, q)) = text.split_once('/') else { return Ok(integer(text)?.into()) };
    let (p, q) = (integer(p)?, integer(q)?);
    if q <= Int::one() || !p.gcd(&q).is_one() {
        return Err(Rejection::Unreadable(format!(
            "`{}` is not in lowest terms",
            text.chars().take(40).collect::<String>()
        )));
    }
    Ok(Rat::new_raw(p, q))
}

pub fn rationals(texts: &[String]) -> Result<Vec<Rat>, Rejection> {
    texts.iter().map(|t| rational(t)).collect()
}

/// A positive integer.
pub fn denominator(text: &str) -> Result<Int, Rejection> {
    let number = integer(text)?;
    if number.is_positive() { Ok(number) } else { Err(Rejection::Unreadable("a denominator is not positive".into())) }
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

    pub fn read(entry: &Entry, denominator: &Int, symbols: &[SymbolText]) -> Result<Poly, Rejection> {
        let terms = match entry {
            Entry::Number(text) => return Ok(Poly::number(Rat::new(integer(text)?, denominator.clone()))),
            Entry::Polynomial(terms) => terms,
        };
        let mut sum = Poly::default();
        for (coefficient, powers) in terms {
            let mut term = Poly::number(rational(coefficient)? / Rat::from(denominator.clone()));
            for &(symbol, exponent) in powers {
                let text = symbols.get(symbol).ok_or_else(|| Rejection::Unreadable(format!("no symbol {symbol}")))?;
                let symbol = text.root_of.map_or(Symbol::Free(symbol), Symbol::Root);
                if exponent == 0 || exponent > 64 {
                    return Err(Rejection::Unreadable(format!("the exponent {exponent} is not between 1 and 64")));
                }
                let factor = Poly(vec![(vec![(symbol, 1)], Rat::one())]);
                for _ in 0..exponent {
                    term = term.times(&factor);
                }
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

    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds `factor · other`.
    pub fn add(&mut self, other: &Poly, factor: &Rat) {
        if factor.is_zero() {
            return;
        }
        for (monomial, value) in &other.0 {
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
        if let [(monomial, factor)] = other.0.as_slice()
            && monomial.is_empty()
        {
            return Poly(self.0.iter().map(|(m, c)| (m.clone(), c * factor)).collect());
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
        let mut quotient: Vec<_> =
            self.0.iter().map(|(m, c)| (shared(m, divisor, |e, d| e - d.min(e)), c.clone())).collect();
        quotient.sort_by(|a, b| a.0.cmp(&b.0));
        Poly(quotient)
    }

    /// Bounds of the value where free symbols have these values; `None` if one has none.
    pub fn bounds(&self, values: &dyn Fn(usize) -> Option<Rat>) -> Option<(Rat, Rat)> {
        let (mut low, mut high) = (Rat::zero(), Rat::zero());
        for (monomial, coefficient) in &self.0 {
            let (mut a, mut b) = (Rat::one(), Rat::one());
            for &(symbol, exponent) in monomial {
                match symbol {
                    Symbol::Root(p) => {
                        let (below, above) = root(p);
                        (a, b) = if exponent == 1 { (a * below, b * above) } else { return None };
                    }
                    Symbol::Free(_) => {}
                }
            }
            let mut factor = coefficient.clone();
            for &(symbol, exponent) in monomial {
                if let Symbol::Free(index) = symbol {
                    factor *= num_traits::pow(values(index)?, exponent as usize);
                }
            }
            let (a, b) = if factor.is_negative() { (b, a) } else { (a, b) };
            low += &factor * a;
            high += factor * b;
        }
        Some((low, high))
    }
}

/// √p, between neighbouring multiples of 2^−256.
fn root(p: u64) -> (Rat, Rat) {
    let unit = Int::one() << 256_u32;
    let below = (Int::from(p) << 512_u32).sqrt();
    let above = if &below * &below == Int::from(p) << 512_u32 { below.clone() } else { &below + 1 };
    (Rat::new(below, unit.clone()), Rat::new(above, unit))
}

/// The product of two monomials, as a number and a monomial.
fn product(m: &Monomial, n: &Monomial) -> (Rat, Monomial) {
    if n.is_empty() || m.is_empty() {
        return (Rat::one(), if n.is_empty() { m.clone() } else { n.clone() });
    }
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
