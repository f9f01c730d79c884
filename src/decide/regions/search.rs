//! Regions of the input space, over undecided atoms only: in rounds of small tasks, side by side.
//!
//! A task follows one open place of the tree depth first, and stops after a few regions or some work. Which tasks a
//! round has depends on the tree alone, so every machine finds the same, whatever the number of its threads.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::growth::{Growth, Place};
use super::program::{Linear, Program};
use super::state::{Chance, State};
use super::tree::{Multipliers, Tree};
use crate::algebra::{Notes, Rational, Work};

/// What a search may take.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Regions with points inside.
    pub regions: u64,
    /// Work, on linear programs and on forms; see [`Work`].
    pub work: u64,
    /// Where [`super::ask`] finds what earlier runs left, and leaves what it does not end.
    pub notes: Option<&'static Notes>,
}

/// A region with points inside on which the outputs are affine.
#[derive(Debug)]
pub struct Leaf<'r> {
    /// The outputs over the inputs.
    pub outputs: &'r [Linear],
    /// The functions that are ≥ 0 on the region.
    pub region: &'r [std::sync::Arc<Linear>],
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
    /// The allowance was used up; this is known so far.
    Exhausted(Growth),
}

/// Numbers of more bits are no use to linear programs.
const LONGEST: u64 = 4096;
/// Tasks of a round.
const TASKS: usize = 16;
/// Regions of a task; few while there are not enough tasks for a round.
const FEW: u64 = 4;
const MANY: u64 = 32;
/// A task has this part of the work that a search may take.
const SHARE: u64 = 64;

/// Regions that all searches of this process have seen: for those who wait.
static SEEN: AtomicU64 = AtomicU64::new(0);

/// Regions that all searches of this process have seen so far.
pub fn regions_seen() -> u64 {
    SEEN.load(Ordering::Relaxed)
}

/// Visits regions until one gives something. Also gives the number of regions that are known in the end.
pub fn search<T: Send>(program: &Program, allowance: Allowance, visit: Visit<'_, T>) -> (Ended<T>, u64) {
    go_on(program, Growth::default(), allowance, visit)
}

/// The same, from what an earlier search left. Its leaves are not visited again, so [`super::verify`] must be asked of the
/// finished tree. A growth that does not fit the program is as good as none.
pub fn go_on<T: Send>(program: &Program, growth: Growth, allowance: Allowance, visit: Visit<'_, T>) -> (Ended<T>, u64) {
    let forms = program.atoms.iter().flatten().chain(&program.outputs);
    let bits = |c: &Rational| c.numer().bits().max(c.denom().bits());
    let longest = forms.flat_map(|f| f.coefficients().map(bits)).max().unwrap_or(0);
    if longest > LONGEST {
        return (Ended::Exhausted(growth), 0);
    }
    let mut search = Search { program, growth, open: Vec::new() };
    // Going back to where a search ended is no part of the search: else it would not get further in the end.
    match search.replay(&Work::unlimited()) {
        Some(()) => search.run(allowance.regions, &Work::new(allowance.work), visit),
        None => go_on(program, Growth::default(), allowance, visit),
    }
}

/// The tree of a search, between two rounds.
struct Search<'p> {
    program: &'p Program,
    growth: Growth,
    /// The open places, the next one last.
    open: Vec<(usize, State)>,
}

impl Search<'_> {
    fn run<T: Send>(mut self, regions: u64, work: &Work, visit: Visit<'_, T>) -> (Ended<T>, u64) {
        let (mut left, mut known) = (regions, self.growth.regions());
        let (share, mut tasks) = ((work.left() / SHARE).max(1), TASKS);
        while !self.open.is_empty() {
            if left == 0 || work.left() == 0 {
                return (Ended::Exhausted(self.growth), known);
            }
            let each = if self.open.len() < TASKS { FEW } else { MANY };
            let enough = usize::try_from(left.div_ceil(each)).unwrap_or(usize::MAX);
            let count = self.open.len().min(tasks).min(enough);
            // Alone, a task may take everything.
            let purse = if tasks == 1 { work.left() } else { share.min(work.left() / count as u64) };
            let round = self.open.split_off(self.open.len() - count);
            let (places, states): (Vec<usize>, Vec<State>) = round.into_iter().rev().unzip();
            let quota = |task: usize| each.min(left - each * task as u64);
            let tasks_done = together(self.program, states, &quota, purse, visit);
            let mut behind = Vec::new();
            let before = (left, self.growth.places.len());
            for (place, done) in places.into_iter().zip(tasks_done) {
                (left, known) = (left - done.regions, known + done.regions);
                work.pay(done.spent.min(work.left()));
                if let Some(found) = done.found {
                    return (Ended::Found(found), known);
                }
                let moved = self.growth.graft(place, done.growth);
                behind.push(done.open.into_iter().map(|(p, state)| (moved(p), state)).collect::<Vec<_>>());
            }
            behind.into_iter().rev().for_each(|open| self.open.extend(open));
            tasks = if before == (left, self.growth.places.len()) { 1 } else { TASKS };
        }
        match self.growth.finished() {
            Some(tree) => (Ended::All(tree), known),
            None => (Ended::Exhausted(Growth::default()), known),
        }
    }

    /// Finds the states of all open places; `None` if the tree is not one of the program.
    fn replay(&mut self, work: &Work) -> Option<()> {
        let program = self.program;
        let mut stack = vec![(0, State::whole(program))];
        while let Some((index, mut state)) = stack.pop() {
            match self.growth.places[index].clone() {
                Place::Leaf | Place::Empty(_) => {}
                Place::Open => match state.inhabited(work)? {
                    Chance::Wins(point) => self.open.push((index, State { point, ..state })),
                    Chance::Never(multipliers) => self.growth.places[index] = Place::Empty(multipliers),
                },
                Place::Fixed { atom, argument, then, .. } => {
                    let arguments = state.known_arguments(program, atom, work)?;
                    state.learn(program, atom, arguments.get(argument)?, work)?;
                    stack.push((then, state));
                }
                Place::Split { atom, branches } => {
                    let arguments = state.known_arguments(program, atom, work)?;
                    if arguments.len() != branches.len() {
                        return None;
                    }
                    for (j, branch) in branches.into_iter().enumerate() {
                        let point = state.point.clone();
                        stack.push((branch, state.branch(program, (atom, &arguments, j), point, work)?));
                    }
                }
            }
        }
        Some(())
    }
}

