//! `Resize` and `Upsample`: one matrix an axis, from exact coordinates.

use num_traits::{One, Signed, ToPrimitive, Zero};

use super::one;
use crate::algebra::{Integer, Rational, Tensor};
use crate::import::Refusal;
use crate::import::onnx::call::{Call, Outcome, place};
use crate::import::onnx::values::{Variable, shape_of};
use crate::layer::{Arguments, Value as Argument};

/// How one axis is resized.
struct Axis {
    input: usize,
    output: usize,
    /// Output over input.
    scale: Rational,
}

fn whole(n: usize) -> Rational {
    Rational::from_integer(n.into())
}

fn half() -> Rational {
    Rational::new(One::one(), Integer::from(2))
}

impl Axis {
    /// The coordinate in the input of a position of the output.
    fn coordinate(&self, mode: &str, i: usize) -> Result<Rational, Refusal> {
        let x = whole(i);
        Ok(match mode {
            "half_pixel" => (x + half()) / &self.scale - half(),
            "pytorch_half_pixel" if self.output == 1 => Rational::zero(),
            "pytorch_half_pixel" => (x + half()) / &self.scale - half(),
            "half_pixel_symmetric" => {
                let adjustment = whole(self.output) / (&self.scale * whole(self.input));
                let center = whole(self.input) / whole(2);
                let offset = &center * (Rational::one() - adjustment);
                offset + (x + half()) / &self.scale - half()
            }
            "asymmetric" => x / &self.scale,
            // The length of the output is not rounded here.
            "align_corners" if (&self.scale * whole(self.input)).is_one() => Rational::zero(),
            "align_corners" => x * whole(self.input - 1) / (&self.scale * whole(self.input) - Rational::one()),
            other => {
                let message = format!("its `coordinate_transformation_mode` is `{other}`");
                return Err(Refusal::unsupported(message));
            }
        })
    }

    fn clamped(&self, place: &Integer) -> usize {
        if place.is_negative() { 0 } else { place.to_usize().unwrap_or(usize::MAX).min(self.input - 1) }
    }
}

fn nearest(x: &Rational, mode: &str) -> Result<Integer, Refusal> {
    Ok(match mode {
        "round_prefer_floor" => (x - half()).ceil().to_integer(),
        "round_prefer_ceil" => (x + half()).floor().to_integer(),
        "floor" => x.floor().to_integer(),
        "ceil" => x.ceil().to_integer(),
        other => return Err(Refusal::damaged(format!("its `nearest_mode` is `{other}`"))),
    })
}

/// `Upsample`, opsets 7 to 9.
pub fn upsample(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    let mode = call.word("mode", "nearest")?;
    let scales = match call.floats("scales")? {
        Some(scales) => scales,
        None => call.needed(1, "scales")?.tensor()?.to_rationals(),
    };
    let axes = scaled(&x, &(0..x.dims.len()).collect::<Vec<_>>(), &scales)?;
    resized(call, x, axes, mode, "asymmetric", "floor")
}

fn scaled(x: &Variable, axes: &[usize], scales: &[Rational]) -> Result<Vec<(usize, Axis)>, Refusal> {
    if scales.len() != axes.len() || scales.iter().any(|s| !s.is_positive()) {
        return Err(Refusal::damaged("its scales are not one positive number for each axis"));
    }
    let axis = |(&a, scale): (&usize, &Rational)| {
        let output = (scale * whole(x.dims[a])).floor().to_integer().to_usize().filter(|n| (1..=1 << 24).contains(n));
        let output = output.ok_or_else(|| Refusal::unsupported("it gives an axis without entries, or too many"))?;
        Ok((a, Axis { input: x.dims[a], output, scale: scale.clone() }))
    };
    axes.iter().zip(scales).map(axis).collect()
}

/// `Resize`.
pub fn resize(call: &mut Call<'_, '_>) -> Outcome {
    let x = call.variable(0)?;
    let rank = x.dims.len();
    let mode = call.word("mode", "nearest")?;
    // Opset 10 has no roi, and the coordinates of `Upsample`.
    let (first, coordinates, rounding) = match call.opset {
        ..11 => (1, "asymmetric", "floor"),
        _ => (
            2,
            call.word("coordinate_transformation_mode", "half_pixel")?,
            call.word("nearest_mode", "round_prefer_floor")?,
        ),
    };
    call.ignore(&["cubic_coeff_a", "extrapolation_value"]);
    if call.integer("antialias", 0)? != 0 {
        return Err(Refusal::unsupported("its `antialias` is on"));
    }
    if call.integer("exclude_outside", 0)? != 0 && mode != "nearest" {
        return Err(Refusal::unsupported("its `exclude_outside` is on"));
    }
    let axes = match call.integers("axes")? {
        Some(axes) => axes.into_iter().map(|a| place(a, rank)).collect::<Result<Vec<_>, _>>()?,
        None => (0..rank).collect(),
    };
    let policy = call.word("keep_aspect_ratio_policy", "stretch")?;
    let scales = call.known(first, "scales")?.filter(|c| c.numbers.is_some());
    let axes = match (scales, call.known(first + 1, "sizes")?) {
        (Some(scales), _) => scaled(&x, &axes, &scales.tensor()?.to_rationals())?,
        (None, Some(sizes)) => sized(&x, &axes, &sizes.to_integers()?, policy)?,
        (None, None) => return Err(Refusal::damaged("its scales and sizes are missing")),
    };
    resized(call, x, axes, mode, coordinates, rounding)
}

