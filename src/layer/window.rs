//! Sliding windows: sizes, strides, padding, and the extent of the output. Shared by convolutions
//! and pools.

use super::definition::Geometry;
use super::{Arguments, Misuse, Value};
use crate::algebra::{MAX_ELEMENTS, Shape};
use crate::toeplitz::{PadMode, Taps};

/// A window that slides over the spatial axes of an input; one entry a spatial axis everywhere.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub input: Vec<usize>,
    pub size: Vec<usize>,
    pub stride: Vec<usize>,
    pub dilation: Vec<usize>,
    pub before: Vec<usize>,
    pub after: Vec<usize>,
    pub output: Vec<usize>,
}

impl Window {
    /// Whether positions outside of the input are read.
    pub fn is_padded(&self) -> bool {
        self.before.iter().chain(&self.after).any(|&n| n > 0)
    }

    /// Reads `stride` (default as given), `dilation` and `pad`, and computes the output's extent
    /// ⌊(input + before + after − dilation·(size − 1) − 1) / stride⌋ + 1 (PyTorch's formula).
    pub fn new(
        arguments: &Arguments,
        input: &[usize],
        size: Vec<usize>,
        stride: Option<usize>,
    ) -> Result<Window, Misuse> {
        let axes = input.len();
        let stride = match (arguments.has("stride"), stride) {
            (false, None) => size.clone(),
            (_, default) => arguments.per_axis("stride", axes, default.unwrap_or(1))?,
        };
        let dilation = arguments.per_axis("dilation", axes, 1)?;
        for (name, values) in [("stride", &stride), ("dilation", &dilation)] {
            if values.contains(&0) {
                return Err(Misuse::argument(name, format!("`{name}` must be at least 1")));
            }
        }
        if size.contains(&0) {
            return Err(Misuse::argument("window", "a window must be at least 1 in every axis"));
        }
        check_size(&size, input)?;
        let reach = |a: usize| {
            let reach = dilation[a].checked_mul(size[a] - 1).and_then(|r| r.checked_add(1));
            reach.filter(|&r| r <= MAX_ELEMENTS)
        };
        let reach: Option<Vec<usize>> = (0..axes).map(reach).collect();
        let Some(reach) = reach else {
            let message = format!("a window {} with dilation {} is too large", by(&size), by(&dilation));
            let culprit = if arguments.has("dilation") { "dilation" } else { "window" };
            return Err(Misuse::argument(culprit, message));
        };
        let (before, after) = padding(arguments, input, &stride, &reach)?;
        let mut output = Vec::with_capacity(axes);
        for a in 0..axes {
            let padded = input[a].checked_add(before[a]).and_then(|n| n.checked_add(after[a]));
            let Some(padded) = padded.filter(|&n| n <= MAX_ELEMENTS) else {
                return Err(Misuse::argument("pad", "the padded input is too large"));
            };
            if reach[a] > padded {
                let (window, extent) = (by(&reach), by(input));
                let with = if before.iter().chain(&after).any(|&p| p > 0) { " with its padding" } else { "" };
                let message =
                    format!("a window of extent {window} does not fit into an input of extent {extent}{with}");
                return Err(Misuse::shape(message).help("pad the input, or use a smaller window"));
            }
            output.push((padded - reach[a]) / stride[a] + 1);
        }
        Ok(Window { input: input.to_vec(), size, stride, dilation, before, after, output })
    }

    /// The window as data.
    pub fn geometry(&self) -> Geometry {
        let Window { size, stride, dilation, before, after, .. } = self.clone();
        Geometry { size, stride, dilation, before, after }
    }

    /// The tap tables of the axes.
    pub fn taps(&self, mode: PadMode) -> Vec<Taps> {
        let axis = |a: usize| {
            let padding = (self.before[a], self.after[a]);
            Taps::convolution(self.input[a], self.size[a], self.stride[a], self.dilation[a], padding, mode)
        };
        (0..self.input.len()).map(axis).collect()
    }

    /// The input position that a tap reads at an output position, by the defining sum: the
    /// coordinate o·stride + k·dilation − before, which may lie outside the input.
    pub fn coordinate(&self, axis: usize, output: usize, tap: usize) -> i64 {
        (output * self.stride[axis] + tap * self.dilation[axis]) as i64 - self.before[axis] as i64
    }

    /// The flat index of the input that a window's tap reads, `None` outside the input.
    pub fn position(&self, output: &[usize], tap: &[usize], mode: PadMode) -> Option<usize> {
        (0..self.input.len()).try_fold(0, |flat, axis| {
            let resolved = resolve(self.coordinate(axis, output[axis], tap[axis]), self.input[axis], mode)?;
            Some(flat * self.input[axis] + resolved)
        })
    }

    /// Padding wider than half of a pool's window, dilation included, would make windows that see
    /// no input at all (PyTorch's rule).
    pub fn check_pool(&self) -> Result<(), Misuse> {
        let reach = |a: usize| self.dilation[a] * (self.size[a] - 1) + 1;
        let wide = |a: &usize| self.before[*a].max(self.after[*a]) * 2 > reach(*a);
        let Some(a) = (0..self.input.len()).find(wide) else { return Ok(()) };
        let (most, extent) = (self.before[a].max(self.after[a]), reach(a));
        let message = format!("`pad` may be at most half of the window, but {most} is more than half of {extent}");
        Err(Misuse::argument("pad", message).help("pad the image with the layer `pad` first"))
    }
}

