//! How a layer is written: its arguments, their kinds and defaults, and how it is built from them.

use std::collections::BTreeMap;

use super::{Layer, Weights};
use crate::algebra::{Polynomial, Rational, Shape, Tensor};
use crate::diagnostic::Code;

/// The rule of one layer: everything that the language, the documentation and `explain` say of it.
#[derive(Debug)]
pub struct Signature {
    /// The name in the language.
    pub name: &'static str,
    /// One sentence: what it computes.
    pub summary: &'static str,
    /// The defining sum, in the formula notation of reports (a small subset of LaTeX).
    pub formula: &'static str,
    /// Whether it is linear, and why, in one sentence.
    pub linear: &'static str,
    /// The ONNX operator that computes the same, if one does.
    pub onnx: &'static str,
    /// The arguments, positional ones in order.
    pub parameters: &'static [Parameter],
    /// How many values it takes besides the chain's: `add(v, ...)`.
    pub values: Values,
    /// Builds the layer from its arguments and the shapes of its inputs (the chain's value first).
    pub build: fn(&Arguments, &[&Shape]) -> Result<Layer, Misuse>,
}

/// How many values a layer takes in its parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// None: its only input is the chain's value.
    None,
    /// Exactly one more: `maximum(v)`.
    One,
    /// One or more: `add(v, ...)`.
    Many,
}

/// One argument of a layer.
#[derive(Debug)]
pub struct Parameter {
    /// The keyword.
    pub name: &'static str,
    /// What may be written.
    pub kind: Kind,
    /// Whether it must be given.
    pub required: bool,
}

/// What may be written for an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An exact constant of any shape, or symbols.
    Tensor,
    /// An exact constant of any shape, without symbols.
    Numbers,
    /// A constant, or the word `none`.
    TensorOrNone,
    /// An exact number.
    Scalar,
    /// An integer, at least 1.
    Count,
    /// Integers ≥ 0, one for every axis or one a spatial axis: `2`, `2x2`, `[2, 2]`.
    PerAxis,
    /// `1`, `1x2` (symmetric, per axis), `[before..., after...]`, or `same`.
    Padding,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A shape: `10` or `3x8x8`.
    Shape,
    /// A list of axes, given as any number of positional integers: `permute(1, 0, 2)`.
    Axes,
}

/// An argument's value, of the kind that the parameter asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// For [`Kind::Tensor`], [`Kind::Numbers`], [`Kind::TensorOrNone`] and [`Kind::Scalar`] (a scalar tensor).
    Tensor(Tensor),
    /// The same, with symbols in it.
    Symbols(Tensor<Polynomial>),
    /// For [`Kind::TensorOrNone`]: `none`.
    None,
    /// For [`Kind::Count`]: one; for [`Kind::Shape`] and [`Kind::Axes`]: all;
    /// for [`Kind::PerAxis`] and [`Kind::Padding`]: as written, one for all axes or a list.
    Integers(Vec<usize>),
    /// For [`Kind::Padding`]: a bracketed list, which may be asymmetric.
    List(Vec<usize>),
    /// For [`Kind::Word`], and `same` for [`Kind::Padding`].
    Word(String),
}

/// The arguments of one call, by the parameter's name.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    values: BTreeMap<&'static str, Value>,
}

/// Why a layer cannot be built from its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misuse {
    /// The kind of mistake.
    pub code: Code,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The parameter to point at; `None` points at the whole call.
    pub parameter: Option<&'static str>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Misuse {
    /// Shapes that do not fit.
    pub fn shape(message: impl Into<String>) -> Misuse {
        Misuse { code: Code::ShapeMismatch, message: message.into(), parameter: None, help: None }
    }

    /// An argument of the wrong value.
    pub fn argument(parameter: &'static str, message: impl Into<String>) -> Misuse {
        Misuse { code: Code::InvalidArgument, message: message.into(), parameter: Some(parameter), help: None }
    }

    /// Points at an argument.
    pub fn at(mut self, parameter: &'static str) -> Misuse {
        self.parameter = Some(parameter);
        self
    }

    /// Says what to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Misuse {
        self.help = Some(help.into());
        self
    }
}

impl Arguments {
    /// Adds an argument.
    pub fn with(mut self, name: &'static str, value: Value) -> Arguments {
        self.values.insert(name, value);
        self
    }

    /// Whether the argument was written.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The value as written.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// A constant, unless it was left out or is `none`.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        match self.values.get(name) {
            Some(Value::Tensor(tensor)) => Some(tensor),
            _ => None,
        }
    }

    /// Whether any weight is given by symbols.
    pub fn is_symbolic(&self) -> bool {
        self.values.values().any(|value| matches!(value, Value::Symbols(_)))
    }

    /// A constant over a ring that holds it, unless it was left out or is `none`.
    pub fn weights<C: Weights>(&self, name: &str) -> Option<Tensor<C>> {
        self.values.get(name).and_then(C::of)
    }

    /// A number.
    pub fn scalar(&self, name: &str) -> Option<Rational> {
        self.tensor(name).map(|t| t.get(0))
    }

    /// The integers of a count, a shape, axes or a per-axis argument.
    pub fn integers(&self, name: &str) -> Option<&[usize]> {
        match self.values.get(name) {
            Some(Value::Integers(list) | Value::List(list)) => Some(list),
            _ => None,
        }
    }

    /// A word.
    pub fn word(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some(Value::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// One number a spatial axis: a single one stands for every axis. `default` when left out.
    pub fn per_axis(&self, name: &'static str, axes: usize, default: usize) -> Result<Vec<usize>, Misuse> {
        match self.integers(name) {
            None => Ok(vec![default; axes]),
            Some([one]) => Ok(vec![*one; axes]),
            Some(list) if list.len() == axes => Ok(list.to_vec()),
            Some(list) => Err(Misuse::argument(
                name,
                format!("`{name}` has {} numbers, but the input has {axes} spatial axes", list.len()),
            )),
        }
    }
}
