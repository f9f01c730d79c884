//! Is a collapsed map between images one convolution?
//!
//! A convolution reads, for the output at p, the positions s·p − pad + k. For every stride that
//! leaves a window of sensible size, each weight of the kernel is read off the matrix at the output
//! nearest to the centre that sees it; then **every** row is compared with the row that the
//! convolution has. So the answer is a proof either way.
//!
//! With stride n and enough padding every linear map is a convolution, whose kernel is its whole
//! matrix. So "one convolution" means here: with zero padding, a window of at most 2n − 1 taps on an
//! axis of n positions; with circular, reflected or replicated padding, a window that lies inside of
//! the image at the central output. Of several that fit, the one with the smallest window is named.

use std::collections::{BTreeMap, BTreeSet};

use super::{Decision, Evidence, Row};
use crate::algebra::{Coefficient, Integer, MAX_ELEMENTS, Polynomial, Scalar, Shape, Tensor};
use crate::collapse::{AffineMap, OneKernel, one_kernel};
use crate::layer::{Weights, resolve};
use crate::network::{Network, NodeId};
use crate::toeplitz::{PadMode, Stencil};

/// The convolution that a map between images is, or is nearest to.
#[derive(Clone, Debug)]
pub struct Convolution<C> {
    /// K: `O×I×K…`.
    pub kernel: Tensor<C>,
    /// The stride of each spatial axis.
    pub stride: Vec<usize>,
    /// The padding before each spatial axis.
    pub before: Vec<usize>,
    /// The padding after each.
    pub after: Vec<usize>,
    /// How the image is extended.
    pub mode: PadMode,
    /// One number an output channel.
    pub bias: Tensor<C>,
    /// The shape of the output.
    pub output: Shape,
    /// Where the map is that convolution.
    pub agreement: Agreement,
    /// The first output at which it is not, if there is one.
    pub exception: Option<Exception>,
}

/// An output at which a map is not the convolution that it is nearest to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The output, flat.
    pub output: usize,
    /// The map's row.
    pub map: Row,
    /// The convolution's.
    pub convolution: Row,
}

/// A convolution whose weights are numbers or polynomials.
#[derive(Clone, Debug)]
pub enum OneConvolution {
    /// Numbers.
    Numbers(Convolution<Integer>),
    /// Polynomials in symbols.
    Symbols(Convolution<Polynomial>),
}

impl OneConvolution {
    /// Where the map is that convolution.
    pub fn agreement(&self) -> &Agreement {
        match self {
            OneConvolution::Numbers(found) => &found.agreement,
            OneConvolution::Symbols(found) => &found.agreement,
        }
    }
}

/// The convolution that a decided network is or is nearest to, if it is an affine map between images.
pub(super) fn of_decision(network: &Network, decision: &Decision) -> Option<OneConvolution> {
    use OneConvolution::{Numbers, Symbols};
    match &decision.evidence {
        Evidence::Composition(map) | Evidence::NormalForm(map, _) | Evidence::Regions(map, _) => {
            convolution(network, Some(map)).map(Numbers)
        }
        Evidence::Image(map) => super::image::convolution(network, map).map(Numbers),
        Evidence::Structure { .. } => convolution(network, None).map(Numbers),
        Evidence::Symbolic(map) | Evidence::SymbolicNormalForm(map, _) => convolution(network, Some(map)).map(Symbols),
        Evidence::FreeStructure { .. } => convolution(network, None).map(Symbols),
        Evidence::Witness(..) | Evidence::Nothing(_) => None,
    }
}

/// Where a map is equal to a convolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// At every output.
    Exact,
    /// At every output but these, flat and ascending.
    Except(Vec<usize>, Reason),
    /// In the interior: outputs near the border were not compared, because the matrix is too large.
    Interior(Reason),
}

/// Why a map is not one convolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// This layer pads with zeros a value that another layer computes.
    PaddingBetween(NodeId),
    /// Only the constants depend on the position.
    Constants,
    /// The weights depend on the position, in other outputs than a border's too.
    Positions,
}

impl<C: Coefficient> Convolution<C> {
    /// Whether the map is this convolution.
    pub fn is_exact(&self) -> bool {
        self.agreement == Agreement::Exact
    }

