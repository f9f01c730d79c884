//! Every layer: its lowering against its defining sum, its enclosures and its units.

mod common;

use common::{Geometry, build, geometry, integers, shape, tensor};
use netprove::algebra::{Rational, Shape, Tensor};
use netprove::layer::{Arguments, Enclosure, Layer, Value, catalogue};
use proptest::prelude::*;

/// The lowering agrees with the definition, operators with their own transposes and counts, and
/// enclosures contain what they enclose.
fn check(layer: &Layer, inputs: &[Shape], seed: u64) {
    let x: Vec<Tensor> = inputs.iter().enumerate().map(|(i, s)| tensor(s, seed ^ (i as u64 + 1))).collect();
    let refs: Vec<&Tensor> = x.iter().collect();
    let kind = layer.function().kind();
    let y = layer.function().evaluate(&refs);
    if let Some(y) = &y {
        assert_eq!(y.shape(), layer.function().output(), "{kind}: shape");
    }
    match layer {
        Layer::Affine(affine) => {
            let lowered = affine.lower();
            assert_eq!(lowered.operators.len(), inputs.len(), "{kind}: one operator an operand");
            let mut sum =
                lowered.bias.as_ref().map_or_else(|| Tensor::zeros(layer.function().output().clone()), |b| b.tensor());
            for (operator, x) in lowered.operators.iter().zip(&x) {
                let (matrix, product) = (operator.matrix(), operator.apply(x));
                assert_eq!(matrix.apply(x), product.to_rationals(), "{kind}: apply");
                assert_eq!(operator.nonzeros(), matrix.nonzeros(), "{kind}: nonzeros");
                assert_eq!(operator.transpose().matrix(), matrix.transpose(), "{kind}: transpose");
                sum = sum.plus(&product);
            }
            assert_eq!(Some(&sum), y.as_ref(), "{kind}: the lowering is the defining sum: {layer:?}");
        }
        Layer::Piecewise(piecewise) => {
            let y = y.as_ref().expect("piecewise layers are exact");
            for output in 0..y.len() {
                let unit = piecewise.unit(output);
                let form = |f: &netprove::layer::Form| {
                    f.terms.iter().map(|(o, i, c)| c * x[*o].get(*i)).sum::<Rational>() + &f.constant
                };
                let maxima = unit.maxima.iter().map(|(c, a)| c * a.iter().map(form).max().expect("arguments"));
                assert_eq!(form(&unit.affine) + maxima.sum::<Rational>(), y.get(output), "{kind}: unit {output}");
            }
        }
        Layer::Symbolic(_) => panic!("{kind}: no symbols were given"),
        Layer::Smooth(_) => {}
    }
    let boxes: Vec<Enclosure> = x
        .iter()
        .enumerate()
        .map(|(i, x)| {
            let width = tensor(x.shape(), seed.rotate_left(17) ^ i as u64)
                .map(|v| if v < Rational::default() { -v } else { v });
            Enclosure { low: x.minus(&width), high: x.plus(&width) }
        })
        .collect();
    let bounds = layer.function().enclose(&boxes.iter().collect::<Vec<_>>()).expect("bounds");
    let points: Vec<Enclosure> = x.iter().map(|x| Enclosure { low: x.clone(), high: x.clone() }).collect();
    let at = layer.function().enclose(&points.iter().collect::<Vec<_>>()).expect("bounds");
    for i in 0..at.low.len() {
        assert!(at.low.get(i) <= at.high.get(i), "{kind}: low is at most high");
        assert!(
            bounds.low.get(i) <= at.low.get(i) && at.high.get(i) <= bounds.high.get(i),
            "{kind}: the box contains the point"
        );
        if let Some(y) = &y {
            assert!(at.low.get(i) <= y.get(i) && y.get(i) <= at.high.get(i), "{kind}: the value is enclosed");
        }
    }
}

fn image(channels: usize, g: &Geometry) -> Shape {
    shape(&[&[channels], g.spatial.as_slice()].concat())
}

fn number(n: usize) -> Value {
    Value::Tensor(Tensor::scalar(&Rational::from_integer(n.into())))
}

