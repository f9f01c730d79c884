//! `netprove export FORMAT FILE[:NET]`: theorems and questions for other people's tools.

use std::path::PathBuf;

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
    /// A claim `f == g` or `f == g within EPS`, on bounded inputs, as a VNN-LIB property of the network f − g.
    Vnnlib {
        #[command(flatten)]
        question: Question,
        /// Also write the network f − g that the property is about, as ONNX.
        #[arg(long, value_name = "PATH.onnx")]
        model: Option<PathBuf>,
    },
}

/// Runs the subcommand.
pub fn run(export: &Export) -> u8 {
    match export {
        Export::Coq(options) => coq::run(options),
        Export::Smtlib(question) => question::run(question, Format::Smtlib, None),
        Export::Vnnlib { question, model } => question::run(question, Format::Vnnlib, model.as_deref()),
    }
}
