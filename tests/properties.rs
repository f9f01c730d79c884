//! Properties: every one with true and false cases, refutations evaluated again, and random networks
//! whose proved properties hold at random points.

mod common;

use netprove::algebra::{Budget, Notes, Rational, Tensor, ratio};
use netprove::decide::properties::Violation;
use netprove::decide::{Status, prove};
use netprove::diagnostic::Source;
use netprove::network::{Behaviour, Network, NoImports, Program, Statement, check};
use num_traits::Signed;
use proptest::prelude::*;

fn program(text: &str) -> Program {
    let source = Source { name: "test.net".into(), text: text.into() };
    check(source, &NoImports, 1 << 28).unwrap_or_else(|r| panic!("{:#?}\n{text}", r.diagnostics))
}

/// Whether the points of a violation violate the property, by the layers' definitions and its own words.
fn violates(network: &Network, behaviour: &Behaviour, found: &Violation) -> bool {
    let network = network.at(&found.symbols);
    let points: Vec<&Tensor> = found.points.iter().map(|(_, p)| p).collect();
    let domain = netprove::decide::search::Domain::of(&network);
    let f = |x: &Tensor| {
        assert!(domain.contains(x), "a point outside of the domain");
        network.evaluate(x).map(|y| y.get(found.output))
    };
    // u is a step, not a point.
    let evaluated = found.points.iter().filter(|(name, _)| *name != "u").map(|(_, p)| p);
    let Some(at) = evaluated.map(&f).collect::<Option<Vec<Rational>>>() else {
        return true; // A smooth network: its values are enclosed.
    };
    let (x, y) = (points[0], points[1]);
    match behaviour {
        Behaviour::Convex | Behaviour::Concave => {
            // z lies between x and y.
            let (x, y, z) = (x.to_rationals(), y.to_rationals(), points[2].to_rationals());
            let at_entry = (0..x.len()).find(|&i| x[i] != y[i]).expect("two points");
            let t = (&z[at_entry] - &y[at_entry]) / (&x[at_entry] - &y[at_entry]);
            let one = Rational::from_integer(1.into());
            assert!((0..x.len()).all(|i| &t * &x[i] + (&one - &t) * &y[i] == z[i]) && !t.is_negative() && t <= one);
            let chord = &t * &at[0] + (&one - &t) * &at[1];
            if *behaviour == Behaviour::Convex { at[2] > chord } else { at[2] < chord }
        }
        Behaviour::Monotone(_) => x.to_rationals().iter().zip(y.to_rationals()).all(|(a, b)| *a <= b) && at[0] > at[1],
        Behaviour::Injective => x != y && network.evaluate(x) == network.evaluate(y),
        Behaviour::Lipschitz(bound) => {
            let reach = x.minus(y).to_rationals().iter().map(|v| v.abs()).max().expect("entries");
            (&at[0] - &at[1]).abs() > bound * reach
        }
        Behaviour::AffineAlongConstants => {
            let u = points[2];
            let (xu, yu) = (f(&x.plus(u)).expect("exact"), f(&y.plus(u)).expect("exact"));
            xu - &at[0] != yu - &at[1]
        }
        Behaviour::Surjective => false,
    }
}

fn answers(text: &str) -> Vec<Status> {
    let program = program(text);
    let findings = prove(&program, 1 << 28);
    for (claim, answer) in program.claims.iter().zip(&findings.claims) {
        if let Statement::Behaviour { network, behaviour } = &claim.statement
            && let Some(violation) = answer.grounds.as_ref().and_then(|g| g.violation.as_ref())
        {
            assert_eq!(answer.status, Status::Refuted);
            assert!(violates(&program.networks[*network], behaviour, violation), "{}: {violation:?}", claim.text);
        }
    }
    findings.claims.iter().map(|a| a.status).collect()
}

