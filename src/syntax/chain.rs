//! Expressions: flat runs of operands and operators, made into a tree by precedence.
//!
//! From tight to loose: unary `-`, then `*` and `/`, then `+` and `-`, then `|>`; all of them group to
//! the left. `|>` beside an infix operator is refused, because readers disagree about it.

use std::iter::Peekable;

use pest::iterators::{Pair, Pairs};

use super::build::Builder;
use super::number::{cost, parse_number};
use super::parse::Rule;
use super::readings::ambiguous;
use super::tree::{Argument, BinaryOp, Expr, ExprKind};
use crate::algebra::Rational;
use crate::diagnostic::{Code, Diagnostic, Span};

/// The deepest tree that an expression may be. Everything after parsing walks it recursively.
pub(super) const MAX_DEPTH: usize = 500;

/// The nodes of one level of the grammar.
pub(super) type Nodes<'i> = Peekable<Pairs<'i, Rule>>;

/// An expression and its depth, so that no tree is built that is too deep to walk or to drop.
pub(super) struct Built {
    pub expr: Expr,
    pub depth: usize,
}

/// An operator between two operands.
pub(super) enum Infix {
    Binary(BinaryOp),
    Pipe,
}

/// Whether a node is part of an expression.
fn is_part(rule: Rule) -> bool {
    use Rule::*;
    matches!(rule, number | shape | string | call | name | list | group | sign | operator | pipe)
}

