//! Layers on some of their outputs only, reading only the entries that those depend on.
//!
//! One output of a large network often depends on few of its inputs; the search for witnesses looks
//! at such parts first. What it finds is evaluated again by the whole layers' definitions.

use std::collections::BTreeSet;
use std::sync::Arc;

use num_traits::{Signed, Zero};

use super::{AffineLayer, Bias, Enclosure, Form, Function, Layer, Lowered, PiecewiseLayer, Unit};
use crate::algebra::{Integer, Matrix, Rational, Shape, Tensor};
use crate::toeplitz::Operator;

/// A layer on some of its outputs only.
#[derive(Debug)]
pub struct Part {
    /// The layer, between the chosen entries.
    pub layer: Layer,
    /// The entries of the whole layer's output that it computes, ascending: those asked for, or more.
    pub outputs: Vec<usize>,
    /// For each operand, the entries that it reads, ascending; never none.
    pub operands: Vec<Vec<usize>>,
}

impl Layer {
    /// The layer on these outputs (ascending, at least one); `None` for kinds that have no part.
    pub fn part(&self, outputs: &[usize]) -> Option<Part> {
        match self {
            Layer::Affine(layer) => affine(layer.kind(), &layer.lower(), outputs),
            Layer::Piecewise(layer) => piecewise(&**layer, outputs),
            Layer::Smooth(layer) => layer.part(outputs),
            Layer::Symbolic(_) => None,
        }
    }
}

/// The layer that picks entries of a vector, by their indices.
pub fn selection(length: usize, entries: &[usize]) -> Option<Layer> {
    let rows = entries.iter().map(|&entry| vec![(entry, Integer::from(1))]).collect();
    let matrix = Matrix::from_rows(length, rows, 1.into());
    Some(Layer::Affine(Arc::new(Rows {
        kind: "slice",
        matrices: vec![matrix],
        bias: None,
        shape: vector(entries.len())?,
    })))
}

pub(super) fn vector(length: usize) -> Option<Shape> {
    Shape::new([length]).ok()
}

/// The places of entries in the ascending lists of those that are read.
struct Places(Vec<Vec<usize>>);

impl Places {
    fn new(read: Vec<BTreeSet<usize>>) -> Places {
        // A vector has at least one entry.
        let list = |entries: BTreeSet<usize>| if entries.is_empty() { vec![0] } else { entries.into_iter().collect() };
        Places(read.into_iter().map(list).collect())
    }

    fn of(&self, operand: usize, entry: usize) -> usize {
        self.0[operand].binary_search(&entry).unwrap_or(0)
    }
}

fn affine(kind: &'static str, lowered: &Lowered, outputs: &[usize]) -> Option<Part> {
    let mut read = vec![BTreeSet::new(); lowered.operators.len()];
    for (operator, read) in lowered.operators.iter().zip(&mut read) {
        let mut insert = |column: usize, _: &Integer| _ = read.insert(column);
        outputs.iter().for_each(|&row| operator.for_each_in_row(row, &mut insert));
    }
    let places = Places::new(read);
    let matrix = |(operand, operator): (usize, &Operator)| {
        let row = |&row: &usize| {
            let mut entries = Vec::new();
            operator.for_each_in_row(row, &mut |column, weight| {
                entries.push((places.of(operand, column), weight.clone()));
            });
            entries
        };
        let rows = outputs.iter().map(row).collect();
        Matrix::from_rows(places.0[operand].len(), rows, operator.denominator())
    };
    let matrices = lowered.operators.iter().enumerate().map(matrix).collect();
    let shape = vector(outputs.len())?;
    let bias = lowered.bias.as_ref().map(|b| b.numbers().gather(shape.clone(), |i| Some(outputs[i] / b.run())));
    let layer = Layer::Affine(Arc::new(Rows { kind, matrices, bias, shape }));
    Some(Part { layer, outputs: outputs.to_vec(), operands: places.0 })
}

/// Some rows of an affine layer.
#[derive(Debug)]
struct Rows {
    kind: &'static str,
    /// One an operand.
    matrices: Vec<Matrix>,
    bias: Option<Tensor>,
    shape: Shape,
}

/// Which weights of a sum count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Any,
    Positive,
    Negative,
}

impl Rows {
    /// Σ M·x over the weights of a sign, one x an operand.
    fn sum<'x>(&self, sign: Sign, inputs: impl Iterator<Item = &'x Tensor>) -> Tensor {
        let counts = |weight: &Integer| sign == Sign::Any || weight.is_positive() == (sign == Sign::Positive);
        let product = |(matrix, x): (&Matrix, &Tensor)| {
            let dot = |row: usize| -> Integer {
                let terms = matrix.row(row).filter(|(_, weight)| counts(weight));
                terms.map(|(column, weight)| weight * &x.numerators()[column]).sum()
            };
            let numerators = (0..matrix.rows()).map(dot).collect();
            Tensor::new(self.shape.clone(), numerators, matrix.denominator() * x.denominator())
        };
        let products = self.matrices.iter().zip(inputs).map(product);
        products.reduce(|sum, next| sum.plus(&next)).unwrap_or_else(|| Tensor::zeros(self.shape.clone()))
    }

    fn with_bias(&self, sum: Tensor) -> Tensor {
        self.bias.as_ref().map_or(sum.clone(), |bias| sum.plus(bias))
    }
}

