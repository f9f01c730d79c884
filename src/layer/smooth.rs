//! Smooth functions entry by entry: `sigmoid`, `tanh`, `silu`, `gelu`.

use std::collections::HashMap;
use std::sync::Arc;

use num_traits::{One, Signed, Zero};
use rayon::prelude::*;

use super::definition::{Curve, Definition};
use super::part::vector;
use super::{Enclosure, Function, Layer, Part, Signature, Values};
use crate::algebra::{Integer, Rational, Shape, Tensor, enclose, ratio};

/// Bits of every enclosure: far below any difference that a small witness makes.
pub(super) const BITS: usize = 96;

const LINEAR: &str = "Not piecewise linear; its values are enclosed between rational bounds of width at most 2⁻⁹⁶.";

macro_rules! smooth {
    ($constant:ident, $name:literal, $summary:literal, $formula:literal, $onnx:literal, $curve:expr) => {
        #[doc = concat!("The rule of `", $name, "`.")]
        pub const $constant: Signature = Signature {
            name: $name,
            summary: $summary,
            formula: $formula,
            linear: LINEAR,
            onnx: $onnx,
            parameters: &[],
            values: Values::None,
            build: |_, inputs| {
                Ok(Layer::Smooth(Arc::new(Smooth { kind: $name, curve: $curve, shape: inputs[0].clone() })))
            },
        };
    };
}

smooth!(
    SIGMOID,
    "sigmoid",
    "The logistic function of every entry.",
    "y_i = 1 / (1 + \\exp(-x_i))",
    "Sigmoid",
    Curve::Sigmoid
);
smooth!(TANH, "tanh", "The hyperbolic tangent of every entry.", "y_i = \\tanh(x_i)", "Tanh", Curve::Tanh);
smooth!(
    SILU,
    "silu",
    "Every entry times its logistic function (swish).",
    "y_i = x_i \\cdot \\sigma(x_i)",
    "",
    Curve::Silu
);
smooth!(
    GELU,
    "gelu",
    "Every entry times the normal distribution function of it (the exact form, PyTorch's default).",
    "y_i = x_i \\cdot \\Phi(x_i)",
    "Gelu",
    Curve::Gelu
);
smooth!(
    GELU_TANH,
    "gelu_tanh",
    "The approximation of `gelu` by a hyperbolic tangent (PyTorch's `approximate='tanh'`).",
    "y_i = x_i \\cdot \\sigma(2 \\sqrt{2 / \\pi} \\cdot (x_i + 0.044715 \\cdot x_i^3))",
    "Gelu",
    Curve::GeluTanh
);
smooth!(
    ELU,
    "elu",
    "The exponential linear unit with slope 1 at 0 (Clevert, Unterthiner, Hochreiter 2015).",
    "y_i = \\max\\{0, x_i\\} + \\exp(\\min\\{0, x_i\\}) - 1",
    "Elu",
    Curve::Elu
);
smooth!(
    SOFTPLUS,
    "softplus",
    "The logarithm of one more than the exponential of every entry.",
    "y_i = \\ln(1 + \\exp(x_i))",
    "Softplus",
    Curve::Softplus
);

#[derive(Debug)]
struct Smooth {
    kind: &'static str,
    curve: Curve,
    shape: Shape,
}

impl Curve {
    /// Bounds over the interval [a, b].
    fn enclose(self, a: &Rational, b: &Rational) -> (Rational, Rational) {
        let gate = |f: fn(&Rational, usize) -> enclose::Bounds| {
            // x·g(x) with g increasing: a product of intervals, as wide as x times the gate's width.
            let bits = BITS + a.abs().max(b.abs()).ceil().to_integer().bits() as usize;
            product((a, b), (&f(a, bits).0, &f(b, bits).1))
        };
        match self {
            Curve::Sigmoid => (enclose::sigmoid(a, BITS).0, enclose::sigmoid(b, BITS).1),
            Curve::Tanh => (enclose::tanh(a, BITS).0, enclose::tanh(b, BITS).1),
            Curve::Silu => gate(enclose::sigmoid),
            Curve::Gelu => gate(enclose::normal_cdf),
            Curve::GeluTanh => gate(enclose::gelu_tanh_gate),
            Curve::Elu => (elu(a).0, elu(b).1),
            Curve::Softplus => (enclose::softplus(a, BITS).0, enclose::softplus(b, BITS).1),
        }
    }
}

