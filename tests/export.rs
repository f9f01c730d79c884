//! Models written, read back and compared; differences and rounding errors against floats themselves.
#![allow(clippy::float_arithmetic)]

use std::path::Path;

use netprove::algebra::{Rational, Shape, Tensor};
use netprove::decide::{Comparison, compare, difference, float_error};
use netprove::diagnostic::Source;
use netprove::export::{Rounding, floats, merge::merged, onnx::onnx, stable::thinned};
use netprove::import::element::{F16, F32, F64};
use netprove::layer::Layer;
use netprove::network::{Equation, Loader, Network, check, model};
use proptest::prelude::*;

const MEMORY: u64 = 1 << 27;

struct Folder;

impl Loader for Folder {
    fn load(&self, _: &str, _: &str) -> Result<Source, String> {
        Err("no texts here".into())
    }

    fn bytes(&self, _: &str, path: &str, _: bool, _: u64) -> Result<Vec<u8>, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx");
        std::fs::read(folder.join(path)).map_err(|e| e.to_string())
    }
}

fn network(text: &str) -> Network {
    let source = Source { name: "t.net".into(), text: text.into() };
    let program = check(source, &Folder, MEMORY).unwrap_or_else(|r| panic!("{text}: {:?}", r.diagnostics));
    program.networks.into_iter().next().expect("a network")
}

/// Writes a network's merged form and reads it back.
fn through_a_file(network: &Network) -> (Network, Network, Rounding) {
    let (merged, _) = merged(network, MEMORY);
    let (bytes, rounding) = onnx(&merged).expect("written");
    let program = model(None, "m.onnx", &bytes, &Folder, MEMORY);
    let program = program.unwrap_or_else(|r| panic!("{}: {:?}", network.name, r.diagnostics));
    (merged, program.networks.into_iter().next().expect("a network"), rounding)
}

fn equal(left: &Network, right: &Network) -> bool {
    let equation = Equation::between(left.clone(), right.clone(), true, None, left.span).expect("fits");
    matches!(compare(&equation, MEMORY), Comparison::Equal(_))
}

/// Every layer that has an operator, with weights that are floats.
const EXACT: &[&str] = &[
    "let k = random(2x1x3x3, seed=1)\nnetwork f(x: 1x6x6) { conv(k, bias=[1, 1/2], pad=1); conv(random(3x2x3x3, seed=2)); scale([1, 2, 1/4]); bias([0, 1, 2]) }",
    "network f(x: 1x6x6) { conv(random(2x1x3x3, seed=1), stride=2, pad=[1, 0, 0, 1]); flatten; dense(random(3x18, seed=3), bias=[1, 2, 3]) }",
    "network f(x: 2x5x5) { conv(random(2x2x3x3, seed=1), pad=1, pad_mode=circular); avgpool(2); permute(1, 2, 0); slice(0, 0, 1) }",
    "network f(x: 2x2x2) { conv_transpose(random(2x1x3x3, seed=1), stride=2, pad=1, output_pad=1); relu; upsample(2x2, mode=bilinear) }",
    "network f(x: 2x2x2) { conv(random(2x2x3x3, seed=1), pad=1); scale([2, 1/2]); relu; conv(random(4x2x1x1, seed=4)); pixel_shuffle(2); maxpool(2, stride=1) }",
    "network f(x: 2x2x2) { a = x |> conv(random(2x2x3x3, seed=1), pad=1); b = a |> leaky_relu(1/8); c = b |> conv(random(2x2x1x1, seed=2)); output (c + x) - maximum_of(a, c) }\n\
     network maximum_of(p: 2x2x2, q: 2x2x2) = p |> maximum(q)",
    "network f(x: 4) { abs; dense(random(3x4, seed=1)); clip(-1, 1/2); prelu([1/2, 1/4, 2]); concat(x) }",
    "network f(x: 1x4x4) { pad(1, value=2); minpool(2); sumpool(2, stride=1); pad(1, mode=reflect) }",
];

#[test]
fn what_is_written_exactly_is_read_back_equal() {
    for text in EXACT {
        let network = network(text);
        let (merged, back, rounding) = through_a_file(&network);
        assert_eq!(rounding.inexact, 0, "{text}");
        assert!(equal(&network, &merged), "merging changes {text}");
        assert!(equal(&network, &back), "writing changes {text}");
    }
}

