//! The normal form: every output as an affine form over the inputs and over *atoms*.
//!
//! An atom is max{0, l₁, …, lₖ} of affine forms, made canonical, so that equal atoms have one name:
//! - of equal arguments one is kept, and arguments that are nowhere the largest on the domain, by
//!   exact bounds or because they lie between two others, are dropped;
//! - the smallest argument g is subtracted from all: max(g, …) = g + max(0, … − g). "Smallest" is
//!   the order by the first coefficient that differs, which adding a form to all, or scaling all
//!   by a positive number, does not change;
//! - an argument g + s·max{0, l, …} with s > 0 is replaced by g, g + s·l, …: maxima of maxima are one maximum;
//! - the first coefficient of the smallest difference is made 1: max(0, s·l) = s·max(0, l), s > 0.
//!
//! The coefficients are numbers, or polynomials in symbols, for whose order the sign of the greatest
//! monomial's coefficient stands; a monomial leaves a maximum only where it cannot be negative, as
//! an even power, a root, or a symbol that is taken to be at least 0.
//!
//! `multiply` and `square` make products of variables, which are atoms too, and so are the values of other
//! smooth layers, entry by entry: equal products, and values that are equal by the laws of `curves`, are one
//! atom.
//!
//! So relu(u) and relu(−u) = relu(u) − u share an atom, and so do units whose hyperplanes agree up
//! to scale. If every atom's coefficients cancel, the network is affine; for one hidden layer of
//! two-argument atoms the converse holds too.

mod builder;
mod curves;
mod hints;
mod linear;
mod maximum;
mod products;

use std::collections::BTreeSet;

use crate::algebra::{Budget, Coefficient, Integer, Rational, Symbol};
use crate::collapse::AffineMap;
use crate::layer::Weights;
use crate::network::{Network, NodeId};

use super::regions::Program;
use super::search::Hint;
use super::stable::{Layer, Unit};
use builder::{Builder, Kept, Stop};
pub use linear::Linear;
pub(super) use linear::Sum;

/// Bounds on the work: the normal form of a large network can be huge.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Term operations in all.
    pub operations: usize,
}

impl Limits {
    /// In proportion to a budget.
    pub fn within(budget: Budget) -> Limits {
        let operations = budget.work(Limits::default().operations as u64);
        Limits { operations: usize::try_from(operations).unwrap_or(usize::MAX) }
    }

    /// Enough for a single block of a network; for normal forms that are computed many times.
    pub fn small() -> Limits {
        Limits { operations: 200_000 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits { operations: 3_000_000 }
    }
}

/// What the normal form shows.
#[derive(Clone, Debug)]
pub enum Outcome<C = Integer> {
    /// All atoms cancel: f(x) = Mx + b on the domain.
    Affine {
        /// M and b.
        map: AffineMap<C>,
        /// How it came about.
        steps: Box<Steps>,
    },
    /// Some atoms remain.
    Residual(Residual),
    /// A smooth layer's output remains.
    Smooth(NodeId),
    /// The limit was reached.
    TooLarge,
}

/// How the nonlinear layers of an affine network vanish: the steps of the proof.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    /// One entry a nonlinear layer, in order.
    pub layers: Vec<LayerStep>,
    /// The number of different atoms that the layers made; all cancel in the output.
    pub atoms: usize,
    /// How many of them are products of variables, made by `multiply` and `square`.
    pub products: usize,
    /// How many of them are values of other smooth layers.
    pub curves: usize,
    /// An atom that several units share, as an example: its form, and the units.
    pub shared: Option<(String, Vec<String>)>,
}

/// What became of one nonlinear layer's units.
#[derive(Clone, Debug)]
pub struct LayerStep {
    /// The layer.
    pub node: NodeId,
    /// Units in all.
    pub units: usize,
    /// Units that are affine because one argument of the maximum always wins.
    pub stable: usize,
    /// A stable unit, as an example: its index and why.
    pub example: Option<(usize, String)>,
}

