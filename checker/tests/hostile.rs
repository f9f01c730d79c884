//! Certificates that ask for too much: few bytes, many steps. Each is refused in words before it costs much.

use netprove_check::{LIMIT, Rejection, check};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn sealed(body: &str) -> Vec<u8> {
    let body = format!("{},", body.strip_suffix('}').expect("an object"));
    let seal: String = Sha256::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{body}\"sha256\":\"{seal}\"}}").into_bytes()
}

/// A certificate of one network with one theorem.
fn certificate(input: &Value, layers: &Value, statement: &Value, evidence: &Value) -> Value {
    let output = layers.as_array().map_or(0, Vec::len);
    json!({
        "format": "netprove-certificate/1", "file": "hostile", "netprove": "0", "source_sha256": "", "symbols": [],
        "networks": [{"name": "f", "inputs": [{"name": "x", "shape": input, "domain": null}], "layers": layers, "output": output}],
        "theorems": [{"note": "", "statement": statement, "evidence": evidence}],
    })
}

fn layer(operand: usize, shape: &Value, layer: &Value) -> Value {
    json!({"name": "l", "operands": [operand], "shape": shape, "layer": layer})
}

fn refused(what: &str, certificate: &Value, limit: u64, because: &str) {
    let result = check(&sealed(&certificate.to_string()), limit);
    let why = result.expect_err(what).to_string();
    assert!(why.contains(because), "{what}: {why}");
}

fn affine() -> Value {
    json!({"kind": "affine", "network": 0})
}

fn structure() -> Value {
    json!({"kind": "structure"})
}

#[test]
fn shapes_that_no_machine_holds() {
    let huge = [
        json!([1u64 << 27]),
        json!([1 << 14, 1 << 14]),
        json!([u64::MAX]),
        json!([0]),
        json!([]),
        json!([1, 1, 1, 1, 1, 1, 1, 1, 1]),
    ];
    for shape in huge {
        let all = certificate(&shape, &json!([]), &affine(), &structure());
        assert!(check(&sealed(&all.to_string()), LIMIT).is_err(), "{shape}");
    }
    let one = json!([1, 4]);
    let window = |size: u64, stride: u64, dilation: u64, before: u64, after: u64| json!({"size": [size], "stride": [stride], "dilation": [dilation], "before": [before], "after": [after]});
    let windows = [
        (window(1 << 25, 1, 1, 1 << 25, 0), 5),
        (window(1 << 26, 1, 1, 1 << 26, 1 << 26), 67_108_869),
        (window(1 << 40, 1, 1, 0, 0), 4),
        (window(1, 1, 1, 1 << 26, 0), 67_108_868),
        (window(0, 1, 1, 0, 0), 4),
        (window(1, 0, 1, 0, 0), 4),
    ];
    for (window, output) in windows {
        let pool = json!({"kind": "sum_pool", "window": window, "divisor": "one"});
        let all = certificate(&one, &json!([layer(0, &json!([1, output]), &pool)]), &affine(), &structure());
        assert!(check(&sealed(&all.to_string()), LIMIT).is_err(), "{window}");
    }
    // Tables of many reads, layer after layer.
    let wide = json!([1, 4096]);
    let window = window(4096, 1, 1, 4095, 4095);
    let longer = json!([1, 4096 + 4095]);
    let conv = |extent: &Value| {
        let crop = json!({"kind": "slice", "start": [0, 0], "step": [1, 1]});
        (json!({"kind": "sum_pool", "window": window, "divisor": "one"}), longer.clone(), crop, extent.clone())
    };
    let mut layers = Vec::new();
    for _ in 0..20 {
        let (pool, shape, crop, cropped) = conv(&wide);
        layers.push(layer(layers.len(), &shape, &pool));
        layers.push(layer(layers.len(), &cropped, &crop));
    }
    let all = certificate(&wide, &json!(layers), &affine(), &structure());
    assert!(check(&sealed(&all.to_string()), LIMIT).is_err(), "tables of many reads");
    let evidence = json!({"kind": "homogeneity", "x": ["0"], "factor": "0", "output": 0, "symbols": []});
    let large = certificate(&json!([1 << 22]), &json!([]), &json!({"kind": "not_linear", "network": 0}), &evidence);
    refused("a large input", &large, LIMIT, "too large to check");
    let up = json!({"kind": "upsample", "factor": [1 << 20], "bilinear": true});
    let all = certificate(&one, &json!([layer(0, &json!([1, 4 << 20]), &up)]), &affine(), &structure());
    refused("an enlargement", &all, LIMIT, "one sensible factor");
}

