//! Products of forms: polynomials, whose products of variables are atoms of their own.
//!
//! A product of variables has one name whatever the order of its factors, so networks that multiply
//! and square are polynomials in normal form, equal exactly when their coefficients are.

use num_traits::Zero;

use super::builder::{Builder, Stop};
use super::linear::{Linear, Sum, product};
use crate::algebra::{Rational, Scalar};
use crate::layer::Weights;
use crate::network::NodeId;

/// Products of more variables are not looked into.
const DEGREE: usize = 8;

/// Forms over the values of a ring of weights.
type Forms<V> = Vec<Linear<V>>;

impl<C: Weights> Builder<'_, C> {
    /// The products of two values, entry by entry; `None` where a degree is too high.
    pub fn products(
        &mut self,
        layer: NodeId,
        a: &[Linear<C::Value>],
        b: &[Linear<C::Value>],
    ) -> Result<Option<Forms<C::Value>>, Stop> {
        let mut products = Vec::with_capacity(a.len());
        for (a, b) in a.iter().zip(b) {
            match self.product_of(layer, a, b)? {
                Some(product) => products.push(product),
                None => return Ok(None),
            }
        }
        Ok(Some(products))
    }

    fn product_of(
        &mut self,
        layer: NodeId,
        a: &Linear<C::Value>,
        b: &Linear<C::Value>,
    ) -> Result<Option<Linear<C::Value>>, Stop> {
        self.spend(a.cost().saturating_mul(b.cost()))?;
        if let Some(product) = product(a, b) {
            return Ok(Some(product));
        }
        // u·σ(u), whichever comes first.
        let (a, b) = if self.gates(b, a) { (b, a) } else { (a, b) };
        let mut sum = Sum::constant(C::Value::zero());
        sum.add(a, &b.constant);
        for (v, right) in &b.terms {
            if let Some(product) = self.gated(layer, a, *v)? {
                sum.add(&product, right);
                continue;
            }
            let mut scaled = C::Value::zero();
            scaled.add_product(&a.constant, right);
            sum.add(&Linear::variable(*v), &scaled);
            for (u, left) in &a.terms {
                let Some(variable) = self.monomial(layer, *u, *v) else { return Ok(None) };
                let mut coefficient = C::Value::zero();
                coefficient.add_product(left, right);
                sum.add(&Linear::variable(variable), &coefficient);
            }
        }
        Ok(Some(sum.finish()))
    }

    /// The variable that stands for the product of two.
    fn monomial(&mut self, layer: NodeId, u: usize, v: usize) -> Option<usize> {
        let factors = |v: usize| self.factors.get(&v).cloned().unwrap_or_else(|| vec![v]);
        let mut product = [factors(u), factors(v)].concat();
        product.sort_unstable();
        if product.len() > DEGREE {
            return None;
        }
        if let Some(&known) = self.monomials.get(&product) {
            return Some(known);
        }
        let atom = self.atoms.len();
        self.atoms.push(Vec::new());
        // A square is at least 0.
        let squared = product.chunks(2).all(|pair| matches!(pair, [a, b] if a == b));
        self.bounds.push((squared.then(Rational::zero), None));
        self.smooth.insert(atom, layer);
        let variable = self.inputs + atom;
        self.monomials.insert(product.clone(), variable);
        self.factors.insert(variable, product);
        Some(variable)
    }
}
