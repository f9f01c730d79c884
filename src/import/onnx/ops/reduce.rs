//! Means, sums and maxima over axes.

use num_traits::One;

use super::{one, spatial};
use crate::algebra::{Rational, Tensor};
use crate::import::Refusal;
use crate::import::onnx::call::{Call, Outcome};
use crate::import::onnx::values::{Variable, shape_of};

/// The sum over axes, times a factor, one axis after the other.
fn summed(call: &mut Call<'_, '_>, x: &Variable, axes: &[usize], mean: bool) -> Result<Variable, Refusal> {
    let mut value = x.clone();
    for &axis in axes {
        let length = value.dims[axis];
        let weight = if mean { Rational::new(One::one(), length.into()) } else { Rational::one() };
        value = call.builder.along(&value, axis, Tensor::constant(shape_of(&[1, length])?, &weight))?;
    }
    Ok(value)
}

/// `ReduceMean` and `ReduceSum`.
pub fn reduce(call: &mut Call<'_, '_>, mean: bool) -> Outcome {
    let x = call.variable(0)?;
    let rank = x.dims.len();
    let keep = call.integer("keepdims", 1)? != 0;
    let nothing = call.integer("noop_with_empty_axes", 0)? != 0;
    let axes = call.axes(1, rank)?.unwrap_or_default();
    let axes = match (axes.is_empty(), nothing) {
        (true, true) => return one(x),
        (true, false) => (0..rank).collect(),
        (false, _) => axes,
    };
    let mut value = match spatial(&x.dims) {
        // The usual end of a convolutional network.
        Ok(image) if mean && x.dims[0] == 1 && image.len() <= 3 && axes.iter().copied().eq(2..rank) => {
            pooled(call, &x, "global_avgpool")?
        }
        _ => summed(call, &x, &axes, mean)?,
    };
    if !keep {
        let kept = value.dims.iter().enumerate().filter(|(a, _)| !axes.contains(a)).map(|(_, &n)| n);
        value.dims = kept.collect();
    }
    one(value)
}

fn pooled(call: &mut Call<'_, '_>, x: &Variable, kind: &str) -> Result<Variable, Refusal> {
    let image = spatial(&x.dims)?;
    let (batch, channels) = (x.dims[0], x.dims[1]);
    let node = call.builder.view(x.node, &[&[batch * channels], image].concat())?;
    let node = call.builder.plain(kind, &[node])?;
    Ok(Variable { node, dims: [vec![batch, channels], vec![1; image.len()]].concat() })
}

/// `GlobalAveragePool`.
pub fn global_average_pool(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    one(pooled(call, &x, "global_avgpool")?)
}

/// `GlobalMaxPool`.
pub fn global_max_pool(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    one(pooled(call, &x, "global_maxpool")?)
}

/// `GlobalLpPool` for p = 1.
pub fn global_lp_pool(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    if call.integer("p", 2)? != 1 {
        return Err(Refusal::unsupported("its `p` is not 1, so it takes a root, which is not exact"));
    }
    let axes: Vec<usize> = (2..x.dims.len()).collect();
    let node = call.builder.plain("abs", &[x.node])?;
    one(summed(call, &Variable { node, dims: x.dims }, &axes, false)?)
}
