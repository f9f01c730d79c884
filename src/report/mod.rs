//! From findings to what people and programs read. Nothing here decides anything.

pub mod coq;
pub mod diagnostics;
pub mod document;
pub mod escape;
mod excerpt;
pub mod explain;
pub mod export;
pub mod figure;
pub mod html;
pub mod json;
pub mod latex;
pub mod markdown;
pub mod math;
mod numbers;
mod proof;
pub mod smtlib;
mod svg;
pub mod text;
pub mod vnnlib;

pub use proof::{Detail, Differences, claims, difference, documents, network, quiet, scientific};
