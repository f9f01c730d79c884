//! Maps between images as one kernel on the image extended by zeros, without any matrix.

use std::collections::BTreeMap;

use num_traits::Zero;

use super::{Operator, Structure};
use crate::algebra::{Coefficient, Integer, MAX_ELEMENTS, Matrix, Shape, Tensor};

/// y\[o, p\] = Σ K\[o, i, k\] · x̂\[i, s·p + low + k\] + b\[o\], where x̂ is the image x extended by zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stencil<C = Integer> {
    /// The shape of x.
    pub input: Shape,
    /// The shape of y.
    pub output: Shape,
    /// K: `O×I×K…`.
    pub kernel: Tensor<C>,
    /// Where the kernel's first tap reads for p = 0, for each spatial axis.
    pub low: Vec<i64>,
    /// s, for each spatial axis.
    pub stride: Vec<usize>,
    /// b: one number an output channel.
    pub bias: Tensor<C>,
}

/// One spatial axis: tap t reads position s·p + offset\[t\]; `None` for a tap that reads nothing.
struct Axis {
    stride: usize,
    offsets: Vec<Option<i64>>,
}

/// Products that one composition may take, weighted by the terms of its factors.
const MOST_PRODUCTS: usize = 40_000_000;

impl<C: Coefficient> Stencil<C> {
    /// The identity.
    pub fn identity(shape: &Shape) -> Option<Stencil<C>> {
        Stencil::of(&Operator::identity(shape.clone(), shape.clone()))
    }

    /// The operator as a stencil, if it is one; exact at every output.
    pub fn of(operator: &Operator<C>) -> Option<Stencil<C>> {
        let (input, output) = (operator.input(), operator.output());
        let axes = input.spatial().len();
        if axes == 0 || input.rank() != output.rank() {
            return None;
        }
        let pointwise = |kernel: Tensor<C>| (kernel, vec![0; axes], vec![1; axes]);
        let (kernel, low, stride) = match operator.structure() {
            Structure::Identity if input == output => {
                let one = Tensor::new(Shape::scalar(), vec![C::one()], 1.into());
                pointwise(diagonal(input, &one)?)
            }
            Structure::Diagonal(factors) if factors.len() == 1 || factors.len() == input.channels() => {
                pointwise(diagonal(input, factors)?)
            }
            Structure::Kronecker(factors) => kronecker(factors)?,
            Structure::Convolution(convolution) => convolved(convolution)?,
            _ => return None,
        };
        let bias = Tensor::zeros(Shape::new([output.channels()]).ok()?);
        Some(Stencil { input: input.clone(), output: output.clone(), kernel, low, stride, bias }.trimmed())
    }

    /// The last position, relative to s·p, that is read on each axis.
    fn high(&self) -> impl Iterator<Item = i64> {
        let sizes = &self.kernel.shape().axes()[2..];
        self.low.iter().zip(sizes).map(|(low, &size)| low + size as i64 - 1)
    }

    /// Whether the formula, read at any position outside of the output, is 0 for every x.
    fn vanishes_outside(&self) -> bool {
        let axes = self.low.iter().zip(self.high()).zip(&self.stride);
        let extents = self.input.spatial().iter().zip(self.output.spatial());
        // Just before the output and just after it, every tap must miss the image.
        self.bias.is_zero()
            && axes.zip(extents).all(|(((&low, high), &stride), (&n, &m))| {
                let stride = stride as i64;
                high - stride < 0 && stride * m as i64 + low >= n as i64
            })
    }

    /// Whether some output reads a position outside of the input.
    pub fn reads_outside(&self) -> bool {
        let axes = self.low.iter().zip(self.high()).zip(&self.stride);
        let extents = self.input.spatial().iter().zip(self.output.spatial());
        axes.zip(extents)
            .any(|(((&low, high), &stride), (&n, &m))| low < 0 || (stride * (m - 1)) as i64 + high >= n as i64)
    }

