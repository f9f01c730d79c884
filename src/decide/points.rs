//! Points at which the two sides of an equation differ: looked for, evaluated by the layers'
//! definitions, and simplified.

use std::collections::BTreeSet;

use num_traits::{Signed, Zero};

use super::equality::Counterexample;
use super::search::{self, Domain, Value, Witness};
use super::values::{Evaluator, Values};
use crate::algebra::{Rational, Shape, Tensor, Work};
use crate::network::{Assignment, Equation};

/// Both sides of an equation, and the work that may be spent on evaluating them.
pub(super) struct Sides<'e> {
    equation: &'e Equation,
    left: Evaluator<'e>,
    right: Evaluator<'e>,
    pub domain: Domain,
    pub work: Work,
}

impl<'e> Sides<'e> {
    pub fn new(equation: &'e Equation, work: Work) -> Sides<'e> {
        let (left, right) = (Evaluator::new(&equation.left), Evaluator::new(&equation.right));
        Sides { equation, left, right, domain: Domain::of(&equation.difference), work }
    }

    /// The shape of either side's output.
    pub fn output_shape(&self) -> &Shape {
        self.equation.left.output_shape()
    }

    /// The values of both sides at a point, where they differ (by more than the tolerance).
    pub fn differ_at(&self, point: &Tensor) -> Option<Counterexample> {
        let (left, right) = self.both_at(point)?;
        let output = left.first_apart(&right, &self.tolerance())?;
        Some(counterexample(point, output, &left, &right))
    }

    /// The same, at one output.
    pub fn differ_at_output(&self, point: &Tensor, output: usize) -> Option<Counterexample> {
        let (left, right) = self.both_at(point)?;
        let (a, b) = (left.get(output), right.get(output));
        let gap = (&a.low - &b.high).max(&b.low - &a.high);
        (gap > self.tolerance()).then(|| counterexample(point, output, &left, &right))
    }

    /// A difference that is not affine is not zero: one of the four points of its witness shows it.
    pub fn differ_at_witness(&self, witness: &Witness) -> Option<Counterexample> {
        let (x, y) = (witness.base.plus(&witness.x), witness.base.plus(&witness.y));
        let points = [witness.base.clone(), x.clone(), y, x.plus(&witness.y)];
        points.iter().find_map(|point| self.differ_at(point)).map(|found| self.simplified(found))
    }

    /// A point at which the sides differ, simplified.
    pub fn confirm(&self, point: &Tensor) -> Option<Counterexample> {
        self.differ_at(point).map(|found| self.simplified(found))
    }

    /// Tries points, plain ones first, and simplifies what is found.
    pub fn search(&self) -> Option<Counterexample> {
        let found = match self.search_parts() {
            None => search::first_point(&self.equation.difference, &self.work, |point| self.differ_at(point)),
            found => found,
        }?;
        Some(self.simplified(found))
    }

    /// Looks at single outputs of a large difference, each with the few inputs that it depends on.
    fn search_parts(&self) -> Option<Counterexample> {
        let difference = Evaluator::new(&self.equation.difference);
        let cones: Vec<search::Cone> = search::cones(&difference, 8, &self.work).collect();
        cones.iter().find_map(|cone| {
            let part = Evaluator::new(&cone.network);
            let share = self.work.take(self.work.left() / 16);
            let zero = Tensor::zeros(part.network.output_shape().clone());
            let found = search::first_point(&cone.network, &share, |point| {
                part.at(point, &share)?.first_apart(&Values::exact(zero.clone()), &self.tolerance())?;
                Some(point.clone())
            });
            self.work.give_back(&share);
            // The part's base is 0 where the whole's is.
            let step = found?.minus(&Domain::of(&cone.network).base());
            self.differ_at_output(&self.domain.base().plus(&cone.expanded(&step)), cone.output)
        })
    }

    /// Fewer nonzero entries, then smaller numbers; a counterexample at every step.
    fn simplified(&self, mut best: Counterexample) -> Counterexample {
        /// Evaluations spent.
        const TESTS: usize = 300;
        let mut left = TESTS;
        for simplify in [true, false] {
            for entry in 0..best.point.len() {
                let candidates: &[i64] = if simplify { &[0] } else { &[1, -1, 2, -2] };
                if best.point.numerators()[entry].is_zero() || left == 0 || self.work.is_exhausted() {
                    continue;
                }
                let current = best.point.get(entry);
                for &candidate in candidates {
                    let value = Rational::from_integer(candidate.into());
                    if current.is_integer() && value.abs() >= current.abs() && !candidate.is_zero() {
                        continue;
                    }
                    let mut values = best.point.to_rationals();
                    values[entry] = value;
                    left = left.saturating_sub(1);
                    if let Some(found) = self.differ_at(&search::flat(&values)) {
                        best = found;
                        break;
                    }
                }
            }
        }
        best
    }

    fn both_at(&self, point: &Tensor) -> Option<(Values, Values)> {
        if !self.domain.contains(point) {
            return None;
        }
        Some((self.left.at(point, &self.work)?, self.right.at(point, &self.work)?))
    }

    fn tolerance(&self) -> Rational {
        self.equation.within.clone().unwrap_or_default()
    }
}

fn counterexample(point: &Tensor, output: usize, left: &Values, right: &Values) -> Counterexample {
    Counterexample {
        point: point.clone(),
        symbols: Assignment::new(),
        output,
        left: left.get(output),
        right: right.get(output),
        residue: None,
        provided: BTreeSet::new(),
        equal_on_unit: false,
        by_rows: false,
    }
}

/// A point at which the two rows of an output differ (by more than the tolerance).
pub(super) fn at_rows(
    point: &Tensor,
    output: usize,
    left: Rational,
    right: Rational,
    tolerance: Option<&Rational>,
) -> Option<Counterexample> {
    let gap = (&left - &right).abs();
    let apart = gap > tolerance.cloned().unwrap_or_default();
    apart.then(|| Counterexample {
        point: point.clone(),
        symbols: Assignment::new(),
        output,
        left: Value { low: left.clone(), high: left },
        right: Value { low: right.clone(), high: right },
        residue: None,
        provided: BTreeSet::new(),
        equal_on_unit: false,
        by_rows: true,
    })
}
