//! What two networks with the same nonlinear layers differ by, layer by layer.
//!
//! Where f and g have the same kinks in the same order, as they do when one is the other after folding or
//! rounding, bounds of the gap k_f − k_g of every pair of kinks are much closer than bounds of both values: what
//! goes into a pair differs by a·k_f + c·k_g = a·(k_f − k_g) + (a + c)·k_g, with a + c small, and a kink passes on
//! a gap times a quotient of differences, which lies between its least and its largest slope. Any two layers with
//! the same definition may be a pair, so bad pairs cost closeness and not soundness.

use std::collections::BTreeMap;

use num_integer::Integer as _;
use num_traits::{Signed, Zero};

use crate::algebra::{Budget, Integer, Rational, ratio};
use crate::collapse::Region;
use crate::layer::definition::{Curve, Definition};
use crate::layer::{Enclosure, Form, Layer};
use crate::network::{Network, NodeId};

/// Bounds are integers in units of 2^−PLACES, rounded outwards.
pub(super) const PLACES: usize = 128;

/// Nonzero entries that the map of one affine part may have.
const NONZEROS: usize = 1_000_000;

/// A lower and an upper bound.
pub(super) type Span = (Integer, Integer);

/// The kinks of both networks, in pairs.
pub(super) struct Pairs<'n> {
    network: &'n Network,
    pairs: Vec<Pair>,
    /// The difference of the networks' outputs.
    output: Vec<Row>,
}

struct Pair {
    left: NodeId,
    right: NodeId,
    /// For each operand, the gap of what goes into the two.
    operands: Vec<Vec<Row>>,
}

/// Σ terms + constant, over a denominator.
struct Row {
    terms: Vec<(Atom, Integer)>,
    constant: Integer,
    denominator: Integer,
}

/// What a row is a sum of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Atom {
    /// An entry of an input, or of a kink.
    Value(NodeId, usize),
    /// An entry of the gap of a pair.
    Gap(usize, usize),
}

