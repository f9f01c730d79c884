//! `scale`, `bias` and `batchnorm`: one number a channel.

use std::collections::BTreeSet;
use std::sync::Arc;

use num_traits::{One, Signed, Zero};

use super::conv::per_channel;
use super::{
    AffineLayer, Arguments, Bias, Definition, Enclosure, Function, Kind, Layer, Lowered, Misuse, Parameter, Signature,
    SymbolicLayer, Values, Weights, numbers, signed, symbols,
};
use crate::algebra::{
    Assignment, Integer, MAX_BITS, Polynomial, Rational, Shape, Symbol, Tensor, bounded_denominator, ratio,
};
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
    build: |arguments, inputs| match arguments.is_symbolic() {
        false => Ok(numeric("scale", inputs[0], Some(spread(arguments, "factor", inputs[0])?), None)),
        true => Ok(symbolic("scale", inputs[0], Some(spread(arguments, "factor", inputs[0])?), None)),
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
    build: |arguments, inputs| match arguments.is_symbolic() {
        false => Ok(numeric("bias", inputs[0], None, Some(spread(arguments, "value", inputs[0])?))),
        true => Ok(symbolic("bias", inputs[0], None, Some(spread(arguments, "value", inputs[0])?))),
    },
};

/// The rule of `batchnorm`.
pub const BATCHNORM: Signature = Signature {
    name: "batchnorm",
    summary: "Batch normalisation at inference, one number a channel: `scale` and `shift`, or `gamma`, `beta`, `mean`, `var` \
        and `eps` (default 1/100000), where the scale is gamma / sqrt(var + eps): exact, as a multiple of a square root where it is irrational.",
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
struct Scale<C> {
    kind: &'static str,
    /// 1, C or all numbers; their count divides the input's.
    factor: Option<Tensor<C>>,
    offset: Option<Tensor<C>>,
    /// See [`Function::offset_parts`].
    parts: Option<Tensor>,
    shape: Shape,
}

fn numeric(kind: &'static str, shape: &Shape, factor: Option<Tensor>, offset: Option<Tensor>) -> Layer {
    Layer::Affine(Arc::new(Scale { kind, factor, offset, parts: None, shape: shape.clone() }))
}

type Symbols = Tensor<Polynomial>;

fn symbolic(kind: &'static str, shape: &Shape, factor: Option<Symbols>, offset: Option<Symbols>) -> Layer {
    Layer::Symbolic(Arc::new(Scale { kind, factor, offset, parts: None, shape: shape.clone() }))
}

/// A constant of one number, one a channel, or the input's own shape.
fn spread<C: Weights>(arguments: &Arguments, name: &'static str, input: &Shape) -> Result<Tensor<C>, Misuse> {
    let value = arguments.weights::<C>(name).ok_or_else(|| Misuse::argument(name, format!("`{name}` is missing")))?;
    let fits = value.len() == 1 || value.shape().axes() == [input.channels()] || value.shape() == input;
    if fits {
        return Ok(value);
    }
    let message = format!("a constant {} does not fit an input {input}", value.shape());
    let help = format!("give one number, {} (one a channel), or a tensor {input}", input.channels());
    Err(Misuse::shape(message).at(name).help(help))
}

fn batchnorm(arguments: &Arguments, input: &Shape) -> Result<Layer, Misuse> {
    let channels = input.channels();
    let read = |name: &'static str, default: i64| match arguments.weights::<Polynomial>(name) {
        None => Ok(vec![Polynomial::from(Integer::from(default)); channels]),
        Some(value) if value.len() == 1 => Ok(vec![value.numerators()[0].clone(); channels]),
        Some(value) if value.shape().axes() == [channels] => Ok(value.numerators().to_vec()),
        Some(value) => {
            let message = format!("`{name}` is {}, but the input {input} has {channels} channels", value.shape());
            Err(Misuse::shape(message).at(name))
        }
    };
    let folded = ["scale", "shift"].into_iter().find(|n| arguments.has(n));
    let raw = ["gamma", "beta", "mean", "var", "eps"].into_iter().find(|n| arguments.has(n));
    let mut parts: Vec<Polynomial> = Vec::new();
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
            let eps = Polynomial::constant(eps);
            let scale: Vec<Polynomial> = gamma
                .iter()
                .zip(&var)
                .enumerate()
                .map(|(c, (g, v))| Ok(g.times(&inverse_root(&v.plus(&eps), g.is_zero(), c)?)))
                .collect::<Result<_, Misuse>>()?;
            let shift = (0..channels).map(|c| beta[c].minus(&mean[c].times(&scale[c]))).collect();
            parts = (0..channels).map(|c| mean[c].times(&scale[c])).chain(beta).collect();
            (scale, shift)
        }
    };
    let shape = Shape::new([channels]).map_err(|e| Misuse::shape(e.to_string()))?;
    let parts = sizes(if parts.is_empty() { &shift } else { &parts }, channels);
    let parts = parts.map(|sizes| Tensor::from_rationals(shape.clone(), &sizes));
    let numbers = |values: &[Polynomial]| values.iter().map(Polynomial::as_constant).collect::<Option<Vec<_>>>();
    let Some((scale, shift)) = numbers(&scale).zip(numbers(&shift)) else {
        let (scale, shift) = (Tensor::from_integers(shape.clone(), scale), Tensor::from_integers(shape, shift));
        let (factor, offset) = (Some(scale), Some(shift));
        return Ok(Layer::Symbolic(Arc::new(Scale { kind: "batchnorm", factor, offset, parts, shape: input.clone() })));
    };
    if bounded_denominator(scale.iter().chain(&shift).map(Rational::denom)).is_none() {
        let message = format!("the folded numbers have a common denominator of more than {MAX_BITS} bits");
        return Err(Misuse::argument("var", message).help("write simpler numbers"));
    }
    let vector = |values: &[Rational]| Some(Tensor::from_rationals(shape.clone(), values));
    let (factor, offset) = (vector(&scale), vector(&shift));
    Ok(Layer::Affine(Arc::new(Scale { kind: "batchnorm", factor, offset, parts, shape: input.clone() })))
}

