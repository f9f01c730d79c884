//! Maximal linear segments: what stands between two nonlinear layers is one matrix.

use std::collections::BTreeSet;

use super::{AffineMap, LimitReached, Region, STANDARD_WORK};
use crate::algebra::{Budget, Coefficient, Integer, Polynomial};
use crate::layer::{Layer, Lowered, Weights};
use crate::network::{Network, NodeId};
use crate::toeplitz::Structure;

/// A maximal run of affine layers that ends at a nonlinear layer or at the output.
#[derive(Debug)]
pub struct Segment {
    /// The affine layers, ascending.
    pub layers: Vec<NodeId>,
    /// The values it starts from.
    pub sources: Vec<NodeId>,
    /// The value it computes.
    pub sink: NodeId,
    /// Stored weights of its layers.
    pub parameters: usize,
    /// Multiplications of one evaluation, layer by layer: the nonzeros of each layer's matrix.
    pub multiply_adds: usize,
    /// The size of the one affine map that it is, or why that was not computed.
    pub merged: Result<Merged, LimitReached>,
}

/// The size of an affine map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Nonzero entries of M: the multiplications of one evaluation.
    pub weights: usize,
    /// Nonzero entries of b.
    pub constants: usize,
}

impl<C: Coefficient> AffineMap<C> {
    fn size(&self) -> Merged {
        let constants = self.bias.numerators().iter().filter(|n| !n.is_zero()).count();
        Merged { weights: self.matrix.nonzeros(), constants }
    }
}

impl Segment {
    /// Layers that multiply or add: those that the collapse makes redundant but one. Layers that
    /// only move entries (reshape, crop) cost nothing and are not counted.
    pub fn working_layers(&self, network: &Network) -> Vec<NodeId> {
        let works = |&id: &NodeId| match &network.nodes[id].layer {
            Some(Layer::Affine(layer)) => works(&layer.lower()),
            Some(Layer::Symbolic(layer)) => works(&layer.lower()),
            _ => false,
        };
        self.layers.iter().copied().filter(works).collect()
    }
}

fn works<C: Coefficient>(lowered: &Lowered<C>) -> bool {
    lowered.bias.is_some() || lowered.operators.iter().any(|o| !o.moves_entries())
}

/// The maximal linear segments of a network, in order of their ends.
///
/// Two segments may share layers when a value goes to two nonlinear layers by different ways.
pub fn segments(network: &Network, budget: impl Into<Budget>) -> Vec<Segment> {
    let budget = budget.into();
    let live = network.live_nodes();
    let blocked = |id: &NodeId| matches!(network.nodes[*id].layer, Some(Layer::Piecewise(_) | Layer::Smooth(_)));
    let mut sinks: BTreeSet<NodeId> =
        live.iter().filter(|id| blocked(id)).flat_map(|&id| network.nodes[id].operands.clone()).collect();
    sinks.insert(network.output);
    let segment = if network.is_symbolic() { segment::<Polynomial> } else { segment::<Integer> };
    let work = budget.work(STANDARD_WORK) / 4 / sinks.len() as u64;
    sinks.into_iter().filter_map(|sink| segment(network, sink, budget.memory, work)).collect()
}

fn segment<C: Weights>(network: &Network, sink: NodeId, memory: u64, work: u64) -> Option<Segment> {
    let region = Region::<C>::ending_in(network, sink);
    let layers: Vec<NodeId> = region.layers().map(|(id, _)| id).collect();
    if layers.is_empty() {
        return None;
    }
    let parameters =
        layers.iter().filter_map(|&id| network.nodes[id].layer.as_ref()).map(|l| l.function().parameters()).sum();
    let multiply_adds = region.layers().flat_map(|(_, l)| &l.operators).map(|o| o.nonzeros()).sum();
    let merged = match one_layer(&region) {
        Some(size) => Ok(size),
        None => region.collapse_within(memory, work).map(|map| map.size()),
    };
    Some(Segment { layers, sources: region.sources, sink, parameters, multiply_adds, merged })
}

/// The size of the map, where only one layer does more than rename shapes: it is that layer's.
fn one_layer<C: Weights>(region: &Region<'_, C>) -> Option<Merged> {
    let renames = |l: &Lowered<C>| match &l.operators[..] {
        [operator] => matches!(operator.structure(), Structure::Identity) && l.bias.is_none(),
        _ => false,
    };
    let mut others = region.layers().map(|(_, lowered)| lowered).filter(|lowered| !renames(lowered));
    let (Some(layer), None) = (others.next(), others.next()) else { return None };
    let [operator] = &layer.operators[..] else { return None };
    let constants = layer.bias.as_ref().map_or(0, |bias| bias.numbers().nonzeros() * bias.run());
    Some(Merged { weights: operator.nonzeros(), constants })
}
