//! ONNX models as networks (<https://onnx.ai>, operator sets 7 to 28).
//!
//! A symbolic batch is fixed to 1, and a batch of 1 has no axis in the network. What the graph
//! computes from stored tensors and shapes alone is computed exactly when it is read. An operator
//! or attribute that is not supported is refused by name: nothing is approximated or skipped.

mod builder;
mod call;
mod fold;
pub mod model;
mod ops;
mod values;
pub mod wire;

use std::collections::{BTreeMap, BTreeSet};

use super::Refusal;
use crate::algebra::Shape;
use crate::diagnostic::{Code, Diagnostic, Source, Span};
use crate::network::{Input, Loader, Network};
use builder::{Builder, natural};
use call::Call;
use model::{Dim, Graph, Model, Node, Port, Stored};
use values::{Constant, Value, Variable};

pub use builder::identifier;

/// The first and last operator sets that are known.
pub const OPSETS: (i64, i64) = (7, 28);

/// The operators that are supported.
pub fn operators() -> impl Iterator<Item = &'static str> {
    ops::OPERATORS.iter().map(|o| o.0)
}

/// A model's networks, and a text that lists its graph, for places and lines.
#[derive(Debug)]
pub struct Read {
    /// One network for each output of the graph.
    pub networks: Vec<Network>,
    /// One line for each input and node.
    pub listing: Source,
}

/// Reads a model.
///
/// `name` is the file's, `network` what the network is called, `file` the number of its listing
/// among the sources; external data comes from `loader`.
///
/// # Errors
/// With the listing: if the file is damaged, or has a part that is not supported.
pub fn read(
    (name, network): (&str, &str),
    bytes: &[u8],
    file: u32,
    loader: &dyn Loader,
    memory: u64,
) -> Result<Read, (Source, Vec<Diagnostic>)> {
    let empty = |text: String| Source { name: name.to_string(), text };
    let start = Span { file, start: 0, end: 0 };
    let parsed = Model::parse(bytes).and_then(|mut model| {
        let graph = model.graph.take();
        let graph =
            graph.ok_or_else(|| Refusal::damaged("the file has no graph: it is cut off, or is no ONNX model"))?;
        Ok((model, graph))
    });
    let (model, graph) = parsed.map_err(|refusal| (empty(String::new()), vec![refusal.at(start)]))?;
    let (text, lines) = listing(&graph);
    let reader = Reader { name, loader, memory, model: &model, graph: &graph, lines: &lines, file };
    match reader.networks(network) {
        Ok(networks) => Ok(Read { networks, listing: empty(text) }),
        Err(mistake) => Err((empty(text), vec![*mistake])),
    }
}

/// One line for each input, node and output; the places of the nodes.
fn listing(graph: &Graph<'_>) -> (String, Vec<(usize, usize)>) {
    let mut text = String::new();
    let stored: BTreeSet<&str> = graph.initializers.iter().map(|i| i.name).collect();
    for input in graph.inputs.iter().filter(|i| !stored.contains(i.name)) {
        text.push_str(&format!("input {}: {}\n", clean(input.name), axes_text(input)));
    }
    let mut lines = Vec::new();
    for node in &graph.nodes {
        let start = text.len();
        let names = |list: &[&str]| list.iter().map(|n| clean(n)).collect::<Vec<_>>().join(", ");
        text.push_str(&format!("{} = {}({})", names(&node.outputs), clean(node.operator), names(&node.inputs)));
        for attribute in &node.attributes {
            text.push_str(&format!(" {}", attribute_text(attribute)));
        }
        lines.push((start, text.len()));
        text.push('\n');
    }
    for output in &graph.outputs {
        text.push_str(&format!("output {}: {}\n", clean(output.name), axes_text(output)));
    }
    (text, lines)
}

/// A name without what would break a line.
fn clean(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '?' } else { c }).take(80).collect()
}

fn attribute_text(attribute: &model::Attribute<'_>) -> String {
    use model::AttributeValue as A;
    let value = match &attribute.value {
        A::Float(bits) => f32::from_le_bytes(*bits).to_string(),
        A::Integer(n) => n.to_string(),
        A::Text(text) => clean(text),
        A::Integers(list) if list.len() <= 16 => format!("{list:?}"),
        _ => "…".into(),
    };
    format!("{}={value}", clean(attribute.name))
}

fn axes_text(port: &Port<'_>) -> String {
    let axis = |dim: &Dim<'_>| match dim {
        Dim::Known(n) => n.to_string(),
        Dim::Symbolic("") => "?".into(),
        Dim::Symbolic(name) => clean(name),
    };
    let axes = port.dims.as_ref().map(|dims| dims.iter().map(axis).collect::<Vec<_>>().join("×"));
    axes.filter(|a| !a.is_empty()).unwrap_or_else(|| "?".into())
}

struct Reader<'r, 'a> {
    name: &'r str,
    loader: &'r dyn Loader,
    memory: u64,
    model: &'r Model<'a>,
    graph: &'r Graph<'a>,
    lines: &'r [(usize, usize)],
    file: u32,
}

