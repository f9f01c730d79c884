//! The search for a witness that a network is not affine, and its shrinking.
//!
//! A witness is a base point p (0 wherever the domain allows) and displacements x, y with
//! f(p + x + y) + f(p) ≠ f(p + x) + f(p + y), all four points in the domain. Every value that is
//! compared comes from the layers' defining sums, exactly or as a rational enclosure; how a
//! candidate was found does not matter.

mod candidates;
mod line;
mod shrink;

use num_traits::{One, Signed, Zero};

use crate::algebra::{MAX_BITS, Rational, Shape, Tensor};
use crate::layer::{Enclosure, Layer};
use crate::network::Network;

/// A proof that a network is not affine. All tensors are flat: the inputs, concatenated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The base point p.
    pub base: Tensor,
    /// The displacement x.
    pub x: Tensor,
    /// The displacement y.
    pub y: Tensor,
    /// The output entry at which the two sides differ.
    pub output: usize,
    /// f(p) at that entry.
    pub f_base: Value,
    /// f(p + x).
    pub f_x: Value,
    /// f(p + y).
    pub f_y: Value,
    /// f(p + x + y).
    pub f_xy: Value,
}

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

/// Where else to look.
#[derive(Clone, Debug)]
pub enum Hint {
    /// The line from the base point in this direction.
    Line(Tensor),
    /// These displacements.
    Pair(Tensor, Tensor),
}

/// How much to try, in multiplications of forward evaluations. No clock: results are deterministic.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    work: u64,
    lines: bool,
    /// Breakpoints followed along one line.
    breakpoints: usize,
}

impl Effort {
    /// What a typical nonlinear network needs.
    pub fn quick() -> Effort {
        Effort { work: 30_000_000, lines: false, breakpoints: 0 }
    }

    /// Lines too, and far along them.
    pub fn thorough() -> Effort {
        Effort { work: 300_000_000, lines: true, breakpoints: 200 }
    }
}

/// What was tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Pairs of points.
    pub pairs: usize,
    /// Lines.
    pub lines: usize,
    /// Breakpoints met on them.
    pub breakpoints: usize,
}

impl Tried {
    /// Both searches together.
    pub fn plus(&self, other: &Tried) -> Tried {
        Tried {
            pairs: self.pairs + other.pairs,
            lines: self.lines + other.lines,
            breakpoints: self.breakpoints + other.breakpoints,
        }
    }
}

/// The result of a search.
#[derive(Clone, Debug)]
pub struct Search {
    /// A shrunk witness, if one was found.
    pub witness: Option<Witness>,
    /// What was tried.
    pub tried: Tried,
}

/// Searches for a witness, hints first.
pub fn find(network: &Network, hints: &[Hint], effort: &Effort) -> Search {
    let mut probe = Probe::new(network, effort.work);
    let found = search(&mut probe, hints, effort);
    let witness = found.map(|w| shrink::shrink(&mut probe, w));
    Search { witness, tried: probe.tried }
}

fn search(probe: &mut Probe<'_>, hints: &[Hint], effort: &Effort) -> Option<Witness> {
    for hint in hints {
        let found = match hint {
            Hint::Pair(x, y) => probe.test(x, y),
            Hint::Line(direction) if effort.lines => line::follow(probe, direction, effort.breakpoints),
            Hint::Line(_) => None,
        };
        if found.is_some() {
            return found;
        }
    }
    candidates::pairs(probe).or_else(|| if effort.lines { candidates::lines(probe, effort.breakpoints) } else { None })
}

/// Points of a network's domain at which two networks are compared, plain ones first.
pub(super) fn points(network: &Network) -> Vec<Tensor> {
    let effort = Effort::quick();
    let probe = Probe::new(network, effort.work);
    let most = usize::try_from(effort.work / probe.price).unwrap_or(usize::MAX).clamp(8, 400);
    let mut points = candidates::points(&probe);
    points.truncate(most);
    points
}

