//! Fast paths against plain rational arithmetic, and rows on demand: in pieces, in parts, merged, interrupted.

mod common;

use std::fs;
use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::process::{Command, Output};

use nalgebra::DMatrix;
use netprove::algebra::{Integer, Rational};
use netprove::collapse::{MapRow, Region};
use netprove::diagnostic::Source;
use netprove::network::{Network, NoImports, check};
use num_traits::Zero;
use proptest::prelude::*;

fn network(text: &str) -> Network {
    let source = Source { name: "test.net".into(), text: text.into() };
    let program = check(source, &NoImports, 1 << 30).unwrap_or_else(|r| panic!("{:?}\n{text}", r.diagnostics));
    program.networks.into_iter().next().expect("a network")
}

/// M and b of a chain of layers, by products of `BigRational` matrices from the outputs backwards.
fn plainly(network: &Network) -> (DMatrix<Rational>, DMatrix<Rational>) {
    let region = Region::<Integer>::whole(network).expect("affine layers");
    let size = network.output_shape().elements();
    let mut matrix = DMatrix::from_fn(size, size, |r, c| Rational::from_integer(i32::from(r == c).into()));
    let mut bias = DMatrix::from_element(size, 1, Rational::zero());
    for (_, lowered) in region.layers().rev() {
        let [operator] = lowered.operators.as_slice() else { panic!("a chain") };
        if let Some(constant) = &lowered.bias {
            let size = constant.shape().elements();
            let entry = |i: usize| Rational::new(constant.at(i).clone(), constant.denominator().clone());
            bias += &matrix * DMatrix::from_fn(size, 1, |i, _| entry(i));
        }
        matrix = &matrix * operator.matrix().to_dense();
    }
    (matrix, bias)
}

