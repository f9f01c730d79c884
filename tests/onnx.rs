//! Small models made by `tests/onnx/make_models.py`: read, evaluated, decided, and damaged.

use std::path::{Path, PathBuf};

use netprove::algebra::{Rational, Shape, Tensor};
use netprove::decide::{Comparison, Verdict, compare, decide};
use netprove::diagnostic::{Diagnostic, Source};
use netprove::import::{npy, onnx::wire::Message};
use netprove::layer::Enclosure;
use netprove::network::{Equation, Loader, Network, check, model};
use proptest::prelude::*;

const MEMORY: u64 = 1 << 26;
const MODELS: &[&str] = &["cnn", "linear", "attention", "external"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx")
}

fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(folder().join(file)).expect("readable")
}

/// The files of the folder, without leaving it.
struct Folder;

impl Loader for Folder {
    fn load(&self, _: &str, _: &str) -> Result<Source, String> {
        Err("no texts here".into())
    }

    fn bytes(&self, _: &str, path: &str, _: bool, _: u64) -> Result<Vec<u8>, String> {
        std::fs::read(folder().join(path)).map_err(|e| e.to_string())
    }
}

fn read(bytes: &[u8]) -> Result<Vec<Network>, Vec<Diagnostic>> {
    model(None, "m.onnx", bytes, &Folder, MEMORY).map(|p| p.networks).map_err(|r| r.diagnostics)
}

fn network(name: &str) -> Network {
    read(&bytes(&format!("{name}.onnx"))).expect("supported").remove(0)
}

fn tensor(file: &str) -> Tensor {
    let tensor = npy::tensor(&bytes(file), MEMORY).expect("a tensor");
    tensor.reshaped(Shape::new([tensor.len()]).expect("not empty"))
}

#[test]
fn models_compute_what_onnxruntime_does() {
    let close = Rational::new(1.into(), 1_000_000.into());
    for name in MODELS {
        let (x, y) = (tensor(&format!("{name}.x.npy")), tensor(&format!("{name}.y.npy")));
        let bounds = network(name).enclose(&Enclosure { low: x.clone(), high: x }).expect("bounds");
        for i in 0..y.len() {
            let (low, high, wanted) = (bounds.low.get(i), bounds.high.get(i), y.get(i));
            assert!(
                &wanted - &close < low && high < &wanted + &close,
                "{name}, output {i}: {low} to {high}, not {wanted}"
            );
        }
    }
}

#[test]
fn models_are_decided_like_texts() {
    for (name, verdict) in MODELS.iter().zip([Verdict::Nonlinear, Verdict::Affine, Verdict::Nonlinear, Verdict::Affine])
    {
        assert_eq!(decide(&network(name), MEMORY).verdict, verdict, "{name}");
    }
    let text = "import \"linear.onnx\" as f\nimport \"cnn.onnx\" as g\nprove f is affine\nprove g is nonlinear\nprove f == f\n\
                network twice(x: 1x5x5) = (x |> f) + f(x)";
    let program = check(Source { name: "t.net".into(), text: text.into() }, &Folder, MEMORY);
    let program = program.unwrap_or_else(|r| panic!("{:?}", r.diagnostics));
    assert_eq!((program.networks.len(), program.claims.len()), (3, 3));
}

/// A model of one node, with the inputs x: [batch, 2, 4, 4] and y: [1].
fn one_node(operator: &str, inputs: &[&str], attributes: &[Message]) -> Vec<u8> {
    let dim = |n: i64| Message::default().integer(1, n).into_bytes();
    let shape = [2, 4, 4]
        .iter()
        .fold(Message::default().bytes(1, Message::default().bytes(2, "batch").into_bytes()), |m, &n| {
            m.bytes(1, dim(n))
        });
    let kind = Message::default().integer(1, 1).bytes(2, shape.into_bytes());
    let port = |name: &str| {
        Message::default().bytes(1, name).bytes(2, Message::default().bytes(1, kind.clone().into_bytes()).into_bytes())
    };
    let node = inputs
        .iter()
        .fold(Message::default(), |m, i| m.bytes(1, i))
        .bytes(2, "z")
        .bytes(3, "the node")
        .bytes(4, operator);
    let node = attributes.iter().fold(node, |m, a| m.bytes(5, a.clone().into_bytes()));
    let graph = Message::default()
        .bytes(1, node.into_bytes())
        .bytes(11, port("x").into_bytes())
        .bytes(12, Message::default().bytes(1, "z").into_bytes());
    let opset = Message::default().integer(2, 17);
    Message::default().bytes(7, graph.into_bytes()).bytes(8, opset.into_bytes()).into_bytes()
}

