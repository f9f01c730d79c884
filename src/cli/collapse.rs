//! `netprove collapse FILE[:NET] --output PATH`

use std::io::{self, Write};
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};

use clap::Args;
use netprove::algebra::Budget;
use netprove::collapse::{AffineMap, LimitReached, MapRow, Region};
use netprove::decide::{Evidence, decide, pinned};
use netprove::network::{Network, Program};
use netprove::report::export::{self, Format, Heading, Rows, Writer};
use netprove::report::json::sha256;

use super::progress::Progress;
use super::{Exit, Limits, export_model, files, merge};

/// Which map, which rows of it, and where to.
#[derive(Args, Debug)]
pub struct Collapse {
    /// The file, and the network if it has several: `FILE[:NETWORK]`.
    #[arg(value_name = "FILE[:NET]")]
    target: String,
    /// Where to write it: .json, .mtx, .net or .npz; .onnx, a model with each linear segment merged; or .rows, for `netprove merge`.
    #[arg(long, short, value_name = "PATH")]
    output: PathBuf,
    /// Only the rows of the outputs from A to B - 1, counted from 0 in row-major order.
    #[arg(long, value_name = "A..B", value_parser = files::parse_range)]
    outputs: Option<Range<usize>>,
    #[command(flatten)]
    limits: Limits,
}

/// Why there is no file.
enum Failure {
    /// A limit, in the words of the message.
    Limit(LimitReached),
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

/// Writes the one affine map that a network is.
pub fn run(options: &Collapse) -> u8 {
    if export_model::writes(&options.output) {
        if options.outputs.is_some() {
            return files::fail("`--outputs` is for maps, not for models");
        }
        return export_model::run(&options.target, &options.output, options.limits.budget());
    }
    match written(options) {
        Ok(()) => Exit::Proved.into(),
        Err(exit) => exit.into(),
    }
}

fn written(options: &Collapse) -> Result<(), Exit> {
    let (budget, output) = (options.limits.budget(), &options.output);
    let format = format(output).map_err(wrong)?;
    let (file, wanted) = split(&options.target);
    let (program, _) = files::load(Path::new(file), budget.memory)?;
    let network = choose(&program, wanted).map_err(wrong)?;
    let all = network.output_shape().elements();
    let outputs = options.outputs.clone().unwrap_or(0..all);
    if outputs.end > all {
        return Err(wrong(format!("`{}` has {all} outputs, so the last range is {}..{all}", network.name, all - 1)));
    }
    let job = Job { network, outputs, sources: digest(&program), memory: budget.memory, output };
    // With a constant in the domain, the map that names what the network is has another form.
    let region = if network.is_symbolic() || pinned(network).is_some() { None } else { Region::whole(network) };
    let constant = |region: &Region<'_>| region.layers().any(|(_, l)| l.bias.as_ref().is_some_and(|b| !b.is_zero()));
    let word = if region.as_ref().is_some_and(constant) { "affine" } else { "linear" };
    let result = match region {
        Some(region) => job.stream(&region, format),
        None => job.copy(&map_of(network, file, budget)?, format),
    };
    result.map_err(|failure| match failure {
        Failure::Limit(limit) => too_large(network, word, &limit),
        Failure::Io(error) => wrong(format!("{}: {error}", output.display())),
    })
}

/// The format that a path's extension says.
pub fn format(output: &Path) -> Result<Format, String> {
    let known = output.extension().and_then(|e| e.to_str()).and_then(export::format);
    known.ok_or_else(|| {
        let names: Vec<String> = export::FORMATS.iter().map(|(name, _)| format!(".{name}")).collect();
        let (last, rest) =
            names.split_last().map_or((String::new(), String::new()), |(l, r)| (l.clone(), r.join(", ")));
        format!("{}: the extension says the format: {rest} or {last}", output.display())
    })
}

/// Some rows of a network's map, on their way to a file.
struct Job<'p> {
    network: &'p Network,
    outputs: Range<usize>,
    sources: String,
    memory: u64,
    output: &'p Path,
}

