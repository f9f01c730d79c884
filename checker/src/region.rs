//! Proofs by cases: which argument each maximum is, region by region.
//!
//! A *program* says what a network computes: atoms, each the maximum of affine forms over the inputs and
//! earlier atoms, and outputs, affine forms over all of them. That it is the network is checked by
//! normal forms. Then a *tree* of cases is walked from its root, the domain. A region is where
//! finitely many affine functions g of the inputs are ≥ 0. A node is
//! - `split`: one branch for each argument of an atom's maximum. In branch j the atom is argument j, and the
//!   region gains the functions argument j − argument i;
//! - `fixed`: the atom is one argument on the whole region, because for every other, the region with
//!   d = other − this ≥ 0 has no points inside (or d is a constant ≤ 0);
//! - `empty`: the region has no points inside;
//! - `leaf`: the outputs are affine functions of the inputs now, and are compared with what is claimed.
//!
//! That a region *has no points inside* is shown by positive numbers λ with Σ λᵢgᵢ = c, a constant, where
//! c < 0, or c = 0 and some gᵢ is not constant: a point of the region with every gᵢ > 0 that is not constant would
//! make the sum ≥ 0, and > 0 if some are.
//!
//! *Soundness.* Take a point x inside of the domain at which no function g ≠ 0 of the tree is 0: all but those
//! on finitely many hyperplanes. Walk down with x, at a split into the branch of the largest argument.
//! Every region on the way contains x, and all g that are not constant are > 0 there. So no
//! `empty` is reached; at `fixed`, d(x) > 0 would be impossible by the same argument, so the atom is that
//! argument at x; and at the leaf the outputs at x are those forms. What is claimed of every leaf
//! (values, or slopes) then holds around all such x; they are dense in the domain, which is convex,
//! and the network is continuous: so values agree everywhere, and bounds on slopes bound differences along
//! every segment.

use num_traits::{Signed, Zero};

use crate::Rejection;
use crate::form::{CONSTANT, Form, Forms, constant, minus, scaled, sum, variable};
use crate::layer::wrong;
use crate::number::{Poly, Rat};
use crate::text::Json;
use crate::work::Work;

/// The most atoms that may be open at once: the walk goes as deep.
const MAX_ATOMS: usize = 1000;

/// What a network computes, in terms of maxima.
pub struct Program {
    inputs: usize,
    atoms: Vec<Vec<Form>>,
    outputs: Vec<Form>,
}

impl Program {
    /// A program over so many inputs: `{atoms, outputs}`, forms `[constant, [[variable, coefficient], …]]`.
    pub fn read(json: &Json, inputs: usize) -> Result<Program, Rejection> {
        let form = |json: &Json, variables: usize| {
            let term = |term: &Json| term.pair(Json::size, Json::rational);
            let (number, terms) = json.pair(Json::rational, |terms| terms.list(term))?;
            if terms.iter().any(|(v, _)| *v >= variables) {
                return wrong("a form has a variable that is not there yet");
            }
            let parts: Vec<(Form, Rat)> = terms.into_iter().map(|(v, c)| (variable(v + 1), c)).collect();
            let parts = parts.iter().map(|(form, c)| (form, Poly::number(c.clone())));
            Ok(sum(parts.chain([(&constant(number), Poly::number(Rat::from_integer(1.into())))])))
        };
        json.record(|f| {
            let mut known = inputs;
            let atoms = f.get("atoms")?.list(|atom| {
                let arguments = atom.list(|argument| form(argument, known))?;
                known += 1;
                if arguments.is_empty() { wrong("an atom has no arguments") } else { Ok(arguments) }
            })?;
            let outputs = f.get("outputs")?.list(|output| form(output, known))?;
            Ok(Program { inputs, atoms, outputs })
        })
    }

    /// The outputs in the normal form of a network.
    pub fn forms(&self, forms: &mut Forms<'_>) -> Result<Vec<Form>, Rejection> {
        let mut values: Vec<Form> = (0..=self.inputs).map(|v| forms.input(v)).collect();
        let put_in = |form: &Form, values: &[Form]| sum(form.iter().map(|(v, c)| (&values[*v], c.clone())));
        for arguments in &self.atoms {
            let arguments: Vec<Form> = arguments.iter().map(|a| put_in(a, &values)).collect();
            // An atom as the network has it, or one to be made.
            let known = arguments.split_first().filter(|(zero, _)| zero.is_empty());
            values.push(match known.and_then(|(_, rest)| forms.named(rest)) {
                Some(atom) => variable(atom),
                None => forms.maximum(arguments)?,
            });
        }
        Ok(self.outputs.iter().map(|output| put_in(output, &values)).collect())
    }

