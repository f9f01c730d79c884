//! The messages of ONNX's `onnx.proto3` that a network is made of; numbers are its field numbers.

use std::collections::BTreeMap;

use super::super::Refusal;
use super::wire::{Value, fields};

/// A model: a graph, and the operator sets that give its nodes a meaning.
#[derive(Debug, Default)]
pub struct Model<'a> {
    /// The version of each domain's operators; `""` is ONNX's own.
    pub opsets: BTreeMap<&'a str, i64>,
    /// The graph.
    pub graph: Option<Graph<'a>>,
    /// The names of operators that the model defines itself.
    pub functions: Vec<&'a str>,
}

/// A graph of operators.
#[derive(Debug, Default)]
pub struct Graph<'a> {
    /// Its nodes, operands before their users.
    pub nodes: Vec<Node<'a>>,
    /// Its name.
    pub name: &'a str,
    /// Stored tensors, by name.
    pub initializers: Vec<Stored<'a>>,
    /// Names of tensors that are stored as lists of their nonzero elements.
    pub sparse: usize,
    /// What it takes.
    pub inputs: Vec<Port<'a>>,
    /// What it gives.
    pub outputs: Vec<Port<'a>>,
}

/// One application of an operator.
#[derive(Debug, Default)]
pub struct Node<'a> {
    /// The values it takes; an empty name is one left out.
    pub inputs: Vec<&'a str>,
    /// The values it gives.
    pub outputs: Vec<&'a str>,
    /// Its name; may be empty.
    pub name: &'a str,
    /// The operator.
    pub operator: &'a str,
    /// The operator's domain.
    pub domain: &'a str,
    /// Its attributes.
    pub attributes: Vec<Attribute<'a>>,
}

/// A named attribute.
#[derive(Clone, Debug)]
pub struct Attribute<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value.
    pub value: AttributeValue<'a>,
}

/// The value of an attribute.
#[derive(Clone, Debug)]
pub enum AttributeValue<'a> {
    /// A float32, by its bytes.
    Float([u8; 4]),
    /// An integer.
    Integer(i64),
    /// Text.
    Text(&'a str),
    /// A tensor.
    Tensor(Box<Stored<'a>>),
    /// float32 numbers, by their bytes.
    Floats(Vec<u8>),
    /// Integers.
    Integers(Vec<i64>),
    /// A graph, or anything else that is not read.
    Other,
}

/// A stored tensor.
#[derive(Clone, Debug, Default)]
pub struct Stored<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its axes.
    pub dims: Vec<i64>,
    /// The number of its data type.
    pub data_type: i64,
    /// Its elements.
    pub data: Data<'a>,
    /// Where the data is in another file: `location`, `offset`, `length`, …
    pub external: Option<BTreeMap<&'a str, &'a str>>,
}

/// Stored elements.
#[derive(Clone, Debug, Default)]
pub enum Data<'a> {
    /// None.
    #[default]
    Nothing,
    /// Little-endian elements, one after the other.
    Raw(&'a [u8]),
    /// The same, gathered.
    Gathered(Vec<u8>),
    /// Integers, each a varint.
    Integers(Vec<i64>),
    /// Text, which has no numbers.
    Text,
}

/// An input or output of a graph.
#[derive(Debug, Default)]
pub struct Port<'a> {
    /// Its name.
    pub name: &'a str,
    /// The number of its data type; 0 if it is no tensor.
    pub data_type: i64,
    /// Its axes, if they are declared.
    pub dims: Option<Vec<Dim<'a>>>,
}

/// The length of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dim<'a> {
    /// A number.
    Known(i64),
    /// A name, or nothing.
    Symbolic(&'a str),
}

