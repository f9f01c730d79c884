//! The network being built: layers of the language, and the shapes that they are given.

use std::collections::{BTreeMap, BTreeSet};

use num_traits::{One, Zero};

use super::super::Refusal;
use super::values::{Constant, Variable, shape_of};
use crate::algebra::{Rational, Shape, Tensor};
use crate::diagnostic::{Code, Span, size};
use crate::layer::{Arguments, Layer, Misuse, Value, catalogue, max_pool_of_any_padding};
use crate::network::{Node, NodeId};

/// Past so many layers a model is refused, as a text is.
const MAX_NODES: usize = 20_000;

/// Bytes that one exact element takes, generously.
const ELEMENT_BYTES: u64 = 64;

/// A network being built.
#[derive(Debug, Default)]
pub struct Builder {
    /// The nodes so far; inputs first.
    pub nodes: Vec<Node>,
    /// Where the graph's node that is being read is listed.
    pub span: Span,
    /// Its name, which the last layer made of it gets.
    pub label: String,
    /// The limit of bytes for one value.
    pub memory: u64,
    taken: BTreeSet<String>,
    counts: BTreeMap<String, usize>,
    /// Reshaped values, which are often asked for again.
    views: BTreeMap<(NodeId, Vec<usize>), NodeId>,
}

impl From<Misuse> for Refusal {
    fn from(misuse: Misuse) -> Refusal {
        Refusal { code: misuse.code, message: misuse.message, help: misuse.help }
    }
}

/// The shape of a value in the network: a batch of one has no axis there.
pub fn natural(dims: &[usize]) -> Vec<usize> {
    match dims {
        [] => vec![1],
        [1, rest @ ..] if !rest.is_empty() => rest.to_vec(),
        all => all.to_vec(),
    }
}

impl Builder {
    /// An empty network.
    pub fn new(memory: u64) -> Builder {
        Builder { memory, ..Builder::default() }
    }

    /// A name that nothing has: the graph's own, made of letters, digits and `_`, with a number where it is taken.
    pub fn fresh(&mut self, wanted: &str) -> String {
        let base = identifier(wanted);
        let mut name = base.clone();
        let mut count = self.counts.get(&base).copied().unwrap_or(1);
        while name.is_empty() || catalogue::find(&name).is_some() || !self.taken.insert(name.clone()) {
            count += 1;
            name = format!("{base}_{count}");
        }
        self.counts.insert(base, count);
        name
    }

    /// `conv1`, `conv2`, …
    fn numbered(&mut self, kind: &str) -> String {
        let mut count = self.counts.get(kind).copied().unwrap_or(0);
        loop {
            count += 1;
            let name = format!("{kind}{count}");
            if self.taken.insert(name.clone()) {
                self.counts.insert(kind.to_string(), count);
                return name;
            }
        }
    }

    /// Adds an argument of the network.
    pub fn argument(&mut self, name: &str, shape: Shape) -> NodeId {
        let name = self.fresh(name);
        self.nodes.push(Node { name, layer: None, operands: Vec::new(), shape, span: self.span });
        self.nodes.len() - 1
    }

    /// Adds a layer of the language.
    pub fn layer(&mut self, kind: &str, arguments: Arguments, operands: &[NodeId]) -> Result<NodeId, Refusal> {
        let signature = catalogue::find(kind).ok_or_else(|| Refusal::unsupported(format!("there is no `{kind}`")))?;
        let shapes: Vec<&Shape> = operands.iter().map(|&o| &self.nodes[o].shape).collect();
        let layer = (signature.build)(&arguments, &shapes).map_err(Refusal::from)?;
        self.push(kind, layer, operands)
    }

    /// Adds a max-pool, with any padding that leaves every window an entry.
    pub fn max_pool(&mut self, arguments: &Arguments, operand: NodeId) -> Result<NodeId, Refusal> {
        let layer = max_pool_of_any_padding(arguments, &self.nodes[operand].shape);
        self.push("maxpool", layer.map_err(Refusal::from)?, &[operand])
    }

    /// Adds a layer without arguments.
    pub fn plain(&mut self, kind: &str, operands: &[NodeId]) -> Result<NodeId, Refusal> {
        self.layer(kind, Arguments::default(), operands)
    }

