//! ONNX messages being written: the other side of `import::onnx::model`.

use super::{Rounding, TooLarge, floats};
use crate::algebra::{Shape, Tensor};
use crate::import::element::F32;
use crate::import::onnx::wire::Message;

/// A graph being written.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: Vec<Message>,
    stored: Vec<Message>,
    count: usize,
    /// What became of the weights.
    pub rounding: Rounding,
}

/// An attribute of a node.
pub enum Attribute<'v> {
    Integer(i64),
    Integers(&'v [usize]),
    Float(f32),
    Text(&'v str),
}

impl Attribute<'_> {
    fn message(&self, name: &str) -> Message {
        let message = Message::default().bytes(1, name);
        match self {
            Attribute::Float(value) => message.float(2, *value).integer(20, 1),
            Attribute::Integer(value) => message.integer(3, *value).integer(20, 2),
            Attribute::Text(value) => message.bytes(4, value).integer(20, 3),
            Attribute::Integers(list) => {
                list.iter().fold(message, |m, &n| m.integer(8, i64::try_from(n).unwrap_or(i64::MAX))).integer(20, 7)
            }
        }
    }
}

impl Graph {
    /// A name that nothing has yet.
    pub fn fresh(&mut self, stem: &str) -> String {
        self.count += 1;
        format!("{stem}.{}", self.count)
    }

    /// Adds a node with one output.
    pub fn node(&mut self, operator: &str, inputs: &[&str], output: &str, attributes: &[(&str, Attribute<'_>)]) {
        let node = inputs.iter().fold(Message::default(), |m, input| m.bytes(1, input));
        let node = node.bytes(2, output).bytes(3, output).bytes(4, operator);
        let node = attributes.iter().fold(node, |m, (name, value)| m.bytes(5, value.message(name).into_bytes()));
        self.nodes.push(node);
    }

    /// Stores a tensor of weights, rounded to float32.
    pub fn weights(&mut self, stem: &str, tensor: &Tensor, axes: &[usize]) -> Result<String, TooLarge> {
        let name = self.fresh(stem);
        let data = floats(tensor, F32, &mut self.rounding)?;
        self.stored.push(stored(&name, 1, axes, &data));
        Ok(name)
    }

    /// Stores a list of integers.
    pub fn integers(&mut self, stem: &str, list: &[i64]) -> String {
        let name = self.fresh(stem);
        let data: Vec<u8> = list.iter().flat_map(|n| n.to_le_bytes()).collect();
        self.stored.push(stored(&name, 7, &[list.len()], &data));
        name
    }

    /// The model with its inputs and output.
    pub fn model(self, name: &str, inputs: &[(&str, &Shape)], output: (&str, &Shape)) -> Vec<u8> {
        let graph = self.nodes.into_iter().fold(Message::default(), |m, node| m.bytes(1, node.into_bytes()));
        let graph = self.stored.into_iter().fold(graph.bytes(2, name), |m, tensor| m.bytes(5, tensor.into_bytes()));
        let graph = inputs.iter().fold(graph, |m, (name, shape)| m.bytes(11, port(name, shape).into_bytes()));
        let graph = graph.bytes(12, port(output.0, output.1).into_bytes());
        // IR version 9 and operator set 20: both of 2023.
        let opset = Message::default().bytes(1, "").integer(2, 20);
        Message::default()
            .integer(1, 9)
            .bytes(2, "netprove")
            .bytes(7, graph.into_bytes())
            .bytes(8, opset.into_bytes())
            .into_bytes()
    }
}

fn stored(name: &str, data_type: i64, axes: &[usize], data: &[u8]) -> Message {
    let tensor = axes.iter().fold(Message::default(), |m, &n| m.integer(1, i64::try_from(n).unwrap_or(i64::MAX)));
    tensor.integer(2, data_type).bytes(8, name).bytes(9, data)
}

/// A value of floats with a batch of one.
fn port(name: &str, shape: &Shape) -> Message {
    let axes = std::iter::once(1).chain(shape.axes().iter().copied());
    let dim = |n: usize| Message::default().integer(1, i64::try_from(n).unwrap_or(i64::MAX)).into_bytes();
    let shape = axes.fold(Message::default(), |m, n| m.bytes(1, dim(n)));
    let tensor = Message::default().integer(1, 1).bytes(2, shape.into_bytes());
    Message::default().bytes(1, name).bytes(2, Message::default().bytes(1, tensor.into_bytes()).into_bytes())
}
