//! The arguments of a layer's call, matched to its signature and evaluated.

use super::constants::{Constants, Mistakes, both, pick};
use super::program::not_yet;
use crate::diagnostic::{Code, Diagnostic, Span, did_you_mean};
use crate::layer::{Arguments, Kind, Parameter, Signature, Value, Values};
use crate::syntax::tree::{Argument, Expr, ExprKind};

/// The constant arguments of a call. Positional arguments of layers that take values (`add(v)`),
/// are values and are not looked at here.
pub(super) fn arguments(
    scope: &Constants,
    signature: &'static Signature,
    written: &[Argument],
    span: Span,
) -> Result<Arguments, Mistakes> {
    check_keywords(signature, written)?;
    let takes_values = signature.values != Values::None;
    let mut arguments = Arguments::default();
    let mut mistakes = Vec::new();
    let mut failed = false;
    for (position, parameter) in signature.parameters.iter().enumerate() {
        let value = if parameter.kind == Kind::Axes {
            axes(scope, parameter, written)
        } else {
            let position = (!takes_values).then_some(position);
            pick(written, parameter.name, position).map(|expr| value(scope, signature, parameter, expr, written))
        };
        match value {
            Some(Ok(value)) => arguments = arguments.with(parameter.name, value),
            // Written by size, the next arguments have other meanings: they are not mistakes.
            Some(Err(found)) if found.iter().any(|m| m.code == Code::NotYetSupported) => return Err(found),
            Some(Err(found)) => {
                failed = true;
                mistakes.extend(found);
            }
            None if parameter.required => {
                failed = true;
                mistakes.push(missing(signature, parameter, span));
            }
            None => {}
        }
    }
    if failed { Err(mistakes) } else { Ok(arguments) }
}

/// How a layer is written: `avgpool(window, stride=…, pad=…)`.
pub fn usage(signature: &Signature) -> String {
    let mut parts: Vec<String> = match signature.values {
        Values::None => Vec::new(),
        Values::One => vec!["value".into()],
        Values::Many => vec!["value, …".into()],
    };
    parts.extend(
        signature.parameters.iter().map(|p| if p.required { p.name.to_string() } else { format!("{}=…", p.name) }),
    );
    if parts.is_empty() { signature.name.to_string() } else { format!("{}({})", signature.name, parts.join(", ")) }
}

fn missing(signature: &Signature, parameter: &Parameter, span: Span) -> Diagnostic {
    let message = format!("`{}` needs its argument `{}`", signature.name, parameter.name);
    Diagnostic::new(Code::MissingArgument, span, message).help(format!("write `{}`", usage(signature)))
}

fn check_keywords(signature: &Signature, written: &[Argument]) -> Result<(), Mistakes> {
    let name = signature.name;
    let mut mistakes = Vec::new();
    let has_axes = signature.parameters.iter().any(|p| p.kind == Kind::Axes);
    let positional: Vec<&Argument> = written.iter().filter(|a| a.name.is_none()).collect();
    if signature.values == Values::None && !has_axes {
        if let Some(extra) = positional.get(signature.parameters.len()) {
            let message = match signature.parameters.len() {
                0 => format!("`{name}` takes no arguments"),
                most => format!("`{name}` takes at most {most} arguments"),
            };
            let mistake = Diagnostic::new(Code::UnknownArgument, extra.value.span, message);
            mistakes.push(
                mistake.help(format!("write `{}`; the layer's input comes by the chain or by `|>`", usage(signature))),
            );
        }
        for (parameter, argument) in signature.parameters.iter().zip(&positional) {
            if written.iter().any(|a| a.name.as_ref().is_some_and(|n| n.text == parameter.name)) {
                let message = format!("`{name}` is given its argument `{}` twice", parameter.name);
                mistakes.push(Diagnostic::new(Code::DuplicateArgument, argument.value.span, message));
            }
        }
    }
    let keywords: Vec<_> = written.iter().filter_map(|a| a.name.as_ref()).collect();
    for (i, keyword) in keywords.iter().enumerate() {
        if keywords[..i].iter().any(|k| k.text == keyword.text) {
            let message = format!("`{name}` is given its argument `{}` twice", keyword.text);
            mistakes.push(Diagnostic::new(Code::DuplicateArgument, keyword.span, message));
        }
        let known = signature.parameters.iter().map(|p| p.name);
        if !known.clone().any(|k| k == keyword.text) {
            let message = format!("`{name}` has no argument `{}`", keyword.text);
            let help = match did_you_mean(&keyword.text, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it is written `{}`", usage(signature)),
            };
            mistakes.push(Diagnostic::new(Code::UnknownArgument, keyword.span, message).help(help));
        }
    }
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
}