    /// This map followed by another, and whether the result holds at every output: not where the
    /// outer one reads zeros outside of values that this one's formula would not make 0. `None` if
    /// it takes too many products.
    pub fn then(&self, outer: &Stencil<C>) -> Option<(Stencil<C>, bool)> {
        if self.is_identity() {
            return Some((outer.clone(), true));
        }
        if outer.is_identity() {
            return Some((self.clone(), true));
        }
        let exact = !outer.reads_outside() || self.vanishes_outside();
        let sizes = |s: &Stencil<C>| s.kernel.shape().axes()[2..].to_vec();
        let window =
            sizes(outer).iter().zip(&sizes(self)).zip(&self.stride).map(|((a, b), s)| (a - 1) * s + b).collect();
        let (outputs, inputs) = (outer.output.channels(), self.input.channels());
        let axes: Vec<usize> = [vec![outputs, inputs], window].concat();
        let shape = Shape::new(axes).ok()?;
        let terms = |t: &Tensor<C>| t.numerators().iter().filter(|n| !n.is_zero()).map(C::terms).sum::<usize>();
        let work = terms(&outer.kernel).checked_mul(terms(&self.kernel).div_ceil(self.output.channels()))?;
        if work > MOST_PRODUCTS / C::PRODUCT_COST {
            return None;
        }
        let kernel = compose(&outer.kernel, &self.kernel, &self.stride, shape);
        let low = outer.low.iter().zip(&self.stride).zip(&self.low).map(|((a, &s), b)| a * s as i64 + b).collect();
        let stride = outer.stride.iter().zip(&self.stride).map(|(a, b)| a * b).collect();
        let bias = contract(&outer.kernel, &self.bias, outer.bias.shape()).plus(&outer.bias);
        let (input, output) = (self.input.clone(), outer.output.clone());
        Some((Stencil { input, output, kernel, low, stride, bias }.trimmed(), exact))
    }

    /// The sum of two maps with the same input, output and stride; a stride is free on an axis with
    /// one output position.
    pub fn plus(&self, other: &Stencil<C>) -> Option<Stencil<C>> {
        let alike = self.stride.iter().zip(&other.stride).zip(self.output.spatial());
        if self.input != other.input
            || self.output != other.output
            || !alike.into_iter().all(|((a, b), &m)| a == b || m == 1)
        {
            return None;
        }
        let low: Vec<i64> = self.low.iter().zip(&other.low).map(|(a, b)| *a.min(b)).collect();
        let high = self.high().zip(other.high()).map(|(a, b)| a.max(b));
        let size =
            high.zip(&low).map(|(high, low)| usize::try_from(high - low + 1)).collect::<Result<Vec<_>, _>>().ok()?;
        let kernel = self.framed(&low, &size)?.plus(&other.framed(&low, &size)?);
        let (input, output, stride) = (self.input.clone(), self.output.clone(), self.stride.clone());
        Some(Stencil { input, output, kernel, low, stride, bias: self.bias.plus(&other.bias) }.trimmed())
    }

    /// The map plus one constant a channel.
    pub fn with_bias(mut self, bias: &Tensor<C>) -> Stencil<C> {
        self.bias = self.bias.plus(&bias.reshaped(self.bias.shape().clone()));
        self
    }

    /// Whether it is x ↦ x.
    fn is_identity(&self) -> bool {
        let pointwise = self.kernel.shape().axes()[2..].iter().all(|&n| n == 1);
        let channels = self.kernel.shape().axes()[1];
        let one = |(flat, n): (usize, &C)| if flat / channels == flat % channels { n.is_one() } else { n.is_zero() };
        self.input == self.output
            && pointwise
            && self.low.iter().all(|&low| low == 0)
            && self.stride.iter().all(|&s| s == 1)
            && self.bias.is_zero()
            && *self.kernel.denominator() == 1.into()
            && self.kernel.numerators().iter().enumerate().all(one)
    }

    /// Whether it is 0 as a formula.
    pub fn is_zero(&self) -> bool {
        self.kernel.is_zero() && self.bias.is_zero()
    }

