//! What does not depend on the input is computed when it is read, by the layers' own definitions.

use num_traits::Zero;

use super::super::Refusal;
use super::builder::{Builder, natural};
use super::call::{Call, Outcome};
use super::model::{Node, Stored};
use super::ops;
use super::values::{Constant, Value, Variable, is_float, shape_of};
use crate::algebra::{Rational, Tensor};
use crate::diagnostic::Span;
use crate::network::{Input, Network};

/// The results of a node all of whose inputs are known; `None` if it is not one of those.
pub fn folded(
    node: &Node<'_>,
    inputs: &[Option<Value>],
    opset: i64,
    memory: u64,
    stored: &dyn Fn(&Stored<'_>) -> Result<Constant, Refusal>,
) -> Result<Option<Vec<Value>>, Refusal> {
    let known: Option<Vec<&Constant>> = inputs
        .iter()
        .flatten()
        .map(|value| match value {
            Value::Constant(constant) => Some(constant),
            Value::Variable(_) => None,
        })
        .collect();
    // These are constants by themselves.
    let own = matches!(node.operator, "Constant" | "ConstantOfShape" | "Shape" | "Size");
    let Some(known) = known.filter(|k| !k.is_empty() && !own) else { return Ok(None) };
    if let Some(result) = integers(node, &known)? {
        return Ok(Some(vec![Value::Constant(result)]));
    }
    let Some(operator) = ops::find(node.operator) else { return Ok(None) };
    if node.operator == "Concat" && known.iter().all(|c| c.dims.len() == 1) {
        return lists(&known).map(|list| Some(vec![Value::Constant(list)]));
    }
    through_layers(node, operator, inputs, opset, memory, stored).map(Some)
}

/// Lists one after the other; empty ones too.
fn lists(known: &[&Constant]) -> Result<Constant, Refusal> {
    let integer = known.iter().all(|c| c.integer);
    let values: Vec<Rational> =
        known.iter().filter_map(|c| c.numbers.as_ref()).flat_map(Tensor::to_rationals).collect();
    if values.is_empty() {
        return Ok(Constant { dims: vec![0], numbers: None, integer });
    }
    let shape = shape_of(&[values.len()])?;
    Ok(Constant::of(Tensor::from_rationals(shape, &values), vec![values.len()], integer))
}

/// What is not linear, or is different for integers.
fn integers(node: &Node<'_>, known: &[&Constant]) -> Result<Option<Constant>, Refusal> {
    match (node.operator, known) {
        ("Cast", [x]) => {
            let to = node.attributes.iter().find_map(|a| match (a.name, &a.value) {
                ("to", super::model::AttributeValue::Integer(to)) => Some(*to),
                _ => None,
            });
            let to = to.ok_or_else(|| Refusal::damaged("its attribute `to` is missing"))?;
            let integer = !is_float(to);
            let numbers = match &x.numbers {
                Some(t) if integer => Some(t.map(|v| v.trunc())),
                other => other.clone(),
            };
            Ok(Some(Constant { dims: x.dims.clone(), numbers, integer }))
        }
        ("Div", [a, b]) if a.integer && b.integer => {
            let dims = ops::broadcast([a.dims.as_slice(), b.dims.as_slice()])?;
            let (a, b) = (a.spread(&dims)?, b.spread(&dims)?);
            if b.numerators().iter().any(Zero::is_zero) {
                return Err(Refusal::damaged("it divides by 0"));
            }
            let quotients: Vec<Rational> = (0..a.len()).map(|i| (a.get(i) / b.get(i)).trunc()).collect();
            Ok(Some(Constant::of(Tensor::from_rationals(shape_of(&dims)?, &quotients), dims, true)))
        }
        ("Mul", [a, b]) if a.numbers.is_some() && b.numbers.is_some() => {
            let dims = ops::broadcast([a.dims.as_slice(), b.dims.as_slice()])?;
            let product = a.spread(&dims)?.times(&b.spread(&dims)?);
            Ok(Some(Constant::of(product, dims, a.integer)))
        }
        ("Equal", [a, b]) => {
            let dims = ops::broadcast([a.dims.as_slice(), b.dims.as_slice()])?;
            let (a, b) = (a.spread(&dims)?, b.spread(&dims)?);
            let same = (0..a.len()).map(|i| u8::from(a.get(i) == b.get(i)).into()).collect();
            Ok(Some(Constant::of(Tensor::from_integers(shape_of(&dims)?, same), dims, true)))
        }
        ("Where", [condition, yes, no]) => {
            let dims = ops::broadcast([condition.dims.as_slice(), yes.dims.as_slice(), no.dims.as_slice()])?;
            let (c, a, b) = (condition.spread(&dims)?, yes.spread(&dims)?, no.spread(&dims)?);
            let chosen: Vec<Rational> =
                (0..a.len()).map(|i| if c.get(i).is_zero() { b.get(i) } else { a.get(i) }).collect();
            Ok(Some(Constant::of(Tensor::from_rationals(shape_of(&dims)?, &chosen), dims, yes.integer)))
        }
        _ => Ok(None),
    }
}

/// The operator on a network whose input is the node's first input, evaluated there.
fn through_layers(
    node: &Node<'_>,
    operator: fn(&mut Call<'_, '_>) -> Outcome,
    inputs: &[Option<Value>],
    opset: i64,
    memory: u64,
    stored: &dyn Fn(&Stored<'_>) -> Result<Constant, Refusal>,
) -> Result<Vec<Value>, Refusal> {
    let Some(Some(Value::Constant(first))) = inputs.first() else {
        return Err(Refusal::damaged("its first input is missing"));
    };
    let shape = shape_of(&natural(&first.dims))?;
    let point = first.tensor()?.reshaped(shape.clone());
    let mut scratch = Builder::new(memory);
    let argument = scratch.argument("x", shape.clone());
    let mut inputs = inputs.to_vec();
    inputs[0] = Some(Value::Variable(Variable { node: argument, dims: first.dims.clone() }));
    let mut call = Call::new(&mut scratch, node, inputs, opset, stored);
    let outputs = operator(&mut call)?;
    call.all_asked()?;
    let input = Input { name: "x".into(), shape, domain: None };
    let mut network = Network {
        name: "constant".into(),
        inputs: vec![input],
        nodes: scratch.nodes,
        output: 0,
        span: Span::default(),
    };
    let mut constant = |value: Value| match value {
        Value::Constant(constant) => Ok(Value::Constant(constant)),
        Value::Variable(variable) => {
            network.output = variable.node;
            let numbers = network.evaluate(&point.reshaped(shape_of(&[point.len()])?));
            let numbers = numbers.ok_or_else(|| Refusal::unsupported("it computes constants that are not rational"))?;
            let shape =
                crate::algebra::Shape::new(variable.dims.clone()).map_err(|e| Refusal::damaged(e.to_string()))?;
            Ok(Value::Constant(Constant::of(numbers.reshaped(shape), variable.dims, first.integer)))
        }
    };
    outputs.into_iter().map(&mut constant).collect()
}
