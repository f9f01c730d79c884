//! `netprove export coq FILE[:NET] --output PATH`: theorems for Coq.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use netprove::decide::prove;
use netprove::report::coq;

use super::collapse::split;
use super::{Exit, Limits, files};

/// Options of `export coq`.
#[derive(Args, Debug)]
pub struct Coq {
    /// The file, and the network if only one is wanted: `FILE[:NETWORK]`.
    #[arg(value_name = "FILE[:NET]")]
    target: String,
    /// Where to write the theorems, such as `theorems.v`.
    #[arg(long, short, value_name = "PATH")]
    output: PathBuf,
    /// What the theorems compute with [default: plain, and words where many numbers are long].
    #[arg(long, value_enum)]
    arithmetic: Option<Arithmetic>,
    #[command(flatten)]
    limits: Limits,
}

/// What the theorems compute with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Arithmetic {
    /// Coq's own integers: nothing is assumed.
    Plain,
    /// Big integers on machine words (Debian's libcoq-bignums): assumes the specifications of primitive integers.
    Words,
}

/// Runs the subcommand.
pub fn run(options: &Coq) -> u8 {
    let budget = options.limits.budget();
    let (file, only) = split(&options.target);
    let (program, bytes) = match files::load(Path::new(file), budget.memory) {
        Ok(loaded) => loaded,
        Err(exit) => return exit.into(),
    };
    if let Some(name) = only
        && program.networks.iter().all(|n| n.name != name)
    {
        let names: Vec<String> = program.networks.iter().map(|n| format!("`{}`", n.name)).collect();
        return files::fail(&format!("there is no network `{name}`; there are {}", names.join(", ")));
    }
    let arithmetic = options.arithmetic.map(|arithmetic| match arithmetic {
        Arithmetic::Plain => coq::Arithmetic::Plain,
        Arithmetic::Words => coq::Arithmetic::Words,
    });
    let export = coq::export(&prove(&program, budget), &bytes, only, arithmetic);
    for note in &export.notes {
        files::note(note);
    }
    for refusal in &export.refused {
        files::fail(refusal);
    }
    if export.theorems == 0 {
        return Exit::Undecided.into();
    }
    match files::write(&options.output, export.text.as_bytes()) {
        Ok(()) if export.refused.is_empty() => Exit::Proved.into(),
        Ok(()) => Exit::Undecided.into(),
        Err(error) => files::fail(&format!("{}: {error}", options.output.display())),
    }
}
