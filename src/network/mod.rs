//! Networks: graphs of layers with shapes and exact weights, checked from the syntax tree.
//!
//! Knows what names, shapes and arguments mean; knows nothing of matrices or of proofs.

mod behaviour;
mod build;
mod call;
mod claims;
mod constant;
mod constants;
mod equation;
mod functions;
mod graph;
mod kernels;
mod laws;
mod model;
mod program;
mod questions;
mod scalars;
mod symbols;

pub use crate::algebra::Assignment;
pub use behaviour::{BEHAVIOURS, Behaviour};
pub use call::usage;
pub use equation::Equation;
pub use functions::FUNCTIONS;
pub use graph::{Input, Network, Node, NodeId};
pub(crate) use laws::multiples_inside;
pub use laws::{LAWS, Law};
pub use model::model;
pub use program::{Claim, Loader, NoImports, Program, Property, Rejected, Statement, check, check_beside};
pub use symbols::{SymbolError, SymbolTensor, Symbols, sample};