    /// Adds a layer with one tensor for its argument.
    pub fn with(&mut self, kind: &str, name: &'static str, value: Tensor, operand: NodeId) -> Result<NodeId, Refusal> {
        self.layer(kind, Arguments::default().with(name, Value::Tensor(value)), &[operand])
    }

    fn push(&mut self, kind: &str, layer: Layer, operands: &[NodeId]) -> Result<NodeId, Refusal> {
        if self.nodes.len() >= MAX_NODES {
            let message = format!("the network has more than {MAX_NODES} layers");
            return Err(Refusal { code: Code::NetworkTooLarge, message, help: None });
        }
        let shape = layer.function().output().clone();
        self.affordable(shape.elements())?;
        let label = self.label.clone();
        let name = if label.is_empty() { self.numbered(kind) } else { self.fresh(&label) };
        self.nodes.push(Node { name, layer: Some(layer), operands: operands.to_vec(), shape, span: self.span });
        Ok(self.nodes.len() - 1)
    }

    /// Refuses a value of so many entries above the memory limit.
    pub fn affordable(&self, elements: usize) -> Result<(), Refusal> {
        let needed = (elements as u64).saturating_mul(ELEMENT_BYTES);
        if needed <= self.memory {
            return Ok(());
        }
        let message = format!("a value of {elements} entries needs about {}", size(needed));
        let help = format!("the limit is {}; raise it with `--memory`", size(self.memory));
        Err(Refusal { code: Code::MemoryLimit, message, help: Some(help) })
    }

    /// A node's entries in another shape of the same size.
    pub fn view(&mut self, node: NodeId, axes: &[usize]) -> Result<NodeId, Refusal> {
        if self.nodes[node].shape.axes() == axes {
            return Ok(node);
        }
        if let Some(&known) = self.views.get(&(node, axes.to_vec())) {
            return Ok(known);
        }
        // A view of a view is one of what is behind it.
        if let Some(layer) = &self.nodes[node].layer
            && layer.function().kind() == "reshape"
        {
            return self.view(self.nodes[node].operands[0], axes);
        }
        shape_of(axes)?;
        let label = std::mem::take(&mut self.label);
        let arguments = Arguments::default().with("shape", Value::Integers(axes.to_vec()));
        let view = self.layer("reshape", arguments, &[node]);
        self.label = label;
        let view = view?;
        self.views.insert((node, axes.to_vec()), view);
        Ok(view)
    }

    /// A value in its natural shape.
    pub fn natural(&mut self, x: &Variable) -> Result<NodeId, Refusal> {
        self.view(x.node, &natural(&x.dims))
    }

    /// The axes in another order, as a list of the lengths before.
    pub fn permuted(&mut self, node: NodeId, dims: &[usize], order: &[usize]) -> Result<NodeId, Refusal> {
        // Axes of length 1 go anywhere without moving an entry.
        let long: Vec<usize> = (0..dims.len()).filter(|&a| dims[a] > 1).collect();
        let kept: Vec<usize> = order.iter().filter_map(|a| long.iter().position(|l| l == a)).collect();
        if kept.windows(2).all(|w| w[0] < w[1]) {
            return Ok(node);
        }
        let lengths: Vec<usize> = long.iter().map(|&a| dims[a]).collect();
        let node = self.view(node, &lengths)?;
        self.layer("permute", Arguments::default().with("axes", Value::Integers(kept)), &[node])
    }

    /// A matrix, given by its rows, applied along one axis: y[…, i, …] = Σⱼ M[i, j] · x[…, j, …].
    /// It is a pointwise convolution, once the axis is that of the channels.
    pub fn along(&mut self, x: &Variable, axis: usize, matrix: Tensor) -> Result<Variable, Refusal> {
        let [rows, columns] = *matrix.shape().axes() else { return Err(Refusal::unsupported("a matrix is needed")) };
        let outer: usize = x.dims[..axis].iter().product();
        let inner: usize = x.dims[axis + 1..].iter().product();
        let mut dims = x.dims.clone();
        dims[axis] = rows;
        shape_of(&dims)?;
        self.affordable(dims.iter().product())?;
        if outer == 1 && inner == 1 {
            let vector = self.view(x.node, &[columns])?;
            let node = self.with("dense", "matrix", matrix, vector)?;
            return Ok(Variable { node, dims });
        }
        let node = self.permuted(x.node, &[outer, columns, inner], &[1, 0, 2])?;
        let node = self.view(node, &[columns, outer * inner])?;
        let kernel = matrix.reshaped(shape_of(&[rows, columns, 1])?);
        let node = self.with("conv", "kernel", kernel, node)?;
        let node = self.permuted(node, &[rows, outer, inner], &[1, 0, 2])?;
        Ok(Variable { node, dims })
    }

