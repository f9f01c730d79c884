//! The evidence of a region search, and its check without any search.

use num_traits::{Signed, Zero};

use super::Sum;
use super::program::{Linear, Program};
use crate::algebra::{Integer, Rational};

/// Positive integers λ, by the index of a function of the region.
pub type Multipliers = Vec<(usize, Integer)>;

/// A proof about a [`Program`] by cases: which argument each atom's maximum is, region by region.
///
/// A *region* is where finitely many affine functions g₀, g₁, … of the inputs are ≥ 0. At the root
/// these are [`Program::domain`], in that order. Going down the tree, the values of atoms become
/// known as affine functions of the inputs; an atom is named only when all atoms in its arguments
/// are known.
///
/// Multipliers λ over functions g of a region prove that it *has no points inside* by Σ λᵢgᵢ = c, a
/// constant, with every λᵢ > 0, where c < 0, or c = 0 and some gᵢ is not constant (Farkas): then the
/// region is empty, or lies in the hyperplane gᵢ = 0. (A function that is 0 everywhere is ≥ 0 and says
/// nothing, so c = 0 is not enough by itself.) A piecewise-linear function is continuous and the domain is convex with
/// points inside, so what holds on all other regions holds everywhere.
///
/// Nothing here needs a linear program to check: [`verify`] substitutes and adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// No atom is left in the outputs: they are affine functions of the inputs on the region.
    Leaf,
    /// These multipliers prove that the region has no points inside.
    Empty(Multipliers),
    /// An atom is known without a new case: on the whole region it is its argument `argument`.
    /// (Active, inactive, and the same as an earlier atom up to scale are all of this kind.)
    Fixed {
        /// The atom.
        atom: usize,
        /// The argument that is its maximum.
        argument: usize,
        /// For every other argument i in order: why d = argument i − argument `argument` is ≤ 0 on the
        /// region. None are needed where d is a constant ≤ 0; else they are multipliers that prove that the
        /// region with d ≥ 0 after its own functions has no points inside: then d > 0 nowhere, because
        /// around a point inside with d > 0 there would be some.
        others: Vec<Multipliers>,
        /// The same region, where the atom is that argument.
        then: Box<Tree>,
    },
    /// One case for each argument of an atom's maximum: in branch j it is argument j, and the region
    /// gains the functions argument j − argument i ≥ 0 for all other i, in order, but those that are 0
    /// everywhere.
    Split {
        /// The atom.
        atom: usize,
        /// One branch an argument.
        branches: Vec<Tree>,
    },
}

impl Tree {
    /// The number of leaves: regions with points inside.
    pub fn regions(&self) -> usize {
        match self {
            Tree::Leaf => 1,
            Tree::Empty(_) => 0,
            Tree::Fixed { then, .. } => then.regions(),
            Tree::Split { branches, .. } => branches.iter().map(Tree::regions).sum(),
        }
    }
}

/// Checks a tree: every multiplier, every case, and, by `accept`, the outputs on every leaf (with
/// the functions that are ≥ 0 there).
pub fn verify(program: &Program, tree: &Tree, accept: &mut dyn FnMut(&[Linear], &[Linear]) -> bool) -> bool {
    let mut path = Path { program, known: vec![None; program.atoms.len()], region: program.domain() };
    path.check(tree, accept)
}

struct Path<'p> {
    program: &'p Program,
    /// For each atom that is known: its value, over inputs only.
    known: Vec<Option<Linear>>,
    region: Vec<Linear>,
}

impl Path<'_> {
    fn check(&mut self, tree: &Tree, accept: &mut dyn FnMut(&[Linear], &[Linear]) -> bool) -> bool {
        match tree {
            Tree::Leaf => {
                let outputs: Option<Vec<Linear>> = self.program.outputs.iter().map(|o| self.over_inputs(o)).collect();
                outputs.is_some_and(|outputs| accept(&outputs, &self.region))
            }
            Tree::Empty(multipliers) => excludes(multipliers, &self.region),
            Tree::Fixed { atom, argument, others, then } => {
                let Some(arguments) = self.arguments(*atom) else { return false };
                let Some(winner) = arguments.get(*argument) else { return false };
                if others.len() + 1 != arguments.len() {
                    return false;
                }
                let rest = arguments.iter().enumerate().filter(|(i, _)| i != argument).map(|(_, form)| form);
                for (form, multipliers) in rest.zip(others) {
                    let difference = form.minus(winner);
                    if difference.terms.is_empty() && !difference.constant.is_positive() {
                        continue;
                    }
                    self.region.push(difference);
                    let excluded = excludes(multipliers, &self.region);
                    self.region.pop();
                    if !excluded {
                        return false;
                    }
                }
                self.with(*atom, winner.clone(), then, accept)
            }
            Tree::Split { atom, branches } => {
                let Some(arguments) = self.arguments(*atom) else { return false };
                if branches.len() != arguments.len() {
                    return false;
                }
                let before = self.region.len();
                branches.iter().enumerate().all(|(j, branch)| {
                    self.region.extend(wins(&arguments, j));
                    let holds = self.with(*atom, arguments[j].clone(), branch, accept);
                    self.region.truncate(before);
                    holds
                })
            }
        }
    }

    /// Checks a tree below, where an atom has a value.
    fn with(
        &mut self,
        atom: usize,
        value: Linear,
        tree: &Tree,
        accept: &mut dyn FnMut(&[Linear], &[Linear]) -> bool,
    ) -> bool {
        self.known[atom] = Some(value);
        let holds = self.check(tree, accept);
        self.known[atom] = None;
        holds
    }

    /// An unknown atom's arguments over inputs, if everything in them is known.
    fn arguments(&self, atom: usize) -> Option<Vec<Linear>> {
        if self.known.get(atom)?.is_some() {
            return None;
        }
        self.program.atoms[atom].iter().map(|argument| self.over_inputs(argument)).collect()
    }

    fn over_inputs(&self, form: &Linear) -> Option<Linear> {
        let form = self.program.substitute(form, &|atom| self.known[atom].as_ref());
        form.terms.iter().all(|(v, _)| self.program.atom(*v).is_none()).then_some(form)
    }
}

/// Argument j minus every other argument, in order, but where that is 0 everywhere: all ≥ 0 where
/// argument j is the maximum.
pub(super) fn wins(arguments: &[Linear], j: usize) -> impl Iterator<Item = Linear> + '_ {
    let others = arguments.iter().enumerate().filter(move |(i, _)| *i != j);
    others.map(move |(_, form)| arguments[j].minus(form)).filter(|g| !g.terms.is_empty() || !g.constant.is_zero())
}

/// Whether multipliers prove that a region has no points inside.
pub fn excludes(multipliers: &Multipliers, region: &[Linear]) -> bool {
    let mut sum = Sum::constant(Rational::zero());
    for (index, factor) in multipliers {
        let (Some(g), true) = (region.get(*index), factor.is_positive()) else { return false };
        sum.add(g, &Rational::from_integer(factor.clone()));
    }
    let sum = sum.finish();
    let varies = multipliers.iter().any(|(index, _)| !region[*index].terms.is_empty());
    sum.terms.is_empty() && (sum.constant.is_negative() || (sum.constant.is_zero() && varies))
}
