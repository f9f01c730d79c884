//! The collapsed network as a file: JSON, Matrix Market, or `.net` again.

use std::fmt::Write;

use super::json::map_value;
use crate::algebra::{Integer, Rational, Tensor, ratio};
use crate::collapse::AffineMap;
use crate::network::Network;

/// The map as the JSON object that reports contain, every entry listed.
pub fn json(network: &Network, map: &AffineMap) -> String {
    let mut value = map_value(map, usize::MAX);
    if let Some(object) = value.as_object_mut() {
        object.insert("network".into(), network.name.clone().into());
    }
    format!("{value}\n")
}

/// Matrix Market coordinates of the integer matrix (M; b) over the common denominator, which a
/// comment states: <https://math.nist.gov/MatrixMarket/formats.html>.
pub fn matrix_market(network: &Network, map: &AffineMap) -> String {
    let denominator = map.denominator();
    let over = |n: &Integer, d: &Integer| n * (&denominator / d);
    let bias: Vec<(usize, Integer)> =
        map.bias.numerators().iter().map(|n| over(n, map.bias.denominator())).enumerate().collect();
    let bias: Vec<_> = bias.into_iter().filter(|(_, n)| n.sign() != num_bigint::Sign::NoSign).collect();
    let (rows, columns) = (map.matrix.rows(), map.matrix.columns());
    let mut out = String::from("%%MatrixMarket matrix coordinate integer general\n");
    let constants = if bias.is_empty() { String::new() } else { format!("; column {} is the constant b", columns + 1) };
    let _ = writeln!(
        out,
        "% the map of network {}: every number is to be divided by {denominator}{constants}",
        network.name
    );
    let _ = writeln!(out, "{rows} {} {}", columns + usize::from(!bias.is_empty()), map.matrix.nonzeros() + bias.len());
    let mut constants = bias.into_iter().peekable();
    for row in 0..rows {
        for (column, n) in map.matrix.row(row) {
            let _ = writeln!(out, "{} {} {}", row + 1, column + 1, over(n, map.matrix.denominator()));
        }
        if let Some((_, n)) = constants.next_if(|(r, _)| *r == row) {
            let _ = writeln!(out, "{} {} {n}", row + 1, columns + 1);
        }
    }
    out
}

/// A `.net` file with one dense layer that computes the same function.
pub fn net(network: &Network, map: &AffineMap) -> String {
    let (rows, columns) = (map.matrix.rows(), map.matrix.columns());
    let mut out = format!("# {} collapsed: one {rows}x{columns} matrix\n", network.name);
    out.push_str("let matrix = [\n");
    for row in 0..rows {
        let mut entries = vec!["0".to_string(); columns];
        map.matrix.row(row).for_each(|(c, n)| entries[c] = n.to_string());
        let _ = writeln!(out, "    [{}],", entries.join(", "));
    }
    let _ = writeln!(out, "] / {}", map.matrix.denominator());
    let constant = (!map.bias.is_zero()).then(|| vector(&map.bias));
    if let Some(constant) = &constant {
        let _ = writeln!(out, "let constant = {constant}");
    }
    let parameters: Vec<String> = network.inputs.iter().map(parameter).collect();
    let _ = writeln!(out, "\nnetwork {}({}) {{", network.name, parameters.join(", "));
    let names: Vec<&str> = network.inputs.iter().map(|i| i.name.as_str()).collect();
    let flat = |name: &str| format!("{name} |> flatten");
    match names.as_slice() {
        [only] => {
            let _ = writeln!(out, "    {}", flat(only));
        }
        several => {
            several.iter().for_each(|name| {
                let _ = writeln!(out, "    flat_{name} = {}", flat(name));
            });
            let rest: Vec<String> = several[1..].iter().map(|n| format!("flat_{n}")).collect();
            let _ = writeln!(out, "    flat_{} |> concat({})", several[0], rest.join(", "));
        }
    }
    let bias = if constant.is_some() { ", bias=constant" } else { "" };
    let _ = writeln!(out, "    dense(matrix{bias})");
    let axes: Vec<String> = network.output_shape().axes().iter().map(usize::to_string).collect();
    if axes.len() > 1 {
        let _ = writeln!(out, "    reshape({})", axes.join("x"));
    }
    out.push_str("}\n");
    out
}

fn parameter(input: &crate::network::Input) -> String {
    let axes: Vec<String> = input.shape.axes().iter().map(usize::to_string).collect();
    let domain = input.domain.as_ref().map_or(String::new(), |(low, high)| format!(" in [{low}, {high}]"));
    format!("{}: {}{domain}", input.name, axes.join("x"))
}

fn vector(values: &Tensor) -> String {
    let numbers: Vec<String> = values.numerators().iter().map(ToString::to_string).collect();
    let denominator: Rational = ratio(values.denominator().clone(), 1.into());
    format!("[{}] / {denominator}", numbers.join(", "))
}
