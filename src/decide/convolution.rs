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

mod expected;
mod positions;

use std::collections::BTreeMap;

use super::{Decision, Evidence, Row};
use crate::algebra::{Coefficient, Integer, Polynomial, Shape, Tensor};
use crate::collapse::{AffineMap, OneKernel, one_kernel};
use crate::layer::Weights;
use crate::network::{Network, NodeId};
use crate::toeplitz::{PadMode, Stencil};
use expected::Expected;
use positions::{Offsets, Positions, assemble, zero_padded};

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
