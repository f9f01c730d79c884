//! The search by regions: networks that are affine in spite of several hidden layers, and their
//! neighbours; random networks against an enumeration of all activation patterns; kinks that are thin
//! or far away.

mod common;

use netprove::algebra::{Budget, Notes, Rational, Tensor, ratio};
use netprove::decide::normal_form::{Limits, Outcome, normal_form};
use netprove::decide::regions::{
    Allowance, Ended, Growth, Leaf, Program, Regions, affine as regions_affine, search, verify,
};
use netprove::decide::search::verify as verify_witness;
use netprove::decide::{Comparison, Evidence, Proof, Status, Verdict, decide, difference, prove};
use netprove::diagnostic::Source;
use netprove::network::{Network, NoImports, Program as File, Statement, check};
use num_traits::Signed;
use proptest::prelude::*;

const MEMORY: u64 = 1 << 30;

fn file(text: &str) -> File {
    let source = Source { name: "test.net".into(), text: text.into() };
    check(source, &NoImports, MEMORY).unwrap_or_else(|r| panic!("{text}\n{:#?}", r.diagnostics))
}

fn network(text: &str) -> Network {
    file(text).networks.last().expect("a network").clone()
}

/// A network's outputs over the maxima that do not cancel.
fn program_of(network: &Network) -> Program {
    match normal_form(network, &Limits::default()) {
        Outcome::Residual(residual) => residual.program.expect("numbers"),
        other => panic!("{other:?}"),
    }
}

/// Every leaf and multiplier again, and the map on every leaf.
fn holds_up(evidence: &Evidence) -> bool {
    match evidence {
        Evidence::Regions(_, cases) => verify(&cases.program, &cases.tree, &mut |outputs, _| outputs == cases.outputs),
        _ => true,
    }
}

#[test]
fn affine_in_spite_of_hidden_layers_and_neighbours_that_are_not() {
    use Verdict::{Affine, Linear, Nonlinear};
    let cases = [
        // Two hidden layers: |x| is not negative, so the second relu never acts.
        ("x: 2", "a = x |> abs\n output (a |> relu) - a + x", Linear),
        ("x: 2", "a = x |> abs\n output (a |> bias(-1/1000) |> relu) - a + x", Nonlinear),
        // A bias that the first layer absorbs.
        ("x: 2", "a = x |> abs\n output ((a + x) |> bias(1) |> relu) - a", Affine),
        ("x: 2", "a = x |> abs\n output ((a + x) |> bias(-1) |> relu) - a", Nonlinear),
        // Nested maxima: max{max{x, y}, min{x, y}} = max{x, y}.
        ("x: 2, y: 2", "output (x |> maximum(y) |> maximum(x |> minimum(y))) - ((x - y) |> relu)", Linear),
        (
            "x: 2, y: 2",
            "output (x |> maximum(y) |> maximum((x |> minimum(y)) |> bias(1/10))) - ((x - y) |> relu)",
            Nonlinear,
        ),
        // Three: relu(|x| + |y| − x) with branches that cancel.
        (
            "x: 1, y: 1",
            "a = (x |> abs) + (y |> abs)\n b = (a - x) |> relu\n c = (b + x) |> relu\n output c - a + 2 * y",
            Linear,
        ),
        (
            "x: 1, y: 1",
            "a = (x |> abs) + (y |> abs)\n b = (a - 2 * x) |> relu\n c = (b + 2 * x) |> relu\n output c - a + 2 * y",
            Nonlinear,
        ),
        // Four: absolute values of absolute values.
        (
            "x: 2",
            "a = x |> abs\n b = a |> bias(1) |> abs\n c = b |> bias(-1) |> abs\n output (c |> relu) - a - 3 * x",
            Linear,
        ),
        (
            "x: 2",
            "a = x |> abs\n b = a |> bias(1) |> abs\n c = b |> bias(-5/4) |> abs\n output (c |> relu) - a - 3 * x",
            Nonlinear,
        ),
        // On a domain: x·(1 + …) where the bump lies outside of it.
        ("x: 2 in [-1, 1]", "a = x |> abs\n output (a |> bias(-1) |> relu) + x", Linear),
        ("x: 2 in [-1, 101/100]", "a = x |> abs\n output (a |> bias(-1) |> relu) + x", Nonlinear),
        // The largest of three, sorted in two ways.
        (
            "x: 1, y: 1, z: 1",
            "a = x |> maximum(y) |> maximum(z)\n b = (x |> maximum(y) |> minimum(z))\n c = x |> minimum(y) |> maximum(b)\n d = x |> minimum(y) |> minimum(b)\n output a + c + d - x - y",
            Linear,
        ),
    ];
    for (arguments, body, expected) in cases {
        let f = network(&format!("network f({arguments}) {{\n {body}\n}}"));
        let decision = decide(&f, MEMORY);
        assert_eq!(decision.verdict, expected, "f({arguments}) {{ {body} }}: {:?}", decision.evidence);
        assert!(holds_up(&decision.evidence), "{body}");
        if let Evidence::Witness(witness, _) = &decision.evidence {
            assert!(verify_witness(&f, witness), "{body}");
        }
    }
}

