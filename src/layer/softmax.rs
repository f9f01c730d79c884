//! `softmax`.

use std::collections::BTreeSet;
use std::sync::Arc;

use num_integer::Integer as _;
use num_traits::{One, Zero};
use rayon::prelude::*;

use super::smooth::{BITS, entrywise};
use super::{Definition, Enclosure, Function, Layer, Part, Signature, Values};
use crate::algebra::{Integer, Rational, Shape, Tensor, enclose, ratio};

/// The rule of `softmax`.
pub const SOFTMAX: Signature = Signature {
    name: "softmax",
    summary: "Exponentials divided by their sum, over the channel axis: a vector as a whole, an image pixel by pixel.",
    formula: "y_c = \\exp(x_c) / \\sum_{k} \\exp(x_k)",
    linear: "Not piecewise linear; constant where there is one channel.",
    onnx: "Softmax",
    parameters: &[],
    values: Values::None,
    build: |_, inputs| Ok(Layer::Smooth(Arc::new(Softmax { shape: inputs[0].clone() }))),
};

/// Bits that exponentials and their shares are rounded to, outwards.
const PLACES: usize = BITS + 16;

#[derive(Debug)]
struct Softmax {
    shape: Shape,
}

impl Softmax {
    /// The entries that compete with entry i: all channels at its pixel.
    fn group(&self, i: usize) -> impl Iterator<Item = usize> {
        let pixels = self.pixels();
        (0..self.shape.channels()).map(move |c| c * pixels + i % pixels)
    }

    fn pixels(&self) -> usize {
        self.shape.spatial().iter().product()
    }

    /// Bounds of every channel's exp(xᵢ)/Σ exp(xₖ) at one pixel: the entry itself at one end of its
    /// interval, the others at their other ends. Every exponent is shifted by the largest, so none
    /// is positive.
    fn at(&self, pixel: usize, low: &Tensor, high: &Tensor) -> Vec<(Rational, Rational)> {
        let group: Vec<(Rational, Rational)> = self.group(pixel).map(|k| (low.get(k), high.get(k))).collect();
        let top = group.iter().map(|g| g.1.clone()).max().unwrap_or_else(Rational::zero);
        let exp = |v: &Rational| enclose::exp_neg(&(&top - v), BITS + 8);
        // Each entry's exponential from below and from above, in units of 2^−PLACES.
        let least: Vec<Integer> = group.iter().map(|g| enclose::floor(&exp(&g.0).0, PLACES)).collect();
        let most: Vec<Integer> = group.iter().map(|g| enclose::ceil(&exp(&g.1).1, PLACES)).collect();
        let (all_least, all_most) = (least.iter().sum::<Integer>(), most.iter().sum::<Integer>());
        // m/(m + r) increases in m and decreases in r; the largest exponential is exactly 1.
        let unit = Integer::one() << PLACES;
        let share = |m: &Integer, r: Integer| (m << PLACES, m + r);
        let bounds = |(least, most): (&Integer, &Integer)| {
            let (m, all) = share(least, &all_most - most);
            let low = if m.is_zero() { m } else { m.div_floor(&all) };
            let (m, all) = share(most, &all_least - least);
            let high = m.div_ceil(&all).min(unit.clone());
            (ratio(low, unit.clone()), ratio(high, unit.clone()))
        };
        least.iter().zip(&most).map(bounds).collect()
    }
}

impl Function for Softmax {
    fn kind(&self) -> &'static str {
        "softmax"
    }

    fn output(&self) -> &Shape {
        &self.shape
    }

    /// Rational where all entries of each group are equal.
    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let x = inputs[0].numerators();
        let even = (0..x.len()).all(|i| x[i] == x[i % self.pixels()]);
        let share = ratio(1.into(), self.shape.channels().into());
        even.then(|| Tensor::constant(self.shape.clone(), &share))
    }

    fn enclose(&self, inputs: &[&Enclosure]) -> Option<Enclosure> {
        let pixels = self.pixels();
        let groups: Vec<Vec<(Rational, Rational)>> =
            (0..pixels).into_par_iter().map(|p| self.at(p, &inputs[0].low, &inputs[0].high)).collect();
        Some(entrywise(&self.shape, |i| groups[i % pixels][i / pixels].clone()))
    }

    fn definition(&self) -> Option<Definition> {
        Some(Definition::Softmax)
    }

    /// All channels of the pixels that are asked for.
    fn part(&self, outputs: &[usize]) -> Option<Part> {
        let pixels: BTreeSet<usize> = outputs.iter().map(|i| i % self.pixels()).collect();
        let channels = 0..self.shape.channels();
        let entries: Vec<usize> = channels.flat_map(|c| pixels.iter().map(move |p| c * self.pixels() + p)).collect();
        let shape = Shape::new([self.shape.channels(), pixels.len()]).ok()?;
        let layer = Layer::Smooth(Arc::new(Softmax { shape }));
        Some(Part { layer, outputs: entries.clone(), operands: vec![entries] })
    }
}
