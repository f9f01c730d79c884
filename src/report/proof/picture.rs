//! Pictures of the outputs at which something differs.

use crate::algebra::Shape;

/// A map of the outputs that differ, for images of a size that fits, with words before it.
pub fn picture(shape: &Shape, outputs: &[usize]) -> Option<(String, Vec<String>)> {
    let [channels, height, width] = *shape.axes() else { return None };
    if width > 64 || height > 64 {
        return large_picture(shape, outputs);
    }
    let plane = |channel: usize| -> Vec<String> {
        let differs = |i: usize| outputs.binary_search(&i).is_ok();
        let cell = |r: usize, c: usize| if differs((channel * height + r) * width + c) { "#" } else { "·" };
        (0..height).map(|r| (0..width).map(|c| cell(r, c)).collect::<Vec<_>>().join(" ")).collect()
    };
    let first = plane(0);
    let alike = (1..channels).all(|channel| plane(channel) == first);
    let words = match (channels, alike) {
        (1, _) => "Where (# differs, · equal):",
        (_, true) => "Where, in every channel (# differs, · equal):",
        (_, false) => "Where, in channel 0 (# differs, · equal):",
    };
    Some((words.to_string(), first))
}

/// A map of a large image: neighbouring rows that are alike are drawn once, and so are columns.
fn large_picture(shape: &Shape, outputs: &[usize]) -> Option<(String, Vec<String>)> {
    /// Rows and columns that are drawn.
    const DRAWN: usize = 24;
    let [channels, height, width] = *shape.axes() else { return None };
    let size = height * width;
    let mut planes = (0..channels).map(|channel| {
        let begin = outputs.partition_point(|&output| output < channel * size);
        let end = outputs.partition_point(|&output| output < (channel + 1) * size);
        outputs[begin..end].iter().map(move |output| output - channel * size).collect::<Vec<_>>()
    });
    let first = planes.next()?;
    let alike = planes.all(|plane| plane == first);
    let mut cells = vec![false; size];
    first.iter().for_each(|&at| cells[at] = true);
    let row = |r: usize| &cells[r * width..(r + 1) * width];
    let rows = runs(height, |r| row(r) == row(r - 1));
    let columns = runs(width, |c| rows.iter().all(|&(r, _)| row(r)[c] == row(r)[c - 1]));
    if rows.len() > DRAWN || columns.len() > DRAWN {
        return None;
    }
    let label = |&(first, last): &(usize, usize)| {
        if first == last { first.to_string() } else { format!("{first}–{last}") }
    };
    let labels: Vec<String> = rows.iter().map(label).collect();
    let widest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let line = |(&(r, _), label): (&(usize, usize), &String)| {
        let cells: Vec<&str> = columns.iter().map(|&(c, _)| if row(r)[c] { "#" } else { "·" }).collect();
        format!("{label:>widest$}  {}", cells.join(" "))
    };
    let lines = rows.iter().zip(&labels).map(line).collect();
    let which = match (channels, alike) {
        (1, _) => "",
        (_, true) => ", in every channel",
        (_, false) => ", in channel 0",
    };
    let columns: Vec<String> = columns.iter().map(label).collect();
    let words = format!(
        "Where{which} (# differs, · equal), with rows and columns that are like their neighbours drawn once; the columns are {}:",
        columns.join(" | ")
    );
    Some((words, lines))
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
