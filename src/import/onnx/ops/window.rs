//! Convolutions and pools.

use num_traits::One;

use super::{one, spatial};
use crate::algebra::{Integer, Rational, Tensor};
use crate::import::Refusal;
use crate::import::onnx::call::{Call, Outcome};
use crate::import::onnx::values::{Variable, shape_of};
use crate::layer::{Arguments, Value as Argument};
use crate::network::NodeId;

/// Where a window looks; one entry a spatial axis everywhere.
struct Frame {
    input: Vec<usize>,
    size: Vec<usize>,
    stride: Vec<usize>,
    dilation: Vec<usize>,
    before: Vec<usize>,
    after: Vec<usize>,
}

/// The most that any of these numbers may be: sums and products of two stay far from overflow.
const MOST: usize = 1 << 24;

impl Frame {
    /// Reads `strides`, `dilations`, `pads` and `auto_pad`.
    fn read(call: &Call<'_, '_>, input: &[usize], size: Vec<usize>) -> Result<Frame, Refusal> {
        let axes = input.len();
        let list = |name: &str, default: usize| match call.lengths(name)? {
            None => Ok(vec![default; axes]),
            Some(list) if list.len() == axes => Ok(list),
            Some(list) => Err(Refusal::damaged(format!("its `{name}` has {} numbers for {axes} axes", list.len()))),
        };
        let (stride, dilation) = (list("strides", 1)?, list("dilations", 1)?);
        let pads = match call.integers("pads")? {
            Some(pads) if pads.iter().any(|&p| p < 0) => return Err(Refusal::unsupported("its `pads` are negative")),
            _ => call.lengths("pads")?,
        };
        if size.len() != axes || pads.as_ref().is_some_and(|p| p.len() != 2 * axes) {
            return Err(Refusal::damaged(format!("its window or `pads` do not have {axes} axes")));
        }
        let numbers = [&size, &stride, &dilation].into_iter().flatten();
        if numbers.clone().any(|&n| n == 0) || numbers.chain(pads.iter().flatten()).any(|&n| n > MOST) {
            return Err(Refusal::damaged("its window, strides, dilations or pads are 0 or too large"));
        }
        let mut frame =
            Frame { input: input.to_vec(), size, stride, dilation, before: vec![0; axes], after: vec![0; axes] };
        match call.word("auto_pad", "NOTSET")? {
            "" | "NOTSET" => {
                if let Some(pads) = pads {
                    (frame.before, frame.after) = (pads[..axes].to_vec(), pads[axes..].to_vec());
                }
            }
            "VALID" => {}
            word @ ("SAME_UPPER" | "SAME_LOWER") => {
                for (a, &length) in input.iter().enumerate() {
                    let total = ((length.div_ceil(frame.stride[a]) - 1) * frame.stride[a] + frame.reach(a))
                        .saturating_sub(length);
                    let (less, more) = (total / 2, total - total / 2);
                    (frame.before[a], frame.after[a]) = if word == "SAME_UPPER" { (less, more) } else { (more, less) };
                }
            }
            other => return Err(Refusal::damaged(format!("its `auto_pad` is `{other}`"))),
        }
        Ok(frame)
    }

    /// The extent of a window.
    fn reach(&self, a: usize) -> usize {
        self.dilation[a] * (self.size[a] - 1) + 1
    }

    /// The extent of the output; with `ceil`, windows that only begin inside count too.
    fn output(&self, a: usize, ceil: bool) -> Result<usize, Refusal> {
        let (padded, reach) = (self.input[a] + self.before[a] + self.after[a], self.reach(a));
        let Some(rest) = padded.checked_sub(reach) else {
            return Err(Refusal::damaged(format!("a window of extent {reach} does not fit into {padded} entries")));
        };
        if !ceil {
            return Ok(rest / self.stride[a] + 1);
        }
        let windows = rest.div_ceil(self.stride[a]) + 1;
        // A window that begins in the padding after the image is none.
        let late = (windows - 1) * self.stride[a] >= self.input[a] + self.before[a];
        Ok(if late { windows - 1 } else { windows })
    }

    fn arguments(&self) -> Arguments {
        Arguments::default()
            .with("stride", Argument::Integers(self.stride.clone()))
            .with("pad", Argument::List([self.before.clone(), self.after.clone()].concat()))
    }

    /// The inputs that output o of an axis reads.
    fn inside(&self, a: usize, o: usize) -> impl Iterator<Item = usize> {
        let (stride, dilation, before, length) = (self.stride[a], self.dilation[a], self.before[a], self.input[a]);
        (0..self.size[a])
            .filter_map(move |k| (o * stride + k * dilation).checked_sub(before))
            .filter(move |&i| i < length)
    }

    /// The taps of output o that lie in the image or its padding.
    fn padded(&self, a: usize, o: usize) -> usize {
        let end = self.input[a] + self.before[a] + self.after[a];
        (0..self.size[a]).filter(|k| o * self.stride[a] + k * self.dilation[a] < end).count()
    }
}