impl<'n> Pairs<'n> {
    /// The pairs of the difference of two networks; `None` where their kinks are not of the same kinds in the same
    /// order, or an affine part is too large.
    pub fn of(network: &'n Network, budget: Budget) -> Option<Pairs<'n>> {
        let kink = |id: &NodeId| matches!(network.nodes[*id].layer, Some(Layer::Piecewise(_) | Layer::Smooth(_)));
        if network.nodes.iter().any(|node| matches!(node.layer, Some(Layer::Symbolic(_)))) {
            return None;
        }
        let kinks: Vec<NodeId> = network.live_nodes().into_iter().filter(kink).collect();
        let (lefts, rights) = kinks.split_at(kinks.len() / 2);
        let definition = |id: NodeId| network.nodes[id].layer.as_ref().and_then(|l| l.function().definition());
        let alike = |(&l, &r): (&NodeId, &NodeId)| {
            let shapes = |id: NodeId| {
                let node = &network.nodes[id];
                std::iter::once(id).chain(node.operands.iter().copied()).map(|id| &network.nodes[id].shape)
            };
            shapes(l).eq(shapes(r)) && definition(l).is_some() && definition(l) == definition(r)
        };
        if lefts.len() != rights.len() || !lefts.iter().zip(rights).all(alike) {
            return None;
        }
        // From either kink of a pair to the pair.
        let place: BTreeMap<NodeId, (usize, bool)> = lefts
            .iter()
            .enumerate()
            .map(|(at, &id)| (id, (at, true)))
            .chain(rights.iter().enumerate().map(|(at, &id)| (id, (at, false))))
            .collect();
        let share = Budget { regions: (budget.regions / (1 + 2 * kinks.len() as u64)).max(1), ..budget };
        let rows = |left: NodeId, right: Option<NodeId>| rows(network, left, right, &place, rights, share);
        let pair = |(&left, &right): (&NodeId, &NodeId)| {
            let operands = network.nodes[left].operands.iter().zip(&network.nodes[right].operands);
            let operands = operands.map(|(&l, &r)| rows(l, Some(r))).collect::<Option<Vec<_>>>()?;
            Some(Pair { left, right, operands })
        };
        let pairs = lefts.iter().zip(rights).map(pair).collect::<Option<Vec<_>>>()?;
        // A pair's gap may only be made of gaps before it.
        let early = |(at, pair): (usize, &Pair)| {
            let atoms = pair.operands.iter().flatten().flat_map(|row| &row.terms);
            atoms.into_iter().all(|(atom, _)| !matches!(atom, Atom::Gap(other, _) if *other >= at))
        };
        if !pairs.iter().enumerate().all(early) {
            return None;
        }
        let output = rows(network.output, None)?;
        Some(Pairs { network, pairs, output })
    }

    /// How large each output can be, from bounds of all values.
    pub fn sizes(&self, values: &[Option<Enclosure>]) -> Option<Vec<Rational>> {
        let mut gaps: Vec<Vec<Span>> = Vec::with_capacity(self.pairs.len());
        for pair in &self.pairs {
            let inputs: Option<Vec<Vec<Span>>> =
                pair.operands.iter().map(|rows| rows.iter().map(|row| span(row, values, &gaps)).collect()).collect();
            gaps.push(self.gap(pair, &inputs?, values)?);
        }
        let size = |row: &Row| {
            let (low, high) = span(row, values, &gaps)?;
            Some(ratio(low.abs().max(high.abs()), Integer::from(1) << PLACES))
        };
        self.output.iter().map(size).collect()
    }

    /// The gap of a pair's outputs, from those of its operands.
    fn gap(&self, pair: &Pair, inputs: &[Vec<Span>], values: &[Option<Enclosure>]) -> Option<Vec<Span>> {
        let layer = self.network.nodes[pair.left].layer.as_ref()?;
        let definition = layer.function().definition()?;
        let value = |node: NodeId, i: usize| bounds(values.get(node)?.as_ref()?, i);
        let operand = |at: usize, i: usize| {
            let node = |id: NodeId| self.network.nodes[id].operands[at];
            Some((value(node(pair.left), i)?, value(node(pair.right), i)?))
        };
        let elements = self.network.nodes[pair.left].shape.elements();
        let entry = |i: usize| -> Option<Span> {
            let passed = match &definition {
                Definition::Slopes { below } => {
                    let below = &below[i / (elements / below.len())];
                    let one = Rational::from_integer(1.into());
                    times_slopes(&inputs[0][i], (below.clone().min(one.clone()), below.clone().max(one)))
                }
                Definition::Clip { slope, .. } => {
                    let zero = Rational::zero();
                    times_slopes(&inputs[0][i], (slope.clone().min(zero.clone()), slope.clone().max(zero)))
                }
                Definition::Curve(curve) => times_slopes(&inputs[0][i], slopes(*curve)),
                // Σₖ |∂yᵢ/∂xₖ| = 2·yᵢ·(1 − yᵢ) ≤ 1/2.
                Definition::Softmax => {
                    let most = inputs[0].iter().flat_map(|(low, high)| [low.abs(), high.abs()]).max()?;
                    let half = most.div_ceil(&Integer::from(2));
                    (-&half, half)
                }
                // x² − y² = (x + y)·(x − y).
                Definition::Square => {
                    let (x, y) = operand(0, i)?;
                    product(&(x.0 + y.0, x.1 + y.1), &inputs[0][i])
                }
                // x·v − y·w = x·(v − w) + (x − y)·w.
                Definition::Multiply => {
                    let ((x, _), (_, w)) = (operand(0, i)?, operand(1, i)?);
                    let (first, second) = (product(&x, &inputs[1][i]), product(&inputs[0][i], &w));
                    (first.0 + second.0, first.1 + second.1)
                }
                _ => match layer {
                    Layer::Piecewise(layer) => unit(&layer.unit(i), inputs),
                    _ => return None,
                },
            };
            // Both values are known too.
            let (left, right) = (value(pair.left, i)?, value(pair.right, i)?);
            let low = passed.0.max(left.0 - right.1);
            let high = passed.1.min(left.1 - right.0);
            Some((low, high))
        };
        (0..elements).map(entry).collect()
    }
}

/// The rows of the affine map that ends in `left`, less those of the map that ends in `right`, over gaps and values.
fn rows(
    network: &Network,
    left: NodeId,
    right: Option<NodeId>,
    place: &BTreeMap<NodeId, (usize, bool)>,
    rights: &[NodeId],
    budget: Budget,
) -> Option<Vec<Row>> {
    let map = |sink: NodeId| {
        let region = Region::<Integer>::ending_in(network, sink);
        let map = region.collapse(budget).ok().filter(|map| map.matrix.nonzeros() <= NONZEROS)?;
        let entries = |&source: &NodeId| (0..network.nodes[source].shape.elements()).map(move |i| (source, i));
        let columns: Vec<(NodeId, usize)> = region.sources.iter().flat_map(entries).collect();
        Some((map, columns))
    };
    let first = map(left)?;
    let second = right.map(map);
    if right.is_some() && second.as_ref().is_none_or(Option::is_none) {
        return None;
    }
    let second = second.flatten();
    let denominators = std::iter::once(&first).chain(&second).map(|(map, _)| map.denominator());
    let denominator = denominators.fold(Integer::from(1), |all, one| all.lcm(&one));
    let row = |at: usize| {
        let mut sums: BTreeMap<(NodeId, usize), Integer> = BTreeMap::new();
        let mut constant = Integer::zero();
        for ((map, columns), sign) in std::iter::once((&first, 1)).chain(second.iter().map(|part| (part, -1))) {
            let factor = &denominator / map.matrix.denominator() * sign;
            for (column, n) in map.matrix.row(at) {
                *sums.entry(columns[column]).or_default() += n * &factor;
            }
            constant += &map.bias.numerators()[at] * (&denominator / map.bias.denominator()) * sign;
        }
        // a·k_f + c·k_g = a·(k_f − k_g) + (a + c)·k_g.
        let mut terms: BTreeMap<Atom, Integer> = BTreeMap::new();
        for ((node, entry), n) in sums {
            match place.get(&node) {
                Some(&(at, true)) => {
                    *terms.entry(Atom::Value(rights[at], entry)).or_default() += &n;
                    *terms.entry(Atom::Gap(at, entry)).or_default() += n;
                }
                _ => *terms.entry(Atom::Value(node, entry)).or_default() += n,
            }
        }
        terms.retain(|_, n| !n.is_zero());
        Row { terms: terms.into_iter().collect(), constant, denominator: denominator.clone() }
    };
    Some((0..first.0.matrix.rows()).map(row).collect())
}

/// Bounds of an entry.
pub(super) fn bounds(value: &Enclosure, i: usize) -> Option<Span> {
    let (low, high) = (value.low.get(i), value.high.get(i));
    Some(((low.numer() << PLACES).div_floor(low.denom()), (high.numer() << PLACES).div_ceil(high.denom())))
}

/// Bounds of a row.
fn span(row: &Row, values: &[Option<Enclosure>], gaps: &[Vec<Span>]) -> Option<Span> {
    let constant = &row.constant << PLACES;
    let (mut low, mut high) = (constant.clone(), constant);
    for (atom, n) in &row.terms {
        let (least, most) = match atom {
            Atom::Value(node, entry) => bounds(values.get(*node)?.as_ref()?, *entry)?,
            Atom::Gap(pair, entry) => gaps.get(*pair)?.get(*entry)?.clone(),
        };
        let (least, most) = if n.is_negative() { (most, least) } else { (least, most) };
        low += n * least;
        high += n * most;
    }
    Some((low.div_floor(&row.denominator), high.div_ceil(&row.denominator)))
}

/// The product of two spans.
pub(super) fn product(x: &Span, y: &Span) -> Span {
    let corners = [&x.0 * &y.0, &x.0 * &y.1, &x.1 * &y.0, &x.1 * &y.1];
    let least = corners.iter().min().cloned().unwrap_or_default();
    let most = corners.iter().max().cloned().unwrap_or_default();
    (least >> PLACES, (most >> PLACES) + 1)
}

/// A gap times any slope between these.
fn times_slopes(gap: &Span, slopes: (Rational, Rational)) -> Span {
    let slopes = (
        (slopes.0.numer() << PLACES).div_floor(slopes.0.denom()),
        (slopes.1.numer() << PLACES).div_ceil(slopes.1.denom()),
    );
    product(gap, &slopes)
}

/// Bounds of a curve's derivative.
pub(in crate::decide) fn slopes(curve: Curve) -> (Rational, Rational) {
    let (low, high) = match curve {
        Curve::Sigmoid => ((0, 1), (1, 4)),
        Curve::Tanh | Curve::Elu | Curve::Softplus => ((0, 1), (1, 1)),
        // Between −0.0999 and 1.0999.
        Curve::Silu => ((-1, 10), (11, 10)),
        // Φ(x) + x·φ(x), extreme at ±√2: between −0.1290 and 1.1290; the approximation is near it.
        Curve::Gelu | Curve::GeluTanh => ((-3, 20), (23, 20)),
    };
    (ratio(low.0.into(), low.1.into()), ratio(high.0.into(), high.1.into()))
}

/// The gap of one piecewise-linear output: maxᵢ uᵢ − maxᵢ vᵢ lies between the least and the largest uᵢ − vᵢ.
fn unit(unit: &crate::layer::Unit, inputs: &[Vec<Span>]) -> Span {
    let form = |form: &Form| {
        let term = |(operand, entry, weight): &(usize, usize, Rational)| {
            times_slopes(&inputs[*operand][*entry], (weight.clone(), weight.clone()))
        };
        form.terms.iter().map(term).fold((Integer::zero(), Integer::zero()), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    };
    let mut sum = form(&unit.affine);
    for (weight, forms) in &unit.maxima {
        let spans: Vec<Span> = forms.iter().map(form).collect();
        let low = spans.iter().map(|span| span.0.clone()).min().unwrap_or_default();
        let high = spans.iter().map(|span| span.1.clone()).max().unwrap_or_default();
        let (low, high) = times_slopes(&(low, high), (weight.clone(), weight.clone()));
        sum = (sum.0 + low, sum.1 + high);
    }
    sum
}
