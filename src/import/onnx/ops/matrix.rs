//! `Gemm`, `MatMul` and `BatchNormalization`.

use num_traits::{One, Zero};

use super::elementwise::{broadcast, times, together, with_constant};
use super::one;
use crate::algebra::{Rational, Tensor};
use crate::import::Refusal;
use crate::import::onnx::builder::natural;
use crate::import::onnx::call::{Call, Outcome};
use crate::import::onnx::values::{Constant, Value, Variable, shape_of};
use crate::layer::{Arguments, Value as Argument};

/// The transpose of a matrix.
fn transposed(matrix: &Tensor) -> Result<Tensor, Refusal> {
    let [rows, columns] = *matrix.shape().axes() else { return Err(Refusal::damaged("a matrix is needed")) };
    Ok(matrix.gather(shape_of(&[columns, rows])?, |i| Some(i % rows * columns + i / rows)))
}

/// A constant with its last two axes exchanged; a list has one, and stays.
pub fn flipped_constant(constant: &Constant) -> Result<Constant, Refusal> {
    let [outer @ .., rows, columns] = constant.dims.as_slice() else { return Ok(constant.clone()) };
    let (rows, columns) = (*rows, *columns);
    let dims = [outer, &[columns, rows]].concat();
    let source = |i: usize| {
        let (matrix, i) = (i / (rows * columns), i % (rows * columns));
        Some(matrix * rows * columns + i % rows * columns + i / rows)
    };
    let numbers = constant.tensor()?.gather(shape_of(&dims)?, source);
    Ok(Constant { dims, numbers: Some(numbers), ..constant.clone() })
}

fn matrix(constant: &Constant) -> Result<&Tensor, Refusal> {
    match constant.dims.len() {
        2 => constant.tensor(),
        _ => Err(Refusal::damaged(format!("a matrix is needed, but this has the axes {:?}", constant.dims))),
    }
}

/// `Gemm`: alpha · A' · B' + beta · C.
pub fn gemm(call: &mut Call<'_, '_>) -> Outcome {
    let (alpha, beta) = (call.float("alpha", 1.0)?, call.float("beta", 1.0)?);
    let (trans_a, trans_b) = (call.integer("transA", 0)? != 0, call.integer("transB", 0)? != 0);
    let product = match (call.input(0)?.clone(), call.input(1)?.clone()) {
        (Value::Variable(a), Value::Constant(b)) => {
            let a = flipped(call, &a, trans_a)?;
            let b = matrix(&b)?;
            // Along the last axis, row by row of the output: the transpose of B'.
            let b = if trans_b { b.clone() } else { transposed(b)? };
            let b = if alpha.is_one() { b } else { b.scaled(&alpha) };
            fits(a.dims.get(1), b.shape().axes().get(1))?;
            if let (1, Some(bias)) = (a.dims[0], bias(call, &beta, b.shape().axes()[0])?) {
                let vector = call.builder.view(a.node, &[a.dims[1]])?;
                let dims = vec![1, b.shape().axes()[0]];
                let arguments =
                    Arguments::default().with("matrix", Argument::Tensor(b)).with("bias", Argument::Tensor(bias));
                let node = call.builder.layer("dense", arguments, &[vector])?;
                return one(Variable { node, dims });
            }
            call.builder.along(&a, 1, b)?
        }
        (Value::Constant(a), Value::Variable(b)) => {
            let b = flipped(call, &b, trans_b)?;
            let a = if trans_a { transposed(matrix(&a)?)? } else { matrix(&a)?.clone() };
            fits(b.dims.first(), a.shape().axes().get(1))?;
            call.builder.along(&b, 0, a.scaled(&alpha))?
        }
        (Value::Variable(a), Value::Variable(b)) => {
            let (a, b) = (flipped(call, &a, trans_a)?, flipped(call, &b, trans_b)?);
            let product = bilinear(call, &a, &b)?;
            if alpha.is_one() { product } else { times(call, &product, alpha)? }
        }
        _ => return Err(Refusal::unsupported("both of its matrices are constants")),
    };
    if beta.is_zero() {
        return one(product);
    }
    match call.optional(2).cloned() {
        None => one(product),
        Some(Value::Constant(c)) => {
            let numbers = c.tensor()?.scaled(&beta);
            one(with_constant(call, "bias", &product, &Constant { numbers: Some(numbers), ..c })?)
        }
        Some(Value::Variable(c)) => {
            let c = if beta.is_one() { c } else { times(call, &c, beta)? };
            one(together(call, "add", &[product, c])?)
        }
    }
}

/// Gemm's C as the bias of a dense layer, if it is one number a column.
fn bias(call: &Call<'_, '_>, beta: &Rational, outputs: usize) -> Result<Option<Tensor>, Refusal> {
    let Some(Value::Constant(c)) = call.optional(2) else { return Ok(None) };
    if c.dims.iter().product::<usize>() != outputs || c.dims.last() != Some(&outputs) {
        return Ok(None);
    }
    Ok(Some(c.tensor()?.reshaped(shape_of(&[outputs])?).scaled(beta)))
}

fn fits(found: Option<&usize>, wanted: Option<&usize>) -> Result<(), Refusal> {
    if found.is_some() && found == wanted {
        return Ok(());
    }
    Err(Refusal::damaged(format!("matrices of {found:?} and {wanted:?} entries do not fit each other")))
}

fn flipped(call: &mut Call<'_, '_>, x: &Variable, flip: bool) -> Result<Variable, Refusal> {
    let [rows, columns] = *x.dims.as_slice() else {
        return Err(Refusal::damaged(format!("a matrix is needed, but its input has the axes {:?}", x.dims)));
    };
    if !flip {
        return Ok(x.clone());
    }
    let node = call.builder.permuted(x.node, &[rows, columns], &[1, 0])?;
    Ok(Variable { node, dims: vec![columns, rows] })
}

