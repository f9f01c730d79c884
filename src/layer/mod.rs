//! Layers: what each one computes, straight from its definition.
//!
//! One file a kind. Each says the layer's signature and shape rule, its defining sum
//! ([`Function::evaluate`], plain loops that share nothing with the lowering), and either its
//! lowering to exact operators ([`AffineLayer`]) or its piecewise-linear units
//! ([`PiecewiseLayer`]). [`catalogue`] lists them all.

mod avgpool;
mod bias;
pub mod catalogue;
mod combine;
mod conv;
pub mod definition;
mod dense;
mod extent;
mod maximum;
mod part;
mod product;
mod rearrange;
mod relu;
mod scale;
mod signature;
mod signed;
mod smooth;
mod softmax;
mod window;

pub use bias::Bias;
pub use definition::Definition;
pub(crate) use maximum::max_pool_of_any_padding;
pub use part::{Part, selection};
pub use signature::{Arguments, Kind, Misuse, Parameter, Signature, Value, Values};
pub(crate) use window::resolve;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::algebra::{Assignment, Coefficient, Integer, Polynomial, Rational, Shape, Symbol, Tensor};
use crate::toeplitz::Operator;

/// What every layer is: a function of one or more tensors, with a known output shape.
pub trait Function: fmt::Debug + Send + Sync {
    /// The layer's name in the language, e.g. `conv`.
    fn kind(&self) -> &'static str;

    /// The shape of the output.
    fn output(&self) -> &Shape;

    /// The exact output by the defining sum; `None` where it is not rational (smooth layers).
    ///
    /// This is the definition that witnesses are re-evaluated with, so it must not use the
    /// lowering. `inputs` have the shapes that the layer was built for.
    fn evaluate(&self, inputs: &[&Tensor]) -> Option<Tensor>;

    /// Bounds of the output, given bounds of the inputs; `None` where the weights are symbols.
    ///
    /// The default is right for layers that are exact and non-decreasing in every input.
    fn enclose(&self, inputs: &[&Enclosure]) -> Option<Enclosure> {
        let low: Vec<&Tensor> = inputs.iter().map(|e| &e.low).collect();
        let high: Vec<&Tensor> = inputs.iter().map(|e| &e.high).collect();
        Some(Enclosure { low: self.evaluate(&low)?, high: self.evaluate(&high)? })
    }

    /// Whether it reads zeros outside of its input.
    fn pads_with_zeros(&self) -> bool {
        false
    }

    /// Whether it continues its input past the border by entries of its own: circular, reflected or
    /// replicated.
    fn continues_input(&self) -> bool {
        false
    }

    /// The arguments that matter to a reader, in words: `kernel 3×3, pad 1`.
    fn detail(&self) -> String {
        String::new()
    }

    /// The number of stored weights, biases included.
    fn parameters(&self) -> usize {
        0
    }

    /// For `batchnorm`: |beta| + |mean · scale| or more, one a channel, which bounds what evaluating it in
    /// floats rounds; its shift alone may be less.
    fn offset_parts(&self) -> Option<Tensor> {
        None
    }

    /// The layer as data; `None` for layers that are parts of others, which no network has.
    fn definition(&self) -> Option<Definition> {
        None
    }

    /// The layer on these outputs (ascending, at least one), for layers that are neither affine nor
    /// piecewise linear; see [`Layer::part`].
    fn part(&self, _outputs: &[usize]) -> Option<Part> {
        None
    }
}

/// A layer f(u₁, …, uₙ) = A₁u₁ + … + Aₙuₙ + b.
pub trait AffineLayer: Function {
    /// The exact operators and bias.
    fn lower(&self) -> Lowered;
}

/// An affine layer whose weights are polynomials in symbols: it is affine whatever their values.
///
/// Its [`Function::evaluate`] is always `None`; where all symbols are roots, it can be enclosed.
pub trait SymbolicLayer: Function {
    /// The operators and bias.
    fn lower(&self) -> Lowered<Polynomial>;

    /// The layer with numbers for its free symbols; one of numbers if no root is left.
    fn at(&self, values: &Assignment) -> Layer;

    /// The symbols that its weights mention, roots too.
    fn symbols(&self) -> BTreeSet<Symbol>;
}

/// The symbols that some weights mention.
fn symbols<'t>(weights: impl IntoIterator<Item = Option<&'t Tensor<Polynomial>>>) -> BTreeSet<Symbol> {
    weights.into_iter().flatten().flat_map(|t| t.numerators()).flat_map(Polynomial::symbols).collect()
}

/// All of some weights as numbers, if they are.
fn numbers<const N: usize>(weights: [Option<&Tensor<Polynomial>>; N]) -> Option<[Option<Tensor>; N]> {
    let mut found = [const { None }; N];
    for (number, tensor) in found.iter_mut().zip(weights) {
        *number = tensor.map(|t| t.as_numbers().ok_or(())).transpose().ok()?;
    }
    Some(found)
}

