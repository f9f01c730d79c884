//! Certificates: verdicts with their evidence, for checkers that believe nothing of ours.
//!
//! A certificate holds the networks as their layers define them, the theorems, and as little evidence
//! as a checker needs. `docs/certificate.md` is the format; the crate `netprove-check` checks it. The
//! same findings give the same bytes.

mod elaborate;
mod format;
mod property;
mod regions;
mod theorem;

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use sha2::{Digest, Sha256};

use crate::decide::Findings;
use format::{CertificateText, EvidenceText};

/// The format's name and version.
pub const FORMAT: &str = "netprove-certificate/1";

/// A verdict that a certificate cannot hold, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The claim or the network.
    pub what: String,
    /// The reason, as a sentence.
    pub reason: String,
}

/// A certificate of everything that was found out about a file.
#[derive(Debug)]
pub struct Certificate {
    text: CertificateText,
    /// What it does not hold.
    pub gaps: Vec<Gap>,
}

impl Certificate {
    /// The certificate of some findings; `source` are the bytes of the file.
    pub fn new(findings: &Findings<'_>, source: &[u8]) -> Certificate {
        let program = findings.program;
        let (elaborated, theorems, gaps) = theorem::theorems(findings);
        let text = CertificateText {
            format: FORMAT,
            file: program.sources.files.first().map_or(String::new(), |f| f.name.clone()),
            netprove: env!("CARGO_PKG_VERSION"),
            source_sha256: sha256(source),
            symbols: elaborated.symbols,
            networks: elaborated.networks,
            theorems,
        };
        Certificate { text, gaps }
    }

    /// The number of theorems.
    pub fn theorems(&self) -> usize {
        self.text.theorems.len()
    }

    /// What a theorem is about, for people.
    pub fn note(&self, theorem: usize) -> &str {
        &self.text.theorems[theorem].note
    }

    /// Leaves out theorems, by their indices, ascending; none that is left may rest on one of them.
    pub fn without(&mut self, theorems: &[usize]) {
        let mut index = 0;
        self.text.theorems.retain(|_| (theorems.binary_search(&index).is_err(), index += 1).0);
        for left in &mut self.text.theorems {
            if let EvidenceText::Map { theorem } | EvidenceText::Matrix { theorem, .. } = &mut left.evidence {
                *theorem -= theorems.iter().filter(|out| **out < *theorem).count();
            }
        }
    }

    /// The canonical text, sealed: its last field is the SHA-256 of all bytes before that field.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut serializer = Serializer::with_formatter(&mut bytes, Lines { depth: 0 });
        // Neither writing to memory nor these types can fail.
        let _ = self.text.serialize(&mut serializer);
        let end = bytes.iter().rposition(|b| *b == b'}').unwrap_or(0);
        bytes.truncate(end);
        let body = bytes.trim_ascii_end().len();
        bytes.truncate(body);
        bytes.extend_from_slice(b",\n  ");
        let seal = sha256(&bytes);
        bytes.extend_from_slice(format!("\"sha256\":\"{seal}\"\n}}\n").as_bytes());
        bytes
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One line for each field, network, layer and theorem; what is inside of these stays on the line.
struct Lines {
    depth: usize,
}

/// The depth at which fields of theorems and layers stand.
const LINES: usize = 5;

impl Lines {
    fn line<W: ?Sized + io::Write>(&self, writer: &mut W) -> io::Result<()> {
        if self.depth > LINES {
            return Ok(());
        }
        writer.write_all(b"\n")?;
        writer.write_all("  ".repeat(self.depth).as_bytes())
    }

    fn begin<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        writer.write_all(bracket)
    }

    fn end<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        writer.write_all(bracket)
    }

    fn item<W: ?Sized + io::Write>(&self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        self.line(writer)
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"[")
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.item(writer, first)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.item(writer, first)
    }
}