    /// The entries of one axis at these places, in this order: a slice, or a matrix of zeros and ones.
    pub fn take(&mut self, x: &Variable, axis: usize, places: &[usize]) -> Result<Variable, Refusal> {
        let length = x.dims[axis];
        let mut dims = x.dims.clone();
        dims[axis] = places.len();
        if places.iter().copied().eq(0..length) {
            return Ok(x.clone());
        }
        let step = if let [a, b, ..] = *places { b.checked_sub(a).filter(|&s| s > 0) } else { Some(1) };
        if let (Some(step), Some(&first), Some(&last)) = (step, places.first(), places.last())
            && places.iter().copied().eq((first..=last).step_by(step))
        {
            let inner: Vec<usize> = x.dims[axis + 1..].to_vec();
            let outer: usize = x.dims[..axis].iter().product();
            let (view, at) = match outer {
                1 => ([&[length], inner.as_slice()].concat(), 0),
                _ => ([&[outer, length], inner.as_slice()].concat(), 1),
            };
            let node = self.view(x.node, &view)?;
            let number = |n: usize| Value::Tensor(Tensor::scalar(&Rational::from_integer(n.into())));
            let arguments = Arguments::default()
                .with("axis", number(at))
                .with("start", number(first))
                .with("stop", number(last + 1))
                .with("step", Value::Integers(vec![step]));
            let node = self.layer("slice", arguments, &[node])?;
            return Ok(Variable { node, dims });
        }
        self.affordable(places.len().saturating_mul(length))?;
        let row = |&place: &usize| (0..length).map(move |j| if j == place { One::one() } else { Zero::zero() });
        let numerators = places.iter().flat_map(row).collect();
        let matrix = Tensor::from_integers(shape_of(&[places.len(), length])?, numerators);
        self.along(x, axis, matrix)
    }

    /// A value broadcast to axes.
    pub fn expand(&mut self, x: &Variable, dims: &[usize]) -> Result<Variable, Refusal> {
        let own = [vec![1; dims.len().saturating_sub(x.dims.len())], x.dims.clone()].concat();
        let mut value = Variable { node: x.node, dims: own };
        for (axis, &length) in dims.iter().enumerate() {
            if value.dims[axis] != length {
                value = self.take(&value, axis, &vec![0; length])?;
            }
        }
        Ok(value)
    }

    /// A constant as a value of the network: any value, times 0, plus the constant.
    pub fn constant(&mut self, constant: &Constant) -> Result<Variable, Refusal> {
        let dims = constant.dims.clone();
        let axes = natural(&dims);
        let numbers = constant.tensor()?.reshaped(shape_of(&axes)?);
        let first = self.nodes.first().ok_or_else(|| Refusal::unsupported("the network has no input"))?;
        let elements = first.shape.elements();
        let flat = Variable { node: 0, dims: vec![elements] };
        let same = if elements == numbers.len() { flat } else { self.take(&flat, 0, &vec![0; numbers.len()])? };
        let node = self.view(same.node, &axes)?;
        let nothing = self.with("scale", "factor", Tensor::scalar(&Rational::zero()), node)?;
        let node = self.with("bias", "value", numbers, nothing)?;
        Ok(Variable { node, dims })
    }
}

/// A name of letters, digits and `_` that begins with a letter.
pub fn identifier(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_string)
        .collect();
    let name = words.join("_");
    let name = name.trim_start_matches('_');
    match name.chars().next() {
        None => "value".into(),
        Some(first) if first.is_ascii_digit() => format!("n{name}"),
        Some(_) => name.into(),
    }
}
