//! By how much two networks differ, and whether rounding explains it.

use num_integer::Integer as _;
use num_traits::{One, Signed, Zero};

use super::Detail;
use crate::algebra::{Integer, Rational, Tensor};
use crate::decide::{Difference, FloatErrors};
use crate::network::{Equation, Network};
use crate::report::document::{Block, Document, code, strong, text};

/// By how much two networks differ on a bounded domain, and by how much float32 may err on either side.
#[derive(Clone, Debug)]
pub struct Differences<'e> {
    /// The networks.
    pub equation: &'e Equation,
    /// How far their outputs are apart over ℚ.
    pub found: Difference,
    /// Bounds of the left side's float32 errors, or why there are none.
    pub left: Result<FloatErrors, String>,
    /// The same of the right side.
    pub right: Result<FloatErrors, String>,
}

/// Outputs that have a row in a table: those that differ most; with figures, all of at most so many.
const ROWS: (usize, usize) = (5, 100);

/// The paragraphs after a comparison on a bounded domain.
pub fn difference(differences: &Differences<'_>, detail: Detail) -> Document {
    let mut document = Document::default();
    let Differences { equation, found, .. } = differences;
    let Some((output, gap)) = found.largest() else { return document };
    document.blocks.push(Block::Title { text: vec![text("by how much, and is it rounding?")], aside: String::new() });
    let at = code(place(&equation.left, output));
    let words = match (gap.bound.is_zero(), found.exact) {
        (true, _) => vec![text("Over ℚ the sides are equal on this domain: the algebra is the same.")],
        (_, true) => vec![
            text(format!("Over ℚ they differ by up to {}, at output ", fraction(&gap.bound))),
            at,
            text(": the largest difference on the domain, an exact number that is attained there."),
        ],
        (_, false) => {
            let (best, size) = largest_found(found);
            vec![
                text(format!(
                    "Over ℚ they differ by at most {} in every output: a bound of every layer on the whole domain, rounded outwards, which need not be attained. The largest difference found at a point is {}, at output ",
                    scientific(&gap.bound, true),
                    scientific(&size, false)
                )),
                code(place(&equation.left, best)),
                text("."),
            ]
        }
    };
    document.state("Difference", words);
    let rows: Vec<Vec<String>> = match detail.figures {
        true => (0..found.gaps.len()).take(ROWS.1).map(|output| row(equation, found, output)).collect(),
        false => found.points.iter().take(ROWS.0).map(|(output, _)| row(equation, found, *output)).collect(),
    };
    if !rows.is_empty() {
        let most = if found.exact { "exactly" } else { "at most" };
        let head = ["output", "found", most, "at the input"].map(str::to_string).to_vec();
        document.blocks.push(Block::Table { head, rows });
    }
    verdict(&mut document, differences);
    document
}

fn largest_found(found: &Difference) -> (usize, Rational) {
    let best = found.gaps.iter().enumerate().max_by(|a, b| a.1.found.cmp(&b.1.found));
    best.map(|(i, gap)| (i, gap.found.clone())).unwrap_or_default()
}

