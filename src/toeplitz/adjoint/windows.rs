//! Products with the windows of convolutions and with dense matrices, modulo small primes.

use std::collections::{BTreeMap, HashMap};

use num_traits::Zero;
use rayon::prelude::*;

use super::Layout;
use super::spread::Spread;
use super::tiles::Tiles;
use crate::algebra::residue::{Digits, Instructions, LANES, Modulus, Window, sum_products};
use crate::algebra::{Coefficient, Integer, Numerators};
use crate::toeplitz::{Convolution, Taps};

/// Dense products of windows: what the transpose of a convolution or of a dense matrix is made of.
#[derive(Debug)]
pub(super) struct Windows {
    pub groups: usize,
    /// Channels of what is read and of what is written, in all groups together.
    pub outputs: usize,
    pub inputs: usize,
    /// For each position that is written, the taps that reach it, with the position that each reads.
    pub taps: Vec<Vec<(usize, usize)>>,
    /// For each position, the number of its list of taps among all different ones.
    patterns: Vec<usize>,
    /// Runs of channels of a group that are computed together: the first, and vectors of [`LANES`].
    blocks: Vec<(usize, usize)>,
    /// The kernel in the order of use: `[group][block][tap][pair of outputs][input of the block][2]`.
    weights: Digits,
    /// The number of taps of a window.
    window: usize,
    /// How to compute it by tiles, if it can be.
    pub tiles: Option<Tiles>,
    /// How to compute it with all taps side by side, where that is sooner done.
    pub spread: Option<Box<Spread>>,
}

impl Windows {
    pub fn of_convolution<C: Coefficient>(convolution: &Convolution<C>) -> Option<Windows> {
        let kernel = C::numbers(convolution.kernel())?;
        let (outputs, inputs) = convolution.channels();
        let groups = convolution.groups();
        let positions = convolution.taps().iter().map(|t| t.inputs()).product();
        let transpose = convolution.transpose();
        let taps: Vec<Vec<(usize, usize)>> = (0..positions).map(|p| transpose.seen(p)).collect();
        let (inner, window) = (kernel.shape().axes()[1], kernel.shape().axes()[2..].iter().product());
        let weight = |group: usize, output: usize, input: usize, tap: usize| {
            let (first, second) = match convolution.is_transposed() {
                false => (group * (outputs / groups) + output, input),
                true => (group * (inputs / groups) + input, output),
            };
            (first * inner + second) * window + tap
        };
        let tiles = Tiles::of(transpose.taps(), &kernel.shape().axes()[2..]);
        let (read, written) = (outputs / groups, inputs / groups);
        let (reads, uses) = (convolution.taps().iter().map(Taps::outputs).product(), taps.iter().map(Vec::len).sum());
        let spread = Spread::worth(window, uses, reads, (read, written)).then(|| {
            let taps = (0..reads).map(|position| vec![(0, position)]).collect();
            let weight = |group, output, channel, _| weight(group, output, channel % written, channel / written);
            let channels = (outputs, window * inputs);
            Box::new(Spread::new(Windows::new(groups, channels, taps, 1, kernel.integers(), weight), window))
        });
        let windows = Windows::new(groups, (outputs, inputs), taps, window, kernel.integers(), weight);
        Some(Windows { tiles, spread, ..windows })
    }

    pub fn of_dense(matrix: Numerators<'_>, outputs: usize, inputs: usize) -> Windows {
        let weight = |_, output: usize, input: usize, _| output * inputs + input;
        Windows::new(1, (outputs, inputs), vec![vec![(0, 0)]], 1, matrix, weight)
    }

