//! A map between images by its border classes, for machines.

use serde::Serialize;

use super::{MapObject, at_most};
use crate::algebra::ratio;
use crate::collapse::{Axis, ImageMap};

/// Maps with more nonzero entries are not hashed: that takes every entry's text.
const HASHED: usize = 1_000_000;

/// What a table of border classes says of a matrix that is not written out.
#[derive(Debug, Serialize)]
pub(super) struct BorderClasses {
    axes: Vec<Vec<RunObject>>,
    products: usize,
    nonzeros: usize,
    bias_nonzeros: usize,
    largest: String,
}

/// Neighbouring output positions of one class.
#[derive(Debug, Serialize)]
struct RunObject {
    class: usize,
    first: usize,
    last: usize,
}

/// The map; matrices with more than `max_entries` nonzeros, and constants with more entries, are left out.
pub(super) fn map(map: &ImageMap, max_entries: usize) -> MapObject {
    let listed = map.nonzeros().filter(|&nonzeros| nonzeros <= max_entries);
    let entries = |_| -> Vec<(usize, usize, String)> {
        let row = |row: usize| {
            let found = map.row(row);
            let value = move |n| ratio(n, found.denominator.clone()).to_string();
            found.entries.into_iter().map(move |(column, n)| (row, column, value(n)))
        };
        (0..map.rows()).flat_map(row).collect()
    };
    let bias = || {
        let constant = |row| {
            let (n, over) = map.constant(row);
            ratio(n.clone(), over.clone()).to_string()
        };
        (0..map.rows()).map(constant).collect()
    };
    let rank = map.rank(usize::MAX);
    MapObject {
        rows: map.rows(),
        cols: map.columns(),
        nonzeros: map.nonzeros().unwrap_or(usize::MAX),
        rank: rank.exact(),
        rank_at_least: rank.least(),
        rank_at_most: at_most(rank),
        largest: map.largest().to_string(),
        denominator: map.denominator().to_string(),
        sha256: map.sha256(HASHED),
        matrix: listed.map(entries),
        bias: (map.rows() <= max_entries).then(bias),
        border_classes: Some(BorderClasses {
            axes: map.axes().iter().map(runs).collect(),
            products: map.classes(),
            nonzeros: map.stored(),
            bias_nonzeros: map.constants(),
            largest: map.largest().to_string(),
        }),
    }
}

fn runs(axis: &Axis) -> Vec<RunObject> {
    let mut runs: Vec<RunObject> = Vec::new();
    for (position, &class) in axis.classes.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if run.class == class => run.last = position,
            _ => runs.push(RunObject { class, first: position, last: position }),
        }
    }
    runs
}
