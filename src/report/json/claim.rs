//! Claims with their answers, for machines.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{strings, value};
use crate::algebra::{Polynomial, Rational, Tensor, ratio};
use crate::collapse::ImageMap;
use crate::decide::properties::Violation;
use crate::decide::search::Witness;
use crate::decide::{
    Answer, Comparison, Counterexample, Decision, Evidence, Findings, Residue, Row, Status, Verdict, not_homogeneous,
};
use crate::network::{Assignment, Claim, Equation, Network, Property, Statement, Symbols};
use crate::report::math;
use crate::report::proof::because_of;

#[derive(Debug, Serialize)]
pub(super) struct ClaimObject {
    text: String,
    line: usize,
    status: &'static str,
    method: &'static str,
    counterexample: Option<CounterexampleObject>,
    difference: Option<DifferenceObject>,
}

#[derive(Debug, Serialize)]
struct DifferenceObject {
    outputs: Vec<usize>,
    left: RowObject,
    right: RowObject,
    conditions: Vec<String>,
    cause: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct RowObject {
    weights: Vec<(usize, String)>,
    constant: String,
}

#[derive(Debug, Serialize)]
struct CounterexampleObject {
    inputs: BTreeMap<String, Vec<String>>,
    symbols: BTreeMap<String, String>,
    output: usize,
    left: String,
    right: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    equal_where: Vec<String>,
}

pub(super) fn claim(findings: &Findings<'_>, claim: &Claim, answer: &Answer) -> ClaimObject {
    let symbols = &findings.program.symbols;
    let (method, counterexample) = match (&claim.statement, &answer.comparison) {
        (Statement::Property { network, property }, _) => {
            let decision = &findings.networks[*network].decision;
            let counterexample = match (answer.status, property, decision.verdict, &decision.evidence) {
                (
                    Status::Refuted,
                    Property::Linear | Property::Affine | Property::AConvolution,
                    Verdict::Nonlinear,
                    evidence,
                ) => match evidence {
                    Evidence::Witness(found, weights) => Some(from_witness(found, weights, symbols)),
                    _ => None,
                },
                (Status::Refuted, Property::Linear, Verdict::Affine, Evidence::Image(map)) => {
                    not_linear_image(&findings.program.networks[*network], map)
                }
                (Status::Refuted, Property::Linear, Verdict::Affine, _) => {
                    not_linear(&findings.program.networks[*network])
                }
                // `is nonlinear` is refuted by the map itself: no point shows it.
                _ => None,
            };
            (decision.evidence.method(), counterexample)
        }
        (Statement::Law { network, .. }, None) => (law_method(&findings.networks[*network].decision), None),
        (Statement::Law { equations, .. }, Some(comparison)) => {
            let counterexample = match comparison {
                Comparison::Different(found) => Some(from_comparison(&equations[answer.equation], found, symbols)),
                _ => None,
            };
            (comparison.method(), counterexample)
        }
        (Statement::Equation(equation), Some(comparison)) => {
            let counterexample = match comparison {
                Comparison::Different(found) => Some(from_comparison(equation, found, symbols)),
                _ => None,
            };
            (comparison.method(), counterexample)
        }
        (Statement::Equation(_), None) => ("none", None),
        (Statement::Behaviour { .. }, _) => match &answer.grounds {
            None => ("none", None),
            Some(grounds) => (grounds.method, grounds.violation.as_ref().map(|v| from_violation(v, symbols))),
        },
    };
    let (text, line) = (claim.text.clone(), findings.program.sources.line(claim.span));
    let difference = match (&claim.statement, &answer.comparison) {
        (Statement::Equation(equation), Some(Comparison::Different(found))) => {
            found.residue.as_ref().map(|residue| difference(equation, residue, symbols))
        }
        _ => None,
    };
    ClaimObject { text, line, status: answer.status.word(), method, counterexample, difference }
}

/// The rule by which a law holds that no equation was needed for.
fn law_method(decision: &Decision) -> &'static str {
    if decision.verdict == Verdict::Linear { decision.evidence.method() } else { "no-constants" }
}

fn formula(polynomial: &Polynomial, symbols: &Symbols) -> String {
    math::plain(&polynomial.to_formula(&|s| symbols.name(s)))
}

