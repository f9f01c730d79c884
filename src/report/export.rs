//! The collapsed network as a file: JSON, Matrix Market, or `.net` again.

use std::fmt::Write;

use num_traits::One;

use super::json::map_value;
use crate::algebra::Integer;
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
    let mut taken: Vec<String> = network.inputs.iter().map(|i| i.name.clone()).collect();
    taken.push(network.name.clone());
    let (matrix, constant) = (fresh("matrix", &mut taken), fresh("constant", &mut taken));
    let mut out = format!("# {} collapsed: one {rows}x{columns} matrix\n", network.name);
    let _ = writeln!(out, "let {matrix} = [");
    for row in 0..rows {
        let mut entries = vec!["0".to_string(); columns];
        map.matrix.row(row).for_each(|(c, n)| entries[c] = n.to_string());
        let _ = writeln!(out, "    [{}],", entries.join(", "));
    }
    let _ = writeln!(out, "]{}", over(map.matrix.denominator()));
    let bias = if map.bias.is_zero() { String::new() } else { format!(", bias={constant}") };
    if !bias.is_empty() {
        let numbers: Vec<String> = map.bias.numerators().iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "let {constant} = [{}]{}", numbers.join(", "), over(map.bias.denominator()));
    }
    let parameters: Vec<String> = network.inputs.iter().map(parameter).collect();
    let _ = writeln!(out, "\nnetwork {}({}) {{", network.name, parameters.join(", "));
    let mut flat = Vec::new();
    for input in &network.inputs {
        let name = fresh(&format!("flat_{}", input.name), &mut taken);
        let _ = writeln!(out, "    {name} = {} |> flatten", input.name);
        flat.push(name);
    }
    if let [first, rest @ ..] = flat.as_slice()
        && !rest.is_empty()
    {
        let _ = writeln!(out, "    {first} |> concat({})", rest.join(", "));
    }
    let _ = writeln!(out, "    dense({matrix}{bias})");
    let axes: Vec<String> = network.output_shape().axes().iter().map(usize::to_string).collect();
    if axes.len() > 1 {
        let _ = writeln!(out, "    reshape({})", axes.join("x"));
    }
    out.push_str("}\n");
    out
}

/// The name, with as many `_` as keep it apart from those taken; it is taken then.
fn fresh(name: &str, taken: &mut Vec<String>) -> String {
    let mut name = name.to_string();
    while taken.contains(&name) {
        name.push('_');
    }
    taken.push(name.clone());
    name
}

/// The division by a denominator, as written after a list.
fn over(denominator: &Integer) -> String {
    if denominator.is_one() { String::new() } else { format!(" / {denominator}") }
}

fn parameter(input: &crate::network::Input) -> String {
    let axes: Vec<String> = input.shape.axes().iter().map(usize::to_string).collect();
    let domain = input.domain.as_ref().map_or(String::new(), |(low, high)| format!(" in [{low}, {high}]"));
    format!("{}: {}{domain}", input.name, axes.join("x"))
}
