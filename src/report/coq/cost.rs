//! What the checks cost.

use crate::algebra::Polynomial;
use crate::layer::Weights;
use crate::network::Network;

/// What a check goes through.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    /// Products of a weight and an entry, in all layers.
    pub products: usize,
    /// The same with rows for entries: products of weights and coefficients.
    pub rows: usize,
}

/// Estimates what the checks of a network cost.
pub(super) fn cost(network: &Network) -> Cost {
    let inputs = network.input_elements().max(1);
    let mut cost = Cost::default();
    let mut length = vec![1_usize; network.nodes.len()];
    for id in network.live_nodes() {
        let node = &network.nodes[id];
        let Some(layer) = &node.layer else { continue };
        let products = match <Polynomial as Weights>::lower(layer) {
            Some(lowered) => lowered.operators.iter().map(|o| o.products()).fold(0, usize::saturating_add),
            None => node.shape.elements().saturating_mul(4),
        };
        let longest = node.operands.iter().map(|&o| length[o]).max().unwrap_or(1);
        let fan_in = products.div_ceil(node.shape.elements().max(1)).max(1);
        length[id] = longest.saturating_mul(fan_in).min(inputs);
        cost.products = cost.products.saturating_add(products.max(node.shape.elements()));
        cost.rows = cost.rows.saturating_add(products.saturating_mul(longest));
    }
    cost
}
