//! Diagnostics as rustc prints them, by `annotate-snippets`.

use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Sources, Span};

/// A line longer than this is shown in part: a person reads what surrounds the mistake.
const LONGEST_LINE: usize = 160;

/// All diagnostics, each followed by an empty line.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    diagnostics.iter().map(|d| one(d, sources, &renderer) + "\n\n").collect()
}

fn one(diagnostic: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    let id = diagnostic.code.id();
    let message = printable(&diagnostic.message);
    let pages: BTreeMap<u32, Page> =
        places(diagnostic).map(|(span, ..)| (span.file, Page::of(sources, diagnostic, span.file))).collect();
    let title = Level::ERROR.primary_title(message.as_str()).id(id.as_str());
    let words: Vec<(Span, bool, String)> =
        places(diagnostic).map(|(s, primary, w)| (s, primary, printable(w))).collect();
    let mut snippets: Vec<Snippet<'_, _>> = Vec::new();
    let order =
        std::iter::once(diagnostic.span.file).chain(pages.keys().copied().filter(|f| *f != diagnostic.span.file));
    for file in order {
        let Some(page) = pages.get(&file) else { continue };
        let annotations = words.iter().filter(|w| w.0.file == file).map(|(span, primary, label)| {
            let kind = if *primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(page.range(*span));
            if label.is_empty() { annotation } else { annotation.label(label.as_str()) }
        });
        let snippet = Snippet::source(page.text.as_str()).path(page.name.as_str()).line_start(page.first_line);
        snippets.push(snippet.annotations(annotations));
    }
    let notes: Vec<String> = diagnostic.notes.iter().map(|n| printable(n)).collect();
    let help = diagnostic.help.as_deref().map(printable);
    let mut group: Group<'_> = title.elements(snippets);
    for note in &notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// Every place of a diagnostic: its span, whether it is the mistake itself, and the words.
fn places(diagnostic: &Diagnostic) -> impl Iterator<Item = (Span, bool, &str)> {
    let related = diagnostic.related.iter().map(|(span, label)| (*span, false, label.as_str()));
    std::iter::once((diagnostic.span, true, diagnostic.label.as_str())).chain(related)
}

/// The lines of a file that a diagnostic touches, made safe to print: control characters are
/// replaced one for one, and of very long lines only a part is kept.
struct Page {
    name: String,
    text: String,
    first_line: usize,
    /// For each kept piece: where it begins in the file, where in `text`, and its length in both.
    pieces: Vec<(usize, usize, usize, usize)>,
}

impl Page {
    fn of(sources: &Sources, diagnostic: &Diagnostic, file: u32) -> Page {
        let empty = crate::diagnostic::Source { name: String::new(), text: String::new() };
        let source = sources.files.get(file as usize).unwrap_or(&empty);
        let spans: Vec<Range<usize>> =
            places(diagnostic).filter(|p| p.0.file == file).map(|p| clamp(&source.text, p.0)).collect();
        let from = spans.iter().map(|s| s.start).min().unwrap_or(0);
        let to = spans.iter().map(|s| s.end).max().unwrap_or(0);
        let start = source.text[..from].rfind('\n').map_or(0, |i| i + 1);
        let end = source.text[to..].find('\n').map_or(source.text.len(), |i| to + i);
        let first_line = 1 + source.text[..start].bytes().filter(|&b| b == b'\n').count();
        let mut page = Page { name: printable(&source.name), text: String::new(), first_line, pieces: Vec::new() };
        let mut at = start;
        for line in source.text[start..end].split_inclusive('\n') {
            page.line(&source.text, at..at + line.len(), &spans);
            at += line.len();
        }
        page
    }

    /// Keeps a line, or of a long one the surroundings of its first span.
    fn line(&mut self, text: &str, line: Range<usize>, spans: &[Range<usize>]) {
        let mut keep = line.clone();
        if line.len() > LONGEST_LINE {
            let focus = spans.iter().map(|s| s.start).find(|s| line.contains(s)).unwrap_or(line.start);
            keep.start = floor(text, focus.saturating_sub(LONGEST_LINE / 2).max(line.start));
            keep.end = floor(text, (focus + LONGEST_LINE / 2).min(line.end));
        }
        if keep.start > line.start {
            self.push(keep.start..keep.start, "…");
        }
        let body = text[keep.clone()].trim_end_matches(['\n', '\r']);
        for (i, c) in body.char_indices() {
            let shown = if c == '\t' || !c.is_control() { c } else { '\u{fffd}' };
            self.push(keep.start + i..keep.start + i + c.len_utf8(), shown.encode_utf8(&mut [0; 4]));
        }
        self.push(
            keep.start + body.len()..line.end,
            if keep.end < line.end && line.len() > LONGEST_LINE { "…\n" } else { "\n" },
        );
    }

    fn push(&mut self, from: Range<usize>, shown: &str) {
        self.pieces.push((from.start, self.text.len(), from.len(), shown.len()));
        self.text.push_str(shown);
    }

    /// The range of the page that shows a span of the file; never empty of place, may be empty of text.
    fn range(&self, span: Span) -> Range<usize> {
        let map = |at: usize| {
            let piece = self.pieces.partition_point(|p| p.0 <= at).checked_sub(1).map(|i| self.pieces[i]);
            piece.map_or(
                0,
                |(start, shown, length, width)| if at - start >= length.max(1) { shown + width } else { shown },
            )
        };
        let (start, end) = (map(span.start), map(span.end));
        let end = end.max(start).min(self.text.len());
        // A span that ends a line must not swallow the line break.
        start.min(end)..end
    }
}

fn clamp(text: &str, span: Span) -> Range<usize> {
    let start = floor(text, span.start.min(text.len()));
    start..floor(text, span.end.clamp(start, text.len()))
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Words without control characters, so that no file can steer a terminal.
fn printable(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
