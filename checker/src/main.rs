//! `netprove-check C.json [--source FILE] [--limit STEPS]`: exit status 0 if every theorem is proved, 1 if one is
//! rejected, 2 if the certificate cannot be read.

use std::io::{Read, Write};
use std::process::ExitCode;

use netprove_check::{LIMIT, MAX_BYTES, Rejection, check, check_source};

const USAGE: &str = "usage: netprove-check CERTIFICATE.json [--source FILE] [--limit STEPS]";

fn main() -> ExitCode {
    let (mut certificate, mut source, mut limit) = (None, None, Some(LIMIT));
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--source" => source = arguments.next(),
            "--limit" => limit = arguments.next().and_then(|steps| steps.parse().ok()),
            _ if certificate.is_none() && !argument.starts_with("--") => certificate = Some(argument),
            _ => limit = None,
        }
    }
    let (Some(certificate), Some(limit)) = (certificate, limit) else { return fail(USAGE) };
    match run(&certificate, source.as_deref(), limit) {
        Ok(lines) => {
            // A closed pipe is no error.
            let _ = writeln!(std::io::stdout(), "{}", lines.join("\n"));
            ExitCode::SUCCESS
        }
        Err(Rejection::Unreadable(why)) => fail(&format!("{certificate}: {why}")),
        Err(rejected) => {
            eprintln!("rejected: {certificate}: {rejected}");
            ExitCode::from(1)
        }
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(2)
}

fn run(certificate: &str, source: Option<&str>, limit: u64) -> Result<Vec<String>, Rejection> {
    let checked = check(&read(certificate)?, limit)?;
    if let Some(source) = source {
        check_source(&checked, &read(source)?)?;
    }
    Ok(checked.lines())
}

/// At most one byte more than a certificate may have.
fn read(path: &str) -> Result<Vec<u8>, Rejection> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|e| Rejection::Unreadable(format!("{path}: {e}")))?;
    Ok(bytes)
}
