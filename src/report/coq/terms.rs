//! Numbers, tensors, layers and networks as terms of the Coq library.

use std::fmt::Write;

use num_integer::lcm;
use num_traits::{One, Signed, Zero};

use super::{Arithmetic, MAX_WEIGHTS, Writer};
use crate::algebra::{Integer, Polynomial, Rational, Scalar, Shape, Symbol, Tensor, common_denominator};
use crate::decide::convolution::Convolution;
use crate::layer::definition::{Constant, Divisor, Geometry};
use crate::layer::{Definition, Weights};
use crate::network::Network;
use crate::toeplitz::PadMode;

/// Why a term cannot be written, as the end of a sentence.
pub(super) type Refusal = String;

/// The longest numbers that have names.
const NAMED: u64 = 24;

/// The weights of a network: numbers, or polynomials in its free weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ring {
    Numbers,
    Polynomials,
}

/// The name of a number: n12 for 12, m3 for −3.
pub(super) fn name(value: &Integer) -> String {
    if value.is_negative() { format!("m{}", -value) } else { format!("n{value}") }
}

/// A number as it is written.
pub(super) fn literal(value: &Integer, arithmetic: Arithmetic) -> String {
    let scope = if arithmetic == Arithmetic::Words { "%bigZ" } else { "" };
    if value.is_negative() || !scope.is_empty() { format!("({value}){scope}") } else { value.to_string() }
}

/// `[a; b; c]`
pub(super) fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join("; "))
}

pub(super) fn shape(shape: &Shape) -> String {
    sizes(shape.axes())
}

fn sizes(axes: &[usize]) -> String {
    list(axes.iter().map(usize::to_string))
}

impl Writer {
    /// An integer weight.
    pub fn weight(&mut self, value: &Integer) -> String {
        if value.bits() > NAMED {
            return literal(value, self.arithmetic);
        }
        self.weights.insert(value.clone());
        name(value)
    }

    /// The position of an entry.
    pub fn position(&mut self, position: usize) -> String {
        self.positions.insert(position);
        format!("p{position}")
    }

    /// An integer as a weight of a ring.
    pub fn constant(&mut self, value: &Integer, ring: Ring) -> String {
        match ring {
            Ring::Numbers => self.weight(value),
            Ring::Polynomials if value.is_zero() => "[]".into(),
            Ring::Polynomials => format!("[([], {value})]"),
        }
    }

    /// A polynomial with integer coefficients: [(monomial, coefficient); …].
    fn polynomial(&mut self, value: &Polynomial, scale: &Integer) -> String {
        let term = |(monomial, coefficient): &(crate::algebra::Monomial, Rational)| {
            let symbols = monomial.powers().iter().flat_map(|(symbol, power)| {
                let index = if let Symbol::Free(index) = symbol { u64::from(*index) + 1 } else { 0 };
                std::iter::repeat_n(index.to_string(), *power as usize)
            });
            format!("({}%positive, {})", list(symbols), coefficient.numer() * (scale / coefficient.denom()))
        };
        list(value.terms().iter().map(term))
    }

    /// A polynomial with whole coefficients, which is a number where the ring is that of numbers.
    pub fn entry(&mut self, value: &Polynomial, ring: Ring) -> String {
        match (ring, value.as_number()) {
            (Ring::Numbers, Some(number)) => self.weight(number.numer()),
            _ => self.polynomial(value, &Integer::one()),
        }
    }

    /// Weights with this shape, over a denominator that theirs divides.
    fn tensor(&mut self, dims: &[usize], values: &Constant, denominator: &Integer, ring: Ring) -> String {
        let entries: Vec<String> = match values {
            Constant::Numbers(t) => t.numerators_over(denominator).iter().map(|n| self.constant(n, ring)).collect(),
            Constant::Symbols(t) => t.numerators().iter().map(|p| self.polynomial(p, denominator)).collect(),
        };
        format!("(Tensor {} {})", sizes(dims), list(entries))
    }

    fn zeros(&mut self, dims: &[usize], ring: Ring) -> String {
        let zero = self.constant(&Integer::zero(), ring);
        format!("(Tensor {} {})", sizes(dims), list(std::iter::repeat_n(zero, dims.iter().product())))
    }

    /// The common denominator, the weights, and the bias (zeros if there is none).
    fn weights_and_bias(
        &mut self,
        (dims, weights): (&[usize], &Constant),
        (outputs, bias): (usize, Option<&Constant>),
        ring: Ring,
    ) -> String {
        let denominator = bias.map_or_else(|| denominator(weights), |b| lcm(denominator(weights), denominator(b)));
        let weights = self.tensor(dims, weights, &denominator, ring);
        let bias = match bias {
            Some(bias) => self.tensor(&[outputs], bias, &denominator, ring),
            None => self.zeros(&[outputs], ring),
        };
        format!("{weights} {bias} {denominator}")
    }

    /// One weight for all, one a channel or one an entry.
    fn spread(&mut self, values: &Constant, input: &Shape, denominator: &Integer, ring: Ring) -> String {
        let dims = match length(values) {
            1 => &[],
            n if n == input.elements() => input.axes(),
            _ => &input.axes()[..1],
        };
        self.tensor(dims, values, denominator, ring)
    }