    /// The kernel in a larger window, whose first tap is at `low`.
    pub fn framed(&self, low: &[i64], size: &[usize]) -> Option<Tensor<C>> {
        let axes = self.kernel.shape().axes();
        let shape = Shape::new([&axes[..2], size].concat()).ok()?;
        let source = |flat: usize| {
            let mut index = shape.unravel(flat);
            for (axis, slot) in index[2..].iter_mut().enumerate() {
                *slot =
                    usize::try_from(*slot as i64 + low[axis] - self.low[axis]).ok().filter(|&t| t < axes[2 + axis])?;
            }
            Some(self.kernel.shape().ravel(&index))
        };
        Some(self.kernel.gather(shape.clone(), source))
    }

    /// The same map with the smallest window; a kernel of zeros keeps one tap, at 0.
    fn trimmed(self) -> Stencil<C> {
        let axes = self.low.len();
        let (mut first, mut last) = (vec![usize::MAX; axes], vec![0; axes]);
        for (flat, _) in self.kernel.numerators().iter().enumerate().filter(|(_, n)| !n.is_zero()) {
            for (axis, &tap) in self.kernel.shape().unravel(flat)[2..].iter().enumerate() {
                first[axis] = first[axis].min(tap);
                last[axis] = last[axis].max(tap);
            }
        }
        let (low, size): (Vec<i64>, Vec<usize>) = if self.kernel.is_zero() {
            (vec![0; axes], vec![1; axes])
        } else {
            let low = self.low.iter().zip(&first).map(|(low, &first)| low + first as i64).collect();
            (low, first.iter().zip(&last).map(|(first, last)| last - first + 1).collect())
        };
        match self.framed(&low, &size) {
            Some(kernel) => Stencil { kernel, low, ..self },
            None => self,
        }
    }
}

/// K\[o,i,d\] = Σ outer\[o,m,a\] · inner\[m,i,b\] over m and d = a·stride + b: the kernel of two
/// convolutions, the inner one with these strides.
pub fn compose<C: Coefficient>(outer: &Tensor<C>, inner: &Tensor<C>, stride: &[usize], shape: Shape) -> Tensor<C> {
    let mut sums = vec![C::zero(); shape.elements()];
    // What each channel in the middle is made of.
    let mut made: Vec<Vec<(Vec<usize>, &C)>> = vec![Vec::new(); inner.shape().channels()];
    for (flat, b) in inner.numerators().iter().enumerate().filter(|(_, b)| !b.is_zero()) {
        let index = inner.shape().unravel(flat);
        made[index[0]].push((index, b));
    }
    for (flat, a) in outer.numerators().iter().enumerate().filter(|(_, a)| !a.is_zero()) {
        let at = outer.shape().unravel(flat);
        for (from, b) in &made[at[1]] {
            let taps = at[2..].iter().zip(&from[2..]).zip(stride).map(|((a, b), s)| a * s + b);
            let index: Vec<usize> = [at[0], from[1]].into_iter().chain(taps).collect();
            sums[shape.ravel(&index)].add_product(a, b);
        }
    }
    Tensor::new(shape, sums, outer.denominator() * inner.denominator())
}

/// y\[o\] = Σ kernel\[o,m,…\] · values\[m\].
pub fn contract<C: Coefficient>(kernel: &Tensor<C>, values: &Tensor<C>, shape: &Shape) -> Tensor<C> {
    let per_output = kernel.len() / shape.elements();
    let window = per_output / values.len();
    let sum = |row: &[C]| {
        let mut sum = C::zero();
        row.iter().enumerate().for_each(|(i, k)| sum.add_product(k, &values.numerators()[i / window]));
        sum
    };
    let sums = kernel.numerators().chunks(per_output).map(sum).collect();
    Tensor::new(shape.clone(), sums, kernel.denominator() * values.denominator())
}

/// A 1×…×1 kernel that multiplies each channel by its factor, or all by one.
fn diagonal<C: Coefficient>(shape: &Shape, factors: &Tensor<C>) -> Option<Tensor<C>> {
    let channels = shape.channels();
    let axes = [vec![channels, channels], vec![1; shape.spatial().len()]].concat();
    let source = |flat: usize| (flat / channels == flat % channels).then_some(flat % channels % factors.len());
    Some(factors.gather(kernel_shape(axes)?, source))
}

