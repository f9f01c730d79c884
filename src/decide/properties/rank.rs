//! Injective and surjective networks, by exact ranks.

use num_traits::{One, Signed, Zero};

use super::pairs::first_pair;
use super::{Grounds, Seen, Subject, Violation, exact};
use crate::algebra::{Integer, Matrix, Rank, Rational, Tensor};
use crate::collapse::AffineMap;
use crate::decide::regions::{Leaf, Linear, value};
use crate::decide::search::{Value, flat};

/// Affine: exactly if M has full column rank, over the entries that vary. Else: two inputs with one value,
/// from the kernel of M, or of the map on a region.
pub(super) fn injective(subject: &Subject<'_>) -> Grounds {
    let varies = |v: &usize| !subject.domain.is_pinned(*v);
    let columns: Vec<usize> = (0..subject.domain.bounds().len()).filter(varies).collect();
    if columns.is_empty() {
        let proof = "The domain is one point.";
        return Grounds::proved("exact-rank", "its domain is one point", vec![proof.into()]);
    }
    if let Some(map) = subject.map {
        let matrix = restricted(map, &columns);
        return match rank(subject, &matrix, columns.len()) {
            Rank::Exact(rank) if rank == columns.len() => {
                let proof = format!(
                    "The network is affine, and the rank of its matrix is {rank}, the number of input entries that vary: M x = M y only for x = y."
                );
                Grounds::proved("exact-rank", format!("the rank of M is {rank}, all columns"), vec![proof])
            }
            Rank::Exact(rank) => {
                let because = format!("the rank of M is {rank}, less than {} columns", columns.len());
                let kernel = kernel(&dense(&matrix));
                let step = kernel.map(|k| spread(subject.domain.bounds().len(), &columns, &k));
                match step.and_then(|step| from_middle(subject, &step)) {
                    Some(violation) => Grounds::refuted(because, violation),
                    None => Grounds::excluded(
                        "exact-rank",
                        because,
                        vec!["A matrix of smaller rank maps some x ≠ 0 to 0.".into()],
                    ),
                }
            }
            Rank::Between { least, most, .. } if most < columns.len() => Grounds::undecided(format!(
                "the rank of M is between {least} and {most}, less than {} columns, but no two points are known",
                columns.len()
            )),
            Rank::Between { least, why, .. } => Grounds::undecided(format!(
                "the rank of M is at least {least}; whether it is {} is not known: {why}",
                columns.len()
            )),
        };
    }
    let found = first_pair(subject, |_, (x, fx), (y, fy)| {
        let (fx, fy) = (fx.clone().into_exact()?, fy.clone().into_exact()?);
        (x != y && fx == fy).then(|| same(x, y, exact(fx.get(0))))
    });
    if let Some(violation) = found {
        return Grounds::refuted("two inputs with one value", violation);
    }
    let flat_direction = |leaf: &Leaf<'_>| {
        let rows: Vec<Vec<Rational>> = leaf.outputs.iter().map(|form| row(form, &columns)).collect();
        let kernel = spread(leaf.point.len(), &columns, &kernel(&rows)?);
        let limit = |g: &Linear| {
            let slope: Rational = g.terms.iter().map(|(v, c)| c * &kernel[*v]).sum();
            slope.is_negative().then(|| value(g, leaf.point) / slope.abs())
        };
        let step = leaf.region.iter().filter_map(|g| limit(g)).fold(Rational::one(), Rational::min);
        let other: Vec<Rational> = leaf.point.iter().zip(&kernel).map(|(x, k)| x + k * &step).collect();
        Some((leaf.point.to_vec(), other))
    };
    match subject.on_regions("injective", &flat_direction) {
        Seen::Found((x, y)) => {
            let (x, y) = (flat(&x), flat(&y));
            match (subject.values(&x), subject.values(&y)) {
                (Some(fx), Some(fy)) if fx == fy => {
                    Grounds::refuted("two inputs with one value", same(&x, &y, exact(fx.get(0))))
                }
                _ => Grounds::undecided("it fails, but the values that show it are too long"),
            }
        }
        Seen::All(_) => Grounds::undecided(
            "it is injective on each of its regions, and whether two of them have a value in common is not decided",
        ),
        Seen::Unknown(reason) => Grounds::undecided(reason),
    }
}

/// Affine: exactly if M has full row rank over the entries without bounds: the others add a bounded set.
/// Piecewise linear: not, if on no region the map has full row rank.
pub(super) fn surjective(subject: &Subject<'_>) -> Grounds {
    let bounds = subject.domain.bounds();
    let columns: Vec<usize> = (0..bounds.len()).filter(|&v| bounds[v].is_none()).collect();
    let outputs = subject.network.output_shape().elements();
    if columns.is_empty() {
        let proof = "The domain is bounded and the network is continuous, so its values are bounded: some vector is none of them.";
        return Grounds::excluded("bounded-image", "its domain is bounded", vec![proof.into()]);
    }
    if let Some(map) = subject.map {
        let matrix = restricted(map, &columns);
        return match rank(subject, &matrix, outputs) {
            Rank::Exact(rank) if rank == outputs => {
                let proof = format!(
                    "The network is affine, and the rank of its matrix, over the entries without bounds, is {rank}, the number of outputs: M x + b = y has a solution for every y."
                );
                Grounds::proved("exact-rank", format!("the rank of M is {rank}, all rows"), vec![proof])
            }
            Rank::Exact(rank) => {
                let proof = format!(
                    "The network is affine, and the rank of its matrix, over the entries without bounds, is {rank}, less than {outputs}, the number of outputs: some combination of the outputs is constant in those entries, and so bounded."
                );
                Grounds::excluded(
                    "exact-rank",
                    format!("the rank of M is {rank}, less than {outputs} rows"),
                    vec![proof],
                )
            }
            Rank::Between { least, why, .. } => Grounds::undecided(format!(
                "the rank of M is at least {least}; whether it is {outputs} is not known: {why}"
            )),
        };
    }
    let full = |leaf: &Leaf<'_>| {
        let rows: Vec<Vec<Rational>> = leaf.outputs.iter().map(|form| row(form, &columns)).collect();
        let transposed: Vec<Vec<Rational>> =
            (0..columns.len()).map(|c| rows.iter().map(|r| r[c].clone()).collect()).collect();
        kernel(&transposed).is_none().then_some(())
    };
    match subject.on_regions("surjective", &full) {
        Seen::All(cases) => {
            let holds = "some combination of the outputs does not depend on the entries without bounds, so the values lie in a slab; finitely many slabs do not fill the space";
            let grounds =
                Grounds::by_cases("rank-by-regions", "its map has too small a rank on every region", cases, holds);
            Grounds { status: crate::decide::Status::Refuted, ..grounds }
        }
        Seen::Found(()) => Grounds::undecided(
            "its map has full rank on some region; whether all regions together reach every value is not decided",
        ),
        Seen::Unknown(reason) => Grounds::undecided(reason),
    }
}