fn sized(x: &Variable, axes: &[usize], sizes: &[i64], policy: &str) -> Result<Vec<(usize, Axis)>, Refusal> {
    let lengths: Option<Vec<usize>> =
        sizes.iter().map(|&n| usize::try_from(n).ok().filter(|n| (1..=1 << 24).contains(n))).collect();
    let lengths = lengths.filter(|l| l.len() == axes.len());
    let lengths = lengths.ok_or_else(|| Refusal::damaged("its sizes are not one length for each axis"))?;
    let ratios: Vec<Rational> = axes.iter().zip(&lengths).map(|(&a, &n)| whole(n) / whole(x.dims[a])).collect();
    let common = match policy {
        "stretch" => None,
        "not_larger" => ratios.iter().min().cloned(),
        "not_smaller" => ratios.iter().max().cloned(),
        other => return Err(Refusal::damaged(format!("its `keep_aspect_ratio_policy` is `{other}`"))),
    };
    let axis = |((&a, &length), ratio): ((&usize, &usize), &Rational)| {
        let input = x.dims[a];
        match &common {
            None => Ok((a, Axis { input, output: length, scale: ratio.clone() })),
            Some(scale) => {
                let output = (scale * whole(input) + half()).floor().to_integer().to_usize().filter(|&n| n > 0);
                let output = output.ok_or_else(|| Refusal::unsupported("it gives an axis without entries"))?;
                Ok((a, Axis { input, output, scale: scale.clone() }))
            }
        }
    };
    axes.iter().zip(&lengths).zip(&ratios).map(axis).collect()
}

fn resized(
    call: &mut Call<'_, '_>,
    x: Variable,
    axes: Vec<(usize, Axis)>,
    mode: &str,
    coordinates: &str,
    rounding: &str,
) -> Outcome {
    if !matches!(mode, "nearest" | "linear") {
        return Err(Refusal::unsupported(format!("its `mode` is `{mode}`; `nearest` and `linear` are supported")));
    }
    let out: usize = axes.iter().fold(1, |n, (_, axis)| n.saturating_mul(axis.output));
    call.builder.affordable(out)?;
    let mut value = x;
    if let Some(done) = by_whole_factors(call, &value, &axes, (mode, coordinates, rounding))? {
        return one(done);
    }
    for (a, axis) in axes {
        let places: Vec<Rational> =
            (0..axis.output).map(|i| axis.coordinate(coordinates, i)).collect::<Result<_, _>>()?;
        if mode == "nearest" {
            let places: Result<Vec<usize>, Refusal> =
                places.iter().map(|p| Ok(axis.clamped(&nearest(p, rounding)?))).collect();
            value = call.builder.take(&value, a, &places?)?;
        } else if places.iter().enumerate().any(|(i, p)| *p != whole(i)) || axis.input != axis.output {
            call.builder.affordable(axis.input.saturating_mul(axis.output))?;
            let mut rows = vec![Rational::zero(); axis.input * axis.output];
            for (i, place) in places.iter().enumerate() {
                let low = place.floor();
                let fraction = place - &low;
                let low = low.to_integer();
                rows[i * axis.input + axis.clamped(&low)] += Rational::one() - &fraction;
                rows[i * axis.input + axis.clamped(&(low + 1))] += fraction;
            }
            let matrix = Tensor::from_rationals(shape_of(&[axis.output, axis.input])?, &rows);
            value = call.builder.along(&value, a, matrix)?;
        }
    }
    one(value)
}

/// The layer `upsample`, where it is the same: whole factors of an image's axes.
fn by_whole_factors(
    call: &mut Call<'_, '_>,
    x: &Variable,
    axes: &[(usize, Axis)],
    (mode, coordinates, rounding): (&str, &str, &str),
) -> Result<Option<Variable>, Refusal> {
    let rank = x.dims.len();
    let mut factor = vec![1; rank];
    let mut dims = x.dims.clone();
    for (a, axis) in axes {
        if !axis.scale.is_integer() || axis.output % axis.input != 0 {
            return Ok(None);
        }
        factor[*a] = axis.output / axis.input;
        dims[*a] = axis.output;
    }
    // ⌊i/f⌋ is the nearest in both of these conventions, whatever f is.
    let same = match mode {
        "nearest" => (coordinates, rounding) == ("asymmetric", "floor"),
        _ => coordinates == "half_pixel",
    };
    let image = (3..=5).contains(&rank) && factor[..2] == [1, 1] && factor.iter().any(|&f| f > 1);
    if !same || !image {
        return Ok(None);
    }
    let node = call.builder.view(x.node, &[&[x.dims[0] * x.dims[1]], &x.dims[2..]].concat())?;
    let word = if mode == "nearest" { "nearest" } else { "bilinear" };
    let arguments = Arguments::default()
        .with("factor", Argument::Integers(factor[2..].to_vec()))
        .with("mode", Argument::Word(word.into()));
    let node = call.builder.layer("upsample", arguments, &[node])?;
    Ok(Some(Variable { node, dims }))
}