fn verdict(document: &mut Document, differences: &Differences<'_>) {
    let Differences { equation, found, .. } = differences;
    let (left, right) = match (&differences.left, &differences.right) {
        (Ok(left), Ok(right)) => (left, right),
        (Err(reason), _) | (_, Err(reason)) => {
            document.state("Rounding", vec![text(format!("No bound of float32 errors is known: {reason}."))]);
            return;
        }
    };
    let most = |errors: &[Rational]| errors.iter().max().cloned().unwrap_or_default();
    let both: Vec<Rational> = left.outputs.iter().zip(&right.outputs).map(|(a, b)| a + b).collect();
    document.state(
        "Rounding",
        vec![text(format!(
            "Evaluated in float32 at the same inputs, the left side errs by at most {} and the right side by at most {}: so two correct programs may differ by up to {} by rounding alone. \
             (γₙ bounds of sums in any order: Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1; no overflow, no Winograd or FFT convolutions.)",
            scientific(&most(&left.outputs), true),
            scientific(&most(&right.outputs), true),
            scientific(&most(&both), true)
        ))],
    );
    let mut assumed = left.assumed.clone();
    assumed.extend(right.assumed.iter().filter(|kind| !left.assumed.contains(kind)));
    if !assumed.is_empty() {
        let kinds = assumed.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
        let words = format!(
            "Assumed, because no standard says so: the functions of {kinds} are computed to within 2⁻²⁰ · max{{1, |x|}}, and exponentials of a softmax to within a relative 2⁻²⁰."
        );
        document.say(vec![text(words)]);
    }
    let worse = |(i, gap): (usize, &crate::decide::Gap)| (gap.found > both[i]).then(|| (i, gap.found.clone()));
    let worst = found.gaps.iter().enumerate().filter_map(worse).max_by(|a, b| a.1.cmp(&b.1));
    let words = if found.gaps.iter().all(|gap| gap.bound.is_zero()) {
        vec![strong("Rounding only"), text(": the algebra is exact, and any difference seen is rounding.")]
    } else if let Some((output, size)) = worst {
        vec![
            strong("Not rounding"),
            text(format!(": the algebra differs by {} at output ", scientific(&size, false))),
            code(place(&equation.left, output)),
            text(", more than rounding can explain."),
        ]
    } else if found.gaps.iter().zip(&both).all(|(gap, error)| gap.bound <= *error) {
        vec![
            strong("Within rounding"),
            text(
                ": the algebra differs, but nowhere by more than rounding alone may cause: as it does where weights were folded in floats.",
            ),
        ]
    } else {
        vec![strong("Not known"), text(": the difference found is within rounding, but its bound is not.")]
    };
    document.state("Verdict", words);
}

fn row(equation: &Equation, found: &Difference, output: usize) -> Vec<String> {
    let gap = &found.gaps[output];
    let point = found.points.iter().find(|(at, _)| *at == output).map_or("–".into(), |(_, point)| described(point));
    vec![place(&equation.left, output), scientific(&gap.found, false), scientific(&gap.bound, true), point]
}

/// An output entry by its index.
fn place(network: &Network, output: usize) -> String {
    let index = network.output_shape().unravel(output);
    format!("[{}]", index.iter().map(usize::to_string).collect::<Vec<_>>().join(", "))
}

/// The first entries of a point.
fn described(point: &Tensor) -> String {
    const SHOWN: usize = 6;
    let entries: Vec<String> = (0..point.len().min(SHOWN)).map(|i| fraction(&point.get(i))).collect();
    let rest = if point.len() > SHOWN { format!(", … ({} entries)", point.len()) } else { String::new() };
    format!("{}{rest}", entries.join(", "))
}

/// A fraction, if it is short; else its decimals.
fn fraction(value: &Rational) -> String {
    let text = value.to_string();
    if text.len() <= 24 { text } else { scientific(value, true) }
}

/// Three digits, rounded away from 0 (`up`) or towards it: `3.15e-6`.
pub fn scientific(value: &Rational, up: bool) -> String {
    if value.is_zero() {
        return "0".into();
    }
    let sign = if value.is_negative() { "-" } else { "" };
    let size = value.abs();
    let power = |e: i64| {
        let power =
            Rational::from_integer(num_traits::pow(Integer::from(10), usize::try_from(e.unsigned_abs()).unwrap_or(0)));
        if e < 0 { power.recip() } else { power }
    };
    // The exponent from the bits, then adjusted: 10ᵉ ≤ size < 10ᵉ⁺¹.
    let bits = size.numer().bits().cast_signed() - size.denom().bits().cast_signed();
    let mut e = bits * 30_103 / 100_000;
    while size < power(e) {
        e -= 1;
    }
    while size >= power(e + 1) {
        e += 1;
    }
    let scaled = &size / power(e - 2);
    let mut digits = if up { scaled.ceil() } else { scaled.floor() }.to_integer();
    if digits == Integer::from(1000) {
        digits = Integer::from(100) * Integer::one();
        e += 1;
    }
    let (whole, rest) = digits.div_rem(&Integer::from(100));
    let digits = format!("{whole}.{:02}", rest);
    match e {
        0 => format!("{sign}{digits}"),
        _ => format!("{sign}{digits}e{e}"),
    }
}
