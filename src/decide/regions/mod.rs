//! Region search: what a piecewise-linear network is, region by region, with a proof by cases.
//!
//! Every network of affine layers and maxima is affine on each of finitely many polyhedra. The search
//! decides one atom of the normal form after the other, by exact linear programs, and only those on
//! which the outputs depend; what it finds is a [`Tree`] that [`verify`] checks by substitution.

mod affine;
mod program;
mod search;
mod tree;

pub use affine::{Cases, Kinked, Regions, affine, somewhere, zero};
pub use program::{Linear, Program, value};
pub use search::{Allowance, Ended, Leaf, search};
pub use tree::{Multipliers, Tree, excludes, verify};

use super::normal_form::Sum;
