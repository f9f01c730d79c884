//! Reports in every format: each is well formed, whatever a file's text contains, and says the same.
//!
//! Golden files are in `tests/golden/`; `NETPROVE_GOLDEN=write cargo test --test report` writes them anew.

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use netprove::decide::prove;
use netprove::diagnostic::Source;
use netprove::network::{NoImports, check};
use netprove::report::document::{Block, Document, Grid, Inline, Map};
use netprove::report::figure::{Cells, Drawing};
use netprove::report::{self, Detail, html, latex, markdown, text};
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

const FIGURES: Detail = Detail { figures: true, ..Detail::NORMAL };

fn documents(text: &str, name: &str) -> Vec<Document> {
    let source = Source { name: name.into(), text: text.into() };
    let program = check(source, &NoImports, 1 << 30).unwrap_or_else(|r| panic!("{name}: {:?}", r.diagnostics));
    report::documents(&prove(&program, 1 << 30), FIGURES)
}

/// Examples that are quick to decide, with a network of every verdict, symbols, equations and skips.
fn some() -> Vec<(&'static str, Vec<Document>)> {
    let names =
        ["relu.net", "bias.net", "elbow.net", "bugs/batchnorm_bias.net", "bugs/two_padded.net", "gallery/student.net"];
    let read = |name: &'static str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
        (name, documents(&std::fs::read_to_string(path).expect("an example"), name))
    };
    names.into_iter().map(read).collect()
}

/// A document with this text wherever text can stand.
fn hostile(words: &str) -> Document {
    let inline = || {
        vec![
            Inline::Text(format!("before {words} after")),
            Inline::Code(words.into()),
            Inline::Strong(words.into()),
            Inline::Math(format!("\\mathrm{{{words}}}")),
        ]
    };
    let grid = Grid {
        name: format!("\\mathrm{{{words}}}"),
        factor: common_half(),
        cells: vec![vec![words.into(), "0".into()], vec!["-1".into(), "x_1".into()]],
        shape: vec![2, 2],
        row_block: 1,
        column_block: 1,
    };
    let table = Block::Table { head: vec![words.into(), "n".into()], rows: vec![vec![words.into(), "1".into()]] };
    let blocks = vec![
        Block::Title { text: inline(), aside: words.into() },
        Block::Statement { label: words.into(), text: inline() },
        Block::Paragraph(vec![Inline::Text(words.into())]),
        Block::Formulas(vec![words.into(), format!("\\mathrm{{{words}}} = x")]),
        Block::Grid(grid.clone()),
        Block::Row(vec![grid.clone(), grid]),
        table,
        Block::Map(Map {
            marked: vec![vec![true, false]; 2],
            names: Some((vec![words.into(), "1".into()], vec!["0".into(), words.into()])),
            legend: (words.into(), words.into()),
        }),
        Block::Qed,
    ];
    Document { blocks }
}

fn common_half() -> netprove::algebra::Rational {
    netprove::algebra::Rational::new(1.into(), 2.into())
}

/// Every element is closed in order, every attribute quoted, ids are unique, and what is referred to exists.
fn assert_well_formed(page: &str) {
    const VOID: &[&str] = &["meta", "link", "!DOCTYPE"];
    let (mut open, mut ids, mut wanted) = (Vec::new(), BTreeSet::new(), Vec::new());
    let body =
        page.replace(&page[page.find("<style>").expect("a style")..page.find("</style>").expect("its end")], "<style>");
    let mut rest = body.as_str();
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "a bare >: {:.80}", &rest[..start]);
        let end = rest[start..].find('>').expect("a tag ends") + start;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closes what is open");
            continue;
        }
        let name: String = tag.chars().take_while(|c| !c.is_whitespace() && *c != '/').collect();
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes: {tag}");
        for (key, into_ids) in [(" id=\"", true), (" aria-labelledby=\"", false), (" href=\"#", false)] {
            if let Some((_, value)) = tag.split_once(key) {
                let value = value.split('"').next().unwrap_or("").to_string();
                if into_ids {
                    assert!(ids.insert(value.clone()), "{value} twice");
                } else {
                    wanted.extend(value.split(' ').map(str::to_string));
                }
            }
        }
        let external = [" src=", " href=\"http", "url(http"].iter().any(|part| tag.contains(part));
        assert!(!external, "no network: {tag}");
        assert_ne!(name, "script", "no script");
        if !tag.ends_with('/') && !VOID.contains(&name.as_str()) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    for id in wanted {
        assert!(ids.contains(&id), "nothing has the id {id}");
    }
}

