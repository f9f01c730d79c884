//! Layers by their defining sums.
//!
//! Every output entry of a layer that is not smooth is a sum of *pieces*; a piece is one affine form
//! of the operands' entries, or the largest or smallest of several. [`Layer::new`] checks the shapes
//! once: after it, no sum reads an entry that does not exist. What zero padding adds is no read at
//! all; every other index is inside of its operand.

use std::collections::BTreeSet;

use num_integer::Integer;
use num_traits::One;

use crate::Rejection;
use crate::format::{Divisor, Entry, Kind, Mode, Symbol, Tensor, Window};
use crate::number::{Int, Poly, Rat, denominator, integer, over_common, rational, rationals};

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

/// The numbers of a layer.
#[derive(Debug, Default)]
pub struct Table {
    pub numbers: Vec<Int>,
    pub denominator: Int,
    /// Instead of numbers, with the denominator 1, where a symbol occurs.
    pub polynomials: Option<Vec<Poly>>,
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

fn wrong<T>(why: impl Into<String>) -> Result<T, Rejection> {
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

fn count(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// Where coordinate `at` of an axis of n entries is read; `None` is a zero.
fn place(at: i64, n: usize, mode: Mode) -> Option<usize> {
    let length = n as i64;
    let inside = match mode {
        _ if (0..length).contains(&at) => at,
        Mode::Zero => return None,
        Mode::Circular => at.rem_euclid(length),
        Mode::Replicate => at.clamp(0, length - 1),
        Mode::Reflect if at < 0 => -at,
        Mode::Reflect => 2 * (length - 1) - at,
    };
    usize::try_from(inside).ok()
}

impl Window {
    /// One number for each spatial axis everywhere, none of them so large that sums of products overflow.
    fn check(&self, axes: usize) -> Result<(), Rejection> {
        let lists = [&self.size, &self.stride, &self.dilation, &self.before, &self.after];
        if lists.iter().any(|l| l.len() != axes) {
            return wrong("the window has not one entry for each spatial axis");
        }
        let most = |l: &&Vec<usize>| l.iter().any(|&n| n > MAX_ENTRIES);
        if lists.iter().any(most) || lists[1..3].iter().any(|l| l.contains(&0)) {
            return wrong("a number of the window is 0 or too large");
        }
        entries(&self.size).map(|_| ())
    }

    /// The extent of the output: ⌊(n + before + after − dilation·(size − 1) − 1) / stride⌋ + 1.
    fn outputs(&self, input: &[usize]) -> Result<Vec<usize>, Rejection> {
        self.check(input.len())?;
        let axis = |a: usize| {
            let reach = self.dilation[a] * (self.size[a] - 1) + 1;
            let room = (input[a] + self.before[a] + self.after[a]).checked_sub(reach);
            room.map_or_else(|| wrong("the window is larger than the padded input"), |r| Ok(r / self.stride[a] + 1))
        };
        (0..input.len()).map(axis).collect()
    }

    fn padding_fits(&self, input: &[usize], mode: Mode) -> Result<(), Rejection> {
        padding_fits(&self.before, &self.after, input, mode)
    }

    /// The coordinate that tap `k` reads for output `p`.
    fn at(&self, axis: usize, p: usize, k: usize) -> i64 {
        (p * self.stride[axis] + k * self.dilation[axis]) as i64 - self.before[axis] as i64
    }

    /// The flat position in the image that tap `k` reads for output `p`.
    fn position(&self, image: &[usize], p: &[usize], k: &[usize], mode: Mode) -> Option<usize> {
        let step = |flat, a: usize| Some(flat * image[a] + place(self.at(a, p[a], k[a]), image[a], mode)?);
        (0..image.len()).try_fold(0, step)
    }

    /// How many taps k of an axis are inside of the image, 0 ≤ first + k·dilation < n, for output `p`.
    fn inside(&self, axis: usize, n: usize, p: usize) -> usize {
        let (first, step) = (self.at(axis, p, 0), self.dilation[axis] as i64);
        let below = |end: i64| Integer::div_ceil(&(end - first).max(0), &step).min(self.size[axis] as i64);
        usize::try_from(below(n as i64) - below(0)).unwrap_or(0)
    }
}

/// A border may not be wider than what it continues: then [`place`] is inside of the image.
fn padding_fits(before: &[usize], after: &[usize], input: &[usize], mode: Mode) -> Result<(), Rejection> {
    let most = |n: usize| match mode {
        Mode::Circular => n,
        Mode::Reflect => n - 1,
        Mode::Zero | Mode::Replicate => MAX_ENTRIES,
    };
    let wide = |a: usize| before[a].max(after[a]) > most(input[a]);
    if (0..input.len()).any(wide) { wrong("the padding is too wide for its mode") } else { Ok(()) }
}

impl Table {
    /// Tensors one after the other, over one denominator.
    fn new(tensors: &[Option<&Tensor>], symbols: &[Symbol]) -> Result<Table, Rejection> {
        let tensors: Vec<&Tensor> = tensors.iter().copied().flatten().collect();
        for t in &tensors {
            if entries(&t.shape)? != t.numerators.len() {
                return wrong(format!("a tensor of shape {:?} has {} entries", t.shape, t.numerators.len()));
            }
        }
        let denominators: Result<Vec<Int>, Rejection> = tensors.iter().map(|t| denominator(&t.denominator)).collect();
        let denominators = denominators?;
        let all = || tensors.iter().zip(&denominators).flat_map(|(t, d)| t.numerators.iter().map(move |n| (n, d)));
        if all().any(|(n, _)| matches!(n, Entry::Polynomial(_))) {
            let polynomials: Result<Vec<Poly>, Rejection> = all().map(|(n, d)| Poly::read(n, d, symbols)).collect();
            return Ok(Table { numbers: Vec::new(), denominator: Int::one(), polynomials: Some(polynomials?) });
        }
        let denominator = denominators.iter().fold(Int::one(), |lcm, d| lcm.lcm(d));
        let number = |(n, d): (&Entry, &Int)| match n {
            Entry::Number(text) => Ok(integer(text)? * (&denominator / d)),
            Entry::Polynomial(_) => wrong("a polynomial"),
        };
        let numbers: Result<Vec<Int>, Rejection> = all().map(number).collect();
        Ok(Table { numbers: numbers?, denominator, polynomials: None })
    }

    fn of(numbers: &[Rat]) -> Table {
        let (numbers, denominator) = over_common(numbers);
        Table { numbers, denominator, polynomials: None }
    }

    fn small(denominator: usize) -> Table {
        Table { numbers: Vec::new(), denominator: denominator.into(), polynomials: None }
    }

    /// The table with the number 1 at its end.
    fn with_one(mut self) -> Table {
        match &mut self.polynomials {
            Some(polynomials) => polynomials.push(Poly::number(Rat::one())),
            None => self.numbers.push(self.denominator.clone()),
        }
        self
    }

    fn len(&self) -> usize {
        self.polynomials.as_ref().map_or(self.numbers.len(), Vec::len)
    }

    /// A weight as a number or polynomial.
    pub fn value(&self, weight: Weight) -> Poly {
        match (weight, &self.polynomials) {
            (Weight::Stored(at), Some(polynomials)) => polynomials[at].clone(),
            (Weight::Stored(at), None) => Poly::number(Rat::new(self.numbers[at].clone(), self.denominator.clone())),
            (Weight::Small(n), _) => Poly::number(Rat::new(n.into(), self.denominator.clone())),
        }
    }
}

/// Channels and image of a shape of rank 2 to 4.
fn image(shape: &[usize]) -> Result<(usize, &[usize]), Rejection> {
    match shape {
        [channels, rest @ ..] if (1..=3).contains(&rest.len()) => Ok((*channels, rest)),
        _ => wrong(format!("{shape:?} is not channels and 1 to 3 spatial axes")),
    }
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
        let (found, table) = form(&kind, &inputs, &shape, symbols, &mut counts)?;
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

/// The output's shape and the numbers of a layer.
fn form(
    kind: &Kind,
    inputs: &[Vec<usize>],
    shape: &[usize],
    symbols: &[Symbol],
    counts: &mut Vec<usize>,
) -> Result<(Vec<usize>, Table), Rejection> {
    let input = &inputs[0];
    let same = |inputs: &[Vec<usize>]| match inputs.iter().all(|s| s == input) {
        true => Ok((input.clone(), Table::small(1))),
        false => wrong("its operands have different shapes"),
    };
    let bias_fits = |bias: &Option<Tensor>, outputs: usize| match bias {
        Some(bias) if bias.numerators.len() != outputs => wrong(format!("the bias has not {outputs} entries")),
        _ => Ok(()),
    };
    match kind {
        Kind::Conv { kernel, bias, window, groups, mode } => {
            let (channels, extent) = image(input)?;
            let table = Table::new(&[Some(kernel), bias.as_ref()], symbols)?;
            let [outputs, per_group, size @ ..] = kernel.shape.as_slice() else {
                return wrong("the kernel has no channels");
            };
            if size != window.size
                || *groups == 0
                || outputs % groups != 0
                || per_group.checked_mul(*groups) != Some(channels)
            {
                return wrong("the kernel does not fit the window, the groups or the input's channels");
            }
            let positions = window.outputs(extent)?;
            window.padding_fits(extent, *mode)?;
            bias_fits(bias, *outputs)?;
            Ok(([vec![*outputs], positions].concat(), table))
        }
        Kind::ConvTranspose { kernel, bias, window, output_pad, groups } => {
            let (channels, extent) = image(input)?;
            let table = Table::new(&[Some(kernel), bias.as_ref()], symbols)?;
            let [inputs, per_group, size @ ..] = kernel.shape.as_slice() else {
                return wrong("the kernel has no channels");
            };
            if size != window.size || *groups == 0 || inputs % groups != 0 || *inputs != channels {
                return wrong("the kernel does not fit the window, the groups or the input's channels");
            }
            window.check(extent.len())?;
            if output_pad.len() != extent.len() || output_pad.iter().any(|&n| n > MAX_ENTRIES) {
                return wrong("`output_pad` has not one sensible entry for each spatial axis");
            }
            let axis = |a: usize| {
                let full = (extent[a] - 1) * window.stride[a] + window.dilation[a] * (size[a] - 1) + 1 + output_pad[a];
                full.checked_sub(window.before[a] + window.after[a])
            };
            let positions: Option<Vec<usize>> = (0..size.len()).map(axis).collect();
            let Some(positions) = positions else { return wrong("the padding leaves nothing of the output") };
            let Some(outputs) = per_group.checked_mul(*groups) else { return wrong("too many groups") };
            bias_fits(bias, outputs)?;
            Ok(([vec![outputs], positions].concat(), table))
        }
        Kind::Dense { matrix, bias } => {
            let table = Table::new(&[Some(matrix), bias.as_ref()], symbols)?;
            let [outputs, inputs] = *matrix.shape.as_slice() else { return wrong("the matrix is none") };
            if *input != [inputs] {
                return wrong(format!("the matrix takes {inputs} entries, but the operand's shape is {input:?}"));
            }
            bias_fits(bias, outputs)?;
            Ok((vec![outputs], table))
        }
        Kind::Scale { factor, offset } => {
            let table = Table::new(&[factor.as_ref(), offset.as_ref()], symbols)?;
            let lengths = [1, input.first().copied().unwrap_or(1), count(input)];
            for tensor in [factor, offset].into_iter().flatten() {
                if !lengths.contains(&tensor.numerators.len()) {
                    return wrong("there is not one number, one a channel or one an entry");
                }
            }
            Ok((input.clone(), table.with_one()))
        }
        Kind::SumPool { window, divisor } => {
            let (channels, extent) = image(input)?;
            let positions = window.outputs(extent)?;
            let table = match divisor {
                Divisor::One => Table::small(1),
                Divisor::Window => Table::small(count(&window.size)),
                Divisor::Inside => {
                    let mut products = BTreeSet::from([1]);
                    for a in 0..extent.len() {
                        let axis: BTreeSet<usize> = (0..positions[a]).map(|p| window.inside(a, extent[a], p)).collect();
                        products = products.iter().flat_map(|n| axis.iter().map(move |m| n * m)).collect();
                    }
                    if products.contains(&0) || products.len() > 1 << 16 {
                        return wrong("a window lies outside of the image, or their sizes are too different");
                    }
                    *counts = products.into_iter().collect();
                    Table::of(&counts.iter().map(|&n| Rat::new(Int::one(), n.into())).collect::<Vec<_>>())
                }
            };
            Ok(([vec![channels], positions].concat(), table))
        }
        Kind::Pad { before, after, value, mode } => {
            let (channels, extent) = image(input)?;
            let ends = before.iter().chain(after);
            if before.len() != extent.len() || after.len() != extent.len() || ends.into_iter().any(|&n| n > MAX_ENTRIES)
            {
                return wrong("the padding has not one sensible amount for each side");
            }
            padding_fits(before, after, extent, *mode)?;
            let positions = (0..extent.len()).map(|a| before[a] + extent[a] + after[a]).collect();
            Ok(([vec![channels], positions].concat(), Table::of(&[rational(value)?, Rat::one()])))
        }
        Kind::Slice { start, step } => {
            if start.len() != input.len() || step.len() != input.len() || shape.len() != input.len() {
                return wrong("there is not one start and one step for each axis");
            }
            let last = |a: usize| step[a].checked_mul(shape[a] - 1)?.checked_add(start[a]);
            if (0..input.len()).any(|a| step[a] == 0 || last(a).is_none_or(|last| last >= input[a])) {
                return wrong("it reads past the end of an axis");
            }
            Ok((shape.to_vec(), Table::small(1)))
        }
        Kind::Upsample { factor, bilinear } => {
            let (channels, extent) = image(input)?;
            let unit = factor.iter().try_fold(1_usize, |n, f| n.checked_mul(2 * (*f).min(MAX_ENTRIES)));
            let Some(unit) = unit.filter(|&n| n > 0 && n < 1 << 40 && factor.len() == extent.len()) else {
                return wrong("there is not one sensible factor for each spatial axis");
            };
            let positions = extent.iter().zip(factor).map(|(n, f)| n * f).collect();
            Ok(([vec![channels], positions].concat(), Table::small(if *bilinear { unit } else { 1 })))
        }
        Kind::Reshape {} if count(input) == count(shape) => Ok((shape.to_vec(), Table::small(1))),
        Kind::Reshape {} => wrong(format!("{input:?} and {shape:?} have different numbers of entries")),
        Kind::Permute { axes } => {
            let mut sorted = axes.clone();
            sorted.sort_unstable();
            if !sorted.iter().copied().eq(0..input.len()) {
                return wrong(format!("{axes:?} is no order of the axes"));
            }
            Ok((axes.iter().map(|&a| input[a]).collect(), Table::small(1)))
        }
        Kind::PixelShuffle { r } => match (input.as_slice(), r.checked_mul(*r)) {
            ([channels, height, width], Some(square)) if square > 0 && channels % square == 0 => {
                Ok((vec![channels / square, height * r, width * r], Table::small(1)))
            }
            _ => wrong("its channels are not a multiple of r²"),
        },
        Kind::Concat {} => {
            if inputs.iter().any(|s| s.is_empty() || s[1..] != input[1..]) {
                return wrong("its operands differ in other axes than the first");
            }
            Ok(([vec![inputs.iter().map(|s| s[0]).sum()], input[1..].to_vec()].concat(), Table::small(1)))
        }
        Kind::Slopes { below } => {
            if ![1, input.first().copied().unwrap_or(1)].contains(&below.len()) {
                return wrong("there is not one slope, or one a channel");
            }
            Ok((input.clone(), Table::of(&rationals(below)?).with_one()))
        }
        Kind::Clip { slope, offset, low, high } => {
            let [slope, offset, low, high] = [rational(slope)?, rational(offset)?, rational(low)?, rational(high)?];
            if low > high {
                return wrong("`low` is above `high`");
            }
            let (above, below) = (&offset - &low, &high - &offset);
            Ok((input.clone(), Table::of(&[low, slope.clone(), above, -slope, below])))
        }
        Kind::ExtremePool { window, .. } => {
            let (channels, extent) = image(input)?;
            let positions = window.outputs(extent)?;
            let blind = |a: usize| (0..positions[a]).any(|p| window.inside(a, extent[a], p) == 0);
            if (0..extent.len()).any(blind) {
                return wrong("a window lies outside of the image");
            }
            Ok(([vec![channels], positions].concat(), Table::small(1)))
        }
        Kind::Maxout { k } => match input.split_first() {
            Some((channels, rest)) if *k > 0 && channels % k == 0 => {
                Ok(([&[channels / k], rest].concat(), Table::small(1)))
            }
            _ => wrong("its channels are not a multiple of k"),
        },
        Kind::Softmax {} if input.is_empty() => wrong("it has no channels"),
        Kind::Add {} | Kind::Sub {} | Kind::Extreme { .. } | Kind::Multiply {} => same(inputs),
        Kind::Sigmoid {} | Kind::Tanh {} | Kind::Silu {} | Kind::Gelu {} | Kind::Softmax {} | Kind::Square {} => {
            same(inputs)
        }
    }
}
