//! netprove: a symbolic algebra verifier for neural networks.
#![allow(missing_docs)]

pub mod algebra;
pub mod diagnostic;
pub mod layer;
pub mod network;
pub mod syntax;
pub mod toeplitz;
