//! The map as the JSON object that reports contain, every entry listed.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use super::Rows;
use crate::algebra::{self, Rank, ratio};

/// Writes the object, its names in alphabetical order.
pub fn write(rows: &Rows<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rank = rank(rows)?;
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
    let exact = rank.exact().map_or("null".into(), |rank| rank.to_string());
    write!(out, ",\"rank\":{exact},\"rank_at_least\":{}", rank.least())?;
    if let Rank::Between { most, why, .. } = rank {
        write!(out, ",\"rank_at_most\":{most},\"rank_undecided\":\"{why}\"")?;
    }
    write!(out, ",\"rows\":{}", rows.count())?;
    writeln!(out, ",\"sha256\":\"{hash}\"}}")
}

/// The rank, from the rows as they pass: read again as often as that takes.
fn rank(rows: &Rows<'_>) -> io::Result<Rank> {
    algebra::rank(rows.heading.columns, usize::MAX, algebra::RankLimits::memory(rows.memory()), |visit| {
        rows.each(&mut |_, entries| {
            visit(&entries.iter().map(|(column, n)| (*column, n)).collect::<Vec<_>>());
            Ok(())
        })
    })
}
