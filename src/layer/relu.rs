//! Elementwise layers with kinks: `relu`, `leaky_relu`, `prelu`, `abs`, and the clips.

use std::sync::Arc;

use num_traits::{One, Signed, Zero};

use super::{
    Arguments, Definition, Enclosure, Form, Function, Kind, Layer, Misuse, Parameter, PiecewiseLayer, Signature, Unit,
    Values,
};
use crate::algebra::{Rational, Shape, Tensor, ratio};

const fn rule(
    name: &'static str,
    summary: &'static str,
    formula: &'static str,
    onnx: &'static str,
    parameters: &'static [Parameter],
    build: fn(&Arguments, &[&Shape]) -> Result<Layer, Misuse>,
) -> Signature {
    let linear = "Piecewise linear: one slope on each side of each kink, so it is affine only where its inputs stay on one side.";
    Signature { name, summary, formula, linear, onnx, parameters, values: Values::None, build }
}

/// The rule of `relu`.
pub const RELU: Signature =
    rule("relu", "The positive part of every entry.", "y_i = \\max\\{0, x_i\\}", "Relu", &[], |_, inputs| {
        Ok(slopes("relu", inputs[0], vec![Rational::zero()]))
    });

/// The rule of `leaky_relu`.
pub const LEAKY_RELU: Signature = rule(
    "leaky_relu",
    "Slope 1 for positive entries and slope a for negative ones.",
    "y_i = \\max\\{0, x_i\\} + a \\cdot \\min\\{0, x_i\\}",
    "LeakyRelu",
    &[Parameter { name: "a", kind: Kind::Scalar, required: true }],
    |arguments, inputs| Ok(slopes("leaky_relu", inputs[0], vec![arguments.scalar("a").unwrap_or_else(Rational::zero)])),
);

/// The rule of `prelu`.
pub const PRELU: Signature = rule(
    "prelu",
    "Slope 1 for positive entries and slope a for negative ones, one a for all or one a channel.",
    "y_i = \\max\\{0, x_i\\} + a_c \\cdot \\min\\{0, x_i\\}",
    "PRelu",
    &[Parameter { name: "a", kind: Kind::Numbers, required: true }],
    |arguments, inputs| {
        let Some(a) = arguments.tensor("a") else { return Err(Misuse::argument("a", "`a` is missing")) };
        if a.len() != 1 && a.shape().axes() != [inputs[0].channels()] {
            let message =
                format!("`a` is {}, but the input {} has {} channels", a.shape(), inputs[0], inputs[0].channels());
            return Err(Misuse::shape(message).at("a").help("give one number, or one a channel"));
        }
        Ok(slopes("prelu", inputs[0], a.to_rationals()))
    },
);

/// The rule of `abs`.
pub const ABS: Signature =
    rule("abs", "The absolute value of every entry.", "y_i = \\max\\{x_i, -x_i\\}", "Abs", &[], |_, inputs| {
        Ok(slopes("abs", inputs[0], vec![-Rational::one()]))
    });

/// The rule of `clip`.
pub const CLIP: Signature = rule(
    "clip",
    "Every entry, but at least `lo` and at most `hi`.",
    "y_i = \\min\\{\\max\\{x_i, lo\\}, hi\\}",
    "Clip",
    &[
        Parameter { name: "lo", kind: Kind::Scalar, required: true },
        Parameter { name: "hi", kind: Kind::Scalar, required: true },
    ],
    |arguments, inputs| {
        let bound = |name| arguments.scalar(name).unwrap_or_else(Rational::zero);
        let (lo, hi) = (bound("lo"), bound("hi"));
        if lo > hi {
            return Err(Misuse::argument("hi", format!("`lo` is {lo}, above `hi`, which is {hi}")));
        }
        Ok(clipped("clip", inputs[0], (Rational::one(), Rational::zero()), (lo, hi)))
    },
);

/// The rule of `relu6`.
pub const RELU6: Signature = rule(
    "relu6",
    "Every entry, but at least 0 and at most 6.",
    "y_i = \\min\\{\\max\\{x_i, 0\\}, 6\\}",
    "Clip",
    &[],
    |_, inputs| Ok(clipped("relu6", inputs[0], (Rational::one(), Rational::zero()), (Rational::zero(), integer(6)))),
);

/// The rule of `hard_tanh`.
pub const HARD_TANH: Signature = rule(
    "hard_tanh",
    "Every entry, but at least −1 and at most 1.",
    "y_i = \\min\\{\\max\\{x_i, -1\\}, 1\\}",
    "Clip",
    &[],
    |_, inputs| Ok(clipped("hard_tanh", inputs[0], (Rational::one(), Rational::zero()), (integer(-1), integer(1)))),
);

/// The rule of `hard_sigmoid`.
pub const HARD_SIGMOID: Signature = rule(
    "hard_sigmoid",
    "x/6 + 1/2, but at least 0 and at most 1 (PyTorch's convention; ONNX's default slope is 1/5).",
    "y_i = \\min\\{\\max\\{x_i/6 + 1/2, 0\\}, 1\\}",
    "HardSigmoid",
    &[],
    |_, inputs| {
        let line = (ratio(1.into(), 6.into()), ratio(1.into(), 2.into()));
        Ok(clipped("hard_sigmoid", inputs[0], line, (Rational::zero(), Rational::one())))
    },
);