type Visit<'v, T> = &'v (dyn Fn(&Leaf<'_>) -> Option<T> + Sync);

/// What a task did.
struct Done<T> {
    growth: Growth,
    /// What it left open, the next one last.
    open: Vec<(usize, State)>,
    regions: u64,
    spent: u64,
    found: Option<T>,
}

/// Tasks side by side. What those after the first that finds something do does not matter.
fn together<T: Send>(
    program: &Program,
    states: Vec<State>,
    quota: &(dyn Fn(usize) -> u64 + Sync),
    purse: u64,
    visit: Visit<'_, T>,
) -> Vec<Done<T>> {
    use rayon::prelude::*;
    let first = AtomicUsize::new(usize::MAX);
    let run = |(index, state): (usize, State)| {
        let mut task = Task { program, visit, work: Work::new(purse), growth: Growth::default(), left: quota(index) };
        let mut open = vec![(0, state)];
        let mut found = None;
        while found.is_none() && task.left > 0 && first.load(Ordering::Relaxed) > index {
            let Some((place, state)) = open.pop() else { break };
            match task.step(place, state) {
                Step::Grew(next) => open.extend(next),
                Step::Found(thing) => {
                    first.fetch_min(index, Ordering::Relaxed);
                    found = Some(thing);
                }
                Step::Exhausted(state) => {
                    open.push((place, *state));
                    break;
                }
            }
        }
        let spent = if task.work.is_exhausted() { purse } else { purse - task.work.left() };
        Done { growth: task.growth, open, regions: quota(index) - task.left, spent, found }
    };
    states.into_par_iter().enumerate().map(run).collect()
}

struct Task<'s, T> {
    program: &'s Program,
    visit: Visit<'s, T>,
    work: Work,
    growth: Growth,
    /// Regions that it may still see.
    left: u64,
}

/// What became of an open place.
enum Step<T> {
    /// These places are open now, the next one last.
    Grew(Vec<(usize, State)>),
    /// A leaf gave something.
    Found(T),
    /// The work ran out; the place is as it was.
    Exhausted(Box<State>),
}

/// What is known of an atom on a region.
enum Case {
    /// There is none: the region is a leaf.
    Leaf,
    Fixed {
        atom: usize,
        argument: usize,
        others: Vec<Multipliers>,
        then: State,
    },
    Split {
        atom: usize,
        branches: Vec<Result<State, Multipliers>>,
    },
}

impl<T> Task<'_, T> {
    fn step(&mut self, place: usize, state: State) -> Step<T> {
        let Some(case) = self.case(&state) else { return Step::Exhausted(Box::new(state)) };
        let mut open = Vec::new();
        self.growth.places[place] = match case {
            Case::Leaf => {
                self.left -= 1;
                SEEN.fetch_add(1, Ordering::Relaxed);
                let leaf = Leaf { outputs: &state.outputs, region: &state.region, point: &state.point };
                if let Some(found) = (self.visit)(&leaf) {
                    return Step::Found(found);
                }
                Place::Leaf
            }
            Case::Fixed { atom, argument, others, then } => {
                open.push((self.growth.open(), then));
                Place::Fixed { atom, argument, others, then: open[0].0 }
            }
            Case::Split { atom, branches } => {
                let mut places = Vec::with_capacity(branches.len());
                for branch in branches {
                    let place = self.growth.open();
                    places.push(place);
                    match branch {
                        Ok(state) => open.push((place, state)),
                        Err(multipliers) => self.growth.places[place] = Place::Empty(multipliers),
                    }
                }
                open.reverse();
                Place::Split { atom, branches: places }
            }
        };
        Step::Grew(open)
    }

    /// The next atom on a region; `None` if the work runs out.
    fn case(&self, state: &State) -> Option<Case> {
        let (program, work) = (self.program, &self.work);
        let Some(atom) = state.first_unknown(program, work)? else { return Some(Case::Leaf) };
        let arguments = state.arguments(program, atom, work)?;
        let chances = state.chances(&arguments, work)?;
        let mut winners = (0..chances.len()).filter(|&j| matches!(chances[j], Chance::Wins(_)));
        let argument = winners.next()?;
        // Arguments may be the same on this region.
        if winners.all(|j| arguments[j] == arguments[argument]) {
            let others = state.others(&arguments, argument, &chances, work)?;
            let mut then = state.clone();
            then.learn(program, atom, &arguments[argument], work)?;
            return Some(Case::Fixed { atom, argument, others, then });
        }
        let branch = |(j, chance): (usize, Chance)| match chance {
            Chance::Never(multipliers) => Some(Err(multipliers)),
            Chance::Wins(point) => Some(Ok(state.branch(program, (atom, &arguments, j), point, work)?)),
        };
        let branches: Option<Vec<_>> = chances.into_iter().enumerate().map(branch).collect();
        Some(Case::Split { atom, branches: branches? })
    }
}
