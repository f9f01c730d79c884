//! Pairs of points, plain ones first: where a property of two points may fail.

use super::Subject;
use crate::algebra::{Tensor, Work};
use crate::decide::search::first_point;
use crate::decide::values::{Evaluator, Values};

/// Points that are paired.
const POINTS: usize = 40;

/// The first pair of points of the domain that gives something; each comes with the network's values.
pub(super) fn first_pair<T>(
    subject: &Subject<'_>,
    mut test: impl FnMut(&Pairs<'_>, (&Tensor, &Values), (&Tensor, &Values)) -> Option<T>,
) -> Option<T> {
    let pairs = Pairs { evaluator: Evaluator::new(subject.network), work: Work::new(subject.budget.work(60_000_000)) };
    let mut points: Vec<(Tensor, Values)> = Vec::new();
    let mut steps = 0;
    first_point(subject.network, &pairs.work, |point| {
        steps += 1;
        // All of the first ones, then every fourth: single entries come first, random points later.
        if steps <= POINTS / 2 || steps % 4 == 0 {
            let values = pairs.values(point)?;
            points.push((point.clone(), values));
        }
        (points.len() >= POINTS).then_some(())
    });
    for j in 0..points.len() {
        for i in 0..j {
            let (a, b) = (&points[i], &points[j]);
            let found = test(&pairs, (&a.0, &a.1), (&b.0, &b.1));
            if found.is_some() || pairs.work.is_exhausted() {
                return found;
            }
        }
    }
    None
}

/// What pairs are tested with.
pub(super) struct Pairs<'n> {
    evaluator: Evaluator<'n>,
    work: Work,
}

impl Pairs<'_> {
    /// The network's values at a point, by definition.
    pub fn values(&self, point: &Tensor) -> Option<Values> {
        self.evaluator.at(point, &self.work)
    }
}
