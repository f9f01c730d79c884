//! The functions of constant expressions: `zeros`, `eye`, `pad`, `flip`, `random`, …

use num_traits::{One, Signed};
use rayon::prelude::*;

use super::constant::{Constant, each, pair};
use super::constants::{Constants, Mistakes, WORD_BYTES, both, checked_shape, few_terms, pick, shortened};
use super::kernels;
use crate::algebra::{Integer, Polynomial, Rational, Shape, Tensor, split_mix};
use crate::diagnostic::{Code, Diagnostic, Span, did_you_mean};
use crate::layer::catalogue;
use crate::syntax::tree::{Argument, Expr, Name};

/// Every function: its name, its arguments, and what it gives.
pub const FUNCTIONS: &[(&str, &[&str], &str)] = &[
    ("zeros", &["shape"], "a tensor of zeros"),
    ("ones", &["shape"], "a tensor of ones"),
    (
        "eye",
        &["size", "kernel"],
        "`eye(n)` is the n×n identity matrix, `eye(c, KxK)` the identity convolution of c channels",
    ),
    ("pad", &["tensor", "amount"], "a border of zeros around a kernel's spatial axes"),
    ("flip", &["tensor"], "a kernel reversed along its spatial axes"),
    ("transpose", &["tensor"], "the first two axes exchanged"),
    ("outer", &["left", "right"], "all products of an element of the one and an element of the other"),
    (
        "compose",
        &["outer", "inner", "stride"],
        "the kernel of `conv(inner, stride=stride)` followed by `conv(outer)`, both without padding",
    ),
    ("matmul", &["left", "right"], "the product of two matrices"),
    ("contract", &["kernel", "values"], "what `conv(kernel)` makes of one constant a channel: one number an output"),
    ("scale_out", &["kernel", "factors"], "each output channel of a kernel, or row of a matrix, times its factor"),
    ("scale_in", &["kernel", "factors"], "each input channel of a kernel, or column of a matrix, times its factor"),
    ("sqrt", &["tensor"], "the square root of every element, exact: √8 is 2·√2"),
    (
        "random",
        &["shape", "seed", "bits"],
        "multiples of 1/16 in [−1, 1], the same on every machine; with `bits=24`, what float32 stores of numbers in [−1, 1]",
    ),
    (
        "load",
        &["path", "name"],
        "a tensor from a `.npy`, `.npz` or `.safetensors` file, every float exactly as it is stored",
    ),
];

/// Whether a constant expression may call this name.
pub(super) fn is_function(name: &str) -> bool {
    FUNCTIONS.iter().any(|f| f.0 == name)
}

/// Evaluates a call inside a constant expression.
pub(super) fn call(scope: &Constants, callee: &Name, arguments: &[Argument], span: Span) -> Result<Constant, Mistakes> {
    let Some(&(name, parameters, _)) = FUNCTIONS.iter().find(|f| f.0 == callee.text) else {
        return Err(vec![unknown(callee)]);
    };
    let required = match name {
        "eye" | "load" => 1,
        "compose" | "random" => 2,
        _ => parameters.len(),
    };
    check_arguments(name, parameters, required, arguments, span)?;
    let argument = |i: usize| parameters.get(i).and_then(|name| pick(arguments, name, Some(i)));
    let Some(first) = argument(0) else { return Err(vec![missing(name, parameters[0], span)]) };
    let second = argument(1);
    let needed = || second.ok_or_else(|| vec![missing(name, parameters[1], span)]);
    match name {
        "zeros" | "ones" => {
            let shape = affordable_words(scope, scope.shape(first)?, first.span)?;
            let count = shape.elements();
            Ok(Constant::Numbers(Tensor::from_words(shape, vec![i64::from(name == "ones"); count], Integer::one())))
        }
        "eye" => eye(scope, first, second).map(Constant::Numbers),
        "pad" => {
            let (tensor, amount) = both(scope.evaluate(first), scope.integer(needed()?))?;
            pad(scope, &tensor, amount, span)
        }
        "flip" => Ok(flip(&scope.evaluate(first)?)),
        "transpose" => transpose(&scope.evaluate(first)?, first.span),
        "outer" => {
            let (left, right) = both(scope.evaluate(first), scope.evaluate(needed()?))?;
            few_terms(&left, &right, span)?;
            let axes = [left.shape().axes(), right.shape().axes()].concat();
            let shape = affordable(scope, checked_shape(axes, span)?, span)?;
            let n = right.len();
            let spread = |i: usize| Some(i / n);
            let repeat = |i: usize| Some(i % n);
            Ok(
                pair!((&left, &right), (a, b) => a.gather(shape.clone(), spread).times(&b.gather(shape.clone(), repeat))),
            )
        }
        "compose" => {
            let stride = argument(2).map_or(Ok(1), |s| scope.integer(s));
            let (kernels, stride) = both(both(scope.evaluate(first), scope.evaluate(needed()?)), stride)?;
            kernels::compose(scope, &kernels.0, &kernels.1, stride, span)
        }
        "matmul" => {
            let (left, right) = both(scope.evaluate(first), scope.evaluate(needed()?))?;
            kernels::matmul(scope, &left, &right, span)
        }
        "contract" => {
            let (kernel, values) = both(scope.evaluate(first), scope.evaluate(needed()?))?;
            kernels::contract(&kernel, &values, span)
        }
        "scale_out" | "scale_in" => {
            let (kernel, factors) = both(scope.evaluate(first), scope.evaluate(needed()?))?;
            kernels::scale_axis(&kernel, &factors, usize::from(name == "scale_in"), span)
        }
        "sqrt" => root(&scope.numbers(first)?, first.span),
        "random" => {
            let (shape, seed) = both(scope.shape(first), scope.integer(needed()?))?;
            let shape = affordable_words(scope, shape, first.span)?;
            let Some(bits) = argument(2) else { return Ok(Constant::Numbers(random(shape, seed as u64))) };
            match u32::try_from(scope.integer(bits)?) {
                Ok(count @ 1..=RANDOM_BITS) => Ok(Constant::Numbers(random_floats(shape, seed as u64, count))),
                _ => {
                    let message =
                        format!("`bits` is from 1 to {RANDOM_BITS}: 24 is float32, 11 is float16, 8 is bfloat16");
                    Err(vec![Diagnostic::new(Code::InvalidNumber, bits.span, message)])
                }
            }
        }
        _ => scope.load(first, second).map(Constant::Numbers),
    }
}

