//! Networks as certificates write them: the layers that the output depends on, with all numbers.

use std::collections::BTreeMap;

use super::Gap;
use super::format::{
    EntryText, InputText, KindText, LayerText, MapText, NetworkText, SymbolText, TensorText, ValuesText, WindowText,
};
use crate::algebra::{Coefficient, Integer, Polynomial, Shape, Symbol, Tensor};
use crate::collapse::AffineMap;
use crate::layer::Definition;
use crate::layer::definition::{Constant, Curve, Divisor, Geometry};
use crate::network::{Assignment, Network, Symbols};
use crate::toeplitz::PadMode;

/// The networks and symbols that a certificate mentions, each once.
pub(super) struct Elaborated<'p> {
    names: &'p Symbols,
    pub networks: Vec<NetworkText>,
    pub symbols: Vec<SymbolText>,
    places: BTreeMap<Symbol, usize>,
}

impl<'p> Elaborated<'p> {
    pub fn new(names: &'p Symbols) -> Elaborated<'p> {
        Elaborated { names, networks: Vec::new(), symbols: Vec::new(), places: BTreeMap::new() }
    }

    /// The index of a network.
    pub fn network(&mut self, network: &Network) -> Result<usize, Gap> {
        let text = self.text(network)?;
        if let Some(known) = self.networks.iter().position(|n| *n == text) {
            return Ok(known);
        }
        self.networks.push(text);
        Ok(self.networks.len() - 1)
    }

    fn text(&mut self, network: &Network) -> Result<NetworkText, Gap> {
        let inputs: Vec<InputText> = network
            .inputs
            .iter()
            .map(|input| InputText {
                name: input.name.clone(),
                shape: input.shape.axes().to_vec(),
                domain: input.domain.as_ref().map(|(low, high)| (low.to_string(), high.to_string())),
            })
            .collect();
        // Values that nothing depends on are left out.
        let mut places: BTreeMap<usize, usize> = (0..inputs.len()).map(|i| (i, i)).collect();
        let mut layers = Vec::new();
        for id in network.live_nodes() {
            let node = &network.nodes[id];
            let Some(layer) = &node.layer else { continue };
            let function = layer.function();
            let gap = || Gap {
                what: format!("`{}`", network.name),
                reason: format!("its layer `{}` ({}) has no definition in certificates", node.name, function.kind()),
            };
            let definition = function.definition().ok_or_else(gap)?;
            let operands = node.operands.iter().map(|o| places[o]).collect();
            places.insert(id, inputs.len() + layers.len());
            let (shape, layer) = (node.shape.axes().to_vec(), self.kind(&definition));
            layers.push(LayerText { name: node.name.clone(), operands, shape, layer });
        }
        Ok(NetworkText { name: network.name.clone(), inputs, layers, output: places[&network.output] })
    }

    /// The layer as the checker knows it.
    fn kind(&mut self, definition: &Definition) -> KindText {
        let text = ToString::to_string;
        match definition {
            Definition::Conv { kernel, bias, window, groups, mode } => KindText::Conv {
                kernel: self.constant(kernel),
                bias: bias.as_ref().map(|b| self.constant(b)),
                window: geometry(window),
                groups: *groups,
                mode: mode_word(*mode),
            },
            Definition::ConvTranspose { kernel, bias, window, output_pad, groups } => KindText::ConvTranspose {
                kernel: self.constant(kernel),
                bias: bias.as_ref().map(|b| self.constant(b)),
                window: geometry(window),
                output_pad: output_pad.clone(),
                groups: *groups,
            },
            Definition::Dense { matrix, bias } => {
                KindText::Dense { matrix: self.constant(matrix), bias: bias.as_ref().map(|b| self.constant(b)) }
            }
            Definition::Scale { factor, offset } => KindText::Scale {
                factor: factor.as_ref().map(|t| self.constant(t)),
                offset: offset.as_ref().map(|t| self.constant(t)),
            },
            Definition::SumPool { window, divisor } => {
                let divisor = match divisor {
                    Divisor::One => "one",
                    Divisor::Window => "window",
                    Divisor::Inside => "inside",
                };
                KindText::SumPool { window: geometry(window), divisor }
            }
            Definition::Pad { before, after, value, mode } => {
                let (before, after) = (before.clone(), after.clone());
                KindText::Pad { before, after, value: value.to_string(), mode: mode_word(*mode) }
            }
            Definition::Slice { start, step } => KindText::Slice { start: start.clone(), step: step.clone() },
            Definition::Upsample { factor, bilinear } => {
                KindText::Upsample { factor: factor.clone(), bilinear: *bilinear }
            }
            Definition::Reshape => KindText::Reshape,
            Definition::Permute { axes } => KindText::Permute { axes: axes.clone() },
            Definition::PixelShuffle { r } => KindText::PixelShuffle { r: *r },
            Definition::Add => KindText::Add,
            Definition::Sub => KindText::Sub,
            Definition::Concat => KindText::Concat,
            Definition::Slopes { below } => KindText::Slopes { below: below.iter().map(text).collect() },
            Definition::Clip { slope, offset, low, high } => {
                KindText::Clip { slope: text(slope), offset: text(offset), low: text(low), high: text(high) }
            }
            Definition::ExtremePool { least, window } => {
                KindText::ExtremePool { least: *least, window: geometry(window) }
            }
            Definition::Maxout { k } => KindText::Maxout { k: *k },
            Definition::Extreme { least } => KindText::Extreme { least: *least },
            Definition::Curve(Curve::Sigmoid) => KindText::Sigmoid,
            Definition::Curve(Curve::Tanh) => KindText::Tanh,
            Definition::Curve(Curve::Silu) => KindText::Silu,
            Definition::Curve(Curve::Gelu) => KindText::Gelu,
            Definition::Curve(Curve::GeluTanh) => KindText::GeluTanh,
            Definition::Curve(Curve::Elu) => KindText::Elu,
            Definition::Curve(Curve::Softplus) => KindText::Softplus,
            Definition::Softmax => KindText::Softmax,
            Definition::Square => KindText::Square,
            Definition::Multiply => KindText::Multiply,
            Definition::Divide => KindText::Divide,
        }
    }

    fn constant(&mut self, constant: &Constant) -> TensorText {
        match constant {
            Constant::Numbers(tensor) => TensorText {
                shape: tensor.shape().axes().to_vec(),
                denominator: tensor.denominator().to_string(),
                numerators: tensor.numerators().iter().map(EntryText::from).collect(),
            },
            Constant::Symbols(tensor) => TensorText {
                shape: tensor.shape().axes().to_vec(),
                denominator: tensor.denominator().to_string(),
                numerators: tensor.numerators().iter().map(|p| self.polynomial(p)).collect(),
            },
        }
    }

    fn polynomial(&mut self, polynomial: &Polynomial) -> EntryText {
        let mut terms = Vec::new();
        for (monomial, coefficient) in polynomial.terms() {
            let powers = monomial.powers().iter().map(|&(symbol, exponent)| (self.symbol(symbol), exponent));
            terms.push((coefficient.to_string(), powers.collect()));
        }
        EntryText::Polynomial(terms)
    }

    /// The index of a symbol.
    pub fn symbol(&mut self, symbol: Symbol) -> usize {
        if let Some(&place) = self.places.get(&symbol) {
            return place;
        }
        let text = match symbol {
            Symbol::Root(p) => SymbolText { name: format!("√{p}"), root_of: Some(p) },
            Symbol::Free(_) => SymbolText { name: self.names.name(symbol), root_of: None },
        };
        self.symbols.push(text);
        self.places.insert(symbol, self.symbols.len() - 1);
        self.symbols.len() - 1
    }

    /// Values for all symbols that some networks mention; 0 where none is given.
    pub fn values(&mut self, networks: &[&Network], given: &Assignment) -> ValuesText {
        let mentioned = networks.iter().flat_map(|n| n.symbols());
        let values: BTreeMap<usize, String> = mentioned
            .map(|symbol| (self.symbol(symbol), given.get(&symbol).cloned().unwrap_or_default().to_string()))
            .collect();
        values.into_iter().collect()
    }

    /// A map of numbers.
    pub fn map(&self, map: &AffineMap) -> MapText {
        let denominator = map.denominator();
        let factor = &denominator / map.matrix.denominator();
        let number = |n: Integer| {
            #[cfg(debug_assertions)]
            let n = crate::fault::off_by_one(crate::fault::Fault::WrongEntry, n);
            EntryText::from(&n)
        };
        let rows = 0..map.matrix.rows();
        let row = |r: usize| map.matrix.row(r).map(move |(c, n)| (r, c, n.clone()));
        MapText {
            rows: map.matrix.rows(),
            columns: map.matrix.columns(),
            denominator: denominator.to_string(),
            entries: rows.flat_map(row).map(|(r, c, n)| (r, c, number(n.times(&factor)))).collect(),
            constant: map.bias.numerators_over(&denominator).iter().map(EntryText::from).collect(),
        }
    }

    /// A map of polynomials.
    pub fn symbolic_map(&mut self, map: &AffineMap<Polynomial>) -> MapText {
        let mut entries = Vec::new();
        for r in 0..map.matrix.rows() {
            for (c, polynomial) in map.matrix.row(r) {
                entries.push((r, c, self.polynomial(&polynomial.value(map.matrix.denominator()))));
            }
        }
        let bias = map.bias.numerators().iter().map(|p| p.value(map.bias.denominator()));
        MapText {
            rows: map.matrix.rows(),
            columns: map.matrix.columns(),
            denominator: "1".into(),
            entries,
            constant: bias.map(|p| self.polynomial(&p)).collect(),
        }
    }
}

/// The output's shape and what it is made of, for one layer `conv`: a network of one convolution.
pub(super) fn one_convolution<C: Coefficient>(
    like: &NetworkText,
    kernel: TensorText,
    bias: Option<TensorText>,
    found: &crate::decide::convolution::Convolution<C>,
) -> NetworkText {
    let size = kernel.shape[2..].to_vec();
    let window = WindowText {
        dilation: vec![1; size.len()],
        size,
        stride: found.stride.clone(),
        before: found.before.clone(),
        after: found.after.clone(),
    };
    let shape = |shape: &Shape| shape.axes().to_vec();
    let layer = KindText::Conv { kernel, bias, window, groups: 1, mode: mode_word(found.mode) };
    let inputs = like.inputs.iter().map(|i| InputText {
        name: i.name.clone(),
        shape: i.shape.clone(),
        domain: i.domain.clone(),
    });
    NetworkText {
        name: format!("the convolution that {} is", like.name),
        inputs: inputs.collect(),
        layers: vec![LayerText { name: "conv".into(), operands: vec![0], shape: shape(&found.output), layer }],
        output: 1,
    }
}

impl Elaborated<'_> {
    /// The network that is one convolution.
    pub fn convolution<C: crate::layer::Weights>(
        &mut self,
        of: usize,
        found: &crate::decide::convolution::Convolution<C>,
    ) -> usize {
        let (kernel, bias): (&Tensor<C>, &Tensor<C>) = (&found.kernel, &found.bias);
        let (kernel, bias) = (self.constant(&C::constant(kernel)), self.constant(&C::constant(bias)));
        let text = one_convolution(&self.networks[of], kernel, Some(bias), found);
        self.networks.push(text);
        self.networks.len() - 1
    }
}

fn geometry(window: &Geometry) -> WindowText {
    let Geometry { size, stride, dilation, before, after } = window.clone();
    WindowText { size, stride, dilation, before, after }
}

fn mode_word(mode: PadMode) -> &'static str {
    match mode {
        PadMode::Zero => "zero",
        PadMode::Circular => "circular",
        PadMode::Reflect => "reflect",
        PadMode::Replicate => "replicate",
    }
}
