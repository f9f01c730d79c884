//! What was found out about a whole file: a decision a network, an answer a claim.

use super::convolution::{Agreement, of_decision};
use super::laws::obeys;
use super::properties::{Grounds, behaves};
use super::stable::{Stable, stable};
use super::{Comparison, Decision, Evidence, OneConvolution, Verdict, blockers, compare, decide};
use crate::algebra::Budget;
use crate::collapse::{Segment, segments};
use crate::network::{Claim, Network, Program, Property, Statement};

/// Everything that was found out about one file.
#[derive(Debug)]
pub struct Findings<'p> {
    /// The program.
    pub program: &'p Program,
    /// One finding a network, in order.
    pub networks: Vec<Finding>,
    /// One answer a claim, in order.
    pub claims: Vec<Answer>,
    /// Answers to questions that the file does not ask; see [`Findings::ask`].
    pub asked: Vec<(Claim, Answer)>,
}

/// What was found out about one claim.
#[derive(Debug)]
pub struct Answer {
    /// Whether it holds.
    pub status: Status,
    /// For an equation: why. The answer to a property follows from its network's decision.
    pub comparison: Option<Comparison>,
    /// For a law: which of its equations the comparison is of.
    pub equation: usize,
    /// For a property that no equation states: why.
    pub grounds: Option<Box<Grounds>>,
}

/// What was found out about one network.
#[derive(Debug)]
pub struct Finding {
    /// The verdict with its evidence.
    pub decision: Decision,
    /// The maximal linear segments of a network with nonlinear layers; else empty.
    pub segments: Vec<Segment>,
    /// For an affine map between images: the convolution that it is or is nearest to.
    pub convolution: Option<OneConvolution>,
    /// What its units do on a declared domain, layer by layer.
    pub stable: Vec<Stable>,
}

/// The answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It holds.
    Proved,
    /// It does not hold; the network's evidence shows it.
    Refuted,
    /// Not known.
    Undecided,
}

impl Status {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Status::Proved => "proved",
            Status::Refuted => "refuted",
            Status::Undecided => "undecided",
        }
    }
}

/// Decides every network and every claim of a program, each within the budget.
pub fn prove(program: &Program, budget: impl Into<Budget>) -> Findings<'_> {
    prove_with(program, budget, &mut |_| ())
}

/// The same; `watch` hears of every network and claim before it is decided.
pub fn prove_with<'p>(program: &'p Program, budget: impl Into<Budget>, watch: &mut dyn FnMut(&str)) -> Findings<'p> {
    let budget = budget.into();
    let mut finding = |network: &Network| {
        watch(&network.name);
        let decision = decide(network, budget);
        let segments = if blockers(network).is_empty() { Vec::new() } else { segments(network, budget) };
        let convolution = of_decision(network, &decision);
        let stable = if segments.is_empty() { Vec::new() } else { stable(network, budget) };
        Finding { decision, segments, convolution, stable }
    };
    let networks: Vec<Finding> = program.networks.iter().map(&mut finding).collect();
    let mut answer = |claim: &Claim| {
        watch(&claim.text);
        answer(program, claim, &networks, budget)
    };
    let claims = program.claims.iter().map(&mut answer).collect();
    Findings { program, networks, claims, asked: Vec::new() }
}

fn answer(program: &Program, claim: &Claim, networks: &[Finding], budget: Budget) -> Answer {
    match &claim.statement {
        Statement::Property { network, property } => Answer {
            status: has_property(&program.networks[*network], &networks[*network], *property),
            comparison: None,
            equation: 0,
            grounds: None,
        },
        Statement::Behaviour { network, behaviour } => {
            let decision = &networks[*network].decision;
            let grounds = behaves(&program.networks[*network], decision, behaviour, budget);
            Answer { status: grounds.status, comparison: None, equation: 0, grounds: Some(Box::new(grounds)) }
        }
        Statement::Law { network, law, equations } => {
            let decision = &networks[*network].decision;
            obeys(&program.networks[*network], decision, *law, equations, budget)
        }
        Statement::Equation(equation) => {
            let comparison = compare(equation, budget);
            let status = match (&comparison, equation.equal) {
                (Comparison::Undecided(_), _) => Status::Undecided,
                (Comparison::Equal(_) | Comparison::Close { .. }, true) | (Comparison::Different(_), false) => {
                    Status::Proved
                }
                _ => Status::Refuted,
            };
            Answer { status, comparison: Some(comparison), equation: 0, grounds: None }
        }
    }
}

