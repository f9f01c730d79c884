//! `netprove merge PART... --output PATH`: the rows of several files as one map.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;
use netprove::report::export::{Part, Rows};

use super::{Exit, Limits, collapse, files};

/// The parts, and where to write the whole.
#[derive(Args, Debug)]
pub struct Merge {
    /// Files of rows, in any order, that together have every output once.
    #[arg(value_name = "PART", required = true)]
    parts: Vec<PathBuf>,
    /// Where to write the map: .json, .mtx, .net or .rows, by the extension.
    #[arg(long, short, value_name = "PATH")]
    output: PathBuf,
    #[command(flatten)]
    limits: Limits,
}

/// Joins the parts.
pub fn run(options: &Merge) -> u8 {
    let format = match collapse::format(&options.output) {
        Ok(format) => format,
        Err(message) => return files::fail(&message),
    };
    let memory = options.limits.budget().memory;
    let parts = options.parts.iter().map(|path| read(path, memory).map_err(|m| format!("{}: {m}", path.display())));
    let rows = match parts.collect::<Result<Vec<_>, _>>().and_then(|parts| Rows::join(parts, memory)).and_then(whole) {
        Ok(rows) => rows,
        Err(message) => return files::fail(&message),
    };
    match files::write_by(&options.output, |out| format(&rows, out)) {
        Ok(()) => Exit::Proved.into(),
        Err(error) => files::fail(&format!("{}: {error}", options.output.display())),
    }
}

/// Reads and checks a file of rows.
pub fn read(path: &Path, memory: u64) -> Result<Part<'static>, String> {
    let path = path.to_path_buf();
    let open =
        move || File::open(&path).map(|file| Box::new(BufReader::with_capacity(1 << 20, file)) as Box<dyn BufRead>);
    Part::read(Box::new(open), memory)
}

fn whole(rows: Rows<'_>) -> Result<Rows<'_>, String> {
    let ([first, end], all) = (rows.heading.outputs, rows.heading.all_outputs());
    match (first, end) {
        (0, end) if end == all => Ok(rows),
        (0, end) => Err(format!("the outputs {end}..{all} are in no part")),
        (first, _) => Err(format!("the outputs 0..{first} are in no part")),
    }
}
