//! Properties of a network's shape as a function, one family a file.
//!
//! Each is proved by a rule over the graph or over the exact map, or by the regions on which the
//! network is affine; or refuted with exact points, evaluated by the layers' definitions; or neither.

mod along;
mod convex;
mod lipschitz;
mod monotone;
mod pairs;
mod rank;
mod slopes;
mod space;

pub use space::largest;

use std::sync::Arc;

use super::normal_form::{Limits, Outcome, normal_form};
use super::regions::{Allowance, Cases, Ended, Leaf, Linear, Program, after, ask};
use super::search::{Domain, flat};
use super::symbolic::choices;
use super::values::Value;
use super::{Decision, Evidence, Status};
use crate::algebra::{Budget, Polynomial, Rational, Tensor};
use crate::collapse::AffineMap;
use crate::network::{Assignment, Behaviour, Network, NodeId};

/// What was found out about a property, and why.
#[derive(Clone, Debug)]
pub struct Grounds {
    /// Whether it holds.
    pub status: Status,
    /// The stable id of the proof rule.
    pub method: &'static str,
    /// The reason in a few words.
    pub because: String,
    /// The proof, as sentences.
    pub proof: Vec<String>,
    /// The points that refute it.
    pub violation: Option<Violation>,
    /// The regions of a proof by cases, and what holds on each, as the end of a sentence.
    pub cases: Option<(Box<Cases>, String)>,
    /// The layer at which a rule for every weight ends, and why.
    pub culprit: Option<(NodeId, String)>,
    /// For `affine_along`: by what every output changes, for each channel of the inputs; empty where that
    /// is too much to write.
    pub changes: Vec<Vec<Polynomial>>,
}

/// Exact points at which a property fails; `left` should be at most `right`, or equal, or differ.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The points by name, flat.
    pub points: Vec<(&'static str, Tensor)>,
    /// Numbers for the symbols.
    pub symbols: Assignment,
    /// The output entry.
    pub output: usize,
    /// What the left side is, as a formula of the points.
    pub left_name: String,
    /// The relation that holds, as a formula: the property wants another.
    pub relation: &'static str,
    /// What the right side is.
    pub right_name: String,
    /// The left side there.
    pub left: Value,
    /// The right side there.
    pub right: Value,
}

impl Grounds {
    fn proved(method: &'static str, because: impl Into<String>, proof: Vec<String>) -> Grounds {
        Grounds {
            status: Status::Proved,
            method,
            because: because.into(),
            proof,
            violation: None,
            cases: None,
            culprit: None,
            changes: Vec::new(),
        }
    }

    fn refuted(because: impl Into<String>, violation: Violation) -> Grounds {
        let violation = Some(violation);
        Grounds { status: Status::Refuted, violation, ..Grounds::proved("points", because, Vec::new()) }
    }

    /// Refuted by a rule, where no point shows it.
    fn excluded(method: &'static str, because: impl Into<String>, proof: Vec<String>) -> Grounds {
        Grounds { status: Status::Refuted, ..Grounds::proved(method, because, proof) }
    }

    fn undecided(because: impl Into<String>) -> Grounds {
        Grounds { status: Status::Undecided, ..Grounds::proved("none", because, Vec::new()) }
    }

    fn by_cases(method: &'static str, because: impl Into<String>, cases: Cases, holds: &str) -> Grounds {
        let cases = Some((Box::new(cases), holds.to_string()));
        Grounds { cases, ..Grounds::proved(method, because, Vec::new()) }
    }
}

/// A network whose weights are numbers, and what is known of it.
struct Subject<'n> {
    network: &'n Network,
    domain: Domain,
    map: Option<&'n AffineMap>,
    /// The outputs over the maxima that do not cancel, where there are any.
    program: Option<Program>,
    budget: Budget,
}

/// Whether a network has a property.
pub fn behaves(network: &Network, decision: &Decision, behaviour: &Behaviour, budget: Budget) -> Grounds {
    if *behaviour == Behaviour::AffineAlongConstants {
        return along::grounds(network, decision, budget);
    }
    if let Some(proved) = by_layers(network, behaviour) {
        return proved;
    }
    if !network.is_symbolic() {
        let written = match &decision.evidence {
            Evidence::Image(map) => map.literal(budget.memory).ok(),
            _ => None,
        };
        return of_numbers(network, decision.evidence.map().or(written.as_ref()), behaviour, budget);
    }
    // What fails at some numbers for the weights fails.
    for weights in choices(&network.symbols()) {
        let here = network.at(&weights);
        if here.is_symbolic() {
            break;
        }
        let decision = super::decide(&here, budget);
        let grounds = of_numbers(&here, decision.evidence.map(), behaviour, budget);
        if grounds.status == Status::Refuted {
            let violation = grounds.violation.map(|v| Violation { symbols: weights.clone(), ..v });
            return Grounds { violation, ..grounds };
        }
    }
    Grounds::undecided("it was not refuted at any choice of the weights that was tried, nor proved for all")
}