fn windowed(g: &Geometry) -> Arguments {
    Arguments::default()
        .with("stride", integers(&g.stride))
        .with("pad", Value::List(g.pad.clone()))
        .with("dilation", integers(&g.dilation))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn convolutions(g in geometry(), groups in 1_usize..=2, outputs in 1_usize..=2, per_group in 1_usize..=2, bias in any::<bool>()) {
        let input = image(groups * per_group, &g);
        let kernel = tensor(&shape(&[&[groups * outputs, per_group], g.size.as_slice()].concat()), g.seed);
        let mut arguments = windowed(&g).with("kernel", Value::Tensor(kernel)).with("groups", integers(&[groups])).with("pad_mode", Value::Word(g.mode.into()));
        if bias {
            arguments = arguments.with("bias", Value::Tensor(tensor(&shape(&[groups * outputs]), !g.seed)));
        }
        if let Ok(layer) = build("conv", arguments, &[&input]) {
            check(&layer, &[input], g.seed);
        }
    }

    #[test]
    fn transposed_convolutions(g in geometry(), groups in 1_usize..=2, outputs in 1_usize..=2, extra in 0_usize..=2, bias in any::<bool>()) {
        let input = image(groups * 2, &g);
        let kernel = tensor(&shape(&[&[groups * 2, outputs], g.size.as_slice()].concat()), g.seed);
        let mut arguments = windowed(&g).with("kernel", Value::Tensor(kernel)).with("groups", integers(&[groups])).with("output_pad", integers(&[extra]));
        if bias {
            arguments = arguments.with("bias", Value::Tensor(tensor(&shape(&[groups * outputs]), !g.seed)));
        }
        if let Ok(layer) = build("conv_transpose", arguments, &[&input]) {
            check(&layer, &[input], g.seed);
        }
    }

    #[test]
    fn a_transposed_convolution_is_the_adjoint_of_its_convolution(g in geometry(), outputs in 1_usize..=2) {
        let input = image(2, &g);
        let kernel = tensor(&shape(&[&[outputs, 2], g.size.as_slice()].concat()), g.seed);
        let arguments = windowed(&g).with("kernel", Value::Tensor(kernel));
        let Ok(Layer::Affine(forward)) = build("conv", arguments.clone(), &[&input]) else { return Ok(()) };
        // The transposed layer's own formula gives the input's extent when the stride divides evenly.
        let Ok(Layer::Affine(back)) = build("conv_transpose", arguments, &[forward.output()]) else { return Ok(()) };
        if back.output() == &input {
            let (a, b) = (forward.lower().operators[0].matrix(), back.lower().operators[0].matrix());
            prop_assert_eq!(a.transpose(), b);
        }
    }

    #[test]
    fn depthwise_convolutions(g in geometry(), channels in 1_usize..=3, multiplier in 1_usize..=2) {
        let input = image(channels, &g);
        let kernel = tensor(&shape(&[&[channels * multiplier], g.size.as_slice()].concat()), g.seed);
        let arguments = windowed(&g).with("kernel", Value::Tensor(kernel)).with("pad_mode", Value::Word(g.mode.into()));
        if let Ok(layer) = build("depthwise", arguments, &[&input]) {
            check(&layer, &[input], g.seed);
        }
    }

    #[test]
    fn pools(g in geometry(), name in prop::sample::select(vec!["avgpool", "sumpool", "maxpool", "minpool"]), counted in any::<bool>()) {
        let input = image(2, &g);
        let pad: Vec<usize> = g.pad.iter().zip(g.size.iter().cycle()).map(|(p, s)| (*p).min(s / 2)).collect();
        let mut arguments = Arguments::default().with("window", integers(&g.size)).with("stride", integers(&g.stride)).with("pad", Value::List(pad));
        if name == "avgpool" {
            arguments = arguments.with("count_pad", Value::Word(if counted { "yes" } else { "no" }.into()));
        }
        if name.ends_with("xpool") {
            arguments = arguments.with("dilation", integers(&g.dilation));
        }
        if let Ok(layer) = build(name, arguments, &[&input]) {
            check(&layer, &[input], g.seed);
        }
    }

    #[test]
    fn extents(g in geometry(), value in -3_i64..=3, bilinear in any::<bool>(), step in 1_usize..=3) {
        let input = image(2, &g);
        let amounts = Arguments::default().with("pad", Value::List(g.pad.clone())).with("mode", Value::Word(g.mode.into()));
        let valued = if g.mode == "zero" { amounts.with("value", Value::Tensor(Tensor::scalar(&Rational::new(value.into(), 2.into())))) } else { amounts };
        let mode = if bilinear { "bilinear" } else { "nearest" };
        let layers = [
            build("pad", valued, &[&input]),
            build("crop", Arguments::default().with("amount", Value::List(g.pad.clone())), &[&input]),
            build("upsample", Arguments::default().with("factor", integers(&g.stride)).with("mode", Value::Word(mode.into())), &[&input]),
            build("slice", Arguments::default().with("axis", number(1)).with("start", number(g.pad[0])).with("stop", number(g.spatial[0])).with("step", integers(&[step])), &[&input]),
        ];
        for layer in layers.into_iter().flatten() {
            check(&layer, std::slice::from_ref(&input), g.seed);
        }
    }

    #[test]
    fn rearrangements(axes in prop::collection::vec(1_usize..=4, 1..=4), seed in any::<u64>(), r in 1_usize..=3) {
        let input = shape(&axes);
        let mut order: Vec<usize> = (0..axes.len()).collect();
        order.rotate_left((seed % 7) as usize % axes.len());
        check(&build("permute", Arguments::default().with("axes", integers(&order)), &[&input]).expect("an order"), std::slice::from_ref(&input), seed);
        for name in ["flatten", "identity", "dropout"] {
            check(&build(name, Arguments::default(), &[&input]).expect("always fits"), std::slice::from_ref(&input), seed);
        }
        let image = shape(&[r * r * 2, 2, 3]);
        check(&build("pixel_shuffle", Arguments::default().with("r", integers(&[r])), &[&image]).expect("fits"), &[image], seed);
    }

    #[test]
    fn entrywise_layers(g in geometry(), a in -3_i64..=3, per_channel in any::<bool>()) {
        let input = image(3, &g);
        let constant = if per_channel { tensor(&shape(&[3]), g.seed) } else { tensor(&input, g.seed) };
        let one = |name| Arguments::default().with(name, Value::Tensor(Tensor::scalar(&Rational::new(a.into(), 2.into()))));
        let numbers = |name| Arguments::default().with(name, Value::Tensor(constant.clone()));
        let slopes = Arguments::default().with("a", Value::Tensor(tensor(&shape(&[3]), g.seed)));
        let clip = one("lo").with("hi", Value::Tensor(Tensor::scalar(&Rational::from_integer((a.abs() + 2).into()))));
        let norm = Arguments::default()
            .with("scale", Value::Tensor(tensor(&shape(&[3]), g.seed)))
            .with("shift", Value::Tensor(tensor(&shape(&[3]), !g.seed)));
        for (name, arguments) in [
            ("scale", numbers("factor")), ("bias", numbers("value")), ("scale", one("factor")), ("bias", one("value")), ("batchnorm", norm),
            ("leaky_relu", one("a")), ("prelu", slopes), ("clip", clip), ("maxout", Arguments::default().with("k", integers(&[3]))),
        ] {
            check(&build(name, arguments, &[&input]).expect("fits"), std::slice::from_ref(&input), g.seed);
        }
        for name in ["relu", "abs", "relu6", "hard_tanh", "hard_sigmoid", "global_maxpool", "global_avgpool", "square"] {
            check(&build(name, Arguments::default(), &[&input]).expect("fits"), std::slice::from_ref(&input), g.seed);
        }
        for name in ["add", "sub", "concat", "maximum", "minimum", "multiply"] {
            check(&build(name, Arguments::default(), &[&input, &input]).expect("fits"), &[input.clone(), input.clone()], g.seed);
        }
        for name in ["add", "concat", "maximum", "minimum"] {
            let three = [&input, &input, &input];
            check(&build(name, Arguments::default(), &three).expect("fits"), &three.map(Clone::clone), g.seed);
        }
    }

    #[test]
    fn dense_layers(rows in 1_usize..=5, columns in 1_usize..=5, seed in any::<u64>(), bias in any::<bool>()) {
        let input = shape(&[columns]);
        let mut arguments = Arguments::default().with("matrix", Value::Tensor(tensor(&shape(&[rows, columns]), seed)));
        if bias {
            arguments = arguments.with("bias", Value::Tensor(tensor(&shape(&[rows]), !seed)));
        }
        check(&build("dense", arguments, &[&input]).expect("fits"), &[input], seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn smooth_layers(seed in any::<u64>(), channels in 1_usize..=3) {
        let input = shape(&[channels, 2]);
        for name in ["sigmoid", "tanh", "gelu", "gelu_tanh", "silu", "elu", "softplus", "softmax"] {
            check(&build(name, Arguments::default(), &[&input]).expect("fits"), std::slice::from_ref(&input), seed);
        }
    }
}

/// The width that the documentation promises, at arguments of every size.
#[test]
fn smooth_layers_are_as_narrow_as_documented() {
    let ten = |power: i32| Rational::from_integer(10.into()).pow(power);
    let sizes = [-30, -1, 0, 1, 2, 6, 40].map(ten);
    let values: Vec<Rational> =
        sizes.iter().flat_map(|v| [v.clone(), -v.clone(), v * Rational::new(7.into(), 3.into())]).collect();
    let x = Tensor::from_rationals(shape(&[values.len()]), &values);
    let width = Rational::from_integer(2.into()).pow(-96);
    for name in ["sigmoid", "tanh", "gelu", "gelu_tanh", "silu", "elu", "softplus"] {
        let layer = build(name, Arguments::default(), &[x.shape()]).expect("fits");
        let bounds = layer.function().enclose(&[&Enclosure { low: x.clone(), high: x.clone() }]).expect("bounds");
        for (i, value) in values.iter().enumerate() {
            let (low, high) = (bounds.low.get(i), bounds.high.get(i));
            assert!(low <= high && &high - &low <= width, "{name} at {value}");
            // Between 0 and x for the gates, but for the negative dip above −1/3.
            let floor = Rational::new((-1).into(), 3.into()) - &width;
            assert!(
                !matches!(name, "gelu" | "gelu_tanh" | "silu")
                    || (low >= floor && high <= value.clone().max(Rational::default()) + &width),
                "{name} at {value}"
            );
        }
    }
}

#[test]
fn every_layer_is_documented() {
    for signature in catalogue::all() {
        for words in [signature.summary, signature.formula, signature.linear] {
            assert!(!words.is_empty(), "{}", signature.name);
        }
    }
}
