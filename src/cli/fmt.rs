//! `netprove fmt [--check] FILE...`

use std::io::Write;
use std::path::{Path, PathBuf};

use netprove::diagnostic::{Source, Sources};
use netprove::network::Rejected;
use netprove::syntax;

use super::{Exit, files};

/// Lays out files in place, or checks that they are.
pub fn run(paths: &[PathBuf], check: bool) -> u8 {
    paths.iter().map(|path| one(path, check)).max().unwrap_or(Exit::Proved).into()
}

fn one(path: &Path, check: bool) -> Exit {
    let name = path.display().to_string();
    let bytes = match files::read(path) {
        Ok(bytes) => bytes,
        Err(reason) => {
            files::fail(&format!("{name}: {reason}"));
            return Exit::Wrong;
        }
    };
    let source = String::from_utf8_lossy(&bytes).into_owned();
    let sources = Sources { files: vec![Source { name: name.clone(), text: source }] };
    let formatted = syntax::decode(bytes, 0).map_err(|m| vec![m]).and_then(|text| Ok((syntax::format(&text)?, text)));
    let (formatted, text) = match formatted {
        Ok(pair) => pair,
        Err(diagnostics) => return files::reject(&Rejected { sources, diagnostics }),
    };
    if check {
        if formatted == text {
            return Exit::Proved;
        }
        let called = if name == "-" { "standard input" } else { &name };
        let _ = writeln!(std::io::stderr(), "{called}: not laid out in the standard way; run `netprove fmt {name}`");
        return Exit::Refuted;
    }
    if path == Path::new("-") {
        files::print(formatted.as_bytes());
    } else if formatted != text
        && let Err(error) = files::write(path, formatted.as_bytes())
    {
        files::fail(&format!("{name}: {error}"));
        return Exit::Wrong;
    }
    Exit::Proved
}
