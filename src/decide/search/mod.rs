//! The search for a witness that a network is not affine, and its shrinking.
//!
//! A witness is a base point p (0 wherever the domain allows) and displacements x, y with
//! f(p + x + y) + f(p) ≠ f(p + x) + f(p + y), all four points in the domain. Every value that is
//! compared comes from the layers' defining sums, exactly or as a rational enclosure; how a
//! candidate was found does not matter.

mod candidates;
mod cone;
mod domain;
mod line;
mod shrink;

pub(super) use cone::{Cone, cones};
pub use domain::Domain;
pub use line::polyline;

use num_traits::Zero;

use super::regions::Kinked;
use super::values::{Evaluator, Values, one, values_at};
use crate::algebra::{Budget, Rational, Shape, Tensor, Work};
use crate::layer::Layer;
use crate::network::Network;

pub use super::values::Value;

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

/// Where else to look.
#[derive(Clone, Debug)]
pub enum Hint {
    /// The line from the base point in this direction.
    Line(Tensor),
    /// These displacements.
    Pair(Tensor, Tensor),
}

/// How much to try. No clock: results are deterministic.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// See [`Work`].
    work: u64,
    lines: bool,
    /// Breakpoints followed along one line.
    breakpoints: usize,
}

impl Effort {
    /// What a typical nonlinear network needs.
    pub fn quick(budget: Budget) -> Effort {
        Effort { work: budget.work(30_000_000), lines: false, breakpoints: 0 }
    }

    /// Lines too, and far along them.
    pub fn thorough(budget: Budget) -> Effort {
        Effort { work: budget.work(100_000_000), lines: true, breakpoints: 200 }
    }

    /// One of `parts` equal shares.
    pub fn shared(self, parts: usize) -> Effort {
        Effort { work: self.work / parts.max(1) as u64, ..self }
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
    /// Whether the work ran out before everything was tried.
    pub exhausted: bool,
}

impl Tried {
    /// Both searches together.
    pub fn plus(&self, other: &Tried) -> Tried {
        Tried {
            pairs: self.pairs + other.pairs,
            lines: self.lines + other.lines,
            breakpoints: self.breakpoints + other.breakpoints,
            exhausted: self.exhausted || other.exhausted,
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
    let found = cone::witness(&mut probe, effort).or_else(|| {
        let found = candidates::first(&mut probe, effort).or_else(|| search(&mut probe, hints, effort));
        found.map(|w| shrink::shrink(&mut probe, w))
    });
    Search { witness: found, tried: Tried { exhausted: probe.work.is_exhausted(), ..probe.tried } }
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

/// The witness that two points in regions with different slopes make, shrunk: from the base point to
/// one of them, and the step along which the slopes differ.
pub(super) fn witness_of(network: &Network, kinked: &Kinked, effort: &Effort) -> Option<Witness> {
    let mut probe = Probe::new(network, effort.work);
    // Along the step f changes by different amounts from the two points, so by another amount than
    // from the base point from one of them.
    let steps = kinked.points.each_ref().map(|point| point.minus(&probe.base));
    let found = steps.iter().find_map(|x| probe.test(x, &kinked.step))?;
    Some(shrink::shrink(&mut probe, found))
}

/// The first point of a network's domain, plain ones first, at which a test gives something.
pub(super) fn first_point<T>(network: &Network, work: &Work, test: impl FnMut(&Tensor) -> Option<T>) -> Option<T> {
    candidates::points(&Probe::new(network, 0), work, test)
}

/// Re-evaluates a witness from scratch, by the layers' definitions alone.
pub fn verify(network: &Network, witness: &Witness) -> bool {
    let domain = Domain::of(network);
    let (base, x, y) = (&witness.base, &witness.x, &witness.y);
    let points = [base.clone(), base.plus(x), base.plus(y), base.plus(x).plus(y)];
    if !points.iter().all(|p| domain.contains(p)) {
        return false;
    }
    let values: Option<Vec<Value>> = points.iter().map(|p| Some(values_at(network, p)?.get(witness.output))).collect();
    match values.as_deref() {
        Some([b, fx, fy, fxy]) => {
            let stated = [&witness.f_base, &witness.f_x, &witness.f_y, &witness.f_xy];
            [b, fx, fy, fxy] == stated && fxy.plus(b).differs(&fx.plus(fy))
        }
        _ => false,
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
    evaluator: Evaluator<'n>,
    domain: Domain,
    base: Tensor,
    at_base: Option<Values>,
    work: Work,
    tried: Tried,
}

impl<'n> Probe<'n> {
    fn new(network: &'n Network, work: u64) -> Probe<'n> {
        let (domain, evaluator) = (Domain::of(network), Evaluator::new(network));
        let base = domain.base();
        Probe { network, evaluator, domain, base, at_base: None, work: Work::new(work), tried: Tried::default() }
    }

    /// Tests two displacements, whatever work is left: one test of a large network may take more.
    fn confirm(&mut self, x: &Tensor, y: &Tensor) -> Option<Witness> {
        /// Multiply-adds, of some seconds.
        const WORK: u64 = 400_000_000;
        let rest = std::mem::replace(&mut self.work, Work::new(WORK));
        let found = self.test(x, y);
        self.work = rest;
        found
    }

    /// Tests two displacements.
    fn test(&mut self, x: &Tensor, y: &Tensor) -> Option<Witness> {
        let entries = 8 * x.len() as u64;
        if x.is_zero() || y.is_zero() || !self.work.pay(entries) {
            return None;
        }
        let (to_x, to_y) = (self.base.plus(x), self.base.plus(y));
        let to_xy = to_x.plus(y);
        if ![&to_x, &to_y, &to_xy].into_iter().all(|p| self.domain.contains(p)) {
            return None;
        }
        if self.at_base.is_none() {
            self.at_base = self.evaluator.at(&self.base, &self.work);
        }
        let f = self.at_base.as_ref()?;
        let at = |point: &Tensor| self.evaluator.at(point, &self.work);
        let fx = at(&to_x)?;
        let fy = if x == y { fx.clone() } else { at(&to_y)? };
        // Opposite displacements lead back.
        let fxy = if to_xy == self.base { f.clone() } else { at(&to_xy)? };
        self.tried.pairs += 1;
        let output = fxy.plus(f).first_apart(&fx.plus(&fy), &Rational::zero())?;
        let (f_base, f_x, f_y, f_xy) = (f.get(output), fx.get(output), fy.get(output), fxy.get(output));
        Some(Witness { base: self.base.clone(), x: x.clone(), y: y.clone(), output, f_base, f_x, f_y, f_xy })
    }

    /// Whether every live nonlinear layer is piecewise linear, so that lines can be followed.
    fn is_piecewise(&self) -> bool {
        let live = self.network.live_nodes().into_iter();
        !live.filter_map(|id| self.network.nodes[id].layer.as_ref()).any(|l| matches!(l, Layer::Smooth(_)))
    }
}