/// Re-evaluates a witness from scratch, by the layers' definitions alone.
pub fn verify(network: &Network, witness: &Witness) -> bool {
    let domain = Domain::of(network);
    let (base, x, y) = (&witness.base, &witness.x, &witness.y);
    let points = [base.clone(), base.plus(x), base.plus(y), base.plus(x).plus(y)];
    if !points.iter().all(|p| domain.contains(p)) {
        return false;
    }
    let values: Option<Vec<Value>> =
        points.iter().map(|p| values_at(network, p)?.into_iter().nth(witness.output)).collect();
    match values.as_deref() {
        Some([b, fx, fy, fxy]) => {
            let stated = [&witness.f_base, &witness.f_x, &witness.f_y, &witness.f_xy];
            [b, fx, fy, fxy] == stated && fxy.plus(b).differs(&fx.plus(fy))
        }
        _ => false,
    }
}

/// Every output entry at a point: exact where the network is, enclosed elsewhere.
pub(super) fn values_at(network: &Network, point: &Tensor) -> Option<Vec<Value>> {
    if let Some(exact) = network.evaluate(point) {
        return Some(exact.to_rationals().into_iter().map(|v| Value { low: v.clone(), high: v }).collect());
    }
    let bounds = network.enclose(&Enclosure { low: point.clone(), high: point.clone() })?;
    let pairs = bounds.low.to_rationals().into_iter().zip(bounds.high.to_rationals());
    Some(pairs.map(|(low, high)| Value { low, high }).collect())
}

/// The box of a network's inputs.
#[derive(Clone, Debug)]
pub struct Domain {
    /// One entry an input entry.
    bounds: Vec<Option<(Rational, Rational)>>,
}

impl Domain {
    /// The declared domain of a network.
    pub fn of(network: &Network) -> Domain {
        let entries = network.inputs.iter().flat_map(|i| std::iter::repeat_n(i.domain.clone(), i.shape.elements()));
        Domain { bounds: entries.collect() }
    }

    /// The point of the domain nearest to zero.
    pub fn base(&self) -> Tensor {
        let clamp = |bound: &Option<(Rational, Rational)>| match bound {
            None => Rational::zero(),
            Some((low, high)) => Rational::zero().max(low.clone()).min(high.clone()),
        };
        let values: Vec<Rational> = self.bounds.iter().map(clamp).collect();
        flat(&values)
    }

    /// The interval of each input entry; `None` is all of ℚ.
    pub fn bounds(&self) -> &[Option<(Rational, Rational)>] {
        &self.bounds
    }

    /// The middle of each bounded entry, 1 elsewhere.
    pub fn middle(&self) -> Tensor {
        let two = Rational::from_integer(2.into());
        let entry = |bound: &Option<(Rational, Rational)>| match bound {
            None => Rational::one(),
            Some((low, high)) => (low + high) / &two,
        };
        let values: Vec<Rational> = self.bounds.iter().map(entry).collect();
        flat(&values)
    }

    /// Whether a point lies in it.
    pub fn contains(&self, point: &Tensor) -> bool {
        self.bounds.iter().enumerate().all(|(i, bound)| match bound {
            None => true,
            Some((low, high)) => (low..=high).contains(&&point.get(i)),
        })
    }

    /// Whether entry `i` has only one value.
    pub fn is_pinned(&self, i: usize) -> bool {
        self.bounds[i].as_ref().is_some_and(|(low, high)| low == high)
    }

    /// The base point with entry `i` moved: by 1, or half of the room that there is.
    pub fn step(&self, i: usize) -> Tensor {
        let mut values = self.base().to_rationals();
        let half = |room: Rational| (room / Rational::from_integer(2.into())).min(Rational::one());
        let (up, down) = (self.room(i, true).map(half), self.room(i, false).map(half));
        match (up, down) {
            (Some(up), Some(down)) if up.is_zero() => values[i] -= down,
            (Some(up), _) if !up.is_zero() => values[i] += up,
            _ => values[i] += Rational::one(),
        }
        flat(&values)
    }

    /// How far entry `i` can go up or down from the base point; `None` is without end.
    pub fn room(&self, i: usize, up: bool) -> Option<Rational> {
        let (low, high) = self.bounds[i].as_ref()?;
        let base = Rational::zero().max(low.clone()).min(high.clone());
        Some(if up { high - base } else { base - low })
    }

