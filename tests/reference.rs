//! Affine layers against ONNX Runtime: `reference/onnxruntime.json`, written by the program beside it.

mod common;

use std::collections::BTreeMap;

use common::build;
use netprove::algebra::{Rational, Shape, Tensor};
use netprove::layer::{Arguments, Layer, Value, catalogue};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    layer: String,
    arguments: BTreeMap<String, Written>,
    input: Numbers,
    output: Numbers,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Written {
    Tensor(Numbers),
    Integers(Vec<usize>),
    List(Vec<usize>),
    Word(String),
}

#[derive(Deserialize)]
struct Numbers {
    shape: Vec<usize>,
    values: Vec<String>,
}

impl Numbers {
    fn tensor(&self) -> Tensor {
        let values: Vec<Rational> = self.values.iter().map(|v| v.parse().expect("a rational")).collect();
        Tensor::from_rationals(Shape::new(self.shape.clone()).expect("a shape"), &values)
    }
}

impl Case {
    fn arguments(&self) -> Arguments {
        let parameters = catalogue::find(&self.layer).expect("a layer").parameters;
        self.arguments.iter().fold(Arguments::default(), |arguments, (name, written)| {
            let known = parameters.iter().find(|p| p.name == name);
            let parameter = known.unwrap_or_else(|| panic!("{} has no argument {name}", self.layer));
            let value = match written {
                Written::Tensor(numbers) => Value::Tensor(numbers.tensor()),
                Written::Integers(list) => Value::Integers(list.clone()),
                Written::List(list) => Value::List(list.clone()),
                Written::Word(word) => Value::Word(word.clone()),
            };
            arguments.with(parameter.name, value)
        })
    }
}

#[test]
fn layers_compute_what_onnx_runtime_computes() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("reference/onnxruntime.json")).expect("the table");
    assert_eq!(cases.len(), 77, "every case is there");
    for (i, case) in cases.iter().enumerate() {
        let (line, name, x, expected) = (i + 2, &case.layer, case.input.tensor(), case.output.tensor());
        let layer = build(name, case.arguments(), &[x.shape()])
            .unwrap_or_else(|m| panic!("line {line}: {name}: {}", m.message));
        assert_eq!(layer.function().output(), expected.shape(), "line {line}: {name}: shape");
        let defined = layer.function().evaluate(&[&x]).expect("affine layers are exact");
        assert_eq!(defined, expected, "line {line}: {name}: the defining sum");
        let Layer::Affine(affine) = &layer else { panic!("line {line}: {name} is affine") };
        let lowered = affine.lower();
        let product = lowered.operators[0].apply(&x);
        let sum = lowered.bias.iter().fold(product, |y, bias| y.plus(&bias.tensor()));
        assert_eq!(sum, expected, "line {line}: {name}: the lowered operator");
    }
}