pub(super) fn row(row: &Row, symbols: &Symbols) -> RowObject {
    let weights = row.weights.iter().map(|(column, weight)| (*column, formula(weight, symbols)));
    RowObject { weights: weights.collect(), constant: formula(&row.constant, symbols) }
}

fn difference(equation: &Equation, residue: &Residue, symbols: &Symbols) -> DifferenceObject {
    let formula = |p: &Polynomial| formula(p, symbols);
    DifferenceObject {
        outputs: residue.outputs.clone(),
        left: row(&residue.left, symbols),
        right: row(&residue.right, symbols),
        conditions: residue.conditions.iter().map(|p| format!("{} = 0", formula(p))).collect(),
        cause: residue.cause.as_ref().map(|cause| because_of(cause, equation)),
    }
}

/// f(p + x + y) + f(p) on the left, f(p + x) + f(p + y) on the right.
fn from_witness(witness: &Witness, weights: &Assignment, symbols: &Symbols) -> CounterexampleObject {
    let mut inputs = BTreeMap::from([("x".to_string(), strings(&witness.x)), ("y".to_string(), strings(&witness.y))]);
    if !witness.base.is_zero() {
        inputs.insert("p".into(), strings(&witness.base));
    }
    CounterexampleObject {
        inputs,
        symbols: named(weights, symbols),
        output: witness.output,
        left: value(&witness.f_xy.plus(&witness.f_base)),
        right: value(&witness.f_x.plus(&witness.f_y)),
        equal_where: Vec::new(),
    }
}

fn from_violation(found: &Violation, symbols: &Symbols) -> CounterexampleObject {
    CounterexampleObject {
        inputs: found.points.iter().map(|(name, point)| (name.to_string(), strings(point))).collect(),
        symbols: named(&found.symbols, symbols),
        output: found.output,
        left: value(&found.left),
        right: value(&found.right),
        equal_where: Vec::new(),
    }
}

fn from_comparison(equation: &Equation, found: &Counterexample, symbols: &Symbols) -> CounterexampleObject {
    let parts = equation.left.split_input(&found.point);
    let inputs = equation.left.inputs.iter().zip(parts).map(|(input, part)| (input.name.clone(), strings(&part)));
    CounterexampleObject {
        inputs: inputs.collect(),
        symbols: named(&found.symbols, symbols),
        output: found.output,
        left: value(&found.left),
        right: value(&found.right),
        equal_where: conditions(found, symbols),
    }
}

/// Where the sides are equal after all.
fn conditions(found: &Counterexample, symbols: &Symbols) -> Vec<String> {
    let signs = found.provided.iter().map(|&s| format!("{} ≥ 0", symbols.name(s)));
    let unit = found.equal_on_unit.then(|| "every input entry in [0, 1]".to_string());
    signs.chain(unit).collect()
}

fn named(weights: &Assignment, symbols: &Symbols) -> BTreeMap<String, String> {
    weights.iter().map(|(&symbol, value)| (symbols.name(symbol), value.to_string())).collect()
}

/// The same of a map between images: f(0) = b ≠ 0, where the domain contains 0.
fn not_linear_image(network: &Network, map: &ImageMap) -> Option<CounterexampleObject> {
    let zero = Rational::default();
    let mut domains = network.inputs.iter().filter_map(|input| input.domain.as_ref());
    let output = map.first_constant()?;
    let (constant, over) = map.constant(output);
    domains.all(|(low, high)| *low <= zero && zero <= *high).then(|| CounterexampleObject {
        inputs: [("a".to_string(), vec!["0".into()]), ("x".to_string(), vec!["0".into(); map.columns()])].into(),
        symbols: Default::default(),
        output,
        left: ratio(constant.clone(), over.clone()).to_string(),
        right: "0".into(),
        equal_where: Vec::new(),
    })
}

/// f(a x) on the left, a f(x) on the right; a = 0 where the domain contains 0.
fn not_linear(network: &Network) -> Option<CounterexampleObject> {
    let failure = not_homogeneous(network)?;
    let factor = Tensor::scalar(&failure.factor);
    Some(CounterexampleObject {
        inputs: [("a".to_string(), strings(&factor)), ("x".to_string(), strings(&failure.x))].into(),
        symbols: Default::default(),
        output: failure.output,
        left: failure.left.to_string(),
        right: failure.right.to_string(),
        equal_where: Vec::new(),
    })
}
