//! Equations between networks: equal for every input (and every weight), or a point where they differ.
//!
//! Two networks are equal exactly when their difference h is zero. A polynomial h is first asked for its
//! value at a random point modulo a prime ([`modular`]). Where h is affine its exact map decides; else points
//! are tried, and then the normal form of h, in which both sides share atoms.

mod large;
mod within;

use std::collections::BTreeSet;

use num_traits::{Signed, Zero as _};

use super::modular;
use super::normal_form::{Limits, Outcome, Steps, normal_form, normal_form_where};
use super::points::Sides;
use super::regions::{self, Allowance, Cases, Program, Zero};
use super::residue::{Residue, residue};
use super::search::{self, Domain, Effort, Value};
use super::symbolic::{SHOWN_TERMS, assignment, choices, rounds};
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
        return compare_symbolic_maps(equation, &map, budget);
    }
    compare_symbolic(equation, nonzero, budget)
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

/// The choice, with sizes for symbols that are at least 0.
fn allowed(mut weights: Assignment, nonnegative: &BTreeSet<Symbol>) -> Assignment {
    weights.iter_mut().filter(|(s, _)| nonnegative.contains(s)).for_each(|(_, value)| *value = value.abs());
    weights
}

/// Sides that are one kernel each, and the same.
fn equal_kernels<C: Weights>(equation: &Equation) -> Option<Comparison> {
    let OneKernel { stencil, inexact } = one_kernel::<C>(&equation.difference)?;
    let equal = inexact.is_none() && stencil.is_zero();
    equal.then(|| Comparison::Equal(Proof::Kernels { shape: equation.left.inputs[0].shape.clone() }))
}

/// Sides with kinks: points at some weights, then the normal form, then more points.
fn compare_symbolic(equation: &Equation, nonzero: Option<bool>, budget: Budget) -> Comparison {
    let h = &equation.difference;
    let symbols = h.symbols();
    let shares = rounds(&symbols);
    let choices = || choices(&symbols).map(|weights| allowed(weights, &equation.nonnegative));
    let mut exhausted = false;
    let idle = nonzero == Some(false);
    let refuted = |found: Counterexample, weights: Assignment| {
        let found = Counterexample { symbols: weights, ..found };
        let found = simpler_weights(equation, found, &work(budget, 1));
        Comparison::Different(Box::new(Counterexample { provided: equal_where(equation), ..found }))
    };
    for weights in choices().filter(|_| !idle) {
        if let Some(found) = glance(&equation.at(&weights), budget, shares) {
            return refuted(found, weights);
        }
    }
    let limits = Limits::within(budget);
    if let Outcome::Affine { map, steps } = normal_form_where(h, &limits, equation.nonnegative.clone()) {
        return match compare_symbolic_maps(equation, &map, budget) {
            Comparison::Equal(_) => Comparison::Equal(Proof::NormalForm(steps)),
            other => other,
        };
    }
    for weights in choices().filter(|_| !idle) {
        let equation = equation.at(&weights);
        if equation.difference.is_symbolic() {
            let sides = Sides::new(&equation, work(budget, shares));
            let thorough = || search::find(&equation.difference, &[], &Effort::thorough(budget).shared(shares)).witness;
            let found = sides.search().or_else(|| sides.differ_at_witness(&thorough()?));
            exhausted |= sides.work.is_exhausted();
            if let Some(found) = found {
                return refuted(found, weights);
            }
        } else if let Comparison::Different(found) = compare_numbers(&equation, budget, shares) {
            return refuted(*found, weights);
        }
    }
    let reason = "the sides agree at every choice of weights that was tried, but no proof for all of them was found";
    undecided(not_shown(nonzero, reason), exhausted)
}

/// Points that tell the sides apart at once, looked for with a small part of the work.
fn glance(equation: &Equation, budget: Budget, parts: usize) -> Option<Counterexample> {
    let found = Sides::new(equation, work(budget, 16 * parts)).search()?;
    Sides::new(equation, work(budget, parts)).confirm(&found.point).or(Some(found))
}

