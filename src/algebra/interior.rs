//! Systems of strict linear inequalities over ℚ: a point, or the reason why there is none.
//!
//! gᵢ(x) = aᵢ·x + bᵢ > 0 for all i is the question whether the largest t with gᵢ(x) ≥ t for all i and
//! t ≤ 1 is positive. The simplex method with Bland's rule (Bland 1977), which always ends, answers it;
//! its dictionary is integers over one denominator, so every division is exact (Edmonds 1967).
//! Where t ≤ 0 is the most, the last row of the dictionary holds multipliers λᵢ ≥ 0, not all 0, with
//! Σ λᵢgᵢ = c, a constant ≤ 0: no point can have all gᵢ > 0 (Farkas's lemma). They are the proof.

mod entry;

use std::cmp::Ordering;

use num_traits::{Signed, Zero};

use super::{Integer, Rational, Work, common_denominator, ratio};
use entry::Entry;

/// A linear function a·x + b with integer coefficients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inequality {
    /// One coefficient a variable.
    pub coefficients: Vec<Integer>,
    /// b.
    pub constant: Integer,
}

/// The answer to a system of strict inequalities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interior {
    /// A point at which all functions are positive.
    Point(Vec<Rational>),
    /// Positive multipliers `(index, λ)` with Σ λ·g = c ≤ 0: there is no such point.
    Empty(Vec<(usize, Integer)>),
    /// The work ran out.
    Exhausted,
}

/// Finds a point at which all functions of `variables` variables are positive.
pub fn interior(variables: usize, system: &[Inequality], work: &Work) -> Interior {
    if system.iter().all(|g| g.constant.is_positive()) {
        return Interior::Point(vec![Rational::zero(); variables]);
    }
    // Machine words first; the same steps on integers of any size where they do not suffice.
    let quick = Dictionary::<i128>::new(variables, system).and_then(|d| d.solve(work));
    let solved = quick.or_else(|| Dictionary::<Integer>::new(variables, system).and_then(|d| d.solve(work)));
    solved.unwrap_or(Interior::Exhausted)
}

/// The answer to where a linear function is largest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Largest {
    /// At this point; and why it is nowhere larger: positive multipliers λ and μ with μ·goal + Σ λ·g constant.
    At {
        /// The point.
        point: Vec<Rational>,
        /// `(index, λ)`.
        multipliers: Vec<(usize, Integer)>,
        /// μ.
        goal: Integer,
    },
    /// It is as large as one likes.
    Unbounded,
    /// The work ran out.
    Exhausted,
}

/// Finds where `goal` is largest among the points at which no function of the system is negative. At `start` all of them
/// are positive.
pub fn largest(goal: &Inequality, system: &[Inequality], start: &[Rational], work: &Work) -> Largest {
    let quick = Dictionary::<i128>::at(goal, system, start).and_then(|d| d.climb(start, work));
    let solved = quick.or_else(|| Dictionary::<Integer>::at(goal, system, start).and_then(|d| d.climb(start, work)));
    solved.unwrap_or(Largest::Exhausted)
}

/// A variable: x by index, the slack gᵢ − t by index, the bound 1 − t, or t.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Variable {
    Free(usize),
    Slack(usize),
    Bound,
    Goal,
}

impl Variable {
    fn is_nonnegative(self) -> bool {
        matches!(self, Variable::Slack(_) | Variable::Bound)
    }
}

/// What a step of the simplex method came to.
enum Step {
    Higher,
    Highest,
    Unbounded,
    Exhausted,
}

/// basicᵢ = (constantᵢ + Σⱼ entryᵢⱼ · nonbasicⱼ) / denominator.
struct Dictionary<E> {
    basic: Vec<Variable>,
    nonbasic: Vec<Variable>,
    /// One row a basic variable; the last entry is the constant.
    rows: Vec<Vec<E>>,
    denominator: E,
}

