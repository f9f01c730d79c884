//! Equations between networks: equal for every input (and every weight), or a point where they differ.
//!
//! Two networks are equal exactly when their difference h is zero. A polynomial h is first asked for its
//! value at a random point modulo a prime ([`modular`]). Where h is affine its exact map decides; else points
//! are tried, and then the normal form of h, in which both sides share atoms.

mod large;
mod maps;
mod symbolic;
mod within;

use std::collections::BTreeSet;

use num_traits::Zero as _;

use super::modular;
use super::normal_form::{Limits, Outcome, Steps, normal_form};
use super::points::Sides;
use super::regions::{self, Allowance, Cases, Program, Zero};
use super::residue::Residue;
use super::search::{self, Domain, Effort, Value};
use super::symbolic::SHOWN_TERMS;
use crate::algebra::{Budget, Integer, Polynomial, Rational, Shape, Symbol, Tensor, Work};
use crate::collapse::{AffineMap, OneKernel, Region, one_kernel};
use crate::layer::Weights;
use crate::network::{Assignment, Equation};

/// What is known about an equation f == g.
#[derive(Clone, Debug)]
pub enum Comparison {
    /// f(x) = g(x) for all x, and all symbols.
    Equal(Proof),
    /// |f(x) − g(x)| ≤ `bound` in every output, for all x.
    Close {
        /// The bound; for affine networks it is attained.
        bound: Rational,
        /// Whether it is attained.
        exact: bool,
        /// The regions on each of which it holds, where it was found region by region.
        cases: Option<Box<Cases>>,
    },
    /// f(x) ≠ g(x) at a point.
    Different(Box<Counterexample>),
    /// Not known, for this reason.
    Undecided(String),
}

/// Why two networks are equal. Each variant is one proof rule; its documentation is the rule.
#[derive(Clone, Debug)]
pub enum Proof {
    /// `equal-maps`: both sides are affine and f(x) − g(x) = 0·x + 0.
    Maps {
        /// The rows of both maps.
        rows: usize,
        /// Their columns.
        columns: usize,
    },
    /// `equal-border-classes`: both sides are affine, and so is their difference; on a common
    /// refinement of both sides' border classes one row of it stands for all, and each is 0.
    Classes {
        /// The rows of both maps.
        rows: usize,
        /// Their columns.
        columns: usize,
        /// The products of border classes.
        classes: usize,
    },
    /// `equal-symbolic-maps`: the same over polynomials in the weights, so for every choice of them.
    SymbolicMaps {
        /// The rows of both maps.
        rows: usize,
        /// Their columns.
        columns: usize,
    },
    /// `equal-kernels`: both sides are one convolution of the image extended by zeros, composed
    /// kernel by kernel, and the kernels and constants are equal; for every choice of the weights.
    Kernels {
        /// The shape of the image.
        shape: Shape,
    },
    /// `equal-normal-forms`: in the normal form of f − g every coefficient, of inputs and of atoms, is 0.
    NormalForm(Box<Steps>),
    /// `equal-regions`: on every region of the domain with points inside, f − g = 0 x + 0; so, f − g being
    /// continuous, everywhere.
    Regions(Box<Cases>),
}

impl Proof {
    /// The stable id of the proof rule.
    pub fn method(&self) -> &'static str {
        match self {
            Proof::Maps { .. } => "equal-maps",
            Proof::Classes { .. } => "equal-border-classes",
            Proof::SymbolicMaps { .. } => "equal-symbolic-maps",
            Proof::Kernels { .. } => "equal-kernels",
            Proof::NormalForm(_) => "equal-normal-forms",
            Proof::Regions(_) => "equal-regions",
        }
    }
}

impl Comparison {
    /// The stable id of the proof rule.
    pub fn method(&self) -> &'static str {
        match self {
            Comparison::Equal(proof) => proof.method(),
            Comparison::Close { cases: Some(_), .. } => "close-on-regions",
            Comparison::Close { exact: true, .. } => "supremum",
            Comparison::Close { exact: false, .. } => "bounds",
            Comparison::Different(_) => "counterexample",
            Comparison::Undecided(_) => "none",
        }
    }
}

