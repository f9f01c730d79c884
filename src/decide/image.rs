//! What tables of border classes say: whether a large map between images is one convolution, and
//! whether two are equal. Nothing is written out.

use std::collections::BTreeMap;

use num_traits::{One, Signed, Zero};

use super::cause::border;
use super::convolution::{Agreement, Convolution, Exception, Reason, as_convolution};
use super::equality::{Comparison, Counterexample, Proof, work};
use super::points::{Sides, at_rows};
use super::residue::{Residue, Row};
use crate::algebra::{Budget, Coefficient, Integer, Rational, Shape, Tensor, common_denominator, ratio};
use crate::collapse::{ImageMap, ImageRow, Region, padded_between};
use crate::layer::{Bias, resolve};
use crate::network::{Equation, Network};
use crate::toeplitz::{self, Operator, PadMode, Stencil, Taps};

/// One axis in the middle of an image: outputs `first..=last` read the same way, each `step` further on.
struct Interior {
    first: usize,
    last: usize,
    step: usize,
    /// The central output position; the next one is in the run too.
    centre: usize,
}

/// The middle of each axis; `None` where no run of outputs around the centre reads alike.
fn interior(map: &ImageMap) -> Option<Vec<Interior>> {
    let axis = |axis: &crate::collapse::Axis| {
        let (first, last, step) = axis.interior();
        let (step, centre) = (step.filter(|&step| step > 0)?, (axis.classes.len() - 1) / 2);
        (first <= centre && centre < last).then_some(Interior { first, last, step, centre })
    };
    map.axes().iter().map(axis).collect()
}

/// The convolution that a map between two images is or is nearest to, and where it is not that one;
/// see [`super::convolution`]. `None` where the middle of the image shows none.
pub(super) fn convolution(network: &Network, map: &ImageMap) -> Option<Convolution<Integer>> {
    let [input] = map.inputs() else { return None };
    let middle = interior(map)?;
    let stencil = central(map, input, &middle)?;
    let zero = as_convolution(stencil.clone(), Agreement::Exact)?;
    let modes = [PadMode::Zero, PadMode::Circular, PadMode::Reflect, PadMode::Replicate];
    for mode in modes {
        let candidate = Convolution { mode, ..zero.clone() };
        if fits(&candidate, input) && as_map(&candidate, input)?.difference(map)?.is_empty() {
            return Some(candidate);
        }
    }
    let nearest = as_map(&zero, input)?;
    let outputs = nearest.difference(map)?;
    let reason = match padded_between::<Integer>(network) {
        Some(layer) => Reason::PaddingBetween(layer),
        None if nearest.without_constants() == map.without_constants() => Reason::Constants,
        None => Reason::Positions,
    };
    let output = outputs.first()?;
    let (own, other) = (map.row(output), nearest.row(output));
    let refuted = strides_are_unique(map, input, &stencil, &middle)
        && sample(&outputs.list()).any(|&at| rules_out(map, &nearest, input, &middle, at));
    if !refuted {
        return None;
    }
    let exception = Some(Exception { output, map: row(&own), convolution: row(&other) });
    Some(Convolution { exception, agreement: Agreement::Except(outputs.list(), reason), ..zero })
}

/// Some outputs, spread over all.
fn sample(outputs: &[usize]) -> impl Iterator<Item = &usize> {
    /// More than the products of a few classes an axis.
    const MOST: usize = 1000;
    outputs.iter().step_by(outputs.len().div_ceil(MOST).max(1))
}

