//! One node being read: its inputs and attributes, each asked for by name.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::super::Refusal;
use super::super::element::{Element, F32, decode};
use super::builder::Builder;
use super::model::{AttributeValue, Node, Stored};
use super::values::{Constant, Value, Variable};
use crate::algebra::{Rational, Shape};

/// What an operator gives, or why it is not supported.
pub type Outcome = Result<Vec<Value>, Refusal>;

/// One node, and the network that it is added to.
pub struct Call<'c, 'a> {
    /// The network.
    pub builder: &'c mut Builder,
    /// The node.
    pub node: &'c Node<'a>,
    /// Its inputs; `None` is left out.
    pub inputs: Vec<Option<Value>>,
    /// The version of the operators.
    pub opset: i64,
    /// How stored tensors in attributes are read.
    pub stored: &'c dyn Fn(&Stored<'_>) -> Result<Constant, Refusal>,
    asked: RefCell<BTreeSet<String>>,
}

impl<'c, 'a> Call<'c, 'a> {
    /// A call whose attributes nothing has asked for.
    pub fn new(
        builder: &'c mut Builder,
        node: &'c Node<'a>,
        inputs: Vec<Option<Value>>,
        opset: i64,
        stored: &'c dyn Fn(&Stored<'_>) -> Result<Constant, Refusal>,
    ) -> Call<'c, 'a> {
        Call { builder, node, inputs, opset, stored, asked: RefCell::default() }
    }

    /// Refuses attributes that nothing asked for: nothing is skipped in silence.
    pub fn all_asked(&self) -> Result<(), Refusal> {
        let asked = self.asked.borrow();
        match self.node.attributes.iter().find(|a| !asked.contains(a.name)) {
            None => Ok(()),
            Some(a) => Err(Refusal::unsupported(format!("its attribute `{}` is not supported", a.name))),
        }
    }

    fn attribute(&self, name: &str) -> Option<&'c AttributeValue<'a>> {
        self.asked.borrow_mut().insert(name.to_string());
        self.node.attributes.iter().find(|a| a.name == name).map(|a| &a.value)
    }

    fn wrong<T>(&self, name: &str, wanted: &str) -> Result<T, Refusal> {
        Err(Refusal::damaged(format!("its attribute `{name}` is not {wanted}")))
    }

    /// Attributes that say nothing of the result.
    pub fn ignore(&self, names: &[&str]) {
        names.iter().for_each(|name| _ = self.attribute(name));
    }

    /// Whether an attribute is given.
    pub fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// An integer attribute.
    pub fn integer(&self, name: &str, default: i64) -> Result<i64, Refusal> {
        match self.attribute(name) {
            None => Ok(default),
            Some(AttributeValue::Integer(n)) => Ok(*n),
            Some(_) => self.wrong(name, "an integer"),
        }
    }

    /// A list of integers, if it is given.
    pub fn integers(&self, name: &str) -> Result<Option<Vec<i64>>, Refusal> {
        match self.attribute(name) {
            None => Ok(None),
            Some(AttributeValue::Integers(list)) => Ok(Some(list.clone())),
            Some(_) => self.wrong(name, "a list of integers"),
        }
    }

    /// A list of lengths, if it is given.
    pub fn lengths(&self, name: &str) -> Result<Option<Vec<usize>>, Refusal> {
        let Some(list) = self.integers(name)? else { return Ok(None) };
        let list: Option<Vec<usize>> = list.into_iter().map(|n| usize::try_from(n).ok()).collect();
        match list {
            Some(list) => Ok(Some(list)),
            None => self.wrong(name, "a list of numbers ≥ 0"),
        }
    }

    /// A float attribute, exactly; the default is what float32 stores of a number.
    pub fn float(&self, name: &str, default: f32) -> Result<Rational, Refusal> {
        let bits = match self.attribute(name) {
            None => default.to_le_bytes(),
            Some(AttributeValue::Float(bits)) => *bits,
            Some(_) => return self.wrong(name, "a number"),
        };
        Ok(floats(&bits)?.scalar_at(0))
    }

    /// A list of floats, if it is given.
    pub fn floats(&self, name: &str) -> Result<Option<Vec<Rational>>, Refusal> {
        match self.attribute(name) {
            None => Ok(None),
            Some(AttributeValue::Floats(bytes)) if bytes.is_empty() => Ok(Some(Vec::new())),
            Some(AttributeValue::Floats(bytes)) => Ok(Some(floats(bytes)?.tensor()?.to_rationals())),
            Some(_) => self.wrong(name, "a list of numbers"),
        }
    }

    /// A word.
    pub fn word(&self, name: &str, default: &'static str) -> Result<&'a str, Refusal> {
        match self.attribute(name) {
            None => Ok(default),
            Some(AttributeValue::Text(text)) => Ok(text),
            Some(_) => self.wrong(name, "a word"),
        }
    }

    /// A tensor attribute, if it is given.
    pub fn tensor(&self, name: &str) -> Result<Option<Constant>, Refusal> {
        match self.attribute(name) {
            None => Ok(None),
            Some(AttributeValue::Tensor(stored)) => (self.stored)(stored).map(Some),
            Some(_) => self.wrong(name, "a tensor"),
        }
    }

    /// An input, if it is given.
    pub fn optional(&self, i: usize) -> Option<&Value> {
        self.inputs.get(i)?.as_ref()
    }

    /// An input.
    pub fn input(&self, i: usize) -> Result<&Value, Refusal> {
        self.optional(i).ok_or_else(|| Refusal::damaged(format!("its input {i} is missing")))
    }

    /// An input that must depend on the network's.
    pub fn variable(&self, i: usize) -> Result<Variable, Refusal> {
        match self.input(i)? {
            Value::Variable(variable) => Ok(variable.clone()),
            Value::Constant(_) => Err(Refusal::unsupported(format!("its input {i} is a constant, but others are not"))),
        }
    }

    /// An input that must be known, if it is given; `what` it is.
    pub fn known(&self, i: usize, what: &str) -> Result<Option<Constant>, Refusal> {
        match self.optional(i) {
            None => Ok(None),
            Some(Value::Constant(constant)) => Ok(Some(constant.clone())),
            Some(Value::Variable(_)) => {
                let message = format!("its {what} depends on the network's input, so it is not linear in either alone");
                Err(Refusal::unsupported(message).help(format!("store the {what} as an initialiser of the graph")))
            }
        }
    }

    /// The same, and it must be given.
    pub fn needed(&self, i: usize, what: &str) -> Result<Constant, Refusal> {
        self.known(i, what)?.ok_or_else(|| Refusal::damaged(format!("its {what} is missing")))
    }

    /// Axes from an attribute of older versions or an input of newer ones.
    pub fn axes(&self, i: usize, rank: usize) -> Result<Option<Vec<usize>>, Refusal> {
        let list = match (self.integers("axes")?, self.known(i, "axes")?) {
            (Some(list), _) => list,
            (None, Some(constant)) => constant.to_integers()?,
            (None, None) => return Ok(None),
        };
        list.into_iter().map(|axis| place(axis, rank)).collect::<Result<_, _>>().map(Some)
    }

    /// An axis attribute, counted from the end where it is negative.
    pub fn axis(&self, default: i64, rank: usize) -> Result<usize, Refusal> {
        place(self.integer("axis", default)?, rank)
    }
}

/// An axis, counted from the end where it is negative.
pub fn place(axis: i64, rank: usize) -> Result<usize, Refusal> {
    let from_end = if axis < 0 { axis.saturating_add(i64::try_from(rank).unwrap_or(0)) } else { axis };
    let place = usize::try_from(from_end).ok().filter(|&a| a < rank);
    place.ok_or_else(|| Refusal::damaged(format!("its axis {axis} is none of a value's {rank}")))
}

fn floats(bytes: &[u8]) -> Result<Constant, Refusal> {
    let shape = Shape::new([bytes.len() / 4]).map_err(|e| Refusal::damaged(e.to_string()))?;
    let dims = shape.axes().to_vec();
    Ok(Constant::of(decode(Element::Float(F32), &shape, bytes, u64::MAX)?, dims, false))
}

impl Constant {
    fn scalar_at(&self, i: usize) -> Rational {
        self.numbers.as_ref().map(|t| t.get(i)).unwrap_or_default()
    }
}