/// A point at which two networks differ; the values come from the layers' definitions.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// The input, flat.
    pub point: Tensor,
    /// Numbers for the symbols.
    pub symbols: Assignment,
    /// The output entry.
    pub output: usize,
    /// f there.
    pub left: Value,
    /// g there.
    pub right: Value,
    /// What the maps say, where both sides are affine.
    pub residue: Option<Residue>,
    /// Symbols that, where all of them are at least 0, make the sides equal after all; empty if
    /// there are none, or none are known.
    pub provided: BTreeSet<Symbol>,
    /// Whether the sides, which have kinks and no bounded domain, are equal on [0, 1]ⁿ.
    pub equal_on_unit: bool,
    /// Whether the values come from the sides' rows, because the definitions would take too long.
    pub by_rows: bool,
}

/// Decides whether the two sides are equal (or within the tolerance).
pub fn compare(equation: &Equation, budget: impl Into<Budget>) -> Comparison {
    let budget = budget.into();
    let h = &equation.difference;
    if !h.is_symbolic() {
        let found = super::image::compare(equation, budget).or_else(|| equal_kernels::<Integer>(equation));
        return found.unwrap_or_else(|| compare_numbers(equation, budget, 1));
    }
    if let Some(equal) = equal_kernels::<Polynomial>(equation) {
        return equal;
    }
    let nonzero = nonzero(equation);
    let region = Region::<Polynomial>::whole(h);
    // Sides that differ need no map of more terms than a reader can use.
    let region = region.filter(|region| nonzero != Some(true) || region.check_terms(SHOWN_TERMS).is_ok());
    if let Some(Ok(map)) = region.map(|region| region.collapse(budget)) {
        return symbolic::compare_maps(equation, &map, budget);
    }
    symbolic::compare(equation, nonzero, budget)
}

/// Whether sides that are polynomials are different ones, which is certain, or seem to be the same;
/// see [`modular::nonzero`].
fn nonzero(equation: &Equation) -> Option<bool> {
    equation.within.is_none().then(|| modular::nonzero(&equation.difference)).flatten()
}