/// The kernel that the central output shows.
fn central(map: &ImageMap, input: &Shape, middle: &[Interior]) -> Option<Stencil> {
    let centre: Vec<usize> = middle.iter().map(|axis| axis.centre).collect();
    let rows: Vec<ImageRow> = (0..map.output().channels()).map(|channel| map.row(at(map, channel, &centre))).collect();
    let mut weights: BTreeMap<(usize, usize, Vec<i64>), &Integer> = BTreeMap::new();
    for (channel, row) in rows.iter().enumerate() {
        for (column, weight) in &row.entries {
            let index = input.unravel(*column);
            let offset = index[1..].iter().zip(middle).map(|(&q, axis)| q as i64 - (axis.step * axis.centre) as i64);
            weights.insert((channel, index[0], offset.collect()), weight);
        }
    }
    let offsets = || weights.keys().map(|key| &key.2);
    let low: Vec<i64> = (0..middle.len()).map(|a| offsets().map(|o| o[a]).min()).collect::<Option<_>>()?;
    let high: Vec<i64> = (0..middle.len()).map(|a| offsets().map(|o| o[a]).max()).collect::<Option<_>>()?;
    let window = low.iter().zip(&high).map(|(low, high)| usize::try_from(high - low + 1).unwrap_or(usize::MAX));
    let channels = [map.output().channels(), input.channels()];
    let shape = Shape::new(channels.into_iter().chain(window).collect::<Vec<_>>()).ok()?;
    let mut numerators = vec![Integer::zero(); shape.elements()];
    for ((o, i, offset), weight) in weights {
        let taps = offset.iter().zip(&low).map(|(a, b)| usize::try_from(a - b).unwrap_or(0));
        numerators[shape.ravel(&[o, i].into_iter().chain(taps).collect::<Vec<_>>())] = weight.clone();
    }
    let first = rows.first()?;
    let kernel = Tensor::new(shape, numerators, first.denominator.clone());
    let constants = rows.iter().map(|row| row.constant.clone()).collect();
    let bias = Tensor::new(Shape::new([rows.len()]).ok()?, constants, first.constant_denominator.clone());
    let stride = middle.iter().map(|axis| axis.step).collect();
    Some(Stencil { input: input.clone(), output: map.output().clone(), kernel, low, stride, bias })
}

fn at(map: &ImageMap, channel: usize, position: &[usize]) -> usize {
    map.output().ravel(&[&[channel], position].concat())
}

/// The limits that frameworks put on padding.
fn fits(candidate: &Convolution<Integer>, input: &Shape) -> bool {
    let pads = candidate.before.iter().zip(&candidate.after).zip(input.spatial());
    let most = |n: usize| match candidate.mode {
        PadMode::Circular => n,
        PadMode::Reflect => n - 1,
        PadMode::Zero | PadMode::Replicate => usize::MAX,
    };
    pads.into_iter().all(|((&before, &after), &n)| before.max(after) <= most(n))
}

/// A convolution as a table.
fn as_map(candidate: &Convolution<Integer>, input: &Shape) -> Option<ImageMap> {
    let (kernel, output) = (&candidate.kernel, &candidate.output);
    let axis = |(axis, (&n, &m)): (usize, (&usize, &usize))| {
        let (size, padding) = (kernel.shape().axes()[2 + axis], (candidate.before[axis], candidate.after[axis]));
        let taps = Taps::convolution(n, size, candidate.stride[axis], 1, padding, candidate.mode);
        (taps.outputs() >= m).then(|| taps.truncated(m))
    };
    let taps = input.spatial().iter().zip(output.spatial()).enumerate().map(axis).collect::<Option<_>>()?;
    let convolution = toeplitz::Convolution::new(kernel.clone(), 1, taps);
    let operator = Operator::convolution(input.clone(), output.clone(), convolution);
    ImageMap::of_operator(operator, Some(Bias::new(candidate.bias.clone(), output.clone())))
}

/// Whether every convolution that the map may be has the stride that its middle shows.
///
/// On an axis of n positions let R be what the first output of the run reads, from b to a. With zero
/// padding and stride t < step, the tap that reads b would read b + t in the next row, which has
/// nothing before b + step. With t > step, the tap that reads a would read a + t, past the last of
/// the next row, unless a + t ≥ n; and as the run of L outputs needs (t − step)(L − 1) further taps,
/// t ≤ step + (2n − 2)/(L − 1) for a window of at most 2n − 1. In the other modes the kernel is the
/// central row, and the row after it is compared with what each stride would make of it.
fn strides_are_unique(map: &ImageMap, input: &Shape, stencil: &Stencil, middle: &[Interior]) -> bool {
    let centre: Vec<usize> = middle.iter().map(|axis| axis.centre).collect();
    let rows = (0..map.output().channels()).map(|channel| map.row(at(map, channel, &centre)));
    let Some(row) = rows.filter(|row| !row.entries.is_empty()).min_by_key(|row| row.entries.len()) else {
        return false;
    };
    let entries: Vec<(Vec<usize>, &Integer)> = row.entries.iter().map(|(c, w)| (input.unravel(*c), w)).collect();
    middle.iter().enumerate().all(|(axis, run)| {
        let n = input.spatial()[axis];
        let high = entries.iter().map(|(index, _)| index[1 + axis]).max().unwrap_or(0);
        let last = high - run.step * (run.centre - run.first);
        let zero = last + run.step + (2 * n - 2) / (run.last - run.first) < n;
        // Entries that differ on this axis alone.
        let line = |index: &[usize]| {
            let mut line = index.to_vec();
            line.remove(1 + axis);
            line
        };
        let first = line(&entries[0].0);
        let fibre: Vec<(usize, &Integer)> = entries
            .iter()
            .filter(|(index, _)| line(index) == first)
            .map(|(index, weight)| (index[1 + axis], *weight))
            .collect();
        let next: BTreeMap<usize, Integer> = fibre.iter().map(|(q, w)| (q + run.step, (*w).clone())).collect();
        let made = |stride: usize, mode: PadMode| {
            let mut made: BTreeMap<usize, Integer> = BTreeMap::new();
            for (q, weight) in &fibre {
                if let Some(read) = resolve((q + stride) as i64, n, mode) {
                    *made.entry(read).or_default() += *weight;
                }
            }
            made.retain(|_, weight| !weight.is_zero());
            made
        };
        let others = (1..=n).filter(|&stride| stride != run.step);
        let modes = [PadMode::Circular, PadMode::Reflect, PadMode::Replicate];
        zero && stencil.stride[axis] == run.step
            && others.into_iter().all(|t| modes.iter().all(|&m| made(t, m) != next))
    })
}

