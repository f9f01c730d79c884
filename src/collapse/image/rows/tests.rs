//! Rows placed from classes against rows by adjoints.

use proptest::prelude::*;

use super::*;
use crate::collapse::image::borders::MOST_READS;
use crate::diagnostic::Source;
use crate::network::{Network, NoImports, check};

/// Bodies of `network f(x: SHAPE) { … }`, each with its shape; `$` is a random seed, `@` a padding mode.
const NETWORKS: &[(&str, &str)] = &[
    // The scale reads some of the positions that the convolution does, in another order.
    (
        "2x9x8",
        "y = conv(random(2x2x1x1, seed=$1)); z = y |> scale(random(2, seed=$2) / 3); y |> conv(random(2x2x3x3, seed=$3), pad=1, pad_mode=@); add(z)",
    ),
    // The scale reads the two positions that the first convolution does, in the other order.
    (
        "2x6",
        "y = conv(random(2x2x1, seed=$1)); z = y |> scale([2, 1/3]); w = y |> conv(random(2x2x2, seed=$2), pad=[1, 0], pad_mode=circular); z |> conv(random(2x2x2, seed=$3), dilation=5, pad=[0, 5], pad_mode=circular); add(w)",
    ),
    // Constants of every entry: no two positions are alike.
    ("1x9x8", "bias(random(1x9x8, seed=$1)); conv(random(2x1x3x3, seed=$2) / 3, pad=1, pad_mode=@)"),
    (
        "2x23",
        "conv(random(3x2x3, seed=$1) / 3, random(3, seed=$2), pad=[2, 1], pad_mode=@); conv(random(2x3x2, seed=$3))",
    ),
    (
        "3x31",
        "conv(random(2x3x4, seed=$1) / 7, stride=3, pad=[0, 3], pad_mode=@); conv_transpose(random(2x2x3, seed=$2), stride=2)",
    ),
    (
        "2x9x8",
        "conv(random(3x2x3x2, seed=$1) / 2, pad=[1, 2, 0, 1], pad_mode=@); conv(random(2x3x2x3, seed=$2), random(2, seed=$3), pad=1)",
    ),
    (
        "2x11x10",
        "conv(random(4x2x3x3, seed=$1), stride=2x1, dilation=1x2, pad=[2, 1, 3, 2], pad_mode=@); avgpool(2, stride=1)",
    ),
    (
        "4x9x7",
        "conv(random(4x2x3x3, seed=$1), groups=2, pad=1, pad_mode=@); depthwise(random(4x3x3, seed=$2) / 5, random(4, seed=$3), pad=1)",
    ),
    (
        "2x8x9",
        "y = conv(random(2x2x3x3, seed=$1), pad=1, pad_mode=@); (y - x / 3) |> upsample(2, mode=bilinear); bias([1/3, 2/5])",
    ),
    (
        "2x8x7",
        "pad([1, 2, 0, 1], mode=@); sumpool(3, stride=2); scale(random(2, seed=$1) / 3); pad(1, value=2/3); conv(random(3x2x2x2, seed=$2))",
    ),
    (
        "1x5x6x5",
        "conv(random(2x1x2x3x2, seed=$1) / 3, random(2, seed=$2), pad=[1, 0, 1, 1, 0, 1], pad_mode=@); conv(random(2x2x2x2x2, seed=$3))",
    ),
    (
        "2x7x6",
        "y = x |> crop([1, 1, 1, 1]) |> upsample(2); conv(random(1x2x3x3, seed=$1), dilation=2, pad=2, pad_mode=@); crop([1, 1, 1, 0])",
    ),
];

fn network(which: usize, seed: u32, mode: &str) -> Network {
    let (shape, body) = NETWORKS[which];
    let body = (1..4).fold(body.replace('@', mode), |b, n| b.replace(&format!("${n}"), &(seed * 4 + n).to_string()));
    let text = format!("network f(x: {shape}) {{ {body} }}");
    let source = Source { name: "test.net".into(), text: text.clone() };
    let program = check(source, &NoImports, 1 << 30).unwrap_or_else(|r| panic!("{:?}\n{text}", r.diagnostics));
    program.networks.into_iter().next().expect("a network")
}

fn keep(all: &mut Vec<MapRow>) -> impl FnMut(Vec<MapRow>) -> ControlFlow<()> {
    |rows| {
        all.extend(rows);
        ControlFlow::Continue(())
    }
}

