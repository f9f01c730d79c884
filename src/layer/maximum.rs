//! Maxima and minima of several entries: pools, `maxout`, `maximum`, `minimum`.

use std::sync::Arc;

use num_traits::One;

use super::window::{Window, by, for_each_index, image, spatial};
use super::{
    Arguments, Definition, Form, Function, Kind, Layer, Misuse, Parameter, PiecewiseLayer, Signature, Unit, Values,
};
use crate::algebra::{Integer, Rational, Shape, Tensor, common_denominator};
use crate::toeplitz::PadMode;

const LINEAR: &str = "Piecewise linear: which entry is the largest changes with the input, so it is affine only where one entry always wins.";

const POOL: &[Parameter] = &[
    Parameter { name: "window", kind: Kind::PerAxis, required: true },
    Parameter { name: "stride", kind: Kind::PerAxis, required: false },
    Parameter { name: "pad", kind: Kind::Padding, required: false },
    Parameter { name: "dilation", kind: Kind::PerAxis, required: false },
];

/// The rule of `maxpool`.
pub const MAXPOOL: Signature = Signature {
    name: "maxpool",
    summary: "The largest entry of each window, channel by channel; the stride is the window unless given, and padding is −∞: it never wins.",
    formula: "y_{c,p} = \\max_{k} x_{c, p \\cdot stride + k \\cdot dilation - pad}",
    linear: LINEAR,
    onnx: "MaxPool",
    parameters: POOL,
    values: Values::None,
    build: |arguments, inputs| pool("maxpool", Extreme::Max, arguments, inputs[0]),
};

/// The rule of `minpool`.
pub const MINPOOL: Signature = Signature {
    name: "minpool",
    summary: "The smallest entry of each window, channel by channel; padding is +∞: it never wins.",
    formula: "y_{c,p} = \\min_{k} x_{c, p \\cdot stride + k \\cdot dilation - pad}",
    linear: LINEAR,
    onnx: "",
    parameters: POOL,
    values: Values::None,
    build: |arguments, inputs| pool("minpool", Extreme::Min, arguments, inputs[0]),
};

/// The rule of `global_maxpool`.
pub const GLOBAL_MAXPOOL: Signature = Signature {
    name: "global_maxpool",
    summary: "The largest entry of each channel: `C x H x W` becomes `C x 1 x 1`.",
    formula: "y_c = \\max_{p} x_{c,p}",
    linear: LINEAR,
    onnx: "GlobalMaxPool",
    parameters: &[],
    values: Values::None,
    build: |_, inputs| {
        let size = spatial("global_maxpool", inputs[0])?.to_vec();
        let window = Window::new(&Arguments::default(), inputs[0].spatial(), size, Some(1))?;
        windows("global_maxpool", Extreme::Max, &window, inputs[0])
    },
};

/// The rule of `maxout`.
pub const MAXOUT: Signature = Signature {
    name: "maxout",
    summary: "The largest of each k consecutive channels: `C x ...` becomes `C/k x ...` (Goodfellow et al. 2013).",
    formula: "y_{c,p} = \\max_{0 \\le j < k} x_{c \\cdot k + j, p}",
    linear: LINEAR,
    onnx: "",
    parameters: &[Parameter { name: "k", kind: Kind::Count, required: true }],
    values: Values::None,
    build: |arguments, inputs| maxout(arguments, inputs[0]),
};

/// The rule of `maximum`.
pub const MAXIMUM: Signature = Signature {
    name: "maximum",
    summary: "The larger of two or more values, entry by entry.",
    formula: "y_i = \\max\\{x_i, v_i, \\dots\\}",
    linear: LINEAR,
    onnx: "Max",
    parameters: &[],
    values: Values::Many,
    build: |_, inputs| elementwise("maximum", Extreme::Max, inputs),
};

