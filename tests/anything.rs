//! Whatever is written for a layer of the catalogue, it is built or the mistake is explained.

mod common;

use common::{build, shape, tensor};
use netprove::algebra::{Shape, Tensor};
use netprove::layer::{Arguments, Kind, Layer, Signature, Value, Values, catalogue};
use proptest::prelude::*;

/// Anything of the right kind, sensible or not.
fn written(kind: Kind) -> BoxedStrategy<Value> {
    let number = || prop_oneof![12 => 0_usize..5, 1 => Just(usize::MAX), 1 => Just(1 << 39), 1 => Just((1 << 40) + 1)];
    let list = move || prop::collection::vec(number(), 1..=6);
    let constant = || {
        let axes = prop::collection::vec(1_usize..4, 0..=5);
        (axes, any::<u64>()).prop_map(|(axes, seed)| Value::Tensor(tensor(&shape(&axes), seed)))
    };
    let lists = move || prop_oneof![list().prop_map(Value::Integers), list().prop_map(Value::List)];
    match kind {
        Kind::Tensor | Kind::Numbers => constant().boxed(),
        Kind::TensorOrNone => prop_oneof![constant(), Just(Value::None)].boxed(),
        Kind::Scalar => any::<u64>().prop_map(|seed| Value::Tensor(tensor(&Shape::scalar(), seed))).boxed(),
        Kind::Count => number().prop_map(|n| Value::Integers(vec![n.max(1)])).boxed(),
        Kind::Shape | Kind::Axes => list().prop_map(Value::Integers).boxed(),
        Kind::PerAxis => lists().boxed(),
        Kind::Padding => prop_oneof![lists(), Just(Value::Word("same".into()))].boxed(),
        Kind::Word(words) => prop::sample::select(words).prop_map(|w| Value::Word(w.into())).boxed(),
    }
}

fn anything() -> impl Strategy<Value = (&'static Signature, Arguments, Vec<Shape>, u64)> {
    prop::sample::select(catalogue::all().collect::<Vec<_>>()).prop_flat_map(|signature| {
        let optional = |p: &netprove::layer::Parameter| match p.required {
            true => written(p.kind).prop_map(Some).boxed(),
            false => prop::option::of(written(p.kind)).boxed(),
        };
        let values: Vec<_> = signature.parameters.iter().map(optional).collect();
        let count = if signature.values == Values::None { 1 } else { 2 };
        let shapes = prop::collection::vec(prop::collection::vec(1_usize..6, 0..=5).prop_map(|a| shape(&a)), count);
        (values, shapes, any::<u64>()).prop_map(move |(values, shapes, seed)| {
            let pairs = signature.parameters.iter().zip(values);
            let arguments = pairs.fold(Arguments::default(), |arguments, (parameter, value)| match value {
                Some(value) => arguments.with(parameter.name, value),
                None => arguments,
            });
            (signature, arguments, shapes, seed)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6000))]

    #[test]
    fn is_built_or_explained((signature, arguments, shapes, seed) in anything()) {
        let layer = match build(signature.name, arguments, &shapes.iter().collect::<Vec<_>>()) {
            Err(misuse) => {
                prop_assert!(!misuse.message.is_empty());
                return Ok(());
            }
            Ok(layer) => layer,
        };
        if layer.function().output().elements() > 4000 {
            return Ok(());
        }
        let x: Vec<Tensor> = shapes.iter().map(|s| tensor(s, seed)).collect();
        let y = layer.function().evaluate(&x.iter().collect::<Vec<_>>());
        if let Layer::Affine(affine) = &layer {
            let lowered = affine.lower();
            let zero = Tensor::zeros(layer.function().output().clone());
            let products = lowered.operators.iter().zip(&x).map(|(operator, x)| operator.apply(x));
            let sum = products.chain(lowered.bias.as_ref().map(|b| b.tensor())).fold(zero, |sum, term| sum.plus(&term));
            prop_assert_eq!(Some(sum), y, "{:?}", layer);
        }
    }
}