    /// `weight` says where the weight of (group, output, input, tap) is in the kernel.
    fn new(
        groups: usize,
        (outputs, inputs): (usize, usize),
        taps: Vec<Vec<(usize, usize)>>,
        window: usize,
        kernel: Numerators<'_>,
        weight: impl Fn(usize, usize, usize, usize) -> usize,
    ) -> Windows {
        let (read, written) = (outputs / groups, inputs / groups);
        let mut blocks = Vec::new();
        let mut first = 0;
        while first < written {
            let vectors = (written - first).div_ceil(LANES).min(3);
            blocks.push((first, vectors));
            first += vectors * LANES;
        }
        let lanes: usize = blocks.iter().map(|&(_, vectors)| vectors * LANES).sum();
        let count = groups * window * read.next_multiple_of(2) * lanes;
        let weights = Digits::of(kernel).gathered(count, |put| {
            for (group, &(first, vectors)) in (0..groups).flat_map(|g| blocks.iter().map(move |b| (g, b))) {
                for (tap, pair) in (0..window).flat_map(|tap| (0..read.div_ceil(2)).map(move |pair| (tap, pair))) {
                    for input in first..first + vectors * LANES {
                        let there = |output| output < read && input < written;
                        let mut put = |output| put(there(output).then(|| weight(group, output, input, tap)));
                        put(2 * pair);
                        put(2 * pair + 1);
                    }
                }
            }
        });
        let mut known = HashMap::new();
        let patterns = taps.iter().map(|taps| {
            let pattern: Vec<usize> = taps.iter().map(|&(tap, _)| tap).collect();
            let next = known.len();
            *known.entry(pattern).or_insert(next)
        });
        let patterns = patterns.collect();
        let (tiles, spread) = (None, None);
        Windows { groups, outputs, inputs, taps, patterns, blocks, weights, window, tiles, spread }
    }

    /// Pairs of outputs of one group.
    fn pairs(&self) -> usize {
        (self.outputs / self.groups).div_ceil(2)
    }

    /// The weights of one tap in a block of this many vectors.
    pub fn slab(&self, vectors: usize) -> usize {
        self.pairs() * vectors * LANES * 2
    }

    /// The blocks of a group: the first input, the vectors, and the range of its weights.
    pub fn parts(&self, group: usize) -> impl Iterator<Item = (usize, usize, std::ops::Range<usize>)> {
        let size = |vectors: usize| self.window * self.slab(vectors);
        let mut end = group * self.blocks.iter().map(|&(_, vectors)| size(vectors)).sum::<usize>();
        self.blocks.iter().map(move |&(first, vectors)| {
            let start = end;
            end += size(vectors);
            (first, vectors, start..end)
        })
    }

    /// The largest sum of absolute values that meet in one entry of what is written.
    pub fn norm(&self) -> Integer {
        let mut examples = BTreeMap::new();
        for (position, &pattern) in self.patterns.iter().enumerate() {
            examples.entry(pattern).or_insert(position);
        }
        let mut most = Integer::zero();
        for (_, vectors, range) in (0..self.groups).flat_map(|group| self.parts(group)) {
            let slab = self.slab(vectors);
            for lane in 0..vectors * LANES {
                let column = |tap: usize| {
                    let start = range.start + tap * slab + 2 * lane;
                    let pairs = (0..self.pairs()).map(move |pair| start + pair * vectors * LANES * 2);
                    self.weights.norm(pairs.flat_map(|at| [at, at + 1]))
                };
                let columns: Vec<Integer> = (0..self.window).map(column).collect();
                for &position in examples.values() {
                    most = most.max(self.taps[position].iter().map(|&(tap, _)| &columns[tap]).sum());
                }
            }
        }
        most
    }

    /// The weights modulo a prime, in the order of use.
    pub fn residues(&self, modulus: &Modulus) -> Vec<i16> {
        self.weights.residues(modulus)
    }

