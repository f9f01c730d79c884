//! `add`, `sub` and `concat`: values combined.

use std::sync::Arc;

use super::{AffineLayer, Definition, Enclosure, Function, Layer, Lowered, Misuse, Signature, Values};
use crate::algebra::{Integer, Matrix, Rational, Shape, Tensor, common_denominator};
use crate::toeplitz::Operator;

/// The rule of `add`.
pub const ADD: Signature = Signature {
    name: "add",
    summary: "The sum of values of one shape; `a + b` is the same.",
    formula: "y = x + v_1 + \\cdots",
    linear: "Linear in all of its values together: identities side by side.",
    onnx: "Add",
    parameters: &[],
    values: Values::Many,
    build: |_, inputs| combine("add", inputs),
};

/// The rule of `sub`.
pub const SUB: Signature = Signature {
    name: "sub",
    summary: "The difference of two values of one shape; `a - b` is the same.",
    formula: "y = x - v",
    linear: "Linear in both values together: the identity beside its negative.",
    onnx: "Sub",
    parameters: &[],
    values: Values::One,
    build: |_, inputs| combine("sub", inputs),
};

/// The rule of `concat`.
pub const CONCAT: Signature = Signature {
    name: "concat",
    summary: "Values one after the other along the channel axis; their other axes must agree.",
    formula: "y = (x; v_1; \\dots)",
    linear: "Linear: every output is one entry of one value.",
    onnx: "Concat",
    parameters: &[],
    values: Values::Many,
    build: |_, inputs| concat(inputs),
};

#[derive(Debug)]
struct Combine {
    kind: &'static str,
    count: usize,
    shape: Shape,
}

#[derive(Debug)]
struct Concat {
    inputs: Vec<Shape>,
    output: Shape,
}

fn combine(kind: &'static str, inputs: &[&Shape]) -> Result<Layer, Misuse> {
    match inputs.iter().find(|s| **s != inputs[0]) {
        None => Ok(Layer::Affine(Arc::new(Combine { kind, count: inputs.len(), shape: inputs[0].clone() }))),
        Some(other) => {
            let message = format!("`{kind}` needs values of one shape, but these are {} and {other}", inputs[0]);
            Err(Misuse::shape(message)
                .help("nothing is broadcast; `crop`, `pad` or a 1x1 `conv` can make the shapes equal"))
        }
    }
}

fn concat(inputs: &[&Shape]) -> Result<Layer, Misuse> {
    if let Some(other) = inputs.iter().find(|s| s.spatial() != inputs[0].spatial() || s.rank() != inputs[0].rank()) {
        let message = format!("`concat` joins channels, but {} and {other} differ in other axes", inputs[0]);
        return Err(Misuse::shape(message));
    }
    let channels = inputs.iter().map(|s| s.channels()).fold(0_usize, usize::saturating_add);
    let axes = [&[channels], inputs[0].spatial()].concat();
    let output = Shape::new(axes).map_err(|e| Misuse::shape(format!("the joined value is too large: {e}")))?;
    Ok(Layer::Affine(Arc::new(Concat { inputs: inputs.iter().map(|s| (*s).clone()).collect(), output })))
}

impl Function for Combine {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn output(&self) -> &Shape {
        &self.shape
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let first = inputs[0].clone();
        let join = |sum: Tensor, x: &&Tensor| if self.kind == "sub" { sum.minus(x) } else { sum.plus(x) };
        Some(inputs[1..].iter().fold(first, join))
    }

    fn definition(&self) -> Option<Definition> {
        Some(if self.kind == "sub" { Definition::Sub } else { Definition::Add })
    }

    fn enclose(&self, inputs: &[&Enclosure]) -> Option<Enclosure> {
        let first = inputs[0].clone();
        Some(inputs[1..].iter().fold(first, |sum, x| {
            let (low, high) = if self.kind == "sub" {
                (sum.low.minus(&x.high), sum.high.minus(&x.low))
            } else {
                (sum.low.plus(&x.low), sum.high.plus(&x.high))
            };
            Enclosure { low, high }
        }))
    }
}

impl AffineLayer for Combine {
    fn lower(&self) -> Lowered {
        let identity = Operator::identity(self.shape.clone(), self.shape.clone());
        let mut operators = vec![identity; self.count];
        if self.kind == "sub" {
            let minus_one = Tensor::scalar(&Rational::from_integer((-1).into()));
            operators[1] = Operator::diagonal(self.shape.clone(), minus_one);
        }
        let lowered = Lowered { operators, bias: None };
        #[cfg(debug_assertions)]
        let lowered = crate::fault::operands(lowered);
        lowered
    }
}

impl Function for Concat {
    fn kind(&self) -> &'static str {
        "concat"
    }

    fn output(&self) -> &Shape {
        &self.output
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let denominator = common_denominator(inputs.iter().map(|x| x.denominator()));
        let numerators: Vec<Integer> = inputs.iter().flat_map(|x| x.numerators_over(&denominator)).collect();
        Some(Tensor::new(self.output.clone(), numerators, denominator))
    }

    fn definition(&self) -> Option<Definition> {
        Some(Definition::Concat)
    }
}

impl AffineLayer for Concat {
    fn lower(&self) -> Lowered {
        let mut first = 0;
        let operators = self.inputs.iter().map(|input| {
            let (here, channels) = (first, input.channels());
            first += channels;
            let row =
                |r: usize| if (here..here + channels).contains(&r) { vec![(r - here, 1.into())] } else { Vec::new() };
            let embedding = Matrix::from_rows(channels, (0..self.output.channels()).map(row).collect(), 1.into());
            let rest = input.spatial().iter().map(|&n| Matrix::identity(n));
            let factors = std::iter::once(embedding).chain(rest).collect();
            Operator::kronecker(input.clone(), self.output.clone(), factors)
        });
        Lowered { operators: operators.collect(), bias: None }
    }
}
