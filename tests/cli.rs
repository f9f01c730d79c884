//! The command line as a user meets it: transcripts, and what transcripts cannot show.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

fn netprove(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netprove"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).stdin(Stdio::null());
    command
}

fn output(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, bytes).expect("writable");
    }
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
    let entries = std::fs::read_dir(folder).expect("a folder").map(name);
    let mut names: Vec<String> = entries.map(|n| n.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn transcripts() {
    trycmd::TestCases::new()
        .env("NO_COLOR", "1")
        .case("README.md")
        .case("docs/tour.md")
        .case("tests/cli/*.trycmd")
        .case("tests/cli/*.toml");
}

#[test]
fn wrong_usage_prints_nothing_on_standard_output() {
    let rows: &[&[&str]] = &[
        &[],
        &["-q"],
        &["--format", "json"],
        &["--nonsense"],
        &["-q", "-v", "examples/relu.net"],
        &["--format", "pdf", "examples/relu.net"],
        &["--memory", "0", "examples/relu.net"],
        &["--memory", "8X", "examples/relu.net"],
        &["--memory", "99999999999G", "examples/relu.net"],
        &["--max-entries", "-1", "examples/relu.net"],
        &["collapse"],
        &["collapse", "examples/relu.net"],
        &["fmt"],
        &["explain"],
        &["explain", "conv", "dense"],
        &["completions"],
        &["completions", "csh"],
    ];
    for arguments in rows {
        let (code, stdout, stderr) = output(&mut netprove(arguments));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(stderr.contains("Usage:") || stderr.contains("--help"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn what_helps_is_printed_on_standard_output() {
    let rows: &[(&[&str], &str)] = &[
        (&["--help"], "Usage: netprove"),
        (&["collapse", "--help"], "--output"),
        (&["--version"], env!("CARGO_PKG_VERSION")),
        (&["man"], ".TH netprove"),
        (&["completions", "bash"], "netprove"),
        (&["completions", "zsh"], "netprove"),
        (&["completions", "fish"], "netprove"),
        (&["completions", "elvish"], "netprove"),
        (&["completions", "powershell"], "netprove"),
        (&["explain", "layers"], "conv_transpose"),
    ];
    for (arguments, part) in rows {
        let (code, stdout, stderr) = output(&mut netprove(arguments));
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(stdout.contains(part), "{arguments:?}: {stdout}");
    }
}

/// Every error and every proof rule that can be printed can be asked about.
#[test]
fn everything_has_an_explanation() {
    let codes = netprove::diagnostic::Code::ALL.iter().map(|code| code.id());
    let rules = ["toeplitz-composition", "affine-layers", "normal-form", "witness", "proved", "refuted", "undecided"];
    for name in codes.chain(rules.map(String::from)) {
        assert!(netprove::report::explain::explain(&name).is_ok(), "{name}");
    }
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let rows: &[&[&str]] = &[
        &["examples/bias.net", "examples/residual.net", "examples/stack.net"],
        &["--format", "json", "examples/stride.net"],
        &["explain", "layers"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
    ];
    for arguments in rows {
        let mut command = netprove(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        // Closed before a byte is written, so that every write fails.
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("UTF-8");
        assert_eq!((child.wait().expect("it ends").code(), stderr.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn files_and_pipes_get_no_escapes() {
    let rows: &[&[&str]] = &[&["examples/relu.net"], &["examples/wrong/mistakes.net"], &["--help"], &["--nonsense"]];
    for arguments in rows {
        for no_color in [true, false] {
            let mut command = netprove(arguments);
            command.env_remove("NO_COLOR").env("TERM", "xterm-256color").env("COLORTERM", "truecolor");
            if no_color {
                command.env("NO_COLOR", "1");
            }
            let (_, stdout, stderr) = output(&mut command);
            assert!(!stdout.contains('\u{1b}') && !stderr.contains('\u{1b}'), "{arguments:?}: {stdout}{stderr}");
        }
    }
}

#[test]
fn output_is_written_whole_or_not_at_all() {
    let folder = folder(&[("old.json", b"old"), ("taken/inside.txt", b"here")]);
    let at = |name: &str| folder.path().join(name).display().to_string();
    let rows = [
        ("new.json", Some(0)),
        ("old.json", Some(0)),
        ("missing/new.json", Some(2)),
        ("taken", Some(2)),
        ("old.json/new.json", Some(2)),
    ];
    for (name, expected) in rows {
        let path = at(name);
        let (code, stdout, stderr) =
            output(&mut netprove(&["--format", "json", "examples/mlp.net", "--output", &path]));
        assert_eq!((code, stdout.as_str()), (expected, ""), "{name}");
        assert_eq!(expected == Some(2), stderr.contains(&path), "{name}: {stderr}");
    }
    assert_eq!(names(folder.path()), ["new.json", "old.json", "taken"]);
    assert_eq!(names(&folder.path().join("taken")), ["inside.txt"]);
    for name in ["new.json", "old.json"] {
        let text = std::fs::read_to_string(at(name)).expect("readable");
        assert!(text.starts_with("{\"schema\"") && text.ends_with("}\n"), "{name}");
    }
    // A file that is wrong leaves what is there alone.
    let (code, ..) = output(&mut netprove(&["examples/wrong/mistakes.net", "examples/mlp.net", "-o", &at("new.json")]));
    assert_eq!(code, Some(2));
    assert!(std::fs::read_to_string(at("new.json")).expect("readable").starts_with("{\"schema\""));
}

/// A link stays a link, and a device a device.
#[cfg(unix)]
#[test]
fn links_and_devices_are_written_through() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    let folder = folder(&[("real.json", b"old")]);
    let link = folder.path().join("link.json");
    symlink("real.json", &link).expect("a link");
    let arguments = ["--format", "json", "examples/mlp.net", "--output"];
    assert_eq!(output(netprove(&arguments).arg(&link)).0, Some(0));
    assert!(link.symlink_metadata().expect("there").file_type().is_symlink());
    assert!(std::fs::read_to_string(folder.path().join("real.json")).expect("readable").starts_with('{'));
    assert_eq!(output(netprove(&arguments).arg("/dev/null")).0, Some(0));
    assert!(std::fs::metadata("/dev/null").expect("there").file_type().is_char_device());
}

/// What no one means to give netprove: the exit code, what is said, and soon.
#[test]
fn strange_files_are_explained_soon() {
    let brackets = [b"let a = ".as_slice(), &vec![b'['; 100_000], &vec![b']'; 100_000]].concat();
    let parentheses = [b"let a = ".as_slice(), &vec![b'('; 100_000]].concat();
    let calls = format!("network f(x: 1) = {}x{}", "f(".repeat(100_000), ")".repeat(100_000));
    let long_line = format!("network f(x: 1) {{ {} }}", "relu; ".repeat(100_000));
    let rows: &[(&str, &[u8], Option<i32>, &str)] = &[
        ("empty.net", b"", Some(0), ""),
        ("blank.net", b"\n\n \t\r\n# nothing", Some(0), ""),
        ("bom.net", "\u{feff}network f(x: 1) { scale(2) }".as_bytes(), Some(0), ""),
        ("crlf.net", b"network f(x: 1) {\r\n    scale(2)\r\n}\r\n", Some(0), ""),
        ("latin1.net", b"# caf\xe9\nlet a = 1", Some(2), "error[not-utf8]"),
        ("nul.net", b"let a = \0", Some(2), "error[syntax]"),
        ("escape.net", b"let a = \x1b[31m", Some(2), "error[syntax]"),
        ("brackets.net", &brackets, Some(2), "error[nested-too-deeply]"),
        ("parentheses.net", &parentheses, Some(2), "error[nested-too-deeply]"),
        ("calls.net", calls.as_bytes(), Some(2), "error[nested-too-deeply]"),
        ("layers.net", long_line.as_bytes(), Some(2), "error[network-too-large]"),
        ("itself.net", b"network f(x: 1) = f(x)", Some(2), "error[recursive-network]"),
        ("pair.net", b"network f(x: 1) = g(x)\nnetwork g(x: 1) = f(x)", Some(2), "error[recursive-network]"),
        ("circle.net", b"import \"sub/circle.net\"", Some(2), "error[recursive-import]"),
        ("sub/circle.net", b"import \"../circle.net\"", Some(2), "error[recursive-import]"),
        ("self.net", b"import \"./self.net\"", Some(2), "error[recursive-import]"),
        ("lost.net", b"import \"sub/lost.net\"", Some(2), "error[unreadable]"),
        ("folder.net", b"import \"sub.net\"", Some(2), "error[unreadable]"),
        ("sub.net/inside.net", b"import \"../good.net\"\nprove good is linear", Some(0), ""),
        ("good.net", b"import \"sub.net/k.net\"\nnetwork good(x: 2) = k * x", Some(0), ""),
        ("sub.net/k.net", b"let k = 2", Some(0), ""),
        ("twice.net", b"import \"good.net\"\nimport \"./good.net\"\nimport \"sub.net/k.net\"", Some(0), ""),
    ];
    let files: Vec<(&str, &[u8])> = rows.iter().map(|row| (row.0, row.1)).collect();
    let folder = folder(&files);
    for (name, _, expected, part) in rows {
        let start = Instant::now();
        let path = folder.path().join(name).display().to_string();
        let (code, stdout, stderr) = output(&mut netprove(&[&path]));
        assert_eq!(code, *expected, "{name}: {stderr}");
        assert!(stderr.contains(part) && stderr.len() < 10_000, "{name}: {stderr:.2000}");
        assert!(!stderr.contains('\u{1b}') && !stderr.contains("panicked"), "{name}: {stderr:.2000}");
        assert!(*expected == Some(0) || stdout.is_empty(), "{name}");
        assert!(start.elapsed() < Duration::from_secs(20), "{name}: {:?}", start.elapsed());
    }
}

#[test]
fn a_huge_file_is_refused_without_being_read() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("huge.net");
    let mut file = std::fs::File::create(&path).expect("a file");
    let block: Vec<u8> = (0..1 << 20_u32).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    (0..100).for_each(|_| file.write_all(&block).expect("room"));
    for arguments in [vec![], vec!["fmt"], vec!["fmt", "--check"]] {
        let start = Instant::now();
        let (code, stdout, stderr) = output(netprove(&arguments).arg(&path));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(stderr.contains("error[file-too-large]") && stderr.len() < 2000, "{stderr:.2000}");
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
    assert_eq!(std::fs::metadata(&path).expect("there").len(), 100 << 20);
}
