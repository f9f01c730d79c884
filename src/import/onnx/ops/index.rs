//! Operators that pick, repeat, join and surround entries.

use num_traits::Zero;

use super::elementwise::broadcast;
use super::one;
use crate::algebra::Rational;
use crate::import::Refusal;
use crate::import::onnx::call::{Call, Outcome, place};
use crate::import::onnx::values::{Value, Variable};
use crate::layer::{Arguments, Value as Argument};

fn product(dims: &[usize]) -> usize {
    dims.iter().product()
}

/// `Concat`.
pub fn concat(call: &mut Call<'_, '_>) -> Outcome {
    let values: Vec<Value> = call.inputs.iter().flatten().filter(|v| !v.dims().contains(&0)).cloned().collect();
    let rank = values.first().map_or(0, |v| v.dims().len());
    let axis = call.axis(1, rank)?;
    let mut variables = Vec::new();
    for value in values {
        variables.push(match value {
            Value::Variable(variable) => variable,
            Value::Constant(constant) => call.builder.constant(&constant)?,
        });
    }
    let Some(first) = variables.first().cloned() else { return Err(Refusal::damaged("it joins nothing")) };
    let fits = |v: &Variable| v.dims.len() == rank && (0..rank).all(|a| a == axis || v.dims[a] == first.dims[a]);
    if !variables.iter().all(fits) {
        return Err(Refusal::damaged("the values that it joins differ in other axes too"));
    }
    let mut dims = first.dims.clone();
    dims[axis] = variables.iter().map(|v| v.dims[axis]).sum();
    if let [only] = variables.as_slice() {
        return one(only.clone());
    }
    let (outer, inner) = (product(&dims[..axis]), dims[axis + 1..].to_vec());
    let mut nodes = Vec::new();
    for value in &variables {
        let length = value.dims[axis];
        let node = call.builder.permuted(value.node, &[outer, length, product(&inner)], &[1, 0, 2])?;
        let axes =
            if outer == 1 { [&[length], inner.as_slice()].concat() } else { vec![length, outer * product(&inner)] };
        nodes.push(call.builder.view(node, &axes)?);
    }
    let node = call.builder.plain("concat", &nodes)?;
    let node = call.builder.permuted(node, &[dims[axis], outer, product(&inner)], &[1, 0, 2])?;
    one(Variable { node, dims })
}

/// `Split`.
pub fn split(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    let axis = call.axis(0, x.dims.len())?;
    let length = x.dims[axis];
    let given = match call.lengths("split")? {
        Some(list) => Some(list),
        None => match call.known(1, "split")? {
            Some(constant) => {
                Some(constant.to_integers()?.into_iter().filter_map(|n| usize::try_from(n).ok()).collect())
            }
            None => None,
        },
    };
    let parts = match usize::try_from(call.integer("num_outputs", 0)?).unwrap_or(0) {
        0 => call.node.outputs.len().max(1),
        parts => parts,
    };
    // Equal parts, of which the last may be smaller.
    let part = length.div_ceil(parts);
    let sizes = given.unwrap_or_else(|| (0..parts).map(|i| part.min(length.saturating_sub(i * part))).collect());
    if sizes.contains(&0) {
        return Err(Refusal::unsupported("it gives a value without entries"));
    }
    if sizes.iter().fold(0, |n: usize, &s| n.saturating_add(s)) != length {
        return Err(Refusal::damaged(format!("the parts {sizes:?} are not {length} together")));
    }
    let mut start = 0;
    let mut outputs = Vec::new();
    for size in sizes {
        let places: Vec<usize> = (start..start + size).collect();
        outputs.push(Value::Variable(call.builder.take(&x, axis, &places)?));
        start += size;
    }
    Ok(outputs)
}

