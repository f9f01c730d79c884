//! `netprove collapse FILE[:NET] --output small.onnx|.npz`: the merged network as a model.

use std::path::Path;

use netprove::algebra::{Budget, Shape, Tensor};
use netprove::decide::{Comparison, compare, decide};
use netprove::export::stable::{self, Thinned};
use netprove::export::{self, Rounding, merge, onnx};
use netprove::import::{element, npy, npz};
use netprove::network::{Equation, Network};
use netprove::report::scientific;

use super::{Exit, collapse, files};

/// Whether this module writes files of this extension.
pub fn writes(output: &Path) -> bool {
    matches!(output.extension().and_then(|e| e.to_str()), Some("onnx" | "npz"))
}

/// Writes the network with each linear segment merged, and says what became of the weights.
pub fn run(target: &str, output: &Path, budget: Budget) -> u8 {
    let (file, wanted) = collapse::split(target);
    let program = match files::load(Path::new(file), budget.memory) {
        Ok((program, _)) => program,
        Err(exit) => return exit.into(),
    };
    let network = match collapse::choose(&program, wanted) {
        Ok(network) => network,
        Err(message) => return files::fail(&message),
    };
    let written = match output.extension().and_then(|e| e.to_str()) {
        Some("npz") => matrix(network, budget),
        _ => model(network, budget),
    };
    let (bytes, words) = match written {
        Ok(written) => written,
        Err((exit, message)) => {
            files::fail(&message);
            return exit.into();
        }
    };
    match files::write(output, &bytes) {
        Ok(()) => files::print(words.as_bytes()),
        Err(error) => files::fail(&format!("{}: {error}", output.display())),
    }
}

type Written = Result<(Vec<u8>, String), (Exit, String)>;

fn model(network: &Network, budget: Budget) -> Written {
    let (thinned, layers) = without_stable_units(network, budget);
    let (merged, segments) = merge::merged(&thinned, budget);
    let (bytes, rounding) = onnx::onnx(&merged).map_err(|e| (Exit::Undecided, e.to_string()))?;
    let mut words = String::new();
    for Thinned { layer, units, dropped, around } in &layers {
        words.push_str(&format!(
            "{layer}: of {units} units on the domain, constant and left out: {dropped}, affine and led around it: {around}\n"
        ));
    }
    if !layers.is_empty() {
        words.push_str("on the domain, and only there, the merged network is equal: proved\n");
    }
    for segment in segments {
        let layers = segment.layers.join(", ");
        words.push_str(&match segment.into {
            Some(kind) => format!("{layers}: one {kind}\n"),
            None => format!("{layers}: kept, because one matrix would be larger\n"),
        });
    }
    words.push_str(&said(&rounding, "float32"));
    Ok((bytes, words))
}

/// The network without the units that its domain makes stable, if the merged result is proved to be equal there.
fn without_stable_units(network: &Network, budget: Budget) -> (Network, Vec<Thinned>) {
    let (thinned, layers) = stable::thinned(network, budget);
    let merged = merge::merged(&thinned, budget).0;
    let equation = Equation::between(network.clone(), merged, true, None, network.span);
    let proved = |equation: &Equation| matches!(compare(equation, budget), Comparison::Equal(_));
    match equation {
        Ok(equation) if !layers.is_empty() && proved(&equation) => (thinned, layers),
        _ => (network.clone(), Vec::new()),
    }
}

/// `matrix` and `bias`, as float64.
fn matrix(network: &Network, budget: Budget) -> Written {
    let decision = decide(network, budget);
    let Some(map) = decision.evidence.map() else {
        let message = format!(
            "`{}` is {}, and an npz file holds one matrix and one constant, which it is not known to be; write `.onnx` for the network with each of its linear segments merged",
            network.name,
            decision.verdict.word()
        );
        return Err((Exit::Undecided, message));
    };
    let (rows, columns) = (map.matrix.rows(), map.matrix.columns());
    let large = || (Exit::Undecided, format!("a {rows}×{columns} matrix with its zeros is too large for an npz file"));
    let shape = Shape::new([rows, columns]).map_err(|_| large())?;
    if (shape.elements() as u64).saturating_mul(64) > budget.memory {
        return Err(large());
    }
    let mut numerators = vec![Default::default(); rows * columns];
    for row in 0..rows {
        map.matrix.row(row).for_each(|(column, n)| numerators[row * columns + column] = n.clone());
    }
    let matrix = Tensor::new(shape, numerators, map.matrix.denominator().clone());
    let mut rounding = Rounding::default();
    let mut file = |tensor: &Tensor| {
        let data = export::floats(tensor, element::F64, &mut rounding).map_err(|e| (Exit::Undecided, e.to_string()))?;
        Ok(npy::file("<f8", tensor.shape(), data))
    };
    let entries = vec![("matrix".to_string(), file(&matrix)?), ("bias".to_string(), file(&map.bias)?)];
    Ok((npz::write(entries).ok_or_else(large)?, said(&rounding, "float64")))
}

fn said(rounding: &Rounding, format: &str) -> String {
    let Rounding { weights, inexact, largest } = rounding;
    match inexact {
        0 => format!("{weights} weights, every one exactly a {format}\n"),
        _ => format!(
            "{weights} weights, {inexact} of them no {format}: rounded once, to nearest, by at most {}\n",
            scientific(largest, true)
        ),
    }
}
