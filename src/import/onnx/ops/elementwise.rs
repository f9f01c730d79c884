//! Arithmetic, entry by entry, with ONNX's broadcasting.

use num_traits::{One, Zero};

use super::one;
use crate::algebra::{Rational, Tensor};
use crate::import::Refusal;
use crate::import::onnx::builder::natural;
use crate::import::onnx::call::{Call, Outcome};
use crate::import::onnx::values::{Constant, Value, Variable, shape_of};

/// The axes that some values are broadcast to.
pub fn broadcast<'d>(all: impl IntoIterator<Item = &'d [usize]>) -> Result<Vec<usize>, Refusal> {
    let mut result: Vec<usize> = Vec::new();
    for dims in all {
        let longer = result.len().max(dims.len());
        let pad = |d: &[usize]| [vec![1; longer - d.len()], d.to_vec()].concat();
        let (left, right) = (pad(&result), pad(dims));
        let pairs = left.iter().zip(&right);
        let joined = pairs.map(|(&a, &b)| if a == b || b == 1 { Some(a) } else { (a == 1).then_some(b) });
        let joined: Option<Vec<usize>> = joined.collect();
        result =
            joined.ok_or_else(|| Refusal::damaged(format!("the axes {left:?} and {right:?} cannot be broadcast")))?;
    }
    Ok(result)
}

/// A constant spread over axes, as few numbers as do: one, one a channel, or one an entry.
pub fn compact(constant: &Constant, dims: &[usize]) -> Result<Tensor, Refusal> {
    let tensor = constant.tensor()?;
    if tensor.len() == 1 {
        return Ok(Tensor::scalar(&tensor.get(0)));
    }
    let shape = natural(dims);
    let channel = dims.len() - shape.len().min(dims.len());
    let own = [vec![1; dims.len() - constant.dims.len()], constant.dims.clone()].concat();
    let one_a_channel = own.iter().enumerate().all(|(axis, &n)| n == 1 || axis == channel);
    if one_a_channel && tensor.len() == shape[0] {
        return Ok(tensor.reshaped(shape_of(&[tensor.len()])?));
    }
    Ok(constant.spread(dims)?.reshaped(shape_of(&shape)?))
}

/// x + c, or x · c.
pub fn with_constant(call: &mut Call<'_, '_>, kind: &str, x: &Variable, c: &Constant) -> Result<Variable, Refusal> {
    let dims = broadcast([x.dims.as_slice(), c.dims.as_slice()])?;
    call.builder.affordable(dims.iter().product())?;
    let x = call.builder.expand(x, &dims)?;
    let node = call.builder.natural(&x)?;
    let name = if kind == "scale" { "factor" } else { "value" };
    let node = call.builder.with(kind, name, compact(c, &dims)?, node)?;
    Ok(Variable { node, dims })
}

/// x · c for one number.
pub fn times(call: &mut Call<'_, '_>, x: &Variable, factor: Rational) -> Result<Variable, Refusal> {
    with_constant(call, "scale", x, &Constant::of(Tensor::scalar(&factor), Vec::new(), false))
}

/// x + c for one number.
pub fn plus(call: &mut Call<'_, '_>, x: &Variable, offset: Rational) -> Result<Variable, Refusal> {
    with_constant(call, "bias", x, &Constant::of(Tensor::scalar(&offset), Vec::new(), false))
}

/// A layer of several values, broadcast to each other.
pub fn together(call: &mut Call<'_, '_>, kind: &str, values: &[Variable]) -> Result<Variable, Refusal> {
    let dims = broadcast(values.iter().map(|v| v.dims.as_slice()))?;
    let mut nodes = Vec::new();
    for value in values {
        let value = call.builder.expand(value, &dims)?;
        nodes.push(call.builder.natural(&value)?);
    }
    let node = call.builder.plain(kind, &nodes)?;
    Ok(Variable { node, dims })
}