/// Why sides that are polynomials are not decided, if so.
fn not_shown(nonzero: Option<bool>, otherwise: &'static str) -> &'static str {
    match nonzero {
        None => otherwise,
        Some(true) => {
            "the sides are different polynomials, as a random point modulo a prime shows, but no exact input that \
             tells them apart was found"
        }
        Some(false) => {
            "the sides agree at a random point modulo a large prime, so they are most likely equal, but that proves \
             nothing and no proof was found"
        }
    }
}

/// The work of one search for points at which the sides differ, in `parts` equal shares.
pub(super) fn work(budget: Budget, parts: usize) -> Work {
    Work::new(budget.work(60_000_000) / parts as u64)
}

/// Undecided, and whether more work may decide it.
fn undecided(reason: &str, exhausted: bool) -> Comparison {
    let limit = if exhausted { "; the search reached its limit of work, which `--budget` raises" } else { "" };
    Comparison::Undecided(format!("{reason}{limit}"))
}

/// Sides that are one kernel each, and the same.
fn equal_kernels<C: Weights>(equation: &Equation) -> Option<Comparison> {
    let OneKernel { stencil, inexact } = one_kernel::<C>(&equation.difference)?;
    let equal = inexact.is_none() && stencil.is_zero();
    equal.then(|| Comparison::Equal(Proof::Kernels { shape: equation.left.inputs[0].shape.clone() }))
}

/// Points that tell the sides apart at once, looked for with a small part of the work.
fn glance(equation: &Equation, budget: Budget, parts: usize) -> Option<Counterexample> {
    let found = Sides::new(equation, work(budget, 16 * parts)).search()?;
    Sides::new(equation, work(budget, parts)).confirm(&found.point).or(Some(found))
}

/// Sides whose weights are numbers; it is one of `parts` comparisons that share the work.
fn compare_numbers(equation: &Equation, budget: Budget, parts: usize) -> Comparison {
    let h = &equation.difference;
    let sides = Sides::new(equation, work(budget, parts));
    if let Some(region) = Region::<Integer>::whole(h) {
        let pinned = (0..region.columns()).any(|column| sides.domain.is_pinned(column));
        let decided = match equation.within.is_some() || pinned || !region.is_large() {
            true => region.collapse(budget).map(|map| maps::compare(&sides, equation, &map, budget)),
            false => large::compare(&sides, &region, budget),
        };
        return decided.unwrap_or_else(|limit| match sides.search() {
            Some(found) => Comparison::Different(Box::new(found)),
            None => {
                let remedy = limit.remedy();
                Comparison::Undecided(format!(
                    "no point tells the sides apart, and {limit}; what may decide it: {remedy}"
                ))
            }
        });
    }
    if let Some(bound) = &equation.within {
        return match normal_form(h, &Limits::within(budget)) {
            Outcome::Affine { map, .. } => maps::compare(&sides, equation, &map, budget),
            Outcome::Residual(residual) if parts == 1 => {
                within::compare(&sides, equation, bound, residual.program.as_ref(), budget)
            }
            _ => within::compare(&sides, equation, bound, None, budget),
        };
    }
    let nonzero = nonzero(equation);
    let refuted =
        |found| Comparison::Different(Box::new(Counterexample { equal_on_unit: equal_on_unit(equation), ..found }));
    if nonzero != Some(false)
        && let Some(found) = glance(equation, budget, parts)
    {
        return refuted(found);
    }
    let mut program = None;
    let hints = match normal_form(h, &Limits::within(budget)) {
        Outcome::Affine { map, steps } => {
            return match maps::differing(&map, &Domain::of(h)).first() {
                None => Comparison::Equal(Proof::NormalForm(steps)),
                Some(&output) => match maps::point_of(&sides, &map, output) {
                    Some(found) => Comparison::Different(Box::new(found)),
                    None => Comparison::Undecided("their difference is not zero, but its values are too long".into()),
                },
            };
        }
        Outcome::Residual(residual) => {
            let directions = residual.directions(h);
            program = residual.program;
            directions
        }
        _ => Vec::new(),
    };
    if nonzero != Some(false)
        && let Some(found) = sides.search()
    {
        return refuted(found);
    }
    let mut exhausted = sides.work.is_exhausted();
    if let Some(program) = &program
        && let Ok(decided) = zero_by_regions(equation, program, Allowance::quick(budget).shared(parts), budget)
    {
        return decided;
    }
    let thorough = search::find(h, &hints, &Effort::thorough(budget).shared(parts));
    exhausted |= thorough.tried.exhausted;
    let sides = Sides::new(equation, work(budget, parts));
    if let Some(found) = thorough.witness.and_then(|witness| sides.differ_at_witness(&witness)) {
        return Comparison::Different(Box::new(found));
    }
    // At one of several choices of weights, equal sides prove nothing: only near points are worth a search.
    if let Some(program) = program.as_ref().filter(|_| parts == 1) {
        return zero_by_regions(equation, program, Allowance::whole(budget), budget).unwrap_or_else(|regions| {
            undecided(&format!("no point tells the sides apart, and it is {}", regions::after(regions)), true)
        });
    }
    let reason = "no point tells the sides apart, and their normal forms were not shown equal";
    undecided(not_shown(nonzero, reason), exhausted)
}

/// Sides that are equal on every region, or a point in one where they differ; else the number of regions that did not
/// decide it.
fn zero_by_regions(
    equation: &Equation,
    program: &Program,
    allowance: Allowance,
    budget: Budget,
) -> Result<Comparison, u64> {
    match regions::zero(&equation.difference, program, allowance) {
        Zero::Everywhere(cases) => Ok(Comparison::Equal(Proof::Regions(cases))),
        Zero::Not(point) => match Sides::new(equation, work(budget, 1)).confirm(&point) {
            Some(found) => Ok(Comparison::Different(Box::new(found))),
            None => Err(0),
        },
        Zero::Undecided(regions) => Err(regions),
    }
}

/// Whether sides without a domain are equal on the inputs that random tests use.
fn equal_on_unit(equation: &Equation) -> bool {
    let mut h = equation.difference.clone();
    if h.inputs.iter().any(|input| input.domain.is_some()) {
        return false;
    }
    let unit = (Rational::zero(), Rational::from_integer(1.into()));
    h.inputs.iter_mut().for_each(|input| input.domain = Some(unit.clone()));
    let vanishes = |map: &AffineMap| maps::differing(map, &Domain::of(&h)).is_empty();
    matches!(normal_form(&h, &Limits::small()), Outcome::Affine { map, .. } if vanishes(&map))
}

impl Equation {
    /// The equation with numbers for its symbols.
    pub(super) fn at(&self, values: &Assignment) -> Equation {
        Equation {
            left: self.left.at(values),
            right: self.right.at(values),
            difference: self.difference.at(values),
            ..self.clone()
        }
    }
}
