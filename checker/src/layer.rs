//! Layers by their defining sums.
//!
//! Every output entry of a layer that is not smooth is a sum of *pieces*; a piece is one affine form
//! of the operands' entries, or the largest or smallest of several. [`Layer::new`] checks the shapes
//! once: after it, no sum reads an entry that does not exist. What zero padding adds is no read at
//! all; every other index is inside of its operand.

use num_integer::Integer;

use crate::Rejection;
use crate::format::{Divisor, Kind, Mode, Symbol, Tensor};
use crate::shape::shape_of;
use crate::table::Table;
use crate::window::place;

/// An entry of an operand: (operand, flat index), or [`ONE`].
pub type Source = (usize, usize);

/// The number 1, as an entry that every layer may read.
pub const ONE: Source = (usize::MAX, 0);

/// The most entries that a tensor may have.
pub const MAX_ENTRIES: usize = 1 << 26;

/// A weight: a numerator over the layer's denominator.
#[derive(Clone, Copy, Debug)]
pub enum Weight {
    /// One of the layer's numbers (or polynomials).
    Stored(usize),
    Small(i64),
}

/// Σ weight · entry.
pub type Terms = Vec<(Source, Weight)>;

/// The smallest (`least`) or largest of affine forms; of one form, the form.
pub struct Piece {
    pub least: bool,
    pub forms: Vec<Terms>,
}

#[derive(Debug)]
pub struct Layer {
    pub kind: Kind,
    pub table: Table,
    /// The shapes of the operands, and of the output.
    inputs: Vec<Vec<usize>>,
    pub shape: Vec<usize>,
    /// For pools that divide by the entries inside: the counts that occur, ascending.
    counts: Vec<usize>,
}

pub fn wrong<T>(why: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::Wrong { step: String::new(), reason: why.into() })
}

/// The number of entries of a shape: at most [`MAX_ENTRIES`], and no axis is 0.
pub fn entries(shape: &[usize]) -> Result<usize, Rejection> {
    let count = shape.iter().try_fold(1_usize, |n, &axis| n.checked_mul(axis).filter(|&n| n > 0 && n <= MAX_ENTRIES));
    count.map_or_else(|| wrong(format!("the shape {shape:?} is empty or has more than {MAX_ENTRIES} entries")), Ok)
}

/// The row-major index of a flat one.
fn unravel(shape: &[usize], mut flat: usize) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (slot, &axis) in index.iter_mut().zip(shape).rev() {
        (*slot, flat) = (flat % axis, flat / axis);
    }
    index
}

fn ravel(shape: &[usize], index: &[usize]) -> usize {
    index.iter().zip(shape).fold(0, |flat, (i, axis)| flat * axis + i)
}

/// The number of entries of a shape that was checked.
pub fn count(shape: &[usize]) -> usize {
    shape.iter().product()
}

impl Layer {
    /// A layer on operands of these shapes, if the stated shape of its output is right.
    pub fn new(kind: Kind, inputs: Vec<Vec<usize>>, shape: Vec<usize>, symbols: &[Symbol]) -> Result<Layer, Rejection> {
        let operands = match kind {
            Kind::Sub {} | Kind::Multiply {} => 2..=2,
            Kind::Add {} | Kind::Concat {} | Kind::Extreme { .. } => 1..=usize::MAX,
            _ => 1..=1,
        };
        if !operands.contains(&inputs.len()) {
            return wrong(format!("it has {} operands", inputs.len()));
        }
        entries(&shape)?;
        let mut counts = Vec::new();
        let (found, table) = shape_of(&kind, &inputs, &shape, symbols, &mut counts)?;
        if found != shape {
            return wrong(format!("its output has the shape {found:?}, not {shape:?}"));
        }
        Ok(Layer { kind, table, inputs, shape, counts })
    }

    /// Whether every output is one affine form.
    pub fn is_affine(&self) -> bool {
        use Kind::*;
        !self.is_smooth()
            && !matches!(self.kind, Slopes { .. } | Clip { .. } | ExtremePool { .. } | Maxout { .. } | Extreme { .. })
    }

    /// Whether the outputs are not sums of pieces.
    pub fn is_smooth(&self) -> bool {
        use Kind::*;
        matches!(self.kind, Sigmoid {} | Tanh {} | Silu {} | Gelu {} | Softmax {} | Square {} | Multiply {})
    }

