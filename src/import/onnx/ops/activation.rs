//! Functions of one entry, and softmax.

use num_traits::{One, Zero};

use super::elementwise::{compact, plus, times, together, with_constant};
use super::one;
use crate::algebra::{Rational, Tensor};
use crate::import::Refusal;
use crate::import::onnx::call::{Call, Outcome, place};
use crate::import::onnx::values::Variable;
use crate::layer::{Arguments, Value};

/// A layer without arguments.
pub fn plain(call: &mut Call<'_, '_>, kind: &str) -> Outcome {
    let x = call.variable(0)?;
    one(applied(call, kind, &x)?)
}

/// A layer without arguments, of a value.
pub fn applied(call: &mut Call<'_, '_>, kind: &str, x: &Variable) -> Result<Variable, Refusal> {
    let node = call.builder.natural(x)?;
    let node = call.builder.plain(kind, &[node])?;
    Ok(Variable { node, dims: x.dims.clone() })
}

/// `LeakyRelu`.
pub fn leaky_relu(call: &mut Call<'_, '_>) -> Outcome {
    let (x, alpha) = (call.variable(0)?, call.float("alpha", 0.01)?);
    let node = call.builder.natural(&x)?;
    let node = call.builder.with("leaky_relu", "a", Tensor::scalar(&alpha), node)?;
    one(Variable { node, dims: x.dims })
}

/// `PRelu`: relu(x) − slope · relu(−x), where the slopes are neither one nor one a channel.
pub fn prelu(call: &mut Call<'_, '_>) -> Outcome {
    let (x, slope) = (call.variable(0)?, call.needed(1, "slope")?);
    let numbers = compact(&slope, &x.dims)?;
    if numbers.shape().rank() < 2 {
        let node = call.builder.natural(&x)?;
        let node = call.builder.with("prelu", "a", numbers, node)?;
        return one(Variable { node, dims: x.dims });
    }
    let positive = applied(call, "relu", &x)?;
    let negative = times(call, &x, -Rational::one())?;
    let negative = applied(call, "relu", &negative)?;
    let negative = with_constant(call, "scale", &negative, &slope)?;
    one(together(call, "sub", &[positive, negative])?)
}

/// `Clip`, with bounds that are attributes before opset 11 and inputs since.
pub fn clip(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    let bound = |call: &Call<'_, '_>, name: &str, input: usize| match (call.has(name), call.known(input, name)?) {
        (true, _) => call.float(name, 0.0).map(Some),
        (false, Some(constant)) => constant.scalar().map(Some),
        (false, None) => Ok(None),
    };
    let (low, high) = (bound(call, "min", 1)?, bound(call, "max", 2)?);
    match (low, high) {
        (None, None) => one(x),
        (Some(low), Some(high)) if low > high => {
            // min(max(x, low), high) is high everywhere.
            let nothing = times(call, &x, Rational::zero())?;
            one(plus(call, &nothing, high)?)
        }
        (Some(low), Some(high)) => {
            let arguments = Arguments::default()
                .with("lo", Value::Tensor(Tensor::scalar(&low)))
                .with("hi", Value::Tensor(Tensor::scalar(&high)));
            let node = call.builder.natural(&x)?;
            let node = call.builder.layer("clip", arguments, &[node])?;
            one(Variable { node, dims: x.dims })
        }
        (Some(low), None) if low.is_zero() => one(applied(call, "relu", &x)?),
        (Some(low), None) => {
            let x = plus(call, &x, -low.clone())?;
            let x = applied(call, "relu", &x)?;
            one(plus(call, &x, low)?)
        }
        (None, Some(high)) => {
            // high − relu(high − x)
            let x = times(call, &x, -Rational::one())?;
            let x = plus(call, &x, high.clone())?;
            let x = applied(call, "relu", &x)?;
            let x = times(call, &x, -Rational::one())?;
            one(plus(call, &x, high)?)
        }
    }
}

/// `HardSigmoid`: alpha · x + beta, clipped to [0, 1].
pub fn hard_sigmoid(call: &mut Call<'_, '_>) -> Outcome {
    let (x, alpha, beta) = (call.variable(0)?, call.float("alpha", 0.2)?, call.float("beta", 0.5)?);
    let x = times(call, &x, alpha)?;
    let x = plus(call, &x, beta)?;
    let arguments = Arguments::default()
        .with("lo", Value::Tensor(Tensor::scalar(&Rational::zero())))
        .with("hi", Value::Tensor(Tensor::scalar(&Rational::one())));
    let node = call.builder.natural(&x)?;
    let node = call.builder.layer("clip", arguments, &[node])?;
    one(Variable { node, dims: x.dims })
}

/// `HardSwish`: x · max(0, min(1, x/6 + 1/2)), the fractions exact as the standard writes them.
pub fn hard_swish(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    let gate = applied(call, "hard_sigmoid", &x)?;
    one(together(call, "multiply", &[x, gate])?)
}

/// alpha · elu₁(x) + (1 − alpha) · relu(x), times gamma, where elu₁ has slope 1 at 0.
fn scaled_elu(call: &mut Call<'_, '_>, alpha: Rational, gamma: &Rational) -> Outcome {
    let x = call.variable(0)?;
    let smooth = applied(call, "elu", &x)?;
    let rest = (Rational::one() - &alpha) * gamma;
    let factor = alpha * gamma;
    let smooth = if factor.is_one() { smooth } else { times(call, &smooth, factor)? };
    if rest.is_zero() {
        return one(smooth);
    }
    let kink = applied(call, "relu", &x)?;
    let kink = times(call, &kink, rest)?;
    one(together(call, "add", &[smooth, kink])?)
}

/// `Elu`.
pub fn elu(call: &mut Call<'_, '_>) -> Outcome {
    let alpha = call.float("alpha", 1.0)?;
    scaled_elu(call, alpha, &Rational::one())
}

/// `Selu`.
pub fn selu(call: &mut Call<'_, '_>) -> Outcome {
    let (alpha, gamma) = (call.float("alpha", 1.673_263_2)?, call.float("gamma", 1.050_701)?);
    scaled_elu(call, alpha, &gamma)
}

/// `Gelu`.
pub fn gelu(call: &mut Call<'_, '_>) -> Outcome {
    match call.word("approximate", "none")? {
        "none" => plain(call, "gelu"),
        "tanh" => plain(call, "gelu_tanh"),
        other => Err(Refusal::unsupported(format!("its attribute `approximate` is `{other}`"))),
    }
}

/// `Softmax`: over one axis since opset 13, over it and all that follow before.
pub fn softmax(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    let rank = x.dims.len();
    let default = if call.opset >= 13 { -1 } else { 1 };
    let axis = place(call.integer("axis", default)?, rank.max(1))?;
    let end = if call.opset >= 13 { (axis + 1).min(rank) } else { rank };
    let product = |dims: &[usize]| dims.iter().product::<usize>();
    let (outer, group, inner) = (product(&x.dims[..axis]), product(&x.dims[axis..end]), product(&x.dims[end..]));
    // The layer competes over channels.
    let order = [1, 0, 2];
    let node = call.builder.permuted(x.node, &[outer, group, inner], &order)?;
    let shape = if outer * inner == 1 { vec![group] } else { vec![group, outer * inner] };
    let node = call.builder.view(node, &shape)?;
    let node = call.builder.plain("softmax", &[node])?;
    let node = call.builder.permuted(node, &[group, outer, inner], &order)?;
    one(Variable { node, dims: x.dims })
}
