//! `--resume FILE`: searches that did not end, from one run to the next.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::OnceLock;

use netprove::algebra::Notes;

use super::files;

/// The file of this run, and what is noted.
static OPEN: OnceLock<(PathBuf, Notes)> = OnceLock::new();

/// Reads the notes of earlier runs; where there is no file there are none yet.
pub fn open(path: &str) -> Result<&'static Notes, String> {
    let notes = match std::fs::read_to_string(path) {
        Ok(text) => Notes::from_text(&text)?,
        Err(error) if error.kind() == ErrorKind::NotFound => Notes::default(),
        Err(error) => return Err(error.to_string()),
    };
    Ok(&OPEN.get_or_init(|| (path.into(), notes)).1)
}

/// Writes what is noted now; an exit code, where that fails.
pub fn close() -> Option<u8> {
    let (path, notes) = OPEN.get()?;
    if notes.is_empty() {
        return None;
    }
    let written = files::write(path, notes.to_text().as_bytes());
    written.err().map(|error| files::fail(&format!("{}: {error}", path.display())))
}
