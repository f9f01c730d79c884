//! Exports for Coq are accepted by Coq, closed under the global context, and rejected once a number
//! or a shape in them is changed. Without `coqc` on the machine nothing is run, and that is said.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use common::examples;

/// The library's files, each after those that it uses.
const LIBRARY: &[&str] =
    &["Expression", "Network", "Relate", "Rows", "Check", "Affine", "Points", "MaxPool", "Integers", "Polynomials"];

/// Examples that are too large for Coq.
const LARGE: &[&str] = &["all_cnn_c"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("coq")
}

fn coqc(file: &Path) -> Option<Output> {
    Command::new("coqc").arg("-q").arg("-R").arg(folder().join("library")).arg("Netprove").arg(file).output().ok()
}

/// Compiles the library once; `None` if there is no Coq.
fn library() -> Option<()> {
    static COMPILED: OnceLock<Option<()>> = OnceLock::new();
    *COMPILED.get_or_init(|| {
        if Command::new("coqc").arg("--version").output().is_err() {
            println!("skipped: no `coqc` on this machine (Debian's package `coq`)");
            return None;
        }
        let library = folder().join("library");
        fs::create_dir_all(&library).expect("a folder");
        for name in LIBRARY.iter().copied().chain(bignums().then_some("Big")) {
            let source = Path::new("coq").join(format!("{name}.v"));
            let file = library.join(format!("{name}.v"));
            let text = fs::read_to_string(&source).expect("a file of the library");
            assert!(!text.contains("Admitted") && !text.contains("Axiom"), "{name}");
            let unchanged = fs::read_to_string(&file).is_ok_and(|old| old == text);
            if unchanged && library.join(format!("{name}.vo")).exists() && name != "Big" {
                continue;
            }
            // Whatever is built on an older version of this file is stale.
            for entry in fs::read_dir(&library).expect("a folder").flatten() {
                if entry.path().extension().is_some_and(|e| e == "vo") && stale(&entry.path(), name) {
                    fs::remove_file(entry.path()).expect("removable");
                }
            }
            fs::write(&file, text).expect("writable");
            let output = coqc(&file)?;
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            if name == "MaxPool" || name == "Affine" {
                let printed = String::from_utf8_lossy(&output.stdout).into_owned();
                assert!(printed.contains("Closed under the global context"), "{name}: {printed}");
                assert!(!printed.contains("Axioms"), "{name}: {printed}");
            }
        }
        Some(())
    })
}

fn stale(compiled: &Path, changed: &str) -> bool {
    let place = |name: &str| LIBRARY.iter().position(|n| *n == name).unwrap_or(LIBRARY.len());
    compiled.file_stem().and_then(|n| n.to_str()).is_some_and(|name| place(name) >= place(changed))
}

/// Whether the package `libcoq-bignums` is there.
fn bignums() -> bool {
    let file = folder().join("Bignums_there.v");
    fs::create_dir_all(folder()).expect("a folder");
    fs::write(&file, "From Bignums Require Import BigZ.\n").expect("writable");
    Command::new("coqc").arg("-q").arg(&file).output().is_ok_and(|output| output.status.success())
}

/// The export of a file, and what was refused.
fn export(source: &Path, name: &str, options: &[&str]) -> (PathBuf, String) {
    let file = folder().join(format!("{name}.v"));
    let output = Command::new(env!("CARGO_BIN_EXE_netprove"))
        .args(["export", "coq"])
        .arg(source)
        .arg("--output")
        .arg(&file)
        .args(options)
        .output()
        .expect("netprove runs");
    let refused = String::from_utf8_lossy(&output.stderr).into_owned();
    let expected = if refused.is_empty() { 0 } else { 3 };
    assert_eq!(output.status.code(), Some(expected), "{name}: {refused}");
    (file, refused)
}

/// A unique name of an example's export: `gallery_repvgg`.
fn name_of(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    format!("{folder}_{}", path.file_stem().unwrap_or_default().to_string_lossy())
}

#[test]
fn every_small_example_is_a_theorem_of_coq() {
    if library().is_none() {
        return;
    }
    for path in examples() {
        let name = name_of(&path);
        if LARGE.iter().any(|large| name.ends_with(large)) {
            continue;
        }
        let (file, refused) = export(&path, &name, &[]);
        // What is refused is written down in the file, too.
        assert_eq!(
            fs::read_to_string(&file).expect("written").matches("is not exported:").count(),
            refused.lines().count()
        );
        let output = coqc(&file).expect("coqc runs");
        let (printed, mistakes) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{name}: {mistakes}");
        assert_eq!(printed.trim(), "Closed under the global context", "{name}");
    }
}