/// On [0, 1] some units are always 0, some never, and some either: networks, and the units that stay.
const THINNED: &[(&str, &[usize])] = &[
    // One unit is 0; one is affine and stays, because a matrix around it would be larger.
    (
        "network f(x: 2 in [0, 1]) { dense([[-1, -1], [1, 1], [1, -1], [2, -1]], bias=[-1, 1, 0, 0]); relu; dense([[1, 2, 3, 1], [1, -1, 1, 2]], bias=[5, 0]) }",
        &[3],
    ),
    // Three are affine, and one is the constant -2 of a leaky_relu with slope 0.
    (
        "network f(x: 2 in [0, 1]) { dense([[1, 1], [1, 2], [3, 1], [1, -1], [0, 0]], bias=[1, 1, 0, 0, -4]); leaky_relu(1/2); dense([[1, 2, 3, 1, 1], [1, -1, 1, 2, 4]]) }",
        &[1],
    ),
    // A second layer, whose stable units only linear programs see.
    (
        "network f(x: 2 in [0, 1]) { dense([[1, -1], [-1, 1], [1, 1]]); relu; dense([[-1, -1, 0], [1, 1, -2], [1, -1, 0]], bias=[-1/2, 0, 0]); relu; dense([[1, 1, 1]]) }",
        &[3, 1],
    ),
    // Nothing is left but one matrix.
    ("network f(x: 2 in [0, 1]) { dense([[1, 2], [-1, -1]], bias=[0, -1/2]); relu; dense([[3, 7]]); relu }", &[]),
    // An image: of three channels one is 0.
    (
        "network f(x: 1x4x4 in [0, 1]) { conv([[[[1, -1], [2, 0]]], [[[-1, -1], [0, -1]]], [[[1, 1], [0, 2]]]], bias=[0, -1, 1]); relu; conv(random(2x3x2x2, seed=1), pad=1); relu }",
        &[18, 32],
    ),
    // All channels are settled, in three ways.
    (
        "network f(x: 1x4x4 in [0, 1]) { conv([[[[-1, -1], [0, -1]]], [[[1, 1], [0, 2]]]], bias=[-1, 1]); abs; conv(random(2x2x1x1, seed=1)) }",
        &[],
    ),
];

#[test]
fn stable_units_leave_and_the_model_is_equal_on_the_domain() {
    for (text, left) in THINNED {
        let network = network(text);
        let (thinned, layers) = thinned(&network, MEMORY);
        assert!(!layers.is_empty(), "{text}");
        let (merged, back, rounding) = through_a_file(&thinned);
        assert_eq!(rounding.inexact, 0, "{text}");
        assert!(equal(&network, &merged) && equal(&network, &back), "{text}");
        let live = merged.live_nodes();
        let kinked = live.iter().filter(|&&id| matches!(merged.nodes[id].layer, Some(Layer::Piecewise(_))));
        let units: Vec<usize> = kinked.map(|&id| merged.nodes[id].shape.elements()).collect();
        assert_eq!(units, *left, "{text}");
        // Elsewhere it is another function.
        let everywhere = |network: &Network| {
            let mut network = network.clone();
            network.inputs.iter_mut().for_each(|input| input.domain = None);
            network
        };
        assert!(!equal(&everywhere(&network), &everywhere(&merged)), "{text}");
    }
}

#[test]
fn segments_become_one_layer_each() {
    let kinds = |network: &Network| {
        let live = network.live_nodes();
        let kinds = live.iter().filter_map(|&id| network.nodes[id].layer.as_ref()).map(|l| l.function().kind());
        kinds.collect::<Vec<_>>()
    };
    let (merged, ..) = through_a_file(&network(EXACT[4]));
    assert_eq!(kinds(&merged), ["conv", "relu", "conv", "pixel_shuffle", "maxpool"].map(|k| k).to_vec());
    // Padding between the layers: no one convolution, so one matrix.
    let padded = "network f(x: 1x3x3) { conv(ones(1x1x3x3), bias=[1], pad=1); conv(ones(1x1x3x3), pad=1) }";
    let (merged, ..) = through_a_file(&network(padded));
    assert_eq!(kinds(&merged), ["flatten", "dense", "reshape"]);
}

