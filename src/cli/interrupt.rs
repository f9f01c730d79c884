//! Ctrl-C: files that are being written are removed before the program ends.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::{fs, io};

use tempfile::NamedTempFile;

/// What shells report of a program that SIGINT ended: 128 + 2.
const INTERRUPTED: i32 = 130;

static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A temporary file that an interruption removes, until this is dropped.
pub struct Unfinished(PathBuf);

impl Unfinished {
    /// Creates a temporary file and watches over it.
    pub fn create(create: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<(NamedTempFile, Unfinished)> {
        static HANDLER: Once = Once::new();
        HANDLER.call_once(|| {
            // Where there are no signals, an interruption leaves a temporary file, which is all it could leave.
            let _ = ctrlc::set_handler(|| {
                // Held to the end: no file is begun, renamed or finished meanwhile.
                let paths = unfinished();
                paths.iter().for_each(|path| drop(fs::remove_file(path)));
                std::process::exit(INTERRUPTED);
            });
        });
        let mut paths = unfinished();
        let file = create()?;
        paths.insert(file.path().to_path_buf());
        let watch = Unfinished(file.path().to_path_buf());
        Ok((file, watch))
    }

    /// Does what finishes the file, undisturbed.
    pub fn finish<T>(self, finish: impl FnOnce() -> T) -> T {
        let mut paths = unfinished();
        let result = finish();
        paths.remove(&self.0);
        drop(paths);
        result
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        unfinished().remove(&self.0);
    }
}
