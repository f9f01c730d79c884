//! What `--format json` prints is what `schema/netprove-report-1.json` says.

mod common;

use std::path::Path;

use netprove::decide::prove;
use netprove::diagnostic::Source;
use netprove::network::{NoImports, check};
use netprove::report::json;
use serde_json::{Value, json};

const MEMORY: u64 = 1 << 30;

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/netprove-report-1.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("readable")).expect("JSON")
}

fn validator() -> jsonschema::Validator {
    jsonschema::draft202012::new(&schema()).expect("a schema")
}

fn report(name: &str, text: &str, memory: u64, max_entries: usize) -> Value {
    let source = Source { name: name.into(), text: text.into() };
    let program = check(source, &NoImports, MEMORY).unwrap_or_else(|r| panic!("{name}: {:?}", r.diagnostics));
    let object = json::object(&prove(&program, memory), text.as_bytes(), max_entries);
    serde_json::to_value(object).expect("JSON")
}

fn assert_valid(name: &str, report: &Value) {
    let validator = validator();
    let errors: Vec<String> = validator.iter_errors(report).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}");
}

#[test]
fn the_schema_is_one() {
    jsonschema::meta::validate(&schema()).expect("valid");
}

#[test]
fn every_example_has_a_valid_report() {
    for path in common::examples() {
        let (name, text) = (path.display().to_string(), std::fs::read_to_string(&path).expect("readable"));
        for max_entries in [0, 100_000] {
            assert_valid(&name, &report(&name, &text, MEMORY, max_entries));
        }
    }
}

/// Answers that no example gives.
#[test]
fn rarer_answers_are_valid_too() {
    let rows = [
        ("undecided", "network f(x: 2) = (x |> sigmoid) - (x |> sigmoid)\nprove f is linear"),
        ("an enclosed value", "network f(x: 2) { sigmoid }\nprove f is affine"),
        ("a domain without 0", "network f(x: 2 in [1, 3]) { bias(-2); abs }\nprove f is affine"),
        ("not linear", "network f(x: 2) { bias(1) }\nprove f is linear"),
        ("not nonlinear", "network f(x: 2) { scale(2) }\nprove f is nonlinear"),
        ("constant", "network f(x: 2) { scale(0); bias(1/3) }"),
        ("two inputs", "network f(x: 2, y: 3x4) = x |> concat(y |> flatten)"),
        ("no claims", "network f(x: 2) { identity }"),
        ("no networks", "let a = 1"),
    ];
    for (name, text) in rows {
        assert_valid(name, &report(name, text, MEMORY, 10));
    }
    let large = "network f(x: 1x32x32) { conv([[1, 2, 1], [2, 4, 2], [1, 2, 1]], pad=1) }";
    assert_valid("too large", &report("too large", large, 1 << 10, 10));
    let image = "network f(x: 1x90x80) { conv([[1, 2, 1], [2, 4, 2], [1, 2, 1]] / 16, [1], pad=1); conv(ones(3x3), stride=2) }
        network g(x: 1x90x80) { conv([[1, 2, 1], [2, 4, 2], [1, 2, 1]] / 16, [1], pad=1); conv(ones(3x3), [1], stride=2) }
        network h(x: 1x200x200) { conv(ones(3x3), pad=1); conv(ones(3x3), [2], pad=1) }
        network i(x: 1x200x200) { pad(2); conv(ones(3x3)); conv(ones(3x3), [2]) }
        prove h is a_convolution
        prove h is linear
        prove h == i
        prove f == g";
    let report_of = |text, entries| {
        let report = report("border classes", text, 1 << 30, entries);
        assert_valid("border classes", &report);
        report
    };
    let map = &report_of(image, 10)["networks"][2]["map"];
    assert_eq!(map["nonzeros"], (3 + 4 + 5 * 196 + 4 + 3) * (3 + 4 + 5 * 196 + 4 + 3));
    assert_eq!((map["matrix"].is_null(), &map["border_classes"]["products"]), (true, &json!(25)));
    let listed = "network f(x: 1x110x110) { conv(ones(3x3), pad=1); conv(ones(3x3), [2], pad=1) }";
    let map = &report_of(listed, 400_000)["networks"][0]["map"];
    assert_eq!((&map["matrix"][0], &map["bias"][0]), (&json!([0, 0, "4"]), &json!("2")));
    let segments = "network f(x: 1x32x32) { conv(ones(3x3), pad=1); relu; conv(ones(3x3), pad=1) }";
    assert_valid("segments too large", &report("segments too large", segments, 1 << 10, 10));
}

