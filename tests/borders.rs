//! Tables of border classes against the matrices that they stand for.

use netprove::algebra::{Integer, Polynomial, Rank, Undecided};
use netprove::collapse::{AffineMap, ImageMap, Region};
use netprove::decide::{Comparison, Evidence, Proof, Status, Verdict, compare, prove};
use netprove::diagnostic::Source;
use netprove::layer::Weights;
use netprove::network::Statement;
use netprove::network::{Network, NoImports, check};
use proptest::prelude::*;

fn network(text: &str) -> Option<Network> {
    let source = Source { name: "test.net".into(), text: text.into() };
    check(source, &NoImports, 1 << 28).ok()?.networks.into_iter().next()
}

fn literal<C: Weights>(network: &Network) -> AffineMap<C> {
    Region::<C>::whole(network).expect("affine").collapse(1 << 28).expect("small")
}

fn table<C: Weights>(network: &Network) -> Option<ImageMap<C>> {
    let region = Region::<C>::whole(network).expect("affine");
    Some(region.borders()?.map(1 << 28).expect("small"))
}

/// A spatial size, and layers that may not fit: whoever draws them skips what is refused.
fn spatial() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        3 => prop::collection::vec(1_usize..12, 1),
        6 => prop::collection::vec(1_usize..9, 2),
        2 => prop::collection::vec(1_usize..5, 3),
    ]
}

/// One layer, its channels, given those before it, and whether it is in every table.
fn layer(axes: usize, channels: usize) -> BoxedStrategy<(String, usize)> {
    let list = |values: &[usize]| values.iter().map(usize::to_string).collect::<Vec<_>>();
    let numbers = move |range: std::ops::Range<usize>, n: usize| prop::collection::vec(range, n);
    let mode = prop::sample::select(vec!["zero", "zero", "circular", "reflect", "replicate"]);
    let seed = 0_u32..1000;
    let conv = (
        (1_usize..4, 1_usize..3, any::<bool>(), any::<bool>()),
        (numbers(1..4, axes), numbers(1..4, axes), numbers(1..3, axes), numbers(0..4, 2 * axes)),
        mode.clone(),
        seed.clone(),
    );
    let conv = conv.prop_map(move |((out, groups, bias, transposed), (size, stride, dilation, pad), mode, seed)| {
        let groups = if channels.is_multiple_of(groups) { groups } else { 1 };
        let out = out * groups;
        let (first, second) = if transposed { (channels, out / groups) } else { (out, channels / groups) };
        let kernel = format!("random({first}x{second}x{}, seed={seed})", list(&size).join("x"));
        let bias = if bias { format!(", random({out}, seed={seed}1) / 3") } else { String::new() };
        let (stride, dilation) = (list(&stride).join("x"), list(&dilation).join("x"));
        let common = format!("{kernel} / 2{bias}, stride={stride}, dilation={dilation}, groups={groups}");
        let pad = if transposed { list(&pad[..axes]).join("x") } else { format!("[{}]", list(&pad).join(", ")) };
        match transposed {
            true => (format!("conv_transpose({common}, pad={pad})"), out),
            false => (format!("conv({common}, pad={pad}, pad_mode={mode})"), out),
        }
    });
    let pool = (
        prop::sample::select(vec!["avgpool", "sumpool"]),
        numbers(1..4, axes),
        numbers(1..3, axes),
        numbers(0..2, axes),
        any::<bool>(),
    );
    let pool = pool.prop_map(move |(kind, size, stride, pad, count)| {
        let count = if kind == "avgpool" && !count { ", count_pad=no" } else { "" };
        let (size, stride, pad) = (list(&size).join("x"), list(&stride).join("x"), list(&pad).join("x"));
        (format!("{kind}({size}, stride={stride}, pad={pad}{count})"), channels)
    });
    let pad = (numbers(0..3, 2 * axes), mode, -2_i32..3).prop_map(move |(pad, mode, value)| {
        let value = if mode == "zero" { format!(", value={value}/3") } else { String::new() };
        (format!("pad([{}], mode={mode}{value})", list(&pad).join(", ")), channels)
    });
    let odd = (0_usize..8, seed).prop_map(move |(which, seed)| {
        let scale = format!("scale(random({channels}, seed={seed}) / 3)");
        let bias = format!("bias(random({channels}, seed={seed}))");
        let crop = format!("crop([{}])", vec!["1".to_string(); 2 * axes].join(", "));
        let bilinear = if axes == 2 { "upsample(2x3, mode=bilinear)" } else { "identity" };
        let residual = format!("n = m |> scale(2/3); m |> conv(random({channels}x1x{}, seed={seed}), groups={channels}, pad=1, pad_mode=replicate); sub(n)", vec!["3"; axes].join("x"));
        let (body, channels) = match which {
            0 => (scale, channels),
            1 => (bias, channels),
            2 => (crop, channels),
            3 => ("upsample(2)".to_string(), channels),
            4 => (bilinear.to_string(), channels),
            5 => (residual, channels),
            6 => ("concat(m)".to_string(), 2 * channels),
            _ => ("scale(-2)".to_string(), channels),
        };
        (body, channels)
    });
    prop_oneof![5 => conv, 2 => pool, 1 => pad, 3 => odd].boxed()
}

