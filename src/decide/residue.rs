//! What is left of f − g where both sides are affine: which outputs differ, how, and why.

use std::collections::BTreeSet;

use num_traits::Zero;

use super::cause::{Cause, cause};
use super::search::Domain;
use crate::algebra::{Budget, Matrix, Polynomial, Symbol, Tensor};
use crate::collapse::{AffineMap, Region};
use crate::network::{Equation, Network};

/// The difference of two affine networks, in detail.
#[derive(Clone, Debug)]
pub struct Residue {
    /// The outputs that differ, ascending, flat.
    pub outputs: Vec<usize>,
    /// The first of them: the two sides' matrix rows and constants.
    pub left: Row,
    /// The same of the right side.
    pub right: Row,
    /// The polynomials that must all be 0 for the sides to be equal, up to factors that are numbers:
    /// distinct; empty without symbols, or where there are many.
    pub conditions: Vec<Polynomial>,
    /// Symbols that divide all of them: where one is 0, the sides are equal.
    pub common: BTreeSet<Symbol>,
    /// What usually makes such a difference, where it is recognised.
    pub cause: Option<Cause>,
}

/// A row of M and its entry of b.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// `(column, weight)`, columns ascending.
    pub weights: Vec<(usize, Polynomial)>,
    /// The constant.
    pub constant: Polynomial,
}

impl Row {
    /// The weight of a column.
    pub fn weight(&self, column: usize) -> Polynomial {
        let found = self.weights.binary_search_by_key(&column, |(c, _)| *c);
        found.map_or_else(|_| Polynomial::default(), |at| self.weights[at].1.clone())
    }

    /// The first column in which two rows differ, if their weights do.
    pub fn first_difference(&self, other: &Row) -> Option<usize> {
        let columns: BTreeSet<usize> = self.weights.iter().chain(&other.weights).map(|(c, _)| *c).collect();
        columns.into_iter().find(|&column| self.weight(column) != other.weight(column))
    }
}

/// Past this many, conditions are not listed.
const MOST_CONDITIONS: usize = 12;

/// Describes the difference `map`, whose `outputs` are not zero; `None` if a side's map is too large.
pub(super) fn residue(
    equation: &Equation,
    map: AffineMap<Polynomial>,
    outputs: Vec<usize>,
    budget: Budget,
) -> Option<Residue> {
    let first = *outputs.first()?;
    let side = |network: &Network| Region::<Polynomial>::whole(network)?.collapse(budget).ok();
    let (left, right) = (side(&equation.left)?, side(&equation.right)?);
    let cause = cause(equation, &left, &right, &outputs);
    let row = |side: &AffineMap<Polynomial>| {
        let weights = side.matrix.row(first).map(|(column, weight)| (column, weight.clone())).collect();
        Row { weights, constant: side.bias.numerators()[first].clone() }
    };
    let (left, right) = (row(&left), row(&right));
    let map = without_pinned(&map, &Domain::of(&equation.difference));
    Some(Residue { outputs, left, right, conditions: conditions(&map), common: common_factor(&map), cause })
}

/// The map on the domain: entries with only one value there are part of the constants.
fn without_pinned(map: &AffineMap<Polynomial>, domain: &Domain) -> AffineMap<Polynomial> {
    let base = domain.base().lifted::<Polynomial>();
    let mut constants = map.bias.numerators().to_vec();
    let mut rows = Vec::with_capacity(constants.len());
    for (row, constant) in constants.iter_mut().enumerate() {
        let (pinned, free): (Vec<_>, Vec<_>) = map.matrix.row(row).partition(|(column, _)| domain.is_pinned(*column));
        pinned.into_iter().for_each(|(column, weight)| constant.add_product(weight, &base.numerators()[column]));
        rows.push(free.into_iter().map(|(column, weight)| (column, weight.clone())).collect());
    }
    let matrix = Matrix::from_rows(map.matrix.columns(), rows, map.matrix.denominator().clone());
    AffineMap { matrix, bias: Tensor::from_integers(map.bias.shape().clone(), constants) }
}

/// The distinct polynomials among the entries of a map, each with leading coefficient 1.
fn conditions(map: &AffineMap<Polynomial>) -> Vec<Polynomial> {
    let mut found: Vec<Polynomial> = Vec::new();
    let entries = (0..map.matrix.rows()).flat_map(|row| map.matrix.row(row).map(|(_, weight)| weight));
    for polynomial in entries.chain(map.bias.numerators()).filter(|p| !p.is_zero()) {
        if !polynomial.symbols().iter().any(|s| matches!(s, Symbol::Free(_))) {
            // A difference without symbols: no choice of weights makes the sides equal.
            return Vec::new();
        }
        let monic = polynomial.scaled(&polynomial.lead().recip());
        if !found.contains(&monic) {
            found.push(monic);
        }
        if found.len() > MOST_CONDITIONS {
            return Vec::new();
        }
    }
    found
}

/// The symbols that divide every entry.
fn common_factor(map: &AffineMap<Polynomial>) -> BTreeSet<Symbol> {
    let entries = (0..map.matrix.rows()).flat_map(|row| map.matrix.row(row).map(|(_, weight)| weight));
    let mut common: Option<BTreeSet<Symbol>> = None;
    for polynomial in entries.chain(map.bias.numerators()).filter(|p| !p.is_zero()) {
        let Some((_, monomial, _)) = polynomial.factors() else { continue };
        let symbols: BTreeSet<Symbol> =
            monomial.powers().iter().map(|p| p.0).filter(|s| matches!(s, Symbol::Free(_))).collect();
        common = Some(common.map_or(symbols.clone(), |c| c.intersection(&symbols).copied().collect()));
    }
    common.unwrap_or_default()
}
