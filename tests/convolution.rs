//! Is the collapsed map one convolution? Facts about stacks, and random convolutions recognised.

use std::fmt::Write as _;

use netprove::algebra::{Integer, Polynomial, Shape, Tensor};
use netprove::collapse::{AffineMap, Region, one_kernel};
use netprove::decide::convolution::{Agreement, Convolution, Reason, convolution};
use netprove::diagnostic::Source;
use netprove::layer::Weights;
use netprove::network::{Network, NoImports, check};
use netprove::toeplitz::PadMode;
use proptest::prelude::*;

fn network(text: &str) -> Network {
    let source = Source { name: "test.net".into(), text: text.into() };
    let program = check(source, &NoImports, 1 << 28).unwrap_or_else(|r| panic!("{:?}\n{text}", r.diagnostics));
    program.networks.into_iter().next().expect("a network")
}

fn collapsed<C: Weights>(network: &Network) -> AffineMap<C> {
    Region::<C>::whole(network).expect("affine").collapse(1 << 28).expect("small")
}

fn recognised<C: Weights>(network: &Network) -> Convolution<C> {
    convolution(network, Some(&collapsed(network))).expect("a map between images")
}

/// The answer as the layer that it names.
fn written(found: &Convolution<Integer>) -> String {
    let list = |values: &[usize]| values.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    fn nested(tensor: &Tensor, axes: &[usize], first: usize) -> String {
        match axes {
            [] => format!("({})", tensor.get(first)),
            [n, rest @ ..] => {
                let step: usize = rest.iter().product();
                let parts: Vec<String> = (0..*n).map(|i| nested(tensor, rest, first + i * step)).collect();
                format!("[{}]", parts.join(", "))
            }
        }
    }
    let kernel = nested(&found.kernel, found.kernel.shape().axes(), 0);
    let bias = nested(&found.bias, found.bias.shape().axes(), 0);
    let mode = format!("{:?}", found.mode).to_lowercase();
    let mut text = String::new();
    let padding: Vec<usize> = [found.before.clone(), found.after.clone()].concat();
    let stride = list(&found.stride);
    write!(text, "conv({kernel}, bias={bias}, stride=[{stride}], pad=[{}], pad_mode={mode})", list(&padding)).unwrap();
    text
}

/// Stacks, the number of outputs at which they are no convolution, and the window of the kernel.
#[test]
fn stacks() {
    let k = "let k = [[1, 2, 3], [4, 5, 6], [7, 8, 10]]";
    let table = [
        ("1x8x8", "conv(k, pad=1); conv(k, pad=1)", 28, [5, 5]),
        ("1x8x8", "conv(k, pad=1); conv(k, pad=1); conv(k, pad=1)", 48, [7, 7]),
        ("1x8x8", "pad(3); conv(k); conv(k); conv(k)", 0, [7, 7]),
        ("1x15x15", "conv(k, stride=2); conv(k, stride=2)", 0, [7, 7]),
        ("1x8x8", "conv(k, pad=1, pad_mode=circular); conv(k, pad=1, pad_mode=circular)", 0, [5, 5]),
        ("1x8x8", "conv([[2]], bias=[1]); conv(k, pad=1)", 28, [3, 3]),
        ("1x8x8", "batchnorm(scale=2, shift=1); conv(k, pad=1)", 28, [3, 3]),
        ("1x8x8", "bias(1); pad(1, value=1); conv(k)", 0, [3, 3]),
        ("1x8x8", "avgpool(2)", 0, [2, 2]),
        ("1x8x8", "crop(1); conv(k)", 0, [5, 5]),
        ("2x3x3", "permute(1, 2, 0); permute(2, 0, 1)", 0, [1, 1]),
    ];
    for (shape, layers, exceptions, window) in table {
        let network = network(&format!("{k}\nnetwork f(x: {shape}) {{ {layers} }}"));
        let found = recognised::<Integer>(&network);
        let count = match &found.agreement {
            Agreement::Exact => 0,
            Agreement::Except(outputs, _) => outputs.len(),
            Agreement::Interior(_) => panic!("{layers}: not compared"),
        };
        assert_eq!((count, &found.kernel.shape().axes()[2..]), (exceptions, &window[..]), "{layers}");
    }
}