#[test]
fn kinks_in_thin_and_distant_places_are_found() {
    let hat = |at: &str, width: &str| {
        format!(
            "network f(x: 3) {{\n s = dense([[1, 2, -1]])\n a = s |> bias(-{at})\n l = a |> bias({width}) |> relu\n m = a |> relu\n r = a |> bias(-{width}) |> relu\n output l - 2 * m + r\n}}"
        )
    };
    for text in [
        hat("7", "1/1000000"),
        hat("123456789123/7", "1/3"),
        "network f(x: 1) { output (x |> abs) - (x |> bias(-1/1000) |> abs) }".into(),
        "network f(x: 2) {\n dense([[1, 1], [1, 1000001/1000000], [999999/1000000, 1]])\n reshape(3x1)\n maxout(3)\n}".into(),
        // A hat inside of a hat: the kinks of the second layer matter only on the top of the first.
        "network f(x: 2) {\n s = dense([[3, 5]])\n h = (s |> bias(-99999) |> relu) - 2 * (s |> bias(-100000) |> relu) + (s |> bias(-100001) |> relu)\n output h |> bias(-999/1000) |> relu\n}".into(),
    ] {
        let f = network(&text);
        let Evidence::Witness(witness, _) = decide(&f, MEMORY).evidence else { panic!("no witness: {text}") };
        assert!(verify_witness(&f, &witness), "{text}");
    }
}

#[test]
fn equations_between_deep_networks() {
    // Three comparisons sort a, b and c; two do not.
    let network = |name: &str, [a, b, c]: [&str; 3], last: &str| {
        format!(
            "network {name}(x: 3) {{
                a = slice(0, start=0, stop=1)
                b = x |> slice(0, start=1, stop=2)
                c = x |> slice(0, start=2, stop=3)
                h = {a} |> maximum({b})
                l = {a} |> minimum({b})
                m = l |> maximum({c})
                n = l |> minimum({c})
                {last}
            }}\n"
        )
    };
    let sorts = "p = h |> maximum(m); q = h |> minimum(m); p |> concat(q, n)";
    let text = network("sort3", ["a", "b", "c"], sorts)
        + &network("other3", ["b", "c", "a"], sorts)
        + &network("wrong3", ["b", "c", "a"], "h |> concat(m, n)")
        + "prove sort3 == other3\nprove sort3 != wrong3\n";
    let file = file(&text);
    let findings = prove(&file, MEMORY);
    assert!(findings.claims.iter().all(|c| c.status == Status::Proved), "{:?}", findings.claims);
    let Some(Comparison::Equal(Proof::Regions(cases))) = &findings.claims[0].comparison else {
        panic!("{:?}", findings.claims[0].comparison)
    };
    assert!(verify(&cases.program, &cases.tree, &mut |outputs, _| outputs == cases.outputs));
}