/// A value of images, the batch as more channels.
fn images(call: &mut Call<'_, '_>, x: &Variable) -> Result<NodeId, Refusal> {
    let axes = [&[x.dims[0] * x.dims[1]], &x.dims[2..]].concat();
    call.builder.view(x.node, &axes)
}

/// `Conv`.
pub fn conv(call: &mut Call<'_, '_>) -> Outcome {
    let (x, kernel) = (call.variable(0)?, call.needed(1, "kernel")?);
    let bias = call.known(2, "bias")?;
    let axes = spatial(&x.dims)?.to_vec();
    let size = kernel.dims.get(2..).unwrap_or_default().to_vec();
    if call.lengths("kernel_shape")?.is_some_and(|given| given != size) {
        return Err(Refusal::damaged(format!("its `kernel_shape` is not that of its kernel, {:?}", kernel.dims)));
    }
    let frame = Frame::read(call, &axes, size)?;
    let groups = group(call)?;
    let batch = x.dims[0];
    let mut arguments = frame
        .arguments()
        .with("dilation", Argument::Integers(frame.dilation.clone()))
        .with("groups", Argument::Integers(vec![groups * batch]))
        .with("kernel", Argument::Tensor(repeated(call, kernel.tensor()?, batch)?));
    if let Some(bias) = bias {
        arguments = arguments.with("bias", Argument::Tensor(repeated(call, bias.tensor()?, batch)?));
    }
    let node = images(call, &x)?;
    let node = call.builder.layer("conv", arguments, &[node])?;
    let output = call.builder.nodes[node].shape.spatial().to_vec();
    one(Variable { node, dims: [vec![batch, kernel.dims[0]], output].concat() })
}

/// A batch is more groups with the same kernel and bias.
fn repeated(call: &Call<'_, '_>, tensor: &Tensor, batch: usize) -> Result<Tensor, Refusal> {
    if batch == 1 {
        return Ok(tensor.clone());
    }
    call.builder.affordable(batch.saturating_mul(tensor.len()))?;
    let dims = [&[tensor.shape().channels() * batch], tensor.shape().spatial()].concat();
    Ok(tensor.gather(shape_of(&dims)?, |i| Some(i % tensor.len())))
}

fn group(call: &Call<'_, '_>) -> Result<usize, Refusal> {
    let groups = call.integer("group", 1)?;
    let groups = usize::try_from(groups).ok().filter(|g| (1..=MOST).contains(g));
    groups.ok_or_else(|| Refusal::damaged("its `group` is not a number of groups"))
}

/// `ConvTranspose`.
pub fn conv_transpose(call: &mut Call<'_, '_>) -> Outcome {
    let (x, kernel) = (call.variable(0)?, call.needed(1, "kernel")?);
    let bias = call.known(2, "bias")?;
    let axes = spatial(&x.dims)?.to_vec();
    let size = kernel.dims.get(2..).unwrap_or_default().to_vec();
    if call.lengths("kernel_shape")?.is_some_and(|given| given != size) {
        return Err(Refusal::damaged(format!("its `kernel_shape` is not that of its kernel, {:?}", kernel.dims)));
    }
    let mut frame = Frame::read(call, &axes, size)?;
    let groups = group(call)?;
    let mut extra = call.lengths("output_padding")?.unwrap_or_else(|| vec![0; axes.len()]);
    let auto = call.word("auto_pad", "NOTSET")?;
    let wanted = match call.lengths("output_shape")? {
        // Older exporters write all axes.
        Some(shape) => Some(shape[shape.len().saturating_sub(axes.len())..].to_vec()),
        None if auto.starts_with("SAME") => Some(axes.iter().zip(&frame.stride).map(|(n, s)| n * s).collect()),
        None => None,
    };
    if extra.len() != axes.len() || wanted.as_ref().is_some_and(|w: &Vec<usize>| w.len() != axes.len()) {
        return Err(Refusal::damaged("its `output_padding` or `output_shape` has another number of axes"));
    }
    for (a, &wanted) in wanted.iter().flatten().enumerate() {
        let full = frame.stride[a] * (axes[a] - 1) + extra[a] + frame.reach(a);
        extra[a] += wanted.saturating_sub(full);
        let total = full.saturating_sub(wanted);
        let (less, more) = (total / 2, total - total / 2);
        (frame.before[a], frame.after[a]) = if auto == "SAME_UPPER" { (less, more) } else { (more, less) };
    }
    let mut arguments = frame
        .arguments()
        .with("dilation", Argument::Integers(frame.dilation.clone()))
        .with("output_pad", Argument::Integers(extra))
        .with("groups", Argument::Integers(vec![groups * x.dims[0]]))
        .with("kernel", Argument::Tensor(repeated(call, kernel.tensor()?, x.dims[0])?));
    if let Some(bias) = bias {
        arguments = arguments.with("bias", Argument::Tensor(repeated(call, bias.tensor()?, x.dims[0])?));
    }
    let node = images(call, &x)?;
    let node = call.builder.layer("conv_transpose", arguments, &[node])?;
    let output = call.builder.nodes[node].shape.spatial().to_vec();
    let channels = call.builder.nodes[node].shape.channels() / x.dims[0];
    one(Variable { node, dims: [vec![x.dims[0], channels], output].concat() })
}

