//! From network to verdict, with its evidence.
//!
//! Three answers exist: proved, refuted with a witness, undecided with the reason. In order:
//! 1. every layer is affine: composition proves f(x) = Mx + b;
//! 2. a quick search for a witness that f is not affine;
//! 3. the normal form, which sees when nonlinear layers cancel or never act;
//! 4. a longer search along exact lines, guided by what the normal form left over.

mod affine;
mod cause;
pub mod convolution;
mod equality;
mod findings;
mod image;
mod laws;
pub mod normal_form;
mod points;
mod residue;
pub mod search;
mod symbolic;
mod values;

pub use affine::{NotHomogeneous, not_homogeneous, pinned};
pub use cause::Cause;
pub use convolution::OneConvolution;
pub use equality::{Comparison, Counterexample, Proof, compare};
pub use findings::{Answer, Finding, Findings, Status, prove, prove_with};
pub(crate) use laws::adds_no_constant;
pub use residue::{Residue, Row};

use crate::algebra::{Budget, MAX_BITS, Polynomial, Rational, Tensor, Work};
use crate::collapse::{AffineMap, ImageMap, LimitReached, Region};
use crate::layer::{Bias, Layer};
use crate::network::{Assignment, Network, NodeId};

use normal_form::{Outcome, Steps};
use num_traits::Zero;
use search::{Effort, Tried, Witness};
use values::{Evaluator, Values};

/// What a network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// f(x) = Mx for every x of the domain.
    Linear,
    /// f(x) = Mx + b, b ≠ 0.
    Affine,
    /// Neither, with a witness.
    Nonlinear,
    /// Not known, with the reason.
    Undecided,
}

impl Verdict {
    /// The verdict's word in the language.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Linear => "linear",
            Verdict::Affine => "affine",
            Verdict::Nonlinear => "nonlinear",
            Verdict::Undecided => "undecided",
        }
    }
}

/// The evidence for a verdict. Each variant is one proof rule; its documentation is the rule.
#[derive(Clone, Debug)]
pub enum Evidence {
    /// `toeplitz-composition`: each layer is affine, affine maps compose, so f(x) = Mx + b.
    Composition(AffineMap),
    /// `border-classes`: each layer is affine and a product over the axes of images, so the rows of M
    /// are, up to where they read, those of a table with one row a border class.
    Image(Box<ImageMap>),
    /// `affine-layers`: each layer is affine, affine maps compose, so f is affine with b = f(0).
    /// M itself is not computed, because it would exceed the limit.
    Structure {
        /// f(0), by the defining sums.
        bias: Tensor,
        /// Why M was not computed.
        limit: LimitReached,
    },
    /// `symbolic-composition`: each layer is affine whatever its weights, and affine maps compose over
    /// polynomials in the weights, so f(x) = Mx + b for every choice of them.
    Symbolic(Box<AffineMap<Polynomial>>),
    /// `affine-layers`: each layer is affine whatever its weights, so f is; with no constants it is
    /// linear, and where f(0) ≠ 0 for some weights it is not. M itself is not computed.
    FreeStructure {
        /// Weights at which f(0) ≠ 0.
        weights: Option<Assignment>,
        /// Why M was not computed.
        limit: LimitReached,
    },
    /// `normal-form`: every output equals an affine form plus a combination of atoms max{0, l, …}
    /// whose coefficients are all zero, so f(x) = Mx + b on the domain.
    NormalForm(AffineMap, Box<Steps>),
    /// `symbolic-normal-form`: the same over polynomials in the weights, so for every choice of them.
    SymbolicNormalForm(Box<AffineMap<Polynomial>>, Box<Steps>),
    /// `witness`: f(p + x + y) + f(p) ≠ f(p + x) + f(p + y), which no affine f satisfies; with
    /// symbols, at these numbers for them.
    Witness(Box<Witness>, Assignment),
    /// No evidence: what was tried, and why it did not decide.
    Nothing(Undecided),
}

/// Why a network is undecided.
#[derive(Clone, Debug)]
pub struct Undecided {
    /// The reason, as a sentence.
    pub reason: String,
    /// What would decide it, as a sentence.
    pub remedy: String,
    /// The search that found no witness.
    pub tried: Tried,
}

/// A verdict with its evidence.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What the network is.
    pub verdict: Verdict,
    /// Why.
    pub evidence: Evidence,
}

impl Evidence {
    /// The stable id of the proof rule.
    pub fn method(&self) -> &'static str {
        match self {
            Evidence::Composition(_) => "toeplitz-composition",
            Evidence::Image(_) => "border-classes",
            Evidence::Structure { .. } | Evidence::FreeStructure { .. } => "affine-layers",
            Evidence::Symbolic(_) => "symbolic-composition",
            Evidence::NormalForm(..) => "normal-form",
            Evidence::SymbolicNormalForm(..) => "symbolic-normal-form",
            Evidence::Witness(..) => "witness",
            Evidence::Nothing(_) => "none",
        }
    }

    /// The affine map, when it was computed.
    pub fn map(&self) -> Option<&AffineMap> {
        match self {
            Evidence::Composition(map) | Evidence::NormalForm(map, _) => Some(map),
            _ => None,
        }
    }
}