/// The largest difference, region by region: attained, and no more at any point of a grid.
#[test]
fn tolerances_are_decided_region_by_region() {
    let hat = "network f(x: 2 in [-2, 2]) {
            h = dense([[1, 2], [3, -1]], bias=[0, 1/2])
            a = h |> relu |> dense([[1, -1], [2, 1]]) |> relu
            a |> dense([[1, -2]])
        }
        network g(x: 2 in [-2, 2]) { a = x |> dense([[1, 2], [3, -1]]) |> relu |> dense([[1, -1], [2, 1]]) |> relu; a |> dense([[1, -2]]) }";
    let close = |tolerance: &str| {
        let file = file(&format!("{hat}\nprove f == g within {tolerance}"));
        let findings = prove(&file, MEMORY);
        let comparison = findings.claims[0].comparison.clone().expect("a comparison");
        (findings.claims[0].status, comparison)
    };
    let (Status::Proved, Comparison::Close { bound, exact: true, cases: Some(cases) }) = close("100") else {
        panic!("{:?}", close("100"))
    };
    assert!(verify(&cases.program, &cases.tree, &mut |_, _| true));
    let file = file(&format!("{hat}\nprove f == g"));
    let Statement::Equation(equation) = &file.claims[0].statement else { panic!("an equation") };
    let mut largest = Rational::from_integer(0.into());
    for i in -12..=12 {
        for j in -12..=12 {
            let x = [ratio(i.into(), 6.into()), ratio(j.into(), 6.into())];
            let h =
                equation.difference.evaluate(&Tensor::from_rationals(common::shape(&[2]), &x)).expect("exact").get(0);
            largest = largest.max(h.abs());
        }
    }
    assert!(largest <= bound && bound > Rational::from_integer(0.into()), "{largest} {bound}");
    let gap = difference(&equation.difference, MEMORY).expect("a bounded domain");
    assert!(gap.exact && gap.largest().expect("an output").1.found == bound);
    let at = equation.difference.evaluate(&gap.points[0].1).expect("exact").get(0);
    assert_eq!(at.abs(), bound);
    // At the bound it holds; a little below, a point refutes it.
    assert_eq!(close(&bound.to_string()).0, Status::Proved);
    let (status, Comparison::Different(found)) = close(&format!("{} - 1/1000000", bound)) else { panic!("different") };
    assert_eq!(status, Status::Refuted);
    assert!((&found.left.low - &found.right.low).abs() > &bound - ratio(1.into(), 1_000_000.into()));
    // On all of Q: |x| - |x - 1| stays within 1, which no bounds of layers show.
    for (tolerance, expected) in [("1", Status::Proved), ("0.999", Status::Refuted)] {
        let text =
            format!("network f(x: 1) {{ abs }}\nnetwork g(x: 1) {{ bias(-1); abs }}\nprove f == g within {tolerance}");
        let file = self::file(&text);
        assert_eq!(prove(&file, MEMORY).claims[0].status, expected, "{tolerance}");
    }
}

/// A search that ends after some regions says after how many, and goes on from there.
#[test]
fn searches_go_on_from_what_is_noted() {
    let text = "network f(x: 2) {
            dense([[3, -2], [1, 4], [-5, 2], [2, 2]], bias=[1, -2, 3, 1])
            relu
            dense([[1, -1, 2, -3], [2, 1, -1, 1]], bias=[1, -1])
            b = abs
            output (b |> relu) - b + x
        }";
    let f = network(text);
    let whole = decide(&f, MEMORY);
    let Evidence::Regions(_, cases) = &whole.evidence else { panic!("{:?}", whole.evidence) };
    let regions = cases.tree.regions() as u64;
    assert!(regions > 12, "{regions}");
    let notes: &'static Notes = Box::leak(Box::default());
    let budget = |regions: u64| Budget { notes: Some(notes), ..Budget::new(MEMORY, regions) };
    let mut seen = 0;
    let each = 5;
    let decided = loop {
        let program = program_of(&f);
        let allowance = Allowance { regions: each, work: 1 << 40, notes: Some(notes) };
        match regions_affine(&f, &program, allowance) {
            Regions::Undecided(after) => {
                seen += each;
                assert_eq!(after, seen, "all regions count, and no more than were allowed");
            }
            other => break other,
        }
        assert!(seen <= regions);
    };
    let Regions::Same(resumed) = decided else { panic!("{decided:?}") };
    assert!(seen + each >= regions && seen < regions);
    assert_eq!(resumed.tree.regions() as u64, regions);
    assert!(verify(&resumed.program, &resumed.tree, &mut |outputs, _| outputs == resumed.outputs));
    // What is finished is noted too, so fewer regions are enough now.
    assert_eq!(decide(&f, Budget::new(MEMORY, regions - 1)).verdict, Verdict::Undecided);
    assert_eq!(decide(&f, budget(regions - 1)).verdict, Verdict::Linear);
    // Nobody believes the notes.
    let text = notes.to_text();
    for (from, to) in
        [("leaf", "empty 0:1 ;"), ("split 0", "split 1"), ("fixed", "fxed"), (":1 ", ":2 "), ("leaf\n", "")]
    {
        let Ok(changed) = Notes::from_text(&text.replacen(from, to, 1)) else { continue };
        let changed: &'static Notes = Box::leak(Box::new(changed));
        let budget = Budget { notes: Some(changed), ..Budget::from(MEMORY) };
        let decision = decide(&f, budget);
        assert_eq!(decision.verdict, Verdict::Linear, "{from}");
        assert!(holds_up(&decision.evidence));
    }
}

