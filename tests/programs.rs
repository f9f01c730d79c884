//! Random programs: every verdict and every answer to a claim against evaluation at many points.

mod common;

use common::programs::{Choices, MEMORY, Recipe, networks, program, recipe, symbolic_pair};
use netprove::algebra::{Coefficient, Polynomial, Rational, Symbol, Tensor};
use netprove::collapse::AffineMap;
use netprove::decide::convolution::Convolution;
use netprove::decide::{Comparison, Counterexample, Evidence, OneConvolution, Status, Verdict, prove, search};
use netprove::network::{Assignment, Equation, Network, Program, Statement};
use netprove::toeplitz::PadMode;
use num_traits::{One, Signed, Zero};
use proptest::prelude::*;

/// What is claimed where the domain may have no two points whose sum is in it: such laws are refused.
const LAWS: &str = "\
prove f is additive
prove f is homogeneous
prove f is positively_homogeneous
";
const CLAIMS: &str = "\
prove f == g
prove f != g
prove f == g within 1/2
prove g is linear
prove g is affine
prove g is nonlinear
";

/// Points of a network's domain: its corners, its base, and generic ones.
fn points(network: &Network, choices: &mut Choices) -> Vec<Tensor> {
    let domain = search::Domain::of(network);
    let point = |round: usize, choices: &mut Choices| {
        let entry = |bound: &Option<(Rational, Rational)>| match (bound, round) {
            (None, _) => choices.rational(if round < 4 { 2 } else { 11 }),
            (Some((low, _)), 0) => low.clone(),
            (Some((_, high)), 1) => high.clone(),
            (Some((low, high)), _) => {
                let part = Rational::new(choices.below(8).into(), 7.into());
                low + (high - low) * part
            }
        };
        let values: Vec<Rational> = domain.bounds().iter().map(entry).collect();
        Tensor::from_rationals(domain.base().shape().clone(), &values)
    };
    (0..12).map(|round| point(round, choices)).chain([domain.base()]).collect()
}

fn weights(symbols: impl IntoIterator<Item = Symbol>, choices: &mut Choices) -> Assignment {
    let kind = choices.below(4);
    let value = |choices: &mut Choices| match kind {
        0 => Rational::zero(),
        1 => Rational::one(),
        _ => choices.rational(3),
    };
    symbols.into_iter().map(|s| (s, value(choices))).collect()
}

/// M·x + b at numbers for the symbols; `None` if a root is left.
fn apply<C: Coefficient>(map: &AffineMap<C>, weights: &Assignment, x: &Tensor) -> Option<Vec<Rational>> {
    let value = |c: &C, denominator| {
        use netprove::algebra::Scalar;
        c.value(denominator).to_polynomial().at(weights).as_constant()
    };
    let row = |row: usize| -> Option<Rational> {
        let terms = map.matrix.row(row).map(|(column, c)| Some(value(c, map.matrix.denominator())? * x.get(column)));
        Some(terms.sum::<Option<Rational>>()? + value(&map.bias.numerators()[row], map.bias.denominator())?)
    };
    (0..map.matrix.rows()).map(row).collect()
}

/// What a convolution makes of an image, by its definition.
fn convolve<C: Coefficient>(
    found: &Convolution<C>,
    weights: &Assignment,
    shape: &[usize],
    x: &Tensor,
) -> Option<Vec<Rational>> {
    use netprove::algebra::Scalar;
    let value = |t: &Tensor<C>, flat: usize| {
        let value = t.numerators()[flat].value(t.denominator()).to_polynomial();
        value.at(weights).as_constant()
    };
    let resolve = |i: i64, n: i64| match found.mode {
        _ if (0..n).contains(&i) => Some(i),
        PadMode::Zero => None,
        PadMode::Circular => Some((i + 4 * n) % n),
        PadMode::Replicate => Some(i.clamp(0, n - 1)),
        PadMode::Reflect => Some(if i < 0 { -i } else { 2 * (n - 1) - i }),
    };
    let input = netprove::algebra::Shape::new(shape.to_vec()).ok()?;
    let output = |flat: usize| -> Option<Rational> {
        let place = found.output.unravel(flat);
        let mut sum = value(&found.bias, place[0])?;
        for tap in 0..found.kernel.len() {
            let index = found.kernel.shape().unravel(tap);
            if index[0] != place[0] {
                continue;
            }
            let read: Option<Vec<usize>> = (0..shape.len() - 1)
                .map(|a| {
                    let i = (place[1 + a] * found.stride[a] + index[2 + a]) as i64 - found.before[a] as i64;
                    resolve(i, shape[1 + a] as i64).map(|i| i as usize)
                })
                .collect();
            if let Some(read) = read {
                let flat = input.ravel(&[vec![index[1]], read].concat());
                sum += value(&found.kernel, tap)? * x.get(flat);
            }
        }
        Some(sum)
    };
    (0..found.output.elements()).map(output).collect()
}