/// Decides what a network is, within a budget.
pub fn decide(network: &Network, budget: impl Into<Budget>) -> Decision {
    let budget = budget.into();
    if network.is_symbolic() {
        return symbolic::decide_symbolic(network, budget);
    }
    if let Some(region) = Region::whole(network) {
        return affine_layers(network, &region, budget);
    }
    decide_with(network, budget, 1)
}

/// Decides what a network with kinks is; it is one of `parts` that share the work.
fn decide_with(network: &Network, budget: Budget, parts: usize) -> Decision {
    let quick = search::find(network, &[], &Effort::quick(budget).shared(parts));
    if let Some(witness) = quick.witness {
        return nonlinear(witness);
    }
    let limits = normal_form::Limits::times(budget.effort);
    let (reason, hints) = match normal_form::normal_form(network, &limits) {
        Outcome::Affine { map, steps } => {
            let map = affine::settled(network, map);
            return Decision { verdict: verdict_of(&map.bias), evidence: Evidence::NormalForm(map, steps) };
        }
        Outcome::Residual(residual) => (residual.reason(network), residual.directions(network)),
        Outcome::Smooth(node) => {
            let (name, kind) = (&network.nodes[node].name, kind(network, node));
            (
                format!("`{name}` ({kind}) is a smooth function of the input, for which only witnesses are searched"),
                Vec::new(),
            )
        }
        Outcome::TooLarge => (too_large(&limits), Vec::new()),
    };
    let thorough = search::find(network, &hints, &Effort::thorough(budget).shared(parts));
    match thorough.witness {
        Some(witness) => nonlinear(witness),
        None => undecided(reason, quick.tried.plus(&thorough.tried)),
    }
}

fn too_large(limits: &normal_form::Limits) -> String {
    format!("its normal form takes more than {} operations, the limit", limits.operations)
}

/// No verdict: the reason, and the limits that were reached.
fn undecided(mut reason: String, tried: Tried) -> Decision {
    let mut remedy = "a declared domain (`in [lo, hi]`), smaller shapes, or a claim about a part of the network";
    if tried.exhausted {
        reason.push_str(", and the search for a witness reached its limit of work");
        remedy = "more work (`--effort`), a declared domain (`in [lo, hi]`), smaller shapes, or a claim about a part of the network";
    }
    let evidence = Evidence::Nothing(Undecided { reason, remedy: remedy.to_string(), tried });
    Decision { verdict: Verdict::Undecided, evidence }
}

fn kind(network: &Network, node: NodeId) -> &'static str {
    network.nodes[node].layer.as_ref().map_or("input", |l| l.function().kind())
}

fn verdict_of(bias: &Tensor) -> Verdict {
    if bias.is_zero() { Verdict::Linear } else { Verdict::Affine }
}

fn nonlinear(witness: Witness) -> Decision {
    Decision { verdict: Verdict::Nonlinear, evidence: Evidence::Witness(Box::new(witness), Assignment::new()) }
}

fn affine_layers(network: &Network, region: &Region<'_>, budget: Budget) -> Decision {
    /// The multiply-adds that f(0) may take.
    const WORK: u64 = 200_000_000;
    if let (None, Some(Ok(map))) = (affine::pinned(network), region.image(budget)) {
        let verdict = if map.is_linear() { Verdict::Linear } else { Verdict::Affine };
        return Decision { verdict, evidence: Evidence::Image(Box::new(map)) };
    }
    let limit = match region.collapse(budget) {
        Ok(map) => {
            let map = affine::settled(network, map);
            return Decision { verdict: verdict_of(&map.bias), evidence: Evidence::Composition(map) };
        }
        Err(limit) => limit,
    };
    let structure = |verdict, bias| Decision { verdict, evidence: Evidence::Structure { bias, limit: limit.clone() } };
    if region.layers().all(|(_, lowered)| lowered.bias.as_ref().is_none_or(Bias::is_zero)) {
        return structure(Verdict::Linear, Tensor::zeros(network.output_shape().clone()));
    }
    let zero = search::flat(&vec![Rational::zero(); network.input_elements()]);
    let work = Work::new(budget.work(WORK));
    if let Some(bias) = Evaluator::new(network).at(&zero, &work).and_then(Values::into_exact) {
        let linear = bias.is_zero() || affine::pinned(network).is_some();
        return structure(if linear { Verdict::Linear } else { Verdict::Affine }, bias);
    }
    let (reason, remedy) = match work.is_exhausted() {
        true => (
            format!("it is affine, but f(0) takes more than {} multiply-adds", budget.work(WORK)),
            "more work (`--effort`)",
        ),
        false => {
            (format!("it is affine, but f(0) needs numbers of more than {MAX_BITS} bits"), "weights with fewer digits")
        }
    };
    let evidence = Evidence::Nothing(Undecided { reason, remedy: remedy.to_string(), tried: Tried::default() });
    Decision { verdict: Verdict::Undecided, evidence }
}

/// The live nodes that are not affine layers.
pub fn blockers(network: &Network) -> Vec<NodeId> {
    let live = network.live_nodes().into_iter();
    live.filter(|&id| matches!(network.nodes[id].layer, Some(Layer::Piecewise(_) | Layer::Smooth(_)))).collect()
}
