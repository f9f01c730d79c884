//! Values of smooth layers, entry by entry: those that are the same number have one name.
//!
//! An entry depends on the forms that it is a function of and on nothing else, so layers that only move
//! entries around pass through. What is used beside that, for real numbers u:
//! - σ(−u) = 1 − σ(u) and tanh(u) = 2·σ(2u) − 1, where σ is the sigmoid;
//! - g(−u) = g(u) − u for softplus, gelu in both forms, and silu(u) = u·σ(u);
//! - softmax depends only on the differences of its entries, and not on their order; softmax of two
//!   entries u, v is σ(u − v), σ(v − u).

use std::collections::HashMap;

use num_traits::{One, Zero};

use super::builder::{Builder, Stop};
use super::linear::{Bounds, Linear, Sum};
use crate::algebra::{Rational, Scalar};
use crate::layer::definition::Curve;
use crate::layer::{Definition, Function, Weights};
use crate::network::NodeId;

/// What one entry of a smooth layer is a function of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key<S> {
    /// A curve at a form.
    Curve(Curve, Linear<S>),
    /// The share of one entry among those of a group: all less the least, sorted, and its own.
    Share { group: usize, own: Linear<S> },
    /// A quotient of forms.
    Quotient(Linear<S>, Linear<S>),
}

/// The names of values of smooth layers.
#[derive(Debug)]
pub(super) struct Curves<S> {
    names: HashMap<Key<S>, usize>,
    groups: HashMap<Vec<Linear<S>>, usize>,
    /// For each variable that is a value of the sigmoid: at which form.
    logistic: HashMap<usize, Linear<S>>,
}

/// w, s and t of s·w + t.
type Gate<'g, S> = (&'g Linear<S>, Rational, S);

impl<S> Default for Curves<S> {
    fn default() -> Self {
        Curves { names: HashMap::new(), groups: HashMap::new(), logistic: HashMap::new() }
    }
}

