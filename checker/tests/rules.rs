//! Every rule by itself: certificates that netprove wrote are accepted, and refused, for the right reason, once the one
//! thing that a rule looks at is wrong.

use std::path::Path;

use netprove_check::{LIMIT, check};
use num_bigint::BigInt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn stored(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/certificates/{name}.json"));
    serde_json::from_slice(&std::fs::read(path).expect(name)).expect(name)
}

fn sealed(certificate: &Value) -> Vec<u8> {
    let mut body = certificate.clone();
    body.as_object_mut().expect("an object").remove("sha256");
    let text = body.to_string();
    let text = format!("{},", text.strip_suffix('}').expect("an object"));
    let seal: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{text}\"sha256\":\"{seal}\"}}").into_bytes()
}

/// The theorem of this kind with this evidence, and its place.
fn find<'c>(certificate: &'c Value, kind: &str, evidence: &str) -> (usize, &'c Value) {
    let theorems = certificate["theorems"].as_array().expect("a list");
    let found = theorems.iter().position(|t| t["statement"]["kind"] == kind && t["evidence"]["kind"] == evidence);
    let at = found.unwrap_or_else(|| panic!("no {kind} by {evidence}"));
    (at, &theorems[at])
}

#[test]
fn all_certificates_are_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates");
    let mut theorems = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let checked = check(&std::fs::read(&path).expect("readable"), LIMIT);
        theorems += checked.unwrap_or_else(|e| panic!("{}: {e}", path.display())).theorems.len();
    }
    assert!(theorems >= 60, "{theorems} theorems");
}

/// That the network whose map that theorem of `kernels` says is no convolution.
fn no_convolution(theorem: u64) -> Value {
    let statement = json!({"kind": "not_a_convolution", "network": theorem - 1});
    json!({"note": "", "statement": statement, "evidence": {"kind": "matrix", "theorem": theorem, "symbols": []}})
}