fn integer(n: i64) -> Rational {
    Rational::from_integer(n.into())
}

/// Slope 1 above zero, slope a below.
#[derive(Debug)]
struct Slopes {
    kind: &'static str,
    /// One number, or one a channel.
    below: Vec<Rational>,
    shape: Shape,
}

fn slopes(kind: &'static str, shape: &Shape, below: Vec<Rational>) -> Layer {
    Layer::Piecewise(Arc::new(Slopes { kind, below, shape: shape.clone() }))
}

impl Slopes {
    fn slope(&self, flat: usize) -> &Rational {
        &self.below[flat / (self.shape.elements() / self.below.len())]
    }
}

impl Function for Slopes {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn output(&self) -> &Shape {
        &self.shape
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let x = inputs[0];
        if self.kind == "relu" {
            let numerators =
                x.numerators().iter().map(|n| if n.is_negative() { Zero::zero() } else { n.clone() }).collect();
            return Some(Tensor::new(self.shape.clone(), numerators, x.denominator().clone()));
        }
        let entry = |i: usize| if x.numerators()[i].is_negative() { x.get(i) * self.slope(i) } else { x.get(i) };
        let values: Vec<Rational> = (0..x.len()).map(entry).collect();
        Some(Tensor::from_rationals(self.shape.clone(), &values))
    }

    /// Over an interval the extremes are at its ends or at the kink.
    fn enclose(&self, inputs: &[&Enclosure]) -> Option<Enclosure> {
        let at = |i: usize, x: Rational| if x.is_negative() { x * self.slope(i) } else { x };
        let (mut low, mut high) = (Vec::new(), Vec::new());
        for i in 0..self.shape.elements() {
            let (from, to) = (inputs[0].low.get(i), inputs[0].high.get(i));
            let kink = from.is_negative() && to.is_positive();
            let (a, b) = (at(i, from), at(i, to));
            let (mut least, mut most) = if a <= b { (a, b) } else { (b, a) };
            if kink {
                least = least.min(Rational::zero());
                most = most.max(Rational::zero());
            }
            low.push(least);
            high.push(most);
        }
        let tensor = |v: &[Rational]| Tensor::from_rationals(self.shape.clone(), v);
        Some(Enclosure { low: tensor(&low), high: tensor(&high) })
    }

    fn definition(&self) -> Option<Definition> {
        Some(Definition::Slopes { below: self.below.clone() })
    }

    fn parameters(&self) -> usize {
        if self.kind == "prelu" { self.below.len() } else { 0 }
    }

    fn detail(&self) -> String {
        if self.kind == "leaky_relu" { format!("slope {} below 0", self.below[0]) } else { String::new() }
    }
}

impl PiecewiseLayer for Slopes {
    /// a·x + (1 − a)·max(0, x).
    fn unit(&self, output: usize) -> Unit {
        let a = self.slope(output).clone();
        let kink = Rational::one() - &a;
        let affine = Form::term(0, output, a);
        let mut unit = Unit { affine, maxima: Vec::new() };
        if !kink.is_zero() {
            unit.maxima.push((kink, vec![Form::default(), Form::term(0, output, Rational::one())]));
        }
        unit
    }
}

/// A line, clipped to an interval.
#[derive(Debug)]
struct Clipped {
    kind: &'static str,
    slope: Rational,
    offset: Rational,
    low: Rational,
    high: Rational,
    shape: Shape,
}

fn clipped(kind: &'static str, shape: &Shape, line: (Rational, Rational), bounds: (Rational, Rational)) -> Layer {
    let ((slope, offset), (low, high)) = (line, bounds);
    Layer::Piecewise(Arc::new(Clipped { kind, slope, offset, low, high, shape: shape.clone() }))
}

impl Function for Clipped {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn output(&self) -> &Shape {
        &self.shape
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let entry = |x: Rational| (x * &self.slope + &self.offset).max(self.low.clone()).min(self.high.clone());
        Some(inputs[0].map(entry))
    }

    fn definition(&self) -> Option<Definition> {
        let Clipped { slope, offset, low, high, .. } = self;
        let (slope, offset, low, high) = (slope.clone(), offset.clone(), low.clone(), high.clone());
        Some(Definition::Clip { slope, offset, low, high })
    }

    fn detail(&self) -> String {
        if self.kind == "clip" { format!("to [{}, {}]", self.low, self.high) } else { String::new() }
    }
}

impl PiecewiseLayer for Clipped {
    /// lo + max(0, l − lo) − max(0, l − hi) for the line l.
    fn unit(&self, output: usize) -> Unit {
        if self.low == self.high {
            return Unit { affine: Form { terms: Vec::new(), constant: self.low.clone() }, maxima: Vec::new() };
        }
        let above = |bound: &Rational| {
            let mut form = Form::term(0, output, self.slope.clone());
            form.constant = &self.offset - bound;
            vec![Form::default(), form]
        };
        let maxima = vec![(Rational::one(), above(&self.low)), (-Rational::one(), above(&self.high))];
        Unit { affine: Form { terms: Vec::new(), constant: self.low.clone() }, maxima }
    }
}
