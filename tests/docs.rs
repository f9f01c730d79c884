//! The layers of `docs/language.md` are those that `netprove explain` knows, in the same words.

use std::path::Path;

use netprove::layer::catalogue;
use netprove::report::explain::explain;

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
