//! `conv`, `conv_transpose` and `depthwise`.

mod rule;
mod sums;

pub use rule::{CONV, CONV_TRANSPOSE, DEPTHWISE};

use std::collections::BTreeSet;
use std::sync::Arc;

use super::window::{Window, by};
use super::{
    AffineLayer, Bias, Definition, Enclosure, Function, Layer, Lowered, SymbolicLayer, Weights, numbers, signed,
    symbols,
};
use crate::algebra::{Assignment, Integer, Polynomial, Shape, Symbol, Tensor};
use crate::toeplitz::{Convolution, Operator, PadMode};

/// A convolution, or (with `transposed`) the transpose of one.
#[derive(Debug)]
struct Conv<C> {
    kind: &'static str,
    /// `O×I/g×K…` of the convolution; of the convolution that is transposed, if one is.
    kernel: Tensor<C>,
    bias: Option<Tensor<C>>,
    groups: usize,
    mode: PadMode,
    /// The convolution's window; of the convolution that is transposed, if one is.
    window: Window,
    transposed: bool,
    input: Shape,
    output: Shape,
}

impl<C: Weights> Conv<C> {
    /// The same layer with other weights.
    fn with<D>(&self, kernel: Tensor<D>, bias: Option<Tensor<D>>) -> Conv<D> {
        Conv {
            kind: self.kind,
            kernel,
            bias,
            groups: self.groups,
            mode: self.mode,
            window: self.window.clone(),
            transposed: self.transposed,
            input: self.input.clone(),
            output: self.output.clone(),
        }
    }

    /// The bias of every output.
    fn offset(&self) -> Tensor<C> {
        match &self.bias {
            Some(bias) => per_channel(bias, &self.output),
            None => Tensor::zeros(self.output.clone()),
        }
    }

    fn lowered(&self) -> Lowered<C> {
        let taps = self.window.taps(self.mode);
        let (kernel, bias) = (self.kernel.clone(), self.bias.clone());
        #[cfg(debug_assertions)]
        let (kernel, bias) = (crate::fault::kernel(&kernel), crate::fault::bias(bias));
        let convolution = if self.transposed {
            // Positions past the input's extent, which a large stride may leave, are never read.
            let taps: Vec<_> = taps.iter().zip(self.input.spatial()).map(|(t, &n)| t.truncated(n)).collect();
            Convolution::transposed(kernel, self.groups, &taps, self.output.spatial())
        } else {
            Convolution::new(kernel, self.groups, taps)
        };
        let operator = Operator::convolution(self.input.clone(), self.output.clone(), convolution);
        Lowered { operators: vec![operator], bias: bias.map(|b| Bias::new(b, self.output.clone())) }
    }
}

/// One number a channel (or one for all), spread over a shape.
pub(super) fn per_channel<C: Weights>(values: &Tensor<C>, shape: &Shape) -> Tensor<C> {
    let run = shape.elements() / values.len();
    let numerators = values.numerators().iter().flat_map(|n| std::iter::repeat_n(n.clone(), run)).collect();
    Tensor::new(shape.clone(), numerators, values.denominator().clone())
}

impl<C: Weights> Function for Conv<C> {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn output(&self) -> &Shape {
        &self.output
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let product = self.product(C::numbers(&self.kernel)?, inputs[0]);
        match &self.bias {
            Some(bias) => Some(product.plus_runs(C::numbers(bias)?)),
            None => Some(product),
        }
    }

    fn enclose(&self, inputs: &[&Enclosure]) -> Option<Enclosure> {
        signed::enclose(&self.kernel, inputs[0], &self.offset(), &|w, x| self.product(w, x))
    }

    fn definition(&self) -> Option<Definition> {
        let (kernel, bias) = (C::constant(&self.kernel), self.bias.as_ref().map(C::constant));
        let (window, groups) = (self.window.geometry(), self.groups);
        if !self.transposed {
            return Some(Definition::Conv { kernel, bias, window, groups, mode: self.mode });
        }
        // What the output has more than the last window reaches.
        let extra = |a: usize| {
            let w = &self.window;
            let reach = (self.input.spatial()[a] - 1) * w.stride[a] + w.dilation[a] * (w.size[a] - 1) + 1;
            w.input[a] + w.before[a] + w.after[a] - reach
        };
        let output_pad = (0..self.window.input.len()).map(extra).collect();
        Some(Definition::ConvTranspose { kernel, bias, window, output_pad, groups })
    }

    fn continues_input(&self) -> bool {
        self.mode != PadMode::Zero && self.window.is_padded()
    }

    fn pads_with_zeros(&self) -> bool {
        !self.transposed && self.mode == PadMode::Zero && self.window.is_padded()
    }

    fn parameters(&self) -> usize {
        self.kernel.len() + self.bias.as_ref().map_or(0, Tensor::len)
    }

    fn detail(&self) -> String {
        let w = &self.window;
        let plain = |v: &[usize], default: usize| v.iter().all(|&n| n == default);
        let mut words = vec![format!("kernel {}", by(&w.size))];
        if !plain(&w.stride, 1) {
            words.push(format!("stride {}", by(&w.stride)));
        }
        if !plain(&w.before, 0) || !plain(&w.after, 0) {
            let same = w.before == w.after;
            let amount = if same && plain(&w.before, w.before[0]) {
                w.before[0].to_string()
            } else {
                format!("{:?} before and {:?} after", w.before, w.after)
            };
            let word = format!("{:?}", self.mode).to_lowercase();
            let mode = if self.mode == PadMode::Zero { String::new() } else { format!(" ({word})") };
            words.push(format!("pad {amount}{mode}"));
        }
        if !plain(&w.dilation, 1) {
            words.push(format!("dilation {}", by(&w.dilation)));
        }
        if self.groups > 1 && self.kind != "depthwise" {
            words.push(format!("{} groups", self.groups));
        }
        if self.bias.is_some() {
            words.push("bias".into());
        }
        words.join(", ")
    }
}

impl AffineLayer for Conv<Integer> {
    fn lower(&self) -> Lowered {
        self.lowered()
    }
}

impl SymbolicLayer for Conv<Polynomial> {
    fn lower(&self) -> Lowered<Polynomial> {
        self.lowered()
    }

    fn at(&self, values: &Assignment) -> Layer {
        let (kernel, bias) = (self.kernel.at(values), self.bias.as_ref().map(|b| b.at(values)));
        match numbers([Some(&kernel), bias.as_ref()]) {
            Some([Some(kernel), bias]) => Layer::Affine(Arc::new(self.with(kernel, bias))),
            _ => Layer::Symbolic(Arc::new(self.with(kernel, bias))),
        }
    }

    fn symbols(&self) -> BTreeSet<Symbol> {
        symbols([Some(&self.kernel), self.bias.as_ref()])
    }
}
