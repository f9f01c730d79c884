//! The normal form: every output as an affine form over the inputs and over *atoms*.
//!
//! An atom is max{0, l₁, …, lₖ} of affine forms, made canonical, so that equal atoms have one name:
//! - of equal arguments one is kept, and arguments that are nowhere the largest on the domain, by
//!   exact bounds, are dropped;
//! - the smallest argument g is subtracted from all: max(g, …) = g + max(0, … − g). "Smallest" is
//!   the order by the first coefficient that differs, which adding a form to all, or scaling all
//!   by a positive number, does not change;
//! - an argument g + s·max{0, l, …} with s > 0 is replaced by g, g + s·l, …: maxima of maxima are one maximum;
//! - the first coefficient of the smallest difference is made 1: max(0, s·l) = s·max(0, l), s > 0.
//!
//! So relu(u) and relu(−u) = relu(u) − u share an atom, and so do units whose hyperplanes agree up
//! to scale. If every atom's coefficients cancel, the network is affine; for one hidden layer of
//! two-argument atoms the converse holds too.

mod builder;
mod hints;
mod linear;
mod maximum;

use crate::algebra::{Matrix, Tensor};
use crate::network::{Network, NodeId};

use super::search::Hint;
use builder::{Builder, Stop};
use linear::Linear;

/// Bounds on the work: the normal form of a large network can be huge.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Term operations in all.
    pub operations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { operations: 3_000_000 }
    }
}

/// What the normal form shows.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// All atoms cancel: f(x) = Mx + b on the domain.
    Affine {
        /// M.
        matrix: Matrix,
        /// b.
        bias: Tensor,
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

/// Computes the normal form of a network's output.
pub fn normal_form(network: &Network, limits: &Limits) -> Outcome {
    let mut builder = Builder::new(network, limits.operations);
    match builder.run() {
        Ok(outputs) => builder.conclude(&outputs),
        Err(Stop::TooLarge) => Outcome::TooLarge,
    }
}
