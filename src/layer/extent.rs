//! Layers that change the spatial extent axis by axis: `pad`, `crop`, `slice`, `upsample`.

use std::sync::Arc;

use num_traits::{One, ToPrimitive, Zero};

use super::window::{MODES, by, for_each_index, image, pad_mode, resolve, spatial, two_sided};
use super::{
    AffineLayer, Arguments, Bias, Definition, Function, Kind, Layer, Lowered, Misuse, Parameter, Signature, Values,
};
use crate::algebra::{Integer, MAX_ELEMENTS, Matrix, Rational, Shape, Tensor, ratio};
use crate::toeplitz::{Operator, PadMode, Taps};

const fn parameter(name: &'static str, kind: Kind, required: bool) -> Parameter {
    Parameter { name, kind, required }
}

/// The rule of `pad`.
pub const PAD: Signature = Signature {
    name: "pad",
    summary: "A border around every channel: zeros, a constant `value`, or the image continued (`mode`).",
    formula: "y_{c,p} = x_{c, p - n} \\text{ inside}, value \\text{ outside}",
    linear: "Linear; affine if the border's value is not 0.",
    onnx: "Pad",
    parameters: &[
        parameter("pad", Kind::Padding, true),
        parameter("value", Kind::Scalar, false),
        parameter("mode", Kind::Word(MODES), false),
    ],
    values: Values::None,
    build: |arguments, inputs| pad(arguments, inputs[0]),
};

/// The rule of `crop`.
pub const CROP: Signature = Signature {
    name: "crop",
    summary: "Removes a border from every channel: the inverse of `pad`.",
    formula: "y_{c,p} = x_{c, p + n}",
    linear: "Linear: every output is one input.",
    onnx: "Slice",
    parameters: &[parameter("amount", Kind::Padding, true)],
    values: Values::None,
    build: |arguments, inputs| crop(arguments, inputs[0]),
};

/// The rule of `slice`.
pub const SLICE: Signature = Signature {
    name: "slice",
    summary: "The entries `start`, `start + step`, … before `stop` of one axis; axis 0 is the channels, and negative \
        numbers count from the end.",
    formula: "y_{\\dots, i, \\dots} = x_{\\dots, start + i \\cdot step, \\dots}",
    linear: "Linear: every output is one input.",
    onnx: "Slice",
    parameters: &[
        parameter("axis", Kind::Scalar, true),
        parameter("start", Kind::Scalar, true),
        parameter("stop", Kind::Scalar, true),
        parameter("step", Kind::Count, false),
    ],
    values: Values::None,
    build: |arguments, inputs| slice(arguments, inputs[0]),
};

/// The rule of `upsample`.
pub const UPSAMPLE: Signature = Signature {
    name: "upsample",
    summary: "An image enlarged by whole factors: `nearest` repeats pixels, `bilinear` interpolates between pixel centres \
        (PyTorch's align_corners=false; linear in 1-D, trilinear in 3-D).",
    formula: "y_{c,p} = \\sum_{q} w_{p,q} \\cdot x_{c,q}",
    linear: "Linear: the weights depend on the position, not on the image.",
    onnx: "Resize",
    parameters: &[
        parameter("factor", Kind::PerAxis, true),
        parameter("mode", Kind::Word(&["nearest", "bilinear"]), false),
    ],
    values: Values::None,
    build: |arguments, inputs| upsample(arguments, inputs[0]),
};

#[derive(Debug)]
struct Pad {
    before: Vec<usize>,
    after: Vec<usize>,
    value: Rational,
    mode: PadMode,
    input: Shape,
    output: Shape,
}

fn pad(arguments: &Arguments, input: &Shape) -> Result<Layer, Misuse> {
    let axes = spatial("pad", input)?;
    if arguments.word("pad").is_some() {
        return Err(Misuse::argument("pad", "`same` is a padding of windows; give the layer `pad` its numbers"));
    }
    let (before, after) = two_sided(arguments, "pad", axes.len())?;
    let mode = pad_mode(arguments, "mode", axes, &before, &after)?;
    let value = arguments.scalar("value").unwrap_or_else(Rational::zero);
    if mode != PadMode::Zero && !value.is_zero() {
        return Err(Misuse::argument("value", "only zero mode has a value").help("remove `value` or `mode`"));
    }
    let extent: Vec<usize> = axes.iter().zip(before.iter().zip(&after)).map(|(n, (b, a))| n + b + a).collect();
    let output = image(input.channels(), &extent)?;
    Ok(Layer::Affine(Arc::new(Pad { before, after, value, mode, input: input.clone(), output })))
}

