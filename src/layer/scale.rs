//! `scale`, `bias` and `batchnorm`: one number a channel.

use std::sync::Arc;

use num_traits::{One, Signed, Zero};

use super::conv::per_channel;
use super::{
    AffineLayer, Arguments, Enclosure, Function, Kind, Layer, Lowered, Misuse, Parameter, Signature, Values, signed,
};
use crate::algebra::{Integer, MAX_BITS, Rational, Shape, Tensor, bounded_denominator, ratio};
use crate::diagnostic::Code;
use crate::toeplitz::Operator;

const fn parameter(name: &'static str, required: bool) -> Parameter {
    Parameter { name, kind: Kind::Tensor, required }
}

/// The rule of `scale`.
pub const SCALE: Signature = Signature {
    name: "scale",
    summary: "Multiplies by a constant: one number, one a channel, or one an entry.",
    formula: "y_i = c_i \\cdot x_i",
    linear: "Linear: its matrix is diagonal.",
    onnx: "Mul",
    parameters: &[parameter("factor", true)],
    values: Values::None,
    build: |arguments, inputs| {
        let factor = spread(arguments, "factor", inputs[0])?;
        Ok(layer("scale", inputs[0], Some(factor), None))
    },
};

/// The rule of `bias`.
pub const BIAS: Signature = Signature {
    name: "bias",
    summary: "Adds a constant: one number, one a channel, or one an entry.",
    formula: "y_i = x_i + b_i",
    linear: "Affine; linear only if b = 0, because f(0) = b.",
    onnx: "Add",
    parameters: &[parameter("value", true)],
    values: Values::None,
    build: |arguments, inputs| {
        let value = spread(arguments, "value", inputs[0])?;
        Ok(layer("bias", inputs[0], None, Some(value)))
    },
};

/// The rule of `batchnorm`.
pub const BATCHNORM: Signature = Signature {
    name: "batchnorm",
    summary: "Batch normalisation at inference, one number a channel: `scale` and `shift`, or `gamma`, `beta`, `mean`, `var` \
        and `eps` (default 1/100000), where the scale is gamma / sqrt(var + eps) and must be rational.",
    formula: "y_c = s_c \\cdot x_c + t_c, \\quad s = \\gamma / \\sqrt{var + \\varepsilon}, \\quad t = \\beta - mean \\cdot s",
    linear: "Affine at inference: a scale and a shift that do not depend on the input.",
    onnx: "BatchNormalization",
    parameters: &[
        parameter("scale", false),
        parameter("shift", false),
        parameter("gamma", false),
        parameter("beta", false),
        parameter("mean", false),
        parameter("var", false),
        Parameter { name: "eps", kind: Kind::Scalar, required: false },
    ],
    values: Values::None,
    build: |arguments, inputs| batchnorm(arguments, inputs[0]),
};

#[derive(Debug)]
struct Scale {
    kind: &'static str,
    /// 1, C or all numbers; their count divides the input's.
    factor: Option<Tensor>,
    offset: Option<Tensor>,
    shape: Shape,
}

fn layer(kind: &'static str, shape: &Shape, factor: Option<Tensor>, offset: Option<Tensor>) -> Layer {
    Layer::Affine(Arc::new(Scale { kind, factor, offset, shape: shape.clone() }))
}

/// A constant of one number, one a channel, or the input's own shape.
fn spread(arguments: &Arguments, name: &'static str, input: &Shape) -> Result<Tensor, Misuse> {
    let value = arguments.tensor(name).ok_or_else(|| Misuse::argument(name, format!("`{name}` is missing")))?;
    let fits = value.len() == 1 || value.shape().axes() == [input.channels()] || value.shape() == input;
    if fits {
        return Ok(value.clone());
    }
    let message = format!("a constant {} does not fit an input {input}", value.shape());
    let help = format!("give one number, {} (one a channel), or a tensor {input}", input.channels());
    Err(Misuse::shape(message).at(name).help(help))
}