    /// The product modulo one prime, in the room of another vector if that suffices.
    pub fn apply(
        &self,
        modulus: &Modulus,
        (from, to): (Layout, Layout),
        rows: usize,
        u: &[i16],
        mut room: Vec<i16>,
    ) -> Vec<i16> {
        /// Pieces that one product is cut into, for threads to share.
        const PIECES: usize = 4;
        if to.stride > to.channels {
            // Room that no channel takes is 0; all else is written below.
            room.clear();
        }
        let mut out = sized(room, to.size(rows));
        let piece = to.positions.div_ceil(PIECES);
        let (entries, slack) = out.split_at_mut(to.positions * rows * to.stride);
        slack.fill(0);
        if let Some(spread) = &self.spread {
            spread.apply(self, modulus, (from, to), rows, u, entries);
            return out;
        }
        let weights = self.residues(modulus);
        let each = (self.outputs / self.groups, self.inputs / self.groups);
        if let Some(tiles) = &self.tiles
            && tiles.worth(rows, self.taps.iter().map(Vec::len).sum(), each)
        {
            tiles.apply(self, modulus, (from, to), rows, (&weights, u), entries);
            return out;
        }
        entries.par_chunks_mut(piece * rows * to.stride).enumerate().for_each(|(n, out)| {
            let positions = n * piece..((n + 1) * piece).min(to.positions);
            self.piece(modulus, (from, to), rows, &weights, u, positions, out);
        });
        out
    }

    /// The product at some positions, except for room that no channel takes.
    #[expect(clippy::too_many_arguments, reason = "the loops of one product")]
    fn piece(
        &self,
        modulus: &Modulus,
        (from, to): (Layout, Layout),
        rows: usize,
        weights: &[i16],
        u: &[i16],
        positions: std::ops::Range<usize>,
        out: &mut [i16],
    ) {
        /// Columns that all blocks go through before the next ones do.
        const PANEL: usize = 120;
        let begin = positions.start;
        let mut by_pattern: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        positions.for_each(|p| by_pattern.entry(self.patterns[p]).or_default().push(p));
        let instructions = Instructions::detect();
        let mut results = Vec::new();
        for positions in by_pattern.values() {
            let columns: Vec<(usize, usize)> =
                positions.iter().flat_map(|&p| (0..rows).map(move |row| (p, row))).collect();
            for (group, columns) in (0..self.groups).flat_map(|g| columns.chunks(PANEL).map(move |c| (g, c))) {
                let read = group * (self.outputs / self.groups);
                // For each tap, where each column begins.
                let start = |tap: usize| {
                    let start =
                        move |&(p, row): &(usize, usize)| (self.taps[p][tap].1 * rows + row) * from.stride + read;
                    columns.iter().map(start).collect::<Vec<usize>>()
                };
                let starts: Vec<Vec<usize>> = (0..self.taps[positions[0]].len()).map(start).collect();
                for (first, vectors, range) in self.parts(group) {
                    let (lanes, slab, weights) = (vectors * LANES, self.slab(vectors), &weights[range]);
                    let valid = lanes.min(self.inputs / self.groups - first);
                    let written = group * (self.inputs / self.groups) + first;
                    let together = instructions.columns(vectors);
                    results.resize(together * lanes, 0);
                    let mut windows = Vec::with_capacity(starts.len());
                    for (n, columns) in columns.chunks(together).enumerate() {
                        windows.clear();
                        for (&(tap, _), starts) in self.taps[positions[0]].iter().zip(&starts) {
                            let starts = &starts[n * together..n * together + columns.len()];
                            windows.push(Window { weights: &weights[tap * slab..(tap + 1) * slab], starts });
                        }
                        sum_products(instructions, modulus, vectors, &windows, u, &mut results);
                        for (&(position, row), result) in columns.iter().zip(results.chunks_exact(lanes)) {
                            let at = ((position - begin) * rows + row) * to.stride + written;
                            out[at..at + valid].copy_from_slice(&result[..valid]);
                        }
                    }
                }
            }
        }
    }
}

/// A vector of this length, arbitrary numbers, in the room of another one if that suffices, without being far too large, for it
/// would be kept: zeros that are written over take as long as what is written.
fn sized(mut room: Vec<i16>, length: usize) -> Vec<i16> {
    if !(length..=length.saturating_mul(2)).contains(&room.capacity()) {
        return vec![0; length];
    }
    room.resize(length, 0);
    room
}