fn kernel_shape(axes: Vec<usize>) -> Option<Shape> {
    Shape::new(axes).ok().filter(|shape| shape.elements() <= MAX_ELEMENTS.min(1 << 24))
}

type Parts<C> = (Tensor<C>, Vec<i64>, Vec<usize>);

/// A product of one matrix for the channels and one band an axis.
fn kronecker<C: Coefficient>(factors: &[Matrix]) -> Option<Parts<C>> {
    let (channels, spatial) = factors.split_first()?;
    let bands: Vec<Band> = spatial.iter().map(band).collect::<Option<_>>()?;
    let sizes = bands.iter().map(|b| b.taps.len());
    let shape = kernel_shape([channels.rows(), channels.columns()].into_iter().chain(sizes).collect())?;
    let mut numerators = vec![Integer::zero(); shape.elements()];
    let window: usize = shape.axes()[2..].iter().product();
    for o in 0..channels.rows() {
        for (i, weight) in channels.row(o) {
            for tap in 0..window {
                let flat = (o * channels.columns() + i) * window + tap;
                let index = shape.unravel(flat);
                let product = bands.iter().zip(&index[2..]).fold(weight.clone(), |p, (band, &t)| p * &band.taps[t]);
                numerators[flat] = product;
            }
        }
    }
    let denominator = factors.iter().map(Matrix::denominator).product();
    let kernel = Tensor::new(shape, numerators, denominator).lifted();
    Some((kernel, bands.iter().map(|b| b.low).collect(), bands.iter().map(|b| b.stride).collect()))
}

/// A matrix of one axis with the same numbers, s to the right, in every next row.
struct Band {
    stride: usize,
    low: i64,
    taps: Vec<Integer>,
}

fn band(matrix: &Matrix) -> Option<Band> {
    let first = |row: usize| matrix.row(row).next().map(|(column, _)| column);
    let mut strides: Vec<usize> =
        (1..matrix.rows()).filter_map(|row| first(row)?.checked_sub(first(row - 1)?)).collect();
    if strides.is_empty() {
        strides.push(1);
    }
    strides.sort_unstable();
    strides.dedup();
    strides.into_iter().filter(|&s| s > 0).find_map(|stride| band_with(matrix, stride))
}

fn band_with(matrix: &Matrix, stride: usize) -> Option<Band> {
    let mut taps: BTreeMap<i64, &Integer> = BTreeMap::new();
    for row in 0..matrix.rows() {
        for (column, weight) in matrix.row(row) {
            let known = taps.entry(column as i64 - (row * stride) as i64).or_insert(weight);
            if *known != weight {
                return None;
            }
        }
    }
    // Nothing may be missing either.
    let inside = |row: usize| {
        let reads = taps.keys().map(move |offset| (row * stride) as i64 + offset);
        reads.filter(|column| (0..matrix.columns() as i64).contains(column)).count()
    };
    if (0..matrix.rows()).any(|row| inside(row) != matrix.row(row).count()) {
        return None;
    }
    let (low, high) = (*taps.keys().next()?, *taps.keys().next_back()?);
    let taps = (low..=high).map(|offset| taps.get(&offset).map_or_else(Integer::zero, |&w| w.clone())).collect();
    Some(Band { stride, low, taps })
}