fn check_networks(text: &str, program: &Program, choices: &mut Choices) {
    let findings = prove(program, MEMORY);
    for (network, finding) in program.networks.iter().zip(&findings.networks) {
        let (verdict, evidence) = (finding.decision.verdict, &finding.decision.evidence);
        let name = &network.name;
        if let Evidence::Witness(witness, at_weights) = evidence {
            assert_eq!(verdict, Verdict::Nonlinear);
            let network = network.at(at_weights);
            assert!(search::verify(&network, witness), "{text}{name}");
            let mut wrong = witness.as_ref().clone();
            wrong.f_x.low -= Rational::one();
            assert!(!search::verify(&network, &wrong), "a false value is noticed");
        }
        for _ in 0..3 {
            let weights = weights(network.symbols(), choices);
            let network = network.at(&weights);
            for x in points(&network, choices) {
                let Some(y) = network.evaluate(&x) else { continue };
                let y = y.to_rationals();
                let mapped = match evidence {
                    Evidence::Composition(map) | Evidence::NormalForm(map, _) => {
                        assert_eq!(verdict == Verdict::Linear, map.bias.is_zero(), "{text}{name}");
                        apply(map, &weights, &x)
                    }
                    Evidence::Symbolic(map) | Evidence::SymbolicNormalForm(map, _) => {
                        assert_eq!(verdict == Verdict::Linear, map.bias.is_zero(), "{text}{name}");
                        apply(map, &weights, &x)
                    }
                    _ => None,
                };
                assert!(mapped.is_none_or(|m| m == y), "{text}{name} at {x:?}");
                let convolved = finding
                    .convolution
                    .as_ref()
                    .filter(|c| *c.agreement() == netprove::decide::convolution::Agreement::Exact);
                let shape = network.inputs[0].shape.axes();
                let convolved = convolved.and_then(|c| match c {
                    OneConvolution::Numbers(c) => convolve(c, &weights, shape, &x),
                    OneConvolution::Symbols(c) => convolve(c, &weights, shape, &x),
                });
                assert!(convolved.is_none_or(|c| c == y), "{text}{name} is not that convolution at {x:?}");
            }
        }
    }
    for (claim, answer) in program.claims.iter().zip(&findings.claims) {
        let place = format!("{text}{}: {:?}", claim.text, answer);
        match &claim.statement {
            Statement::Equation(equation) => {
                if let Some(comparison) = &answer.comparison {
                    check_comparison(&place, equation, comparison, choices);
                }
            }
            Statement::Law { network, equations, .. } => {
                if answer.status == Status::Proved {
                    let domain = &program.networks[*network].inputs;
                    for equation in equations {
                        check_law(&place, equation, domain, choices);
                    }
                }
                if let Some(Comparison::Different(found)) = &answer.comparison {
                    check_counterexample(&place, &equations[answer.equation], found);
                }
            }
            // No random program claims one.
            Statement::Behaviour { .. } => {}
            Statement::Property { network, property } => {
                use netprove::network::Property;
                let verdict = findings.networks[*network].decision.verdict;
                let expected = match (property, verdict) {
                    (_, Verdict::Undecided) => Status::Undecided,
                    (Property::Linear, Verdict::Linear)
                    | (Property::Affine, Verdict::Linear | Verdict::Affine)
                    | (Property::Nonlinear, Verdict::Nonlinear) => Status::Proved,
                    _ => Status::Refuted,
                };
                assert_eq!(answer.status, expected, "{place}");
            }
        }
    }
}