#[test]
fn reasons() {
    let table = [
        ("1x6x6", "conv(ones(3x3), pad=1); conv(ones(3x3), pad=1)", Reason::PaddingBetween(2)),
        ("1x6x6", "bias(1); conv(ones(3x3), pad=1)", Reason::PaddingBetween(2)),
        ("1x2x2", "bias([[[1, 2], [3, 4]]])", Reason::Constants),
        (
            "1x2x2",
            "flatten; dense([[1, 2, 3, 4], [5, 6, 7, 8], [1, 1, 1, 1], [2, 0, 0, 0]]); reshape(1x2x2)",
            Reason::Positions,
        ),
    ];
    for (shape, layers, expected) in table {
        let found = recognised::<Integer>(&network(&format!("network f(x: {shape}) {{ {layers} }}")));
        let Agreement::Except(_, reason) = found.agreement else { panic!("{layers}: {:?}", found.agreement) };
        assert_eq!(reason, expected, "{layers}");
    }
}

/// Whatever the weights, and whatever the size of the image.
#[test]
fn free_weights_and_large_images() {
    let symbolic = |shape: &str| {
        network(&format!(
            "forall w: 2x1x3x3, b: 2, v: 1x2x3x3\nnetwork f(x: {shape}) {{ pad(2); conv(w, bias=b); conv(v) }}"
        ))
    };
    let small = recognised::<Polynomial>(&symbolic("1x5x5"));
    let large = convolution::<Polynomial>(&symbolic("1x1000x1000"), None).expect("a convolution");
    assert!(small.is_exact() && large.is_exact());
    assert_eq!(small.kernel, large.kernel);

    let deep = network(
        "network f(x: 3x512x512) { conv(random(3x3x3x3, seed=1), pad=1); conv(random(3x3x3x3, seed=2), pad=1) }",
    );
    let found = convolution::<Integer>(&deep, None).expect("an interior kernel");
    assert_eq!(found.agreement, Agreement::Interior(Reason::PaddingBetween(2)));
    assert_eq!(found.kernel.shape().axes(), [3, 3, 5, 5]);
}

#[test]
fn groups_are_counted() {
    let text =
        "network f(x: 4x5x5) { conv(random(6x2x3x3, seed=1), groups=2); conv(random(2x3x1x1, seed=1), groups=2) }";
    assert_eq!(recognised::<Integer>(&network(text)).groups(), 2);
    assert_eq!(recognised::<Integer>(&network("network f(x: 3x5x5) { depthwise(random(3x2x2, seed=4)) }")).groups(), 3);
}