#[test]
fn every_property_with_true_and_false_cases() {
    use Status::{Proved, Refuted, Undecided};
    let cases = [
        ("x: 2", "scale(0)\n bias(3)", "constant", Proved),
        ("x: 2", "abs\n scale(0)", "constant", Proved),
        ("x: 2", "scale(1/1000)", "constant", Refuted),
        ("x: 2 in [1, 2]", "bias(-3)\n relu", "constant", Proved),
        ("x: 2 in [1, 4]", "bias(-3)\n relu", "constant", Refuted),
        ("x: 2", "abs", "even", Proved),
        ("x: 2", "relu", "even", Refuted),
        ("x: 2", "a = x |> abs\n output (a |> bias(-1) |> abs) + 2", "even", Proved),
        ("x: 2 in [-1, 2]", "clip(-1, 1)\n abs", "even", Proved),
        ("x: 2", "hard_tanh", "odd", Proved),
        ("x: 2", "tanh", "even", Refuted),
        ("x: 2", "relu6", "odd", Refuted),
        ("x: 2", "dense([[1, 2], [3, 4]])", "odd", Proved),
        ("x: 2", "dense([[1, 2], [3, 4]], bias=[1, 0])", "odd", Refuted),
        ("x: 2", "relu", "convex", Proved),
        ("x: 2", "scale(-1)\n relu\n scale(-1)", "convex", Refuted),
        ("x: 2", "scale(-1)\n relu\n scale(-1)", "concave", Proved),
        ("x: 2", "clip(0, 1)", "convex", Refuted),
        ("x: 2 in [-5, 1]", "clip(0, 1)", "convex", Proved),
        ("x: 1x4x4", "conv([[1, 2], [3, -4]])\n maxpool(2)", "convex", Proved),
        ("x: 1x4x4", "maxpool(2)\n scale(-1)\n relu", "convex", Refuted),
        ("x: 2", "square", "convex", Proved),
        ("x: 2", "sigmoid", "convex", Refuted),
        // relu(x) + relu(x − 1), by weights that hide it; and relu(x) − relu(x − 1)/2.
        ("x: 1", "output (x |> relu) - (x |> bias(-1) |> relu) + ((2 * x) |> bias(-2) |> relu)", "convex", Proved),
        ("x: 1", "output (x |> relu) - (x |> bias(-1) |> relu) + ((x / 2) |> bias(-1/2) |> relu)", "convex", Refuted),
        ("x: 1", "a = x |> abs\n output (a |> relu) + (a |> bias(1) |> relu) - a", "convex", Proved),
        ("x: 2", "relu", "monotone", Proved),
        ("x: 2", "abs", "monotone", Refuted),
        ("x: 2", "clip(-1, 1)", "monotone", Proved),
        ("x: 2 in [0, 1]", "abs", "monotone", Proved),
        ("x: 2", "dense([[1, 0], [1, -1]])", "monotone", Refuted),
        ("x: 2", "leaky_relu(-1/8)", "monotone", Refuted),
        ("x: 2", "sigmoid", "monotone", Proved),
        ("x: 2, y: 2", "output (x |> relu) - (y |> relu)", "monotone x", Proved),
        ("x: 2, y: 2", "output (x |> relu) - (y |> relu)", "monotone y", Refuted),
        // Rising on every region, though a weight is negative.
        ("x: 1", "a = x |> abs\n output 2 * x + a", "monotone", Proved),
        ("x: 1", "a = x |> abs\n output x + 2 * a", "monotone", Refuted),
        ("x: 2", "dense([[1, 2], [3, 4]])", "injective", Proved),
        ("x: 2", "dense([[1, 2], [2, 4]])", "injective", Refuted),
        // Through fewer numbers than there are inputs and outputs; elimination alone takes too long.
        ("x: 2x30x30", "a = x |> conv(random(1x2x3x3, seed=1, bits=24), pad=1); a |> concat(a)", "injective", Refuted),
        ("x: 2x30x30", "a = x |> conv(random(1x2x3x3, seed=1, bits=24), pad=1); a |> concat(a)", "surjective", Refuted),
        ("x: 3", "dense([[1, 2, 3], [4, 5, 6]])", "surjective", Proved),
        ("x: 2", "dense([[1, 2], [3, 4], [5, 6]])", "surjective", Refuted),
        ("x: 2", "dense([[1, 2], [3, 4], [5, 6]])", "injective", Proved),
        ("x: 2 in [0, 1]", "identity", "surjective", Refuted),
        ("x: 2", "relu", "injective", Refuted),
        ("x: 2", "leaky_relu(1/2)", "injective", Undecided),
        ("x: 2", "abs", "injective", Refuted),
        ("x: 1, y: 1", "a = x |> concat(y)\n a |> relu\n dense([[1, 1], [2, 2]])", "surjective", Refuted),
        ("x: 2", "dense([[1, -2], [3, 4]])", "lipschitz 7", Proved),
        ("x: 2", "dense([[1, -2], [3, 4]])", "lipschitz 6.99", Refuted),
        ("x: 2 in [0, 1/10]", "dense([[1, -2], [3, 4]])", "lipschitz 6.99", Refuted),
        ("x: 2", "abs", "lipschitz 1", Proved),
        ("x: 2", "abs", "lipschitz 999/1000", Refuted),
        ("x: 4", "tanh", "lipschitz 1", Proved),
        // Layer by layer the bound is 3; on the regions it is 1.
        ("x: 1", "a = x |> abs\n output 2 * (x |> relu) - a", "lipschitz 1", Proved),
        ("x: 1", "a = x |> abs\n b = a |> bias(-1) |> relu\n output 2 * b - a", "lipschitz 1", Proved),
        ("x: 1", "a = x |> abs\n b = a |> bias(-1) |> relu\n output 3 * b - a", "lipschitz 1", Refuted),
        ("x: 1x4", "conv([1, 2, 3], pad=1, pad_mode=circular)\n relu", "shift_equivariant", Proved),
        ("x: 1x4", "conv([1, 2, 3], pad=1)\n relu", "shift_equivariant", Refuted),
        ("x: 1x4x4", "maxpool(2)", "shift_equivariant", Proved),
        ("x: 2x3x3", "global_avgpool", "shift_equivariant", Proved),
        ("x: 1x4x4", "bias(random(1x4x4, seed=1))", "shift_equivariant", Refuted),
    ];
    for (arguments, body, property, expected) in cases {
        let text = format!("network f({arguments}) {{\n {body}\n}}\nprove f is {property}");
        assert_eq!(answers(&text), [expected], "{text}");
    }
}

