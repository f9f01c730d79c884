//! Equations with symbols for weights: proved for all of them, or refuted at some.

use std::collections::BTreeSet;

use num_traits::{Signed, Zero};

use super::super::normal_form::{Limits, Outcome, normal_form_where};
use super::super::points::Sides;
use super::super::residue::residue;
use super::super::search::{self, Domain, Effort};
use super::super::symbolic::{assignment, choices, rounds};
use super::{Comparison, Counterexample, Proof, compare_numbers, glance, not_shown, undecided, work};
use crate::algebra::{Budget, Polynomial, Rational, Symbol, Work};
use crate::collapse::AffineMap;
use crate::network::{Assignment, Equation};

/// The choice, with sizes for symbols that are at least 0.
fn allowed(mut weights: Assignment, nonnegative: &BTreeSet<Symbol>) -> Assignment {
    weights.iter_mut().filter(|(s, _)| nonnegative.contains(s)).for_each(|(_, value)| *value = value.abs());
    weights
}

/// Sides with kinks: points at some weights, then the normal form, then more points.
pub fn compare(equation: &Equation, nonzero: Option<bool>, budget: Budget) -> Comparison {
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
        return match compare_maps(equation, &map, budget) {
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

pub fn compare_maps(equation: &Equation, map: &AffineMap<Polynomial>, budget: Budget) -> Comparison {
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
