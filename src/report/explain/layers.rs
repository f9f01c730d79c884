//! How each layer changes shapes, and an example of it that the tests run.

/// A layer's shape rule and example.
#[derive(Debug)]
pub struct Example {
    /// The layer.
    pub layer: &'static str,
    /// From the shape of the input to that of the output.
    pub shape: &'static str,
    /// The shape of the example's input, and of its output as messages print it.
    pub shapes: (&'static str, &'static str),
    /// The example's step.
    pub step: &'static str,
    /// What the network with this one layer is.
    pub verdict: &'static str,
}

impl Example {
    /// The example as a file.
    pub fn program(&self) -> String {
        format!("network f(x: {}) {{ {} }}\nprove f is {}\n", self.shapes.0, self.step, self.verdict)
    }
}

const fn example(
    layer: &'static str,
    shape: &'static str,
    shapes: (&'static str, &'static str),
    step: &'static str,
    verdict: &'static str,
) -> Example {
    Example { layer, shape, shapes, step, verdict }
}

const WINDOW: &str = "C×H×W → C×H'×W', H' = ⌊(H + pads − dilation·(K − 1) − 1) / stride⌋ + 1";
const SAME: &str = "any shape, unchanged";
const CHANNELS: &str = "C×H×W → C×1×1";

/// A row a layer.
pub const EXAMPLES: &[Example] = &[
    example(
        "conv",
        "C×H×W → O×H'×W', H' = ⌊(H + pads − dilation·(K − 1) − 1) / stride⌋ + 1; W' likewise",
        ("1x4x4", "1×4×4"),
        "conv([[0, 1, 0], [1, -4, 1], [0, 1, 0]], pad=1)",
        "linear",
    ),
    example(
        "conv_transpose",
        "C×H×W → O×H'×W', H' = (H − 1)·stride − pads + dilation·(K − 1) + output_pad + 1; W' likewise",
        ("1x3x3", "1×6×6"),
        "conv_transpose([[1, 2], [3, 4]], stride=2)",
        "linear",
    ),
    example("depthwise", WINDOW, ("2x4x4", "2×3×3"), "depthwise([[[1, 2], [3, 4]], [[0, 1], [1, 0]]])", "linear"),
    example("dense", "I → O", ("3", "2"), "dense([[1, 2, 3], [4, 5, 6]], bias=[1, -1])", "affine"),
    example("batchnorm", SAME, ("2x2x2", "2×2×2"), "batchnorm(scale=[2, 3], shift=[1, 0])", "affine"),
    example("avgpool", WINDOW, ("1x4x4", "1×2×2"), "avgpool(2x2)", "linear"),
    example("sumpool", WINDOW, ("1x4x4", "1×2×2"), "sumpool(2x2)", "linear"),
    example("global_avgpool", CHANNELS, ("2x3x3", "2×1×1"), "global_avgpool", "linear"),
    example("flatten", "C×H×W → C·H·W", ("2x3x3", "18"), "flatten", "linear"),
    example("reshape", "any shape → the shape given, of as many entries", ("12", "3×2×2"), "reshape(3x2x2)", "linear"),
    example(
        "permute",
        "axis i of the output is axis axes[i] of the input",
        ("2x3x4", "4×2×3"),
        "permute(2, 0, 1)",
        "linear",
    ),
    example("identity", SAME, ("5", "5"), "identity", "linear"),
    example("dropout", SAME, ("5", "5"), "dropout(1/2)", "linear"),
    example("pad", "C×H×W → C×(H + before + after)×(W + before + after)", ("1x2x2", "1×4×4"), "pad(1)", "linear"),
    example("crop", "C×H×W → C×(H − before − after)×(W − before − after)", ("1x4x4", "1×2×2"), "crop(1)", "linear"),
    example(
        "slice",
        "one axis becomes ⌈(stop − start) / step⌉",
        ("4x2x2", "2×2×2"),
        "slice(0, 0, 4, step=2)",
        "linear",
    ),
    example("upsample", "C×H×W → C×(r·H)×(r·W)", ("1x2x2", "1×4×4"), "upsample(2x2)", "linear"),
    example("pixel_shuffle", "C·r²×H×W → C×(r·H)×(r·W)", ("4x2x2", "1×4×4"), "pixel_shuffle(2)", "linear"),
    example("scale", SAME, ("2x2x2", "2×2×2"), "scale([2, -1])", "linear"),
    example("bias", SAME, ("2x2x2", "2×2×2"), "bias([1, 0])", "affine"),
    example("add", "values of one shape, unchanged", ("3", "3"), "scale(2); add(x)", "linear"),
    example("sub", "values of one shape, unchanged", ("3", "3"), "scale(3); sub(x)", "linear"),
    example("concat", "channels add up, all other axes agree", ("1x2x2", "2×2×2"), "scale(2); concat(x)", "linear"),
    example("relu", SAME, ("3", "3"), "relu", "nonlinear"),
    example("leaky_relu", SAME, ("3", "3"), "leaky_relu(1/10)", "nonlinear"),
    example("prelu", SAME, ("2x1x1", "2×1×1"), "prelu([1/4, 1/2])", "nonlinear"),
    example("abs", SAME, ("3", "3"), "abs", "nonlinear"),
    example("relu6", SAME, ("3", "3"), "relu6", "nonlinear"),
    example("clip", SAME, ("3", "3"), "clip(-1, 1)", "nonlinear"),
    example("hard_sigmoid", SAME, ("3", "3"), "hard_sigmoid", "nonlinear"),
    example("hard_tanh", SAME, ("3", "3"), "hard_tanh", "nonlinear"),
    example("maxpool", WINDOW, ("1x4x4", "1×2×2"), "maxpool(2x2)", "nonlinear"),
    example("global_maxpool", CHANNELS, ("2x2x2", "2×1×1"), "global_maxpool", "nonlinear"),
    example("minpool", WINDOW, ("1x4x4", "1×2×2"), "minpool(2x2)", "nonlinear"),
    example("maxout", "C×… → C/k×…", ("4x1x1", "2×1×1"), "maxout(2)", "nonlinear"),
    example("maximum", "values of one shape, unchanged", ("3", "3"), "scale(-1); maximum(x)", "nonlinear"),
    example("minimum", "values of one shape, unchanged", ("3", "3"), "scale(-1); minimum(x)", "nonlinear"),
    example("sigmoid", SAME, ("2", "2"), "sigmoid", "nonlinear"),
    example("tanh", SAME, ("2", "2"), "tanh", "nonlinear"),
    example("gelu", SAME, ("2", "2"), "gelu", "nonlinear"),
    example("gelu_tanh", SAME, ("2", "2"), "gelu_tanh", "nonlinear"),
    example("elu", SAME, ("2", "2"), "elu", "nonlinear"),
    example("softplus", SAME, ("2", "2"), "softplus", "nonlinear"),
    example("silu", SAME, ("2", "2"), "silu", "nonlinear"),
    example("softmax", SAME, ("2", "2"), "softmax", "nonlinear"),
    example("square", SAME, ("2", "2"), "square", "nonlinear"),
    example(
        "divide",
        "values of one shape, unchanged",
        ("2", "2"),
        "d = x |> square |> bias(1); x |> divide(d)",
        "nonlinear",
    ),
    example("multiply", "values of one shape, unchanged", ("2", "2"), "scale(2); multiply(x)", "nonlinear"),
];

/// The example of a layer.
pub fn find(layer: &str) -> Option<&'static Example> {
    EXAMPLES.iter().find(|example| example.layer == layer)
}
