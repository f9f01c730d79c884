//! Bounds of weighted sums W·x + b over boxes of inputs, and of weights where those are roots.

use num_traits::Signed;

use super::Enclosure;
use crate::algebra::{Coefficient, Integer, Rational, Tensor, ratio};

/// The parts of a tensor that are positive and negative; elsewhere 0.
fn parts(weights: &Tensor) -> (Tensor, Tensor) {
    let keep = |positive: bool| {
        let keep = |n: &Integer| if n.is_positive() == positive { n.clone() } else { Integer::default() };
        let numerators = weights.numerators().iter().map(keep).collect();
        Tensor::new(weights.shape().clone(), numerators, weights.denominator().clone())
    };
    (keep(true), keep(false))
}

/// Bounds of W·x + b, where `product` computes W·x for any weights W of the layer's form; `None`
/// where a weight is a free symbol.
pub(super) fn enclose<C: Coefficient>(
    weights: &Tensor<C>,
    input: &Enclosure,
    bias: &Tensor<C>,
    product: &dyn Fn(&Tensor, &Tensor) -> Tensor,
) -> Option<Enclosure> {
    let (bias_low, bias_high) = C::bounds(bias)?;
    let Enclosure { low, high } = match C::numbers(weights) {
        Some(weights) => exact(weights, input, product),
        None => rounded(&C::bounds(weights)?, input, product),
    };
    Some(Enclosure { low: low.plus(&bias_low), high: high.plus(&bias_high) })
}

/// If low ≤ x ≤ high then W⁺·low + W⁻·high ≤ W·x ≤ W⁺·high + W⁻·low.
fn exact(weights: &Tensor, input: &Enclosure, product: &dyn Fn(&Tensor, &Tensor) -> Tensor) -> Enclosure {
    let (positive, negative) = parts(weights);
    let low = product(&positive, &input.low).plus(&product(&negative, &input.high));
    let high = product(&positive, &input.high).plus(&product(&negative, &input.low));
    Enclosure { low, high }
}

/// With W = W₀ ± R and x = x₀ ± r: |W·x − W₀·x₀| ≤ |W₀|·r + R·(|x₀| + r).
fn rounded(weights: &(Tensor, Tensor), input: &Enclosure, product: &dyn Fn(&Tensor, &Tensor) -> Tensor) -> Enclosure {
    let halves = |low: &Tensor, high: &Tensor| {
        let half = ratio(1.into(), 2.into());
        (low.plus(high).scaled(&half), high.minus(low).scaled(&half))
    };
    let size = |t: &Tensor| t.map(|v: Rational| v.abs());
    let ((w, spread), (x, reach)) = (halves(&weights.0, &weights.1), halves(&input.low, &input.high));
    let middle = product(&w, &x);
    let error = product(&size(&w), &reach).plus(&product(&spread, &size(&x).plus(&reach)));
    Enclosure { low: middle.minus(&error), high: middle.plus(&error) }
}
