//! `netprove eval MODEL[:NET] --input x.npy`: what a network does to one input, exactly.

use std::path::{Path, PathBuf};

use clap::Args;
use netprove::algebra::{Rational, Shape, Tensor};
use netprove::import;
use netprove::layer::Enclosure;
use netprove::network::{Input, Network};
use serde_json::json;

use super::{Exit, Limits, collapse, files};

/// The question: a network, its inputs, and where the result goes.
#[derive(Args, Debug)]
pub struct Question {
    /// The file, and the network if it has several: `FILE[:NETWORK]`.
    #[arg(value_name = "FILE[:NET]")]
    target: String,
    /// An input: a `.npy` file, or `NAME=FILE` where there are several; `FILE.npz:TENSOR` and
    /// `FILE.safetensors:TENSOR` too.
    #[arg(long, short, value_name = "[NAME=]FILE", required = true)]
    input: Vec<String>,
    /// Write the result as float64, each number rounded once, instead of printing exact rationals as JSON.
    #[arg(long, short, value_name = "PATH.npy")]
    output: Option<PathBuf>,
    #[command(flatten)]
    limits: Limits,
}

/// Evaluates and prints or writes.
pub fn run(question: &Question) -> u8 {
    match evaluated(question) {
        Ok(value) => deliver(&value, question.output.as_deref()),
        Err(exit) => exit.into(),
    }
}

fn wrong(message: &str) -> Exit {
    files::fail(message);
    Exit::Wrong
}

fn evaluated(question: &Question) -> Result<Enclosure, Exit> {
    if let Some(path) = &question.output
        && path.extension().is_none_or(|e| e != "npy")
    {
        return Err(wrong(&format!("{}: the result is written as `.npy`", path.display())));
    }
    let memory = question.limits.budget().memory;
    let (file, wanted) = collapse::split(&question.target);
    let (program, _) = files::load(Path::new(file), memory)?;
    let network = collapse::choose(&program, wanted).map_err(|m| wrong(&format!("{file}: {m}")))?;
    let inputs = inputs(network, &question.input, memory).map_err(|m| wrong(&m))?;
    if let Some(symbol) = network.symbols().first() {
        return Err(wrong(&format!(
            "`{}` has weights that are not known: {}",
            network.name,
            program.symbols.name(*symbol)
        )));
    }
    let flat = concatenated(&inputs).map_err(|m| wrong(&m))?;
    if let Some(value) = network.evaluate(&flat) {
        return Ok(Enclosure { low: value.clone(), high: value });
    }
    let point = Enclosure { low: flat.clone(), high: flat };
    network.enclose(&point).ok_or_else(|| {
        files::fail(&format!(
            "`{}` has no value there: it divides by 0, or needs numbers that are too long",
            network.name
        ));
        Exit::Undecided
    })
}

/// One tensor an argument, in order.
fn inputs(network: &Network, given: &[String], memory: u64) -> Result<Vec<Tensor>, String> {
    let mut values: Vec<Option<Tensor>> = vec![None; network.inputs.len()];
    let names = || network.inputs.iter().map(|i| format!("`{}`", i.name)).collect::<Vec<_>>().join(", ");
    for text in given {
        let (place, file) = match text.split_once('=') {
            Some((name, file)) => {
                let place = network.inputs.iter().position(|i| i.name == name);
                (place.ok_or_else(|| format!("there is no input `{name}`; there are {}", names()))?, file)
            }
            None if network.inputs.len() == 1 => (0, text.as_str()),
            None => return Err(format!("say which input `{text}` is, as NAME=FILE; there are {}", names())),
        };
        if values[place].is_some() {
            return Err(format!("the input `{}` is given twice", network.inputs[place].name));
        }
        values[place] = Some(tensor(file, &network.inputs[place], memory)?);
    }
    let missing = values.iter().position(Option::is_none);
    if let Some(missing) = missing {
        return Err(format!("the input `{}` is missing", network.inputs[missing].name));
    }
    Ok(values.into_iter().flatten().collect())
}

/// A tensor of an input's shape; leading axes of length 1, such as a batch, may be there or not.
fn tensor(file: &str, input: &Input, memory: u64) -> Result<Tensor, String> {
    let (path, name) = match file.rsplit_once(':') {
        Some((path, name)) if !Path::new(file).exists() => (path, Some(name)),
        _ => (file, None),
    };
    let bytes = files::read_up_to(Path::new(path), memory).map_err(|e| format!("{path}: {e}"))?;
    let tensor = import::tensor(path, &bytes, name, memory).map_err(|refusal| {
        let help = refusal.help.map_or_else(String::new, |help| format!("; {help}"));
        format!("{path}: {}{help}", refusal.message)
    })?;
    let bare = |shape: &Shape| shape.axes().iter().copied().skip_while(|&n| n == 1).collect::<Vec<_>>();
    if bare(tensor.shape()) != bare(&input.shape) {
        return Err(format!("{path}: it is {}, but the input `{}` is {}", tensor.shape(), input.name, input.shape));
    }
    Ok(tensor.reshaped(input.shape.clone()))
}

fn concatenated(inputs: &[Tensor]) -> Result<Tensor, String> {
    if let [only] = inputs {
        let flat = Shape::new([only.len()]).map_err(|e| e.to_string())?;
        return Ok(only.reshaped(flat));
    }
    let values: Vec<Rational> = inputs.iter().flat_map(Tensor::to_rationals).collect();
    let flat = Shape::new([values.len()]).map_err(|e| e.to_string())?;
    Ok(Tensor::from_rationals(flat, &values))
}

fn deliver(value: &Enclosure, path: Option<&Path>) -> u8 {
    let exact = value.low == value.high;
    if let Some(path) = path {
        let half = Rational::new(1.into(), 2.into());
        let middle = if exact { value.low.clone() } else { value.low.plus(&value.high).scaled(&half) };
        return match files::write(path, &import::npy::write(&middle)) {
            Ok(()) => Exit::Proved.into(),
            Err(error) => files::fail(&format!("{}: {error}", path.display())),
        };
    }
    let numbers = |t: &Tensor| t.to_rationals().iter().map(Rational::to_string).collect::<Vec<_>>();
    let shape = value.low.shape().axes();
    let object = match exact {
        true => json!({ "shape": shape, "exact": true, "values": numbers(&value.low) }),
        // A smooth function is irrational: rational bounds of each number.
        false => json!({ "shape": shape, "exact": false, "low": numbers(&value.low), "high": numbers(&value.high) }),
    };
    files::print(format!("{object}\n").as_bytes())
}
