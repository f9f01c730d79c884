//! Products of powers of symbols.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use num_traits::One;

use super::Symbol;
use crate::algebra::enclose::{self, Bounds};
use crate::algebra::{Integer, Rational};

/// A product of powers of symbols: `(symbol, exponent)`, symbols ascending, exponents positive, and
/// 1 for roots. Empty is 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monomial(pub(super) Vec<(Symbol, u32)>);

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
    pub(super) fn times(&self, other: &Monomial) -> (Rational, Monomial) {
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
    pub(in crate::algebra) fn map_exponents(&self, exponent: impl Fn(Symbol, u32) -> u32) -> Monomial {
        Monomial(self.0.iter().map(|&(s, e)| (s, exponent(s, e))).filter(|p| p.1 > 0).collect())
    }

    /// The exponent of a symbol.
    pub(super) fn exponent(&self, symbol: Symbol) -> u32 {
        self.0.iter().find(|p| p.0 == symbol).map_or(0, |p| p.1)
    }

    /// The largest monomial that divides both.
    pub fn common(&self, other: &Monomial) -> Monomial {
        self.map_exponents(|s, e| e.min(other.exponent(s)))
    }

    /// The quotient by a monomial that divides it.
    pub(super) fn over(&self, divisor: &Monomial) -> Monomial {
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
    pub(super) fn enclose(&self) -> Option<Bounds> {
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
