//! The part of a network that one output depends on, as a network of its own.
//!
//! One output of a large image often depends on a few pixels. A witness against it is found, and
//! shrunk, in the part; then it is evaluated in the whole network, by the layers' definitions.

use std::collections::{BTreeMap, BTreeSet};

use num_traits::Zero;

use super::{Effort, Hint, Probe, Witness, search, shrink};
use crate::algebra::{Integer, Shape, Tensor, Work};
use crate::decide::normal_form::{Limits, Outcome, normal_form};
use crate::decide::values::Evaluator;
use crate::layer::{Part, selection};
use crate::network::{Input, Network, Node, NodeId};

/// Networks whose evaluation costs less are searched as a whole.
pub(super) const LARGE: u64 = 400_000;
/// Parts that cost more are no gain.
const MOST: u64 = 400_000;
/// Work on one part, at most this share of what is left.
const SHARE: u64 = 8;

/// The part of a network that one output depends on.
pub(in crate::decide) struct Cone {
    /// The part; its only output is the one.
    pub network: Network,
    /// The output, in the whole network.
    pub output: usize,
    /// For each entry of the part's input, the entry of the whole network's.
    entries: Vec<usize>,
    /// The shape of the whole network's flat input.
    whole: Shape,
}

/// The parts of some outputs, spread evenly, of a network that is large; none of one that is not.
pub(in crate::decide) fn cones<'e>(
    evaluator: &'e Evaluator<'_>,
    count: usize,
    work: &'e Work,
) -> impl Iterator<Item = Cone> + use<'e> {
    let outputs = evaluator.network.output_shape().elements();
    let spread = (0..count).map(move |k| (outputs / 2 + k * outputs / count) % outputs).collect::<BTreeSet<_>>();
    // From the middle, which is seldom special, outwards.
    let order = spread.range(outputs / 2..).chain(spread.range(..outputs / 2)).copied().collect::<Vec<_>>();
    let large = evaluator.price() >= LARGE;
    order.into_iter().filter(move |_| large).filter_map(move |output| Cone::of(evaluator, output, work))
}

/// Searches the parts of some outputs of a large network.
pub(super) fn witness(probe: &mut Probe<'_>, effort: &Effort) -> Option<Witness> {
    let count = if effort.lines { 16 } else { 4 };
    let cones: Vec<Cone> = cones(&probe.evaluator, count, &probe.work).collect();
    for cone in cones {
        let share = probe.work.left() / SHARE;
        let mut part = Probe::new(&cone.network, share);
        let hints = if effort.lines { hints(&cone.network) } else { Vec::new() };
        let found = search(&mut part, &hints, effort);
        probe.tried = probe.tried.plus(&part.tried);
        probe.work.pay(share - part.work.left());
        let Some(found) = found.map(|found| shrink::shrink(&mut part, found)) else { continue };
        let whole = probe.confirm(&cone.expanded(&found.x), &cone.expanded(&found.y));
        if whole.is_some() {
            return whole;
        }
    }
    None
}

/// What the normal form says about where a witness may be.
fn hints(part: &Network) -> Vec<Hint> {
    match normal_form(part, &Limits::small()) {
        Outcome::Residual(residual) => residual.directions(part),
        _ => Vec::new(),
    }
}

impl Cone {
    fn of(evaluator: &Evaluator<'_>, output: usize, work: &Work) -> Option<Cone> {
        let network = evaluator.network;
        let parts = parts(evaluator, output, work)?;
        let mut cone = Network { nodes: Vec::new(), inputs: Vec::new(), ..network.clone() };
        // For each node, where it is in the part, and its entries there.
        let mut places: BTreeMap<NodeId, (NodeId, Vec<usize>)> = BTreeMap::new();
        let (mut entries, mut first) = (Vec::new(), 0);
        for (id, input) in network.inputs.iter().enumerate() {
            let wanted = match parts.get(&id) {
                Some(Wanted::Input(wanted)) => wanted.clone(),
                _ => vec![0],
            };
            entries.extend(wanted.iter().map(|entry| first + entry));
            first += input.shape.elements();
            let shape = Shape::new([wanted.len()]).ok()?;
            cone.inputs.push(Input { shape: shape.clone(), ..input.clone() });
            cone.nodes.push(Node { shape, ..network.nodes[id].clone() });
            places.insert(id, (id, wanted));
        }
        for (id, wanted) in parts {
            let Wanted::Layer(part) = wanted else { continue };
            let node = &network.nodes[id];
            let operands = node.operands.iter().zip(&part.operands);
            let operands: Option<Vec<NodeId>> =
                operands.map(|(operand, read)| select(&mut cone, places.get(operand)?, read)).collect();
            let shape = part.layer.function().output().clone();
            cone.nodes.push(Node { layer: Some(part.layer), operands: operands?, shape, ..node.clone() });
            places.insert(id, (cone.nodes.len() - 1, part.outputs));
        }
        cone.output = select(&mut cone, places.get(&network.output)?, &[output])?;
        let whole = Shape::new([first]).ok()?;
        Some(Cone { network: cone, output, entries, whole })
    }

    /// A vector over the part's inputs as one over the whole network's, 0 elsewhere.
    pub fn expanded(&self, part: &Tensor) -> Tensor {
        let mut numerators = vec![Integer::zero(); self.whole.elements()];
        self.entries.iter().zip(part.numerators()).for_each(|(&entry, n)| numerators[entry] = n.clone());
        Tensor::new(self.whole.clone(), numerators, part.denominator().clone())
    }
}

/// What of a node the part holds.
enum Wanted {
    Input(Vec<usize>),
    Layer(Part),
}

/// What one output depends on, node by node; `None` where that is much, or a layer has no part.
fn parts(evaluator: &Evaluator<'_>, output: usize, work: &Work) -> Option<BTreeMap<NodeId, Wanted>> {
    let network = evaluator.network;
    let mut wanted = BTreeMap::from([(network.output, BTreeSet::from([output]))]);
    let mut parts = BTreeMap::new();
    let mut cost = 0_u64;
    for id in network.live_nodes().into_iter().rev() {
        let entries: Vec<usize> = wanted.remove(&id).unwrap_or_default().into_iter().collect();
        if entries.is_empty() {
            continue;
        }
        let node = &network.nodes[id];
        let price = entries.len() as u64 * (1 + evaluator.products(id) / node.shape.elements() as u64);
        cost += price;
        if cost > MOST || !work.pay(price) {
            return None;
        }
        let Some(layer) = &node.layer else {
            parts.insert(id, Wanted::Input(entries));
            continue;
        };
        let part = layer.part(&entries)?;
        for (&operand, read) in node.operands.iter().zip(&part.operands) {
            wanted.entry(operand).or_default().extend(read);
        }
        parts.insert(id, Wanted::Layer(part));
    }
    Some(parts)
}

/// The node whose value is these entries of a node's; a new one, where they are not all of it.
fn select(cone: &mut Network, (node, have): &(NodeId, Vec<usize>), read: &[usize]) -> Option<NodeId> {
    if have == read {
        return Some(*node);
    }
    let places: Option<Vec<usize>> = read.iter().map(|entry| have.binary_search(entry).ok()).collect();
    let layer = selection(have.len(), &places?)?;
    let shape = layer.function().output().clone();
    let selected = Node { layer: Some(layer), operands: vec![*node], shape, ..cone.nodes[*node].clone() };
    cone.nodes.push(selected);
    Some(cone.nodes.len() - 1)
}
