//! A network as a graph of layers, in topological order, with every shape known.

use std::collections::BTreeSet;

use crate::algebra::{Assignment, MAX_BITS, Rational, Shape, Symbol, Tensor};
use crate::diagnostic::Span;
use crate::layer::{Enclosure, Layer};

/// The index of a node in [`Network::nodes`].
pub type NodeId = usize;

/// A network: a function of its inputs.
#[derive(Clone, Debug)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Its arguments, in order. Reports, matrices and witnesses see their concatenation.
    pub inputs: Vec<Input>,
    /// The nodes, operands before their users. The first `inputs.len()` are the inputs, in order.
    pub nodes: Vec<Node>,
    /// The node whose value the network returns.
    pub output: NodeId,
    /// Where it is defined.
    pub span: Span,
}

/// An argument of a network.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// The closed interval that every entry lies in; all of ℚ when `None`.
    pub domain: Option<(Rational, Rational)>,
}

/// One value of a network.
#[derive(Clone, Debug)]
pub struct Node {
    /// A name for reports: the user's, or the kind and a number (`conv1`).
    pub name: String,
    /// The layer; `None` for an input.
    pub layer: Option<Layer>,
    /// The values that it is computed from, in order.
    pub operands: Vec<NodeId>,
    /// The shape of the value.
    pub shape: Shape,
    /// Where it is written.
    pub span: Span,
}

impl Network {
    /// The shape of the result.
    pub fn output_shape(&self) -> &Shape {
        &self.nodes[self.output].shape
    }

    /// The number of input entries, all arguments together.
    pub fn input_elements(&self) -> usize {
        self.inputs.iter().map(|i| i.shape.elements()).sum()
    }

    /// Cuts a flat input vector into one tensor an argument.
    pub fn split_input(&self, flat: &Tensor) -> Vec<Tensor> {
        let mut rest = flat.numerators();
        let cut = self.inputs.iter().map(|input| {
            let (head, tail) = rest.split_at(input.shape.elements());
            rest = tail;
            Tensor::new(input.shape.clone(), head.to_vec(), flat.denominator().clone())
        });
        cut.collect()
    }

    /// The nodes that the output depends on, ascending.
    pub fn live_nodes(&self) -> Vec<NodeId> {
        let mut live = BTreeSet::from([self.output]);
        for id in (0..=self.output).rev() {
            if live.contains(&id) {
                live.extend(&self.nodes[id].operands);
            }
        }
        live.into_iter().collect()
    }

    /// The entries of the smallest value that all of the output is computed from, once every input is read: a bound
    /// of the rank of the linear part of an affine network.
    pub fn narrowest(&self) -> usize {
        let live = self.live_nodes();
        let mut last_use: Vec<NodeId> = (0..self.nodes.len()).collect();
        live.iter().for_each(|&id| self.nodes[id].operands.iter().for_each(|&operand| last_use[operand] = id));
        let last_input = live.iter().copied().filter(|&id| id < self.inputs.len()).max().unwrap_or(0);
        let (mut narrowest, mut open) = (usize::MAX, 0);
        for id in live {
            // Nothing before this value is used after it, and no input comes after it.
            if open <= id && last_input <= id {
                narrowest = narrowest.min(self.nodes[id].shape.elements());
            }
            open = open.max(last_use[id]);
        }
        narrowest
    }

    /// The free symbols that live layers mention.
    pub fn symbols(&self) -> BTreeSet<Symbol> {
        let live = self.live_nodes().into_iter().filter_map(|id| self.nodes[id].layer.as_ref());
        let mentioned = live.map(|layer| match layer {
            Layer::Symbolic(layer) => layer.symbols(),
            _ => BTreeSet::new(),
        });
        mentioned.flatten().filter(|symbol| matches!(symbol, Symbol::Free(_))).collect()
    }

    /// Whether a live layer has symbols or roots for weights.
    pub fn is_symbolic(&self) -> bool {
        let mut live = self.live_nodes().into_iter();
        live.any(|id| matches!(self.nodes[id].layer, Some(Layer::Symbolic(_))))
    }

    /// The network with numbers for its free symbols.
    pub fn at(&self, values: &Assignment) -> Network {
        let mut network = self.clone();
        for node in &mut network.nodes {
            if let Some(Layer::Symbolic(layer)) = &node.layer {
                node.layer = Some(layer.at(values));
            }
        }
        network
    }