#[test]
fn rounding_is_reported_and_bounds_the_difference() {
    let text = "network f(x: 3 in [-1, 1]) = x |> dense([[1/3, 1/10, 2], [1/7, 0, 1/2]], bias=[1/3, 1])";
    let original = network(text);
    let (_, mut back, rounding) = through_a_file(&original);
    assert_eq!((rounding.weights, rounding.inexact), (8, 4));
    back.inputs[0].domain = original.inputs[0].domain.clone();
    let equation = Equation::between(original.clone(), back, true, None, original.span).expect("fits");
    let found = difference(&equation.difference, MEMORY).expect("bounded");
    let (_, gap) = found.largest().expect("an output");
    assert!(found.exact && gap.bound == gap.found && gap.bound > Rational::default());
    // Three weights and a bias an output.
    assert!(gap.bound <= rounding.largest * Rational::from_integer(4.into()));
    assert!(gap.bound <= float_error(&equation.left).expect("bounded").outputs.into_iter().max().expect("an output"));
}

#[test]
fn differences_are_exact_where_both_sides_are_affine() {
    let pair = |right: &str| {
        let left = network("network f(x: 2 in [-1, 3]) = x |> dense([[1, 2], [3, 4]])");
        let equation = Equation::between(left.clone(), network(right), true, None, left.span).expect("fits");
        difference(&equation.difference, MEMORY).expect("bounded")
    };
    // (x₀ − 2·x₁ + 1) on [-1, 3]²: from -6 to 6; the second output is the same.
    let found = pair("network g(x: 2 in [-1, 3]) = x |> dense([[0, 4], [3, 4]], bias=[-1, 0])");
    assert_eq!(found.gaps[0].bound, Rational::from_integer(6.into()));
    assert_eq!((found.gaps[1].bound.clone(), found.exact), (Rational::default(), true));
    let [(0, point)] = found.points.as_slice() else { panic!("one output differs") };
    let ends: Vec<Rational> = [3, -1].map(|n: i64| Rational::from_integer(n.into())).to_vec();
    let other: Vec<Rational> = ends.iter().rev().cloned().collect();
    assert!(point.to_rationals() == ends || point.to_rationals() == other);
    // With a kink the bound holds and the points found do not exceed it.
    let found = pair("network g(x: 2 in [-1, 3]) { dense([[1, 2], [3, 4]]); relu }");
    assert!(found.gaps.iter().all(|g| g.found <= g.bound) && found.gaps[0].found > Rational::default());
}

/// Weights that are no floats between kinks: what is read back is within what rounding them may do.
#[test]
fn rounded_networks_with_kinks_are_read_back_close() {
    for text in [
        "network f(x: 1x6x6 in [-1, 1]) { conv(random(2x1x3x3, seed=1) / 3, bias=[1/3, 1/7], pad=1); relu; maxpool(2); conv(random(2x2x2x2, seed=2) / 7); abs; flatten; dense(random(3x8, seed=3) / 11) }",
        "network f(x: 4 in [-1, 1]) { dense(random(5x4, seed=1) / 3); leaky_relu(1/4); dense(random(4x5, seed=2) / 9, bias=1/3 * ones(4)); sigmoid; dense(random(2x4, seed=3) / 5); clip(-1, 1) }",
        "network f(x: 3 in [0, 1]) { a = x |> dense(random(3x3, seed=1) / 3) |> tanh; b = x |> dense(random(3x3, seed=2) / 7) |> softmax; output a |> multiply(b) |> square }",
    ] {
        let original = network(text);
        let (_, mut back, rounding) = through_a_file(&original);
        assert!(rounding.inexact > 0, "{text}");
        back.inputs[0].domain = original.inputs[0].domain.clone();
        let equation = Equation::between(original.clone(), back, true, None, original.span).expect("fits");
        let found = difference(&equation.difference, MEMORY).expect("bounded");
        let (_, gap) = found.largest().expect("an output");
        // A few roundings of relative 2^-24 each: bounds of both values would be near 1.
        assert!(gap.bound < Rational::new(1.into(), 100_000.into()), "{text}: {}", gap.bound);
        let both = float_error(&equation.left).expect("bounded").outputs;
        assert!(found.gaps.iter().all(|g| g.found <= g.bound), "{text}");
        assert!(both.iter().all(|e| *e > Rational::default()), "{text}");
    }
}

