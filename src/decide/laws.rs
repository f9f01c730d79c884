//! Laws: of linear maps by what they are, of others by their equations.

use super::equality::{Comparison, Counterexample, compare};
use super::{Answer, Decision, Status, Verdict};
use crate::algebra::{Budget, Rational, Symbol, ratio};
use crate::layer::Layer;
use crate::network::{Assignment, Equation, Law, Network, multiples_inside};

/// Whether a network obeys a law, for all inputs of its domain that the law speaks of.
pub(super) fn obeys(
    network: &Network,
    decision: &Decision,
    law: Law,
    equations: &[Equation],
    budget: Budget,
) -> Answer {
    if decision.verdict == Verdict::Linear && (law.is_of_linear_maps() || law == Law::Odd) {
        return Answer { status: Status::Proved, comparison: None, equation: 0, grounds: None };
    }
    let mut answer = Answer { status: Status::Proved, comparison: None, equation: 0, grounds: None };
    let positive = matches!(law, Law::Homogeneous | Law::PositivelyHomogeneous) && adds_no_constant(network);
    for (equation, number) in equations.iter().zip(0..).skip(usize::from(positive)) {
        let comparison = match law.is_of_linear_maps() {
            true => on_domain(network, law, equation, number == 1, budget),
            false => Some(compare(equation, budget)),
        };
        let Some(comparison) = comparison else { continue };
        let status = match &comparison {
            Comparison::Equal(_) => Status::Proved,
            Comparison::Different(_) => Status::Refuted,
            _ => Status::Undecided,
        };
        let worse = answer.comparison.is_none() || (answer.status, status) == (Status::Proved, Status::Undecided);
        if worse || status == Status::Refuted {
            answer = Answer { status, comparison: Some(comparison), equation: number, grounds: None };
        }
        if status == Status::Refuted {
            break;
        }
    }
    answer
}

/// Whether no live layer adds a constant, so that f(a·x) = a·f(x) for a ≥ 0, layer by layer: sums and
/// maxima of linear forms keep that law.
pub(crate) fn adds_no_constant(network: &Network) -> bool {
    network.live_nodes().into_iter().all(|id| match &network.nodes[id].layer {
        None => true,
        Some(Layer::Affine(layer)) => layer.lower().bias.is_none_or(|b| b.is_zero()),
        Some(Layer::Symbolic(layer)) => layer.lower().bias.is_none_or(|b| b.is_zero()),
        Some(Layer::Piecewise(layer)) => (0..layer.output().elements()).all(|output| {
            let unit = layer.unit(output);
            let forms = unit.maxima.iter().flat_map(|(_, arguments)| arguments);
            [&unit.affine].into_iter().chain(forms).all(|form| form.constant == Rational::default())
        }),
        Some(Layer::Smooth(_)) => false,
    })
}

/// What holds everywhere holds on the domain; what fails must be seen to fail inside of it. `None` where the equation
/// is about no input of the domain.
fn on_domain(network: &Network, law: Law, equation: &Equation, negative: bool, budget: Budget) -> Option<Comparison> {
    let everywhere = compare(equation, budget);
    let bounded = network.inputs.iter().any(|input| input.domain.is_some());
    #[cfg(debug_assertions)]
    let bounded = bounded && !crate::fault::has(crate::fault::Fault::LostDomain);
    if !bounded || !matches!(everywhere, Comparison::Different(_)) {
        return Some(everywhere);
    }
    let (equation, mut weights) = inside(network, law, equation, negative)?;
    Some(match compare(&equation, budget) {
        Comparison::Different(found) => {
            weights.extend(found.symbols.clone());
            Comparison::Different(Box::new(Counterexample { symbols: weights, ..*found }))
        }
        _ => {
            Comparison::Undecided("it fails outside of the domain, and whether it fails inside was not decided".into())
        }
    })
}

/// The law for one factor, and inputs whose sum or multiple lies in the domain too; `None` where there are none.
fn inside(network: &Network, law: Law, equation: &Equation, negative: bool) -> Option<(Equation, Assignment)> {
    let (factor, times) = match law {
        // x and y of half the domain: their sum is twice a point between them.
        Law::Additive => (ratio(1.into(), 1.into()), ratio(2.into(), 1.into())),
        _ => {
            let factor = factor(network);
            let times = if negative { -factor.clone() } else { factor.clone() };
            (factor, times)
        }
    };
    let mut domains = Vec::new();
    for input in &network.inputs {
        domains.push(match &input.domain {
            None => None,
            Some(domain) => Some(multiples_inside(domain, &times)?),
        });
    }
    let mut equation = equation.clone();
    for network in [&mut equation.left, &mut equation.right, &mut equation.difference] {
        for (input, domain) in network.inputs.iter_mut().zip(domains.iter().cycle()) {
            input.domain.clone_from(domain);
        }
    }
    let one = Rational::from_integer(1.into());
    let value = |s: &Symbol| if equation.nonnegative.contains(s) { factor.clone() } else { one.clone() };
    let weights: Assignment = equation.difference.symbols().iter().map(|s| (*s, value(s))).collect();
    Some((equation.at(&weights), weights))
}

/// A positive factor by which some input of every domain stays inside: 1/2 where all of them contain 0, else one
/// above 1 that leaves room.
fn factor(network: &Network) -> Rational {
    let (zero, one) = (Rational::default(), Rational::from_integer(1.into()));
    let half = ratio(1.into(), 2.into());
    let reach = |(low, high): &(Rational, Rational)| match () {
        () if *low > zero => Some(high / low),
        () if *high < zero => Some(low / high),
        () => None,
    };
    let reaches = network.inputs.iter().filter_map(|input| input.domain.as_ref()).filter_map(reach);
    reaches.min().map_or_else(|| half.clone(), |reach| (reach + one) * &half)
}