    /// The terms of output `i` of an affine layer.
    pub fn terms(&self, i: usize, visit: &mut dyn FnMut(Source, Weight)) {
        use Weight::{Small, Stored};
        let (input, shape) = (&self.inputs[0], &self.shape);
        match &self.kind {
            Kind::Conv { kernel, bias, window, groups, mode } => {
                let (outputs, per_group) = (kernel.shape[0], kernel.shape[1]);
                let (taps, pixels, index) = (count(&window.size), count(&input[1..]), unravel(shape, i));
                let (o, first) = (index[0], index[0] / (outputs / groups) * per_group);
                for tap in 0..taps {
                    let k = unravel(&window.size, tap);
                    let Some(position) = window.position(&input[1..], &index[1..], &k, *mode) else { continue };
                    for c in 0..per_group {
                        visit((0, (first + c) * pixels + position), Stored((o * per_group + c) * taps + tap));
                    }
                }
                if bias.is_some() {
                    visit(ONE, Stored(kernel.numerators.len() + o));
                }
            }
            Kind::ConvTranspose { kernel, bias, window, groups, .. } => {
                let (inputs, per_group) = (kernel.shape[0], kernel.shape[1]);
                let (taps, pixels, index) = (count(&window.size), count(&input[1..]), unravel(shape, i));
                let (o, first) = (index[0], index[0] / per_group * (inputs / groups));
                for tap in 0..taps {
                    let k = unravel(&window.size, tap);
                    // The input at q adds to the output at q·stride + k·dilation − before.
                    let from = |flat, a: usize| {
                        let steps = (index[1 + a] + window.before[a]).checked_sub(k[a] * window.dilation[a])?;
                        let q = steps / window.stride[a];
                        (steps % window.stride[a] == 0 && q < input[1 + a]).then_some(flat * input[1 + a] + q)
                    };
                    let Some(position) = (0..k.len()).try_fold(0, from) else { continue };
                    for c in first..first + inputs / groups {
                        visit((0, c * pixels + position), Stored((c * per_group + o % per_group) * taps + tap));
                    }
                }
                if bias.is_some() {
                    visit(ONE, Stored(kernel.numerators.len() + o));
                }
            }
            Kind::Dense { matrix, bias } => {
                (0..input[0]).for_each(|c| visit((0, c), Stored(i * input[0] + c)));
                if bias.is_some() {
                    visit(ONE, Stored(matrix.numerators.len() + i));
                }
            }
            Kind::Scale { factor, offset } => {
                // Consecutive entries share a number.
                let shared = |t: &Tensor| i / (count(shape) / t.numerators.len());
                let first = factor.as_ref().map_or(0, |t| t.numerators.len());
                visit((0, i), Stored(factor.as_ref().map_or(self.table.len() - 1, shared)));
                if let Some(offset) = offset {
                    visit(ONE, Stored(first + shared(offset)));
                }
            }
            Kind::SumPool { window, divisor } => {
                let (pixels, index) = (count(&input[1..]), unravel(shape, i));
                let inside: usize = (1..input.len()).map(|a| window.inside(a - 1, input[a], index[a])).product();
                let weight = match divisor {
                    Divisor::Inside => Stored(self.counts.binary_search(&inside).unwrap_or(0)),
                    Divisor::One | Divisor::Window => Small(1),
                };
                for tap in 0..count(&window.size) {
                    let k = unravel(&window.size, tap);
                    if let Some(position) = window.position(&input[1..], &index[1..], &k, Mode::Zero) {
                        visit((0, index[0] * pixels + position), weight);
                    }
                }
            }
            Kind::Pad { before, mode, .. } => {
                let index = unravel(shape, i);
                let step = |flat, a: usize| {
                    Some(flat * input[a] + place(index[a] as i64 - before[a - 1] as i64, input[a], *mode)?)
                };
                match (1..input.len()).try_fold(index[0], step) {
                    Some(flat) => visit((0, flat), Stored(1)),
                    None => visit(ONE, Stored(0)),
                }
            }
            Kind::Slice { start, step } => {
                let from: Vec<usize> =
                    unravel(shape, i).iter().zip(start.iter().zip(step)).map(|(p, (s, t))| s + p * t).collect();
                visit((0, ravel(input, &from)), Small(1));
            }
            Kind::Upsample { factor, bilinear } => {
                let index = unravel(shape, i);
                let mut corners = vec![(index[0], 1)];
                for a in 1..input.len() {
                    let (n, f, p) = (input[a], factor[a - 1], index[a]);
                    // Of the output's centre, (p + 1/2)/f − 1/2 in the input's coordinates: the entries on both sides.
                    let sides = match bilinear {
                        false => vec![(p / f, 1)],
                        true => {
                            let (q, r) = (2 * p + 1).saturating_sub(f).div_rem(&(2 * f));
                            vec![(q, 2 * f - r), ((q + 1).min(n - 1), r)]
                        }
                    };
                    let step = |&(flat, w): &(usize, usize)| {
                        sides.iter().map(move |(q, v)| (flat * n + q, w * v)).collect::<Vec<_>>()
                    };
                    corners = corners.iter().flat_map(step).collect();
                }
                corners.iter().for_each(|&(flat, w)| visit((0, flat), Small(w as i64)));
            }
            Kind::Permute { axes } => {
                let (index, mut from) = (unravel(shape, i), vec![0; axes.len()]);
                axes.iter().zip(index).for_each(|(&axis, p)| from[axis] = p);
                visit((0, ravel(input, &from)), Small(1));
            }
            Kind::PixelShuffle { r } => {
                let index = unravel(shape, i);
                let channel = (index[0] * r + index[1] % r) * r + index[2] % r;
                visit((0, ravel(input, &[channel, index[1] / r, index[2] / r])), Small(1));
            }
            Kind::Add {} => (0..self.inputs.len()).for_each(|operand| visit((operand, i), Small(1))),
            Kind::Sub {} => {
                visit((0, i), Small(1));
                visit((1, i), Small(-1));
            }
            Kind::Concat {} => {
                let mut at = i;
                for (operand, input) in self.inputs.iter().enumerate() {
                    match at.checked_sub(count(input)) {
                        Some(rest) => at = rest,
                        None => return visit((operand, at), Small(1)),
                    }
                }
            }
            // `reshape`; other kinds have pieces or curves.
            _ => visit((0, i), Small(1)),
        }
    }

