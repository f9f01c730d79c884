//! Claims that compare two networks, or two expressions over networks.

use std::collections::BTreeSet;

use super::build::build;
use super::constants::{Poisoned, checked_shape};
use super::graph::Network;
use super::program::Checker;
use super::scalars::scalars;
use crate::algebra::{Rational, Symbol};
use crate::diagnostic::{Code, Diagnostic, Span, did_you_mean};
use crate::layer::{Arguments, catalogue};
use crate::syntax::tree::{Declaration, Expr, ExprKind, Name, NetworkItem, Statement, StatementKind};

/// left(x) == right(x) for all x of the domain and all symbols, or not.
#[derive(Clone, Debug)]
pub struct Equation {
    /// The left side.
    pub left: Network,
    /// The right side, with the same arguments and output shape.
    pub right: Network,
    /// x ↦ left(x) − right(x).
    pub difference: Network,
    /// Whether `==` is claimed (else `!=`).
    pub equal: bool,
    /// Whether it is an instance of a law, whose sides are named as they are written: `f(x + y)`.
    pub is_law: bool,
    /// By how much the sides may differ in every output.
    pub within: Option<Rational>,
    /// Symbols that are at least 0: the equation is about no other values of theirs.
    pub nonnegative: BTreeSet<Symbol>,
}

/// The parts of a comparison as written.
pub(super) struct Sides {
    pub variables: Vec<Declaration>,
    pub left: Expr,
    pub right: Expr,
}

/// Checks a comparison; mistakes go to the checker.
pub(super) fn equation(
    checker: &mut Checker<'_>,
    sides: Sides,
    equal: bool,
    within: Option<&Expr>,
    span: Span,
) -> Result<Equation, Poisoned> {
    let tolerance = match within {
        None => Ok(None),
        Some(expr) => tolerance(checker, expr).map(Some),
    };
    let networks =
        if sides.variables.is_empty() { named(checker, &sides, span) } else { quantified(checker, sides, span) };
    let (left, right) = networks?;
    Equation::new(left, right, equal, tolerance?).ok_or(Poisoned)
}

impl Equation {
    /// An equation of two networks with the same arguments and output shape.
    pub(super) fn new(left: Network, right: Network, equal: bool, within: Option<Rational>) -> Option<Equation> {
        let shape = left.output_shape();
        let sub = (catalogue::find("sub")?.build)(&Arguments::default(), &[shape, shape]).ok()?;
        let difference = Network::difference(&left, &right, sub);
        Some(Equation { left, right, difference, equal, is_law: false, within, nonnegative: BTreeSet::new() })
    }

    /// Whether two networks are equal on the inputs that both are about.
    ///
    /// # Errors
    /// If their arguments or outputs have different shapes, or no input belongs to both domains; the
    /// diagnostic points at `span`.
    pub fn between(
        mut left: Network,
        mut right: Network,
        equal: bool,
        within: Option<Rational>,
        span: Span,
    ) -> Result<Equation, Box<Diagnostic>> {
        common_domain(&mut left, &mut right, span)?;
        let none = || Box::new(Diagnostic::new(Code::ShapeMismatch, span, "the sides cannot be subtracted"));
        Equation::new(left, right, equal, within).ok_or_else(none)
    }
}

fn tolerance(checker: &mut Checker<'_>, expr: &Expr) -> Result<Rational, Poisoned> {
    match checker.constants.scalar(expr) {
        Ok(value) if value >= Rational::default() => Ok(value),
        Ok(value) => {
            let message = format!("a tolerance is at least 0, but this is {value}");
            Err(checker.report(Diagnostic::new(Code::InvalidNumber, expr.span, message)))
        }
        Err(mistakes) => {
            checker.diagnostics.extend(mistakes);
            Err(Poisoned)
        }
    }
}

/// `f == g`: two networks by name.
fn named(checker: &mut Checker<'_>, sides: &Sides, span: Span) -> Result<(Network, Network), Poisoned> {
    let (left, right) = (network(checker, &sides.left), network(checker, &sides.right));
    let (mut left, mut right) = (left?, right?);
    match common_domain(&mut left, &mut right, span) {
        Ok(()) => Ok((left, right)),
        Err(mistake) => Err(checker.report(*mistake)),
    }
}

