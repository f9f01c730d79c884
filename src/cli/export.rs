//! `netprove export FORMAT FILE[:NET]`: theorems and questions for other people's tools.

use clap::Subcommand;

use super::question::{self, Format, Question};

/// What is written.
#[derive(Debug, Subcommand)]
pub enum Export {
    /// A claim as SMT-LIB (QF_LRA), for z3, cvc5 and others: satisfiable exactly if the claim fails.
    Smtlib(Question),
    /// A claim `f == g within EPS` as a VNN-LIB property of the network f − g.
    Vnnlib(Question),
}

/// Runs the subcommand.
pub fn run(export: &Export) -> u8 {
    match export {
        Export::Smtlib(options) => question::run(options, Format::Smtlib),
        Export::Vnnlib(options) => question::run(options, Format::Vnnlib),
    }
}
