//! Arithmetic of kernels, as fusions do it: composition, contraction, scaling of channels.

use super::constant::{Constant, each, pair};
use super::constants::{Constants, Mistakes, checked_shape, few_terms};
use super::functions::affordable;
use crate::algebra::Shape;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::toeplitz::stencil;

fn mismatch<T>(message: String, span: Span, help: &str) -> Result<T, Mistakes> {
    Err(vec![Diagnostic::new(Code::ShapeMismatch, span, message).help(help)])
}

/// A kernel with its channel axes: a bare window has none, and is one channel to one channel.
fn with_channels(kernel: &Constant, bare: bool) -> Constant {
    let axes = if bare { [&[1, 1], kernel.shape().axes()].concat() } else { kernel.shape().axes().to_vec() };
    match Shape::new(axes) {
        Ok(shape) => each!(kernel, k => k.reshaped(shape.clone())),
        Err(_) => kernel.clone(),
    }
}

/// K[o,i,d] = Σ outer[o,m,a] · inner[m,i,b] over m and d = a·stride + b.
pub(super) fn compose(
    scope: &Constants,
    outer: &Constant,
    inner: &Constant,
    stride: usize,
    span: Span,
) -> Result<Constant, Mistakes> {
    let bare = outer.shape().rank() <= 2 && inner.shape().rank() <= 2;
    let (o, i) = (with_channels(outer, bare), with_channels(inner, bare));
    let ([outputs, middle, a @ ..], [channels, inputs, b @ ..]) = (o.shape().axes(), i.shape().axes()) else {
        return mismatch("`compose` takes two kernels".into(), span, "a kernel is `O x I x K...`, or bare: `K`, `KxK`");
    };
    if middle != channels || a.len() != b.len() {
        let message = format!("the kernels {} and {} do not compose", outer.shape(), inner.shape());
        let help = "the outer kernel's input channels are the inner one's output channels; both have as many axes";
        return mismatch(message, span, help);
    }
    if stride == 0 {
        return Err(vec![Diagnostic::new(Code::InvalidArgument, span, "the stride must be at least 1")]);
    }
    let size = |(a, b): (&usize, &usize)| (a - 1).saturating_mul(stride).saturating_add(*b);
    let window: Vec<usize> = a.iter().zip(b).map(size).collect();
    let axes = [&[*outputs, *inputs], window.as_slice()].concat();
    let shape = affordable(scope, checked_shape(axes, span)?, span)?;
    few_terms(&o, &i, span)?;
    let product =
        pair!((&o, &i), (outer, inner) => stencil::compose(outer, inner, &vec![stride; a.len()], shape.clone()));
    if !bare {
        return Ok(product);
    }
    let shape = checked_shape(window, span)?;
    Ok(each!(&product, k => k.reshaped(shape.clone())))
}

/// The product of two matrices.
pub(super) fn matmul(scope: &Constants, left: &Constant, right: &Constant, span: Span) -> Result<Constant, Mistakes> {
    let ([rows, inner], [other, columns]) = (left.shape().axes(), right.shape().axes()) else {
        return mismatch("`matmul` takes two matrices".into(), span, "a matrix is `rows x columns`");
    };
    if inner != other {
        let message = format!("the matrices {} and {} cannot be multiplied", left.shape(), right.shape());
        return mismatch(message, span, "the left matrix has as many columns as the right one has rows");
    }
    let shape = affordable(scope, checked_shape(vec![*rows, *columns], span)?, span)?;
    few_terms(left, right, span)?;
    Ok(pair!((left, right), (left, right) => stencil::compose(left, right, &[], shape.clone())))
}

/// A single number stands for every channel.
fn per_channel(values: &Constant, channels: usize) -> Constant {
    match Shape::new([channels]) {
        Ok(shape) => values.spread(&shape),
        Err(_) => values.clone(),
    }
}

/// y[o] = Σ kernel[o,m,…] · values[m].
pub(super) fn contract(kernel: &Constant, values: &Constant, span: Span) -> Result<Constant, Mistakes> {
    let [outputs, channels, ..] = *kernel.shape().axes() else {
        return mismatch("`contract` takes a kernel".into(), span, "a kernel is `O x I x K...`, a matrix `O x I`");
    };
    let values = &per_channel(values, channels);
    if values.shape().axes() != [channels] {
        let message = format!("the kernel {} reads {channels} channels, not {}", kernel.shape(), values.shape());
        return mismatch(message, span, "give one number for each input channel");
    }
    few_terms(kernel, values, span)?;
    let shape = checked_shape(vec![outputs], span)?;
    Ok(pair!((kernel, values), (kernel, values) => stencil::contract(kernel, values, &shape)))
}

/// Every entry times the factor of its index on one axis.
pub(super) fn scale_axis(kernel: &Constant, factors: &Constant, axis: usize, span: Span) -> Result<Constant, Mistakes> {
    let shape = kernel.shape();
    let Some(&channels) = shape.axes().get(axis).filter(|_| shape.rank() > 1) else {
        return mismatch("this is no kernel".into(), span, "a kernel is `O x I x K...`, a matrix `O x I`");
    };
    let factors = &per_channel(factors, channels);
    if factors.shape().axes() != [channels] {
        let side = if axis == 0 { "output" } else { "input" };
        let message =
            format!("the kernel {shape} has {channels} {side} channels, but the factors are {}", factors.shape());
        return mismatch(message, span, "give one factor for each channel");
    }
    few_terms(kernel, factors, span)?;
    let run: usize = shape.axes()[axis + 1..].iter().product();
    let source = |flat: usize| Some(flat / run % channels);
    Ok(pair!((kernel, factors), (kernel, factors) => kernel.times(&factors.gather(shape.clone(), source))))
}
