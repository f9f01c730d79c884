//! Properties that are proved layer by layer: every entry of every value gets a mark, from the marks of
//! what it is computed from, that says something true of it as a function of the inputs.

use num_traits::{One, Signed, Zero};

use crate::Rejection;
use crate::curve::Curve;
use crate::layer::{How, Layer, ONE, Term};
use crate::network::Network;
use crate::number::{Poly, Rat};
use crate::work::Work;

/// How marks follow from marks.
pub trait Rule {
    type Mark: Clone;

    /// Of Σ weight · entry + number.
    fn sum(&self, terms: &[(Poly, Self::Mark)]) -> Self::Mark;
    /// Of the largest.
    fn maximum(&self, marks: &[Self::Mark]) -> Self::Mark;
    /// Of a function of one entry whose slopes lie between two numbers, where that says more.
    fn slopes(&self, mark: &Self::Mark, low: &Rat, high: &Rat) -> Option<Self::Mark>;
    /// Of a smooth function.
    fn smooth(&self, how: How, marks: &[Self::Mark]) -> Self::Mark;
}

/// The marks of the output's entries.
pub fn marks<R: Rule>(
    network: &Network,
    inputs: Vec<Vec<R::Mark>>,
    rule: &R,
    work: &Work,
) -> Result<Vec<R::Mark>, Rejection> {
    let entry = |layer: &Layer, operands: &[&Vec<R::Mark>], i: usize| {
        if layer.is_smooth() {
            let marks = layer.arguments(i).into_iter().map(|s| operands[s.0][s.1].clone());
            return rule.smooth(layer.how, &marks.collect::<Vec<_>>());
        }
        let known = layer.slopes(i).and_then(|(s, low, high)| rule.slopes(&operands[s.0][s.1], &low, &high));
        known.unwrap_or_else(|| {
            let mut parts = Vec::new();
            for piece in layer.pieces(i) {
                // min(l, …) = −max(−l, …)
                let sign = if piece.least { -1 } else { 1 };
                let form = |terms: &Vec<Term>| {
                    let read = terms.iter().filter(|(source, _, _)| *source != ONE);
                    let weight = |w, factor: i64| layer.numbers.value(w, factor * sign);
                    let terms = read.map(|&(s, w, factor)| (weight(w, factor), operands[s.0][s.1].clone()));
                    rule.sum(&terms.collect::<Vec<_>>())
                };
                let forms: Vec<R::Mark> = piece.forms.iter().map(form).collect();
                parts.push((Poly::number(Rat::from_integer(sign.into())), rule.maximum(&forms)));
            }
            rule.sum(&parts)
        })
    };
    network.run(inputs, |layer, operands| {
        work.spend((layer.size() * layer.fan_in()) as u64 * 500)?;
        Ok((0..layer.size()).map(|i| entry(layer, operands, i)).collect())
    })
}

/// Whether an entry is convex and whether it is concave (`bends`); else whether it rises with the inputs and
/// whether it falls. Both are: affine; or constant.
///
/// Sums with weights ≥ 0 keep both; a weight < 0 exchanges them. A maximum of convex functions is convex, a
/// maximum of rising ones rises, of falling ones falls. A convex function that increases, of a convex function,
/// is convex.
pub struct Signs {
    pub bends: bool,
}

impl Rule for Signs {
    type Mark = (bool, bool);

    fn sum(&self, terms: &[(Poly, Self::Mark)]) -> Self::Mark {
        let term = |(weight, (up, down)): &(Poly, Self::Mark)| match weight {
            w if w.is_nonnegative(&[]) => (*up || w.is_zero(), *down || w.is_zero()),
            w if w.times(&Poly::number(-Rat::one())).is_nonnegative(&[]) => (*down, *up),
            _ => (*up && *down, *up && *down),
        };
        terms.iter().map(term).fold((true, true), |a, b| (a.0 && b.0, a.1 && b.1))
    }

    fn maximum(&self, marks: &[Self::Mark]) -> Self::Mark {
        let up = marks.iter().all(|m| m.0);
        let down = marks.iter().all(|m| m.1);
        (up, down && (!self.bends || marks.len() == 1))
    }

