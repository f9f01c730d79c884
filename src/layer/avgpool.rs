//! `avgpool`, `sumpool` and `global_avgpool`.

use std::sync::Arc;

use super::definition::{Definition, Divisor};
use super::window::{Window, by, for_each_index, image, spatial};
use super::{AffineLayer, Arguments, Function, Kind, Layer, Lowered, Misuse, Parameter, Signature, Values};
use crate::algebra::{Integer, Matrix, Rational, Shape, Tensor, ratio};
use crate::toeplitz::{Operator, PadMode};

const fn parameter(name: &'static str, kind: Kind, required: bool) -> Parameter {
    Parameter { name, kind, required }
}

/// The rule of `avgpool`.
pub const AVGPOOL: Signature = Signature {
    name: "avgpool",
    summary: "The mean of each window, channel by channel; the stride is the window unless given. `count_pad=no` divides by the \
        number of entries inside the image instead of the window's size.",
    formula: "y_{c,p} = (1 / |window|) \\cdot \\sum_{k} x_{c, p \\cdot stride + k - pad}",
    linear: "Linear: a mean is a sum with fixed weights.",
    onnx: "AveragePool",
    parameters: &[
        parameter("window", Kind::PerAxis, true),
        parameter("stride", Kind::PerAxis, false),
        parameter("pad", Kind::Padding, false),
        parameter("count_pad", Kind::Word(&["yes", "no"]), false),
    ],
    values: Values::None,
    build: |arguments, inputs| pool("avgpool", arguments, inputs[0]),
};

/// The rule of `sumpool`.
pub const SUMPOOL: Signature = Signature {
    name: "sumpool",
    summary: "The sum of each window, channel by channel; the stride is the window unless given.",
    formula: "y_{c,p} = \\sum_{k} x_{c, p \\cdot stride + k - pad}",
    linear: "Linear: a sum.",
    onnx: "",
    parameters: &[
        parameter("window", Kind::PerAxis, true),
        parameter("stride", Kind::PerAxis, false),
        parameter("pad", Kind::Padding, false),
    ],
    values: Values::None,
    build: |arguments, inputs| pool("sumpool", arguments, inputs[0]),
};

/// The rule of `global_avgpool`.
pub const GLOBAL_AVGPOOL: Signature = Signature {
    name: "global_avgpool",
    summary: "The mean of each channel: `C x H x W` becomes `C x 1 x 1`.",
    formula: "y_c = (1 / (H \\cdot W)) \\cdot \\sum_{p} x_{c,p}",
    linear: "Linear: a mean is a sum with fixed weights.",
    onnx: "GlobalAveragePool",
    parameters: &[],
    values: Values::None,
    build: |_, inputs| {
        let size = spatial("global_avgpool", inputs[0])?.to_vec();
        let window = Window::new(&Arguments::default(), inputs[0].spatial(), size, Some(1))?;
        finish("global_avgpool", Divisor::Window, window, inputs[0])
    },
};

#[derive(Debug)]
struct Pool {
    kind: &'static str,
    divisor: Divisor,
    window: Window,
    input: Shape,
    output: Shape,
}

fn pool(kind: &'static str, arguments: &Arguments, input: &Shape) -> Result<Layer, Misuse> {
    let axes = spatial(kind, input)?;
    let size = arguments.per_axis("window", axes.len(), 1)?;
    let window = Window::new(arguments, axes, size, None)?;
    window.check_pool()?;
    let divisor = match (kind, arguments.word("count_pad")) {
        ("sumpool", _) => Divisor::One,
        (_, Some("no")) => Divisor::Inside,
        _ => Divisor::Window,
    };
    finish(kind, divisor, window, input)
}

fn finish(kind: &'static str, divisor: Divisor, window: Window, input: &Shape) -> Result<Layer, Misuse> {
    let output = image(input.channels(), &window.output)?;
    Ok(Layer::Affine(Arc::new(Pool { kind, divisor, window, input: input.clone(), output })))
}

impl Function for Pool {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn output(&self) -> &Shape {
        &self.output
    }

    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor> {
        let x = inputs[0];
        let pixels: usize = self.input.spatial().iter().product();
        let size: usize = self.window.size.iter().product();
        let mut y: Vec<Rational> = Vec::with_capacity(self.output.elements());
        for channel in 0..self.input.channels() {
            for_each_index(&self.window.output, |p| {
                let (mut sum, mut inside) = (Integer::default(), 0_usize);
                for_each_index(&self.window.size, |k| {
                    if let Some(position) = self.window.position(p, k, PadMode::Zero) {
                        sum += &x.numerators()[channel * pixels + position];
                        inside += 1;
                    }
                });
                let divisor = match self.divisor {
                    Divisor::One => 1,
                    Divisor::Window => size,
                    Divisor::Inside => inside,
                };
                y.push(ratio(sum, x.denominator() * Integer::from(divisor)));
            });
        }
        Some(Tensor::from_rationals(self.output.clone(), &y))
    }

    fn definition(&self) -> Option<Definition> {
        Some(Definition::SumPool { window: self.window.geometry(), divisor: self.divisor })
    }

    fn pads_with_zeros(&self) -> bool {
        self.window.is_padded()
    }

    fn detail(&self) -> String {
        if self.kind == "global_avgpool" {
            return String::new();
        }
        let w = &self.window;
        let pad = if w.before.iter().chain(&w.after).all(|&p| p == 0) {
            String::new()
        } else {
            format!(", pad {}", by(&w.before))
        };
        format!("window {}, stride {}{pad}", by(&w.size), by(&w.stride))
    }
}

impl AffineLayer for Pool {
    /// One factor an axis: the sum over a box is the sum over rows of sums over columns, and the
    /// number of entries inside a box is the product of the numbers inside its sides.
    fn lower(&self) -> Lowered {
        let axis = |(taps, &size): (crate::toeplitz::Taps, &usize)| {
            let least = (0..taps.outputs()).map(|o| taps.row(o).len());
            let common = match self.divisor {
                Divisor::One => Integer::from(1),
                Divisor::Window => Integer::from(size),
                Divisor::Inside => least.fold(Integer::from(1), |lcm, n| num_integer::lcm(lcm, Integer::from(n))),
            };
            let weight = |o: usize| match self.divisor {
                Divisor::One | Divisor::Window => Integer::from(1),
                Divisor::Inside => &common / Integer::from(taps.row(o).len()),
            };
            let row = |o: usize| taps.row(o).iter().map(|&(_, input)| (input, weight(o))).collect();
            let rows = (0..taps.outputs()).map(row).collect();
            #[cfg(debug_assertions)]
            let common = crate::fault::off_by_one(crate::fault::Fault::PoolDivisor, common.clone());
            Matrix::from_rows(taps.inputs(), rows, common.clone())
        };
        let axes = self.window.taps(PadMode::Zero).into_iter().zip(&self.window.size).map(axis);
        let factors = std::iter::once(Matrix::identity(self.input.channels())).chain(axes).collect();
        let operator = Operator::kronecker(self.input.clone(), self.output.clone(), factors);
        Lowered { operators: vec![operator], bias: None }
    }
}