/// Braces, environments and dollars of LaTeX are balanced; only characters that pdfTeX knows occur.
fn assert_balanced(document: &str) {
    let body = &document[document.find("\\begin{document}").expect("a body")..];
    let (mut depth, mut math, mut characters) = (0, false, body.chars());
    while let Some(c) = characters.next() {
        match c {
            '\\' => drop(characters.next()),
            '{' => depth += 1,
            '}' => depth -= 1,
            '$' => math = !math,
            '#' | '%' | '~' => panic!("a bare {c}"),
            c => assert!(c.is_ascii() || ('À'..='ÿ').contains(&c), "{c:?} has no place in T1"),
        }
        assert!(depth >= 0, "closed before opened");
    }
    assert_eq!((depth, math), (0, false), "balanced");
    for (environment, _) in body.match_indices("\\begin{").map(|(at, _)| (&body[at + 7..], at)) {
        let name = &environment[..environment.find('}').expect("a name")];
        let count = |what: &str| body.matches(&format!("\\{what}{{{name}}}")).count();
        assert_eq!(count("begin"), count("end"), "{name}");
    }
}

/// The text of Markdown as a reader sees it, and whether it contains what it must not.
fn seen(text: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_MATH | Options::ENABLE_STRIKETHROUGH;
    let mut out = String::new();
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Text(t) | Event::Code(t) | Event::InlineMath(t) | Event::DisplayMath(t) => out.push_str(&t),
            Event::Html(t) | Event::InlineHtml(t) => panic!("HTML in Markdown: {t}"),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => panic!("a link to {dest_url}"),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::Paragraph) => out.push('\n'),
            _ => {}
        }
    }
    out
}

#[test]
fn every_format_is_well_formed() {
    for (name, documents) in some() {
        assert_well_formed(&html::render(name, &documents));
        assert_balanced(&latex::render(name, &documents));
        let markdown = markdown::render(name, &documents);
        let text = seen(&markdown);
        assert!(!text.contains("**") && !text.contains("\\mathrm{with\\_"), "{name}");
        // A table is a table only with its rule; none is left as text.
        assert!(!text.contains("| ---"), "{name}: {text}");
    }
}

/// What is said of ranks: proved ones, by the narrowest value or in spite of it, and bounds.
#[test]
fn ranks_are_proved_or_said_not_to_be_known() {
    for (network, words) in [
        ("x: 3) { dense([[1, 2, 3]]); dense([[1], [2]]) }", "The rank of M is exactly 1."),
        // A constant stands in a column, and adds to the rank of what one value says.
        ("x: 2, one: 1 in [1, 1]) { x |> concat(one); dense([[1, 2, 3]]); dense([[1], [2]], [5, 7]) }", "exactly 2."),
        ("x: 2x40x40) { conv(random(2x2x5x5, seed=1)); conv(random(2x2x3x3, seed=2)) }", "exactly 2,312."),
        (
            "x: 1x80x80) { conv(random(9x9, seed=1), pad=4) }",
            "at least 5,852 and at most 6,400; which it is, is not known: that would take M itself.",
        ),
    ] {
        let documents = documents(&format!("network f({network}"), "f.net");
        let said = seen(&markdown::render("f.net", &documents)).replace('\n', " ");
        assert!(said.contains(words), "{network}: {said}");
    }
}

/// The numbers of a table and the words of a theorem are the same for every reader.
#[test]
fn every_format_says_the_same() {
    for (name, documents) in some() {
        let (page, article, readme) = (
            html::render(name, &documents),
            latex::render(name, &documents),
            seen(&markdown::render(name, &documents)),
        );
        let lines: String =
            documents.iter().map(|d| text::render(d, text::Style { width: 80, color: false })).collect();
        for block in documents.iter().flat_map(|d| &d.blocks) {
            let words: Vec<String> = match block {
                Block::Table { rows, .. } => rows.concat(),
                Block::Statement { label, .. } => vec![format!("{label}.")],
                _ => continue,
            };
            // What stands between backticks is code.
            for word in words.iter().flat_map(|word| word.split('`')).filter(|word| !word.trim().is_empty()) {
                let escaped = report::escape::html(word.trim());
                assert!(page.contains(&escaped), "{name}: HTML lacks {word}");
                assert!(
                    article.contains(&report::escape::latex(word.trim().trim_end_matches('.'))),
                    "{name}: LaTeX lacks {word}"
                );
                assert!(readme.contains(word.trim()), "{name}: Markdown lacks {word}");
                let first = word.split_whitespace().next().unwrap_or("");
                assert!(lines.contains(first), "{name}: text lacks {word}");
            }
        }
    }
}