    /// The largest number of groups into which the channels fall apart.
    pub fn groups(&self) -> usize {
        let (outputs, inputs) = (self.kernel.shape().axes()[0], self.kernel.shape().axes()[1]);
        let window = self.kernel.len() / (outputs * inputs);
        let nonzero = |o: usize, i: usize| {
            self.kernel.numerators()[(o * inputs + i) * window..][..window].iter().any(|n| !n.is_zero())
        };
        let apart = |g: usize| {
            let group = |channel: usize, channels: usize| channel / (channels / g);
            (0..outputs).all(|o| (0..inputs).all(|i| group(o, outputs) == group(i, inputs) || !nonzero(o, i)))
        };
        let divides = |g: &usize| outputs.is_multiple_of(*g) && inputs.is_multiple_of(*g);
        (1..=outputs.min(inputs)).rev().filter(divides).find(|&g| apart(g)).unwrap_or(1)
    }
}

/// The convolution that a network's affine map is or is nearest to; `None` where it is not a map
/// from one image to another with as many axes. `map` is the collapsed map, where it is known.
pub fn convolution<C: Weights>(network: &Network, map: Option<&AffineMap<C>>) -> Option<Convolution<C>> {
    let [input] = network.inputs.as_slice() else { return None };
    let (from, to) = (&input.shape, network.output_shape());
    if from.rank() != to.rank() || from.spatial().is_empty() {
        return None;
    }
    let kernel = one_kernel::<C>(network);
    if let Some(OneKernel { stencil, inexact: None }) = &kernel {
        return as_convolution(stencil.clone(), Agreement::Exact);
    }
    let Some(map) = map else {
        let OneKernel { stencil, inexact } = kernel?;
        return as_convolution(stencil, Agreement::Interior(Reason::PaddingBetween(inexact?)));
    };
    let positions = Positions { map, from: from.clone(), to: to.clone() };
    // By their weights first: constants that depend on the position are a reason of their own.
    let weights = positions.strides().into_iter().find_map(|stride| {
        let stencil = zero_padded(&positions, stride)?;
        let expected = Expected::new(&positions, &stencil, PadMode::Zero);
        expected.rows().all(|row| expected.same_weights(row)).then_some(stencil)
    });
    let exact = |stencil: &&Stencil<C>| {
        let expected = Expected::new(&positions, stencil, PadMode::Zero);
        expected.rows().all(|row| expected.same(row))
    };
    let zero = weights.as_ref().filter(exact).and_then(|stencil| as_convolution(stencil.clone(), Agreement::Exact));
    let modes = [PadMode::Circular, PadMode::Reflect, PadMode::Replicate];
    let others = modes.into_iter().filter_map(|mode| extended(&positions, mode));
    if let Some(found) = zero.into_iter().chain(others).min_by_key(|found| found.kernel.len()) {
        return Some(found);
    }
    let constants = weights.is_some();
    let stencil = match weights {
        Some(stencil) => stencil,
        None => zero_padded(&positions, positions.stride_in_the_middle())?,
    };
    let expected = Expected::new(&positions, &stencil, PadMode::Zero);
    let outputs: Vec<usize> = expected.rows().filter(|&row| !expected.same(row)).collect();
    let reason = match kernel.and_then(|k| k.inexact) {
        Some(layer) => Reason::PaddingBetween(layer),
        None if constants => Reason::Constants,
        None => Reason::Positions,
    };
    let exception = outputs.first().map(|&row| expected.exception(row));
    let found = as_convolution(stencil.clone(), Agreement::Except(outputs, reason))?;
    Some(Convolution { exception, ..found })
}

/// A stencil as the arguments of `conv`: padding is never negative, so a window that starts or
/// ends inside of the image is made larger by taps that are 0.
pub(super) fn as_convolution<C: Coefficient>(stencil: Stencil<C>, agreement: Agreement) -> Option<Convolution<C>> {
    let extents = stencil.input.spatial().iter().zip(stencil.output.spatial());
    let (mut low, mut size, mut before, mut after) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let window = &stencil.kernel.shape().axes()[2..];
    for (axis, (&n, &m)) in extents.enumerate() {
        let first = stencil.low[axis].min(0);
        let head = usize::try_from(-first).ok()?;
        let stride = stencil.stride[axis];
        let least = usize::try_from(stencil.low[axis] - first).ok()? + window[axis];
        // m − 1 = ⌊(n + head + tail − taps) / stride⌋, with the least tail and then the fewest taps.
        let reach = (m - 1) * stride;
        let tail = (reach + least).saturating_sub(n + head);
        let taps = least.max((n + head + tail + 1).saturating_sub(reach + stride));
        low.push(first);
        size.push(taps);
        before.push(head);
        after.push(tail);
    }
    let kernel = stencil.framed(&low, &size)?;
    let Stencil { stride, bias, output, .. } = stencil;
    Some(Convolution { kernel, stride, before, after, mode: PadMode::Zero, bias, output, agreement, exception: None })
}

