//! Every layer, by name: one row a layer.

use super::*;

static LAYERS: &[&Signature] = &[
    &conv::CONV,
    &conv::CONV_TRANSPOSE,
    &conv::DEPTHWISE,
    &dense::DENSE,
    &scale::BATCHNORM,
    &avgpool::AVGPOOL,
    &avgpool::SUMPOOL,
    &avgpool::GLOBAL_AVGPOOL,
    &rearrange::FLATTEN,
    &rearrange::RESHAPE,
    &rearrange::PERMUTE,
    &rearrange::IDENTITY,
    &rearrange::DROPOUT,
    &extent::PAD,
    &extent::CROP,
    &extent::SLICE,
    &extent::UPSAMPLE,
    &rearrange::PIXEL_SHUFFLE,
    &scale::SCALE,
    &scale::BIAS,
    &combine::ADD,
    &combine::SUB,
    &combine::CONCAT,
    &relu::RELU,
    &relu::LEAKY_RELU,
    &relu::PRELU,
    &relu::ABS,
    &relu::RELU6,
    &relu::CLIP,
    &relu::HARD_SIGMOID,
    &relu::HARD_TANH,
    &maximum::MAXPOOL,
    &maximum::GLOBAL_MAXPOOL,
    &maximum::MINPOOL,
    &maximum::MAXOUT,
    &maximum::MAXIMUM,
    &maximum::MINIMUM,
    &smooth::SIGMOID,
    &smooth::TANH,
    &smooth::GELU,
    &smooth::GELU_TANH,
    &smooth::SILU,
    &smooth::ELU,
    &smooth::SOFTPLUS,
    &softmax::SOFTMAX,
    &product::SQUARE,
    &product::MULTIPLY,
    &product::DIVIDE,
];

/// All layers: affine ones first, then piecewise linear, then smooth.
pub fn all() -> impl Iterator<Item = &'static Signature> {
    LAYERS.iter().copied()
}

/// The layer of a name.
pub fn find(name: &str) -> Option<&'static Signature> {
    all().find(|s| s.name == name)
}
