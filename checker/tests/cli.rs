//! The binary: exit status 0 proved, 1 rejected, 2 unreadable.

use std::path::Path;
use std::process::Command;

/// The exit status, standard output and standard error.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let output = Command::new(env!("CARGO_BIN_EXE_netprove-check"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("a status"), text(output.stdout), text(output.stderr))
}

#[test]
fn a_certificate_is_accepted() {
    let (status, output, errors) = run(&["cancel.json"]);
    assert_eq!((status, errors.as_str()), (0, ""));
    assert!(output.starts_with("proved 1: `cancels`(x) = M x + b for all x in ℚ^(1×6)"), "{output}");
    assert!(output.contains("proved 2: `bends` is not affine"), "{output}");
}

#[test]
fn another_source_and_a_changed_certificate_are_rejected() {
    let (status, output, errors) = run(&["cancel.json", "--source", "cli.rs"]);
    assert_eq!((status, output.as_str()), (1, ""));
    assert!(errors.contains("source_sha256"), "{errors}");
    let changed = std::env::temp_dir().join(format!("netprove-check-{}.json", std::process::id()));
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cancel.json")).expect("readable");
    std::fs::write(&changed, text.replacen("\"-2\"", "\"-3\"", 1)).expect("written");
    let (status, _, errors) = run(&[changed.to_str().expect("UTF-8")]);
    std::fs::remove_file(changed).expect("removed");
    assert_eq!(status, 1);
    assert!(errors.contains("the seal"), "{errors}");
}

#[test]
fn what_is_no_certificate_is_unreadable() {
    for arguments in [&["cli.rs"][..], &["missing.json"], &[], &["--help"], &["a", "b", "c", "d"]] {
        let (status, output, errors) = run(arguments);
        assert_eq!((status, output.as_str()), (2, ""), "{arguments:?}");
        assert!(errors.starts_with("error: "), "{errors}");
    }
}
