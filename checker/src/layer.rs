//! Layers by their defining sums.
//!
//! Output entry p of a layer reads entries of its operands. For every layer of the catalogue, *which*
//! ones is decided axis by axis: coordinate p of an axis has a list of [`Read`]s, and the entry reads
//! every combination of one read an axis, whose offsets are added. So a layer is a table an axis (its
//! length is the output's extent), its numbers, and what is done with what is read ([`How`]).
//!
//! [`Layer::new`] checks once that the extents are the stated shape, and that the largest offsets are
//! inside of the operands and of the numbers. What zero padding adds is no read at all.

mod axis;
mod definition;

use num_integer::Integer;
use num_traits::{One, Signed};

use crate::Rejection;
use crate::curve::Curve;
use crate::number::{Int, Poly, Rat, Symbol, over_common};
use crate::text::{Json, MAX_SIZE};
pub use axis::Mode;
use axis::{Axis, Read};
use definition::{Definition, definition};

/// An entry of an operand: (operand, flat index), or [`ONE`].
pub type Source = (usize, usize);
/// The number 1, as an entry that every layer may read.
pub const ONE: Source = (usize::MAX, 0);
/// A number of the layer's table, times an integer, times an entry.
pub type Term = (Source, usize, i64);

/// The most axes of a tensor.
const MAX_RANK: usize = 8;

/// What an output makes of the entries that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// Σ weight · entry + bias.
    Sum,
    /// The largest, or smallest.
    Extreme {
        least: bool,
    },
    /// x where x ≥ 0, else the weight times x.
    Slopes,
    /// min(max(slope·x + offset, low), high).
    Clip,
    Curve(Curve),
    Softmax,
    Square,
    Multiply,
    Divide,
}

/// The numbers of a layer over one denominator; polynomials instead, where a symbol occurs.
#[derive(Debug)]
pub struct Numbers {
    pub numerators: Vec<Int>,
    pub denominator: Int,
    pub polynomials: Option<Vec<Poly>>,
}

/// Where outputs add a number: entry i that of index first + i / run.
#[derive(Debug)]
struct Bias {
    first: usize,
    run: usize,
    /// Only those that read nothing.
    outside: bool,
}

/// Sums of maxima and minima: the smallest (`least`) or largest of affine forms; of one form, the form.
pub struct Piece {
    pub least: bool,
    pub forms: Vec<Vec<Term>>,
}

#[derive(Debug)]
pub struct Layer {
    pub how: How,
    pub numbers: Numbers,
    pub shape: Vec<usize>,
    axes: Vec<Axis>,
    bias: Option<Bias>,
    /// Where each operand begins, one after the other.
    starts: Vec<usize>,
}

pub fn wrong<T>(why: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::at("", why))
}

/// The number of entries of a shape, of which every axis has some.
pub fn entries(shape: &[usize]) -> Result<usize, Rejection> {
    let count = shape.iter().try_fold(1_usize, |n, &axis| n.checked_mul(axis).filter(|&n| n > 0 && n <= MAX_SIZE));
    match count.filter(|_| (1..=MAX_RANK).contains(&shape.len())) {
        Some(count) => Ok(count),
        None => wrong(format!("the shape is empty, or has more than {MAX_SIZE} entries or {MAX_RANK} axes")),
    }
}

/// A tensor `{shape, denominator, numerators}`, as it is written.
pub struct Tensor<'j> {
    pub shape: Vec<usize>,
    denominator: Int,
    entries: &'j [Json],
}

impl<'j> Tensor<'j> {
    fn read(json: &'j Json) -> Result<Tensor<'j>, Rejection> {
        json.record(|f| {
            let (shape, denominator) = (f.get("shape")?.sizes()?, f.get("denominator")?.denominator()?);
            // A scalar has no axis.
            let count = if shape.is_empty() { 1 } else { entries(&shape)? };
            match f.get("numerators")? {
                Json::List(entries) if entries.len() == count => Ok(Tensor { shape, denominator, entries }),
                _ => wrong(format!("a tensor of shape {shape:?} has not {count} entries")),
            }
        })
    }

    fn len(&self) -> usize {
        self.entries.len()
    }
}

impl Numbers {
    fn of(numbers: &[Rat]) -> Numbers {
        let (numerators, denominator) = over_common(numbers);
        Numbers { numerators, denominator, polynomials: None }
    }

