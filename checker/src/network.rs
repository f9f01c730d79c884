//! Networks: graphs of layers, checked once.

use crate::Rejection;
use crate::layer::{How, Layer, entries, wrong};
use crate::number::{Rat, Symbol};
use crate::text::Json;

/// The most entries that the inputs may have together.
const MAX_INPUT: usize = 1 << 20;
/// The most entries that all values of a network may have together.
const MAX_TOTAL: usize = 1 << 24;
/// The most reads that the axes of all layers may have together.
const MAX_READS: usize = 1 << 25;
/// The most layers.
const MAX_LAYERS: usize = 1 << 16;

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
    /// The values that the output depends on.
    pub live: Vec<bool>,
}

impl Network {
    /// Reads a network, if every operand stands before its user and every shape is what its layer gives.
    pub fn read(json: &Json, symbols: &[Symbol]) -> Result<Network, Rejection> {
        json.record(|f| {
            let name = f.get("name")?.text()?;
            let inside = |e: Rejection, what: &str| e.inside(&format!("network `{name}`{what}"));
            let inputs = f.get("inputs")?.list(|input| {
                input.record(|f| {
                    let (name, shape) = (f.get("name")?.text()?, f.get("shape")?.sizes()?);
                    let domain = f.get("domain")?.option(|pair| pair.pair(Json::rational, Json::rational))?;
                    entries(&shape).map_err(|e| inside(e, &format!(", input `{name}`")))?;
                    match domain.as_ref().is_some_and(|(low, high)| low > high) {
                        true => wrong("an input's domain is empty").map_err(|e| inside(e, "")),
                        false => Ok((shape, domain)),
                    }
                })
            });
            let (inputs, domains): (Vec<_>, Vec<_>) = inputs?.into_iter().unzip();
            let (mut shapes, mut layers, mut reads) = (inputs.clone(), Vec::new(), 0);
            let mut total: usize = inputs.iter().flat_map(|shape| entries(shape)).sum();
            if total > MAX_INPUT {
                return wrong("its inputs are too large to check").map_err(|e| inside(e, ""));
            }
            f.get("layers")?.list(|node| {
                node.record(|f| {
                    let (name, shape) = (f.get("name")?.text()?, f.get("shape")?.sizes()?);
                    let (operands, layer) = (f.get("operands")?.sizes()?, f.get("layer")?);
                    let read = || {
                        let operand = |&o: &usize| shapes.get(o).cloned();
                        let Some(operand_shapes) = operands.iter().map(operand).collect::<Option<Vec<_>>>() else {
                            return wrong("an operand does not stand before it");
                        };
                        total += entries(&shape)?;
                        let layer = Layer::new(layer, &operand_shapes, shape, symbols)?;
                        reads += layer.reads_of_axes();
                        match total > MAX_TOTAL || reads > MAX_READS || layers.len() == MAX_LAYERS {
                            true => wrong("the network is too large to check"),
                            false => Ok(layer),
                        }
                    };
                    let layer = read().map_err(|e| inside(e, &format!(", layer `{name}`")))?;
                    shapes.push(layer.shape.clone());
                    layers.push((layer, operands));
                    Ok(())
                })
            })?;
            let output = f.get("output")?.size()?;
            if output >= shapes.len() || inputs.is_empty() {
                return wrong("it has no input or no output").map_err(|e| inside(e, ""));
            }
            let mut live = vec![false; shapes.len()];
            live[output] = true;
            for (at, (_, operands)) in layers.iter().enumerate().rev() {
                if live[inputs.len() + at] {
                    operands.iter().for_each(|&operand: &usize| live[operand] = true);
                }
            }
            Ok(Network { name: name.into(), inputs, domains, layers, output, live })
        })
    }

    /// The shape of a value.
    pub fn shape(&self, value: usize) -> &[usize] {
        self.inputs.get(value).unwrap_or_else(|| &self.layers[value - self.inputs.len()].0.shape)
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
        let of = |(input, domain): (usize, &Option<_>)| std::iter::repeat_n(domain.clone(), self.size(input));
        self.domains.iter().enumerate().flat_map(of).collect()
    }

    /// Whether an input is one number by its domain, other than 0.
    pub fn is_pinned(&self) -> bool {
        self.domains.iter().flatten().any(|(low, high)| low == high && *low != Rat::default())
    }

    /// The layers that the output depends on, with their values and operands.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = (usize, &Layer, &[usize])> {
        let numbered = (self.inputs.len()..).zip(&self.layers);
        let numbered = numbered.take(self.layers.len()).collect::<Vec<_>>().into_iter();
        numbered.filter(|(value, _)| self.live[*value]).map(|(value, (layer, operands))| (value, layer, &operands[..]))
    }

    pub fn is_affine(&self) -> bool {
        self.steps().all(|(_, layer, _)| layer.how == How::Sum)
    }

    pub fn is_symbolic(&self) -> bool {
        self.steps().any(|(_, layer, _)| layer.numbers.polynomials.is_some())
    }

    /// A value for every value, in order: `f` makes a layer's from its operands'. The output's is returned.
    pub fn run<V: Default, E>(&self, inputs: Vec<V>, mut f: impl FnMut(&Layer, &[&V]) -> Result<V, E>) -> Result<V, E> {
        let mut values = inputs;
        values.resize_with(self.live.len(), V::default);
        for (value, layer, operands) in self.steps() {
            let operands: Vec<&V> = operands.iter().map(|&o| &values[o]).collect();
            values[value] = f(layer, &operands)?;
        }
        Ok(values.swap_remove(self.output))
    }
}
