//! Layers that only move entries: `identity`, `dropout`, `flatten`, `reshape`, `permute`, `pixel_shuffle`.

use std::sync::Arc;

use num_traits::{One, Signed, Zero};

use super::{AffineLayer, Arguments, Definition, Function, Kind, Layer, Lowered, Misuse, Parameter, Signature, Values};
use crate::algebra::{Rational, Shape, Tensor};
use crate::toeplitz::Operator;

/// The rule of `identity`.
pub const IDENTITY: Signature = Signature {
    name: "identity",
    summary: "Changes nothing.",
    formula: "y = x",
    linear: "Linear: the identity matrix.",
    onnx: "Identity",
    parameters: &[],
    values: Values::None,
    build: |_, inputs| Ok(same_order("identity", inputs[0], inputs[0].clone())),
};

/// The rule of `dropout`.
pub const DROPOUT: Signature = Signature {
    name: "dropout",
    summary: "Dropout at inference: changes nothing, whatever its rate.",
    formula: "y = x",
    linear: "Linear: at inference it is the identity.",
    onnx: "Dropout",
    parameters: &[Parameter { name: "p", kind: Kind::Scalar, required: false }],
    values: Values::None,
    build: |arguments, inputs| {
        let rate = arguments.scalar("p").unwrap_or_else(Rational::zero);
        if rate.is_negative() || rate > Rational::one() {
            return Err(Misuse::argument("p", format!("the rate `p` is {rate}, but must lie between 0 and 1")));
        }
        Ok(same_order("dropout", inputs[0], inputs[0].clone()))
    },
};

/// The rule of `flatten`.
pub const FLATTEN: Signature = Signature {
    name: "flatten",
    summary: "All entries as one vector, row-major: channel by channel, row by row.",
    formula: "y_{(c \\cdot H + h) \\cdot W + w} = x_{c,h,w}",
    linear: "Linear: the same entries in the same order.",
    onnx: "Flatten",
    parameters: &[],
    values: Values::None,
    build: |_, inputs| {
        let output = Shape::new([inputs[0].elements()]).map_err(|e| Misuse::shape(e.to_string()))?;
        Ok(same_order("flatten", inputs[0], output))
    },
};

/// The rule of `reshape`.
pub const RESHAPE: Signature = Signature {
    name: "reshape",
    summary: "The same entries, row-major, in another shape of the same size.",
    formula: "y = x",
    linear: "Linear: the same entries in the same order.",
    onnx: "Reshape",
    parameters: &[Parameter { name: "shape", kind: Kind::Shape, required: true }],
    values: Values::None,
    build: |arguments, inputs| {
        let axes = arguments.integers("shape").unwrap_or_default();
        let output = Shape::new(axes).map_err(|e| Misuse::shape(e.to_string()).at("shape"))?;
        if output.elements() != inputs[0].elements() {
            let (found, wanted) = (inputs[0].elements(), output.elements());
            let message = format!("the input {} has {found} entries, but {output} has {wanted}", inputs[0]);
            return Err(Misuse::shape(message).at("shape"));
        }
        Ok(same_order("reshape", inputs[0], output))
    },
};

/// The rule of `permute`.
pub const PERMUTE: Signature = Signature {
    name: "permute",
    summary: "The axes in another order: axis i of the output is axis `axes[i]` of the input (PyTorch's permute).",
    formula: "y_{i_{a_0}, i_{a_1}, \\dots} = x_{i_0, i_1, \\dots}",
    linear: "Linear: its matrix is a permutation.",
    onnx: "Transpose",
    parameters: &[Parameter { name: "axes", kind: Kind::Axes, required: true }],
    values: Values::None,
    build: |arguments, inputs| permute(arguments, inputs[0]),
};

/// The rule of `pixel_shuffle`.
pub const PIXEL_SHUFFLE: Signature = Signature {
    name: "pixel_shuffle",
    summary: "Channels become pixels: `C·r² x H x W` becomes `C x H·r x W·r` (Shi et al. 2016, PyTorch's order).",
    formula: "y_{c, h \\cdot r + i, w \\cdot r + j} = x_{c \\cdot r^2 + i \\cdot r + j, h, w}",
    linear: "Linear: its matrix is a permutation.",
    onnx: "DepthToSpace",
    parameters: &[Parameter { name: "r", kind: Kind::Count, required: true }],
    values: Values::None,
    build: |arguments, inputs| pixel_shuffle(arguments, inputs[0]),
};

/// The same entries in the same order.
#[derive(Debug)]
struct SameOrder {
    kind: &'static str,
    input: Shape,
    output: Shape,
}

fn same_order(kind: &'static str, input: &Shape, output: Shape) -> Layer {
    Layer::Affine(Arc::new(SameOrder { kind, input: input.clone(), output }))
}

impl Function for SameOrder {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn output(&self) -> &Shape {
        &self.output
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        Some(inputs[0].reshaped(self.output.clone()))
    }

    fn definition(&self) -> Option<Definition> {
        Some(Definition::Reshape)
    }
}

impl AffineLayer for SameOrder {
    fn lower(&self) -> Lowered {
        Lowered { operators: vec![Operator::identity(self.input.clone(), self.output.clone())], bias: None }
    }
}