#[test]
fn damaged_reports_are_rejected() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/residual.net"));
    let report = report("residual.net", &text.expect("readable"), MEMORY, 100_000);
    assert_valid("whole", &report);
    let rows = [
        ("", "schema", json!("netprove-report/2")),
        ("", "extra", json!(1)),
        ("", "source_sha256", json!("abc")),
        ("", "claims", json!({})),
        ("/networks/0", "verdict", json!("convex")),
        ("/networks/0", "verdict", json!("nonlinear")),
        ("/networks/0", "verdict", json!("undecided")),
        ("/networks/0", "method", json!("witness")),
        ("/networks/0", "map", Value::Null),
        ("/networks/0", "output_shape", json!([1, 0, 8])),
        ("/networks/0", "output_shape", json!([])),
        ("/networks/0", "inputs", json!([])),
        ("/networks/0", "reason", json!("too large")),
        ("/networks/0/inputs/0", "domain", json!(["0"])),
        ("/networks/0/inputs/0", "domain", json!([0, 1])),
        ("/networks/0/map", "denominator", json!("-16")),
        ("/networks/0/map", "denominator", json!(16)),
        ("/networks/0/map", "bias", json!([0.5])),
        ("/networks/0/map", "bias", json!(["0.5"])),
        ("/networks/0/map", "bias", json!(["3/1"])),
        ("/networks/0/map", "bias", json!(["-0"])),
        ("/networks/0/map", "matrix", json!([[0, 0, "0"]])),
        ("/networks/0/map", "matrix", json!([[0, "1"]])),
        ("/networks/0/map", "matrix", json!([[0, 0, "1", "2"]])),
        ("/networks/0/map", "matrix", json!([[-1, 0, "1"]])),
        ("/networks/0/map", "rank", json!(1.5)),
        ("/networks/0/layers/0", "linear", json!(false)),
        ("/networks/0/layers/0", "line", json!(0)),
        ("/networks/0/layers/0", "kind", json!("Conv 2d")),
        ("/networks/1", "witness", Value::Null),
        ("/networks/1", "verdict", json!("linear")),
        ("/networks/1/witness", "f_0", json!("[0, 1")),
        ("/networks/1/witness", "output", json!("0")),
        ("/networks/1/layers/2", "rows", json!(16)),
        ("/networks/1/segments/0", "macs_before", Value::Null),
        ("/claims/0", "status", json!("true")),
        ("/claims/0", "counterexample", json!({})),
    ];
    let validator = validator();
    for (place, member, value) in rows {
        let mut damaged = report.clone();
        damaged.pointer_mut(place).expect(place)[member] = value.clone();
        assert!(!validator.is_valid(&damaged), "{place}/{member} = {value}");
    }
    // Every member is required, wherever it stands.
    for place in ["", "/networks/0", "/networks/0/map", "/networks/1/witness", "/networks/1/segments/0", "/claims/0"] {
        let members = report.pointer(place).and_then(Value::as_object).expect(place);
        for member in members.keys() {
            let mut damaged = report.clone();
            damaged.pointer_mut(place).and_then(Value::as_object_mut).expect(place).remove(member);
            assert!(!validator.is_valid(&damaged), "{place} without {member}");
        }
    }
}

#[test]
fn every_proof_rule_is_explained() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../schema/netprove-report-1.json")).expect("JSON");
    let rules = schema["$defs"]["method"]["enum"].as_array().expect("the rules");
    for rule in rules.iter().filter_map(|rule| rule.as_str()).filter(|rule| *rule != "none") {
        assert!(netprove::report::explain::explain(rule).is_ok(), "`netprove explain {rule}`");
    }
}
