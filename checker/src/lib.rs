//! An independent checker for netprove certificates (`netprove-certificate/1`).
//!
//! It shares no code with netprove. It reads the networks, their layers' definitions and the stated theorems, and
//! decides each theorem again.
//!
//! # What an accepted certificate means
//!
//! 1. **Text** (`text`). Every field is known, present and read once; numbers have one spelling.
//! 2. **Layers** (`layer`). A layer is its defining sum: which entries an output reads, axis by axis, times which
//!    numbers. That definition is written once, and used by everything below. Its output's shape is
//!    the length of its axes, and must be the stated one; the largest offsets are inside of the operands and of the
//!    numbers. So every theorem includes that its shapes are right.
//! 3. **Networks** (`network`). Every operand stands before its user, so a network is a function: each
//!    value is one substitution into its layer's sum.
//! 4. **Theorems** (`theorem`). One rule for each kind of evidence, with its reason in its documentation:
//!    - *composition*: output rows by substitution, modulo integers whose product exceeds every number in question
//!      (`rows`);
//!    - *normal form*: steps that keep the value of every maximum on the domain (`form`);
//!    - *regions*: a proof by cases, which argument every maximum is (`region`), on each of which something is 0 or has
//!      the stated slopes: a difference, what exceeds a tolerance, the distance from the largest of affine functions;
//!    - *layers*: what sums and maxima keep: convexity, signs of slopes, bounds of slopes (`mark`);
//!    - *map*, *matrix*, *constant*: what follows from a map that another theorem states: slopes, ranks (`rank`), that no
//!      convolution has its entries, and that its constant is not 0;
//!    - *witness*, *homogeneity*, *counterexample*, *points*, *bounds*: evaluation at points or over a box, exactly, or
//!      with bounds that are rounded outwards (`value`, `curve`);
//!    - *structure*: what is true of every layer.
//!
//! A theorem about free symbols holds for all their values: what is compared are polynomials, term by term. What
//! refutes gives values to the symbols. A root is the positive square root that it is said to be.
//!
//! What all of it may cost is limited (`work`): a certificate that takes more steps is not accepted, in words.
//!
//! Believed are this crate, `serde_json`, the number crates, Rust, and the machine; and that the networks
//! are those that the source file describes, which [`check_source`] ties to the file by its hash only.

mod curve;
mod form;
mod layer;
mod mark;
mod network;
mod number;
mod rank;
mod region;
mod rows;
mod text;
mod theorem;
mod value;
mod work;

use std::fmt;

use network::Network;
use number::Symbol;
pub use text::MAX_BYTES;
use text::{Json, read, sha256};
use theorem::Context;
use work::Work;

/// The steps that a certificate may take unless more are allowed: about a minute of two cores.
pub const LIMIT: u64 = 100_000_000_000;

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

/// Checks a certificate in at most so many steps ([`LIMIT`]): every theorem is proved, or the first step that is
/// wrong is named.
///
/// # Errors
/// [`Rejection::Unreadable`] if it is no certificate, else the step that is wrong.
pub fn check(bytes: &[u8], limit: u64) -> Result<Checked, Rejection> {
    let (mut checked, results) = check_each(bytes, limit)?;
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
pub fn check_each(bytes: &[u8], limit: u64) -> Result<(Checked, Vec<Result<String, Rejection>>), Rejection> {
    read(bytes)?.record(|f| {
        let text = |name: &str| f.get(name)?.text();
        text("format")?;
        text("sha256")?;
        let written = format!("{}, written by netprove {}", text("file")?, text("netprove")?);
        let symbol =
            |json: &Json| json.record(|f| Ok((f.get("name")?.text()?.into(), f.get("root_of")?.option(Json::whole)?)));
        let (names, roots): (Vec<String>, Vec<Option<u64>>) = f.get("symbols")?.list(symbol)?.into_iter().unzip();
        let symbols = roots.iter().enumerate().map(|(i, root)| root.map_or(Symbol::Free(i), Symbol::Root));
        let symbols: Vec<Symbol> = symbols.collect();
        let networks = f.get("networks")?.list(|network| Network::read(network, &symbols))?;
        let mut context = Context { symbols, names, networks, work: Work::new(limit), maps: Vec::new() };
        let (mut notes, mut results) = (Vec::new(), Vec::new());
        f.get("theorems")?.list(|theorem| {
            theorem.record(|f| {
                let (note, statement, evidence) = (f.get("note")?.text()?, f.get("statement")?, f.get("evidence")?);
                let result = context.prove(statement, evidence);
                let step = format!("theorem {} ({note})", results.len() + 1);
                results.push(result.map_err(|e| e.inside(&step)));
                notes.push(note.to_string());
                Ok(())
            })
        })?;
        let source_sha256 = text("source_sha256")?.to_string();
        Ok((Checked { theorems: Vec::new(), notes, written, source_sha256 }, results))
    })
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
