//! Certificates: the independent checker accepts those of every example.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::certificates::{checked, written as certify};
use serde_json::json;

/// The examples whose certificates are quick to check without full optimisation: all but All-CNN-C, whose map
/// of 30,720 entries takes 3·10⁹ products of numbers of 400 bits, and one with properties that are not certified.
const LEFT_OUT: [&str; 1] = ["all_cnn_c.net"];

fn examples() -> impl Iterator<Item = (String, String)> {
    let read = |path: &Path| (path.display().to_string(), std::fs::read_to_string(path).expect("readable"));
    common::examples()
        .into_iter()
        .filter(|path| !LEFT_OUT.iter().any(|name| path.ends_with(name)))
        .map(move |path| read(&path))
}

#[test]
fn every_example_is_certified_and_accepted() {
    let mut theorems = 0;
    for (name, text) in examples() {
        let certificate = certify(&name, &text);
        assert_eq!(certificate.gaps, [], "{name}");
        let bytes = certificate.to_bytes();
        assert_eq!(bytes, certify(&name, &text).to_bytes(), "{name}: the same bytes");
        let accepted = checked(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(accepted.theorems.len(), certificate.theorems(), "{name}");
        netprove_check::check_source(&accepted, text.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(netprove_check::check_source(&accepted, b"another file").is_err(), "{name}");
        theorems += accepted.theorems.len();
    }
    assert!(theorems >= 100, "{theorems} theorems");
}

/// The certificates that the checker's own tests start from are those that netprove writes; with
/// `NETPROVE_GOLDEN=write` they are written.
#[test]
fn the_checkers_own_certificates_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("checker/tests/certificates");
    for (name, text) in common::certificates::FILES {
        let (path, bytes) = (folder.join(format!("{name}.json")), certify(&format!("{name}.net"), text).to_bytes());
        if std::env::var("NETPROVE_GOLDEN").is_ok_and(|value| value == "write") {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(&path, &bytes).expect("written");
        }
        let stored = std::fs::read(&path).unwrap_or_default();
        assert!(
            stored == bytes,
            "{}: run the test with NETPROVE_GOLDEN=write and look at the difference",
            path.display()
        );
    }
}

#[test]
fn certificates_are_what_the_schema_says() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../schema/netprove-certificate-1.json")).expect("JSON");
    jsonschema::meta::validate(&schema).expect("a schema");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let files = common::certificates::FILES.iter().map(|(name, text)| (name.to_string(), text.to_string()));
    for (name, text) in examples().chain(files) {
        let certificate: serde_json::Value = serde_json::from_slice(&certify(&name, &text).to_bytes()).expect("JSON");
        let errors: Vec<String> =
            validator.iter_errors(&certificate).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert_eq!(errors, [""; 0], "{name}");
        for field in certificate.as_object().expect("an object").keys() {
            let mut damaged = certificate.clone();
            damaged.as_object_mut().expect("an object").remove(field);
            assert!(!validator.is_valid(&damaged), "{name} without {field}");
        }
    }
}