impl<E: Entry> Dictionary<E> {
    /// The dictionary in which all x are 0 and t is the least constant, so that no slack is negative.
    fn new(variables: usize, system: &[Inequality]) -> Option<Dictionary<E>> {
        let least = (0..system.len()).min_by(|&i, &j| system[i].constant.cmp(&system[j].constant))?;
        let row = |g: &Inequality| g.coefficients.iter().chain([&g.constant]).map(E::of).collect::<Option<Vec<E>>>();
        let base = row(&system[least])?;
        // t = g − s for the least g; every other slack is gᵢ − t = gᵢ − g + s.
        let nonbasic = (0..variables).map(Variable::Free).chain([Variable::Slack(least)]).collect();
        let with_slack = |mut row: Vec<E>, slack: E| {
            row.insert(variables, slack);
            row
        };
        let (mut basic, mut rows) = (Vec::new(), Vec::new());
        for (i, g) in system.iter().enumerate().filter(|(i, _)| *i != least) {
            let difference: Option<Vec<E>> = row(g)?.iter().zip(&base).map(|(a, b)| a.difference(b)).collect();
            basic.push(Variable::Slack(i));
            rows.push(with_slack(difference?, E::one()));
        }
        let mut bound: Vec<E> = base.iter().map(E::negated).collect();
        bound[variables] = E::one().difference(&base[variables])?;
        basic.push(Variable::Bound);
        rows.push(with_slack(bound, E::one()));
        basic.push(Variable::Goal);
        rows.push(with_slack(base, E::one().negated()));
        Some(Dictionary { basic, nonbasic, rows, denominator: E::one() })
    }

    /// The dictionary in which x is `start`, from where `goal` climbs: the free variables are x − start.
    fn at(goal: &Inequality, system: &[Inequality], start: &[Rational]) -> Option<Dictionary<E>> {
        let scale = common_denominator(start.iter().map(Rational::denom));
        let whole: Vec<Integer> = start.iter().map(|v| v.numer() * (&scale / v.denom())).collect();
        let row = |g: &Inequality| {
            let terms = g.coefficients.iter().zip(&whole).map(|(a, v)| a * v);
            let constant = terms.sum::<Integer>() + &g.constant * &scale;
            let scaled = g.coefficients.iter().map(|a| a * &scale);
            scaled.chain([constant]).map(|n| E::of(&n)).collect::<Option<Vec<E>>>()
        };
        let rows: Option<Vec<Vec<E>>> = system.iter().chain([goal]).map(row).collect();
        let basic = (0..system.len()).map(Variable::Slack).chain([Variable::Goal]).collect();
        let nonbasic = (0..start.len()).map(Variable::Free).collect();
        Some(Dictionary { basic, nonbasic, rows: rows?, denominator: E::one() })
    }

    /// `None` where a number does not fit.
    fn solve(mut self, work: &Work) -> Option<Interior> {
        loop {
            let goal = self.rows.last()?;
            if goal.last()?.clone() > E::zero() {
                return Some(Interior::Point(self.point()));
            }
            match self.step(work)? {
                Step::Higher => {}
                Step::Highest => return Some(Interior::Empty(self.multipliers(self.rows.last()?))),
                Step::Unbounded => return None,
                Step::Exhausted => return Some(Interior::Exhausted),
            }
        }
    }

    /// `None` where a number does not fit.
    fn climb(mut self, start: &[Rational], work: &Work) -> Option<Largest> {
        loop {
            match self.step(work)? {
                Step::Higher => {}
                Step::Highest => {
                    let point = self.point().into_iter().zip(start).map(|(step, from)| step + from).collect();
                    let (multipliers, goal) = (self.multipliers(self.rows.last()?), self.denominator.to_integer());
                    return Some(Largest::At { point, multipliers, goal });
                }
                Step::Unbounded => return Some(Largest::Unbounded),
                Step::Exhausted => return Some(Largest::Exhausted),
            }
        }
    }

