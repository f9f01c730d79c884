//! The network that computes one border class: the same layers between the few positions that an
//! output of the class reads.

use std::collections::BTreeMap;

use super::trace::{Reads, Trace};
use crate::algebra::{Coefficient, Integer, Matrix, Shape, Tensor};
use crate::collapse::{AffineMap, Cost, LimitReached, Region};
use crate::layer::{Bias, Lowered, Weights};
use crate::network::{Network, NodeId};
use crate::toeplitz::{Convolution, Operator, Structure, Taps};

/// One class: its trace along each spatial axis.
pub(super) struct Local<'t> {
    pub traces: Vec<&'t Trace>,
}

impl Local<'_> {
    /// The local shape of a value: where nothing is read, one position that no weight reaches.
    fn shape(&self, id: NodeId, whole: &Shape) -> Option<Shape> {
        let size = |trace: &&Trace| trace.positions.get(&id).map_or(1, |positions| positions.len().max(1));
        Shape::new([whole.channels()].into_iter().chain(self.traces.iter().map(size)).collect::<Vec<_>>()).ok()
    }

    /// The network of the class, without layers: values of local shapes.
    fn network(&self, region: &Region<'_, impl Coefficient>) -> Option<Network> {
        let mut network = region.network.clone();
        for (id, node) in network.nodes.iter_mut().enumerate() {
            node.layer = None;
            if region.layers.contains_key(&id) || region.sources.contains(&id) {
                node.shape = self.shape(id, &node.shape)?;
            }
        }
        for (input, node) in network.inputs.iter_mut().zip(&network.nodes) {
            input.shape = node.shape.clone();
        }
        Some(network)
    }

    /// The rows of the class, one an output channel, over the local positions of the sources; and
    /// what `uniform` says of a bias that is the same at all positions.
    pub fn map<C: Weights>(
        &self,
        region: &Region<'_, C>,
        uniform: &BTreeMap<NodeId, Tensor<C>>,
        (memory, work): (u64, u64),
    ) -> Result<AffineMap<C>, LimitReached> {
        let map = self.of(region, uniform, |local| local.collapse_within(memory, work));
        map.unwrap_or_else(|| Err(too_large(region, memory)))
    }

    /// What the rows of the class cost, in multiply-adds.
    pub fn cost<C: Weights>(&self, region: &Region<'_, C>, uniform: &BTreeMap<NodeId, Tensor<C>>) -> Option<u64> {
        self.of(region, uniform, |local| {
            let cost = Cost::of(local);
            cost.by_entries.min(cost.by_residues).saturating_mul(local.rows() as u64)
        })
    }

    /// What is asked of the region of the class: its outputs are the channels, its inputs the entries of the windows.
    pub fn of<C: Weights, R>(
        &self,
        region: &Region<'_, C>,
        uniform: &BTreeMap<NodeId, Tensor<C>>,
        ask: impl FnOnce(&Region<'_, C>) -> R,
    ) -> Option<R> {
        let (network, layers) = self.lowered(region, uniform)?;
        let (sources, sink) = (region.sources.clone(), region.sink);
        Some(ask(&Region { network: &network, sources, sink, layers }))
    }

    fn lowered<C: Weights>(
        &self,
        region: &Region<'_, C>,
        uniform: &BTreeMap<NodeId, Tensor<C>>,
    ) -> Option<(Network, BTreeMap<NodeId, Lowered<C>>)> {
        let network = self.network(region)?;
        let mut layers = BTreeMap::new();
        for (id, lowered) in region.layers() {
            let shape = &network.nodes[id].shape;
            let operands = region.network.nodes[id].operands.iter().zip(&lowered.operators).enumerate();
            let operator = |(at, (&operand, operator)): (usize, (&NodeId, &Operator<C>))| {
                let axes: Vec<Axis<'_>> = self.traces.iter().map(|&trace| Axis::of(trace, id, at)).collect();
                local(operator, network.nodes[operand].shape.clone(), shape.clone(), &axes)
            };
            let operators = operands.map(operator).collect::<Option<_>>()?;
            let bias = lowered.bias.as_ref().map(|bias| match uniform.get(&id) {
                Some(channels) => Bias::new(channels.clone(), shape.clone()),
                None => self.constants(id, bias, shape),
            });
            layers.insert(id, Lowered { operators, bias });
        }
        Some((network, layers))
    }

    /// The constants at the local positions.
    fn constants<C: Coefficient>(&self, id: NodeId, bias: &Bias<C>, shape: &Shape) -> Bias<C> {
        let source = |flat: usize| {
            let mut index = shape.unravel(flat);
            for (place, trace) in index[1..].iter_mut().zip(&self.traces) {
                *place = trace.positions.get(&id).and_then(|positions| positions.get(*place)).copied().unwrap_or(0);
            }
            Some(bias.shape().ravel(&index) / bias.run())
        };
        Bias::of_entries(bias.numbers().gather(shape.clone(), source))
    }
}

