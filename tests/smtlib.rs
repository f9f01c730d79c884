//! Questions for other solvers: z3 answers them as netprove does.

use std::io::Write;
use std::process::{Command, Stdio};

use netprove::decide::{Status, candidate, prove};
use netprove::diagnostic::Source;
use netprove::network::{NoImports, Program, Statement, check};
use netprove::report::{smtlib, vnnlib};

const MEMORY: u64 = 1 << 28;

fn program(text: &str) -> Program {
    let source = Source { name: "test.net".into(), text: text.into() };
    check(source, &NoImports, MEMORY).unwrap_or_else(|r| panic!("{:#?}\n{text}", r.diagnostics))
}

/// z3's answer; `None` where z3 is not installed.
fn z3(script: &str) -> Option<String> {
    let run = Command::new("z3").args(["-in", "-T:60"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = run else {
        println!("skipped: z3 is not installed");
        return None;
    };
    child.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("z3 reads");
    let output = child.wait_with_output().expect("z3 ends");
    Some(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

#[test]
fn z3_agrees() {
    let text = "
        network f(x: 2) { a = x |> abs; b = a |> bias(1) |> abs; c = b |> bias(-1) |> abs; output (c |> relu) - a - 3 * x }
        network g(x: 2) { scale(-3) }
        network h(x: 2) { a = x |> abs; output (a |> bias(-1/100) |> relu) - a - 3 * x }
        network p(x: 1x3x3 in [-1, 1]) { conv([[1, 2], [3, -4]], bias=[1/3]); maxpool(2, stride=1); leaky_relu(1/8) }
        network q(x: 2, y: 2) { output (x |> maximum(y)) - (x |> relu) / 3 }
        prove f == g
        prove f == h
        prove f is linear
        prove h is affine
        prove p is convex
        prove q is monotone y
        prove q is monotone x
        prove p is lipschitz 11
        prove p is lipschitz 9
        prove g is injective
        prove f is odd
        prove f is additive
    ";
    let program = program(text);
    let findings = prove(&program, MEMORY);
    for (claim, answer) in program.claims.iter().zip(&findings.claims) {
        let map = match &claim.statement {
            Statement::Property { network, .. } => candidate(&program.networks[*network], MEMORY),
            _ => None,
        };
        let script =
            smtlib::smtlib(&program, claim, map.as_ref()).unwrap_or_else(|why| panic!("{}: {why}", claim.text));
        let expected = match answer.status {
            Status::Proved => "unsat",
            Status::Refuted => "sat",
            Status::Undecided => panic!("{} is undecided", claim.text),
        };
        match z3(&script) {
            None => return,
            Some(found) => assert_eq!(found, expected, "{}\n{script}", claim.text),
        }
    }
}

#[test]
fn what_has_no_such_form_is_refused_in_words() {
    let text = "
        forall k: 1x1x2x2
        network s(x: 1x3x3) { conv(k); relu }
        network t(x: 2) { tanh; relu }
        network u(x: 2) { relu }
        prove s == s
        prove t == t
        prove u != u
        prove u is surjective
        prove u is homogeneous
    ";
    let program = program(text);
    let words = ["symbols", "not piecewise linear", "==", "points", "equations"];
    for (claim, words) in program.claims.iter().zip(words) {
        let why = smtlib::smtlib(&program, claim, None).expect_err(&claim.text);
        assert!(why.contains(words), "{}: {why}", claim.text);
    }
    for claim in &program.claims {
        assert!(vnnlib::property(claim).is_err(), "{}", claim.text);
    }
}

#[test]
fn a_tolerance_is_a_vnnlib_property() {
    let text = "
        network f(x: 2 in [-1/3, 1/2]) { relu }
        network g(x: 2 in [-1/3, 1/2]) { scale(1/2) }
        prove f == g within 1/4
    ";
    let script = vnnlib::property(&program(text).claims[0]).expect("a property");
    for line in [
        "(assert (>= X_0 -0.33333333333333334))",
        "(assert (<= X_1 0.5))",
        "(and (>= Y_1 0.25))",
        "(and (<= Y_0 -0.25))",
    ] {
        assert!(script.contains(line), "{line}\n{script}");
    }
}

#[test]
fn an_equality_is_one_too_and_says_what_it_cannot() {
    let text = "
        network f(x: 2 in [0, 1]) { relu }
        network g(x: 2 in [0, 1]) { identity }
        prove f == g
        prove f != g
        prove f == g within 0
    ";
    let program = program(text);
    for claim in [0, 2] {
        let script = vnnlib::property(&program.claims[claim]).expect("a property");
        for part in ["(and (>= Y_1 0.000001))", "(and (<= Y_0 -0.000001))", "does not say that they are equal"] {
            assert!(script.contains(part), "{part}\n{script}");
        }
    }
    assert!(vnnlib::property(&program.claims[1]).expect_err("!=").contains("`==`"));
}
