//! The few lines of a text that a diagnostic shows, made safe to print.

use crate::diagnostic::Span;

/// Lines with more bytes than this are cut to what is around the marks.
const LONG_LINE: usize = 160;
/// How many characters of a cut line are shown before the first mark, and in all.
const BEFORE_MARK: usize = 40;
const SHOWN: usize = 120;
/// Spans over more lines than this are marked on their first line only.
const MOST_LINES: usize = 6;

/// A marked range of one file's text, within the text and on characters' boundaries.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub file: u32,
    pub start: usize,
    pub end: usize,
    /// The 1-based line of the start.
    pub line: usize,
    pub label: String,
    pub primary: bool,
}

impl Mark {
    /// The mark of a span, moved into the text where it is not.
    pub fn new(text: &str, span: Span, label: &str, primary: bool) -> Mark {
        let start = floor(text, span.start);
        let mut end = floor(text, span.end).max(start);
        if text[start..end].bytes().filter(|&b| b == b'\n').count() >= MOST_LINES {
            end = line_end(text, start);
        }
        let line = 1 + text.as_bytes()[..start].iter().filter(|&&b| b == b'\n').count();
        Mark { file: span.file, start, end, line, label: label.to_string(), primary }
    }

    /// The 1-based column of the start, in characters.
    pub fn column(&self, text: &str) -> usize {
        1 + text[line_start(text, self.start)..self.start].chars().count()
    }

    /// The line of the end.
    pub fn last_line(&self, text: &str) -> usize {
        self.line + text[self.start..self.end].bytes().filter(|&b| b == b'\n').count()
    }
}

/// Neighbouring lines and the marks in them, as they are printed.
#[derive(Clone, Debug, Default)]
pub(super) struct Excerpt {
    pub source: String,
    /// For each mark given, its bytes in `source`.
    pub ranges: Vec<(usize, usize)>,
}

/// The lines from the first mark to the last. The marks are in the order of their starts, and not empty.
pub(super) fn excerpt(text: &str, marks: &[Mark]) -> Excerpt {
    let mut excerpt = Excerpt { source: String::new(), ranges: vec![(0, 0); marks.len()] };
    let last = marks.iter().map(|mark| mark.end).max().unwrap_or(0);
    let mut start = line_start(text, marks.first().map_or(0, |mark| mark.start));
    loop {
        let end = line_end(text, start);
        excerpt.line(text, (start, end), marks);
        if last <= end || end >= text.len() {
            return excerpt;
        }
        start = end + 1;
    }
}

impl Excerpt {
    /// Adds one line, and the ends of the marks that lie in it.
    fn line(&mut self, text: &str, (start, end): (usize, usize), marks: &[Mark]) {
        let printed = text[start..end].strip_suffix('\r').map_or(end, |line| start + line.len());
        let (from, to) = window(text, (start, printed), marks);
        let mut edges = Vec::new();
        for (i, mark) in marks.iter().enumerate() {
            edges.extend((start..=end).contains(&mark.start).then_some((mark.start.clamp(from, to), i, true)));
            edges.extend((start..=end).contains(&mark.end).then_some((mark.end.clamp(from, to), i, false)));
        }
        edges.sort_unstable();
        let mut edges = edges.into_iter().peekable();
        self.source.push_str(if from > start { "…" } else { "" });
        for (offset, c) in text[from..to].char_indices() {
            while let Some((_, mark, opens)) = edges.next_if(|&(at, ..)| at <= from + offset) {
                self.edge(mark, opens);
            }
            self.source.push(visible(c));
        }
        edges.for_each(|(_, mark, opens)| self.edge(mark, opens));
        self.source.push_str(if to < printed { "…" } else { "" });
        // A blank keeps an empty last line a line.
        self.source.push_str(if from == to { " \n" } else { "\n" });
    }

    fn edge(&mut self, mark: usize, opens: bool) {
        let at = self.source.len();
        match opens {
            true => self.ranges[mark].0 = at,
            false => self.ranges[mark].1 = at,
        }
    }
}

/// The part of a line that is shown.
fn window(text: &str, (start, end): (usize, usize), marks: &[Mark]) -> (usize, usize) {
    if end - start <= LONG_LINE {
        return (start, end);
    }
    let in_line = |mark: &&Mark| (start..=end).contains(&mark.start);
    let focus = marks.iter().filter(in_line).find(|mark| mark.primary).or(marks.iter().find(in_line));
    let focus = focus.map_or(start, |mark| mark.start);
    let from = text[start..focus].char_indices().rev().nth(BEFORE_MARK - 1).map_or(start, |(i, _)| start + i);
    let to = text[from..end].char_indices().nth(SHOWN).map_or(end, |(i, _)| from + i);
    (from, to)
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |length| at + length)
}

/// A character that cannot move the cursor, change a colour or reorder what is printed.
pub(super) fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{fffc}' => '\u{fffd}',
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => '\u{fffd}',
        '\u{e0000}'..='\u{e0fff}' => '\u{fffd}',
        _ => c,
    }
}
