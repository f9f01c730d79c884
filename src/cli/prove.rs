//! `netprove FILE...`: the main job.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use netprove::algebra::Budget;
use netprove::decide::{Findings, Status, prove_with};
use netprove::network::{Claim, Program};
use netprove::report::{self, Detail, Differences, document::Document, html, latex, markdown, text};

use super::progress::Watch;
use super::{Exit, Format, Prove, Report, files, site};

/// Proves every file; reports are printed one after the other.
pub fn run(options: &Prove) -> u8 {
    let paths = match files::expand(&options.files) {
        Ok(paths) => paths,
        Err(message) => return files::fail(&message),
    };
    let budget = options.limits.budget();
    if let Some(folder) = site::folder(&options.report) {
        return site::run(&paths, folder, &options.report, budget);
    }
    let mut parts = Vec::new();
    let mut worst = Exit::Proved;
    for path in &paths {
        match files::load(path, budget.memory) {
            Ok((mut program, bytes)) => {
                let questions = if options.properties { program.questions() } else { Vec::new() };
                let (part, exit) = proved(&program, questions, &bytes, &options.report, budget, || None);
                parts.push(part);
                worst = worst.max(exit);
            }
            Err(exit) => worst = worst.max(exit),
        }
    }
    deliver(joined(&paths, parts, &options.report).as_bytes(), worst, options.report.output.as_deref())
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

/// Decides everything in a program and reports it, with `more` after the proofs; `bytes` are its source.
pub fn reported<'p>(
    program: &'p Program,
    bytes: &[u8],
    options: &Report,
    budget: Budget,
    more: impl FnOnce() -> Option<Differences<'p>>,
) -> (Vec<u8>, Exit) {
    let (part, exit) = proved(program, Vec::new(), bytes, options, budget, more);
    let names: Vec<PathBuf> = program.sources.files.iter().take(1).map(|file| file.name.clone().into()).collect();
    (joined(&names, vec![part], options).into_bytes(), exit)
}

/// What one file contributes to a report.
enum Part {
    /// Lines of text or JSON.
    Lines(String),
    /// Proofs that are rendered together with those of other files.
    Proofs(Vec<Document>),
}

/// Decides everything in a program, and further questions; `more` is by how much the sides of its claim differ.
fn proved<'p>(
    program: &'p Program,
    questions: Vec<Claim>,
    bytes: &[u8],
    options: &Report,
    budget: Budget,
    more: impl FnOnce() -> Option<Differences<'p>>,
) -> (Part, Exit) {
    let watch = Watch::begin();
    let mut findings = prove_with(program, budget, &mut |what| watch.about(what));
    watch.about("properties");
    findings.ask(questions, budget);
    drop(watch);
    let part = match options.format() {
        Format::Json => {
            let object = report::json::object(&findings, bytes, options.max_entries);
            let object = object.with(more().as_ref(), options.max_entries);
            Part::Lines(serde_json::to_string(&object).unwrap_or_default() + "\n")
        }
        _ if options.quiet => Part::Lines(report::quiet(&findings)),
        _ => {
            let mut documents = report::documents(&findings, detail(options));
            documents.extend(more().map(|differences| report::difference(&differences, detail(options))));
            Part::Proofs(documents)
        }
    };
    (part, exit_of(&findings))
}

/// The exit code that findings ask for.
pub fn exit_of(findings: &Findings<'_>) -> Exit {
    match findings.status_of_file() {
        Status::Proved => Exit::Proved,
        Status::Refuted => Exit::Refuted,
        Status::Undecided => Exit::Undecided,
    }
}

/// How much is shown.
pub fn detail(options: &Report) -> Detail {
    let detail = if options.verbose { Detail::VERBOSE } else { Detail::NORMAL };
    Detail { figures: detail.figures || options.format() != Format::Text, ..detail }
}

/// The parts of all files as one report.
fn joined(paths: &[PathBuf], parts: Vec<Part>, options: &Report) -> String {
    let mut lines = String::new();
    let mut proofs = Vec::new();
    for part in parts {
        match part {
            Part::Lines(text) => lines.push_str(&text),
            Part::Proofs(documents) => proofs.extend(documents),
        }
    }
    if !lines.is_empty() || options.quiet {
        return lines;
    }
    let title = paths.iter().map(|path| shown(path)).collect::<Vec<_>>().join(", ");
    match options.format() {
        Format::Markdown => markdown::render(&title, &proofs),
        Format::Latex => latex::render(&title, &proofs),
        Format::Html => html::render(&title, &proofs),
        Format::Text | Format::Json => as_text(&proofs, options),
    }
}

/// A file's name in a title.
pub fn shown(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { path.display().to_string() }
}

fn as_text(documents: &[Document], options: &Report) -> String {
    let terminal = options.output.is_none() && std::io::stdout().is_terminal();
    let style = text::Style { width: width(terminal), color: files::use_color(terminal) };
    let texts: Vec<String> = documents.iter().map(|d| text::render(d, style)).filter(|t| !t.is_empty()).collect();
    texts.join("\n")
}

/// The terminal's width, within what reads well; 80 for files and pipes.
fn width(terminal: bool) -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    let size = || terminal_size::terminal_size().map(|(w, _)| usize::from(w.0));
    let found = if terminal { columns.or_else(size) } else { None };
    found.unwrap_or(80).clamp(40, 120)
}
