//! Tables within the terminal's width: long cells are broken, and a table that is still too wide is a list.

use super::{INDENT, columns};
use crate::report::document::numeric_columns;

/// Between two columns.
const GAP: &str = "   ";
/// The least that a column of words is narrowed to.
const NARROW: usize = 12;

/// A table as lines of at most `width` columns, as far as its numbers allow.
pub(super) fn table(head: &[String], rows: &[Vec<String>], width: usize) -> Vec<String> {
    let numeric = numeric_columns(head.len(), rows);
    let all = || std::iter::once(head).chain(rows.iter().map(Vec::as_slice));
    let widest = |c: usize| all().filter_map(|r| r.get(c)).map(|t| columns(t)).max().unwrap_or(0);
    let mut widths: Vec<usize> = (0..head.len()).map(widest).collect();
    let room = width.saturating_sub(INDENT.len() + GAP.len() * head.len().saturating_sub(1));
    // The widest column of words gives way first.
    while widths.iter().sum::<usize>() > room {
        let words = (0..widths.len()).filter(|&c| !numeric[c] && widths[c] > NARROW.max(columns(&head[c])));
        match words.max_by_key(|&c| (widths[c], c)) {
            Some(c) => widths[c] -= 1,
            None => return list(head, rows, width),
        }
    }
    let line = |row: &[String]| {
        let cells: Vec<Vec<String>> = row.iter().enumerate().map(|(c, t)| broken(t, widths[c])).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        let piece = |at: usize| {
            let cell = |(c, lines): (usize, &Vec<String>)| {
                let text = lines.get(at).map_or("", String::as_str);
                let fill = " ".repeat(widths[c].saturating_sub(columns(text)));
                if numeric[c] { format!("{fill}{text}") } else { format!("{text}{fill}") }
            };
            format!("{INDENT}{}", cells.iter().enumerate().map(cell).collect::<Vec<_>>().join(GAP))
        };
        (0..height).map(piece).collect::<Vec<_>>()
    };
    let rule = format!("{INDENT}{}", widths.iter().map(|w| "─".repeat(*w)).collect::<Vec<_>>().join("───"));
    let mut lines = line(head);
    lines.push(rule);
    lines.extend(rows.iter().flat_map(|row| line(row)));
    lines
}

/// One line or more a cell: `head: text`, and a blank line between the rows.
fn list(head: &[String], rows: &[Vec<String>], width: usize) -> Vec<String> {
    let room = width.saturating_sub(2 * INDENT.len()).max(NARROW);
    let mut lines = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            lines.push(String::new());
        }
        for (name, text) in head.iter().zip(row).filter(|(_, text)| !text.is_empty()) {
            let words = if name.is_empty() { text.clone() } else { format!("{name}: {text}") };
            let parts = broken(&words, room).into_iter().enumerate();
            lines.extend(parts.map(|(i, part)| format!("{INDENT}{}{part}", if i == 0 { "" } else { INDENT })));
        }
    }
    lines
}

/// A text in lines of at most `width` columns: broken at blanks, and within a word that is longer.
fn broken(text: &str, width: usize) -> Vec<String> {
    if columns(text) <= width {
        return vec![text.to_string()];
    }
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let used = lines.last().map_or(0, |line| columns(line));
        let blank = usize::from(used > 0);
        if used + blank + columns(word) <= width
            && let Some(line) = lines.last_mut()
        {
            line.push_str(&" ".repeat(blank));
            line.push_str(word);
            continue;
        }
        let letters: Vec<char> = word.chars().collect();
        let parts = letters.chunks(width.max(1)).map(|part| part.iter().collect::<String>());
        lines.extend(parts);
    }
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_stay_within_the_width() {
        let row = |cells: &[&str]| cells.iter().map(|c| c.to_string()).collect::<Vec<_>>();
        let claim = "forall x, y: 1x8x8, a: 1. f(a * x + y) == a * f(x) + f(y) within 1/1000000";
        let rows = vec![
            row(&["proved", claim, "12", "the same matrix and constant"]),
            row(&["undecided", &"x".repeat(90), "3", ""]),
        ];
        for width in 40..=130 {
            let lines = table(&row(&["answer", "claim", "line", "because"]), &rows, width);
            assert!(lines.iter().all(|l| columns(l.trim_end()) <= width), "{width}: {lines:#?}");
            // Nothing is left out.
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
            let all: usize = lines.iter().map(|l| letters(l)).sum();
            assert!(all >= rows.iter().flatten().map(|t| letters(t)).sum::<usize>(), "{width}");
        }
    }

    #[test]
    fn a_table_that_fits_is_as_it_was() {
        let rows = vec![vec!["a".to_string(), "12".into()], vec!["bcd".into(), "3".into()]];
        let lines = table(&["name".to_string(), "n".into()], &rows, 80);
        assert_eq!(lines, ["    name    n", "    ─────────", "    a      12", "    bcd     3"]);
    }
}