fn axes(scope: &Constants, parameter: &Parameter, written: &[Argument]) -> Option<Result<Value, Mistakes>> {
    if written.is_empty() {
        return None;
    }
    // `permute(1, 2, 0)`, `permute([1, 2, 0])` and `permute(axes=[1, 2, 0])` say the same.
    let only = if written.len() == 1 { Some(0) } else { None };
    let list: Vec<&Expr> = match pick(written, parameter.name, only).map(|e| &e.kind) {
        Some(ExprKind::List(elements)) => elements.iter().collect(),
        _ => written.iter().map(|a| &a.value).collect(),
    };
    Some(integers(scope, list).map(Value::Integers))
}

fn integers<'a>(scope: &Constants, list: impl IntoIterator<Item = &'a Expr>) -> Result<Vec<usize>, Mistakes> {
    list.into_iter().try_fold(Vec::new(), |numbers, expr| {
        let (mut numbers, next) = both(Ok(numbers), scope.integer(expr))?;
        numbers.push(next);
        Ok(numbers)
    })
}

fn value(
    scope: &Constants,
    signature: &Signature,
    parameter: &Parameter,
    expr: &Expr,
    written: &[Argument],
) -> Result<Value, Mistakes> {
    let word = match &expr.kind {
        ExprKind::Name(name) => Some(name.as_str()),
        _ => None,
    };
    match parameter.kind {
        Kind::TensorOrNone if word == Some("none") => Ok(Value::None),
        Kind::Tensor | Kind::TensorOrNone if by_size(scope, signature, parameter, expr, written) => {
            let message = format!("`{}` written by size, with free weights,", signature.name);
            Err(vec![not_yet(expr.span, &message).help(
                "write the weights as a constant, for example `random(8x1x3x3, seed=1)` (outputs x inputs x kernel)",
            )])
        }
        Kind::Tensor | Kind::TensorOrNone => scope.evaluate(expr).map(Value::Tensor),
        Kind::Scalar => scope.scalar(expr).map(|v| Value::Tensor(crate::algebra::Tensor::scalar(&v))),
        Kind::Count => match scope.integer(expr)? {
            0 => {
                let message = format!("`{}` must be at least 1", parameter.name);
                Err(vec![Diagnostic::new(Code::InvalidArgument, expr.span, message)])
            }
            n => Ok(Value::Integers(vec![n])),
        },
        Kind::Word(choices) => match word {
            Some(word) if choices.contains(&word) => Ok(Value::Word(word.to_string())),
            _ => Err(vec![wrong_word(parameter.name, choices, word, expr.span)]),
        },
        Kind::Padding if word == Some("same") => Ok(Value::Word("same".into())),
        Kind::Padding => match &expr.kind {
            ExprKind::List(elements) => integers(scope, elements).map(Value::List),
            _ => per_axis(scope, expr).map(Value::Integers),
        },
        Kind::PerAxis => match &expr.kind {
            ExprKind::List(elements) => integers(scope, elements).map(Value::Integers),
            _ => per_axis(scope, expr).map(Value::Integers),
        },
        Kind::Shape => scope.shape(expr).map(|s| Value::Integers(s.axes().to_vec())),
        Kind::Axes => integers(scope, [expr]).map(Value::Integers),
    }
}

fn per_axis(scope: &Constants, expr: &Expr) -> Result<Vec<usize>, Mistakes> {
    match &expr.kind {
        ExprKind::Shape(axes) => Ok(axes.clone()),
        _ => scope.integer(expr).map(|n| vec![n]),
    }
}

/// `conv(96, 3x3)` and `dense(10)`: sizes where the weights would stand.
fn by_size(scope: &Constants, signature: &Signature, parameter: &Parameter, expr: &Expr, written: &[Argument]) -> bool {
    let weights = matches!(parameter.name, "kernel" | "matrix") && parameter.required;
    let size = matches!(expr.kind, ExprKind::Number(_)) && scope.integer(expr).is_ok();
    let kernel_follows = pick(written, "", Some(1)).is_some_and(|e| matches!(e.kind, ExprKind::Shape(_)));
    weights
        && size
        && (signature.name == "dense" || kernel_follows || written.iter().filter(|a| a.name.is_none()).count() == 2)
}

fn wrong_word(parameter: &str, choices: &[&str], found: Option<&str>, span: Span) -> Diagnostic {
    let choices_text = choices.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ");
    let message = format!("`{parameter}` is one of {choices_text}");
    let mistake = Diagnostic::new(Code::InvalidArgument, span, message);
    match found.and_then(|word| did_you_mean(word, choices.iter().copied())) {
        Some(near) => mistake.help(format!("did you mean `{near}`?")),
        None => mistake,
    }
}