/// Bounds of max(0, x) + e^min(0, x) − 1.
fn elu(x: &Rational) -> enclose::Bounds {
    if !x.is_negative() {
        return (x.clone(), x.clone());
    }
    let (low, high) = enclose::exp_neg(&-x, BITS);
    (low - Rational::one(), high - Rational::one())
}

/// The product of two intervals.
pub(super) fn product(x: (&Rational, &Rational), y: (&Rational, &Rational)) -> (Rational, Rational) {
    let corners = [x.0 * y.0, x.0 * y.1, x.1 * y.0, x.1 * y.1];
    let [a, b, c, d] = &corners;
    (a.min(b).min(c.min(d)).clone(), a.max(b).max(c.max(d)).clone())
}

/// Bounds entry by entry, from a function of the entry's index.
pub(super) fn entrywise(shape: &Shape, bounds: impl Fn(usize) -> (Rational, Rational)) -> Enclosure {
    let (low, high): (Vec<Rational>, Vec<Rational>) = (0..shape.elements()).map(bounds).unzip();
    Enclosure { low: Tensor::from_rationals(shape.clone(), &low), high: Tensor::from_rationals(shape.clone(), &high) }
}

impl Function for Smooth {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn output(&self) -> &Shape {
        &self.shape
    }

    /// Rational at 0 only: σ(0) = 1/2, the others vanish, but for softplus(0) = ln 2; elu is x above 0.
    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        match self.curve {
            Curve::Softplus => return None,
            Curve::Elu => {
                return inputs[0].numerators().iter().all(|n| !n.is_negative()).then(|| inputs[0].clone());
            }
            _ => {}
        }
        let at_zero = if matches!(self.curve, Curve::Sigmoid) { ratio(1.into(), 2.into()) } else { Rational::zero() };
        inputs[0].is_zero().then(|| Tensor::constant(self.shape.clone(), &at_zero))
    }

    fn enclose(&self, inputs: &[&Enclosure]) -> Option<Enclosure> {
        // Each different interval once: most entries of large inputs are equal.
        let (low, high) = (&inputs[0].low, &inputs[0].high);
        let entries = || low.numerators().iter().zip(high.numerators());
        let mut places: HashMap<(&Integer, &Integer), usize> = HashMap::new();
        let mut first = Vec::new();
        let place = |(i, entry)| *places.entry(entry).or_insert_with(|| (first.push(i), first.len() - 1).1);
        let order: Vec<usize> = entries().enumerate().map(place).collect();
        let bounds: Vec<(Rational, Rational)> =
            first.into_par_iter().map(|i| self.curve.enclose(&low.get(i), &high.get(i))).collect();
        let (low, high): (Vec<Rational>, Vec<Rational>) = bounds.into_iter().unzip();
        let spread = |values: Vec<Rational>| {
            let few = Tensor::from_rationals(vector(values.len())?, &values);
            Some(few.gather(self.shape.clone(), |i| Some(order[i])))
        };
        Some(Enclosure { low: spread(low)?, high: spread(high)? })
    }

    fn definition(&self) -> Option<Definition> {
        Some(Definition::Curve(self.curve))
    }

    fn part(&self, outputs: &[usize]) -> Option<Part> {
        let layer = Layer::Smooth(Arc::new(Smooth { shape: vector(outputs.len())?, ..*self }));
        Some(Part { layer, outputs: outputs.to_vec(), operands: vec![outputs.to_vec()] })
    }
}