/// Windows are visited tap by tap, so one that is far larger than its image is refused.
fn check_size(size: &[usize], input: &[usize]) -> Result<(), Misuse> {
    const ANY_IMAGE: usize = 1 << 24;
    let count = |axes: &[usize]| axes.iter().try_fold(1_usize, |n, &axis| n.checked_mul(axis));
    let most = count(input).unwrap_or(usize::MAX).max(ANY_IMAGE);
    if count(size).is_some_and(|taps| taps <= most) {
        return Ok(());
    }
    let message = format!("a window of extent {} is too large for an input of extent {}", by(size), by(input));
    Err(Misuse::argument("window", message))
}

/// Where a coordinate of a padded axis is read from.
pub fn resolve(coordinate: i64, length: usize, mode: PadMode) -> Option<usize> {
    let n = i64::try_from(length).ok()?;
    let inside = match mode {
        _ if (0..n).contains(&coordinate) => coordinate,
        PadMode::Zero => return None,
        PadMode::Circular => coordinate.rem_euclid(n),
        PadMode::Replicate => coordinate.clamp(0, n - 1),
        PadMode::Reflect if coordinate < 0 => -coordinate,
        PadMode::Reflect => 2 * (n - 1) - coordinate,
    };
    usize::try_from(inside).ok().filter(|&i| i < length)
}

/// `3×3`.
pub(super) fn by(axes: &[usize]) -> String {
    axes.iter().map(usize::to_string).collect::<Vec<_>>().join("×")
}

/// The spatial axes of an image-like input (1, 2 or 3 of them).
pub(super) fn spatial<'s>(kind: &str, input: &'s Shape) -> Result<&'s [usize], Misuse> {
    match input.spatial() {
        axes @ ([_] | [_, _] | [_, _, _]) => Ok(axes),
        _ => {
            let message = format!("`{kind}` takes C×L, C×H×W or C×D×H×W, but its input is {input}");
            Err(Misuse::shape(message).help("give the value such a shape with `reshape`"))
        }
    }
}

/// Padding before and after each axis: one number, one an axis, `[befores..., afters...]`, or
/// `same` (ONNX's SAME_UPPER: the output's extent is ⌈input / stride⌉, an odd one goes after).
fn padding(
    arguments: &Arguments,
    input: &[usize],
    stride: &[usize],
    reach: &[usize],
) -> Result<(Vec<usize>, Vec<usize>), Misuse> {
    if arguments.word("pad") == Some("same") {
        let total = |a: usize| ((input[a].div_ceil(stride[a]) - 1) * stride[a] + reach[a]).saturating_sub(input[a]);
        return Ok((0..input.len()).map(total).map(|t| (t / 2, t - t / 2)).unzip());
    }
    two_sided(arguments, "pad", input.len())
}

/// Amounts before and after each axis, default 0.
pub(super) fn two_sided(
    arguments: &Arguments,
    name: &'static str,
    axes: usize,
) -> Result<(Vec<usize>, Vec<usize>), Misuse> {
    let amounts = match arguments.get(name) {
        Some(Value::List(list)) if list.len() == 2 * axes => list.clone(),
        _ => {
            let one = arguments
                .per_axis(name, axes, 0)
                .map_err(|m| m.help(format!("give 1 number, {axes}, or {}: all befores, then all afters", 2 * axes)))?;
            [one.clone(), one].concat()
        }
    };
    if amounts.iter().any(|&n| n > MAX_ELEMENTS) {
        return Err(Misuse::argument(name, format!("`{name}` is too large")));
    }
    let (before, after) = amounts.split_at(axes);
    Ok((before.to_vec(), after.to_vec()))
}

/// The words for [`PadMode`].
pub(super) const MODES: &[&str] = &["zero", "circular", "reflect", "replicate"];

/// Reads a padding mode and checks that the padding is within its limits (PyTorch's).
pub(super) fn pad_mode(
    arguments: &Arguments,
    name: &'static str,
    input: &[usize],
    before: &[usize],
    after: &[usize],
) -> Result<PadMode, Misuse> {
    let mode = match arguments.word(name) {
        Some("circular") => PadMode::Circular,
        Some("reflect") => PadMode::Reflect,
        Some("replicate") => PadMode::Replicate,
        _ => PadMode::Zero,
    };
    for (a, &length) in input.iter().enumerate() {
        let most = before[a].max(after[a]);
        let limit = match mode {
            PadMode::Circular => length,
            PadMode::Reflect => length - 1,
            PadMode::Zero | PadMode::Replicate => usize::MAX,
        };
        if most > limit {
            let word = arguments.word(name).unwrap_or("zero");
            let message =
                format!("{word} padding of {most} is too wide beside an axis of length {length}: at most {limit}");
            return Err(Misuse::argument("pad", message).help("pad less, or use `replicate`"));
        }
    }
    Ok(mode)
}

/// Calls `visit` with every multi-index of a box, in row-major order.
pub(super) fn for_each_index(extent: &[usize], mut visit: impl FnMut(&[usize])) {
    let mut index = vec![0; extent.len()];
    loop {
        visit(&index);
        let mut axis = extent.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            index[axis] += 1;
            if index[axis] < extent[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
}

/// A shape of channels and spatial axes.
pub(super) fn image(channels: usize, spatial: &[usize]) -> Result<Shape, Misuse> {
    let axes = [&[channels], spatial].concat();
    Shape::new(axes).map_err(|e| Misuse::shape(format!("the output would be {}×{}: {e}", channels, by(spatial))))
}