/// Atoms whose coefficients do not cancel.
#[derive(Clone, Debug)]
pub struct Residual {
    /// Outputs in which atoms remain.
    pub outputs: usize,
    /// The number of atoms that remain in some output.
    pub atoms: usize,
    /// Every one of them is max{0, l} with l over the inputs only: then f is certainly not affine.
    pub certain: bool,
    hyperplanes: Vec<Linear>,
    /// The outputs over atoms, for a search by regions; `None` with symbols or smooth layers.
    pub program: Option<Program>,
}

impl Residual {
    /// The reason, as a sentence.
    pub fn reason(&self, network: &Network) -> String {
        let why = if self.certain {
            "so it is not affine, but no witness with exact numbers was found"
        } else {
            "and no witness was found either"
        };
        format!("{} kinks of `{}` do not cancel in its normal form, {why}", self.atoms, network.name)
    }

    /// Lines and pairs of points that meet the remaining kinks.
    pub fn directions(&self, network: &Network) -> Vec<Hint> {
        self.hyperplanes.iter().flat_map(|l| hints::hints(network, l)).collect()
    }
}

/// The affine map of outputs that are forms over the inputs.
pub(super) fn map_of(network: &Network, outputs: &[Linear]) -> AffineMap {
    linear::map(network.input_elements(), network.output_shape(), outputs)
}

/// What the normal form shows of every unit; `None` past the limit, or with smooth layers.
pub(super) fn units(network: &Network, limits: &Limits) -> Option<Vec<Layer>> {
    let mut builder = Builder::<Integer>::new(network, limits.operations, BTreeSet::new());
    let found = builder.units().ok()?;
    let unit = |kept: Kept<Integer>| match kept {
        Kept::Stable(form, winners) if form.terms.is_empty() => Some(Unit::Constant(winners)),
        Kept::Stable(_, winners) => Some(Unit::Affine(winners)),
        // Units of several maxima, like clips, are not asked about further.
        Kept::Open(maxima) => match maxima.as_slice() {
            [arguments] => builder.program(arguments).map(|program| Unit::Open(Box::new(program))),
            _ => Some(Unit::Open(Box::new(Program { bounds: Vec::new(), atoms: Vec::new(), outputs: Vec::new() }))),
        },
    };
    let layer = |(node, kept): (NodeId, Vec<Kept<Integer>>)| {
        let units: Option<Vec<Unit>> = kept.into_iter().map(unit).collect();
        Some(Layer { node, units: units? })
    };
    found.into_iter().map(layer).collect()
}

/// Every atom that the layers of a network make, for checkers that take a maximum one argument at a time
/// from the last: the maxima on the way are atoms too. Signs of symbols are not used. Variables are inputs by flat index, then atoms.
#[derive(Clone, Debug)]
pub struct Atoms<C: Coefficient = Integer> {
    /// The number of input entries.
    pub inputs: usize,
    /// For each atom the arguments after 0, over inputs and earlier atoms; none for products and smooth layers.
    pub atoms: Vec<Vec<Linear<C::Value>>>,
    /// The greatest value of each atom on the domain, where a bound is known.
    pub most: Vec<Option<Rational>>,
    /// The outputs.
    pub outputs: Vec<Linear<C::Value>>,
    /// A bound of the absolute value of every output on the domain, where one is known.
    pub largest: Option<Rational>,
}

/// Finds them; `None` past the limit, or where a weight is not in the ring.
pub fn atoms<C: Weights>(network: &Network, limits: &Limits) -> Option<Atoms<C>> {
    Builder::new(network, limits.operations, BTreeSet::new()).atoms().ok()
}

/// Computes the normal form of a network's output, whose weights are numbers.
pub fn normal_form(network: &Network, limits: &Limits) -> Outcome {
    normal_form_where(network, limits, BTreeSet::new())
}

/// The same over another ring of weights, where the symbols `nonnegative` are at least 0.
pub fn normal_form_where<C: Weights>(network: &Network, limits: &Limits, nonnegative: BTreeSet<Symbol>) -> Outcome<C> {
    let mut builder = Builder::new(network, limits.operations, nonnegative);
    match builder.run() {
        Ok(outputs) => builder.conclude(&outputs),
        Err(Stop::TooLarge | Stop::Symbols) => Outcome::TooLarge,
    }
}
