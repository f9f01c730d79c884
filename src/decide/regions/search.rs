//! Regions of the input space, one after the other, depth first, over undecided atoms only.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use num_traits::{Signed, Zero};

use super::program::{Linear, Program, value};
use super::tree::{Multipliers, Tree, wins};
use crate::algebra::{Inequality, Integer, Interior, Rational, Work, common_denominator, interior};

/// What a search may take.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Regions with points inside.
    pub regions: u64,
    /// Work on linear programs, branch by branch; see [`Work`].
    pub work: u64,
}

/// A region with points inside on which the outputs are affine.
#[derive(Debug)]
pub struct Leaf<'r> {
    /// The outputs over the inputs.
    pub outputs: &'r [Linear],
    /// The functions that are ≥ 0 on the region.
    pub region: &'r [Arc<Linear>],
    /// A point at which all of them are > 0.
    pub point: &'r [Rational],
}

/// How a search ended.
#[derive(Clone, Debug)]
pub enum Ended<T> {
    /// Every region was seen.
    All(Tree),
    /// A region gave something.
    Found(T),
    /// The allowance was used up.
    Exhausted,
}

/// Atoms that may be open at once: the search and the check go as deep.
const DEEPEST: usize = 1000;
/// Numbers of more bits are no use to linear programs.
const LONGEST: u64 = 4096;
/// Splits from the root on whose branches are searched at the same time.
const PARALLEL: usize = 2;

/// Visits regions until one gives something, and counts them. The answer, and the count, are those
/// of the search in order, whatever the number of threads.
pub fn search<T: Send>(
    program: &Program,
    allowance: Allowance,
    visit: &(dyn Fn(&Leaf<'_>) -> Option<T> + Sync),
) -> (Ended<T>, u64) {
    let forms = program.atoms.iter().flatten().chain(&program.outputs);
    let bits = |c: &Rational| c.numer().bits().max(c.denom().bits());
    let longest = forms.flat_map(|f| f.coefficients().map(bits)).max().unwrap_or(0);
    if program.atoms.len() > DEEPEST || longest > LONGEST {
        return (Ended::Exhausted, 0);
    }
    let region: Vec<Arc<Linear>> = program.domain().into_iter().map(Arc::new).collect();
    let point = program.bounds.iter().map(|bound| match bound {
        Some((low, high)) => (low + high) / Rational::from_integer(2.into()),
        None => Rational::zero(),
    });
    let state = State {
        known: vec![None; program.atoms.len()],
        outputs: program.outputs.clone(),
        region,
        point: point.collect(),
    };
    let stop = AtomicBool::new(false);
    let mut searcher =
        Searcher { program, visit, work: Work::new(allowance.work), left: allowance.regions, stops: vec![&stop] };
    let ended = searcher.explore(state, 0);
    (ended, allowance.regions - searcher.left)
}

#[derive(Clone)]
struct State {
    /// For each atom that is known: its value over inputs.
    known: Vec<Option<Arc<Linear>>>,
    /// The outputs, with known atoms put in.
    outputs: Vec<Linear>,
    region: Vec<Arc<Linear>>,
    /// A point inside.
    point: Vec<Rational>,
}

struct Searcher<'s, T> {
    program: &'s Program,
    visit: &'s (dyn Fn(&Leaf<'_>) -> Option<T> + Sync),
    work: Work,
    left: u64,
    /// Set by branches in front that found something: then what this branch finds does not matter.
    stops: Vec<&'s AtomicBool>,
}

/// What is known of one argument of a maximum on a region.
enum Chance {
    /// It is the maximum around this point.
    Wins(Vec<Rational>),
    /// It is the maximum around no point.
    Never(Multipliers),
}

