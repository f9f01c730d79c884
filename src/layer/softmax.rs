//! `softmax`.

use std::sync::Arc;

use num_traits::{One, Zero};

use super::smooth::{BITS, entrywise};
use super::{Enclosure, Function, Layer, Signature, Values};
use crate::algebra::{Rational, Shape, Tensor, enclose, ratio};

/// The rule of `softmax`.
pub const SOFTMAX: Signature = Signature {
    name: "softmax",
    summary: "Exponentials divided by their sum, over the channel axis: a vector as a whole, an image pixel by pixel.",
    formula: "y_c = \\exp(x_c) / \\sum_{k} \\exp(x_k)",
    linear: "Not piecewise linear; constant where there is one channel.",
    onnx: "Softmax",
    parameters: &[],
    values: Values::None,
    build: |_, inputs| Ok(Layer::Smooth(Arc::new(Softmax { shape: inputs[0].clone() }))),
};

#[derive(Debug)]
struct Softmax {
    shape: Shape,
}

impl Softmax {
    /// The entries that compete with entry i: all channels at its pixel.
    fn group(&self, i: usize) -> impl Iterator<Item = usize> {
        let pixels: usize = self.shape.spatial().iter().product();
        (0..self.shape.channels()).map(move |c| c * pixels + i % pixels)
    }

    /// Bounds of exp(xᵢ)/Σ exp(xₖ) with entry i of `own` and the others of `others`; every
    /// exponent is shifted by the largest, so none is positive.
    fn at(&self, i: usize, own: &Tensor, others: &Tensor) -> (Rational, Rational) {
        let pick = |k: usize| if k == i { own.get(k) } else { others.get(k) };
        let values: Vec<(usize, Rational)> = self.group(i).map(|k| (k, pick(k))).collect();
        let top = values.iter().map(|v| v.1.clone()).max().unwrap_or_else(Rational::zero);
        let terms: Vec<(usize, enclose::Bounds)> =
            values.iter().map(|(k, v)| (*k, enclose::exp_neg(&(&top - v), BITS + 8))).collect();
        let zero = (Rational::zero(), Rational::zero());
        let mine = terms.iter().find(|t| t.0 == i).map_or(zero.clone(), |t| t.1.clone());
        let rest = terms.iter().filter(|t| t.0 != i).fold(zero, |sum, t| (sum.0 + &t.1.0, sum.1 + &t.1.1));
        // m/(m + r) increases in m and decreases in r; the largest exponential is exactly 1, so m + r > 0.
        let quotient = |m: &Rational, r: &Rational| if m.is_zero() { Rational::zero() } else { m / (m + r) };
        (quotient(&mine.0, &rest.1), quotient(&mine.1, &rest.0).min(Rational::one()))
    }
}

impl Function for Softmax {
    fn kind(&self) -> &'static str {
        "softmax"
    }

    fn output(&self) -> &Shape {
        &self.shape
    }

    /// Rational where all entries of each group are equal.
    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let x = inputs[0].numerators();
        let even = (0..x.len()).all(|i| self.group(i).all(|k| x[k] == x[i]));
        let share = ratio(1.into(), self.shape.channels().into());
        even.then(|| Tensor::constant(self.shape.clone(), &share))
    }

    /// Increasing in the entry itself, decreasing in the others.
    fn enclose(&self, inputs: &[&Enclosure]) -> Option<Enclosure> {
        let (low, high) = (&inputs[0].low, &inputs[0].high);
        Some(entrywise(&self.shape, |i| (self.at(i, low, high).0, self.at(i, high, low).1)))
    }
}
