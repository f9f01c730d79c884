//! Networks without the units that are stable on their domain.
//!
//! A unit of an elementwise layer that is constant on the domain leaves, and the next layer's constant takes its place; one
//! that is affine goes around the layer, where that makes the neighbours smaller. What remains of the layer stands between
//! a selection and its transpose, which [`super::merge`] merges with the affine layers before and after. An image loses
//! whole channels that are 0. All of it holds on the domain only.

use std::collections::BTreeMap;

use num_traits::{One, Zero};

use crate::algebra::{Budget, Rational, Shape, Tensor};
use crate::decide::{Winners, winners};
use crate::layer::{Arguments, Definition, Layer, PiecewiseLayer, Value, catalogue};
use crate::network::{Network, Node, NodeId};

/// What became of the units of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thinned {
    /// The layer's name.
    pub layer: String,
    /// Its units.
    pub units: usize,
    /// Units that left because they are constant.
    pub dropped: usize,
    /// Units that go around the layer because they are affine.
    pub around: usize,
}

/// What a unit is on the domain.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Role {
    /// slope · x + constant, x the entry of its input.
    Settled {
        slope: Rational,
        constant: Rational,
    },
    Open,
}

impl Role {
    fn is_constant(&self) -> bool {
        matches!(self, Role::Settled { slope, .. } if slope.is_zero())
    }

    fn is_zero(&self) -> bool {
        matches!(self, Role::Settled { slope, constant } if slope.is_zero() && constant.is_zero())
    }
}

/// A network that is equal on the domain and has fewer units; and what became of the layers that changed.
pub fn thinned(network: &Network, budget: impl Into<Budget>) -> (Network, Vec<Thinned>) {
    let known: BTreeMap<NodeId, Winners> = winners(network, budget.into()).into_iter().collect();
    let mut thinner = Thinner { network, nodes: Vec::new(), place: BTreeMap::new(), thinned: Vec::new() };
    for (id, _) in network.inputs.iter().enumerate() {
        thinner.copy(id);
    }
    for id in network.live_nodes() {
        if network.nodes[id].layer.is_some() && thinner.thin(id, known.get(&id)).is_none() {
            thinner.copy(id);
        }
    }
    let output = thinner.place[&network.output];
    (Network { nodes: thinner.nodes, output, ..network.clone() }, thinner.thinned)
}

struct Thinner<'n> {
    network: &'n Network,
    nodes: Vec<Node>,
    /// Where each value of the network is among the new nodes.
    place: BTreeMap<NodeId, NodeId>,
    thinned: Vec<Thinned>,
}

