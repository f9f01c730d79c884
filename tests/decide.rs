//! Random networks: what collapses agrees with evaluation, what is refuted re-evaluates, and
//! networks that are affine in spite of their kinks are recognised, their neighbours refuted.

mod common;

use common::{shape, tensor};
use netprove::collapse::Region;
use netprove::decide::{Evidence, Verdict, decide, search};
use netprove::diagnostic::Source;
use netprove::layer::Enclosure;
use netprove::network::{Network, NoImports, check};
use proptest::prelude::*;

const MEMORY: u64 = 1 << 30;

fn network(text: &str) -> Network {
    let source = Source { name: "test.net".into(), text: text.into() };
    let program = check(source, &NoImports, MEMORY).unwrap_or_else(|r| panic!("{text}\n{:#?}", r.diagnostics));
    program.networks.last().expect("a network").clone()
}

/// A step that keeps the shape 2x5, from a number: affine ones first.
fn step(kind: usize, seed: usize) -> String {
    match kind {
        0 => format!("conv(random(2x2x3, seed={seed}), pad=1)"),
        1 => format!(
            "conv(random(2x1x3, seed={seed}), pad=2, dilation=2, groups=2, pad_mode=replicate, bias=random(2, seed={seed}))"
        ),
        2 => format!("batchnorm(scale=random(2, seed={seed}), shift=random(2, seed={}))", seed + 1),
        3 => "permute(1, 0)\n permute(1, 0)".into(),
        4 => format!("pad([{}, 1], mode=circular)\n avgpool(2, stride=1)\n crop([0, {}])", seed % 2, seed % 2),
        5 => format!("add(x)\n scale({}/3)", (seed % 7) as i64 - 3),
        6 => "upsample(2, mode=bilinear)\n avgpool(2)".into(),
        7 => format!("flatten\n dense(random(10x10, seed={seed}))\n reshape(2x5)"),
        8 => "relu".into(),
        9 => format!("leaky_relu({}/4)", (seed % 9) as i64 - 4),
        10 => "maxpool(3, stride=1, pad=1)".into(),
        11 => "abs".into(),
        12 => "clip(-1, 2)".into(),
        _ => "minimum(x)".into(),
    }
}

