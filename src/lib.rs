//! netprove: a symbolic algebra verifier for neural networks.

pub mod algebra;
pub mod collapse;
pub mod decide;
pub mod diagnostic;
pub mod layer;
pub mod network;
pub mod report;
pub mod syntax;
pub mod toeplitz;