/// All rows by classes, whether that is worth it or not.
fn by_classes(
    region: &Region<'_>,
    plan: &Plan<'_, Integer>,
    outputs: Range<usize>,
    memory: u64,
) -> Option<Vec<MapRow>> {
    let positions = covering(&region.network.nodes[region.sink].shape, &outputs);
    let borders = region.borders_of(positions, MOST_READS).expect("images");
    let (mut all, mut next) = (Vec::new(), outputs.start);
    while next < outputs.end {
        let (end, flow) = borders.stream(plan, next..outputs.end, memory, &mut keep(&mut all))?;
        assert!(flow.is_continue() && end > next);
        next = end;
    }
    Some(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    /// Any outputs, in any memory: the very rows that are computed one by one.
    #[test]
    fn placed_rows_are_computed_rows(which in 0..NETWORKS.len(), seed in 0_u32..1000, mode in prop::sample::select(vec!["zero", "circular", "reflect", "replicate"]), ends in any::<[prop::sample::Index; 2]>(), whole in any::<bool>(), memory in prop_oneof![Just(1_u64 << 30), 100_000..5_000_000_u64]) {
        let network = network(which, seed, mode);
        let region = Region::<Integer>::whole(&network).expect("affine layers");
        let plan = Plan::new(&region).expect("short numbers");
        let ends = ends.map(|end| end.index(region.rows()));
        let outputs = if whole { 0..region.rows() } else { ends[0].min(ends[1])..ends[0].max(ends[1]) + 1 };
        let mut expected = Vec::new();
        let flow = region.stream_by_adjoints(&plan, outputs.clone(), 1 << 30, &mut keep(&mut expected));
        prop_assert_eq!(flow, Ok(ControlFlow::Continue(())));
        let found = by_classes(&region, &plan, outputs, memory);
        prop_assert!(found.is_some() || memory < 1 << 30);
        if let Some(found) = found {
            prop_assert_eq!(found, expected);
        }
    }
}

/// A map that is worth a table, and rows that are not.
#[test]
fn tables_serve_many_rows() {
    let text = "network f(x: 3x40x30) { conv(random(4x3x3x3, seed=1), pad=1); conv(random(5x4x3x3, seed=2), pad=1) }";
    let source = Source { name: "test.net".into(), text: text.into() };
    let program = check(source, &NoImports, 1 << 30).expect("right");
    let region = Region::<Integer>::whole(&program.networks[0]).expect("affine layers");
    let plan = Plan::new(&region).expect("short numbers");
    let by_classes = |outputs: Range<usize>, memory: u64| {
        let mut all = Vec::new();
        let next = region.stream_by_classes(&plan, outputs, memory, &mut keep(&mut all)).0;
        (next, all.len())
    };
    // 25 products of classes of 2 pixels at each border, each with 5 channels.
    assert_eq!(by_classes(0..6000, 1 << 30), (6000, 6000));
    assert_eq!(by_classes(0..6000, 3 << 20), (6000, 6000), "a channel or two at a time");
    assert_eq!(by_classes(0..6000, 300_000), (0, 0), "no table fits");
    assert_eq!(by_classes(70..1100, 1 << 30), (1100, 1030));
    assert_eq!(by_classes(70..130, 1 << 30), (70, 0), "too few rows");
    // One that breaks off.
    let (next, flow) = region.stream_by_classes(&plan, 600..6000, 1 << 30, &mut |rows| ControlFlow::Break(rows.len()));
    assert!(flow.is_break() && next > 600);
}

/// No class is computed that no output is in, and no channel of it.
#[test]
fn only_what_is_needed_is_computed() {
    let network = network(5, 1, "zero");
    let region = Region::<Integer>::whole(&network).expect("affine layers");
    let shape = network.output_shape().clone();
    for outputs in [0..3, 5..6, 0..shape.elements(), 40..130] {
        let borders = region.borders_of(covering(&shape, &outputs), MOST_READS).expect("images");
        let mut expected: HashMap<usize, Range<usize>> = HashMap::new();
        for output in outputs.clone() {
            let index = shape.unravel(output);
            let all = expected.entry(borders.flat(&index[1..])).or_insert(index[0]..index[0]);
            *all = all.start..index[0] + 1;
        }
        assert_eq!(borders.needed(outputs), expected);
    }
}
