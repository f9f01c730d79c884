//! `dense`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{
    AffineLayer, Arguments, Bias, Definition, Enclosure, Function, Kind, Layer, Lowered, Misuse, Parameter, Signature,
    SymbolicLayer, Values, Weights, numbers, signed, symbols,
};
use crate::algebra::{Assignment, Integer, Polynomial, Shape, Symbol, Tensor};
use crate::toeplitz::Operator;

/// The rule of `dense`.
pub const DENSE: Signature = Signature {
    name: "dense",
    summary: "A fully connected layer: an `O x I` matrix times a vector of I entries.",
    formula: "y_o = b_o + \\sum_{i} W_{o,i} \\cdot x_i",
    linear: "Linear without a bias, affine with one: it is a matrix.",
    onnx: "Gemm",
    parameters: &[
        Parameter { name: "matrix", kind: Kind::Tensor, required: true },
        Parameter { name: "bias", kind: Kind::TensorOrNone, required: false },
    ],
    values: Values::None,
    build: |arguments, inputs| match arguments.is_symbolic() {
        false => Ok(Layer::Affine(Arc::new(dense::<Integer>(arguments, inputs[0])?))),
        true => Ok(Layer::Symbolic(Arc::new(dense::<Polynomial>(arguments, inputs[0])?))),
    },
};

#[derive(Debug)]
struct Dense<C> {
    matrix: Tensor<C>,
    bias: Option<Tensor<C>>,
    input: Shape,
    output: Shape,
}

fn dense<C: Weights>(arguments: &Arguments, input: &Shape) -> Result<Dense<C>, Misuse> {
    let matrix = arguments.weights::<C>("matrix");
    let matrix = matrix.ok_or_else(|| Misuse::argument("matrix", "the matrix is missing"))?;
    if input.rank() != 1 {
        let message = format!("`dense` takes a vector, but its input is {input}");
        return Err(Misuse::shape(message).help("put `flatten` before it"));
    }
    let [rows, columns] = *matrix.shape().axes() else {
        let message = format!("the matrix of `dense` is {}, not outputs x inputs", matrix.shape());
        return Err(Misuse::shape(message).at("matrix"));
    };
    if columns != input.elements() {
        let message = format!("the matrix {} takes {columns} entries, but the input is {input}", matrix.shape());
        let help = if rows == input.elements() {
            "the matrix is outputs x inputs: `transpose` it"
        } else {
            "the second axis must be the input's length"
        };
        return Err(Misuse::shape(message).at("matrix").help(help));
    }
    let bias = arguments.weights::<C>("bias");
    if let Some(bias) = &bias
        && bias.shape().axes() != [rows]
        && (rows, bias.len()) != (1, 1)
    {
        let message = format!("the bias is {}, but the matrix {} gives {rows} outputs", bias.shape(), matrix.shape());
        return Err(Misuse::shape(message).at("bias"));
    }
    let output = Shape::new([rows]).map_err(|e| Misuse::shape(e.to_string()))?;
    let bias = bias.map(|bias| bias.reshaped(output.clone()));
    Ok(Dense { matrix, bias, input: input.clone(), output })
}

impl<C: Weights> Dense<C> {
    fn product(&self, matrix: &Tensor, x: &Tensor) -> Tensor {
        let (weights, width) = (matrix.integers(), x.len());
        let dot = |row: usize| weights.slice(row * width..(row + 1) * width).dot(x.numerators());
        let numerators = (0..self.output.elements()).map(dot).collect();
        Tensor::new(self.output.clone(), numerators, matrix.denominator() * x.denominator())
    }

    fn offset(&self) -> Tensor<C> {
        self.bias.clone().unwrap_or_else(|| Tensor::zeros(self.output.clone()))
    }

    fn lowered(&self) -> Lowered<C> {
        let (matrix, bias) = (self.matrix.clone(), self.bias.clone());
        #[cfg(debug_assertions)]
        let (matrix, bias) = (crate::fault::kernel(&matrix), crate::fault::bias(bias));
        let operator = Operator::dense(self.input.clone(), self.output.clone(), matrix);
        Lowered { operators: vec![operator], bias: bias.map(Bias::of_entries) }
    }
}

impl<C: Weights> Function for Dense<C> {
    fn kind(&self) -> &'static str {
        "dense"
    }

    fn output(&self) -> &Shape {
        &self.output
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let product = self.product(C::numbers(&self.matrix)?, inputs[0]);
        Some(product.plus(C::numbers(&self.offset())?))
    }

    fn enclose(&self, inputs: &[&Enclosure]) -> Option<Enclosure> {
        signed::enclose(&self.matrix, inputs[0], &self.offset(), &|w, x| self.product(w, x))
    }

    fn definition(&self) -> Option<Definition> {
        let (matrix, bias) = (C::constant(&self.matrix), self.bias.as_ref().map(C::constant));
        Some(Definition::Dense { matrix, bias })
    }

    fn parameters(&self) -> usize {
        self.matrix.len() + self.bias.as_ref().map_or(0, Tensor::len)
    }

    fn detail(&self) -> String {
        if self.bias.is_some() { "bias".into() } else { String::new() }
    }
}

impl AffineLayer for Dense<Integer> {
    fn lower(&self) -> Lowered {
        self.lowered()
    }
}

impl SymbolicLayer for Dense<Polynomial> {
    fn lower(&self) -> Lowered<Polynomial> {
        self.lowered()
    }

    fn at(&self, values: &Assignment) -> Layer {
        let (matrix, bias) = (self.matrix.at(values), self.bias.as_ref().map(|b| b.at(values)));
        let (input, output) = (self.input.clone(), self.output.clone());
        match numbers([Some(&matrix), bias.as_ref()]) {
            Some([Some(matrix), bias]) => Layer::Affine(Arc::new(Dense { matrix, bias, input, output })),
            _ => Layer::Symbolic(Arc::new(Dense { matrix, bias, input, output })),
        }
    }

    fn symbols(&self) -> BTreeSet<Symbol> {
        symbols([Some(&self.matrix), self.bias.as_ref()])
    }
}
