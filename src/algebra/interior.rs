//! Systems of strict linear inequalities over ℚ: a point, or the reason why there is none.
//!
//! gᵢ(x) = aᵢ·x + bᵢ > 0 for all i is the question whether the largest t with gᵢ(x) ≥ t for all i and
//! t ≤ 1 is positive. The simplex method with Bland's rule (Bland 1977), which always ends, answers it;
//! its dictionary is integers over one denominator, so every division is exact (Edmonds 1967).
//! Where t ≤ 0 is the most, the last row of the dictionary holds multipliers λᵢ ≥ 0, not all 0, with
//! Σ λᵢgᵢ = c, a constant ≤ 0: no point can have all gᵢ > 0 (Farkas's lemma). They are the proof.

use std::cmp::Ordering;

use num_traits::{One, Signed, ToPrimitive, Zero};

use super::{Integer, Rational, Work, ratio};

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

/// An integer type of a dictionary; `None` where a number does not fit.
trait Entry: Clone + PartialOrd + Zero + One {
    /// What a multiplication costs beside one of machine words.
    const COST: u64;

    fn of(n: &Integer) -> Option<Self>;
    fn to_integer(&self) -> Integer;
    fn negated(&self) -> Self;
    fn difference(&self, other: &Self) -> Option<Self>;
    /// The machine words that it takes.
    fn words(&self) -> u64;
    /// (a·b − c·d) / e, which is exact.
    fn cross(a: &Self, b: &Self, c: &Self, d: &Self, e: &Self) -> Option<Self>;
    /// a/b against c/d, for positive b and d.
    fn compare(a: &Self, b: &Self, c: &Self, d: &Self) -> Option<Ordering>;
}

impl Entry for i128 {
    const COST: u64 = 1;

    fn of(n: &Integer) -> Option<i128> {
        n.to_i128()
    }

    fn to_integer(&self) -> Integer {
        Integer::from(*self)
    }

    fn negated(&self) -> i128 {
        -self
    }

    fn difference(&self, other: &i128) -> Option<i128> {
        self.checked_sub(*other).filter(|n| *n != i128::MIN)
    }

    fn cross(a: &i128, b: &i128, c: &i128, d: &i128, e: &i128) -> Option<i128> {
        Some(a.checked_mul(*b)?.checked_sub(c.checked_mul(*d)?)? / e).filter(|n| *n != i128::MIN)
    }

    fn words(&self) -> u64 {
        1
    }

    fn compare(a: &i128, b: &i128, c: &i128, d: &i128) -> Option<Ordering> {
        Some(a.checked_mul(*d)?.cmp(&c.checked_mul(*b)?))
    }
}

impl Entry for Integer {
    const COST: u64 = 16;

    fn of(n: &Integer) -> Option<Integer> {
        Some(n.clone())
    }

    fn to_integer(&self) -> Integer {
        self.clone()
    }

    fn negated(&self) -> Integer {
        -self
    }

    fn difference(&self, other: &Integer) -> Option<Integer> {
        Some(self - other)
    }

    fn cross(a: &Integer, b: &Integer, c: &Integer, d: &Integer, e: &Integer) -> Option<Integer> {
        if (a.is_zero() || b.is_zero()) && (c.is_zero() || d.is_zero()) {
            return Some(Integer::zero());
        }
        Some((a * b - c * d) / e)
    }

    fn words(&self) -> u64 {
        1 + self.bits() / 64
    }

    fn compare(a: &Integer, b: &Integer, c: &Integer, d: &Integer) -> Option<Ordering> {
        Some((a * d).cmp(&(c * b)))
    }
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

    /// `None` where a number does not fit.
    fn solve(mut self, work: &Work) -> Option<Interior> {
        loop {
            let goal = self.rows.last()?;
            if goal.last()?.clone() > E::zero() {
                return Some(Interior::Point(self.point()));
            }
            let Some(column) = self.entering(goal) else { return Some(Interior::Empty(self.multipliers(goal))) };
            let up = goal[column] > E::zero();
            let row = self.leaving(column, up)??;
            let words = E::words(&self.denominator);
            if !work.pay(E::COST * words * words * (self.rows.len() * (self.nonbasic.len() + 1)) as u64) {
                return Some(Interior::Exhausted);
            }
            self.pivot(row, column)?;
        }
    }

    /// The column that raises t: a free variable, which then stays basic, or by Bland's rule.
    fn entering(&self, goal: &[E]) -> Option<usize> {
        let raises = |&j: &usize| match self.nonbasic[j].is_nonnegative() {
            true => goal[j] > E::zero(),
            false => goal[j] != E::zero(),
        };
        (0..self.nonbasic.len()).filter(raises).min_by_key(|&j| self.nonbasic[j])
    }

    /// The row that limits a move of the column's variable: `Some(None)` where none does, which cannot
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
