//! One layer as ONNX operators, from its definition.

use num_traits::{One, Zero};

use super::TooLarge;
use super::model::{Attribute, Graph};
use super::onnx::Unwritten;
use crate::algebra::{Rational, Shape, Tensor};
use crate::layer::Function;
use crate::layer::definition::{Constant, Curve, Definition, Divisor, Geometry};
use crate::toeplitz::PadMode;

/// The layer being written.
struct Writer<'g> {
    graph: &'g mut Graph,
    name: &'g str,
    kind: &'static str,
}

type Written<T> = Result<T, Unwritten>;

/// Writes the layer of a name; its output has that name.
pub fn write(graph: &mut Graph, name: &str, layer: &dyn Function, operands: &[(&str, &Shape)]) -> Written<()> {
    let mut writer = Writer { graph, name, kind: layer.kind() };
    let definition = layer.definition().ok_or_else(|| writer.refused())?;
    writer.layer(&definition, layer.output(), operands)
}

fn pads(before: &[usize], after: &[usize]) -> Vec<usize> {
    [before, after].concat()
}

/// The axes of one number a channel, or of one an entry, before the batch.
fn spread(tensor: &Tensor, shape: &Shape) -> Vec<usize> {
    match tensor.len() {
        1 => Vec::new(),
        n if n == shape.channels() && n < shape.elements() => [vec![n], vec![1; shape.rank() - 1]].concat(),
        _ => shape.axes().to_vec(),
    }
}

