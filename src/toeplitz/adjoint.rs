//! Transposed products with many row vectors at once, modulo small primes.
//!
//! A batch of row vectors at a value of shape `C×…` lies in memory position by position: for each
//! position, for each row, the residues of all channels ([`Layout`]). So one position's channels of
//! one row are a run of numbers, and a convolution is a sum of dense products of such runs with
//! the kernel's windows.

use std::collections::{BTreeMap, HashMap};

use num_traits::{One, Zero};
use rayon::prelude::*;

use super::{Convolution, Operator, Structure};
use crate::algebra::residue::{Digits, Instructions, LANES, Modulus, Window, sum_products};
use crate::algebra::{Coefficient, Integer, Matrix, Numerators, Shape};

/// Where the entries of a batch of row vectors lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    channels: usize,
    positions: usize,
    /// Room for the channels of one position and row: an even number.
    stride: usize,
}

/// Numbers past the end that a pair of residues may reach into.
const SLACK: usize = 2;

impl Layout {
    /// The layout of a value.
    pub fn of(shape: &Shape) -> Layout {
        let channels = shape.channels();
        Layout { channels, positions: shape.elements() / channels, stride: channels.next_multiple_of(2) }
    }

    /// The layout of a vector: all entries at one position.
    pub fn vector(entries: usize) -> Layout {
        Layout { channels: entries, positions: 1, stride: entries.next_multiple_of(2) }
    }

    /// The residues that a batch of rows takes.
    pub fn size(&self, rows: usize) -> usize {
        self.positions * rows * self.stride + SLACK
    }

    /// The room that one position of one row takes.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Where the entry with a flat index is, in one row.
    pub fn index(&self, rows: usize, row: usize, flat: usize) -> usize {
        (flat % self.positions * rows + row) * self.stride + flat / self.positions
    }
}

/// The transpose of an operator, made ready for residues.
#[derive(Debug)]
pub struct Adjoint {
    /// The layouts of the operator's output and input: what is read, and what is written.
    from: Layout,
    to: Layout,
    step: Step,
    /// The largest sum of absolute values in a column of the operator's numerators.
    norm: Integer,
}

#[derive(Debug)]
enum Step {
    /// Entry i is entry `source[i]` of what is read; the same flat order, if there is no list.
    Move(Option<Vec<usize>>),
    /// Entry i is multiplied by factor `i / run`.
    Scale { factors: Digits, run: usize },
    /// One sparse matrix for the channels, if they change, after one for the positions.
    Axes { channels: Option<Sparse>, positions: Sparse },
    /// Dense products of windows.
    Windows(Windows),
}

impl Adjoint {
    /// The transpose of an operator of numbers; `None` if its weights are symbols, or it is a dense
    /// matrix of values that are not vectors.
    pub fn new<C: Coefficient>(operator: &Operator<C>) -> Option<Adjoint> {
        let (from, to) = (Layout::of(operator.output()), Layout::of(operator.input()));
        let (step, norm) = match operator.structure() {
            Structure::Identity => (Step::Move(None), Integer::one()),
            Structure::Permutation(sources) => {
                let mut inverse = vec![0; sources.len()];
                sources.iter().enumerate().for_each(|(i, &source)| inverse[source] = i);
                (Step::Move(Some(inverse)), Integer::one())
            }
            Structure::Diagonal(factors) => {
                let factors = Digits::of(C::numbers(factors)?.integers());
                let norm = (0..factors.count()).map(|i| factors.norm(i..i + 1)).max().unwrap_or_default();
                (Step::Scale { run: operator.rows() / factors.count(), factors }, norm)
            }
            Structure::Kronecker(factors) => {
                let transposed: Vec<Matrix> = factors.iter().map(Matrix::transpose).collect();
                let norm = transposed.iter().map(row_norm).product();
                let (first, rest) = transposed.split_first()?;
                let channels =
                    (*first != Matrix::identity(first.rows())).then(|| Sparse::new(std::slice::from_ref(first)));
                (Step::Axes { channels, positions: Sparse::new(rest) }, norm)
            }
            Structure::Convolution(convolution) => {
                let windows = Windows::of_convolution(convolution)?;
                let norm = windows.norm();
                (Step::Windows(windows), norm)
            }
            // Of vectors: one position, which one window covers.
            Structure::Dense(_) if (from.positions, to.positions) != (1, 1) => return None,
            Structure::Dense(matrix) => {
                let windows = Windows::of_dense(C::numbers(matrix)?.integers(), operator.rows(), operator.columns());
                let norm = windows.norm();
                (Step::Windows(windows), norm)
            }
        };
        Some(Adjoint { from, to, step, norm })
    }

    /// An entry of the product is at most this many times the largest entry of the row vector.
    pub fn norm(&self) -> &Integer {
        &self.norm
    }

