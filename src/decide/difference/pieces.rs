//! Bounds of a difference that is not affine: of the whole domain, and of smaller and smaller pieces of it.

use num_traits::{Signed, Zero};

use super::pairs::Pairs;
use super::{Box, Difference, Gap, forms, largest_of};
use crate::algebra::{Budget, Rational, Tensor, Work, ratio};
use crate::collapse::STANDARD_WORK;
use crate::decide::search;
use crate::decide::values::Evaluator;
use crate::layer::Enclosure;
use crate::network::Network;

/// Pieces that the domain is cut into at most.
const PIECES: usize = 48;
/// Inputs with more entries are not cut: halving one of many entries gains little.
const ENTRIES: usize = 6;
/// A bound closer than this share to what was found is close enough.
const CLOSE: (i64, i64) = (65, 64);
/// Inputs with more entries are not searched entry by entry.
const SEARCHED: usize = 256;

/// Bounds layer by layer, and the best of some points.
pub(super) fn enclosed(h: &Network, bounds: Box<'_>, budget: Budget) -> Option<Difference> {
    let pairs = Pairs::of(h, budget);
    let mut finder = Finder::new(h, budget);
    let piece = Piece::of(h, pairs.as_ref(), bounds.to_vec())?;
    points(bounds).into_iter().for_each(|point| finder.look(point));
    finder.climb(bounds);
    let pieces = cut(h, pairs.as_ref(), piece, &mut finder);
    let bound = |i: usize| pieces.iter().map(|piece| &piece.sizes[i]).max().cloned().unwrap_or_default();
    let gaps: Vec<Gap> =
        finder.found.iter().enumerate().map(|(i, (found, _))| Gap { bound: bound(i), found: found.clone() }).collect();
    let shown = largest_of(&gaps, bounds.len()).into_iter().filter_map(|i| Some((i, finder.found[i].1.clone()?)));
    let points = shown.collect();
    let exact = gaps.iter().all(|g| g.bound == g.found);
    Some(Difference { gaps, points, exact })
}

/// A part of the domain, and how large each output may be there.
struct Piece {
    bounds: Vec<(Rational, Rational)>,
    sizes: Vec<Rational>,
}

impl Piece {
    fn of(h: &Network, pairs: Option<&Pairs<'_>>, bounds: Vec<(Rational, Rational)>) -> Option<Piece> {
        let tensor =
            |pick: fn(&(Rational, Rational)) -> Rational| search::flat(&bounds.iter().map(pick).collect::<Vec<_>>());
        let values = h.enclose_nodes(&Enclosure { low: tensor(|b| b.0.clone()), high: tensor(|b| b.1.clone()) });
        let whole = values.get(h.output)?.as_ref()?;
        let size = |i: usize| whole.low.get(i).abs().max(whole.high.get(i).abs());
        let mut sizes: Vec<Rational> = (0..whole.low.len()).map(size).collect();
        for closer in [pairs.and_then(|pairs| pairs.sizes(&values)), forms::sizes(h, &values)].into_iter().flatten() {
            sizes.iter_mut().zip(closer).for_each(|(size, closer)| *size = size.clone().min(closer));
        }
        Some(Piece { bounds, sizes })
    }

    /// The output that may be largest beside what was found of it.
    fn worst(&self, finder: &Finder<'_>) -> Option<&Rational> {
        let close = ratio(CLOSE.0.into(), CLOSE.1.into());
        let open = self.sizes.iter().zip(&finder.found).filter(|(size, (found, _))| **size > found * &close);
        open.map(|(size, _)| size).max()
    }

    /// Two halves, along the widest entry.
    fn halves(&self) -> [Vec<(Rational, Rational)>; 2] {
        let width = |(low, high): &(Rational, Rational)| high - low;
        let widest = (0..self.bounds.len())
            .max_by(|&a, &b| width(&self.bounds[a]).cmp(&width(&self.bounds[b])).then(b.cmp(&a)))
            .unwrap_or(0);
        let (mut lower, mut upper) = (self.bounds.clone(), self.bounds.clone());
        let middle = (&self.bounds[widest].0 + &self.bounds[widest].1) * ratio(1.into(), 2.into());
        lower[widest].1 = middle.clone();
        upper[widest].0 = middle;
        [lower, upper]
    }
}

