//! Tables of layers worked by hand, and of layers that are impossible.

mod common;

use common::{build, integers, shape};
use netprove::algebra::{Rational, Tensor};
use netprove::layer::{Arguments, Value};

/// Tables worked by hand, or taken from PyTorch's documentation: layer, arguments, input, output.
#[test]
fn tables() {
    let vector = |n: &[i64]| n.iter().map(|&v| Rational::from_integer(v.into())).collect::<Vec<_>>();
    let put = |axes: &[usize], n: &[i64]| Tensor::from_rationals(shape(axes), &vector(n));
    let given =
        |name: &'static str, axes: &[usize], n: &[i64]| Arguments::default().with(name, Value::Tensor(put(axes, n)));
    let word = |w: &str| Value::Word(w.into());
    let half = |n: &[i64]| n.iter().map(|&v| Rational::new(v.into(), 2.into())).collect::<Vec<_>>();
    let ramp = put(&[1, 4], &[1, 2, 3, 4]);
    let cases: Vec<(&str, Arguments, Tensor, Vec<Rational>)> = vec![
        // Cross-correlation: the kernel is not flipped.
        (
            "conv",
            given("kernel", &[3], &[1, 0, -1]).with("pad", integers(&[1])),
            ramp.clone(),
            vector(&[-2, -2, -2, 3]),
        ),
        (
            "conv",
            given("kernel", &[3], &[1, 0, -1]).with("pad", integers(&[1])).with("pad_mode", word("circular")),
            ramp.clone(),
            vector(&[2, -2, -2, 2]),
        ),
        (
            "conv",
            given("kernel", &[3], &[1, 0, -1]).with("pad", integers(&[1])).with("pad_mode", word("reflect")),
            ramp.clone(),
            vector(&[0, -2, -2, 0]),
        ),
        (
            "conv",
            given("kernel", &[3], &[1, 0, -1]).with("pad", integers(&[1])).with("pad_mode", word("replicate")),
            ramp.clone(),
            vector(&[-1, -2, -2, -1]),
        ),
        (
            "conv",
            given("kernel", &[2], &[1, 10]).with("stride", integers(&[2])).with("dilation", integers(&[2])),
            ramp.clone(),
            vector(&[31]),
        ),
        ("conv", given("kernel", &[2], &[1, 10]).with("pad", word("same")), ramp.clone(), vector(&[21, 32, 43, 4])),
        (
            "conv",
            given("kernel", &[2], &[1, 10]).with("pad", Value::List(vec![2, 0])),
            ramp.clone(),
            vector(&[0, 10, 21, 32, 43]),
        ),
        // Each input stamps the kernel; stamps two apart do not overlap.
        (
            "conv_transpose",
            given("kernel", &[2], &[1, 10]).with("stride", integers(&[2])),
            put(&[1, 2], &[3, 5]),
            vector(&[3, 30, 5, 50]),
        ),
        ("conv_transpose", given("kernel", &[3], &[1, 2, 3]), put(&[1, 2], &[1, 10]), vector(&[1, 12, 23, 30])),
        (
            "conv_transpose",
            given("kernel", &[2], &[1, 10]).with("stride", integers(&[2])).with("output_pad", integers(&[1])),
            put(&[1, 2], &[3, 5]),
            vector(&[3, 30, 5, 50, 0]),
        ),
        (
            "avgpool",
            Arguments::default()
                .with("window", integers(&[2]))
                .with("stride", integers(&[1]))
                .with("pad", integers(&[1])),
            ramp.clone(),
            half(&[1, 3, 5, 7, 4]),
        ),
        (
            "avgpool",
            Arguments::default()
                .with("window", integers(&[2]))
                .with("stride", integers(&[1]))
                .with("pad", integers(&[1]))
                .with("count_pad", word("no")),
            ramp.clone(),
            half(&[2, 3, 5, 7, 8]),
        ),
        (
            "maxpool",
            Arguments::default().with("window", integers(&[2])).with("pad", integers(&[1])),
            put(&[1, 4], &[-1, -2, -3, -4]),
            vector(&[-1, -2, -4]),
        ),
        // torch.nn.functional.interpolate([1, 2], scale_factor=2, mode='linear'): 1, 1.25, 1.75, 2.
        (
            "upsample",
            Arguments::default().with("factor", integers(&[2])).with("mode", word("bilinear")),
            put(&[1, 2], &[4, 8]),
            vector(&[4, 5, 7, 8]),
        ),
        ("upsample", Arguments::default().with("factor", integers(&[2])), put(&[1, 2], &[4, 8]), vector(&[4, 4, 8, 8])),
        (
            "pixel_shuffle",
            Arguments::default().with("r", integers(&[2])),
            put(&[4, 1, 2], &[1, 2, 3, 4, 5, 6, 7, 8]),
            vector(&[1, 3, 2, 4, 5, 7, 6, 8]),
        ),
        (
            "permute",
            Arguments::default().with("axes", integers(&[1, 0])),
            put(&[2, 3], &[1, 2, 3, 4, 5, 6]),
            vector(&[1, 4, 2, 5, 3, 6]),
        ),
        // Two outputs a channel, written as PyTorch does (2C×1×K) and without the axis.
        (
            "depthwise",
            given("kernel", &[4, 1, 1], &[1, 10, 100, 1000]),
            put(&[2, 2], &[1, 2, 3, 4]),
            vector(&[1, 2, 10, 20, 300, 400, 3000, 4000]),
        ),
        (
            "depthwise",
            given("kernel", &[4, 1], &[1, 10, 100, 1000]),
            put(&[2, 2], &[1, 2, 3, 4]),
            vector(&[1, 2, 10, 20, 300, 400, 3000, 4000]),
        ),
        // PyTorch's x[:, -3:-1], and the last entry by an exclusive end of the length.
        (
            "slice",
            given("axis", &[], &[-1])
                .with("start", Value::Tensor(put(&[], &[-3])))
                .with("stop", Value::Tensor(put(&[], &[-1]))),
            ramp.clone(),
            vector(&[2, 3]),
        ),
        (
            "slice",
            given("axis", &[], &[1])
                .with("start", Value::Tensor(put(&[], &[-1])))
                .with("stop", Value::Tensor(put(&[], &[4]))),
            ramp.clone(),
            vector(&[4]),
        ),
        // PyTorch bounds a pool's padding by half of the dilated window.
        (
            "maxpool",
            Arguments::default()
                .with("window", integers(&[3]))
                .with("stride", integers(&[1]))
                .with("dilation", integers(&[2]))
                .with("pad", integers(&[2])),
            ramp.clone(),
            vector(&[3, 4, 3, 4]),
        ),
        (
            "dense",
            given("matrix", &[1, 2], &[1, 2]).with("bias", Value::Tensor(put(&[], &[7]))),
            put(&[2], &[1, 1]),
            vector(&[10]),
        ),
        ("maxout", Arguments::default().with("k", integers(&[2])), put(&[4], &[1, 5, -3, -7]), vector(&[5, -3])),
        ("hard_sigmoid", Arguments::default(), put(&[3], &[-4, 0, 9]), half(&[0, 1, 2])),
        (
            "batchnorm",
            given("gamma", &[1], &[3])
                .with("beta", Value::Tensor(put(&[1], &[1])))
                .with("mean", Value::Tensor(put(&[1], &[2])))
                .with("var", Value::Tensor(put(&[1], &[4])))
                .with("eps", Value::Tensor(put(&[], &[0]))),
            put(&[1, 2], &[2, 4]),
            vector(&[1, 4]),
        ),
    ];
    for (name, arguments, input, expected) in cases {
        let layer = build(name, arguments, &[input.shape()]).unwrap_or_else(|m| panic!("{name}: {}", m.message));
        let found = layer.function().evaluate(&[&input]).expect("exact").to_rationals();
        assert_eq!(found, expected, "{name} of {input:?}");
    }
}

