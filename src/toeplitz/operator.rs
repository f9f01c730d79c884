//! The operator: a linear map between tensors, by its structure.

use num_traits::One;
use rayon::prelude::*;

use super::Convolution;
use crate::algebra::{Coefficient, Integer, Matrix, Shape, Tensor};

/// A linear map from tensors of one shape to tensors of another, as a matrix on flat vectors.
#[derive(Clone, Debug)]
pub struct Operator<C = Integer> {
    input: Shape,
    output: Shape,
    structure: Structure<C>,
}

/// What an operator's matrix looks like.
#[derive(Clone, Debug)]
pub enum Structure<C = Integer> {
    /// The identity on flat vectors: the shape may change, the order does not.
    Identity,
    /// Output i is input `p[i]`, for a permutation p.
    Permutation(Vec<usize>),
    /// Output i is input i times a number; each of n numbers serves `len / n` consecutive entries
    /// (one number: all; one a channel; one an entry).
    Diagonal(Tensor<C>),
    /// A Kronecker product with one sparse factor an axis.
    Kronecker(Vec<Matrix>),
    /// A block-Toeplitz matrix.
    Convolution(Convolution<C>),
    /// Every entry on its own: an `O×I` tensor.
    Dense(Tensor<C>),
}

impl<C: Coefficient> Operator<C> {
    /// The identity, which may rename the shape.
    pub fn identity(input: Shape, output: Shape) -> Operator<C> {
        Operator { input, output, structure: Structure::Identity }
    }

    /// A permutation of the entries: output i is input `sources[i]`.
    pub fn permutation(input: Shape, output: Shape, sources: Vec<usize>) -> Operator<C> {
        Operator { input, output, structure: Structure::Permutation(sources) }
    }

    /// A diagonal operator; the number of `factors` divides the number of entries.
    pub fn diagonal(shape: Shape, factors: Tensor<C>) -> Operator<C> {
        Operator { input: shape.clone(), output: shape, structure: Structure::Diagonal(factors) }
    }

    /// A Kronecker product; each factor maps one axis.
    pub fn kronecker(input: Shape, output: Shape, factors: Vec<Matrix>) -> Operator<C> {
        Operator { input, output, structure: Structure::Kronecker(factors) }
    }

    /// A convolution or its transpose.
    pub fn convolution(input: Shape, output: Shape, convolution: Convolution<C>) -> Operator<C> {
        Operator { input, output, structure: Structure::Convolution(convolution) }
    }

    /// A dense matrix, `O×I`.
    pub fn dense(input: Shape, output: Shape, matrix: Tensor<C>) -> Operator<C> {
        Operator { input, output, structure: Structure::Dense(matrix) }
    }

    /// The shape it takes.
    pub fn input(&self) -> &Shape {
        &self.input
    }

    /// The shape it gives.
    pub fn output(&self) -> &Shape {
        &self.output
    }

    /// Its structure.
    pub fn structure(&self) -> &Structure<C> {
        &self.structure
    }

    /// The number of rows: entries of the output.
    pub fn rows(&self) -> usize {
        self.output.elements()
    }

    /// The number of columns: entries of the input.
    pub fn columns(&self) -> usize {
        self.input.elements()
    }

    /// The common denominator of all entries.
    pub fn denominator(&self) -> Integer {
        match &self.structure {
            Structure::Identity | Structure::Permutation(_) => Integer::one(),
            Structure::Diagonal(t) | Structure::Dense(t) => t.denominator().clone(),
            Structure::Kronecker(factors) => C::denominator(&factors.iter().map(Matrix::denominator).product()),
            Structure::Convolution(c) => c.denominator().clone(),
        }
    }

