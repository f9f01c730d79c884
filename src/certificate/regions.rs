//! Proofs by cases as certificates write them.

use super::format::{EvidenceText, FormText, NodeText, ProgramText, SumText};
use crate::algebra::Integer;
use crate::decide::regions::{Cases, Linear, Multipliers, Tree};

/// A program and its tree, whose nodes stand in the order in which a walk meets them.
pub(super) fn evidence(cases: &Cases) -> EvidenceText {
    let forms = |forms: &Vec<Linear>| forms.iter().map(form).collect();
    let program = &cases.program;
    let text = ProgramText { atoms: program.atoms.iter().map(forms).collect(), outputs: forms(&program.outputs) };
    let mut tree = Vec::new();
    walk(&cases.tree, &mut tree);
    EvidenceText::Regions { program: text, tree }
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
