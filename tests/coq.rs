//! Exports for Coq are accepted by Coq, closed under the global context, and rejected once a number
//! or a shape in them is changed. Without `coqc` on the machine nothing is run, and that is said.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use common::examples;

/// The library's files, each after those that it uses.
const LIBRARY: &[&str] = &[
    "Expression",
    "Network",
    "Relate",
    "Rows",
    "Kinks",
    "Germs",
    "Cases",
    "Domains",
    "Check",
    "Affine",
    "Points",
    "MaxPool",
    "Integers",
    "Polynomials",
];

/// Networks with kinks: those that cancel, that the domain decides, and that need cases; tolerances; convolutions.
const KINKS: &str = "tests/coq/kinks.net";

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

/// Compiles an export, and sees that it assumes nothing.
fn accepted(source: &Path) {
    let name = name_of(source);
    let (file, refused) = export(source, &name, &[]);
    // What is refused is written down in the file, too.
    let text = fs::read_to_string(&file).expect("written");
    assert_eq!(text.matches("is not exported:").count(), refused.lines().count());
    let output = coqc(&file).expect("coqc runs");
    let (printed, mistakes) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name}: {mistakes}");
    assert_eq!(printed.trim(), "Closed under the global context", "{name}");
}

#[test]
fn every_small_example_is_a_theorem_of_coq() {
    if library().is_none() {
        return;
    }
    let large = |path: &Path| LARGE.iter().any(|large| name_of(path).ends_with(large));
    let files: Vec<PathBuf> = examples().into_iter().filter(|path| !large(path)).collect();
    // Two at a time.
    std::thread::scope(|scope| {
        for half in files.chunks(files.len().div_ceil(2)) {
            scope.spawn(|| half.iter().for_each(|path| accepted(path)));
        }
    });
}

#[test]
fn kinks_cases_tolerances_and_convolutions_are_theorems_of_coq() {
    if library().is_none() {
        return;
    }
    accepted(Path::new("tests/coq/random.net"));
    accepted(Path::new(KINKS));
    let text = fs::read_to_string(folder().join("coq_kinks.v")).expect("written");
    for part in [
        "Definition atoms_thirds",
        "Definition cases_three : tree integers := (Split",
        "Theorem domain_clipped : inhabited integers network_clipped.",
        "Theorem claim_3 : equal integers claim_3_left claim_3_right.",
        "Theorem claim_4 : close integers claim_4_left claim_4_right (fraction integers (n1, 3000%positive)).",
        "Theorem claim_5 : apart integers claim_5_left claim_5_right (fraction integers (n1, 3001%positive)).",
        "Theorem claim_7 : equal integers network_twice claim_7_convolution.",
        "Theorem claim_9 : equal integers network_straight claim_9_convolution.",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(text.contains("(Empty integers ["), "some region has no points inside");
}

/// Every theorem and lemma of the library, by its sources.
#[test]
fn the_library_assumes_nothing() {
    if library().is_none() {
        return;
    }
    let mut names = Vec::new();
    for file in LIBRARY {
        let text = fs::read_to_string(Path::new("coq").join(format!("{file}.v"))).expect("a file of the library");
        let stated = text.lines().filter_map(|line| {
            let line = line.trim_start().strip_prefix("#[export] ").unwrap_or(line.trim_start());
            let (word, rest) = line.split_once(' ')?;
            ["Theorem", "Lemma", "Corollary"]
                .contains(&word)
                .then(|| rest.split([' ', ':', '{']).next().unwrap_or(rest))
        });
        names.extend(stated.map(|name| format!("@{file}.{name}")));
    }
    assert!(names.len() > 150, "{}", names.len());
    let text = format!(
        "From Netprove Require {}.\nDefinition everything := ({}, I).\nPrint Assumptions everything.\n",
        LIBRARY.join(" "),
        names.join(", ")
    );
    let file = folder().join("everything.v");
    fs::write(&file, text).expect("writable");
    let output = coqc(&file).expect("coqc runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "Closed under the global context");
}

/// The text of `Definition NAME : TYPE := TEXT.` without comments.
fn definition(export: &str, name: &str) -> String {
    let start = export.find(&format!("Definition {name} :")).unwrap_or_else(|| panic!("{name} is defined"));
    let rest = &export[start..];
    let (start, end) = (rest.find(":=").expect("a body") + 2, rest.find(".\n\n").expect("an end"));
    let mut text = String::new();
    for part in rest[start..end].split("(*") {
        text.push_str(part.split_once("*)").map_or(part, |(_, after)| after));
    }
    text
}

/// The text with one number changed at a time, and what stands before each change.
fn by_one_number(text: &str) -> Vec<(String, String)> {
    let bytes = text.as_bytes();
    let mut mutants = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
            at += 1;
        }
        let word = &text[start..at];
        at += usize::from(start == at);
        // 12, and the names p12, n12 and m12, of 12, 12 and -12.
        let digits = word.trim_start_matches(['p', 'n', 'm']);
        let Ok(number) = digits.parse::<i64>() else { continue };
        if word.len() - digits.len() > 1 {
            continue;
        }
        let number = if word.starts_with('m') { -number } else { number };
        let before: String = text[..start].split_whitespace().last().unwrap_or_default().into();
        mutants
            .push((format!("{}({}){}", &text[..start], number + 1, &text[start + word.len()..]), before + " " + word));
    }
    mutants
}