fn variables(call: &mut Call<'_, '_>) -> Result<Vec<Variable>, Refusal> {
    let values: Vec<Value> = call.inputs.iter().flatten().cloned().collect();
    let variable = |value: Value| match value {
        Value::Variable(variable) => Ok(variable),
        Value::Constant(constant) => call.builder.constant(&constant),
    };
    values.into_iter().map(variable).collect()
}

/// Older versions of binary operators had their own broadcasting; opset 7 ended it.
fn operands(call: &mut Call<'_, '_>) -> Result<(Value, Value), Refusal> {
    Ok((call.input(0)?.clone(), call.input(1)?.clone()))
}

/// `Add`.
pub fn add(call: &mut Call<'_, '_>) -> Outcome {
    match operands(call)? {
        (Value::Variable(x), Value::Constant(c)) | (Value::Constant(c), Value::Variable(x)) => {
            one(with_constant(call, "bias", &x, &c)?)
        }
        (Value::Variable(a), Value::Variable(b)) => one(together(call, "add", &[a, b])?),
        _ => Err(Refusal::unsupported("both of its inputs are constants")),
    }
}

/// `Sub`.
pub fn sub(call: &mut Call<'_, '_>) -> Outcome {
    match operands(call)? {
        (Value::Variable(x), Value::Constant(c)) => {
            let numbers = c.tensor()?.scaled(&-Rational::one());
            one(with_constant(call, "bias", &x, &Constant { numbers: Some(numbers), ..c })?)
        }
        (Value::Constant(c), Value::Variable(x)) => {
            let x = times(call, &x, -Rational::one())?;
            one(with_constant(call, "bias", &x, &c)?)
        }
        (Value::Variable(a), Value::Variable(b)) => one(together(call, "sub", &[a, b])?),
        _ => Err(Refusal::unsupported("both of its inputs are constants")),
    }
}

/// `Mul`.
pub fn mul(call: &mut Call<'_, '_>) -> Outcome {
    match operands(call)? {
        (Value::Variable(x), Value::Constant(c)) | (Value::Constant(c), Value::Variable(x)) => {
            one(with_constant(call, "scale", &x, &c)?)
        }
        (Value::Variable(a), Value::Variable(b)) if a.node == b.node && a.dims == b.dims => {
            let node = call.builder.natural(&a)?;
            let node = call.builder.plain("square", &[node])?;
            one(Variable { node, dims: a.dims })
        }
        (Value::Variable(a), Value::Variable(b)) => one(together(call, "multiply", &[a, b])?),
        _ => Err(Refusal::unsupported("both of its inputs are constants")),
    }
}

/// `Div`.
pub fn div(call: &mut Call<'_, '_>) -> Outcome {
    match operands(call)? {
        (Value::Variable(x), Value::Constant(c)) => {
            let divisor = c.tensor()?;
            if divisor.numerators().iter().any(Zero::is_zero) {
                return Err(Refusal::unsupported("it divides by a constant that contains 0"));
            }
            let numbers = divisor.map(|v| v.recip());
            one(with_constant(call, "scale", &x, &Constant { numbers: Some(numbers), ..c })?)
        }
        _ => {
            let values = variables(call)?;
            one(together(call, "divide", &values)?)
        }
    }
}

/// `Neg`.
pub fn neg(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    one(times(call, &x, -Rational::one())?)
}

/// `Sum`.
pub fn sum(call: &mut Call<'_, '_>) -> Outcome {
    let values = variables(call)?;
    match values.as_slice() {
        [only] => one(only.clone()),
        all => one(together(call, "add", all)?),
    }
}

/// `Mean`.
pub fn mean(call: &mut Call<'_, '_>) -> Outcome {
    let values = variables(call)?;
    let sum = if let [only] = values.as_slice() { only.clone() } else { together(call, "add", &values)? };
    one(times(call, &sum, Rational::new(One::one(), values.len().max(1).into()))?)
}

/// `Max` and `Min`.
pub fn extreme(call: &mut Call<'_, '_>, kind: &str) -> Outcome {
    let values = variables(call)?;
    match values.as_slice() {
        [only] => one(only.clone()),
        all => one(together(call, kind, all)?),
    }
}
