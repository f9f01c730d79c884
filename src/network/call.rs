//! The arguments of a layer's call, matched to its signature and evaluated.

use super::constant::Constant;
use super::constants::{Constants, Mistakes, both, pick, wrong_kind};
use crate::diagnostic::{Code, Diagnostic, Span, did_you_mean};
use crate::layer::{Arguments, Kind, Parameter, Signature, Value, Values};
use crate::syntax::tree::{Argument, Expr, ExprKind};

/// The constant arguments of a call. Positional arguments of layers that take values (`add(v)`),
/// are values and are not looked at here.
///
/// `given` names an argument that stands for itself: the weights of a layer written by size.
pub(super) fn arguments(
    scope: &Constants,
    signature: &'static Signature,
    written: &[Argument],
    given: Option<&str>,
    span: Span,
) -> Result<Arguments, Mistakes> {
    check_keywords(signature, written)?;
    let takes_values = signature.values != Values::None;
    let mut arguments = Arguments::default();
    let mut mistakes = Vec::new();
    let mut failed = false;
    for (position, parameter) in signature.parameters.iter().enumerate() {
        if given == Some(parameter.name) {
            continue;
        }
        let value = if parameter.kind == Kind::Axes {
            axes(scope, parameter, written)
        } else {
            let position = (!takes_values).then_some(position);
            pick(written, parameter.name, position).map(|expr| value(scope, parameter, expr))
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
                1 => format!("`{name}` takes one argument"),
                most => format!("`{name}` takes at most {most} arguments"),
            };
            let mistake = Diagnostic::new(Code::UnknownArgument, extra.value.span, message);
            mistakes.push(mistake.help(match name {
                "reshape" => "a shape is one word: `reshape(2x4)`".to_string(),
                _ => format!("write `{}`; the layer's input comes by the chain or by `|>`", usage(signature)),
            }));
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

fn value(scope: &Constants, parameter: &Parameter, expr: &Expr) -> Result<Value, Mistakes> {
    let word = match &expr.kind {
        ExprKind::Name(name) => Some(name.as_str()),
        _ => None,
    };
    match parameter.kind {
        Kind::TensorOrNone if word == Some("none") => Ok(Value::None),
        Kind::Tensor | Kind::TensorOrNone => {
            let by_size = match parameter.name {
                "kernel" => Some("`conv(8, 3x3)`: the output channels, then the window"),
                "matrix" => Some("`dense(10)`: the number of outputs"),
                _ => None,
            };
            match by_size.filter(|_| matches!(expr.kind, ExprKind::Shape(_))) {
                Some(usage) => {
                    let mistake = wrong_kind(expr.span, "a shape", "weights");
                    Err(vec![mistake.help(format!("a layer whose weights are not known is written {usage}"))])
                }
                None => scope.evaluate(expr).map(Constant::value),
            }
        }
        Kind::Numbers => scope.numbers(expr).map(Value::Tensor),
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

/// A layer written by size instead of by weights.
pub(super) struct Size {
    /// The number of outputs or output channels; `None` where the layer does not choose it.
    pub outputs: Option<usize>,
    /// The window; empty for `dense`.
    pub window: Vec<usize>,
    /// The arguments that are not sizes.
    pub rest: Vec<Argument>,
}

/// The sizes in `conv(96, 3x3, …)`, `depthwise(3x3, …)` and `dense(10, …)`, if it is written so.
pub(super) fn by_size(
    scope: &Constants,
    signature: &Signature,
    written: &[Argument],
    axes: usize,
) -> Result<Option<Size>, Mistakes> {
    let positional: Vec<&Expr> = written.iter().filter(|a| a.name.is_none()).map(|a| &a.value).collect();
    let is_number = |e: &&&Expr| matches!(e.kind, ExprKind::Number(_));
    let is_size = |e: &&&Expr| matches!(e.kind, ExprKind::Number(_) | ExprKind::Shape(_));
    let (outputs, window) = match signature.name {
        "dense" if positional.len() == 1 => (positional.first().filter(is_number), None),
        "conv" | "conv_transpose" if positional.len() == 2 => {
            (positional.first().filter(is_number), positional.get(1).filter(is_size))
        }
        "depthwise" if positional.len() == 1 => (None, positional.first().filter(is_size)),
        _ => (None, None),
    };
    let complete = match signature.name {
        "dense" => outputs.is_some(),
        "depthwise" => window.is_some(),
        _ => outputs.is_some() && window.is_some(),
    };
    if !complete {
        return Ok(None);
    }
    let outputs = outputs.map(|e| scope.integer(e)).transpose()?;
    let window = match window.map(|e| per_axis(scope, e)).transpose()? {
        None => Vec::new(),
        Some(one) if one.len() == 1 => vec![one[0]; axes],
        Some(list) => list,
    };
    let rest = written.iter().filter(|a| a.name.is_some()).cloned().collect();
    Ok(Some(Size { outputs, window, rest }))
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
