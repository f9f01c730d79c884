//! Directions along which a network is affine whatever its nonlinear layers do.
//!
//! A maximum of forms that all change by the same amount changes by that amount: max{a + t, b + t} =
//! max{a, b} + t. So along a direction in which the arguments of every maximum change alike, the network
//! is affine. For valid, circular, reflected or replicated convolutions, pools that look at one channel
//! and biases, the images that are constant on each channel are such directions, whatever the weights;
//! one ReLU, or zeros at a border, voids the argument.

use num_traits::{One, Signed, Zero};

use super::pairs::first_pair;
use super::{Grounds, Seen, Subject, Violation};
use crate::algebra::{Budget, Integer, Polynomial, Rational, Scalar, Tensor};
use crate::decide::normal_form::{Limits, Outcome, normal_form};
use crate::decide::regions::{Leaf, Linear, value};
use crate::decide::search::{Domain, Value, flat};
use crate::decide::symbolic::choices;
use crate::decide::values::Values;
use crate::decide::{Decision, Status};
use crate::layer::{Form, Layer, Weights};
use crate::network::{Network, NodeId};

/// What the walk through the layers shows.
enum Walk<S> {
    /// The change of every output, for each direction.
    Affine(Vec<Vec<S>>),
    /// The arguments of this layer's maxima change by different amounts.
    Voided(NodeId),
    /// Not known: too large.
    TooLarge,
}

/// The directions: for each channel of each argument, the image that is 1 on it; for a vector, all ones.
fn directions(network: &Network) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    let mut first = 0;
    for input in &network.inputs {
        let elements = input.shape.elements();
        let channels = if input.shape.rank() > 1 { input.shape.channels() } else { 1 };
        let run = elements / channels;
        found.extend((0..channels).map(|c| (first + c * run..first + (c + 1) * run).collect::<Vec<usize>>()));
        first += elements;
    }
    found
}

/// Operator entries times directions that are followed one by one.
const MOST: usize = 4_000_000;

/// The changes of every value along directions, by the layers' operators; stops at the first maximum
/// whose arguments change by different amounts.
fn walk<C: Weights>(network: &Network, directions: &[Vec<usize>]) -> Walk<C::Value> {
    let zero = C::Value::zero;
    let mut changes: Vec<Vec<Vec<C::Value>>> = vec![Vec::new(); network.nodes.len()];
    let mut first = 0;
    for (id, input) in network.inputs.iter().enumerate() {
        let range = first..first + input.shape.elements();
        let entry = |direction: &Vec<usize>, v: usize| if direction.contains(&v) { C::Value::one() } else { zero() };
        changes[id] = directions.iter().map(|d| range.clone().map(|v| entry(d, v)).collect()).collect();
        first = range.end;
    }
    let mut left = MOST;
    for id in network.live_nodes() {
        let node = &network.nodes[id];
        let Some(layer) = &node.layer else { continue };
        let operands: Vec<&Vec<Vec<C::Value>>> = node.operands.iter().map(|&o| &changes[o]).collect();
        let outputs = node.shape.elements();
        let mut found = vec![Vec::with_capacity(outputs); directions.len()];
        match layer {
            Layer::Piecewise(layer) => {
                for output in 0..outputs {
                    let unit = layer.unit(output);
                    for (k, found) in found.iter_mut().enumerate() {
                        let change = |form: &Form| {
                            let mut sum = zero();
                            form.terms.iter().for_each(|(o, v, c)| sum = sum.plus(&operands[*o][k][*v].scaled(c)));
                            sum
                        };
                        let mut total = change(&unit.affine);
                        for (coefficient, arguments) in &unit.maxima {
                            let changes: Vec<C::Value> = arguments.iter().map(change).collect();
                            if changes.windows(2).any(|pair| pair[0] != pair[1]) {
                                return Walk::Voided(id);
                            }
                            total = total.plus(&changes[0].scaled(coefficient));
                        }
                        found.push(total);
                    }
                }
            }
            Layer::Smooth(_) if operands.iter().any(|o| o.iter().flatten().any(|c| !c.is_zero())) => {
                return Walk::Voided(id);
            }
            Layer::Smooth(_) => found.iter_mut().for_each(|f| f.resize(outputs, zero())),
            layer => {
                let Some(lowered) = C::lower(layer) else { return Walk::TooLarge };
                let cost = lowered.operators.iter().map(|o| o.nonzeros()).fold(outputs, usize::saturating_add);
                let Some(rest) = left.checked_sub(cost.saturating_mul(directions.len() * C::PRODUCT_COST)) else {
                    return Walk::TooLarge;
                };
                left = rest;
                for row in 0..outputs {
                    for (k, found) in found.iter_mut().enumerate() {
                        let mut sum = zero();
                        for (operator, operand) in lowered.operators.iter().zip(&operands) {
                            let denominator = operator.denominator();
                            operator.for_each_in_row(row, &mut |column, weight| {
                                if !operand[k][column].is_zero() {
                                    sum.add_product(&weight.value(&denominator), &operand[k][column]);
                                }
                            });
                        }
                        found.push(sum);
                    }
                }
            }
        }
        changes[id] = found;
    }
    Walk::Affine(std::mem::take(&mut changes[network.output]))
}