/// What is changed, where, to what; and what the refusal says.
type Change = (&'static str, &'static str, &'static str, &'static str, Value, &'static str);

fn changes() -> Vec<Change> {
    let one = |n: &str| json!(n);
    vec![
        // composition: an entry, the constant, an entry that is missing.
        (
            "conv",
            "affine_map",
            "composition",
            "/statement/map/constant/0",
            one("7"),
            "row 0 of the map is wrong in the constant",
        ),
        ("conv", "affine_map", "composition", "/statement/map/entries/0/2", one("12345"), "row 0 of the map is wrong"),
        ("conv", "affine_map", "composition", "/statement/map/denominator", one("1000003"), "of the map is wrong"),
        ("conv", "affine_map", "composition", "/statement/map/entries", json!([]), "of the map is wrong in column"),
        ("equal", "equal", "composition", "/statement/right", json!(2), "of the two sides differs"),
        // normal form.
        (
            "cancel",
            "affine_map",
            "normal_form",
            "/statement/map/entries/0/2",
            one("2"),
            "row 0 of the map is wrong in column 0",
        ),
        ("inactive", "affine_map", "normal_form", "/statement/map/constant/0", one("5"), "is wrong in the constant"),
        ("symbols", "affine_map", "normal_form", "/statement/map/entries/0/2", json!([["1", [[0, 1]]]]), "is wrong"),
        ("cancel", "equal", "normal_form", "/statement/right", json!(0), "shapes"),
        // max{0, x, x - y} is not max{0, x - max{0, y}}: the factor of the inner maximum is negative.
        (
            "cancel",
            "equal",
            "normal_form",
            "/statement",
            json!({"kind": "equal", "left": 3, "right": 5, "within": null, "nonnegative": []}),
            "differs by more than 0",
        ),
        ("equal", "equal", "normal_form", "/statement/within", one("1/1000"), "differs by more than 1/1000"),
        ("products", "equal", "normal_form", "/statement/nonnegative", json!([0]), "free symbols"),
        // bounds, structure.
        ("close", "equal", "bounds", "/statement/within", one("1/100000"), "further apart"),
        ("laws", "positively_homogeneous", "structure", "/statement/kind", one("linear"), "not affine"),
        ("laws", "positively_homogeneous", "structure", "/statement/kind", one("affine"), "not affine"),
        ("maps", "not_surjective", "structure", "/statement/network", json!(0), "no bounds"),
        // points.
        ("witness", "not_affine", "witness", "/statement/kind", one("affine"), "with this evidence"),
        ("witness", "not_affine", "witness", "/evidence/y", json!(vec!["0"; 16]), "not shown to differ"),
        ("witness", "not_affine", "witness", "/evidence/base", json!(vec!["100"; 16]), "outside of the domain"),
        ("witness", "not_affine", "witness", "/evidence/output", json!(400), "no output 400"),
        ("inside", "different", "counterexample", "/statement/kind", one("equal"), "does not prove"),
        ("equal", "different", "counterexample", "/evidence/x", json!(["0", "0", "0", "0"]), "not shown to differ"),
        ("equal", "different", "counterexample", "/evidence/x", json!(["2", "0", "0", "0"]), "outside of the domain"),
        ("equal", "different", "counterexample", "/statement/within", one("2"), "not shown to differ"),
        ("shapes", "not_concave", "points", "/evidence/factor", one("3/2"), "the point between is none"),
        ("shapes", "not_concave", "points", "/statement/kind", one("not_convex"), "do not show it"),
        ("shapes", "not_lipschitz", "points", "/statement/bound", one("1000"), "do not show it"),
        ("shapes", "not_injective", "points", "/evidence/points/1", json!(["1", "1"]), "do not show it"),
        ("shapes", "not_monotone", "points", "/statement/inputs", json!([]), "do not show it"),
        ("shapes", "not_monotone", "points", "/statement/inputs", json!([1]), "an input that the network has not"),
        ("along", "not_affine_along_constants", "points", "/evidence/points/2/0", one("7"), "do not show it"),
        // layers.
        ("shapes", "convex", "layers", "/statement/kind", one("concave"), "the layers do not show it"),
        ("shapes", "lipschitz", "layers", "/statement/bound", one("1"), "the layers do not show it"),
        ("shapes", "convex", "layers", "/statement/network", json!(1), "the layers do not show it"),
        (
            "shapes",
            "convex",
            "layers",
            "/statement",
            json!({"kind": "monotone", "network": 0, "inputs": [0]}),
            "the layers do not show it",
        ),
        ("along", "affine_along_constants", "layers", "/statement/network", json!(1), "the layers do not show it"),
        // map.
        ("maps", "injective", "map", "/statement/kind", one("not_injective"), "the map does not show it"),
        ("maps", "injective", "map", "/statement/kind", one("additive"), "a map says nothing of it"),
        ("maps", "injective", "map", "/statement/kind", one("not_a_convolution"), "no statement `a_convolution`"),
        ("maps", "injective", "map", "/evidence/theorem", json!(1), "does not say this network's map"),
        ("maps", "injective", "map", "/evidence/theorem", json!(99), "does not say this network's map"),
        ("maps", "surjective", "map", "/statement/kind", one("not_surjective"), "the map does not show it"),
        ("maps", "injective", "map", "/statement/kind", one("not_convex"), "the map does not show it"),
        ("ranks", "not_surjective", "map", "/statement/kind", one("surjective"), "the map does not show it"),
        ("ranks", "surjective", "map", "/statement/kind", one("injective"), "the map does not show it"),
        // the constant of a map.
        ("conv", "not_linear", "constant", "/evidence/factor", one("1"), "not shown to differ"),
        ("conv", "not_linear", "constant", "/evidence/output", json!(4000), "no such output"),
        ("conv", "not_linear", "constant", "/evidence/theorem", json!(1), "does not say this network's map"),
        ("conv", "not_linear", "constant", "/statement/kind", one("not_homogeneous"), "no statement `homogeneous`"),
        ("moves", "not_linear", "constant", "/evidence/output", json!(1), "not shown to differ"),
        ("free", "not_linear", "constant", "/evidence/theorem", json!(0), "does not say this network's map"),
        ("inactive", "not_linear", "constant", "/evidence/x/0", one("2"), "outside of the domain"),
        (
            "inactive",
            "not_linear",
            "constant",
            "/evidence",
            json!({"kind": "constant", "theorem": 0, "x": ["1", "0", "0", "0", "0", "0", "0", "0", "0"], "factor": "2",
                "output": 0, "symbols": []}),
            "outside of the domain",
        ),
        ("inside", "not_linear", "constant", "/evidence/symbols", json!([]), "a symbol has no value"),
        ("inside", "not_linear", "constant", "/evidence/symbols", json!([[0, "0"]]), "not shown to differ"),
        // regions and ranks.
        ("ranks", "not_surjective", "regions", "/statement/kind", one("surjective"), "it fails on a region"),
        ("ranks", "not_surjective", "regions", "/statement/kind", one("not_injective"), "regions do not show it"),
        ("ranks", "not_surjective", "regions", "/evidence/program/outputs/1/1/0/1", one("3"), "not shown to be"),
        ("maps", "not_surjective", "structure", "/statement/kind", one("not_injective"), "no bounds"),
        // laws, inside of a domain.
        ("inside", "not_additive", "points", "/evidence/points/1", json!(["8", "8"]), "outside of the domain"),
        ("inside", "not_additive", "points", "/evidence/points", json!([["1", "1"]]), "say nothing of the property"),
        ("inside", "not_additive", "points", "/evidence/points", json!([["1", "1"], ["1", "1"]]), "do not show it"),
        ("inside", "not_additive", "points", "/statement/kind", one("additive"), "does not prove"),
        ("inside", "not_homogeneous", "homogeneity", "/evidence/x", json!(["1/2", "1"]), "outside of the domain"),
        ("inside", "not_homogeneous", "homogeneity", "/evidence/factor", one("100"), "outside of the domain"),
        ("inside", "not_homogeneous", "homogeneity", "/evidence/factor", one("1"), "not shown to differ"),
        (
            "inside",
            "not_positively_homogeneous",
            "homogeneity",
            "/evidence/factor",
            one("-1"),
            "the factor is negative",
        ),
        ("inside", "different", "counterexample", "/evidence/x/0", one("-9"), "outside of the domain"),
        // no convolution.
        (
            "kernels",
            "not_a_convolution",
            "matrix",
            "",
            no_convolution(4),
            "it may be a convolution with the stride [2]",
        ),
        (
            "kernels",
            "not_a_convolution",
            "matrix",
            "",
            no_convolution(5),
            "it may be a convolution with the stride [1]",
        ),
        (
            "kernels",
            "not_a_convolution",
            "matrix",
            "",
            no_convolution(6),
            "it may be a convolution of the extended image with the stride [1]",
        ),
        ("kernels", "not_a_convolution", "matrix", "/evidence/theorem", json!(99), "does not say this network's map"),
        (
            "kernels",
            "not_a_convolution",
            "matrix",
            "/statement/kind",
            one("a_convolution"),
            "no statement `a_convolution`",
        ),
        // regions.
        ("cases", "affine_map", "regions", "/statement/map/entries/0/2", one("5"), "is wrong in column 0"),
        ("cases", "affine_map", "regions", "/evidence/program/atoms/0/1/0", one("1/7"), "not shown to be the network"),
        ("cases", "affine_map", "regions", "/evidence/program/outputs/0/0", one("1/7"), "not shown to be the network"),
        ("cases", "affine_map", "regions", "/evidence/tree", json!([]), "ends too early"),
        ("cases", "affine_map", "regions", "/evidence/tree", json!([{"kind": "leaf"}]), "not known"),
        ("cases", "affine_map", "regions", "/evidence/tree", json!([{"kind": "empty", "sum": []}]), "no points inside"),
        ("cases", "monotone", "regions", "/statement/kind", one("not_monotone"), "regions do not show it"),
        ("cases", "lipschitz", "regions", "/statement/bound", one("2"), "fails on a region"),
        (
            "cases",
            "lipschitz",
            "regions",
            "/statement",
            json!({"kind": "monotone", "network": 2, "inputs": [0]}),
            "fails on a region",
        ),
        // x + 4 and 4 - x, of which every sum with negative factors is negative somewhere.
        (
            "cases",
            "lipschitz",
            "regions",
            "/evidence/tree",
            json!([{"kind": "empty", "sum": [[0, "-1"], [1, "-1"]]}]),
            "not positive",
        ),
        ("deep", "equal", "regions", "/statement/right", json!(0), "not shown to be the network"),
        // regions, within a tolerance: the maxima of what exceeds it are atoms after the program's.
        ("within", "equal", "regions", "/statement/within", one("29/100"), "no points inside"),
        ("within", "equal", "regions", "/statement/within", json!(null), "an atom is not there"),
        ("within", "equal", "regions", "/statement/within", one("-3/10"), "the tolerance is negative"),
        ("within", "equal", "regions", "/evidence/program/outputs/0/0", one("1/7"), "not shown to be the network"),
        ("within", "equal", "regions", "/evidence/program/outputs", json!([]), "not shown to be the network"),
        // regions, the largest of pieces.
        ("pieces", "convex", "regions", "/statement/kind", one("concave"), "on a region, an output is not the largest"),
        ("pieces", "concave", "regions", "/statement/kind", one("convex"), "on a region, an output is not the largest"),
        ("pieces", "convex", "regions", "/evidence/program/atoms/2/0/0", one("1/7"), "not the largest of its pieces"),
        ("pieces", "convex", "regions", "/evidence/program/atoms/2/1/1", json!([[1, "1"]]), "a piece is not affine"),
        ("pieces", "convex", "regions", "/evidence/program/atoms/2/1/0", one("1"), "no points inside"),
        ("pieces", "concave", "regions", "/statement/network", json!(0), "not shown to be the network"),
    ]
}

#[test]
fn each_rule_refuses_what_is_wrong() {
    let mut failures = Vec::new();
    for (name, kind, evidence, path, new, because) in changes() {
        let mut certificate = stored(name);
        let (at, _) = find(&certificate, kind, evidence);
        let pointer = format!("/theorems/{at}{path}");
        let what = format!("{name}, {kind} by {evidence}, {path}");
        let place = certificate.pointer_mut(&pointer).unwrap_or_else(|| panic!("{what}: there is no such place"));
        assert_ne!(*place, new, "{what}: no change");
        *place = new;
        match check(&sealed(&certificate), LIMIT) {
            Err(why) if why.to_string().contains(because) => {}
            other => failures.push(format!("{what}: {:?}", other.map(|c| c.theorems).map_err(|e| e.to_string()))),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Numbers that are equal modulo the first of the moduli are told apart: several are used, where one is not enough.
#[test]
fn rows_are_compared_modulo_enough() {
    let odd = |i: i64| BigInt::from((1 << 28) - 1 - 2 * i);
    let modulus = (0..200).map(odd);
    let first = (2..30).map(|count| (0..count).map(odd).product());
    // The least multiple of four of them, of which two are multiples of 3.
    let least = (0..4).map(odd).product::<BigInt>() / 3;
    for more in modulus.chain(first).chain([least]) {
        let mut certificate = stored("conv");
        let entry = &mut certificate["theorems"][0]["statement"]["map"]["entries"][0][2];
        let number: BigInt = entry.as_str().expect("a number").parse().expect("an integer");
        *entry = json!((number + more).to_string());
        let why = check(&sealed(&certificate), LIMIT).expect_err("wrong").to_string();
        assert!(why.contains("row 0 of the map is wrong"), "{why}");
    }
}

/// A wrong number anywhere in a map is found where it is: in every row, entry and constant.
#[test]
fn every_entry_of_a_map_counts() {
    for name in ["conv", "transpose", "moves", "kernels", "pools", "joined", "long"] {
        let certificate = stored(name);
        let (at, theorem) = find(&certificate, "affine_map", "composition");
        let map = &theorem["statement"]["map"];
        let (entries, constants) = (map["entries"].as_array(), map["constant"].as_array());
        let entries = entries.expect("a list").iter().enumerate();
        let entries = entries.map(|(i, e)| (format!("entries/{i}/2"), e[0].clone(), format!("in column {}", e[1])));
        let constants = (0..constants.expect("a list").len())
            .map(|row| (format!("constant/{row}"), json!(row), "in the constant".to_string()));
        for (field, row, place) in entries.chain(constants) {
            let mut changed = certificate.clone();
            let number = changed.pointer_mut(&format!("/theorems/{at}/statement/map/{field}")).expect("an entry");
            let digits = number.as_str().expect("a number");
            // Another last digit; 0 as an entry would be refused for that.
            let (rest, last) = digits.split_at(digits.len() - 1);
            *number = json!(format!("{rest}{}", if last == "1" { 2 } else { 1 }));
            let why = check(&sealed(&changed), LIMIT).expect_err(&field).to_string();
            assert!(why.contains(&format!("row {row} of the map is wrong {place}")), "{name}, {field}: {why}");
        }
    }
}

/// Shapes, weights and names of fields are part of what is stated.
#[test]
fn networks_are_what_they_say() {
    let changes: &[(&str, &str, Value, &str)] = &[
        ("conv", "/networks/0/layers/0/shape/1", json!(3), "its output has the shape"),
        ("conv", "/networks/0/layers/0/layer/groups", json!(1), "does not fit"),
        ("conv", "/networks/0/layers/0/layer/kernel/numerators", json!([]), "has not"),
        ("conv", "/networks/0/layers/0/layer/mode", json!("mirror"), "no mode"),
        ("conv", "/networks/0/layers/0/layer/window/size/0", json!(1), "does not fit"),
        ("conv", "/networks/0/layers/1/operands/0", json!(2), "does not stand before it"),
        ("pools", "/networks/0/layers/0/layer/divisor", json!("none"), "no divisor"),
        ("moves", "/networks/0/layers/3/layer/start/1", json!(9), "past the end"),
        ("witness", "/networks/0/inputs/0/domain", json!(["2", "1/2"]), "domain is empty"),
        ("circular", "/networks/0/layers/0/layer/window/before/0", json!(6), "too wide"),
    ];
    for (name, path, new, because) in changes {
        let mut certificate = stored(name);
        *certificate.pointer_mut(path).unwrap_or_else(|| panic!("{name}{path}")) = new.clone();
        let why = check(&sealed(&certificate), LIMIT).expect_err(path).to_string();
        assert!(why.contains(because), "{name}{path}: {why}");
    }
    let mut extra = stored("conv");
    extra["networks"][0]["layers"][0]["layer"]["extra"] = json!(0);
    assert!(check(&sealed(&extra), LIMIT).expect_err("extra").to_string().contains("not known"));
}

/// Every number and every node of every proof by cases counts: nothing of a tree may be left out or moved.
#[test]
fn each_part_of_a_tree_counts() {
    let mut refused = 0;
    for name in ["cases", "deep", "within", "pieces"] {
        let original = stored(name);
        for (at, theorem) in original["theorems"].as_array().expect("a list").iter().enumerate() {
            let Some(tree) = theorem["evidence"]["tree"].as_array() else { continue };
            let mut changed = |edit: &dyn Fn(&mut Vec<Value>), what: &str| {
                let mut certificate = original.clone();
                edit(certificate["theorems"][at]["evidence"]["tree"].as_array_mut().expect("a tree"));
                let result = check(&sealed(&certificate), LIMIT);
                assert!(result.is_err(), "{name}, theorem {at}: {what}");
                refused += 1;
            };
            for (i, node) in tree.iter().enumerate() {
                changed(&|tree| _ = tree.remove(i), &format!("without node {i}"));
                changed(&|tree| tree.insert(i, node.clone()), &format!("node {i} twice"));
                match node["kind"].as_str() {
                    Some("fixed") => {
                        let other = 1 - node["argument"].as_u64().expect("an index").min(1);
                        changed(&|tree| tree[i]["argument"] = json!(other), &format!("node {i}: another argument"));
                        for (k, multipliers) in node["others"].as_array().expect("a list").iter().enumerate() {
                            for m in 0..multipliers.as_array().map_or(0, Vec::len) {
                                changed(&|tree| tree[i]["others"][k][m][1] = json!("-1"), "a negative multiplier");
                                changed(&|tree| tree[i]["others"][k][m][0] = json!(999), "another function");
                                changed(
                                    &|tree| _ = tree[i]["others"][k].as_array_mut().expect("a list").remove(m),
                                    "a multiplier left out",
                                );
                            }
                        }
                    }
                    // A property of slopes may hold there by chance.
                    Some("empty") if theorem["statement"]["kind"] == "affine_map" => {
                        changed(&|tree| tree[i] = json!({"kind": "leaf"}), "an empty region as a leaf");
                    }
                    Some("empty") => changed(&|tree| tree[i]["sum"] = json!([]), "nothing that shows it empty"),
                    Some("split") => changed(&|tree| tree[i]["atom"] = json!(999), "another atom"),
                    _ => changed(&|tree| tree[i] = json!({"kind": "empty", "sum": []}), "a leaf as an empty region"),
                }
            }
        }
    }
    assert!(refused > 50, "{refused}");
}
