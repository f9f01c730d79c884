//! Convex and concave networks.

use std::cmp::Ordering;
use std::sync::Arc;

use num_traits::{One, Signed, Zero};

use super::pairs::first_pair;
use super::slopes::{self, Rule, walk};
use super::{Grounds, Seen, Subject, Violation, exact, point};
use crate::algebra::{Inequality, Interior, Polynomial, Rational, Tensor, Work, common_denominator, interior};
use crate::decide::regions::{Leaf, Linear, value};
use crate::decide::search::Value;
use crate::layer::Function;
use crate::network::Network;

/// An affine function that an output is on some region, and that region.
type Piece = (Linear, Vec<Arc<Linear>>);

/// How an entry bends as a function of the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Curvature {
    Affine,
    Convex,
    Concave,
    Unknown,
}

impl Curvature {
    fn negated(self) -> Curvature {
        match self {
            Curvature::Convex => Curvature::Concave,
            Curvature::Concave => Curvature::Convex,
            other => other,
        }
    }

    fn plus(self, other: Curvature) -> Curvature {
        match (self, other) {
            (Curvature::Affine, c) | (c, Curvature::Affine) => c,
            (a, b) if a == b => a,
            _ => Curvature::Unknown,
        }
    }
}

struct Bend;

impl Rule for Bend {
    type Mark = Curvature;

    fn input(&self, _: usize) -> Curvature {
        Curvature::Affine
    }

    fn sum(&self, terms: &[(Polynomial, &Curvature)]) -> Curvature {
        let term = |(weight, mark): &(Polynomial, &Curvature)| match (**mark, slopes::sign(weight)) {
            (Curvature::Affine, _) | (_, Some(Ordering::Equal)) => Curvature::Affine,
            (mark, Some(Ordering::Greater)) => mark,
            (mark, Some(Ordering::Less)) => mark.negated(),
            (_, None) => Curvature::Unknown,
        };
        terms.iter().map(term).fold(Curvature::Affine, Curvature::plus)
    }

    /// The largest of convex functions is convex.
    fn maximum(&self, arguments: &[Curvature]) -> Curvature {
        let convex = arguments.iter().all(|c| matches!(c, Curvature::Affine | Curvature::Convex));
        if convex { Curvature::Convex } else { Curvature::Unknown }
    }

    fn smooth(&self, layer: &dyn Function, operands: &[&[Curvature]]) -> Vec<Curvature> {
        let square = |c: &Curvature| if *c == Curvature::Affine { Curvature::Convex } else { Curvature::Unknown };
        match layer.kind() {
            "square" => operands[0].iter().map(square).collect(),
            _ => vec![Curvature::Unknown; layer.output().elements()],
        }
    }
}

fn word(concave: bool) -> &'static str {
    if concave { "concave" } else { "convex" }
}

/// `curvature-by-layers`: inputs are affine; sums of convex functions with weights ≥ 0, maxima of convex
/// functions, and negatives of concave ones are convex; likewise concave.
pub(super) fn by_layers(network: &Network, concave: bool) -> Option<Grounds> {
    let wanted = if concave { Curvature::Concave } else { Curvature::Convex };
    let holds = walk(network, &Bend)?.iter().all(|c| *c == wanted || *c == Curvature::Affine);
    holds.then(|| {
        let proof = if concave {
            "Going through the layers, every entry is a sum, with weights ≥ 0, of affine functions, of minima of concave functions, and of negatives of convex functions; so every output is concave."
        } else {
            "Going through the layers, every entry is a sum, with weights ≥ 0, of affine functions, of maxima of convex functions, and of negatives of concave functions; so every output is convex."
        };
        Grounds::proved("curvature-by-layers", "layer by layer", vec![proof.into()])
    })
}

/// By the exact map, by points, by regions.
pub(super) fn grounds(subject: &Subject<'_>, concave: bool) -> Grounds {
    if subject.map.is_some() {
        let proof = format!("The network is affine, and an affine function is {}.", word(concave));
        return Grounds::proved("affine-map", "it is affine", vec![proof]);
    }
    let half = Rational::new(1.into(), 2.into());
    let found = first_pair(subject, |pairs, (x, fx), (y, fy)| {
        let middle = x.plus(y).scaled(&half);
        let sum = fx.plus(fy);
        let twice = {
            let m = pairs.values(&middle)?;
            m.plus(&m)
        };
        let (low, high) = if concave { (&twice, &sum) } else { (&sum, &twice) };
        let output = (0..subject.network.output_shape().elements()).find(|&o| low.get(o).high < high.get(o).low)?;
        Some(bent(x, y, &half, output, concave, [fx.get(output), fy.get(output), halved(&twice.get(output), &half)]))
    });
    match found {
        Some(violation) => Grounds::refuted("two points and one between them", violation),
        None => by_regions(subject, concave),
    }
}

fn halved(value: &Value, half: &Rational) -> Value {
    Value { low: &value.low * half, high: &value.high * half }
}

/// f at t·x + (1 − t)·y against t·f(x) + (1 − t)·f(y).
fn bent(
    x: &Tensor,
    y: &Tensor,
    t: &Rational,
    output: usize,
    concave: bool,
    [fx, fy, between]: [Value; 3],
) -> Violation {
    let rest = Rational::one() - t;
    let chord = halved(&fx, t).plus(&halved(&fy, &rest));
    let z = x.scaled(t).plus(&y.scaled(&rest));
    Violation {
        points: vec![("x", x.clone()), ("y", y.clone()), ("z", z)],
        symbols: Default::default(),
        output,
        left_name: "f(z)".into(),
        relation: if concave { "<" } else { ">" },
        right_name: format!("{t} \\cdot f(x) + {rest} \\cdot f(y)"),
        left: between,
        right: chord,
    }
}