/// Whether the row of an output shows that no convolution with zero padding and the middle's stride
/// is the map: by its constant, or by a weight that outputs in the middle have otherwise.
fn rules_out(map: &ImageMap, nearest: &ImageMap, input: &Shape, middle: &[Interior], output: usize) -> bool {
    let (own, other) = (row(&map.row(output)), row(&nearest.row(output)));
    let position = map.output().unravel(output);
    let seen = |column: usize| {
        let index = input.unravel(column);
        middle.iter().enumerate().all(|(axis, run)| {
            let offset = index[1 + axis] as i64 - (run.step * position[1 + axis]) as i64;
            let reads = |p: usize| (run.step * p) as i64 + offset;
            (run.first..=run.last).any(|p| (0..input.spatial()[axis] as i64).contains(&reads(p)))
        })
    };
    let columns = own.weights.iter().chain(&other.weights).map(|(column, _)| *column);
    own.constant != other.constant || columns.into_iter().any(|c| own.weight(c) != other.weight(c) && seen(c))
}

fn row(row: &ImageRow) -> Row {
    let value = |n: &Integer, over: &Integer| Integer::value(n, over).into();
    let weights = row.entries.iter().map(|(column, weight)| (*column, value(weight, &row.denominator))).collect();
    Row { weights, constant: value(&row.constant, &row.constant_denominator) }
}

/// Compares two affine networks between images by the table of their difference; `None` where that
/// is not worth it, or a domain pins an entry.
pub(super) fn compare(equation: &Equation, budget: Budget) -> Option<Comparison> {
    let h = &equation.difference;
    if h.inputs.iter().any(|input| matches!(&input.domain, Some((low, high)) if low == high)) {
        return None;
    }
    let map = Region::<Integer>::whole(h)?.image(budget)?.ok()?;
    let outputs = map.nonzero();
    let Some(first) = outputs.first() else {
        let (rows, columns, classes) = (map.rows(), map.columns(), map.classes());
        return Some(Comparison::Equal(Proof::Classes { rows, columns, classes }));
    };
    let domain = Boxes::of(h);
    let (output, point) = match &equation.within {
        None => (first, domain.point_of(&map.row(first))),
        Some(tolerance) => match domain.beyond(&map, tolerance) {
            Ok(bound) => return Some(Comparison::Close { bound, exact: true, cases: None }),
            Err(found) => found,
        },
    };
    let side = |network: &Network| Region::<Integer>::whole(network)?.borders()?.row(output, budget).ok();
    let (left, right) = (side(&equation.left)?, side(&equation.right)?);
    let residue = equation.within.is_none().then(|| {
        let outputs = outputs.list();
        let cause = border(equation, &outputs);
        let (left, right) = (row(&left), row(&right));
        Residue { outputs, left, right, conditions: Vec::new(), common: Default::default(), cause }
    });
    // By the layers' definitions where that is affordable, else by the rows.
    let defined = (point.len() <= DEFINED).then(|| {
        let sides = Sides::new(equation, work(budget, 1));
        sides.differ_at_output(&point, output)
    });
    let found = match defined.flatten() {
        Some(found) => found,
        None => at_rows(&point, output, left.at(&point), right.at(&point), equation.within.as_ref())?,
    };
    Some(Comparison::Different(Box::new(Counterexample { residue, ..found })))
}