#[test]
fn lipschitz_constants_are_exact_where_the_regions_are_known() {
    for (body, wanted, exact) in [
        ("a = x |> abs\n b = a |> bias(-1) |> relu\n output 3 * b - a", "3", "2"),
        ("a = x |> abs\n b = a |> bias(-1) |> relu\n output b / 3 - a / 2", "3/4", "1/2"),
    ] {
        let program = program(&format!("network f(x: 1) {{\n {body}\n}}\nprove f is lipschitz {wanted}"));
        let findings = prove(&program, 1 << 28);
        let grounds = findings.claims[0].grounds.as_ref().expect("grounds");
        assert_eq!((grounds.status, grounds.method), (Status::Proved, "lipschitz-by-regions"), "{body}");
        assert_eq!(grounds.because, format!("its exact constant is {exact}"), "{body}");
    }
}

/// Two searches, one after the other: for the affine pieces, and for a piece that is above f somewhere.
#[test]
fn convexity_is_decided_by_as_many_runs_as_it_takes() {
    let text = "network f(x: 2) {
            dense([[1, 2], [2, -1], [1, 1], [1, -3], [3, 1]], bias=[1, -1, 2, 0, 3])
            abs
            b = dense([[1, 1, 1, 1, 1]])
            output 2 * (b |> relu) - b
        }
        prove f is convex
        prove f is concave";
    let program = program(text);
    let notes: &'static Notes = Box::leak(Box::default());
    let budget = Budget { notes: Some(notes), ..Budget::new(1 << 28, 9) };
    let answers = |budget: Budget| prove(&program, budget).claims.iter().map(|a| a.status).collect::<Vec<_>>();
    let alone = Budget { notes: None, ..budget };
    assert_eq!(answers(alone), [Status::Undecided, Status::Refuted]);
    let runs = (1..10).find(|_| answers(budget)[0] != Status::Undecided);
    assert!(runs.is_some_and(|runs| runs > 2), "{runs:?}");
    assert_eq!(answers(budget), [Status::Proved, Status::Refuted]);
}

