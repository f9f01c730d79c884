//! Proofs by cases as certificates write them.

use super::format::{EvidenceText, FormText, NodeText, ProgramText, SumText};
use crate::algebra::{Integer, Rational};
use crate::decide::regions::{Cases, Linear, Multipliers, Program, Tree, before, beyond, verify};

/// Cases as they are.
pub(super) fn evidence(cases: &Cases) -> EvidenceText {
    written(&cases.program, &cases.tree)
}

/// The cases, continued until on every region no output of the difference exceeds the tolerance: the checker adds the
/// maxima of [`beyond`] to the program by itself.
pub(super) fn within(cases: &Cases, tolerance: &Rational) -> Option<EvidenceText> {
    // On an unbounded domain they are cases of the longer program already.
    let bounded = cases.program.bounds.iter().all(Option::is_some);
    let program = if bounded { cases.program.clone() } else { before(&cases.program, tolerance) };
    let tree = cases.until_zero(&beyond(&program, tolerance))?;
    Some(written(&program, &tree))
}

/// The cases, continued until on every region every output (or its negative, where it is concave) is the largest of the
/// affine functions that it is on the regions: these are the last atoms, one an output.
pub(super) fn largest_piece(cases: &Cases, concave: bool) -> Option<EvidenceText> {
    let sign = Rational::from_integer(if concave { -1 } else { 1 }.into());
    let Program { bounds, mut atoms, outputs } = cases.program.clone();
    let mut pieces: Vec<Vec<Linear>> = vec![Vec::new(); outputs.len()];
    let mut collect = |here: &[Linear], _: &[Linear]| {
        for (output, pieces) in here.iter().zip(&mut pieces) {
            let piece = output.times(&sign);
            if !pieces.contains(&piece) {
                pieces.push(piece);
            }
        }
        true
    };
    verify(&cases.program, &cases.tree, &mut collect);
    let first = bounds.len() + atoms.len();
    atoms.extend(pieces);
    let less = |(i, output): (usize, &Linear)| output.times(&sign).minus(&Linear::variable(first + i));
    let differences = outputs.iter().enumerate().map(less).collect();
    let tree = cases.until_zero(&Program { bounds: bounds.clone(), atoms: atoms.clone(), outputs: differences })?;
    Some(written(&Program { bounds, atoms, outputs }, &tree))
}

/// A program and its tree, whose nodes stand in the order in which a walk meets them.
fn written(program: &Program, tree: &Tree) -> EvidenceText {
    let forms = |forms: &Vec<Linear>| forms.iter().map(form).collect();
    let text = ProgramText { atoms: program.atoms.iter().map(forms).collect(), outputs: forms(&program.outputs) };
    let mut nodes = Vec::new();
    walk(tree, &mut nodes);
    EvidenceText::Regions { program: text, tree: nodes }
}

fn form(form: &Linear) -> FormText {
    (form.constant.to_string(), form.terms.iter().map(|(v, c)| (*v, c.to_string())).collect())
}

fn sum(multipliers: &Multipliers) -> SumText {
    let factor = |factor: &Integer| {
        #[cfg(debug_assertions)]
        let factor = crate::fault::off_by_one(crate::fault::Fault::Multiplier, factor.clone());
        factor.to_string()
    };
    multipliers.iter().map(|(index, by)| (*index, factor(by))).collect()
}

fn walk(tree: &Tree, nodes: &mut Vec<NodeText>) {
    match tree {
        Tree::Leaf => nodes.push(NodeText::Leaf),
        Tree::Empty(multipliers) => nodes.push(NodeText::Empty { sum: sum(multipliers) }),
        Tree::Fixed { atom, argument, others, then } => {
            #[cfg(debug_assertions)]
            let argument = &(argument ^ usize::from(crate::fault::has(crate::fault::Fault::WrongArgument)));
            let others = others.iter().map(sum).collect();
            nodes.push(NodeText::Fixed { atom: *atom, argument: *argument, others });
            walk(then, nodes);
        }
        Tree::Split { atom, branches } => {
            nodes.push(NodeText::Split { atom: *atom });
            #[cfg(debug_assertions)]
            let branches = &branches[usize::from(crate::fault::has(crate::fault::Fault::LostBranch))..];
            branches.iter().for_each(|branch| walk(branch, nodes));
        }
    }
}
