//! Networks: graphs of layers, checked once.

use crate::Rejection;
use crate::format::{self, Symbol};
use crate::layer::{Layer, entries};
use crate::number::{Rat, rational};

/// The most entries that all values of a network may have together.
const MAX_TOTAL: usize = 1 << 28;
/// The most layers.
const MAX_LAYERS: usize = 1 << 20;
/// The most terms that all sums of a network may have together.
const MAX_TERMS: u64 = 1 << 34;

#[derive(Debug)]
pub struct Network {
    pub name: String,
    /// The shapes of the inputs.
    pub inputs: Vec<Vec<usize>>,
    /// For each input, the interval that all of its entries lie in; all of ℚ when `None`.
    pub domains: Vec<Option<(Rat, Rat)>>,
    /// The layers and their operands: values before their users, inputs first.
    pub layers: Vec<(Layer, Vec<usize>)>,
    /// The value that is the output.
    pub output: usize,
}

impl Network {
    /// Reads a network, if every operand stands before its user and every shape is what its layer gives.
    pub fn new(text: format::Network, symbols: &[Symbol]) -> Result<Network, Rejection> {
        let (mut shapes, mut inputs, mut domains) = (Vec::new(), Vec::new(), Vec::new());
        let (mut total, mut terms) = (0, 0_u64);
        for input in text.inputs {
            let step = format!("network `{}`, input `{}`", text.name, input.name);
            total += entries(&input.shape).map_err(|e| e.inside(&step))?;
            let bounds = input.domain.map(|(low, high)| Ok((rational(&low)?, rational(&high)?))).transpose()?;
            if bounds.as_ref().is_some_and(|(low, high)| low > high) {
                return Err(Rejection::at(&step, "its domain is empty"));
            }
            shapes.push(input.shape.clone());
            inputs.push(input.shape);
            domains.push(bounds);
        }
        let mut layers = Vec::with_capacity(text.layers.len());
        for node in text.layers {
            let step = format!("network `{}`, layer `{}`", text.name, node.name);
            if node.operands.iter().any(|&operand| operand >= shapes.len()) {
                return Err(Rejection::at(&step, "an operand does not stand before it"));
            }
            let operands = node.operands.iter().map(|&operand| shapes[operand].clone()).collect();
            let layer = Layer::new(node.layer, operands, node.shape, symbols).map_err(|e| e.inside(&step))?;
            let size = entries(&layer.shape)?;
            total += size;
            terms = terms.saturating_add((size as u64).saturating_mul(layer.fan_in() as u64));
            if total > MAX_TOTAL || terms > MAX_TERMS || layers.len() >= MAX_LAYERS {
                return Err(Rejection::at(&step, "the network is too large to check"));
            }
            shapes.push(layer.shape.clone());
            layers.push((layer, node.operands));
        }
        if text.output >= shapes.len() || inputs.is_empty() {
            return Err(Rejection::at(&format!("network `{}`", text.name), "it has no input or no output"));
        }
        Ok(Network { name: text.name, inputs, domains, layers, output: text.output })
    }

    /// The shape of a value.
    pub fn shape(&self, value: usize) -> &[usize] {
        let layer = |at: usize| self.layers[at].0.shape.as_slice();
        self.inputs.get(value).map_or_else(|| layer(value - self.inputs.len()), Vec::as_slice)
    }

    pub fn size(&self, value: usize) -> usize {
        self.shape(value).iter().product()
    }

    /// The number of output entries.
    pub fn rows(&self) -> usize {
        self.size(self.output)
    }

    /// The number of input entries, all inputs one after the other.
    pub fn columns(&self) -> usize {
        (0..self.inputs.len()).map(|input| self.size(input)).sum()
    }

    /// The interval of every input entry.
    pub fn bounds(&self) -> Vec<Option<(Rat, Rat)>> {
        let of = |(input, domain): (usize, &Option<(Rat, Rat)>)| std::iter::repeat_n(domain.clone(), self.size(input));
        self.domains.iter().enumerate().flat_map(of).collect()
    }

    /// The input that is one number by its domain, other than 0.
    pub fn is_pinned(&self) -> bool {
        let zero = Rat::default();
        self.domains.iter().flatten().any(|(low, high)| low == high && *low != zero)
    }

    /// The values that the output depends on.
    pub fn live(&self) -> Vec<bool> {
        let mut live = vec![false; self.inputs.len() + self.layers.len()];
        live[self.output] = true;
        for (at, (_, operands)) in self.layers.iter().enumerate().rev() {
            if live[self.inputs.len() + at] {
                operands.iter().for_each(|&operand| live[operand] = true);
            }
        }
        live
    }

    /// The layers that the output depends on.
    pub fn live_layers(&self) -> impl Iterator<Item = &Layer> {
        let live = self.live();
        self.layers.iter().enumerate().filter(move |(at, _)| live[self.inputs.len() + at]).map(|(_, (layer, _))| layer)
    }

    pub fn is_affine(&self) -> bool {
        self.live_layers().all(Layer::is_affine)
    }

    pub fn is_symbolic(&self) -> bool {
        self.live_layers().any(|layer| layer.table.polynomials.is_some())
    }
}