impl Job<'_> {
    /// Rows that are computed piece by piece.
    fn stream(&self, region: &Region<'_>, format: Format) -> Result<(), Failure> {
        let denominator = region.denominator().map_err(Failure::Limit)?;
        let heading = Heading::new(self.network, self.sources.clone(), self.outputs.clone(), &denominator);
        self.write(&heading, format, |take| {
            let flow = region.stream(self.outputs.clone(), self.memory, |rows| match take(rows) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => ControlFlow::Break(error),
            });
            match flow.map_err(Failure::Limit)? {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(error) => Err(error.into()),
            }
        })
    }

    /// Rows of a map that is known.
    fn copy(&self, map: &AffineMap, format: Format) -> Result<(), Failure> {
        let denominator = map.denominator();
        let heading = Heading::new(self.network, self.sources.clone(), self.outputs.clone(), &denominator);
        let (factor, constants) = (&denominator / map.matrix.denominator(), map.bias.numerators_over(&denominator));
        self.write(&heading, format, |take| {
            self.outputs.clone().try_for_each(|row| {
                let entries = map.matrix.row(row).map(|(column, n)| (column, n * &factor)).collect();
                Ok(take(vec![MapRow { entries, constant: constants[row].clone() }])?)
            })
        })
    }

    /// Writes rows as they come into a file of rows beside the output, and from that the output.
    fn write(
        &self,
        heading: &Heading,
        format: Format,
        produce: impl FnOnce(&mut dyn FnMut(Vec<MapRow>) -> io::Result<()>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (mut spool, _watch) = files::temporary(self.output)?;
        let progress = Progress::new("collapsing", self.outputs.len());
        let mut writer = Writer::new(io::BufWriter::with_capacity(1 << 20, spool.as_file_mut()), heading)?;
        produce(&mut |rows| {
            rows.iter().try_for_each(|row| writer.row(row))?;
            progress.add(rows.len());
            Ok(())
        })?;
        writer.finish()?.flush()?;
        drop(progress);
        let rows = merge::read(spool.path(), u64::MAX).and_then(|part| Rows::join(vec![part], self.memory));
        let rows = rows.map_err(io::Error::other)?;
        Ok(files::write_by(self.output, |out| format(&rows, out))?)
    }
}

/// The map of a network with kinks that cancel, or with a constant in its domain.
fn map_of(network: &Network, file: &str, budget: Budget) -> Result<AffineMap, Exit> {
    let decision = decide(network, budget);
    if let Some(map) = decision.evidence.map() {
        return Ok(map.clone());
    }
    let word = decision.verdict.word();
    let no_map = || format!(": it does not collapse to one affine map; `netprove {file}` says why");
    let (exit, why) = match &decision.evidence {
        Evidence::Image(map) => return map.literal(budget.memory).map_err(|limit| too_large(network, word, &limit)),
        Evidence::Structure { limit, .. } => return Err(too_large(network, word, limit)),
        Evidence::Symbolic(_) | Evidence::SymbolicNormalForm(..) | Evidence::FreeStructure { .. } => {
            (Exit::Undecided, ", but its weights are not rational numbers: only a map of those is written".to_string())
        }
        Evidence::Witness(..) => (Exit::Refuted, no_map()),
        _ => (Exit::Undecided, no_map()),
    };
    files::fail(&format!("`{}` is {word}{why}", network.name));
    Err(exit)
}

fn too_large(network: &Network, word: &str, limit: &LimitReached) -> Exit {
    let (name, remedy) = (&network.name, limit.remedy());
    files::fail(&format!("`{name}` is {word}, but its one matrix is too large: {limit}; what would help: {remedy}"));
    Exit::Undecided
}

/// The SHA-256 of all files that a program was read from.
fn digest(program: &Program) -> String {
    let texts = program.sources.files.iter().map(|file| sha256(file.text.as_bytes()));
    sha256(texts.collect::<Vec<_>>().join("\n").as_bytes())
}

fn wrong(message: String) -> Exit {
    files::fail(&message);
    Exit::Wrong
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
