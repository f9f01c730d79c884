//! Maps of the outputs at which something differs.

use crate::algebra::Shape;
use crate::report::document::Map;

/// Images of at most this side are drawn whole.
const WHOLE: usize = 64;
/// Rows and columns that are drawn of larger ones.
const DRAWN: usize = 24;

/// A map of the outputs that differ, for signals and images of a size that fits, with words before it.
pub fn map(shape: &Shape, outputs: &[usize]) -> Option<(String, Map)> {
    let (channels, height, width) = match *shape.axes() {
        [channels, width] if width > 1 => (channels, 1, width),
        [channels, height, width] => (channels, height, width),
        _ => return None,
    };
    let size = height * width;
    let mut planes = (0..channels).map(|channel| {
        let begin = outputs.partition_point(|&output| output < channel * size);
        let end = outputs.partition_point(|&output| output < (channel + 1) * size);
        outputs[begin..end].iter().map(move |output| output - channel * size).collect::<Vec<_>>()
    });
    let first = planes.next()?;
    let which = match (channels, planes.all(|plane| plane == first)) {
        (1, _) => "",
        (_, true) => ", in every channel",
        (_, false) => ", in channel 0",
    };
    let mut cells = vec![false; size];
    first.iter().for_each(|&at| cells[at] = true);
    let cells: Vec<&[bool]> = cells.chunks(width).collect();
    let legend = ("differs".to_string(), "equal".to_string());
    if width <= WHOLE && height <= WHOLE {
        let marked = cells.into_iter().map(<[bool]>::to_vec).collect();
        return Some((format!("Where{which}:"), Map { marked, names: None, legend }));
    }
    // Neighbouring rows that are alike are drawn once, and so are columns.
    let rows = runs(height, |r| cells[r] == cells[r - 1]);
    let columns = runs(width, |c| rows.iter().all(|&(r, _)| cells[r][c] == cells[r][c - 1]));
    if rows.len() > DRAWN || columns.len() > DRAWN {
        return None;
    }
    let marked = rows.iter().map(|&(r, _)| columns.iter().map(|&(c, _)| cells[r][c]).collect()).collect();
    let names = (named(&rows), named(&columns));
    let words = format!(
        "Where{which}, with rows and columns that are like their neighbours drawn once; the columns are {}:",
        names.1.join(" | ")
    );
    Some((words, Map { marked, names: Some(names), legend }))
}

/// `0–2`, or `3` for a run of one.
fn named(runs: &[(usize, usize)]) -> Vec<String> {
    let name =
        |&(first, last): &(usize, usize)| if first == last { first.to_string() } else { format!("{first}–{last}") };
    runs.iter().map(name).collect()
}

/// Runs of neighbours that are alike, first and last.
fn runs(count: usize, like_before: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for i in 0..count {
        match runs.last_mut() {
            Some(run) if like_before(i) => run.1 = i,
            _ => runs.push((i, i)),
        }
    }
    runs
}
