//! A network with each maximal linear segment merged into one layer: a convolution where that is
//! exact, else a matrix.

use std::collections::BTreeMap;

use crate::algebra::{Budget, Integer, Shape, Tensor};
use crate::collapse::{AffineMap, Region, one_kernel};
use crate::layer::{Arguments, Layer, Value, catalogue};
use crate::network::{Input, Network, Node, NodeId};

/// What became of one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The names of its layers.
    pub layers: Vec<String>,
    /// `conv`, `dense`, or `None`: its layers were kept, because one matrix would be larger.
    pub into: Option<&'static str>,
}

/// The merged network, and what became of each segment. A network that is affine as a whole
/// becomes one layer, whatever its size within the budget.
pub fn merged(network: &Network, budget: impl Into<Budget>) -> (Network, Vec<Merged>) {
    let budget = budget.into();
    let mut merger = Merger { network, budget, nodes: Vec::new(), place: BTreeMap::new(), segments: Vec::new() };
    for (id, _) in network.inputs.iter().enumerate() {
        merger.place.insert(id, merger.nodes.len());
        merger.nodes.push(network.nodes[id].clone());
    }
    for id in network.live_nodes() {
        let node = &network.nodes[id];
        if matches!(node.layer, Some(Layer::Piecewise(_) | Layer::Smooth(_) | Layer::Symbolic(_))) {
            let operands = node.operands.iter().map(|&o| merger.value(o)).collect();
            merger.copy(id, operands);
        }
    }
    let output = merger.value(network.output);
    let (nodes, segments) = (merger.nodes, merger.segments);
    (Network { nodes, output, ..network.clone() }, segments)
}

struct Merger<'n> {
    network: &'n Network,
    budget: Budget,
    nodes: Vec<Node>,
    /// Where each value of the network is among the new nodes.
    place: BTreeMap<NodeId, NodeId>,
    segments: Vec<Merged>,
}

