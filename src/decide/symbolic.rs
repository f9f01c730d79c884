//! Networks with symbols for weights: theorems for every choice of them.
//!
//! What is proved holds for polynomials in the symbols, so for all their values. What is refuted is
//! refuted at numbers for the symbols, where the network is one of numbers like any other.

use std::collections::BTreeSet;

use num_traits::Zero;

use super::normal_form::{Limits, Outcome, normal_form_where};
use super::search::{self, Effort, Witness};
use super::{Decision, Evidence, Undecided, Verdict, affine, blockers, decide_with};
use crate::algebra::{Budget, Polynomial, Rational, Symbol};
use crate::collapse::{AffineMap, LimitReached, Region};
use crate::layer::Layer;
use crate::network::{Assignment, Network, NodeId, sample};

/// How many choices of numbers for symbols are tried.
pub(super) fn rounds(symbols: &BTreeSet<Symbol>) -> usize {
    if symbols.is_empty() { 1 } else { 6 }
}

/// Choices of numbers for the symbols, plain ones first; one, if there is nothing to choose.
pub(super) fn choices(symbols: &BTreeSet<Symbol>) -> impl Iterator<Item = Assignment> {
    (0..rounds(symbols) as u64).map(|round| assignment(symbols, round))
}

/// For each layer with symbols, from the last: its symbols 1, and so all others 0.
fn single_layers(network: &Network) -> impl Iterator<Item = Assignment> {
    let assignment = |id: NodeId| match &network.nodes[id].layer {
        Some(Layer::Symbolic(layer)) => Some(assignment(&layer.symbols(), 0)),
        _ => None,
    };
    network.live_nodes().into_iter().rev().filter_map(assignment)
}

/// Numbers for symbols: all 1, then small integers, then fractions.
pub(super) fn assignment(symbols: &BTreeSet<Symbol>, round: u64) -> Assignment {
    let value = |symbol: Symbol| match symbol {
        Symbol::Free(index) if round > 0 => sample(index, round),
        _ => Rational::from_integer(1.into()),
    };
    symbols.iter().map(|&s| (s, value(s))).collect()
}

/// Decides what a network with symbols is.
pub(super) fn decide_symbolic(network: &Network, budget: Budget) -> Decision {
    if !blockers(network).is_empty() {
        return nonlinear(network, budget);
    }
    let Some(region) = Region::<Polynomial>::whole(network) else { return nonlinear(network, budget) };
    if let Err(limit) = region.check_terms(SHOWN_TERMS)
        && let Some(decision) = by_structure(network, &limit)
    {
        return decision;
    }
    match region.collapse(budget) {
        Ok(map) => {
            let map = settled(network, map);
            let verdict = if map.bias.is_zero() { Verdict::Linear } else { Verdict::Affine };
            Decision { verdict, evidence: Evidence::Symbolic(Box::new(map)) }
        }
        Err(limit) => by_structure(network, &limit).unwrap_or_else(|| {
            let reason = format!("its constants vanish at every choice of weights that was tried, and {limit}");
            undecided(reason, "smaller shapes")
        }),
    }
}

/// Past this many terms a matrix of polynomials is of no use to a reader.
pub(super) const SHOWN_TERMS: u64 = 500_000;

/// A network of affine layers without its matrix: linear without constants, affine where f(0) ≠ 0.
fn by_structure(network: &Network, limit: &LimitReached) -> Option<Decision> {
    let decision = |verdict, weights| {
        let evidence = Evidence::FreeStructure { weights, limit: limit.clone() };
        Some(Decision { verdict, evidence })
    };
    if affine::pinned(network).is_some() || !has_constants(network) {
        return decision(Verdict::Linear, None);
    }
    let zero = search::flat(&vec![Rational::zero(); network.input_elements()]);
    let shows = |weights: &Assignment| network.at(weights).evaluate(&zero).is_some_and(|value| !value.is_zero());
    let weights = single_layers(network).chain(choices(&network.symbols())).find(shows)?;
    decision(Verdict::Affine, Some(weights))
}

/// Where an entry is constant on the domain, the constant b moves into its column.
fn settled(network: &Network, map: AffineMap<Polynomial>) -> AffineMap<Polynomial> {
    match affine::pinned(network) {
        Some((entry, value)) if !map.bias.is_zero() => map.with_constant_in(entry, &value),
        _ => map,
    }
}

/// Whether a live layer adds a constant that is not zero as a polynomial.
fn has_constants(network: &Network) -> bool {
    network.live_nodes().into_iter().any(|id| match &network.nodes[id].layer {
        Some(Layer::Affine(layer)) => layer.lower().bias.is_some_and(|b| !b.is_zero()),
        Some(Layer::Symbolic(layer)) => layer.lower().bias.is_some_and(|b| !b.is_zero()),
        _ => false,
    })
}

/// A network with kinks: points at some weights, then the normal form, then more points.
fn nonlinear(network: &Network, budget: Budget) -> Decision {
    let symbols = network.symbols();
    let shares = rounds(&symbols);
    let witness = |witness: Box<Witness>, weights: Assignment| {
        let evidence = Evidence::Witness(witness, weights);
        Decision { verdict: Verdict::Nonlinear, evidence }
    };
    for weights in choices(&symbols) {
        let effort = Effort::quick(budget).shared(shares);
        if let Some(found) = search::find(&network.at(&weights), &[], &effort).witness {
            return witness(Box::new(found), weights);
        }
    }
    if let Outcome::Affine { map, steps } = normal_form_where(network, &Limits::default(), BTreeSet::new()) {
        let map = settled(network, map);
        let verdict = if map.bias.is_zero() { Verdict::Linear } else { Verdict::Affine };
        return Decision { verdict, evidence: Evidence::SymbolicNormalForm(Box::new(map), steps) };
    }
    for weights in choices(&symbols) {
        let network = network.at(&weights);
        if network.is_symbolic() {
            if let Some(found) = search::find(&network, &[], &Effort::thorough(budget).shared(shares)).witness {
                return witness(Box::new(found), weights);
            }
        } else if let Evidence::Witness(found, _) = decide_with(&network, budget, shares).evidence {
            return witness(found, weights);
        }
    }
    undecided(
        "it is affine at every choice of weights that was tried, but no proof for all of them was found".into(),
        "numbers for the weights",
    )
}

fn undecided(reason: String, remedy: &str) -> Decision {
    let undecided = Undecided { reason, remedy: remedy.to_string(), tried: Default::default() };
    Decision { verdict: Verdict::Undecided, evidence: Evidence::Nothing(undecided) }
}