fn unknown(callee: &Name) -> Diagnostic {
    let known = FUNCTIONS.iter().map(|f| f.0);
    let mistake = Diagnostic::new(Code::UnknownLayer, callee.span, format!("there is no function `{}`", callee.text));
    if catalogue::find(&callee.text).is_some() {
        let help = format!("`{0}` is a layer: it needs an input, as in `x |> {0}(…)`", callee.text);
        return Diagnostic { code: Code::MissingInput, ..mistake }.help(help);
    }
    match did_you_mean(&callee.text, known.clone()) {
        Some(near) => mistake.help(format!("did you mean `{near}`?")),
        None => mistake.help(format!("the functions of constants are {}", known.collect::<Vec<_>>().join(", "))),
    }
}

fn missing(function: &str, parameter: &str, span: Span) -> Diagnostic {
    let message = format!("`{function}` needs its argument `{parameter}`");
    let signature = FUNCTIONS.iter().find(|f| f.0 == function).map_or(String::new(), |f| f.1.join(", "));
    Diagnostic::new(Code::MissingArgument, span, message).help(format!("write `{function}({signature})`"))
}

fn check_arguments(
    name: &str,
    parameters: &[&str],
    required: usize,
    arguments: &[Argument],
    span: Span,
) -> Result<(), Mistakes> {
    let mut mistakes = Vec::new();
    let positional = arguments.iter().filter(|a| a.name.is_none());
    if let Some(extra) = positional.clone().nth(parameters.len()) {
        let message = format!("`{name}` takes {} arguments", parameters.len());
        mistakes.push(Diagnostic::new(Code::UnknownArgument, extra.value.span, message));
    }
    for keyword in arguments.iter().filter_map(|a| a.name.as_ref()) {
        if !parameters.contains(&keyword.text.as_str()) {
            let message = format!("`{name}` has no argument `{}`", keyword.text);
            let help = format!("its arguments are {}", parameters.join(", "));
            mistakes.push(Diagnostic::new(Code::UnknownArgument, keyword.span, message).help(help));
        }
    }
    let given = positional.count();
    for (i, parameter) in parameters.iter().enumerate() {
        let named = arguments.iter().filter(|a| a.name.as_ref().is_some_and(|n| n.text == *parameter)).count();
        if named + usize::from(i < given) > 1 {
            let message = format!("`{name}` is given its argument `{parameter}` twice");
            mistakes.push(Diagnostic::new(Code::DuplicateArgument, span, message));
        } else if i < required && named == 0 && i >= given {
            mistakes.push(missing(name, parameter, span));
        }
    }
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
}

pub(super) fn affordable(scope: &Constants, shape: Shape, span: Span) -> Result<Shape, Mistakes> {
    scope.affordable(&shape, span).map(|()| shape)
}

/// The same, where every element will be a machine word.
fn affordable_words(scope: &Constants, shape: Shape, span: Span) -> Result<Shape, Mistakes> {
    scope.affordable_bytes(&shape, WORD_BYTES, span).map(|()| shape)
}

/// `eye(n)`, or the kernel with which `conv` of any number of channels changes nothing.
fn eye(scope: &Constants, size: &Expr, kernel: Option<&Expr>) -> Result<Tensor, Mistakes> {
    let n = scope.integer(size)?;
    let window = match kernel {
        Some(kernel) => scope.shape(kernel)?.axes().to_vec(),
        None => Vec::new(),
    };
    if let (Some(kernel), Some(even)) = (kernel, window.iter().find(|k| k.is_multiple_of(2))) {
        let message = format!("a kernel of even size {even} has no centre, so no identity convolution");
        return Err(vec![Diagnostic::new(Code::InvalidArgument, kernel.span, message).help("use an odd size")]);
    }
    let axes = [&[n, n], window.as_slice()].concat();
    let shape = affordable_words(scope, checked_shape(axes, size.span)?, size.span)?;
    let taps: usize = window.iter().product();
    let mut numerators = vec![0; shape.elements()];
    for i in 0..n {
        // Odd sizes: the centre is the middle of the flat window.
        numerators[(i * n + i) * taps + taps / 2] = 1;
    }
    Ok(Tensor::from_words(shape, numerators, Integer::one()))
}

