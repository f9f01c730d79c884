//! Which variables of a claim are numbers: `a` in `forall x: 8, a: 1. f(a * x) == a * f(x)`.

use std::collections::BTreeSet;

use super::functions::is_function;
use crate::syntax::tree::{BinaryOp, Declaration, Expr, ExprKind};

/// The variables of shape 1 that scale values: values are multiplied and divided by numbers only.
///
/// Of the factors of a product one is a number. Where one of them is a value for certain, the other's
/// variables are numbers; where both consist of variables of shape 1, as in `a * x`, the left one's.
pub(super) fn scalars(variables: &[Declaration], sides: [&Expr; 2]) -> BTreeSet<String> {
    let names = |single: bool| {
        variables.iter().filter(|v| !single || v.shape == [1]).map(|v| v.name.text.as_str()).collect::<BTreeSet<_>>()
    };
    let mut scope = Scope { variables: names(false), single: names(true), numbers: BTreeSet::new() };
    while [false, true].into_iter().any(|guess| sides.iter().any(|side| scope.learn(side, guess))) {}
    scope.numbers
}

struct Scope<'c> {
    variables: BTreeSet<&'c str>,
    /// Those of shape 1.
    single: BTreeSet<&'c str>,
    /// Those that are numbers, as far as is known.
    numbers: BTreeSet<String>,
}

impl Scope<'_> {
    /// Finds one more factor that is made of numbers; whether there was one.
    fn learn(&mut self, expr: &Expr, guess: bool) -> bool {
        if let ExprKind::Binary { op, left, right } = &expr.kind {
            let factor = match op {
                BinaryOp::Divide if self.is_value(right) && self.is_single(right) => Some(right),
                BinaryOp::Multiply if self.is_value(left) && self.is_value(right) => {
                    match (self.is_single(left), self.is_single(right)) {
                        (true, false) => Some(left),
                        (false, true) => Some(right),
                        (true, true) if guess => Some(left),
                        _ => None,
                    }
                }
                _ => None,
            };
            if let Some(factor) = factor {
                self.take(factor);
                return true;
            }
        }
        children(expr).into_iter().any(|child| self.learn(child, guess))
    }

    /// Whether an expression stands for a value of a network, as far as is known.
    fn is_value(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(name) => self.variables.contains(name.as_str()) && !self.numbers.contains(name),
            ExprKind::Call { callee, .. } if !is_function(&callee.text) => true,
            ExprKind::Pipe { .. } => true,
            _ => children(expr).into_iter().any(|child| self.is_value(child)),
        }
    }

    /// Whether an expression may be a number: no variable in it is larger, and no network is called.
    fn is_single(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(name) => !self.variables.contains(name.as_str()) || self.single.contains(name.as_str()),
            ExprKind::Call { callee, .. } if !is_function(&callee.text) => false,
            ExprKind::Pipe { .. } => false,
            _ => children(expr).into_iter().all(|child| self.is_single(child)),
        }
    }

    /// The variables of an expression are numbers.
    fn take(&mut self, expr: &Expr) {
        if let ExprKind::Name(name) = &expr.kind
            && self.single.contains(name.as_str())
        {
            self.numbers.insert(name.clone());
        }
        children(expr).into_iter().for_each(|child| self.take(child));
    }
}

fn children(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Binary { left, right, .. } => vec![left, right],
        ExprKind::Negate(inner) => vec![inner],
        ExprKind::Pipe { input, step } => vec![input, step],
        ExprKind::Call { arguments, .. } => arguments.iter().map(|a| &a.value).collect(),
        ExprKind::List(elements) => elements.iter().collect(),
        _ => Vec::new(),
    }
}