impl Function for Pad {
    fn kind(&self) -> &'static str {
        "pad"
    }

    fn output(&self) -> &Shape {
        &self.output
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let (x, spatial) = (inputs[0], self.input.spatial());
        let denominator = num_integer::lcm(x.denominator().clone(), self.value.denom().clone());
        let values = x.numerators_over(&denominator);
        let outside = self.value.numer() * (&denominator / self.value.denom());
        let pixels: usize = spatial.iter().product();
        let mut y = Vec::with_capacity(self.output.elements());
        for channel in 0..self.input.channels() {
            for_each_index(self.output.spatial(), |p| {
                let position = p.iter().enumerate().try_fold(0, |flat, (axis, &i)| {
                    let inside = resolve(i as i64 - self.before[axis] as i64, spatial[axis], self.mode)?;
                    Some(flat * spatial[axis] + inside)
                });
                y.push(position.map_or_else(|| outside.clone(), |at| values[channel * pixels + at].clone()));
            });
        }
        Some(Tensor::new(self.output.clone(), y, denominator))
    }

    fn definition(&self) -> Option<Definition> {
        let (before, after, value) = (self.before.clone(), self.after.clone(), self.value.clone());
        Some(Definition::Pad { before, after, value, mode: self.mode })
    }

    fn continues_input(&self) -> bool {
        self.mode != PadMode::Zero
    }

    fn pads_with_zeros(&self) -> bool {
        self.mode == PadMode::Zero && self.value.is_zero() && self.before.iter().chain(&self.after).any(|&n| n > 0)
    }

    fn detail(&self) -> String {
        let mode = format!("{:?}", self.mode).to_lowercase();
        if self.before == self.after {
            format!("{} on both sides, {mode}", by(&self.before))
        } else {
            format!("{} before, {} after, {mode}", by(&self.before), by(&self.after))
        }
    }
}

impl AffineLayer for Pad {
    fn lower(&self) -> Lowered {
        let axis = |(a, &n): (usize, &usize)| {
            selection(&Taps::convolution(n, 1, 1, 1, (self.before[a], self.after[a]), self.mode))
        };
        let factors: Vec<Matrix> = self.input.spatial().iter().enumerate().map(axis).collect();
        let bias = (!self.value.is_zero()).then(|| {
            // 1 where no factor reads the input: the rows that are empty in some axis.
            let empty = |p: &[usize]| p.iter().zip(&factors).any(|(&i, m)| m.row(i).next().is_none());
            let mut border = Vec::with_capacity(self.output.elements());
            for _ in 0..self.output.channels() {
                for_each_index(self.output.spatial(), |p| {
                    border.push(if empty(p) { self.value.numer().clone() } else { Integer::zero() })
                });
            }
            Bias::of_entries(Tensor::new(self.output.clone(), border, self.value.denom().clone()))
        });
        Lowered { operators: vec![channelwise(&self.input, &self.output, factors)], bias }
    }
}

/// The 0/1 matrix of an axis with one tap.
fn selection(taps: &Taps) -> Matrix {
    let row = |o: usize| taps.row(o).iter().map(|&(_, i)| (i, Integer::one())).collect();
    Matrix::from_rows(taps.inputs(), (0..taps.outputs()).map(row).collect(), Integer::one())
}

/// The same factors for every channel.
fn channelwise(input: &Shape, output: &Shape, factors: Vec<Matrix>) -> Operator {
    let factors = std::iter::once(Matrix::identity(input.channels())).chain(factors).collect();
    Operator::kronecker(input.clone(), output.clone(), factors)
}

/// A box of entries, with steps; one entry an axis, channels included.
#[derive(Debug)]
struct Crop {
    kind: &'static str,
    start: Vec<usize>,
    step: Vec<usize>,
    input: Shape,
    output: Shape,
}

