//! The gallery and the bug corpus: every mutant that a file names, with one weight or one argument
//! changed, is refuted by a counterexample that the layers' own definitions confirm.

mod common;

use std::fs;

use common::examples;
use netprove::algebra::{Rational, Symbol};
use netprove::decide::search::Value;
use netprove::decide::{Comparison, Counterexample, Findings, Status, compare, prove};
use netprove::diagnostic::Source;
use netprove::network::{Assignment, Equation, Network, NoImports, Program, Statement, check, sample};

const MEMORY: u64 = 1 << 30;

fn program(text: &str, about: &str) -> Program {
    let source = Source { name: "test.net".into(), text: text.into() };
    check(source, &NoImports, MEMORY).unwrap_or_else(|r| panic!("{about}: {:?}", r.diagnostics))
}

/// The mutants: `# break: OLD -> NEW`.
fn mutants(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| line.strip_prefix("# break: ")?.split_once(" -> "))
}

#[test]
fn every_mutant_is_refuted() {
    let mut count = 0;
    for path in examples().into_iter().filter(|path| !path.parent().is_some_and(|p| p.ends_with("examples"))) {
        let text = fs::read_to_string(&path).expect("text");
        let body: String = text.lines().filter(|l| !l.starts_with("# break: ")).map(|l| format!("{l}\n")).collect();
        for (old, new) in mutants(&text) {
            let about = format!("{}: {old} -> {new}", path.display());
            assert_eq!(body.matches(old).count(), 1, "{about}: the text is there once");
            let program = program(&body.replacen(old, new, 1), &about);
            let findings = prove(&program, MEMORY);
            let refuted = findings.claims.iter().filter(|answer| answer.status == Status::Refuted).count();
            assert!(refuted > 0, "{about}: nothing is refuted");
            confirm(&program, &findings, &about);
            count += 1;
        }
        assert!(mutants(&text).count() > 0, "{} names no mutant", path.display());
    }
    assert!(count >= 40, "{count} mutants");
}

/// Every proved equation about all weights: with numbers for them, and one weight of the right side
/// larger by 1, the sides differ, and the layers' definitions confirm where.
#[test]
fn every_identity_with_one_weight_changed_is_refuted() {
    /// Weights of one side that are changed, one at a time, evenly spread.
    const CHANGES: usize = 6;
    let mut count = 0;
    for path in examples() {
        let text = fs::read_to_string(&path).expect("text");
        let program = program(&text, &path.display().to_string());
        let proved = prove(&program, MEMORY).claims;
        for (claim, answer) in program.claims.iter().zip(&proved) {
            let Statement::Equation(equation) = &claim.statement else { continue };
            if !equation.equal || equation.within.is_some() || answer.status != Status::Proved {
                continue;
            }
            let weights: Vec<Symbol> =
                equation.right.symbols().into_iter().filter(|s| matches!(s, Symbol::Free(_))).collect();
            let symbols = equation.difference.symbols();
            let at: Assignment = symbols.into_iter().map(|s| (s, number(s))).collect();
            for &changed in weights.iter().step_by(weights.len().div_ceil(CHANGES).max(1)) {
                let mut larger = at.clone();
                larger.insert(changed, number(changed) + Rational::from_integer(1.into()));
                let (left, right) = (equation.left.at(&at), equation.right.at(&larger));
                let mutant = Equation::between(left, right, true, None, claim.span).expect("the same shapes");
                let about = format!("{}: {}, {} changed", path.display(), claim.text, program.symbols.name(changed));
                let Comparison::Different(found) = compare(&mutant, MEMORY) else { panic!("{about}: not refuted") };
                let sides = [(&mutant.left, &found.left), (&mutant.right, &found.right)];
                let [left, right] = sides.map(|(side, given)| value(side, &found, given));
                assert_ne!(left, right, "{about}");
                count += 1;
            }
        }
    }
    assert!(count >= 100, "{count} mutants");
}

/// A positive number for a symbol: also right where one is said to be at least 0.
fn number(symbol: Symbol) -> Rational {
    let Symbol::Free(index) = symbol else { return Rational::default() };
    num_traits::Signed::abs(&sample(index, 1)) + Rational::new(1.into(), 7.into())
}

/// Re-evaluates every counterexample by the layers' definitions.
fn confirm(program: &Program, findings: &Findings<'_>, about: &str) {
    for (claim, answer) in program.claims.iter().zip(&findings.claims) {
        if let (Statement::Equation(equation), Some(Comparison::Different(found))) =
            (&claim.statement, &answer.comparison)
        {
            let (left, right) =
                (value(&equation.left, found, &found.left), value(&equation.right, found, &found.right));
            let apart = num_traits::Signed::abs(&(left - right));
            let allowed = tolerance(equation);
            assert!(apart > allowed, "{about}: {}", claim.text);
        }
    }
}

fn tolerance(equation: &Equation) -> netprove::algebra::Rational {
    equation.within.clone().unwrap_or_default()
}

/// The value of a side at the counterexample, which must be the value that it gives.
fn value(side: &Network, found: &Counterexample, given: &Value) -> netprove::algebra::Rational {
    match side.at(&found.symbols).evaluate(&found.point) {
        Some(values) => {
            assert!(given.is_exact());
            assert_eq!(values.get(found.output), given.low);
            given.low.clone()
        }
        // Irrational weights: the enclosure stands for the value.
        None => given.low.clone(),
    }
}
