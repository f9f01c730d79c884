//! Affine on every region by the same map? Zero on every region?

use std::sync::Arc;

use num_traits::{One, Signed, Zero as _};

use super::growth::Growth;
use super::program::{Linear, Program, value};
use super::question::ask;
use super::search::{Allowance, Ended, Leaf, go_on, search};
use super::tree::{Tree, verify};
use crate::algebra::{Budget, Rational, Tensor};
use crate::decide::search::{Domain, flat};
use crate::network::Network;

/// The work that a search may take, unless the budget says otherwise.
const WHOLE: u64 = 200_000_000;

/// A proof by cases, and its program.
#[derive(Clone, Debug)]
pub struct Cases {
    /// What the tree is about: the outputs over the atoms that do not cancel.
    pub program: Program,
    /// The cases.
    pub tree: Arc<Tree>,
    /// The outputs on every region.
    pub outputs: Vec<Linear>,
}

impl Cases {
    /// The tree, continued at its leaves until the outputs of a program with the same first atoms are 0; `None` if they
    /// are not, or that takes ten times what a search may.
    pub fn until_zero(&self, program: &Program) -> Option<Tree> {
        let allowance = Allowance { regions: u64::MAX, work: 10 * WHOLE, notes: None };
        let not_zero = |leaf: &Leaf<'_>| leaf.outputs.iter().any(|o| !is_zero(o)).then_some(());
        match go_on(program, Growth::of(&self.tree).reopened(), allowance, &not_zero) {
            (Ended::All(tree), _) => {
                verify(program, &tree, &mut |outputs, _| outputs.iter().all(is_zero)).then_some(tree)
            }
            _ => None,
        }
    }
}

fn is_zero(form: &Linear) -> bool {
    form.terms.is_empty() && form.constant.is_zero()
}

impl Allowance {
    /// A few regions, for kinks that are near.
    pub fn quick(budget: Budget) -> Allowance {
        Allowance { regions: (budget.regions / 50).max(1), work: budget.work(20_000_000), notes: None }
    }

    /// What the budget says.
    pub fn whole(budget: Budget) -> Allowance {
        Allowance { regions: budget.regions, work: budget.work(WHOLE), notes: budget.notes }
    }

    /// One of `parts` equal shares.
    pub fn shared(self, parts: usize) -> Allowance {
        let parts = parts.max(1) as u64;
        let notes = self.notes.filter(|_| parts == 1);
        Allowance { regions: (self.regions / parts).max(1), work: self.work / parts, notes }
    }
}

/// What a search by regions shows.
#[derive(Clone, Debug)]
pub enum Regions {
    /// The outputs are these on every region.
    Same(Box<Cases>),
    /// Two points and a step: the outputs change by other amounts along the step from one and from the
    /// other.
    Kinked(Box<Kinked>),
    /// Not known, after so many regions.
    Undecided(u64),
}

/// Two points inside regions with different slopes along one input entry.
#[derive(Clone, Debug)]
pub struct Kinked {
    /// The points, flat.
    pub points: [Tensor; 2],
    /// A step along the entry, which stays in both regions; it can also be taken from the domain's
    /// base point.
    pub step: Tensor,
}

/// Whether a network is affine: its program's outputs have one slope on all regions.
pub fn affine(network: &Network, program: &Program, allowance: Allowance) -> Regions {
    let one = Allowance { regions: 1, ..allowance };
    let (first, _) = search(program, one, &|leaf| Some(Here::of(leaf)));
    let Ended::Found(first) = first else { return Regions::Undecided(0) };
    let slopes_differ = |leaf: &Leaf<'_>| {
        let same = leaf.outputs.iter().zip(&first.outputs).all(|(a, b)| a.terms == b.terms);
        (!same).then(|| Here::of(leaf))
    };
    // Equal slopes on all regions of a continuous function: equal constants too.
    let mut same = |outputs: &[Linear], _: &[Linear]| outputs == first.outputs;
    match ask(program, "affine", allowance, &slopes_differ, &mut same) {
        (Ended::All(tree), _) => {
            Regions::Same(Box::new(Cases { program: program.clone(), tree: tree.into(), outputs: first.outputs }))
        }
        (Ended::Found(other), regions) => match kinked(network, &first, &other) {
            Some(kinked) => Regions::Kinked(Box::new(kinked)),
            None => Regions::Undecided(regions),
        },
        (Ended::Exhausted(_), regions) => Regions::Undecided(regions),
    }
}

