//! Rows of M from rows of the table.

use super::unravel;
use crate::algebra::{Coefficient, Integer, Rational, Shape, Tensor, ratio};
use crate::collapse::AffineMap;

/// A row of M and its entry of b, each over its own denominator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRow<C = Integer> {
    /// The nonzero entries, columns ascending.
    pub entries: Vec<(usize, C)>,
    /// What they are over.
    pub denominator: Integer,
    /// The numerator of the constant.
    pub constant: C,
    /// What it is over.
    pub constant_denominator: Integer,
}

impl ImageRow {
    /// row · x + b for a flat input.
    pub fn at(&self, x: &Tensor) -> Rational {
        let sum: Integer = self.entries.iter().map(|(column, n)| n * &x.numerators()[*column]).sum();
        let constant = ratio(self.constant.clone(), self.constant_denominator.clone());
        ratio(sum, &self.denominator * x.denominator()) + constant
    }
}

impl<C: Coefficient> ImageRow<C> {
    /// The row of an output channel in a class whose columns stand for these windows, one list an axis.
    pub(super) fn of(
        class: &AffineMap<C>,
        channel: usize,
        inputs: &[Shape],
        windows: &[&Vec<Vec<usize>>],
    ) -> ImageRow<C> {
        let columns = columns(inputs, windows);
        let mut entries: Vec<(usize, C)> =
            class.matrix.row(channel).map(|(column, weight)| (columns.whole(column), weight.clone())).collect();
        entries.sort_unstable_by_key(|(column, _)| *column);
        ImageRow {
            entries,
            denominator: class.matrix.denominator().clone(),
            constant: class.bias.numerators()[channel].clone(),
            constant_denominator: class.bias.denominator().clone(),
        }
    }
}

/// What the columns of a class stand for.
pub(super) struct Columns<'w> {
    /// For each source: its first local column, its first column, its shape and its windows.
    sources: Vec<(usize, usize, &'w Shape, Vec<&'w [usize]>)>,
}

pub(super) fn columns<'w>(inputs: &'w [Shape], windows: &[&'w Vec<Vec<usize>>]) -> Columns<'w> {
    let (mut local, mut whole, mut sources) = (0, 0, Vec::new());
    for (at, shape) in inputs.iter().enumerate() {
        let windows: Vec<&[usize]> = windows.iter().map(|axis| axis[at].as_slice()).collect();
        let size = shape.channels() * windows.iter().map(|w| w.len().max(1)).product::<usize>();
        sources.push((local, whole, shape, windows));
        (local, whole) = (local + size, whole + shape.elements());
    }
    Columns { sources }
}

impl Columns<'_> {
    /// The source, channel and place in each window of a local column.
    fn split(&self, column: usize) -> (usize, usize, Vec<usize>) {
        let at = self.sources.partition_point(|source| source.0 <= column).saturating_sub(1);
        let (first, _, shape, windows) = &self.sources[at];
        let sizes: Vec<usize> =
            std::iter::once(shape.channels()).chain(windows.iter().map(|w| w.len().max(1))).collect();
        let mut index = unravel(column - first, &sizes);
        let places = index.split_off(1);
        (at, index[0], places)
    }

    /// The column of M.
    pub fn whole(&self, column: usize) -> usize {
        let (at, channel, places) = self.split(column);
        let (_, first, shape, windows) = &self.sources[at];
        let positions = places.iter().zip(windows).map(|(&place, window)| window.get(place).copied().unwrap_or(0));
        let index: Vec<usize> = std::iter::once(channel).chain(positions).collect();
        first + shape.ravel(&index)
    }
}
