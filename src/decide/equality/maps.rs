//! Sides whose difference is one affine map of numbers.

use num_traits::{Signed, Zero};

use super::super::points::Sides;
use super::super::residue::residue;
use super::super::search::{self, Domain};
use super::{Comparison, Counterexample, Proof};
use crate::algebra::{Budget, Rational, Tensor};
use crate::collapse::AffineMap;
use crate::network::Equation;

/// The outputs in which an affine map is not zero on the domain.
pub fn differing(map: &AffineMap, domain: &Domain) -> Vec<usize> {
    let base = domain.base();
    let at_base = map.apply(&base);
    let varies = |row: usize| map.matrix.row(row).any(|(column, _)| !domain.is_pinned(column));
    (0..map.bias.len()).filter(|&row| varies(row) || !at_base.numerators()[row].is_zero()).collect()
}

pub fn compare(sides: &Sides<'_>, equation: &Equation, map: &AffineMap, budget: Budget) -> Comparison {
    let domain = Domain::of(&equation.difference);
    let outputs = differing(map, &domain);
    let (rows, columns) = (map.matrix.rows(), map.matrix.columns());
    let Some(&first) = outputs.first() else { return Comparison::Equal(Proof::Maps { rows, columns }) };
    let mut output = first;
    if let Some(tolerance) = &equation.within {
        let sup = |row: usize| supremum(map, &domain, row);
        let bounds: Option<Vec<(Rational, usize)>> = outputs.iter().map(|&row| Some((sup(row)?, row))).collect();
        match bounds.and_then(|bounds| bounds.into_iter().max()) {
            Some((bound, _)) if bound <= *tolerance => return Comparison::Close { bound, exact: true, cases: None },
            Some((_, row)) => {
                let corner = corner(map, &domain, row);
                if let Some(found) = sides.differ_at_output(&corner, row) {
                    return Comparison::Different(Box::new(found));
                }
            }
            // Unbounded in some output: far enough out, the difference is as large as one likes.
            None => {
                output = outputs.into_iter().find(|&row| sup(row).is_none()).unwrap_or(first);
                if let Some(found) = far_point(sides, map, &domain, output, tolerance) {
                    return Comparison::Different(Box::new(found));
                }
            }
        }
        return Comparison::Undecided("the values at the extreme point are too long".into());
    }
    let residue = residue(equation, map.lifted(), differing(map, &domain), budget);
    match point_of(sides, map, output) {
        Some(found) => Comparison::Different(Box::new(Counterexample { residue, ..found })),
        None => Comparison::Undecided("the maps differ, but the values are too long to show".into()),
    }
}

/// A point at which an output of the difference, which varies or is not zero, is not zero: the
/// domain's point nearest to 0, or one step from it.
pub fn point_of(sides: &Sides<'_>, map: &AffineMap, output: usize) -> Option<Counterexample> {
    let domain = &sides.domain;
    let base = domain.base();
    let step = map.matrix.row(output).map(|(column, _)| column).find(|&column| !domain.is_pinned(column));
    sides.differ_at_output(&base, output).or_else(|| sides.differ_at_output(&domain.step(step?), output))
}

/// The largest |row · x + b| on the domain; `None` if there is none.
fn supremum(map: &AffineMap, domain: &Domain, row: usize) -> Option<Rational> {
    let (high, low) = (extreme(map, domain, row, true)?, extreme(map, domain, row, false)?);
    Some(high.abs().max(low.abs()))
}

/// The largest row · x + b on the domain, or the smallest.
fn extreme(map: &AffineMap, domain: &Domain, row: usize, largest: bool) -> Option<Rational> {
    let terms = map.matrix.row(row).map(|(column, weight)| {
        let (low, high) = domain.bounds()[column].as_ref()?;
        let end = if weight.is_positive() == largest { high } else { low };
        Some(end * weight)
    });
    let sum: Option<Rational> = terms.sum();
    Some(sum? / map.matrix.denominator() + map.bias.get(row))
}

/// The corner of the domain at which |row · x + b| is largest.
fn corner(map: &AffineMap, domain: &Domain, row: usize) -> Tensor {
    let size = |largest: bool| extreme(map, domain, row, largest).map(|value| value.abs());
    let largest = size(true) >= size(false);
    let mut point = domain.base().to_rationals();
    for (column, weight) in map.matrix.row(row) {
        if let Some((low, high)) = &domain.bounds()[column] {
            point[column] = if weight.is_positive() == largest { high.clone() } else { low.clone() };
        }
    }
    search::flat(&point)
}

/// A point at which the difference exceeds the tolerance, along an entry without bounds.
fn far_point(
    sides: &Sides<'_>,
    map: &AffineMap,
    domain: &Domain,
    output: usize,
    tolerance: &Rational,
) -> Option<Counterexample> {
    let base = domain.base();
    let (column, weight) = map.matrix.row(output).find(|(column, _)| domain.bounds()[*column].is_none())?;
    let weight = Rational::new(weight.clone(), map.matrix.denominator().clone());
    let reach = (tolerance + map.apply(&base).get(output).abs()) / weight.abs();
    let mut point = base.to_rationals();
    point[column] = reach.ceil() + Rational::from_integer(1.into());
    sides.differ_at_output(&search::flat(&point), output)
}
