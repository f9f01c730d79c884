//! Affine forms over variables.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use num_traits::{One, Signed, Zero};

use crate::algebra::{Coefficient, Integer, Matrix, Rational, Scalar, Shape, Tensor};
use crate::collapse::AffineMap;

/// An affine form over variables: inputs by flat index, then atoms.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Linear<S = Rational> {
    /// Ascending variables, nonzero coefficients.
    pub terms: Vec<(usize, S)>,
    /// The constant term.
    pub constant: S,
}

/// Lower and upper bounds where they are known.
pub(super) type Bounds = (Option<Rational>, Option<Rational>);

impl<S: Scalar> Linear<S> {
    /// A constant.
    pub fn constant(constant: S) -> Linear<S> {
        Linear { terms: Vec::new(), constant }
    }

    /// One variable.
    pub fn variable(variable: usize) -> Linear<S> {
        Linear { terms: vec![(variable, S::one())], constant: S::zero() }
    }

    /// The coefficients, and the constant last.
    pub fn coefficients(&self) -> impl Iterator<Item = &S> {
        self.terms.iter().map(|(_, c)| c).chain([&self.constant])
    }

    /// What an operation on the form costs.
    pub fn cost(&self) -> usize {
        self.coefficients().map(S::cost).fold(0, usize::saturating_add)
    }

    /// The form with every coefficient, and the constant, changed; none may become 0.
    pub fn map<T>(&self, f: impl Fn(&S) -> T) -> Linear<T> {
        Linear { terms: self.terms.iter().map(|(v, c)| (*v, f(c))).collect(), constant: f(&self.constant) }
    }

    /// The product with a number.
    pub fn times(&self, factor: &S) -> Linear<S> {
        let mut sum = Sum::default();
        sum.add(self, factor);
        sum.finish()
    }

    /// The difference.
    pub fn minus(&self, other: &Linear<S>) -> Linear<S> {
        let mut sum = Sum::default();
        sum.add(self, &S::one());
        sum.add(other, &S::one().scaled(&Rational::from_integer((-1).into())));
        sum.finish()
    }

    /// The number whose sign orders differences: of the first coefficient, or of the constant.
    pub fn lead(&self) -> Rational {
        self.terms.first().map_or(&self.constant, |t| &t.1).lead()
    }

    /// By the sign of the difference's [`Linear::lead`]. Invariant under adding a form to both and
    /// under positive scaling.
    pub fn order(&self, other: &Linear<S>) -> Ordering {
        self.minus(other).lead().cmp(&Rational::zero())
    }

    /// The form over numbers, when no symbol occurs.
    pub fn numbers(&self) -> Option<Linear> {
        let terms: Option<Vec<_>> = self.terms.iter().map(|(v, c)| Some((*v, c.as_number()?))).collect();
        Some(Linear { terms: terms?, constant: self.constant.as_number()? })
    }
}

impl Linear {
    /// The form as a formula, with names for its variables.
    pub fn to_formula(&self, name: &dyn Fn(usize) -> String) -> String {
        let mut text = String::new();
        for (variable, coefficient) in &self.terms {
            push_term(&mut text, coefficient, &name(*variable));
        }
        if !self.constant.is_zero() || text.is_empty() {
            push_term(&mut text, &self.constant, "");
        }
        text
    }
}

/// A form under construction.
pub(in crate::decide) struct Sum<S> {
    terms: BTreeMap<usize, S>,
    pub constant: S,
}

impl<S: Scalar> Default for Sum<S> {
    fn default() -> Sum<S> {
        Sum { terms: BTreeMap::new(), constant: S::zero() }
    }
}

impl<S: Scalar> Sum<S> {
    pub fn constant(constant: S) -> Sum<S> {
        Sum { constant, ..Sum::default() }
    }

    pub fn add(&mut self, form: &Linear<S>, factor: &S) {
        for (variable, coefficient) in &form.terms {
            self.terms.entry(*variable).or_insert_with(S::zero).add_product(coefficient, factor);
        }
        self.constant.add_product(&form.constant, factor);
    }

    pub fn finish(self) -> Linear<S> {
        let terms = self.terms.into_iter().filter(|(_, c)| !c.is_zero()).collect();
        Linear { terms, constant: self.constant }
    }
}

/// The values of forms without variables, where those are numbers.
pub(super) fn constant_tensor<S: Scalar>(forms: &[Linear<S>], shape: &Shape) -> Option<Tensor> {
    let number = |f: &Linear<S>| if f.terms.is_empty() { f.constant.as_number() } else { None };
    let values: Option<Vec<Rational>> = forms.iter().map(number).collect();
    Some(Tensor::from_rationals(shape.clone(), &values?))
}

/// The product of two forms, one of which is constant.
pub(super) fn product<S: Scalar>(a: &Linear<S>, b: &Linear<S>) -> Option<Linear<S>> {
    match (a.terms.is_empty(), b.terms.is_empty()) {
        (true, _) => Some(b.times(&a.constant)),
        (_, true) => Some(a.times(&b.constant)),
        _ => None,
    }
}

/// Bounds of c·v, where bounds of both are known as far as they are.
pub(super) fn scaled_bounds<S: Scalar>(coefficient: &S, (below, above): &Bounds) -> Bounds {
    let Some((low, high)) = coefficient.enclose() else { return (None, None) };
    let least = |a: Rational, b: Rational| if a < b { a } else { b };
    // Where v ≥ below (or v ≤ above), c·v is extreme at an end of c's interval.
    if !low.is_negative() {
        let below = below.as_ref().map(|b| least(&low * b, &high * b));
        let above = above.as_ref().map(|a| -least(-(&low * a), -(&high * a)));
        (below, above)
    } else if !high.is_positive() {
        let (low_end, high_end) = (above.as_ref(), below.as_ref());
        let below = low_end.map(|a| least(&low * a, &high * a));
        let above = high_end.map(|b| -least(-(&low * b), -(&high * b)));
        (below, above)
    } else {
        (None, None)
    }
}

fn push_term(text: &mut String, coefficient: &Rational, name: &str) {
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

/// The affine map of forms over inputs.
pub(super) fn map<C: Coefficient>(inputs: usize, shape: &Shape, forms: &[Linear<C::Value>]) -> AffineMap<C> {
    let (rows, denominator) = rows::<C>(forms);
    let matrix = Matrix::from_rows(inputs, rows, denominator);
    let constants: Vec<C::Value> = forms.iter().map(|f| f.constant.clone()).collect();
    let (numerators, denominator) = C::over_common(&constants);
    AffineMap { matrix, bias: Tensor::new(shape.clone(), numerators, denominator) }
}

/// A matrix's rows and its denominator, from forms over its columns.
fn rows<C: Coefficient>(forms: &[Linear<C::Value>]) -> (Vec<Vec<(usize, C)>>, Integer) {
    let values: Vec<C::Value> = forms.iter().flat_map(|f| &f.terms).map(|(_, c)| c.clone()).collect();
    let (numerators, denominator) = C::over_common(&values);
    let mut numerators = numerators.into_iter();
    let rows = forms.iter().map(|f| f.terms.iter().map(|t| t.0).zip(numerators.by_ref()).collect()).collect();
    (rows, denominator)
}