/// Weights 0, 1 or −1 wherever the sides still differ at the same point.
fn simpler_weights(equation: &Equation, mut best: Counterexample, work: &Work) -> Counterexample {
    /// Evaluations spent.
    const TESTS: usize = 200;
    let symbols: Vec<Symbol> = best.symbols.keys().copied().collect();
    let mut left = TESTS;
    for symbol in symbols {
        let values: &[i64] = if equation.nonnegative.contains(&symbol) { &[0, 1] } else { &[0, 1, -1] };
        for value in values.iter().map(|&n| Rational::from_integer(n.into())) {
            if best.symbols[&symbol] == value || left == 0 || work.is_exhausted() {
                break;
            }
            left -= 1;
            let mut weights = best.symbols.clone();
            weights.insert(symbol, value);
            let equation = equation.at(&weights);
            let sides = Sides::new(&equation, work.take(work.left()));
            let found = sides.differ_at(&best.point);
            work.give_back(&sides.work);
            if let Some(found) = found {
                best = Counterexample { symbols: weights, ..found };
                break;
            }
        }
    }
    best
}

/// A small set of symbols such that `difference` is 0 wherever all of them are at least 0, if
/// the normal form shows one; else empty.
fn equal_where(equation: &Equation) -> BTreeSet<Symbol> {
    /// Normal forms computed.
    const TRIES: usize = 40;
    let difference = &equation.difference;
    let vanishes = |nonnegative: &BTreeSet<Symbol>| {
        let nonnegative = nonnegative.union(&equation.nonnegative).copied().collect();
        let outcome: Outcome<Polynomial> = normal_form_where(difference, &Limits::small(), nonnegative);
        matches!(outcome, Outcome::Affine { map, .. } if map.bias.is_zero() && map.matrix.nonzeros() == 0)
    };
    let mut needed: BTreeSet<Symbol> = difference.symbols().difference(&equation.nonnegative).copied().collect();
    if needed.is_empty() || !vanishes(&needed) {
        return BTreeSet::new();
    }
    let mut tries = TRIES;
    let mut chunk = needed.len();
    while chunk > 0 {
        let all: Vec<Symbol> = needed.iter().copied().collect();
        for part in all.chunks(chunk) {
            let fewer: BTreeSet<Symbol> = needed.iter().filter(|s| !part.contains(s)).copied().collect();
            if tries > 0 && vanishes(&fewer) {
                needed = fewer;
            }
            tries = tries.saturating_sub(1);
        }
        chunk /= 2;
    }
    needed
}

