//! The values of a graph: stored tensors, folded constants, and what depends on the input.

use num_traits::ToPrimitive;

use super::super::Refusal;
use super::super::element::{BF16, Element, F16, F32, F64, decode};
use super::model::{Data, Stored};
use crate::algebra::{Integer, Rational, Shape, Tensor};
use crate::network::NodeId;

/// A value of the graph.
#[derive(Clone, Debug)]
pub enum Value {
    /// Known numbers.
    Constant(Constant),
    /// A function of the input.
    Variable(Variable),
}

/// A node of the network, with the axes that ONNX gives its value: the node's own shape may differ,
/// for a batch of one has no axis there, but the entries are the same in the same order.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The node.
    pub node: NodeId,
    /// ONNX's axes, the batch's among them.
    pub dims: Vec<usize>,
}

/// Known numbers.
#[derive(Clone, Debug)]
pub struct Constant {
    /// The axes; an axis may be empty.
    pub dims: Vec<usize>,
    /// The numbers; `None` where there are none.
    pub numbers: Option<Tensor>,
    /// Whether they are integers by type: their division truncates.
    pub integer: bool,
}

impl Value {
    /// The axes.
    pub fn dims(&self) -> &[usize] {
        match self {
            Value::Constant(constant) => &constant.dims,
            Value::Variable(variable) => &variable.dims,
        }
    }
}

impl Constant {
    /// A list of integers.
    pub fn integers(list: &[usize]) -> Constant {
        let shape = Shape::new([list.len()]).ok();
        let numbers = shape.map(|s| Tensor::from_integers(s, list.iter().map(|&n| Integer::from(n)).collect()));
        Constant { dims: vec![list.len()], numbers, integer: true }
    }

    /// A tensor with its axes.
    pub fn of(numbers: Tensor, dims: Vec<usize>, integer: bool) -> Constant {
        Constant { dims, numbers: Some(numbers), integer }
    }

    /// The numbers, which must be there.
    pub fn tensor(&self) -> Result<&Tensor, Refusal> {
        self.numbers.as_ref().ok_or_else(|| Refusal::unsupported("a tensor without elements is not supported"))
    }

    /// All numbers as machine integers.
    pub fn to_integers(&self) -> Result<Vec<i64>, Refusal> {
        let Some(tensor) = &self.numbers else { return Ok(Vec::new()) };
        let whole = |v: Rational| if v.is_integer() { v.to_integer().to_i64() } else { None };
        let list: Option<Vec<i64>> = tensor.to_rationals().into_iter().map(whole).collect();
        list.ok_or_else(|| Refusal::unsupported("whole numbers are needed where this gives others"))
    }

    /// The only number.
    pub fn scalar(&self) -> Result<Rational, Refusal> {
        match &self.numbers {
            Some(tensor) if tensor.len() == 1 => Ok(tensor.get(0)),
            _ => Err(Refusal::unsupported(format!("a single number is needed, but this is {:?}", self.dims))),
        }
    }

    /// The same numbers with other axes.
    pub fn reshaped(&self, dims: Vec<usize>) -> Constant {
        let shape = Shape::new(dims.clone());
        let numbers = self.numbers.as_ref().zip(shape.ok()).map(|(t, shape)| t.reshaped(shape));
        Constant { dims, numbers, integer: self.integer }
    }

    /// The numbers spread over axes that they are broadcast to.
    pub fn spread(&self, dims: &[usize]) -> Result<Tensor, Refusal> {
        let (tensor, shape) = (self.tensor()?, shape_of(dims)?);
        if self.dims == dims {
            return Ok(tensor.reshaped(shape));
        }
        let own = [vec![1; dims.len() - self.dims.len()], self.dims.clone()].concat();
        let source = |flat| {
            let index = shape.unravel(flat);
            Some(index.iter().zip(&own).fold(0, |at, (&i, &n)| at * n + if n == 1 { 0 } else { i }))
        };
        Ok(tensor.gather(shape.clone(), source))
    }
}

