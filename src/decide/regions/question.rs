//! A question asked of every region: answered by a tree that has been checked, or by a region, or left for later.

use sha2::{Digest, Sha256};

use super::growth::Growth;
use super::program::{Linear, Program};
use super::search::{Allowance, Ended, Leaf, go_on};
use super::tree::verify;

/// Asks `visit` of every region, which gives something where the answer is no. A tree that comes of it has been verified,
/// with `accept` on every leaf. Also gives the number of regions that are known in the end.
///
/// With notes, the search goes on from what is noted of the same program and `purpose`, and is noted; without a
/// purpose it is not.
pub fn ask<T: Send>(
    program: &Program,
    purpose: &str,
    allowance: Allowance,
    visit: &(dyn Fn(&Leaf<'_>) -> Option<T> + Sync),
    accept: &mut dyn FnMut(&[Linear], &[Linear]) -> bool,
) -> (Ended<T>, u64) {
    let notes = allowance.notes.filter(|_| !purpose.is_empty()).map(|notes| (notes, name(program, purpose)));
    let noted = notes.as_ref().and_then(|(notes, name)| Growth::from_text(&notes.get(name)?));
    let resumed = noted.is_some();
    let (ended, regions) = go_on(program, noted.unwrap_or_default(), allowance, visit);
    let growth = match &ended {
        Ended::Found(_) => None,
        Ended::All(tree) if verify(program, tree, accept) => Some(Growth::of(tree)),
        Ended::All(_) => {
            debug_assert!(resumed, "a tree that was found does not verify");
            if let (Some((notes, name)), true) = (&notes, resumed) {
                // Somebody changed the notes.
                notes.put(name, Growth::default().to_text());
                return ask(program, purpose, allowance, visit, accept);
            }
            return (Ended::Exhausted(Growth::default()), regions);
        }
        Ended::Exhausted(growth) => Some(growth.clone()),
    };
    if let (Some((notes, name)), Some(growth)) = (notes, growth) {
        notes.put(&name, growth.to_text());
    }
    (ended, regions)
}

/// The name of a question: the hash of its program, its purpose and this version.
fn name(program: &Program, purpose: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{} {purpose}\n", env!("CARGO_PKG_VERSION")));
    for bound in &program.bounds {
        hash.update(match bound {
            Some((low, high)) => format!("[{low}, {high}]\n"),
            None => "any\n".to_string(),
        });
    }
    let mut form = |form: &Linear| {
        form.terms.iter().for_each(|(v, c)| hash.update(format!("{v}*{c} ")));
        hash.update(format!("{}\n", form.constant));
    };
    for arguments in &program.atoms {
        arguments.iter().for_each(&mut form);
        form(&Linear::variable(usize::MAX));
    }
    program.outputs.iter().for_each(&mut form);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How a search that did not end is reported.
pub fn after(regions: u64) -> String {
    format!("undecided after {regions} region{} of the input space", if regions == 1 { "" } else { "s" })
}