#[test]
fn no_verdict_but_undecided_depends_on_the_budget() {
    let text = "network f(x: 2) {\n a = x |> abs\n b = a |> bias(1) |> abs\n c = b |> bias(-1) |> abs\n output (c |> relu) - a - 3 * x\n}";
    let f = network(text);
    let at = |regions: u64| decide(&f, Budget::new(MEMORY, regions)).verdict;
    assert_eq!(at(1), Verdict::Undecided);
    for regions in [2, 3, 4, 5, 8, 100, 100_000] {
        assert!([Verdict::Undecided, Verdict::Linear].contains(&at(regions)), "{regions}");
    }
    assert_eq!(at(100_000), Verdict::Linear);
}

/// relu layers with small integer weights, as text and as numbers.
struct Layers(Vec<(Vec<Vec<i64>>, Vec<i64>)>);

impl Layers {
    /// Sizes from the input on; every weight and bias from the digits in turn.
    fn new(sizes: &[usize], digits: &[i64]) -> Layers {
        let mut next = digits.iter().cycle().copied();
        let mut row = |n: usize| (0..n).map(|_| next.next().unwrap_or(1)).collect::<Vec<i64>>();
        Layers(sizes.windows(2).map(|w| ((0..w[1]).map(|_| row(w[0])).collect(), row(w[1]))).collect())
    }

    fn text(&self) -> String {
        let steps: Vec<String> = self.0.iter().map(|(m, b)| format!("dense({m:?}, bias={b:?})")).collect();
        format!("network f(x: {}) {{\n {}\n}}", self.0[0].0[0].len(), steps.join("\n relu\n "))
    }

    /// The output's rows (slopes, then the constant) on every activation pattern whose region has points
    /// inside, found by Fourier and Motzkin's elimination.
    fn maps(&self) -> Vec<Vec<Vec<Rational>>> {
        let inputs = self.0[0].0[0].len();
        let hidden: usize = self.0[..self.0.len() - 1].iter().map(|(_, b)| b.len()).sum();
        let mut maps = Vec::new();
        for pattern in 0..1_u32 << hidden {
            let unit = |i: usize| (0..=inputs).map(|j| ratio(i64::from(i == j).into(), 1.into())).collect::<Vec<_>>();
            let mut rows: Vec<Vec<Rational>> = (0..inputs).map(unit).collect();
            let (mut region, mut bit) = (Vec::new(), 0);
            for (layer, (matrix, bias)) in self.0.iter().enumerate() {
                let combine = |(weights, constant): (&Vec<i64>, &i64)| {
                    let mut sum = vec![Rational::from_integer(0.into()); inputs + 1];
                    sum[inputs] += Rational::from_integer((*constant).into());
                    for (w, row) in weights.iter().zip(&rows) {
                        sum.iter_mut().zip(row).for_each(|(s, v)| *s += v * Rational::from_integer((*w).into()));
                    }
                    sum
                };
                rows = matrix.iter().zip(bias).map(combine).collect();
                if layer + 1 == self.0.len() {
                    break;
                }
                for row in &mut rows {
                    let active = pattern >> bit & 1 == 1;
                    bit += 1;
                    region.push(row.iter().map(|v| if active { v.clone() } else { -v }).collect());
                    if !active {
                        row.iter_mut().for_each(|v| *v = Rational::from_integer(0.into()));
                    }
                }
            }
            // A unit that is 0 everywhere is active and inactive: one of the two patterns is enough.
            let zero = Rational::from_integer(0.into());
            region.retain(|g: &Vec<Rational>| g.iter().any(|v| *v != zero));
            if common::solvable(inputs, region) {
                maps.push(rows);
            }
        }
        maps
    }
}