fn too_large<C: Weights>(region: &Region<'_, C>, memory: u64) -> LimitReached {
    LimitReached::Memory { rows: region.rows(), columns: region.columns(), needed: u64::MAX, limit: memory }
}

/// One axis of one operand of a layer: what its local positions read, and where they are.
struct Axis<'t> {
    reads: &'t Reads,
    positions: &'t [usize],
}

impl<'t> Axis<'t> {
    fn of(trace: &'t Trace, id: NodeId, operand: usize) -> Axis<'t> {
        let positions = trace.positions.get(&id).map_or(&[][..], Vec::as_slice);
        Axis { reads: &trace.reads[&id][operand], positions }
    }

    /// The reads as a table; a value that is not read has one position, which reads nothing.
    fn taps(&self, inputs: usize) -> Taps {
        let nothing = self.reads.is_empty().then(Vec::new);
        Taps::of_rows(self.reads.iter().cloned().chain(nothing).collect(), inputs)
    }

    /// The local rows of a matrix: the trace lists the entries of a row in the matrix's order.
    fn matrix(&self, factor: &Matrix, inputs: usize) -> Matrix {
        let row = |(reads, &position): (&Vec<(usize, usize)>, &usize)| -> Vec<(usize, Integer)> {
            reads.iter().zip(factor.row(position)).map(|(&(_, local), (_, weight))| (local, weight.clone())).collect()
        };
        let nothing = self.reads.is_empty().then(Vec::new);
        let rows = self.reads.iter().zip(self.positions).map(row).chain(nothing).collect();
        Matrix::from_rows(inputs, rows, factor.denominator().clone())
    }

    /// Whether local position i reads local position i alone.
    fn is_in_order(&self) -> bool {
        !self.reads.is_empty() && self.reads.iter().enumerate().all(|(i, row)| row.as_slice() == [(0, i)])
    }
}

/// An operator between local positions.
fn local<C: Coefficient>(
    operator: &Operator<C>,
    input: Shape,
    output: Shape,
    axes: &[Axis<'_>],
) -> Option<Operator<C>> {
    let taps = || axes.iter().zip(input.spatial()).map(|(axis, &inputs)| axis.taps(inputs)).collect();
    let same = input == output && axes.iter().all(Axis::is_in_order);
    // One factor a channel, between positions that may be some of what others read.
    let channelwise = |factors: &Tensor<C>| {
        let (channels, axes) = (input.channels(), [vec![input.channels()], vec![1; input.rank()]].concat());
        let run = channels / factors.len();
        let kernel = factors.gather(Shape::new(axes).ok()?, |channel| Some(channel / run));
        Some(Operator::convolution(input.clone(), output.clone(), Convolution::new(kernel, channels, taps())))
    };
    match operator.structure() {
        Structure::Identity if same => Some(Operator::identity(input, output)),
        Structure::Identity => channelwise(&Tensor::new(Shape::scalar(), vec![C::one()], 1.into())),
        Structure::Diagonal(factors) if same => Some(Operator::diagonal(output, factors.clone())),
        Structure::Diagonal(factors) => channelwise(factors),
        Structure::Convolution(convolution) => {
            let convolution = convolution.between(taps());
            Some(Operator::convolution(input, output, convolution))
        }
        Structure::Kronecker(factors) => {
            let local = axes.iter().zip(&factors[1..]).zip(input.spatial());
            let local = local.map(|((axis, factor), &inputs)| axis.matrix(factor, inputs));
            let factors = std::iter::once(factors[0].clone()).chain(local).collect();
            Some(Operator::kronecker(input, output, factors))
        }
        Structure::Permutation(_) | Structure::Dense(_) => None,
    }
}
