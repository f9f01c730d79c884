//! An a-priori bound of what float32 evaluation may do to a network's outputs.
//!
//! The standard model of rounding: every operation gives its exact result times 1 + δ, |δ| ≤ u =
//! 2⁻²⁴, plus at most η = 2⁻¹⁵⁰ where a product underflows. A sum of n products, in any order and with
//! or without fused multiply-adds, then errs by at most γₙ Σ|aᵢbᵢ| with γₙ = nu/(1 − nu) (N. J. Higham,
//! Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, lemma 3.1 and section 3.1). Errors of
//! the inputs of a layer pass through the sizes of its weights. Nothing overflows, inputs are floats,
//! weights are rounded at most once, and convolutions are sums of products (not Winograd's or FFT's).
//!
//! No standard says how well exp, tanh or erf are computed, so for smooth layers the bound rests on an
//! assumption that is reported with it ([`FloatErrors::assumed`]): each of them is computed to within
//! 2⁻²⁰ · max{1, |x|}, and exponentials of numbers ≤ 0 to within a relative 2⁻²⁰. What a layer does to
//! the errors of its inputs is no assumption: it passes them on times its largest slope.

use num_integer::Integer as _;
use num_traits::{One, Signed, Zero};

use super::difference::slopes;
use super::search::{self, Domain};
use crate::algebra::{Integer, Polynomial, Rational, Shape, Tensor, ratio};
use crate::layer::definition::Definition;
use crate::layer::{Enclosure, Function, Layer, Lowered, PiecewiseLayer, Weights};
use crate::network::{Network, NodeId};

/// Sizes are rounded up to multiples of 2^−PLACES: below η, so that nothing is lost that matters.
const PLACES: usize = 160;

/// Bounds of what float32 evaluation does to each output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloatErrors {
    /// One bound an output entry.
    pub outputs: Vec<Rational>,
    /// Kinds of smooth layers whose functions are assumed to be computed as well as the module says.
    pub assumed: Vec<&'static str>,
}

/// A bound of every output's error, or the layer for which none is known.
pub fn float_error(network: &Network) -> Result<FloatErrors, String> {
    let bounds: Option<Vec<(Rational, Rational)>> = Domain::of(network).bounds().iter().cloned().collect();
    let bounds = bounds.ok_or("its inputs are not bounded")?;
    let (low, high): (Vec<_>, Vec<_>) = bounds.into_iter().unzip();
    let values = network.enclose_nodes(&Enclosure { low: search::flat(&low), high: search::flat(&high) });
    let mut states: Vec<Option<State>> = vec![None; network.nodes.len()];
    let mut assumed = Vec::new();
    for id in network.live_nodes() {
        let node = &network.nodes[id];
        let value = values.get(id).and_then(Option::as_ref);
        let unknown = || format!("`{}` ({}) has no bound", node.name, kind(network, id));
        let value = value.ok_or_else(unknown)?;
        let size = sizes(value);
        let error = match &node.layer {
            None => vec![Integer::zero(); size.len()],
            Some(layer) => {
                let operands: Option<Vec<&State>> = node.operands.iter().map(|&o| states[o].as_ref()).collect();
                layer_error(layer, &operands.ok_or_else(unknown)?, &size).ok_or_else(unknown)?
            }
        };
        if let Some(layer) = &node.layer
            && matches!(layer.function().definition(), Some(Definition::Curve(_) | Definition::Softmax))
            && !assumed.contains(&layer.function().kind())
        {
            assumed.push(layer.function().kind());
        }
        states[id] = Some(State { size, least: least(value), error });
    }
    let output = states[network.output].take().ok_or("it has no output")?;
    let outputs = output.error.into_iter().map(|e| ratio(e, Integer::one() << PLACES)).collect();
    Ok(FloatErrors { outputs, assumed })
}

fn kind(network: &Network, id: NodeId) -> &'static str {
    network.nodes[id].layer.as_ref().map_or("input", |l| l.function().kind())
}

/// Bounds of each entry's size and error, in units of 2^−PLACES.
#[derive(Clone, Debug)]
struct State {
    size: Vec<Integer>,
    /// What each entry's absolute value is at least.
    least: Vec<Integer>,
    error: Vec<Integer>,
}

impl State {
    /// What the computed entry is at most.
    fn reach(&self, i: usize) -> Integer {
        &self.size[i] + &self.error[i]
    }
}

fn up(value: &Rational) -> Integer {
    (value.numer() << PLACES).div_ceil(value.denom())
}

fn sizes(value: &Enclosure) -> Vec<Integer> {
    (0..value.low.len()).map(|i| up(&value.low.get(i).abs().max(value.high.get(i).abs()))).collect()
}