/// Pieces that make up the domain: the one with the worst bound is halved, again and again.
fn cut(h: &Network, pairs: Option<&Pairs<'_>>, whole: Piece, finder: &mut Finder<'_>) -> Vec<Piece> {
    let mut pieces = vec![whole];
    if h.input_elements() > ENTRIES {
        return pieces;
    }
    while pieces.len() < PIECES {
        let open = pieces.iter().enumerate().filter_map(|(at, piece)| Some((piece.worst(finder)?, at)));
        let Some((_, at)) = open.max_by(|a, b| a.0.cmp(b.0).then(b.1.cmp(&a.1))) else { break };
        let [lower, upper] = pieces[at].halves();
        // As much work as a few evaluations.
        if !finder.afford(8) {
            break;
        }
        let (Some(lower), Some(upper)) = (Piece::of(h, pairs, lower), Piece::of(h, pairs, upper)) else { break };
        for piece in [&lower, &upper] {
            let middle = |(low, high): &(Rational, Rational)| (low + high) * ratio(1.into(), 2.into());
            finder.look(search::flat(&piece.bounds.iter().map(middle).collect::<Vec<_>>()));
        }
        pieces[at] = lower;
        pieces.push(upper);
    }
    pieces
}

/// The largest differences found so far, and where.
struct Finder<'n> {
    network: &'n Network,
    found: Vec<(Rational, Option<Tensor>)>,
    price: u64,
    work: Work,
}

impl<'n> Finder<'n> {
    fn new(network: &'n Network, budget: Budget) -> Finder<'n> {
        let found = vec![(Rational::zero(), None); network.output_shape().elements()];
        let price = Evaluator::new(network).price();
        Finder { network, found, price, work: Work::new(budget.work(STANDARD_WORK)) }
    }

    /// Whether so many evaluations more can be paid for.
    fn afford(&self, evaluations: u64) -> bool {
        self.work.pay(self.price.saturating_mul(evaluations))
    }

    fn look(&mut self, point: Tensor) {
        let Some(there) = self.network.enclose(&Enclosure { low: point.clone(), high: point.clone() }) else { return };
        for (i, (found, best)) in self.found.iter_mut().enumerate() {
            let sure = there.low.get(i).max(-there.high.get(i));
            if sure > *found {
                *found = sure;
                *best = Some(point.clone());
            }
        }
    }

    /// From the best point of the output that differs most: one entry after the other to one of its ends.
    fn climb(&mut self, bounds: Box<'_>) {
        if bounds.len() > SEARCHED {
            return;
        }
        for (entry, (low, high)) in bounds.iter().enumerate() {
            let best = self.found.iter().max_by(|a, b| a.0.cmp(&b.0));
            let Some((_, Some(best))) = best.cloned() else { return };
            for end in [low, high] {
                let mut point = best.to_rationals();
                if point[entry] == *end {
                    continue;
                }
                if !self.afford(2) {
                    return;
                }
                point[entry] = end.clone();
                self.look(search::flat(&point));
            }
        }
    }
}

/// The middle, the ends, and points whose entries are either end or between, the same on every machine.
fn points(bounds: Box<'_>) -> Vec<Tensor> {
    const POINTS: u64 = 24;
    let mut points = Vec::new();
    for round in 0..POINTS {
        let entry = |(i, (low, high)): (usize, &(Rational, Rational))| {
            let part = match round {
                0 => 4,
                1 => 0,
                2 => 8,
                _ => mixed(round, i as u64) % if round % 2 == 0 { 9 } else { 2 } * if round % 2 == 0 { 1 } else { 8 },
            };
            low + (high - low) * ratio(part.into(), 8.into())
        };
        points.push(search::flat(&bounds.iter().enumerate().map(entry).collect::<Vec<_>>()));
    }
    points
}

/// Bits that look random (the finaliser of SplitMix64).
fn mixed(round: u64, i: u64) -> u64 {
    let z = (round << 40 ^ i).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (z ^ (z >> 27)) >> 16
}
