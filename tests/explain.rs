//! Every example that `netprove explain` gives is run: it is what it is said to be.

use netprove::decide::{Status, prove};
use netprove::diagnostic::{Code, Source};
use netprove::layer::catalogue;
use netprove::network::{NoImports, Program, Rejected, check};
use netprove::report::explain::{examples, explain, layers};
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
        let refuted = *name == "refuted";
        let wanted = if refuted { Status::Refuted } else { Status::Proved };
        assert!(findings.claims.iter().all(|answer| answer.status == wanted), "{name}: {text}");
        if name.contains('-') || ["supremum", "bounds", "witness", "counterexample"].contains(name) {
            let report = json::object(&findings, text.as_bytes(), 100);
            let report = serde_json::to_string(&report).expect("JSON");
            assert!(report.contains(&format!("\"method\":\"{name}\"")), "{name}: {report}");
        }
    }
}

#[test]
fn every_mistake_has_an_example_and_its_repair() {
    for (name, wrong, right) in examples::MISTAKES {
        let found = program(wrong).expect_err("a mistake").diagnostics;
        assert_eq!(found[0].code.id(), *name, "{wrong}");
        assert!(program(right).is_ok(), "{right}");
    }
    // These need more than one small file: other files, long ones, or what a later version decides.
    let without = ["file-too-large", "not-utf8", "unreadable", "invalid-file", "nested-too-deeply", "recursive-import"];
    let rest = ["network-too-large", "irrational-scale", "not-yet-supported"];
    for code in Code::ALL.iter().map(|code| code.id()) {
        let has = examples::MISTAKES.iter().any(|example| example.0 == code);
        assert!(has || without.contains(&code.as_str()) || rest.contains(&code.as_str()), "{code} has no example");
    }
}