impl<C: Weights> Builder<'_, C> {
    /// The entries of a smooth layer that does not multiply.
    pub fn curves(
        &mut self,
        id: NodeId,
        layer: &dyn Function,
        operands: &[&[Linear<C::Value>]],
    ) -> Result<Vec<Linear<C::Value>>, Stop> {
        match (layer.definition(), operands) {
            (Some(Definition::Curve(curve)), [forms]) => forms.iter().map(|form| self.curve(id, curve, form)).collect(),
            (Some(Definition::Softmax), [forms]) => self.softmax(id, layer.output().channels(), forms),
            (Some(Definition::Divide), [numerators, denominators]) => {
                numerators.iter().zip(*denominators).map(|(a, b)| self.quotient(id, a, b)).collect()
            }
            // Not a function that is known here: every value is one of its own.
            _ => (0..layer.output().elements()).map(|_| Ok(self.fresh(id, (None, None)))).collect(),
        }
    }

    fn curve(&mut self, id: NodeId, curve: Curve, u: &Linear<C::Value>) -> Result<Linear<C::Value>, Stop> {
        let number = |n: i64| C::Value::from(Rational::from_integer(n.into()));
        self.spend(2 * u.cost())?;
        if curve == Curve::Tanh {
            let logistic = self.curve(id, Curve::Sigmoid, &u.times(&number(2)))?;
            return Ok(logistic.times(&number(2)).minus(&Linear::constant(number(1))));
        }
        let at_zero = match curve {
            Curve::Sigmoid => Some(Rational::new(1.into(), 2.into())),
            Curve::Softplus => None,
            _ => Some(Rational::zero()),
        };
        if let Some(value) = at_zero.filter(|_| u.terms.is_empty() && u.constant.is_zero()) {
            return Ok(Linear::constant(value.into()));
        }
        let negative = u.times(&number(-1));
        let turned = u.lead() < Rational::zero() && curve != Curve::Elu;
        let at = if turned { negative.clone() } else { u.clone() };
        let bounds = match curve {
            Curve::Sigmoid => (Some(Rational::zero()), Some(Rational::one())),
            Curve::Softplus => (Some(Rational::zero()), None),
            Curve::Elu => (Some(-Rational::one()), None),
            _ => (None, None),
        };
        let value = self.named(id, Key::Curve(curve, at.clone()), bounds);
        if let (Curve::Sigmoid, [(variable, _)]) = (curve, value.terms.as_slice()) {
            self.curves.logistic.insert(*variable, at);
        }
        Ok(match (turned, curve) {
            (false, _) => value,
            (true, Curve::Sigmoid) => Linear::constant(number(1)).minus(&value),
            (true, _) => value.minus(&negative),
        })
    }

    fn softmax(
        &mut self,
        id: NodeId,
        channels: usize,
        forms: &[Linear<C::Value>],
    ) -> Result<Vec<Linear<C::Value>>, Stop> {
        let pixels = forms.len() / channels.max(1);
        let mut shares = vec![Linear::constant(C::Value::zero()); forms.len()];
        for pixel in 0..pixels {
            let entries: Vec<&Linear<C::Value>> = (0..channels).map(|c| &forms[c * pixels + pixel]).collect();
            self.spend(4 * entries.iter().map(|form| form.cost()).sum::<usize>())?;
            let Some(least) = entries.iter().copied().reduce(|a, b| if b.order(a).is_lt() { b } else { a }) else {
                continue;
            };
            let mut group: Vec<Linear<C::Value>> = entries.iter().map(|form| form.minus(least)).collect();
            let own = group.clone();
            group.sort_by(Linear::order);
            let even = group.iter().all(|form| form.terms.is_empty() && form.constant.is_zero());
            for (c, own) in own.into_iter().enumerate() {
                shares[c * pixels + pixel] = if even {
                    Linear::constant(Rational::new(1.into(), channels.into()).into())
                } else if let [a, b] = group.as_slice() {
                    let other = if own == *a { b } else { a };
                    self.curve(id, Curve::Sigmoid, &own.minus(other))?
                } else {
                    let next = self.curves.groups.len();
                    let group = *self.curves.groups.entry(group.clone()).or_insert(next);
                    self.named(id, Key::Share { group, own }, (Some(Rational::zero()), Some(Rational::one())))
                };
            }
        }
        Ok(shares)
    }

    fn quotient(&mut self, id: NodeId, a: &Linear<C::Value>, b: &Linear<C::Value>) -> Result<Linear<C::Value>, Stop> {
        self.spend(a.cost() + b.cost())?;
        // By a number: its first coefficient, or itself.
        let lead = b.terms.first().map_or(&b.constant, |(_, c)| c).as_number();
        let (a, b) = match lead.filter(|lead| !lead.is_zero()) {
            Some(lead) => (a.times(&lead.recip().into()), b.times(&lead.recip().into())),
            None => (a.clone(), b.clone()),
        };
        if b.terms.is_empty() && b.constant.is_one() {
            return Ok(a);
        }
        Ok(self.named(id, Key::Quotient(a, b), (None, None)))
    }

    /// Whether a variable of `b` is σ(w), and `a` is s·w + t.
    pub fn gates(&self, a: &Linear<C::Value>, b: &Linear<C::Value>) -> bool {
        b.terms.iter().any(|(variable, _)| self.gate(a, *variable).is_some())
    }

    /// The w, s and t for which the variable is σ(w) and `u` is s·w + t, where s and t are free of variables.
    fn gate(&self, u: &Linear<C::Value>, variable: usize) -> Option<Gate<'_, C::Value>> {
        let w = self.curves.logistic.get(&variable)?;
        let lead = |form: &Linear<C::Value>| form.terms.first().and_then(|(v, c)| Some((*v, c.as_number()?)));
        let slope = match (lead(u), lead(w)) {
            (Some((v, a)), Some((other, b))) if v == other => a / b,
            _ => Rational::one(),
        };
        let rest = u.minus(&w.times(&slope.clone().into()));
        rest.terms.is_empty().then_some((w, slope, rest.constant))
    }

    /// u·σ(w) where u = s·w + t: s·silu(w) + t·σ(w).
    pub fn gated(
        &mut self,
        id: NodeId,
        u: &Linear<C::Value>,
        variable: usize,
    ) -> Result<Option<Linear<C::Value>>, Stop> {
        let Some((w, slope, rest)) = self.gate(u, variable) else { return Ok(None) };
        let w = w.clone();
        let mut sum = Sum::constant(C::Value::zero());
        sum.add(&self.curve(id, Curve::Silu, &w)?, &slope.into());
        sum.add(&Linear::variable(variable), &rest);
        Ok(Some(sum.finish()))
    }

    /// The atom of this name.
    fn named(&mut self, id: NodeId, key: Key<C::Value>, bounds: Bounds) -> Linear<C::Value> {
        if let Some(&variable) = self.curves.names.get(&key) {
            return Linear::variable(variable);
        }
        let value = self.fresh(id, bounds);
        self.curves.names.insert(key, value.terms[0].0);
        value
    }

    /// An atom of its own.
    fn fresh(&mut self, id: NodeId, bounds: Bounds) -> Linear<C::Value> {
        let atom = self.atoms.len();
        self.atoms.push(Vec::new());
        self.bounds.push(bounds);
        self.smooth.insert(atom, id);
        Linear::variable(self.inputs + atom)
    }
}
