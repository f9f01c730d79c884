//! The rules of `conv`, `depthwise` and `conv_transpose`: their arguments, and the shapes that follow.

use std::sync::Arc;

use super::Conv;
use crate::algebra::{Integer, Polynomial, Shape, Tensor};
use crate::layer::window::{MODES, Window, by, image, pad_mode, spatial, two_sided};
use crate::layer::{Arguments, Kind, Layer, Misuse, Parameter, Signature, Values, Weights};
use crate::toeplitz::PadMode;

const fn parameter(name: &'static str, kind: Kind, required: bool) -> Parameter {
    Parameter { name, kind, required }
}

/// The rule of `conv`.
pub const CONV: Signature = Signature {
    name: "conv",
    summary: "Convolution as deep-learning frameworks define it (cross-correlation, no flip), in 1, 2 or 3 dimensions; \
        the kernel is `O x I/g x K...`, or a bare `K`, `KxK`, `KxKxK` for one channel.",
    formula: "y_{o,p} = b_o + \\sum_{c,k} K_{o,c,k} \\cdot x_{c, p \\cdot stride + k \\cdot dilation - pad}",
    linear: "Linear without a bias, affine with one: every output is a fixed weighted sum of inputs.",
    onnx: "Conv",
    parameters: &[
        parameter("kernel", Kind::Tensor, true),
        parameter("bias", Kind::TensorOrNone, false),
        parameter("stride", Kind::PerAxis, false),
        parameter("pad", Kind::Padding, false),
        parameter("dilation", Kind::PerAxis, false),
        parameter("groups", Kind::Count, false),
        parameter("pad_mode", Kind::Word(MODES), false),
    ],
    values: Values::None,
    build: |arguments, inputs| match arguments.is_symbolic() {
        false => Ok(Layer::Affine(Arc::new(conv::<Integer>(arguments, inputs[0])?))),
        true => Ok(Layer::Symbolic(Arc::new(conv::<Polynomial>(arguments, inputs[0])?))),
    },
};

/// The rule of `depthwise`.
pub const DEPTHWISE: Signature = Signature {
    name: "depthwise",
    summary: "A convolution of each channel by itself; the kernel is `C x K...`, one window a channel, or `mC x K...` for m \
        outputs a channel, consecutive (PyTorch's groups = C); `mC x 1 x K...` is the same.",
    formula: "y_{o,p} = b_o + \\sum_{k} K_{o,k} \\cdot x_{\\lfloor o/m \\rfloor, p \\cdot stride + k \\cdot dilation - pad}",
    linear: "Linear without a bias, affine with one: it is a convolution.",
    onnx: "Conv",
    parameters: &[
        parameter("kernel", Kind::Tensor, true),
        parameter("bias", Kind::TensorOrNone, false),
        parameter("stride", Kind::PerAxis, false),
        parameter("pad", Kind::Padding, false),
        parameter("dilation", Kind::PerAxis, false),
        parameter("pad_mode", Kind::Word(MODES), false),
    ],
    values: Values::None,
    build: |arguments, inputs| match arguments.is_symbolic() {
        false => Ok(Layer::Affine(Arc::new(depthwise::<Integer>(arguments, inputs[0])?))),
        true => Ok(Layer::Symbolic(Arc::new(depthwise::<Polynomial>(arguments, inputs[0])?))),
    },
};

/// The rule of `conv_transpose`.
pub const CONV_TRANSPOSE: Signature = Signature {
    name: "conv_transpose",
    summary: "The transpose of a convolution's matrix (PyTorch's layout: the kernel is `I x O/g x K...`); `output_pad` adds \
        rows and columns at the end.",
    formula: "y_{o, i \\cdot stride + k \\cdot dilation - pad} = b_o + \\sum_{c,i,k} K_{c,o,k} \\cdot x_{c,i}",
    linear: "Linear without a bias, affine with one: its matrix is the transpose of a convolution's.",
    onnx: "ConvTranspose",
    parameters: &[
        parameter("kernel", Kind::Tensor, true),
        parameter("bias", Kind::TensorOrNone, false),
        parameter("stride", Kind::PerAxis, false),
        parameter("pad", Kind::Padding, false),
        parameter("output_pad", Kind::PerAxis, false),
        parameter("dilation", Kind::PerAxis, false),
        parameter("groups", Kind::Count, false),
    ],
    values: Values::None,
    build: |arguments, inputs| match arguments.is_symbolic() {
        false => Ok(Layer::Affine(Arc::new(conv_transpose::<Integer>(arguments, inputs[0])?))),
        true => Ok(Layer::Symbolic(Arc::new(conv_transpose::<Polynomial>(arguments, inputs[0])?))),
    },
};

