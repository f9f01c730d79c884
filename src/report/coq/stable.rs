//! What the checks cost, and whether the domains of the inputs decide every maximum in a network.

use std::collections::BTreeMap;

use num_traits::{One, Signed, Zero};

use crate::algebra::{Polynomial, Rational, ratio};
use crate::decide::search::Domain;
use crate::layer::{Form, Layer, Unit, Weights};
use crate::network::Network;

/// What a check goes through.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    /// Products of a weight and an entry, in all layers.
    pub products: usize,
    /// The same with rows for entries: products of weights and coefficients.
    pub rows: usize,
}

/// Estimates what the checks of a network cost.
pub(super) fn cost(network: &Network) -> Cost {
    let inputs = network.input_elements().max(1);
    let mut cost = Cost::default();
    let mut length = vec![1_usize; network.nodes.len()];
    for id in network.live_nodes() {
        let node = &network.nodes[id];
        let Some(layer) = &node.layer else { continue };
        let products = match <Polynomial as Weights>::lower(layer) {
            Some(lowered) => lowered.operators.iter().map(|o| o.products()).fold(0, usize::saturating_add),
            None => node.shape.elements().saturating_mul(4),
        };
        let longest = node.operands.iter().map(|&o| length[o]).max().unwrap_or(1);
        let fan_in = products.div_ceil(node.shape.elements().max(1)).max(1);
        length[id] = longest.saturating_mul(fan_in).min(inputs);
        cost.products = cost.products.saturating_add(products.max(node.shape.elements()));
        cost.rows = cost.rows.saturating_add(products.saturating_mul(longest));
    }
    cost
}

/// An affine form over the inputs.
#[derive(Clone, Debug, Default)]
struct Row {
    terms: BTreeMap<usize, Rational>,
    constant: Rational,
}

impl Row {
    fn add(&mut self, factor: &Rational, other: &Row) {
        for (entry, coefficient) in &other.terms {
            *self.terms.entry(*entry).or_default() += factor * coefficient;
        }
        self.constant += factor * &other.constant;
    }

    fn minus(&self, other: &Row) -> Row {
        let mut row = self.clone();
        row.add(&-Rational::one(), other);
        row
    }

    /// Whether it is nowhere negative in the domain, bound by bound.
    fn is_nonnegative(&self, domain: &Domain) -> bool {
        let mut least = self.constant.clone();
        for (entry, coefficient) in self.terms.iter().filter(|(_, c)| !c.is_zero()) {
            let Some((low, high)) = &domain.bounds()[*entry] else { return false };
            least += coefficient * if coefficient.is_positive() { low } else { high };
        }
        !least.is_negative()
    }
}

/// Whether every maximum, taken two arguments at a time from the last, has one that is the larger on
/// the whole domain: what the rows of the Coq library decide. Only for networks of numbers that are
/// small enough.
pub(super) fn decided_by_domains(network: &Network) -> bool {
    /// Coefficients computed.
    const MOST: usize = 300_000;
    let domain = Domain::of(network);
    if network.is_symbolic() || cost(network).rows > MOST {
        return false;
    }
    let mut next = 0;
    let inputs = network.inputs.iter().map(|input| {
        let first = next;
        next += input.shape.elements();
        let unknown = |entry| Row { terms: BTreeMap::from([(entry, Rational::one())]), constant: Rational::zero() };
        (first..next).map(unknown).collect::<Vec<Row>>()
    });
    let rows = network.run(inputs.collect(), |id, layer, operands| match layer {
        Layer::Affine(layer) => {
            let (lowered, outputs) = (layer.lower(), network.nodes[id].shape.elements());
            let bias = |row: usize| {
                lowered.bias.as_ref().map_or_else(Rational::zero, |b| ratio(b.at(row).clone(), b.denominator().clone()))
            };
            let mut rows: Vec<Row> = (0..outputs).map(|row| Row { constant: bias(row), ..Row::default() }).collect();
            for (operator, operand) in lowered.operators.iter().zip(operands) {
                let denominator = operator.denominator();
                for (index, row) in rows.iter_mut().enumerate() {
                    operator.for_each_in_row(index, &mut |column, weight| {
                        row.add(&ratio(weight.clone(), denominator.clone()), &operand[column]);
                    });
                }
            }
            Some(rows)
        }
        Layer::Piecewise(layer) => {
            (0..network.nodes[id].shape.elements()).map(|output| unit(&layer.unit(output), operands, &domain)).collect()
        }
        _ => None,
    });
    rows.is_some()
}

fn form(form: &Form, operands: &[&Vec<Row>]) -> Row {
    let mut row = Row { constant: form.constant.clone(), ..Row::default() };
    for (operand, entry, coefficient) in &form.terms {
        row.add(coefficient, &operands[*operand][*entry]);
    }
    row
}

fn unit(unit: &Unit, operands: &[&Vec<Row>], domain: &Domain) -> Option<Row> {
    let mut row = form(&unit.affine, operands);
    for (coefficient, arguments) in &unit.maxima {
        let mut arguments = arguments.iter().rev().map(|f| form(f, operands));
        let mut best = arguments.next()?;
        for next in arguments {
            if next.minus(&best).is_nonnegative(domain) {
                best = next;
            } else if !best.minus(&next).is_nonnegative(domain) {
                return None;
            }
        }
        row.add(coefficient, &best);
    }
    Some(row)
}
