//! An independent checker for netprove certificates (`netprove-certificate/1`).
//!
//! It shares no code with netprove. It reads the networks, their layers' definitions and the stated theorems, and
//! decides each theorem again.
//!
//! # What an accepted certificate means
//!
//! 1. **Text** (`format`). Every field is known, present and read once; numbers have one spelling.
//! 2. **Layers** (`layer`). A layer is its defining sum, written once, and used by everything below. Its
//!    output's shape is computed (`shape`) from its operands and geometry, and must be the stated one; weights must
//!    have the size that the sum reads. After that no sum reads an entry that does not exist: an index
//!    that is out of range is an error, never 0. So every theorem includes that its shapes are right.
//! 3. **Networks** (`network`). Every operand stands before its user, so a network is a function: each
//!    value is one substitution into its layer's sum.
//! 4. **Theorems** (`theorem`). One rule for each kind of evidence, with its reason in its documentation:
//!    - *composition*: output rows by substitution, exactly (`rows`);
//!    - *normal form*: steps that keep the value of every maximum on the domain (`form`);
//!    - *witness*, *homogeneity*, *counterexample*, *bounds*: evaluation at points or over a box, exactly, or with bounds
//!      that are rounded outwards (`value`, `curve`);
//!    - *structure*: what is true of every layer.
//!
//! A theorem about free symbols holds for all their values: what is compared are polynomials, term by term. What
//! refutes gives values to the symbols. A root is the positive square root that it is said to be.
//!
//! Believed are this crate, `serde_json`, the number crates, Rust, and the machine; and that the networks
//! are those that the source file describes, which [`check_source`] ties to the file by its hash only.

mod curve;
mod form;
mod format;
mod layer;
mod network;
mod number;
mod rows;
mod shape;
mod stated;
mod table;
mod theorem;
mod value;
mod window;

use std::fmt;

pub use format::MAX_BYTES;
use format::{Statement, read, sha256};
use network::Network;
use theorem::Context;

/// Why a certificate is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// It is no certificate of this version.
    Unreadable(String),
    /// It is one, and a step of it is wrong.
    Wrong {
        /// Which.
        step: String,
        /// Why.
        reason: String,
    },
}

impl Rejection {
    fn at(step: &str, reason: impl Into<String>) -> Rejection {
        Rejection::Wrong { step: step.into(), reason: reason.into() }
    }

    /// The same, inside of a larger step.
    fn inside(self, outer: &str) -> Rejection {
        match self {
            Rejection::Unreadable(why) => Rejection::Unreadable(format!("{outer}: {why}")),
            Rejection::Wrong { step, reason } if step.is_empty() => Rejection::Wrong { step: outer.into(), reason },
            Rejection::Wrong { step, reason } => Rejection::Wrong { step: format!("{outer}, {step}"), reason },
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejection::Unreadable(why) => write!(f, "unreadable: {why}"),
            Rejection::Wrong { step, reason } => write!(f, "{step}: {reason}"),
        }
    }
}

impl std::error::Error for Rejection {}

/// What was proved.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The theorems, in words, by the checker's own reading of them.
    pub theorems: Vec<String>,
    /// What the certificate says of each; not checked.
    pub notes: Vec<String>,
    /// The file and the program that the certificate says it is of; not checked.
    pub written: String,
    /// The SHA-256 of the source, as the certificate states it.
    pub source_sha256: String,
}

impl Checked {
    /// The theorems as lines of text.
    pub fn lines(&self) -> Vec<String> {
        let theorems = self.theorems.iter().enumerate().map(|(i, theorem)| format!("proved {}: {theorem}", i + 1));
        let all = format!("{} theorems proved; certificate of {}", self.theorems.len(), self.written);
        theorems.chain([all]).collect()
    }
}

/// Checks a certificate: every theorem is proved, or the first step that is wrong is named.
///
/// # Errors
/// [`Rejection::Unreadable`] if it is no certificate, else the step that is wrong.
pub fn check(bytes: &[u8]) -> Result<Checked, Rejection> {
    let (mut checked, results) = check_each(bytes)?;
    for result in results {
        checked.theorems.push(result?);
    }
    Ok(checked)
}

