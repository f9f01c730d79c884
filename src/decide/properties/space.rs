//! The largest space of directions along which a network is affine by the rule of equal changes.

use num_traits::{One, Zero};

use crate::algebra::{Coefficient, Integer, Matrix, Rank, Rational};
use crate::decide::normal_form::Sum;
use crate::decide::regions::Linear;
use crate::layer::{Form, Layer};
use crate::network::Network;

/// Operator entries times input entries that are followed.
const MOST: usize = 500_000;

/// The dimension of the largest space of directions that the rule allows, and of all: for small networks
/// of numbers.
pub fn largest(network: &Network) -> Option<(usize, usize)> {
    /// Input entries of such a network.
    const SMALL: usize = 64;
    let inputs = network.input_elements();
    if inputs > SMALL || network.is_symbolic() {
        return None;
    }
    // As if every maximum were its first argument; where the others change differently is a condition.
    let mut changes: Vec<Vec<Linear>> = vec![Vec::new(); network.nodes.len()];
    let mut conditions: Vec<Linear> = Vec::new();
    let mut first = 0;
    for (id, input) in network.inputs.iter().enumerate() {
        changes[id] = (first..first + input.shape.elements()).map(Linear::variable).collect();
        first += input.shape.elements();
    }
    let mut left = MOST;
    for id in network.live_nodes() {
        let node = &network.nodes[id];
        let operands: Vec<&[Linear]> = node.operands.iter().map(|&o| changes[o].as_slice()).collect();
        let combine = |form: &Form| {
            let mut sum = Sum::constant(Rational::zero());
            form.terms.iter().for_each(|(o, v, c)| sum.add(&operands[*o][*v], c));
            sum.finish()
        };
        let found = match &node.layer {
            None => continue,
            Some(Layer::Piecewise(layer)) => {
                let mut found = Vec::new();
                for output in 0..node.shape.elements() {
                    let unit = layer.unit(output);
                    left = left.checked_sub(inputs * unit.maxima.iter().map(|(_, a)| a.len()).sum::<usize>())?;
                    let mut sum = Sum::constant(Rational::zero());
                    sum.add(&combine(&unit.affine), &Rational::one());
                    for (coefficient, arguments) in &unit.maxima {
                        let forms: Vec<Linear> = arguments.iter().map(combine).collect();
                        conditions
                            .extend(forms[1..].iter().map(|f| f.minus(&forms[0])).filter(|d| !d.terms.is_empty()));
                        sum.add(&forms[0], coefficient);
                    }
                    found.push(sum.finish());
                }
                found
            }
            Some(Layer::Affine(layer)) => {
                let lowered = layer.lower();
                left = left.checked_sub(inputs * lowered.operators.iter().map(|o| o.nonzeros()).sum::<usize>())?;
                let row = |row: usize| {
                    let mut sum = Sum::constant(Rational::zero());
                    for (operator, operand) in lowered.operators.iter().zip(&operands) {
                        let denominator = operator.denominator();
                        operator.for_each_in_row(row, &mut |column, weight| {
                            sum.add(&operand[column], &Rational::new(weight.clone(), denominator.clone()));
                        });
                    }
                    sum.finish()
                };
                (0..node.shape.elements()).map(row).collect()
            }
            Some(_) => return None,
        };
        changes[id] = found;
    }
    let row = |form: &Linear| {
        let (numerators, _) =
            <Integer as Coefficient>::over_common(&form.terms.iter().map(|t| t.1.clone()).collect::<Vec<_>>());
        form.terms.iter().map(|t| t.0).zip(numerators).collect()
    };
    let matrix = Matrix::from_rows(inputs, conditions.iter().map(row).collect(), Integer::one());
    match matrix.rank(inputs) {
        Rank::Exact(rank) => Some((inputs - rank, inputs)),
        Rank::Between { .. } => None,
    }
}