/// The rule of `minimum`.
pub const MINIMUM: Signature = Signature {
    name: "minimum",
    summary: "The smaller of two or more values, entry by entry.",
    formula: "y_i = \\min\\{x_i, v_i, \\dots\\}",
    linear: LINEAR,
    onnx: "Min",
    parameters: &[],
    values: Values::Many,
    build: |_, inputs| elementwise("minimum", Extreme::Min, inputs),
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extreme {
    Max,
    Min,
}

/// Each output is the extreme of a non-empty set of entries.
#[derive(Debug)]
struct Extremes {
    kind: &'static str,
    extreme: Extreme,
    sets: Sets,
    output: Shape,
    detail: String,
}

/// Which entries each output looks at.
#[derive(Debug)]
enum Sets {
    /// A window over each channel.
    Window(Window),
    /// This many consecutive channels.
    Channels(usize),
    /// The same entry of this many operands.
    Operands(usize),
}

fn pool(kind: &'static str, extreme: Extreme, arguments: &Arguments, input: &Shape) -> Result<Layer, Misuse> {
    let axes = spatial(kind, input)?;
    let size = arguments.per_axis("window", axes.len(), 1)?;
    let window = Window::new(arguments, axes, size, None)?;
    window.check_pool()?;
    windows(kind, extreme, &window, input)
}

/// A max-pool without the rule that padding is at most half of the window; every window must still
/// see an entry.
pub(crate) fn max_pool_of_any_padding(arguments: &Arguments, input: &Shape) -> Result<Layer, Misuse> {
    let axes = spatial("maxpool", input)?;
    let size = arguments.per_axis("window", axes.len(), 1)?;
    windows("maxpool", Extreme::Max, &Window::new(arguments, axes, size, None)?, input)
}

fn windows(kind: &'static str, extreme: Extreme, window: &Window, input: &Shape) -> Result<Layer, Misuse> {
    let output = image(input.channels(), &window.output)?;
    // Padding is at most half of the window, so only dilation can leave a window without an entry;
    // per axis, some tap must fall inside at every output position.
    let blind = |a: usize| {
        let inside =
            |o: usize, k: usize| usize::try_from(window.coordinate(a, o, k)).is_ok_and(|i| i < window.input[a]);
        (0..window.output[a]).any(|o| !(0..window.size[a]).any(|k| inside(o, k)))
    };
    if (0..window.input.len()).any(blind) {
        let message = "a window lies wholly in the padding, where no entry can win";
        return Err(Misuse::shape(message).help("pad less, or use a smaller dilation"));
    }
    let detail = if kind == "global_maxpool" {
        String::new()
    } else {
        format!("window {}, stride {}", by(&window.size), by(&window.stride))
    };
    Ok(Layer::Piecewise(Arc::new(Extremes { kind, extreme, sets: Sets::Window(window.clone()), output, detail })))
}

fn maxout(arguments: &Arguments, input: &Shape) -> Result<Layer, Misuse> {
    let k = arguments.integers("k").and_then(|n| n.first().copied()).unwrap_or(1);
    if !input.channels().is_multiple_of(k) {
        let message =
            format!("the input {input} has {} channels, which are not a multiple of k = {k}", input.channels());
        return Err(Misuse::argument("k", message));
    }
    let axes = [&[input.channels() / k], input.spatial()].concat();
    let output = Shape::new(axes).map_err(|e| Misuse::shape(e.to_string()))?;
    let detail = format!("k = {k}");
    Ok(Layer::Piecewise(Arc::new(Extremes {
        kind: "maxout",
        extreme: Extreme::Max,
        sets: Sets::Channels(k),
        output,
        detail,
    })))
}

fn elementwise(kind: &'static str, extreme: Extreme, inputs: &[&Shape]) -> Result<Layer, Misuse> {
    if let Some(other) = inputs.iter().find(|s| **s != inputs[0]) {
        return Err(Misuse::shape(format!(
            "`{kind}` needs values of one shape, but these are {} and {other}",
            inputs[0]
        )));
    }
    let (sets, output) = (Sets::Operands(inputs.len()), inputs[0].clone());
    Ok(Layer::Piecewise(Arc::new(Extremes { kind, extreme, sets, output, detail: String::new() })))
}

impl Extremes {
    /// The entries `(operand, flat index)` that an output looks at.
    fn set(&self, output: usize) -> Vec<(usize, usize)> {
        let outputs: usize = self.output.spatial().iter().product();
        match &self.sets {
            Sets::Operands(count) => (0..*count).map(|operand| (operand, output)).collect(),
            Sets::Channels(k) => {
                (0..*k).map(|j| (0, (output / outputs * k + j) * outputs + output % outputs)).collect()
            }
            Sets::Window(window) => {
                let pixels: usize = window.input.iter().product();
                let position = &self.output.unravel(output)[1..];
                let mut set = Vec::new();
                for_each_index(&window.size, |k| {
                    let entry = window.position(position, k, PadMode::Zero);
                    set.extend(entry.map(|at| (0, output / outputs * pixels + at)));
                });
                set
            }
        }
    }
}

impl Function for Extremes {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn output(&self) -> &Shape {
        &self.output
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let denominator = common_denominator(inputs.iter().map(|x| x.denominator()));
        let values: Vec<Vec<Integer>> = inputs.iter().map(|x| x.numerators_over(&denominator)).collect();
        let best = |output: usize| {
            let entries = self.set(output).into_iter().map(|(operand, flat)| &values[operand][flat]);
            let best = if self.extreme == Extreme::Max { entries.max() } else { entries.min() };
            best.cloned().unwrap_or_default()
        };
        Some(Tensor::new(self.output.clone(), (0..self.output.elements()).map(best).collect(), denominator))
    }

    fn definition(&self) -> Option<Definition> {
        let least = self.extreme == Extreme::Min;
        Some(match &self.sets {
            Sets::Window(window) => Definition::ExtremePool { least, window: window.geometry() },
            Sets::Channels(k) => Definition::Maxout { k: *k },
            Sets::Operands(_) => Definition::Extreme { least },
        })
    }

    fn detail(&self) -> String {
        self.detail.clone()
    }
}

impl PiecewiseLayer for Extremes {
    /// max(x₁, …) = max(x₁, …), and min(x₁, …) = −max(−x₁, …).
    fn unit(&self, output: usize) -> Unit {
        let sign = if self.extreme == Extreme::Max { Rational::one() } else { -Rational::one() };
        match self.set(output).as_slice() {
            [(operand, flat)] => Unit { affine: Form::term(*operand, *flat, Rational::one()), maxima: Vec::new() },
            set => {
                let arguments = set.iter().map(|&(operand, flat)| Form::term(operand, flat, sign.clone())).collect();
                Unit { affine: Form::default(), maxima: vec![(sign, arguments)] }
            }
        }
    }
}