#[test]
fn pooling_networks_are_affine_along_constants() {
    use Status::{Proved, Refuted};
    let cases = [
        (
            "x: 1x6x6",
            "conv([[1, -2], [3, 4]])\n maxpool(2, stride=1)\n conv([[1, 2], [3, -4]], bias=[5])\n global_maxpool",
            Proved,
        ),
        (
            "x: 2x6x6",
            "conv(3, 3x3, pad=1, pad_mode=circular)\n maxpool(3, pad=1)\n batchnorm(scale=[1, -2, 3], shift=[1, 1, 1])\n conv(1, 2x2)",
            Proved,
        ),
        (
            "x: 1x6x6",
            "conv(2, 3x3, pad=1, pad_mode=reflect)\n minpool(2)\n conv(4, 3x3, pad=1, pad_mode=replicate)",
            Proved,
        ),
        ("x: 1x6x6", "conv([[1, -2], [3, 4]])\n maxpool(2)\n relu", Refuted),
        ("x: 1x6x6", "conv([[0, 1, 0], [1, -4, 1], [0, 1, 0]], pad=1)\n maxpool(2)", Refuted),
        // The largest of all entries, less the mean: constants vanish before the ReLU.
        ("x: 1x2x2", "conv([[1, -1]])\n relu", Proved),
        ("x: 1x2x2", "conv([[1, -2]])\n relu", Refuted),
        // Where the padding is never the largest, no rule says so, but the regions do.
        ("x: 1x2 in [1, 2]", "conv([1, 1, 1], pad=1)\n relu", Proved),
        ("x: 3", "maximum(-x)", Refuted),
        ("x: 1x2x2", "sigmoid", Refuted),
    ];
    for (arguments, body, expected) in cases {
        let text = format!("network f({arguments}) {{\n {body}\n}}\nprove f is affine_along constants");
        assert_eq!(answers(&text), [expected], "{text}");
    }
}

#[test]
fn the_layer_that_voids_the_argument_is_named() {
    let culprit = |body: &str| {
        let program = program(&format!("network f(x: 1x6x6) {{\n {body}\n}}\nprove f is affine_along constants"));
        let findings = prove(&program, 1 << 28);
        let (node, why) = findings.claims[0].grounds.as_ref().expect("grounds").culprit.clone().expect("a culprit");
        (program.networks[0].nodes[node].name.clone(), why)
    };
    assert_eq!(culprit("conv([[1, 2], [3, 4]])\n maxpool(2)\n relu\n conv([[1, 1]])").0, "relu1");
    let (pool, why) = culprit("conv([[1, 2, 1], [1, 1, 1], [0, 3, 4]], pad=1)\n maxpool(2)");
    assert!(pool == "maxpool1" && why.contains("conv1"), "{pool}: {why}");
}

#[test]
fn the_space_of_directions_has_the_right_dimension() {
    let largest = |text: &str| netprove::decide::properties::largest(&program(text).networks[0]);
    // A pool of non-overlapping windows: one dimension a window.
    assert_eq!(largest("network f(x: 1x4x4) { maxpool(2) }"), Some((4, 16)));
    assert_eq!(largest("network f(x: 1x4x4) { global_maxpool }"), Some((1, 16)));
    assert_eq!(largest("network f(x: 1x4x4) { relu }"), Some((0, 16)));
    assert_eq!(largest("network f(x: 2x2) { maxout(2) }"), Some((2, 4)));
    assert_eq!(largest("network f(x: 3) { dense([[1, 1, 1]]); relu }"), Some((2, 3)));
    assert_eq!(largest("network f(x: 3) { scale(2) }"), Some((3, 3)));
}