    /// The program with the outputs max{0, o − t} and max{0, −o − t} for every output o: 0 where |o| ≤ t. Its last atoms
    /// are these maxima.
    pub fn beyond(mut self, t: &Rat) -> Program {
        let first = 1 + self.inputs + self.atoms.len();
        let less = |o: &Form, sign: i64| minus(&scaled(o, &Rat::from_integer(sign.into())), &constant(t.clone()));
        let sides = self.outputs.iter().flat_map(|o| [less(o, 1), less(o, -1)]);
        self.atoms.extend(sides.map(|side| vec![Form::new(), side]));
        self.outputs = (first..=self.inputs + self.atoms.len()).map(variable).collect();
        self
    }

    /// The program with the outputs s·o − a for every output o, where the a are the last atoms: where that is 0, s·o
    /// is the largest of a's arguments, which must be affine functions of the inputs.
    pub fn less_pieces(mut self, s: &Rat) -> Result<Program, Rejection> {
        let Some(first) = self.atoms.len().checked_sub(self.outputs.len()) else { return wrong("pieces are missing") };
        if self.atoms[first..].iter().flatten().flatten().any(|(v, _)| *v > self.inputs) {
            return wrong("a piece is not affine");
        }
        let atoms = (1 + self.inputs + first..).map(variable);
        self.outputs = self.outputs.iter().zip(atoms).map(|(o, atom)| minus(&scaled(o, s), &atom)).collect();
        Ok(self)
    }

    /// Walks a tree at whose leaves all outputs are 0; else says of one that it is `not`.
    pub fn vanishes(
        &self,
        tree: &[Json],
        domain: &[Option<(Rat, Rat)>],
        not: &str,
        work: &Work,
    ) -> Result<(), Rejection> {
        let mut zero = |outputs: &[Form]| match outputs.iter().all(Form::is_empty) {
            true => Ok(()),
            false => wrong(format!("on a region, an output {not}")),
        };
        self.walk(tree, domain, &mut zero, work)
    }

    /// Walks a tree, whose nodes stand in the order in which they are met; `accept` is asked at every leaf.
    pub fn walk(
        &self,
        tree: &[Json],
        domain: &[Option<(Rat, Rat)>],
        accept: &mut dyn FnMut(&[Form]) -> Result<(), Rejection>,
        work: &Work,
    ) -> Result<(), Rejection> {
        let sides = |(v, bound): (usize, &Option<(Rat, Rat)>)| {
            let (low, high) = bound.as_ref().filter(|(low, high)| low < high)?;
            Some([minus(&variable(v + 1), &constant(low.clone())), minus(&constant(high.clone()), &variable(v + 1))])
        };
        if self.atoms.len() > MAX_ATOMS {
            return wrong("there are too many atoms");
        }
        let region: Vec<Form> = domain.iter().enumerate().filter_map(sides).flatten().collect();
        let known = vec![None; self.atoms.len()];
        let mut walk = Walk { program: self, nodes: tree.iter(), known, region, accept, work };
        walk.node()?;
        if walk.nodes.next().is_some() { wrong("the tree has nodes that are not reached") } else { Ok(()) }
    }
}

struct Walk<'p> {
    program: &'p Program,
    nodes: std::slice::Iter<'p, Json>,
    /// For each atom that is known: its value, over inputs only.
    known: Vec<Option<Form>>,
    region: Vec<Form>,
    accept: &'p mut dyn FnMut(&[Form]) -> Result<(), Rejection>,
    work: &'p Work,
}