/// A matrix and a constant, and in words why there is none.
#[test]
fn npz_files_are_read_back() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let text = "network f(x: 1x4 in [-1, 1]) { conv([1, -2, 1] / 8, pad=1, bias=[1/2]); conv([1, 1] / 2) }\nnetwork g(x: 2) { relu }\n";
    let (file, written) = (folder.path().join("f.net"), folder.path().join("f.npz"));
    std::fs::write(&file, text).expect("writable");
    let run = |target: &str| {
        let program = std::process::Command::new(env!("CARGO_BIN_EXE_netprove"))
            .args(["collapse", &format!("{}:{target}", file.display()), "--output"])
            .arg(&written)
            .output();
        program.expect("it runs")
    };
    assert!(run("f").status.success());
    let bytes = std::fs::read(&written).expect("written");
    let read = |name: &str| netprove::import::npz::tensor(&bytes, Some(name), MEMORY).expect("a tensor");
    let (matrix, bias) = (read("matrix"), read("bias"));
    let rows = |i: usize| (0..4).map(|j| matrix.get(4 * i + j).to_string()).collect::<Vec<_>>().join(", ");
    let numbers = (0..3).map(|i| bias.get(i).to_string()).collect::<Vec<_>>().join(", ");
    let again = format!(
        "network h(x: 4 in [-1, 1]) {{ dense([[{}], [{}], [{}]], bias=[{numbers}]) }}",
        rows(0),
        rows(1),
        rows(2)
    );
    let flat = network(
        "network f(x: 4 in [-1, 1]) { reshape(1x4); conv([1, -2, 1] / 8, pad=1, bias=[1/2]); conv([1, 1] / 2); flatten }",
    );
    assert!(equal(&flat, &network(&again)), "{again}");
    let refused = run("g");
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("an npz file holds one matrix and one constant"));
}

/// Bounds of kinked differences: never below what points show, and close where the networks are.
#[test]
fn bounds_of_kinked_differences_hold_and_are_close() {
    let bodies = [
        ("x: 3", "dense(A); relu; dense(B)"),
        ("x: 1x6", "conv([1, -2, A]); maxpool(2); conv([B, 1])"),
        ("x: 3", "dense(A); abs; dense(B); clip(-1, 1); minimum(x)"),
        ("x: 3", "dense(A); softplus; dense(B); gelu"),
        ("x: 3", "dense(A); softmax; multiply(x); dense(B)"),
        ("x: 4", "reshape(4x1x1); maxout(2); flatten; dense([[1, A]]); silu"),
    ];
    for (seed, (arguments, body)) in bodies.into_iter().enumerate() {
        let matrix = |a: &str| format!("(random(3x3, seed={seed}) + {a} * eye(3))");
        let of = |name: &str, a: &str, b: &str| {
            let square = body.contains("dense(A)");
            let (a, b) = if square { (matrix(a), matrix(b)) } else { (a.to_string(), b.to_string()) };
            let body = body.replace("(A)", &format!("({a})")).replace("(B)", &format!("({b})"));
            let body = body.replace("A]", &format!("{a}]")).replace("[B", &format!("[{b}"));
            network(&format!("network {name}({arguments} in [-1, 1]) {{ {body} }}"))
        };
        let left = of("f", "1/3", "1/5");
        for (a, b, near) in [("1/3 + 1/1000", "1/5", true), ("1/2", "-1", false)] {
            let (a, b) = (format!("({a})"), format!("({b})"));
            let equation = Equation::between(left.clone(), of("g", &a, &b), true, None, left.span).expect("fits");
            let found = difference(&equation.difference, MEMORY).expect("bounded");
            let (_, gap) = found.largest().expect("an output");
            if near {
                assert!(gap.bound < Rational::new(1.into(), 20.into()), "{body}: {}", gap.bound);
            }
            for seed in 0..40_i64 {
                let n = left.input_elements();
                let entry =
                    |i: usize| Rational::new(((seed * 37 + 11 * i as i64 * seed + 5) % 33 - 16).into(), 16.into());
                let x =
                    Tensor::from_rationals(Shape::new([n]).expect("not empty"), &(0..n).map(entry).collect::<Vec<_>>());
                let point = netprove::layer::Enclosure { low: x.clone(), high: x };
                let there = equation.difference.enclose(&point).expect("a value");
                for (i, gap) in found.gaps.iter().enumerate() {
                    let sure = there.low.get(i).max(-there.high.get(i));
                    assert!(sure <= gap.bound, "{body}, output {i}: {sure} above {}", gap.bound);
                }
            }
        }
    }
}

