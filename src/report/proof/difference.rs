//! By how much two networks differ, and whether rounding explains it.

use num_integer::Integer as _;
use num_traits::{One, Signed, Zero};

use crate::algebra::{Integer, Rational, Tensor};
use crate::decide::Difference;
use crate::network::{Equation, Network};
use crate::report::document::{Block, Document, strong, text};

/// A bound of the float32 error of each output, or why there is none.
type Errors = Result<Vec<Rational>, String>;

/// The paragraphs after a comparison on a bounded domain.
pub fn difference(equation: &Equation, found: &Difference, left: &Errors, right: &Errors) -> Document {
    let mut document = Document::default();
    let Some((output, gap)) = found.largest() else { return document };
    document.blocks.push(Block::Title { text: vec![text("by how much, and is it rounding?")], aside: String::new() });
    let place = place(&equation.left, output);
    let words = match (gap.bound.is_zero(), found.exact) {
        (true, _) => "Over ℚ the sides are equal on this domain: the algebra is the same.".to_string(),
        (_, true) => format!(
            "Over ℚ they differ by up to {}, at output {place}: the largest difference on the domain, computed exactly and attained.",
            fraction(&gap.bound)
        ),
        (_, false) => format!(
            "Over ℚ they differ by at most {} in every output (bounds of every layer, rounded outwards), and by {} at some point found, at output {place}.",
            scientific(&gap.bound, true),
            scientific(&largest_found(found).1, false)
        ),
    };
    document.state("Difference", vec![text(words)]);
    let rows: Vec<Vec<String>> =
        found.points.iter().map(|(output, point)| row(equation, found, *output, point)).collect();
    if !rows.is_empty() {
        let head = ["output", "found", "at most", "at the input"].map(str::to_string).to_vec();
        document.blocks.push(Block::Table { head, rows });
    }
    verdict(&mut document, found, left, right);
    document
}

fn largest_found(found: &Difference) -> (usize, Rational) {
    let best = found.gaps.iter().enumerate().max_by(|a, b| a.1.found.cmp(&b.1.found));
    best.map(|(i, gap)| (i, gap.found.clone())).unwrap_or_default()
}

fn verdict(document: &mut Document, found: &Difference, left: &Errors, right: &Errors) {
    let (left, right) = match (left, right) {
        (Ok(left), Ok(right)) => (left, right),
        (Err(reason), _) | (_, Err(reason)) => {
            document.state("Rounding", vec![text(format!("No bound of float32 errors is known: {reason}."))]);
            return;
        }
    };
    let most = |errors: &[Rational]| errors.iter().max().cloned().unwrap_or_default();
    let both: Vec<Rational> = left.iter().zip(right).map(|(a, b)| a + b).collect();
    document.state(
        "Rounding",
        vec![text(format!(
            "Evaluated in float32 at the same inputs, the left side errs by at most {} and the right side by at most {}: so two correct programs may differ by up to {} by rounding alone. \
             (γₙ bounds of sums in any order: Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1; no overflow, no Winograd or FFT convolutions.)",
            scientific(&most(left), true),
            scientific(&most(right), true),
            scientific(&most(&both), true)
        ))],
    );
    let worse = |(i, gap): (usize, &crate::decide::Gap)| (gap.found > both[i]).then(|| (i, gap.found.clone()));
    let worst = found.gaps.iter().enumerate().filter_map(worse).max_by(|a, b| a.1.cmp(&b.1));
    let words = if found.gaps.iter().all(|gap| gap.bound.is_zero()) {
        vec![strong("Rounding only"), text(": the algebra is exact, and any difference seen is rounding.")]
    } else if let Some((output, size)) = worst {
        vec![
            strong("Not rounding"),
            text(format!(
                ": the algebra differs by {} at output {output} (flat), more than rounding can explain.",
                scientific(&size, false)
            )),
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

fn row(equation: &Equation, found: &Difference, output: usize, point: &Tensor) -> Vec<String> {
    let gap = &found.gaps[output];
    vec![place(&equation.left, output), scientific(&gap.found, false), scientific(&gap.bound, true), described(point)]
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
