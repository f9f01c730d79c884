//! How large outputs become: exactly, by a linear program in every region of a bounded domain.

use std::sync::Arc;

use num_traits::{Signed, Zero};

use super::Sum;
use super::affine::Cases;
use super::program::{Linear, Program, value};
use super::question::ask;
use super::search::{Allowance, Ended, Leaf};
use super::state::System;
use crate::algebra::{Largest as Optimum, Rational, Work, largest as optimum};

/// What is known of how large the outputs of a program become, in absolute value.
#[derive(Clone, Debug)]
pub enum Largest {
    /// For each output: its largest absolute value, and a point of the domain that attains it; and the regions.
    Known(Vec<(Rational, Vec<Rational>)>, Box<Cases>),
    /// At this point some output is larger than was asked for.
    Beyond(Vec<Rational>),
    /// Not known, after so many regions.
    Undecided(u64),
}

/// How large the outputs of a program on a bounded domain become; or, with a limit, a point at which one is larger.
///
/// On a region, an output h is a linear function of the inputs, which is largest at a corner. That it is at most c there
/// is proved by multipliers λ ≥ 0 with h + Σ λ·g = c for the functions g that are ≥ 0 on the region; each such sum is
/// checked, for every region of a tree that is checked too.
pub fn largest(program: &Program, limit: Option<&Rational>, allowance: Allowance) -> Largest {
    if program.bounds.iter().any(Option::is_none) {
        return Largest::Undecided(0);
    }
    let exceeds = |leaf: &Leaf<'_>| {
        let limit = limit?;
        let work = Work::new(allowance.work);
        let tops = leaf.outputs.iter().map(|output| top(output, leaf, &work));
        tops.flatten().find(|(most, _)| most > limit).map(|(_, point)| point)
    };
    let nothing = (Rational::zero(), program.bounds.iter().flatten().map(|(low, _)| low.clone()).collect());
    let mut found: Vec<(Rational, Vec<Rational>)> = vec![nothing; program.outputs.len()];
    let work = Work::new(allowance.work.saturating_mul(4));
    let mut known = true;
    let mut record = |outputs: &[Linear], region: &[Linear]| {
        let region: Vec<Arc<Linear>> = region.iter().cloned().map(Arc::new).collect();
        let Some(point) = System::new(&region, program.inputs()).inside(&work) else {
            known = false;
            return true;
        };
        let leaf = Leaf { outputs, region: &region, point: &point };
        for (output, best) in outputs.iter().zip(&mut found) {
            match top(output, &leaf, &work) {
                Some(here) if here.0 > best.0 => *best = here,
                Some(_) => {}
                None => known = false,
            }
        }
        true
    };
    let purpose = limit.map_or("largest".to_string(), |limit| format!("at most {limit}"));
    match ask(program, &purpose, allowance, &exceeds, &mut record) {
        (Ended::Found(point), _) => Largest::Beyond(point),
        (Ended::All(tree), _) if known => {
            let cases = Cases { program: program.clone(), tree: tree.into(), outputs: Vec::new() };
            match found.iter().find(|(most, _)| limit.is_some_and(|limit| most > limit)) {
                Some((_, point)) => Largest::Beyond(point.clone()),
                None => Largest::Known(found, Box::new(cases)),
            }
        }
        (Ended::All(_) | Ended::Exhausted(_), regions) => Largest::Undecided(regions),
    }
}

/// The largest absolute value of an output on a region, and where; `None` if the work runs out.
fn top(output: &Linear, leaf: &Leaf<'_>, work: &Work) -> Option<(Rational, Vec<Rational>)> {
    let minus = output.times(&Rational::from_integer((-1).into()));
    let tops = [output, &minus].map(|goal| highest(goal, leaf, work));
    let [Some(up), Some(down)] = tops else { return None };
    Some(if down.0 > up.0 { down } else { up })
}

/// The largest value of a form on a region, proved, and where.
fn highest(goal: &Linear, leaf: &Leaf<'_>, work: &Work) -> Option<(Rational, Vec<Rational>)> {
    if goal.terms.is_empty() {
        return Some((goal.constant.clone(), leaf.point.to_vec()));
    }
    let system = System::new(leaf.region, leaf.point.len());
    let (objective, scale) = system.whole(goal);
    let Optimum::At { point, multipliers, goal: factor } = optimum(&objective, &system.functions, leaf.point, work)
    else {
        return None;
    };
    // factor·scale·goal + Σ λ·scale·g, divided by the first factor, is the constant c.
    let whole = |n: crate::algebra::Integer| Rational::from_integer(n);
    let factor = whole(factor * scale);
    let mut sum = Sum::constant(Rational::zero());
    sum.add(goal, &factor);
    for (index, multiplier) in multipliers {
        sum.add(&leaf.region[index], &whole(multiplier * &system.scales[index]));
    }
    let sum = sum.finish();
    let most = sum.constant / factor;
    let proved = sum.terms.is_empty() && value(goal, &point) == most;
    debug_assert!(proved && leaf.region.iter().all(|g| !value(g, &point).is_negative()));
    proved.then_some((most, point))
}

/// The program whose outputs are max{0, o − t} and max{0, −o − t} for every output o: 0 where |o| ≤ t.
pub fn beyond(program: &Program, tolerance: &Rational) -> Program {
    let minus = Rational::from_integer((-1).into());
    let less = |form: Linear| Linear { constant: form.constant - tolerance, ..form };
    let sides = program.outputs.iter().flat_map(|output| [less(output.clone()), less(output.times(&minus))]);
    positive_parts(program, sides.collect())
}

/// The program that [`beyond`] made this one from.
pub fn before(program: &Program, tolerance: &Rational) -> Program {
    let (atoms, sides) = program.atoms.split_at(program.atoms.len() - program.outputs.len());
    let more = |form: &Linear| Linear { constant: &form.constant + tolerance, terms: form.terms.clone() };
    // Each output's is {0, o − t}, and then {0, −o − t}.
    let outputs = sides.iter().step_by(2).map(|arguments| more(&arguments[1])).collect();
    Program { bounds: program.bounds.clone(), atoms: atoms.to_vec(), outputs }
}

/// The program whose outputs are max{0, form} for forms over the variables of another.
pub fn positive_parts(program: &Program, forms: Vec<Linear>) -> Program {
    let first = program.inputs() + program.atoms.len();
    let outputs = (0..forms.len()).map(|i| Linear::variable(first + i)).collect();
    let zero = || Linear::constant(Rational::zero());
    let atoms = program.atoms.iter().cloned().chain(forms.into_iter().map(|form| vec![zero(), form])).collect();
    Program { bounds: program.bounds.clone(), atoms, outputs }
}
