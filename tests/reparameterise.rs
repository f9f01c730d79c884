//! Random networks, rewritten by random exact re-parameterisations: proved equal; with one weight
//! changed, refuted at an input where the layers' definitions differ.

use netprove::decide::{Comparison, Status, prove};
use netprove::diagnostic::Source;
use netprove::network::{NoImports, Statement, check};
use proptest::prelude::*;

const MEMORY: u64 = 1 << 28;

/// Blocks of a network on images of two channels that keep their size, as they are and rewritten;
/// `#` is a number that makes names and seeds unique.
const BLOCKS: &[(&str, &[&str])] = &[
    (
        "conv(k#, b#, pad=1)",
        &[
            // A sum of two branches.
            "c# = x# |> conv(k# - d#, b#, pad=1); e# = x# |> conv(d#, pad=1); c# + e#",
            // Scaled, and scaled back.
            "conv(k# / 3, b# / 3, pad=1); scale(3)",
            "scale(-2/7); conv(k# * (-7/2), b#, pad=1)",
            // An invertible mixture of the channels, and its inverse.
            "conv(compose(m#, k#), contract(m#, b#), pad=1); conv(n#)",
            "conv(m#); conv(compose(k#, n#), b#, pad=1)",
            // Embedded in a larger window.
            "conv(pad(k#, 1), b#, pad=2)",
            // Its adjoint's transpose.
            "conv_transpose(flip(transpose(k#)), b#, pad=1)",
            // The bias by itself, and the padding too.
            "pad(1); conv(k#); bias(b#)",
        ],
    ),
    (
        "conv(k#, pad=1); batchnorm(scale=s#, shift=b#)",
        &["conv(scale_out(k#, s#), b#, pad=1)", "scale(s#); conv(scale_in(scale_out(k#, s#), 1 / s#), b#, pad=1)"],
    ),
    (
        "p# = x# |> conv(k#, pad=1); q# = x# |> conv(d#, pad=1); p# + q# - x#",
        &[
            "conv(k# + d# - eye(2, 3x3), pad=1)",
            "q# = x# |> conv(d# - eye(2, 3x3), pad=1); q# + (x# |> conv(k#, pad=1))",
        ],
    ),
    (
        "relu",
        &["scale(3); relu; scale(1/3)", "relu; relu", "a# = (x# * 2) |> relu; a# / 2", "y# = (-x#) |> relu; y# + x#"],
    ),
    (
        "pad(1); maxpool(3, stride=1); relu",
        &["pad(1); relu; maxpool(3, stride=1)", "relu; pad(1); maxpool(3, stride=1)"],
    ),
    ("avgpool(3, stride=1, pad=1)", &["depthwise(ones(2x3x3) / 9, pad=1)", "pad(1); avgpool(3, stride=1)"]),
];

/// What the names in block n stand for.
fn constants(n: usize, seed: u32) -> String {
    let text = "let k# = random(2x2x3x3, seed=@1) / 3\nlet d# = random(2x2x3x3, seed=@2)\nlet b# = random(2, seed=@3) / 5\n\
        let s# = [2/3, -5]\nlet m# = [[[[1]], [[2]]], [[[1]], [[3]]]]\nlet n# = [[[[3]], [[-2]]], [[[-1]], [[1]]]]\n";
    text.replace('#', &n.to_string()).replace('@', &seed.to_string())
}

/// A network of blocks, each in one of its forms (0 is as it is).
fn network(name: &str, shape: &str, blocks: &[(usize, usize)]) -> String {
    let mut text = format!("network {name}(x: {shape}) {{\n");
    for (n, &(block, form)) in blocks.iter().enumerate() {
        let (plain, rewritten) = BLOCKS[block];
        let form = if form == 0 { plain } else { rewritten[(form - 1) % rewritten.len()] };
        text += &format!("    x# = identity\n    {form}\n").replace('#', &n.to_string());
    }
    text + "}\n"
}

/// The answer to the last claim, with its counterexample confirmed by the definitions.
fn answer(text: &str) -> Status {
    let source = Source { name: "test.net".into(), text: text.into() };
    let program = check(source, &NoImports, MEMORY).unwrap_or_else(|r| panic!("{:?}\n{text}", r.diagnostics));
    let findings = prove(&program, MEMORY);
    let (claim, answer) = (&program.claims[0], &findings.claims[0]);
    if let (Statement::Equation(equation), Some(Comparison::Different(found))) = (&claim.statement, &answer.comparison)
    {
        let [left, right] =
            [&equation.left, &equation.right].map(|side| side.evaluate(&found.point).expect("rational"));
        assert_ne!(left.get(found.output), right.get(found.output), "{text}");
    }
    answer.status
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]
    #[test]
    fn rewritten_networks_are_equal_until_one_weight_changes(
        seed in 1_u32..100_000,
        shape in prop::sample::select(vec!["2x3x4", "2x4x3", "2x5x5", "2x1x3"]),
        linear in prop::collection::vec((0_usize..3, 0_usize..9), 1..4),
        kink in (3_usize..BLOCKS.len(), 0_usize..5),
        at in 0_usize..4,
        form in 1_usize..9,
    ) {
        let mut blocks = linear;
        blocks.insert(at.min(blocks.len()), kink);
        blocks.push((0, form));
        let plain: Vec<(usize, usize)> = blocks.iter().map(|&(block, _)| (block, 0)).collect();
        let constants: String = (0..blocks.len()).map(|n| constants(n, seed + n as u32)).collect();
        let text = format!("{constants}{}{}prove f == g\n", network("f", shape, &plain), network("g", shape, &blocks));
        prop_assert_eq!(answer(&text), Status::Proved, "{}", text);
        // The last block's kernel, with one weight changed, in g only.
        let last = format!("k{}", blocks.len() - 1);
        let change = format!("let {last} = random(");
        let changed = format!("let broken = {last} + outer(outer([[1, 0], [0, 0]], [0, 1, 0]), [0, 1/7, 0])\n");
        let (before, g) = text.split_once("network g").expect("two networks");
        prop_assert!(before.contains(&change));
        let mutant = format!("{before}{changed}network g{}", g.replace(&last, "broken"));
        prop_assert_eq!(answer(&mutant), Status::Refuted, "{}", mutant);
    }
}
