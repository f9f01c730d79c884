//! What the layers' weights say of every entry, layer by layer: the shared walk of the rules.

use num_traits::Zero;

use crate::algebra::{Polynomial, Rational, Scalar};
use crate::layer::{Form, Function, Layer, Unit, Weights};
use crate::network::{Network, NodeId};

/// A rule that gives every entry of every value a mark, from the marks of what it is computed from.
pub(super) trait Rule {
    /// What is known of an entry.
    type Mark: Clone;

    /// The mark of an input entry.
    fn input(&self, input: usize) -> Self::Mark;

    /// The mark of Σ weight · entry.
    fn sum(&self, terms: &[(Polynomial, &Self::Mark)]) -> Self::Mark;

    /// The mark of a maximum.
    fn maximum(&self, arguments: &[Self::Mark]) -> Self::Mark;

    /// The mark of a piecewise-linear unit, where the rule knows better than sums of maxima.
    fn unit(&self, _unit: &Unit, _operands: &[&[Self::Mark]]) -> Option<Self::Mark> {
        None
    }

    /// The marks of a smooth layer's output.
    fn smooth(&self, layer: &dyn Function, operands: &[&[Self::Mark]]) -> Vec<Self::Mark>;
}

/// Entries of operators that a walk may visit.
const MOST: usize = 20_000_000;

/// The marks of the output's entries; `None` where the network is too large for a walk by entries.
pub(super) fn walk<R: Rule>(network: &Network, rule: &R) -> Option<Vec<R::Mark>> {
    let mut left = MOST;
    let mut marks: Vec<Vec<R::Mark>> = vec![Vec::new(); network.nodes.len()];
    for id in network.live_nodes() {
        let node = &network.nodes[id];
        left = left.checked_sub(node.shape.elements())?;
        let operands: Vec<&[R::Mark]> = node.operands.iter().map(|&o| marks[o].as_slice()).collect();
        let found = match &node.layer {
            None => vec![rule.input(id); node.shape.elements()],
            Some(Layer::Piecewise(layer)) => {
                let mut units = Vec::with_capacity(node.shape.elements());
                for output in 0..node.shape.elements() {
                    let unit = layer.unit(output);
                    left = left.checked_sub(unit.maxima.iter().map(|(_, a)| a.len()).sum())?;
                    units.push(rule.unit(&unit, &operands).unwrap_or_else(|| of_unit(rule, &unit, &operands)));
                }
                units
            }
            Some(Layer::Smooth(layer)) => rule.smooth(&**layer, &operands),
            Some(layer) => affine(network, id, layer, rule, &operands, &mut left)?,
        };
        marks[id] = found;
    }
    Some(std::mem::take(&mut marks[network.output]))
}

fn affine<R: Rule>(
    network: &Network,
    id: NodeId,
    layer: &Layer,
    rule: &R,
    operands: &[&[R::Mark]],
    left: &mut usize,
) -> Option<Vec<R::Mark>> {
    let lowered = Polynomial::lower(layer)?;
    let nonzeros: usize = lowered.operators.iter().map(|o| o.nonzeros()).fold(0, usize::saturating_add);
    *left = left.checked_sub(nonzeros)?;
    let row = |row: usize| {
        let mut terms = Vec::new();
        for (operator, operand) in lowered.operators.iter().zip(operands) {
            operator.for_each_in_row(row, &mut |column, weight| terms.push((weight.clone(), &operand[column])));
        }
        rule.sum(&terms)
    };
    Some((0..network.nodes[id].shape.elements()).map(row).collect())
}

/// A unit by its parts: sums of maxima of sums.
fn of_unit<R: Rule>(rule: &R, unit: &Unit, operands: &[&[R::Mark]]) -> R::Mark {
    let form = |form: &Form| {
        let terms: Vec<(Polynomial, &R::Mark)> =
            form.terms.iter().map(|(o, flat, c)| (Polynomial::constant(c.clone()), &operands[*o][*flat])).collect();
        rule.sum(&terms)
    };
    let affine = form(&unit.affine);
    let maxima: Vec<R::Mark> =
        unit.maxima.iter().map(|(_, a)| rule.maximum(&a.iter().map(form).collect::<Vec<_>>())).collect();
    let mut terms = vec![(Polynomial::constant(Rational::from_integer(1.into())), &affine)];
    terms.extend(unit.maxima.iter().zip(&maxima).map(|((c, _), m)| (Polynomial::constant(c.clone()), m)));
    rule.sum(&terms)
}

/// The sign of a weight, where it is the same whatever the symbols are.
pub(super) fn sign(weight: &Polynomial) -> Option<std::cmp::Ordering> {
    #[cfg(debug_assertions)]
    if crate::fault::has(crate::fault::Fault::WrongSign) {
        return Some(std::cmp::Ordering::Greater);
    }
    weight.sign()
}

/// The one entry that a unit is a function of.
pub(super) fn only_entry(unit: &Unit) -> Option<(usize, usize)> {
    let forms = std::iter::once(&unit.affine).chain(unit.maxima.iter().flat_map(|(_, a)| a));
    let mut entries = forms.flat_map(|form| &form.terms).map(|(operand, flat, _)| (*operand, *flat));
    let first = entries.next()?;
    entries.all(|entry| entry == first).then_some(first)
}

/// The least and the greatest slope of a unit of one entry: between two neighbouring kinks every
/// maximum is one of its arguments. `None` past a few kinks.
pub(super) fn slopes_of(unit: &Unit) -> Option<[Rational; 2]> {
    let slope = |form: &Form| form.terms.iter().map(|t| t.2.clone()).sum::<Rational>();
    let mut kinks = Vec::new();
    for (_, arguments) in &unit.maxima {
        for (i, a) in arguments.iter().enumerate() {
            for b in &arguments[..i] {
                let (rise, gap) = (slope(a) - slope(b), &b.constant - &a.constant);
                if !rise.is_zero() {
                    kinks.push(gap / rise);
                }
            }
        }
    }
    if kinks.len() > 16 {
        return None;
    }
    kinks.sort();
    let one = Rational::from_integer(1.into());
    let two = Rational::from_integer(2.into());
    // A point in every interval.
    let mut points: Vec<Rational> = kinks.windows(2).map(|k| (&k[0] + &k[1]) / &two).collect();
    points.extend(kinks.first().map(|k| k - &one));
    points.extend(kinks.last().map(|k| k + &one));
    if points.is_empty() {
        points.push(one);
    }
    let at = |x: &Rational| {
        let steepness = |arguments: &[Form]| {
            let best = arguments.iter().max_by(|a, b| {
                let value = |f: &Form| slope(f) * x + &f.constant;
                value(a).cmp(&value(b)).then(slope(a).cmp(&slope(b)))
            });
            best.map_or_else(Rational::default, slope)
        };
        slope(&unit.affine) + unit.maxima.iter().map(|(c, a)| c * steepness(a)).sum::<Rational>()
    };
    let slopes: Vec<Rational> = points.iter().map(at).collect();
    Some([slopes.iter().min()?.clone(), slopes.iter().max()?.clone()])
}
