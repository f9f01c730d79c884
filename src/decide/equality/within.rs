//! Networks with kinks, within a tolerance.

use num_traits::Signed;

use super::super::points::Sides;
use super::super::regions::{Allowance, Largest, Program, Zero, after, beyond, largest, zero};
use super::super::search::{self, Domain};
use super::{Comparison, undecided, work};
use crate::algebra::{Budget, Rational};
use crate::layer::Enclosure;
use crate::network::Equation;

/// Bounds over the domain, then points, then the regions of the difference, whose outputs over maxima are `program`.
pub fn compare(
    sides: &Sides<'_>,
    equation: &Equation,
    tolerance: &Rational,
    program: Option<&Program>,
    budget: Budget,
) -> Comparison {
    let bounded = enclosed(equation).filter(|bound| bound <= tolerance);
    if bounded.is_none()
        && let Some(found) = sides.search()
    {
        return Comparison::Different(Box::new(found));
    }
    let by_regions = program.map(|program| by_regions(equation, tolerance, program, budget));
    match (by_regions, bounded) {
        (Some(Ok(comparison)), _) => comparison,
        (_, Some(bound)) => Comparison::Close { bound, exact: false, cases: None },
        (Some(Err(regions)), _) => {
            let reason = format!("no point exceeds the tolerance, and it is {}", after(regions));
            undecided(&reason, true)
        }
        (None, _) => {
            let reason = "no point exceeds the tolerance, and the bounds over the domain do not exclude one";
            undecided(reason, sides.work.is_exhausted())
        }
    }
}

/// A bound of the difference over a bounded domain, layer by layer.
fn enclosed(equation: &Equation) -> Option<Rational> {
    let h = &equation.difference;
    let bounds: Vec<(Rational, Rational)> = Domain::of(h).bounds().iter().cloned().collect::<Option<_>>()?;
    let (low, high): (Vec<_>, Vec<_>) = bounds.into_iter().unzip();
    let found = h.enclose(&Enclosure { low: search::flat(&low), high: search::flat(&high) })?;
    [found.low, found.high].into_iter().flat_map(|t| t.to_rationals()).map(|v| v.abs()).max()
}

/// On a bounded domain the largest difference, exactly; else whether it stays within the tolerance. Or the number of
/// regions that did not decide it.
fn by_regions(equation: &Equation, tolerance: &Rational, program: &Program, budget: Budget) -> Result<Comparison, u64> {
    let differ = |point| match Sides::new(equation, work(budget, 1)).confirm(&point) {
        Some(found) => Ok(Comparison::Different(Box::new(found))),
        None => Err(0),
    };
    if program.bounds.iter().all(Option::is_some) {
        return match largest(program, Some(tolerance), Allowance::whole(budget)) {
            Largest::Known(outputs, cases) => {
                let bound = outputs.into_iter().map(|(most, _)| most).max().unwrap_or_default();
                Ok(Comparison::Close { bound, exact: true, cases: Some(cases) })
            }
            Largest::Beyond(point) => differ(search::flat(&point)),
            Largest::Undecided(regions) => Err(regions),
        };
    }
    match zero(&equation.difference, &beyond(program, tolerance), Allowance::whole(budget)) {
        Zero::Everywhere(cases) => Ok(Comparison::Close { bound: tolerance.clone(), exact: false, cases: Some(cases) }),
        Zero::Not(point) => differ(point),
        Zero::Undecided(regions) => Err(regions),
    }
}