/// Some rows, as they come, over the region's denominator.
fn streamed(region: &Region<'_>, outputs: Range<usize>, memory: u64) -> Vec<MapRow> {
    let mut all = Vec::new();
    let flow = region.stream(outputs, memory, |rows| {
        all.extend(rows);
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(flow, Ok(ControlFlow::Continue(())));
    all
}

fn assert_plain(network: &Network) {
    let (matrix, bias) = plainly(network);
    let region = Region::<Integer>::whole(network).expect("affine layers");
    let map = region.collapse(1 << 30).expect("small");
    assert!(map.matrix.to_dense() == matrix, "the matrix");
    assert_eq!(map.bias.to_rationals(), bias.iter().cloned().collect::<Vec<_>>());
    let denominator = region.denominator().expect("short");
    let outputs = bias.len() / 3..bias.len();
    for (row, found) in outputs.clone().zip(streamed(&region, outputs, 1 << 26)) {
        let over = |n: &Integer| Rational::new(n.clone(), denominator.clone());
        let entries: Vec<(usize, Rational)> = found.entries.iter().map(|(c, n)| (*c, over(n))).collect();
        let expected = matrix.row(row).iter().cloned().enumerate().filter(|(_, v)| !v.is_zero()).collect::<Vec<_>>();
        assert_eq!((entries, over(&found.constant)), (expected, bias[row].clone()), "row {row}");
    }
}

/// Chains of layers; `@n` is a scale, `$n` a seed.
const CHAINS: &[&str] = &[
    "x: 2x6x5) { conv(@1 random(5x2x3x3, seed=$1, bits=24), random(5, seed=$2), pad=1, stride=2); conv(@2 random(30x5x2x2, seed=$3, bits=24)); flatten; dense(@3 random(4x120, seed=$4, bits=24), [1/3, 2, 0, -5/7]) }",
    "x: 24) { dense(@1 random(20x24, seed=$1, bits=24), @2 random(20, seed=$2)); dense(@2 random(20x20, seed=$3, bits=24)); dense(@3 random(6x20, seed=$4) / 3) }",
    "x: 3x4x4) { conv_transpose(@1 random(3x4x3x3, seed=$1), stride=2); scale(@2 1/3); avgpool(3, stride=2); flatten; dense(@3 random(5x64, seed=$2, bits=24)) }",
    "x: 4x5x5) { depthwise(@1 random(4x3x3, seed=$1, bits=24), pad=1, pad_mode=circular); conv(@2 random(40x4x1x1, seed=$2)); global_avgpool; flatten; dense(@3 random(3x40, seed=$3, bits=30)) }",
    "x: 2x5x4) { pad(1, value=@1 5/3); conv(@2 random(7x2x3x3, seed=$1, bits=24)); flatten; dense(@3 random(4x140, seed=$2, bits=24)) }",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// From double precision's smallest subnormal number to 2^100, in one network.
    #[test]
    fn every_path_is_plain_rational_arithmetic(which in 0..CHAINS.len(), seed in 1_u32..1000, scales in prop::array::uniform3(prop::sample::select(vec![-1074_i32, -149, -24, 0, 1, 60, 100]))) {
        let mut text = format!("network f({}", CHAINS[which]);
        for n in 1..5 {
            text = text.replace(&format!("${n}"), &(seed * 4 + n).to_string());
        }
        for (n, scale) in (1..4).zip(scales) {
            text = text.replace(&format!("@{n}"), &format!("0x1p{scale} *"));
        }
        assert_plain(&network(&text));
    }
}

/// One tensor has both the smallest and the largest double: more bits than there are primes for, so the
/// general path takes over.
#[test]
fn exponents_that_spread_too_wide_take_the_general_path() {
    let wide = |rows: usize, columns: usize| {
        let entry = |i: usize| ["0x1p-1074", "-0x1.8p1023", "3", "-0x1p100", "1/3"][i * i % 5];
        let row = |r: usize| (0..columns).map(|c| entry(r * 7 + c)).collect::<Vec<_>>().join(", ");
        format!("[[{}]]", (0..rows).map(row).collect::<Vec<_>>().join("], ["))
    };
    let text = format!(
        "network f(x: 12) {{ dense({}); dense({}); dense({}, [1, 2, 3, 4, 5, 6, 7, 8, 9, 0x1p-1074]) }}",
        wide(16, 12),
        wide(16, 16),
        wide(10, 16)
    );
    assert_plain(&network(&text));
}

const FILES: &[(&str, &str)] = &[
    (
        "image",
        "network f(x: 2x6x5) { conv(random(3x2x3x3, seed=1) / 3, random(3, seed=2), pad=1); conv(random(2x3x3x3, seed=3) / 5, pad=1, stride=2) }",
    ),
    (
        "borders",
        "network f(x: 1x24x20) { conv(random(5x5, seed=1) / 3, [1/7], pad=2); conv(random(5x5, seed=2) / 5, pad=2) }",
    ),
    (
        "dense",
        "network f(x: 3x9x9) { conv(random(40x3x3x3, seed=1, bits=24), random(40, seed=2)); avgpool(7); flatten; dense(random(9x40, seed=3, bits=24) / 7, random(9, seed=4)) }",
    ),
    (
        "kinks",
        "network f(x: 1x2x3) { a = x |> relu; b = x |> scale(-1) |> relu; (a - b) |> conv([[1/2, 1], [0, 1/3]], 1/6, pad=1) }",
    ),
    ("pinned", "network f(x: 4, one: 1 in [2, 2]) { x |> concat(one); dense(random(3x5, seed=1) / 3, [1, 0, 1/7]) }"),
];

fn run(folder: &Path, arguments: &[&str]) -> Output {
    // On two threads, each of which needs room of its own: what fits little memory depends on how many there are.
    let mut command = Command::new(env!("CARGO_BIN_EXE_netprove"));
    command.args(arguments).current_dir(folder).env("RAYON_NUM_THREADS", "2").output().expect("it runs")
}

fn succeed(folder: &Path, arguments: &[&str]) {
    let output = run(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{arguments:?}");
}

/// Parts of any sizes, merged in any order, and pieces that fit little memory.
#[test]
fn parts_merge_to_the_bytes_of_one_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for (name, text) in FILES {
        let file = format!("{name}.net");
        fs::write(folder.join(&file), text).expect("written");
        let outputs = network(text).output_shape().elements();
        let cuts = [0, 1, outputs.div_ceil(2), outputs];
        let mut parts = Vec::new();
        for (n, cut) in cuts.windows(2).enumerate().rev() {
            let (part, range) = (format!("{name}{n}.rows"), format!("{}..{}", cut[0], cut[1]));
            succeed(folder, &["collapse", &file, "--outputs", &range, "--output", &part]);
            parts.push(part);
        }
        for format in ["rows", "mtx", "json", "net"] {
            let (whole, pieces, merged) =
                (format!("{name}.{format}x.{format}"), format!("{name}-2.{format}"), format!("{name}-3.{format}"));
            succeed(folder, &["collapse", &file, "-o", &whole]);
            succeed(folder, &["collapse", &file, "-o", &pieces, "--memory", "250K"]);
            let mut merge = vec!["merge"];
            merge.extend(parts.iter().map(String::as_str));
            succeed(folder, &[&merge[..], &["--output", &merged]].concat());
            let read = |path: &str| fs::read_to_string(folder.join(path)).expect("a text");
            assert_eq!(read(&whole), read(&pieces), "{whole} in pieces");
            assert_eq!(read(&whole), read(&merged), "{whole} from parts");
        }
        succeed(folder, &["-q", &format!("{name}-3.net")]);
    }
}

/// The rows of some outputs alone are a map of their own in every format.
#[test]
fn some_outputs_are_a_smaller_network() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::write(folder.join("all.net"), FILES[0].1).expect("written");
    succeed(folder, &["collapse", "all.net", "--outputs", "5..9", "-o", "some.net"]);
    let some = fs::read_to_string(folder.join("some.net")).expect("a text");
    let (all, some) = (network(FILES[0].1), network(&some));
    let x = common::tensor(&common::shape(&[60]), 7);
    let (all, some) = (all.evaluate(&x).expect("exact"), some.evaluate(&x).expect("exact"));
    assert_eq!(&all.to_rationals()[5..9], some.to_rationals());
    for (range, message) in
        [("5..99", "has 18 outputs"), ("4..4", "is empty"), ("4", "write A..B"), ("a..3", "whole number")]
    {
        let output = run(folder, &["collapse", "all.net", "--outputs", range, "-o", "none.mtx"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(message), "{range}: {said}");
    }
    assert!(!folder.join("none.mtx").exists());
}

#[test]
fn what_is_not_every_row_once_is_not_merged() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for (name, text) in FILES {
        fs::write(folder.join(format!("{name}.net")), text).expect("written");
    }
    for (part, file, range) in [
        ("a.rows", "image.net", "0..7"),
        ("b.rows", "image.net", "7..18"),
        ("late.rows", "image.net", "9..18"),
        ("early.rows", "image.net", "3..18"),
        ("other.rows", "dense.net", "7..9"),
    ] {
        succeed(folder, &["collapse", file, "--outputs", range, "-o", part]);
    }
    let good = fs::read_to_string(folder.join("b.rows")).expect("a text");
    let third = good.lines().nth(3).expect("a row").to_string();
    fs::write(folder.join("short.rows"), &good[..good.len() / 2]).expect("written");
    fs::write(folder.join("changed.rows"), good.replacen(&third, &format!("{third}0"), 1)).expect("written");
    fs::write(folder.join("longer.rows"), format!("{good}\n")).expect("written");
    fs::write(folder.join("text.rows"), "rows\n").expect("written");
    let refused: &[(&[&str], &str)] = &[
        (&["a.rows"], "outputs 7..18 are in no part"),
        (&["b.rows"], "outputs 0..7 are in no part"),
        (&["a.rows", "late.rows"], "outputs 7..9 are in no part"),
        (&["a.rows", "early.rows"], "outputs 3..7 are in two parts"),
        (&["a.rows", "a.rows", "b.rows"], "outputs 0..7 are in two parts"),
        (&["a.rows", "other.rows"], "not of one network"),
        (&["a.rows", "short.rows"], "short.rows: "),
        (&["a.rows", "changed.rows"], "damaged or incomplete"),
        (&["a.rows", "longer.rows"], "damaged or incomplete"),
        (&["a.rows", "text.rows"], "not a file of rows"),
        (&["a.rows", "missing.rows"], "missing.rows: "),
    ];
    for (parts, message) in refused {
        let output = run(folder, &[&["merge"], *parts, &["--output", "whole.mtx"]].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(message), "{parts:?}: {said}");
        assert!(!folder.join("whole.mtx").exists(), "{parts:?}");
    }
    succeed(folder, &["merge", "b.rows", "a.rows", "--output", "whole.mtx"]);
}

/// Ranks, counts and the largest entry of maps that are not held, from their rows as they pass.
#[test]
fn what_comes_with_a_map_is_read_off_its_rows() {
    let chain = "conv(random(8x3x3x3, seed=1, bits=24), pad=1); avgpool(8); flatten";
    let cases = [
        ("dense(random(6x72, seed=2, bits=24))", "6"),
        // Its last rows are combinations of the others; then a value of 3 entries in between.
        (
            "dense(random(6x72, seed=2, bits=24)); dense([[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [2, -3, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])",
            "2",
        ),
        ("dense(random(3x72, seed=2, bits=24)); dense(random(7x3, seed=3, bits=24))", "3"),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for (last, rank) in cases {
        let text = format!("network f(x: 3x24x24) {{ {chain}; {last} }}");
        fs::write(folder.join("f.net"), &text).expect("written");
        let map = Region::<Integer>::whole(&network(&text)).expect("affine").collapse(1 << 30).expect("small");
        for arguments in
            [&["collapse", "f.net", "-o", "f.json", "--memory", "1M"][..], &["collapse", "f.net", "-o", "f.json"]]
        {
            succeed(folder, arguments);
            let written: serde_json::Value =
                serde_json::from_str(&fs::read_to_string(folder.join("f.json")).expect("a text")).expect("an object");
            assert_eq!(written["rank"].to_string(), rank, "{text}");
            assert_eq!(written["nonzeros"], map.matrix.nonzeros(), "{text}");
            assert_eq!(written["largest"], map.largest().to_string(), "{text}");
            assert_eq!(written["sha256"], map.sha256(), "{text}");
            assert_eq!(written.get("rank_at_most"), None);
        }
    }
}

/// One row that does not fit is refused before anything is written.
#[test]
fn a_row_that_does_not_fit_is_a_stated_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("f.net"), FILES[2].1).expect("written");
    let output = run(folder.path(), &["collapse", "f.net", "-o", "f.mtx", "--memory", "60K"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(3) && said.contains("--memory"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing but the network");
}

#[cfg(unix)]
#[test]
fn an_interruption_leaves_nothing_behind() {
    use std::process::Stdio;
    use std::time::Duration;

    let folder = tempfile::tempdir().expect("a folder");
    let text = "network f(x: 8x96x96) { conv(random(8x8x3x3, seed=1), pad=1); conv(random(8x8x3x3, seed=2), pad=1); \
                conv(random(8x8x3x3, seed=3), pad=1); conv(random(8x8x3x3, seed=4), pad=1) }";
    fs::write(folder.path().join("f.net"), text).expect("written");
    fs::write(folder.path().join("f.mtx"), "what was there\n").expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_netprove"));
    command.args(["collapse", "f.net", "-o", "f.mtx"]).current_dir(folder.path()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    let files = || fs::read_dir(folder.path()).expect("a folder").count();
    while files() < 3 {
        assert_eq!(child.try_wait().expect("a state"), None, "it takes longer than this test");
        std::thread::sleep(Duration::from_millis(5));
    }
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(interrupt.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(files(), 2, "the temporary file is gone");
    assert_eq!(fs::read_to_string(folder.path().join("f.mtx")).expect("a text"), "what was there\n");
}

/// Comparisons that are not worth a whole map: equal in every row, or not in one.
#[test]
fn large_networks_are_compared_row_by_row() {
    let body = |factor: &str, last: &str| {
        format!(
            "(x: 3x24x24) {{ conv({factor} * random(32x3x3x3, seed=1, bits=24), pad=1); \
             conv(random(10x32x3x3, seed=2, bits=24) / {factor}, random(10, seed=3), pad=1); global_avgpool; flatten; {last} }}\n"
        )
    };
    let claims = [("g", Some(0)), ("constant", Some(1)), ("row", Some(1))];
    let text = format!(
        "network f{}network g{}network constant{}network row{}",
        body("1", "scale(1)"),
        body("7", "scale(1)"),
        body("3", "bias([0, 0, 0, 0, 0, 0, 0, 1/7, 0, 0])"),
        body("5", "scale([1, 1, 1, 8/7, 1, 1, 1, 1, 1, 1])"),
    );
    let folder = tempfile::tempdir().expect("a folder");
    for (name, code) in claims {
        let claim = format!("{text}prove f == {name}\n");
        let region = network(&claim);
        assert!(Region::<Integer>::whole(&region).expect("affine layers").is_large());
        fs::write(folder.path().join("f.net"), claim).expect("written");
        let output = run(folder.path(), &["-q", "f.net"]);
        assert_eq!(output.status.code(), code, "{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// The recipe for Make in docs/clusters.md, on two processes.
#[cfg(unix)]
#[test]
fn the_recipe_for_make_gives_the_bytes_of_one_run() {
    if Command::new("make").arg("--version").output().is_err() {
        println!("skipped: there is no make here");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = fs::read_to_string(root.join("docs/clusters.md")).expect("the guide");
    let recipe = guide.split("```make\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a recipe");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("f.net"), FILES[2].1).expect("written");
    fs::write(folder.path().join("Makefile"), recipe).expect("written");
    let binary = Path::new(env!("CARGO_BIN_EXE_netprove")).parent().expect("a folder");
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let mut make = Command::new("make");
    make.args(["-j2", "FILE=f.net", "OUTPUTS=9"]).current_dir(folder.path()).env("PATH", path);
    let output = make.output().expect("make runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    succeed(folder.path(), &["collapse", "f.net", "-o", "single.mtx"]);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("a text");
    assert_eq!(read("whole.mtx"), read("single.mtx"));
}