/// The same, for each theorem by itself: in words, or why it is not proved. The theorems of [`Checked`] are
/// left empty.
///
/// # Errors
/// As for [`check`], if a network is wrong.
pub fn check_each(bytes: &[u8]) -> Result<(Checked, Vec<Result<String, Rejection>>), Rejection> {
    let certificate = read(bytes)?;
    let mut networks = Vec::new();
    for network in certificate.networks {
        networks.push(Network::new(network, &certificate.symbols)?);
    }
    let context = Context { symbols: certificate.symbols, networks };
    let prove = |(at, theorem): (usize, &format::Theorem)| match context.prove(theorem) {
        Ok(()) => Ok(words(&theorem.statement, &context)),
        Err(e) => Err(e.inside(&format!("theorem {} ({})", at + 1, theorem.note))),
    };
    let results = certificate.theorems.iter().enumerate().map(prove).collect();
    let notes = certificate.theorems.into_iter().map(|theorem| theorem.note).collect();
    let written = format!("{}, written by netprove {}", certificate.file, certificate.netprove);
    let source_sha256 = certificate.source_sha256;
    Ok((Checked { theorems: Vec::new(), notes, written, source_sha256 }, results))
}

/// Checks that a certificate was made from this file.
///
/// # Errors
/// If the hash is another.
pub fn check_source(checked: &Checked, source: &[u8]) -> Result<(), Rejection> {
    match sha256(source) == checked.source_sha256 {
        true => Ok(()),
        false => {
            Err(Rejection::at("the source", "`source_sha256` is not its hash: the certificate is of another file"))
        }
    }
}

/// A statement in words.
fn words(statement: &Statement, context: &Context) -> String {
    let network = |index: usize| &context.networks[index];
    let name = |index: usize| format!("`{}`", network(index).name);
    let shape = |axes: &[usize]| axes.iter().map(usize::to_string).collect::<Vec<_>>().join("×");
    let domain = |index: usize| {
        let one = |(axes, domain): (&Vec<usize>, &Option<_>)| match domain {
            Some((low, high)) => format!("[{low}, {high}]^({})", shape(axes)),
            None => format!("ℚ^({})", shape(axes)),
        };
        let inputs = network(index).inputs.iter().zip(&network(index).domains).map(one);
        inputs.collect::<Vec<_>>().join(" × ")
    };
    let symbols = |indices: &[usize], nonnegative: &[usize]| {
        let symbolic = indices.iter().any(|&index| network(index).is_symbolic());
        let positive: Vec<&str> = nonnegative.iter().map(|&s| context.symbols[s].name.as_str()).collect();
        match (symbolic, positive.is_empty()) {
            (false, _) => String::new(),
            (true, true) => " and all values of the symbols".into(),
            (true, false) => format!(" and all values of the symbols with {} ≥ 0", positive.join(", ")),
        }
    };
    let within = |tolerance: &Option<String>| tolerance.as_ref().map_or(String::new(), |t| format!(", within {t}"));
    match statement {
        Statement::AffineMap { network: f, map } => {
            let entries =
                format!("M is {}×{} with {} entries that are not 0", map.rows, map.columns, map.entries.len());
            format!("{0}(x) = M x + b for all x in {1}{2}; {entries}", name(*f), domain(*f), symbols(&[*f], &[]))
        }
        Statement::Affine { network: f } => {
            format!("{} is affine on {}, for all values of its symbols", name(*f), domain(*f))
        }
        Statement::Linear { network: f } => {
            format!("{} is linear on {}, for all values of its symbols", name(*f), domain(*f))
        }
        Statement::NotAffine { network: f } => format!("{} is not affine on {}", name(*f), domain(*f)),
        Statement::NotLinear { network: f } => format!("{} is not linear on {}", name(*f), domain(*f)),
        Statement::Equal { left, right, within: tolerance, nonnegative } => {
            let all = format!("{}{}", domain(*left), symbols(&[*left, *right], nonnegative));
            format!("{}(x) = {}(x){} for all x in {all}", name(*left), name(*right), within(tolerance))
        }
        Statement::Different { left, right, within: tolerance, .. } => {
            format!("{}(x) ≠ {}(x){} for some x in {}", name(*left), name(*right), within(tolerance), domain(*left))
        }
        Statement::PositivelyHomogeneous { network: f } => {
            format!("{0}(a x) = a {0}(x) for all x and all a ≥ 0", name(*f))
        }
    }
}