/// A collapsed map with positions: rows and columns as (channel, position).
struct Positions<'m, C> {
    map: &'m AffineMap<C>,
    from: Shape,
    to: Shape,
}

impl<C: Coefficient> Positions<'_, C> {
    /// The entries of a row as (input channel, position, weight).
    fn row(&self, row: usize) -> impl Iterator<Item = (usize, Vec<i64>, &C)> {
        self.map.matrix.row(row).map(|(column, weight)| {
            let (channel, position) = split(&self.from, column);
            (channel, position, weight)
        })
    }

    /// The output position in the middle.
    fn centre(&self) -> Vec<i64> {
        self.to.spatial().iter().map(|&m| (m as i64 - 1) / 2).collect()
    }

    /// The flat output at a channel and position.
    fn output(&self, channel: usize, position: &[i64]) -> usize {
        let index: Vec<usize> = [channel].into_iter().chain(position.iter().map(|&p| p as usize)).collect();
        self.to.ravel(&index)
    }

    /// For each axis and output position on it, the first and last input positions that are read.
    fn reaches(&self) -> Vec<Vec<Option<(i64, i64)>>> {
        let mut reaches: Vec<Vec<Option<(i64, i64)>>> = self.to.spatial().iter().map(|&m| vec![None; m]).collect();
        for row in 0..self.map.matrix.rows() {
            let (_, p) = split(&self.to, row);
            for (_, q, _) in self.row(row) {
                for (axis, (&p, &q)) in p.iter().zip(&q).enumerate() {
                    let reach = &mut reaches[axis][p as usize];
                    *reach = Some(reach.map_or((q, q), |(low, high)| (low.min(q), high.max(q))));
                }
            }
        }
        reaches
    }

    /// The strides of each axis with a window of at most 2n − 1 taps, the smallest windows first.
    fn strides(&self) -> Vec<Vec<usize>> {
        let axes = self.reaches().into_iter().zip(self.from.spatial()).map(|(reaches, &n)| {
            let window = |stride: usize| {
                let reads = reaches.iter().enumerate().filter_map(|(p, reach)| Some((p * stride, (*reach)?)));
                let low = reads.clone().map(|(start, (low, _))| low - start as i64).min().unwrap_or(0);
                let high = reads.map(|(start, (_, high))| high - start as i64).max().unwrap_or(0);
                high - low + 1
            };
            let most = if reaches.len() == 1 { 1 } else { n };
            let mut fitting: Vec<(i64, usize)> = (1..=most).map(|s| (window(s), s)).collect();
            fitting.retain(|(taps, _)| *taps < 2 * n as i64);
            fitting.sort_unstable();
            fitting
        });
        let mut choices: Vec<(i64, Vec<usize>)> = vec![(1, Vec::new())];
        for axis in axes {
            let extend = |(taps, strides): &(i64, Vec<usize>)| {
                let (taps, strides) = (*taps, strides.clone());
                axis.iter().map(move |(n, s)| (taps * n, [strides.clone(), vec![*s]].concat())).collect::<Vec<_>>()
            };
            choices = choices.iter().flat_map(extend).collect();
        }
        choices.sort();
        choices.into_iter().map(|(_, strides)| strides).collect()
    }

    /// The stride that the middle of the image shows: how much further the next output reads.
    fn stride_in_the_middle(&self) -> Vec<usize> {
        let reaches = self.reaches();
        let first = |axis: usize, p: i64| reaches[axis].get(p as usize).copied().flatten().map(|(low, _)| low);
        let step = |(axis, &p): (usize, &i64)| {
            let by = |p: i64| usize::try_from(first(axis, p + 1)? - first(axis, p)?).ok().filter(|&s| s > 0);
            by(p).or_else(|| by(p - 1)).unwrap_or(1)
        };
        self.centre().iter().enumerate().map(step).collect()
    }
}

/// The channel and position of a flat index.
fn split(shape: &Shape, flat: usize) -> (usize, Vec<i64>) {
    let index = shape.unravel(flat);
    (index[0], index[1..].iter().map(|&i| i as i64).collect())
}

/// Weights by output channel, input channel and offset from s·p.
type Offsets<C> = BTreeMap<(usize, usize, Vec<i64>), C>;