/// A kink that no input of the domain reaches, and what is affine on both sides, cost the bound nothing.
#[test]
fn kinks_that_never_act_do_not_loosen_the_bound() {
    for (left, right) in [
        ("x: 2 in [0, 1]) { clip(0, 1) }", "x: 2 in [0, 1]) { scale(1001/1000) }"),
        (
            "x: 4 in [-1, 1]) { dense(random(3x4, seed=1)); bias(5); relu; bias(-5) }",
            "x: 4 in [-1, 1]) { dense(random(3x4, seed=1)); scale(1001/1000) }",
        ),
        (
            "x: 1x4 in [0, 1]) { bias([[1, 0, 1, 0]]); maxpool(2) }",
            "x: 1x4 in [0, 1]) { bias([[1, 0, 1, 0]]); slice(1, 0, 4, step=2); scale(1001/1000) }",
        ),
    ] {
        let left = network(&format!("network f({left}"));
        let equation = Equation::between(left.clone(), network(&format!("network g({right}")), true, None, left.span)
            .expect("fits");
        let found = difference(&equation.difference, MEMORY).expect("bounded");
        let (_, gap) = found.largest().expect("an output");
        assert!(gap.bound <= &gap.found * Rational::new(1001.into(), 1000.into()), "{}: {gap:?}", left.name);
        assert!(gap.found > Rational::default());
    }
}

/// Smooth layers in float32, by the standard library's functions, against their bounds.
#[test]
fn float32_of_smooth_layers_errs_by_no_more_than_the_bound() {
    let weights = [0.5_f32, -1.25, 2.0, 0.75, 1.5, -0.375];
    let text = |layers: &str| {
        format!("network f(x: 2 in [-2, 2]) {{ dense([[1/2, -5/4], [2, 3/4], [3/2, -3/8]]); {layers} }}")
    };
    type Layer = fn(&[f32]) -> Vec<f32>;
    let layers: [(&str, Layer); 6] = [
        ("sigmoid", |v| v.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect()),
        ("tanh", |v| v.iter().map(|x| x.tanh()).collect()),
        ("silu", |v| v.iter().map(|x| x / (1.0 + (-x).exp())).collect()),
        ("elu", |v| v.iter().map(|x| if *x > 0.0 { *x } else { x.exp() - 1.0 }).collect()),
        ("softplus", |v| v.iter().map(|x| (1.0 + x.exp()).ln()).collect()),
        ("softmax", |v| {
            let top = v.iter().copied().fold(f32::MIN, f32::max);
            let powers: Vec<f32> = v.iter().map(|x| (x - top).exp()).collect();
            let sum: f32 = powers.iter().sum();
            powers.iter().map(|p| p / sum).collect()
        }),
    ];
    for (name, layer) in layers {
        let network = network(&text(name));
        let errors = float_error(&network).expect("a bound");
        assert_eq!(errors.assumed, [name]);
        assert!(errors.outputs.iter().all(|e| *e < Rational::new(1.into(), 10_000.into())), "{name}");
        for step in 0..200 {
            let x = [(step % 20) as f32 / 5.0 - 2.0, (step / 20) as f32 / 2.5 - 2.0];
            let hidden: Vec<f32> = weights.chunks(2).map(|row| row[0] * x[0] + row[1] * x[1]).collect();
            let point = list(&x);
            let exact =
                network.enclose(&netprove::layer::Enclosure { low: point.clone(), high: point }).expect("bounds");
            for (i, found) in layer(&hidden).into_iter().enumerate() {
                let found = Rational::from_float(found).expect("finite");
                let far = (&found - exact.low.get(i)).max(exact.high.get(i) - &found);
                assert!(far <= errors.outputs[i], "{name} at {x:?}: {far} above {}", errors.outputs[i]);
            }
        }
    }
    // A divisor that may be 0 in floats has no bound, and says so.
    let known = network("network f(x: 2 in [1, 3]) { scale(2); divide(x) }");
    assert!(float_error(&known).is_ok_and(|errors| errors.assumed.is_empty()));
    let unknown = network("network f(x: 2 in [-1, 3]) { d = x |> square; x |> divide(d) }");
    assert!(float_error(&unknown).is_err());
}

