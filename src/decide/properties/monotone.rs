//! Monotone networks: no output falls where an input rises.

use std::cmp::Ordering;

use num_traits::{One, Signed, Zero};

use super::pairs::first_pair;
use super::slopes::{self, Rule, walk};
use super::{Grounds, Seen, Subject, Violation, exact};
use crate::algebra::{Polynomial, Rational, Tensor};
use crate::decide::regions::{Leaf, value};
use crate::decide::search::{Value, flat};
use crate::layer::Function;
use crate::network::Network;

/// How an entry changes where the chosen inputs rise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trend {
    Constant,
    Rising,
    Falling,
    Unknown,
}

struct Growth {
    input: Option<usize>,
}

impl Rule for Growth {
    type Mark = Trend;

    fn input(&self, input: usize) -> Trend {
        if self.input.is_none_or(|chosen| chosen == input) { Trend::Rising } else { Trend::Constant }
    }

    fn sum(&self, terms: &[(Polynomial, &Trend)]) -> Trend {
        let term = |(weight, mark): &(Polynomial, &Trend)| match (**mark, slopes::sign(weight)) {
            (Trend::Constant, _) | (_, Some(Ordering::Equal)) => Trend::Constant,
            (mark, Some(Ordering::Greater)) => mark,
            (Trend::Rising, Some(Ordering::Less)) => Trend::Falling,
            (Trend::Falling, Some(Ordering::Less)) => Trend::Rising,
            _ => Trend::Unknown,
        };
        terms.iter().map(term).fold(Trend::Constant, together)
    }

    /// A maximum rises where all of its arguments do, and falls where all do.
    fn maximum(&self, arguments: &[Trend]) -> Trend {
        arguments.iter().copied().fold(Trend::Constant, together)
    }

    /// A unit of one entry whose slope has one sign, like clip, which a difference of maxima hides.
    fn unit(&self, unit: &crate::layer::Unit, operands: &[&[Trend]]) -> Option<Trend> {
        let (operand, flat) = slopes::only_entry(unit)?;
        let [least, most] = slopes::slopes_of(unit)?;
        let weight = match (least.is_negative(), most.is_positive()) {
            (false, _) => Rational::one(),
            (_, false) => -Rational::one(),
            _ => return None,
        };
        Some(self.sum(&[(Polynomial::constant(weight), &operands[operand][flat])]))
    }

    fn smooth(&self, layer: &dyn Function, operands: &[&[Trend]]) -> Vec<Trend> {
        match layer.kind() {
            "sigmoid" | "tanh" => operands[0].to_vec(),
            _ => {
                let constant = operands.iter().all(|o| o.iter().all(|t| *t == Trend::Constant));
                vec![if constant { Trend::Constant } else { Trend::Unknown }; layer.output().elements()]
            }
        }
    }
}

fn together(a: Trend, b: Trend) -> Trend {
    match (a, b) {
        (Trend::Constant, t) | (t, Trend::Constant) => t,
        (a, b) if a == b => a,
        _ => Trend::Unknown,
    }
}

/// `monotone-by-layers`: sums with weights ≥ 0 of rising entries, with weights ≤ 0 of falling ones, and
/// maxima and minima of rising entries rise.
pub(super) fn by_layers(network: &Network, input: Option<usize>) -> Option<Grounds> {
    let marks = walk(network, &Growth { input })?;
    marks.iter().all(|t| matches!(t, Trend::Constant | Trend::Rising)).then(|| {
        let proof = "Going through the layers, every entry that an output rests on either rises with the inputs or falls with them: weights keep their sign, and maxima and minima of rising entries rise. In every output all of these together rise.";
        Grounds::proved("monotone-by-layers", "layer by layer", vec![proof.into()])
    })
}