#[test]
fn what_cannot_be_asked_is_refused_in_words() {
    for (text, words) in [
        ("network f(x: 2) { relu }\nprove f is monotone z", "name one of `x`"),
        ("network f(x: 2) { relu }\nprove f is lipschitz", "is lipschitz 3/2"),
        ("network f(x: 2) { relu }\nprove f is lipschitz -1", "at least 0"),
        ("network f(x: 2) { relu }\nprove f is affine_along edges", "affine_along constants"),
        ("network f(x: 2) { relu }\nprove f is convex 3", "takes no argument"),
        ("network f(x: 2) { relu }\nprove f is even 3", "takes no argument"),
        ("network f(x: 2) { relu }\nprove f is shift_equivariant", "C×H×W"),
        ("network f(x: 2 in [1, 2]) { relu }\nprove f is even", "its negative"),
        ("network f(x: 2) { relu }\nprove f is convx", "did you mean `convex`"),
    ] {
        let source = Source { name: "test.net".into(), text: text.into() };
        let rejected = check(source, &NoImports, 1 << 28).expect_err(text);
        let all = format!("{:?}", rejected.diagnostics);
        assert!(all.contains(words), "{text}: {all}");
    }
}

const PROPERTIES: [&str; 8] =
    ["convex", "concave", "monotone", "even", "odd", "constant", "lipschitz 2", "affine_along constants"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Two small layers; what is proved holds at random points, and what is refuted was checked.
    #[test]
    fn proved_properties_hold_at_random_points(
        m in prop::collection::vec(-2_i64..3, 4),
        b in prop::collection::vec(-1_i64..2, 2),
        v in prop::collection::vec(-2_i64..3, 2),
        points in prop::collection::vec(-6_i64..7, 6),
    ) {
        let claims: Vec<String> = PROPERTIES.iter().map(|p| format!("prove f is {p}\n")).collect();
        let text = format!(
            "network f(x: 2) {{\n dense([[{}, {}], [{}, {}]], bias=[{}, {}])\n relu\n dense([[{}, {}]])\n}}\n{}",
            m[0], m[1], m[2], m[3], b[0], b[1], v[0], v[1], claims.concat()
        );
        let found = answers(&text);
        prop_assert!(!found.contains(&Status::Undecided), "{text}: {found:?}");
        let f = program(&text).networks[0].clone();
        let half = |n: i64| ratio(n.into(), 2.into());
        let at = |x: &[Rational; 2]| {
            let x = Tensor::from_rationals(common::shape(&[2]), x);
            f.evaluate(&x).expect("exact").get(0)
        };
        let (x, y) = ([half(points[0]), half(points[1])], [half(points[2]), half(points[3])]);
        let middle = [(&x[0] + &y[0]) * half(1), (&x[1] + &y[1]) * half(1)];
        let minus = [-&x[0], -&x[1]];
        let holds = |p: usize| found[p] == Status::Proved;
        let chord = (at(&x) + at(&y)) * half(1);
        prop_assert!(!holds(0) || at(&middle) <= chord);
        prop_assert!(!holds(1) || at(&middle) >= chord);
        let up = [&x[0] + half(points[4].abs()), &x[1] + half(points[5].abs())];
        prop_assert!(!holds(2) || at(&up) >= at(&x));
        prop_assert!(!holds(3) || at(&minus) == at(&x));
        prop_assert!(!holds(4) || at(&minus) == -at(&x));
        prop_assert!(!holds(5) || at(&y) == at(&x));
        let reach = (&x[0] - &y[0]).abs().max((&x[1] - &y[1]).abs());
        prop_assert!(!holds(6) || (at(&x) - at(&y)).abs() <= half(4) * reach);
        let step = |x: &[Rational; 2]| [&x[0] + half(3), &x[1] + half(3)];
        prop_assert!(!holds(7) || at(&step(&x)) - at(&x) == at(&step(&y)) - at(&y));
    }
}