fn pool_frame(call: &mut Call<'_, '_>) -> Result<(Variable, Frame, Vec<usize>), Refusal> {
    let x = call.variable(0)?;
    let axes = spatial(&x.dims)?.to_vec();
    let size = call.lengths("kernel_shape")?.ok_or_else(|| Refusal::damaged("its `kernel_shape` is missing"))?;
    let frame = Frame::read(call, &axes, size)?;
    let ceil = call.integer("ceil_mode", 0)? != 0;
    let output = (0..axes.len()).map(|a| frame.output(a, ceil)).collect::<Result<_, _>>()?;
    Ok((x, frame, output))
}

/// `MaxPool`.
pub fn max_pool(call: &mut Call<'_, '_>) -> Outcome {
    let (x, mut frame, output) = pool_frame(call)?;
    call.ignore(&["storage_order"]);
    if call.node.outputs.len() > 1 && call.node.outputs.get(1).is_some_and(|o| !o.is_empty()) {
        return Err(Refusal::unsupported("its second output, the places of the maxima, is not supported"));
    }
    // Padding never wins: as much of it as the last window reads, also with `ceil_mode`.
    for (a, &windows) in output.iter().enumerate() {
        let needed = (windows - 1) * frame.stride[a] + frame.reach(a);
        frame.after[a] = needed.saturating_sub(frame.input[a] + frame.before[a]);
    }
    let arguments = frame
        .arguments()
        .with("dilation", Argument::Integers(frame.dilation.clone()))
        .with("window", Argument::Integers(frame.size.clone()));
    let node = images(call, &x)?;
    let node = call.builder.max_pool(&arguments, node)?;
    one(Variable { node, dims: [vec![x.dims[0], x.dims[1]], output].concat() })
}

/// `AveragePool`.
pub fn average_pool(call: &mut Call<'_, '_>) -> Outcome {
    let (x, frame, output) = pool_frame(call)?;
    let count_pad = call.integer("count_include_pad", 0)? != 0;
    let divisor = if count_pad { Divisor::Padded } else { Divisor::Inside };
    one(sums(call, &x, &frame, output, divisor)?)
}

/// `LpPool` for p = 1: the sum of absolute values; other powers need roots.
pub fn lp_pool(call: &mut Call<'_, '_>) -> Outcome {
    let (x, frame, output) = pool_frame(call)?;
    if call.integer("p", 2)? != 1 {
        let message = "its `p` is not 1, so it takes a root, which is not exact";
        return Err(Refusal::unsupported(message));
    }
    let node = images(call, &x)?;
    let node = call.builder.plain("abs", &[node])?;
    one(sums(call, &Variable { node, dims: x.dims }, &frame, output, Divisor::One)?)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Divisor {
    One,
    Inside,
    Padded,
}

/// Sums over windows, divided: a pool of the language, or else one matrix an axis, for the numbers
/// of entries in a box are products of those in its sides.
fn sums(
    call: &mut Call<'_, '_>,
    x: &Variable,
    frame: &Frame,
    output: Vec<usize>,
    divisor: Divisor,
) -> Result<Variable, Refusal> {
    let dims = [vec![x.dims[0], x.dims[1]], output.clone()].concat();
    let floor = (0..output.len()).all(|a| frame.output(a, false).is_ok_and(|n| n == output[a]));
    if floor && frame.dilation.iter().all(|&d| d == 1) {
        let arguments = frame.arguments().with("window", Argument::Integers(frame.size.clone()));
        let word = if divisor == Divisor::Padded { "yes" } else { "no" };
        let (kind, arguments) = match divisor {
            Divisor::One => ("sumpool", arguments),
            _ => ("avgpool", arguments.with("count_pad", Argument::Word(word.into()))),
        };
        let node = images(call, x)?;
        if let Ok(node) = call.builder.layer(kind, arguments, &[node]) {
            return Ok(Variable { node, dims });
        }
    }
    let mut value = x.clone();
    for (a, &windows) in output.iter().enumerate() {
        call.builder.affordable(windows.saturating_mul(frame.input[a]))?;
        let mut rows = vec![Rational::default(); windows * frame.input[a]];
        for o in 0..windows {
            let count = match divisor {
                Divisor::One => 1,
                Divisor::Inside => frame.inside(a, o).count(),
                Divisor::Padded => frame.padded(a, o),
            };
            if count == 0 {
                return Err(Refusal::unsupported("a window lies wholly in the padding, so its mean is 0/0"));
            }
            for i in frame.inside(a, o) {
                rows[o * frame.input[a] + i] += Rational::new(One::one(), Integer::from(count));
            }
        }
        let matrix = Tensor::from_rationals(shape_of(&[windows, frame.input[a]])?, &rows);
        value = call.builder.along(&value, a + 2, matrix)?;
    }
    Ok(value)
}