impl<T: Send> Searcher<'_, T> {
    fn explore(&mut self, mut state: State, splits: usize) -> Ended<T> {
        // Atoms that are known without a new case, outermost first.
        let mut fixed: Vec<(usize, usize, Vec<Multipliers>)> = Vec::new();
        let tree = loop {
            if self.stops.iter().any(|stop| stop.load(Ordering::Relaxed)) {
                return Ended::Exhausted;
            }
            let Some(atom) = self.program.first_unknown(&state.outputs, &|a| state.known[a].is_some()) else {
                break self.leaf(&state);
            };
            let arguments: Vec<Linear> =
                self.program.atoms[atom].iter().map(|a| state.over_inputs(self.program, a)).collect();
            let Some(chances) = self.chances(&state, &arguments) else { return Ended::Exhausted };
            let winners: Vec<usize> = (0..chances.len()).filter(|&j| matches!(chances[j], Chance::Wins(_))).collect();
            let Some(&first) = winners.first() else { return Ended::Exhausted };
            // Arguments may be the same on this region.
            if winners.iter().all(|&j| arguments[j] == arguments[first]) {
                let Some(others) = self.others(&state, &arguments, first) else { return Ended::Exhausted };
                state.learn(self.program, atom, &arguments[first]);
                fixed.push((atom, first, others));
            } else {
                break self.split(&state, atom, &arguments, chances, splits);
            }
        };
        let wrap = |then: Tree, (atom, argument, others)| Tree::Fixed { atom, argument, others, then: Box::new(then) };
        match tree {
            Ended::All(tree) => Ended::All(fixed.into_iter().rev().fold(tree, wrap)),
            other => other,
        }
    }

    fn leaf(&mut self, state: &State) -> Ended<T> {
        let Some(left) = self.left.checked_sub(1) else { return Ended::Exhausted };
        self.left = left;
        let leaf = Leaf { outputs: &state.outputs, region: &state.region, point: &state.point };
        (self.visit)(&leaf).map_or(Ended::All(Tree::Leaf), Ended::Found)
    }

    /// For every argument, whether it is the maximum around some point of the region.
    fn chances(&self, state: &State, arguments: &[Linear]) -> Option<Vec<Chance>> {
        let values: Vec<Rational> = arguments.iter().map(|a| value(a, &state.point)).collect();
        let chance = |j: usize| {
            // Where it is the only largest at the point that is known, no linear program is needed.
            if (0..values.len()).all(|i| values[i] < values[j] || arguments[i] == arguments[j]) {
                return Some(Chance::Wins(state.point.clone()));
            }
            let extra: Vec<Arc<Linear>> = wins(arguments, j).map(Arc::new).collect();
            inside(&state.region, &extra, &state.point, &self.work)
        };
        (0..arguments.len()).map(chance).collect()
    }

    /// For every argument but the winner: why it is nowhere larger.
    fn others(&self, state: &State, arguments: &[Linear], winner: usize) -> Option<Vec<Multipliers>> {
        let proof = |form: &Linear| {
            let difference = form.minus(&arguments[winner]);
            if difference.terms.is_empty() && !difference.constant.is_positive() {
                return Some(Multipliers::new());
            }
            let extra = [Arc::new(difference)];
            match inside(&state.region, &extra, &state.point, &self.work)? {
                Chance::Never(multipliers) => Some(multipliers),
                // Around such a point another argument than the winner is the maximum.
                Chance::Wins(_) => None,
            }
        };
        arguments.iter().enumerate().filter(|(i, _)| *i != winner).map(|(_, form)| proof(form)).collect()
    }

    fn split(
        &mut self,
        state: &State,
        atom: usize,
        arguments: &[Linear],
        chances: Vec<Chance>,
        splits: usize,
    ) -> Ended<T> {
        let open = |(j, chance): (usize, Chance)| match chance {
            Chance::Never(multipliers) => Err(multipliers),
            Chance::Wins(point) => {
                let mut state = State { point, ..state.clone() };
                state.region.extend(wins(arguments, j).map(Arc::new));
                state.learn(self.program, atom, &arguments[j]);
                Ok(state)
            }
        };
        let cases: Vec<Result<State, Multipliers>> = chances.into_iter().enumerate().map(open).collect();
        let branches = if splits < PARALLEL { self.together(cases, splits) } else { self.in_order(cases, splits) };
        match branches {
            Ok(branches) => Ended::All(Tree::Split { atom, branches }),
            Err(ended) => ended,
        }
    }

    fn in_order(&mut self, cases: Vec<Result<State, Multipliers>>, splits: usize) -> Result<Vec<Tree>, Ended<T>> {
        let branch = |case| match case {
            Err(multipliers) => Ok(Tree::Empty(multipliers)),
            Ok(state) => match self.explore(state, splits + 1) {
                Ended::All(tree) => Ok(tree),
                other => Err(other),
            },
        };
        cases.into_iter().map(branch).collect()
    }

    /// Every branch with all of what is left, at the same time; then only as much counts as in order.
    fn together(&mut self, cases: Vec<Result<State, Multipliers>>, splits: usize) -> Result<Vec<Tree>, Ended<T>> {
        let (left, work) = (self.left, self.work.left());
        let (program, visit, stops) = (self.program, self.visit, &self.stops);
        let flags: Vec<AtomicBool> = cases.iter().map(|_| AtomicBool::new(false)).collect();
        let ended: Vec<(Option<Ended<T>>, Tree, u64, u64)> = {
            use rayon::prelude::*;
            let run = |(j, case): (usize, Result<State, Multipliers>)| match case {
                Err(multipliers) => (None, Tree::Empty(multipliers), 0, 0),
                Ok(state) => {
                    let stops = stops.iter().copied().chain(&flags[..j]).collect();
                    let mut part = Searcher { program, visit, work: Work::new(work), left, stops };
                    let ended = part.explore(state, splits + 1);
                    if !matches!(ended, Ended::All(_)) {
                        flags[j].store(true, Ordering::Relaxed);
                    }
                    let spent = if part.work.is_exhausted() { work } else { work - part.work.left() };
                    (Some(ended), Tree::Leaf, left - part.left, spent)
                }
            };
            cases.into_par_iter().enumerate().map(run).collect()
        };
        let mut branches = Vec::new();
        for (ended, empty, regions, spent) in ended {
            let Some(ended) = ended else {
                branches.push(empty);
                continue;
            };
            let Some(rest) = self.left.checked_sub(regions) else { return Err(Ended::Exhausted) };
            if !self.work.pay(spent) {
                return Err(Ended::Exhausted);
            }
            self.left = rest;
            match ended {
                Ended::All(tree) => branches.push(tree),
                other => return Err(other),
            }
        }
        Ok(branches)
    }
}