/// The same in the domain `com.microsoft`, with stored tensors of float32: name, axes, values.
fn fused(operator: &str, inputs: &[&str], attributes: &[Message], stored: &[(&str, &[i64], &[f32])]) -> Vec<u8> {
    let dim = |n: i64| Message::default().integer(1, n).into_bytes();
    let shape = [1, 2, 4, 4].iter().fold(Message::default(), |m, &n| m.bytes(1, dim(n)));
    let kind = Message::default().integer(1, 1).bytes(2, shape.into_bytes());
    let kind = Message::default().bytes(1, kind.into_bytes()).into_bytes();
    let node = inputs.iter().fold(Message::default(), |m, i| m.bytes(1, i)).bytes(2, "z").bytes(4, operator);
    let node = attributes.iter().fold(node, |m, a| m.bytes(5, a.clone().into_bytes())).bytes(7, "com.microsoft");
    let mut graph = Message::default()
        .bytes(1, node.into_bytes())
        .bytes(11, Message::default().bytes(1, "x").bytes(2, kind).into_bytes())
        .bytes(12, Message::default().bytes(1, "z").into_bytes());
    for (name, axes, values) in stored {
        let tensor = axes.iter().fold(Message::default(), |m, &n| m.integer(1, n)).integer(2, 1);
        let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        graph = graph.bytes(5, tensor.bytes(8, name).bytes(9, data).into_bytes());
    }
    let standard = Message::default().integer(2, 17).into_bytes();
    let other = Message::default().bytes(1, "com.microsoft").integer(2, 1).into_bytes();
    Message::default().bytes(7, graph.into_bytes()).bytes(8, standard).bytes(8, other).into_bytes()
}

fn word(name: &str, value: &str) -> Message {
    Message::default().bytes(1, name).bytes(4, value).integer(20, 3)
}

fn numbers(name: &str, values: &[f32]) -> Message {
    let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    Message::default().bytes(1, name).bytes(7, data).integer(20, 6)
}

#[test]
fn operators_that_onnxruntime_fuses_are_what_they_replace() {
    let kernel: (&str, &[i64], &[f32]) = ("w", &[2, 2, 1, 1], &[1.0, -2.0, 0.5, 4.0]);
    let bias: (&str, &[i64], &[f32]) = ("b", &[2], &[1.0, -1.0]);
    let row: (&str, &[i64], &[f32]) = ("r", &[4], &[1.0, -1.0, 0.5, 2.0]);
    let matrix: (&str, &[i64], &[f32]) =
        ("m", &[3, 4], &[1.0, 2.0, 3.0, 4.0, 0.5, -1.0, 0.0, 2.0, 1.0, 1.0, -4.0, 0.25]);
    let conv = "conv([[[[1]], [[-2]]], [[[1/2]], [[4]]]], bias=[1, -1])";
    let spread = "bias([[[1, -1, 1/2, 2], [1, -1, 1/2, 2], [1, -1, 1/2, 2], [1, -1, 1/2, 2]], [[1, -1, 1/2, 2], [1, -1, 1/2, 2], [1, -1, 1/2, 2], [1, -1, 1/2, 2]]])";
    let rows: Vec<(Vec<u8>, String)> = vec![
        (fused("FusedConv", &["x", "w", "b"], &[word("activation", "Relu")], &[kernel, bias]), format!("{conv}; relu")),
        (
            fused("FusedConv", &["x", "w", "b"], &[word("activation", "LeakyRelu"), numbers("activation_params", &[0.25])], &[kernel, bias]),
            format!("{conv}; leaky_relu(1/4)"),
        ),
        (
            fused("FusedConv", &["x", "w", "b", "x"], &[word("activation", "Clip"), numbers("activation_params", &[-1.0, 2.0])], &[kernel, bias]),
            format!("{conv}; add(x); clip(-1, 2)"),
        ),
        (fused("Gelu", &["x"], &[], &[]), "gelu".into()),
        (fused("BiasGelu", &["x", "r"], &[], &[row]), format!("{spread}; gelu")),
        (fused("FastGelu", &["x"], &[], &[]), "gelu_tanh".into()),
        (
            fused("QuickGelu", &["x"], &[Message::default().bytes(1, "alpha").float(2, 2.0).integer(20, 1)], &[]),
            "a = x |> scale(2) |> sigmoid; x |> multiply(a)".into(),
        ),
        (
            fused(
                "FusedMatMul",
                &["x", "m"],
                &[attribute("transB", 1), Message::default().bytes(1, "alpha").float(2, 0.5).integer(20, 1)],
                &[matrix],
            ),
            "permute(2, 0, 1); reshape(4x8); conv([[[1], [2], [3], [4]], [[1/2], [-1], [0], [2]], [[1], [1], [-4], [1/4]]] / 2); reshape(3x2x4); permute(1, 2, 0)".into(),
        ),
    ];
    for (bytes, body) in rows {
        let read = read(&bytes).unwrap_or_else(|d| panic!("{body}: {d:?}")).remove(0);
        let text = format!("network g(x: 2x4x4) {{ {body} }}");
        let program = check(Source { name: "t.net".into(), text: text.clone() }, &Folder, MEMORY);
        let wanted = program.unwrap_or_else(|r| panic!("{text}: {:?}", r.diagnostics)).networks.remove(0);
        let equation = Equation::between(read, wanted, true, None, Default::default()).expect("fits");
        assert!(matches!(compare(&equation, MEMORY), Comparison::Equal(_)), "{body}");
    }
    let said = |bytes: &[u8]| read(bytes).expect_err("refused")[0].message.clone();
    assert_eq!(
        said(&fused("Attention", &["x"], &[], &[])),
        "`Attention`: this operator of `com.microsoft` is not supported"
    );
    let odd = fused("FusedConv", &["x", "w"], &[word("activation", "Softsign")], &[kernel]);
    assert_eq!(said(&odd), "`FusedConv`: its activation `Softsign` with 0 parameters is not supported");
}

