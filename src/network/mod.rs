//! Networks: graphs of layers with shapes and exact weights, checked from the syntax tree.

mod graph;

pub use graph::{Input, Network, Node, NodeId};