    /// The number 1 over a denominator.
    fn one_over(denominator: usize) -> Numbers {
        Numbers { numerators: vec![Int::one()], denominator: denominator.into(), polynomials: None }
    }

    /// Tensors one after the other.
    fn read(tensors: &[Option<&Tensor>], symbols: &[Symbol]) -> Result<Numbers, Rejection> {
        let tensors = || tensors.iter().copied().flatten();
        let all = || tensors().flat_map(|t| t.entries.iter().map(|n| (n, &t.denominator)));
        if all().any(|(n, _)| !matches!(n, Json::Text(_))) {
            let polynomials: Result<Vec<Poly>, Rejection> = all().map(|(n, d)| Poly::read(n, d, symbols)).collect();
            return Ok(Numbers { polynomials: Some(polynomials?), ..Numbers::one_over(1) });
        }
        let denominator = tensors().fold(Int::one(), |lcm, t| lcm.lcm(&t.denominator));
        let numerators = all().map(|(n, d)| Ok(n.integer()? * (&denominator / d)));
        Ok(Numbers { numerators: numerators.collect::<Result<_, Rejection>>()?, denominator, polynomials: None })
    }

    fn len(&self) -> usize {
        self.polynomials.as_ref().map_or(self.numerators.len(), Vec::len)
    }

    /// A number, times an integer.
    pub fn value(&self, at: usize, factor: i64) -> Poly {
        match &self.polynomials {
            Some(polynomials) => polynomials[at].times(&Poly::number(Rat::from(Int::from(factor)))),
            None => Poly::number(Rat::new(&self.numerators[at] * factor, self.denominator.clone())),
        }
    }
}

impl Layer {
    /// A layer on operands of these shapes, if the stated shape of its output is right.
    pub fn new(
        json: &Json,
        operands: &[Vec<usize>],
        shape: Vec<usize>,
        symbols: &[Symbol],
    ) -> Result<Layer, Rejection> {
        entries(&shape)?;
        let Definition { how, axes, numbers, bias } = json.record(|f| definition(f, operands, &shape, symbols))?;
        let found: Vec<usize> = axes.iter().map(Vec::len).collect();
        if found != shape {
            return wrong(format!("its output has the shape {found:?}, not {shape:?}"));
        }
        let mut starts = vec![0];
        for operand in operands {
            starts.push(starts.last().copied().unwrap_or(0) + entries(operand)?);
        }
        let largest = |offset: fn(&Read) -> usize| -> usize {
            axes.iter().map(|axis| axis.iter().flatten().map(offset).max().unwrap_or(0)).sum()
        };
        let most = bias.as_ref().map_or(0, |b| b.first + (entries(&shape).unwrap_or(1) - 1) / b.run);
        if largest(|r| r.position) >= starts.pop().unwrap_or(0) || largest(|r| r.weight).max(most) >= numbers.len() {
            return wrong("it reads an entry that does not exist");
        }
        Ok(Layer { how, numbers, shape, axes, bias, starts })
    }

    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// The reads that its tables hold.
    pub fn reads_of_axes(&self) -> usize {
        self.axes.iter().flatten().map(Vec::len).sum()
    }

    /// Whether the outputs are not sums of pieces.
    pub fn is_smooth(&self) -> bool {
        !matches!(self.how, How::Sum | How::Extreme { .. } | How::Slopes | How::Clip)
    }

    /// The most entries that an output reads, and a bias.
    pub fn fan_in(&self) -> usize {
        self.axes.iter().map(|axis| axis.iter().map(Vec::len).max().unwrap_or(0)).product::<usize>() + 1
    }

    /// What output `i` reads, in order: entries, the indices of their numbers, and factors.
    pub fn reads(&self, i: usize, visit: &mut impl FnMut(Source, usize, i64)) {
        let mut index = [0; MAX_RANK];
        let (mut flat, rank) = (i, self.shape.len());
        for a in (0..rank).rev() {
            (index[a], flat) = (flat % self.shape[a], flat / self.shape[a]);
        }
        self.combine(&self.axes, &index, Read { weight: 0, position: 0, factor: 1 }, visit);
    }