/// Gives both networks the inputs that both are about, if they have the same shapes.
fn common_domain(left: &mut Network, right: &mut Network, span: Span) -> Result<(), Box<Diagnostic>> {
    let arguments = |f: &Network| f.inputs.iter().map(|i| i.shape.to_string()).collect::<Vec<_>>().join(", ");
    let describe = |f: &Network| format!("`{}` takes {} and gives {}", f.name, arguments(f), f.output_shape());
    let inputs = |f: &Network| f.inputs.iter().map(|i| i.shape.clone()).collect::<Vec<_>>();
    if inputs(left) != inputs(right) || left.output_shape() != right.output_shape() {
        let message = format!("`{}` and `{}` have different shapes", left.name, right.name);
        let mistake = Diagnostic::new(Code::ShapeMismatch, span, message)
            .related(left.span, describe(left))
            .related(right.span, describe(right))
            .note("only networks with the same arguments and outputs can be equal");
        return Err(Box::new(mistake));
    }
    for (a, b) in left.inputs.iter_mut().zip(&mut right.inputs) {
        let domain = match (a.domain.take(), b.domain.take()) {
            (Some((low, high)), Some((other_low, other_high))) => Some((low.max(other_low), high.min(other_high))),
            (one, other) => one.or(other),
        };
        if domain.as_ref().is_some_and(|(low, high)| low > high) {
            let message = format!("the domains of `{}` and `{}` have no point in common", left.name, right.name);
            return Err(Box::new(Diagnostic::new(Code::EmptyDomain, span, message)));
        }
        (a.domain, b.domain) = (domain.clone(), domain);
    }
    Ok(())
}

fn network(checker: &mut Checker<'_>, side: &Expr) -> Result<Network, Poisoned> {
    let ExprKind::Name(name) = &side.kind else {
        let mistake = Diagnostic::new(Code::WrongKind, side.span, "each side of this claim names a network");
        let help = "quantify the inputs to compare expressions: `prove forall x: 1x8x8. f(x) == 2 * g(x)`";
        return Err(checker.report(mistake.help(help)));
    };
    if checker.has_network(name) {
        return checker.network(name).ok_or(Poisoned);
    }
    let mistake = Diagnostic::new(Code::UnknownName, side.span, format!("there is no network `{name}`"));
    Err(match did_you_mean(name, checker.network_names()) {
        Some(near) => {
            let help = format!("did you mean `{near}`?");
            checker.report(mistake.help(help))
        }
        None => checker.report(mistake),
    })
}

/// `forall x, y: 8, a: 1. f(a * x + y) == a * f(x) + f(y)`: both sides as networks of the variables
/// that are inputs; the variables that scale values are symbols.
fn quantified(checker: &mut Checker<'_>, sides: Sides, span: Span) -> Result<(Network, Network), Poisoned> {
    let Sides { variables, left, right } = sides;
    let numbers = scalars(&variables, [&left, &right]);
    let (scalars, inputs): (Vec<_>, Vec<_>) = variables.into_iter().partition(|v| numbers.contains(&v.name.text));
    if inputs.is_empty() {
        let mistake = Diagnostic::new(Code::EmptyNetwork, span, "no variable of this claim is an input of a network");
        return Err(checker.report(mistake.help("write `forall x: 1x8x8. f(x) == g(x)`")));
    }
    let mut defined = Vec::new();
    let mut result = Ok(());
    for scalar in &scalars {
        result = scalar_symbol(checker, scalar, &mut defined).and(result);
    }
    let sides = result.and_then(|()| {
        let (l, r) = (side(checker, "left", &inputs, left), side(checker, "right", &inputs, right));
        Ok((l?, r?))
    });
    defined.iter().for_each(|name| checker.constants.undefine(name));
    let (left, right) = sides?;
    if left.output_shape() != right.output_shape() {
        let message = format!("the sides have different shapes: {} and {}", left.output_shape(), right.output_shape());
        let mistake = Diagnostic::new(Code::ShapeMismatch, span, message)
            .related(left.span, format!("this is {}", left.output_shape()))
            .related(right.span, format!("this is {}", right.output_shape()));
        return Err(checker.report(mistake));
    }
    Ok((left, right))
}

fn scalar_symbol(checker: &mut Checker<'_>, scalar: &Declaration, defined: &mut Vec<String>) -> Result<(), Poisoned> {
    let name = &scalar.name;
    if checker.constants.knows(&name.text) || checker.has_network(&name.text) {
        let message = format!("there is already something called `{}`", name.text);
        let mistake = Diagnostic::new(Code::DuplicateName, name.span, message);
        return Err(checker.report(mistake.help("choose another name")));
    }
    if let Some((low, high)) = &scalar.domain {
        return Err(checker.report(super::program::not_yet(low.span.to(high.span), "a scalar with a domain")));
    }
    let symbol = checked_shape(Vec::new(), scalar.shape_span)
        .and_then(|shape| checker.constants.fresh(&name.text, shape, scalar.shape_span));
    match symbol {
        Ok(symbol) => {
            checker.constants.define(&name.text, symbol);
            defined.push(name.text.clone());
            Ok(())
        }
        Err(mistakes) => {
            checker.diagnostics.extend(mistakes);
            Err(Poisoned)
        }
    }
}

/// One side as a network of the variables.
fn side(checker: &mut Checker<'_>, name: &str, inputs: &[Declaration], value: Expr) -> Result<Network, Poisoned> {
    let span = value.span;
    let item = NetworkItem {
        name: Name { text: name.to_string(), span },
        parameters: inputs.to_vec(),
        body: vec![Statement { kind: StatementKind::Output, value, span }],
        broken: false,
        span,
    };
    build(checker, &item)
}
