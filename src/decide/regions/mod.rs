//! Region search: what a piecewise-linear network is, region by region, with a proof by cases.
//!
//! Every network of affine layers and maxima is affine on each of finitely many polyhedra. The search
//! decides one atom of the normal form after the other, by exact linear programs, and only those on
//! which the outputs depend; what it finds is a [`Tree`] that [`verify`] checks by substitution.

mod affine;
mod growth;
mod largest;
mod program;
mod question;
mod search;
mod state;
mod tree;

pub use affine::{Cases, Kinked, Regions, Zero, affine, somewhere, zero};
pub use growth::Growth;
pub use largest::{Largest, before, beyond, largest, positive_parts};
pub use program::{Linear, Program, value};
pub use question::{after, ask};
pub use search::{Allowance, Ended, Leaf, go_on, regions_seen, search};
pub use tree::{Multipliers, Tree, excludes, verify};

use super::normal_form::Sum;
