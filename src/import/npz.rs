//! NumPy's `.npz`: a zip archive of `.npy` files, one a tensor.

use super::{Refusal, choose, npy, zip};
use crate::algebra::Tensor;

/// One tensor of an archive; the only one, if no name is given.
///
/// # Errors
/// As for [`npy::tensor`], and if there is no such tensor.
pub fn tensor(bytes: &[u8], name: Option<&str>, memory: u64) -> Result<Tensor, Refusal> {
    let entries = zip::entries(bytes)?;
    let stem = |entry: &zip::Entry<'_>| entry.name.strip_suffix(".npy").map(str::to_string);
    let names: Vec<String> = entries.iter().filter_map(stem).collect();
    let chosen = choose(name, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
    let entry = entries.iter().find(|e| e.name.strip_suffix(".npy") == Some(chosen));
    let entry = entry.ok_or_else(|| Refusal::damaged(format!("the file has no tensor `{chosen}`")))?;
    npy::tensor(&entry.unpack(bytes, memory)?, memory)
}

/// An archive of `.npy` files, each given by its tensor's name; `None` above 4 GiB.
pub fn write(files: Vec<(String, Vec<u8>)>) -> Option<Vec<u8>> {
    let files: Vec<(String, Vec<u8>)> = files.into_iter().map(|(name, data)| (format!("{name}.npy"), data)).collect();
    zip::archive(&files)
}
