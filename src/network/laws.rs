//! Laws that a network may obey, each as equations between networks.

use super::equation::Equation;
use super::graph::{Input, Network, Node, NodeId};
use super::symbols::{SymbolError, Symbols};
use crate::algebra::{Polynomial, Rational, Shape, Symbol, Tensor};
use crate::diagnostic::Code;
use crate::layer::{Arguments, Layer, Value, catalogue};

/// A law, which is an equation for every input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// f(x + y) = f(x) + f(y).
    Additive,
    /// f(a·x) = a·f(x) for every number a.
    Homogeneous,
    /// f(a·x) = a·f(x) for every a ≥ 0.
    PositivelyHomogeneous,
    /// f(−x) = f(x), for inputs whose negative lies in the domain.
    Even,
    /// f(−x) = −f(x), for inputs whose negative lies in the domain.
    Odd,
    /// f(x) = f(p), where p is the point of the domain nearest to 0.
    Constant,
    /// f(S x) = S f(x) for circular shifts S: by one place along a spatial axis of the output, and by as
    /// many along the input's as the stride between them is; where the output has one place, by one
    /// along the input's.
    ShiftEquivariant,
}

/// A law's name in the language.
pub const LAWS: &[(&str, Law)] = &[
    ("additive", Law::Additive),
    ("homogeneous", Law::Homogeneous),
    ("positively_homogeneous", Law::PositivelyHomogeneous),
    ("even", Law::Even),
    ("odd", Law::Odd),
    ("constant", Law::Constant),
    ("shift_equivariant", Law::ShiftEquivariant),
];

impl Law {
    /// Whether it is about linear maps: then it is written without regard to the domain.
    pub fn is_of_linear_maps(self) -> bool {
        matches!(self, Law::Additive | Law::Homogeneous | Law::PositivelyHomogeneous)
    }

    /// Why a law says nothing of a network, and what it needs.
    pub(super) fn misfit(self, f: &Network) -> Option<(Code, String, &'static str)> {
        match self {
            Law::Even | Law::Odd => {
                let apart = |i: &&Input| i.domain.is_some() && symmetric(i).is_none();
                let input = f.inputs.iter().find(apart)?;
                let message = format!("the domain of `{}` contains no number together with its negative", input.name);
                Some((Code::EmptyDomain, message, "give a domain around 0, such as `in [-1, 1]`"))
            }
            Law::Additive => {
                let two = Rational::from_integer(2.into());
                let alone =
                    |i: &&Input| i.domain.as_ref().is_some_and(|domain| multiples_inside(domain, &two).is_none());
                let input = f.inputs.iter().find(alone)?;
                let message = format!("the domain of `{}` contains no two numbers together with their sum", input.name);
                Some((Code::EmptyDomain, message, "give a domain that contains 0, or one such as `in [1, 2]`"))
            }
            Law::ShiftEquivariant => {
                if strides(f).is_some() {
                    return None;
                }
                let inputs: Vec<String> = f.inputs.iter().map(|i| i.shape.to_string()).collect();
                let message = format!("`{}` takes {} and gives {}", f.name, inputs.join(", "), f.output_shape());
                let help = "shifts need images: C×L, C×H×W or C×D×H×W, whose extents the output's divide";
                Some((Code::ShapeMismatch, message, help))
            }
            _ => None,
        }
    }
}

/// The part of a domain that contains the negatives of its points.
fn symmetric(input: &Input) -> Option<(Rational, Rational)> {
    let (low, high) = input.domain.as_ref()?;
    let (low, high) = (low.clone().max(-high), high.clone().min(-low));
    (low <= high).then_some((low, high))
}

/// The numbers of an interval whose products with a factor that is not 0 lie in it too.
pub(crate) fn multiples_inside((low, high): &(Rational, Rational), factor: &Rational) -> Option<(Rational, Rational)> {
    let (a, b) = (low / factor, high / factor);
    let (a, b) = if a <= b { (a, b) } else { (b, a) };
    let (low, high) = (low.clone().max(a), high.clone().min(b));
    (low <= high).then_some((low, high))
}

/// For each spatial axis: the shift of the input that is a shift by one of the output.
fn strides(f: &Network) -> Option<Vec<usize>> {
    let output = f.output_shape();
    let [first, ..] = f.inputs.as_slice() else { return None };
    let extent = first.shape.spatial();
    let images = f.inputs.iter().all(|i| i.shape.rank() > 1 && i.shape.spatial() == extent);
    if !images || output.rank() != first.shape.rank() {
        return None;
    }
    let stride = |(&n, &m): (&usize, &usize)| match m {
        1 => Some(1),
        _ => (n % m == 0).then(|| n / m),
    };
    extent.iter().zip(output.spatial()).map(stride).collect()
}

