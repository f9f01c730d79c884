//! Units that are stable on a domain: one argument of every maximum always wins there.
//!
//! In order: exact bounds of the forms in the normal form, which know what cancels; then, for the units
//! that these leave, the regions of the part of the network before them, within a small allowance.

use num_traits::Signed;

use super::normal_form::{Limits, units};
use super::regions::{Allowance, Ended, Leaf, Linear, Program, search, verify};
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
    let budget = budget.into();
    if network.is_symbolic() || network.inputs.iter().all(|input| input.domain.is_none()) {
        return Vec::new();
    }
    let Some(layers) = units(network, &Limits::within(budget)) else { return Vec::new() };
    let mut tries = TRIES;
    let mut found = Vec::new();
    for layer in layers {
        let mut stable = Stable { node: layer.node, units: layer.units.len(), ..Stable::default() };
        for unit in layer.units {
            match unit {
                Unit::Constant => stable.constant += 1,
                Unit::Affine => stable.affine += 1,
                Unit::Open(program) if tries > 0 => {
                    tries -= 1;
                    if let Some(constant) = settled(&program, budget) {
                        stable.by_regions += 1;
                        if constant { stable.constant += 1 } else { stable.affine += 1 }
                    }
                }
                Unit::Open(_) => {}
            }
        }
        found.push(stable);
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
    /// The same for every input of the domain.
    Constant,
    /// One argument of every maximum wins by the bounds of the forms.
    Affine,
    /// The arguments of its one maximum, as outputs over the atoms before it.
    Open(Box<Program>),
}

/// Whether one argument is never below the others, and then whether it is constant.
fn settled(program: &Program, budget: Budget) -> Option<bool> {
    let arguments = &program.outputs;
    let winner = (0..arguments.len()).find(|&j| {
        let gaps: Vec<Linear> =
            arguments.iter().enumerate().filter(|(i, _)| *i != j).map(|(_, form)| arguments[j].minus(form)).collect();
        is_nowhere_negative(&Program { outputs: gaps, ..program.clone() }, budget)
    })?;
    Some(arguments[winner].terms.is_empty())
}

/// Whether all outputs are ≥ 0 on the domain: an atom max{0, −u} for each output u is known to be 0 in
/// every region.
fn is_nowhere_negative(program: &Program, budget: Budget) -> bool {
    let minus = Rational::from_integer((-1).into());
    let mut question = program.clone();
    let zero = Linear::constant(Rational::default());
    for output in &program.outputs {
        question.atoms.push(vec![zero.clone(), output.times(&minus)]);
    }
    let first = question.inputs() + program.atoms.len();
    question.outputs = (0..program.outputs.len()).map(|i| Linear::variable(first + i)).collect();
    let is_zero = |outputs: &[Linear]| outputs.iter().all(|o| o.terms.is_empty() && !o.constant.is_positive());
    let (ended, _) = search(&question, Allowance::quick(budget).shared(4), &|leaf: &Leaf<'_>| {
        (!is_zero(leaf.outputs)).then_some(())
    });
    matches!(ended, Ended::All(tree) if verify(&question, &tree, &mut |outputs, _| is_zero(outputs)))
}