    fn combine(&self, axes: &[Axis], index: &[usize], so_far: Read, visit: &mut impl FnMut(Source, usize, i64)) {
        let Some((axis, axes)) = axes.split_first() else { return };
        for read in &axis[index[0]] {
            let next = Read {
                weight: so_far.weight + read.weight,
                position: so_far.position + read.position,
                factor: so_far.factor * read.factor,
            };
            if !axes.is_empty() {
                self.combine(axes, &index[1..], next, visit);
                continue;
            }
            let operand = self.starts.partition_point(|&start| start <= next.position) - 1;
            visit((operand, next.position - self.starts[operand]), next.weight, next.factor);
        }
    }

    /// The terms of output `i` of an affine layer.
    pub fn terms(&self, i: usize, visit: &mut impl FnMut(Source, usize, i64)) {
        let mut reads = 0;
        self.reads(i, &mut |source, weight, factor| {
            reads += 1;
            visit(source, weight, factor);
        });
        if let Some(bias) = self.bias.as_ref().filter(|bias| !bias.outside || reads == 0) {
            visit(ONE, bias.first + i / bias.run, 1);
        }
    }

    /// The entries that output `i` reads, in order.
    pub fn arguments(&self, i: usize) -> Vec<Source> {
        let mut sources = Vec::new();
        self.reads(i, &mut |source, _, _| sources.push(source));
        sources
    }

    /// The pieces whose sum is output `i` of a layer that is not smooth.
    pub fn pieces(&self, i: usize) -> Vec<Piece> {
        let mut terms: Vec<Term> = Vec::new();
        self.terms(i, &mut |source, weight, factor| terms.push((source, weight, factor)));
        let (x, own) = terms.first().map_or((ONE, 0), |term| (term.0, term.1));
        match self.how {
            How::Extreme { least } => vec![Piece { least, forms: terms.into_iter().map(|term| vec![term]).collect() }],
            // a·x + max(0, (1 − a)·x) where a ≤ 1, a·x + min(0, (1 − a)·x) where a > 1.
            How::Slopes => {
                let (numbers, rest) = (&self.numbers, own + self.numbers.len() / 2);
                let least = numbers.numerators[own] > numbers.denominator;
                vec![
                    Piece { least: false, forms: vec![vec![(x, own, 1)]] },
                    Piece { least, forms: vec![vec![], vec![(x, rest, 1)]] },
                ]
            }
            // With l = slope·x + offset: low + max(0, l − low) + min(0, high − l), because low ≤ high.
            How::Clip => vec![
                Piece { least: false, forms: vec![vec![(ONE, 1, 1)]] },
                Piece { least: false, forms: vec![vec![], vec![(x, 0, 1), (ONE, 2, 1)]] },
                Piece { least: true, forms: vec![vec![], vec![(x, 3, 1), (ONE, 4, 1)]] },
            ],
            _ => vec![Piece { least: false, forms: vec![terms] }],
        }
    }

    /// The least and the greatest slope of a function of one entry, where it is one; else `None`.
    pub fn slopes(&self, i: usize) -> Option<(Source, Rat, Rat)> {
        let (mut of, number) =
            (None, |at: usize| Rat::new(self.numbers.numerators[at].clone(), self.numbers.denominator.clone()));
        self.reads(i, &mut |source, weight, _| of = Some((source, weight)));
        let (source, weight) = of?;
        let (a, b) = match self.how {
            How::Slopes => (number(weight), Rat::one()),
            How::Clip => (number(0), Rat::default()),
            _ => return None,
        };
        Some((source, a.clone().min(b.clone()), a.max(b)))
    }

    /// An upper bound of Σ |weight| for every output of an affine layer of numbers.
    pub fn norm(&self) -> Rat {
        let largest = self.numbers.numerators.iter().map(|n| n.abs()).max().unwrap_or_default();
        let factor: i64 =
            self.axes.iter().map(|axis| axis.iter().flatten().map(|r| r.factor.abs()).max().unwrap_or(1)).product();
        Rat::new(largest * factor * self.fan_in(), self.numbers.denominator.clone())
    }
}