/// The convolution with zero padding and this stride that agrees with the map wherever its weights
/// are read from.
fn zero_padded<C: Coefficient>(positions: &Positions<'_, C>, stride: Vec<usize>) -> Option<Stencil<C>> {
    let Positions { map, from, to } = positions;
    let centre = positions.centre();
    let offset = |p: &[i64], q: &[i64]| -> Vec<i64> {
        q.iter().zip(p).zip(&stride).map(|((q, p), &s)| q - p * s as i64).collect()
    };
    // Every offset that some output reads, and its weight at the output nearest to the centre that could.
    let mut seen = BTreeSet::new();
    for row in 0..map.matrix.rows() {
        let (channel, p) = split(to, row);
        seen.extend(positions.row(row).map(|(input, q, _)| (channel, input, offset(&p, &q))));
    }
    let mut weights: Offsets<C> = BTreeMap::new();
    let mut rows: BTreeMap<usize, BTreeMap<usize, &C>> = BTreeMap::new();
    for (channel, input, offset) in seen {
        let near = |axis: usize| {
            let (n, m, s) = (from.spatial()[axis] as i64, to.spatial()[axis] as i64, stride[axis] as i64);
            // 0 ≤ s·p + offset < n.
            let (low, high) = ((-offset[axis]).div_euclid(s), (n - 1 - offset[axis]).div_euclid(s));
            let low = if low * s + offset[axis] < 0 { low + 1 } else { low };
            centre[axis].clamp(low.max(0), high.min(m - 1))
        };
        let p: Vec<i64> = (0..centre.len()).map(near).collect();
        let row = positions.output(channel, &p);
        let entries = rows.entry(row).or_insert_with(|| map.matrix.row(row).collect());
        let read = p.iter().zip(&offset).zip(&stride).map(|((p, o), &s)| (p * s as i64 + o) as usize);
        let column = from.ravel(&[input].into_iter().chain(read).collect::<Vec<_>>());
        if let Some(weight) = entries.get(&column) {
            weights.insert((channel, input, offset), (*weight).clone());
        }
    }
    assemble(positions, weights, stride)
}

/// A kernel from weights by offset, with the bias of the central output.
fn assemble<C: Coefficient>(
    positions: &Positions<'_, C>,
    weights: Offsets<C>,
    stride: Vec<usize>,
) -> Option<Stencil<C>> {
    let axes = stride.len();
    let extreme = |pick: fn(i64, i64) -> i64| -> Vec<i64> {
        let offsets = weights.keys().map(|k| k.2.clone());
        offsets.reduce(|a, b| a.iter().zip(&b).map(|(a, b)| pick(*a, *b)).collect()).unwrap_or_else(|| vec![0; axes])
    };
    let (low, high) = (extreme(i64::min), extreme(i64::max));
    let window = low.iter().zip(&high).map(|(low, high)| usize::try_from(high - low + 1).unwrap_or(usize::MAX));
    let (outputs, inputs) = (positions.to.channels(), positions.from.channels());
    let shape = Shape::new([outputs, inputs].into_iter().chain(window).collect::<Vec<_>>()).ok()?;
    if shape.elements() > MAX_ELEMENTS.min(1 << 24) {
        return None;
    }
    let mut numerators = vec![C::zero(); shape.elements()];
    for ((o, i, offset), weight) in weights {
        let taps = offset.iter().zip(&low).map(|(a, b)| (a - b) as usize);
        numerators[shape.ravel(&[o, i].into_iter().chain(taps).collect::<Vec<_>>())] = weight;
    }
    let kernel = Tensor::new(shape, numerators, positions.map.matrix.denominator().clone());
    let centre = positions.centre();
    let bias = positions.map.bias.gather(Shape::new([outputs]).ok()?, |c| Some(positions.output(c, &centre)));
    let (input, output) = (positions.from.clone(), positions.to.clone());
    Some(Stencil { input, output, kernel, low, stride, bias })
}

/// The rows that a convolution has, to be compared with a map's.
struct Expected<'m, C> {
    positions: &'m Positions<'m, C>,
    stride: Vec<usize>,
    mode: PadMode,
    /// For each output channel: input channel, offset from s·p, numerator over the map's denominator.
    taps: Vec<Vec<(usize, Vec<i64>, C)>>,
    bias: Vec<C>,
}

