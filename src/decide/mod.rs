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
mod difference;
mod equality;
mod findings;
mod float_error;
mod image;
mod laws;
mod modular;
pub mod normal_form;
mod points;
pub mod properties;
pub mod regions;
mod residue;
pub mod search;
mod stable;
mod symbolic;
mod values;

pub use affine::{NotHomogeneous, not_homogeneous, pinned, stretch};
pub use cause::Cause;
pub use convolution::OneConvolution;
pub use difference::{Difference, Gap, difference};
pub use equality::{Comparison, Counterexample, Proof, compare};
pub use findings::{Answer, Finding, Findings, Status, prove, prove_with};
pub use float_error::{FloatErrors, float_error};
pub(crate) use laws::adds_no_constant;
pub use residue::{Residue, Row};
pub use stable::{Stable, Winners, stable, winners};

use crate::algebra::{Budget, MAX_BITS, Polynomial, Rational, Tensor, Work};
use crate::collapse::{AffineMap, ImageMap, LimitReached, Region};
use crate::layer::{Bias, Layer};
use crate::network::{Assignment, Network, NodeId};

use normal_form::{Outcome, Steps};
use num_traits::Zero;
use regions::{Allowance, Cases, Program, Regions};
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
    /// `region-search`: each atom's maximum is one of its arguments, and in every case in which the
    /// domain has a region with points inside, every output is the same affine form; f is continuous,
    /// so f(x) = Mx + b on the domain.
    Regions(AffineMap, Box<Cases>),
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
            Evidence::Regions(..) => "region-search",
            Evidence::SymbolicNormalForm(..) => "symbolic-normal-form",
            Evidence::Witness(..) => "witness",
            Evidence::Nothing(_) => "none",
        }
    }

    /// The affine map, when it was computed.
    pub fn map(&self) -> Option<&AffineMap> {
        match self {
            Evidence::Composition(map) | Evidence::NormalForm(map, _) | Evidence::Regions(map, _) => Some(map),
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
    let limits = normal_form::Limits::within(budget);
    let mut program = None;
    let (mut reason, hints) = match normal_form::normal_form(network, &limits) {
        Outcome::Affine { map, steps } => {
            let map = affine::settled(network, map);
            return Decision { verdict: verdict_of(&map.bias), evidence: Evidence::NormalForm(map, steps) };
        }
        Outcome::Residual(residual) => {
            let found = (residual.reason(network), residual.directions(network));
            program = residual.program;
            found
        }
        Outcome::Smooth(node) => {
            let (name, kind) = (&network.nodes[node].name, kind(network, node));
            (
                format!("`{name}` ({kind}) is a smooth function of the input, for which only witnesses are searched"),
                Vec::new(),
            )
        }
        Outcome::TooLarge => (too_large(&limits), Vec::new()),
    };
    let by_regions =
        |allowance: Allowance, program: &Program| by_regions(network, program, allowance.shared(parts), budget);
    if let Some(program) = &program
        && let Ok(decision) = by_regions(Allowance::quick(budget), program)
    {
        return decision;
    }
    let thorough = search::find(network, &hints, &Effort::thorough(budget).shared(parts));
    if let Some(witness) = thorough.witness {
        return nonlinear(witness);
    }
    // At one of several choices of weights, affine proves nothing.
    if let Some(program) = program.as_ref().filter(|_| parts == 1) {
        match by_regions(Allowance::whole(budget), program) {
            Ok(decision) => return decision,
            Err(regions) => reason.push_str(&format!(", and it is {}", regions::after(regions))),
        }
    }
    undecided(reason, Tried { exhausted: true, ..quick.tried.plus(&thorough.tried) })
}

/// Decides a network by its regions; or the number of regions that did not.
fn by_regions(network: &Network, program: &Program, allowance: Allowance, budget: Budget) -> Result<Decision, u64> {
    match regions::affine(network, program, allowance) {
        Regions::Same(cases) => {
            let map = affine::settled(network, normal_form::map_of(network, &cases.outputs));
            Ok(Decision { verdict: verdict_of(&map.bias), evidence: Evidence::Regions(map, cases) })
        }
        Regions::Kinked(kinked) => {
            search::witness_of(network, &kinked, &Effort::thorough(budget)).map(nonlinear).ok_or(allowance.regions)
        }
        Regions::Undecided(regions) => Err(regions),
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
        remedy = "more work (`--budget`), a declared domain (`in [lo, hi]`), smaller shapes, or a claim about a part of the network";
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
            "more work (`--budget`)",
        ),
        false => {
            (format!("it is affine, but f(0) needs numbers of more than {MAX_BITS} bits"), "weights with fewer digits")
        }
    };
    let evidence = Evidence::Nothing(Undecided { reason, remedy: remedy.to_string(), tried: Tried::default() });
    Decision { verdict: Verdict::Undecided, evidence }
}

/// The affine map that a network is, or, where it is not known to be one, that it is on one region of its
/// domain: the map to ask another solver about. `None` with symbols or smooth layers, or past the budget.
pub fn candidate(network: &Network, budget: impl Into<Budget>) -> Option<AffineMap> {
    let budget = budget.into();
    if let Some(map) = decide(network, budget).evidence.map() {
        return Some(map.clone());
    }
    if network.is_symbolic() {
        return None;
    }
    match normal_form::normal_form(network, &normal_form::Limits::within(budget)) {
        Outcome::Residual(residual) => {
            let outputs = regions::somewhere(&residual.program?, Allowance::quick(budget))?;
            Some(normal_form::map_of(network, &outputs))
        }
        _ => None,
    }
}

/// The live nodes that are not affine layers.
pub fn blockers(network: &Network) -> Vec<NodeId> {
    let live = network.live_nodes().into_iter();
    live.filter(|&id| matches!(network.nodes[id].layer, Some(Layer::Piecewise(_) | Layer::Smooth(_)))).collect()
}
