//! Layers as data: everything that the definition of one mentions, and nothing implied.
//!
//! Defaults are filled in, words like `same` are numbers, and kinds that are the same sum are one
//! variant: `depthwise` is a convolution of as many groups as channels, `batchnorm` and `bias` scale
//! and shift. Certificates and exports write this down; whoever reads them needs no more.

use crate::algebra::{Polynomial, Rational, Tensor};
use crate::toeplitz::PadMode;

/// Weights: numbers, or polynomials in symbols.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// Exact numbers.
    Numbers(Tensor),
    /// Polynomials; at least one symbol or root occurs in the layer.
    Symbols(Tensor<Polynomial>),
}

/// Where a window looks: one entry a spatial axis everywhere. Output p reads, with tap k, the
/// position p·stride + k·dilation − before of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// The taps.
    pub size: Vec<usize>,
    /// The step from one output to the next.
    pub stride: Vec<usize>,
    /// The step from one tap to the next.
    pub dilation: Vec<usize>,
    /// The padding before the first entry.
    pub before: Vec<usize>,
    /// The padding after the last.
    pub after: Vec<usize>,
}

/// What a pool's sum is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divisor {
    /// Nothing.
    One,
    /// The number of taps.
    Window,
    /// The number of taps inside the image.
    Inside,
}

/// The function of one entry of a smooth layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// 1 / (1 + e^−x).
    Sigmoid,
    /// tanh(x).
    Tanh,
    /// x / (1 + e^−x).
    Silu,
    /// x·Φ(x).
    Gelu,
    /// x·σ(2·√(2/π)·(x + 0.044715·x³)).
    GeluTanh,
    /// max(0, x) + e^min(0, x) − 1.
    Elu,
    /// ln(1 + e^x).
    Softplus,
}

/// A layer as data. The output's shape is the layer's own ([`super::Function::output`]).
#[derive(Clone, Debug, PartialEq)]
pub enum Definition {
    /// y\[o, p\] = bias\[o\] + Σ kernel\[o, c, k\] · x\[first + c, p·stride + k·dilation − before\], where the group of o begins
    /// with channel `first`.
    Conv {
        /// `O×I/g×K…`.
        kernel: Constant,
        /// One number an output channel.
        bias: Option<Constant>,
        /// The window.
        window: Geometry,
        /// The groups of channels.
        groups: usize,
        /// What is read outside of the image.
        mode: PadMode,
    },
    /// y\[first + o, i·stride + k·dilation − before\] += kernel\[c, o, k\] · x\[c, i\], and bias\[o\].
    ConvTranspose {
        /// `I×O/g×K…`.
        kernel: Constant,
        /// One number an output channel.
        bias: Option<Constant>,
        /// The window of the convolution that is transposed, from the output back to the input.
        window: Geometry,
        /// Rows added after the end of each axis of the output.
        output_pad: Vec<usize>,
        /// The groups of channels.
        groups: usize,
    },
    /// y\[o\] = bias\[o\] + Σ matrix\[o, i\] · x\[i\].
    Dense {
        /// `O×I`.
        matrix: Constant,
        /// One number an output.
        bias: Option<Constant>,
    },
    /// y\[i\] = factor · x\[i\] + offset: one number, one a channel, or one an entry, consecutive entries sharing one.
    Scale {
        /// 1 if absent.
        factor: Option<Constant>,
        /// 0 if absent.
        offset: Option<Constant>,
    },
    /// y\[c, p\] = Σ x\[c, …\] over the window, zeros outside, divided.
    SumPool {
        /// The window.
        window: Geometry,
        /// By what.
        divisor: Divisor,
    },
    /// y\[c, p\] = x\[c, p − before\]; outside, `value` in zero mode.
    Pad {
        /// Entries before each spatial axis.
        before: Vec<usize>,
        /// Entries after each.
        after: Vec<usize>,
        /// The value outside, in zero mode.
        value: Rational,
        /// What is read outside.
        mode: PadMode,
    },
    /// y\[i\] = x\[start + i·step\], axis by axis, channels included.
    Slice {
        /// The first index of each axis.
        start: Vec<usize>,
        /// The step of each axis.
        step: Vec<usize>,
    },
    /// Enlarged by whole factors, nearest or (bi)linear between pixel centres.
    Upsample {
        /// The factor of each spatial axis.
        factor: Vec<usize>,
        /// Whether values are interpolated.
        bilinear: bool,
    },
    /// The same entries in the same order, in the output's shape.
    Reshape,
    /// Axis i of the output is axis `axes[i]` of the input.
    Permute {
        /// The axes.
        axes: Vec<usize>,
    },
    /// y\[c, h·r + i, w·r + j\] = x\[c·r² + i·r + j, h, w\].
    PixelShuffle {
        /// r.
        r: usize,
    },
    /// The sum of all operands.
    Add,
    /// The first operand less the second.
    Sub,
    /// The operands one after the other, along the channels.
    Concat,
    /// x where x ≥ 0, and slope · x elsewhere; one slope, or one a channel.
    Slopes {
        /// The slopes below 0.
        below: Vec<Rational>,
    },
    /// min(max(slope · x + offset, low), high), low ≤ high.
    Clip {
        /// The slope.
        slope: Rational,
        /// The offset.
        offset: Rational,
        /// The least value.
        low: Rational,
        /// The greatest value.
        high: Rational,
    },
    /// The largest (smallest) entry of each window, channel by channel; entries outside never win.
    ExtremePool {
        /// Whether it is the smallest.
        least: bool,
        /// The window.
        window: Geometry,
    },
    /// The largest of `k` consecutive channels.
    Maxout {
        /// k.
        k: usize,
    },
    /// The largest (smallest) of all operands, entry by entry.
    Extreme {
        /// Whether it is the smallest.
        least: bool,
    },
    /// A smooth function of every entry.
    Curve(Curve),
    /// e^x of each entry over the sum of e^x over its channels.
    Softmax,
    /// x · x.
    Square,
    /// The product of both operands, entry by entry.
    Multiply,
    /// The first operand over the second, entry by entry.
    Divide,
}