/// Impossible layers are refused in words, never with a panic.
#[test]
fn misuse_is_explained() {
    let kernel = |axes: &[usize]| Arguments::default().with("kernel", Value::Tensor(Tensor::zeros(shape(axes))));
    let window = |n: usize| Arguments::default().with("window", integers(&[n]));
    for (name, arguments, axes, words) in [
        ("conv", kernel(&[2, 3, 3, 3]), vec![1, 8, 8], "reads 3 input channels"),
        ("conv", kernel(&[1, 1, 9, 9]), vec![1, 8, 8], "does not fit"),
        ("conv", kernel(&[3, 3]), vec![8], "C×H×W"),
        ("conv", kernel(&[3, 3]).with("stride", integers(&[0])), vec![1, 8, 8], "at least 1"),
        (
            "conv",
            kernel(&[3, 3]).with("pad", integers(&[8])).with("pad_mode", Value::Word("reflect".into())),
            vec![1, 8, 8],
            "too wide",
        ),
        ("conv", kernel(&[3, 3]).with("pad", integers(&[1, 1, 1])), vec![1, 8, 8], "2 spatial axes"),
        ("conv", kernel(&[4, 1, 3, 3]).with("groups", integers(&[3])), vec![4, 8, 8], "groups"),
        (
            "dense",
            Arguments::default().with("matrix", Value::Tensor(Tensor::zeros(shape(&[4, 64])))),
            vec![1, 8, 8],
            "takes a vector",
        ),
        ("maxpool", window(2).with("pad", integers(&[2])), vec![1, 8, 8], "half of the window"),
        ("avgpool", window(0), vec![1, 8, 8], "at least 1"),
        ("pixel_shuffle", Arguments::default().with("r", integers(&[2])), vec![3, 8, 8], "multiple"),
        ("crop", Arguments::default().with("amount", integers(&[4])), vec![1, 8, 8], "leaves nothing"),
        ("maxout", Arguments::default().with("k", integers(&[3])), vec![4], "multiple"),
    ] {
        let misuse = build(name, arguments, &[&shape(&axes)]).expect_err(name);
        assert!(misuse.message.contains(words), "{name}: {}", misuse.message);
    }
}