    /// The largest t with base + t·direction in the domain; `None` is without end.
    fn reach(&self, direction: &Tensor) -> Option<Rational> {
        let limit = |i: usize| {
            let step = direction.get(i);
            let room = self.room(i, step.is_positive())?;
            (!step.is_zero()).then(|| room / step.abs())
        };
        (0..direction.len()).filter_map(limit).min()
    }
}

/// A flat tensor.
pub(super) fn flat(values: &[Rational]) -> Tensor {
    let shape = Shape::new([values.len()]).unwrap_or_else(|_| Shape::scalar());
    Tensor::from_rationals(shape, values)
}

/// A network under test, with the work that may still be spent on it.
struct Probe<'n> {
    network: &'n Network,
    domain: Domain,
    base: Tensor,
    at_base: Option<Vec<Value>>,
    /// The price of one evaluation.
    price: u64,
    work: u64,
    tried: Tried,
}

impl<'n> Probe<'n> {
    fn new(network: &'n Network, work: u64) -> Probe<'n> {
        let domain = Domain::of(network);
        let base = domain.base();
        let at_base = values_at(network, &base);
        Probe { network, domain, base, at_base, price: price(network), work, tried: Tried::default() }
    }

    /// Whether `evaluations` more may be made; pays for them.
    fn pay(&mut self, evaluations: u64) -> bool {
        let cost = self.price.saturating_mul(evaluations);
        let affordable = cost <= self.work;
        self.work = self.work.saturating_sub(cost);
        affordable
    }

    /// Tests two displacements.
    fn test(&mut self, x: &Tensor, y: &Tensor) -> Option<Witness> {
        let (to_x, to_y) = (self.base.plus(x), self.base.plus(y));
        let to_xy = to_x.plus(y);
        let inside = [&to_x, &to_y, &to_xy].into_iter().all(|p| self.domain.contains(p));
        if x.is_zero() || y.is_zero() || !inside || !self.pay(3) {
            return None;
        }
        self.tried.pairs += 1;
        let f = self.at_base.as_ref()?;
        let (fx, fy, fxy) =
            (values_at(self.network, &to_x)?, values_at(self.network, &to_y)?, values_at(self.network, &to_xy)?);
        let output = (0..f.len()).find(|&o| fxy[o].plus(&f[o]).differs(&fx[o].plus(&fy[o])))?;
        let at = |values: &[Value]| values[output].clone();
        let (f_base, f_x, f_y, f_xy) = (at(f), at(&fx), at(&fy), at(&fxy));
        Some(Witness { base: self.base.clone(), x: x.clone(), y: y.clone(), output, f_base, f_x, f_y, f_xy })
    }

    /// Whether every live nonlinear layer is piecewise linear, so that lines can be followed.
    fn is_piecewise(&self) -> bool {
        let live = self.network.live_nodes().into_iter();
        !live.filter_map(|id| self.network.nodes[id].layer.as_ref()).any(|l| matches!(l, Layer::Smooth(_)))
    }
}

/// Multiplications of one evaluation, roughly: nonzeros of affine layers, entries of others; more
/// where numbers are long.
fn price(network: &Network) -> u64 {
    let mut words = vec![1_u64; network.nodes.len()];
    let mut price = network.input_elements() as u64;
    for id in network.live_nodes() {
        let node = &network.nodes[id];
        let incoming = node.operands.iter().map(|&o| words[o]).max().unwrap_or(1);
        let (products, weights) = match &node.layer {
            // Symbols have no values: such networks are not evaluated.
            None | Some(Layer::Symbolic(_)) => (0, 0),
            Some(Layer::Affine(layer)) => {
                let operators = layer.lower().operators;
                let bits = operators.iter().map(|o| o.bits()).max().unwrap_or(0);
                (operators.iter().map(|o| o.nonzeros() as u64).sum::<u64>(), bits / 64)
            }
            // Enclosures of transcendental functions take many multiplications each.
            Some(Layer::Smooth(layer)) => (layer.output().elements() as u64 * 200, 0),
            Some(Layer::Piecewise(layer)) => (layer.output().elements() as u64 * 4, 0),
        };
        words[id] = (incoming + weights).min(MAX_BITS / 64);
        price += products * (1 + weights * words[id] / 16);
    }
    price.max(1)
}

/// 1 as a rational, for directions.
fn one() -> Rational {
    Rational::one()
}
