//! Transposed products, and their norms, against the operators' matrices.

use num_traits::{Signed, Zero};

use super::*;
use crate::algebra::residue::moduli;
use crate::algebra::{Tensor, split_mix};
use crate::toeplitz::{Convolution, PadMode, Taps};

fn shape(axes: &[usize]) -> Shape {
    Shape::new(axes.to_vec()).expect("small")
}

/// Numbers of both signs, some of them long, some 0.
fn numbers(axes: &[usize], seed: u64) -> Tensor {
    let number = |i: u64| {
        let drawn = split_mix(seed, i);
        let long = if drawn.is_multiple_of(5) { 40 } else { 0 };
        if drawn.is_multiple_of(7) { Integer::zero() } else { Integer::from((drawn >> 40) as i64 - (1 << 23)) << long }
    };
    let shape = shape(axes);
    let all = (0..shape.elements() as u64).map(number).collect();
    Tensor::new(shape, all, 3.into())
}

fn factor(rows: usize, columns: usize, seed: u64) -> Matrix {
    let all = numbers(&[rows, columns], seed);
    let row = |r: usize| (0..columns).map(|c| (c, all.numerators()[r * columns + c].clone())).collect();
    Matrix::from_rows(columns, (0..rows).map(row).collect(), 5.into())
}

/// One operator of every structure, with factors of very different sizes.
fn operators() -> Vec<Operator> {
    let mut all = vec![
        Operator::identity(shape(&[2, 3, 4]), shape(&[4, 6])),
        Operator::permutation(shape(&[2, 3]), shape(&[3, 2]), vec![5, 0, 3, 1, 4, 2]),
        Operator::diagonal(shape(&[3, 2, 2]), numbers(&[3], 1)),
        Operator::diagonal(shape(&[2, 3]), numbers(&[6], 2)),
        Operator::dense(shape(&[19]), shape(&[35]), numbers(&[35, 19], 3)),
        Operator::kronecker(
            shape(&[2, 3, 4]),
            shape(&[2, 5, 2]),
            vec![Matrix::identity(2), factor(5, 3, 4), factor(2, 4, 5)],
        ),
        Operator::kronecker(shape(&[3, 6]), shape(&[4, 2]), vec![factor(4, 3, 6), factor(2, 6, 7)]),
    ];
    let modes = [PadMode::Zero, PadMode::Circular, PadMode::Reflect, PadMode::Replicate];
    for (n, mode) in modes.into_iter().enumerate() {
        let taps = |size: usize, padding| Taps::convolution(7, size, 1 + n % 2, 1, padding, mode);
        let (rows, columns) = (taps(3, (2, 1)), taps(2, (0, 1)));
        let (input, output) = (shape(&[4, 7, 7]), shape(&[6, rows.outputs(), columns.outputs()]));
        let convolution = Convolution::new(numbers(&[6, 2, 3, 2], 10 + n as u64), 2, vec![rows, columns]);
        let operator = Operator::convolution(input, output, convolution);
        all.extend([operator.transpose(), operator]);
        // Few channels of many, in each group.
        let (rows, columns) = (taps(3, (2, 1)), taps(2, (0, 1)));
        let (input, output) = (shape(&[6, 7, 7]), shape(&[100, rows.outputs(), columns.outputs()]));
        let convolution = Convolution::new(numbers(&[100, 3, 3, 2], 20 + n as u64), 2, vec![rows, columns]);
        all.push(Operator::convolution(input, output, convolution));
    }
    all
}

#[test]
fn products_and_norms_are_those_of_the_matrix() {
    let mut spread = 0;
    for operator in operators() {
        let (adjoint, matrix) = (Adjoint::new(&operator).expect("numbers"), operator.matrix().transpose());
        spread += usize::from(matches!(&adjoint.step, Step::Windows(windows) if windows.spread.is_some()));
        let scale = operator.denominator() / matrix.denominator();
        let column = |c: usize| matrix.row(c).map(|(_, n)| n.abs()).sum::<Integer>() * &scale;
        let most = (0..matrix.rows()).map(column).max().expect("columns");
        assert!(*adjoint.norm() >= most, "{}", operator.describe());
        // Where no two weights meet in one entry, it is no more.
        if operator.nonzeros() == operator.products() {
            assert_eq!(*adjoint.norm(), most, "{}", operator.describe());
        }
        for (modulus, rows) in [(&moduli()[0], 1), (&moduli()[77], 3)] {
            let (p, from, to) = (modulus.prime(), Layout::of(operator.output()), Layout::of(operator.input()));
            let number = |row: usize, flat: usize| (split_mix(row as u64, flat as u64) % p as u64) as i32 - p / 2;
            let mut u = vec![0; from.size(rows)];
            (0..rows).for_each(|r| {
                (0..operator.rows()).for_each(|flat| u[from.index(rows, r, flat)] = modulus.reduce(number(r, flat)));
            });
            // The room that it is written to holds numbers.
            let found = adjoint.apply(modulus, rows, &u, vec![5; to.size(rows)]);
            assert_eq!(found.len(), to.size(rows));
            let mut taken = vec![false; found.len()];
            let entries = (0..rows).flat_map(|row| (0..operator.columns()).map(move |entry| (row, entry)));
            entries.for_each(|(row, entry)| taken[to.index(rows, row, entry)] = true);
            assert!(found.iter().zip(taken).all(|(&n, taken)| taken || n == 0), "{}: room", operator.describe());
            for (row, entry) in (0..rows).flat_map(|row| (0..operator.columns()).map(move |entry| (row, entry))) {
                let terms = matrix.row(entry).map(|(c, n)| n * &scale * number(row, c));
                let wrong = terms.sum::<Integer>() - found[to.index(rows, row, entry)];
                assert!((wrong % p).is_zero(), "{}: entry {entry}", operator.describe());
            }
        }
    }
    assert_eq!(spread, 4, "few channels of many");
}

/// More products than a 32-bit sum holds, each as large as two residues make it.
#[test]
fn long_sparse_rows_are_reduced_in_time() {
    for modulus in &moduli()[..2] {
        let half = modulus.prime() / 2;
        for count in [100, 101, 128, 1000, 5000] {
            let row = (0..count).map(|c| (c, half.into())).collect();
            let sparse = Sparse::new(&[Matrix::from_rows(count, vec![row], 1.into())]);
            let found = sparse.apply(modulus, 2, &vec![half as i16; 2 * count]);
            let expected = i64::from(half).pow(2) * count as i64;
            assert!(found.iter().all(|&r| (expected - i64::from(r)) % i64::from(modulus.prime()) == 0), "{count}");
        }
    }
}