fn batchnorm(arguments: &Arguments, input: &Shape) -> Result<Layer, Misuse> {
    let channels = input.channels();
    let read = |name: &'static str, default: i64| match arguments.tensor(name) {
        None => Ok(vec![Rational::from_integer(default.into()); channels]),
        Some(value) if value.len() == 1 => Ok(vec![value.get(0); channels]),
        Some(value) if value.shape().axes() == [channels] => Ok(value.to_rationals()),
        Some(value) => {
            let message = format!("`{name}` is {}, but the input {input} has {channels} channels", value.shape());
            Err(Misuse::shape(message).at(name))
        }
    };
    let folded = ["scale", "shift"].into_iter().find(|n| arguments.has(n));
    let raw = ["gamma", "beta", "mean", "var", "eps"].into_iter().find(|n| arguments.has(n));
    let (scale, shift) = match (folded, raw) {
        (Some(_), Some(name)) => {
            let message = format!("`{name}` cannot stand beside `scale` and `shift`");
            return Err(
                Misuse::argument(name, message).help("give either scale and shift, or gamma, beta, mean, var and eps")
            );
        }
        (Some(_), None) => (read("scale", 1)?, read("shift", 0)?),
        (None, _) => {
            if !arguments.has("mean") || !arguments.has("var") {
                let misuse = Misuse {
                    code: Code::MissingArgument,
                    message: match raw {
                        None => "`batchnorm` needs its numbers".into(),
                        Some(_) => format!(
                            "`batchnorm` needs its argument `{}`",
                            if arguments.has("mean") { "var" } else { "mean" }
                        ),
                    },
                    parameter: None,
                    help: None,
                };
                return Err(misuse.help(
                    "write `batchnorm(scale=…, shift=…)` or `batchnorm(gamma=…, beta=…, mean=…, var=…, eps=…)`",
                ));
            }
            let eps = arguments.scalar("eps").unwrap_or_else(|| ratio(Integer::one(), 100_000.into()));
            let (gamma, beta, mean, var) = (read("gamma", 1)?, read("beta", 0)?, read("mean", 0)?, read("var", 1)?);
            let scale: Vec<Rational> = gamma
                .iter()
                .zip(&var)
                .enumerate()
                .map(|(c, (g, v))| divide_by_root(g, &(v + &eps), c))
                .collect::<Result<_, _>>()?;
            let shift = (0..channels).map(|c| &beta[c] - &mean[c] * &scale[c]).collect();
            (scale, shift)
        }
    };
    let vector = |values: &[Rational]| {
        let shape = Shape::new([channels]).map_err(|e| Misuse::shape(e.to_string()))?;
        if bounded_denominator(values.iter().map(Rational::denom)).is_none() {
            let message = format!("the folded numbers have a common denominator of more than {MAX_BITS} bits");
            return Err(Misuse::argument("var", message).help("write simpler numbers"));
        }
        Ok::<_, Misuse>(Tensor::from_rationals(shape, values))
    };
    Ok(layer("batchnorm", input, Some(vector(&scale)?), Some(vector(&shift)?)))
}

/// gamma / sqrt(variance), when that is rational.
fn divide_by_root(gamma: &Rational, variance: &Rational, channel: usize) -> Result<Rational, Misuse> {
    if !variance.is_positive() {
        let message = format!("var + eps is {variance} in channel {channel}, but must be positive");
        return Err(Misuse::argument("var", message));
    }
    let (n, d) = (variance.numer().sqrt(), variance.denom().sqrt());
    if gamma.is_zero() || (&n * &n == *variance.numer() && &d * &d == *variance.denom()) {
        return Ok(gamma * ratio(d, n.max(Integer::one())));
    }
    let message = format!("var + eps is {variance} in channel {channel}, whose square root is not rational");
    let misuse = Misuse { code: Code::IrrationalScale, message, parameter: Some("var"), help: None };
    Err(misuse.help("write the folded numbers you use: `batchnorm(scale=…, shift=…)`, or choose var and eps with var + eps a square"))
}

impl Scale {
    fn product(&self, factor: &Tensor, x: &Tensor) -> Tensor {
        let run = x.len() / factor.len();
        let numerators = x.numerators().iter().enumerate().map(|(i, n)| n * &factor.numerators()[i / run]).collect();
        Tensor::new(self.shape.clone(), numerators, factor.denominator() * x.denominator())
    }

    fn shifted(&self, x: Tensor) -> Tensor {
        match &self.offset {
            Some(offset) => x.plus(&per_channel(offset, &self.shape)),
            None => x,
        }
    }
}

impl Function for Scale {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn output(&self) -> &Shape {
        &self.shape
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let scaled = self.factor.as_ref().map_or_else(|| inputs[0].clone(), |f| self.product(f, inputs[0]));
        Some(self.shifted(scaled))
    }

    fn enclose(&self, inputs: &[&Enclosure]) -> Enclosure {
        match &self.factor {
            Some(factor) => signed::enclose(factor, inputs[0], &|y| self.shifted(y), &|w, x| self.product(w, x)),
            None => Enclosure { low: self.shifted(inputs[0].low.clone()), high: self.shifted(inputs[0].high.clone()) },
        }
    }

    fn parameters(&self) -> usize {
        [&self.factor, &self.offset].into_iter().flatten().map(Tensor::len).sum()
    }

    fn detail(&self) -> String {
        match (self.kind, &self.factor) {
            ("scale", Some(factor)) if factor.len() == 1 => format!("by {}", factor.get(0)),
            _ => String::new(),
        }
    }
}

impl AffineLayer for Scale {
    fn lower(&self) -> Lowered {
        let operator = match &self.factor {
            Some(factor) => Operator::diagonal(self.shape.clone(), factor.clone()),
            None => Operator::identity(self.shape.clone(), self.shape.clone()),
        };
        Lowered { operators: vec![operator], bias: self.offset.as_ref().map(|b| per_channel(b, &self.shape)) }
    }
}