fn attribute(name: &str, value: i64) -> Message {
    Message::default().bytes(1, name).integer(3, value).integer(20, 2)
}

#[test]
fn what_is_not_supported_is_named_with_node_and_reason() {
    let said = |bytes: &[u8]| read(bytes).expect_err("refused")[0].message.clone();
    assert!(read(&one_node("Relu", &["x"], &[])).is_ok());
    let rows: &[(&str, &[&str], Vec<Message>, &str)] = &[
        ("LRN", &["x"], vec![], "`LRN` `the node`: this operator is not supported"),
        ("Relu", &["x"], vec![attribute("slope", 1)], "`Relu` `the node`: its attribute `slope` is not supported"),
        (
            "Relu",
            &["z"],
            vec![],
            "`Relu` `the node`: its input `z` is no input of the graph, no stored tensor, and computed by no node before it",
        ),
        (
            "Conv",
            &["x", "x"],
            vec![],
            "`Conv` `the node`: its kernel depends on the network's input, so it is not linear in either alone",
        ),
        ("Softmax", &["x"], vec![attribute("axis", 7)], "`Softmax` `the node`: its axis 7 is none of a value's 4"),
    ];
    for (operator, inputs, attributes, words) in rows {
        assert_eq!(said(&one_node(operator, inputs, attributes)), *words);
    }
    assert_eq!(said(b"not a model"), "the file is cut off, or is no ONNX model");
    assert_eq!(said(b""), "the file has no graph: it is cut off, or is no ONNX model");
}

#[test]
fn external_data_stays_in_the_models_folder() {
    let model = bytes("external.onnx");
    let place = b"external.bin";
    for other in ["../ernal.bin", "/xternal.bin", "a/../../.bin"] {
        let mut bytes = model.clone();
        for at in 0..bytes.len() - place.len() {
            if &bytes[at..at + place.len()] == place {
                bytes[at..at + place.len()].copy_from_slice(other.as_bytes());
            }
        }
        let refused = read(&bytes).expect_err("outside");
        assert!(refused[0].message.contains("outside of the model's folder"), "{}", refused[0].message);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever is changed or cut off: networks, or diagnostics.
    #[test]
    fn damage_is_refused(name in prop::sample::select(MODELS), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in prop::option::of(any::<prop::sample::Index>())) {
        let mut bytes = bytes(&format!("{name}.onnx"));
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = read(&bytes);
    }
}
