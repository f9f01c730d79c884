//! Constants: exact numbers, or polynomials in symbols.

use crate::algebra::{Coefficient, Polynomial, Rational, Shape, Tensor};
use crate::layer::Value;

/// The value of a constant expression.
#[derive(Clone, Debug)]
pub(super) enum Constant {
    Numbers(Tensor),
    /// At least one symbol occurs.
    Symbols(Tensor<Polynomial>),
}

/// Does the same to a tensor of either kind.
macro_rules! each {
    ($constant:expr, $tensor:ident => $result:expr) => {
        match $constant {
            Constant::Numbers($tensor) => Constant::Numbers($result),
            Constant::Symbols($tensor) => Constant::from_symbols($result),
        }
    };
}

/// Does the same to two tensors of one kind: numbers, if both are.
macro_rules! pair {
    (($left:expr, $right:expr), ($a:ident, $b:ident) => $result:expr) => {
        match ($left, $right) {
            (Constant::Numbers($a), Constant::Numbers($b)) => Constant::Numbers($result),
            (left, right) => {
                let ($a, $b) = (&left.lifted(), &right.lifted());
                Constant::from_symbols($result)
            }
        }
    };
}

pub(super) use {each, pair};

impl Constant {
    /// Numbers where no symbol is left.
    pub fn from_symbols(tensor: Tensor<Polynomial>) -> Constant {
        match tensor.as_numbers() {
            Some(numbers) => Constant::Numbers(numbers),
            None => Constant::Symbols(tensor),
        }
    }

    pub fn shape(&self) -> &Shape {
        match self {
            Constant::Numbers(tensor) => tensor.shape(),
            Constant::Symbols(tensor) => tensor.shape(),
        }
    }

    pub fn len(&self) -> usize {
        self.shape().elements()
    }

    pub fn is_scalar(&self) -> bool {
        self.shape().rank() == 0
    }

    pub fn lifted(&self) -> Tensor<Polynomial> {
        match self {
            Constant::Numbers(tensor) => tensor.lifted(),
            Constant::Symbols(tensor) => tensor.clone(),
        }
    }

    pub fn numbers(&self) -> Option<&Tensor> {
        match self {
            Constant::Numbers(tensor) => Some(tensor),
            Constant::Symbols(_) => None,
        }
    }

    pub fn scaled(&self, factor: &Rational) -> Constant {
        each!(self, tensor => tensor.scaled(factor))
    }

    /// The scalar spread over a shape; other tensors as they are.
    pub fn spread(&self, shape: &Shape) -> Constant {
        if !self.is_scalar() {
            return self.clone();
        }
        each!(self, tensor => tensor.gather(shape.clone(), |_| Some(0)))
    }

    /// The elementwise product; a scalar is spread over the other's shape.
    pub fn times(&self, other: &Constant) -> Constant {
        match (self, other) {
            (Constant::Numbers(factor), tensor) | (tensor, Constant::Numbers(factor)) if factor.shape().rank() == 0 => {
                each!(tensor, tensor => tensor.scaled(&factor.get(0)))
            }
            _ => pair!((&self.spread(other.shape()), &other.spread(self.shape())), (a, b) => a.times(b)),
        }
    }

    /// The bits of the longest number.
    pub fn bits(&self) -> u64 {
        match self {
            Constant::Numbers(tensor) => tensor.bits(),
            Constant::Symbols(tensor) => tensor.bits(),
        }
    }

    /// The most terms that an element has, and the terms of all of them.
    pub fn terms(&self) -> (usize, usize) {
        match self {
            Constant::Numbers(tensor) => (1, tensor.len()),
            Constant::Symbols(tensor) => {
                let counts = tensor.numerators().iter().map(Coefficient::terms);
                counts.fold((1, 0), |(most, all), n| (most.max(n), all + n))
            }
        }
    }

    /// The constant as an argument of a layer.
    pub fn value(self) -> Value {
        match self {
            Constant::Numbers(tensor) => Value::Tensor(tensor),
            Constant::Symbols(tensor) => Value::Symbols(tensor),
        }
    }
}
