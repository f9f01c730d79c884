//! By how much two networks differ on a bounded domain: exactly where both are affine, or piecewise linear with few
//! regions; else between a bound that holds everywhere and the largest difference found.

mod forms;
mod pairs;
mod pieces;

pub(super) use pairs::slopes;

use num_traits::{Signed, Zero};

use super::normal_form::{Limits, Outcome, Residual, normal_form};
use super::regions::{self, Allowance, Largest};
use super::search::{self, Domain};
use crate::algebra::{Budget, Integer, Polynomial, Rational, Tensor};
use crate::collapse::{AffineMap, Region};
use crate::layer::Weights;
use crate::network::Network;

/// How far an output of one network is from the other's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// No input of the domain gives more.
    pub bound: Rational,
    /// Some input gives at least this much; equal to the bound where that is attained.
    pub found: Rational,
}

/// How far the outputs of two networks are apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// One gap an output entry.
    pub gaps: Vec<Gap>,
    /// Inputs, flat, that attain what was found, for the outputs with the largest gaps: largest first.
    pub points: Vec<(usize, Tensor)>,
    /// Whether every bound is attained.
    pub exact: bool,
}

/// Outputs whose points are kept at least, and entries of points that are kept in all where those are more.
const SHOWN: (usize, usize) = (5, 4096);

impl Difference {
    /// The output with the largest bound.
    pub fn largest(&self) -> Option<(usize, &Gap)> {
        self.gaps.iter().enumerate().max_by(|a, b| a.1.bound.cmp(&b.1.bound).then(b.0.cmp(&a.0)))
    }
}

/// The difference of two networks, whose difference is `h`; `None` where the domain is not bounded,
/// symbols are free, or nothing bounds a layer.
pub fn difference(h: &Network, budget: impl Into<Budget>) -> Option<Difference> {
    let budget = budget.into();
    let domain = Domain::of(h);
    let bounds: Vec<(Rational, Rational)> = domain.bounds().iter().cloned().collect::<Option<_>>()?;
    if !h.symbols().is_empty() {
        return None;
    }
    if let Some(Ok(map)) = Region::<Integer>::whole(h).map(|r| r.collapse(budget)) {
        return affine(&map, &bounds);
    }
    if let Some(Ok(map)) = Region::<Polynomial>::whole(h).map(|r| r.collapse(budget)) {
        return affine(&map, &bounds);
    }
    by_regions(h, budget).or_else(|| pieces::enclosed(h, &bounds, budget))
}

/// Networks with kinks: region by region, where the budget is enough.
fn by_regions(h: &Network, budget: Budget) -> Option<Difference> {
    if h.is_symbolic() {
        return None;
    }
    let Outcome::Residual(Residual { program: Some(program), .. }) = normal_form(h, &Limits::within(budget)) else {
        return None;
    };
    let Largest::Known(outputs, _) = regions::largest(&program, None, Allowance::whole(budget)) else { return None };
    let gaps: Vec<Gap> = outputs.iter().map(|(most, _)| Gap { bound: most.clone(), found: most.clone() }).collect();
    let points =
        largest_of(&gaps, h.input_elements()).into_iter().map(|row| (row, search::flat(&outputs[row].1))).collect();
    Some(Difference { gaps, points, exact: true })
}

type Box<'b> = &'b [(Rational, Rational)];

/// Row by row: the extremes of an affine form on a box are at corners, by the signs of the row.
fn affine<C: Weights>(map: &AffineMap<C>, bounds: Box<'_>) -> Option<Difference> {
    let zero = Rational::zero;
    let mut gaps = Vec::new();
    let mut exact = true;
    let interval = |value: &C, denominator: &Integer| -> Option<(Rational, Rational)> {
        let tensor = Tensor::new(crate::algebra::Shape::scalar(), vec![value.clone()], denominator.clone());
        let (low, high) = C::bounds(&tensor)?;
        Some((low.get(0), high.get(0)))
    };
    let mut rows = Vec::new();
    for row in 0..map.matrix.rows() {
        let bias = interval(&map.bias.numerators()[row], map.bias.denominator())?;
        // The largest and the smallest value, each from below and from above.
        let (mut top, mut bottom) = (bias.clone(), bias);
        for (column, weight) in map.matrix.row(row) {
            let weight = interval(weight, map.matrix.denominator())?;
            exact &= weight.0 == weight.1;
            let (low, high) = &bounds[column];
            let (up, down) = if weight.0.is_negative() { (low, high) } else { (high, low) };
            let add = |sum: &mut (Rational, Rational), x: &Rational| {
                let (a, b) = (&weight.0 * x, &weight.1 * x);
                sum.0 += a.clone().min(b.clone());
                sum.1 += a.max(b);
            };
            if weight.0.is_negative() && weight.1.is_positive() {
                // A weight of unknown sign: any end may be the extreme one.
                let reach = [&weight.0 * low, &weight.0 * high, &weight.1 * low, &weight.1 * high];
                let most = reach.iter().max().cloned().unwrap_or_default();
                let least = reach.iter().min().cloned().unwrap_or_default();
                top = (&top.0 + &least, &top.1 + &most);
                bottom = (&bottom.0 + &least, &bottom.1 + &most);
                continue;
            }
            add(&mut top, up);
            add(&mut bottom, down);
        }
        exact &= top.0 == top.1;
        let upward = top.1.abs() >= bottom.0.abs();
        let bound = top.1.abs().max(bottom.0.abs());
        let attained = if upward { top.0.clone() } else { -bottom.1.clone() };
        gaps.push(Gap { bound, found: attained.max(zero()) });
        rows.push(upward);
    }
    let corner = |row: usize| {
        let mut point: Vec<Rational> = bounds.iter().map(|(low, _)| low.clone()).collect();
        for (column, weight) in map.matrix.row(row) {
            let negative = interval(weight, map.matrix.denominator()).is_some_and(|w| w.0.is_negative());
            let (low, high) = &bounds[column];
            point[column] = if negative != rows[row] { high.clone() } else { low.clone() };
        }
        search::flat(&point)
    };
    let points = largest_of(&gaps, bounds.len()).into_iter().map(|row| (row, corner(row))).collect();
    Some(Difference { gaps, points, exact })
}

/// The outputs with the largest gaps that are not 0, all of them where points of so many entries are few.
fn largest_of(gaps: &[Gap], entries: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..gaps.len()).filter(|&i| !gaps[i].found.is_zero()).collect();
    order.sort_by(|&a, &b| gaps[b].found.cmp(&gaps[a].found).then(a.cmp(&b)));
    order.truncate(SHOWN.0.max(SHOWN.1 / entries.max(1)));
    order
}