    /// The products uᵀA of a batch of `rows` row vectors with the numerators, modulo one prime.
    pub fn apply(&self, modulus: &Modulus, rows: usize, u: &[i16]) -> Vec<i16> {
        match &self.step {
            Step::Move(None) => self.from.moved(self.to, rows, u),
            Step::Move(Some(sources)) => {
                let mut out = vec![0; self.to.size(rows)];
                for (row, (i, &source)) in (0..rows).flat_map(|row| sources.iter().enumerate().map(move |s| (row, s))) {
                    out[self.to.index(rows, row, i)] = u[self.from.index(rows, row, source)];
                }
                out
            }
            Step::Scale { factors, run } => {
                let factors = factors.residues(modulus);
                let mut out = vec![0; self.to.size(rows)];
                for (row, i) in
                    (0..rows).flat_map(|row| (0..self.to.positions * self.to.channels).map(move |i| (row, i)))
                {
                    let at = self.to.index(rows, row, i);
                    out[at] = modulus.multiply(u[at], factors[i / run]);
                }
                out
            }
            Step::Axes { channels, positions } => {
                let (from, run) = (self.from, rows * self.from.stride);
                let moved = positions.apply(modulus, run, u);
                let Some(channels) = channels else { return with_slack(moved) };
                let weights = channels.weights.residues(modulus);
                let mut out = vec![0; self.to.size(rows)];
                for (out, u) in out.chunks_exact_mut(self.to.stride).zip(moved.chunks_exact(from.stride)) {
                    for (out, entries) in out.iter_mut().zip(&channels.rows) {
                        *out = entries.iter().fold(0, |sum, &(c, w)| {
                            modulus.reduce(i32::from(sum) + i32::from(u[c]) * i32::from(weights[w]))
                        });
                    }
                }
                out
            }
            Step::Windows(windows) => windows.apply(modulus, (self.from, self.to), rows, u),
        }
    }
}

impl Layout {
    /// The same flat vectors in another layout.
    fn moved(self, to: Layout, rows: usize, u: &[i16]) -> Vec<i16> {
        if self == to {
            return u.to_vec();
        }
        let mut out = vec![0; to.size(rows)];
        for (row, flat) in (0..rows).flat_map(|row| (0..to.positions * to.channels).map(move |flat| (row, flat))) {
            out[to.index(rows, row, flat)] = u[self.index(rows, row, flat)];
        }
        out
    }
}

fn with_slack(mut residues: Vec<i16>) -> Vec<i16> {
    residues.extend([0; SLACK]);
    residues
}

/// The largest sum of absolute values in a row of a matrix's numerators.
fn row_norm(matrix: &Matrix) -> Integer {
    let norm = |row| matrix.row(row).map(|(_, n)| num_traits::Signed::abs(n)).sum();
    (0..matrix.rows()).map(norm).max().unwrap_or_default()
}

/// A small sparse matrix: for each row, pairs of a column and the index of a weight.
#[derive(Debug)]
struct Sparse {
    rows: Vec<Vec<(usize, usize)>>,
    weights: Digits,
}

impl Sparse {
    /// The Kronecker product of some matrices.
    fn new(factors: &[Matrix]) -> Sparse {
        let mut rows = vec![vec![(0, Integer::one())]];
        for factor in factors {
            let extend = |entries: &Vec<(usize, Integer)>| -> Vec<Vec<(usize, Integer)>> {
                let row = |r| {
                    let entries = entries.iter().flat_map(|(c, w)| {
                        factor.row(r).map(move |(column, n)| (c * factor.columns() + column, w * n))
                    });
                    entries.collect()
                };
                (0..factor.rows()).map(row).collect()
            };
            rows = rows.iter().flat_map(extend).collect();
        }
        let weights = Digits::new(rows.iter().flatten().map(|(_, w)| w).collect::<Vec<_>>().into_iter());
        let mut next = 0..;
        let rows = rows.into_iter().map(|row| row.into_iter().map(|(c, _)| c).zip(&mut next).collect()).collect();
        Sparse { rows, weights }
    }

    /// The product with a vector of runs of residues.
    fn apply(&self, modulus: &Modulus, run: usize, u: &[i16]) -> Vec<i16> {
        /// Products that are added before a sum is reduced: together below 2³¹.
        const PRODUCTS: usize = 100;
        let weights = self.weights.residues(modulus);
        let mut out = vec![0; self.rows.len() * run];
        out.par_chunks_mut(run).zip(&self.rows).for_each(|(out, entries)| {
            for entries in entries.chunks(PRODUCTS) {
                let mut sums: Vec<i32> = out.iter().map(|&o| i32::from(o)).collect();
                for &(column, weight) in entries {
                    let weight = i32::from(weights[weight]);
                    let values = &u[column * run..(column + 1) * run];
                    sums.iter_mut().zip(values).for_each(|(sum, &v)| *sum += weight * i32::from(v));
                }
                out.iter_mut().zip(&sums).for_each(|(out, &sum)| *out = modulus.reduce(sum));
            }
        });
        out
    }
}