/// A ring of weights, and the layers that are affine over it.
pub trait Weights: Coefficient {
    /// Whether products of weights are longer than weights.
    const GROWS: bool;

    /// The lowering of a layer, if it is affine with weights in this ring.
    fn lower(layer: &Layer) -> Option<Lowered<Self>>;

    /// The weights that an argument gives, if they are in this ring.
    fn of(value: &Value) -> Option<Tensor<Self>>;

    /// The weights as data.
    fn constant(tensor: &Tensor<Self>) -> definition::Constant;
}

impl Weights for Integer {
    const GROWS: bool = false;

    fn lower(layer: &Layer) -> Option<Lowered> {
        match layer {
            Layer::Affine(layer) => Some(layer.lower()),
            _ => None,
        }
    }

    fn of(value: &Value) -> Option<Tensor> {
        match value {
            Value::Tensor(tensor) => Some(tensor.clone()),
            _ => None,
        }
    }

    fn constant(tensor: &Tensor) -> definition::Constant {
        definition::Constant::Numbers(tensor.clone())
    }
}

impl Weights for Polynomial {
    const GROWS: bool = true;

    fn lower(layer: &Layer) -> Option<Lowered<Polynomial>> {
        match layer {
            Layer::Affine(layer) => Some(layer.lower().lifted()),
            Layer::Symbolic(layer) => Some(layer.lower()),
            _ => None,
        }
    }

    fn of(value: &Value) -> Option<Tensor<Polynomial>> {
        match value {
            Value::Tensor(tensor) => Some(tensor.lifted()),
            Value::Symbols(tensor) => Some(tensor.clone()),
            _ => None,
        }
    }

    fn constant(tensor: &Tensor<Polynomial>) -> definition::Constant {
        definition::Constant::Symbols(tensor.clone())
    }
}

/// The lowering of an affine layer: one operator an operand, and a bias of the output's shape.
#[derive(Clone, Debug)]
pub struct Lowered<C = Integer> {
    /// One operator an operand, in order.
    pub operators: Vec<Operator<C>>,
    /// The constant term; `None` is zero.
    pub bias: Option<Bias<C>>,
}

impl Lowered {
    /// The same lowering over a larger ring.
    pub fn lifted<C: Coefficient>(&self) -> Lowered<C> {
        let operators = self.operators.iter().map(Operator::lifted).collect();
        Lowered { operators, bias: self.bias.as_ref().map(Bias::lifted) }
    }
}

/// A layer each of whose outputs is an affine form plus a combination of maxima of affine forms.
pub trait PiecewiseLayer: Function {
    /// The unit that computes the output with this flat index.
    fn unit(&self, output: usize) -> Unit;
}

/// One piecewise-linear output: `Σ linear + constant + Σ coefficient · max(arguments)`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Unit {
    /// The affine part.
    pub affine: Form,
    /// The maxima, each with its coefficient and two or more arguments.
    pub maxima: Vec<(Rational, Vec<Form>)>,
}

/// An affine form over the entries of a layer's operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// `(operand, flat index, coefficient)`.
    pub terms: Vec<(usize, usize, Rational)>,
    /// The constant term.
    pub constant: Rational,
}

impl Default for Form {
    fn default() -> Self {
        Form { terms: Vec::new(), constant: Rational::from_integer(0.into()) }
    }
}

impl Form {
    /// One entry of an operand, times a coefficient.
    pub fn term(operand: usize, flat: usize, coefficient: Rational) -> Form {
        Form { terms: vec![(operand, flat, coefficient)], ..Form::default() }
    }
}

/// Lower and upper bounds of every element of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enclosure {
    /// The lower bounds.
    pub low: Tensor,
    /// The upper bounds: at least the lower ones, elementwise.
    pub high: Tensor,
}

/// A layer, by what can be said of it without looking at its numbers.
#[derive(Clone, Debug)]
pub enum Layer {
    /// Affine in its inputs: lowers to matrices.
    Affine(Arc<dyn AffineLayer>),
    /// Affine in its inputs, with weights that are symbols.
    Symbolic(Arc<dyn SymbolicLayer>),
    /// Maxima of affine forms: decided by exact algebra.
    Piecewise(Arc<dyn PiecewiseLayer>),
    /// Anything else: evaluated exactly (`square`) or enclosed (`sigmoid`).
    Smooth(Arc<dyn Function>),
}

impl Layer {
    /// The layer as a function.
    pub fn function(&self) -> &dyn Function {
        match self {
            Layer::Affine(layer) => &**layer,
            Layer::Symbolic(layer) => &**layer,
            Layer::Piecewise(layer) => &**layer,
            Layer::Smooth(layer) => &**layer,
        }
    }
}
