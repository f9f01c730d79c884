//! The map as the JSON object that reports contain, every entry listed.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use super::Rows;
use crate::algebra::{Matrix, Rank, ratio};

/// The rank is computed of maps with up to this many entries that are not 0.
const MOST_ENTRIES: usize = 4_000_000;

/// Writes the object, its names in alphabetical order.
pub fn write(rows: &Rows<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (rank, rank_at_least) = match rank(rows)? {
        Rank::Exact(rank) => (rank.to_string(), rank),
        Rank::AtLeast(rank) => ("null".into(), rank),
    };
    let bias: Vec<String> = rows.bias.to_rationals().iter().map(ToString::to_string).collect();
    let (denominator, name) = (rows.common_denominator(), serde_json::Value::from(rows.heading.network.as_str()));
    let bias_text = bias.iter().map(|b| format!("\"{b}\"")).collect::<Vec<_>>().join(",");
    write!(out, "{{\"bias\":[{bias_text}],\"cols\":{},\"denominator\":\"{denominator}\"", rows.heading.columns)?;
    write!(out, ",\"largest\":\"{}\",\"matrix\":[", rows.largest)?;
    let mut hash = Sha256::new();
    hash.update(format!("{} {}\n", rows.count(), rows.heading.columns));
    let mut separator = "";
    rows.each(&mut |row, entries| {
        for (column, n) in entries {
            let value = ratio(n.clone(), rows.denominator.clone());
            hash.update(format!("{row} {column} {value}\n"));
            write!(out, "{separator}[{row},{column},\"{value}\"]")?;
            separator = ",";
        }
        Ok(())
    })?;
    bias.iter().for_each(|b| hash.update(format!("{b}\n")));
    let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    write!(out, "],\"network\":{name},\"nonzeros\":{}", rows.nonzeros)?;
    if !rows.is_whole() {
        write!(out, ",\"outputs\":[{},{}]", rows.heading.outputs[0], rows.heading.outputs[1])?;
    }
    write!(out, ",\"rank\":{rank},\"rank_at_least\":{rank_at_least},\"rows\":{}", rows.count())?;
    writeln!(out, ",\"sha256\":\"{hash}\"}}")
}

fn rank(rows: &Rows<'_>) -> io::Result<Rank> {
    if rows.nonzeros > MOST_ENTRIES {
        return Ok(Rank::AtLeast(0));
    }
    let mut all = Vec::with_capacity(rows.count());
    rows.each(&mut |_, entries| {
        all.push(entries.to_vec());
        Ok(())
    })?;
    Ok(Matrix::from_rows(rows.heading.columns, all, rows.denominator.clone()).rank(usize::MAX))
}
