//! Rows by residues against rows by entries, at the limits of the primes, and combinations of rows.

use num_traits::One;
use proptest::prelude::*;

use super::*;
use crate::algebra::residue::moduli;
use crate::collapse::Region;
use crate::collapse::plan::Workspace;
use crate::diagnostic::Source;
use crate::network::{NoImports, Statement, check};

/// Bodies of `network f(x: SHAPE) { … }`, each with its shape; `$` is a random seed, `@` a scale.
const NETWORKS: &[(&str, &str)] = &[
    (
        "3x7x6",
        "conv(@ random(5x3x3x2, seed=$1), random(5, seed=$2, bits=24), pad=[1, 2, 0, 1], stride=2x1); conv(random(2x5x2x2, seed=$3) / 3)",
    ),
    (
        "3x7x6",
        "conv(random(50x3x3x3, seed=$1), dilation=2, pad=2); conv(@ random(7x50x1x1, seed=$2), random(7, seed=$3)); global_avgpool; flatten",
    ),
    (
        "4x6x5",
        "conv(random(6x2x3x3, seed=$1), groups=2, pad=1, pad_mode=reflect); conv(@ random(4x3x3x3, seed=$2), groups=2, pad=2, pad_mode=circular)",
    ),
    (
        "2x5x5",
        "conv(random(3x2x3x3, seed=$1), pad=1, pad_mode=replicate); depthwise(@ random(3x2x2, seed=$2), random(3, seed=$3)); avgpool(2, stride=1)",
    ),
    (
        "3x4x3",
        "conv_transpose(@ random(3x4x3x3, seed=$1), random(4, seed=$2), stride=2, pad=1, output_pad=1); upsample(2); scale(2/3)",
    ),
    (
        "4x9",
        "conv(random(6x4x3, seed=$1), pad=[2, 0]); permute(1, 0); flatten; dense(@ random(5x54, seed=$2) / 7, random(5, seed=$3))",
    ),
    (
        "2x3x4x3",
        "conv(@ random(3x2x2x3x2, seed=$1), pad=1); avgpool(2); flatten; dense(random(3x24, seed=$2), [1/3, 2/5, -1])",
    ),
    (
        "8x4x4",
        "pixel_shuffle(2); a = conv(random(2x2x3x3, seed=$1), pad=1); b = a |> scale(random(2, seed=$2)); (a + b) |> conv(@ random(1x2x1x1, seed=$3))",
    ),
    (
        "5x6x6",
        "y = conv(@ random(5x5x3x3, seed=$1), random(5, seed=$2), pad=1); (y - x / 3) |> upsample(2, mode=bilinear); bias([1, 2, 3, 4, 5/7])",
    ),
    ("30", "dense(random(20x30, seed=$1) / 9); reshape(4x5); permute(1, 0); flatten; dense(@ random(3x20, seed=$2))"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    /// The rows by entries, on integers of any size, and the rows by residues.
    #[test]
    fn both_ways_give_the_same_rows(which in 0..NETWORKS.len(), seed in 0_u32..1000, float in any::<bool>(), scale in -150_i32..100, batch in 1_usize..9, room in prop_oneof![Just(WORKSPACE), 0_u64..20_000]) {
        let (shape, body) = NETWORKS[which];
        let scale = if scale < 0 { format!("0x1p{scale} *") } else { format!("0x1.8p{scale} *") };
        let mut body = body.replace('@', &scale);
        for n in 1..4 {
            body = body.replace(&format!("${n}"), &format!("{}", seed * 4 + n));
        }
        if float {
            body = body.replace(") / ", ", bits=24) / ");
        }
        let text = format!("network f(x: {shape}) {{ {body} }}");
        let source = Source { name: "test.net".into(), text: text.clone() };
        let program = check(source, &NoImports, 1 << 30).unwrap_or_else(|r| panic!("{:?}\n{text}", r.diagnostics));
        let region = Region::<Integer>::whole(&program.networks[0]).expect("affine layers");
        let plan = Plan::new(&region).expect("short numbers");
        let residues = Residues::new(&plan).expect("numbers");
        let mut work: Workspace<Integer> = plan.workspace();
        for first in (0..region.rows()).step_by(batch) {
            let rows = first..region.rows().min(first + batch);
            for (row, (entries, constant)) in rows.clone().zip(residues.rows(rows, room).expect("enough primes")) {
                let (mut expected, expected_constant) = plan.row(&mut work, row);
                expected.sort_by_key(|entry| entry.0);
                prop_assert_eq!(&constant, &expected_constant, "{}", text);
                let mut entries = entries;
                entries.sort_by_key(|entry| entry.0);
                prop_assert_eq!(entries, expected, "{}", text);
            }
        }
    }
}

fn rows_of(text: &str) -> (Vec<Row<Integer>>, usize) {
    rows_within(text, WORKSPACE)
}

fn rows_within(text: &str, room: u64) -> (Vec<Row<Integer>>, usize) {
    let source = Source { name: "test.net".into(), text: text.into() };
    let program = check(source, &NoImports, 1 << 30).unwrap_or_else(|r| panic!("{:?}\n{text}", r.diagnostics));
    let region = Region::<Integer>::whole(&program.networks[0]).expect("affine layers");
    let plan = Plan::new(&region).expect("short numbers");
    let residues = Residues::new(&plan).expect("numbers");
    (residues.rows(0..region.rows(), room).expect("enough primes"), region.columns())
}

/// Entries that are as large as the bound says, at the most that k primes hold, and one more.
#[test]
fn results_may_fill_the_last_prime() {
    for k in [1, 2, 3, 7, 20, 99, 300] {
        let product: Integer = moduli()[..k].iter().map(|m| Integer::from(m.prime())).product();
        let most: Integer = (&product - 1) / 4;
        assert_eq!(Basis::of(&most).expect("primes").moduli().len(), k);
        for (bound, primes) in [(most.clone(), k), (&most + 1, k + 1)] {
            assert_eq!(Basis::of(&bound).expect("primes").moduli().len(), primes);
            // |M| is the norm in each layer: every sum has one sign, or one term.
            let once = format!("network f(x: 3) {{ dense([[{bound}, -{bound}, 0], [1, {bound}, -1]]) }}");
            let (rows, _) = rows_of(&once);
            assert_eq!(rows[0].0, [(0, bound.clone()), (1, -&bound)]);
            assert_eq!(rows[1].0, [(0, Integer::one()), (1, bound.clone()), (2, -Integer::one())]);
            let half: Integer = &bound / 2;
            let rest = &bound - &half;
            let text = format!(
                "network f(x: 2) {{ dense([[{half}, -1], [{rest}, 0]], [{half}, {rest}]); dense([[1, 1]], -{bound}) }}"
            );
            let (rows, _) = rows_of(&text);
            assert_eq!(rows[0].0, [(0, bound.clone()), (1, -Integer::one())]);
            assert_eq!(rows[0].1, Integer::zero(), "the constants cancel");
            // One number a channel, added at every position.
            let each: Integer = &bound / 10_000;
            let text = format!("network f(x: 1x100x100) {{ conv([[1]], [{each}]); flatten; dense(ones(1x10000)) }}");
            for room in [WORKSPACE, 0] {
                let (rows, _) = rows_within(&text, room);
                assert_eq!(rows[0].1, &each * 10_000);
            }
        }
    }
}

/// The bound that is measured is no less than the largest number, and not much more.
#[test]
fn measured_bounds_hold() {
    let layout = Layout::vector(3);
    for bits in [1_u32, 5, 11, 12, 30, 64, 200, 1000] {
        for number in [(Integer::one() << bits) - 1, Integer::one() << bits] {
            let residues = |modulus: &Modulus| {
                let mut residues = vec![0; layout.size(1)];
                residues[layout.index(1, 0, 1)] = one_residue(&-&number, modulus);
                residues
            };
            // Known to be no more than a bound that is far too large.
            let bound = &number << 9;
            let basis = Basis::of(&bound).expect("primes");
            let mut vectors = Vectors { residues: basis.moduli().iter().map(residues).collect(), bound };
            vectors.prepare(|bound| bound << 20).expect("primes");
            assert!(vectors.bound >= number, "{number}");
            assert!(vectors.bound <= &number * 2 + 1 || number.bits() < 12, "{number}: {}", vectors.bound);
            assert_eq!(vectors.numbers().expect("primes")[layout.index(1, 0, 1)], -&number);
        }
    }
}

/// What memory leaves room for decides how, not what.
#[test]
fn rows_go_on_prime_by_prime_where_there_is_little_room() {
    let text = "network f(x: 3x8x8) { conv(random(6x3x3x3, seed=1, bits=24), random(6, seed=2), pad=1); avgpool(2); conv(random(4x6x3x3, seed=3, bits=24), pad=1); flatten; dense(random(5x64, seed=4) / 3, random(5, seed=5)) }";
    let (expected, _) = rows_within(text, WORKSPACE);
    let rooms = (0..40).map(|n| 2_000 + 4_000 * n);
    let turns: std::collections::BTreeSet<_> = rooms.clone().map(|room| turn(text, room)).collect();
    assert!(turns.len() > 2 && turns.contains(&None), "late, early, or not at all: {turns:?}");
    for room in rooms.step_by(3) {
        assert_eq!(rows_within(text, room).0, expected);
    }
}

fn turn(text: &str, room: u64) -> Option<NodeId> {
    let source = Source { name: "test.net".into(), text: text.into() };
    let program = check(source, &NoImports, 1 << 30).expect("right");
    let region = Region::<Integer>::whole(&program.networks[0]).expect("affine layers");
    let plan = Plan::new(&region).expect("short numbers");
    Residues::new(&plan).expect("numbers").turn(5, room)
}

/// One weight of 2^5800 is longer than all primes together.
#[test]
fn numbers_that_are_too_long_are_refused() {
    let text = "network f(x: 2) { dense([[0x1p3000, 1]]); dense([[0x1p3000]]) }";
    let source = Source { name: "test.net".into(), text: text.into() };
    let program = check(source, &NoImports, 1 << 30).expect("right");
    let region = Region::<Integer>::whole(&program.networks[0]).expect("affine layers");
    let plan = Plan::new(&region).expect("short numbers");
    assert!(Residues::new(&plan).expect("numbers").rows(0..1, WORKSPACE).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// A combination of rows vanishes where they are 0, and (but for chance) only there.
    #[test]
    fn combinations_find_the_rows_that_differ(which in 0..NETWORKS.len(), seed in 0_u32..1000, entry in any::<prop::sample::Index>(), constant in any::<bool>()) {
        let (shape, body) = NETWORKS[which];
        let mut body = body.replace('@', "0x1p-9 *");
        for n in 1..4 {
            body = body.replace(&format!("${n}"), &format!("{}", seed * 4 + n));
        }
        let probe = format!("network f(x: {shape}) {{ {body} }}");
        let source = Source { name: "test.net".into(), text: probe };
        let program = check(source, &NoImports, 1 << 30).expect("right");
        let output = program.networks[0].output_shape().clone();
        let (axes, wrong) = (output.axes().iter().map(usize::to_string).collect::<Vec<_>>().join("x"), entry.index(output.elements()));
        let (usual, changed) = if constant { ("0", "1/7") } else { ("1", "8/7") };
        let change: Vec<&str> = (0..output.elements()).map(|i| if i == wrong { changed } else { usual }).collect();
        let layer = if constant { "bias" } else { "scale" };
        let last = format!("flatten; {layer}([{}]); reshape({axes})", change.join(", "));
        let text = format!("network f(x: {shape}) {{ {body}; {last} }} network g(x: {shape}) {{ {body} }} prove f == g");
        let source = Source { name: "test.net".into(), text: text.clone() };
        let program = check(source, &NoImports, 1 << 30).unwrap_or_else(|r| panic!("{:?}\n{text}", r.diagnostics));
        let Statement::Equation(equation) = &program.claims[0].statement else { panic!("an equation") };
        let region = Region::<Integer>::whole(&equation.difference).expect("affine layers");
        let plan = Plan::new(&region).expect("short numbers");
        let residues = Residues::new(&plan).expect("numbers");
        let rows = region.rows();
        let vanishes = |outputs: Range<usize>| moduli()[..3].iter().all(|m| residues.combination_vanishes(outputs.clone(), m));
        let (entries, difference) = plan.row(&mut plan.workspace(), wrong);
        // A row that reads only padding is 0, and stays so when it is scaled.
        let equal = entries.is_empty() && difference.is_zero();
        prop_assert_eq!(vanishes(0..rows), equal, "{}", text);
        prop_assert!(vanishes(0..wrong) && vanishes(wrong + 1..rows), "{}", text);
        prop_assert_eq!(vanishes(wrong..wrong + 1), equal, "{}", text);
    }
}
