//! Operators of the domain `com.microsoft`, which ONNX Runtime writes where it has fused others.
//!
//! Their definitions are those of the operators that they replace (ONNX Runtime, `docs/ContribOperators.md`).

use num_traits::{One, Zero};

use super::elementwise::{times, together, with_constant};
use super::matrix::{flipped_constant, mat_mul};
use super::{Operator, activation, matrix, one, window};
use crate::algebra::{Rational, Tensor};
use crate::import::Refusal;
use crate::import::onnx::call::{Call, Outcome};
use crate::import::onnx::values::{Value, Variable};
use crate::layer::{Arguments, Value as Argument};

/// Every operator, by name.
pub const OPERATORS: &[(&str, Operator)] = &[
    ("BiasGelu", |c| with_bias(c, "gelu")),
    ("FastGelu", |c| with_bias(c, "gelu_tanh")),
    ("FusedConv", conv),
    ("FusedGemm", gemm),
    ("FusedMatMul", product),
    ("Gelu", |c| activation::plain(c, "gelu")),
    ("QuickGelu", quick_gelu),
];

/// A function of every entry of x + bias.
fn with_bias(call: &mut Call<'_, '_>, kind: &str) -> Outcome {
    let mut x = call.variable(0)?;
    if let Some(bias) = call.known(1, "bias")? {
        x = with_constant(call, "bias", &x, &bias)?;
    }
    one(activation::applied(call, kind, &x)?)
}

/// x·σ(α·x).
fn quick_gelu(call: &mut Call<'_, '_>) -> Outcome {
    let (x, alpha) = (call.variable(0)?, call.float("alpha", 1.702)?);
    let gate = times(call, &x, alpha)?;
    let gate = activation::applied(call, "sigmoid", &gate)?;
    one(together(call, "multiply", &[x, gate])?)
}

/// The only result of an operator.
fn only(outcome: Outcome) -> Result<Variable, Refusal> {
    match outcome?.into_iter().next() {
        Some(Value::Variable(variable)) => Ok(variable),
        _ => Err(Refusal::unsupported("it does not depend on the network's input")),
    }
}

/// A convolution, the sum with a fourth input, then an activation.
fn conv(call: &mut Call<'_, '_>) -> Outcome {
    let mut value = only(window::conv(call))?;
    match call.optional(3).cloned() {
        None => {}
        Some(Value::Variable(other)) => value = together(call, "add", &[value, other])?,
        Some(Value::Constant(constant)) => value = with_constant(call, "bias", &value, &constant)?,
    }
    let parameters = call.floats("activation_params")?.unwrap_or_default();
    one(activated(call, &value, &parameters)?)
}

/// `Gemm`, then an activation.
fn gemm(call: &mut Call<'_, '_>) -> Outcome {
    let value = only(matrix::gemm(call))?;
    let names = ["activation_alpha", "activation_beta", "activation_gamma"];
    let given: Vec<&str> = names.into_iter().filter(|name| call.has(name)).collect();
    let parameters = given.into_iter().map(|name| call.float(name, 0.0)).collect::<Result<Vec<_>, _>>()?;
    one(activated(call, &value, &parameters)?)
}

/// The activation that the node names, with its parameters.
fn activated(call: &mut Call<'_, '_>, x: &Variable, parameters: &[Rational]) -> Result<Variable, Refusal> {
    let word = call.word("activation", "")?;
    let tensor = |value: &Rational| Argument::Tensor(Tensor::scalar(value));
    let clipped = |call: &mut Call<'_, '_>, x: &Variable, low: &Rational, high: &Rational| {
        let arguments = Arguments::default().with("lo", tensor(low)).with("hi", tensor(high));
        let node = call.builder.natural(x)?;
        let node = call.builder.layer("clip", arguments, &[node])?;
        Ok(Variable { node, dims: x.dims.clone() })
    };
    match (word, parameters) {
        ("", []) => Ok(x.clone()),
        ("Relu", _) => activation::applied(call, "relu", x),
        ("Sigmoid", _) => activation::applied(call, "sigmoid", x),
        ("Tanh", _) => activation::applied(call, "tanh", x),
        ("LeakyRelu", [alpha, ..]) => {
            let node = call.builder.natural(x)?;
            let node = call.builder.with("leaky_relu", "a", Tensor::scalar(alpha), node)?;
            Ok(Variable { node, dims: x.dims.clone() })
        }
        ("Clip", [low, high]) => clipped(call, x, low, high),
        ("HardSigmoid", [alpha, beta, ..]) => {
            let x = times(call, x, alpha.clone())?;
            let x = super::elementwise::plus(call, &x, beta.clone())?;
            clipped(call, &x, &Rational::zero(), &Rational::one())
        }
        (other, _) => {
            let message = format!("its activation `{other}` with {} parameters is not supported", parameters.len());
            Err(Refusal::unsupported(message))
        }
    }
}

/// alpha · A' · B', each transposed in its last two axes if asked.
fn product(call: &mut Call<'_, '_>) -> Outcome {
    let alpha = call.float("alpha", 1.0)?;
    for name in ["transBatchA", "transBatchB"] {
        if call.integer(name, 0)? != 0 {
            return Err(Refusal::unsupported(format!("its attribute `{name}` is not 0")));
        }
    }
    for (input, name) in ["transA", "transB"].into_iter().enumerate() {
        if call.integer(name, 0)? != 0 {
            let flipped = match call.input(input)?.clone() {
                Value::Constant(constant) => Value::Constant(flipped_constant(&constant)?),
                Value::Variable(x) => Value::Variable(flipped(call, &x)?),
            };
            call.inputs[input] = Some(flipped);
        }
    }
    let value = only(mat_mul(call))?;
    one(if alpha.is_one() { value } else { times(call, &value, alpha)? })
}

/// The last two axes exchanged; a list has one, and stays.
fn flipped(call: &mut Call<'_, '_>, x: &Variable) -> Result<Variable, Refusal> {
    let [outer @ .., rows, columns] = x.dims.as_slice() else { return Ok(x.clone()) };
    let order: Vec<usize> = (0..outer.len()).chain([outer.len() + 1, outer.len()]).collect();
    let node = call.builder.permuted(x.node, &x.dims, &order)?;
    Ok(Variable { node, dims: [outer, &[*columns, *rows]].concat() })
}