    fn layer(
        &mut self,
        definition: &Definition,
        inputs: &[&Shape],
        output: &Shape,
        ring: Ring,
    ) -> Result<String, Refusal> {
        let input = inputs.first().copied().unwrap_or(output);
        Ok(match definition {
            Definition::Conv { kernel, bias, window, groups, mode } => {
                let outputs = (output.channels(), bias.as_ref());
                let weights = self.weights_and_bias((&dims(kernel), kernel), outputs, ring);
                format!("Conv {weights} {groups} {} {}", border(*mode, window), axes(window))
            }
            Definition::ConvTranspose { kernel, bias, window, output_pad, groups } => {
                let outputs = (output.channels(), bias.as_ref());
                let weights = self.weights_and_bias((&dims(kernel), kernel), outputs, ring);
                format!("ConvTranspose {weights} {groups} {} {}", axes(window), sizes(output_pad))
            }
            Definition::Dense { matrix, bias } => {
                let weights = self.weights_and_bias((&dims(matrix), matrix), (output.channels(), bias.as_ref()), ring);
                format!("Dense {weights}")
            }
            Definition::Scale { factor, offset } => {
                let number = |n: i64| Constant::Numbers(Tensor::scalar(&Rational::from_integer(n.into())));
                let (factor, offset) = (factor.clone().unwrap_or(number(1)), offset.clone().unwrap_or(number(0)));
                let den = lcm(denominator(&factor), denominator(&offset));
                let (factor, offset) =
                    (self.spread(&factor, input, &den, ring), self.spread(&offset, input, &den, ring));
                format!("Scale {factor} {offset} {den}")
            }
            Definition::SumPool { window, divisor } => {
                let share = match divisor {
                    Divisor::One => "One",
                    Divisor::Window => "Window",
                    Divisor::Inside => "Inside",
                };
                format!("SumPool {share} {}", axes(window))
            }
            Definition::Pad { before, after, value, mode } => {
                let ones = vec![1; before.len()];
                let (before, after) = (before.clone(), after.clone());
                let window = Geometry { size: ones.clone(), stride: ones.clone(), dilation: ones, before, after };
                let outside = self.constant(value.numer(), ring);
                format!("Pad {outside} {} {} {}", value.denom(), border(*mode, &window), axes(&window))
            }
            Definition::Slice { start, step } => {
                format!("Slice {} {} {}", sizes(start), sizes(step), shape(output))
            }
            Definition::Upsample { factor, bilinear } => format!("Upsample {} {bilinear}", sizes(factor)),
            Definition::Reshape => format!("Reshape {}", shape(output)),
            Definition::Permute { axes } => format!("Permute {}%nat", sizes(axes)),
            Definition::PixelShuffle { r } => format!("PixelShuffle {r}"),
            Definition::Add => "Add".into(),
            Definition::Sub => "Sub".into(),
            Definition::Concat => "Concat".into(),
            Definition::Slopes { below } => {
                let shape = Shape::new([below.len()]).map_err(|e| e.to_string())?;
                let below = Constant::Numbers(Tensor::from_rationals(shape, below));
                let den = denominator(&below);
                format!("Slopes {} {den}", self.spread(&below, input, &den, ring))
            }
            Definition::Clip { slope, offset, low, high } => {
                let numbers = [slope, offset, low, high];
                let den = common_denominator(numbers.iter().map(|n| n.denom()));
                let numbers = numbers.map(|n| self.constant(&(n.numer() * (&den / n.denom())), ring));
                // The line's slope and offset, and the bounds, are over the same denominator.
                format!("Clip {} {den}", numbers.join(" "))
            }
            Definition::ExtremePool { least, window } => format!("ExtremePool {least} {}", axes(window)),
            Definition::Maxout { k } => format!("Maxout {k}"),
            Definition::Extreme { least } => format!("Extreme {least}"),
            Definition::Square => "Square".into(),
            Definition::Multiply => "Multiply".into(),
            Definition::Divide => return Err("it divides values by values".into()),
            Definition::Curve(_) | Definition::Softmax => {
                return Err("it has a smooth layer, whose values are not rational".into());
            }
        })
    }

    /// `Network [inputs] [nodes]`, only the nodes that the output depends on.
    pub fn network_term(&mut self, network: &Network, ring: Ring) -> Result<String, Refusal> {
        check_weights(network)?;
        let inputs = network.inputs.len();
        let mut place: Vec<usize> = (0..network.nodes.len()).collect();
        let mut nodes = Vec::new();
        for id in network.live_nodes().into_iter().filter(|&id| id >= inputs) {
            place[id] = inputs + nodes.len();
            let node = &network.nodes[id];
            let definition = node.layer.as_ref().and_then(|l| l.function().definition());
            let definition = definition.ok_or_else(|| format!("`{}` has no definition to export", node.name))?;
            let shapes: Vec<&Shape> = node.operands.iter().map(|&o| &network.nodes[o].shape).collect();
            let layer = self.layer(&definition, &shapes, &node.shape, ring)?;
            let operands = list(node.operands.iter().map(|&o| place[o].to_string()));
            let comment = super::comment(&node.name);
            nodes.push(format!("  (* {comment} *) Node ({layer}) {operands}%nat {}", shape(&node.shape)));
        }
        if nodes.is_empty() {
            let returned = shape(network.output_shape());
            nodes.push(format!("  Node (Reshape {returned}) [{}]%nat {returned}", network.output));
        }
        let mut text = String::from("Network ");
        let arguments: Vec<String> = network.inputs.iter().map(|input| self.input(input, ring)).collect();
        let _ = write!(text, "{} [\n{}]", list(arguments), nodes.join(";\n"));
        Ok(text)
    }