    /// Visits the nonzero entries of a row as integers over [`Operator::denominator`]. At wrapped
    /// and mirrored borders a column may come more than once; its entry is the sum.
    pub fn for_each_in_row(&self, row: usize, visit: &mut dyn FnMut(usize, &C)) {
        match &self.structure {
            Structure::Identity => visit(row, &C::one()),
            Structure::Permutation(sources) => visit(sources[row], &C::one()),
            Structure::Diagonal(factors) => {
                let factor = &factors.numerators()[row / (self.rows() / factors.len())];
                if !factor.is_zero() {
                    visit(row, factor);
                }
            }
            Structure::Kronecker(factors) => {
                let denominator = factors.iter().map(Matrix::denominator).product();
                kronecker_row(factors, &self.output.unravel(row), 0, &Integer::one(), &mut |column, weight| {
                    visit(column, &C::lift(weight, &denominator))
                })
            }
            Structure::Convolution(convolution) => convolution.for_each_in_row(row, visit),
            Structure::Dense(matrix) => {
                let width = self.columns();
                let entries = matrix.run(row * width..(row + 1) * width);
                entries.iter().enumerate().filter(|(_, n)| !n.is_zero()).for_each(|(c, n)| visit(c, n));
            }
        }
    }

    /// The exact number of nonzero entries of the matrix.
    pub fn nonzeros(&self) -> usize {
        match &self.structure {
            Structure::Identity | Structure::Permutation(_) => self.rows(),
            Structure::Diagonal(factors) => factors.nonzeros() * (self.rows() / factors.len()),
            Structure::Kronecker(factors) => factors.iter().map(Matrix::nonzeros).product(),
            Structure::Convolution(c) => c.nonzeros().unwrap_or_else(|| self.matrix().nonzeros()),
            Structure::Dense(matrix) => matrix.nonzeros(),
        }
    }

    /// The products of one application: at least the nonzeros, and quick to count.
    pub fn products(&self) -> usize {
        match &self.structure {
            Structure::Convolution(c) => c.products(),
            _ => self.nonzeros(),
        }
    }

    /// A bound on the bits of the numerators of its entries' weights.
    pub fn bits(&self) -> u64 {
        match &self.structure {
            Structure::Identity | Structure::Permutation(_) => 1,
            Structure::Diagonal(t) | Structure::Dense(t) => t.bits(),
            Structure::Kronecker(factors) => factors.iter().map(Matrix::bits).sum(),
            Structure::Convolution(c) => c.bits(),
        }
    }

    /// The most terms that a weight is written with.
    pub fn terms(&self) -> usize {
        match &self.structure {
            Structure::Identity | Structure::Permutation(_) | Structure::Kronecker(_) => 1,
            Structure::Diagonal(t) | Structure::Dense(t) => t.terms(),
            Structure::Convolution(c) => c.kernel().terms(),
        }
    }

    /// Whether every output is one input, unchanged, or zero: nothing is multiplied or added.
    pub fn moves_entries(&self) -> bool {
        match &self.structure {
            Structure::Identity | Structure::Permutation(_) => true,
            Structure::Kronecker(factors) => factors.iter().all(|m| {
                m.denominator().is_one()
                    && (0..m.rows()).all(|r| m.row(r).count() <= 1 && m.row(r).all(|(_, n)| n.is_one()))
            }),
            _ => false,
        }
    }

    /// The product with a tensor of the input's shape.
    pub fn apply(&self, x: &Tensor<C>) -> Tensor<C> {
        let entry = |row: usize| {
            let mut sum = C::zero();
            self.for_each_in_row(row, &mut |column, weight| sum.add_product(weight, &x.numerators()[column]));
            sum
        };
        let numerators = (0..self.rows()).into_par_iter().map(entry).collect();
        Tensor::new(self.output.clone(), numerators, self.denominator() * x.denominator())
    }

    /// The transpose.
    pub fn transpose(&self) -> Operator<C> {
        let structure = match &self.structure {
            Structure::Identity => Structure::Identity,
            Structure::Permutation(sources) => {
                let mut inverse = vec![0; sources.len()];
                sources.iter().enumerate().for_each(|(i, &source)| inverse[source] = i);
                Structure::Permutation(inverse)
            }
            Structure::Diagonal(factors) => Structure::Diagonal(factors.clone()),
            Structure::Kronecker(factors) => Structure::Kronecker(factors.iter().map(Matrix::transpose).collect()),
            Structure::Convolution(convolution) => Structure::Convolution(convolution.transpose()),
            Structure::Dense(matrix) => Structure::Dense(transpose_dense(matrix, self.rows(), self.columns())),
        };
        Operator { input: self.output.clone(), output: self.input.clone(), structure }
    }

