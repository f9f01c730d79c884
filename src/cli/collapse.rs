//! `netprove collapse FILE[:NET] --output PATH`

use std::path::Path;

use netprove::algebra::Budget;
use netprove::decide::{Evidence, decide};
use netprove::network::{Network, Program};
use netprove::report::export;

use super::{Exit, files};

/// Writes the one affine map that a network is.
pub fn run(target: &str, output: &Path, budget: Budget) -> u8 {
    let writer = match output.extension().and_then(|e| e.to_str()) {
        Some("json") => export::json,
        Some("mtx") => export::matrix_market,
        Some("net") => export::net,
        _ => return files::fail(&format!("{}: the extension says the format: .json, .mtx or .net", output.display())),
    };
    let (file, wanted) = split(target);
    let program = match files::load(Path::new(file), budget.memory) {
        Ok((program, _)) => program,
        Err(exit) => return exit.into(),
    };
    let network = match choose(&program, wanted) {
        Ok(network) => network,
        Err(message) => return files::fail(&message),
    };
    let decision = decide(network, budget);
    let written = match &decision.evidence {
        Evidence::Image(map) => Some(map.literal(budget.memory)),
        _ => None,
    };
    let map = match &written {
        Some(Ok(map)) => Some(map),
        Some(Err(limit)) => {
            let (name, help) = (&network.name, limit.remedy());
            files::fail(&format!("`{name}`: its one matrix is too large: {limit}; what would help: {help}"));
            return Exit::Undecided.into();
        }
        None => decision.evidence.map(),
    };
    let Some(map) = map else {
        let (name, word) = (&network.name, decision.verdict.word());
        let (exit, why) = match &decision.evidence {
            Evidence::Structure { limit, .. } => (
                Exit::Undecided,
                format!(", but its one matrix is too large: {limit}; what would help: {}", limit.remedy()),
            ),
            Evidence::Symbolic(_) | Evidence::SymbolicNormalForm(..) | Evidence::FreeStructure { .. } => (
                Exit::Undecided,
                ", but its weights are not rational numbers: only a map of those is written".to_string(),
            ),
            Evidence::Witness(..) => (Exit::Refuted, no_map(file)),
            _ => (Exit::Undecided, no_map(file)),
        };
        files::fail(&format!("`{name}` is {word}{why}"));
        return exit.into();
    };
    match files::write(output, writer(network, map).as_bytes()) {
        Ok(()) => Exit::Proved.into(),
        Err(error) => files::fail(&format!("{}: {error}", output.display())),
    }
}

fn no_map(file: &str) -> String {
    format!(": it does not collapse to one affine map; `netprove {file}` says why")
}

/// `FILE:NET`, unless a file has that very name.
pub fn split(target: &str) -> (&str, Option<&str>) {
    match target.rsplit_once(':') {
        Some((file, network)) if is_name(network) && !Path::new(target).exists() => (file, Some(network)),
        _ => (target, None),
    }
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The network asked for, or the only one.
pub fn choose<'p>(program: &'p Program, wanted: Option<&str>) -> Result<&'p Network, String> {
    let names = || program.networks.iter().map(|n| format!("`{}`", n.name)).collect::<Vec<_>>().join(", ");
    match (wanted, program.networks.as_slice()) {
        (Some(name), all) => all
            .iter()
            .find(|n| n.name == name)
            .ok_or_else(|| format!("there is no network `{name}`; there are {}", names())),
        (None, [only]) => Ok(only),
        (None, []) => Err("the file has no network".into()),
        (None, _) => Err(format!("say which network, as FILE:NET; there are {}", names())),
    }
}