fn least(value: &Enclosure) -> Vec<Integer> {
    let least = |i: usize| value.low.get(i).max(-value.high.get(i)).max(Rational::zero());
    (0..value.low.len()).map(least).map(|n| (n.numer() << PLACES) / n.denom()).collect()
}

/// ⌈γₙ · s⌉ + n·η·2, the factor for what happens to underflowed terms afterwards; `None` where nu ≥ 1/2.
fn rounding(n: usize, s: &Integer) -> Option<Integer> {
    let (n, one) = (Integer::from(n), Integer::one() << 24_u32);
    if Integer::from(2) * &n >= one {
        return None;
    }
    Some((s * &n).div_ceil(&(one - &n)) + (n << (PLACES + 1 - 150)))
}

fn layer_error(layer: &Layer, operands: &[&State], size: &[Integer]) -> Option<Vec<Integer>> {
    match layer {
        Layer::Affine(affine) => affine_error(&affine.lower(), layer.function(), operands, size.len()),
        Layer::Symbolic(symbolic) => {
            affine_error::<Polynomial>(&symbolic.lower(), layer.function(), operands, size.len())
        }
        Layer::Piecewise(piecewise) => match piecewise.definition()? {
            Definition::ExtremePool { .. } | Definition::Extreme { .. } | Definition::Maxout { .. } => {
                Some(worst(&**piecewise, operands, size.len()))
            }
            _ => nonlinear_error(layer.function(), operands, size),
        },
        Layer::Smooth(_) => nonlinear_error(layer.function(), operands, size),
    }
}

/// The size of a weight, rounded up, over 2^PLACES.
fn weight_size<C: Weights>(weight: &C, denominator: &Integer) -> Option<Rational> {
    let tensor = Tensor::new(crate::algebra::Shape::scalar(), vec![weight.clone()], denominator.clone());
    let (low, high) = C::bounds(&tensor)?;
    Some(low.get(0).abs().max(high.get(0).abs()))
}

fn affine_error<C: Weights>(
    lowered: &Lowered<C>,
    function: &dyn Function,
    operands: &[&State],
    outputs: usize,
) -> Option<Vec<Integer>> {
    let moves = lowered.bias.is_none() && lowered.operators.len() == 1 && lowered.operators[0].moves_entries();
    let concat = function.kind() == "concat";
    if let Some(Definition::Upsample { bilinear: true, .. }) = function.definition() {
        return interpolated(lowered, operands.first()?, function.output(), outputs);
    }
    // A batch normalisation may be computed in its own way: up to eight roundings of these parts.
    let parts = function.offset_parts();
    let extra = if function.kind() == "batchnorm" { 8 } else { 1 };
    if function.kind() == "batchnorm" && parts.is_none() {
        return None;
    }
    let mut errors = Vec::with_capacity(outputs);
    for row in 0..outputs {
        let (mut passed, mut sum, mut terms) = (Integer::zero(), Integer::zero(), 0_usize);
        let mut unknown = false;
        for (operator, operand) in lowered.operators.iter().zip(operands) {
            let denominator = operator.denominator();
            operator.for_each_in_row(row, &mut |column, weight| {
                terms += 1;
                let Some(weight) = weight_size(weight, &denominator) else {
                    unknown = true;
                    return;
                };
                let times = |n: &Integer| (n * weight.numer()).div_ceil(weight.denom());
                passed += times(&operand.error[column]);
                sum += times(&operand.reach(column));
            });
        }
        if unknown {
            return None;
        }
        if moves || concat {
            errors.push(passed);
            continue;
        }
        if let Some(parts) = &parts {
            sum += up(&parts.get(row / (outputs / parts.len())));
        } else if let Some(bias) = &lowered.bias {
            sum += up(&weight_size(bias.at(row), bias.denominator())?);
        }
        // Products, additions, a bias, and weights that were rounded once.
        errors.push(passed + rounding(terms + 1 + extra, &sum)?);
    }
    Some(errors)
}

