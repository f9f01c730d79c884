//! Stencils, their compositions and sums, against the matrices that they stand for.

use super::*;
use crate::algebra::{Random, Rational};
use crate::toeplitz::{Convolution, PadMode, Taps};

/// Operators on `channels`×`n` that are stencils; some are nearly the identity.
fn operators(channels: usize, n: usize, random: &mut Random) -> Vec<Operator> {
    let shape = |c: usize, n: usize| Shape::new([c, n]).expect("small");
    let tensor = |axes: &[usize], numbers: Vec<i64>| {
        Tensor::from_words(Shape::new(axes.to_vec()).expect("small"), numbers, 1.into())
    };
    let mut all = vec![
        Operator::identity(shape(channels, n), shape(channels, n)),
        Operator::diagonal(shape(channels, n), tensor(&[1], vec![1]).scaled(&Rational::new(1.into(), 3.into()))),
    ];
    for (size, stride, padding) in [
        (2, 1, (0, 1)),
        (2, 1, (1, 0)),
        (3, 1, (1, 1)),
        (3, 2, (1, 1)),
        (1, 2, (0, 0)),
        // As many positions as before, every other one read.
        (1, 2, (0, n - 1)),
        (3, 1, (2, 2)),
        (1, 1, (1, 0)),
    ] {
        if n + padding.0 + padding.1 < size {
            continue;
        }
        let taps = Taps::convolution(n, size, stride, 1, padding, PadMode::Zero);
        let outputs = taps.outputs();
        let drawn = (0..channels * channels * size).map(|_| random.below(7) as i64 - 3).collect();
        let convolution = Convolution::new(tensor(&[channels, channels, size], drawn), 1, vec![taps.clone()]);
        all.push(Operator::convolution(shape(channels, n), shape(channels, outputs), convolution));
        // The last tap alone, with factor 1: a shift, or every other position. And none.
        for factor in [1, 0] {
            let last = |i: usize| i % size == size - 1 && i / size / channels == i / size % channels;
            let unit = (0..channels * channels * size).map(|i| factor * i64::from(last(i))).collect();
            let convolution = Convolution::new(tensor(&[channels, channels, size], unit), 1, vec![taps.clone()]);
            all.push(Operator::convolution(shape(channels, n), shape(channels, outputs), convolution));
        }
    }
    all
}

/// The formula, on the image extended by zeros: numbers of the matrix and of the constant.
fn formula(stencil: &Stencil) -> (Matrix, Vec<Rational>) {
    let (n, m) = (stencil.input.spatial()[0], stencil.output.spatial()[0]);
    let kernel = stencil.kernel.shape().axes();
    let row = |row: usize| {
        let (o, p) = (row / m, row % m);
        let reads = (0..kernel[1]).flat_map(|i| (0..kernel[2]).map(move |k| (i, k)));
        let entry = |(i, k): (usize, usize)| {
            let position = (stencil.stride[0] * p) as i64 + stencil.low[0] + k as i64;
            let position = usize::try_from(position).ok().filter(|&position| position < n)?;
            Some((i * n + position, stencil.kernel.numerators()[(o * kernel[1] + i) * kernel[2] + k].clone()))
        };
        reads.filter_map(entry).collect()
    };
    let rows = (0..stencil.output.elements()).map(row).collect();
    let matrix = Matrix::from_rows(stencil.input.elements(), rows, stencil.kernel.denominator().clone());
    (matrix, (0..stencil.output.elements()).map(|row| stencil.bias.get(row / m)).collect())
}

/// Whether the window is the smallest; of zeros, one tap at 0.
fn is_trimmed(stencil: &Stencil) -> bool {
    let window = stencil.kernel.shape().axes()[2];
    let uses = |tap: usize| stencil.kernel.numerators().iter().skip(tap).step_by(window).any(|n| !n.is_zero());
    if stencil.kernel.is_zero() { (window, stencil.low[0]) == (1, 0) } else { uses(0) && uses(window - 1) }
}

#[test]
fn stencils_are_what_they_stand_for() {
    let mut random = Random::new(1);
    let (mut exact, mut inexact, mut sums) = (0, 0, 0);
    for (channels, n) in [(1, 1), (1, 2), (1, 5), (2, 4), (2, 1)] {
        let first = operators(channels, n, &mut random);
        for inner in &first {
            let stencil = Stencil::of(inner).expect("a stencil");
            assert_eq!(formula(&stencil).0, inner.matrix());
            assert!(is_trimmed(&stencil), "{inner:?}");
            for constant in [0, 2] {
                let words = (0..channels as i64).map(|c| constant * (c + 1)).collect();
                let bias = Tensor::from_words(Shape::new([channels]).expect("small"), words, 1.into());
                let biased = stencil.clone().with_bias(&bias);
                for outer in operators(channels, inner.output().spatial()[0], &mut random) {
                    let (both, holds) = biased.then(&Stencil::of(&outer).expect("a stencil")).expect("few products");
                    if !holds {
                        inexact += 1;
                        continue;
                    }
                    exact += 1;
                    let (matrix, constants) = formula(&both);
                    assert_eq!(matrix, outer.matrix().product(&inner.matrix()), "{inner:?} {outer:?}");
                    let (_, before) = formula(&biased);
                    let sum = |row: usize| -> Rational {
                        let matrix = outer.matrix();
                        let terms = matrix
                            .row(row)
                            .map(|(c, n)| Rational::new(n.clone(), matrix.denominator().clone()) * &before[c]);
                        terms.sum()
                    };
                    assert_eq!(constants, (0..outer.rows()).map(sum).collect::<Vec<_>>(), "{inner:?} {outer:?}");
                }
            }
            for other in &first {
                let added = stencil.plus(&Stencil::of(other).expect("a stencil"));
                let one = inner.output() == other.output() && inner.output().spatial()[0] == 1;
                assert!(added.is_some() || !one, "a stride is free for one position: {inner:?} {other:?}");
                let Some(added) = added else { continue };
                assert!(is_trimmed(&added), "{inner:?} {other:?}");
                sums += 1;
                let (a, b) = (inner.matrix(), other.matrix());
                let x = |c: usize| Rational::from_integer((1 + c * c).into());
                let value = |m: &Matrix, row: usize| -> Rational {
                    m.row(row).map(|(c, n)| Rational::new(n.clone(), m.denominator().clone()) * x(c)).sum()
                };
                let total = formula(&added).0;
                for row in 0..inner.rows() {
                    assert_eq!(value(&total, row), value(&a, row) + value(&b, row), "{inner:?} {other:?}");
                }
            }
        }
    }
    assert!(exact > 200 && inexact > 20 && sums > 100, "{exact} {inexact} {sums}");
}