fn random_network(kinds: &[usize], seed: usize, domain: &str) -> Network {
    let steps: Vec<String> = kinds.iter().enumerate().map(|(i, &k)| step(k, seed + i)).collect();
    network(&format!("network f(x: 2x5{domain}) {{\n {}\n}}", steps.join("\n ")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_collapsed_map_is_the_network(kinds in prop::collection::vec(0_usize..8, 1..6), seed in 0_usize..1000, point in any::<u64>()) {
        let f = random_network(&kinds, seed, "");
        let map = Region::whole(&f).expect("affine layers").collapse(MEMORY).expect("small");
        let x = tensor(&shape(&[10]), point);
        prop_assert_eq!(map.apply(&x), f.evaluate(&x).expect("exact"));
    }

    #[test]
    fn verdicts_are_right(kinds in prop::collection::vec(0_usize..14, 1..5), seed in 0_usize..1000, bounded in any::<bool>(), point in any::<u64>()) {
        let f = random_network(&kinds, seed, if bounded { " in [-1, 2]" } else { "" });
        let decision = decide(&f, MEMORY);
        // Points of the domain: the test's numbers lie in [-9, 9].
        let x = if bounded { tensor(&shape(&[10]), point).map(|v| v / netprove::algebra::Rational::from_integer(9.into())) } else { tensor(&shape(&[10]), point) };
        let y = f.evaluate(&x).expect("exact");
        match &decision.evidence {
            Evidence::Composition(map) | Evidence::NormalForm(map, _) | Evidence::Regions(map, _) => {
                prop_assert_eq!(map.apply(&x), y);
                prop_assert_eq!(decision.verdict == Verdict::Linear, map.bias.is_zero());
            }
            Evidence::Witness(witness, _) => {
                prop_assert!(search::verify(&f, witness));
                let mut wrong = witness.as_ref().clone();
                wrong.f_x.low -= netprove::algebra::Rational::from_integer(1.into());
                prop_assert!(!search::verify(&f, &wrong), "a false value is noticed");
            }
            _ => prop_assert_eq!(decision.verdict, Verdict::Undecided),
        }
        let enclosed = f.enclose(&Enclosure { low: x.clone(), high: x.clone() }).expect("enclosed");
        prop_assert_eq!(enclosed.low, enclosed.high);
    }
}

/// Affine in spite of nonlinear layers, each with a neighbour that is not.
#[test]
fn cancellation_is_recognised_and_its_neighbours_refuted() {
    use Verdict::{Affine, Linear, Nonlinear};
    let cases = [
        ("x: 4", "output (x |> relu) - (-x |> relu)", Linear),
        ("x: 4", "output (x |> relu) + (-x |> relu)", Nonlinear),
        ("x: 4", "output (x |> relu) - ((-2 * x) |> relu) / 2", Linear),
        ("x: 4", "output (x |> relu) - ((-2 * x) |> relu) / 3", Nonlinear),
        ("x: 4", "output (x |> abs) - 2 * (x |> relu)", Linear),
        ("x: 4", "output (x |> abs) - 3 * (x |> relu)", Nonlinear),
        ("x: 4", "leaky_relu(1)", Linear),
        ("x: 4", "leaky_relu(99/100)", Nonlinear),
        ("x: 1x4x4", "maxpool(1x1)", Linear),
        ("x: 1x4x4", "maxpool(1x2)", Nonlinear),
        ("x: 2x3", "maxout(1)", Linear),
        ("x: 4", "maximum(x)", Linear),
        ("x: 4", "maximum(-x)", Nonlinear),
        ("x: 4", "scale(0)\n bias(-3)\n relu", Linear),
        ("x: 4", "scale(0)\n bias(3)\n relu", Affine),
        ("x: 4", "scale(0)\n softmax", Affine),
        ("x: 1x3", "softmax", Affine),
        ("x: 4", "scale(0)\n tanh", Linear),
        ("x: 4", "output (x |> tanh) - (x |> tanh)", Linear),
        ("x: 4", "tanh", Nonlinear),
        ("x: 4", "sigmoid", Nonlinear),
        ("x: 4", "gelu", Nonlinear),
        ("x: 4", "silu", Nonlinear),
        ("x: 4", "softmax", Nonlinear),
        ("x: 4", "square", Nonlinear),
        ("x: 4", "multiply(x)", Nonlinear),
        ("x: 4", "a = scale(0)\n b = bias(2)\n x |> multiply(b)", Linear),
        ("x: 4", "a = scale(0)\n b = bias(2)\n x |> multiply(b) |> square", Nonlinear),
        ("x: 4", "output (x |> square) - (x |> multiply(x))", Linear),
        ("x: 4", "output ((x + 1) |> square) - (x |> square)", Affine),
        ("x: 4", "output ((x + 1) |> square) - 2 * (x |> square)", Nonlinear),
        (
            "x: 4",
            "output ((x + 1) |> square |> multiply(x)) - (x |> square |> multiply(x)) - 2 * (x |> square)",
            Linear,
        ),
        ("x: 4", "output (x |> relu |> square) - (x |> relu |> multiply(x |> relu))", Linear),
        ("x: 4, y: 4", "output ((x + y) |> square) - ((x - y) |> square) - 4 * (x |> multiply(y))", Linear),
        ("x: 4, y: 4", "output ((x + y) |> square) - ((x - y) |> square) - 3 * (x |> multiply(y))", Nonlinear),
        ("x: 4, y: 4", "output (x |> multiply(y)) - (y |> multiply(x))", Linear),
        ("x: 4", "square\n bias(1/3)\n a = relu\n output a - (x |> square)", Affine),
        ("x: 4 in [0, 1]", "relu", Linear),
        ("x: 4 in [-1/1000, 1]", "relu", Nonlinear),
        ("x: 4 in [0, 1]", "clip(0, 1)", Linear),
        ("x: 4 in [0, 1]", "clip(0, 99/100)", Nonlinear),
        ("x: 4 in [2, 3]", "bias(-2)\n abs", Affine),
        ("x: 4 in [2, 3]", "bias(-5/2)\n abs", Nonlinear),
        ("x: 4 in [2, 2]", "square", Linear),
        ("x: 4 in [1/2, 1/2]", "relu", Linear),
        ("x: 4", "relu\n relu\n a = identity\n output a - (x |> relu)", Linear),
        ("x: 4, y: 4", "output (x |> maximum(y)) - y - ((x - y) |> relu)", Linear),
        ("x: 4, y: 4", "output (x |> maximum(y)) + (x |> minimum(y)) - x - y", Linear),
        ("x: 4, y: 4", "output (x |> maximum(y)) - (x |> minimum(y))", Nonlinear),
        // Kinks that no small number meets.
        ("x: 2", "bias(-100000)\n relu", Nonlinear),
        ("x: 2", "a = bias(-100000)\n b = relu\n c = a |> bias(-1/1000)\n d = relu\n output b - d", Nonlinear),
        ("x: 3", "dense([[1, -1, 1000000], [1, -1, 1000001]])\n reshape(2x1)\n maxout(2)", Nonlinear),
        // The output does not depend on the kink.
        ("x: 4", "a = relu\n output x", Linear),
    ];
    for (arguments, body, expected) in cases {
        let f = network(&format!("network f({arguments}) {{\n {body}\n}}"));
        let decision = decide(&f, MEMORY);
        assert_eq!(decision.verdict, expected, "f({arguments}) {{ {body} }}: {:?}", decision.evidence);
        if let Evidence::Witness(witness, _) = &decision.evidence {
            assert!(search::verify(&f, witness), "{body}");
        }
    }
}

/// Collapsing stacks of convolutions, against one convolution: the counts of exceptional outputs.
#[test]
fn stacks_with_zero_padding_are_one_matrix_but_not_one_convolution() {
    let map = |text: &str| Region::whole(&network(text)).expect("affine").collapse(MEMORY).expect("small").matrix;
    let k = "let a = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]\n let ones = [[1, 1, 1], [1, 1, 1], [1, 1, 1]]\n";
    // The 5x5 kernel of the composition: the full correlation of `a` with `ones`.
    let five = "[[1, 3, 6, 5, 3], [5, 12, 21, 16, 9], [12, 27, 45, 33, 18], [11, 24, 39, 28, 15], [7, 15, 24, 17, 9]]";
    let differing = |left: &netprove::algebra::Matrix, right: &netprove::algebra::Matrix| {
        let row = |m: &netprove::algebra::Matrix, r: usize| m.row(r).map(|(c, n)| (c, n.clone())).collect::<Vec<_>>();
        (0..left.rows()).filter(|&r| row(left, r) != row(right, r)).count()
    };
    let stacked = map(&format!("{k} network f(x: 1x8x8) {{\n conv(ones, pad=1)\n conv(a, pad=1)\n}}"));
    let single = map(&format!("network g(x: 1x8x8) {{\n conv({five}, pad=2)\n}}"));
    assert_eq!(differing(&stacked, &single), 28, "the border ring");
    let padded_first = map(&format!("{k} network f(x: 1x8x8) {{\n pad(2)\n conv(ones)\n conv(a)\n}}"));
    assert_eq!(padded_first, single);
    let circular = map(&format!(
        "{k} network f(x: 1x8x8) {{\n conv(ones, pad=1, pad_mode=circular)\n conv(a, pad=1, pad_mode=circular)\n}}"
    ));
    assert_eq!(circular, map(&format!("network g(x: 1x8x8) {{\n conv({five}, pad=2, pad_mode=circular)\n}}")));
}

#[test]
fn on_a_domain_the_constant_means_what_the_domain_allows() {
    let cases = [
        // f(0) is not among the values, yet no matrix gives x + 1 on [1, 2].
        ("x: 3 in [1, 2]", "bias(1)", Verdict::Affine),
        ("x: 3 in [0, 2]", "bias(1)", Verdict::Affine),
        ("x: 3 in [-2, -1]", "bias(1)", Verdict::Affine),
        // At one point c ≠ 0 every value is a matrix times c, and at 0 only 0 is.
        ("x: 3 in [2, 2]", "bias(1)", Verdict::Linear),
        ("x: 3 in [0, 0]", "bias(1)", Verdict::Affine),
        ("x: 3 in [0, 0]", "scale(7)", Verdict::Linear),
        ("x: 3 in [-1, -1]", "abs", Verdict::Linear),
        ("x: 3 in [0, 0]", "bias(1)\n relu", Verdict::Affine),
    ];
    for (argument, body, expected) in cases {
        let f = network(&format!("network f({argument}) {{\n {body}\n}}"));
        let decision = decide(&f, MEMORY);
        assert_eq!(decision.verdict, expected, "{argument}: {body}");
        let map = decision.evidence.map().expect("a map");
        let (low, high) = f.inputs[0].domain.clone().expect("a domain");
        for point in [low, high] {
            let x = netprove::algebra::Tensor::constant(shape(&[3]), &point);
            assert_eq!(map.apply(&x), f.evaluate(&x).expect("exact"), "{argument}: {body}");
        }
        let failure = netprove::decide::not_homogeneous(&f);
        assert_eq!(failure.is_some(), expected == Verdict::Affine, "{argument}: {body}");
        if let Some(failure) = failure {
            assert_ne!(failure.left, failure.right);
            assert!(search::Domain::of(&f).contains(&failure.x.scaled(&failure.factor)));
        }
    }
}

#[test]
fn numbers_that_grow_without_end_are_not_computed() {
    let repeated = |step: &str| {
        let mut text = format!("network f0(x: 2) {{ {step} }}\n");
        (1..14).for_each(|i| text.push_str(&format!("network f{i}(x: 2) {{ f{}; f{} }}\n", i - 1, i - 1)));
        decide(&network(&text), MEMORY)
    };
    assert_eq!(repeated("scale(1e9999)").verdict, Verdict::Linear);
    assert!(matches!(repeated("scale(1/3e9999)").evidence, Evidence::Structure { .. }));
    assert_eq!(repeated("scale(1e9999); bias(1)").verdict, Verdict::Undecided);
    assert_eq!(repeated("square").verdict, Verdict::Nonlinear);
    assert_eq!(repeated("scale(1e9999); relu").verdict, Verdict::Undecided);
}