    fn slopes(&self, (up, down): &Self::Mark, low: &Rat, high: &Rat) -> Option<Self::Mark> {
        match (self.bends, low.is_negative(), high.is_positive()) {
            (false, false, _) => Some((*up, *down)),
            (false, _, false) => Some((*down, *up)),
            _ => None,
        }
    }

    fn smooth(&self, how: How, marks: &[Self::Mark]) -> Self::Mark {
        let (up, down) = marks[0];
        match (self.bends, how) {
            (true, How::Square) => (up && down, false),
            (true, How::Curve(Curve::Softplus | Curve::Elu)) => (up, false),
            (false, How::Curve(curve)) if curve.increases() => (up, down),
            // Constant, where all of its arguments are.
            (false, _) => (marks.iter().all(|m| m.0 && m.1), marks.iter().all(|m| m.0 && m.1)),
            _ => (false, false),
        }
    }
}

/// By how much an entry changes at most where no input changes by more than 1: Σ |weight| times the changes of
/// what is summed, the largest of those of a maximum's arguments.
pub struct Steepness;

impl Rule for Steepness {
    type Mark = Option<Rat>;

    fn sum(&self, terms: &[(Poly, Self::Mark)]) -> Self::Mark {
        terms.iter().try_fold(Rat::zero(), |sum, (weight, mark)| {
            let (low, high) = weight.bounds(&|_| None)?;
            let size = low.abs().max(high.abs());
            if size.is_zero() { Some(sum) } else { Some(sum + size * mark.as_ref()?) }
        })
    }

    fn maximum(&self, marks: &[Self::Mark]) -> Self::Mark {
        marks.iter().cloned().try_fold(Rat::zero(), |most, mark| Some(most.max(mark?)))
    }

    fn slopes(&self, mark: &Self::Mark, low: &Rat, high: &Rat) -> Option<Self::Mark> {
        Some(mark.as_ref().map(|mark| mark * low.abs().max(high.abs())))
    }

    fn smooth(&self, how: How, marks: &[Self::Mark]) -> Self::Mark {
        let slope = match how {
            How::Curve(Curve::Sigmoid) => Rat::new(1.into(), 4.into()),
            How::Curve(Curve::Tanh | Curve::Softplus | Curve::Elu) => Rat::one(),
            _ => return None,
        };
        marks[0].as_ref().map(|mark| mark * slope)
    }
}

/// By what an entry changes, whatever the inputs are, where a direction is added to them; one change a
/// direction. Sums change by the sum; max(a + t, b + t) = max(a, b) + t.
pub struct Change;

impl Rule for Change {
    type Mark = Option<Vec<Poly>>;

    fn sum(&self, terms: &[(Poly, Self::Mark)]) -> Self::Mark {
        let mut sum: Vec<Poly> = Vec::new();
        for (weight, mark) in terms {
            let mark = mark.as_ref()?;
            sum.resize(mark.len().max(sum.len()), Poly::default());
            sum.iter_mut().zip(mark).for_each(|(s, m)| s.add(&m.times(weight), &Rat::one()));
        }
        Some(sum)
    }

    fn maximum(&self, marks: &[Self::Mark]) -> Self::Mark {
        let trimmed = |mark: &Self::Mark| {
            let mut mark = mark.clone()?;
            mark.truncate(mark.iter().rposition(|m| !m.is_zero()).map_or(0, |last| last + 1));
            Some(mark)
        };
        let first = marks.first().and_then(trimmed);
        if marks.iter().all(|mark| trimmed(mark) == first) { first } else { None }
    }

    fn slopes(&self, mark: &Self::Mark, low: &Rat, high: &Rat) -> Option<Self::Mark> {
        let _ = (mark, low, high);
        None
    }

    fn smooth(&self, _: How, marks: &[Self::Mark]) -> Self::Mark {
        let still = |mark: &Self::Mark| mark.as_ref().is_some_and(|m| m.iter().all(Poly::is_zero));
        marks.iter().all(still).then(Vec::new)
    }
}