/// `Slice`.
pub fn slice(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    let list = |call: &Call<'_, '_>, name: &str, input: usize| match call.integers(name)? {
        Some(list) => Ok(Some(list)),
        None => call.known(input, name)?.map(|c| c.to_integers()).transpose(),
    };
    let missing = || Refusal::damaged("its starts or ends are missing");
    let starts = list(call, "starts", 1)?.ok_or_else(missing)?;
    let ends = list(call, "ends", 2)?.ok_or_else(missing)?;
    let axes = list(call, "axes", 3)?.unwrap_or_else(|| (0..).take(starts.len()).collect());
    let steps = call.known(4, "steps")?.map(|c| c.to_integers()).transpose()?.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        return Err(Refusal::damaged("its starts, ends, axes and steps are not equally many"));
    }
    let mut value = x;
    for (i, &axis) in axes.iter().enumerate() {
        let axis = place(axis, value.dims.len())?;
        let places = range(starts[i], ends[i], steps[i], value.dims[axis])?;
        if places.is_empty() {
            return Err(Refusal::unsupported("it gives a value without entries"));
        }
        value = call.builder.take(&value, axis, &places)?;
    }
    one(value)
}

/// The places of a slice, clamped as NumPy's.
fn range(start: i64, end: i64, step: i64, length: usize) -> Result<Vec<usize>, Refusal> {
    let n = i64::try_from(length).map_err(|_| Refusal::damaged("an axis is too long"))?;
    let from_end = |i: i64| if i < 0 { i.saturating_add(n) } else { i };
    let (mut at, end) = match step {
        0 => return Err(Refusal::damaged("its step is 0")),
        1.. => (from_end(start).clamp(0, n), from_end(end).clamp(0, n)),
        _ => (from_end(start).clamp(-1, n - 1), from_end(end).clamp(-1, n - 1)),
    };
    let mut places = Vec::new();
    while if step > 0 { at < end } else { at > end } {
        places.extend(usize::try_from(at));
        at = at.saturating_add(step);
    }
    Ok(places)
}

/// `Gather` at places that are known.
pub fn gather(call: &mut Call<'_, '_>) -> Outcome {
    let (x, indices) = (call.variable(0)?, call.needed(1, "indices")?);
    let axis = call.axis(0, x.dims.len())?;
    let places: Vec<usize> =
        indices.to_integers()?.into_iter().map(|i| place(i, x.dims[axis])).collect::<Result<_, _>>()?;
    if places.is_empty() {
        return Err(Refusal::unsupported("it gives a value without entries"));
    }
    let mut value = call.builder.take(&x, axis, &places)?;
    value.dims.splice(axis..=axis, indices.dims.iter().copied());
    one(value)
}

/// `Expand`.
pub fn expand(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    let wanted = call.needed(1, "shape")?.to_integers()?;
    let wanted: Vec<usize> = wanted.into_iter().filter_map(|n| usize::try_from(n).ok()).collect();
    let dims = broadcast([x.dims.as_slice(), wanted.as_slice()])?;
    call.builder.affordable(dims.iter().fold(1, |n, &d| n.saturating_mul(d)))?;
    one(call.builder.expand(&x, &dims)?)
}

/// `Tile`.
pub fn tile(call: &mut Call<'_, '_>) -> Outcome {
    let mut value = call.variable(0)?;
    let repeats = call.needed(1, "repeats")?.to_integers()?;
    if repeats.len() != value.dims.len() {
        return Err(Refusal::damaged("its repeats are not one for each axis"));
    }
    for (axis, &count) in repeats.iter().enumerate() {
        let count = usize::try_from(count).ok().filter(|&n| n > 0);
        let count = count.ok_or_else(|| Refusal::unsupported("it repeats an axis less than once"))?;
        let length = value.dims[axis];
        call.builder.affordable(product(&value.dims).saturating_mul(count))?;
        let places: Vec<usize> = (0..count).flat_map(|_| 0..length).collect();
        value = call.builder.take(&value, axis, &places)?;
    }
    one(value)
}

