//! Networks with symbols for weights: theorems for every choice of them.
//!
//! What is proved holds for polynomials in the symbols, so for all their values. What is refuted is
//! refuted at numbers for the symbols, where the network is one of numbers like any other.

use std::collections::BTreeSet;

use num_traits::Zero;

use super::{Decision, Evidence, Undecided, Verdict, affine, blockers, decide, search};
use crate::algebra::{Rational, Symbol};
use crate::collapse::Region;
use crate::layer::Layer;
use crate::network::{Assignment, Network, sample};

/// Choices of numbers for the symbols that are tried, plain ones first.
pub(super) const ROUNDS: u64 = 6;

/// Numbers for symbols: all 1, then small integers, then fractions.
pub(super) fn assignment(symbols: &BTreeSet<Symbol>, round: u64) -> Assignment {
    let value = |s: Symbol| if round == 0 { Rational::from_integer(1.into()) } else { sample(s, round) };
    symbols.iter().map(|&s| (s, value(s))).collect()
}

/// The network at these numbers.
pub(super) fn at(network: &Network, values: &Assignment) -> Network {
    network.at(&|symbol| values.get(&symbol).cloned().unwrap_or_default())
}

/// Decides what a network with symbols is.
pub(super) fn decide_symbolic(network: &Network, memory: u64) -> Decision {
    if !blockers(network).is_empty() {
        return nonlinear(network, memory);
    }
    let symbols = network.symbols();
    let limit = match Region::whole(network).map(|region| region.collapse(memory)) {
        Some(Ok(map)) => {
            let map = match affine::pinned(network) {
                Some((entry, value)) if !map.bias.is_zero() => map.with_constant_in(entry, &value),
                _ => map,
            };
            let verdict = if map.bias.is_zero() { Verdict::Linear } else { Verdict::Affine };
            return Decision { verdict, evidence: Evidence::Symbolic(Box::new(map)) };
        }
        Some(Err(limit)) => limit,
        None => return nonlinear(network, memory),
    };
    if affine::pinned(network).is_some() || !has_constants(network) {
        return Decision { verdict: Verdict::Linear, evidence: Evidence::FreeStructure { weights: None, limit } };
    }
    let zero = search::flat(&vec![Rational::zero(); network.input_elements()]);
    for round in 0..ROUNDS {
        let weights = assignment(&symbols, round);
        if at(network, &weights).evaluate(&zero).is_some_and(|value| !value.is_zero()) {
            let evidence = Evidence::FreeStructure { weights: Some(weights), limit };
            return Decision { verdict: Verdict::Affine, evidence };
        }
    }
    undecided(format!("its constants vanish at every choice of weights that was tried, and {limit}"), "smaller shapes")
}

/// Whether a live layer adds a constant that is not zero as a polynomial.
fn has_constants(network: &Network) -> bool {
    network.live_nodes().into_iter().any(|id| match &network.nodes[id].layer {
        Some(Layer::Affine(layer)) => layer.lower().bias.is_some_and(|b| !b.is_zero()),
        Some(Layer::Symbolic(layer)) => layer.lower().bias.is_some_and(|b| !b.is_zero()),
        _ => false,
    })
}

fn nonlinear(network: &Network, memory: u64) -> Decision {
    let symbols = network.symbols();
    for round in 0..ROUNDS {
        let weights = assignment(&symbols, round);
        let decision = decide(&at(network, &weights), memory);
        if let Evidence::Witness(witness, _) = decision.evidence {
            return Decision { verdict: Verdict::Nonlinear, evidence: Evidence::Witness(witness, weights) };
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
