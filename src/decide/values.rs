//! What a network does to a point, by its layers' definitions, paid for layer by layer.

use std::collections::HashSet;

use num_traits::{One, Zero};

use crate::algebra::residue::WORTH;
use crate::algebra::{MAX_BITS, Rational, Tensor, Work, common_denominator};
use crate::layer::{Enclosure, Layer};
use crate::network::{Network, NodeId};
use crate::toeplitz::{Operator, Structure};

/// An exact value, or (for smooth layers) an interval that contains it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The lower bound.
    pub low: Rational,
    /// The upper bound; equal to the lower one for an exact value.
    pub high: Rational,
}

impl Value {
    /// Whether the value is known exactly.
    pub fn is_exact(&self) -> bool {
        self.low == self.high
    }

    /// The sum of two values.
    pub fn plus(&self, other: &Value) -> Value {
        Value { low: &self.low + &other.low, high: &self.high + &other.high }
    }

    /// Whether the two are certainly different.
    pub fn differs(&self, other: &Value) -> bool {
        self.high < other.low || other.high < self.low
    }
}

/// Exact values of a tensor's entries, or intervals that contain them.
#[derive(Clone, Debug)]
pub(super) struct Values {
    low: Tensor,
    /// `None` where the lower bounds are the values.
    high: Option<Tensor>,
}

impl Values {
    /// Exact values.
    pub fn exact(values: Tensor) -> Values {
        Values { low: values, high: None }
    }

    fn enclosed(Enclosure { low, high }: Enclosure) -> Values {
        Values { low, high: Some(high) }
    }

    /// The tensor, if every entry is exact.
    pub fn into_exact(self) -> Option<Tensor> {
        self.high.is_none().then_some(self.low)
    }

    fn high(&self) -> &Tensor {
        self.high.as_ref().unwrap_or(&self.low)
    }

    /// One entry.
    pub fn get(&self, entry: usize) -> Value {
        Value { low: self.low.get(entry), high: self.high().get(entry) }
    }

    /// The sum of two.
    pub fn plus(&self, other: &Values) -> Values {
        let exact = self.high.is_none() && other.high.is_none();
        Values { low: self.low.plus(&other.low), high: (!exact).then(|| self.high().plus(other.high())) }
    }

    /// The first entry in which the two certainly differ by more than `tolerance`.
    pub fn first_apart(&self, other: &Values, tolerance: &Rational) -> Option<usize> {
        let above = first_above(&self.low, other.high(), tolerance);
        let below = first_above(&other.low, self.high(), tolerance);
        above.into_iter().chain(below).min()
    }

    /// A bound on the bits of its numbers.
    fn bits(&self) -> u64 {
        self.high.as_ref().map_or(0, Tensor::bits).max(self.low.bits())
    }

    fn to_enclosure(&self) -> Enclosure {
        Enclosure { low: self.low.clone(), high: self.high().clone() }
    }

    /// The entries that are not known to be 0, and all.
    fn nonzeros(&self) -> (u64, u64) {
        let entries = self.low.numerators().iter().zip(self.high().numerators());
        let nonzero = entries.filter(|(low, high)| !low.is_zero() || !high.is_zero()).count();
        (nonzero as u64, self.low.len() as u64)
    }

    /// The number of different entries: what a function that is applied entry by entry has to compute.
    fn distinct(&self) -> usize {
        let pairs = self.low.numerators().iter().zip(self.high().numerators());
        pairs.collect::<HashSet<_>>().len()
    }
}

/// The first entry with a − b > tolerance.
fn first_above(a: &Tensor, b: &Tensor, tolerance: &Rational) -> Option<usize> {
    if a.denominator() == b.denominator() && tolerance.is_zero() {
        return a.numerators().iter().zip(b.numerators()).position(|(a, b)| a > b);
    }
    let denominator = common_denominator([a.denominator(), b.denominator(), tolerance.denom()]);
    let gap = tolerance.numer() * (&denominator / tolerance.denom());
    let (a, b) = (a.numerators_over(&denominator), b.numerators_over(&denominator));
    a.into_iter().zip(b).position(|(a, b)| a - b > gap)
}

/// A network that is evaluated at many points.
pub(super) struct Evaluator<'n> {
    pub network: &'n Network,
    prices: Vec<Price>,
}

/// What an evaluation of a layer costs.
#[derive(Clone, Copy, Default)]
struct Price {
    /// Multiplications by weights.
    products: u64,
    /// The multiply-adds of integers that they cost as much as.
    work: u64,
    /// Words of the longest weight, less one.
    words: u64,
}

/// Copying, comparing and reducing an entry cost about as much as this many multiply-adds.
const ENTRY: u64 = 2;
/// So many multiply-adds of a large convolution, done by residues, cost about as much as one of integers.
const RESIDUES: u64 = 100;
/// A transcendental function costs about as much as this many multiply-adds.
const SMOOTH: u64 = 1000;

