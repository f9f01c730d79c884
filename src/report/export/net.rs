//! A `.net` file with one dense layer that computes the same function.

use std::io::{self, Write};

use num_traits::One;

use super::Rows;
use super::rows::InputHeading;
use crate::algebra::Integer;

/// Writes the network.
pub fn write(rows: &Rows<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (heading, columns) = (&rows.heading, rows.heading.columns);
    let mut taken: Vec<String> = heading.inputs.iter().map(|i| i.name.clone()).collect();
    taken.push(heading.network.clone());
    let (matrix, constant) = (fresh("matrix", &mut taken), fresh("constant", &mut taken));
    write!(out, "# {} collapsed: one {}x{columns} matrix", heading.network, rows.count())?;
    if !rows.is_whole() {
        write!(out, " for the outputs {} to {}, counted from 0", heading.outputs[0], heading.outputs[1] - 1)?;
    }
    writeln!(out, "\nlet {matrix} = [")?;
    rows.each(&mut |_, entries| {
        let mut entries = entries.iter().peekable();
        write!(out, "    [")?;
        for column in 0..columns {
            let separator = if column == 0 { "" } else { ", " };
            match entries.next_if(|(c, _)| *c == column) {
                Some((_, n)) => write!(out, "{separator}{n}")?,
                None => write!(out, "{separator}0")?,
            }
        }
        writeln!(out, "],")
    })?;
    writeln!(out, "]{}", over(&rows.denominator))?;
    let bias = if rows.bias.is_zero() { String::new() } else { format!(", bias={constant}") };
    if !bias.is_empty() {
        let numbers: Vec<String> = rows.bias.numerators().iter().map(ToString::to_string).collect();
        writeln!(out, "let {constant} = [{}]{}", numbers.join(", "), over(rows.bias.denominator()))?;
    }
    let parameters: Vec<String> = heading.inputs.iter().map(parameter).collect();
    writeln!(out, "\nnetwork {}({}) {{", heading.network, parameters.join(", "))?;
    let mut flat = Vec::new();
    for input in &heading.inputs {
        let name = fresh(&format!("flat_{}", input.name), &mut taken);
        writeln!(out, "    {name} = {} |> flatten", input.name)?;
        flat.push(name);
    }
    if let [first, rest @ ..] = flat.as_slice()
        && !rest.is_empty()
    {
        writeln!(out, "    {first} |> concat({})", rest.join(", "))?;
    }
    writeln!(out, "    dense({matrix}{bias})")?;
    if heading.output_shape.len() > 1 && rows.is_whole() {
        writeln!(out, "    reshape({})", by(&heading.output_shape))?;
    }
    writeln!(out, "}}")
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

fn parameter(input: &InputHeading) -> String {
    let domain = input.domain.as_ref().map_or(String::new(), |[low, high]| format!(" in [{low}, {high}]"));
    format!("{}: {}{domain}", input.name, by(&input.shape))
}

/// `3x8x8`
fn by(axes: &[usize]) -> String {
    axes.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}
