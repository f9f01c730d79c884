//! Properties of a network's shape as a function: how it bends, grows, and forgets.

use crate::algebra::Rational;

/// A property that no equation states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// f(t·x + (1 − t)·y) ≤ t·f(x) + (1 − t)·f(y) in every output, for 0 ≤ t ≤ 1.
    Convex,
    /// f(t·x + (1 − t)·y) ≥ t·f(x) + (1 − t)·f(y) in every output, for 0 ≤ t ≤ 1.
    Concave,
    /// x ≤ y implies f(x) ≤ f(y), entry by entry: in every argument, or in the one with this index.
    Monotone(Option<usize>),
    /// f(x) = f(y) only for x = y.
    Injective,
    /// Every vector of the output's shape is a value.
    Surjective,
    /// |f(x) − f(y)| ≤ L·|x − y| for all x and y, in the largest absolute value of an entry.
    Lipschitz(Rational),
    /// f(x + u) − f(x) depends linearly on u and not on x, for all u that are constant on each channel.
    AffineAlongConstants,
}

/// The words of the language for them.
pub const BEHAVIOURS: &[&str] =
    &["convex", "concave", "monotone", "injective", "surjective", "lipschitz", "affine_along"];