/// A network of one to four layers.
fn text() -> impl Strategy<Value = String> {
    (spatial(), 1_usize..4, 1_usize..5).prop_flat_map(|(spatial, channels, layers)| {
        let axes = spatial.len();
        let mut bodies = Just((Vec::<String>::new(), channels)).boxed();
        for _ in 0..layers {
            bodies = bodies
                .prop_flat_map(move |(bodies, channels)| {
                    layer(axes, channels).prop_map(move |(body, channels)| {
                        let mut bodies = bodies.clone();
                        bodies.push(body);
                        (bodies, channels)
                    })
                })
                .boxed();
        }
        bodies.prop_map(move |(bodies, _)| {
            let shape: Vec<String> = [vec![channels], spatial.clone()].concat().iter().map(usize::to_string).collect();
            let steps = bodies.iter().enumerate().map(|(i, body)| {
                let body = body.replace("n =", &format!("n{i} =")).replace("sub(n)", &format!("sub(n{i})"));
                let body = body.replace("m |>", &format!("m{i} |>")).replace("concat(m)", &format!("concat(m{i})"));
                let before = if i == 0 { "x |> identity" } else { "identity" };
                format!("    m{i} = {before}\n    {}\n", body.replace("; ", "\n    "))
            });
            format!("network f(x: {}) {{\n{}}}\n", shape.join("x"), steps.collect::<String>())
        })
    })
}

fn agrees(table: &ImageMap, expected: &AffineMap, text: &str) {
    let found = table.literal(1 << 28).expect("small");
    assert_eq!(&found, expected, "{text}");
    assert_eq!(table.nonzeros(), Some(expected.matrix.nonzeros()), "{text}");
    assert_eq!(table.constants(), expected.bias.numerators().iter().filter(|n| **n != 0.into()).count(), "{text}");
    assert_eq!(table.sha256(1 << 20), Some(expected.sha256()), "{text}");
    assert_eq!(table.denominator(), expected.denominator(), "{text}");
    let largest = expected.matrix.entries().map(|(_, _, v)| if v < 0.into_rational() { -v } else { v }).max();
    assert_eq!(table.largest(), largest.unwrap_or_default(), "{text}");
    let nonzero =
        |&row: &usize| expected.matrix.row(row).next().is_some() || expected.bias.numerators()[row] != 0.into();
    assert_eq!(table.nonzero().list(), (0..expected.matrix.rows()).filter(nonzero).collect::<Vec<_>>(), "{text}");
    let (bounds, rank) = (table.rank(usize::MAX), expected.matrix.rank(usize::MAX));
    let Some(rank) = rank.exact() else { panic!("small ranks are exact: {text}") };
    match bounds {
        Rank::Exact(bound) => assert_eq!(bound, rank, "{text}"),
        Rank::Between { least, most, .. } => assert!((least..=most).contains(&rank) && least < most, "{text}"),
    }
}

