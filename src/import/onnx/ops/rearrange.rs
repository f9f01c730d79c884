//! Operators that keep the entries and change their order or axes, and constants.

use super::one;
use crate::algebra::{Shape, Tensor};
use crate::import::Refusal;
use crate::import::onnx::call::{Call, Outcome, place};
use crate::import::onnx::values::{Constant, Value, Variable, is_float, type_name};

fn lengths(list: Vec<i64>, what: &str) -> Result<Vec<usize>, Refusal> {
    let list: Option<Vec<usize>> = list.into_iter().map(|n| usize::try_from(n).ok()).collect();
    list.ok_or_else(|| Refusal::damaged(format!("its {what} has a negative number")))
}

fn product(dims: &[usize]) -> usize {
    dims.iter().fold(1, |n, &d| n.saturating_mul(d))
}

/// The same entries with other axes.
fn renamed(x: Variable, dims: Vec<usize>) -> Outcome {
    if product(&dims) != product(&x.dims) {
        return Err(Refusal::damaged(format!("{:?} cannot be reshaped to {dims:?}", x.dims)));
    }
    one(Variable { node: x.node, dims })
}

/// `Reshape`.
pub fn reshape(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    let keep_zeros = call.integer("allowzero", 0)? != 0;
    let wanted = match call.integers("shape")? {
        Some(list) => list,
        None => call.needed(1, "shape")?.to_integers()?,
    };
    let mut dims = Vec::new();
    for (i, &n) in wanted.iter().enumerate() {
        dims.push(match n {
            -1 => 1,
            0 if !keep_zeros => {
                *x.dims.get(i).ok_or_else(|| Refusal::damaged("its shape copies an axis that is not there"))?
            }
            n => usize::try_from(n).map_err(|_| Refusal::damaged(format!("its shape {wanted:?} is none")))?,
        });
    }
    match wanted.iter().filter(|&&n| n == -1).count() {
        0 => {}
        1 => {
            let (known, open) = (product(&dims), wanted.iter().position(|&n| n == -1).unwrap_or(0));
            if known == 0 || !product(&x.dims).is_multiple_of(known) {
                return Err(Refusal::damaged(format!("{:?} cannot be reshaped to {wanted:?}", x.dims)));
            }
            dims[open] = product(&x.dims) / known;
        }
        _ => return Err(Refusal::damaged(format!("its shape {wanted:?} leaves more than one axis open"))),
    }
    renamed(x, dims)
}

/// `Flatten`.
pub fn flatten(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    // The axis may be the end.
    let axis = place(call.integer("axis", 1)?, x.dims.len() + 1).or_else(|_| call.axis(1, x.dims.len()))?;
    let axis = if call.integer("axis", 1)? < 0 { call.axis(1, x.dims.len())? } else { axis };
    let dims = vec![product(&x.dims[..axis]), product(&x.dims[axis..])];
    renamed(x, dims)
}

/// `Squeeze`.
pub fn squeeze(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    let axes = call.axes(1, x.dims.len())?;
    let gone = |(a, &n): (usize, &usize)| axes.as_ref().map_or(n == 1, |axes| axes.contains(&a));
    let kept = x.dims.iter().enumerate().filter(|&pair| !gone(pair)).map(|(_, &n)| n).collect();
    renamed(x, kept)
}

/// `Unsqueeze`.
pub fn unsqueeze(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    let count = match (call.integers("axes")?, call.known(1, "axes")?) {
        (Some(list), _) => list.len(),
        (None, Some(constant)) => constant.dims.iter().product(),
        (None, None) => return Err(Refusal::damaged("its axes are missing")),
    };
    let axes = call.axes(1, x.dims.len() + count)?.unwrap_or_default();
    let mut own = x.dims.iter();
    let dims: Vec<usize> = (0..x.dims.len() + count)
        .map(|a| if axes.contains(&a) { 1 } else { own.next().copied().unwrap_or(0) })
        .collect();
    renamed(x, dims)
}

/// `Transpose`.
pub fn transpose(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    let rank = x.dims.len();
    let order = call.lengths("perm")?.unwrap_or_else(|| (0..rank).rev().collect());
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..rank) {
        return Err(Refusal::damaged(format!("its `perm` {order:?} is no order of {rank} axes")));
    }
    let node = call.builder.permuted(x.node, &x.dims, &order)?;
    one(Variable { node, dims: order.iter().map(|&a| x.dims[a]).collect() })
}

/// `Identity`.
pub fn identity(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    let node = call.builder.plain("identity", &[x.node])?;
    one(Variable { node, ..x })
}

/// `Dropout`, at inference.
pub fn dropout(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    call.ignore(&["ratio", "seed", "is_test"]);
    if let Some(training) = call.known(2, "training mode")?
        && training.scalar()? != Default::default()
    {
        return Err(Refusal::unsupported("its training mode is on: at training it is no function of its input"));
    }
    let node = call.builder.plain("dropout", &[x.node])?;
    let value = Value::Variable(Variable { node, dims: x.dims.clone() });
    if call.node.outputs.len() < 2 {
        return Ok(vec![value]);
    }
    // The mask at inference: everything is kept.
    let mask = Tensor::from_integers(super::super::values::shape_of(&x.dims)?, vec![1.into(); product(&x.dims)]);
    Ok(vec![value, Value::Constant(Constant::of(mask, x.dims, true))])
}