/// Every number of some networks, of their maps and shapes is changed, one at a time. The check must say
/// no, but where the change changes nothing: these are counted, each with its reason.
#[test]
fn every_number_matters() {
    if library().is_none() {
        return;
    }
    // The network, every how many mutants one is tried, and how many are true.
    let networks = [
        // Slope 0 is 0/1 and 0/2.
        ("thirds", 1, 2),
        // The same, and that the first value is taken from itself.
        ("leaky", 1, 2),
        // As before; and relu6(x) + relu(x - 6) - relu(x), with any two of them exchanged.
        ("sixes", 1, 3),
        // Slopes below 0 where nothing is; |x| read where |x| was meant.
        ("layers", 1, 6),
        ("three", 1, 4),
        ("nested", 1, 3),
        ("straight", 7, 0),
    ];
    let (file, _) = export(Path::new(KINKS), "numbers", &[]);
    let original = fs::read_to_string(&file).expect("written");
    let head =
        &original[..original.find("(* claim").or_else(|| original.find("Theorem claim")).unwrap_or(original.len())];
    let head = &head[..head.rfind("Qed.").expect("a proof") + 4];
    let mut text = head.to_string();
    let mut tried: Vec<(usize, Vec<String>)> = Vec::new();
    for (name, every, _) in networks {
        let (network, matrix) =
            (definition(&original, &format!("network_{name}")), definition(&original, &format!("matrix_{name}")));
        let theorem = original
            .split_once(&format!("Theorem theorem_{name} : equals_affine integers network_{name} "))
            .expect("a theorem")
            .1;
        let (shape, proof) = theorem.split_once(&format!(" matrix_{name}.")).expect("a statement");
        let proof = proof.split_once("affine_sound integers _ ").expect("a proof").1;
        let evidence = &proof[..proof.find("). vm_cast").expect("a check")];
        let mut checks = Vec::new();
        for (mutant, what) in by_one_number(&network) {
            checks.push((
                format!("check_affine integers (({mutant}) : network Z) {evidence} {shape} matrix_{name}"),
                what,
            ));
        }
        for (mutant, what) in by_one_number(&matrix) {
            checks.push((format!("check_affine integers network_{name} {evidence} {shape} ({mutant})"), what));
        }
        for (mutant, what) in by_one_number(shape) {
            checks.push((format!("check_affine integers network_{name} {evidence} ({mutant}) matrix_{name}"), what));
        }
        let (checks, whats): (Vec<String>, Vec<String>) = checks.into_iter().step_by(every).unzip();
        text.push_str(&format!("\nEval vm_compute in [{}].\n", checks.join(";\n")));
        tried.push((checks.len(), whats));
    }
    let file = folder().join("numbers_changed.v");
    fs::write(&file, text).expect("writable");
    let output = coqc(&file).expect("coqc runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let answers: Vec<Vec<bool>> = printed
        .split(": list bool")
        .map(|list| {
            let words = list.split(|c: char| !c.is_alphabetic());
            words.filter(|w| ["true", "false"].contains(w)).map(|w| w == "true").collect()
        })
        .collect();
    let mut all = 0;
    for (((name, _, expected), (count, whats)), answers) in networks.iter().zip(&tried).zip(&answers) {
        assert_eq!(answers.len(), *count, "{name}");
        let true_still: Vec<&String> =
            answers.iter().zip(whats).filter(|(yes, _)| **yes).map(|(_, what)| what).collect();
        assert_eq!(true_still.len(), *expected, "{name}: {true_still:?}");
        all += count;
    }
    println!("{all} numbers changed");
    assert!(all > 200, "{all}");
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
    let source = folder().join("refused.net");
    let text = "network line(x: 2) { scale(2) }\nnetwork curve(x: 2) { a = x |> tanh; b = x |> tanh; output a - b + x }\nprove line is injective\n";
    fs::write(&source, text).expect("writable");
    let (file, refused) = export(&source, "refused", &[]);
    assert!(refused.contains("network `curve` is not exported: it has a smooth layer"), "{refused}");
    assert!(refused.contains("`line is injective`, is not exported: this property is not stated here"), "{refused}");
    let text = fs::read_to_string(file).expect("written");
    assert!(text.contains("network `curve` is not exported"), "{text}");
    assert!(!text.contains("network_curve"), "nothing of it is left: {text}");
    assert!(text.contains("Theorem theorem_line"), "{text}");
}

/// Needs no Coq: past the sizes that Coq goes through, a weaker theorem is written, and that is said.
#[test]
fn large_maps_are_only_said_to_exist() {
    fs::create_dir_all(folder()).expect("a folder");
    let source = folder().join("wide.net");
    let text = "network wide(x: 380) { dense(random(380x380, seed=1)) }\n";
    fs::write(&source, text).expect("writable");
    let file = folder().join("wide.v");
    let output = Command::new(env!("CARGO_BIN_EXE_netprove"))
        .args(["export", "coq"])
        .arg(&source)
        .arg("--output")
        .arg(&file)
        .output()
        .expect("netprove runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("note: network `wide`: M"), "{said}");
    let text = fs::read_to_string(&file).expect("written");
    assert!(text.contains("only that it exists is stated"), "it is said in the file");
    assert!(!text.contains("equals_affine"), "M is not stated");
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
