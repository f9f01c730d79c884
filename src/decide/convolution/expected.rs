//! The rows that a convolution has, to be compared with a map's.

use std::collections::BTreeMap;

use super::super::Row;
use super::Exception;
use super::positions::{Positions, split};
use crate::algebra::{Coefficient, Integer, Scalar};
use crate::layer::resolve;
use crate::toeplitz::{PadMode, Stencil};

/// The rows that a convolution has, to be compared with a map's.
pub struct Expected<'m, C> {
    positions: &'m Positions<'m, C>,
    stride: Vec<usize>,
    mode: PadMode,
    /// For each output channel: input channel, offset from s·p, numerator over the map's denominator.
    taps: Vec<Vec<(usize, Vec<i64>, C)>>,
    bias: Vec<C>,
}

impl<'m, C: Coefficient> Expected<'m, C> {
    pub fn new(positions: &'m Positions<'m, C>, stencil: &Stencil<C>, mode: PadMode) -> Expected<'m, C> {
        let numerators = stencil.kernel.numerators_over(positions.map.matrix.denominator());
        let window = stencil.kernel.len() / positions.to.channels();
        let tap = |flat: usize| {
            let index = stencil.kernel.shape().unravel(flat);
            let offset = index[2..].iter().zip(&stencil.low).map(|(&k, low)| k as i64 + low).collect();
            (index[1], offset, numerators[flat].clone())
        };
        let channel =
            |c: usize| (c * window..(c + 1) * window).filter(|&f| !numerators[f].is_zero()).map(tap).collect();
        let taps = (0..positions.to.channels()).map(channel).collect();
        let bias = stencil.bias.numerators_over(positions.map.bias.denominator());
        Expected { positions, stride: stencil.stride.clone(), mode, taps, bias }
    }

    fn row(&self, row: usize) -> BTreeMap<usize, C> {
        let from = &self.positions.from;
        let (channel, p) = split(&self.positions.to, row);
        let mut expected: BTreeMap<usize, C> = BTreeMap::new();
        for (input, offset, weight) in &self.taps[channel] {
            let read = offset.iter().zip(&p).zip(&self.stride).zip(from.spatial());
            let read = read.map(|(((o, p), &s), &n)| resolve(p * s as i64 + o, n, self.mode));
            if let Some(read) = read.collect::<Option<Vec<usize>>>() {
                let column = from.ravel(&[vec![*input], read].concat());
                *expected.entry(column).or_insert_with(C::zero) += weight;
            }
        }
        expected.retain(|_, weight| !weight.is_zero());
        expected
    }

    /// The map's row and the convolution's.
    pub fn exception(&self, row: usize) -> Exception {
        let map = self.positions.map;
        let (channel, _) = split(&self.positions.to, row);
        let value = |n: &C, denominator: &Integer| n.value(denominator).to_polynomial();
        let weight = |(column, n): (usize, &C)| (column, value(n, map.matrix.denominator()));
        let constant = |n: &C| value(n, map.bias.denominator());
        Exception {
            output: row,
            map: Row {
                weights: map.matrix.row(row).map(weight).collect(),
                constant: constant(&map.bias.numerators()[row]),
            },
            convolution: Row {
                weights: self.row(row).iter().map(|(column, n)| weight((*column, n))).collect(),
                constant: constant(&self.bias[channel]),
            },
        }
    }

    pub fn same_weights(&self, row: usize) -> bool {
        let expected = self.row(row);
        self.positions.map.matrix.row(row).eq(expected.iter().map(|(column, weight)| (*column, weight)))
    }

    pub fn same(&self, row: usize) -> bool {
        let (channel, _) = split(&self.positions.to, row);
        self.positions.map.bias.numerators()[row] == self.bias[channel] && self.same_weights(row)
    }

    pub fn rows(&self) -> std::ops::Range<usize> {
        0..self.positions.map.matrix.rows()
    }

    pub fn is_the_map(&self) -> bool {
        self.rows().all(|row| self.same(row))
    }
}
