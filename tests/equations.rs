//! Equations between random networks with free weights: what is proved holds at every point tried,
//! what is refuted differs where it is said to, and conditions are enough.

use netprove::algebra::{Rational, Shape, Symbol, Tensor};
use netprove::decide::{Cause, Comparison, compare};
use netprove::diagnostic::Source;
use netprove::network::{Assignment, Equation, NoImports, Program, Statement, check};
use proptest::prelude::*;

fn program(text: &str) -> Program {
    let source = Source { name: "test.net".into(), text: text.into() };
    check(source, &NoImports, 1 << 28).unwrap_or_else(|r| panic!("{:?}\n{text}", r.diagnostics))
}

fn equation(program: &Program) -> &Equation {
    match &program.claims[0].statement {
        Statement::Equation(equation) => equation,
        other => panic!("{other:?}"),
    }
}

/// Both sides at a point and weights, by the layers' definitions.
fn values(equation: &Equation, weights: &Assignment, point: &Tensor) -> (Tensor, Tensor) {
    let value = |network: &netprove::network::Network| network.at(weights).evaluate(point).expect("rational weights");
    (value(&equation.left), value(&equation.right))
}

/// One layer that keeps the shape 2x2x3.
fn step() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "scale(s)",
        "scale(t)",
        "scale(2)",
        "scale(-1/2)",
        "conv(m)",
        "conv(k, pad=1)",
        "bias(b)",
        "relu",
        "relu",
        "abs",
        "leaky_relu(1/3)",
        "maxpool(2, stride=1, pad=[1, 0, 0, 1])",
        "clip(-1, 1)",
        "identity",
        "batchnorm(mean=0, var=3, eps=0)",
    ])
}

