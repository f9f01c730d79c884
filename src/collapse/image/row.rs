//! Rows of M from rows of the table.

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
            class.matrix.row(channel).map(|(column, weight)| (columns[column], weight.clone())).collect();
        entries.sort_unstable_by_key(|(column, _)| *column);
        ImageRow {
            entries,
            denominator: class.matrix.denominator().clone(),
            constant: class.bias.numerators()[channel].clone(),
            constant_denominator: class.bias.denominator().clone(),
        }
    }
}

/// The columns of M that the columns of a class stand for; a window that reads nothing has one column, which
/// no entry is in.
pub(super) fn columns(inputs: &[Shape], windows: &[&Vec<Vec<usize>>]) -> Vec<usize> {
    let (mut columns, mut first) = (Vec::new(), 0);
    for (at, shape) in inputs.iter().enumerate() {
        let mut source: Vec<usize> = (0..shape.channels()).collect();
        for (&size, windows) in shape.spatial().iter().zip(windows) {
            let window = if windows[at].is_empty() { &[0][..] } else { &windows[at] };
            source = source.iter().flat_map(|&before| window.iter().map(move |p| before * size + p)).collect();
        }
        columns.extend(source.into_iter().map(|flat| first + flat));
        first += shape.elements();
    }
    columns
}