/// Every matrix entry of a picture is what the proof's own matrix has, and each is drawn once.
#[test]
fn pictures_draw_every_entry() {
    let mut drawn = 0;
    for (name, documents) in some() {
        let page = html::render(name, &documents);
        for block in documents.iter().flat_map(|d| &d.blocks) {
            let Block::Figure(figure) = block else { continue };
            let Drawing::Pictures(pictures) = &figure.drawing else { continue };
            for picture in pictures {
                let Cells::Entries(entries) = &picture.cells else { continue };
                for entry in entries {
                    assert!(entry.row < picture.rows && entry.column < picture.columns, "{name}: {entry:?}");
                    let value = report::math::plain(&entry.formula);
                    let title = format!("{} = {value}", picture.entry_name(entry.row, entry.column));
                    assert!(page.contains(&report::escape::html(&title)), "{name}: {title}");
                    drawn += 1;
                }
            }
        }
    }
    assert!(drawn > 500, "{drawn} entries");
}

/// sRGB, from 0 to 255, to relative luminance (WCAG 2.2).
#[allow(clippy::float_arithmetic)]
fn luminance(colour: [f64; 3]) -> f64 {
    let linear = |c: f64| {
        let c = c / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2])
}

/// Numbers in coloured cells can be read, in light colours and in dark ones.
#[allow(clippy::float_arithmetic)]
#[test]
fn numbers_are_readable_on_their_colours() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/html/style.css");
    let style = std::fs::read_to_string(folder).expect("readable");
    // The colours of a name: light, then dark.
    let colours = |name: &str| -> Vec<[f64; 3]> {
        let of = |rest: &str| {
            let digits: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
            let digits = if digits.len() == 3 { digits.chars().flat_map(|c| [c, c]).collect() } else { digits };
            let part = |at: usize| f64::from(u8::from_str_radix(&digits[at..at + 2], 16).expect("digits"));
            [part(0), part(2), part(4)]
        };
        style.split(&format!("--{name}: #")).skip(1).map(of).collect()
    };
    let (mut least, mut seen) = (f64::MAX, 0);
    for numerator in -85_i64..=85 {
        // One entry of each share of the scale, and the largest.
        let text = format!("network f(x: 2) {{ dense([[{numerator}, 85], [0, -85]]) }}");
        let documents = documents(&text, "f.net");
        let page = html::render("f.net", &documents);
        for (cell, ink) in page.split("<rect class=\"").skip(1).filter_map(|part| part.split_once("<text class=\"")) {
            let class = cell.split('"').next().unwrap_or("");
            let opacity = cell.split_once("fill-opacity=\"").map_or("1", |o| o.1.split('"').next().unwrap_or("1"));
            let ink = match ink.split('"').next().unwrap_or("") {
                "v i" => "inverse",
                "v j" => "middle",
                "v" => "mark",
                _ => continue,
            };
            let hue = match class {
                "p" => "pos",
                "n" => "neg",
                _ => continue,
            };
            let opacity: f64 = opacity.parse().expect("a number");
            for mode in 0..2 {
                let (hue, paper) = (colours(hue)[mode], colours("cell")[mode]);
                let ground = [0, 1, 2].map(|i| hue[i] * opacity + paper[i] * (1.0 - opacity));
                let (a, b) = (luminance(ground), luminance(colours(ink)[mode]));
                least = least.min((a.max(b) + 0.05) / (a.min(b) + 0.05));
                seen += 1;
            }
        }
    }
    assert!(seen > 600 && least >= 4.5, "{least} at the least, of {seen}");
}