/// The number of leading axes that are channels: two for `O×I×K…`, none for a bare `K` or `K×K`.
fn channel_axes(shape: &Shape) -> usize {
    if shape.rank() > 2 { 2 } else { 0 }
}

fn pad(scope: &Constants, tensor: &Constant, amount: usize, span: Span) -> Result<Constant, Mistakes> {
    let (from, lead) = (tensor.shape(), channel_axes(tensor.shape()));
    let grow = |(axis, &n): (usize, &usize)| if axis < lead { n } else { n.saturating_add(amount.saturating_mul(2)) };
    let axes: Vec<usize> = from.axes().iter().enumerate().map(grow).collect();
    let shape = checked_shape(axes, span)?;
    match tensor {
        // As the elements that it is made of are kept.
        Constant::Numbers(numbers) => scope.affordable_bytes(&shape, numbers.element_bytes(), span)?,
        Constant::Symbols(_) => scope.affordable(&shape, span)?,
    }
    let source = |flat: usize| {
        let mut index = shape.unravel(flat);
        for (i, n) in index.iter_mut().zip(from.axes()).skip(lead) {
            *i = i.checked_sub(amount).filter(|i| i < n)?;
        }
        Some(from.ravel(&index))
    };
    Ok(each!(tensor, t => t.gather(shape.clone(), source)))
}

fn root(tensor: &Tensor, span: Span) -> Result<Constant, Mistakes> {
    let number = |value: &Rational| {
        if value.is_negative() {
            let message = format!("{} has no real square root", shortened(value));
            return Err(vec![Diagnostic::new(Code::InvalidNumber, span, message)]);
        }
        Polynomial::root(value).ok_or_else(|| {
            let message = format!("the square root of {} has too large a prime under it", shortened(value));
            vec![Diagnostic::new(Code::InvalidNumber, span, message).help("write a number with fewer digits")]
        })
    };
    let roots: Result<Vec<Polynomial>, Mistakes> = tensor.to_rationals().iter().map(number).collect();
    Ok(Constant::from_symbols(Tensor::from_integers(tensor.shape().clone(), roots?)))
}

fn flip(tensor: &Constant) -> Constant {
    let (shape, lead) = (tensor.shape(), channel_axes(tensor.shape()));
    let source = |flat: usize| {
        let mut index = shape.unravel(flat);
        index.iter_mut().zip(shape.axes()).skip(lead).for_each(|(i, n)| *i = n - 1 - *i);
        Some(shape.ravel(&index))
    };
    each!(tensor, t => t.gather(shape.clone(), source))
}

fn transpose(tensor: &Constant, span: Span) -> Result<Constant, Mistakes> {
    let from = tensor.shape();
    if from.rank() < 2 {
        let message = format!("`transpose` needs two axes or more, but this is {from}");
        return Err(vec![Diagnostic::new(Code::ShapeMismatch, span, message)]);
    }
    let mut axes = from.axes().to_vec();
    axes.swap(0, 1);
    let shape = checked_shape(axes, span)?;
    let source = |flat: usize| {
        let mut index = shape.unravel(flat);
        index.swap(0, 1);
        Some(from.ravel(&index))
    };
    Ok(each!(tensor, t => t.gather(shape.clone(), source)))
}

/// Multiples of 1/16 in [−1, 1].
fn random(shape: Shape, seed: u64) -> Tensor {
    let draw = |i| (split_mix(seed, i) % 33) as i64 - 16;
    let numerators = (0..shape.elements() as u64).map(draw).collect();
    Tensor::from_words(shape, numerators, Integer::from(16))
}

/// The bits after the point of what [`random_floats`] draws.
const RANDOM_BITS: u32 = 30;

/// Multiples of 2⁻³⁰ in [−1, 1), each rounded to some significant bits, to even: what a float of so
/// many bits stores of it.
fn random_floats(shape: Shape, seed: u64, bits: u32) -> Tensor {
    let draw = |i| {
        let exact = (split_mix(seed, i) >> (63 - RANDOM_BITS)) as i64 - (1 << RANDOM_BITS);
        let excess = (i64::BITS - exact.unsigned_abs().leading_zeros()).saturating_sub(bits);
        let (quotient, rest) = (exact >> excess, exact & ((1 << excess) - 1));
        let half = (1_i64 << excess) / 2;
        let up = excess > 0 && (rest > half || rest == half && quotient & 1 == 1);
        (quotient + i64::from(up)) << excess
    };
    let numerators = (0..shape.elements() as u64).into_par_iter().map(draw).collect();
    Tensor::from_words(shape, numerators, Integer::one() << RANDOM_BITS)
}