impl Writer<'_> {
    fn refused(&self) -> Unwritten {
        Unwritten::Layer(self.name.to_string(), self.kind)
    }

    fn numbers<'c>(&self, constant: &'c Constant) -> Written<&'c Tensor> {
        match constant {
            Constant::Numbers(tensor) => Ok(tensor),
            Constant::Symbols(_) => Err(Unwritten::Symbolic(self.name.to_string())),
        }
    }

    fn weights(&mut self, what: &str, tensor: &Tensor, axes: &[usize]) -> Result<String, TooLarge> {
        self.graph.weights(&format!("{}.{what}", self.name), tensor, axes)
    }

    fn node(&mut self, operator: &str, inputs: &[&str], attributes: &[(&str, Attribute<'_>)]) {
        self.graph.node(operator, inputs, self.name, attributes);
    }

    /// An operator before the last one; the name of its output.
    fn before(&mut self, operator: &str, inputs: &[&str], attributes: &[(&str, Attribute<'_>)]) -> String {
        let name = self.graph.fresh(self.name);
        self.graph.node(operator, inputs, &name, attributes);
        name
    }

    fn layer(&mut self, definition: &Definition, output: &Shape, operands: &[(&str, &Shape)]) -> Written<()> {
        let names: Vec<&str> = operands.iter().map(|o| o.0).collect();
        let &[(x, shape), ..] = operands else { return Err(self.refused()) };
        match definition {
            Definition::Conv { kernel, bias, window, groups, mode } => {
                let kernel = self.numbers(kernel)?.clone();
                let (x, window) = self.padded(x, window, *mode);
                let mut inputs = vec![x, self.weights("kernel", &kernel, kernel.shape().axes())?];
                if let Some(bias) = bias {
                    let bias = self.numbers(bias)?.clone();
                    inputs.push(self.weights("bias", &bias, &[bias.len()])?);
                }
                self.windowed("Conv", &inputs, &window, *groups, None);
            }
            Definition::ConvTranspose { kernel, bias, window, output_pad, groups } => {
                let kernel = self.numbers(kernel)?.clone();
                let mut inputs = vec![x.to_string(), self.weights("kernel", &kernel, kernel.shape().axes())?];
                if let Some(bias) = bias {
                    let bias = self.numbers(bias)?.clone();
                    inputs.push(self.weights("bias", &bias, &[bias.len()])?);
                }
                self.windowed("ConvTranspose", &inputs, window, *groups, Some(output_pad));
            }
            Definition::Dense { matrix, bias } => {
                let matrix = self.numbers(matrix)?.clone();
                let mut inputs = vec![x.to_string(), self.weights("matrix", &matrix, matrix.shape().axes())?];
                if let Some(bias) = bias {
                    let bias = self.numbers(bias)?.clone();
                    inputs.push(self.weights("bias", &bias, &[bias.len()])?);
                }
                let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
                self.node("Gemm", &inputs, &[("transB", Attribute::Integer(1))]);
            }
            Definition::Scale { factor, offset } => {
                let (factor, offset) = (factor.as_ref(), offset.as_ref());
                let factor = factor.map(|c| self.numbers(c).cloned()).transpose()?;
                let offset = offset.map(|c| self.numbers(c).cloned()).transpose()?;
                self.scale(x, shape, factor, offset)?;
            }
            Definition::SumPool { window, divisor } => {
                let count = i64::from(*divisor != Divisor::Inside);
                let attributes = pool(window);
                let mut attributes: Vec<(&str, Attribute<'_>)> = borrowed(&attributes);
                attributes.push(("count_include_pad", Attribute::Integer(count)));
                if *divisor == Divisor::One {
                    let mean = self.before("AveragePool", &[x], &attributes);
                    let size: usize = window.size.iter().product();
                    let size = self.weights("size", &Tensor::scalar(&Rational::from_integer(size.into())), &[])?;
                    self.node("Mul", &[&mean, &size], &[]);
                } else {
                    self.node("AveragePool", &[x], &attributes);
                }
            }
            Definition::Pad { before, after, value, mode } => {
                let amounts = self.pads(before, after);
                let mut inputs = vec![x.to_string(), amounts];
                if *mode == PadMode::Zero {
                    inputs.push(self.weights("value", &Tensor::scalar(value), &[])?);
                }
                let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
                self.node("Pad", &inputs, &[("mode", Attribute::Text(mode_word(*mode)))]);
            }
            Definition::Slice { start, step } => self.slice(x, output, start, step),
            Definition::Upsample { factor, bilinear } => {
                let scales: Vec<Rational> =
                    [1, 1].iter().chain(factor).map(|&f| Rational::from_integer(f.into())).collect();
                let axes = Shape::new([scales.len()]).map_err(|_| self.refused())?;
                let scales = self.weights("scales", &Tensor::from_rationals(axes, &scales), &[scales.len()])?;
                let (mode, place) = if *bilinear { ("linear", "half_pixel") } else { ("nearest", "asymmetric") };
                let attributes = [
                    ("mode", Attribute::Text(mode)),
                    ("coordinate_transformation_mode", Attribute::Text(place)),
                    ("nearest_mode", Attribute::Text("floor")),
                ];
                self.node("Resize", &[x, "", &scales], &attributes);
            }
            Definition::Reshape => {
                let axes =
                    std::iter::once(1).chain(output.axes().iter().map(|&n| i64::try_from(n).unwrap_or(i64::MAX)));
                let axes = self.graph.integers(&format!("{}.shape", self.name), &axes.collect::<Vec<_>>());
                self.node("Reshape", &[x, &axes], &[]);
            }
            Definition::Permute { axes } => {
                let order: Vec<usize> = std::iter::once(0).chain(axes.iter().map(|a| a + 1)).collect();
                self.node("Transpose", &[x], &[("perm", Attribute::Integers(&order))]);
            }
            Definition::PixelShuffle { r } => {
                let block = i64::try_from(*r).unwrap_or(i64::MAX);
                self.node(
                    "DepthToSpace",
                    &[x],
                    &[("blocksize", Attribute::Integer(block)), ("mode", Attribute::Text("CRD"))],
                );
            }
            Definition::Add if names.len() == 2 => self.node("Add", &names, &[]),
            Definition::Add => self.node("Sum", &names, &[]),
            Definition::Sub => self.node("Sub", &names, &[]),
            Definition::Concat => self.node("Concat", &names, &[("axis", Attribute::Integer(1))]),
            Definition::Slopes { below } => self.slopes(x, shape, below)?,
            Definition::Clip { slope, offset, low, high } => self.clip(x, [slope, offset, low, high])?,
            Definition::ExtremePool { least, window } => {
                let attributes = pool(window);
                let mut attributes: Vec<(&str, Attribute<'_>)> = borrowed(&attributes);
                attributes.push(("dilations", Attribute::Integers(&window.dilation)));
                if *least {
                    let negative = self.before("Neg", &[x], &[]);
                    let most = self.before("MaxPool", &[&negative], &attributes);
                    self.node("Neg", &[&most], &[]);
                } else {
                    self.node("MaxPool", &[x], &attributes);
                }
            }
            Definition::Extreme { least } => self.node(if *least { "Min" } else { "Max" }, &names, &[]),
            Definition::Curve(curve) => self.curve(x, *curve)?,
            Definition::Softmax => self.node("Softmax", &[x], &[("axis", Attribute::Integer(1))]),
            Definition::Square => self.node("Mul", &[x, x], &[]),
            Definition::Multiply => self.node("Mul", &names, &[]),
            Definition::Divide => self.node("Div", &names, &[]),
            Definition::Maxout { .. } => return Err(self.refused()),
        }
        Ok(())
    }

    /// Padding that is not of zeros, as a layer of its own.
    fn padded(&mut self, x: &str, window: &Geometry, mode: PadMode) -> (String, Geometry) {
        let bare = window.before.iter().chain(&window.after).all(|&n| n == 0);
        if mode == PadMode::Zero || bare {
            return (x.to_string(), window.clone());
        }
        let amounts = self.pads(&window.before, &window.after);
        let x = self.before("Pad", &[x, &amounts], &[("mode", Attribute::Text(mode_word(mode)))]);
        let none = vec![0; window.size.len()];
        (x, Geometry { before: none.clone(), after: none, ..window.clone() })
    }

    fn pads(&mut self, before: &[usize], after: &[usize]) -> String {
        let side = |amounts: &[usize]| {
            let amounts = amounts.iter().map(|&n| i64::try_from(n).unwrap_or(i64::MAX));
            [0, 0].into_iter().chain(amounts).collect::<Vec<i64>>()
        };
        let list = [side(before), side(after)].concat();
        self.graph.integers(&format!("{}.pads", self.name), &list)
    }

    fn windowed(
        &mut self,
        operator: &str,
        inputs: &[String],
        window: &Geometry,
        groups: usize,
        extra: Option<&[usize]>,
    ) {
        let pads = pads(&window.before, &window.after);
        let mut attributes = vec![
            ("kernel_shape", Attribute::Integers(&window.size)),
            ("strides", Attribute::Integers(&window.stride)),
            ("dilations", Attribute::Integers(&window.dilation)),
            ("pads", Attribute::Integers(&pads)),
            ("group", Attribute::Integer(i64::try_from(groups).unwrap_or(i64::MAX))),
        ];
        if let Some(extra) = extra {
            attributes.push(("output_padding", Attribute::Integers(extra)));
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        self.node(operator, &inputs, &attributes);
    }

    fn scale(&mut self, x: &str, shape: &Shape, factor: Option<Tensor>, offset: Option<Tensor>) -> Written<()> {
        let stored = |writer: &mut Self, what: &str, t: &Tensor| writer.weights(what, t, &spread(t, shape));
        match (factor, offset) {
            (None, None) => self.node("Identity", &[x], &[]),
            (Some(factor), None) => {
                let factor = stored(self, "factor", &factor)?;
                self.node("Mul", &[x, &factor], &[]);
            }
            (None, Some(offset)) => {
                let offset = stored(self, "offset", &offset)?;
                self.node("Add", &[x, &offset], &[]);
            }
            (Some(factor), Some(offset)) => {
                let (factor, offset) = (stored(self, "factor", &factor)?, stored(self, "offset", &offset)?);
                let scaled = self.before("Mul", &[x, &factor], &[]);
                self.node("Add", &[&scaled, &offset], &[]);
            }
        }
        Ok(())
    }

    fn slice(&mut self, x: &str, output: &Shape, start: &[usize], step: &[usize]) {
        let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let ends: Vec<i64> = (0..start.len()).map(|a| whole(start[a] + (output.axes()[a] - 1) * step[a] + 1)).collect();
        let list = |list: &[usize]| list.iter().map(|&n| whole(n)).collect::<Vec<i64>>();
        let axes: Vec<i64> = (1..).take(start.len()).collect();
        let stem = self.name.to_string();
        let starts = self.graph.integers(&stem, &list(start));
        let ends = self.graph.integers(&stem, &ends);
        let (axes, steps) = (self.graph.integers(&stem, &axes), self.graph.integers(&stem, &list(step)));
        self.node("Slice", &[x, &starts, &ends, &axes, &steps], &[]);
    }

    fn slopes(&mut self, x: &str, shape: &Shape, below: &[Rational]) -> Written<()> {
        match below {
            [slope] if slope.is_zero() => self.node("Relu", &[x], &[]),
            [slope] if (-slope).is_one() => self.node("Abs", &[x], &[]),
            _ => {
                let axes = Shape::new([below.len()]).map_err(|_| self.refused())?;
                let slopes = Tensor::from_rationals(axes, below);
                let slopes = self.weights("slope", &slopes, &spread(&slopes, shape))?;
                self.node("PRelu", &[x, &slopes], &[]);
            }
        }
        Ok(())
    }

    fn clip(&mut self, x: &str, [slope, offset, low, high]: [&Rational; 4]) -> Written<()> {
        let mut x = x.to_string();
        if !slope.is_one() {
            let factor = self.weights("slope", &Tensor::scalar(slope), &[])?;
            x = self.before("Mul", &[&x, &factor], &[]);
        }
        if !offset.is_zero() {
            let offset = self.weights("offset", &Tensor::scalar(offset), &[])?;
            x = self.before("Add", &[&x, &offset], &[]);
        }
        let (low, high) =
            (self.weights("low", &Tensor::scalar(low), &[])?, self.weights("high", &Tensor::scalar(high), &[])?);
        self.node("Clip", &[&x, &low, &high], &[]);
        Ok(())
    }

    fn curve(&mut self, x: &str, curve: Curve) -> Written<()> {
        match curve {
            Curve::Sigmoid => self.node("Sigmoid", &[x], &[]),
            Curve::Tanh => self.node("Tanh", &[x], &[]),
            Curve::Gelu => self.node("Gelu", &[x], &[]),
            Curve::GeluTanh => self.node("Gelu", &[x], &[("approximate", Attribute::Text("tanh"))]),
            Curve::Elu => self.node("Elu", &[x], &[("alpha", Attribute::Float(1.0))]),
            Curve::Softplus => self.node("Softplus", &[x], &[]),
            Curve::Silu => {
                let gate = self.before("Sigmoid", &[x], &[]);
                self.node("Mul", &[x, &gate], &[]);
            }
        }
        Ok(())
    }
}

fn mode_word(mode: PadMode) -> &'static str {
    match mode {
        PadMode::Zero => "constant",
        PadMode::Circular => "wrap",
        PadMode::Reflect => "reflect",
        PadMode::Replicate => "edge",
    }
}

type Owned = [(&'static str, Vec<usize>); 3];

fn pool(window: &Geometry) -> Owned {
    [
        ("kernel_shape", window.size.clone()),
        ("strides", window.stride.clone()),
        ("pads", pads(&window.before, &window.after)),
    ]
}

fn borrowed(attributes: &Owned) -> Vec<(&'static str, Attribute<'_>)> {
    attributes.iter().map(|(name, list)| (*name, Attribute::Integers(list))).collect()
}
