//! What usually makes two affine networks differ in the way they do.
//!
//! A cause is recognised by exact equations on both maps; it says what the difference looks like,
//! and never what is true of the networks beyond that.

use std::collections::HashMap;

use crate::algebra::Tensor;
use crate::collapse::AffineMap;
use crate::layer::Weights;
use crate::network::{Equation, Network, NodeId};

/// A pattern in the difference of two affine networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The matrices are equal, and the constants differ by b·(1 − s) in every output, where b is the
    /// constant that `layer` adds and s the scale that `norm` multiplies it by.
    UnscaledBias {
        /// The layer with the bias.
        layer: String,
        /// The layer that scales.
        norm: String,
    },
    /// The sides agree in every output at least `distance` away from the border of the image, and
    /// `layer` pads a value between the layers with zeros.
    Border {
        /// How far from the border they agree.
        distance: usize,
        /// The layer that pads.
        layer: String,
    },
    /// The right side's outputs are the left side's in another order.
    Reordered {
        /// An output of the left side.
        left: usize,
        /// The output of the right side that is the same function.
        right: usize,
    },
    /// The right side's matrix is the left side's, transposed.
    Transposed,
}

/// Recognises a cause, given the maps of both sides and the outputs in which they differ.
pub(super) fn cause<C: Weights>(
    equation: &Equation,
    left: &AffineMap<C>,
    right: &AffineMap<C>,
    outputs: &[usize],
) -> Option<Cause> {
    unscaled_bias(&equation.left, left, right)
        .or_else(|| unscaled_bias(&equation.right, right, left))
        .or_else(|| border(equation, outputs))
        .or_else(|| transposed(left, right))
        .or_else(|| reordered(left, right))
}

/// b + (beta − mean·s) instead of (b − mean)·s + beta.
fn unscaled_bias<C: Weights>(network: &Network, own: &AffineMap<C>, other: &AffineMap<C>) -> Option<Cause> {
    if own.matrix != other.matrix {
        return None;
    }
    let norm = &network.nodes[network.output];
    let [operand] = norm.operands[..] else { return None };
    let layer = &network.nodes[operand];
    let scale = C::lower(norm.layer.as_ref()?)?.operators.into_iter().next()?;
    let bias: Tensor<C> = C::lower(layer.layer.as_ref()?)?.bias?.tensor();
    if scale.input() != scale.output() {
        return None;
    }
    let difference = bias.minus(&scale.apply(&bias).reshaped(bias.shape().clone()));
    let expected = other.bias.minus(&own.bias).reshaped(bias.shape().clone());
    let found = !difference.is_zero() && difference == expected;
    found.then(|| Cause::UnscaledBias { layer: layer.name.clone(), norm: norm.name.clone() })
}

/// A ring of outputs around an image whose inside agrees, and a layer that pads between layers.
pub(super) fn border(equation: &Equation, outputs: &[usize]) -> Option<Cause> {
    let shape = equation.left.output_shape();
    let to_border = |&output: &usize| -> usize {
        let index = shape.unravel(output);
        let axes = index.iter().zip(shape.axes()).skip(1);
        axes.map(|(&i, &n)| i.min(n - 1 - i)).min().unwrap_or(0)
    };
    let distance = outputs.iter().map(to_border).max()? + 1;
    let inside = shape.rank() > 1 && shape.spatial().iter().all(|&n| n > 2 * distance);
    let layer = pads_between(&equation.left).or_else(|| pads_between(&equation.right)).filter(|_| inside)?;
    Some(Cause::Border { distance, layer })
}

/// A layer that pads the value of another layer with zeros.
fn pads_between(network: &Network) -> Option<String> {
    let computed = |&id: &NodeId| network.nodes[id].layer.is_some();
    let pads = |&id: &NodeId| {
        let node = &network.nodes[id];
        let pads = node.layer.as_ref().is_some_and(|layer| layer.function().pads_with_zeros());
        pads && node.operands.iter().any(computed)
    };
    network.live_nodes().into_iter().find(pads).map(|id| network.nodes[id].name.clone())
}

fn transposed<C: Weights>(left: &AffineMap<C>, right: &AffineMap<C>) -> Option<Cause> {
    let square = left.matrix.rows() == left.matrix.columns();
    (square && left.bias == right.bias && left.matrix.transpose() == right.matrix).then_some(Cause::Transposed)
}

/// Every row of the one matrix is a row of the other, constants included.
fn reordered<C: Weights>(left: &AffineMap<C>, right: &AffineMap<C>) -> Option<Cause> {
    if left.matrix.denominator() != right.matrix.denominator() || left.bias.denominator() != right.bias.denominator() {
        return None;
    }
    fn row<C: Weights>(map: &AffineMap<C>, row: usize) -> (Vec<(usize, &C)>, &C) {
        (map.matrix.row(row).collect(), &map.bias.numerators()[row])
    }
    let rows = left.matrix.rows();
    let mut places: HashMap<_, Vec<usize>> = HashMap::new();
    for r in (0..rows).rev() {
        places.entry(row(right, r)).or_default().push(r);
    }
    let order: Option<Vec<usize>> = (0..rows).map(|l| places.get_mut(&row(left, l))?.pop()).collect();
    let (left, right) = order?.into_iter().enumerate().find(|(l, r)| l != r)?;
    Some(Cause::Reordered { left, right })
}