/// Whether a network is one layer `conv`, and so one convolution by definition.
fn is_one_layer(network: &Network) -> bool {
    let live = network.live_nodes().into_iter().filter_map(|id| network.nodes[id].layer.as_ref());
    let kinds: Vec<&str> = live.map(|layer| layer.function().kind()).filter(|kind| *kind != "identity").collect();
    matches!(kinds.as_slice(), ["conv" | "depthwise"])
}

/// Whether a layer continues its input past the border by entries of its own.
fn continues_input(network: &Network) -> bool {
    let mut live = network.live_nodes().into_iter().filter_map(|id| network.nodes[id].layer.as_ref());
    live.any(|layer| layer.function().continues_input())
}

/// Whether some input has one value only.
fn is_point(network: &Network) -> bool {
    network.inputs.iter().any(|input| input.domain.as_ref().is_some_and(|(low, high)| low == high))
}

/// Whether a network has a property, which follows from what it is.
fn has_property(network: &Network, finding: &Finding, property: Property) -> Status {
    match (property, finding.decision.verdict) {
        (_, Verdict::Undecided) => Status::Undecided,
        (Property::AConvolution, Verdict::Linear | Verdict::Affine) => {
            #[cfg(debug_assertions)]
            if crate::fault::has(crate::fault::Fault::MissedConvolution) {
                return Status::Refuted;
            }
            match finding.convolution.as_ref().map(OneConvolution::agreement) {
                Some(Agreement::Exact) => Status::Proved,
                _ if is_one_layer(network) => Status::Proved,
                // Kernels that reach past the border at every output, in such a mode, are not searched,
                // and on a domain that is one point other maps are equal to a convolution.
                Some(Agreement::Except(..)) if continues_input(network) || is_point(network) => Status::Undecided,
                Some(Agreement::Except(..)) => Status::Refuted,
                Some(Agreement::Interior(_)) | None => Status::Undecided,
            }
        }
        (Property::Linear, Verdict::Linear)
        | (Property::Affine, Verdict::Linear | Verdict::Affine)
        | (Property::Nonlinear, Verdict::Nonlinear) => Status::Proved,
        _ => Status::Refuted,
    }
}

impl Findings<'_> {
    /// Answers further questions about the program's networks; they do not count for the file.
    pub fn ask(&mut self, questions: Vec<Claim>, budget: impl Into<Budget>) {
        let budget = budget.into();
        for claim in questions {
            let answer = answer(self.program, &claim, &self.networks, budget);
            self.asked.push((claim, answer));
        }
    }

    /// The answer to the whole file: the worst claim; without claims, whether every network was
    /// reduced to one affine map.
    pub fn status_of_file(&self) -> Status {
        let answers: Vec<Status> = if self.program.claims.is_empty() {
            let answer = |r: &Finding| match (&r.decision.verdict, &r.decision.evidence) {
                (Verdict::Nonlinear, _) => Status::Refuted,
                (Verdict::Undecided, _) | (_, Evidence::Structure { .. } | Evidence::FreeStructure { .. }) => {
                    Status::Undecided
                }
                _ => Status::Proved,
            };
            self.networks.iter().map(answer).collect()
        } else {
            self.claims.iter().map(|answer| answer.status).collect()
        };
        let any = |status| answers.contains(&status);
        match () {
            () if any(Status::Refuted) => Status::Refuted,
            () if any(Status::Undecided) => Status::Undecided,
            () => Status::Proved,
        }
    }
}