/// The search itself, without what is tried before it: on its leaves the outputs are the maps of the patterns whose
/// regions have points inside, no more and no fewer, also where it is interrupted and where there is one thread only.
#[test]
fn leaves_are_what_an_enumeration_of_all_patterns_says() {
    let (mut searched, mut regions_in_all) = (0, 0);
    for seed in 0..200_i64 {
        let digit = |i: i64| (seed * 7919 + i * i * 31 + i * 17) % 7 - 3;
        let digits: Vec<i64> = (1..40).map(digit).collect();
        let sizes: &[usize] = [&[2, 3, 2, 1][..], &[1, 3, 3, 1], &[2, 4, 1], &[3, 2, 2, 1]][(seed % 4) as usize];
        let layers = Layers::new(sizes, &digits);
        let f = network(&layers.text());
        let Outcome::Residual(residual) = normal_form(&f, &Limits::default()) else { continue };
        let program = residual.program.expect("numbers");
        let inputs = sizes[0];
        let seen = |allowance: Allowance| {
            let maps = std::sync::Mutex::new(std::collections::BTreeSet::new());
            let (ended, regions) = search(&program, allowance, &|leaf: &Leaf<'_>| {
                let mut row = vec![Rational::from_integer(0.into()); inputs + 1];
                leaf.outputs[0].terms.iter().for_each(|(v, c)| row[*v] = c.clone());
                row[inputs] = leaf.outputs[0].constant.clone();
                maps.lock().expect("no panics").insert(row);
                None::<()>
            });
            (ended, regions, maps.into_inner().expect("no panics"))
        };
        let whole = Allowance { regions: 1000, work: 1 << 40, notes: None };
        let (Ended::All(tree), regions, maps) = seen(whole) else { panic!("{}", layers.text()) };
        let expected = layers.maps().into_iter().map(|rows| rows[0].clone()).collect();
        assert_eq!(maps, expected, "{}", layers.text());
        assert!(verify(&program, &tree, &mut |_, _| true));
        assert_eq!(tree.regions() as u64, regions);
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
        for allowed in [1, regions / 2 + 1, regions] {
            let allowance = Allowance { regions: allowed, ..whole };
            let text = |(ended, regions, _): (Ended<()>, u64, _)| match ended {
                Ended::All(tree) => (Growth::of(&tree).to_text(), regions),
                Ended::Exhausted(growth) => (growth.to_text(), regions),
                Ended::Found(()) => unreachable!("nothing is looked for"),
            };
            let (many, alone) = (text(seen(allowance)), text(one.install(|| seen(allowance))));
            assert_eq!(many, alone, "{}", layers.text());
            assert_eq!(many.1, allowed);
        }
        searched += 1;
        regions_in_all += regions;
    }
    assert!(searched >= 60 && regions_in_all >= 400, "{searched} networks with {regions_in_all} regions");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn random_networks_are_what_an_enumeration_of_all_patterns_says(
        inputs in 1_usize..3,
        sizes in prop::collection::vec(1_usize..4, 1..4),
        digits in prop::collection::vec(-1_i64..2, 7..23),
    ) {
        let all: Vec<usize> = [inputs].into_iter().chain(sizes).chain([1]).collect();
        let layers = Layers::new(&all, &digits);
        let maps = layers.maps();
        let affine = maps.iter().all(|m| *m == maps[0]);
        let f = network(&layers.text());
        let decision = decide(&f, MEMORY);
        let expected = if !affine {
            Verdict::Nonlinear
        } else if maps[0][0][inputs] == Rational::from_integer(0.into()) {
            Verdict::Linear
        } else {
            Verdict::Affine
        };
        prop_assert_eq!(decision.verdict, expected, "{} {:?}", layers.text(), decision.evidence);
        prop_assert!(holds_up(&decision.evidence));
    }
}