impl<'n> Evaluator<'n> {
    pub fn new(network: &'n Network) -> Evaluator<'n> {
        let mut prices = vec![Price::default(); network.nodes.len()];
        for id in network.live_nodes() {
            prices[id] = network.nodes[id].layer.as_ref().map_or(Price::default(), price);
        }
        Evaluator { network, prices }
    }

    /// The work of one evaluation at small numbers.
    pub fn price(&self) -> u64 {
        let elements = |id: &NodeId| self.network.nodes[*id].shape.elements() as u64 * ENTRY;
        let layer = |id: NodeId| self.prices[id].work * (1 + self.prices[id].words) + elements(&id);
        self.network.live_nodes().into_iter().map(layer).sum()
    }

    /// The products of one evaluation of a node's layer.
    pub fn products(&self, id: NodeId) -> u64 {
        self.prices[id].products
    }

    /// Every output entry at a point: exact where the network is, enclosed elsewhere. `None` if the
    /// work runs out, a number has more than [`MAX_BITS`] bits, or a weight is unknown.
    pub fn at(&self, point: &Tensor, work: &Work) -> Option<Values> {
        if !work.pay(point.len() as u64 * ENTRY) {
            return None;
        }
        let inputs = self.network.split_input(point).into_iter().map(Values::exact).collect();
        let values = self.network.run(inputs, |id, layer, operands| self.apply(id, layer, operands, work))?;
        values.into_iter().nth(self.network.output).flatten()
    }

    fn apply(&self, id: NodeId, layer: &Layer, operands: &[&Values], work: &Work) -> Option<Values> {
        let exact = operands.iter().all(|v| v.high.is_none());
        // An enclosure takes both bounds times the weights of either sign.
        let sides = if exact { 1 } else { 4 };
        if !work.pay(self.cost(id, layer, operands).saturating_mul(sides)) {
            return None;
        }
        let function = layer.function();
        let short = |v: &Values| v.bits() <= MAX_BITS;
        if exact {
            let values: Vec<&Tensor> = operands.iter().map(|v| &v.low).collect();
            if let Some(value) = function.evaluate(&values) {
                return Some(Values::exact(value)).filter(short);
            }
        }
        let enclosures: Vec<Enclosure> = operands.iter().map(|v| v.to_enclosure()).collect();
        let bounds = function.enclose(&enclosures.iter().collect::<Vec<_>>())?;
        Some(Values::enclosed(bounds)).filter(short)
    }

    fn cost(&self, id: NodeId, layer: &Layer, operands: &[&Values]) -> u64 {
        let words = operands.iter().map(|v| v.bits()).max().unwrap_or(0) / 64;
        let price = self.prices[id];
        // Products with 0 are passed over.
        let (nonzero, all) = operands.iter().map(|v| v.nonzeros()).fold((0, 1), |sum, v| (sum.0 + v.0, sum.1 + v.1));
        let products = price.work / 16 * u64::from(nonzero > 0) + price.work / all * nonzero;
        let products = products.saturating_mul(1 + price.words + price.words * words / 16 + words / 8);
        let entries = operands.iter().map(|v| v.low.len()).sum::<usize>() + layer.function().output().elements();
        let entries = (entries as u64 * ENTRY).saturating_mul(1 + words / 8);
        let curves = match layer {
            Layer::Smooth(_) => operands.iter().map(|v| v.distinct() as u64).sum::<u64>() * SMOOTH,
            _ => 0,
        };
        products.saturating_add(entries).saturating_add(curves)
    }
}

fn price(layer: &Layer) -> Price {
    match layer {
        Layer::Affine(layer) => {
            let operators = layer.lower().operators;
            let bits = operators.iter().map(|o| o.bits()).max().unwrap_or(0);
            let by_residues = |o: &Operator| matches!(o.structure(), Structure::Convolution(c) if !c.is_transposed());
            let mut price = Price { words: bits / 64, ..Price::default() };
            for operator in &operators {
                let products = operator.products();
                let residues = products >= WORTH && by_residues(operator);
                price.products += products as u64;
                price.work += products as u64 / if residues { RESIDUES } else { 1 };
            }
            price
        }
        Layer::Symbolic(layer) => {
            // Roots are enclosed by numbers of some words.
            let operators = layer.lower().operators;
            let products = operators.iter().map(|o| o.products() as u64).sum();
            Price { products, work: products, words: 4 }
        }
        // A window's entries are compared: four stand for the usual sizes, more for larger ones.
        Layer::Piecewise(layer) => {
            let forms = layer.unit(0).maxima.iter().map(|(_, arguments)| arguments.len() as u64).sum::<u64>();
            let products = layer.output().elements() as u64 * forms.max(1);
            Price { products, work: products, words: 0 }
        }
        Layer::Smooth(_) => Price::default(),
    }
}

/// Every output entry at a point, whatever it takes.
pub(super) fn values_at(network: &Network, point: &Tensor) -> Option<Values> {
    Evaluator::new(network).at(point, &Work::unlimited())
}

/// 1 as a rational.
pub(super) fn one() -> Rational {
    Rational::one()
}
