//! The safetensors format: eight bytes of length, a JSON object, then the tensors' bytes.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::element::{BF16, Element, F16, F32, F64, decode};
use super::{Refusal, choose, read, shape};
use crate::algebra::Tensor;

/// The longest header that the format allows.
const MAX_HEADER: u64 = 100_000_000;

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

/// One tensor of a file; the only one, if no name is given.
///
/// # Errors
/// If the file is damaged, has no such tensor, or one that cannot be exact numbers.
pub fn tensor(bytes: &[u8], name: Option<&str>, memory: u64) -> Result<Tensor, Refusal> {
    let cut = || Refusal::damaged("the file ends within its header");
    let length = u64::from_le_bytes(read(bytes, 0).ok_or_else(cut)?);
    if length > MAX_HEADER {
        return Err(Refusal::damaged(format!("the header claims {length} bytes: this is not a safetensors file")));
    }
    let (header, data) = bytes[8..].split_at_checked(usize::try_from(length).unwrap_or(usize::MAX)).ok_or_else(cut)?;
    let fields: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(header).map_err(|e| Refusal::damaged(format!("the header is not JSON: {e}")))?;
    let names: Vec<&str> = fields.keys().map(String::as_str).filter(|k| *k != "__metadata__").collect();
    let chosen = choose(name, &names)?;
    let entry = fields.get(chosen).cloned().unwrap_or_default();
    let entry: Entry = serde_json::from_value(entry)
        .map_err(|e| Refusal::damaged(format!("the header's entry `{chosen}` is wrong: {e}")))?;
    let (from, to) = entry.data_offsets;
    let data = data.get(from..to).ok_or_else(|| {
        Refusal::damaged(format!("the bytes {from} to {to} of `{chosen}` lie outside the file"))
            .help("it may have been cut off: write it again")
    })?;
    decode(element(&entry.dtype)?, &shape(entry.shape)?, data, memory)
}

fn element(name: &str) -> Result<Element, Refusal> {
    Ok(match name {
        "F64" => Element::Float(F64),
        "F32" => Element::Float(F32),
        "F16" => Element::Float(F16),
        "BF16" => Element::Float(BF16),
        "I64" => Element::Signed(8),
        "I32" => Element::Signed(4),
        "I16" => Element::Signed(2),
        "I8" => Element::Signed(1),
        "U64" => Element::Unsigned(8),
        "U32" => Element::Unsigned(4),
        "U16" => Element::Unsigned(2),
        "U8" => Element::Unsigned(1),
        "BOOL" => Element::Bool,
        other => {
            let message = format!("elements of the type `{other}` are not read");
            return Err(Refusal::unsupported(message).help("store F16, BF16, F32, F64 or integers"));
        }
    })
}
