//! Every example that `netprove explain` gives is run: it is what it is said to be.

use netprove::decide::{Status, prove};
use netprove::diagnostic::{Code, Source};
use netprove::layer::catalogue;
use netprove::network::{NoImports, Program, Rejected, check};
use netprove::report::explain::{WORDS, examples, explain, layers, rewrites};
use netprove::report::json;

fn program(text: &str) -> Result<Program, Rejected> {
    check(Source { name: "example.net".into(), text: text.into() }, &NoImports, 1 << 30)
}

#[test]
fn every_layer_has_an_example_that_holds() {
    for signature in catalogue::all() {
        let example = layers::find(signature.name).unwrap_or_else(|| panic!("{} has no example", signature.name));
        let text = example.program();
        let program = program(&text).unwrap_or_else(|r| panic!("{text}{:?}", r.diagnostics));
        let findings = prove(&program, 1 << 30);
        assert_eq!(findings.claims[0].status, Status::Proved, "{text}");
        assert_eq!(program.networks[0].output_shape().to_string(), example.shapes.1, "{text}");
        let kinds = program.networks[0].nodes.iter().filter_map(|n| n.layer.as_ref()).map(|l| l.function().kind());
        assert!(kinds.collect::<Vec<_>>().contains(&signature.name), "{text}");
    }
}

#[test]
fn every_word_and_rule_has_an_example_that_shows_it() {
    for (name, text) in examples::WORDS {
        assert!(explain(name).expect("an explanation").contains(text.lines().next().expect("a line")), "{name}");
        let program = program(text).unwrap_or_else(|r| panic!("{text}: {:?}", r.diagnostics));
        let findings = prove(&program, 1 << 30);
        let answers: Vec<Status> = findings.claims.iter().map(|answer| answer.status).collect();
        let wanted = match *name {
            "undecided" => vec![Status::Undecided],
            "refuted" | "points" | "bounded-image" | "rank-by-regions" => vec![Status::Refuted],
            _ => vec![Status::Proved; answers.len()],
        };
        assert_eq!(answers, wanted, "{name}: {text}");
        let rule = explain(name).expect("an explanation").contains("Proof rule: ");
        if rule {
            let report = json::object(&findings, text.as_bytes(), 100);
            let report = serde_json::to_string(&report).expect("JSON");
            assert!(report.contains(&format!("\"method\":\"{name}\"")), "{name}: {report}");
        }
    }
    for (name, _) in WORDS {
        assert!(examples::WORDS.iter().any(|example| example.0 == *name), "{name} has no example");
    }
}

#[test]
fn every_rewrite_has_an_example_that_it_proves() {
    let listed = explain("rules").expect("a list");
    for rewrite in rewrites::REWRITES {
        let (name, text) = (rewrite.name, rewrite.example);
        assert!(listed.contains(name) && explain(name).expect("an explanation").contains(rewrite.proof), "{name}");
        let program = program(text).unwrap_or_else(|r| panic!("{text}: {:?}", r.diagnostics));
        let findings = prove(&program, 1 << 30);
        let report = json::object(&findings, text.as_bytes(), 100);
        let report = serde_json::to_string(&report).expect("JSON");
        assert_eq!(findings.claims[0].status, Status::Proved, "{name}: {text}");
        assert!(report.contains("\"method\":\"equal-normal-forms\""), "{name}: {report}");
    }
}

#[test]
fn every_mistake_has_an_example_and_its_repair() {
    for (name, wrong, right) in examples::MISTAKES {
        let found = program(wrong).expect_err("a mistake").diagnostics;
        assert_eq!(found[0].code.id(), *name, "{wrong}");
        assert!(program(right).is_ok(), "{right}");
    }
    for code in Code::ALL.iter().map(|code| code.id()) {
        let file = examples::MISTAKES.iter().any(|example| example.0 == code);
        assert!(file || examples::COMMANDS.iter().any(|example| example.0 == code), "{code} has no example");
    }
}

#[cfg(unix)]
#[test]
fn every_command_makes_its_mistake() {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_netprove"));
    let folder = program.parent().expect("a folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(places).expect("a path");
    for (name, command) in examples::COMMANDS {
        let here = tempfile::TempDir::new().expect("a folder");
        let mut shell = std::process::Command::new("sh");
        let output = shell.args(["-c", command]).env("PATH", &path).current_dir(here.path()).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(&format!("error[{name}]")), "{command}: {said}");
        assert!(explain(name).expect("an explanation").contains(command), "{name}");
    }
}