/// Large networks, by what their layers are: whether every value's change is constant on each channel.
/// `Err` is the layer at which that ends, or a maximum needs more.
fn by_kinds(network: &Network) -> Result<(), NodeId> {
    for id in network.live_nodes() {
        let node = &network.nodes[id];
        let Some(layer) = &node.layer else { continue };
        let function = layer.function();
        let one_place = |shape: &crate::algebra::Shape| shape.spatial().iter().product::<usize>() == 1;
        let keeps = match function.kind() {
            "conv" | "depthwise" | "avgpool" | "sumpool" => !function.pads_with_zeros(),
            "maxpool" | "minpool" | "global_maxpool" | "global_avgpool" | "identity" | "dropout" | "add" | "sub"
            | "concat" | "crop" | "slice" => true,
            "pad" => function.continues_input(),
            "upsample" | "bias" => true,
            "batchnorm" => true,
            // Images of one place, and vectors, are constant on every channel.
            "flatten" | "reshape" => {
                network.nodes[node.operands[0]].shape.rank() > 1
                    && one_place(&network.nodes[node.operands[0]].shape)
                    && one_place(&node.shape)
            }
            "dense" => true,
            _ => false,
        };
        if !keeps {
            return Err(id);
        }
    }
    Ok(())
}

/// `affine-along-constants`: the arguments of every maximum change by the same amount along every image
/// that is constant on each channel, so f(x + c·1) = f(x) + c·v.
pub(super) fn grounds(network: &Network, decision: &Decision, budget: Budget) -> Grounds {
    let directions = directions(network);
    let culprit = if network.is_symbolic() {
        match walk::<Polynomial>(network, &directions) {
            Walk::Affine(changes) => return proved(network, changes),
            Walk::Voided(id) => Some(id),
            Walk::TooLarge => match by_kinds(network) {
                Ok(()) => return proved(network, Vec::new()),
                Err(id) => Some(id),
            },
        }
    } else {
        match walk::<Integer>(network, &directions) {
            Walk::Affine(changes) => {
                let number = |c: Rational| Polynomial::constant(c);
                let changes = changes.into_iter().map(|v| v.into_iter().map(number).collect()).collect();
                return proved(network, changes);
            }
            Walk::Voided(id) => Some(id),
            Walk::TooLarge => match by_kinds(network) {
                Ok(()) => return proved(network, Vec::new()),
                Err(id) => Some(id),
            },
        }
    };
    let grounds = otherwise(network, decision, &directions, budget);
    Grounds { culprit: culprit.map(|id| (id, why(network, id))), ..grounds }
}

