//! From findings to what people and programs read. Nothing here decides anything.

pub mod diagnostics;
pub mod document;
mod excerpt;
pub mod explain;
pub mod export;
pub mod json;
pub mod math;
mod numbers;
mod proof;
pub mod text;

pub use proof::{Detail, claims, network, quiet};