/// The equations that together are a law of `network`, on all of ℚⁿ whatever its domain is;
/// `None` if a layer that they need cannot be built.
///
/// Homogeneity is two: for a ≥ 0, and for −a with a ≥ 0, because a normal form takes a factor out of
/// a maximum only where its sign is known.
pub(super) fn equations(network: &Network, law: Law, factor: (Symbol, &str)) -> Option<Vec<Equation>> {
    let signs: &[bool] = match law {
        Law::Additive => return Some(vec![additive(network)?]),
        Law::Homogeneous => &[false, true],
        Law::PositivelyHomogeneous => &[false],
        Law::Even | Law::Odd => return Some(vec![parity(network, law)?]),
        Law::Constant => return Some(vec![constant(network)?]),
        Law::ShiftEquivariant => {
            let strides = strides(network)?;
            return (0..strides.len()).map(|axis| shifted(network, axis, strides[axis])).collect();
        }
    };
    signs.iter().map(|&negative| homogeneous(network, factor.0, factor.1, negative)).collect()
}

/// The factor of all laws of a program, a new symbol, and its name.
pub(super) fn factor(symbols: &mut Symbols) -> Result<(Symbol, &'static str), SymbolError> {
    let name = if symbols.tensors.iter().any(|t| t.name == "a") { "alpha" } else { "a" };
    Ok((Symbol::Free(symbols.add(name, Shape::scalar())?), name))
}

/// A graph under construction.
struct Graph<'n> {
    of: &'n Network,
    inputs: Vec<Input>,
    nodes: Vec<Node>,
}

impl<'n> Graph<'n> {
    /// One input of each name for each input of `of`, without domains.
    fn new(of: &'n Network, names: &[&str]) -> Graph<'n> {
        let mut graph = Graph { of, inputs: Vec::new(), nodes: Vec::new() };
        for name in names {
            for input in &of.inputs {
                let name = if of.inputs.len() == 1 { name.to_string() } else { format!("{name}_{}", input.name) };
                let shape = input.shape.clone();
                graph.nodes.push(Node {
                    name: name.clone(),
                    layer: None,
                    operands: Vec::new(),
                    shape: shape.clone(),
                    span: of.span,
                });
                graph.inputs.push(Input { name, shape, domain: None });
            }
        }
        graph
    }

    /// With domains for the inputs, one copy after the other.
    fn within(mut self, domains: &[Option<(Rational, Rational)>]) -> Graph<'n> {
        self.inputs.iter_mut().zip(domains.iter().cycle()).for_each(|(input, domain)| input.domain.clone_from(domain));
        self
    }

    /// A value shifted circularly along a spatial axis.
    fn shift(&mut self, value: NodeId, axis: usize, by: usize) -> Option<NodeId> {
        let axes = self.nodes[value].shape.spatial().len();
        let by = by % self.nodes[value].shape.spatial()[axis].max(1);
        let (mut before, mut after) = (vec![0; 2 * axes], vec![0; 2 * axes]);
        (before[axis], after[axes + axis]) = (by, by);
        let pad = Arguments::default().with("pad", Value::List(before)).with("mode", Value::Word("circular".into()));
        let padded = self.layer("pad", &pad, &[value])?;
        self.layer("crop", &Arguments::default().with("amount", Value::List(after)), &[padded])
    }

    fn layer(&mut self, kind: &str, arguments: &Arguments, operands: &[NodeId]) -> Option<NodeId> {
        let shapes: Vec<&Shape> = operands.iter().map(|&o| &self.nodes[o].shape).collect();
        let layer: Layer = (catalogue::find(kind)?.build)(arguments, &shapes).ok()?;
        let (shape, operands) = (layer.function().output().clone(), operands.to_vec());
        self.nodes.push(Node { name: kind.into(), layer: Some(layer), operands, shape, span: self.of.span });
        Some(self.nodes.len() - 1)
    }

    /// The network at these values.
    fn apply(&mut self, arguments: &[NodeId]) -> NodeId {
        let mut place = arguments.to_vec();
        for node in &self.of.nodes[arguments.len()..] {
            let operands = node.operands.iter().map(|&o| place[o]).collect();
            self.nodes.push(Node { operands, ..node.clone() });
            place.push(self.nodes.len() - 1);
        }
        place[self.of.output]
    }

    fn finish(self, name: String, output: NodeId) -> Network {
        Network { name, inputs: self.inputs, nodes: self.nodes, output, span: self.of.span }
    }
}