impl<'a> Model<'a> {
    /// Reads a model.
    ///
    /// # Errors
    /// If the bytes are no protocol buffer of this kind.
    pub fn parse(bytes: &'a [u8]) -> Result<Model<'a>, Refusal> {
        let mut model = Model::default();
        fields(bytes, |number, value| {
            match number {
                7 => model.graph = Some(Graph::parse(value.bytes()?)?),
                8 => {
                    let (mut domain, mut version) = ("", 0);
                    fields(value.bytes()?, |number, value| {
                        match number {
                            1 => domain = value.text()?,
                            2 => version = value.integer()?,
                            _ => {}
                        }
                        Ok(())
                    })?;
                    model.opsets.insert(if domain == "ai.onnx" { "" } else { domain }, version);
                }
                25 => fields(value.bytes()?, |number, value| {
                    if number == 1 {
                        model.functions.push(value.text()?);
                    }
                    Ok(())
                })?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(model)
    }
}

impl<'a> Graph<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Graph<'a>, Refusal> {
        let mut graph = Graph::default();
        fields(bytes, |number, value| {
            match number {
                1 => graph.nodes.push(Node::parse(value.bytes()?)?),
                2 => graph.name = value.text()?,
                5 => graph.initializers.push(Stored::parse(value.bytes()?)?),
                11 => graph.inputs.push(Port::parse(value.bytes()?)?),
                12 => graph.outputs.push(Port::parse(value.bytes()?)?),
                15 => graph.sparse += 1,
                _ => {}
            }
            Ok(())
        })?;
        Ok(graph)
    }
}

impl<'a> Node<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Node<'a>, Refusal> {
        let mut node = Node::default();
        fields(bytes, |number, value| {
            match number {
                1 => node.inputs.push(value.text()?),
                2 => node.outputs.push(value.text()?),
                3 => node.name = value.text()?,
                4 => node.operator = value.text()?,
                5 => node.attributes.push(Attribute::parse(value.bytes()?)?),
                7 => node.domain = value.text()?,
                _ => {}
            }
            Ok(())
        })?;
        if node.domain == "ai.onnx" {
            node.domain = "";
        }
        Ok(node)
    }
}

impl<'a> Attribute<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Attribute<'a>, Refusal> {
        let (mut name, mut kind) = ("", 0);
        let (mut float, mut integer, mut text, mut tensor) = ([0; 4], 0, &b""[..], None);
        let (mut floats, mut integers) = (Vec::new(), Vec::new());
        fields(bytes, |number, value| {
            match (number, value) {
                (1, _) => name = value.text()?,
                (2, Value::Fixed32(bits)) => float = bits,
                (3, _) => integer = value.integer()?,
                (4, _) => text = value.bytes()?,
                (5, _) => tensor = Some(Stored::parse(value.bytes()?)?),
                (7, _) => value.fixed(&mut floats)?,
                (8, _) => value.integers(&mut integers)?,
                (20, _) => kind = value.integer()?,
                _ => {}
            }
            Ok(())
        })?;
        let value = match kind {
            1 => AttributeValue::Float(float),
            2 => AttributeValue::Integer(integer),
            3 => std::str::from_utf8(text).map_or(AttributeValue::Other, AttributeValue::Text),
            4 => tensor.map_or(AttributeValue::Other, |t| AttributeValue::Tensor(Box::new(t))),
            6 => AttributeValue::Floats(floats),
            7 => AttributeValue::Integers(integers),
            _ => AttributeValue::Other,
        };
        Ok(Attribute { name, value })
    }
}

impl<'a> Stored<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Stored<'a>, Refusal> {
        let mut stored = Stored::default();
        let (mut external, mut is_external) = (BTreeMap::new(), false);
        fields(bytes, |number, value| {
            match number {
                1 => value.integers(&mut stored.dims)?,
                2 => stored.data_type = value.integer()?,
                4 | 10 => stored.data.add_fixed(value)?,
                5 | 7 | 11 => stored.data.add_integers(value)?,
                6 => stored.data = Data::Text,
                8 => stored.name = value.text()?,
                9 => stored.data = Data::Raw(value.bytes()?),
                13 => {
                    let (mut key, mut entry) = ("", "");
                    fields(value.bytes()?, |number, value| {
                        match number {
                            1 => key = value.text()?,
                            2 => entry = value.text()?,
                            _ => {}
                        }
                        Ok(())
                    })?;
                    external.insert(key, entry);
                }
                14 => is_external = value.integer()? == 1,
                _ => {}
            }
            Ok(())
        })?;
        stored.external = is_external.then_some(external);
        Ok(stored)
    }
}

impl<'a> Data<'a> {
    /// All packed numbers are left where they are; single ones are gathered.
    fn add_fixed(&mut self, value: Value<'a>) -> Result<(), Refusal> {
        if let (Data::Nothing, Value::Bytes(packed)) = (&self, value) {
            *self = Data::Raw(packed);
            return Ok(());
        }
        let mut gathered = match std::mem::take(self) {
            Data::Raw(bytes) => bytes.to_vec(),
            Data::Gathered(bytes) => bytes,
            _ => Vec::new(),
        };
        value.fixed(&mut gathered)?;
        *self = Data::Gathered(gathered);
        Ok(())
    }

    fn add_integers(&mut self, value: Value<'a>) -> Result<(), Refusal> {
        let mut list = match std::mem::take(self) {
            Data::Integers(list) => list,
            _ => Vec::new(),
        };
        value.integers(&mut list)?;
        *self = Data::Integers(list);
        Ok(())
    }
}

impl<'a> Port<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Port<'a>, Refusal> {
        let mut port = Port::default();
        fields(bytes, |number, value| {
            match number {
                1 => port.name = value.text()?,
                2 => fields(
                    value.bytes()?,
                    |number, value| if number == 1 { port.tensor(value.bytes()?) } else { Ok(()) },
                )?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(port)
    }

    fn tensor(&mut self, bytes: &'a [u8]) -> Result<(), Refusal> {
        fields(bytes, |number, value| {
            match number {
                1 => self.data_type = value.integer()?,
                2 => {
                    let mut dims = Vec::new();
                    fields(value.bytes()?, |number, value| {
                        if number == 1 {
                            let mut dim = Dim::Symbolic("");
                            fields(value.bytes()?, |number, value| {
                                match number {
                                    1 => dim = Dim::Known(value.integer()?),
                                    2 => dim = Dim::Symbolic(value.text()?),
                                    _ => {}
                                }
                                Ok(())
                            })?;
                            dims.push(dim);
                        }
                        Ok(())
                    })?;
                    self.dims = Some(dims);
                }
                _ => {}
            }
            Ok(())
        })
    }
}
