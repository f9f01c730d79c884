//! Affine forms over variables.

use std::collections::BTreeMap;

use num_traits::{One, Signed, Zero};

use crate::algebra::{Rational, Shape, Tensor};

/// An affine form over variables: inputs by flat index, then atoms.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub(super) struct Linear {
    /// Ascending variables, nonzero coefficients.
    pub terms: Vec<(usize, Rational)>,
    pub constant: Rational,
}

/// Lower and upper bounds where they are known.
pub(super) type Bounds = (Option<Rational>, Option<Rational>);

impl Linear {
    pub fn constant(constant: Rational) -> Linear {
        Linear { terms: Vec::new(), constant }
    }

    /// What an operation on the form costs: a term a unit, and more where numbers are long, because
    /// the greatest common divisors take the square of their length.
    pub fn cost(&self) -> usize {
        let of = |number: &Rational| {
            let words = (number.numer().bits() + number.denom().bits()) / 128;
            usize::try_from(words.saturating_mul(words)).map_or(usize::MAX, |cost| cost.saturating_add(1))
        };
        self.terms.iter().map(|(_, c)| of(c)).fold(of(&self.constant), usize::saturating_add)
    }

    pub fn times(&self, factor: &Rational) -> Linear {
        if factor.is_zero() {
            return Linear::default();
        }
        Linear { terms: self.terms.iter().map(|(v, c)| (*v, c * factor)).collect(), constant: &self.constant * factor }
    }

    pub fn minus(&self, other: &Linear) -> Linear {
        let mut sum = Sum::default();
        sum.add(self, &Rational::one());
        sum.add(other, &-Rational::one());
        sum.finish()
    }

    /// By the sign of the first coefficient of the difference; the constant counts last. Invariant
    /// under adding a form to both and under positive scaling.
    pub fn order(&self, other: &Linear) -> std::cmp::Ordering {
        let difference = self.minus(other);
        let lead = difference.terms.first().map_or(&difference.constant, |t| &t.1);
        lead.cmp(&Rational::zero())
    }
}

/// A form under construction.
#[derive(Default)]
pub(super) struct Sum {
    pub terms: BTreeMap<usize, Rational>,
    pub constant: Rational,
}

impl Sum {
    pub fn add(&mut self, form: &Linear, factor: &Rational) {
        for (variable, coefficient) in &form.terms {
            *self.terms.entry(*variable).or_default() += coefficient * factor;
        }
        self.constant += &form.constant * factor;
    }

    pub fn finish(self) -> Linear {
        let terms = self.terms.into_iter().filter(|(_, c)| !c.is_zero()).collect();
        Linear { terms, constant: self.constant }
    }
}

pub(super) fn constant_tensor(forms: &[Linear], shape: &Shape) -> Option<Tensor> {
    let values: Option<Vec<Rational>> = forms.iter().map(|f| f.terms.is_empty().then(|| f.constant.clone())).collect();
    Some(Tensor::from_rationals(shape.clone(), &values?))
}

/// The product of two forms, one of which is constant.
pub(super) fn product(a: &Linear, b: &Linear) -> Option<Linear> {
    match (a.terms.is_empty(), b.terms.is_empty()) {
        (true, _) => Some(b.times(&a.constant)),
        (_, true) => Some(a.times(&b.constant)),
        _ => None,
    }
}

pub(super) fn push_term(text: &mut String, coefficient: &Rational, name: &str) {
    let sign = match (text.is_empty(), coefficient.is_negative()) {
        (true, true) => "-",
        (true, false) => "",
        (false, true) => " - ",
        (false, false) => " + ",
    };
    let size = coefficient.abs();
    let number = if size.is_one() && !name.is_empty() { String::new() } else { size.to_string() };
    let dot = if number.is_empty() || name.is_empty() { "" } else { " \\cdot " };
    text.push_str(&format!("{sign}{number}{dot}{name}"));
}