#[test]
fn numbers_that_grow_without_end() {
    // x ↦ x^(2^60), at a point and as a form.
    let shape = json!([1]);
    let squares: Vec<Value> = (0..60).map(|at| layer(at, &shape, &json!({"kind": "square"}))).collect();
    let evidence = json!({"kind": "witness", "base": ["0"], "x": ["3"], "y": ["5"], "output": 0, "symbols": []});
    let at_a_point = certificate(&shape, &json!(squares), &json!({"kind": "not_affine", "network": 0}), &evidence);
    refused("squares of squares", &at_a_point, LIMIT, "a number is too long");
    let map = json!({"rows": 1, "columns": 1, "denominator": "1", "entries": [], "constant": ["0"]});
    let statement = json!({"kind": "affine_map", "network": 0, "map": map});
    let as_a_form = certificate(&shape, &json!(squares), &statement, &json!({"kind": "normal_form"}));
    refused("powers of powers", &as_a_form, LIMIT, "too many factors");
    // The same, of a constant.
    let mut pinned = as_a_form.clone();
    pinned["networks"][0]["inputs"][0]["domain"] = json!(["3", "3"]);
    refused("powers of a number", &pinned, LIMIT, "too large");
    for text in ["1e999999", "0x10", "1_000", "+1", "-0", "01", "1.5", "1/0", "2/4", "1/1", "", "NaN", "∞"] {
        let mut other = at_a_point.clone();
        other["theorems"][0]["evidence"]["x"][0] = json!(text);
        let result = check(&sealed(&other.to_string()), LIMIT);
        assert!(result.expect_err(text).to_string().contains("not"), "{text}");
    }
    let mut long = at_a_point.clone();
    long["theorems"][0]["evidence"]["x"][0] = json!("7".repeat(1_000_000));
    refused("a number of a million digits", &long, LIMIT, "is not an integer");
    // Many layers of long weights.
    let weight = json!({"shape": [1], "denominator": "1", "numerators": ["9".repeat(10_000)]});
    let scale = json!({"kind": "scale", "factor": weight, "offset": null});
    let layers: Vec<Value> = (0..40).map(|at| layer(at, &shape, &scale)).collect();
    let all = certificate(&shape, &json!(layers), &statement, &json!({"kind": "composition"}));
    refused("a product of long numbers", &all, LIMIT, "too long to compare");
}

#[test]
fn work_without_end() {
    // A map of 10^10 products, and the same as forms.
    let shape = json!([1, 64, 64]);
    let kernel = json!({"shape": [1, 1, 33, 33], "denominator": "1", "numerators": vec!["1"; 33 * 33]});
    let window = json!({"size": [33, 33], "stride": [1, 1], "dilation": [1, 1], "before": [16, 16], "after": [16, 16]});
    let conv =
        json!({"kind": "conv", "kernel": kernel, "bias": null, "window": window, "groups": 1, "mode": "circular"});
    let layers: Vec<Value> = (0..4).map(|at| layer(at, &shape, &conv)).collect();
    let map = json!({"rows": 4096, "columns": 4096, "denominator": "1", "entries": [], "constant": vec!["0"; 4096]});
    let statement = json!({"kind": "affine_map", "network": 0, "map": map});
    for kind in ["composition", "normal_form"] {
        // The first row of the empty map is wrong: without a theorem that fails early, work must end it.
        let all = certificate(&shape, &json!(layers), &statement, &json!({"kind": kind}));
        refused(kind, &all, 1_000_000, "--limit");
    }
    // Many maxima of many.
    let relu = json!({"kind": "slopes", "below": ["0"]});
    let pool = json!({"kind": "extreme_pool", "least": false, "window": window});
    let deep: Vec<Value> = (0..6).map(|at| layer(at, &shape, if at % 2 == 0 { &pool } else { &relu })).collect();
    let all = certificate(&shape, &json!(deep), &statement, &json!({"kind": "normal_form"}));
    refused("maxima of maxima", &all, 100_000_000, "--limit");
}