/// A convolution with zeros outside, or a transposed one of stride 1.
fn convolved<C: Coefficient>(convolution: &super::Convolution<C>) -> Option<Parts<C>> {
    let kernel = convolution.kernel();
    let sizes = &kernel.shape().axes()[2..];
    let axes: Vec<Axis> =
        convolution.taps().iter().zip(sizes).map(|(taps, &n)| axis(taps, n)).collect::<Option<_>>()?;
    let offsets = |axis: &Axis| axis.offsets.iter().flatten().copied().collect::<Vec<i64>>();
    let low: Vec<i64> = axes.iter().map(|a| offsets(a).into_iter().min()).collect::<Option<_>>()?;
    let high: Vec<i64> = axes.iter().map(|a| offsets(a).into_iter().max()).collect::<Option<_>>()?;
    let (outputs, inputs) = convolution.channels();
    let window = low.iter().zip(&high).map(|(low, high)| usize::try_from(high - low + 1).unwrap_or(usize::MAX));
    let shape = kernel_shape([outputs, inputs].into_iter().chain(window).collect())?;
    let mut numerators = vec![C::zero(); shape.elements()];
    for (flat, weight) in kernel.numerators().iter().enumerate() {
        let index = kernel.shape().unravel(flat);
        let (o, i) = convolution.channels_of(index[0], index[1]);
        let taps = axes
            .iter()
            .zip(&index[2..])
            .zip(&low)
            .map(|((axis, &tap), low)| axis.offsets[tap].and_then(|offset| usize::try_from(offset - low).ok()));
        if let Some(taps) = taps.collect::<Option<Vec<usize>>>() {
            let at = [vec![o, i], taps].concat();
            numerators[shape.ravel(&at)] = weight.clone();
        }
    }
    let stride = axes.iter().map(|axis| axis.stride).collect();
    Some((Tensor::new(shape, numerators, kernel.denominator().clone()), low, stride))
}

/// The stride and offsets of one axis' taps, if every tap reads where it would on an image
/// extended by zeros, and different taps read different positions.
fn axis(taps: &super::Taps, size: usize) -> Option<Axis> {
    let mut seen: Vec<Vec<(i64, i64)>> = vec![Vec::new(); size];
    for p in 0..taps.outputs() {
        taps.row(p).iter().for_each(|&(tap, position)| seen[tap].push((p as i64, position as i64)));
    }
    let steps = |reads: &Vec<(i64, i64)>| match reads.as_slice() {
        [(p, a), (q, b), ..] => Some((b - a, q - p)),
        _ => None,
    };
    match seen.iter().find_map(steps) {
        Some((by, over)) if by > 0 && by % over == 0 => axis_with(taps, &seen, by / over),
        Some(_) => None,
        // Every tap is read at most once: a stride at which the taps are evenly spaced.
        None => (1..=(size + taps.inputs()) as i64).find_map(|stride| {
            let axis = axis_with(taps, &seen, stride)?;
            let known: Vec<(i64, i64)> =
                axis.offsets.iter().zip(0..).filter_map(|(offset, tap)| Some((tap, (*offset)?))).collect();
            let slopes: Vec<(i64, i64)> = known.windows(2).map(|w| (w[1].1 - w[0].1, w[1].0 - w[0].0)).collect();
            let even = slopes.windows(2).all(|w| w[0].0 * w[1].1 == w[1].0 * w[0].1);
            let rising = slopes.iter().all(|(rise, run)| *rise > 0 && rise % run == 0);
            (even && rising).then_some(axis)
        }),
    }
}

/// The offsets at this stride, if they explain everything that is read.
fn axis_with(taps: &super::Taps, seen: &[Vec<(i64, i64)>], stride: i64) -> Option<Axis> {
    let offset = |reads: &Vec<(i64, i64)>| reads.first().map(|(p, position)| position - stride * p);
    let offsets: Vec<Option<i64>> = seen.iter().map(offset).collect();
    for (reads, offset) in seen.iter().zip(&offsets) {
        let Some(offset) = offset else { continue };
        let inside = |p: &i64| (0..taps.inputs() as i64).contains(&(stride * p + offset));
        let expected = (0..taps.outputs() as i64).filter(inside).map(|p| (p, stride * p + offset));
        if !expected.eq(reads.iter().copied()) {
            return None;
        }
    }
    let mut distinct: Vec<i64> = offsets.iter().flatten().copied().collect();
    distinct.sort_unstable();
    distinct.windows(2).all(|pair| pair[0] < pair[1]).then_some(())?;
    Some(Axis { stride: usize::try_from(stride).ok()?, offsets })
}

#[cfg(test)]
mod tests;