impl Thinner<'_> {
    fn copy(&mut self, id: NodeId) {
        let node = &self.network.nodes[id];
        let operands = node.operands.iter().map(|o| self.place[o]).collect();
        self.nodes.push(Node { operands, ..node.clone() });
        self.place.insert(id, self.nodes.len() - 1);
    }

    fn add(&mut self, kind: &str, name: String, arguments: &Arguments, operands: Vec<NodeId>) -> Option<NodeId> {
        let shapes: Vec<&Shape> = operands.iter().map(|&o| &self.nodes[o].shape).collect();
        let layer = (catalogue::find(kind)?.build)(arguments, &shapes).ok()?;
        let shape = layer.function().output().clone();
        self.nodes.push(Node { name, layer: Some(layer), operands, shape, span: self.network.span });
        Some(self.nodes.len() - 1)
    }

    /// Puts a layer's open units, and what the others are, in its place; `None` where it stays as it is.
    fn thin(&mut self, id: NodeId, winners: Option<&Winners>) -> Option<()> {
        let node = &self.network.nodes[id];
        let Some(Layer::Piecewise(layer)) = &node.layer else { return None };
        let roles = roles(&**layer, winners?)?;
        let before = self.nodes.len();
        let (x, name) = (self.place[&node.operands[0]], node.name.clone());
        let done = if !roles.contains(&Role::Open) {
            self.settled(x, &name, &roles)
        } else if node.shape.rank() == 1 {
            self.some_entries(id, x, &**layer, &roles)
        } else {
            self.some_channels(x, &name, &**layer, &roles)
        };
        let Some((place, dropped, around)) = done else {
            self.nodes.truncate(before);
            return None;
        };
        self.place.insert(id, place);
        self.thinned.push(Thinned { layer: name, units: roles.len(), dropped, around });
        Some(())
    }

    /// A layer all of whose units are settled: a scale and a bias.
    fn settled(&mut self, x: NodeId, name: &str, roles: &[Role]) -> Option<(NodeId, usize, usize)> {
        let shape = self.nodes[x].shape.clone();
        let part = |pick: fn(&Role) -> Rational| a_channel(&shape, roles.iter().map(pick).collect());
        let slopes = part(|role| match role {
            Role::Settled { slope, .. } => slope.clone(),
            Role::Open => Rational::zero(),
        });
        let constants = part(|role| match role {
            Role::Settled { constant, .. } => constant.clone(),
            Role::Open => Rational::zero(),
        });
        let scaled = Arguments::default().with("factor", Value::Tensor(slopes));
        let node = self.add("scale", format!("{name}_slopes"), &scaled, vec![x])?;
        let shifted = Arguments::default().with("value", Value::Tensor(constants));
        let node = self.add("bias", name.to_string(), &shifted, vec![node])?;
        let dropped = roles.iter().filter(|role| role.is_constant()).count();
        Some((node, dropped, roles.len() - dropped))
    }

    /// A vector's open entries through the layer, its constants after it, its affine entries around it.
    fn some_entries(
        &mut self,
        id: NodeId,
        x: NodeId,
        layer: &dyn PiecewiseLayer,
        roles: &[Role],
    ) -> Option<(NodeId, usize, usize)> {
        let name = &self.network.nodes[id].name;
        let affine: Vec<usize> =
            (0..roles.len()).filter(|&i| roles[i] != Role::Open && !roles[i].is_constant()).collect();
        let around = self.is_worth_going_around(id, affine.len());
        let inside: Vec<usize> =
            (0..roles.len()).filter(|&i| roles[i] == Role::Open || (!around && affine.contains(&i))).collect();
        if inside.len() == roles.len() {
            return None;
        }
        let one = Rational::one();
        let n = roles.len();
        let selection: Vec<(usize, usize, Rational)> =
            inside.iter().enumerate().map(|(row, &i)| (row, i, one.clone())).collect();
        let constant = |(i, role): (usize, &Role)| match role {
            Role::Settled { constant, .. } if !inside.contains(&i) => constant.clone(),
            _ => Rational::zero(),
        };
        let constants: Vec<Rational> = roles.iter().enumerate().map(constant).collect();
        let matrix = |rows, columns, entries: &[(usize, usize, Rational)]| dense(rows, columns, entries);
        let selected = self.add("dense", format!("{name}_open"), &matrix(inside.len(), n, &selection)?, vec![x])?;
        let (kind, arguments) = same_kind(layer)?;
        let kinked = self.add(kind, format!("{name}_kinks"), &arguments, vec![selected])?;
        let transposed: Vec<_> = selection.iter().map(|(row, i, one)| (*i, *row, one.clone())).collect();
        let spread = matrix(n, inside.len(), &transposed)?
            .with("bias", Value::Tensor(Tensor::from_rationals(Shape::new([n]).ok()?, &constants)));
        let dropped = roles.iter().filter(|role| role.is_constant()).count();
        if !around {
            let spread = self.add("dense", name.clone(), &spread, vec![kinked])?;
            return Some((spread, dropped, 0));
        }
        let spread = self.add("dense", format!("{name}_back"), &spread, vec![kinked])?;
        let slopes: Vec<_> = affine
            .iter()
            .filter_map(|&i| match &roles[i] {
                Role::Settled { slope, .. } => Some((i, i, slope.clone())),
                Role::Open => None,
            })
            .collect();
        let beside = self.add("dense", format!("{name}_around"), &matrix(n, n, &slopes)?, vec![x])?;
        let sum = self.add("add", name.clone(), &Arguments::default(), vec![spread, beside])?;
        Some((sum, dropped, affine.len()))
    }

    /// Whether so many units of a layer between two matrices cost more than one matrix around it.
    fn is_worth_going_around(&self, id: NodeId, units: usize) -> bool {
        let nodes = &self.network.nodes;
        let is_dense = |node: &Node| node.layer.as_ref().is_some_and(|layer| layer.function().kind() == "dense");
        let before = &nodes[nodes[id].operands[0]];
        let live = self.network.live_nodes();
        let users: Vec<NodeId> = live.into_iter().filter(|&user| nodes[user].operands.contains(&id)).collect();
        let [user] = users.as_slice() else { return false };
        if !is_dense(before) || !is_dense(&nodes[*user]) || self.network.output == id {
            return false;
        }
        let (inputs, outputs) = (nodes[before.operands[0]].shape.elements(), nodes[*user].shape.elements());
        units * (inputs + outputs) > inputs * outputs
    }

    /// An image's channels that are not 0 through the layer.
    fn some_channels(
        &mut self,
        x: NodeId,
        name: &str,
        layer: &dyn PiecewiseLayer,
        roles: &[Role],
    ) -> Option<(NodeId, usize, usize)> {
        let shape = self.nodes[x].shape.clone();
        let pixels = shape.elements() / shape.channels();
        let open: Vec<usize> =
            (0..shape.channels()).filter(|c| !roles[c * pixels..(c + 1) * pixels].iter().all(Role::is_zero)).collect();
        if open.len() == shape.channels() {
            return None;
        }
        let kernel = |rows: usize, columns: usize, ones: &mut dyn Iterator<Item = (usize, usize)>| {
            let mut values = vec![Rational::zero(); rows * columns];
            ones.for_each(|(row, column)| values[row * columns + column] = Rational::one());
            let axes = [vec![rows, columns], vec![1; shape.rank() - 1]].concat();
            let tensor = Tensor::from_rationals(Shape::new(axes).ok()?, &values);
            Some(Arguments::default().with("kernel", Value::Tensor(tensor)))
        };
        let pick = kernel(open.len(), shape.channels(), &mut open.iter().copied().enumerate())?;
        let back = kernel(shape.channels(), open.len(), &mut open.iter().enumerate().map(|(row, &c)| (c, row)))?;
        let picked = self.add("conv", format!("{name}_open"), &pick, vec![x])?;
        let (kind, arguments) = same_kind(layer)?;
        let kinked = self.add(kind, format!("{name}_kinks"), &arguments, vec![picked])?;
        let back = self.add("conv", name.to_string(), &back, vec![kinked])?;
        Some((back, (shape.channels() - open.len()) * pixels, 0))
    }
}