/// `convex-by-regions`: a piecewise-linear function is convex exactly if it is the largest of the
/// affine functions that it is on its regions. For every region and every such function a, multipliers
/// prove that a − f > 0 nowhere on the region.
fn by_regions(subject: &Subject<'_>, concave: bool) -> Grounds {
    let outputs = subject.network.output_shape().elements();
    let mut pieces: Vec<Vec<Piece>> = vec![Vec::new(); outputs];
    // The check of the tree goes to every region, in order.
    let collected = subject.search("pieces", &|_| None::<()>, &mut |outputs, region| {
        for (form, known) in outputs.iter().zip(&mut pieces) {
            if !known.iter().any(|(f, _)| f == form) {
                known.push((form.clone(), region.to_vec()));
            }
        }
        true
    });
    if let Seen::Unknown(reason) = collected {
        return Grounds::undecided(reason);
    }
    /// Pairs of regions and affine functions that are compared.
    const MOST: usize = 4000;
    if pieces.iter().map(Vec::len).sum::<usize>() > MOST {
        return Grounds::undecided("no points refute it, and it has too many affine pieces to compare");
    }
    // A piece that is on the wrong side of f somewhere in a region: there, and the piece's region.
    let exceeds = |leaf: &Leaf<'_>| {
        for (output, (form, known)) in leaf.outputs.iter().zip(&pieces).enumerate() {
            for (piece, its_region) in known {
                let gap = if concave { form.minus(piece) } else { piece.minus(form) };
                if gap.terms.is_empty() && !gap.constant.is_positive() {
                    continue;
                }
                match positive_somewhere(leaf, &gap) {
                    Some(None) => {}
                    Some(Some(there)) => return Some((output, Some((there, its_region.clone())))),
                    None => return Some((output, None)),
                }
            }
        }
        None
    };
    match subject.on_regions(if concave { "concave" } else { "convex" }, &exceeds) {
        Seen::All(cases) => {
            let (most, sign) = if concave { ("smallest", "above") } else { ("largest", "below") };
            let holds = format!(
                "every output is the {most} of the affine functions that it is on the regions: none of them is anywhere {}. The {most} of affine functions is {}",
                if sign == "below" { "above it" } else { "below it" },
                word(concave)
            );
            Grounds::by_cases("convex-by-regions", format!("it is the {most} of its affine pieces"), cases, &holds)
        }
        Seen::Found((output, Some((there, region)))) => {
            let origin = vec![Rational::zero(); there.len()];
            let leaf = Leaf { outputs: &[], region: &region, point: &origin };
            let inside = positive_somewhere(&leaf, &Linear::constant(Rational::one())).flatten();
            match inside.and_then(|inside| beyond(subject, concave, output, &point(&there), &point(&inside))) {
                Some(violation) => Grounds::refuted("two points and one between them", violation),
                None => Grounds::undecided("it fails, but the values that show it are too long"),
            }
        }
        Seen::Found((_, None)) => Grounds::undecided("the work ran out"),
        Seen::Unknown(reason) => Grounds::undecided(reason),
    }
}

/// A point of the region at which a function is > 0: `None` if that is not known, `Some(None)` if there
/// is none.
fn positive_somewhere(leaf: &Leaf<'_>, gap: &Linear) -> Option<Option<Vec<Rational>>> {
    let size = leaf.point.len();
    let whole = |form: &Linear| {
        let denominator = common_denominator(form.coefficients().map(Rational::denom));
        let number = |c: &Rational| c.numer() * (&denominator / c.denom());
        let mut coefficients = vec![Zero::zero(); size];
        form.terms.iter().for_each(|(v, c)| coefficients[*v] = number(c));
        Inequality { coefficients, constant: number(&form.constant) }
    };
    let system: Vec<Inequality> = leaf.region.iter().map(|g| whole(g)).chain([whole(gap)]).collect();
    match interior(size, &system, &Work::new(50_000_000)) {
        Interior::Point(mut there) => {
            // Entries that no function mentions stay where the region's point is.
            let mentioned =
                |v: usize| leaf.region.iter().map(|g| &**g).chain([gap]).any(|g| g.terms.iter().any(|t| t.0 == v));
            (0..size).filter(|&v| !mentioned(v)).for_each(|v| there[v] = leaf.point[v].clone());
            debug_assert!(value(gap, &there).is_positive());
            Some(Some(there))
        }
        Interior::Empty(_) => Some(None),
        Interior::Exhausted => None,
    }
}

/// From a point p where a piece is on the wrong side of f, over a point q inside the piece's region, to a
/// point r a little beyond, still on the piece: f(q) lies on the wrong side of the chord from p to r.
fn beyond(subject: &Subject<'_>, concave: bool, output: usize, p: &Tensor, q: &Tensor) -> Option<Violation> {
    let half = Rational::new(1.into(), 2.into());
    let mut length = Rational::one();
    // Inside the region after finitely many halvings.
    for _ in 0..200 {
        let r = q.plus(&q.minus(p).scaled(&length));
        let t = &length / (Rational::one() + &length);
        if let Some(fr) = subject.values(&r) {
            let (fp, fq) = (subject.values(p)?.get(output), subject.values(q)?.get(output));
            let chord = &t * &fp + (Rational::one() - &t) * fr.get(output);
            let wrong = if concave { fq < chord } else { fq > chord };
            if wrong {
                return Some(bent(p, &r, &t, output, concave, [exact(fp), exact(fr.get(output)), exact(fq)]));
            }
        }
        length *= &half;
    }
    None
}
