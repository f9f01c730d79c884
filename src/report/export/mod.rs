//! The collapsed network as a file. A format is one function that writes [`Rows`]; none of them holds more than
//! one row at a time, so maps may be larger than the memory.

mod json;
mod matrix_market;
mod net;
pub mod rows;

use std::io::{self, Write};

pub use rows::{Heading, Part, Rows, Writer};

use crate::algebra::Integer;

/// Writes rows in a format.
pub type Format = fn(&Rows<'_>, &mut dyn Write) -> io::Result<()>;

/// The formats by the extensions of their files, each with what it is.
pub const FORMATS: &[(&str, Format)] =
    &[("json", json::write), ("mtx", matrix_market::write), ("net", net::write), ("rows", |rows, out| rows.write(out))];

/// The format of files with this extension.
pub fn format(extension: &str) -> Option<Format> {
    FORMATS.iter().find(|(known, _)| *known == extension).map(|(_, format)| *format)
}

/// A numerator, hexadecimal: as quick to write and read as it is long.
fn hexadecimal(n: &Integer) -> String {
    n.to_str_radix(16)
}