/// A shape of axes that must not be empty.
pub fn shape_of(dims: &[usize]) -> Result<Shape, Refusal> {
    super::super::shape(dims.to_vec())
}

/// How the bytes of external data are found: location, offset and length to bytes.
pub type External<'x> = dyn Fn(&str, u64, Option<u64>) -> Result<Vec<u8>, Refusal> + 'x;

/// The element type of a data type's number.
fn element(data_type: i64) -> Result<Element, Refusal> {
    Ok(match data_type {
        1 => Element::Float(F32),
        2 => Element::Unsigned(1),
        3 => Element::Signed(1),
        4 => Element::Unsigned(2),
        5 => Element::Signed(2),
        6 => Element::Signed(4),
        7 => Element::Signed(8),
        9 => Element::Bool,
        10 => Element::Float(F16),
        11 => Element::Float(F64),
        12 => Element::Unsigned(4),
        13 => Element::Unsigned(8),
        16 => Element::Float(BF16),
        other => {
            let message = format!("tensors of the type {} are not supported", type_name(other));
            return Err(Refusal::unsupported(message));
        }
    })
}

/// The name of a data type.
pub fn type_name(data_type: i64) -> String {
    let names = [
        "undefined",
        "float32",
        "uint8",
        "int8",
        "uint16",
        "int16",
        "int32",
        "int64",
        "string",
        "bool",
        "float16",
        "float64",
        "uint32",
        "uint64",
        "complex64",
        "complex128",
        "bfloat16",
        "float8e4m3fn",
        "float8e4m3fnuz",
        "float8e5m2",
        "float8e5m2fnuz",
        "uint4",
        "int4",
        "float4e2m1",
    ];
    let name = usize::try_from(data_type).ok().and_then(|i| names.get(i));
    name.map_or_else(|| format!("number {data_type}"), |name| (*name).to_string())
}

/// Whether a data type is one of floats that are read.
pub fn is_float(data_type: i64) -> bool {
    matches!(data_type, 1 | 10 | 11 | 16)
}

/// A stored tensor, exactly.
pub fn constant(stored: &Stored<'_>, external: &External<'_>, memory: u64) -> Result<Constant, Refusal> {
    let element = element(stored.data_type)?;
    let dims: Option<Vec<usize>> = stored.dims.iter().map(|&d| usize::try_from(d).ok()).collect();
    let dims = dims.ok_or_else(|| Refusal::damaged("an axis has a negative length"))?;
    if dims.contains(&0) {
        return Ok(Constant { dims, numbers: None, integer: element.is_integer() });
    }
    let shape = shape_of(&dims)?;
    let outside;
    let gathered;
    let data: &[u8] = match (&stored.external, &stored.data) {
        (Some(entries), _) => {
            outside = external_bytes(entries, external)?;
            &outside
        }
        (None, Data::Raw(bytes)) => bytes,
        (None, Data::Gathered(bytes)) => bytes,
        (None, Data::Integers(list)) => {
            let size = element.size();
            gathered = list.iter().flat_map(|n| n.to_le_bytes().into_iter().take(size)).collect::<Vec<u8>>();
            &gathered
        }
        (None, Data::Text) => return Err(Refusal::unsupported("tensors of text are not supported")),
        (None, Data::Nothing) => return Err(Refusal::damaged(format!("the tensor {shape} has no data"))),
    };
    Ok(Constant::of(decode(element, &shape, data, memory)?, dims, element.is_integer()))
}

fn external_bytes(
    entries: &std::collections::BTreeMap<&str, &str>,
    external: &External<'_>,
) -> Result<Vec<u8>, Refusal> {
    let location = entries.get("location").ok_or_else(|| Refusal::damaged("external data has no location"))?;
    let number = |key: &str| match entries.get(key) {
        None => Ok(None),
        Some(text) => {
            text.parse::<u64>().map(Some).map_err(|_| Refusal::damaged(format!("the {key} `{text}` is no number")))
        }
    };
    external(location, number("offset")?.unwrap_or(0), number("length")?)
}
