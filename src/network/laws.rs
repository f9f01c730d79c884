//! Additivity and homogeneity of a network, as equations between networks.

use super::equation::Equation;
use super::graph::{Input, Network, Node, NodeId};
use super::symbols::{SymbolError, Symbols};
use crate::algebra::{Polynomial, Shape, Symbol, Tensor};
use crate::layer::{Arguments, Layer, Value, catalogue};

/// A law that linear maps obey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// f(x + y) = f(x) + f(y).
    Additive,
    /// f(a·x) = a·f(x) for every number a.
    Homogeneous,
    /// f(a·x) = a·f(x) for every a ≥ 0.
    PositivelyHomogeneous,
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
