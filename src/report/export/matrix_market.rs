//! Matrix Market coordinates of the integer matrix (M; b) over the common denominator, which a
//! comment states: <https://math.nist.gov/MatrixMarket/formats.html>.

use std::io::{self, Write};

use num_traits::{One, Zero};

use super::Rows;
use crate::algebra::Integer;

/// Writes the map.
pub fn write(rows: &Rows<'_>, out: &mut dyn Write) -> io::Result<()> {
    let denominator = rows.common_denominator();
    let (factor, bias_factor) = (&denominator / &rows.denominator, &denominator / rows.bias.denominator());
    let bias: Vec<Integer> = rows.bias.numerators().iter().map(|n| n * &bias_factor).collect();
    let constants = bias.iter().filter(|n| !n.is_zero()).count();
    let columns = rows.heading.columns;
    writeln!(out, "%%MatrixMarket matrix coordinate integer general")?;
    write!(out, "% the map of network {}: every number is to be divided by {denominator}", rows.heading.network)?;
    if constants > 0 {
        write!(out, "; column {} is the constant b", columns + 1)?;
    }
    if !rows.is_whole() {
        let [first, end] = rows.heading.outputs;
        write!(out, "; its rows are the outputs {first} to {}, counted from 0", end - 1)?;
    }
    let all_columns = columns + usize::from(constants > 0);
    writeln!(out, "\n{} {all_columns} {}", rows.count(), rows.nonzeros + constants)?;
    rows.each(&mut |row, entries| {
        for (column, n) in entries {
            match factor.is_one() {
                true => writeln!(out, "{} {} {n}", row + 1, column + 1)?,
                false => writeln!(out, "{} {} {}", row + 1, column + 1, n * &factor)?,
            }
        }
        match bias[row].is_zero() {
            true => Ok(()),
            false => writeln!(out, "{} {all_columns} {}", row + 1, bias[row]),
        }
    })
}
