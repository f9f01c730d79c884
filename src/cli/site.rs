//! Reports of several files in a directory: a page a file, and an index that leads to them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use netprove::algebra::Budget;
use netprove::decide::prove;
use netprove::report::{self, html};

use super::{Exit, Format, Report, files, prove as main_job};

/// The directory that an HTML report goes to: it is one, or its name ends as one's does.
pub fn folder(options: &Report) -> Option<&Path> {
    let path = options.output.as_deref()?;
    let named = path.to_string_lossy().ends_with(std::path::MAIN_SEPARATOR);
    (options.format == Some(Format::Html) && (named || path.is_dir())).then_some(path)
}

/// Proves every file and writes the pages; if a file is wrong, nothing is written.
pub fn run(paths: &[PathBuf], folder: &Path, options: &Report, budget: Budget) -> u8 {
    let mut worst = Exit::Proved;
    let (mut pages, mut entries) = (Vec::new(), Vec::new());
    let mut taken = BTreeSet::from(["index".to_string()]);
    for path in paths {
        let (program, _) = match files::load(path, budget.memory) {
            Ok(loaded) => loaded,
            Err(exit) => {
                worst = worst.max(exit);
                continue;
            }
        };
        let findings = prove(&program, budget);
        let (title, page) = (main_job::shown(path), page_name(path, &mut taken));
        let documents = report::documents(&findings, main_job::detail(options));
        pages.push((folder.join(&page), html::render(&title, &documents)));
        entries.push(html::Entry::of(&findings, &title, &page));
        worst = worst.max(main_job::exit_of(&findings));
    }
    if worst == Exit::Wrong {
        return worst.into();
    }
    // The index is written last, so that whatever it leads to is there.
    pages.push((folder.join("index.html"), html::index("Networks and claims", &entries)));
    if let Err(error) = std::fs::create_dir_all(folder) {
        return files::fail(&format!("{}: {error}", folder.display()));
    }
    for (path, page) in &pages {
        if let Err(error) = files::write(path, page.as_bytes()) {
            return files::fail(&format!("{}: {error}", path.display()));
        }
    }
    worst.into()
}

/// A page's name after the file's, in characters that links need not escape; no two are the same.
fn page_name(path: &Path, taken: &mut BTreeSet<String>) -> String {
    let stem = path.file_stem().map_or("-".into(), |stem| stem.to_string_lossy().to_lowercase());
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let stem: String = stem.chars().map(plain).collect();
    let mut names = std::iter::once(stem.clone()).chain((2..).map(|n| format!("{stem}-{n}")));
    let name = names.find(|name| !taken.contains(name)).unwrap_or(stem);
    taken.insert(name.clone());
    format!("{name}.html")
}