impl Merger<'_> {
    fn copy(&mut self, id: NodeId, operands: Vec<NodeId>) -> NodeId {
        self.nodes.push(Node { operands, ..self.network.nodes[id].clone() });
        self.place.insert(id, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    fn layer(
        &mut self,
        kind: &'static str,
        name: String,
        arguments: &Arguments,
        operands: Vec<NodeId>,
    ) -> Option<NodeId> {
        let shapes: Vec<&Shape> = operands.iter().map(|&o| &self.nodes[o].shape).collect();
        let layer = (catalogue::find(kind)?.build)(arguments, &shapes).ok()?;
        let shape = layer.function().output().clone();
        self.nodes.push(Node { name, layer: Some(layer), operands, shape, span: self.network.span });
        Some(self.nodes.len() - 1)
    }

    /// A value, merged: what nonlinear layers and the output are computed from.
    fn value(&mut self, sink: NodeId) -> NodeId {
        if let Some(&place) = self.place.get(&sink) {
            return place;
        }
        let region = Region::<Integer>::ending_in(self.network, sink);
        let layers: Vec<NodeId> = region.layers().map(|(id, _)| id).collect();
        let names: Vec<String> = layers.iter().map(|&id| self.network.nodes[id].name.clone()).collect();
        let before = self.nodes.len();
        if let [only] = layers.as_slice() {
            let operands = self.network.nodes[*only].operands.iter().map(|&o| self.value(o)).collect();
            return self.copy(*only, operands);
        }
        let name = self.network.nodes[sink].name.clone();
        let whole = sink == self.network.output && region.sources.iter().all(|&s| s < self.network.inputs.len());
        let found = self.as_convolution(&region, &layers, &name).map(|id| (id, "conv"));
        let found = found.or_else(|| self.as_matrix(&region, whole, &name).map(|id| (id, "dense")));
        match found {
            Some((id, kind)) => {
                self.segments.push(Merged { layers: names, into: Some(kind) });
                self.place.insert(sink, id);
                id
            }
            None => {
                self.nodes.truncate(before);
                self.segments.push(Merged { layers: names, into: None });
                for id in layers {
                    if !self.place.contains_key(&id) {
                        let operands = self.network.nodes[id].operands.iter().map(|o| self.place[o]).collect();
                        self.copy(id, operands);
                    }
                }
                self.place[&sink]
            }
        }
    }

    /// The segment as one convolution, if it is one exactly.
    fn as_convolution(&mut self, region: &Region<'_>, layers: &[NodeId], name: &str) -> Option<NodeId> {
        let [source] = *region.sources.as_slice() else { return None };
        let shape = self.network.nodes[source].shape.clone();
        let input = Input { name: "x".into(), shape, domain: None };
        let mut nodes = vec![Node { layer: None, operands: Vec::new(), ..self.network.nodes[source].clone() }];
        let mut place = BTreeMap::from([(source, 0)]);
        for &id in layers {
            let node = &self.network.nodes[id];
            let operands = node.operands.iter().map(|o| place[o]).collect();
            nodes.push(Node { operands, ..node.clone() });
            place.insert(id, nodes.len() - 1);
        }
        let output = nodes.len() - 1;
        let part = Network { inputs: vec![input], nodes, output, ..self.network.clone() };
        let kernel = one_kernel::<Integer>(&part).filter(|k| k.inexact.is_none())?.stencil;
        if kernel.input.rank() < 2 || kernel.input.rank() > 4 {
            return None;
        }
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for (axis, &low) in kernel.low.iter().enumerate() {
            let (n, m) = (kernel.input.spatial()[axis], kernel.output.spatial()[axis]);
            let size = kernel.kernel.shape().axes()[axis + 2];
            let pad = usize::try_from(-low).ok()?;
            before.push(pad);
            after.push(((m - 1) * kernel.stride[axis] + size).saturating_sub(n + pad));
        }
        let arguments = Arguments::default()
            .with("stride", Value::Integers(kernel.stride.clone()))
            .with("pad", Value::List([before, after].concat()))
            .with("kernel", Value::Tensor(kernel.kernel.clone()));
        let arguments =
            if kernel.bias.is_zero() { arguments } else { arguments.with("bias", Value::Tensor(kernel.bias)) };
        let operand = *self.place.get(&source)?;
        let id = self.layer("conv", name.to_string(), &arguments, vec![operand])?;
        (self.nodes[id].shape == kernel.output).then_some(id)
    }

    /// The segment as one matrix: if it is the `whole` network, or no larger than its layers.
    fn as_matrix(&mut self, region: &Region<'_>, whole: bool, name: &str) -> Option<NodeId> {
        let before: usize = region.layers().flat_map(|(_, l)| &l.operators).map(|o| o.nonzeros()).sum();
        // Every entry is written, zeros too.
        let entries = (region.rows() as u64).saturating_mul(region.columns() as u64);
        if entries.saturating_mul(64) > self.budget.memory {
            return None;
        }
        let map: AffineMap = region.collapse(self.budget).ok()?;
        if !whole && map.matrix.rows().saturating_mul(map.matrix.columns()) > before {
            return None;
        }
        let sources: Vec<NodeId> = region.sources.iter().map(|s| self.place.get(s).copied()).collect::<Option<_>>()?;
        let mut flat = Vec::new();
        for source in sources {
            flat.push(match self.nodes[source].shape.rank() {
                1 => source,
                _ => {
                    self.layer("flatten", format!("{name}_flat{}", flat.len()), &Arguments::default(), vec![source])?
                }
            });
        }
        let vector = match flat.as_slice() {
            [one] => *one,
            _ => self.layer("concat", format!("{name}_inputs"), &Arguments::default(), flat)?,
        };
        let (rows, columns) = (map.matrix.rows(), map.matrix.columns());
        let mut numerators = vec![Integer::default(); rows.checked_mul(columns)?];
        for row in 0..rows {
            map.matrix.row(row).for_each(|(column, n)| numerators[row * columns + column] = n.clone());
        }
        let matrix = Tensor::new(Shape::new([rows, columns]).ok()?, numerators, map.matrix.denominator().clone());
        let arguments = Arguments::default().with("matrix", Value::Tensor(matrix));
        let arguments = match map.bias.is_zero() {
            true => arguments,
            false => arguments.with("bias", Value::Tensor(map.bias.reshaped(Shape::new([rows]).ok()?))),
        };
        let shape = self.network.nodes[region.sink].shape.clone();
        let label = if shape.rank() == 1 { name.to_string() } else { format!("{name}_matrix") };
        let node = self.layer("dense", label, &arguments, vec![vector])?;
        if shape.rank() == 1 {
            return Some(node);
        }
        let arguments = Arguments::default().with("shape", Value::Integers(shape.axes().to_vec()));
        self.layer("reshape", name.to_string(), &arguments, vec![node])
    }
}
