//! Questions for other solvers: a claim as SMT-LIB 2.6 in the logic QF_LRA.
//!
//! The script asserts that the claim *fails* at some input. `unsat` confirms the claim, and a model is
//! a counterexample. What is written is every layer by its units and rows, nothing that netprove has
//! derived. <https://smt-lib.org>

use std::fmt::Write;

use num_traits::{One, Signed, Zero};

use crate::algebra::{Rational, Tensor, ratio};
use crate::collapse::AffineMap;
use crate::layer::{Form, Layer};
use crate::network::{Behaviour, Claim, Equation, Input, Network, Program, Property, Statement};

/// Entries of operators that a script may write.
const MOST: usize = 5_000_000;

/// The claim as a script that is satisfiable exactly if the claim fails; `map` is what its network is
/// believed to be, for the claims `linear` and `affine`.
///
/// # Errors
/// A sentence: weights are symbols, layers are smooth, or the claim has no such form.
pub fn smtlib(program: &Program, claim: &Claim, map: Option<&AffineMap>) -> Result<String, String> {
    let mut script = Script::new(&claim.text);
    match &claim.statement {
        Statement::Equation(equation) => script.equation(equation)?,
        Statement::Law { equations, .. } => match equations.as_slice() {
            [equation] => script.equation(equation)?,
            _ => return Err("the law is several equations; write them as claims, `prove forall x: … f(…) == …`".into()),
        },
        Statement::Property { network, property } => {
            let network = &program.networks[*network];
            match (property, map) {
                (Property::Affine, Some(map)) => script.is_map(network, map)?,
                (Property::Linear, Some(map)) => {
                    let bias = Tensor::zeros(map.bias.shape().clone());
                    script.is_map(network, &AffineMap { matrix: map.matrix.clone(), bias })?;
                }
                (Property::Linear | Property::Affine, None) => {
                    return Err(format!("no affine map of `{}` is known to ask about", network.name));
                }
                _ => return Err("this property is not the failure of linear equations at one point".into()),
            }
        }
        Statement::Behaviour { network, behaviour } => script.behaviour(&program.networks[*network], behaviour)?,
    }
    Ok(script.finish())
}

/// Whether a network is this affine map, as a script that is satisfiable exactly if it is not.
///
/// # Errors
/// As for [`smtlib`].
pub fn smtlib_of_map(network: &Network, map: &AffineMap) -> Result<String, String> {
    let mut script = Script::new(&format!("{} is one affine map", network.name));
    script.is_map(network, map)?;
    Ok(script.finish())
}

struct Script {
    out: String,
    /// Networks written so far: each gets names of its own.
    networks: usize,
    left: usize,
}

/// A number as a term.
fn number(value: &Rational) -> String {
    let size = value.abs();
    let text = if size.is_integer() { size.to_string() } else { format!("(/ {} {})", size.numer(), size.denom()) };
    if value.is_negative() { format!("(- {text})") } else { text }
}

/// A sum of terms.
fn sum(mut terms: Vec<String>) -> String {
    match terms.len() {
        0 => "0".into(),
        1 => terms.remove(0),
        _ => format!("(+ {})", terms.join(" ")),
    }
}

fn product(weight: &Rational, name: &str) -> String {
    if weight.is_one() { name.to_string() } else { format!("(* {} {name})", number(weight)) }
}