impl Walk<'_> {
    fn node(&mut self) -> Result<(), Rejection> {
        let Some(node) = self.nodes.next() else { return wrong("the tree ends too early") };
        node.record(|f| match f.get("kind")?.text()? {
            "leaf" => {
                let outputs = self.program.outputs.iter().map(|output| self.over_inputs(output));
                let outputs = outputs.collect::<Result<Vec<Form>, Rejection>>()?;
                (self.accept)(&outputs)
            }
            "empty" => self.excludes(f.get("sum")?, None),
            "fixed" => {
                let (atom, arguments) = self.arguments(f.get("atom")?)?;
                let (winner, mut others) = (f.get("argument")?.size()?, f.get("others")?.list(Ok)?.into_iter());
                let Some(value) = arguments.get(winner) else { return wrong("the maximum has no such argument") };
                for (_, other) in arguments.iter().enumerate().filter(|(i, _)| *i != winner) {
                    let Some(multipliers) = others.next() else { return wrong("an argument is not compared") };
                    self.excludes(multipliers, Some(minus(other, value)))?;
                }
                self.below(atom, value.clone())
            }
            "split" => {
                let (atom, arguments) = self.arguments(f.get("atom")?)?;
                let before = self.region.len();
                for (j, value) in arguments.iter().enumerate() {
                    let others = arguments.iter().enumerate().filter(|(i, _)| *i != j);
                    self.region.extend(others.map(|(_, other)| minus(value, other)).filter(|g| !g.is_empty()));
                    self.below(atom, value.clone())?;
                    self.region.truncate(before);
                }
                Ok(())
            }
            other => wrong(format!("there is no node `{other}`")),
        })
    }

    /// The next node, where an atom has a value.
    fn below(&mut self, atom: usize, value: Form) -> Result<(), Rejection> {
        self.known[atom] = Some(value);
        self.node()?;
        self.known[atom] = None;
        Ok(())
    }

    /// An atom that is not known yet, and its arguments over the inputs.
    fn arguments(&self, json: &Json) -> Result<(usize, Vec<Form>), Rejection> {
        let atom = json.size()?;
        match (self.program.atoms.get(atom), self.known.get(atom)) {
            (Some(arguments), Some(None)) => {
                let arguments = arguments.iter().map(|a| self.over_inputs(a));
                Ok((atom, arguments.collect::<Result<_, _>>()?))
            }
            _ => wrong("an atom is not there, or known already"),
        }
    }

    /// A form with the values of atoms put in: all of them must be known.
    fn over_inputs(&self, form: &Form) -> Result<Form, Rejection> {
        let mut parts = Vec::new();
        for (v, c) in form {
            match v.checked_sub(self.program.inputs + 1).map(|atom| &self.known[atom]) {
                None => parts.push((variable(*v), c)),
                Some(Some(value)) => parts.push((value.clone(), c)),
                Some(None) => return wrong("a form depends on an atom that is not known"),
            }
        }
        self.work.spend(200 * (1 + parts.iter().map(|(form, _)| form.len() as u64).sum::<u64>()))?;
        Ok(sum(parts.iter().map(|(form, c)| (form, (*c).clone()))))
    }

    /// Whether numbers λ, `[[index, λ], …]`, show that the region, with d ≥ 0 if there is one, has no points inside.
    /// A constant d ≤ 0 is never > 0, and needs no numbers.
    fn excludes(&self, multipliers: &Json, d: Option<Form>) -> Result<(), Rejection> {
        let is_constant = |form: &Form| form.iter().all(|(v, _)| *v == CONSTANT);
        let value = |form: &Form| form.first().and_then(|(_, c)| c.as_number()).unwrap_or_default();
        if d.as_ref().is_some_and(|d| is_constant(d) && !value(d).is_positive()) {
            return Ok(());
        }
        let (mut parts, mut varies) = (Vec::new(), false);
        for (index, factor) in multipliers.list(|pair| pair.pair(Json::size, Json::integer))? {
            let d = d.as_ref().filter(|_| index == self.region.len());
            let Some(g) = self.region.get(index).or(d) else { return wrong("the region has no such function") };
            if !factor.is_positive() {
                return wrong("a multiplier is not positive");
            }
            varies |= !is_constant(g);
            self.work.spend(200 * (1 + g.len() as u64))?;
            parts.push((g, Poly::number(factor.into())));
        }
        let total = sum(parts);
        match is_constant(&total) && (value(&total).is_negative() || value(&total).is_zero() && varies) {
            true => Ok(()),
            false => wrong("the multipliers do not show that the region has no points inside"),
        }
    }
}