impl State {
    fn over_inputs(&self, program: &Program, form: &Linear) -> Linear {
        program.substitute(form, &|atom| self.known[atom].as_deref())
    }

    fn learn(&mut self, program: &Program, atom: usize, value: &Linear) {
        self.known[atom] = Some(Arc::new(value.clone()));
        for output in &mut self.outputs {
            *output = program.substitute(output, &|a| (a == atom).then_some(value));
        }
    }
}

/// Whether the region, of which a point inside is known, still has one where the extra functions, none
/// of which is 0 everywhere, are ≥ 0; `None` if the work runs out.
fn inside(region: &[Arc<Linear>], extra: &[Arc<Linear>], point: &[Rational], work: &Work) -> Option<Chance> {
    let relevant = connected(region, extra);
    let mut columns: BTreeMap<usize, usize> = BTreeMap::new();
    let all = || relevant.iter().map(|&i| &region[i]).chain(extra);
    for form in all() {
        for (variable, _) in &form.terms {
            let next = columns.len();
            columns.entry(*variable).or_insert(next);
        }
    }
    let scaled: Vec<(Inequality, Integer)> = all().map(|form| whole(form, &columns)).collect();
    let (system, scales): (Vec<Inequality>, Vec<Integer>) = scaled.into_iter().unzip();
    match interior(columns.len(), &system, work) {
        Interior::Exhausted => None,
        Interior::Point(values) => {
            let mut point = point.to_vec();
            columns.iter().for_each(|(&variable, &column)| point[variable] = values[column].clone());
            Some(Chance::Wins(point))
        }
        Interior::Empty(multipliers) => {
            let index = |i: usize| relevant.get(i).copied().unwrap_or(region.len() + i - relevant.len());
            Some(Chance::Never(multipliers.into_iter().map(|(i, l)| (index(i), l * &scales[i])).collect()))
        }
    }
}

/// The region's functions that share variables with the extra ones, directly or through others: the
/// rest is independent of them.
fn connected(region: &[Arc<Linear>], extra: &[Arc<Linear>]) -> Vec<usize> {
    let mut reached: std::collections::BTreeSet<usize> =
        extra.iter().flat_map(|f| f.terms.iter().map(|t| t.0)).collect();
    let mut taken = vec![false; region.len()];
    loop {
        let mut grew = false;
        for (form, taken) in region.iter().zip(&mut taken) {
            if !*taken && form.terms.iter().any(|(v, _)| reached.contains(v)) {
                reached.extend(form.terms.iter().map(|t| t.0));
                *taken = true;
                grew = true;
            }
        }
        if !grew {
            return (0..region.len()).filter(|&i| taken[i]).collect();
        }
    }
}

/// A form times the least positive integer that makes all its numbers whole, and that integer.
fn whole(form: &Linear, columns: &BTreeMap<usize, usize>) -> (Inequality, Integer) {
    let denominator = common_denominator(form.coefficients().map(Rational::denom));
    let number = |c: &Rational| c.numer() * (&denominator / c.denom());
    let mut coefficients = vec![Integer::zero(); columns.len()];
    form.terms.iter().for_each(|(v, c)| coefficients[columns[v]] = number(c));
    (Inequality { coefficients, constant: number(&form.constant) }, denominator)
}
