//! Theorems for Coq: the layers by their sums, the verdict, and a check that Coq computes.
//!
//! The files rest on the library in `coq/`, whose definitions of layers share nothing with the
//! lowering. Nothing here decides anything: a wrong verdict becomes a theorem that Coq rejects.

mod claims;
mod cost;
mod evidence;
mod terms;
mod theorems;

use std::collections::BTreeSet;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::algebra::Integer;
use crate::decide::Findings;

/// What integers the theorems compute with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arithmetic {
    /// Coq's own binary integers: nothing is assumed.
    #[default]
    Plain,
    /// Big integers on machine words (package `libcoq-bignums`): quicker to read and compute where
    /// numbers are long; the specifications of primitive integers are assumed.
    Words,
}

/// A file of theorems, and what it does not contain.
#[derive(Clone, Debug)]
pub struct Export {
    /// The file.
    pub text: String,
    /// How many theorems it has.
    pub theorems: usize,
    /// What was not exported, and why; one sentence each.
    pub refused: Vec<String>,
    /// What is stated more weakly than it was found, because Coq would take too long; one sentence each.
    pub notes: Vec<String>,
}

/// The most numbers that the weights of a network may be.
pub const MAX_WEIGHTS: usize = 150_000;
/// The most nonzeros of a matrix that is written out; past it, the theorem is that every layer is affine.
pub const MAX_NONZEROS: usize = 100_000;
/// The most products of weights and entries that a check may go through.
pub const MAX_PRODUCTS: usize = 5_000_000;

/// The most coefficients that the maxima of a normal form may have.
pub const MAX_ATOM_TERMS: usize = 20_000;

/// The theorems of a file: of each network (or the one named), and of each claim that compares.
pub fn export(findings: &Findings<'_>, bytes: &[u8], only: Option<&str>, arithmetic: Option<Arithmetic>) -> Export {
    let program = findings.program;
    let arithmetic = arithmetic.unwrap_or_else(|| theorems::arithmetic(findings, only));
    let mut writer = Writer { arithmetic, ..Writer::default() };
    for (network, finding) in program.networks.iter().zip(&findings.networks) {
        if only.is_none_or(|name| name == network.name) {
            writer.network(network, &finding.decision);
        }
    }
    for (index, (claim, answer)) in program.claims.iter().zip(&findings.claims).enumerate() {
        writer.claim(index, claim, answer, findings, only);
    }
    let file = program.sources.files.first().map_or("", |s| s.name.as_str());
    writer.finish(file, bytes)
}

/// The state of one export.
#[derive(Debug, Default)]
struct Writer {
    arithmetic: Arithmetic,
    body: String,
    /// The positions and the weights that have names.
    positions: BTreeSet<usize>,
    weights: BTreeSet<Integer>,
    /// The theorems, by name.
    theorems: Vec<String>,
    refused: Vec<String>,
    /// What is stated more weakly than it was found.
    notes: Vec<String>,
    /// Whether some network has free weights.
    symbolic: bool,
}

impl Writer {
    fn refuse(&mut self, what: &str, why: &str) {
        self.refused.push(format!("{what} is not exported: {why}"));
    }

    /// A theorem that a check proves.
    fn theorem(&mut self, name: &str, statement: &str, lemma: &str) {
        let _ = writeln!(self.body, "Theorem {name} : {statement}.");
        let _ = writeln!(self.body, "Proof. {lemma} vm_cast_no_check (eq_refl true). Qed.\n");
        self.theorems.push(name.to_string());
    }

    fn finish(self, file: &str, bytes: &[u8]) -> Export {
        let mut out = String::new();
        let sha: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
        let version = env!("CARGO_PKG_VERSION");
        let _ = writeln!(out, "(* Theorems of {}, written by netprove {version}.", comment(file));
        let _ = writeln!(out, "   SHA-256 of the source: {sha}");
        let _ =
            writeln!(out, "   To check them: coqc -R coq Netprove THIS_FILE, with netprove's folder coq/ compiled. *)");
        for refusal in &self.refused {
            let _ = writeln!(out, "(* {} *)", comment(refusal));
        }
        out.push_str("From Coq Require Import List ZArith.\n");
        let words = self.arithmetic == Arithmetic::Words;
        if words {
            out.push_str("From Bignums Require Import BigZ.\n");
        }
        let ring = if words { "Big" } else { "Integers" };
        let free = if self.symbolic { " Polynomials" } else { "" };
        let _ = writeln!(
            out,
            "From Netprove Require Import Network Rows Kinks Cases Check Affine Points MaxPool {ring}{free}."
        );
        out.push_str("Import ListNotations.\nOpen Scope Z_scope.\n\n");
        if !self.positions.is_empty() || !self.weights.is_empty() {
            out.push_str(
                "(* Numbers have names, because names are read faster: p for positions, n and m for weights. *)\n",
            );
        }
        for position in &self.positions {
            let _ = writeln!(out, "Definition p{position} := {position}.");
        }
        for weight in &self.weights {
            let _ = writeln!(out, "Definition {} := {}.", terms::name(weight), terms::literal(weight, self.arithmetic));
        }
        let _ = write!(out, "\n{}", self.body);
        if !self.theorems.is_empty() {
            let _ = writeln!(out, "Definition all_theorems := ({}, I).", self.theorems.join(", "));
            out.push_str("Print Assumptions all_theorems.\n");
        }
        Export { text: out, theorems: self.theorems.len(), refused: self.refused, notes: self.notes }
    }
}

/// Text that cannot end a comment of Coq, nor open a string in one.
fn comment(text: &str) -> String {
    text.replace('"', "'").replace("(*", "( *").replace("*)", "* )").replace('\n', " ")
}