/// What is changed in the export of the example below, from what to what; each change makes some
/// statement false, or its shapes inconsistent.
const MUTANTS: &[(&str, &str)] = &[
    // A weight, a denominator, an entry of the matrix, a column.
    ("Definition n4 := 4.", "Definition n4 := 5."),
    ("(Tensor [1] [n0]) 16 1", "(Tensor [1] [n0]) 17 1"),
    ("Matrix integers 16", "Matrix integers 15"),
    ("(p0, m", "(p1, m"),
    // The geometry.
    ("[Axis 3 1 1 1 1;", "[Axis 3 2 1 1 1;"),
    ("[Axis 3 1 1 1 1;", "[Axis 3 1 2 1 1;"),
    ("[Axis 3 1 1 1 1;", "[Axis 3 1 1 0 2;"),
    ("[Axis 3 1 1 1 1;", "[Axis 3 1 1 2 1;"),
    ("[Axis 3 1 1 1 1;", "[Axis 2 1 1 1 1;"),
    ("Zeros", "Circular"),
    ("Zeros", "Valid"),
    ("(Tensor [1] [n0]) 16 1 Zeros", "(Tensor [1] [n0]) 16 2 Zeros"),
    // Shapes: of the input, of a kernel, of a node, of the theorem.
    ("Network [([1; 8; 8]", "Network [([1; 8; 9]"),
    ("Network [([1; 8; 8]", "Network [([1; 64]"),
    ("(Tensor [1; 1; 3; 3]", "(Tensor [1; 1; 3; 4]"),
    ("[0]%nat [1; 8; 8]", "[0]%nat [1; 4; 16]"),
    ("network_residual [1; 8; 8] matrix", "network_residual [1; 64] matrix"),
    // An edge of the graph, a missing entry, a row too many.
    ("(Add) [2; 0]%nat", "(Add) [2; 1]%nat"),
    ("(Add) [2; 0]%nat", "(Add) [2; 7]%nat"),
    ("[n1; n2; n1;", "[n2; n1;"),
    ("Matrix integers 16 [\n", "Matrix integers 16 [(n0, []);\n"),
    // The witness: an output that is not there, a coordinate.
    ("(Z.to_nat 0)", "(Z.to_nat 400)"),
    ("[(Tensor [1; 4; 4] [n1; ", "[(Tensor [1; 4; 4] [n0; "),
];

#[test]
fn a_changed_number_or_shape_is_rejected() {
    if library().is_none() {
        return;
    }
    let (file, _) = export(Path::new("examples/residual.net"), "original", &[]);
    let original = fs::read_to_string(&file).expect("written");
    for (index, (from, to)) in MUTANTS.iter().enumerate() {
        let mutant = original.replacen(from, to, 1);
        assert_ne!(mutant, original, "{from} occurs");
        let file = folder().join(format!("mutant_{index}.v"));
        fs::write(&file, mutant).expect("writable");
        let output = coqc(&file).expect("coqc runs");
        assert!(!output.status.success(), "{from} -> {to} is still accepted");
        let reason = String::from_utf8_lossy(&output.stderr);
        assert!(reason.contains("\"true = true\""), "{from} -> {to} is rejected because a check fails: {reason}");
    }
}

/// Needs no Coq: what cannot be stated is said in words, and the rest is written.
#[test]
fn what_is_not_exported_is_refused_in_words() {
    fs::create_dir_all(folder()).expect("a folder");
    let (file, refused) = export(Path::new("examples/cancel.net"), "refused", &[]);
    assert!(refused.contains("network `cancels` is not exported: its proof is a normal form"), "{refused}");
    let text = fs::read_to_string(file).expect("written");
    assert!(text.contains("network `cancels` is not exported"), "{text}");
    assert!(!text.contains("network_cancels"), "nothing of it is left: {text}");
}

/// Big integers assume what is specified of primitive integers, and nothing else.
#[test]
fn words_assume_primitive_integers_only() {
    if library().is_none() || !bignums() {
        println!("skipped: needs Debian's packages `coq` and `libcoq-bignums`");
        return;
    }
    let (file, _) = export(Path::new("examples/residual.net"), "words", &["--arithmetic", "words"]);
    let output = coqc(&file).expect("coqc runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = printed.lines().skip(1).filter(|line| line.starts_with(|c: char| c.is_alphabetic()));
    let names: Vec<&str> = names.map(|line| line.split([' ', ':']).next().unwrap_or(line)).collect();
    assert!(!names.is_empty(), "{printed}");
    for name in names {
        assert!(name.starts_with("Uint63.") || name.starts_with("PrimInt63."), "{name}");
    }
}
