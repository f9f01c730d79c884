//! Transposed products with many row vectors at once, modulo small primes.
//!
//! A batch of row vectors at a value of shape `C×…` lies in memory position by position: for each
//! position, for each row, the residues of all channels ([`Layout`]). So one position's channels of
//! one row are a run of numbers, and a convolution is a sum of dense products of such runs with
//! the kernel's windows.

mod sparse;
mod spread;
mod tiles;
mod windows;

use num_traits::One;

use super::{Operator, Structure};
use crate::algebra::residue::{Digits, Modulus};
use crate::algebra::{Coefficient, Integer, Matrix, Shape};
use sparse::{Sparse, row_norm};
use windows::Windows;

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

    /// The products uᵀA of a batch of `rows` row vectors with the numerators, modulo one prime; where it suffices, in the
    /// room of a vector that nobody needs any more.
    pub fn apply(&self, modulus: &Modulus, rows: usize, u: &[i16], room: Vec<i16>) -> Vec<i16> {
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
            Step::Windows(windows) => windows.apply(modulus, (self.from, self.to), rows, u, room),
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

#[cfg(test)]
mod tests;