fn list(values: &[f32]) -> Tensor {
    let values: Vec<Rational> = values.iter().map(|&v| Rational::from_float(v).expect("finite")).collect();
    Tensor::from_rationals(Shape::new([values.len()]).expect("not empty"), &values)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_nearest_float_is_the_processors(bits in any::<u64>(), small in any::<u32>()) {
        let wide = f64::from_bits(bits);
        for value in [wide, f64::from_bits(u64::from(small) << 20), f64::from(f32::from_bits(small)) * 1.000_000_1] {
            let Some(exact) = Rational::from_float(value) else { continue };
            prop_assert_eq!(F64.nearest(&exact).map(|n| n.1), Some(exact.clone()));
            let narrow = value as f32;
            match F32.nearest(&exact) {
                None => prop_assert!(narrow.is_infinite()),
                Some((bits, stored)) => {
                    prop_assert!(narrow == f32::from_bits(bits as u32), "{} is {} and not {}", value, narrow, f32::from_bits(bits as u32));
                    prop_assert_eq!(Rational::from_float(narrow), Some(stored));
                }
            }
        }
    }

    #[test]
    fn half_precision_is_within_half_a_step(n in -70_000_i64..70_000, d in 1_i64..5000) {
        let value = Rational::new(n.into(), d.into());
        let mut rounding = Rounding::default();
        let written = floats(&Tensor::scalar(&value), F16, &mut rounding);
        let limit = Rational::from_integer(65_520.into());
        let size = if value < Rational::default() { -value } else { value };
        prop_assert_eq!(written.is_ok(), size < limit);
        if written.is_ok() {
            // Half a unit in the last of eleven bits, or half of the smallest float.
            let step = size / Rational::from_integer(2048.into());
            prop_assert!(rounding.largest <= step.max(Rational::new(1.into(), (1_i64 << 25).into())));
        }
    }

    /// A network of two layers, evaluated in float32 in two orders of summation.
    #[test]
    fn float32_errs_by_no_more_than_the_bound(weights in prop::collection::vec(-4.0_f32..4.0, 4 * 5 + 5 + 5 * 2), x in prop::collection::vec(-1.0_f32..1.0, 4)) {
        let (first, rest) = weights.split_at(20);
        let (bias, second) = rest.split_at(5);
        let text = |t: &[f32], width: usize| {
            let row = |r: &[f32]| format!("[{}]", r.iter().map(|v| Rational::from_float(*v).expect("finite").to_string()).collect::<Vec<_>>().join(", "));
            t.chunks(width).map(row).collect::<Vec<_>>().join(", ")
        };
        let source = format!(
            "network f(x: 4 in [-1, 1]) {{ dense([{}], bias={}); relu; dense([{}]) }}",
            text(first, 4), text(bias, 5), text(second, 5)
        );
        let network = network(&source);
        let exact = network.evaluate(&list(&x)).expect("exact");
        let errors = float_error(&network).expect("a bound").outputs;
        for backwards in [false, true] {
            let dot = |row: &[f32], v: &[f32]| {
                let products = row.iter().zip(v).map(|(a, b)| a * b);
                if backwards { products.rev().sum::<f32>() } else { products.sum::<f32>() }
            };
            let hidden: Vec<f32> = first.chunks(4).zip(bias).map(|(row, b)| (dot(row, &x) + b).max(0.0)).collect();
            for (o, row) in second.chunks(5).enumerate() {
                let found = Rational::from_float(dot(row, &hidden)).expect("finite") - exact.get(o);
                let size = if found < Rational::default() { -found } else { found };
                prop_assert!(size <= errors[o], "output {}: {} above {}", o, size, errors[o]);
            }
        }
        // It is a bound for floats, not for anything: far below the values themselves.
        prop_assert!(errors.iter().all(|e| *e < Rational::new(1.into(), 1000.into())));
    }
}