/// What is decided by a matrix that the checker finds by itself: ranks of matrices of any size, and that maps are no
/// convolution, of one, two and three axes; and laws without 0 in the domain.
#[test]
fn ranks_convolutions_and_laws_are_certified() {
    let k = "let k = [[1, 2, 3], [4, 5, 6], [7, 8, 10]]";
    let table = [
        ("x: 250", "dense(random(250x250, seed=1))", &["injective", "surjective"][..]),
        ("x: 200", "dense(random(300x200, seed=2))", &["injective", "surjective"]),
        ("x: 600", "dense(random(500x600, seed=3))", &["injective", "surjective"]),
        ("x: 60", "dense(random(7x60, seed=4)); dense(random(60x7, seed=5))", &["injective", "surjective"]),
        ("x: 2 in [1, 4]", "dense([[1/2, -1], [-1/3, 3]]); abs", &["homogeneous", "positively_homogeneous"]),
        ("x: 1x12x12", "conv(k, pad=1); conv(k, pad=1)", &["injective", "a_convolution"]),
        ("x: 1x8x8", "conv(k, pad=1, stride=2); conv(k, pad=1)", &["a_convolution"]),
        ("x: 1x8x8 in [0, 1]", "batchnorm(scale=2, shift=1); conv(k, pad=1)", &["a_convolution"]),
        ("x: 2x6x5", "avgpool(3, stride=1, pad=1, count_pad=no)", &["a_convolution"]),
        ("x: 2x7", "upsample(2)", &["a_convolution"]),
        ("x: 1x2x3x4", "sumpool(2, stride=1, pad=1); sumpool(2, stride=1, pad=1)", &["a_convolution"]),
        ("x: 1x3x3", "permute(0, 2, 1)", &["a_convolution"]),
        ("x: 1x2x2 in [2, 3]", "batchnorm(mean=0, var=2, eps=0); bias([[[1, 2], [3, 4]]])", &["a_convolution"]),
    ];
    for (input, body, claims) in table {
        let claims: String = claims.iter().map(|claim| format!("prove f is {claim}\n")).collect();
        let text = format!("{k}\nnetwork f({input}) {{ {body} }}\n{claims}");
        let certificate = certify("ranks.net", &text);
        assert_eq!(certificate.gaps, [], "{text}");
        checked(&certificate.to_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"));
    }
}

/// No convolution is accepted as none: of every stride, border and mode, with a window that lies inside of the image at
/// the output in the middle, where the mode is not zero.
#[test]
fn convolutions_are_not_certified_as_none() {
    let statement = json!({"kind": "not_a_convolution", "network": 0});
    let evidence = json!({"kind": "matrix", "theorem": 0, "symbols": []});
    let mut refused = 0;
    for flat in 0..2 * 3 * 3 * 3 * 3 * 4_usize {
        let mut rest = flat;
        let mut digit = |n: usize| (rest % n, rest /= n).0;
        let (n, k, stride, before, after) = (5 + digit(2), 1 + digit(3), 1 + digit(3), digit(3), digit(3));
        let mode = ["zero", "circular", "reflect", "replicate"][digit(4)];
        let middle = (n + before + after - k) / stride / 2 * stride;
        if mode != "zero" && (middle < before || middle - before + k > n) {
            continue;
        }
        let body = format!(
            "conv(random(2x2x{k}, seed={flat}), random(2, seed=7), stride={stride}, pad=[{before}, {after}], pad_mode={mode})"
        );
        let text = format!("network f(x: 2x{n}) {{ {body} }}");
        let mut all = common::certificates::certify("conv.net", &text);
        let theorems = all["theorems"].as_array_mut().expect("a list");
        assert_eq!(theorems[0]["statement"]["kind"], "affine_map");
        theorems.push(json!({"note": "", "statement": statement, "evidence": evidence}));
        let why = checked(&common::certificates::sealed(&all)).expect_err(&text).to_string();
        assert!(why.contains("it may be a convolution"), "{text}: {why}");
        refused += 1;
    }
    assert!(refused > 400, "{refused}");
}

/// Every layer of the language has a definition in certificates: the map, or the witness, that netprove finds
/// for a network of that layer is confirmed by the checker's own definition.
#[test]
fn every_layer_is_certified() {
    let kinds: BTreeSet<&str> = LAYERS.iter().map(|row| row.0).collect();
    let all: BTreeSet<&str> = netprove::layer::catalogue::all().map(|signature| signature.name).collect();
    assert_eq!(kinds, all, "one row for each layer");
    for (kind, inputs, arguments) in LAYERS {
        let certificate = certify(kind, &format!("network f({inputs}) = x |> {kind}{arguments}"));
        assert_eq!(certificate.gaps, [], "{kind}{arguments}");
        checked(&certificate.to_bytes()).unwrap_or_else(|e| panic!("{kind}{arguments}: {e}"));
    }
}

const LAYERS: &[(&str, &str, &str)] = &[
    (
        "conv",
        "x: 4x5x6",
        "(random(6x2x3x2, seed=1), random(6, seed=2), stride=2x1, pad=[1, 0, 2, 1], dilation=1x2, groups=2)",
    ),
    ("conv", "x: 2x7", "(random(3x2x3, seed=1), pad=2, pad_mode=reflect, stride=3)"),
    ("conv", "x: 1x3x3x4", "(random(2x1x2x2x3, seed=3), pad=1, pad_mode=replicate)"),
    ("conv", "x: 2x4x4", "(random(2x2x3x3, seed=4), pad=same, stride=2)"),
    ("conv", "x: 2x4x5", "(random(2x2x3x3, seed=4), pad=2x1, pad_mode=circular)"),
    (
        "conv_transpose",
        "x: 4x3x4",
        "(random(4x3x2x3, seed=5), random(6, seed=2), stride=2x3, pad=[1, 0, 0, 1], output_pad=1x2, dilation=1x2, groups=2)",
    ),
    ("conv_transpose", "x: 1x5", "([1, 2, 4], stride=4)"),
    ("depthwise", "x: 3x4x4", "(random(6x2x2, seed=6), stride=2)"),
    ("dense", "x: 5", "(random(3x5, seed=7), random(3, seed=8))"),
    ("batchnorm", "x: 2x3", "(gamma=[1, -2], beta=[1/2, 0], mean=[1, 3], var=[2, 7/4], eps=1/4)"),
    ("avgpool", "x: 2x5x4", "(3x2, stride=2, pad=1)"),
    ("avgpool", "x: 2x5x4", "(3x2, stride=2, pad=[1, 0, 1, 1], count_pad=no)"),
    ("sumpool", "x: 1x2x3x4", "(2, stride=1, pad=1)"),
    ("global_avgpool", "x: 2x3x5", ""),
    ("flatten", "x: 2x3", ""),
    ("reshape", "x: 2x6", "(3x4)"),
    ("permute", "x: 2x3x4", "(2, 0, 1)"),
    ("identity", "x: 3", ""),
    ("dropout", "x: 3", "(1/2)"),
    ("pad", "x: 1x3x2", "([1, 0, 2, 1], value=-1/3)"),
    ("pad", "x: 1x4", "(3, mode=reflect)"),
    ("pad", "x: 1x4", "(4, mode=circular)"),
    ("pad", "x: 1x2x2", "(3, mode=replicate)"),
    ("crop", "x: 2x4x5", "([1, 0, 2, 1])"),
    ("slice", "x: 3x7", "(1, 1, -1, step=2)"),
    ("upsample", "x: 2x3x2", "(3x2)"),
    ("upsample", "x: 1x3x2x2", "(2x3x2, mode=bilinear)"),
    ("pixel_shuffle", "x: 8x2x3", "(2)"),
    ("scale", "x: 2x2", "([[1, 2], [3, -4]])"),
    ("bias", "x: 2x2", "([1/2, 2])"),
    ("add", "x: 3, y: 3", "(y, x)"),
    ("sub", "x: 3, y: 3", "(y)"),
    ("concat", "x: 2x3, y: 1x3", "(y, x)"),
    ("relu", "x: 3", ""),
    ("leaky_relu", "x: 3", "(3/2)"),
    ("prelu", "x: 2x2", "([1, 1/3])"),
    ("abs", "x: 3", ""),
    ("relu6", "x: 3", ""),
    ("clip", "x: 3", "(-1, 1/2)"),
    ("hard_sigmoid", "x: 3", ""),
    ("hard_tanh", "x: 3", ""),
    ("maxpool", "x: 1x5x5", "(3x2, stride=2, pad=1, dilation=1x2)"),
    ("global_maxpool", "x: 2x3", ""),
    ("minpool", "x: 1x5", "(2, stride=1)"),
    ("maxout", "x: 4x2", "(2)"),
    ("maximum", "x: 3, y: 3", "(y)"),
    ("minimum", "x: 3, y: 3", "(y, x)"),
    ("sigmoid", "x: 2", ""),
    ("tanh", "x: 2", ""),
    ("gelu", "x: 2", ""),
    ("silu", "x: 2", ""),
    ("softmax", "x: 3x2", ""),
    ("square", "x: 2", ""),
    ("multiply", "x: 2, y: 2", "(y)"),
    ("gelu_tanh", "x: 2", ""),
    ("elu", "x: 2", ""),
    ("softplus", "x: 2", ""),
    ("divide", "x: 2, y: 2 in [1, 2]", "(y)"),
];

/// The command line: what is written, and the exit status.
#[test]
fn certify_and_check_say_how_it_went() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_netprove"));
        let output = command.args(arguments).current_dir(folder.path()).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write("proved.net", "network f(x: 2) { scale(2) }\nprove f is linear\n");
    write("refuted.net", "network f(x: 2) { relu }\nprove f is linear\n");
    write(
        "undecided.net",
        "network f(x: 2) { scale(2) }\nnetwork g(x: 1) { t = tanh; d = (2 * x) |> tanh; p = t |> square |> multiply(d); output (d + p) - 2 * t }\n",
    );
    assert_eq!(run(&["certify", "proved.net", "--output", "proved.json"]), (Some(0), String::new()));
    assert_eq!(run(&["certify", "refuted.net", "-o", "refuted.json"]), (Some(1), String::new()));
    let (status, said) = run(&["certify", "undecided.net", "-o", "undecided.json"]);
    assert!(status == Some(3) && said.contains("not certified: `g`") && said.contains("nothing is written"), "{said}");
    assert!(!folder.path().join("undecided.json").exists());
    assert_eq!(run(&["certify", "undecided.net", "-o", "partial.json", "--partial"]).0, Some(3));
    for (name, theorems) in [("proved", "1 theorems"), ("refuted", "1 theorems"), ("partial", "1 theorems")] {
        let (status, said) = run(&["check", &format!("{name}.json")]);
        assert!(status == Some(0) && said.contains(theorems), "{name}: {said}");
    }
    assert_eq!(run(&["check", "proved.json", "--source", "proved.net"]).0, Some(0));
    let (status, said) = run(&["check", "proved.json", "--source", "refuted.net"]);
    assert!(status == Some(1) && said.contains("rejected: proved.json: the source"), "{said}");
    write("empty.json", "{}");
    for name in ["empty.json", "missing.json", "proved.net"] {
        assert_eq!(run(&["check", name]).0, Some(2), "{name}");
    }
}