    /// One layer `conv` with the same inputs.
    pub fn one_convolution<C: Weights>(&mut self, like: &Network, found: &Convolution<C>, ring: Ring) -> String {
        let (kernel, bias) = (C::constant(&found.kernel), C::constant(&found.bias));
        let size = found.kernel.shape().axes()[2..].to_vec();
        let window = Geometry {
            dilation: vec![1; size.len()],
            size,
            stride: found.stride.clone(),
            before: found.before.clone(),
            after: found.after.clone(),
        };
        let weights = self.weights_and_bias((&dims(&kernel), &kernel), (found.output.channels(), Some(&bias)), ring);
        let arguments: Vec<String> = like.inputs.iter().map(|input| self.input(input, ring)).collect();
        format!(
            "Network {} [\n  Node (Conv {weights} 1 {} {}) [0]%nat {}]",
            list(arguments),
            border(found.mode, &window),
            axes(&window),
            shape(&found.output)
        )
    }

    fn input(&mut self, input: &crate::network::Input, ring: Ring) -> String {
        let domain = input.domain.as_ref().map_or("None".to_string(), |(low, high)| {
            let den = lcm(low.denom().clone(), high.denom().clone());
            let mut over = |n: &Rational| self.constant(&(n.numer() * (&den / n.denom())), ring);
            format!("Some ({}, {}, {den}%positive)", over(low), over(high))
        });
        format!("({}, {domain})", shape(&input.shape))
    }

    /// A flat vector of all inputs, as one tensor an input, over a denominator.
    pub fn point_in(&mut self, network: &Network, flat: &Tensor, denominator: &Integer, ring: Ring) -> String {
        let parts = network.split_input(flat);
        list(parts.iter().map(|t| self.tensor(t.shape().axes(), &Constant::Numbers(t.clone()), denominator, ring)))
    }
}

/// Free weights may be exported, roots not; and not too many of either.
fn check_weights(network: &Network) -> Result<(), Refusal> {
    let live = network.live_nodes().into_iter().filter_map(|id| network.nodes[id].layer.as_ref());
    let mut count = 0_usize;
    for layer in live {
        count = count.saturating_add(layer.function().parameters());
        if let crate::layer::Layer::Symbolic(layer) = layer
            && layer.symbols().iter().any(|s| matches!(s, Symbol::Root(_)))
        {
            return Err("its weights have square roots, and Coq's numbers here are rational".into());
        }
    }
    if count > MAX_WEIGHTS {
        return Err(format!("it has {count} weights, more than the {MAX_WEIGHTS} that Coq reads in useful time"));
    }
    Ok(())
}

fn dims(values: &Constant) -> Vec<usize> {
    match values {
        Constant::Numbers(t) => t.shape().axes().to_vec(),
        Constant::Symbols(t) => t.shape().axes().to_vec(),
    }
}

fn length(values: &Constant) -> usize {
    match values {
        Constant::Numbers(t) => t.len(),
        Constant::Symbols(t) => t.len(),
    }
}

/// Polynomials as ones with whole coefficients over one denominator.
pub(super) fn over(values: impl Iterator<Item = Polynomial>) -> (Vec<Polynomial>, Integer) {
    let values: Vec<Polynomial> = values.collect();
    let denominator = common_denominator(values.iter().flat_map(|p| p.terms().iter().map(|(_, c)| c.denom())));
    let factor = Rational::from_integer(denominator.clone());
    (values.iter().map(|p| p.scaled(&factor)).collect(), denominator)
}

/// The denominator of all weights, those inside of polynomials too.
fn denominator(values: &Constant) -> Integer {
    match values {
        Constant::Numbers(t) => t.denominator().clone(),
        Constant::Symbols(t) => {
            common_denominator(t.numerators().iter().flat_map(|p| p.terms().iter().map(|(_, c)| c.denom())))
        }
    }
}

fn border(mode: PadMode, window: &Geometry) -> &'static str {
    if window.before.iter().chain(&window.after).all(|&n| n == 0) {
        return "Valid";
    }
    match mode {
        PadMode::Zero => "Zeros",
        PadMode::Circular => "Circular",
        PadMode::Reflect => "Reflect",
        PadMode::Replicate => "Replicate",
    }
}

fn axes(w: &Geometry) -> String {
    let axis =
        |a: usize| format!("Axis {} {} {} {} {}", w.size[a], w.stride[a], w.dilation[a], w.before[a], w.after[a]);
    list((0..w.size.len()).map(axis))
}
