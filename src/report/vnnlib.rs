//! Questions for verifiers of networks: an equation as a VNN-LIB property of the network x ↦ f(x) − g(x), which they
//! read as a model of its own. <https://www.vnnlib.org>

use std::fmt::Write;

use num_traits::Signed;

use crate::algebra::{Integer, Rational, ratio};
use crate::network::{Claim, Equation, Statement};

/// The equation of a claim, which VNN-LIB can ask about.
///
/// # Errors
/// A sentence, where the claim is none, or its inputs are not bounded, as verifiers need.
pub fn equation(claim: &Claim) -> Result<&Equation, String> {
    let Statement::Equation(equation) = &claim.statement else {
        return Err(
            "VNN-LIB bounds the outputs of one network: only `f == g` and `f == g within EPS` have that form".into()
        );
    };
    if !equation.equal {
        return Err("`!=` claims that some input tells the sides apart: export the claim `==` instead".into());
    }
    if equation.difference.is_symbolic() {
        return Err("weights that are symbols, or irrational, have no place in a VNN-LIB question".into());
    }
    if equation.difference.inputs.iter().any(|input| input.domain.is_none()) {
        return Err("VNN-LIB verifiers need a bounded domain: write `x: 8 in [lo, hi]`".into());
    }
    Ok(equation)
}

/// The failure of an equation as a property. VNN-LIB has ≤ and ≥ only, so what is asked of `f == g` is whether an
/// output differs by a millionth or more; the property says so.
///
/// # Errors
/// As for [`equation`].
pub fn property(claim: &Claim) -> Result<String, String> {
    let equation = equation(claim)?;
    let h = &equation.difference;
    let tolerance = equation.within.clone().filter(Rational::is_positive);
    let size = tolerance.clone().unwrap_or_else(|| ratio(1.into(), 1_000_000.into()));
    let bounds = h.inputs.iter().flat_map(|i| std::iter::repeat_n(i.domain.as_ref(), i.shape.elements()));
    let bounds: Vec<&(Rational, Rational)> = bounds.flatten().collect();
    let outputs = h.output_shape().elements();
    let meaning = match &tolerance {
        Some(t) => format!(
            "; unsat: no output differs by more than {t}. (VNN-LIB has no >, so sat may be a difference of {t}.)"
        ),
        None => format!(
            "; VNN-LIB has no \u{2260}: this asks whether some output differs by {size} or more.\n; sat: the sides are not equal. unsat: they differ by less than that, which does not say that they are equal."
        ),
    };
    let mut out = format!(
        "; {}\n; X: the inputs of both sides, in order. Y: {} - {}, output by output.\n{meaning}\n",
        claim.text, equation.left.name, equation.right.name
    );
    // Writing to a string cannot fail.
    for (name, count) in [("X", bounds.len()), ("Y", outputs)] {
        for v in 0..count {
            let _ = writeln!(out, "(declare-const {name}_{v} Real)");
        }
    }
    for (v, (low, high)) in bounds.iter().enumerate() {
        let (low, high) = (decimal(low, true), decimal(high, false));
        let _ = writeln!(out, "(assert (>= X_{v} {low}))\n(assert (<= X_{v} {high}))");
    }
    let above = decimal(&size, true);
    let any: Vec<String> =
        (0..outputs).map(|v| format!("  (and (>= Y_{v} {above}))\n  (and (<= Y_{v} -{above}))")).collect();
    let _ = writeln!(out, "(assert (or\n{}\n))", any.join("\n"));
    Ok(out)
}

/// VNN-LIB has decimals only: exact where the number is one, else rounded to 17 digits, outwards for
/// bounds of inputs (a larger domain) and inwards for the tolerance's failure: then `unsat` still holds.
fn decimal(value: &Rational, down: bool) -> String {
    let digits = 17;
    let scale = num_traits::pow(Integer::from(10), digits);
    let scaled = value * Rational::from_integer(scale);
    let whole = if down { scaled.floor() } else { scaled.ceil() }.to_integer();
    let (sign, size) = if whole.is_negative() { ("-", -whole) } else { ("", whole) };
    let text = format!("{:0>width$}", size.to_string(), width = digits + 1);
    let (left, right) = text.split_at(text.len() - digits);
    let right = right.trim_end_matches('0');
    format!("{sign}{left}.{}", if right.is_empty() { "0" } else { right })
}
