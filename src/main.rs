//! The `netprove` command. See `netprove --help`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
