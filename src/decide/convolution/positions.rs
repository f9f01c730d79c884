//! Kernels that are read off a matrix.

use std::collections::{BTreeMap, BTreeSet};

use crate::algebra::{Coefficient, MAX_ELEMENTS, Shape, Tensor};
use crate::collapse::AffineMap;
use crate::toeplitz::Stencil;

/// A collapsed map with positions: rows and columns as (channel, position).
pub struct Positions<'m, C> {
    pub map: &'m AffineMap<C>,
    pub from: Shape,
    pub to: Shape,
}

impl<C: Coefficient> Positions<'_, C> {
    /// The entries of a row as (input channel, position, weight).
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, Vec<i64>, &C)> {
        self.map.matrix.row(row).map(|(column, weight)| {
            let (channel, position) = split(&self.from, column);
            (channel, position, weight)
        })
    }

    /// The output position in the middle.
    pub fn centre(&self) -> Vec<i64> {
        self.to.spatial().iter().map(|&m| (m as i64 - 1) / 2).collect()
    }

    /// The flat output at a channel and position.
    pub fn output(&self, channel: usize, position: &[i64]) -> usize {
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
    pub fn strides(&self) -> Vec<Vec<usize>> {
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
    pub fn stride_in_the_middle(&self) -> Vec<usize> {
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
pub fn split(shape: &Shape, flat: usize) -> (usize, Vec<i64>) {
    let index = shape.unravel(flat);
    (index[0], index[1..].iter().map(|&i| i as i64).collect())
}

/// Weights by output channel, input channel and offset from s·p.
pub type Offsets<C> = BTreeMap<(usize, usize, Vec<i64>), C>;

/// The convolution with zero padding and this stride that agrees with the map wherever its weights
/// are read from.
pub fn zero_padded<C: Coefficient>(positions: &Positions<'_, C>, stride: Vec<usize>) -> Option<Stencil<C>> {
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
pub fn assemble<C: Coefficient>(
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
