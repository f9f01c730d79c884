//! ONNX operators, each as layers of the language.

mod activation;
mod elementwise;
mod fused;
mod index;
mod matrix;
mod rearrange;
mod reduce;
mod resize;
mod window;

pub use elementwise::broadcast;

use super::call::{Call, Outcome};
use super::values::{Value, Variable};
use crate::import::Refusal;

type Operator = fn(&mut Call<'_, '_>) -> Outcome;

/// Every operator, by name.
pub const OPERATORS: &[(&str, Operator)] = &[
    ("Abs", |c| activation::plain(c, "abs")),
    ("Add", elementwise::add),
    ("AveragePool", window::average_pool),
    ("BatchNormalization", matrix::batch_normalization),
    ("Cast", rearrange::cast),
    ("Clip", activation::clip),
    ("Concat", index::concat),
    ("Constant", rearrange::constant),
    ("ConstantOfShape", rearrange::constant_of_shape),
    ("Conv", window::conv),
    ("ConvTranspose", window::conv_transpose),
    ("DepthToSpace", rearrange::depth_to_space),
    ("Div", elementwise::div),
    ("Dropout", rearrange::dropout),
    ("Elu", activation::elu),
    ("Expand", index::expand),
    ("Flatten", rearrange::flatten),
    ("Gather", index::gather),
    ("Gelu", activation::gelu),
    ("Gemm", matrix::gemm),
    ("GlobalAveragePool", reduce::global_average_pool),
    ("GlobalLpPool", reduce::global_lp_pool),
    ("GlobalMaxPool", reduce::global_max_pool),
    ("HardSigmoid", activation::hard_sigmoid),
    ("HardSwish", activation::hard_swish),
    ("Identity", rearrange::identity),
    ("LeakyRelu", activation::leaky_relu),
    ("LpPool", window::lp_pool),
    ("MatMul", matrix::mat_mul),
    ("Max", |c| elementwise::extreme(c, "maximum")),
    ("MaxPool", window::max_pool),
    ("Mean", elementwise::mean),
    ("Min", |c| elementwise::extreme(c, "minimum")),
    ("Mul", elementwise::mul),
    ("Neg", elementwise::neg),
    ("PRelu", activation::prelu),
    ("Pad", index::pad),
    ("ReduceMean", |c| reduce::reduce(c, true)),
    ("ReduceSum", |c| reduce::reduce(c, false)),
    ("Relu", |c| activation::plain(c, "relu")),
    ("Reshape", rearrange::reshape),
    ("Resize", resize::resize),
    ("Selu", activation::selu),
    ("Shape", rearrange::shape),
    ("Sigmoid", |c| activation::plain(c, "sigmoid")),
    ("Size", rearrange::size),
    ("Slice", index::slice),
    ("Softmax", activation::softmax),
    ("Softplus", |c| activation::plain(c, "softplus")),
    ("SpaceToDepth", rearrange::space_to_depth),
    ("Split", index::split),
    ("Squeeze", rearrange::squeeze),
    ("Sub", elementwise::sub),
    ("Sum", elementwise::sum),
    ("Tanh", |c| activation::plain(c, "tanh")),
    ("Tile", index::tile),
    ("Transpose", rearrange::transpose),
    ("Unsqueeze", rearrange::unsqueeze),
    ("Upsample", resize::upsample),
];

/// The operator of a name, in the standard's domain.
pub fn find(name: &str) -> Option<Operator> {
    OPERATORS.iter().find(|o| o.0 == name).map(|o| o.1)
}

/// The operator of a name that ONNX Runtime puts where it has fused others.
pub fn find_fused(name: &str) -> Option<Operator> {
    fused::OPERATORS.iter().find(|o| o.0 == name).map(|o| o.1)
}

/// One value.
fn one(value: Variable) -> Outcome {
    Ok(vec![Value::Variable(value)])
}

/// The spatial axes of a value `N×C×…`.
fn spatial(dims: &[usize]) -> Result<&[usize], Refusal> {
    match dims {
        [_, _, axes @ ..] if !axes.is_empty() => Ok(axes),
        _ => Err(Refusal::damaged(format!(
            "its input has the axes {dims:?}, but batch, channels and an image are needed"
        ))),
    }
}