/// The sums of sizes of every channel's numbers, which come one channel after the other and again; `None`
/// where a symbol is free.
fn sizes(numbers: &[Polynomial], channels: usize) -> Option<Vec<Rational>> {
    let mut sizes = vec![Rational::zero(); channels];
    for (i, number) in numbers.iter().enumerate() {
        let (low, high) = number.enclose()?;
        sizes[i % channels] += low.abs().max(high.abs());
    }
    Some(sizes)
}

/// 1 / sqrt(variance): a rational, or an algebraic number; 1 where gamma is 0 and it is `unused`.
fn inverse_root(variance: &Polynomial, unused: bool, channel: usize) -> Result<Polynomial, Misuse> {
    let Some(variance) = variance.as_constant() else {
        let message = format!("var + eps has symbols in channel {channel}, so its square root is not a polynomial");
        return Err(Misuse::argument("var", message)
            .help("write the folded symbols: `forall s: 8, t: 8` and `batchnorm(scale=s, shift=t)`"));
    };
    if !variance.is_positive() {
        let message = format!("var + eps is {variance} in channel {channel}, but must be positive");
        return Err(Misuse::argument("var", message));
    }
    if unused {
        return Ok(Polynomial::one());
    }
    Polynomial::root(&variance.recip()).ok_or_else(|| {
        let message =
            format!("var + eps is {variance} in channel {channel}, whose square root has too large a prime under it");
        let misuse = Misuse { code: Code::IrrationalScale, message, parameter: Some("var"), help: None };
        misuse.help("write the folded numbers you use, `batchnorm(scale=…, shift=…)`, or numbers with fewer digits")
    })
}

impl<C: Weights> Scale<C> {
    fn product(&self, factor: &Tensor, x: &Tensor) -> Tensor {
        let run = x.len() / factor.len();
        let numerators = x.numerators().iter().enumerate().map(|(i, n)| n * &factor.numerators()[i / run]).collect();
        Tensor::new(self.shape.clone(), numerators, factor.denominator() * x.denominator())
    }

    /// The factor, and the offset of every entry.
    fn weights(&self) -> (Tensor<C>, Tensor<C>) {
        let factor = self.factor.clone().unwrap_or_else(|| Tensor::scalar(&Rational::one()).lifted());
        let offset = match &self.offset {
            Some(offset) => per_channel(offset, &self.shape),
            None => Tensor::zeros(self.shape.clone()),
        };
        (factor, offset)
    }

    fn lowered(&self) -> Lowered<C> {
        let operator = match &self.factor {
            Some(factor) => Operator::diagonal(self.shape.clone(), factor.clone()),
            None => Operator::identity(self.shape.clone(), self.shape.clone()),
        };
        let bias = self.offset.as_ref().map(|b| Bias::new(b.clone(), self.shape.clone()));
        Lowered { operators: vec![operator], bias }
    }
}

impl<C: Weights> Function for Scale<C> {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn output(&self) -> &Shape {
        &self.shape
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let (factor, offset) = self.weights();
        Some(self.product(C::numbers(&factor)?, inputs[0]).plus(C::numbers(&offset)?))
    }

    fn enclose(&self, inputs: &[&Enclosure]) -> Option<Enclosure> {
        let (factor, offset) = self.weights();
        signed::enclose(&factor, inputs[0], &offset, &|w, x| self.product(w, x))
    }

    fn definition(&self) -> Option<Definition> {
        let constant = |t: &Option<Tensor<C>>| t.as_ref().map(C::constant);
        Some(Definition::Scale { factor: constant(&self.factor), offset: constant(&self.offset) })
    }

    fn offset_parts(&self) -> Option<Tensor> {
        self.parts.clone()
    }

    fn parameters(&self) -> usize {
        [&self.factor, &self.offset].into_iter().flatten().map(|t| t.len()).sum()
    }

    fn detail(&self) -> String {
        match (self.kind, &self.factor) {
            ("scale", Some(factor)) if factor.len() == 1 => {
                C::numbers(factor).map_or(String::new(), |factor| format!("by {}", factor.get(0)))
            }
            _ => String::new(),
        }
    }
}

impl AffineLayer for Scale<Integer> {
    fn lower(&self) -> Lowered {
        self.lowered()
    }
}

impl SymbolicLayer for Scale<Polynomial> {
    fn lower(&self) -> Lowered<Polynomial> {
        self.lowered()
    }

    fn at(&self, values: &Assignment) -> Layer {
        let at = |t: &Option<Tensor<Polynomial>>| t.as_ref().map(|t| t.at(values));
        let (factor, offset) = (at(&self.factor), at(&self.offset));
        match numbers([factor.as_ref(), offset.as_ref()]) {
            Some([factor, offset]) => numeric(self.kind, &self.shape, factor, offset),
            None => symbolic(self.kind, &self.shape, factor, offset),
        }
    }

    fn symbols(&self) -> BTreeSet<Symbol> {
        symbols([self.factor.as_ref(), self.offset.as_ref()])
    }
}