fn crop(arguments: &Arguments, input: &Shape) -> Result<Layer, Misuse> {
    let axes = spatial("crop", input)?;
    if arguments.word("amount").is_some() {
        return Err(Misuse::argument("amount", "give `crop` its numbers"));
    }
    let (before, after) = two_sided(arguments, "amount", axes.len())?;
    let left = |(n, (b, a)): (&usize, (&usize, &usize))| n.checked_sub(b + a).filter(|&n| n > 0);
    let extent: Option<Vec<usize>> = axes.iter().zip(before.iter().zip(&after)).map(left).collect();
    let Some(extent) = extent else {
        return Err(Misuse::shape(format!(
            "cropping {} and {} leaves nothing of the input {input}",
            by(&before),
            by(&after)
        ))
        .at("amount"));
    };
    let output = image(input.channels(), &extent)?;
    let start = [vec![0], before].concat();
    let step = vec![1; input.rank()];
    Ok(Layer::Affine(Arc::new(Crop { kind: "crop", start, step, input: input.clone(), output })))
}

/// A whole number that may be negative.
fn whole(arguments: &Arguments, name: &'static str) -> Result<i64, Misuse> {
    let Some(value) = arguments.scalar(name) else {
        return Err(Misuse::argument(name, format!("`{name}` is missing")));
    };
    let whole = if value.is_integer() { value.to_integer().to_i64() } else { None };
    whole.ok_or_else(|| Misuse::argument(name, format!("`{name}` must be a whole number, not too large")))
}

/// As in PyTorch and ONNX, negative numbers count from the end; unlike there, nothing is clamped.
fn slice(arguments: &Arguments, input: &Shape) -> Result<Layer, Misuse> {
    let from_end = |n: i64, length: usize| if n < 0 { i64::try_from(length).ok()?.checked_add(n) } else { Some(n) };
    let place = |n: i64, length: usize| usize::try_from(from_end(n, length)?).ok();
    let (wanted, first, last) = (whole(arguments, "axis")?, whole(arguments, "start")?, whole(arguments, "stop")?);
    let step = arguments.integers("step").and_then(|n| n.first().copied()).unwrap_or(1);
    let found = place(wanted, input.rank()).and_then(|a| Some((a, *input.axes().get(a)?)));
    let Some((axis, length)) = found else {
        return Err(
            Misuse::argument("axis", format!("the input {input} has no axis {wanted}")).help("axis 0 is the channels")
        );
    };
    let range = place(first, length).zip(place(last, length)).filter(|&(start, stop)| start < stop && stop <= length);
    let Some((start, stop)) = range else {
        let message = format!(
            "the range {first} to {last} is empty or outside axis {axis} of the input {input}, whose length is {length}"
        );
        return Err(Misuse::argument("stop", message).help("`stop` is exclusive; negative numbers count from the end"));
    };
    let mut axes = input.axes().to_vec();
    axes[axis] = (stop - start).div_ceil(step);
    let output = Shape::new(axes).map_err(|e| Misuse::shape(e.to_string()))?;
    let (mut starts, mut steps) = (vec![0; input.rank()], vec![1; input.rank()]);
    (starts[axis], steps[axis]) = (start, step);
    Ok(Layer::Affine(Arc::new(Crop { kind: "slice", start: starts, step: steps, input: input.clone(), output })))
}

impl Function for Crop {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn output(&self) -> &Shape {
        &self.output
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let x = inputs[0];
        let mut y = Vec::with_capacity(self.output.elements());
        for_each_index(self.output.axes(), |p| {
            let from: Vec<usize> =
                p.iter().zip(self.start.iter().zip(&self.step)).map(|(i, (start, step))| start + i * step).collect();
            y.push(x.numerators()[self.input.ravel(&from)].clone());
        });
        Some(Tensor::new(self.output.clone(), y, x.denominator().clone()))
    }

    fn definition(&self) -> Option<Definition> {
        Some(Definition::Slice { start: self.start.clone(), step: self.step.clone() })
    }
}

impl AffineLayer for Crop {
    fn lower(&self) -> Lowered {
        let axis = |a: usize| {
            let rows = (self.start[a]..).step_by(self.step[a]).take(self.output.axes()[a]);
            Matrix::from_rows(self.input.axes()[a], rows.map(|i| vec![(i, Integer::one())]).collect(), Integer::one())
        };
        let factors = (0..self.input.rank()).map(axis).collect();
        Lowered { operators: vec![Operator::kronecker(self.input.clone(), self.output.clone(), factors)], bias: None }
    }
}

