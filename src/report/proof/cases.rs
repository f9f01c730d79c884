//! A proof by cases: the atoms, and on every region which argument each of them is.

use super::super::document::{Block, Document, text};
use super::super::numbers::{count, plural};
use crate::decide::regions::{Cases, Linear, Program, Tree};
use crate::report::math::plain;

/// Atoms, and regions, that are listed.
const LISTED: usize = 12;

/// The cases of a proof that something of a network's outputs is the same on all regions; `same`
/// says what, as the end of a sentence.
pub(super) fn cases(document: &mut Document, cases: &Cases, same: &str) {
    let Cases { program, tree, .. } = cases;
    let empty = tree.places().filter(|place| matches!(place, Tree::Empty(_))).count();
    let fixed = tree.places().filter(|place| matches!(place, Tree::Fixed { .. })).count();
    let words = format!(
        "Its normal form keeps {}. Each is one of its arguments; taking the cases one after the other leaves {} of the domain with points inside, and on each of them {same}. {} without such points, and {} is known, by multipliers λ ≥ 0 with Σ λ·g = c ≤ 0 of the functions g that would have to be positive. What holds on all regions with points inside holds everywhere, because the network is continuous.",
        if program.atoms.len() == 1 {
            "1 maximum of affine forms".into()
        } else {
            format!("{} maxima of affine forms", count(program.atoms.len()))
        },
        plural(tree.regions(), "region"),
        match empty {
            0 => "No case is".to_string(),
            1 => "1 case is".to_string(),
            n => format!("{} cases are", count(n)),
        },
        match fixed {
            0 => "no maximum without a new case".to_string(),
            n => format!(
                "which argument a maximum is, {} without a new case,",
                if n == 1 { "once".to_string() } else { format!("{} times", count(n)) }
            ),
        },
    );
    document.state("Cases", vec![text(words)]);
    if program.atoms.len() <= LISTED {
        let atom = |(a, arguments): (usize, &Vec<Linear>)| {
            let arguments: Vec<String> = arguments.iter().map(|form| formula(program, form)).collect();
            format!("a_{{{a}}} = \\max\\{{{}\\}}", arguments.join(", "))
        };
        document.formulas(program.atoms.iter().enumerate().map(atom).collect());
    }
    if program.atoms.len() <= LISTED && tree.regions() <= LISTED {
        let mut rows = Vec::new();
        regions(program, tree, &mut Vec::new(), &mut rows);
        let numbered = rows.into_iter().enumerate().map(|(i, row)| vec![(i + 1).to_string(), row]).collect();
        document.blocks.push(Block::Table { head: vec!["region".into(), "there".into()], rows: numbered });
    }
}

fn formula(program: &Program, form: &Linear) -> String {
    form.to_formula(&|v| program.atom(v).map_or_else(|| format!("x_{{{v}}}"), |a| format!("a_{{{a}}}")))
}

/// One line a region: what each atom is there.
fn regions(program: &Program, tree: &Tree, path: &mut Vec<String>, rows: &mut Vec<String>) {
    let is = |atom: usize, argument: usize| {
        plain(&format!("a_{{{atom}}} = {}", formula(program, &program.atoms[atom][argument])))
    };
    match tree {
        Tree::Leaf if path.is_empty() => rows.push("everywhere".into()),
        Tree::Leaf => rows.push(path.join(", ")),
        Tree::Empty(_) => {}
        Tree::Fixed { atom, argument, then, .. } => {
            path.push(is(*atom, *argument));
            regions(program, then, path, rows);
            path.pop();
        }
        Tree::Split { atom, branches } => {
            for (argument, branch) in branches.iter().enumerate() {
                path.push(is(*atom, argument));
                regions(program, branch, path, rows);
                path.pop();
            }
        }
    }
}
