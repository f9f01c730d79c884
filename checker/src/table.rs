//! The numbers of a layer: its weights over one denominator.

use num_integer::Integer;
use num_traits::One;

use crate::Rejection;
use crate::format::{Entry, Symbol, Tensor};
use crate::layer::{Weight, entries, wrong};
use crate::number::{Int, Poly, Rat, denominator, integer, over_common};

/// The numbers of a layer.
#[derive(Debug, Default)]
pub struct Table {
    pub numbers: Vec<Int>,
    pub denominator: Int,
    /// Instead of numbers, with the denominator 1, where a symbol occurs.
    pub polynomials: Option<Vec<Poly>>,
}

impl Table {
    /// Tensors one after the other, over one denominator.
    pub fn new(tensors: &[Option<&Tensor>], symbols: &[Symbol]) -> Result<Table, Rejection> {
        let tensors: Vec<&Tensor> = tensors.iter().copied().flatten().collect();
        for t in &tensors {
            if entries(&t.shape)? != t.numerators.len() {
                return wrong(format!("a tensor of shape {:?} has {} entries", t.shape, t.numerators.len()));
            }
        }
        let denominators: Result<Vec<Int>, Rejection> = tensors.iter().map(|t| denominator(&t.denominator)).collect();
        let denominators = denominators?;
        let all = || tensors.iter().zip(&denominators).flat_map(|(t, d)| t.numerators.iter().map(move |n| (n, d)));
        if all().any(|(n, _)| matches!(n, Entry::Polynomial(_))) {
            let polynomials: Result<Vec<Poly>, Rejection> = all().map(|(n, d)| Poly::read(n, d, symbols)).collect();
            return Ok(Table { numbers: Vec::new(), denominator: Int::one(), polynomials: Some(polynomials?) });
        }
        let denominator = denominators.iter().fold(Int::one(), |lcm, d| lcm.lcm(d));
        let number = |(n, d): (&Entry, &Int)| match n {
            Entry::Number(text) => Ok(integer(text)? * (&denominator / d)),
            Entry::Polynomial(_) => wrong("a polynomial"),
        };
        let numbers: Result<Vec<Int>, Rejection> = all().map(number).collect();
        Ok(Table { numbers: numbers?, denominator, polynomials: None })
    }

    pub fn of(numbers: &[Rat]) -> Table {
        let (numbers, denominator) = over_common(numbers);
        Table { numbers, denominator, polynomials: None }
    }

    pub fn small(denominator: usize) -> Table {
        Table { numbers: Vec::new(), denominator: denominator.into(), polynomials: None }
    }

    /// The table with the number 1 at its end.
    pub fn with_one(mut self) -> Table {
        match &mut self.polynomials {
            Some(polynomials) => polynomials.push(Poly::number(Rat::one())),
            None => self.numbers.push(self.denominator.clone()),
        }
        self
    }

    pub fn len(&self) -> usize {
        self.polynomials.as_ref().map_or(self.numbers.len(), Vec::len)
    }

    /// A weight as a number or polynomial.
    pub fn value(&self, weight: Weight) -> Poly {
        match (weight, &self.polynomials) {
            (Weight::Stored(at), Some(polynomials)) => polynomials[at].clone(),
            (Weight::Stored(at), None) => Poly::number(Rat::new(self.numbers[at].clone(), self.denominator.clone())),
            (Weight::Small(n), _) => Poly::number(Rat::new(n.into(), self.denominator.clone())),
        }
    }
}
