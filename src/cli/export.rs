//! `netprove export FORMAT FILE[:NET]`: theorems and questions for other people's tools.

use clap::Subcommand;

use super::coq::{self, Coq};
use super::question::{self, Format, Question};

/// What is written.
#[derive(Debug, Subcommand)]
pub enum Export {
    /// Theorems that Coq 8.16 checks, with netprove's library `coq/`: the layers by their sums, and each verdict.
    Coq(Coq),
    /// A claim as SMT-LIB (QF_LRA), for z3, cvc5 and others: satisfiable exactly if the claim fails.
    Smtlib(Question),
    /// A claim `f == g within EPS` as a VNN-LIB property of the network f − g.
    Vnnlib(Question),
}

/// Runs the subcommand.
pub fn run(export: &Export) -> u8 {
    match export {
        Export::Coq(options) => coq::run(options),
        Export::Smtlib(options) => question::run(options, Format::Smtlib),
        Export::Vnnlib(options) => question::run(options, Format::Vnnlib),
    }
}
