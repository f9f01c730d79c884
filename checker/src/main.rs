//! `netprove-check C.json [--source FILE]`: exit status 0 if every theorem is proved, 1 if one is
//! rejected, 2 if the certificate cannot be read.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use netprove_check::{MAX_BYTES, Rejection, check, check_source};

const USAGE: &str = "usage: netprove-check CERTIFICATE.json [--source FILE]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (certificate, source) = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [certificate] if !certificate.starts_with("--") => (certificate.to_string(), None),
        [certificate, "--source", source] | ["--source", source, certificate] => {
            (certificate.to_string(), Some(source.to_string()))
        }
        _ => return fail(USAGE),
    };
    match run(&certificate, source.as_deref()) {
        Ok(lines) => {
            lines.iter().for_each(|line| println!("{line}"));
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

fn run(certificate: &str, source: Option<&str>) -> Result<Vec<String>, Rejection> {
    let bytes = read(certificate)?;
    let checked = check(&bytes)?;
    if let Some(source) = source {
        check_source(&checked, &read(source)?)?;
    }
    Ok(checked.lines())
}

/// At most one byte more than a certificate may have.
fn read(path: &str) -> Result<Vec<u8>, Rejection> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(Path::new(path));
    let read = file.and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|e| Rejection::Unreadable(format!("{path}: {e}")))?;
    Ok(bytes)
}