#[derive(Debug)]
struct Permute {
    axes: Vec<usize>,
    input: Shape,
    output: Shape,
}

fn permute(arguments: &Arguments, input: &Shape) -> Result<Layer, Misuse> {
    let axes = arguments.integers("axes").unwrap_or_default().to_vec();
    let mut sorted = axes.clone();
    sorted.sort_unstable();
    if !sorted.iter().copied().eq(0..input.rank()) {
        let message = format!("the axes {axes:?} are not an order of the {} axes of the input {input}", input.rank());
        return Err(Misuse::argument("axes", message).help("name every axis once, counting from 0: `permute(1, 0, 2)`"));
    }
    let output: Vec<usize> = axes.iter().map(|&a| input.axes()[a]).collect();
    let output = Shape::new(output).map_err(|e| Misuse::shape(e.to_string()))?;
    Ok(Layer::Affine(Arc::new(Permute { axes, input: input.clone(), output })))
}

impl Function for Permute {
    fn kind(&self) -> &'static str {
        "permute"
    }

    fn output(&self) -> &Shape {
        &self.output
    }

    /// Every input entry goes to its place.
    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let x = inputs[0];
        let mut y = x.numerators().to_vec();
        for (flat, value) in x.numerators().iter().enumerate() {
            let from = self.input.unravel(flat);
            let to: Vec<usize> = self.axes.iter().map(|&a| from[a]).collect();
            y[self.output.ravel(&to)] = value.clone();
        }
        Some(Tensor::new(self.output.clone(), y, x.denominator().clone()))
    }

    fn definition(&self) -> Option<Definition> {
        Some(Definition::Permute { axes: self.axes.clone() })
    }

    fn detail(&self) -> String {
        format!("axes {:?}", self.axes)
    }
}

impl AffineLayer for Permute {
    /// Every output entry is fetched from its place, by strides.
    fn lower(&self) -> Lowered {
        let stride = |axis: usize| self.input.axes()[axis + 1..].iter().product::<usize>();
        let mut sources = vec![0];
        for &axis in &self.axes {
            let (length, stride) = (self.input.axes()[axis], stride(axis));
            sources = sources.iter().flat_map(|s| (0..length).map(move |i| s + i * stride)).collect();
        }
        Lowered { operators: vec![Operator::permutation(self.input.clone(), self.output.clone(), sources)], bias: None }
    }
}

#[derive(Debug)]
struct PixelShuffle {
    r: usize,
    input: Shape,
    output: Shape,
}

fn pixel_shuffle(arguments: &Arguments, input: &Shape) -> Result<Layer, Misuse> {
    let r = arguments.integers("r").and_then(|n| n.first().copied()).unwrap_or(1);
    let [channels, height, width] = *input.axes() else {
        return Err(Misuse::shape(format!("`pixel_shuffle` takes C×H×W, but its input is {input}")));
    };
    let square = r.checked_mul(r).filter(|s| channels.is_multiple_of(*s));
    let Some(square) = square else {
        let message = format!("the input {input} has {channels} channels, which are not a multiple of r² for r = {r}");
        return Err(Misuse::argument("r", message));
    };
    let output = Shape::new([channels / square, height * r, width * r]).map_err(|e| Misuse::shape(e.to_string()))?;
    Ok(Layer::Affine(Arc::new(PixelShuffle { r, input: input.clone(), output })))
}

impl Function for PixelShuffle {
    fn kind(&self) -> &'static str {
        "pixel_shuffle"
    }

    fn output(&self) -> &Shape {
        &self.output
    }

    /// Every input entry goes to its place.
    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let (x, r) = (inputs[0], self.r);
        let mut y = x.numerators().to_vec();
        for (flat, value) in x.numerators().iter().enumerate() {
            if let [channel, h, w] = *self.input.unravel(flat) {
                let (c, i, j) = (channel / (r * r), channel / r % r, channel % r);
                y[self.output.ravel(&[c, h * r + i, w * r + j])] = value.clone();
            }
        }
        Some(Tensor::new(self.output.clone(), y, x.denominator().clone()))
    }

    fn definition(&self) -> Option<Definition> {
        Some(Definition::PixelShuffle { r: self.r })
    }
}

impl AffineLayer for PixelShuffle {
    /// Reshape to C×r×r×H×W, permute to C×H×r×W×r, reshape: each output index read as (c, h, i, w, j).
    fn lower(&self) -> Lowered {
        let (r, pixels) = (self.r, self.input.spatial().iter().product::<usize>());
        let [channels, rows, columns] = *self.output.axes() else {
            return Lowered { operators: Vec::new(), bias: None };
        };
        let width = columns / r;
        let source = |c: usize, row: usize, column: usize| {
            (c * r * r + row % r * r + column % r) * pixels + row / r * width + column / r
        };
        let index = |flat: usize| source(flat / (rows * columns), flat / columns % rows, flat % columns);
        let sources = (0..channels * rows * columns).map(index).collect();
        Lowered { operators: vec![Operator::permutation(self.input.clone(), self.output.clone(), sources)], bias: None }
    }
}