/// Dense products of windows: what the transpose of a convolution or of a dense matrix is made of.
#[derive(Debug)]
struct Windows {
    groups: usize,
    /// Channels of what is read and of what is written, in all groups together.
    outputs: usize,
    inputs: usize,
    /// For each position that is written, the taps that reach it, with the position that each reads.
    taps: Vec<Vec<(usize, usize)>>,
    /// For each position, the number of its list of taps among all different ones.
    patterns: Vec<usize>,
    /// Runs of channels of a group that are computed together: the first, and vectors of [`LANES`].
    blocks: Vec<(usize, usize)>,
    /// The kernel in the order of use: `[group][block][tap][pair of outputs][input of the block][2]`.
    weights: Digits,
    /// The number of taps of a window.
    window: usize,
}

impl Windows {
    fn of_convolution<C: Coefficient>(convolution: &Convolution<C>) -> Option<Windows> {
        let kernel = C::numbers(convolution.kernel())?;
        let (outputs, inputs) = convolution.channels();
        let groups = convolution.groups();
        let positions = convolution.taps().iter().map(|t| t.inputs()).product();
        let transpose = convolution.transpose();
        let taps = (0..positions).map(|p| transpose.seen(p)).collect();
        let (inner, window) = (kernel.shape().axes()[1], kernel.shape().axes()[2..].iter().product());
        let weight = |group: usize, output: usize, input: usize, tap: usize| {
            let (first, second) = match convolution.is_transposed() {
                false => (group * (outputs / groups) + output, input),
                true => (group * (inputs / groups) + input, output),
            };
            (first * inner + second) * window + tap
        };
        Some(Windows::new(groups, (outputs, inputs), taps, window, kernel.integers(), weight))
    }

    fn of_dense(matrix: Numerators<'_>, outputs: usize, inputs: usize) -> Windows {
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
        let mut order = Vec::new();
        for group in 0..groups {
            for &(first, vectors) in &blocks {
                for (tap, pair) in (0..window).flat_map(|tap| (0..read.div_ceil(2)).map(move |pair| (tap, pair))) {
                    for input in first..first + vectors * LANES {
                        let there = |output| output < read && input < written;
                        let source = |output| there(output).then(|| weight(group, output, input, tap));
                        order.extend([source(2 * pair), source(2 * pair + 1)]);
                    }
                }
            }
        }
        let weights = Digits::of(kernel).gathered(&order);
        let mut known = HashMap::new();
        let patterns = taps.iter().map(|taps| {
            let pattern: Vec<usize> = taps.iter().map(|&(tap, _)| tap).collect();
            let next = known.len();
            *known.entry(pattern).or_insert(next)
        });
        Windows { patterns: patterns.collect(), groups, outputs, inputs, taps, blocks, weights, window }
    }

    /// Pairs of outputs of one group.
    fn pairs(&self) -> usize {
        (self.outputs / self.groups).div_ceil(2)
    }

    /// The weights of one tap in a block of this many vectors.
    fn slab(&self, vectors: usize) -> usize {
        self.pairs() * vectors * LANES * 2
    }

    /// The blocks of a group: the first input, the vectors, and the range of its weights.
    fn parts(&self, group: usize) -> impl Iterator<Item = (usize, usize, std::ops::Range<usize>)> {
        let size = |vectors: usize| self.window * self.slab(vectors);
        let mut end = group * self.blocks.iter().map(|&(_, vectors)| size(vectors)).sum::<usize>();
        self.blocks.iter().map(move |&(first, vectors)| {
            let start = end;
            end += size(vectors);
            (first, vectors, start..end)
        })
    }

    /// The largest sum of absolute values that meet in one entry of what is written.
    fn norm(&self) -> Integer {
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

    fn apply(&self, modulus: &Modulus, (from, to): (Layout, Layout), rows: usize, u: &[i16]) -> Vec<i16> {
        /// Pieces that one product is cut into, for threads to share.
        const PIECES: usize = 4;
        let weights = self.weights.residues(modulus);
        let mut out = vec![0; to.size(rows)];
        let piece = to.positions.div_ceil(PIECES);
        let (entries, _) = out.split_at_mut(to.positions * rows * to.stride);
        entries.par_chunks_mut(piece * rows * to.stride).enumerate().for_each(|(n, out)| {
            let positions = n * piece..((n + 1) * piece).min(to.positions);
            self.piece(modulus, (from, to), rows, &weights, u, positions, out);
        });
        out
    }

    /// The product at some positions.
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
                    for (n, columns) in columns.chunks(together).enumerate() {
                        let mut windows = Vec::with_capacity(starts.len());
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