/// The outputs on one region.
pub fn somewhere(program: &Program, allowance: Allowance) -> Option<Vec<Linear>> {
    let one = Allowance { regions: 1, ..allowance };
    match search(program, one, &|leaf| Some(leaf.outputs.to_vec())) {
        (Ended::Found(outputs), _) => Some(outputs),
        _ => None,
    }
}

/// What a search for something that is not 0 shows.
#[derive(Clone, Debug)]
pub enum Zero {
    /// The outputs are 0 on every region.
    Everywhere(Box<Cases>),
    /// An output is not 0 at this point, flat.
    Not(Tensor),
    /// Not known, after so many regions.
    Undecided(u64),
}

/// Whether a program is 0 everywhere.
pub fn zero(network: &Network, program: &Program, allowance: Allowance) -> Zero {
    let domain = Domain::of(network);
    let not_zero = |leaf: &Leaf<'_>| {
        let output = leaf.outputs.iter().find(|o| !is_zero(o))?;
        let here = Here::of(leaf);
        if !value(output, &here.point).is_zero() {
            return Some(flat(&here.point));
        }
        let entry = output.terms.first()?.0;
        let step = here.room(entry, true).min(Rational::one());
        Some(flat(&here.point).plus(&along(domain.bounds().len(), entry, &step)))
    };
    match ask(program, "zero", allowance, &not_zero, &mut |outputs, _| outputs.iter().all(is_zero)) {
        (Ended::All(tree), _) => {
            let outputs = vec![Linear::constant(Rational::zero()); program.outputs.len()];
            Zero::Everywhere(Box::new(Cases { program: program.clone(), tree: tree.into(), outputs }))
        }
        (Ended::Found(point), _) => Zero::Not(point),
        (Ended::Exhausted(_), regions) => Zero::Undecided(regions),
    }
}

/// A leaf that is kept.
struct Here {
    outputs: Vec<Linear>,
    region: Vec<Linear>,
    point: Vec<Rational>,
}

impl Here {
    fn of(leaf: &Leaf<'_>) -> Here {
        let region = leaf.region.iter().map(|g| (**g).clone()).collect();
        Here { outputs: leaf.outputs.to_vec(), region, point: leaf.point.to_vec() }
    }

    /// How far an entry can move from the point inside the region; as far as needed where there is
    /// no end.
    fn room(&self, entry: usize, up: bool) -> Rational {
        let limit = |g: &Linear| {
            let slope = g.terms.iter().find(|(v, _)| *v == entry).map(|(_, c)| c)?;
            (slope.is_negative() == up).then(|| value(g, &self.point) / slope.abs())
        };
        self.region.iter().filter_map(limit).min().unwrap_or_else(|| Rational::from_integer(1_000_000.into()))
    }
}

fn along(size: usize, entry: usize, step: &Rational) -> Tensor {
    let mut values = vec![Rational::zero(); size];
    values[entry] = step.clone();
    flat(&values)
}

fn kinked(network: &Network, first: &Here, other: &Here) -> Option<Kinked> {
    let domain = Domain::of(network);
    let (a, b) = first.outputs.iter().zip(&other.outputs).find(|(a, b)| a.terms != b.terms)?;
    let entry = a.minus(b).terms.first()?.0;
    let room = |up: bool| {
        let limits = [Some(first.room(entry, up)), Some(other.room(entry, up)), domain.room(entry, up)];
        limits.into_iter().flatten().min().filter(Rational::is_positive)
    };
    let (size, up) = match (room(true), room(false)) {
        (Some(up), Some(down)) if down > up => (down, false),
        (Some(up), _) => (up, true),
        (None, down) => (down?, false),
    };
    // The largest of 1, 1/2, 1/4, … that fits: its numbers are short.
    let half = Rational::new(1.into(), 2.into());
    let mut step = Rational::one();
    while step > size {
        step *= &half;
    }
    let step = along(domain.bounds().len(), entry, &if up { step } else { -step });
    Some(Kinked { points: [flat(&first.point), flat(&other.point)], step })
}