impl Builder<'_> {
    /// The expression that the next nodes are.
    ///
    /// A mistake in it is recorded, and something harmless stands in its place: whoever asked for
    /// the expression then drops what it belongs to.
    pub(super) fn expression(&mut self, nodes: &mut Nodes) -> Expr {
        self.built(nodes).expr
    }

    fn built(&mut self, nodes: &mut Nodes) -> Built {
        let mut operands = Vec::new();
        let mut operators = Vec::new();
        while nodes.peek().is_some_and(|node| is_part(node.as_rule())) {
            let (infix, span) = match nodes.peek() {
                Some(node) if node.as_rule() == Rule::operator && !operands.is_empty() => {
                    (Infix::Binary(binary(node.as_str())), self.span(node))
                }
                Some(node) if node.as_rule() == Rule::pipe => (Infix::Pipe, self.span(node)),
                _ => {
                    operands.push(self.operand(nodes));
                    continue;
                }
            };
            operators.push((infix, span));
            nodes.next();
        }
        self.fold(operands, operators)
    }

    /// An operand with its signs.
    fn operand(&mut self, nodes: &mut Nodes) -> Built {
        let mut signs = Vec::new();
        while let Some(sign) = nodes.next_if(|node| node.as_rule() == Rule::sign) {
            signs.push(self.span(&sign));
        }
        let mut operand = match nodes.next() {
            Some(node) => self.primary(node),
            None => stand_in(self.end()),
        };
        for sign in signs.into_iter().rev() {
            let span = sign.to(operand.expr.span);
            let depth = operand.depth + 1;
            operand = self.node(ExprKind::Negate(Box::new(operand.expr)), span, depth);
        }
        operand
    }

    fn primary(&mut self, node: Pair<Rule>) -> Built {
        let span = self.span(&node);
        let leaf = |kind| Built { expr: Expr { kind, span }, depth: 1 };
        match node.as_rule() {
            Rule::number => leaf(ExprKind::Number(self.number(node.as_str(), span))),
            Rule::shape => leaf(ExprKind::Shape(self.axes(node.as_str(), span))),
            Rule::string => leaf(ExprKind::Text(node.as_str().trim_matches('"').to_string())),
            Rule::name => leaf(ExprKind::Name(node.as_str().to_string())),
            Rule::list => self.list(node.into_inner().peekable(), span),
            Rule::call => self.call(node.into_inner().peekable(), span),
            Rule::group => {
                let mut nodes = node.into_inner().peekable();
                nodes.next_if(|node| node.as_rule() == Rule::open_paren);
                let mut built = self.built(&mut nodes);
                built.expr.span = span;
                built
            }
            _ => stand_in(span),
        }
    }

    fn list(&mut self, mut nodes: Nodes, span: Span) -> Built {
        let (mut elements, mut depth) = (Vec::new(), 0);
        while let Some(rule) = nodes.peek().map(Pair::as_rule) {
            if is_part(rule) {
                let element = self.built(&mut nodes);
                depth = depth.max(element.depth);
                elements.push(element.expr);
            } else {
                nodes.next();
            }
        }
        self.node(ExprKind::List(elements), span, depth + 1)
    }

    fn call(&mut self, mut nodes: Nodes, span: Span) -> Built {
        let Some(callee) = nodes.next().map(|node| self.name(&node)) else { return stand_in(span) };
        let (mut arguments, mut depth, mut keyword) = (Vec::new(), 0, None);
        while let Some(rule) = nodes.peek().map(Pair::as_rule) {
            if is_part(rule) {
                let value = self.built(&mut nodes);
                depth = depth.max(value.depth);
                arguments.push(Argument { name: keyword.take(), value: value.expr });
            } else if let Some(node) = nodes.next().filter(|node| node.as_rule() == Rule::keyword) {
                keyword = node.into_inner().next().map(|name| self.name(&name));
            }
        }
        self.node(ExprKind::Call { callee, arguments }, span, depth + 1)
    }

    /// Joins operands by their operators; there is one operand more than operators.
    fn fold(&mut self, operands: Vec<Built>, operators: Vec<(Infix, Span)>) -> Built {
        let pipes = operators.iter().filter(|(infix, _)| matches!(infix, Infix::Pipe)).count();
        if pipes > 0 && pipes < operators.len() {
            let diagnostic = ambiguous(self.text(), self.base(), &operands, &operators);
            self.report(diagnostic);
            return stand_in(operators[0].1);
        }
        let mut operands = operands.into_iter();
        let Some(first) = operands.next() else { return stand_in(self.end()) };
        // `sum` and its operator wait while `term` is still being multiplied.
        let (mut sum, mut term): (Option<(Built, BinaryOp)>, Built) = (None, first);
        for ((infix, _), operand) in operators.into_iter().zip(operands) {
            match infix {
                Infix::Pipe => term = self.pipe(term, operand),
                Infix::Binary(op @ (BinaryOp::Multiply | BinaryOp::Divide)) => term = self.binary(op, term, operand),
                Infix::Binary(op) => {
                    let left = match sum.take() {
                        Some((left, op)) => self.binary(op, left, term),
                        None => term,
                    };
                    (sum, term) = (Some((left, op)), operand);
                }
            }
        }
        match sum {
            Some((left, op)) => self.binary(op, left, term),
            None => term,
        }
    }

    fn binary(&mut self, op: BinaryOp, left: Built, right: Built) -> Built {
        let span = left.expr.span.to(right.expr.span);
        let depth = left.depth.max(right.depth) + 1;
        self.node(ExprKind::Binary { op, left: Box::new(left.expr), right: Box::new(right.expr) }, span, depth)
    }

    fn pipe(&mut self, input: Built, step: Built) -> Built {
        let span = input.expr.span.to(step.expr.span);
        let depth = input.depth.max(step.depth) + 1;
        self.node(ExprKind::Pipe { input: Box::new(input.expr), step: Box::new(step.expr) }, span, depth)
    }

    /// A node whose depth is within the limit; a deeper one is a mistake.
    fn node(&mut self, kind: ExprKind, span: Span, depth: usize) -> Built {
        if depth <= MAX_DEPTH {
            return Built { expr: Expr { kind, span }, depth };
        }
        if !self.too_deep {
            self.report(
                Diagnostic::new(Code::NestedTooDeeply, span, "this expression is too long")
                    .label(format!("more than {MAX_DEPTH} operations inside one another"))
                    .help("name parts of it: `a = ...` in a network, `let a = ...` outside"),
            );
        }
        self.too_deep = true;
        stand_in(span)
    }

    fn number(&mut self, text: &str, span: Span) -> Rational {
        let zero = Rational::from_integer(0.into());
        if !self.spend(cost(text)) {
            self.report(
                Diagnostic::new(Code::InvalidNumber, span, "the numbers of this file have too many digits in all")
                    .help("read large tensors from a file: `load(\"weights.npy\")`"),
            );
            return zero;
        }
        parse_number(text).unwrap_or_else(|why| {
            self.report(Diagnostic::new(Code::InvalidNumber, span, "this number cannot be used").label(why));
            zero
        })
    }

    /// The axis lengths of a shape, or of a single axis.
    pub(super) fn axes(&mut self, text: &str, span: Span) -> Vec<usize> {
        let axes: Result<Vec<usize>, _> = text.split(['x', '×']).map(str::parse).collect();
        axes.unwrap_or_else(|_| {
            self.report(Diagnostic::new(Code::InvalidShape, span, "an axis of this shape is too long"));
            vec![1]
        })
    }
}

/// What stands in the place of an expression that has a mistake.
fn stand_in(span: Span) -> Built {
    Built { expr: Expr { kind: ExprKind::List(Vec::new()), span }, depth: 1 }
}

fn binary(text: &str) -> BinaryOp {
    match text {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Subtract,
        "*" => BinaryOp::Multiply,
        _ => BinaryOp::Divide,
    }
}