impl Function for Rows {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn output(&self) -> &Shape {
        &self.shape
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        Some(self.with_bias(self.sum(Sign::Any, inputs.iter().copied())))
    }

    /// If low ≤ x ≤ high then M⁺·low + M⁻·high ≤ M·x ≤ M⁺·high + M⁻·low.
    fn enclose(&self, inputs: &[&Enclosure]) -> Option<Enclosure> {
        let (lows, highs) = (|| inputs.iter().map(|e| &e.low), || inputs.iter().map(|e| &e.high));
        let low = self.sum(Sign::Positive, lows()).plus(&self.sum(Sign::Negative, highs()));
        let high = self.sum(Sign::Positive, highs()).plus(&self.sum(Sign::Negative, lows()));
        Some(Enclosure { low: self.with_bias(low), high: self.with_bias(high) })
    }
}

impl AffineLayer for Rows {
    fn lower(&self) -> Lowered {
        let operator = |matrix: &Matrix| {
            let input = vector(matrix.columns()).unwrap_or_else(Shape::scalar);
            Operator::kronecker(input, self.shape.clone(), vec![matrix.clone()])
        };
        let bias = self.bias.clone().map(Bias::of_entries);
        Lowered { operators: self.matrices.iter().map(operator).collect(), bias }
    }
}

fn piecewise(layer: &dyn PiecewiseLayer, outputs: &[usize]) -> Option<Part> {
    let mut units: Vec<Unit> = outputs.iter().map(|&output| layer.unit(output)).collect();
    let mut read: Vec<BTreeSet<usize>> = Vec::new();
    for (operand, entry, _) in units.iter_mut().flat_map(forms).flat_map(|form| &form.terms) {
        read.resize_with(read.len().max(operand + 1), BTreeSet::new);
        read[*operand].insert(*entry);
    }
    let places = Places::new(read);
    for (operand, entry, _) in units.iter_mut().flat_map(forms).flat_map(|form| &mut form.terms) {
        *entry = places.of(*operand, *entry);
    }
    let layer = Layer::Piecewise(Arc::new(Units { kind: layer.kind(), units, shape: vector(outputs.len())? }));
    Some(Part { layer, outputs: outputs.to_vec(), operands: places.0 })
}

fn forms(unit: &mut Unit) -> impl Iterator<Item = &mut Form> {
    std::iter::once(&mut unit.affine).chain(unit.maxima.iter_mut().flat_map(|(_, arguments)| arguments))
}

/// Some units of a piecewise-linear layer.
#[derive(Debug)]
struct Units {
    kind: &'static str,
    units: Vec<Unit>,
    shape: Shape,
}

impl Function for Units {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn output(&self) -> &Shape {
        &self.shape
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let form = |form: &Form| {
            let terms = form.terms.iter().map(|(operand, entry, c)| c * inputs[*operand].get(*entry));
            terms.sum::<Rational>() + &form.constant
        };
        let value = |unit: &Unit| {
            let maxima = unit.maxima.iter();
            let maxima = maxima.map(|(c, arguments)| c * arguments.iter().map(form).max().unwrap_or_default());
            form(&unit.affine) + maxima.sum::<Rational>()
        };
        let values: Vec<Rational> = self.units.iter().map(value).collect();
        Some(Tensor::from_rationals(self.shape.clone(), &values))
    }

    fn enclose(&self, inputs: &[&Enclosure]) -> Option<Enclosure> {
        type Bounds = (Rational, Rational);
        let scaled = |c: &Rational, (low, high): Bounds| match c.is_negative() {
            false => (c * low, c * high),
            true => (c * high, c * low),
        };
        let plus = |a: Bounds, b: Bounds| (a.0 + b.0, a.1 + b.1);
        let form = |form: &Form| {
            let bounds =
                |operand: usize, entry: usize| (inputs[operand].low.get(entry), inputs[operand].high.get(entry));
            let terms = form.terms.iter().map(|(operand, entry, c)| scaled(c, bounds(*operand, *entry)));
            terms.fold((form.constant.clone(), form.constant.clone()), plus)
        };
        let largest = |arguments: &[Form]| {
            let bounds = arguments.iter().map(form);
            bounds.reduce(|a, b| (a.0.max(b.0), a.1.max(b.1))).unwrap_or_else(|| (Rational::zero(), Rational::zero()))
        };
        let value = |unit: &Unit| {
            let maxima = unit.maxima.iter().map(|(c, arguments)| scaled(c, largest(arguments)));
            maxima.fold(form(&unit.affine), plus)
        };
        let (low, high): (Vec<Rational>, Vec<Rational>) = self.units.iter().map(value).unzip();
        let tensor = |values: &[Rational]| Tensor::from_rationals(self.shape.clone(), values);
        Some(Enclosure { low: tensor(&low), high: tensor(&high) })
    }
}

impl PiecewiseLayer for Units {
    fn unit(&self, output: usize) -> Unit {
        self.units[output].clone()
    }
}
