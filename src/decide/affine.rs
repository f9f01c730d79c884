//! Linear or affine? What the constant of an affine map means on a domain.

use num_traits::{One, Signed, Zero};

use super::search::Domain;
use crate::algebra::{Rational, Tensor, ratio};
use crate::collapse::AffineMap;
use crate::network::Network;

/// A failure of homogeneity, which shows that an affine map is not linear: f(a x) ≠ a f(x).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotHomogeneous {
    /// x, flat, in the domain; so is a x.
    pub x: Tensor,
    /// a; 0 where the domain contains 0, so that f(0) ≠ 0 is the failure.
    pub factor: Rational,
    /// The output entry at which the two sides differ.
    pub output: usize,
    /// f(a x) at that entry.
    pub left: Rational,
    /// a f(x) at that entry.
    pub right: Rational,
}

/// An input entry whose domain is one point c ≠ 0, and c. With one, every affine map is linear on
/// the domain: b = (b/c)·xᵢ.
pub fn pinned(network: &Network) -> Option<(usize, Rational)> {
    let mut first = 0;
    for input in &network.inputs {
        match &input.domain {
            Some((low, high)) if low == high && !low.is_zero() => return Some((first, low.clone())),
            _ => first += input.shape.elements(),
        }
    }
    None
}

/// The map in the form that names what it is: with no constant where the domain makes it linear.
pub(super) fn settled(network: &Network, map: AffineMap) -> AffineMap {
    match pinned(network) {
        Some((entry, value)) if !map.bias.is_zero() => map.with_constant_in(entry, &value),
        _ => map,
    }
}

/// Where an affine network that is not linear on its domain breaks homogeneity, by its layers'
/// definitions. `None` if its values are not rational, or too long.
pub fn not_homogeneous(network: &Network) -> Option<NotHomogeneous> {
    let (x, factor) = stretch(network)?;
    let lefts = network.evaluate(&x.scaled(&factor))?;
    let rights = network.evaluate(&x)?.scaled(&factor);
    let output = (0..lefts.len()).find(|&i| lefts.get(i) != rights.get(i))?;
    Some(NotHomogeneous { left: lefts.get(output), right: rights.get(output), x, factor, output })
}

/// A point x of the domain, flat, and a factor a ≠ 1 with a x in it: 0 and 0, if the domain contains 0. `None` if an
/// entry is one number other than 0.
pub fn stretch(network: &Network) -> Option<(Tensor, Rational)> {
    let domain = Domain::of(network);
    let zero = domain.base();
    if zero.is_zero() { Some((zero, Rational::zero())) } else { stretched(&domain) }
}

/// The middle of the domain, and a factor a ≠ 1 that does not lead out of it.
fn stretched(domain: &Domain) -> Option<(Tensor, Rational)> {
    let middle = domain.middle();
    let one = Rational::one();
    let mut most: Option<Rational> = None;
    for (value, bound) in middle.to_rationals().iter().zip(domain.bounds()) {
        if let Some((low, high)) = bound
            && !value.is_zero()
        {
            let room = if value.is_positive() { high - value } else { value - low };
            let factor = &one + room / value.abs();
            most = Some(most.map_or(factor.clone(), |m| m.min(factor)));
        }
    }
    let factor = most.unwrap_or_else(|| ratio(2.into(), 1.into()));
    (factor > one).then_some((middle, factor))
}