/// `changes` are v for each direction, where they were computed.
fn proved(network: &Network, changes: Vec<Vec<Polynomial>>) -> Grounds {
    let what = if network.is_symbolic() { ", whatever the weights" } else { "" };
    let mut proof = vec![format!(
        "Add c to every entry of a channel{what}. Affine layers change by what their weights make of it, which does not depend on x. The arguments of every maximum change by the same amount t, and max{{a + t, b + t}} = max{{a, b}} + t. So the network changes by c times a fixed vector v, one v for each channel that is raised: f(x + c·1) = f(x) + c·v."
    )];
    if let Some((space, all)) = super::space::largest(network) {
        proof.push(format!(
            "In all, the directions along which no maximum has arguments that change by different amounts make a space of dimension {space}, of {all}."
        ));
    }
    if reaches_one(network) {
        proof.push(format!(
            "Consequence: no output of it is |mean(x)|, nor near it{what}. Let t be one output at the images with every entry −1, 0 and 1: t(−1) + t(1) = 2·t(0) by the theorem. If t were within less than 1/2 of |mean(x)| at all three, then t(−1) + t(1) > 1/2 + 1/2 = 1 and 2·t(0) < 1. So at one of the constant images −1, 0, 1 it is at distance at least 1/2: networks like this approximate not every continuous function, however large they are."
        ));
    }
    let because = "every maximum’s arguments change alike";
    Grounds { changes, ..Grounds::proved("affine-along-constants", because, proof) }
}

/// Whether the images −1, 0 and 1 belong to the domain.
fn reaches_one(network: &Network) -> bool {
    let one = Rational::one();
    network.inputs.iter().all(|i| i.domain.as_ref().is_none_or(|(low, high)| *low <= -&one && *high >= one))
}

/// Why a layer ends the argument.
fn why(network: &Network, id: NodeId) -> String {
    let node = &network.nodes[id];
    let function = node.layer.as_ref().map(|l| l.function());
    let kind = function.map_or("input", |f| f.kind());
    let padded = network
        .live_nodes()
        .into_iter()
        .take_while(|&n| n <= id)
        .find(|&n| network.nodes[n].layer.as_ref().is_some_and(|l| l.function().pads_with_zeros()));
    match (kind, padded) {
        ("maxpool" | "minpool" | "global_maxpool", Some(at)) if at != id => format!(
            "`{}` compares entries of a channel, and zeros at the border make them change by different amounts: `{}` pads with zeros",
            node.name, network.nodes[at].name
        ),
        (_, Some(at)) if at == id => format!("`{}` pads with zeros, which do not change", node.name),
        _ => format!(
            "`{}` ({kind}) compares its input with something that does not change by the same amount",
            node.name
        ),
    }
}

/// The rule does not apply: by the exact map, by points, by regions.
fn otherwise(network: &Network, decision: &Decision, directions: &[Vec<usize>], budget: Budget) -> Grounds {
    let affine = "The network is affine, so it is affine along every direction: f(x + u) = f(x) + M u.";
    if matches!(decision.verdict, crate::decide::Verdict::Linear | crate::decide::Verdict::Affine) {
        return Grounds::proved("affine-map", "it is affine", vec![affine.into()]);
    }
    for weights in choices(&network.symbols()) {
        let here = network.at(&weights);
        if here.is_symbolic() {
            break;
        }
        let grounds = of_numbers(&here, directions, budget);
        if grounds.status == Status::Refuted || !network.is_symbolic() {
            let violation = grounds.violation.map(|v| Violation { symbols: weights.clone(), ..v });
            return Grounds { violation, ..grounds };
        }
    }
    Grounds::undecided("the rule does not apply, and no points refute it")
}