/// Points with more entries are not evaluated by the layers' definitions.
const DEFINED: usize = 1 << 18;

/// The intervals of the inputs, one an input.
struct Boxes {
    /// The first column past the input, and its interval.
    inputs: Vec<(usize, Option<(Rational, Rational)>)>,
}

impl Boxes {
    fn of(network: &Network) -> Boxes {
        let mut end = 0;
        let inputs = network.inputs.iter().map(|input| {
            end += input.shape.elements();
            (end, input.domain.clone())
        });
        Boxes { inputs: inputs.collect() }
    }

    fn interval(&self, column: usize) -> Option<&(Rational, Rational)> {
        self.inputs[self.inputs.partition_point(|(end, _)| *end <= column)].1.as_ref()
    }

    /// The value nearest to 0.
    fn nearest(interval: Option<&(Rational, Rational)>) -> Rational {
        interval.map_or_else(Rational::zero, |(low, high)| Rational::zero().max(low.clone()).min(high.clone()))
    }

    /// The point nearest to 0, with some entries moved.
    fn point(&self, moved: &BTreeMap<usize, Rational>) -> Tensor {
        let base: Vec<Rational> = self.inputs.iter().map(|(_, interval)| Self::nearest(interval.as_ref())).collect();
        let denominator = common_denominator(base.iter().chain(moved.values()).map(Rational::denom));
        let over = |value: &Rational| value.numer() * (&denominator / value.denom());
        let mut numerators: Vec<Integer> = Vec::new();
        for ((end, _), value) in self.inputs.iter().zip(&base) {
            numerators.resize(*end, over(value));
        }
        moved.iter().for_each(|(&column, value)| numerators[column] = over(value));
        let shape = Shape::new([numerators.len()]).unwrap_or_else(|_| Shape::scalar());
        Tensor::new(shape, numerators, denominator)
    }

    fn at_base(&self, row: &ImageRow) -> Rational {
        let term = |(column, n): &(usize, Integer)| Self::nearest(self.interval(*column)) * n;
        let sum: Rational = row.entries.iter().map(term).sum();
        sum / &row.denominator + ratio(row.constant.clone(), row.constant_denominator.clone())
    }

    /// A point at which a row that is not zero has a value other than 0.
    fn point_of(&self, row: &ImageRow) -> Tensor {
        let mut moved = BTreeMap::new();
        if let (true, Some((column, _))) = (self.at_base(row).is_zero(), row.entries.first()) {
            let interval = self.interval(*column);
            let base = Self::nearest(interval);
            let half = |room: Rational| (room / Rational::from_integer(2.into())).min(Rational::one());
            let step = match interval {
                Some((low, high)) if high == &base => -half(&base - low),
                Some((_, high)) => half(high - &base),
                None => Rational::one(),
            };
            moved.insert(*column, base + step);
        }
        self.point(&moved)
    }

    /// The largest |row · x + b| of all rows, if it is at most the tolerance; else an output and a
    /// point at which it is larger.
    fn beyond(&self, map: &ImageMap, tolerance: &Rational) -> Result<Rational, (usize, Tensor)> {
        let mut largest = Rational::zero();
        for output in map.examples() {
            let row = map.row(output);
            let unbounded = row.entries.iter().find(|(column, _)| self.interval(*column).is_none());
            if let Some((column, weight)) = unbounded {
                let reach = (tolerance + self.at_base(&row).abs()) * &row.denominator / weight.abs();
                let moved = BTreeMap::from([(*column, reach.ceil() + Rational::one())]);
                return Err((output, self.point(&moved)));
            }
            for highest in [true, false] {
                let end = |(column, n): &(usize, Integer)| {
                    let (low, high) = self.interval(*column).cloned().unwrap_or_default();
                    (*column, if n.is_positive() == highest { high } else { low })
                };
                let corner: BTreeMap<usize, Rational> = row.entries.iter().map(end).collect();
                let sum: Rational = row.entries.iter().map(|(column, n)| &corner[column] * n).sum();
                let constant = ratio(row.constant.clone(), row.constant_denominator.clone());
                let value = (sum / &row.denominator + constant).abs();
                if value > *tolerance {
                    return Err((output, self.point(&corner)));
                }
                largest = largest.max(value);
            }
        }
        Ok(largest)
    }
}