type Checked<T> = Result<T, Box<Diagnostic>>;

impl<'a> Reader<'_, 'a> {
    fn span(&self, node: Option<usize>) -> Span {
        let (start, end) = node.and_then(|n| self.lines.get(n)).copied().unwrap_or_default();
        Span { file: self.file, start, end }
    }

    fn refuse<T>(&self, refusal: Refusal) -> Checked<T> {
        Err(Box::new(refusal.at(self.span(None))))
    }

    /// One network an output.
    fn networks(&self, network: &str) -> Checked<Vec<Network>> {
        if let Some(refusal) = self.version().err() {
            return self.refuse(refusal);
        }
        let outputs = &self.graph.outputs;
        if outputs.is_empty() {
            return self.refuse(Refusal::damaged("the graph has no output"));
        }
        let mut networks = Vec::new();
        for output in outputs {
            let name = match outputs.len() {
                1 => identifier(network),
                _ => identifier(output.name),
            };
            networks.push(self.network(name, output.name)?);
        }
        Ok(networks)
    }

    fn version(&self) -> Result<i64, Refusal> {
        let version = self.model.opsets.get("").copied().unwrap_or(0);
        let (first, last) = OPSETS;
        if (first..=last).contains(&version) {
            return Ok(version);
        }
        let message = format!("the model uses operator set {version}; {first} to {last} are known");
        Err(Refusal::unsupported(message).help("convert it with `onnx.version_converter`"))
    }

    /// The nodes that an output depends on, in the graph's order.
    fn live(&self, output: &str) -> Vec<usize> {
        let mut wanted: BTreeSet<&str> = BTreeSet::from([output]);
        let mut live = Vec::new();
        for (i, node) in self.graph.nodes.iter().enumerate().rev() {
            if node.outputs.iter().any(|o| wanted.contains(o)) {
                live.push(i);
                wanted.extend(node.inputs.iter().filter(|i| !i.is_empty()));
            }
        }
        live.reverse();
        live
    }

    fn network(&self, name: String, output: &str) -> Checked<Network> {
        let mut builder = Builder::new(self.memory);
        let mut values: BTreeMap<&str, Value> = BTreeMap::new();
        let stored: BTreeMap<&str, &Stored<'_>> = self.graph.initializers.iter().map(|i| (i.name, i)).collect();
        if self.graph.sparse > 0 {
            return self.refuse(Refusal::unsupported("the graph has sparse initialisers"));
        }
        let mut inputs = Vec::new();
        for port in self.graph.inputs.iter().filter(|p| !stored.contains_key(p.name)) {
            builder.span = self.span(None);
            let dims = self.dims(port).or_else(|refusal| self.refuse(refusal))?;
            let shape =
                Shape::new(natural(&dims)).map_err(|e| Refusal::damaged(format!("the input `{}`: {e}", port.name)));
            let shape = shape.and_then(|s| builder.affordable(s.elements()).map(|()| s)).or_else(|r| self.refuse(r))?;
            let node = builder.argument(port.name, shape.clone());
            inputs.push(Input { name: builder.nodes[node].name.clone(), shape, domain: None });
            values.insert(port.name, Value::Variable(Variable { node, dims }));
        }
        if inputs.is_empty() {
            return self.refuse(Refusal::unsupported("the graph has no input, so it is no function"));
        }
        for i in self.live(output) {
            self.node(i, &mut builder, &mut values, &stored)?;
        }
        let node = match values.get(output).cloned().map_or_else(|| self.stored(output, &stored), |v| Ok(Some(v))) {
            Ok(Some(Value::Variable(variable))) => builder.natural(&variable),
            Ok(Some(Value::Constant(constant))) => builder.constant(&constant).and_then(|v| builder.natural(&v)),
            Ok(None) => Err(Refusal::damaged(format!("nothing computes the output `{output}`"))),
            Err(refusal) => Err(refusal),
        };
        let output = node.or_else(|refusal| self.refuse(refusal))?;
        Ok(Network { name, inputs, nodes: builder.nodes, output, span: self.span(None) })
    }

    /// An input's axes; a batch without a number is 1.
    fn dims(&self, port: &Port<'_>) -> Result<Vec<usize>, Refusal> {
        let name = port.name;
        if !values::is_float(port.data_type) {
            let message = format!("the input `{name}` is {}, not of floats", values::type_name(port.data_type));
            return Err(Refusal::unsupported(message));
        }
        let dims = port.dims.as_ref();
        let dims = dims.ok_or_else(|| Refusal::unsupported(format!("the input `{name}` declares no axes")))?;
        let axis = |(i, dim): (usize, &Dim<'_>)| match dim {
            Dim::Known(n) => {
                usize::try_from(*n).map_err(|_| Refusal::damaged(format!("an axis of `{name}` is negative")))
            }
            Dim::Symbolic(_) if i == 0 => Ok(1),
            Dim::Symbolic(symbol) => {
                let message = format!("axis {i} of the input `{name}` has no number, but the name `{symbol}`");
                let help = "export the model with a fixed size; only the batch, axis 0, is fixed to 1";
                Err(Refusal { code: Code::InvalidShape, message, help: Some(help.into()) })
            }
        };
        dims.iter().enumerate().map(axis).collect()
    }

    /// A stored tensor.
    fn stored(&self, name: &str, stored: &BTreeMap<&str, &Stored<'_>>) -> Result<Option<Value>, Refusal> {
        let Some(tensor) = stored.get(name) else { return Ok(None) };
        let named =
            |refusal: Refusal| Refusal { message: format!("the tensor `{name}`: {}", refusal.message), ..refusal };
        Ok(Some(Value::Constant(self.constant(tensor).map_err(named)?)))
    }

    fn constant(&self, tensor: &Stored<'_>) -> Result<Constant, Refusal> {
        let external = |location: &str, offset: u64, length: Option<u64>| self.external(location, offset, length);
        values::constant(tensor, &external, self.memory)
    }

    /// External data, only from the model's own folder.
    fn external(&self, location: &str, offset: u64, length: Option<u64>) -> Result<Vec<u8>, Refusal> {
        let outside = location.starts_with(['/', '\\'])
            || location.contains(':')
            || location.split(['/', '\\']).any(|p| p == "..");
        if outside {
            let message = format!("the external data `{location}` lies outside of the model's folder, and is not read");
            return Err(Refusal { code: Code::Unreadable, message, help: None });
        }
        let unreadable = |reason: String| Refusal {
            code: Code::Unreadable,
            message: format!("the external data `{location}` cannot be read: {reason}"),
            help: None,
        };
        let bytes = self.loader.bytes(self.name, location, true, self.memory).map_err(unreadable)?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = length.map_or(Some(bytes.len()), |n| start.checked_add(usize::try_from(n).ok()?));
        let part = end.and_then(|end| bytes.get(start..end));
        part.map(<[u8]>::to_vec).ok_or_else(|| Refusal::damaged(format!("the external data `{location}` is cut off")))
    }

    fn node<'v>(
        &self,
        index: usize,
        builder: &mut Builder,
        values: &mut BTreeMap<&'v str, Value>,
        stored: &BTreeMap<&str, &Stored<'_>>,
    ) -> Checked<()>
    where
        'a: 'v,
    {
        let node: &Node<'a> = &self.graph.nodes[index];
        builder.span = self.span(Some(index));
        builder.label = if node.name.is_empty() { String::new() } else { node.name.to_string() };
        let outcome = self.inputs(node, values, stored).and_then(|inputs| self.apply(builder, node, inputs));
        let named = |refusal: Refusal| {
            let who = if node.name.is_empty() { String::new() } else { format!(" `{}`", clean(node.name)) };
            let message = format!("`{}`{who}: {}", clean(node.operator), refusal.message);
            Box::new(Refusal { message, ..refusal }.at(self.span(Some(index))))
        };
        let outputs = outcome.map_err(named)?;
        for (name, value) in node.outputs.iter().zip(outputs) {
            values.insert(name, value);
        }
        Ok(())
    }

    fn inputs(
        &self,
        node: &Node<'a>,
        values: &BTreeMap<&str, Value>,
        stored: &BTreeMap<&str, &Stored<'_>>,
    ) -> Result<Vec<Option<Value>>, Refusal> {
        let input = |name: &&str| match values.get(name) {
            _ if name.is_empty() => Ok(None),
            Some(value) => Ok(Some(value.clone())),
            None => match self.stored(name, stored)? {
                Some(value) => Ok(Some(value)),
                None => {
                    let message = format!(
                        "its input `{name}` is no input of the graph, no stored tensor, and computed by no node before it"
                    );
                    Err(Refusal::damaged(message)
                        .help("nodes must stand in the order of their computation, without cycles"))
                }
            },
        };
        node.inputs.iter().map(input).collect()
    }

    fn apply(&self, builder: &mut Builder, node: &Node<'a>, inputs: Vec<Option<Value>>) -> call::Outcome {
        let opset = self.version()?;
        let standard = matches!(node.domain, "" | "ai.onnx");
        if !standard && node.domain != "com.microsoft" {
            return Err(Refusal::unsupported(format!("operators of the domain `{}` are not supported", node.domain)));
        }
        if standard && self.model.functions.contains(&node.operator) {
            return Err(Refusal::unsupported("operators that the model defines itself are not supported")
                .help("export it without local functions, or inline them"));
        }
        let stored = |tensor: &Stored<'_>| self.constant(tensor);
        if standard && let Some(folded) = fold::folded(node, &inputs, opset, self.memory, &stored)? {
            return Ok(folded);
        }
        let operator = if standard { ops::find(node.operator) } else { ops::find_fused(node.operator) };
        let operator = operator.ok_or_else(|| {
            let whose = if standard { "" } else { " of `com.microsoft`" };
            Refusal::unsupported(format!("this operator{whose} is not supported"))
                .help("docs/onnx.md lists those that are")
        })?;
        let mut call = Call::new(builder, node, inputs, opset, &stored);
        let outputs = operator(&mut call)?;
        call.all_asked()?;
        Ok(outputs)
    }
}
