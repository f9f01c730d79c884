//! Exact lines: a piecewise-linear network along p + t·d is a piecewise-linear function of t whose
//! breakpoints are found by solving, one after the other, however far away they lie.

use num_traits::{Signed, Zero};

use super::{Probe, Witness, one};
use crate::algebra::{MAX_BITS, Rational, Tensor};
use crate::layer::{Form, Layer, PiecewiseLayer};
use crate::network::Network;

/// A value just right of some t₀: `value + slope·(t − t₀)`.
struct Germ {
    value: Tensor,
    slope: Tensor,
}

/// Follows the line from the base point until the slope of an output changes.
pub(super) fn follow(probe: &mut Probe<'_>, direction: &Tensor, breakpoints: usize) -> Option<Witness> {
    if direction.is_zero() || !probe.is_piecewise() {
        return None;
    }
    probe.tried.lines += 1;
    let end = probe.domain.reach(direction);
    let mut at = Rational::zero();
    let mut first: Option<Tensor> = None;
    for _ in 0..=breakpoints {
        // Value and slope, and the units one by one.
        if end.as_ref().is_some_and(|end| at >= *end) || !probe.work.pay(6 * probe.evaluator.price()) {
            return None;
        }
        let (slope, next) = germ_at(probe.network, &probe.base.plus(&direction.scaled(&at)), direction)?;
        match &first {
            None => first = Some(slope),
            Some(first) if *first != slope => return witness(probe, direction, &at, next, end),
            Some(_) => {}
        }
        at += next?;
        probe.tried.breakpoints += 1;
    }
    None
}

/// f is affine on [0, t] and has another slope on [t, t + room]: x = t·d and a short y show it.
fn witness(
    probe: &mut Probe<'_>,
    direction: &Tensor,
    t: &Rational,
    room: Option<Rational>,
    end: Option<Rational>,
) -> Option<Witness> {
    let limits = [room, end.map(|e| e - t), Some(t.clone())];
    let step = limits.into_iter().flatten().min()?;
    let x = direction.scaled(t);
    // A whole step if it fits: the numbers are nicer.
    let nicer = if step > one() { one() } else { step };
    probe.test(&x, &direction.scaled(&nicer))
}

/// One output along `start + t·direction` for t from 0 to `end`: every breakpoint of any unit with the
/// output's exact value there, and whether its slope changes; the ends are the first and the last.
///
/// `None` if there are more than `most` breakpoints, or a layer is neither affine nor piecewise linear.
pub fn polyline(
    network: &Network,
    start: &Tensor,
    direction: &Tensor,
    output: usize,
    end: &Rational,
    most: usize,
) -> Option<Vec<(Rational, Rational, bool)>> {
    let mut points = Vec::new();
    let (mut at, mut before) = (Rational::zero(), None);
    for _ in 0..=most {
        let point = start.plus(&direction.scaled(&at));
        let value = network.evaluate(&point)?.get(output);
        if at == *end {
            points.push((at, value, false));
            return Some(points);
        }
        let (slopes, next) = germ_at(network, &point, direction)?;
        let slope = slopes.get(output);
        let kink = before.as_ref().is_some_and(|before| *before != slope);
        points.push((at.clone(), value, kink));
        before = Some(slope);
        at = next.map_or_else(|| end.clone(), |step| (&at + step).min(end.clone()));
    }
    None
}

/// The output's slope just after a point of the line, and the distance to the next breakpoint of any unit.
fn germ_at(network: &Network, point: &Tensor, direction: &Tensor) -> Option<(Tensor, Option<Rational>)> {
    let mut germs: Vec<Option<Germ>> = Vec::new();
    let inputs = network.split_input(point).into_iter().zip(network.split_input(direction));
    germs.extend(inputs.map(|(value, slope)| Some(Germ { value, slope })));
    germs.resize_with(network.nodes.len(), || None);
    let mut next: Option<Rational> = None;
    for id in network.live_nodes() {
        let node = &network.nodes[id];
        let Some(layer) = &node.layer else { continue };
        let operands: Option<Vec<&Germ>> = node.operands.iter().map(|&o| germs[o].as_ref()).collect();
        let operands = operands?;
        let germ = match layer {
            Layer::Affine(layer) => {
                let values: Vec<&Tensor> = operands.iter().map(|g| &g.value).collect();
                let value = layer.evaluate(&values)?;
                let ahead: Vec<Tensor> = operands.iter().map(|g| g.value.plus(&g.slope)).collect();
                let slope = layer.evaluate(&ahead.iter().collect::<Vec<_>>())?.minus(&value);
                Germ { value, slope }
            }
            Layer::Piecewise(layer) => piecewise(&**layer, &operands, &mut next),
            Layer::Smooth(_) | Layer::Symbolic(_) => return None,
        };
        if germ.value.bits().max(germ.slope.bits()) > MAX_BITS {
            return None;
        }
        germs[id] = Some(germ);
    }
    germs.into_iter().nth(network.output).flatten().map(|germ| (germ.slope, next))
}

fn piecewise(layer: &dyn PiecewiseLayer, operands: &[&Germ], next: &mut Option<Rational>) -> Germ {
    let (mut values, mut slopes) = (Vec::new(), Vec::new());
    for output in 0..layer.output().elements() {
        let unit = layer.unit(output);
        let (mut value, mut slope) = along(&unit.affine, operands);
        for (coefficient, arguments) in &unit.maxima {
            let lines: Vec<(Rational, Rational)> = arguments.iter().map(|a| along(a, operands)).collect();
            // Tuples compare by value, then by slope: just right of t₀ the steeper one wins.
            let Some((top, steepness)) = lines.iter().max().cloned() else { continue };
            for (other, steeper) in lines.iter().filter(|l| l.1 > steepness) {
                let distance = (&top - other) / (steeper - &steepness);
                if distance.is_positive() && next.as_ref().is_none_or(|n| distance < *n) {
                    *next = Some(distance);
                }
            }
            value += coefficient * top;
            slope += coefficient * steepness;
        }
        values.push(value);
        slopes.push(slope);
    }
    let tensor = |v: &[Rational]| Tensor::from_rationals(layer.output().clone(), v);
    Germ { value: tensor(&values), slope: tensor(&slopes) }
}

/// A form's value and slope.
fn along(form: &Form, operands: &[&Germ]) -> (Rational, Rational) {
    let mut result = (form.constant.clone(), Rational::zero());
    for (operand, flat, coefficient) in &form.terms {
        result.0 += coefficient * operands[*operand].value.get(*flat);
        result.1 += coefficient * operands[*operand].slope.get(*flat);
    }
    result
}