/// `Cast` of what depends on the input: between floats it is taken as exact.
pub fn cast(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    let to = call.integer("to", 0)?;
    call.ignore(&["saturate", "round_mode"]);
    if !is_float(to) {
        let message = format!("it casts what depends on the input to {}, which rounds", type_name(to));
        return Err(Refusal::unsupported(message));
    }
    let node = call.builder.plain("identity", &[x.node])?;
    one(Variable { node, ..x })
}

/// `Constant`.
pub fn constant(call: &mut Call<'_, '_>) -> Outcome {
    let constant = if let Some(tensor) = call.tensor("value")? {
        tensor
    } else if call.has("value_int") {
        let n = call.integer("value_int", 0)?;
        Constant::of(Tensor::from_integers(Shape::scalar(), vec![n.into()]), Vec::new(), true)
    } else if let Some(list) = call.integers("value_ints")? {
        let shape = super::super::values::shape_of(&[list.len()])?;
        let dims = vec![list.len()];
        Constant::of(Tensor::from_integers(shape, list.into_iter().map(Into::into).collect()), dims, true)
    } else if call.has("value_float") {
        Constant::of(Tensor::scalar(&call.float("value_float", 0.0)?), Vec::new(), false)
    } else if let Some(list) = call.floats("value_floats")? {
        let shape = super::super::values::shape_of(&[list.len()])?;
        Constant::of(Tensor::from_rationals(shape, &list), vec![list.len()], false)
    } else {
        return Err(Refusal::unsupported("its value is no dense tensor of numbers"));
    };
    Ok(vec![Value::Constant(constant)])
}

/// `ConstantOfShape`.
pub fn constant_of_shape(call: &mut Call<'_, '_>) -> Outcome {
    let dims = lengths(call.needed(0, "shape")?.to_integers()?, "shape")?;
    let (value, integer) = match call.tensor("value")? {
        Some(constant) => (constant.scalar()?, constant.integer),
        None => (Default::default(), false),
    };
    if dims.contains(&0) {
        return Ok(vec![Value::Constant(Constant { dims, numbers: None, integer })]);
    }
    let shape = super::super::values::shape_of(&dims)?;
    call.builder.affordable(shape.elements())?;
    Ok(vec![Value::Constant(Constant::of(Tensor::constant(shape, &value), dims, integer))])
}

/// `Shape`: known, because the input's axes are.
pub fn shape(call: &mut Call<'_, '_>) -> Outcome {
    let dims = call.input(0)?.dims().to_vec();
    let rank = i64::try_from(dims.len()).unwrap_or(i64::MAX);
    let clamped = |n: i64| usize::try_from(if n < 0 { n.saturating_add(rank) } else { n }.clamp(0, rank)).unwrap_or(0);
    let (start, end) = (clamped(call.integer("start", 0)?), clamped(call.integer("end", rank)?));
    Ok(vec![Value::Constant(Constant::integers(dims.get(start..end).unwrap_or_default()))])
}

/// `Size`.
pub fn size(call: &mut Call<'_, '_>) -> Outcome {
    let size = Constant::integers(&[product(call.input(0)?.dims())]);
    Ok(vec![Value::Constant(size.reshaped(Vec::new()))])
}

fn image(call: &Call<'_, '_>) -> Result<(Variable, [usize; 4], usize), Refusal> {
    let x = call.variable(0)?;
    let block = usize::try_from(call.integer("blocksize", 0)?).unwrap_or(0);
    match *x.dims.as_slice() {
        [n, c, h, w] if block > 0 => Ok((x, [n, c, h, w], block)),
        _ => Err(Refusal::damaged("it needs an input of four axes and a `blocksize`")),
    }
}

/// `DepthToSpace`.
pub fn depth_to_space(call: &mut Call<'_, '_>) -> Outcome {
    let (x, [n, c, h, w], b) = image(call)?;
    let Some(square) = b.checked_mul(b).filter(|s| c % s == 0) else {
        return Err(Refusal::damaged(format!("{c} channels are no multiple of the block {b}×{b}")));
    };
    let channels = c / square;
    let (split, order) = match call.word("mode", "DCR")? {
        "DCR" => ([n, b, b, channels, h, w], [0, 3, 4, 1, 5, 2]),
        "CRD" => ([n, channels, b, b, h, w], [0, 1, 4, 2, 5, 3]),
        other => return Err(Refusal::damaged(format!("its `mode` is `{other}`"))),
    };
    let node = call.builder.permuted(x.node, &split, &order)?;
    one(Variable { node, dims: vec![n, channels, h * b, w * b] })
}

/// `SpaceToDepth`.
pub fn space_to_depth(call: &mut Call<'_, '_>) -> Outcome {
    let (x, [n, c, h, w], b) = image(call)?;
    if h % b != 0 || w % b != 0 {
        return Err(Refusal::damaged(format!("an image {h}×{w} is no multiple of the block {b}×{b}")));
    }
    let (split, order) = match call.word("mode", "DCR")? {
        "DCR" => ([n, c, h / b, b, w / b, b], [0, 3, 5, 1, 2, 4]),
        "CRD" => ([n, c, h / b, b, w / b, b], [0, 1, 3, 5, 2, 4]),
        other => return Err(Refusal::damaged(format!("its `mode` is `{other}`"))),
    };
    let node = call.builder.permuted(x.node, &split, &order)?;
    one(Variable { node, dims: vec![n, c * b * b, h / b, w / b] })
}
