//! Tensors and matrices as grids of integers with a common factor.

use num_traits::One;

use super::document::Grid;
use super::math::plain;
use crate::algebra::{Integer, Matrix, Polynomial, Rational, Tensor, ratio};
use crate::layer::Weights;
use crate::network::Symbols;

/// A matrix of at most this many rows and columns is printed.
pub(super) fn fits(rows: usize, columns: usize, limit: usize) -> bool {
    rows <= limit && columns <= limit
}

/// The formula of a coefficient, with the names of its symbols.
pub(super) trait Formula: Weights {
    /// The formula.
    fn formula(&self, symbols: &Symbols) -> String;

    /// A tensor's elements as reports for machines write them.
    fn written(tensor: &Tensor<Self>, symbols: &Symbols) -> Vec<String>;
}

impl Formula for Integer {
    fn formula(&self, _: &Symbols) -> String {
        self.to_string()
    }

    fn written(tensor: &Tensor, _: &Symbols) -> Vec<String> {
        tensor.to_rationals().iter().map(ToString::to_string).collect()
    }
}

impl Formula for Polynomial {
    fn formula(&self, symbols: &Symbols) -> String {
        self.to_formula(&|s| symbols.name(s))
    }

    fn written(tensor: &Tensor<Polynomial>, symbols: &Symbols) -> Vec<String> {
        tensor.numerators().iter().map(|n| plain(&n.formula(symbols))).collect()
    }
}

/// A matrix as a grid, the common denominator factored out.
pub(super) fn matrix_grid<C: Formula>(
    name: &str,
    matrix: &Matrix<C>,
    blocks: (usize, usize),
    symbols: &Symbols,
) -> Grid {
    let mut cells = vec![vec!["0".to_string(); matrix.columns()]; matrix.rows()];
    for (r, row) in cells.iter_mut().enumerate() {
        matrix.row(r).for_each(|(c, n)| row[c] = n.formula(symbols));
    }
    let factor = ratio(Integer::one(), matrix.denominator().clone());
    let shape = vec![matrix.rows(), matrix.columns()];
    Grid { name: name.to_string(), factor, cells, shape, row_block: blocks.0, column_block: blocks.1 }
}

/// A tensor as a grid: an image is drawn as rows, its channels beside one another; a vector is one row.
pub(super) fn tensor_grid<C: Formula>(name: &str, tensor: &Tensor<C>, symbols: &Symbols) -> Grid {
    let shape = tensor.shape();
    let width = shape.axes().last().copied().unwrap_or(1);
    let planes: usize = shape.axes().iter().rev().skip(2).product();
    let height = tensor.len() / (width * planes);
    let cells = (0..height).map(|row| {
        let plane = |p: usize| tensor.numerators()[(p * height + row) * width..][..width].iter();
        (0..planes).flat_map(plane).map(|n| n.formula(symbols)).collect()
    });
    let factor = ratio(Integer::one(), tensor.denominator().clone());
    let column_block = if planes > 1 { width } else { 0 };
    let (cells, shape) = (cells.collect(), shape.axes().to_vec());
    Grid { name: name.to_string(), factor, cells, shape, row_block: 0, column_block }
}

/// A rational for running text: a proper minus sign, no denominator 1, long ones cut.
pub(super) fn number(value: &Rational) -> String {
    let text = value.to_string().replace('-', "−");
    let length = text.chars().count();
    if length <= 60 { text } else { format!("{}… ({length} characters)", text.chars().take(40).collect::<String>()) }
}

/// An integer with thin groups of three digits.
pub(super) fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1 layer`, `2 layers`.
pub(super) fn plural(n: usize, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}