impl<'m, C: Coefficient> Expected<'m, C> {
    fn new(positions: &'m Positions<'m, C>, stencil: &Stencil<C>, mode: PadMode) -> Expected<'m, C> {
        let numerators = stencil.kernel.numerators_over(positions.map.matrix.denominator());
        let window = stencil.kernel.len() / positions.to.channels();
        let tap = |flat: usize| {
            let index = stencil.kernel.shape().unravel(flat);
            let offset = index[2..].iter().zip(&stencil.low).map(|(&k, low)| k as i64 + low).collect();
            (index[1], offset, numerators[flat].clone())
        };
        let channel =
            |c: usize| (c * window..(c + 1) * window).filter(|&f| !numerators[f].is_zero()).map(tap).collect();
        let taps = (0..positions.to.channels()).map(channel).collect();
        let bias = stencil.bias.numerators_over(positions.map.bias.denominator());
        Expected { positions, stride: stencil.stride.clone(), mode, taps, bias }
    }

    fn row(&self, row: usize) -> BTreeMap<usize, C> {
        let from = &self.positions.from;
        let (channel, p) = split(&self.positions.to, row);
        let mut expected: BTreeMap<usize, C> = BTreeMap::new();
        for (input, offset, weight) in &self.taps[channel] {
            let read = offset.iter().zip(&p).zip(&self.stride).zip(from.spatial());
            let read = read.map(|(((o, p), &s), &n)| resolve(p * s as i64 + o, n, self.mode));
            if let Some(read) = read.collect::<Option<Vec<usize>>>() {
                let column = from.ravel(&[vec![*input], read].concat());
                *expected.entry(column).or_insert_with(C::zero) += weight;
            }
        }
        expected.retain(|_, weight| !weight.is_zero());
        expected
    }

    /// The map's row and the convolution's.
    fn exception(&self, row: usize) -> Exception {
        let map = self.positions.map;
        let (channel, _) = split(&self.positions.to, row);
        let value = |n: &C, denominator: &Integer| n.value(denominator).to_polynomial();
        let weight = |(column, n): (usize, &C)| (column, value(n, map.matrix.denominator()));
        let constant = |n: &C| value(n, map.bias.denominator());
        Exception {
            output: row,
            map: Row {
                weights: map.matrix.row(row).map(weight).collect(),
                constant: constant(&map.bias.numerators()[row]),
            },
            convolution: Row {
                weights: self.row(row).iter().map(|(column, n)| weight((*column, n))).collect(),
                constant: constant(&self.bias[channel]),
            },
        }
    }

    fn same_weights(&self, row: usize) -> bool {
        let expected = self.row(row);
        self.positions.map.matrix.row(row).eq(expected.iter().map(|(column, weight)| (*column, weight)))
    }

    fn same(&self, row: usize) -> bool {
        let (channel, _) = split(&self.positions.to, row);
        self.positions.map.bias.numerators()[row] == self.bias[channel] && self.same_weights(row)
    }

    fn rows(&self) -> std::ops::Range<usize> {
        0..self.positions.map.matrix.rows()
    }

    fn is_the_map(&self) -> bool {
        self.rows().all(|row| self.same(row))
    }
}

/// The map as a convolution with this padding mode, if it is one with the central output's kernel.
fn extended<C: Coefficient>(positions: &Positions<'_, C>, mode: PadMode) -> Option<Convolution<C>> {
    let (from, to, centre) = (&positions.from, &positions.to, positions.centre());
    let most = |(&n, &m): (&usize, &usize)| if m == 1 { 1 } else { n };
    let most: Vec<usize> = from.spatial().iter().zip(to.spatial()).map(most).collect();
    let count: usize = most.iter().product();
    let strides = (0..count).map(|mut flat| {
        let digit = |n: &usize| {
            let digit = flat % n;
            flat /= n;
            digit + 1
        };
        most.iter().map(digit).collect::<Vec<usize>>()
    });
    strides.into_iter().find_map(|stride| {
        let mut weights: Offsets<C> = BTreeMap::new();
        for channel in 0..to.channels() {
            for (input, q, weight) in positions.row(positions.output(channel, &centre)) {
                let offset = q.iter().zip(&centre).zip(&stride).map(|((q, p), &s)| q - p * s as i64).collect();
                weights.insert((channel, input, offset), weight.clone());
            }
        }
        let stencil = assemble(positions, weights, stride)?;
        let fits = |pad: &usize, n: &usize| match mode {
            PadMode::Circular => pad <= n,
            PadMode::Reflect => pad < n,
            _ => true,
        };
        let found = as_convolution(stencil.clone(), Agreement::Exact)?;
        let pads = found.before.iter().zip(&found.after).zip(from.spatial());
        // The limits that frameworks put on padding come before the comparison, which they make cheap.
        let fits = pads.into_iter().all(|((b, a), n)| fits(b, n) && fits(a, n));
        (fits && Expected::new(positions, &stencil, mode).is_the_map()).then_some(Convolution { mode, ..found })
    })
}
