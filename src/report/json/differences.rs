//! By how much two networks differ on a bounded domain, for machines.

use serde::Serialize;

use super::strings;
use crate::algebra::Rational;
use crate::decide::FloatErrors;
use crate::report::proof::Differences;

#[derive(Debug, Serialize)]
pub(super) struct DifferencesObject {
    /// `exact`: attained; `outward`: a bound, rounded outwards, that need not be.
    bound: &'static str,
    largest: String,
    outputs: Option<Vec<GapObject>>,
    points: Vec<PointObject>,
    float32: Float32Object,
}

#[derive(Debug, Serialize)]
struct GapObject {
    found: String,
    at_most: String,
}

#[derive(Debug, Serialize)]
struct PointObject {
    output: usize,
    input: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Float32Object {
    left: Option<Vec<String>>,
    right: Option<Vec<String>>,
    assumed: Vec<&'static str>,
    unknown: Option<String>,
}

/// The object; the lists of more than `max_entries` outputs are left out.
pub(super) fn object(differences: &Differences<'_>, max_entries: usize) -> DifferencesObject {
    let found = &differences.found;
    let gap = |gap: &crate::decide::Gap| GapObject { found: gap.found.to_string(), at_most: gap.bound.to_string() };
    let fits = found.gaps.len() <= max_entries;
    let point = |(output, input): &(usize, _)| PointObject { output: *output, input: strings(input) };
    let mut assumed: Vec<&'static str> = Vec::new();
    let mut errors = |side: &Result<FloatErrors, String>| {
        let side = side.as_ref().ok()?;
        assumed.extend(&side.assumed);
        fits.then(|| side.outputs.iter().map(Rational::to_string).collect())
    };
    let (left, right) = (errors(&differences.left), errors(&differences.right));
    assumed.sort_unstable();
    assumed.dedup();
    let unknown = [&differences.left, &differences.right].into_iter().find_map(|side| side.as_ref().err().cloned());
    DifferencesObject {
        bound: if found.exact { "exact" } else { "outward" },
        largest: found.largest().map_or("0".into(), |(_, gap)| gap.bound.to_string()),
        outputs: fits.then(|| found.gaps.iter().map(gap).collect()),
        points: found.points.iter().map(point).collect(),
        float32: Float32Object { left, right, assumed, unknown },
    }
}