#[test]
fn trees_and_texts_without_end() {
    let shape = json!([1]);
    let layers = json!([layer(0, &shape, &json!({"kind": "slopes", "below": ["0"]}))]);
    let statement = json!({"kind": "monotone", "network": 0, "inputs": [0]});
    let program = |atoms: usize| {
        let zero = json!(["0", []]);
        json!({"atoms": vec![json!([zero, ["0", [[0, "1"]]]]); atoms], "outputs": [["0", [[1, "1"]]]]})
    };
    let evidence = |atoms: usize, tree: Vec<Value>| json!({"kind": "regions", "program": program(atoms), "tree": tree});
    let leaf = || json!({"kind": "leaf"});
    let all = certificate(&shape, &layers, &statement, &evidence(100_000, vec![leaf()]));
    refused("too many atoms", &all, LIMIT, "too many");
    let all = certificate(
        &shape,
        &layers,
        &statement,
        &evidence(1, vec![json!({"kind": "split", "atom": 0}), leaf(), leaf(), leaf()]),
    );
    refused("a tree with more than it needs", &all, LIMIT, "not reached");
    let endless = vec![json!({"kind": "split", "atom": 0}); 100_000];
    let all = certificate(&shape, &layers, &statement, &evidence(1, endless));
    refused("a split without end", &all, LIMIT, "known already");

    let whole = certificate(&shape, &layers, &affine(), &structure()).to_string();
    let nested = whole.replacen("\"symbols\":[]", &format!("\"symbols\":{}", "[".repeat(200_000)), 1);
    let twice = whole.replacen("\"symbols\":[]", "\"symbols\":[],\"symbols\":[]", 1);
    let fields: Vec<String> = (0..100_000).map(|i| format!("\"f{i}\":0")).collect();
    let many = whole.replacen("\"symbols\":[]", &format!("\"symbols\":{{{}}}", fields.join(",")), 1);
    let float = whole.replacen("\"output\":1", "\"output\":1.0", 1);
    let negative = whole.replacen("\"output\":1", "\"output\":-1", 1);
    let bomb = whole.replacen("\"output\":1", "\"output\":1e300", 1);
    for text in [nested, twice, many, float, negative, bomb] {
        assert_ne!(text, whole);
        let result = check(&sealed(&text), LIMIT);
        assert!(matches!(result, Err(Rejection::Unreadable(_))), "{:?}: {result:?}", &text[..80]);
    }
    let symbols = whole.replacen("\"symbols\":[]", "\"symbols\":[{\"name\":\"a\",\"root_of\":null}]", 1);
    let powers = vec![json!([0, 64]); 65];
    let offset = json!({"shape": [1], "denominator": "1", "numerators": [[["1", powers]]]});
    let scale = json!({"kind": "scale", "factor": null, "offset": offset});
    let text = symbols.replacen("{\"below\":[\"0\"],\"kind\":\"slopes\"}", &scale.to_string(), 1);
    assert_ne!(text, symbols);
    let why = check(&sealed(&text), LIMIT).expect_err("powers").to_string();
    assert!(why.contains("64 powers"), "{why}");
}
