//! The command line: files, terminals and exit codes. Everything else is the library's.

mod certify;
mod collapse;
mod coq;
mod equiv;
mod eval;
mod explain;
mod export;
mod export_model;
mod files;
mod fmt;
mod interrupt;
mod merge;
mod progress;
mod prove;
mod question;
mod resume;
mod site;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use netprove::algebra::{Budget, Notes, STANDARD_REGIONS};

/// Proves what a neural network is: linear, affine or nonlinear, exactly.
///
/// `netprove FILE.net` proves the claims of the file; with none, it says what each network is.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(arg_required_else_help = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    prove: Prove,
}

const EXIT_CODES: &str = "Exit status: 0 all proved (or every network reduced to one affine map); 1 something is refuted or \
nonlinear; 2 the input is wrong; 3 undecided, or a limit was reached.";

/// Options of the main job.
#[derive(Args, Debug)]
struct Prove {
    /// Files to prove; a directory stands for its `.net` files, `-` for standard input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Also say which properties every network has: convex, monotone, even, injective and so on.
    #[arg(long)]
    properties: bool,
    #[command(flatten)]
    report: Report,
    #[command(flatten)]
    limits: Limits,
}

/// How a report is written, and where.
#[derive(Args, Debug)]
struct Report {
    /// How the report is printed [default: by the extension of `--output`, else text].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write the report to a file (.txt .md .tex .html .json) instead of standard output; with HTML, or several files,
    /// it may be a directory, `DIR/`, for a page a file and an index.
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Show more of the proof: larger matrices, every value of a witness.
    #[arg(long, short, conflicts_with = "quiet")]
    verbose: bool,
    /// One line for each network and claim.
    #[arg(long, short)]
    quiet: bool,
    /// In JSON, list the entries of matrices with up to this many nonzeros.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    max_entries: usize,
}

/// Limits that hold for every command that computes.
#[derive(Args, Debug)]
struct Limits {
    /// The most memory that matrices and constants may take, such as `512M` or `8G` [default: half of the machine's].
    #[arg(long, value_name = "SIZE", value_parser = files::parse_size)]
    memory: Option<u64>,
    /// How many regions of the input space a search may visit before it gives up; all other work, about ten seconds a
    /// network with the default, is in proportion.
    #[arg(long, value_name = "N", default_value_t = STANDARD_REGIONS, value_parser = clap::value_parser!(u64).range(1..))]
    budget: u64,
    /// Keep the searches by regions in a file, and go on from it: what `--budget` did not decide is decided by
    /// as many runs as it takes.
    #[arg(long, value_name = "FILE", value_parser = resume::open)]
    resume: Option<&'static Notes>,
}

impl Limits {
    fn budget(&self) -> Budget {
        Budget { notes: self.resume, ..Budget::new(self.memory.unwrap_or_else(files::half_of_memory), self.budget) }
    }
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A proof for people, as text.
    Text,
    /// The same for a forge: CommonMark with tables and formulas.
    Markdown,
    /// The same as a LaTeX document that compiles as it is.
    Latex,
    /// The same as one web page with pictures; it needs no network and no script.
    Html,
    /// One object for machines: see schema/netprove-report-1.json.
    Json,
}

impl Report {
    /// The format asked for, or the one that the output's extension names.
    fn format(&self) -> Format {
        let extension = self.output.as_deref().and_then(|p| p.extension()).and_then(|e| e.to_str());
        self.format.unwrap_or(match extension.unwrap_or("").to_ascii_lowercase().as_str() {
            "md" | "markdown" => Format::Markdown,
            "tex" => Format::Latex,
            "html" | "htm" => Format::Html,
            "json" => Format::Json,
            _ => Format::Text,
        })
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the one affine map that a network is: .json, .mtx, .net or .rows, by the extension.
    ///
    /// Its rows are computed and written piece by piece, within `--memory`.
    Collapse(collapse::Collapse),
    /// Join the rows of parts, which `collapse --outputs A..B --output PART.rows` wrote, into one map.
    ///
    /// The file is, byte by byte, what a single `collapse` of all outputs writes.
    Merge(merge::Merge),
    /// Write a certificate of every verdict and claim, for the independent checker.
    Certify {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Where to write it.
        #[arg(long, short, value_name = "PATH")]
        output: PathBuf,
        /// Write what can be certified, even if something cannot.
        #[arg(long)]
        partial: bool,
        #[command(flatten)]
        limits: Limits,
    },
    /// Check a certificate with the independent checker: exit status 0 only if every theorem is proved.
    Check {
        /// The certificate; `-` is standard input.
        #[arg(value_name = "CERTIFICATE")]
        certificate: PathBuf,
        /// Check too that the certificate was made from this file.
        #[arg(long, value_name = "FILE")]
        source: Option<PathBuf>,
        /// The steps that it may take, about a nanosecond of one core each.
        #[arg(long, value_name = "STEPS", default_value_t = netprove_check::LIMIT)]
        limit: u64,
    },
    /// Say whether the networks of two files are the same function, for every input and every choice of their symbols.
    ///
    /// Symbols of the same name are the same numbers in both files.
    Equiv(Box<equiv::Question>),
    /// Evaluate a network at one input, exactly.
    Eval(Box<eval::Question>),
    /// Write theorems or questions for other people's tools.
    #[command(subcommand)]
    Export(export::Export),
    /// Lay out files in the standard way, in place; `-` reads standard input and prints.
    Fmt {
        /// Files to lay out.
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// Change nothing; exit with 1 if a file is laid out differently.
        #[arg(long)]
        check: bool,
    },
    /// Say what a layer, verdict, error or proof rule means; `explain layers` lists the layers.
    Explain {
        /// Its name, such as `conv`, `affine` or `shape-mismatch`.
        name: String,
    },
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// Runs the program; the result is the process's exit code.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let code = match cli.command {
        None => prove::run(&cli.prove),
        Some(Command::Collapse(options)) => collapse::run(&options),
        Some(Command::Merge(options)) => merge::run(&options),
        Some(Command::Certify { file, output, partial, limits }) => {
            certify::run(&file, &output, partial, limits.budget())
        }
        Some(Command::Check { certificate, source, limit }) => certify::check(&certificate, source.as_deref(), limit),
        Some(Command::Equiv(question)) => equiv::run(&question),
        Some(Command::Eval(question)) => eval::run(&question),
        Some(Command::Export(export)) => export::run(&export),
        Some(Command::Fmt { files, check }) => fmt::run(&files, check),
        Some(Command::Explain { name }) => explain::run(&name),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "netprove", &mut script);
            files::print(&script)
        }
        Some(Command::Man) => {
            let mut page = Vec::new();
            match clap_mangen::Man::new(Cli::command()).render(&mut page) {
                Ok(()) => files::print(&page),
                Err(error) => files::fail(&error.to_string()),
            }
        }
    };
    ExitCode::from(resume::close().unwrap_or(code))
}

/// Exit codes, least alarming first; of several the largest in this order is the run's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    Proved,
    Undecided,
    Refuted,
    Wrong,
}

impl From<Exit> for u8 {
    fn from(exit: Exit) -> u8 {
        match exit {
            Exit::Proved => 0,
            Exit::Refuted => 1,
            Exit::Wrong => 2,
            Exit::Undecided => 3,
        }
    }
}