/// The kernel with its channel axes: a bare window is one channel to one channel.
fn with_channels<C: Weights>(kind: &str, kernel: &Tensor<C>, input: &Shape, axes: usize) -> Result<Tensor<C>, Misuse> {
    let shape = kernel.shape();
    if shape.rank() == axes + 2 {
        return Ok(kernel.clone());
    }
    if shape.rank() == axes && input.channels() == 1 {
        let full = image(1, &[&[1], shape.axes()].concat())?;
        return Ok(kernel.reshaped(full));
    }
    let (window, bare) = (vec!["K"; axes].join("x"), if input.channels() == 1 { " or a bare window" } else { "" });
    let layout = if kind == "conv_transpose" { "I x O/g x" } else { "O x I/g x" };
    let message = format!("the kernel {shape} does not fit an input {input}: it must be {layout} {window}{bare}");
    let misuse = Misuse::shape(message).at("kernel");
    let one_a_channel = kind == "conv" && shape.rank() == axes + 1 && shape.channels() == input.channels();
    Err(if one_a_channel { misuse.help("one window for each channel is the layer `depthwise`") } else { misuse })
}

fn groups(arguments: &Arguments) -> usize {
    arguments.integers("groups").and_then(|n| n.first().copied()).unwrap_or(1)
}

fn check_bias<C: Weights>(arguments: &Arguments, channels: usize) -> Result<Option<Tensor<C>>, Misuse> {
    let Some(bias) = arguments.weights::<C>("bias") else { return Ok(None) };
    if bias.shape().axes() == [channels] || (channels == 1 && bias.len() == 1) {
        return Ok(Some(bias));
    }
    let message = format!("the bias is {}, but there are {channels} output channels", bias.shape());
    Err(Misuse::shape(message).at("bias").help(format!("give {channels} numbers, one for each output channel")))
}

fn conv<C: Weights>(arguments: &Arguments, input: &Shape) -> Result<Conv<C>, Misuse> {
    let axes = spatial("conv", input)?;
    let given = arguments.weights::<C>("kernel").ok_or_else(|| Misuse::argument("kernel", "the kernel is missing"))?;
    let kernel = with_channels("conv", &given, input, axes.len())?;
    let (groups, channels) = (groups(arguments), input.channels());
    let (outputs, per_group) = (kernel.shape().axes()[0], kernel.shape().axes()[1]);
    if channels % groups != 0 || outputs % groups != 0 {
        let message = format!(
            "{groups} groups do not divide the {channels} channels of the input {input} and the {outputs} of the kernel {} evenly",
            kernel.shape()
        );
        return Err(Misuse::argument("groups", message));
    }
    if per_group * groups != channels {
        let message = format!(
            "the kernel {} reads {} input channels, but the input {input} has {channels}",
            kernel.shape(),
            per_group * groups
        );
        let help = format!("with groups={groups} the kernel's second axis must be {}", channels / groups);
        return Err(Misuse::shape(message).at("kernel").help(help));
    }
    finish("conv", arguments, input, kernel, groups)
}

fn depthwise<C: Weights>(arguments: &Arguments, input: &Shape) -> Result<Conv<C>, Misuse> {
    let axes = spatial("depthwise", input)?;
    let given = arguments.weights::<C>("kernel").ok_or_else(|| Misuse::argument("kernel", "the kernel is missing"))?;
    let (shape, channels) = (given.shape(), input.channels());
    // PyTorch and ONNX write the one channel that each window reads: `mC x 1 x K...`.
    let size = match shape.spatial() {
        [1, size @ ..] if size.len() == axes.len() => size,
        size => size,
    };
    if size.len() != axes.len() || shape.channels() % channels != 0 {
        let window = vec!["K"; axes.len()].join("x");
        let message = format!(
            "the kernel {shape} does not fit an input {input}: it must be {channels}x{window}, one window a channel"
        );
        let help = format!("m outputs a channel are m times {channels} windows; {channels}x1x{window} is accepted too");
        return Err(Misuse::shape(message).at("kernel").help(help));
    }
    let kernel = given.reshaped(image(shape.channels(), &[&[1], size].concat())?);
    finish("depthwise", arguments, input, kernel, channels)
}