    /// One exchange that raises the goal, or leaves it, in a way that ends; `None` where a number does not fit.
    fn step(&mut self, work: &Work) -> Option<Step> {
        let goal = self.rows.last()?;
        let Some(column) = self.entering(goal) else { return Some(Step::Highest) };
        let up = goal[column] > E::zero();
        let Some(row) = self.leaving(column, up)? else { return Some(Step::Unbounded) };
        let words = E::words(&self.denominator);
        if !work.pay(E::COST * words * words * (self.rows.len() * (self.nonbasic.len() + 1)) as u64) {
            return Some(Step::Exhausted);
        }
        self.pivot(row, column)?;
        Some(Step::Higher)
    }

    /// The column that raises t: a free variable, which then stays basic, or by Bland's rule.
    fn entering(&self, goal: &[E]) -> Option<usize> {
        let raises = |&j: &usize| match self.nonbasic[j].is_nonnegative() {
            true => goal[j] > E::zero(),
            false => goal[j] != E::zero(),
        };
        (0..self.nonbasic.len()).filter(raises).min_by_key(|&j| self.nonbasic[j])
    }

    /// The row that limits a move of the column's variable: `Some(None)` where none does, which for t cannot
    /// be, because t ≤ 1.
    fn leaving(&self, column: usize, up: bool) -> Option<Option<usize>> {
        let mut best: Option<(usize, E)> = None;
        for (i, row) in self.rows.iter().enumerate().filter(|(i, _)| self.basic[*i].is_nonnegative()) {
            let fall = if up { row[column].negated() } else { row[column].clone() };
            if fall <= E::zero() {
                continue;
            }
            let constant = row.last()?;
            let better = match &best {
                None => true,
                Some((at, other)) => match E::compare(constant, &fall, self.rows[*at].last()?, other)? {
                    Ordering::Less => true,
                    Ordering::Equal => self.basic[i] < self.basic[*at],
                    Ordering::Greater => false,
                },
            };
            if better {
                best = Some((i, fall));
            }
        }
        Some(best.map(|(row, _)| row))
    }

    /// Exchanges a basic and a nonbasic variable.
    fn pivot(&mut self, row: usize, column: usize) -> Option<()> {
        let negative = self.rows[row][column] < E::zero();
        let sign = |n: E| if negative { n.negated() } else { n };
        let pivot = sign(self.rows[row][column].clone());
        let old = self.rows[row].clone();
        for (_, entries) in self.rows.iter_mut().enumerate().filter(|(i, _)| *i != row) {
            let factor = sign(entries[column].clone());
            for (j, entry) in entries.iter_mut().enumerate() {
                *entry = match j == column {
                    true => factor.clone(),
                    false => E::cross(&pivot, entry, &factor, &old[j], &self.denominator)?,
                };
            }
        }
        for (j, entry) in self.rows[row].iter_mut().enumerate() {
            *entry = if j == column { sign(self.denominator.clone()) } else { sign(old[j].negated()) };
        }
        self.denominator = pivot;
        std::mem::swap(&mut self.basic[row], &mut self.nonbasic[column]);
        Some(())
    }

    fn point(&self) -> Vec<Rational> {
        let variables = self.basic.iter().chain(&self.nonbasic).filter(|v| matches!(v, Variable::Free(_))).count();
        let mut point = vec![Rational::zero(); variables];
        for (variable, row) in self.basic.iter().zip(&self.rows) {
            if let (Variable::Free(i), Some(constant)) = (variable, row.last()) {
                point[*i] = ratio(constant.to_integer(), self.denominator.to_integer());
            }
        }
        point
    }

    /// t = (c + Σ entry · slack) / denominator with entries ≤ 0, so Σ −entry · g is a constant ≤ 0.
    fn multipliers(&self, goal: &[E]) -> Vec<(usize, Integer)> {
        let slack = |(variable, entry): (&Variable, &E)| match variable {
            Variable::Slack(i) if *entry < E::zero() => Some((*i, entry.negated().to_integer())),
            _ => None,
        };
        let mut found: Vec<(usize, Integer)> = self.nonbasic.iter().zip(goal).filter_map(slack).collect();
        found.sort_unstable();
        found
    }
}

#[cfg(test)]
mod tests;