/// `MatMul`, as NumPy's.
pub fn mat_mul(call: &mut Call<'_, '_>) -> Outcome {
    let (left, right) = (call.input(0)?.clone(), call.input(1)?.clone());
    let (first, last) = (left.dims().len() == 1, right.dims().len() == 1);
    let column = |dims: &[usize]| [dims, &[1]].concat();
    let row = |dims: &[usize]| [&[1], dims].concat();
    let left = if first { with_dims(left, row) } else { left };
    let right = if last { with_dims(right, column) } else { right };
    let flat = |c: &Constant| c.dims.len() >= 2 && c.dims[..c.dims.len() - 2].iter().all(|&n| n == 1);
    let square = |c: &Constant| c.reshaped(c.dims[c.dims.len().saturating_sub(2)..].to_vec());
    let mut product = match (left, right) {
        (Value::Variable(a), Value::Constant(b)) if flat(&b) => {
            let (axis, extra) = (a.dims.len() - 1, b.dims.len().saturating_sub(a.dims.len()));
            let b = square(&b);
            fits(a.dims.last(), b.dims.first())?;
            let mut product = call.builder.along(&a, axis, transposed(matrix(&b)?)?)?;
            product.dims = [vec![1; extra], product.dims].concat();
            product
        }
        (Value::Constant(a), Value::Variable(b)) if flat(&a) => {
            let (axis, extra) = (b.dims.len() - 2, a.dims.len().saturating_sub(b.dims.len()));
            let a = square(&a);
            fits(b.dims.get(axis), a.dims.last())?;
            let mut product = call.builder.along(&b, axis, matrix(&a)?.clone())?;
            product.dims = [vec![1; extra], product.dims].concat();
            product
        }
        (a, b) => {
            let mut value = |value: Value| match value {
                Value::Variable(variable) => Ok(variable),
                Value::Constant(constant) => call.builder.constant(&constant),
            };
            let (a, b) = (value(a)?, value(b)?);
            bilinear(call, &a, &b)?
        }
    };
    if first {
        let at = product.dims.len() - 2;
        product.dims.remove(at);
    }
    if last {
        product.dims.pop();
    }
    one(product)
}

fn with_dims(value: Value, dims: impl Fn(&[usize]) -> Vec<usize>) -> Value {
    match value {
        Value::Variable(v) => Value::Variable(Variable { dims: dims(&v.dims), ..v }),
        Value::Constant(c) => Value::Constant(c.reshaped(dims(&c.dims))),
    }
}

/// The product of two values that are matrices: all products, summed.
fn bilinear(call: &mut Call<'_, '_>, a: &Variable, b: &Variable) -> Result<Variable, Refusal> {
    let ([.., m, k], [.., other, n]) = (a.dims.as_slice(), b.dims.as_slice()) else {
        return Err(Refusal::damaged("its inputs are no matrices"));
    };
    let (m, k, n) = (*m, *k, *n);
    fits(Some(&k), Some(other))?;
    let (outer_a, outer_b) = (&a.dims[..a.dims.len() - 2], &b.dims[..b.dims.len() - 2]);
    let outer = broadcast([outer_a, outer_b])?;
    let left = Variable { node: a.node, dims: [outer_a, &[m, k, 1]].concat() };
    let right = Variable { node: b.node, dims: [outer_b, &[1, k, n]].concat() };
    call.builder.affordable(outer.iter().product::<usize>().saturating_mul(m).saturating_mul(k).saturating_mul(n))?;
    let products = together(call, "multiply", &[left, right])?;
    let axis = products.dims.len() - 2;
    let ones = Tensor::from_integers(shape_of(&[1, k])?, vec![One::one(); k]);
    let mut sum = call.builder.along(&products, axis, ones)?;
    sum.dims.remove(axis);
    Ok(sum)
}

/// `BatchNormalization`, at inference.
pub fn batch_normalization(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    call.ignore(&["momentum"]);
    if call.integer("training_mode", 0)? != 0 {
        return Err(Refusal::unsupported("its `training_mode` is not 0: at training it is no function of one input"));
    }
    if call.integer("spatial", 1)? != 1 {
        return Err(Refusal::unsupported("its attribute `spatial` is 0"));
    }
    let eps = call.float("epsilon", 1e-5)?;
    let (&batch, &channels) = match x.dims.as_slice() {
        [batch, channels, ..] => (batch, channels),
        _ => return Err(Refusal::damaged(format!("its input has the axes {:?}, without channels", x.dims))),
    };
    let mut arguments = Arguments::default().with("eps", Argument::Tensor(Tensor::scalar(&eps)));
    for (i, (name, what)) in
        [("gamma", "scale"), ("beta", "bias"), ("mean", "mean"), ("var", "variance")].into_iter().enumerate()
    {
        let numbers = call.needed(i + 1, what)?;
        let numbers = numbers.tensor()?;
        if numbers.len() != channels {
            return Err(Refusal::damaged(format!("its {what} has {} numbers for {channels} channels", numbers.len())));
        }
        // The batch is more channels.
        let repeated = numbers.gather(shape_of(&[batch * channels])?, |i| Some(i % channels));
        arguments = arguments.with(name, Argument::Tensor(repeated));
    }
    let axes = if batch == 1 { natural(&x.dims) } else { [&[batch * channels], &x.dims[2..]].concat() };
    let node = call.builder.view(x.node, &axes)?;
    let node = call.builder.layer("batchnorm", arguments, &[node])?;
    one(Variable { node, dims: x.dims })
}
