//! The layers of `docs/language.md` are those that `netprove explain` knows, in the same words.

use std::path::Path;

use netprove::decide::prove;
use netprove::diagnostic::Source;
use netprove::layer::catalogue;
use netprove::network::{NoImports, check};
use netprove::report::document::Block;
use netprove::report::escape::html as escaped;
use netprove::report::explain::explain;
use netprove::report::math::mathml_pieces;
use netprove::report::{self, Detail, html};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

#[test]
fn the_reference_explains_every_layer_as_the_program_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/language.md");
    let text = std::fs::read_to_string(path).expect("readable");
    let (_, section) = text.split_once("\n## Layers\n").expect("the section of layers");
    let section = section.split("\n## ").next().unwrap_or(section);
    let documented: Vec<String> =
        section.split("```").skip(1).step_by(2).map(|block| format!("{}\n", block.trim())).collect();
    let known: Vec<String> = catalogue::all().map(|s| explain(s.name).expect("a layer")).collect();
    for (documented, known) in documented.iter().zip(&known) {
        assert_eq!(documented, known, "docs/language.md says otherwise, or in another order");
    }
    assert_eq!(documented.len(), known.len(), "docs/language.md lists more layers, or fewer");
}

/// The files of the tour are shown in it as they are, all of them, in order.
#[test]
fn the_tour_shows_its_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tour = std::fs::read_to_string(root.join("docs/tour.md")).expect("readable").replace("\r\n", "\n");
    let entries = std::fs::read_dir(root.join("examples/tour")).expect("a folder");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert_eq!(files.len(), 10);
    let mut rest = tour.as_str();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable").replace("\r\n", "\n");
        let block = format!("```text\n{}\n```", text.trim_end());
        let at = rest.find(&block).unwrap_or_else(|| panic!("docs/tour.md does not show {} as it is", file.display()));
        rest = &rest[at + block.len()..];
    }
}

/// The figures of each section of the tour, by their titles; "" is a map of the image.
const FIGURES: &[(&str, &[&str])] = &[
    ("01-convolution", &["The matrix T₁", "One row is one window"]),
    ("02-stack", &["The composition"]),
    ("03-bias", &["The composition"]),
    ("04-stride", &["The composition"]),
    ("05-relu", &["The kink"]),
    ("06-maxpool", &["The witness: inputs", "The witness: outputs"]),
    ("07-commute", &["The kink"]),
    ("08-residual", &["The network unit"]),
    ("09-border", &[""]),
    ("10-maxpool-alone", &["The kink"]),
];

/// The figures of a file of the tour, as they are in its report.
fn figures(stem: &str, titles: &[&str], first: usize) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tour").join(stem).with_extension("net");
    let source = Source { name: stem.into(), text: std::fs::read_to_string(path).expect("readable") };
    let program = check(source, &NoImports, 1 << 30).expect("right");
    let documents = report::documents(&prove(&program, 1 << 30), Detail { figures: true, ..Detail::NORMAL });
    let blocks: Vec<&Block> = documents.iter().flat_map(|document| &document.blocks).collect();
    let found = titles.iter().map(|title| {
        let named = |block: &&&Block| match block {
            Block::Figure(figure) => figure.title == *title,
            Block::Map(_) => title.is_empty(),
            _ => false,
        };
        (*blocks.iter().find(named).unwrap_or_else(|| panic!("{stem} has no figure {title}"))).clone()
    });
    html::blocks(&found.collect::<Vec<_>>(), first)
}

/// The tour as one page, each section with figures of its file's report.
fn tour_page(tour: &str) -> String {
    let mut body = String::from("<main id=\"main\">\n");
    let (mut title, mut shown, mut sections) = (String::new(), 0, FIGURES.iter());
    let options = Options::ENABLE_MATH;
    for event in Parser::new_ext(tour, options) {
        match event {
            Event::Start(Tag::Heading { level: pulldown_cmark::HeadingLevel::H1, .. }) => title = "…".into(),
            Event::Text(words) if title == "…" => title = words.to_string(),
            Event::End(TagEnd::Heading(pulldown_cmark::HeadingLevel::H1)) => {}
            Event::Start(Tag::Heading { .. }) => body.push_str("<h2>"),
            Event::End(TagEnd::Heading(_)) => body.push_str("</h2>\n"),
            Event::Start(Tag::Paragraph) => body.push_str("<p>"),
            Event::End(TagEnd::Paragraph) => body.push_str("</p>\n"),
            Event::Start(Tag::Emphasis) => body.push_str("<em>"),
            Event::End(TagEnd::Emphasis) => body.push_str("</em>"),
            Event::Start(Tag::Link { dest_url, .. }) => body.push_str(&format!("<a href=\"{}\">", escaped(&dest_url))),
            Event::End(TagEnd::Link) => body.push_str("</a>"),
            Event::Start(Tag::CodeBlock(kind)) => {
                // After a transcript come the figures.
                let console = matches!(&kind, CodeBlockKind::Fenced(language) if language.as_ref() == "console");
                body.push_str(if console { "<pre class=\"console\"><code>" } else { "<pre><code>" });
            }
            Event::End(TagEnd::CodeBlock) => {
                body.truncate(body.trim_end().len());
                body.push_str("</code></pre>\n");
                let console = body.rfind("<pre class=\"console\">") > body.rfind("<pre><code>");
                if console && let Some((stem, titles)) = sections.next() {
                    body.push_str(&figures(stem, titles, shown));
                    shown += titles.len();
                }
            }
            Event::Code(words) => body.push_str(&format!("<code>{}</code>", escaped(&words))),
            Event::Text(words) => {
                let lines: Vec<String> = words.lines().map(escaped).collect();
                body.push_str(&lines.join("\n"));
                body.push_str(if words.ends_with('\n') { "\n" } else { "" });
            }
            Event::InlineMath(formula) => {
                let pieces: Vec<String> =
                    mathml_pieces(&formula).into_iter().map(|piece| format!("<math>{piece}</math>")).collect();
                body.push_str(&pieces.join(" "));
            }
            Event::SoftBreak => body.push('\n'),
            other => panic!("the tour has {other:?}, which its page does not show"),
        }
    }
    assert!(sections.next().is_none(), "a transcript a file");
    html::shell(&title, &(body + "</main>\n"))
}

/// `NETPROVE_GOLDEN=write cargo test --test docs` writes it anew.
#[test]
fn the_tours_page_is_the_tour() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let tour = std::fs::read_to_string(docs.join("tour.md")).expect("readable").replace("\r\n", "\n");
    let page = tour_page(&tour);
    if std::env::var("NETPROVE_GOLDEN").is_ok_and(|v| v == "write") {
        std::fs::write(docs.join("tour.html"), &page).expect("writable");
    }
    let stored = std::fs::read_to_string(docs.join("tour.html")).unwrap_or_default().replace("\r\n", "\n");
    assert!(stored == page, "docs/tour.html is another page; NETPROVE_GOLDEN=write writes it anew");
}