/// The law at points whose sums and multiples lie in the network's domain.
fn check_law(place: &str, equation: &Equation, domain: &[netprove::network::Input], choices: &mut Choices) {
    let inputs: Vec<Network> = [&equation.left, &equation.right].into_iter().cloned().collect();
    for _ in 0..20 {
        let mut weights = weights(equation.difference.symbols(), choices);
        for symbol in &equation.nonnegative {
            let size = choices.rational(2).abs();
            weights.insert(*symbol, size);
        }
        let sides = inputs.iter().map(|side| side.at(&weights)).collect::<Vec<_>>();
        for x in points(&sides[0], choices) {
            // What the network itself is applied to, on the left side.
            let parts = sides[0].split_input(&x);
            let factor = equation.nonnegative.iter().map(|s| weights[s].clone()).next();
            let sign = if equation.left.name.contains("(-") { -Rational::one() } else { Rational::one() };
            let inside = (0..domain.len()).all(|i| {
                let whole = match &factor {
                    None => parts[i].plus(&parts[domain.len() + i]),
                    Some(factor) => parts[i].scaled(&(factor * &sign)),
                };
                let given = parts.iter().skip(i).step_by(domain.len());
                contains(&domain[i], &whole) && given.into_iter().all(|part| contains(&domain[i], part))
            });
            if !inside {
                continue;
            }
            let values: Vec<Option<Tensor>> = sides.iter().map(|side| side.evaluate(&x)).collect();
            if let [Some(left), Some(right)] = values.as_slice() {
                assert_eq!(left, right, "{place} at {x:?}");
            }
        }
    }
}

fn contains(input: &netprove::network::Input, value: &Tensor) -> bool {
    let inside = |v: &Rational| input.domain.as_ref().is_none_or(|(low, high)| low <= v && v <= high);
    value.to_rationals().iter().all(inside)
}

fn check_counterexample(place: &str, equation: &Equation, found: &Counterexample) {
    assert!(search::Domain::of(&equation.difference).contains(&found.point) || equation.is_law, "{place}");
    let (left, right) = (equation.left.at(&found.symbols), equation.right.at(&found.symbols));
    assert!(equation.nonnegative.iter().all(|s| !found.symbols[s].is_negative()), "{place}");
    if let (Some(left), Some(right)) = (left.evaluate(&found.point), right.evaluate(&found.point)) {
        let (left, right) = (left.get(found.output), right.get(found.output));
        let tolerance = equation.within.clone().unwrap_or_default();
        assert!((&left - &right).abs() > tolerance, "{place}");
        assert_eq!((left, right), (found.left.low.clone(), found.right.low.clone()), "{place}");
    }
}

fn check_comparison(place: &str, equation: &Equation, comparison: &Comparison, choices: &mut Choices) {
    if let Comparison::Different(found) = comparison {
        check_counterexample(place, equation, found);
    }
    for _ in 0..8 {
        let weights = weights(equation.difference.symbols(), choices);
        let (left, right) = (equation.left.at(&weights), equation.right.at(&weights));
        let mut gaps = Vec::new();
        for x in points(&equation.difference, choices) {
            let (Some(left), Some(right)) = (left.evaluate(&x), right.evaluate(&x)) else { continue };
            gaps.extend(left.minus(&right).to_rationals().into_iter().map(|gap| gap.abs()).max());
        }
        let Some(largest) = gaps.into_iter().max() else { continue };
        match comparison {
            Comparison::Equal(_) => assert!(largest.is_zero(), "{place}"),
            Comparison::Close { bound, .. } => assert!(largest <= *bound, "{place}"),
            Comparison::Different(found) => {
                let nonnegative = |s: &Symbol| weights.get(s).is_none_or(|v| !v.is_negative());
                if !found.provided.is_empty() && found.provided.iter().all(nonnegative) {
                    assert!(largest.is_zero(), "{place} where {:?}", found.provided);
                }
                if let Some(residue) = &found.residue
                    && !residue.conditions.is_empty()
                {
                    let value = |p: &Polynomial| p.at(&weights);
                    let all = residue.conditions.iter().all(|p| value(p).as_constant().is_some_and(|v| v.is_zero()));
                    assert_eq!(all, largest.is_zero(), "{place} at {weights:?}");
                }
            }
            Comparison::Undecided(_) => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("CASES").ok().and_then(|c| c.parse().ok()).unwrap_or(150), max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn verdicts_and_answers_are_what_evaluation_says(recipe in recipe(), seed in any::<u64>()) {
        check_all(&recipe, seed);
    }

    #[test]
    fn conditions_on_weights_are_what_evaluation_says(recipe in symbolic_pair(), seed in any::<u64>()) {
        check_all(&recipe, seed);
    }
}

fn check_all(recipe: &Recipe, seed: u64) {
    let mut text = networks(recipe) + CLAIMS;
    let with_laws = format!("{text}{LAWS}");
    let bounded = text.contains(" in [");
    match program(&with_laws) {
        Some(_) => text = with_laws,
        None => assert!(bounded, "it is refused:\n{with_laws}"),
    }
    let program = program(&text).unwrap_or_else(|| panic!("it is refused:\n{text}"));
    check_networks(&text, &program, &mut Choices(seed));
}