/// f(−x) against f(x) or −f(x).
fn parity(f: &Network, law: Law) -> Option<Equation> {
    let minus =
        Arguments::default().with("factor", Value::Tensor(Tensor::scalar(&Rational::from_integer((-1).into()))));
    let domains: Vec<_> = f.inputs.iter().map(symmetric).collect();
    let inputs: Vec<NodeId> = (0..f.inputs.len()).collect();
    let mut left = Graph::new(f, &["x"]).within(&domains);
    let negated: Option<Vec<NodeId>> = inputs.iter().map(|&i| left.layer("scale", &minus, &[i])).collect();
    let output = left.apply(&negated?);
    let left = left.finish(format!("{}(-x)", f.name), output);
    let mut right = Graph::new(f, &["x"]).within(&domains);
    let mut output = right.apply(&inputs);
    if law == Law::Odd {
        output = right.layer("scale", &minus, &[output])?;
    }
    let sign = if law == Law::Odd { "-" } else { "" };
    let right = right.finish(format!("{sign}{}(x)", f.name), output);
    Some(Equation { is_law: true, ..Equation::new(left, right, true, None)? })
}

/// f(x) against f(p), p the point of the domain nearest to 0.
fn constant(f: &Network) -> Option<Equation> {
    let zero = Rational::default();
    let number = |value: &Rational| Value::Tensor(Tensor::scalar(value));
    let domains: Vec<_> = f.inputs.iter().map(|i| i.domain.clone()).collect();
    let mut left = Graph::new(f, &["x"]).within(&domains);
    let output = left.apply(&(0..f.inputs.len()).collect::<Vec<_>>());
    let left = left.finish(format!("{}(x)", f.name), output);
    let mut right = Graph::new(f, &["x"]).within(&domains);
    let mut points = Vec::new();
    let mut at_zero = true;
    for (i, domain) in domains.iter().enumerate() {
        let nearest =
            domain.as_ref().map_or(zero.clone(), |(low, high)| zero.clone().max(low.clone()).min(high.clone()));
        at_zero &= nearest == zero;
        let nothing = right.layer("scale", &Arguments::default().with("factor", number(&zero)), &[i])?;
        points.push(right.layer("bias", &Arguments::default().with("value", number(&nearest)), &[nothing])?);
    }
    let output = right.apply(&points);
    let right = right.finish(format!("{}({})", f.name, if at_zero { "0" } else { "p" }), output);
    Some(Equation { is_law: true, ..Equation::new(left, right, true, None)? })
}

/// f(S x) against S f(x), S a circular shift along one spatial axis.
fn shifted(f: &Network, axis: usize, stride: usize) -> Option<Equation> {
    let domains: Vec<_> = f.inputs.iter().map(|i| i.domain.clone()).collect();
    let inputs: Vec<NodeId> = (0..f.inputs.len()).collect();
    let mut left = Graph::new(f, &["x"]).within(&domains);
    let moved: Option<Vec<NodeId>> = inputs.iter().map(|&i| left.shift(i, axis, stride)).collect();
    let output = left.apply(&moved?);
    let left = left.finish(format!("{}(S x)", f.name), output);
    let mut right = Graph::new(f, &["x"]).within(&domains);
    let output = right.apply(&inputs);
    let output = right.shift(output, axis, 1)?;
    let right = right.finish(format!("S {}(x)", f.name), output);
    Some(Equation { is_law: true, ..Equation::new(left, right, true, None)? })
}

fn additive(f: &Network) -> Option<Equation> {
    let (n, plain) = (f.inputs.len(), Arguments::default());
    let mut left = Graph::new(f, &["x", "y"]);
    let sums: Option<Vec<NodeId>> = (0..n).map(|i| left.layer("add", &plain, &[i, n + i])).collect();
    let output = left.apply(&sums?);
    let left = left.finish(format!("{}(x + y)", f.name), output);

    let mut right = Graph::new(f, &["x", "y"]);
    let at_x = right.apply(&(0..n).collect::<Vec<_>>());
    let at_y = right.apply(&(n..2 * n).collect::<Vec<_>>());
    let output = right.layer("add", &plain, &[at_x, at_y])?;
    let right = right.finish(format!("{0}(x) + {0}(y)", f.name), output);
    Some(Equation { is_law: true, ..Equation::new(left, right, true, None)? })
}

fn homogeneous(f: &Network, factor: Symbol, name: &str, negative: bool) -> Option<Equation> {
    let value = Polynomial::symbol(factor);
    let (value, sign) = if negative { (Polynomial::default().minus(&value), "-") } else { (value, "") };
    let by = Arguments::default().with("factor", Value::Symbols(Tensor::from_integers(Shape::scalar(), vec![value])));
    let mut left = Graph::new(f, &["x"]);
    let scaled: Option<Vec<NodeId>> = (0..f.inputs.len()).map(|i| left.layer("scale", &by, &[i])).collect();
    let output = left.apply(&scaled?);
    let left = left.finish(format!("{}({sign}{name} x)", f.name), output);

    let mut right = Graph::new(f, &["x"]);
    let at_x = right.apply(&(0..f.inputs.len()).collect::<Vec<_>>());
    let output = right.layer("scale", &by, &[at_x])?;
    let right = right.finish(format!("{sign}{name} {}(x)", f.name), output);
    let equation = Equation::new(left, right, true, None)?;
    Some(Equation { nonnegative: [factor].into(), is_law: true, ..equation })
}
