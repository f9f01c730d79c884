//! `netprove FILE...`: the main job.

use std::io::IsTerminal;
use std::path::Path;

use netprove::algebra::Budget;
use netprove::decide::{Findings, Status, prove};
use netprove::network::Program;
use netprove::report::{self, Detail, document::Document, text};

use super::{Exit, Format, Prove, Report, files};

/// Proves every file; reports are printed one after the other.
pub fn run(options: &Prove) -> u8 {
    let mut output = Vec::new();
    let mut worst = Exit::Proved;
    for path in &options.files {
        let exit = match one(path, options) {
            Ok((report, exit)) => {
                if !output.is_empty() && options.report.format == Format::Text && !options.report.quiet {
                    output.push(b'\n');
                }
                output.extend(report);
                exit
            }
            Err(exit) => exit,
        };
        worst = worst.max(exit);
    }
    deliver(&output, worst, options.report.output.as_deref())
}

/// Prints a report, or writes it to a file, and says how it went.
pub fn deliver(report: &[u8], exit: Exit, path: Option<&Path>) -> u8 {
    let written = match path {
        // Whoever reads the output can rely on it: it is of every file, or there is none.
        _ if exit == Exit::Wrong => 0,
        None => files::print(report),
        Some(path) => match files::write(path, report) {
            Ok(()) => 0,
            Err(error) => files::fail(&format!("{}: {error}", path.display())),
        },
    };
    if written == 0 { exit.into() } else { written }
}

fn one(path: &Path, options: &Prove) -> Result<(Vec<u8>, Exit), Exit> {
    let budget = options.limits.budget();
    let (program, bytes) = files::load(path, budget.memory)?;
    Ok(reported(&program, &bytes, &options.report, budget))
}

/// Decides everything in a program; `bytes` are its source.
pub fn reported(program: &Program, bytes: &[u8], options: &Report, budget: Budget) -> (Vec<u8>, Exit) {
    let findings = prove(program, budget);
    let text = match options.format {
        Format::Json => {
            let object = report::json::object(&findings, bytes, options.max_entries);
            let mut text = serde_json::to_string(&object).unwrap_or_default();
            text.push('\n');
            text
        }
        Format::Text if options.quiet => report::quiet(&findings),
        Format::Text => as_text(&findings, options),
    };
    let exit = match findings.status_of_file() {
        Status::Proved => Exit::Proved,
        Status::Refuted => Exit::Refuted,
        Status::Undecided => Exit::Undecided,
    };
    (text.into_bytes(), exit)
}

fn as_text(findings: &Findings<'_>, options: &Report) -> String {
    let terminal = options.output.is_none() && std::io::stdout().is_terminal();
    let style = text::Style { width: width(terminal), color: files::use_color(terminal) };
    let detail = if options.verbose { Detail::VERBOSE } else { Detail::NORMAL };
    let pairs = findings.program.networks.iter().zip(&findings.networks);
    let mut parts: Vec<Document> = pairs.map(|(n, r)| report::network(n, r, findings.program, detail)).collect();
    parts.extend(report::claims(findings, detail));
    let texts: Vec<String> = parts.iter().map(|d| text::render(d, style)).filter(|t| !t.is_empty()).collect();
    texts.join("\n")
}

/// The terminal's width, within what reads well; 80 for files and pipes.
fn width(terminal: bool) -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    let size = || terminal_size::terminal_size().map(|(w, _)| usize::from(w.0));
    let found = if terminal { columns.or_else(size) } else { None };
    found.unwrap_or(80).clamp(40, 120)
}