#[cfg(test)]
mod tests {
    use super::super::convolution;
    use super::*;
    use crate::diagnostic::Source;
    use crate::network::{NoImports, check};

    /// Bodies of `network f(x: 2x13x11) { … }`; `$` is a random seed.
    const BODIES: &[&str] = &[
        "conv(random(2x2x3x3, seed=$1), pad=1); conv(random(1x2x3x3, seed=$2), random(1, seed=$3), pad=1)",
        "conv(random(2x2x3x3, seed=$1), random(2, seed=$3), pad=1); conv(random(1x2x3x3, seed=$2), pad=1)",
        "pad(2); conv(random(2x2x3x3, seed=$1)); conv(random(1x2x3x3, seed=$2), random(1, seed=$3))",
        "conv(random(2x2x3x3, seed=$1), pad=1, pad_mode=circular); conv(random(2x2x3x3, seed=$2), pad=1, pad_mode=circular)",
        "conv(random(2x2x3x3, seed=$1), pad=1, pad_mode=reflect); scale(-2/3); bias([1, 2])",
        "conv(random(2x2x3x3, seed=$1), pad=1, pad_mode=replicate); conv(random(2x2x1x1, seed=$2))",
        "conv(random(2x2x3x3, seed=$1), stride=2); conv(random(3x2x1x2, seed=$2))",
        "conv(random(2x2x3x2, seed=$1), stride=2x1, pad=[1, 0, 0, 1])",
        "avgpool(3, stride=1, pad=1, count_pad=no)",
        "avgpool(3, stride=1, pad=1)",
        "y = conv(random(2x2x3x3, seed=$1), pad=1); (y - x / 3) |> conv(random(1x2x3x3, seed=$2), dilation=2, pad=[1, 2, 2, 1])",
        "conv(zeros(2x2x3x3), pad=1); bias([1, 2])",
        "pad(1, value=2); conv(random(2x2x3x3, seed=$1))",
        "crop([1, 2, 0, 1]); conv(random(2x2x2x2, seed=$1), pad=1)",
        "upsample(2); conv(random(2x2x3x3, seed=$1), pad=1); avgpool(2)",
        "conv_transpose(random(2x2x3x3, seed=$1), stride=2); crop([1, 1, 1, 1])",
    ];

    /// The table names the convolutions that every row of the written-out matrix names, and what it
    /// refutes the matrix refutes, at the same outputs.
    #[test]
    fn one_convolution_by_table_and_by_matrix() {
        let (mut exact, mut refuted) = (0, 0);
        for (body, seed) in BODIES.iter().flat_map(|body| (0..3).map(move |seed| (body, seed))) {
            let body = (1..4).fold(body.to_string(), |b, n| b.replace(&format!("${n}"), &format!("{}", seed * 4 + n)));
            let text = format!("network f(x: 2x13x11) {{ {body} }}");
            let source = Source { name: "test.net".into(), text: text.clone() };
            let program = check(source, &NoImports, 1 << 30).unwrap_or_else(|r| panic!("{:?}\n{text}", r.diagnostics));
            let network = &program.networks[0];
            let region = Region::<Integer>::whole(network).expect("affine layers");
            let table = region.borders().expect("images").map(1 << 30).expect("small");
            let matrix = region.collapse(1 << 30).expect("small");
            let by_matrix = convolution::convolution(network, Some(&matrix)).expect("images");
            let Some(by_table) = convolution(network, &table) else { continue };
            match (&by_table.agreement, &by_matrix.agreement) {
                (Agreement::Exact, Agreement::Exact) => {
                    exact += 1;
                    assert_eq!((&by_table.kernel, &by_table.bias), (&by_matrix.kernel, &by_matrix.bias), "{text}");
                    assert_eq!((&by_table.stride, by_table.mode), (&by_matrix.stride, by_matrix.mode), "{text}");
                }
                (Agreement::Except(some, why), Agreement::Except(all, because)) => {
                    refuted += 1;
                    assert_eq!(why, because, "{text}");
                    if by_table.kernel == by_matrix.kernel {
                        assert_eq!(some, all, "{text}");
                        assert_eq!(by_table.exception, by_matrix.exception, "{text}");
                    }
                }
                (table, matrix) => panic!("{table:?}, but {matrix:?}: {text}"),
            }
        }
        assert!(exact >= 15 && refuted >= 9, "{exact} and {refuted} were told");
    }
}
