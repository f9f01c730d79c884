//! Units that are stable on a domain: one argument of every maximum always wins there.
//!
//! In order: exact bounds of the forms in the normal form, which know what cancels; then, for the units
//! that these leave, the regions of the part of the network before them, within a small allowance.

use num_traits::Signed;

use super::normal_form::{Limits, units};
use super::regions::{Allowance, Ended, Leaf, Linear, Program, ask, positive_parts};
use crate::algebra::{Budget, Rational};
use crate::network::{Network, NodeId};

/// What the units of one layer do on the domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stable {
    /// The layer.
    pub node: NodeId,
    /// Units in all.
    pub units: usize,
    /// Units that are constant: a ReLU that is never active is one.
    pub constant: usize,
    /// Units that are affine and not constant, because one argument always wins.
    pub affine: usize,
    /// Of both, those that linear programs were needed for.
    pub by_regions: usize,
}

impl Stable {
    /// Units of which neither is known.
    pub fn undecided(&self) -> usize {
        self.units - self.constant - self.affine
    }
}

/// One entry a piecewise-linear layer, in order; empty without a declared domain, with symbols, smooth
/// layers, or past the budget.
pub fn stable(network: &Network, budget: impl Into<Budget>) -> Vec<Stable> {
    look(network, budget.into()).into_iter().map(|(stable, _)| stable).collect()
}

/// For each unit of a layer: the argument that each of its maxima is on the whole domain, where that is known.
pub type Winners = Vec<Option<Vec<usize>>>;

/// The same, unit by unit.
pub fn winners(network: &Network, budget: impl Into<Budget>) -> Vec<(NodeId, Winners)> {
    look(network, budget.into()).into_iter().map(|(stable, winners)| (stable.node, winners)).collect()
}

fn look(network: &Network, budget: Budget) -> Vec<(Stable, Winners)> {
    if network.is_symbolic() || network.inputs.iter().all(|input| input.domain.is_none()) {
        return Vec::new();
    }
    let Some(layers) = units(network, &Limits::within(budget)) else { return Vec::new() };
    let mut tries = TRIES;
    let mut found = Vec::new();
    for layer in layers {
        let mut stable = Stable { node: layer.node, units: layer.units.len(), ..Stable::default() };
        let mut winners = Vec::with_capacity(stable.units);
        for unit in layer.units {
            winners.push(match unit {
                Unit::Constant(winners) => {
                    stable.constant += 1;
                    winners
                }
                Unit::Affine(winners) => {
                    stable.affine += 1;
                    winners
                }
                Unit::Open(program) if tries > 0 => {
                    tries -= 1;
                    let winner = settled(&program, budget);
                    winner.map(|winner| {
                        stable.by_regions += 1;
                        let constant = program.outputs[winner].terms.is_empty();
                        if constant {
                            stable.constant += 1
                        } else {
                            stable.affine += 1
                        }
                        vec![winner]
                    })
                }
                Unit::Open(_) => None,
            });
        }
        found.push((stable, winners));
    }
    found
}

/// Units whose regions are searched.
const TRIES: usize = 256;

/// A layer's units in the normal form.
pub(super) struct Layer {
    /// The layer.
    pub node: NodeId,
    /// Its units.
    pub units: Vec<Unit>,
}

/// A unit in the normal form.
pub(super) enum Unit {
    /// The same for every input of the domain; with the arguments that its maxima are.
    Constant(Option<Vec<usize>>),
    /// One argument of every maximum wins by the bounds of the forms.
    Affine(Option<Vec<usize>>),
    /// The arguments of its one maximum, as outputs over the atoms before it.
    Open(Box<Program>),
}

/// The argument that is never below the others.
fn settled(program: &Program, budget: Budget) -> Option<usize> {
    let arguments = &program.outputs;
    (0..arguments.len()).find(|&j| {
        let gaps: Vec<Linear> =
            arguments.iter().enumerate().filter(|(i, _)| *i != j).map(|(_, form)| arguments[j].minus(form)).collect();
        is_nowhere_negative(&Program { outputs: gaps, ..program.clone() }, budget)
    })
}

/// Whether all outputs are ≥ 0 on the domain: max{0, −u} is 0 in every region, for each output u.
fn is_nowhere_negative(program: &Program, budget: Budget) -> bool {
    let minus = Rational::from_integer((-1).into());
    let question = positive_parts(program, program.outputs.iter().map(|output| output.times(&minus)).collect());
    let is_zero = |outputs: &[Linear]| outputs.iter().all(|o| o.terms.is_empty() && !o.constant.is_positive());
    let visit = |leaf: &Leaf<'_>| (!is_zero(leaf.outputs)).then_some(());
    let (ended, _) = ask(&question, "", Allowance::quick(budget).shared(4), &visit, &mut |outputs, _| is_zero(outputs));
    matches!(ended, Ended::All(_))
}
