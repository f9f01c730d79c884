//! Additive, homogeneous, positively homogeneous: the answers, and that refutations hold.

use netprove::algebra::Tensor;
use netprove::decide::{Comparison, Status, prove};
use netprove::diagnostic::Source;
use netprove::network::{NoImports, Program, Statement, check};
use proptest::prelude::*;

fn program(text: &str) -> Program {
    let source = Source { name: "test.net".into(), text: text.into() };
    check(source, &NoImports, 1 << 28).unwrap_or_else(|r| panic!("{:?}\n{text}", r.diagnostics))
}

const LAWS: [&str; 3] = ["additive", "homogeneous", "positively_homogeneous"];

fn claims(network: &str) -> String {
    let claims: Vec<String> = LAWS.iter().map(|law| format!("prove f is {law}\n")).collect();
    format!("{network}\n{}", claims.concat())
}

/// Checks each refutation of a law by the definitions of the network's layers, and gives the answers.
fn answers(text: &str) -> Vec<Status> {
    let program = program(text);
    let findings = prove(&program, 1 << 28);
    for (claim, answer) in program.claims.iter().zip(&findings.claims) {
        let Statement::Law { equations, .. } = &claim.statement else { panic!("{}", claim.text) };
        assert_eq!(answer.status == Status::Refuted, matches!(answer.comparison, Some(Comparison::Different(_))));
        if let Some(Comparison::Different(found)) = &answer.comparison {
            let equation = &equations[answer.equation];
            let value = |side: &netprove::network::Network| side.at(&found.symbols).evaluate(&found.point);
            if let (Some(left), Some(right)) = (value(&equation.left), value(&equation.right)) {
                assert_ne!(left.get(found.output), right.get(found.output), "{}", claim.text);
            }
        }
    }
    findings.claims.iter().map(|answer| answer.status).collect()
}

#[test]
fn laws_of_layers() {
    use Status::{Proved, Refuted, Undecided};
    let table = [
        ("network f(x: 1x4x4) { conv([[1, 2], [3, 4]]) }", [Proved; 3]),
        ("network f(x: 2) { bias(1) }", [Refuted; 3]),
        ("network f(x: 2) { relu }", [Refuted, Refuted, Proved]),
        ("network f(x: 2) { abs }", [Refuted, Refuted, Proved]),
        ("network f(x: 2) { leaky_relu(1/3); scale(-2); relu }", [Refuted, Refuted, Proved]),
        ("network f(x: 1x4x4) { maxpool(2); conv([[1, -1]]) }", [Refuted, Refuted, Proved]),
        ("network f(x: 2) { relu6 }", [Refuted; 3]),
        ("network f(x: 2) { square }", [Refuted; 3]),
        ("network f(x: 2) { sigmoid }", [Refuted; 3]),
        // On this domain the clip never acts.
        ("network f(x: 2 in [0, 6]) { relu6 }", [Proved; 3]),
        ("network f(x: 2 in [-1, 8]) { relu6 }", [Refuted; 3]),
        // Domains without 0: x, y and x + y in them, or x and a·x.
        ("network f(x: 2 in [1, 2]) { bias(1) }", [Refuted; 3]),
        ("network f(x: 2 in [-9, -2]) { bias(1) }", [Refuted; 3]),
        ("network f(x: 2 in [1, 4]) { relu }", [Proved; 3]),
        ("network f(x: 2 in [1, 8]) { relu6 }", [Refuted; 3]),
        ("network f(x: 1 in [1, 5], y: 1 in [-1, 1]) { output (x |> bias(1)) + y }", [Refuted; 3]),
        // No negative multiple of x lies in the first, and -x/2 in the second.
        ("network f(x: 1 in [1, 5]) { abs }", [Proved; 3]),
        ("network f(x: 1 in [-2, 1]) { abs }", [Refuted, Refuted, Proved]),
        // Linear, for every choice of the weights.
        ("forall k: 1x1x2x2\nnetwork f(x: 1x3x3) { conv(k) }", [Proved; 3]),
        ("forall k: 1x1x2x2\nnetwork f(x: 1x3x3) { conv(k); relu }", [Refuted, Refuted, Proved]),
        ("network f(x: 1x3x3) { conv(1, 2x2) }", [Refuted; 3]),
        // The kinks cancel.
        ("network f(x: 2) { a = x |> relu; b = -x |> relu; output a - b }", [Proved; 3]),
        (
            "network f(x: 1x64x64) { conv(4, 3x3, pad=1, bias=none); relu; conv(4, 3x3, pad=1, bias=none); maxpool(2) }",
            [Refuted, Refuted, Proved],
        ),
        // Homogeneous and not additive: an odd function, whose oddness no normal form shows.
        (
            "network f(x: 3) {
                a = x |> slice(0, 0, 1); b = x |> slice(0, 1, 2); c = x |> slice(0, 2, 3)
                low = a |> minimum(b); high = a |> maximum(b); rest = high |> minimum(c)
                output low |> maximum(rest)
            }",
            [Refuted, Undecided, Proved],
        ),
    ];
    for (network, expected) in table {
        assert_eq!(answers(&claims(network)), expected, "{network}");
    }
}

#[test]
fn a_law_that_speaks_of_no_inputs_is_refused() {
    for domain in ["[3, 5]", "[-5, -3]"] {
        let text = format!("network f(x: 2 in {domain}) {{ bias(1) }}\nprove f is additive");
        let source = Source { name: "test.net".into(), text };
        let rejected = check(source, &NoImports, 1 << 28).expect_err(domain);
        assert!(format!("{:?}", rejected.diagnostics).contains("together with their sum"), "{domain}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is proved of random networks holds at random points.
    #[test]
    fn proved_laws_hold(
        steps in prop::collection::vec(prop::sample::select(vec![
            "relu", "abs", "scale(2)", "scale(-1/3)", "dense([[1, -2], [3, 1/2]])", "bias([0, 1])", "clip(-1, 1)", "leaky_relu(-1/2)",
        ]), 1..4),
        points in prop::collection::vec((-9_i64..9, -9_i64..9, -9_i64..9, -9_i64..9, -4_i64..4), 6),
    ) {
        let text = claims(&format!("network f(x: 2) {{ {} }}", steps.join("; ")));
        let found = answers(&text);
        let f = program(&text).networks.remove(0);
        let at = |x: i64, y: i64| {
            let shape = f.inputs[0].shape.clone();
            f.evaluate(&Tensor::from_integers(shape, vec![x.into(), y.into()])).expect("rational")
        };
        for (x0, x1, y0, y1, a) in points {
            if found[0] == Status::Proved {
                prop_assert_eq!(at(x0 + y0, x1 + y1), at(x0, x1).plus(&at(y0, y1)), "{}", text);
            }
            let factor = netprove::algebra::Rational::from_integer(a.into());
            if found[1] == Status::Proved || (found[2] == Status::Proved && a >= 0) {
                prop_assert_eq!(at(a * x0, a * x1), at(x0, x1).scaled(&factor), "{}", text);
            }
        }
    }
}
