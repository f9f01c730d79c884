//! Weighted layers split by sign, which bounds their outputs: if low ≤ x ≤ high then
//! W⁺·low + W⁻·high ≤ W·x ≤ W⁺·high + W⁻·low.

use num_traits::Signed;

use super::Enclosure;
use crate::algebra::{Integer, Tensor};

/// The parts of a tensor that are positive and negative; elsewhere 0.
fn parts(weights: &Tensor) -> (Tensor, Tensor) {
    let keep = |positive: bool| {
        let keep = |n: &Integer| if n.is_positive() == positive { n.clone() } else { Integer::default() };
        let numerators = weights.numerators().iter().map(keep).collect();
        Tensor::new(weights.shape().clone(), numerators, weights.denominator().clone())
    };
    (keep(true), keep(false))
}

/// Bounds of W·x + b, where `product` computes W·x for any weights W of the layer's form.
pub(super) fn enclose(
    weights: &Tensor,
    input: &Enclosure,
    bias: &Tensor,
    product: &dyn Fn(&Tensor, &Tensor) -> Tensor,
) -> Enclosure {
    let (positive, negative) = parts(weights);
    let low = product(&positive, &input.low).plus(&product(&negative, &input.high));
    let high = product(&positive, &input.high).plus(&product(&negative, &input.low));
    Enclosure { low: low.plus(bias), high: high.plus(bias) }
}