/// By the exact map, by points, by regions.
pub(super) fn grounds(subject: &Subject<'_>, input: Option<usize>) -> Grounds {
    let chosen = chosen(subject, input);
    if let Some(map) = subject.map {
        let falls =
            |row: usize| map.matrix.row(row).find(|(v, n)| chosen[*v] && n.is_negative()).map(|(v, _)| (row, v));
        let Some((output, entry)) = (0..map.matrix.rows()).find_map(falls) else {
            let proof = "The network is affine, and no entry of its matrix in these columns is negative.";
            return Grounds::proved("affine-map", "no entry of M is negative", vec![proof.into()]);
        };
        let base = subject.domain.base();
        let step = subject.domain.step(entry);
        let (low, high) = if step.get(entry) > base.get(entry) { (base, step) } else { (step, base) };
        return match violation(subject, &low, &high, output) {
            Some(violation) => Grounds::refuted("M has a negative entry", violation),
            None => Grounds::undecided("M has a negative entry, but the values are too long to show"),
        };
    }
    // From a pair: the entry by entry smaller and larger, in the chosen inputs.
    let found = first_pair(subject, |pairs, (x, _), (y, _)| {
        let (x, y) = (x.to_rationals(), y.to_rationals());
        let pick = |largest: bool| {
            let entry = |v: usize| match (chosen[v], (x[v] < y[v]) == largest) {
                (true, true) => y[v].clone(),
                _ => x[v].clone(),
            };
            flat(&(0..x.len()).map(entry).collect::<Vec<_>>())
        };
        let (low, high) = (pick(false), pick(true));
        let (at_low, at_high) = (pairs.values(&low)?, pairs.values(&high)?);
        let output =
            (0..subject.network.output_shape().elements()).find(|&o| at_high.get(o).high < at_low.get(o).low)?;
        Some(falling(&low, &high, output, at_low.get(output), at_high.get(output)))
    });
    if let Some(violation) = found {
        return Grounds::refuted("two points", violation);
    }
    let falls = |leaf: &Leaf<'_>| {
        let at = |(output, form): (usize, &crate::decide::regions::Linear)| {
            let entry = form.terms.iter().find(|(v, c)| chosen[*v] && c.is_negative())?.0;
            let room = leaf.region.iter().filter_map(|g| {
                let slope = &g.terms.iter().find(|(v, _)| *v == entry)?.1;
                slope.is_negative().then(|| value(g, leaf.point) / slope.abs())
            });
            Some((output, entry, room.min().unwrap_or_else(Rational::one).min(Rational::one()), leaf.point.to_vec()))
        };
        leaf.outputs.iter().enumerate().find_map(at)
    };
    match subject.on_regions(&format!("monotone {chosen:?}"), &falls) {
        Seen::All(cases) => Grounds::by_cases(
            "monotone-by-regions",
            "no slope is negative on any region",
            cases,
            "no output has a negative slope in these inputs",
        ),
        Seen::Unknown(reason) => Grounds::undecided(reason),
        Seen::Found((output, entry, step, mut point)) => {
            let low = flat(&point);
            point[entry] += step;
            match violation(subject, &low, &flat(&point), output) {
                Some(violation) => Grounds::refuted("two points", violation),
                None => Grounds::undecided("it fails, but the values that show it are too long"),
            }
        }
    }
}

/// Whether each input entry is one of those that may rise.
fn chosen(subject: &Subject<'_>, input: Option<usize>) -> Vec<bool> {
    let inputs = subject.network.inputs.iter().enumerate();
    let entries =
        inputs.flat_map(|(i, shape)| std::iter::repeat_n(input.is_none_or(|c| c == i), shape.shape.elements()));
    entries.enumerate().map(|(v, chosen)| chosen && !subject.domain.is_pinned(v)).collect()
}

fn violation(subject: &Subject<'_>, low: &Tensor, high: &Tensor, output: usize) -> Option<Violation> {
    let (at_low, at_high) = (subject.values(low)?.get(output), subject.values(high)?.get(output));
    let gap = &at_high - &at_low;
    (!gap.is_zero() && gap.is_negative()).then(|| falling(low, high, output, exact(at_low), exact(at_high)))
}

fn falling(low: &Tensor, high: &Tensor, output: usize, at_low: Value, at_high: Value) -> Violation {
    Violation {
        points: vec![("x", low.clone()), ("y", high.clone())],
        symbols: Default::default(),
        output,
        left_name: "f(x)".into(),
        relation: ">",
        right_name: "f(y)".into(),
        left: at_low,
        right: at_high,
    }
}
