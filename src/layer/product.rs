//! `square`, `multiply` and `divide`: polynomial or rational, so exact.

use std::sync::Arc;

use num_traits::{Signed, Zero};

use super::part::vector;
use super::smooth::{entrywise, product};
use super::{Definition, Enclosure, Function, Layer, Misuse, Part, Signature, Values};
use crate::algebra::{Rational, Shape, Tensor};

/// The rule of `square`.
pub const SQUARE: Signature = Signature {
    name: "square",
    summary: "The square of every entry.",
    formula: "y_i = x_i \\cdot x_i",
    linear: "Quadratic: affine only where its input is constant.",
    onnx: "",
    parameters: &[],
    values: Values::None,
    build: |_, inputs| Ok(Layer::Smooth(Arc::new(Product { kind: "square", shape: inputs[0].clone() }))),
};

/// The rule of `multiply`.
pub const MULTIPLY: Signature = Signature {
    name: "multiply",
    summary: "The product of two values, entry by entry.",
    formula: "y_i = x_i \\cdot v_i",
    linear: "Bilinear: linear in each value, but not in both together.",
    onnx: "Mul",
    parameters: &[],
    values: Values::One,
    build: |_, inputs| {
        if inputs[0] != inputs[1] {
            let message =
                format!("`multiply` needs values of one shape, but these are {} and {}", inputs[0], inputs[1]);
            return Err(Misuse::shape(message));
        }
        Ok(Layer::Smooth(Arc::new(Product { kind: "multiply", shape: inputs[0].clone() })))
    },
};

/// The rule of `divide`.
pub const DIVIDE: Signature = Signature {
    name: "divide",
    summary: "The quotient of two values, entry by entry; it has no value where the second is 0.",
    formula: "y_i = x_i / v_i",
    linear: "Rational: linear only in the first value, where the second is constant.",
    onnx: "Div",
    parameters: &[],
    values: Values::One,
    build: |_, inputs| {
        if inputs[0] != inputs[1] {
            let message = format!("`divide` needs values of one shape, but these are {} and {}", inputs[0], inputs[1]);
            return Err(Misuse::shape(message));
        }
        Ok(Layer::Smooth(Arc::new(Product { kind: "divide", shape: inputs[0].clone() })))
    },
};

#[derive(Debug)]
struct Product {
    kind: &'static str,
    shape: Shape,
}

impl Function for Product {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn output(&self) -> &Shape {
        &self.shape
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let (x, v) = (inputs[0], *inputs.last()?);
        if self.kind == "divide" {
            let quotient = |i: usize| (!v.numerators()[i].is_zero()).then(|| x.get(i) / v.get(i));
            let quotients: Option<Vec<Rational>> = (0..x.len()).map(quotient).collect();
            return Some(Tensor::from_rationals(self.shape.clone(), &quotients?));
        }
        let numerators = x.numerators().iter().zip(v.numerators()).map(|(a, b)| a * b).collect();
        Some(Tensor::new(self.shape.clone(), numerators, x.denominator() * v.denominator()))
    }

    fn enclose(&self, inputs: &[&Enclosure]) -> Option<Enclosure> {
        let bounds = |e: &Enclosure, i: usize| (e.low.get(i), e.high.get(i));
        if self.kind == "divide" {
            let inverse = |i: usize| {
                let (low, high) = bounds(inputs[1], i);
                (low.is_positive() || high.is_negative()).then(|| (high.recip(), low.recip()))
            };
            let inverses: Option<Vec<(Rational, Rational)>> = (0..self.shape.elements()).map(inverse).collect();
            let inverses = inverses?;
            return Some(entrywise(&self.shape, |i| {
                let (x, v) = (bounds(inputs[0], i), &inverses[i]);
                product((&x.0, &x.1), (&v.0, &v.1))
            }));
        }
        Some(entrywise(&self.shape, |i| {
            let x = bounds(inputs[0], i);
            if let Some(v) = inputs.get(1) {
                let v = bounds(v, i);
                return product((&x.0, &x.1), (&v.0, &v.1));
            }
            let (a, b) = (&x.0 * &x.0, &x.1 * &x.1);
            let least =
                if x.0.is_negative() && x.1.is_positive() { Rational::zero() } else { a.clone().min(b.clone()) };
            (least, a.max(b))
        }))
    }

    fn definition(&self) -> Option<Definition> {
        Some(match self.kind {
            "square" => Definition::Square,
            "divide" => Definition::Divide,
            _ => Definition::Multiply,
        })
    }

    fn part(&self, outputs: &[usize]) -> Option<Part> {
        let layer = Layer::Smooth(Arc::new(Product { kind: self.kind, shape: vector(outputs.len())? }));
        let operands = if self.kind == "square" { 1 } else { 2 };
        Some(Part { layer, outputs: outputs.to_vec(), operands: vec![outputs.to_vec(); operands] })
    }
}