/// `Pad`, axis by axis; negative amounts cut entries off.
pub fn pad(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    let mode = match call.word("mode", "constant")? {
        "constant" => "zero",
        "reflect" => "reflect",
        "edge" => "replicate",
        "wrap" => "circular",
        other => return Err(Refusal::damaged(format!("its `mode` is `{other}`"))),
    };
    let pads = match call.integers("pads")? {
        Some(pads) => pads,
        None => call.needed(1, "pads")?.to_integers()?,
    };
    let value = match (call.has("value"), call.known(2, "value")?) {
        (true, _) => call.float("value", 0.0)?,
        (false, Some(constant)) if constant.numbers.is_some() => constant.scalar()?,
        _ => Rational::zero(),
    };
    let rank = x.dims.len();
    let axes = match call.known(3, "axes")? {
        Some(axes) => axes.to_integers()?.into_iter().map(|a| place(a, rank)).collect::<Result<Vec<_>, _>>()?,
        None => (0..rank).collect(),
    };
    if pads.len() != 2 * axes.len() {
        return Err(Refusal::damaged("its pads are not two for each axis"));
    }
    let (mut before, mut after) = (vec![0; rank], vec![0; rank]);
    for (i, &axis) in axes.iter().enumerate() {
        (before[axis], after[axis]) = (pads[i], pads[axes.len() + i]);
    }
    let mut cropped = x;
    for axis in 0..rank {
        let cut = |n: i64| usize::try_from(n.min(0).unsigned_abs()).unwrap_or(usize::MAX);
        let length = cropped.dims[axis];
        let places: Vec<usize> = (cut(before[axis])..length.saturating_sub(cut(after[axis]))).collect();
        if places.is_empty() {
            return Err(Refusal::unsupported("its negative pads leave nothing"));
        }
        cropped = call.builder.take(&cropped, axis, &places)?;
    }
    let amount = |n: i64| usize::try_from(n.max(0)).unwrap_or(usize::MAX);
    let (before, after): (Vec<usize>, Vec<usize>) =
        (before.into_iter().map(amount).collect(), after.into_iter().map(amount).collect());
    surround(call, cropped, &before, &after, mode, &value)
}

/// A border around axes: all at once around images, else axis by axis.
fn surround(
    call: &mut Call<'_, '_>,
    x: Variable,
    before: &[usize],
    after: &[usize],
    mode: &str,
    value: &Rational,
) -> Outcome {
    let rank = x.dims.len();
    let lengths = (0..rank).map(|a| x.dims[a].saturating_add(before[a]).saturating_add(after[a]));
    let dims: Vec<usize> = lengths.collect();
    call.builder.affordable(dims.iter().fold(1, |n, &d| n.saturating_mul(d)))?;
    let arguments = |list: Vec<usize>| {
        let arguments =
            Arguments::default().with("pad", Argument::List(list)).with("mode", Argument::Word(mode.into()));
        if mode == "zero" {
            arguments.with("value", Argument::Tensor(crate::algebra::Tensor::scalar(value)))
        } else {
            arguments
        }
    };
    let padded: Vec<usize> = (0..rank).filter(|&a| before[a] + after[a] > 0).collect();
    let Some(&first) = padded.first() else { return one(x) };
    if first > 0 && rank - first <= 3 {
        let axes = [&[product(&x.dims[..first])], &x.dims[first..]].concat();
        let node = call.builder.view(x.node, &axes)?;
        let node = call.builder.layer("pad", arguments([&before[first..], &after[first..]].concat()), &[node])?;
        return one(Variable { node, dims });
    }
    let mut value = x;
    for axis in padded {
        let (outer, inner) = (product(&value.dims[..axis]), product(&value.dims[axis + 1..]));
        let node = call.builder.view(value.node, &[outer, value.dims[axis], inner])?;
        let node = call.builder.layer("pad", arguments(vec![before[axis], 0, after[axis], 0]), &[node])?;
        value.dims[axis] = dims[axis];
        value.node = node;
    }
    one(value)
}