/// Rules over the graph that hold whatever the weights.
fn by_layers(network: &Network, behaviour: &Behaviour) -> Option<Grounds> {
    match behaviour {
        Behaviour::Convex => convex::by_layers(network, false),
        Behaviour::Concave => convex::by_layers(network, true),
        Behaviour::Monotone(input) => monotone::by_layers(network, *input),
        Behaviour::Lipschitz(bound) => lipschitz::by_layers(network, bound),
        _ => None,
    }
}

fn of_numbers(network: &Network, map: Option<&AffineMap>, behaviour: &Behaviour, budget: Budget) -> Grounds {
    let program = match map {
        Some(_) => None,
        None => match normal_form(network, &Limits::within(budget)) {
            Outcome::Residual(residual) => residual.program,
            _ => None,
        },
    };
    let subject = Subject { network, domain: Domain::of(network), map, program, budget };
    match behaviour {
        Behaviour::Convex => convex::grounds(&subject, false),
        Behaviour::Concave => convex::grounds(&subject, true),
        Behaviour::Monotone(input) => monotone::grounds(&subject, *input),
        Behaviour::Lipschitz(bound) => lipschitz::grounds(&subject, bound),
        Behaviour::Injective => rank::injective(&subject),
        Behaviour::Surjective => rank::surjective(&subject),
        Behaviour::AffineAlongConstants => Grounds::undecided("it is decided for all weights at once"),
    }
}

/// How a question about all regions ended.
enum Seen<T> {
    /// It holds on all of them.
    All(Cases),
    /// It fails on one.
    Found(T),
    /// Not known, for this reason.
    Unknown(String),
}

/// Whether what a network is on a region is as claimed: its outputs, and the functions that are ≥ 0 there.
type Accept<'a> = &'a mut dyn FnMut(&[Linear], &[Arc<Linear>]) -> bool;

impl Subject<'_> {
    /// Asks a question of the outputs on every region: `None` where the property holds there. A proof
    /// is checked before it is believed, and what a search leaves is noted for this purpose.
    fn on_regions<T: Send>(&self, purpose: &str, question: &(dyn Fn(&Leaf<'_>) -> Option<T> + Sync)) -> Seen<T> {
        self.search(purpose, question, &mut |outputs, region| {
            // The point does not matter where nothing is found.
            let point = vec![Rational::default(); self.domain.bounds().len()];
            question(&Leaf { outputs, region, point: &point }).is_none()
        })
    }

    /// The same, where a proof is checked by another function of the outputs and the region.
    fn search<T: Send>(
        &self,
        purpose: &str,
        question: &(dyn Fn(&Leaf<'_>) -> Option<T> + Sync),
        accept: Accept<'_>,
    ) -> Seen<T> {
        let Some(program) = &self.program else {
            return Seen::Unknown("its normal form is too large, or has smooth layers, and no points refute it".into());
        };
        let mut accept = |outputs: &[Linear], region: &[Linear]| {
            let region: Vec<_> = region.iter().cloned().map(Arc::new).collect();
            accept(outputs, &region)
        };
        match ask(program, purpose, Allowance::whole(self.budget), question, &mut accept) {
            (Ended::Found(found), _) => Seen::Found(found),
            (Ended::Exhausted(_), regions) => {
                Seen::Unknown(format!("no points refute it, and it is {}", after(regions)))
            }
            (Ended::All(tree), _) => {
                Seen::All(Cases { program: program.clone(), tree: tree.into(), outputs: Vec::new() })
            }
        }
    }

    fn values(&self, point: &Tensor) -> Option<Tensor> {
        self.domain.contains(point).then(|| self.network.evaluate(point)).flatten()
    }
}

/// A flat point.
fn point(values: &[Rational]) -> Tensor {
    flat(values)
}

/// An exact value.
fn exact(value: Rational) -> Value {
    Value { low: value.clone(), high: value }
}
