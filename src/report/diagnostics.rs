//! Diagnostics as rustc prints them: the message, the place, the underlined text, and what to write.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::excerpt::{Mark, excerpt, visible};
use crate::diagnostic::{Diagnostic, Source, Sources};

/// Places in one file at most this many lines apart are shown in one piece.
const NEAR: usize = 12;
/// The most characters of a message; names and paths have no length of their own.
const LONGEST_MESSAGE: usize = 2000;
/// Stands for a file's name while a diagnostic is laid out; [`visible`] lets no text contain it.
const PLACE: char = '\u{fffc}';

/// The diagnostics as text, with a blank line between them and a line break at the end.
///
/// Nothing in a text, a file's name or a message reaches the terminal as a control character, and
/// a long line is cut around what is marked. A place outside its file's text is moved into it; the
/// place in a file that [`Sources`] does not have is left out.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let rendered = diagnostics.iter().map(|diagnostic| {
        let (group, places) = group(diagnostic, sources);
        named(&renderer.render(&[group]), &places) + "\n"
    });
    rendered.collect::<Vec<_>>().join("\n")
}

/// Puts the true places where the renderer wrote [`PLACE`] and the place in the excerpt: in an
/// excerpt of a long line the columns are others.
fn named(rendered: &str, places: &[String]) -> String {
    let mut pieces = rendered.split(PLACE);
    let mut named = pieces.next().unwrap_or("").to_string();
    for (piece, place) in pieces.zip(places) {
        named.push_str(place);
        named.push_str(piece.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit()));
    }
    named
}

/// The parts of a diagnostic, and for each of its excerpts the place to name.
fn group<'a>(diagnostic: &Diagnostic, sources: &Sources) -> (Group<'a>, Vec<String>) {
    let mut places = Vec::new();
    let title = Level::ERROR.primary_title(clean(&diagnostic.message)).id(diagnostic.code.id());
    let mut group = Group::with_title(title);
    for cluster in clusters(diagnostic, sources) {
        let Some((first, source)) = cluster.first().and_then(|mark| Some((mark, file(sources, mark.file)?))) else {
            continue;
        };
        let place = cluster.iter().find(|mark| mark.primary).unwrap_or(first);
        if source.text.is_empty() {
            group = group.element(Origin::path(name(&source.name)));
            continue;
        }
        places.push(format!("{}:{}:{}", name(&source.name), place.line, place.column(&source.text)));
        let shown = excerpt(&source.text, &cluster);
        let annotations = cluster.iter().zip(&shown.ranges).map(|(mark, range)| annotation(mark, *range));
        let snippet = Snippet::source(shown.source).line_start(first.line).path(PLACE.to_string());
        group = group.element(snippet.annotations(annotations));
    }
    let notes = diagnostic.notes.iter().map(|note| Level::NOTE.message(clean(note)));
    let help = diagnostic.help.iter().map(|help| Level::HELP.message(clean(help)));
    (group.elements(notes).elements(help), places)
}

fn annotation<'a>(mark: &Mark, (start, end): (usize, usize)) -> Annotation<'a> {
    let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
    let label = clean(&mark.label).replace('\n', " ");
    kind.span(start..end.max(start)).label((!label.is_empty()).then_some(label))
}

/// The places of a diagnostic, those near one another together; its own place is in the first.
fn clusters(diagnostic: &Diagnostic, sources: &Sources) -> Vec<Vec<Mark>> {
    let own = [(diagnostic.span, diagnostic.label.as_str(), true)];
    let related = diagnostic.related.iter().map(|(span, label)| (*span, label.as_str(), false));
    let mut marks: Vec<Mark> = own
        .into_iter()
        .chain(related)
        .filter_map(|(span, label, primary)| Some(Mark::new(&file(sources, span.file)?.text, span, label, primary)))
        .collect();
    marks.sort_by_key(|mark| (mark.file, mark.start, mark.end));
    let mut clusters: Vec<Vec<Mark>> = Vec::new();
    for mark in marks {
        let near = |other: &Mark| {
            let last = file(sources, other.file).map_or(0, |source| other.last_line(&source.text));
            other.file == mark.file && mark.line.saturating_sub(last) <= NEAR
        };
        match clusters.last_mut().filter(|cluster| cluster.iter().any(near)) {
            Some(cluster) => cluster.push(mark),
            None => clusters.push(vec![mark]),
        }
    }
    clusters.sort_by_key(|cluster| !cluster.iter().any(|mark| mark.primary));
    clusters
}

fn file(sources: &Sources, file: u32) -> Option<&Source> {
    sources.files.get(file as usize)
}

/// A message without control characters; it may have several lines.
fn clean(message: &str) -> String {
    let cut = message.chars().nth(LONGEST_MESSAGE).map(|_| '…');
    let shown = message.chars().take(LONGEST_MESSAGE).map(|c| if c == '\n' { c } else { visible(c) });
    shown.chain(cut).collect()
}

/// A file's name on one line.
fn name(name: &str) -> String {
    clean(if name == "-" { "standard input" } else { name }).replace('\n', "␊")
}