/// Sides whose weights are numbers; it is one of `parts` comparisons that share the work.
fn compare_numbers(equation: &Equation, budget: Budget, parts: usize) -> Comparison {
    let h = &equation.difference;
    let sides = Sides::new(equation, work(budget, parts));
    if let Some(region) = Region::<Integer>::whole(h) {
        let pinned = (0..region.columns()).any(|column| sides.domain.is_pinned(column));
        let decided = match equation.within.is_some() || pinned || !region.is_large() {
            true => region.collapse(budget).map(|map| compare_maps(&sides, equation, &map, budget)),
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
            Outcome::Affine { map, .. } => compare_maps(&sides, equation, &map, budget),
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
            return match differing(&map, &Domain::of(h)).first() {
                None => Comparison::Equal(Proof::NormalForm(steps)),
                Some(&output) => match point_of(&sides, &map, output) {
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
    let vanishes = |map: &AffineMap| differing(map, &Domain::of(&h)).is_empty();
    matches!(normal_form(&h, &Limits::small()), Outcome::Affine { map, .. } if vanishes(&map))
}

/// The outputs in which an affine map is not zero on the domain.
fn differing(map: &AffineMap, domain: &Domain) -> Vec<usize> {
    let base = domain.base();
    let at_base = map.apply(&base);
    let varies = |row: usize| map.matrix.row(row).any(|(column, _)| !domain.is_pinned(column));
    (0..map.bias.len()).filter(|&row| varies(row) || !at_base.numerators()[row].is_zero()).collect()
}

fn compare_maps(sides: &Sides<'_>, equation: &Equation, map: &AffineMap, budget: Budget) -> Comparison {
    let domain = Domain::of(&equation.difference);
    let outputs = differing(map, &domain);
    let (rows, columns) = (map.matrix.rows(), map.matrix.columns());
    let Some(&first) = outputs.first() else { return Comparison::Equal(Proof::Maps { rows, columns }) };
    let mut output = first;
    if let Some(tolerance) = &equation.within {
        let sup = |row: usize| supremum(map, &domain, row);
        let bounds: Option<Vec<(Rational, usize)>> = outputs.iter().map(|&row| Some((sup(row)?, row))).collect();
        match bounds.and_then(|bounds| bounds.into_iter().max()) {
            Some((bound, _)) if bound <= *tolerance => return Comparison::Close { bound, exact: true, cases: None },
            Some((_, row)) => {
                let corner = corner(map, &domain, row);
                if let Some(found) = sides.differ_at_output(&corner, row) {
                    return Comparison::Different(Box::new(found));
                }
            }
            // Unbounded in some output: far enough out, the difference is as large as one likes.
            None => {
                output = outputs.into_iter().find(|&row| sup(row).is_none()).unwrap_or(first);
                if let Some(found) = far_point(sides, map, &domain, output, tolerance) {
                    return Comparison::Different(Box::new(found));
                }
            }
        }
        return Comparison::Undecided("the values at the extreme point are too long".into());
    }
    let residue = residue(equation, map.lifted(), differing(map, &domain), budget);
    match point_of(sides, map, output) {
        Some(found) => Comparison::Different(Box::new(Counterexample { residue, ..found })),
        None => Comparison::Undecided("the maps differ, but the values are too long to show".into()),
    }
}

/// A point at which an output of the difference, which varies or is not zero, is not zero: the
/// domain's point nearest to 0, or one step from it.
fn point_of(sides: &Sides<'_>, map: &AffineMap, output: usize) -> Option<Counterexample> {
    let domain = &sides.domain;
    let base = domain.base();
    let step = map.matrix.row(output).map(|(column, _)| column).find(|&column| !domain.is_pinned(column));
    sides.differ_at_output(&base, output).or_else(|| sides.differ_at_output(&domain.step(step?), output))
}

/// The largest |row · x + b| on the domain; `None` if there is none.
fn supremum(map: &AffineMap, domain: &Domain, row: usize) -> Option<Rational> {
    let (high, low) = (extreme(map, domain, row, true)?, extreme(map, domain, row, false)?);
    Some(high.abs().max(low.abs()))
}

/// The largest row · x + b on the domain, or the smallest.
fn extreme(map: &AffineMap, domain: &Domain, row: usize, largest: bool) -> Option<Rational> {
    let terms = map.matrix.row(row).map(|(column, weight)| {
        let (low, high) = domain.bounds()[column].as_ref()?;
        let end = if weight.is_positive() == largest { high } else { low };
        Some(end * weight)
    });
    let sum: Option<Rational> = terms.sum();
    Some(sum? / map.matrix.denominator() + map.bias.get(row))
}

/// The corner of the domain at which |row · x + b| is largest.
fn corner(map: &AffineMap, domain: &Domain, row: usize) -> Tensor {
    let size = |largest: bool| extreme(map, domain, row, largest).map(|value| value.abs());
    let largest = size(true) >= size(false);
    let mut point = domain.base().to_rationals();
    for (column, weight) in map.matrix.row(row) {
        if let Some((low, high)) = &domain.bounds()[column] {
            point[column] = if weight.is_positive() == largest { high.clone() } else { low.clone() };
        }
    }
    search::flat(&point)
}

/// A point at which the difference exceeds the tolerance, along an entry without bounds.
fn far_point(
    sides: &Sides<'_>,
    map: &AffineMap,
    domain: &Domain,
    output: usize,
    tolerance: &Rational,
) -> Option<Counterexample> {
    let base = domain.base();
    let (column, weight) = map.matrix.row(output).find(|(column, _)| domain.bounds()[*column].is_none())?;
    let weight = Rational::new(weight.clone(), map.matrix.denominator().clone());
    let reach = (tolerance + map.apply(&base).get(output).abs()) / weight.abs();
    let mut point = base.to_rationals();
    point[column] = reach.ceil() + Rational::from_integer(1.into());
    sides.differ_at_output(&search::flat(&point), output)
}

fn compare_symbolic_maps(equation: &Equation, map: &AffineMap<Polynomial>, budget: Budget) -> Comparison {
    let domain = Domain::of(&equation.difference);
    let (rows, columns) = (map.matrix.rows(), map.matrix.columns());
    let base = domain.base().lifted::<Polynomial>();
    // For each output, a polynomial that must be 0: the value at the base point, then the slopes.
    let residual = |row: usize| {
        let mut value = map.bias.numerators()[row].clone();
        map.matrix.row(row).for_each(|(column, weight)| value.add_product(weight, &base.numerators()[column]));
        let slopes = map.matrix.row(row).filter(|(column, _)| !domain.is_pinned(*column));
        let slope = slopes.map(|(column, weight)| (Some(column), weight.clone())).next();
        if value.is_zero() { slope } else { Some((None, value)) }
    };
    let outputs: Vec<usize> = (0..rows).filter(|&row| residual(row).is_some()).collect();
    let Some((output, (column, polynomial))) = outputs.first().and_then(|&o| Some((o, residual(o)?))) else {
        return Comparison::Equal(Proof::SymbolicMaps { rows, columns });
    };
    if let Some(tolerance) = &equation.within {
        return Comparison::Undecided(format!(
            "whether the difference stays within {tolerance} depends on the weights"
        ));
    }
    let point = column.map_or_else(|| domain.base(), |column| domain.step(column));
    let residue = residue(equation, map.clone(), outputs, budget);
    for weights in nonzeros_of(&polynomial, equation) {
        let equation = equation.at(&weights);
        let found = Sides::new(&equation, work(budget, 1)).differ_at_output(&point, output);
        if let Some(found) = found {
            return Comparison::Different(Box::new(Counterexample { symbols: weights, residue, ..found }));
        }
    }
    Comparison::Undecided("the maps differ as polynomials, but no weights that show it were found".into())
}

fn free(symbols: BTreeSet<Symbol>) -> BTreeSet<Symbol> {
    symbols.into_iter().filter(|s| matches!(s, Symbol::Free(_))).collect()
}

/// Choices of weights at which a polynomial is not 0, the plainest first.
fn nonzeros_of(polynomial: &Polynomial, equation: &Equation) -> Vec<Assignment> {
    /// Enough for any polynomial of a size that people write: each round is an independent try.
    const TRIES: u64 = 64;
    let mentioned = free(polynomial.symbols());
    let value = |weights: &Assignment| polynomial.at(weights);
    let tries = (0..TRIES).map(|round| allowed(assignment(&mentioned, round), &equation.nonnegative));
    let mut found: Vec<Assignment> = tries.collect();
    found.retain(|weights| !value(weights).is_zero());
    found.truncate(4);
    for weights in &mut found {
        for symbol in &mentioned {
            for simpler in [0, 1] {
                let mut tried = weights.clone();
                tried.insert(*symbol, Rational::from_integer(simpler.into()));
                if !value(&tried).is_zero() {
                    *weights = tried;
                    break;
                }
            }
        }
        // What the polynomial does not mention does not matter.
        for symbol in equation.difference.symbols() {
            weights.entry(symbol).or_default();
        }
    }
    found
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