fn strange() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("<script>alert(1)</script>"),
        Just("&amp;"),
        Just("\"'`"),
        Just("``"),
        Just("$x$"),
        Just("|"),
        Just("\\"),
        Just("*a*"),
        Just("_b_"),
        Just("a_b"),
        Just("[x](y)"),
        Just("![i](j)"),
        Just("# h"),
        Just("1. l"),
        Just("- l"),
        Just("{"),
        Just("}"),
        Just("%"),
        Just("~"),
        Just("^"),
        Just("#"),
        Just("\n"),
        Just("\u{1b}[31m"),
        Just("\u{202e}"),
        Just("中"),
        Just("é"),
        Just("😀"),
        Just("http://a.b"),
        Just("<!--"),
        Just("-->"),
        Just("]]>"),
        Just("\\end{document}"),
        Just("^^M"),
        Just("~~~"),
        Just("x"),
        Just(" "),
        Just("--"),
        Just("=="),
        Just("!"),
        Just("&#0;"),
        Just("</style>"),
        Just("$$"),
        Just("+"),
        Just(":"),
        Just("\t"),
        Just("\0"),
    ];
    proptest::collection::vec(pieces, 1..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_text_contains_stays_text(words in strange()) {
        let documents = [hostile(&words)];
        let page = html::render(&words, &documents);
        assert_well_formed(&page);
        assert_balanced(&latex::render(&words, &documents));
        let controls = |text: &str| text.chars().any(|c| c.is_control() && c != '\n');
        let readme = markdown::render(&words, &documents);
        prop_assert!(!controls(&page) && !controls(&readme));
        seen(&readme);
        // In running text, Markdown shows the very characters (blanks apart).
        let only = Document { blocks: vec![Block::Paragraph(vec![Inline::Text(words.clone())])] };
        let shown = seen(&markdown::render("t", &[only]));
        let squeezed = |text: &str| text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect::<String>();
        let wanted = squeezed(&words.replace('\0', "␀").replace('\n', "␊").replace('\u{1b}', "␛").replace('\u{202e}', "\u{fffd}"));
        prop_assert_eq!(squeezed(&shown), format!("t{wanted}"));
    }
}

#[test]
fn latex_compiles() {
    let found = Command::new("pdflatex").arg("--version").output().is_ok_and(|o| o.status.success());
    if !found {
        println!("skipped: there is no pdflatex here");
        return;
    }
    let folder = tempfile::TempDir::new().expect("a folder");
    let all = r##"\ { } $ & # % _ ~ ^ < > | " ' ` - [ ] é ß 中 😀 ₁ ² ⊗ √ \end{document} ^^M ??` --- "##;
    let mut files = some();
    files.push(("hostile", vec![hostile(all)]));
    files.push(("hostile2", vec![hostile("{}}{")]));
    for (at, (name, documents)) in files.iter().enumerate() {
        let path = folder.path().join(format!("{at}.tex"));
        std::fs::write(&path, latex::render(name, documents)).expect("writable");
        let arguments = ["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape"];
        let output =
            Command::new("pdflatex").args(arguments).arg(&path).current_dir(folder.path()).output().expect("it runs");
        let log = String::from_utf8_lossy(&output.stdout);
        let wrong: Vec<&str> = log.lines().skip_while(|l| !l.starts_with('!')).take(8).collect();
        assert!(output.status.success(), "{name}: {}", wrong.join("\n"));
    }
}

#[test]
fn golden_files_are_what_is_rendered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let write = std::env::var("NETPROVE_GOLDEN").is_ok_and(|v| v == "write");
    let text = "# What the golden reports are of.\nlet k = [1, -2, 1] / 2\nforall w: 3\n\nnetwork stack(x: 1x4) { conv(k, pad=1, bias=[1]); conv(k) }\nnetwork bend(x: 1x4) { conv(k, pad=1); relu; add(x) }\nnetwork free(x: 1x4) { conv(w, pad=1) }\n\nprove stack is affine\nprove bend is nonlinear\nprove bend != free\n";
    let documents = documents(text, "golden.net");
    let lines: Vec<String> =
        documents.iter().map(|d| text::render(d, text::Style { width: 80, color: false })).collect();
    let reports = [
        ("report.txt", lines.join("\n")),
        ("report.md", markdown::render("golden.net", &documents)),
        ("report.tex", latex::render("golden.net", &documents)),
        ("report.html", html::render("golden.net", &documents)),
    ];
    for (name, rendered) in reports {
        let path = folder.join(name);
        if write {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(&path, &rendered).expect("writable");
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        let differs = golden.lines().zip(rendered.lines()).position(|(a, b)| a != b);
        assert!(
            golden == rendered,
            "{name} differs at line {:?}; NETPROVE_GOLDEN=write writes it anew",
            differs.map(|l| l + 1)
        );
    }
}