fn nonlinear_error(function: &dyn Function, operands: &[&State], size: &[Integer]) -> Option<Vec<Integer>> {
    let x = *operands.first()?;
    let entry = |i: usize| match function.definition()? {
        Definition::Slopes { below } => {
            let slope = below[i / (size.len() / below.len())].abs();
            let factor = slope.clone().max(Rational::one());
            let passed = (&x.error[i] * factor.numer()).div_ceil(factor.denom());
            let product = (x.reach(i) * slope.numer()).div_ceil(slope.denom());
            Some(if slope.is_zero() || slope.is_one() { passed } else { passed + rounding(2, &product)? })
        }
        Definition::Clip { slope, offset, low, high } => {
            let scaled = |n: &Integer| (n * slope.numer().abs()).div_ceil(slope.denom());
            let line = scaled(&x.reach(i)) + up(&offset.abs());
            let exact = slope.is_one() && offset.is_zero();
            let line = if exact { Integer::zero() } else { rounding(4, &line)? };
            // The bounds themselves may be rounded.
            let ends = rounding(1, &up(&low.abs().max(high.abs())))?;
            Some(scaled(&x.error[i]) + line + ends)
        }
        Definition::Square => {
            let (r, e) = (x.reach(i), &x.error[i]);
            let passed = ((&r + &x.size[i]) * e) >> PLACES;
            Some(passed + 1 + rounding(1, &(((&r * &r) >> PLACES) + 1))?)
        }
        Definition::Multiply => {
            let v = *operands.get(1)?;
            let passed = ((x.reach(i) * &v.error[i]) >> PLACES) + ((&x.error[i] * &v.size[i]) >> PLACES) + 2;
            Some(passed + rounding(1, &(((x.reach(i) * v.reach(i)) >> PLACES) + 1))?)
        }
        Definition::Divide => {
            let v = *operands.get(1)?;
            // |x̂/v̂ − x/v| ≤ (error of x + |x/v| · error of v) / |v̂|.
            let divisor = &v.least[i] - &v.error[i];
            if !divisor.is_positive() {
                return None;
            }
            let quotient = size[i].clone();
            let passed: Integer = &x.error[i] + ((&quotient * &v.error[i]) >> PLACES) + 1;
            let passed = (passed << PLACES).div_ceil(&divisor);
            Some(&passed + rounding(1, &(quotient + &passed))?)
        }
        Definition::Curve(curve) => {
            let slope = slopes(curve);
            let slope = slope.0.abs().max(slope.1.abs());
            let passed = (&x.error[i] * slope.numer()).div_ceil(slope.denom());
            Some(passed + assumed(&x.reach(i)))
        }
        Definition::Softmax => {
            // Less the largest entry, which rounds; then exponentials of numbers ≤ 0, their sum, a quotient.
            let (channels, pixels) = (function.output().channels(), size.len() / function.output().channels());
            let group = || (0..channels).map(|c| c * pixels + i % pixels);
            let reach = group().map(|k| x.reach(k)).max()?;
            let passed = group().map(|k| x.error[k].clone()).max()? + rounding(1, &(reach * 2))?;
            // Σₖ |∂yᵢ/∂xₖ| ≤ 1/2; a relative error of every exponential counts twice; y ≤ 1, and the sum is ≥ 1.
            let one = Integer::one() << PLACES;
            let relative = (&one >> (ACCURATE - 2)) + rounding(channels + 2, &one)?;
            let vanished = Integer::from(channels) << (PLACES - 126);
            Some(passed.div_ceil(&Integer::from(2)) + relative + vanished)
        }
        _ => None,
    };
    (0..size.len()).map(entry).collect()
}

/// The bits to which functions of smooth layers are assumed to be computed.
const ACCURATE: usize = 20;

/// 2^−20 · max{1, |x|}.
fn assumed(reach: &Integer) -> Integer {
    (reach.clone().max(Integer::one() << PLACES) >> ACCURATE) + 1
}

/// Values between pixels: the weights come from coordinates that are floats themselves, of at most the axis's
/// length, by up to four operations. A value is a piecewise-linear function of each coordinate, with slopes of at
/// most twice the largest entry.
fn interpolated<C: Weights>(lowered: &Lowered<C>, x: &State, output: &Shape, outputs: usize) -> Option<Vec<Integer>> {
    let operator = lowered.operators.first()?;
    let largest = (0..x.size.len()).map(|i| x.reach(i)).max()?;
    let axes = output.spatial();
    // 4·u·(n + 1)·2·largest for each axis, with u = 2^−24.
    let places: usize = axes.iter().map(|n| n + 1).sum();
    let coordinates = ((&largest * Integer::from(8 * places)) >> 24_u32) + 1;
    let arithmetic = rounding(4 * axes.len() + (1 << axes.len()), &largest)?;
    let row = |row: usize| {
        // Weights of one output add up to 1.
        let mut worst = Integer::zero();
        operator.for_each_in_row(row, &mut |column, _| worst = worst.clone().max(x.error[column].clone()));
        worst + &coordinates + &arithmetic
    };
    Some((0..outputs).map(row).collect())
}

/// Maxima of several entries err by no more than the worst of them.
fn worst(layer: &dyn PiecewiseLayer, operands: &[&State], outputs: usize) -> Vec<Integer> {
    let worst = |i: usize| {
        let unit = layer.unit(i);
        let forms = std::iter::once(&unit.affine).chain(unit.maxima.iter().flat_map(|(_, forms)| forms));
        forms
            .flat_map(|f| &f.terms)
            .map(|(operand, entry, _)| operands[*operand].error[*entry].clone())
            .max()
            .unwrap_or_default()
    };
    (0..outputs).map(worst).collect()
}