/// The rank of columns of the network's matrix, at most `most`, nor more than a value has entries that all goes through.
fn rank(subject: &Subject<'_>, matrix: &Matrix, most: usize) -> Rank {
    #[cfg(debug_assertions)]
    if crate::fault::has(crate::fault::Fault::WrongRank) {
        return Rank::Exact(most);
    }
    matrix.rank(most.min(subject.network.narrowest()))
}

/// The matrix's columns with these indices.
fn restricted(map: &AffineMap, columns: &[usize]) -> Matrix {
    let row = |r: usize| -> Vec<(usize, Integer)> {
        let entries = map.matrix.row(r).filter_map(|(c, n)| Some((columns.binary_search(&c).ok()?, n.clone())));
        entries.collect()
    };
    Matrix::from_rows(columns.len(), (0..map.matrix.rows()).map(row).collect(), map.matrix.denominator().clone())
}

fn dense(matrix: &Matrix) -> Vec<Vec<Rational>> {
    let row = |r: usize| {
        let mut entries = vec![Rational::zero(); matrix.columns()];
        matrix.row(r).for_each(|(c, n)| entries[c] = Rational::from_integer(n.clone()));
        entries
    };
    /// Past this many entries, no vector of the kernel is looked for.
    const MOST: usize = 250_000;
    if matrix.rows().saturating_mul(matrix.columns()) > MOST {
        Vec::new()
    } else {
        (0..matrix.rows()).map(row).collect()
    }
}

fn row(form: &Linear, columns: &[usize]) -> Vec<Rational> {
    let mut entries = vec![Rational::zero(); columns.len()];
    for (variable, coefficient) in &form.terms {
        if let Ok(column) = columns.binary_search(variable) {
            entries[column] = coefficient.clone();
        }
    }
    entries
}

/// A vector ≠ 0 that a matrix with at least one row maps to 0, by elimination; `None` if there is none.
fn kernel(rows: &[Vec<Rational>]) -> Option<Vec<Rational>> {
    let width = rows.first()?.len();
    // Rows in echelon form: each with the column of its first entry, which is 1.
    let mut echelon: Vec<(usize, Vec<Rational>)> = Vec::new();
    for row in rows {
        let mut row = row.clone();
        for (column, pivot) in &echelon {
            let factor = row[*column].clone();
            if !factor.is_zero() {
                row.iter_mut().zip(pivot).for_each(|(a, p)| *a -= &factor * p);
            }
        }
        if let Some(column) = row.iter().position(|a| !a.is_zero()) {
            let lead = row[column].clone();
            row.iter_mut().for_each(|a| *a /= &lead);
            for (_, other) in &mut echelon {
                let factor = other[column].clone();
                if !factor.is_zero() {
                    other.iter_mut().zip(&row).for_each(|(a, p)| *a -= &factor * p);
                }
            }
            echelon.push((column, row));
        }
    }
    let free = (0..width).find(|c| echelon.iter().all(|(column, _)| column != c))?;
    let mut vector = vec![Rational::zero(); width];
    vector[free] = Rational::one();
    echelon.iter().for_each(|(column, row)| vector[*column] = -&row[free]);
    Some(vector)
}

fn spread(size: usize, columns: &[usize], values: &[Rational]) -> Vec<Rational> {
    let mut vector = vec![Rational::zero(); size];
    columns.iter().zip(values).for_each(|(&c, v)| vector[c] = v.clone());
    vector
}

/// Two points of the domain that differ by a multiple of a vector of the kernel.
fn from_middle(subject: &Subject<'_>, step: &[Rational]) -> Option<Violation> {
    let base = subject.domain.base();
    let middle = subject.domain.middle();
    let start = if subject.domain.contains(&base.plus(&flat(step))) { base } else { middle };
    let half = Rational::new(1.into(), 2.into());
    let mut step = flat(step);
    // Inside of the domain after finitely many halvings, because the middle is.
    for _ in 0..200 {
        let other = start.plus(&step);
        if let (Some(fx), Some(fy)) = (subject.values(&start), subject.values(&other)) {
            return (fx == fy).then(|| same(&start, &other, exact(fx.get(0))));
        }
        step = step.scaled(&half);
    }
    None
}

fn same(x: &Tensor, y: &Tensor, at: Value) -> Violation {
    Violation {
        points: vec![("x", x.clone()), ("y", y.clone())],
        symbols: Default::default(),
        output: 0,
        left_name: "f(x)".into(),
        relation: "=",
        right_name: "f(y)".into(),
        left: at.clone(),
        right: at,
    }
}