/// A convolution with any options, 1-D to 3-D, as text.
///
/// With padding other than zeros, a convolution whose window lies inside of the image at the
/// central output.
fn any_convolution() -> impl Strategy<Value = (String, String)> {
    let axes = 1_usize..=3;
    axes.prop_flat_map(|axes| {
        let extents = prop::collection::vec(4_usize..7, axes);
        let window = prop::collection::vec(1_usize..4, axes);
        let stride = prop::collection::vec(1_usize..3, axes);
        let dilation = prop::collection::vec(1_usize..3, axes);
        let pads = prop::collection::vec(0_usize..3, 2 * axes);
        let mode = prop::sample::select(vec!["zero", "circular", "reflect", "replicate"]);
        let groups = prop::sample::select(vec![(2, 2, 1), (2, 4, 2), (1, 3, 1), (3, 3, 3)]);
        (extents, window, stride, dilation, pads, mode, groups, 0_u32..1000, any::<bool>())
    })
    .prop_map(|(extents, mut window, stride, dilation, pads, mut mode, (inputs, outputs, groups), seed, bias)| {
        for axis in 0..extents.len() {
            let padded = extents[axis] + pads[axis] + pads[axis + extents.len()];
            while dilation[axis] * (window[axis] - 1) + 1 > padded {
                window[axis] -= 1;
            }
            let reach = dilation[axis] * (window[axis] - 1) + 1;
            let centre = (padded - reach) / stride[axis] / 2 * stride[axis];
            if centre < pads[axis] || centre + reach > pads[axis] + extents[axis] {
                mode = "zero";
            }
        }
        let by = |values: &[usize]| values.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
        let list = |values: &[usize]| values.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        let bias = if bias { format!("bias=random({outputs}, seed={seed}), ") } else { String::new() };
        let layer = format!(
            "conv(random({outputs}x{}x{}, seed={seed}), {bias}stride=[{}], dilation=[{}], pad=[{}], pad_mode={mode}, groups={groups})",
            inputs / groups, by(&window), list(&stride), list(&dilation), list(&pads));
        (format!("{inputs}x{}", by(&extents)), layer)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, max_global_rejects: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// A collapsed convolution is recognised as a convolution that computes the same.
    #[test]
    fn convolutions_are_recognised((shape, layer) in any_convolution()) {
        let original = network(&format!("network f(x: {shape}) {{ {layer} }}"));
        let map = collapsed::<Integer>(&original);
        let found = convolution(&original, Some(&map)).expect("a map between images");
        prop_assert!(found.is_exact(), "{} {}: {:?}", shape, layer, found.agreement);
        let again = network(&format!("network f(x: {shape}) {{ {} }}", written(&found)));
        prop_assert_eq!(collapsed::<Integer>(&again), map, "{} {} is not {}", shape, layer, written(&found));
    }

    /// One changed weight is seen at exactly the output that it changes.
    #[test]
    fn one_changed_weight_is_found((shape, layer) in any_convolution(), entry in any::<prop::sample::Index>()) {
        let original = network(&format!("network f(x: {shape}) {{ {layer}; }}"));
        let map = collapsed::<Integer>(&original);
        let spatial = original.output_shape().spatial();
        // Large enough that the changed output is not what the kernel is read from.
        prop_assume!(spatial.iter().all(|&n| n >= 3) && layer.contains("pad_mode=zero"));
        let output = entry.index(map.matrix.rows());
        let centre: Vec<usize> = spatial.iter().map(|n| (n - 1) / 2).collect();
        let index = original.output_shape().unravel(output);
        prop_assume!(index[1..] != centre[..]);
        let mut bias = map.bias.to_rationals();
        bias[output] += netprove::algebra::Rational::new(1.into(), 3.into());
        let changed = AffineMap { matrix: map.matrix.clone(), bias: Tensor::from_rationals(map.bias.shape().clone(), &bias) };
        // A network that is no convolution layer by layer, so that the matrix decides.
        let shape_of = original.inputs[0].shape.to_string();
        let opaque = network(&format!("network f(x: {shape}) {{ {layer}; bias({}) }}", nonuniform(original.output_shape())));
        prop_assert!(one_kernel::<Integer>(&opaque).is_none(), "{}", shape_of);
        let found = convolution(&opaque, Some(&changed)).expect("a map between images");
        prop_assert_eq!(found.agreement, Agreement::Except(vec![output], Reason::Constants));
    }
}

/// A constant that depends on the position, as text.
fn nonuniform(shape: &Shape) -> String {
    format!("random({}, seed=9)", shape.axes().iter().map(usize::to_string).collect::<Vec<_>>().join("x"))
}

#[test]
fn modes_are_named() {
    for (mode, expected) in
        [("circular", PadMode::Circular), ("reflect", PadMode::Reflect), ("replicate", PadMode::Replicate)]
    {
        let text = format!("network f(x: 2x6x7) {{ conv(random(2x2x3x3, seed=1), pad=1, pad_mode={mode}) }}");
        assert_eq!(recognised::<Integer>(&network(&text)).mode, expected);
    }
}

/// One layer is one convolution by definition, however far its window reaches; where the layer is
/// hidden, what was not searched is undecided, never refuted.
#[test]
fn one_layer_is_never_refuted() {
    use netprove::decide::{Status, prove};
    let layers = [
        ("1x4", "conv(random(1x1x5, seed=79), pad=[3, 0], pad_mode=replicate)"),
        ("1x3x3", "conv(random(5x5, seed=1), pad=2, pad_mode=reflect)"),
        ("1x2x2", "conv(random(1x1x5x5, seed=67), stride=[2, 1], pad=[3, 3, 3, 2])"),
        ("1x5", "conv(random(1x1x4, seed=98), stride=[3], pad=[5, 3], pad_mode=circular)"),
    ];
    for (shape, layer) in layers {
        let continued = layer.contains("pad_mode");
        for (before, expected) in [("", true), ("flatten; reshape(SHAPE); ", false)] {
            if !expected && !continued {
                continue; // Its window is larger than what the answer is about.
            }
            let before = before.replace("SHAPE", shape);
            let text = format!("network f(x: {shape}) {{ {before}{layer} }}\nprove f is a_convolution");
            let source = Source { name: "test.net".into(), text: text.clone() };
            let program = check(source, &NoImports, 1 << 28).expect("it is right");
            let status = prove(&program, 1 << 28).claims[0].status;
            assert_ne!(status, Status::Refuted, "{text}");
            assert!(!expected || status == Status::Proved, "{text}");
        }
    }
    // At the only point of its domain this is 0, as a convolution may be.
    let text =
        "network f(x: 1x6x6 in [0, 0]) { conv(ones(3x3), pad=1); conv(ones(3x3), pad=1) }\nprove f is a_convolution";
    let source = Source { name: "test.net".into(), text: text.into() };
    let program = check(source, &NoImports, 1 << 28).expect("it is right");
    assert_eq!(prove(&program, 1 << 28).claims[0].status, Status::Undecided);
}
