//! The rule of an entry of a layer's matrix, for matrices that are too large to be written out.

use crate::layer::definition::{Definition, Divisor, Geometry};
use crate::layer::{Function, catalogue};
use crate::report::document::{Inline, math, text};
use crate::toeplitz::PadMode;

/// Names of output positions and of input positions, one an axis.
const NAMES: [(&[&str], &[&str]); 3] =
    [(&["p"], &["q"]), (&["h", "w"], &["i", "j"]), (&["d", "h", "w"], &["l", "i", "j"])];

/// What stands in a row and a column of the matrix of this name.
pub fn of_entries(layer: &dyn Function, name: &str) -> Vec<Inline> {
    let rule = match layer.definition() {
        Some(Definition::Conv { window, groups, mode, .. }) => convolution(name, &window, groups, mode),
        Some(Definition::ConvTranspose { window, groups, .. }) => transposed(name, &window, groups),
        Some(Definition::SumPool { window, divisor }) => Some(pooling(&window, divisor)),
        _ => None,
    };
    rule.unwrap_or_else(|| {
        let sum = catalogue::find(layer.kind()).map_or("", |signature| signature.formula);
        vec![text(" The rule of its entries is the layer’s sum: "), math(sum), text(".")]
    })
}

/// `i - 2 h + 1`, over the dilation: the tap with which position `to` reads position `from`.
fn tap(window: &Geometry, axis: usize, from: &str, to: &str) -> String {
    let stride = match window.stride[axis] {
        1 => to.to_string(),
        s => format!("{s} {to}"),
    };
    let offset = match window.before[axis] {
        0 => String::new(),
        n => format!(" + {n}"),
    };
    let place = format!("{from} - {stride}{offset}");
    match window.dilation[axis] {
        1 => place,
        d => format!("({place}) / {d}"),
    }
}

/// The taps of all axes, from input to output positions.
fn taps(window: &Geometry, from: &[&str], to: &[&str]) -> String {
    (0..from.len()).map(|axis| tap(window, axis, from[axis], to[axis])).collect::<Vec<_>>().join(", ")
}

fn convolution(name: &str, window: &Geometry, groups: usize, mode: PadMode) -> Option<Vec<Inline>> {
    let (to, from) = NAMES.get(window.size.len().checked_sub(1)?)?;
    let channel = if groups > 1 { "c - c_0" } else { "c" };
    let entry = format!("K[o, {channel}, {}]", taps(window, from, to));
    let mut words = vec![
        text(" The rule of its entries: "),
        math(format!("{name}[o, {}; c, {}] = {entry}", to.join(", "), from.join(", "))),
        text(" where the kernel K has such an entry, and 0 elsewhere"),
    ];
    if groups > 1 {
        words.extend([text("; "), math("c_0"), text(" is the first channel of o’s group")]);
    }
    if mode != PadMode::Zero {
        words.push(text(
            "; past the border the image is continued, and entries of K that read one position are added up",
        ));
    }
    let differences: Vec<String> = (0..from.len()).map(|axis| difference(window, axis, from[axis], to[axis])).collect();
    words.push(text(". It depends on "));
    for (at, formula) in differences.into_iter().enumerate() {
        if at > 0 {
            words.push(text(" and "));
        }
        words.push(math(formula));
    }
    words.push(text(match window.stride.iter().all(|&s| s == 1) {
        true => " only: along its diagonals the same numbers stand, and that is what Toeplitz means.",
        false => " only: each row is the one before it, moved by the stride.",
    }));
    Some(words)
}

/// `i - 2 h`
fn difference(window: &Geometry, axis: usize, from: &str, to: &str) -> String {
    match window.stride[axis] {
        1 => format!("{from} - {to}"),
        s => format!("{from} - {s} {to}"),
    }
}

fn transposed(name: &str, window: &Geometry, groups: usize) -> Option<Vec<Inline>> {
    let (to, from) = NAMES.get(window.size.len().checked_sub(1)?)?;
    let channel = if groups > 1 { "o - o_0" } else { "o" };
    let entry = format!("K[c, {channel}, {}]", taps(window, to, from));
    let mut words = vec![
        text(" The rule of its entries: "),
        math(format!("{name}[o, {}; c, {}] = {entry}", to.join(", "), from.join(", "))),
        text(" where the kernel K has such an entry, and 0 elsewhere"),
    ];
    if groups > 1 {
        words.extend([text("; "), math("o_0"), text(" is the first output channel of c’s group")]);
    }
    words.push(text(". It is the transpose of a convolution’s matrix."));
    Some(words)
}

fn pooling(window: &Geometry, divisor: Divisor) -> Vec<Inline> {
    let share = match divisor {
        Divisor::One => "1".to_string(),
        Divisor::Window => format!("1/{}", window.size.iter().product::<usize>()),
        Divisor::Inside => "1 over the number of positions that the window has inside of the image".into(),
    };
    let words = format!(
        " The rule of its entries: {share} where the output’s window covers the input’s position in the same channel, and 0 elsewhere."
    );
    vec![text(words)]
}