#[derive(Debug)]
struct Upsample {
    factor: Vec<usize>,
    bilinear: bool,
    input: Shape,
    output: Shape,
}

fn upsample(arguments: &Arguments, input: &Shape) -> Result<Layer, Misuse> {
    let axes = spatial("upsample", input)?;
    let factor = arguments.per_axis("factor", axes.len(), 1)?;
    if factor.iter().any(|&f| f == 0 || f > MAX_ELEMENTS) {
        return Err(Misuse::argument("factor", format!("the factor {} is not between 1 and 2^40", by(&factor))));
    }
    let extent: Vec<usize> = axes.iter().zip(&factor).map(|(n, f)| n.saturating_mul(*f)).collect();
    let output = image(input.channels(), &extent)?;
    let bilinear = arguments.word("mode") == Some("bilinear");
    Ok(Layer::Affine(Arc::new(Upsample { factor, bilinear, input: input.clone(), output })))
}

impl Function for Upsample {
    fn kind(&self) -> &'static str {
        "upsample"
    }

    fn output(&self) -> &Shape {
        &self.output
    }

    /// The value at the centre of each output pixel: nearest, or interpolated axis by axis.
    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let (x, spatial) = (inputs[0], self.input.spatial());
        let pixels: usize = spatial.iter().product();
        let mut y = Vec::with_capacity(self.output.elements());
        for channel in 0..self.input.channels() {
            for_each_index(self.output.spatial(), |p| {
                let mut corners = vec![(0_usize, Rational::one())];
                for (axis, &i) in p.iter().enumerate() {
                    let neighbours = self.neighbours(i, self.factor[axis], spatial[axis]);
                    let step = |(flat, weight): &(usize, Rational)| {
                        let (flat, weight) = (flat * spatial[axis], weight.clone());
                        neighbours.iter().map(move |(n, w)| (flat + n, &weight * w)).collect::<Vec<_>>()
                    };
                    corners = corners.iter().flat_map(step).collect();
                }
                y.push(corners.iter().map(|(at, w)| w * x.get(channel * pixels + at)).sum::<Rational>());
            });
        }
        Some(Tensor::from_rationals(self.output.clone(), &y))
    }

    fn definition(&self) -> Option<Definition> {
        Some(Definition::Upsample { factor: self.factor.clone(), bilinear: self.bilinear })
    }

    fn detail(&self) -> String {
        format!("factor {}, {}", by(&self.factor), if self.bilinear { "bilinear" } else { "nearest" })
    }
}

impl Upsample {
    /// The source coordinate (i + 1/2)/f − 1/2, clamped to the axis, and its neighbours' weights.
    fn neighbours(&self, i: usize, factor: usize, length: usize) -> Vec<(usize, Rational)> {
        if !self.bilinear {
            return vec![(i / factor, Rational::one())];
        }
        let half = ratio(1.into(), 2.into());
        let source = (Rational::from_integer(i.into()) + &half) / Rational::from_integer(factor.into()) - half;
        let source = source.max(Rational::zero());
        let low = (i + i + 1).saturating_sub(factor) / (2 * factor);
        let fraction = source - Rational::from_integer(low.into());
        vec![(low, Rational::one() - &fraction), ((low + 1).min(length - 1), fraction)]
    }
}

impl AffineLayer for Upsample {
    /// One factor an axis. Over the denominator 2f, output i lies 2i + 1 − f after the centre of
    /// input 0: 2f − r parts of input q and r parts of its successor, for quotient q and remainder r.
    fn lower(&self) -> Lowered {
        let axis = |(&n, &f): (&usize, &usize)| {
            let row = |i: usize| {
                if !self.bilinear {
                    return vec![(i / f, Integer::from(2 * f))];
                }
                let offset = (2 * i + 1).saturating_sub(f);
                let (q, r) = (offset / (2 * f), offset % (2 * f));
                vec![(q, Integer::from(2 * f - r)), (if q + 1 < n { q + 1 } else { q }, Integer::from(r))]
            };
            Matrix::from_rows(n, (0..n * f).map(row).collect(), Integer::from(2 * f))
        };
        let factors = self.input.spatial().iter().zip(&self.factor).map(axis).collect();
        Lowered { operators: vec![channelwise(&self.input, &self.output, factors)], bias: None }
    }
}
