//! Atoms and cases: why maxima cancel, as the Coq library checks it.

use std::collections::HashMap;
use std::fmt::Write;

use num_traits::Zero;

use super::terms::{Ring, list, over};
use super::{MAX_ATOM_TERMS, Writer};
use crate::algebra::{Integer, Polynomial, Rational, Scalar};
use crate::decide::blockers;
use crate::decide::normal_form::{Atoms, Limits, Linear, atoms};
use crate::decide::regions::{Cases, Multipliers, Program, Tree};
use crate::layer::Weights;
use crate::network::Network;

/// What the atoms have to do for a theorem to hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Needs<'c> {
    /// No atom is left in the outputs.
    Affine,
    /// The outputs are 0.
    Zero,
    /// The outputs are at most this, in absolute value.
    Within(&'c Rational),
    /// What is left of the atoms is decided by cases.
    Cases(&'c Cases),
}

impl Writer {
    /// Evidence for what holds of a network, as a term; definitions that it needs begin with `name`.
    pub fn evidence(&mut self, name: &str, network: &Network, needs: Needs<'_>, ring: Ring) -> Result<String, String> {
        if blockers(network).is_empty() {
            return Ok(format!("(plainly {})", self.ring(ring)));
        }
        match ring {
            Ring::Numbers => self.atoms::<Integer>(name, network, needs, ring),
            Ring::Polynomials => self.atoms::<Polynomial>(name, network, needs, ring),
        }
    }

    fn atoms<C: Weights>(
        &mut self,
        name: &str,
        network: &Network,
        needs: Needs<'_>,
        ring: Ring,
    ) -> Result<String, String> {
        let found = atoms::<C>(network, &Limits::default()).ok_or("its normal form is too large for Coq")?;
        if found.atoms.iter().any(Vec::is_empty) {
            return Err("its proof multiplies values that vary, which is not stated here".into());
        }
        if !suffice(&found, needs) {
            return Err("its normal form alone does not decide it: it takes cases, or signs of weights, that are not stated here".into());
        }
        let terms: usize = found.atoms.iter().flatten().map(|form| form.terms.len() + 1).sum();
        if terms > MAX_ATOM_TERMS {
            return Err(format!(
                "the maxima in its normal form have {terms} terms, more than the {MAX_ATOM_TERMS} that Coq compares in useful time"
            ));
        }
        let of = self.ring(ring);
        let (binder, applied) = if ring == Ring::Polynomials { (" k", " k") } else { ("", "") };
        let listed: Vec<String> =
            found.atoms.iter().zip(&found.most).map(|(forms, most)| self.atom(forms, most.as_ref(), ring)).collect();
        let _ = writeln!(self.body, "Definition atoms_{name}{binder} : table {of} := [\n{}].\n", listed.join(";\n"));
        let tree = match needs {
            Needs::Cases(cases) => {
                let place = places(&found, &cases.program).ok_or("its cases are about other maxima")?;
                let tree = self.tree(&cases.tree, &place, found.inputs);
                let _ = writeln!(self.body, "Definition cases_{name} : tree {of} := {tree}.\n");
                format!("cases_{name}")
            }
            _ => format!("(Leaf {of})"),
        };
        let table = if applied.is_empty() { format!("atoms_{name}") } else { format!("(atoms_{name}{applied})") };
        Ok(format!("(Evidence {of} {table} {tree})"))
    }

    /// `listed R denominator [(constant, [(position, weight); …]); …] most`
    fn atom<S: Scalar>(&mut self, forms: &[Linear<S>], most: Option<&Rational>, ring: Ring) -> String {
        let values = forms.iter().flat_map(Linear::coefficients).map(Scalar::to_polynomial);
        let (numerators, denominator) = over(values);
        let mut numerators = numerators.into_iter();
        let lines: Vec<String> = forms
            .iter()
            .map(|form| {
                let terms: Vec<String> = form
                    .terms
                    .iter()
                    .zip(numerators.by_ref())
                    .map(|((variable, _), weight)| {
                        format!("({}, {})", self.position(*variable), self.entry(&weight, ring))
                    })
                    .collect();
                let constant = numerators.next().unwrap_or_default();
                format!("({}, {})", self.entry(&constant, ring), list(terms))
            })
            .collect();
        let most = most.map_or("None".into(), |most| {
            format!("(Some ({}, {}%positive))", self.constant(most.numer(), ring), most.denom())
        });
        format!("  listed {} {denominator} {} {most}", self.ring(ring), list(lines))
    }

    fn tree(&mut self, tree: &Tree, place: &[usize], inputs: usize) -> String {
        let of = self.ring(Ring::Numbers);
        let variable = |atom: usize| inputs + place[atom] + 1;
        match tree {
            Tree::Leaf => format!("(Leaf {of})"),
            Tree::Empty(proof) => format!("(Empty {of} {})", self.multipliers(proof)),
            Tree::Fixed { atom, argument, others, then } => {
                let others: Vec<String> = others.iter().map(|proof| self.multipliers(proof)).collect();
                let then = self.tree(then, place, inputs);
                format!("(Fixed {of} {} {argument}%nat {} {then})", variable(*atom), list(others))
            }
            Tree::Split { atom, branches } => {
                let branches: Vec<String> = branches.iter().map(|t| self.tree(t, place, inputs)).collect();
                format!("(Split {of} {} {})", variable(*atom), list(branches))
            }
        }
    }

    fn multipliers(&mut self, proof: &Multipliers) -> String {
        list(proof.iter().map(|(index, factor)| format!("({}%positive, {})", index + 1, self.weight(factor))))
    }
}

/// Whether the atoms do what they have to.
fn suffice<C: Weights>(found: &Atoms<C>, needs: Needs<'_>) -> bool {
    let is_affine = |form: &Linear<C::Value>| form.terms.iter().all(|(v, _)| *v < found.inputs);
    match needs {
        Needs::Affine => found.outputs.iter().all(is_affine),
        Needs::Zero => {
            found.outputs.iter().all(|form| form.terms.is_empty() && form.constant.to_polynomial().is_zero())
        }
        Needs::Within(bound) => found.largest.as_ref().is_some_and(|largest| largest <= bound),
        Needs::Cases(_) => true,
    }
}

/// Where each atom of a program is among all atoms.
fn places<C: Weights>(found: &Atoms<C>, program: &Program) -> Option<Vec<usize>> {
    let numbers = |forms: &Vec<Linear<C::Value>>| forms.iter().map(Linear::numbers).collect::<Option<Vec<Linear>>>();
    let names: HashMap<Vec<Linear>, usize> =
        found.atoms.iter().enumerate().filter_map(|(at, forms)| Some((numbers(forms)?, at))).collect();
    let mut places: Vec<usize> = Vec::new();
    for arguments in &program.atoms {
        // The first argument is 0.
        let renamed = arguments.iter().skip(1).map(|form| {
            let mut form = form.clone();
            for (variable, _) in &mut form.terms {
                if let Some(atom) = program.atom(*variable) {
                    *variable = found.inputs + places.get(atom)?;
                }
            }
            Some(form)
        });
        places.push(*names.get(&renamed.collect::<Option<Vec<Linear>>>()?)?);
    }
    Some(places)
}
