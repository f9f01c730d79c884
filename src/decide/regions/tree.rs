//! The evidence of a region search, and its check without any search.

use std::rc::Rc;

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
    /// All places of the tree, from the root down, branches in order.
    pub fn places(&self) -> impl Iterator<Item = &Tree> {
        let mut open = vec![self];
        std::iter::from_fn(move || {
            let next = open.pop()?;
            match next {
                Tree::Leaf | Tree::Empty(_) => {}
                Tree::Fixed { then, .. } => open.push(then),
                Tree::Split { branches, .. } => open.extend(branches.iter().rev()),
            }
            Some(next)
        })
    }

    /// The number of leaves: regions with points inside.
    pub fn regions(&self) -> usize {
        self.places().filter(|place| matches!(place, Tree::Leaf)).count()
    }
}

/// Trees are as deep as a network has atoms: they are taken apart without a call inside of a call.
impl Drop for Tree {
    fn drop(&mut self) {
        let mut open = Vec::new();
        let apart = |tree: &mut Tree, open: &mut Vec<Tree>| match tree {
            Tree::Leaf | Tree::Empty(_) => {}
            Tree::Fixed { then, .. } => open.push(std::mem::replace(&mut **then, Tree::Leaf)),
            Tree::Split { branches, .. } => open.append(branches),
        };
        apart(self, &mut open);
        while let Some(mut tree) = open.pop() {
            apart(&mut tree, &mut open);
        }
    }
}

/// Checks a tree: every multiplier, every case, and, by `accept`, the outputs on every leaf (with
/// the functions that are ≥ 0 there).
pub fn verify(program: &Program, tree: &Tree, accept: &mut dyn FnMut(&[Linear], &[Linear]) -> bool) -> bool {
    let mut path = Path { program, known: vec![None; program.atoms.len()], region: program.domain() };
    let mut steps = vec![Step::Check(tree)];
    while let Some(step) = steps.pop() {
        let holds = match step {
            Step::Check(tree) => path.check(tree, &mut steps, accept),
            Step::Enter(atom, arguments, branch) => {
                path.region.extend(wins(&arguments, branch));
                path.known[atom] = Some(arguments[branch].clone());
                true
            }
            Step::Leave(atom, functions) => {
                path.region.truncate(functions);
                path.known[atom] = None;
                true
            }
        };
        if !holds {
            return false;
        }
    }
    true
}

/// What is left to do of a check, the next step last.
enum Step<'t> {
    /// Check the tree that is here.
    Check(&'t Tree),
    /// Enter a branch of an atom with these arguments.
    Enter(usize, Rc<Vec<Linear>>, usize),
    /// Forget an atom, and all but so many functions of the region.
    Leave(usize, usize),
}

struct Path<'p> {
    program: &'p Program,
    /// For each atom that is known: its value, over inputs only.
    known: Vec<Option<Linear>>,
    region: Vec<Linear>,
}

impl Path<'_> {
    /// Checks a place of the tree; what stands below it is left to `steps`.
    fn check<'t>(
        &mut self,
        tree: &'t Tree,
        steps: &mut Vec<Step<'t>>,
        accept: &mut dyn FnMut(&[Linear], &[Linear]) -> bool,
    ) -> bool {
        match tree {
            Tree::Leaf => {
                let outputs: Option<Vec<Linear>> = self.program.outputs.iter().map(|o| self.over_inputs(o)).collect();
                outputs.is_some_and(|outputs| accept(&outputs, &self.region))
            }
            Tree::Empty(multipliers) => excludes(multipliers, &self.region),
            Tree::Fixed { atom, argument, others, then } => {
                let Some(arguments) = self.arguments(*atom) else { return false };
                if !self.is_largest(*argument, &arguments, others) {
                    return false;
                }
                self.known[*atom] = Some(arguments[*argument].clone());
                steps.extend([Step::Leave(*atom, self.region.len()), Step::Check(then)]);
                true
            }
            Tree::Split { atom, branches } => {
                let Some(arguments) = self.arguments(*atom).map(Rc::new) else { return false };
                if branches.len() != arguments.len() {
                    return false;
                }
                for (j, branch) in branches.iter().enumerate().rev() {
                    let leave = Step::Leave(*atom, self.region.len());
                    steps.extend([leave, Step::Check(branch), Step::Enter(*atom, arguments.clone(), j)]);
                }
                true
            }
        }
    }

    /// Whether multipliers prove, for every other argument in order, that it is nowhere larger than this one.
    fn is_largest(&mut self, argument: usize, arguments: &[Linear], others: &[Multipliers]) -> bool {
        let Some(winner) = arguments.get(argument) else { return false };
        let rest = arguments.iter().enumerate().filter(|(i, _)| *i != argument).map(|(_, form)| form);
        let is_nowhere_larger = |(form, multipliers): (&Linear, &Multipliers)| {
            let difference = form.minus(winner);
            if difference.terms.is_empty() && !difference.constant.is_positive() {
                return true;
            }
            self.region.push(difference);
            let excluded = excludes(multipliers, &self.region);
            self.region.pop();
            excluded
        };
        others.len() + 1 == arguments.len() && rest.zip(others).all(is_nowhere_larger)
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