    /// The network x ↦ left(x) − right(x), for two networks with the same arguments and output
    /// shape; its domain is `left`'s. `sub` is the layer that subtracts.
    pub fn difference(left: &Network, right: &Network, sub: Layer) -> Network {
        let mut network = left.clone();
        let inputs = network.inputs.len();
        let mut place: Vec<NodeId> = (0..inputs).collect();
        for (id, node) in right.nodes.iter().enumerate().skip(inputs) {
            let operands = node.operands.iter().map(|&o| place[o]).collect();
            debug_assert_eq!(place.len(), id, "nodes are copied in order");
            place.push(network.nodes.len());
            network.nodes.push(Node { operands, ..node.clone() });
        }
        let operands = vec![left.output, place[right.output]];
        network.output = network.nodes.len();
        network.name = format!("{} - {}", left.name, right.name);
        let (shape, span) = (left.output_shape().clone(), left.span);
        network.nodes.push(Node { name: "difference".into(), layer: Some(sub), operands, shape, span });
        network
    }

    /// The exact result by the layers' defining sums; `None` where a smooth layer's value is not
    /// rational, or a number would have more than [`MAX_BITS`] bits.
    pub fn evaluate(&self, flat: &Tensor) -> Option<Tensor> {
        self.values(flat)?.into_iter().nth(self.output).flatten()
    }

    /// The exact values of all live layers, in order, by their defining sums; `None` as for
    /// [`Network::evaluate`].
    pub fn trace(&self, flat: &Tensor) -> Option<Vec<(NodeId, Tensor)>> {
        let values = self.values(flat)?;
        let layers = values.into_iter().enumerate().skip(self.inputs.len());
        Some(layers.filter_map(|(id, value)| Some((id, value?))).collect())
    }

    fn values(&self, flat: &Tensor) -> Option<Vec<Option<Tensor>>> {
        let short = |value: &Tensor| value.bits() <= MAX_BITS;
        self.run(self.split_input(flat), |_, layer, inputs| layer.function().evaluate(inputs).filter(short))
    }

    /// Bounds of the result, given bounds of the flat input.
    pub fn enclose(&self, flat: &Enclosure) -> Option<Enclosure> {
        self.enclose_nodes(flat).into_iter().nth(self.output).flatten()
    }

    /// Bounds of every live node's value, given bounds of the flat input.
    pub fn enclose_nodes(&self, flat: &Enclosure) -> Vec<Option<Enclosure>> {
        let inputs = self.split_input(&flat.low).into_iter().zip(self.split_input(&flat.high));
        let inputs = inputs.map(|(low, high)| Enclosure { low, high }).collect();
        let short = |e: &Enclosure| e.low.bits() <= MAX_BITS && e.high.bits() <= MAX_BITS;
        self.run(inputs, |_, layer, inputs| layer.function().enclose(inputs).filter(short)).unwrap_or_default()
    }

    /// Values of all live nodes, from those of the inputs and a meaning of each layer; `None` as
    /// soon as a layer has none.
    pub(crate) fn run<V>(
        &self,
        inputs: Vec<V>,
        apply: impl Fn(NodeId, &Layer, &[&V]) -> Option<V>,
    ) -> Option<Vec<Option<V>>> {
        let mut values: Vec<Option<V>> = inputs.into_iter().map(Some).collect();
        values.resize_with(self.nodes.len(), || None);
        for id in self.live_nodes() {
            let node = &self.nodes[id];
            if let Some(layer) = &node.layer {
                let operands: Option<Vec<&V>> = node.operands.iter().map(|&o| values[o].as_ref()).collect();
                values[id] = Some(apply(id, layer, &operands?)?);
            }
        }
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Source;
    use crate::network::{NoImports, check};

    #[test]
    fn the_narrowest_value_is_one_that_everything_passes() {
        for (network, narrowest) in [
            ("x: 4) { dense(zeros(3x4)); dense(zeros(5x3)) }", 3),
            ("x: 2) { dense(zeros(3x2)); dense(zeros(5x3)) }", 2),
            ("x: 4) { dense(zeros(3x4)); dense(zeros(2x3)) }", 2),
            // Around the narrow value, or beside it.
            ("x: 4) { dense(zeros(1x4)); dense(zeros(4x1)); add(x) }", 4),
            ("x: 6) { y = dense(zeros(3x6)); dense(zeros(1x3)); dense(zeros(3x1)); add(y); dense(zeros(6x3)) }", 3),
            ("x: 1, y: 5) { x |> concat(y); dense(zeros(4x6)) }", 4),
            ("x: 1, y: 5) { x |> concat(y); dense(zeros(9x6)) }", 6),
            ("x: 1, y: 5) { y |> dense(zeros(9x5)) }", 5),
            ("x: 5, y: 1) { x |> dense(zeros(9x5)) }", 5),
        ] {
            let source = Source { name: "test.net".into(), text: format!("network f({network}") };
            let program =
                check(source, &NoImports, 1 << 28).unwrap_or_else(|r| panic!("{network}: {:?}", r.diagnostics));
            assert_eq!(program.networks[0].narrowest(), narrowest, "{network}");
        }
    }
}