fn finish<C: Weights>(
    kind: &'static str,
    arguments: &Arguments,
    input: &Shape,
    kernel: Tensor<C>,
    groups: usize,
) -> Result<Conv<C>, Misuse> {
    let size = kernel.shape().axes()[2..].to_vec();
    let window = Window::new(arguments, input.spatial(), size, Some(1))?;
    let mode = pad_mode(arguments, "pad_mode", input.spatial(), &window.before, &window.after)?;
    let output = image(kernel.shape().channels(), &window.output)?;
    let bias = check_bias(arguments, output.channels())?;
    let input = input.clone();
    Ok(Conv { kind, kernel, bias, groups, mode, window, transposed: false, input, output })
}

fn conv_transpose<C: Weights>(arguments: &Arguments, input: &Shape) -> Result<Conv<C>, Misuse> {
    let axes = spatial("conv_transpose", input)?;
    let given = arguments.weights::<C>("kernel").ok_or_else(|| Misuse::argument("kernel", "the kernel is missing"))?;
    let kernel = with_channels("conv_transpose", &given, input, axes.len())?;
    let (groups, channels) = (groups(arguments), input.channels());
    if kernel.shape().channels() != channels {
        let message = format!(
            "the kernel {} takes {} channels, but the input {input} has {channels}",
            kernel.shape(),
            kernel.shape().channels()
        );
        let help = "the first axis is the input's channels (I x O/g x K...)";
        return Err(Misuse::shape(message).at("kernel").help(help));
    }
    if channels % groups != 0 {
        let message = format!("{groups} groups do not divide the {channels} channels of the input {input} evenly");
        return Err(Misuse::argument("groups", message));
    }
    let size = kernel.shape().axes()[2..].to_vec();
    let stride = arguments.per_axis("stride", axes.len(), 1)?;
    let dilation = arguments.per_axis("dilation", axes.len(), 1)?;
    let extra = arguments.per_axis("output_pad", axes.len(), 0)?;
    if arguments.word("pad").is_some() {
        let message = "`pad=same` has no single meaning for conv_transpose";
        return Err(Misuse::argument("pad", message).help("give the numbers"));
    }
    let (before, after) = two_sided(arguments, "pad", axes.len())?;
    let mut extent = Vec::new();
    for a in 0..axes.len() {
        if extra[a] > 0 && extra[a] >= stride[a].max(dilation[a]) {
            let message = format!(
                "`output_pad` is {}, but must be smaller than the stride {} or the dilation {}",
                extra[a], stride[a], dilation[a]
            );
            return Err(Misuse::argument("output_pad", message));
        }
        let reach = (axes[a] - 1).checked_mul(stride[a]).zip(dilation[a].checked_mul(size[a] - 1));
        let full = reach.and_then(|(s, d)| s.checked_add(d)?.checked_add(1 + extra[a]));
        let Some(full) = full else {
            let message = format!(
                "the output of {input} with stride {} and dilation {} is too large",
                by(&stride),
                by(&dilation)
            );
            let culprit = if arguments.has("stride") { "stride" } else { "dilation" };
            return Err(Misuse::argument(culprit, message));
        };
        let length = full.checked_sub(before[a] + after[a]).filter(|&n| n > 0);
        let Some(length) = length else {
            let message = format!("padding of {} and {} leaves nothing of the output of {input}", before[a], after[a]);
            return Err(Misuse::argument("pad", message).help("pad less: here it removes what a convolution would add"));
        };
        extent.push(length);
    }
    let output = image(kernel.shape().axes()[1] * groups, &extent)?;
    // The convolution that this transposes goes from the output back to the input; its own extent
    // formula gives the input's again because `output_pad` stays below the stride.
    let window = Window::new(arguments, &extent, size, Some(1))?;
    if window.output.iter().zip(axes).any(|(found, wanted)| found < wanted) {
        return Err(Misuse::argument("output_pad", "this `output_pad` does not fit the stride and dilation"));
    }
    let bias = check_bias(arguments, output.channels())?;
    let (input, kind, mode) = (input.clone(), "conv_transpose", PadMode::Zero);
    Ok(Conv { kind, kernel, bias, groups, mode, window, transposed: true, input, output })
}
