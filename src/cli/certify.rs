//! `netprove certify FILE --output C.json` and `netprove check C.json`

use std::io::Write;
use std::path::Path;

use netprove::algebra::Budget;
use netprove::certificate::{Certificate, Gap};
use netprove::decide::{Status, prove};
use netprove_check::Rejection;

use super::{Exit, files};

/// Writes a certificate of everything that is proved or refuted in a file. The independent checker sees it
/// first: what it does not confirm is not certified. With something left out, nothing is written
/// unless `partial`.
pub fn run(path: &Path, output: &Path, partial: bool, budget: Budget) -> u8 {
    let (program, bytes) = match files::load(path, budget.memory) {
        Ok(loaded) => loaded,
        Err(exit) => return exit.into(),
    };
    let findings = prove(&program, budget);
    let mut certificate = Certificate::new(&findings, &bytes);
    let text = match confirmed(&mut certificate) {
        Ok(text) => text,
        Err(why) => return files::fail(&format!("{}: the checker refuses the certificate: {why}", path.display())),
    };
    for Gap { what, reason } in &certificate.gaps {
        // Nothing can be said if standard error is closed.
        let _ = writeln!(std::io::stderr(), "not certified: {what}: {reason}");
    }
    if certificate.gaps.is_empty() || partial {
        if let Err(error) = files::write(output, &text) {
            return files::fail(&format!("{}: {error}", output.display()));
        }
    } else {
        let _ = writeln!(std::io::stderr(), "nothing is written; `--partial` writes a certificate of the rest");
    }
    let exit = match findings.status_of_file() {
        Status::Proved => Exit::Proved,
        Status::Refuted => Exit::Refuted,
        Status::Undecided => Exit::Undecided,
    };
    let gaps = if certificate.gaps.is_empty() { Exit::Proved } else { Exit::Undecided };
    exit.max(gaps).into()
}

/// The text of a certificate whose theorems the checker confirms; the others become gaps.
fn confirmed(certificate: &mut Certificate) -> Result<Vec<u8>, Rejection> {
    let text = certificate.to_bytes();
    let (_, results) = netprove_check::check_each(&text, netprove_check::LIMIT)?;
    let mut rejected = Vec::new();
    for (theorem, result) in results.into_iter().enumerate() {
        if let Err(why) = result {
            let (what, reason) =
                (certificate.note(theorem).to_string(), format!("the checker does not confirm it: {why}"));
            certificate.gaps.push(Gap { what, reason });
            rejected.push(theorem);
        }
    }
    if rejected.is_empty() {
        return Ok(text);
    }
    certificate.without(&rejected);
    Ok(certificate.to_bytes())
}

/// Runs the independent checker.
pub fn check(path: &Path, source: Option<&Path>, limit: u64) -> u8 {
    let unreadable = |path: &Path, why: String| files::fail(&format!("{}: {why}", path.display()));
    let text = match files::read_first(path, netprove_check::MAX_BYTES as u64 + 1) {
        Ok(text) => text,
        Err(why) => return unreadable(path, why),
    };
    let source = match source.map(|source| files::read(source).map_err(|why| unreadable(source, why))).transpose() {
        Ok(source) => source,
        Err(exit) => return exit,
    };
    let checked = netprove_check::check(&text, limit).and_then(|checked| {
        source.as_ref().map_or(Ok(()), |source| netprove_check::check_source(&checked, source))?;
        Ok(checked)
    });
    match checked {
        Ok(checked) => files::print(format!("{}\n", checked.lines().join("\n")).as_bytes()),
        Err(Rejection::Unreadable(why)) => unreadable(path, why),
        Err(rejected) => {
            let _ = writeln!(std::io::stderr(), "rejected: {}: {rejected}", path.display());
            Exit::Refuted.into()
        }
    }
}