    /// The matrix, written out.
    pub fn matrix(&self) -> Matrix<C> {
        let row = |row: usize| {
            let mut entries = Vec::new();
            self.for_each_in_row(row, &mut |column, weight| entries.push((column, weight.clone())));
            entries
        };
        let rows = (0..self.rows()).into_par_iter().map(row).collect();
        Matrix::from_rows(self.columns(), rows, self.denominator())
    }

    /// The sizes of the matrix's blocks, rows × columns, outermost first: what a picture draws lines between.
    pub fn blocks(&self) -> Vec<(usize, usize)> {
        if matches!(self.structure, Structure::Dense(_)) || self.input.rank() != self.output.rank() {
            return Vec::new();
        }
        let tail = |shape: &Shape, from: usize| shape.axes()[from..].iter().product::<usize>();
        let sizes = (1..self.input.rank()).map(|axis| (tail(&self.output, axis), tail(&self.input, axis)));
        let whole = (self.rows(), self.columns());
        sizes.filter(|&s| s != whole && s != (1, 1)).collect()
    }

    /// A phrase for proofs: what the matrix looks like.
    pub fn describe(&self) -> String {
        match &self.structure {
            Structure::Identity => "the identity".into(),
            Structure::Permutation(_) => "a permutation matrix".into(),
            Structure::Diagonal(_) => "a diagonal matrix".into(),
            Structure::Kronecker(factors) => {
                let factors: Vec<_> = factors.iter().map(|m| format!("{}×{}", m.rows(), m.columns())).collect();
                format!("a Kronecker product of one matrix for each axis ({})", factors.join(" ⊗ "))
            }
            Structure::Dense(_) => "a dense matrix".into(),
            Structure::Convolution(convolution) => describe_convolution(convolution),
        }
    }
}

impl Operator {
    /// The same operator over a larger ring.
    pub fn lifted<C: Coefficient>(&self) -> Operator<C> {
        let structure = match &self.structure {
            Structure::Identity => Structure::Identity,
            Structure::Permutation(sources) => Structure::Permutation(sources.clone()),
            Structure::Diagonal(factors) => Structure::Diagonal(factors.lifted()),
            Structure::Kronecker(factors) => Structure::Kronecker(factors.clone()),
            Structure::Convolution(convolution) => Structure::Convolution(convolution.lifted()),
            Structure::Dense(matrix) => Structure::Dense(matrix.lifted()),
        };
        Operator { input: self.input.clone(), output: self.output.clone(), structure }
    }
}

fn kronecker_row(
    factors: &[Matrix],
    index: &[usize],
    column: usize,
    weight: &Integer,
    visit: &mut dyn FnMut(usize, &Integer),
) {
    let ([factor, factors @ ..], [at, index @ ..]) = (factors, index) else { return visit(column, weight) };
    for (c, n) in factor.row(*at) {
        kronecker_row(factors, index, column * factor.columns() + c, &(weight * n), visit);
    }
}

fn transpose_dense<C: Coefficient>(matrix: &Tensor<C>, rows: usize, columns: usize) -> Tensor<C> {
    let numerators =
        (0..rows * columns).map(|i| matrix.numerators()[(i % rows) * columns + i / rows].clone()).collect();
    let axes = matrix.shape().axes().iter().rev().copied().collect::<Vec<_>>();
    let shape = Shape::new(axes).unwrap_or_else(|_| matrix.shape().clone());
    Tensor::new(shape, numerators, matrix.denominator().clone())
}

fn describe_convolution<C: Coefficient>(convolution: &Convolution<C>) -> String {
    let (rows, columns) = convolution.channels();
    let mut levels: Vec<(usize, usize)> = convolution.taps().iter().map(|t| (t.outputs(), t.inputs())).collect();
    let Some((r, c)) = levels.pop() else { return "a dense matrix".into() };
    let mut phrase = format!("{r}×{c} Toeplitz");
    for (r, c) in levels.into_iter().rev() {
        phrase = format!("block-Toeplitz, with {r}×{c} blocks that are {phrase}");
    }
    match (rows, columns) {
        (1, 1) => phrase,
        _ => format!("{rows}×{columns} blocks, one for each pair of channels, each {phrase}"),
    }
}