fn of_numbers(network: &Network, directions: &[Vec<usize>], budget: Budget) -> Grounds {
    let program = match normal_form(network, &Limits::within(budget)) {
        Outcome::Residual(residual) => residual.program,
        _ => None,
    };
    let subject = Subject { network, domain: Domain::of(network), map: None, program, budget };
    let size = network.input_elements();
    let along = |direction: &[usize], step: &Rational| {
        let mut values = vec![Rational::zero(); size];
        direction.iter().for_each(|&v| values[v] = step.clone());
        flat(&values)
    };
    let units: Vec<Tensor> =
        directions.iter().flat_map(|d| [along(d, &Rational::one()), along(d, &-Rational::one())]).collect();
    let found = first_pair(&subject, |pairs, (x, fx), (y, fy)| {
        units.iter().find_map(|u| {
            let (xu, yu) = (x.plus(u), y.plus(u));
            if !subject.domain.contains(&xu) || !subject.domain.contains(&yu) {
                return None;
            }
            let (fxu, fyu) = (pairs.values(&xu)?, pairs.values(&yu)?);
            let output = fxu.plus(fy).first_apart(&fx.plus(&fyu), &Rational::zero())?;
            Some(violation(x, y, u, output, [&fxu, fx, &fyu, fy]))
        })
    });
    if let Some(violation) = found {
        return Grounds::refuted("two points and a step", violation);
    }
    // The slopes along the directions, compared with those at the first region.
    let slopes = |outputs: &[Linear]| -> Vec<Vec<Rational>> {
        let along =
            |form: &Linear, d: &Vec<usize>| form.terms.iter().filter(|(v, _)| d.contains(v)).map(|(_, c)| c).sum();
        outputs.iter().map(|form| directions.iter().map(|d| along(form, d)).collect()).collect()
    };
    let Seen::Found(first) = subject
        .on_regions("", &|leaf: &Leaf<'_>| Some((slopes(leaf.outputs), room(leaf, directions), leaf.point.to_vec())))
    else {
        return Grounds::undecided(
            "the rule does not apply, no points refute it, and its normal form is too large, or has smooth layers",
        );
    };
    let other = |leaf: &Leaf<'_>| {
        let here = slopes(leaf.outputs);
        let direction = (0..directions.len()).find(|&k| here.iter().zip(&first.0).any(|(a, b)| a[k] != b[k]))?;
        Some((direction, room(leaf, directions), leaf.point.to_vec()))
    };
    match subject.on_regions("affine_along", &other) {
        Seen::All(cases) => Grounds::by_cases(
            "along-by-regions",
            "the same slopes on every region",
            cases,
            "the outputs have the same slopes along images that are constant on each channel",
        ),
        Seen::Unknown(reason) => Grounds::undecided(reason),
        Seen::Found((direction, rooms, point)) => {
            let step = along(&directions[direction], &first.1[direction].clone().min(rooms[direction].clone()));
            let (x, y) = (flat(&first.2), flat(&point));
            let points = [x.plus(&step), x.clone(), y.plus(&step), y.clone()];
            let values: Option<Vec<Values>> = points.iter().map(|p| subject.values(p).map(Values::exact)).collect();
            let found = values.and_then(|v| {
                let output = v[0].plus(&v[3]).first_apart(&v[1].plus(&v[2]), &Rational::zero())?;
                Some(violation(&x, &y, &step, output, [&v[0], &v[1], &v[2], &v[3]]))
            });
            found.map_or_else(
                || Grounds::undecided("it fails, but the values that show it are too long"),
                |v| Grounds::refuted("two points and a step", v),
            )
        }
    }
}

/// For each direction, how far the leaf's point can move along it inside the region, at most 1.
fn room(leaf: &Leaf<'_>, directions: &[Vec<usize>]) -> Vec<Rational> {
    let along = |d: &Vec<usize>| {
        let limit = |g: &Linear| {
            let slope: Rational = g.terms.iter().filter(|(v, _)| d.contains(v)).map(|(_, c)| c).sum();
            slope.is_negative().then(|| value(g, leaf.point) / slope.abs())
        };
        leaf.region.iter().filter_map(|g| limit(g)).fold(Rational::one(), Rational::min)
    };
    directions.iter().map(along).collect()
}

fn violation(x: &Tensor, y: &Tensor, u: &Tensor, output: usize, [fxu, fx, fyu, fy]: [&Values; 4]) -> Violation {
    let minus = |a: Value, b: Value| Value { low: &a.low - &b.high, high: &a.high - &b.low };
    Violation {
        points: vec![("x", x.clone()), ("y", y.clone()), ("u", u.clone())],
        symbols: Default::default(),
        output,
        left_name: "f(x + u) - f(x)".into(),
        relation: "\\neq",
        right_name: "f(y + u) - f(y)".into(),
        left: minus(fxu.get(output), fx.get(output)),
        right: minus(fyu.get(output), fy.get(output)),
    }
}
