//! Affine networks that are too large for the map of their difference to be computed in passing.

use super::super::points::Sides;
use super::maps::point_of;
use super::{Comparison, Proof};
use crate::algebra::{Budget, Matrix, Tensor};
use crate::collapse::{AffineMap, LimitReached, Region};

/// Decides whether f − g is 0, row by row: refuted by the first row that is not, proved by all of them. At no time
/// is more than a piece of the difference held.
pub fn compare(sides: &Sides<'_>, difference: &Region<'_>, budget: Budget) -> Result<Comparison, LimitReached> {
    let (rows, columns) = (difference.rows(), difference.columns());
    let Some((output, row)) = difference.nonzero_row(budget)? else {
        return Ok(Comparison::Equal(Proof::Maps { rows, columns }));
    };
    let denominator = difference.denominator()?;
    let mut entries = vec![Vec::new(); rows];
    let mut constants = vec![Default::default(); rows];
    entries[output] = row.entries;
    constants[output] = row.constant;
    let bias = Tensor::new(sides.output_shape().clone(), constants, denominator.clone());
    let map = AffineMap { matrix: Matrix::from_rows(columns, entries, denominator), bias };
    Ok(match point_of(sides, &map, output) {
        Some(found) => Comparison::Different(Box::new(found)),
        None => Comparison::Undecided("the maps differ, but the values are too long to show".into()),
    })
}