/// What each unit of an elementwise layer is on the domain; `None` where a unit reads another entry than its own, or none
/// is settled.
fn roles(layer: &dyn PiecewiseLayer, winners: &Winners) -> Option<Vec<Role>> {
    let role = |(i, winners): (usize, &Option<Vec<usize>>)| {
        let unit = layer.unit(i);
        let forms = unit.maxima.iter().flat_map(|(_, arguments)| arguments).chain([&unit.affine]);
        if forms.flat_map(|form| &form.terms).any(|(operand, entry, _)| (*operand, *entry) != (0, i)) {
            return None;
        }
        let Some(winners) = winners else { return Some(Role::Open) };
        let (mut slope, mut constant) = (Rational::zero(), Rational::zero());
        let chosen = unit.maxima.iter().zip(winners).map(|((factor, arguments), &w)| (factor.clone(), &arguments[w]));
        for (factor, form) in chosen.chain([(Rational::one(), &unit.affine)]) {
            slope += form.terms.iter().map(|(_, _, c)| c).sum::<Rational>() * &factor;
            constant += &form.constant * &factor;
        }
        Some(Role::Settled { slope, constant })
    };
    let roles: Vec<Role> = winners.iter().enumerate().map(role).collect::<Option<_>>()?;
    roles.iter().any(|role| *role != Role::Open).then_some(roles)
}

/// The layer's kind and arguments, for other shapes; of those with one kink at 0 and the same slopes for all entries.
fn same_kind(layer: &dyn PiecewiseLayer) -> Option<(&'static str, Arguments)> {
    match layer.definition()? {
        Definition::Slopes { below } => match below.as_slice() {
            [slope] if slope.is_zero() => Some(("relu", Arguments::default())),
            [slope] => Some(("leaky_relu", Arguments::default().with("a", Value::Tensor(Tensor::scalar(slope))))),
            _ => None,
        },
        _ => None,
    }
}

/// A matrix with these entries, as the arguments of `dense`.
fn dense(rows: usize, columns: usize, entries: &[(usize, usize, Rational)]) -> Option<Arguments> {
    let mut values = vec![Rational::zero(); rows.checked_mul(columns)?];
    entries.iter().for_each(|(row, column, value)| values[row * columns + column] = value.clone());
    let matrix = Tensor::from_rationals(Shape::new([rows, columns]).ok()?, &values);
    Some(Arguments::default().with("matrix", Value::Tensor(matrix)))
}

/// Numbers for the entries of a shape, as one a channel where that is enough.
fn a_channel(shape: &Shape, values: Vec<Rational>) -> Tensor {
    let pixels = shape.elements() / shape.channels();
    let first: Vec<Rational> = values.chunks(pixels).map(|channel| channel[0].clone()).collect();
    let same = values.chunks(pixels).all(|channel| channel.iter().all(|v| *v == channel[0]));
    match Shape::new([shape.channels()]) {
        Ok(channels) if same => Tensor::from_rationals(channels, &first),
        _ => Tensor::from_rationals(shape.clone(), &values),
    }
}
