//! `netprove export smtlib|vnnlib FILE[:NET]`: a claim as a question for another solver.

use std::path::{Path, PathBuf};

use clap::Args;
use netprove::algebra::Budget;
use netprove::decide::{Status, candidate, prove};
use netprove::export::onnx;
use netprove::network::{Claim, Program, Statement};
use netprove::report::{scientific, smtlib, vnnlib};

use super::{Exit, Limits, collapse, files};

/// Options of `export smtlib` and `export vnnlib`.
#[derive(Args, Debug)]
pub struct Question {
    /// The file; with a network, the question is whether that is one affine map: `FILE[:NETWORK]`.
    #[arg(value_name = "FILE[:NET]")]
    target: String,
    /// Which claim of the file, from 1 [default: the first that is undecided, else the first that can be written].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    claim: Option<u64>,
    /// Write to a file instead of standard output.
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
    #[command(flatten)]
    limits: Limits,
}

/// The format of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// SMT-LIB 2.6, QF_LRA.
    Smtlib,
    /// VNN-LIB 1.0.
    Vnnlib,
}

/// Writes one question, and the network that it is about, where that is asked for.
pub fn run(options: &Question, format: Format, model: Option<&Path>) -> u8 {
    let budget = options.limits.budget();
    let (file, wanted) = collapse::split(&options.target);
    let program = match files::load(Path::new(file), budget.memory) {
        Ok((program, _)) => program,
        Err(exit) => return exit.into(),
    };
    let written = match (wanted, options.claim) {
        (Some(_), Some(_)) => return files::fail("give a network or a claim, not both"),
        (Some(_), None) => of_network(&program, wanted, format, budget).map(|text| (text, None)),
        (None, None) if program.claims.is_empty() => {
            of_network(&program, None, format, budget).map(|text| (text, None))
        }
        (None, Some(number)) => match usize::try_from(number - 1).ok().and_then(|i| program.claims.get(i)) {
            Some(claim) => of_claim(&program, claim, format, budget).map(|text| (text, Some(claim))),
            None => return files::fail(&format!("there is no claim {number}; the file has {}", program.claims.len())),
        },
        (None, None) => first(&program, format, budget),
    };
    let written = written.and_then(|(text, claim)| match (model, claim) {
        (Some(path), Some(claim)) => Ok(beside(path, claim)? + &text),
        _ => Ok(text),
    });
    match written {
        Err(reason) => files::fail(&format!("{file}: {reason}")),
        Ok(text) => match &options.output {
            None => files::print(text.as_bytes()),
            Some(path) => match files::write(path, text.as_bytes()) {
                Ok(()) => Exit::Proved.into(),
                Err(error) => files::fail(&format!("{}: {error}", path.display())),
            },
        },
    }
}

/// The first claim that is undecided; else the first that can be written.
fn first(program: &Program, format: Format, budget: Budget) -> Result<(String, Option<&Claim>), String> {
    let findings = prove(program, budget);
    let open = findings.claims.iter().position(|answer| answer.status == Status::Undecided);
    let order = open.into_iter().chain(0..program.claims.len());
    let mut reason = String::from("there is no claim");
    for claim in order.map(|i| &program.claims[i]) {
        match of_claim(program, claim, format, budget) {
            Ok(text) => return Ok((text, Some(claim))),
            Err(why) => reason = format!("`{}`: {why}", claim.text),
        }
    }
    Err(reason)
}

fn of_claim(program: &Program, claim: &Claim, format: Format, budget: Budget) -> Result<String, String> {
    if format == Format::Vnnlib {
        return vnnlib::property(claim);
    }
    let map = match &claim.statement {
        Statement::Property { network, .. } => candidate(&program.networks[*network], budget),
        _ => None,
    };
    smtlib::smtlib(program, claim, map.as_ref())
}

fn of_network(program: &Program, wanted: Option<&str>, format: Format, budget: Budget) -> Result<String, String> {
    let network = collapse::choose(program, wanted)?;
    if format == Format::Vnnlib {
        return Err("VNN-LIB asks about a claim `f == g` or `f == g within EPS`".into());
    }
    match candidate(network, budget) {
        Some(map) => smtlib::smtlib_of_map(network, &map),
        None => Err(format!(
            "`{}` has symbols or smooth layers, or is too large: no affine map is known to ask about",
            network.name
        )),
    }
}

/// Writes the difference of a claim's sides as a model; what the property has to say about it.
fn beside(path: &Path, claim: &Claim) -> Result<String, String> {
    let mut network = vnnlib::equation(claim)?.difference.clone();
    // Both sides may have layers of one name.
    let inputs = network.inputs.len();
    network.nodes.iter_mut().enumerate().skip(inputs).for_each(|(i, node)| node.name = format!("{}_{i}", node.name));
    let (bytes, rounding) = onnx::onnx(&network).map_err(|why| format!("no model of f - g: {why}"))?;
    files::write(path, &bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    let rounded = match rounding.inexact {
        0 => "every weight exactly".to_string(),
        n => format!(
            "{n} of {} weights rounded to float32, by at most {}: a verifier decides the rounded network",
            rounding.weights,
            scientific(&rounding.largest, true)
        ),
    };
    Ok(format!("; Of the model {}: {rounded}.\n", path.display()))
}