/// Ranks that a table proves, and bounds where it does not.
#[test]
fn ranks_are_read_off_tables() {
    let cases = [
        // Valid, strided and causal convolutions: no two windows begin at one position.
        ("2x20x18", "conv(random(2x2x3x3, seed=1)); conv(random(2x2x3x3, seed=2))", Ok(2 * 16 * 14)),
        ("3x40x40", "conv(random(2x3x4x3, seed=1), stride=4)", Ok(2 * 10 * 10)),
        ("2x20x20", "conv(random(2x2x3x3, seed=1), stride=2, pad=1)", Ok(2 * 10 * 10)),
        ("2x30", "conv(random(2x2x3, seed=1), pad=[2, 0]); conv(random(2x2x3, seed=2), pad=[2, 0])", Ok(60)),
        (
            "1x12x12",
            "conv(random(3x3, seed=1), pad=[2, 0, 0, 2]); conv(random(3x3, seed=2), pad=[2, 0, 0, 2])",
            Ok(144),
        ),
        ("1x6x6x6", "conv(random(2x2x2, seed=2), pad=[1, 0, 0, 0, 1, 1])", Ok(216)),
        // More channels than there are entries to read.
        ("1x16x16", "conv(random(5x1x1x1, seed=1))", Ok(256)),
        ("2x16x16", "conv(random(2x2x1x1, seed=1), stride=3)", Ok(72)),
        ("2x9x9", "conv(zeros(2x2x3x3), pad=1); bias([1, 2])", Ok(0)),
        // Two inputs, each with columns of its own.
        ("1x8x9, y: 1x8x9", "z = y |> conv(random(1x1, seed=1)); x |> conv([[2]]) |> concat(z)", Ok(144)),
        ("2x16x16", "conv([[[[1]], [[2]]], [[[2]], [[4]]]])", Ok(256)),
        // Windows begin at one place, at a border or for the third pair of channels: rows are eliminated.
        ("2x20x20", "conv(random(6x2x3x3, seed=1), stride=2, pad=1)", Ok(600)),
        ("1x12x12", "conv(random(3x3, seed=1), pad=1)", Ok(144)),
        ("2x14x14", "conv(random(2x2x3x3, seed=1), pad=1, pad_mode=circular)", Ok(392)),
        (
            "2x9x9, y: 1x9x9",
            "z = y |> conv(random(3x3, seed=1), pad=1); x |> conv(random(1x2x3x3, seed=2), pad=1) |> concat(z)",
            Ok(162),
        ),
        (
            "3x32x32",
            "conv(random(3x3x3x3, seed=1), pad=1); conv(random(3x3x3x3, seed=2), pad=1); conv(random(3x3x3x3, seed=3), pad=1)",
            Ok(3072),
        ),
        ("2x7x5x6", "conv(random(2x2x3x3x3, seed=1), pad=1)", Ok(420)),
        ("1x11x11", "conv([[1, 1, 1], [1, -8, 1], [1, 1, 1]], pad=1, pad_mode=circular)", Ok(120)),
        // Equal rows of long numbers take too many primes; a large image too much of each.
        (
            "2x30x30",
            "a = x |> conv(random(1x2x3x3, seed=1, bits=24), pad=1); a |> concat(a)",
            Err((900, 1800, Undecided::Work)),
        ),
        ("1x80x80", "conv(random(9x9, seed=1), pad=4)", Err((5852, 6400, Undecided::Structure))),
    ];
    let mut wrong = Vec::new();
    for (shape, body, expected) in cases {
        let text = format!("network f(x: {shape}) {{ {body} }}");
        let table = table::<Integer>(&network(&text).unwrap_or_else(|| panic!("{text}"))).expect("images");
        let found = match table.rank(usize::MAX) {
            Rank::Exact(rank) => Ok(rank),
            Rank::Between { least, most, why } => Err((least, most, why)),
        };
        wrong.extend((found != expected).then(|| format!("{found:?}, not {expected:?}: {text}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Constants alone, and rows that are 0; and a wrapped axis, whose positions are all in one class, with its longest run.
#[test]
fn constants_count_and_runs_end_where_an_axis_wraps() {
    for (body, nonzero) in [
        ("conv(zeros(2x2x3), pad=1); bias([0, 2])", 9),
        ("conv(zeros(2x2x3), pad=1); bias([[0, 0, 1, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 1]])", 3),
        ("conv([[[0], [0]], [[1], [2]]])", 9),
    ] {
        let text = format!("network f(x: 2x9) {{ {body} }}");
        let network = network(&text).unwrap_or_else(|| panic!("{text}"));
        let table = table::<Integer>(&network).expect("images");
        agrees(&table, &literal(&network), &text);
        assert_eq!(table.nonzero().len(), nonzero, "{text}");
    }
    let wrapped =
        network("network f(x: 2x9) { conv(random(2x2x3, seed=1), pad=1, pad_mode=circular) }").expect("right");
    let table = table::<Integer>(&wrapped).expect("images");
    assert_eq!((table.classes(), table.axes()[0].interior()), (1, (1, 7, Some(1))));
}

trait IntoRational {
    fn into_rational(self) -> netprove::algebra::Rational;
}

impl IntoRational for i32 {
    fn into_rational(self) -> netprove::algebra::Rational {
        netprove::algebra::Rational::from_integer(self.into())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_global_rejects: 20_000, ..ProptestConfig::default() })]
    /// The table, written out, is the matrix that the plain collapse computes.
    #[test]
    fn tables_are_matrices(text in text()) {
        let Some(network) = network(&text) else { return Err(TestCaseError::reject("does not fit")) };
        let table = table::<Integer>(&network).expect("a product over the axes");
        agrees(&table, &literal(&network), &text);
    }

    /// Where two tables differ, without writing them out, is where the matrices do.
    #[test]
    fn tables_differ_where_matrices_do(text in text(), modes in prop::sample::select(vec![("zero", "zero"), ("zero", "replicate"), ("circular", "reflect"), ("replicate", "reflect")]), window in 1_usize..4) {
        let network_with = |mode: &str| {
            let axes = text.split_once(": ").map_or(0, |(_, shape)| shape.split(')').next().unwrap_or("").split('x').count() - 1);
            let window = vec![window.to_string(); axes].join("x");
            network(&text.replace("\n}\n", &format!("\n    pad(1, mode={mode})\n    sumpool({window}, stride=1)\n}}\n")))
        };
        let (Some(f), Some(g)) = (network_with(modes.0), network_with(modes.1)) else {
            return Err(TestCaseError::reject("does not fit"));
        };
        let (a, b) = (literal::<Integer>(&f), literal::<Integer>(&g));
        let differs = |row: &usize| {
            let values = |map: &AffineMap| map.matrix.row(*row).map(|(c, n)| (c, netprove::algebra::ratio(n.clone(), map.matrix.denominator().clone()))).collect::<Vec<_>>();
            values(&a) != values(&b) || a.bias.get(*row) != b.bias.get(*row)
        };
        let expected: Vec<usize> = (0..a.matrix.rows()).filter(differs).collect();
        let outputs = table::<Integer>(&f).expect("images").difference(&table(&g).expect("images")).expect("one shape");
        prop_assert_eq!(outputs.list(), expected.clone(), "{}", text);
        prop_assert_eq!(outputs.len(), expected.len(), "{}", text);
        prop_assert_eq!(outputs.first(), expected.first().copied(), "{}", text);
        prop_assert_eq!(outputs.is_empty(), expected.is_empty(), "{}", text);
        prop_assert!(expected.iter().all(|&output| outputs.contains(output)), "{}", text);
        prop_assert_eq!(table::<Integer>(&f).expect("images") == table(&g).expect("images"), expected.is_empty(), "{}", text);
    }
}

/// Weights that are symbols.
#[test]
fn tables_of_polynomials() {
    let text = "forall k: 2x1x3x3, b: 2\nnetwork f(x: 1x6x5) { conv(k, b, pad=1); conv(random(1x2x3x3, seed=1), pad=1, pad_mode=reflect) }";
    let network = network(text).expect("a network");
    let table = table::<Polynomial>(&network).expect("images");
    assert_eq!(table.literal(1 << 28).expect("small"), literal(&network));
}

/// What is no product over the axes of images has no table.
#[test]
fn other_layers_have_no_table() {
    for body in
        ["flatten", "permute(0, 2, 1)", "pixel_shuffle(2)", "reshape(4x3x12)", "flatten; dense(random(3x144, seed=1))"]
    {
        let network = network(&format!("network f(x: 4x6x6) {{ {body} }}")).expect("a network");
        assert!(table::<Integer>(&network).is_none(), "{body}");
    }
}

/// Large images: verdicts, convolutions and equations, decided by tables.
#[test]
fn large_images() {
    let text = "
        let k = [[1, 2, 3], [4, 5, 6], [7, 8, 10]] / 16
        network twice(x: 1x200x180) { conv(k, pad=1); conv(k, pad=1) }
        network valid(x: 1x200x180) { pad(2); conv(k); conv(k) }
        network valid2(x: 1x200x180) { conv(k, pad=[2, 2, 2, 2]); conv(k) }
        network circular(x: 1x200x180) { conv(k, pad=1, pad_mode=circular); conv(k, pad=1, pad_mode=circular); bias(1/3) }
        network unit(x: 1x200x180 in [0, 1]) { conv(k, pad=1); conv(k, pad=1) }
        network unit2(x: 1x200x180 in [0, 1]) { conv(k, pad=1); conv(k, pad=1); scale(1025/1024) }
        prove twice is linear
        prove twice is a_convolution
        prove valid is a_convolution
        prove circular is a_convolution
        prove circular is linear
        prove valid == valid2
        prove twice == valid
        prove unit == unit2 within 1
        prove unit == unit2 within 1/1000
    ";
    let source = Source { name: "test.net".into(), text: text.into() };
    let program = check(source, &NoImports, 1 << 30).unwrap_or_else(|r| panic!("{:?}", r.diagnostics));
    let findings = prove(&program, 1 << 30);
    for (finding, network) in findings.networks.iter().zip(&program.networks) {
        assert!(matches!(finding.decision.evidence, Evidence::Image(_)), "{}", network.name);
    }
    assert_eq!(findings.networks[3].decision.verdict, Verdict::Affine);
    let statuses: Vec<Status> = findings.claims.iter().map(|answer| answer.status).collect();
    use Status::{Proved, Refuted};
    assert_eq!(statuses, [Proved, Refuted, Proved, Proved, Refuted, Proved, Refuted, Proved, Refuted]);
    let comparison = |claim: usize| findings.claims[claim].comparison.as_ref().expect("an equation");
    assert!(matches!(comparison(5), Comparison::Equal(Proof::Classes { rows: 36_000, columns: 36_000, .. })));
    let Comparison::Different(found) = comparison(6) else { panic!("they differ at the border") };
    let residue = found.residue.as_ref().expect("affine sides");
    assert_eq!(residue.outputs.len(), 36_000 - 198 * 178);
    let Statement::Equation(equation) = &program.claims[6].statement else { panic!("an equation") };
    // The point tells the sides apart, by the layers' definitions.
    let value = |network: &Network| network.evaluate(&found.point).expect("rational").get(found.output);
    assert_eq!((value(&equation.left), value(&equation.right)), (found.left.low.clone(), found.right.low.clone()));
    assert_ne!(found.left.low, found.right.low);
    // 46 / 16 squared, over 1024, in the middle.
    let Comparison::Close { bound, exact: true, .. } = comparison(7) else { panic!("close") };
    assert_eq!(*bound, netprove::algebra::ratio((46 * 46).into(), (256 * 1024).into()));
    assert!(matches!(compare(equation, 1 << 30), Comparison::Different(_)));
}