impl Script {
    fn new(question: &str) -> Script {
        let out = format!(
            "; {}\n; Written by netprove {}. Satisfiable exactly if this fails: a model is a counterexample.\n(set-logic QF_LRA)\n",
            question.replace('\n', " "),
            env!("CARGO_PKG_VERSION")
        );
        Script { out, networks: 0, left: MOST }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, "{line}");
    }

    fn finish(mut self) -> String {
        self.out.push_str("(check-sat)\n");
        self.out
    }

    /// Constants for the inputs, in their domain.
    fn inputs(&mut self, prefix: &str, inputs: &[Input]) -> Vec<String> {
        let mut names = Vec::new();
        for input in inputs {
            for i in 0..input.shape.elements() {
                let name = format!("{prefix}{}_{i}", input.name);
                self.line(format_args!("(declare-const {name} Real)"));
                if let Some((low, high)) = &input.domain {
                    self.line(format_args!("(assert (<= {} {name} {}))", number(low), number(high)));
                }
                names.push(name);
            }
        }
        names
    }

    /// Definitions of every live entry of a network at these inputs, and the names of its outputs.
    fn network(&mut self, network: &Network, inputs: &[String]) -> Result<Vec<String>, String> {
        let copy = self.networks;
        self.networks += 1;
        let mut names: Vec<Vec<String>> = vec![Vec::new(); network.nodes.len()];
        let mut first = 0;
        for (id, input) in network.inputs.iter().enumerate() {
            names[id] = inputs[first..first + input.shape.elements()].to_vec();
            first += input.shape.elements();
        }
        for id in network.live_nodes() {
            let node = &network.nodes[id];
            let Some(layer) = &node.layer else { continue };
            let operands: Vec<&[String]> = node.operands.iter().map(|&o| names[o].as_slice()).collect();
            let terms = self.layer(&node.name, layer, &operands)?;
            let mut defined = Vec::with_capacity(terms.len());
            for (i, term) in terms.into_iter().enumerate() {
                let name = format!("n{copy}_{id}_{i}");
                self.line(format_args!("(define-fun {name} () Real {term})"));
                defined.push(name);
            }
            names[id] = defined;
        }
        Ok(std::mem::take(&mut names[network.output]))
    }

    fn spend(&mut self, entries: usize) -> Result<(), String> {
        let left = self.left.checked_sub(entries);
        self.left = left.ok_or_else(|| format!("the script would have more than {MOST} terms"))?;
        Ok(())
    }

    fn layer(&mut self, name: &str, layer: &Layer, operands: &[&[String]]) -> Result<Vec<String>, String> {
        match layer {
            Layer::Affine(layer) => {
                let lowered = layer.lower();
                self.spend(lowered.operators.iter().map(|o| o.nonzeros()).fold(0, usize::saturating_add))?;
                let rows = layer.output().elements();
                let row = |row: usize| {
                    let mut terms = Vec::new();
                    for (operator, operand) in lowered.operators.iter().zip(operands) {
                        let denominator = operator.denominator();
                        operator.for_each_in_row(row, &mut |column, weight| {
                            if !weight.is_zero() {
                                let weight = Rational::new(weight.clone(), denominator.clone());
                                terms.push(product(&weight, &operand[column]));
                            }
                        });
                    }
                    let constant = lowered
                        .bias
                        .as_ref()
                        .map(|b| ratio(b.at(row).clone(), b.denominator().clone()))
                        .unwrap_or_default();
                    if !constant.is_zero() {
                        terms.push(number(&constant));
                    }
                    sum(terms)
                };
                Ok((0..rows).map(row).collect())
            }
            Layer::Piecewise(layer) => {
                let form = |form: &Form| {
                    let mut terms: Vec<String> =
                        form.terms.iter().map(|(o, v, c)| product(c, &operands[*o][*v])).collect();
                    if !form.constant.is_zero() {
                        terms.push(number(&form.constant));
                    }
                    sum(terms)
                };
                let mut units = Vec::new();
                for output in 0..layer.output().elements() {
                    let unit = layer.unit(output);
                    self.spend(unit.maxima.iter().map(|(_, a)| 3 * a.len()).sum())?;
                    let mut terms = vec![form(&unit.affine)];
                    for (coefficient, arguments) in &unit.maxima {
                        let arguments: Vec<String> = arguments.iter().map(form).collect();
                        terms.push(product(coefficient, &maximum(&arguments)));
                    }
                    units.push(sum(terms));
                }
                Ok(units)
            }
            Layer::Symbolic(_) => {
                Err(format!("the weights of `{name}` are symbols, which linear arithmetic does not have"))
            }
            Layer::Smooth(layer) => Err(format!("`{name}` ({}) is not piecewise linear", layer.kind())),
        }
    }

    fn equation(&mut self, equation: &Equation) -> Result<(), String> {
        let inputs = self.inputs("", &equation.difference.inputs);
        let left = self.network(&equation.left, &inputs)?;
        let right = self.network(&equation.right, &inputs)?;
        let differ = |(l, r): (&String, &String)| match &equation.within {
            None => format!("(not (= {l} {r}))"),
            Some(t) => format!("(> (- {l} {r}) {0}) (> (- {r} {l}) {0})", number(t)),
        };
        let failures: Vec<String> = left.iter().zip(&right).map(differ).collect();
        if equation.equal {
            self.line(format_args!("(assert (or {} false))", failures.join(" ")));
            Ok(())
        } else {
            Err("`!=` claims that some input tells the sides apart: export the claim `==` instead".into())
        }
    }

    fn is_map(&mut self, network: &Network, map: &AffineMap) -> Result<(), String> {
        let inputs = self.inputs("", &network.inputs);
        let outputs = self.network(network, &inputs)?;
        self.spend(map.matrix.nonzeros())?;
        let differs = |(row, output): (usize, &String)| {
            let mut terms: Vec<String> = map
                .matrix
                .row(row)
                .map(|(c, n)| product(&Rational::new(n.clone(), map.matrix.denominator().clone()), &inputs[c]))
                .collect();
            let constant = map.bias.get(row);
            if !constant.is_zero() {
                terms.push(number(&constant));
            }
            format!("(not (= {output} {}))", sum(terms))
        };
        let failures: Vec<String> = outputs.iter().enumerate().map(differs).collect();
        self.line(format_args!("(assert (or {} false))", failures.join(" ")));
        Ok(())
    }

    /// Properties of two points.
    fn behaviour(&mut self, network: &Network, behaviour: &Behaviour) -> Result<(), String> {
        let x = self.inputs("x_", &network.inputs);
        let y = self.inputs("y_", &network.inputs);
        let fx = self.network(network, &x)?;
        let fy = self.network(network, &y)?;
        let pairs = || fx.iter().zip(&fy);
        let failures: Vec<String> = match behaviour {
            Behaviour::Convex | Behaviour::Concave => {
                let mut middle = Vec::new();
                for (i, (a, b)) in x.iter().zip(&y).enumerate() {
                    self.line(format_args!("(define-fun z_{i} () Real (/ (+ {a} {b}) 2))"));
                    middle.push(format!("z_{i}"));
                }
                let fz = self.network(network, &middle)?;
                let relation = if *behaviour == Behaviour::Convex { ">" } else { "<" };
                pairs().zip(&fz).map(|((a, b), m)| format!("({relation} (* 2 {m}) (+ {a} {b}))")).collect()
            }
            Behaviour::Monotone(chosen) => {
                let mut first = 0;
                for (i, input) in network.inputs.iter().enumerate() {
                    let relation = if chosen.is_none_or(|c| c == i) { "<=" } else { "=" };
                    for v in first..first + input.shape.elements() {
                        self.line(format_args!("(assert ({relation} {} {}))", x[v], y[v]));
                    }
                    first += input.shape.elements();
                }
                pairs().map(|(a, b)| format!("(> {a} {b})")).collect()
            }
            Behaviour::Lipschitz(bound) => {
                self.line(format_args!("(declare-const reach Real)"));
                for (a, b) in x.iter().zip(&y) {
                    self.line(format_args!("(assert (<= (- reach) (- {a} {b}) reach))"));
                }
                let limit = product(bound, "reach");
                pairs().map(|(a, b)| format!("(> (- {a} {b}) {limit}) (> (- {b} {a}) {limit})")).collect()
            }
            Behaviour::Injective => {
                for (a, b) in pairs() {
                    self.out.push_str(&format!("(assert (= {a} {b}))\n"));
                }
                x.iter().zip(&y).map(|(a, b)| format!("(not (= {a} {b}))")).collect()
            }
            Behaviour::Surjective | Behaviour::AffineAlongConstants => {
                return Err("this property is not the failure of linear inequalities at a few points".into());
            }
        };
        self.line(format_args!("(assert (or {} false))", failures.join(" ")));
        Ok(())
    }
}

/// The maximum of terms, by cases; each argument is written as often as it is compared, so it has a name.
fn maximum(arguments: &[String]) -> String {
    let mut rest = arguments.iter().cloned();
    let first = rest.next().unwrap_or_else(|| "0".into());
    rest.fold(first, |best, next| format!("(let ((a {best}) (b {next})) (ite (>= a b) a b))"))
}