fn rational() -> impl Strategy<Value = Rational> {
    (-6_i64..=6, 1_i64..4).prop_map(|(n, d)| Rational::new(n.into(), d.into()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    /// A chain of layers, and the chain with two neighbours exchanged or one repeated.
    #[test]
    fn verdicts_hold_at_random_weights(
        steps in prop::collection::vec(step(), 1..5),
        at in 0_usize..4,
        exchange in any::<bool>(),
        choices in prop::collection::vec((prop::collection::vec(rational(), 64), prop::collection::vec(rational(), 12)), 4),
    ) {
        let mut other = steps.clone();
        let at = at % steps.len();
        if exchange && at + 1 < steps.len() { other.swap(at, at + 1) } else { other.insert(at, steps[at]) }
        let text = format!(
            "forall s: 2, t: 2, b: 2, m: 2x2x1x1, k: 2x2x3x3\nnetwork f(x: 2x2x3) {{ {} }}\nnetwork g(x: 2x2x3) {{ {} }}\nprove f == g",
            steps.join("; "), other.join("; "));
        let program = program(&text);
        let equation = equation(&program);
        let symbols = equation.difference.symbols();
        let rational = !text.contains("batchnorm");
        let points = choices.iter().map(|(weights, point)| {
            let weights: Assignment = symbols.iter().copied().zip(weights.iter().cloned()).collect();
            (weights, Tensor::from_rationals(Shape::new([12]).expect("a shape"), point))
        });
        match compare(equation, 1 << 28) {
            Comparison::Equal(_) if rational => for (weights, point) in points {
                let (left, right) = values(equation, &weights, &point);
                prop_assert_eq!(left, right, "{}", text);
            },
            Comparison::Different(found) => {
                if rational {
                    let (left, right) = values(equation, &found.symbols, &found.point);
                    prop_assert_eq!(left.get(found.output), found.left.low.clone(), "{}", text);
                    prop_assert_eq!(right.get(found.output), found.right.low.clone(), "{}", text);
                }
                prop_assert!(found.left.differs(&found.right), "{}", text);
                if rational && !found.provided.is_empty() {
                    for (mut weights, point) in points {
                        for symbol in &found.provided {
                            let size = num_traits::Signed::abs(&weights[symbol]);
                            weights.insert(*symbol, size);
                        }
                        let (left, right) = values(equation, &weights, &point);
                        prop_assert_eq!(left, right, "{} where {:?}", text, found.provided);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Claims with their answers: the rules by which networks with kinks are equal whatever the weights.
#[test]
fn rewriting_rules() {
    let table = [
        ("relu; maxpool(2)", "maxpool(2); relu", "equal-normal-forms"),
        ("relu; relu", "relu", "equal-normal-forms"),
        ("relu; avgpool(2)", "avgpool(2); relu", "counterexample"),
        ("maxpool(2); maxpool(2)", "maxpool(4)", "equal-normal-forms"),
        ("maxpool(3, stride=1); maxpool(2, stride=1)", "maxpool(4, stride=1)", "equal-normal-forms"),
        ("conv(k, pad=1); relu; scale(3)", "conv(3 * k, pad=1); relu", "equal-normal-forms"),
        ("conv(k, pad=1); relu; scale(-3)", "conv(-3 * k, pad=1); relu", "counterexample"),
        ("bias(b); maxpool(2)", "maxpool(2); bias(b)", "equal-normal-forms"),
        ("scale(s); maxpool(2)", "maxpool(2); scale(s)", "counterexample"),
        ("scale(s * s); maxpool(2)", "maxpool(2); scale(s * s)", "equal-normal-forms"),
        ("scale(s * s); relu", "relu; scale(s * s)", "equal-normal-forms"),
        ("batchnorm(mean=b, var=2, eps=0); relu", "scale(1 / sqrt(2)); bias(-b / sqrt(2)); relu", "equal-normal-forms"),
        ("batchnorm(mean=b, var=2, eps=0)", "batchnorm(mean=b, var=3, eps=0)", "counterexample"),
        ("batchnorm(mean=0, var=8, eps=0)", "scale(sqrt(2) / 4)", "equal-kernels"),
        ("abs; scale(s)", "scale(s); abs", "counterexample"),
        ("scale(s); abs; abs", "scale(s); abs", "equal-normal-forms"),
        ("leaky_relu(1/4); conv(k)", "leaky_relu(1/4); conv(k, pad=0)", "equal-normal-forms"),
    ];
    for (left, right, method) in table {
        let text = format!(
            "forall s: 2, b: 2, k: 2x2x3x3\nnetwork f(x: 2x4x4) {{ {left} }}\nnetwork g(x: 2x4x4) {{ {right} }}\nprove f == g"
        );
        let program = program(&text);
        assert_eq!(compare(equation(&program), 1 << 28).method(), method, "{left} | {right}");
    }
}

/// The signs of weights that make sides equal.
#[test]
fn conditions_on_signs() {
    let table = [
        ("scale(s); maxpool(2)", "maxpool(2); scale(s)", vec![0, 1]),
        ("conv(k); scale(s); relu", "conv(k); relu; scale(s)", vec![0, 1]),
        ("scale(s); scale(b); relu", "scale(b); relu; scale(s)", vec![0, 1]),
        ("relu", "relu; scale(2)", vec![]),
    ];
    for (left, right, symbols) in table {
        let text = format!(
            "forall s: 2, b: 2, k: 2x2x3x3\nnetwork f(x: 2x4x4) {{ {left} }}\nnetwork g(x: 2x4x4) {{ {right} }}\nprove f == g"
        );
        let program = program(&text);
        let Comparison::Different(found) = compare(equation(&program), 1 << 28) else { panic!("{left} | {right}") };
        let expected: Vec<Symbol> = symbols.into_iter().map(Symbol::Free).collect();
        assert_eq!(found.provided.into_iter().collect::<Vec<_>>(), expected, "{left} | {right}");
    }
}

/// The conditions under which affine sides are equal after all, on the domain.
#[test]
fn conditions_on_weights() {
    let table = [
        ("x: 2", "scale(s)", "scale(0); bias(b)", vec!["s = 0", "b = 0"]),
        ("x: 2 in [0, 3]", "scale(s)", "scale(0); bias(b)", vec!["s = 0", "b = 0"]),
        // Where an entry has one value only, its weight is a constant.
        ("x: 2 in [1, 1]", "scale(s)", "scale(0); bias(b)", vec!["b - s = 0"]),
        ("x: 2 in [-2, -2]", "scale(s)", "bias(b)", vec!["b + 2*s - 2 = 0"]),
        ("x: 2 in [0, 0]", "scale(s); bias(b)", "identity", vec!["b = 0"]),
    ];
    for (input, left, right, expected) in table {
        let text = format!(
            "forall s: 1, b: 1\nnetwork f({input}) {{ {left} }}\nnetwork g({input}) {{ {right} }}\nprove f == g"
        );
        let program = program(&text);
        let Comparison::Different(found) = compare(equation(&program), 1 << 28) else { panic!("{text}") };
        let conditions = found.residue.expect("affine sides").conditions;
        let shown = |p: &netprove::algebra::Polynomial| {
            format!("{} = 0", p.to_formula(&|s| program.symbols.name(s)).replace(" \\cdot ", "*"))
        };
        assert_eq!(conditions.iter().map(shown).collect::<Vec<_>>(), expected, "{text}");
    }
}

/// Causes that are recognised, and differences that only look alike.
#[test]
fn causes() {
    let border = |distance| Some(Cause::Border { distance, layer: "conv2".into() });
    let unscaled = Some(Cause::UnscaledBias { layer: "conv1".into(), norm: "batchnorm1".into() });
    let table = [
        ("conv(j, pad=1); conv(k, pad=1)", "conv(compose(k, j), pad=2)", border(1)),
        ("conv(j, pad=1); conv(pad(k, 1), pad=2)", "conv(pad(compose(k, j), 1), pad=3)", border(1)),
        ("conv(c, bias=b); conv(k, pad=1)", "conv(compose(k, c), bias=contract(k, b), pad=1)", border(1)),
        ("conv(j, bias=b); batchnorm(scale=s, shift=t)", "conv(scale_out(j, s), bias=b + t)", unscaled.clone()),
        ("conv(j, bias=b); batchnorm(scale=s, shift=t)", "conv(scale_out(j, s), bias=2 * b + t)", None),
        ("conv(j, bias=b); batchnorm(scale=s, shift=t)", "conv(j, bias=b + t)", None),
        (
            "conv([[0, 1], [0, 0]], pad=[1, 1, 0, 0])",
            "conv([[0, 0], [1, 0]], pad=[0, 0, 1, 1])",
            Some(Cause::Transposed),
        ),
        ("conv([[1, 2]], pad=[0, 0, 0, 1])", "conv([[2, 1]], pad=[0, 1, 0, 0])", Some(Cause::Transposed)),
        ("permute(0, 2, 1)", "identity", Some(Cause::Reordered { left: 1, right: 6 })),
    ];
    for (left, right, expected) in table {
        let text = format!(
            "forall b: 1, s: 1, t: 1, c: 1x1x1x1, j: 1x1x3x3, k: 1x1x3x3
            network f(x: 1x6x6) {{ {left} }}
            network g(x: 1x6x6) {{ {right} }}
            prove f == g"
        );
        let program = program(&text);
        let Comparison::Different(found) = compare(equation(&program), 1 << 28) else { panic!("{left} | {right}") };
        let cause = found.residue.and_then(|residue| residue.cause);
        assert_eq!(cause, expected, "{left} | {right}");
    }
}

/// The inputs that random tests use do not see every difference.
#[test]
fn equal_on_the_unit_box() {
    let table = [
        ("pad(1); maxpool(3)", "maxpool(3, pad=1)", true),
        ("relu", "identity", true),
        ("relu; scale(2)", "relu", false),
        ("clip(0, 1)", "identity", true),
        ("clip(0, 1/2)", "identity", false),
    ];
    for (left, right, expected) in table {
        let text = format!("network f(x: 1x4x4) {{ {left} }}\nnetwork g(x: 1x4x4) {{ {right} }}\nprove f == g");
        let program = program(&text);
        let Comparison::Different(found) = compare(equation(&program), 1 << 28) else { panic!("{left} | {right}") };
        assert_eq!(found.equal_on_unit, expected, "{left} | {right}");
    }
}

/// Variables of shape 1 are inputs, unless they multiply or divide values.
#[test]
fn which_variables_are_numbers() {
    let table = [
        ("x: 1. f(2 * x) == 2 * f(x)", "x", true),
        ("x: 1, a: 1. f(a * x) == a * f(x)", "x", false),
        ("x: 1, a: 1. f(x * a) == a * f(x)", "x", false),
        ("x: 1, a: 1. f(x * a * a) == a * f(x) * a", "x", true),
        ("x: 2, a, b: 1. a * b * x == x * (b * a)", "x", true),
        ("x: 1, a, b: 1. (a + b) * x == a * x + b * x", "x", true),
        ("x, y: 1. f(x) + f(y) == f(x + y)", "x y", false),
    ];
    for (claim, inputs, equal) in table {
        let program = program(&format!("network f(x: 1) {{ relu }}\nprove forall {claim}"));
        let equation = equation(&program);
        let names: Vec<&str> = equation.left.inputs.iter().map(|i| i.name.as_str()).collect();
        assert_eq!(names.join(" "), inputs, "{claim}");
        assert_eq!(matches!(compare(equation, 1 << 28), Comparison::Equal(_)), equal, "{claim}");
    }
}