    /// The pieces whose sum is output `i` of a layer that is not smooth.
    pub fn pieces(&self, i: usize) -> Vec<Piece> {
        use Weight::{Small, Stored};
        let one = |sources: Vec<Source>| sources.into_iter().map(|s| vec![(s, Small(1))]).collect();
        let (input, shape) = (&self.inputs[0], &self.shape);
        match &self.kind {
            Kind::Slopes { below } => {
                // max(x, a·x) where a ≤ 1, min(x, a·x) where a > 1.
                let a = i / (count(shape) / below.len());
                let least = self.table.numbers[a] > self.table.denominator;
                vec![Piece { least, forms: vec![vec![((0, i), Stored(below.len()))], vec![((0, i), Stored(a))]] }]
            }
            // With l = slope·x + offset: low + max(0, l − low) + min(0, high − l), because low ≤ high.
            Kind::Clip { .. } => vec![
                Piece { least: false, forms: vec![vec![(ONE, Stored(0))]] },
                Piece { least: false, forms: vec![Vec::new(), vec![((0, i), Stored(1)), (ONE, Stored(2))]] },
                Piece { least: true, forms: vec![Vec::new(), vec![((0, i), Stored(3)), (ONE, Stored(4))]] },
            ],
            Kind::ExtremePool { least, window } => {
                let (pixels, index) = (count(&input[1..]), unravel(shape, i));
                let position = |tap| window.position(&input[1..], &index[1..], &unravel(&window.size, tap), Mode::Zero);
                let sources = (0..count(&window.size)).filter_map(position).map(|p| (0, index[0] * pixels + p));
                vec![Piece { least: *least, forms: one(sources.collect()) }]
            }
            Kind::Maxout { k } => {
                let pixels = count(&shape[1..]);
                let sources = (0..*k).map(|j| (0, (i / pixels * k + j) * pixels + i % pixels));
                vec![Piece { least: false, forms: one(sources.collect()) }]
            }
            Kind::Extreme { least } => {
                vec![Piece { least: *least, forms: one((0..self.inputs.len()).map(|operand| (operand, i)).collect()) }]
            }
            _ => {
                let mut terms = Vec::new();
                self.terms(i, &mut |source, weight| terms.push((source, weight)));
                vec![Piece { least: false, forms: vec![terms] }]
            }
        }
    }

    /// The most terms that an output has, pieces together.
    pub fn fan_in(&self) -> usize {
        match &self.kind {
            Kind::Conv { kernel, .. } => kernel.numerators.len() / kernel.shape[0] + 1,
            Kind::ConvTranspose { kernel, .. } => kernel.numerators.len() / kernel.shape[1] + 1,
            Kind::Dense { matrix, .. } => matrix.shape[1] + 1,
            Kind::SumPool { window, .. } | Kind::ExtremePool { window, .. } => count(&window.size),
            Kind::Maxout { k } => *k,
            Kind::Softmax {} => self.shape[0],
            _ => 8.max(self.inputs.len()),
        }
    }

    /// The entries that output `i` of a smooth layer is a function of, its own first.
    pub fn arguments(&self, i: usize) -> Vec<Source> {
        match self.kind {
            Kind::Softmax {} => {
                let pixels = count(&self.shape[1..]);
                let others = (0..self.shape[0]).map(|c| c * pixels + i % pixels).filter(|&k| k != i);
                std::iter::once(i).chain(others).map(|k| (0, k)).collect()
            }
            Kind::Multiply {} => vec![(0, i), (1, i)],
            _ => vec![(0, i)],
        }
    }
}
