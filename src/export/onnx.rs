//! A network as an ONNX model.

use super::model::Graph;
use super::{Rounding, TooLarge, layers};
use crate::algebra::Shape;
use crate::network::Network;

/// Why a network cannot be written as a model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritten {
    /// A weight does not fit.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// Weights are symbols.
    #[error("`{0}` has weights that are not rational numbers")]
    Symbolic(String),
    /// A layer has no operator.
    #[error("`{0}` is a `{1}`, for which no ONNX operator is written")]
    Layer(String, &'static str),
}

/// A network as a model (operator set 20, a batch of one before its shapes), every weight rounded
/// once to the nearest float32; and what the rounding did.
///
/// # Errors
/// If a layer cannot be written.
pub fn onnx(network: &Network) -> Result<(Vec<u8>, Rounding), Unwritten> {
    let mut graph = Graph::default();
    for id in network.live_nodes() {
        let node = &network.nodes[id];
        let Some(layer) = &node.layer else { continue };
        let operands: Vec<(&str, &Shape)> =
            node.operands.iter().map(|&o| (network.nodes[o].name.as_str(), &network.nodes[o].shape)).collect();
        layers::write(&mut graph, &node.name, layer.function(), &operands)?;
    }
    let inputs: Vec<(&str, &Shape)> = network.inputs.iter().map(|i| (i.name.as_str(), &i.shape)).collect();
    let last = &network.nodes[network.output];
    let output = match last.layer {
        Some(_) => last.name.clone(),
        None => {
            let name = graph.fresh("output");
            graph.node("Identity", &[&last.name], &name, &[]);
            name
        }
    };
    let rounding = graph.rounding.clone();
    Ok((graph.model(&network.name, &inputs, (&output, &last.shape)), rounding))
}
