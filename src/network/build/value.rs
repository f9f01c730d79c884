//! Expressions inside a network: names, sums and differences, scaling by constants.

use super::{Builder, Built};
use crate::algebra::{Rational, Tensor};
use crate::diagnostic::{Code, Diagnostic, Span, did_you_mean};
use crate::layer::{Arguments, catalogue};
use crate::network::constant::Constant;
use crate::network::constants::{self, Poisoned, wrong_kind};
use crate::network::functions;
use crate::network::graph::NodeId;
use crate::syntax::tree::{BinaryOp, Expr, ExprKind, Name};

/// The value of an expression inside a network.
pub(super) enum Operand {
    Node(NodeId),
    Constant(Constant),
}
impl Builder<'_, '_> {
    /// A value: a node, never a bare constant.
    pub(super) fn value(&mut self, expr: &Expr) -> Built<NodeId> {
        match self.operand(expr)? {
            Operand::Node(id) => Ok(id),
            Operand::Constant(_) => {
                let mistake = wrong_kind(expr.span, "a constant", "a value of the network");
                self.fail(mistake.help("constants are added to a value or given to a layer; name them with `let`"))
            }
        }
    }

    fn operand(&mut self, expr: &Expr) -> Built<Operand> {
        match &expr.kind {
            ExprKind::Name(name) => self.named(name, expr.span),
            ExprKind::Negate(inner) => match self.operand(inner)? {
                Operand::Constant(c) => Ok(Operand::Constant(c.scaled(&minus_one()))),
                Operand::Node(id) => self.scale(id, &minus_one(), expr.span).map(Operand::Node),
            },
            ExprKind::Binary { op, left, right } => {
                let (l, r) = (self.operand(left), self.operand(right));
                self.binary(*op, l?, r?, expr, left, right)
            }
            ExprKind::Pipe { input, step } => {
                let input = self.value(input);
                match input {
                    Ok(input) => self.step(step, input).map(Operand::Node),
                    Err(poisoned) => {
                        self.check_step(step);
                        Err(poisoned)
                    }
                }
            }
            ExprKind::Call { callee, arguments } if self.checker.has_network(&callee.text) => {
                self.call_network(callee, None, arguments, expr.span).map(Operand::Node)
            }
            ExprKind::Call { callee, .. } if !functions::is_function(&callee.text) => {
                self.missing_input(callee, expr.span)
            }
            _ => match self.checker.constants.evaluate(expr) {
                Ok(tensor) => Ok(Operand::Constant(tensor)),
                Err(mistakes) => self.fail_all(mistakes),
            },
        }
    }

    fn named(&mut self, name: &str, span: Span) -> Built<Operand> {
        match self.values.get(name) {
            Some(Some(id)) => return Ok(Operand::Node(*id)),
            Some(None) => return Err(Poisoned),
            None => {}
        }
        if self.checker.constants.knows(name) {
            let constant = Expr { kind: ExprKind::Name(name.to_string()), span };
            return match self.checker.constants.evaluate(&constant) {
                Ok(tensor) => Ok(Operand::Constant(tensor)),
                Err(mistakes) => self.fail_all(mistakes),
            };
        }
        let callee = Name { text: name.to_string(), span };
        if catalogue::find(name).is_some() || self.checker.has_network(name) {
            return self.missing_input(&callee, span);
        }
        let known: Vec<String> = self.known_names();
        let mistake =
            Diagnostic::new(Code::UnknownName, span, format!("there is no value, constant or layer `{name}`"));
        match nearest(name, &known) {
            Some(near) => self.fail(mistake.help(format!("did you mean `{near}`?"))),
            None => self.fail(mistake),
        }
    }

    pub(super) fn known_names(&self) -> Vec<String> {
        let layers = catalogue::all().map(|s| s.name.to_string());
        let constants = self.checker.constants.names().map(str::to_string);
        let networks = self.checker.network_names().map(str::to_string);
        self.values.keys().cloned().chain(constants).chain(layers).chain(networks).collect()
    }

    /// A layer inside an expression, without an input; or a name that is no layer at all.
    pub(super) fn missing_input<T>(&mut self, callee: &Name, span: Span) -> Built<T> {
        if catalogue::find(&callee.text).is_none() && !self.checker.has_network(&callee.text) {
            return self.unknown_layer(callee);
        }
        let message = format!("`{}` has no input here", callee.text);
        let input = self.inputs.first().map_or("x", |i| &i.name);
        let written = self.checker.sources.text(span).to_string();
        let written =
            if written.len() <= 60 && !written.contains('\n') { written } else { format!("{}(…)", callee.text) };
        let help = format!("say where it comes from: `{input} |> {written}`");
        self.fail(Diagnostic::new(Code::MissingInput, span, message).help(help))
    }

    pub(super) fn unknown_layer<T>(&mut self, callee: &Name) -> Built<T> {
        let known = self.known_names();
        let mistake = Diagnostic::new(Code::UnknownLayer, callee.span, format!("there is no layer `{}`", callee.text));
        match nearest(&callee.text, &known) {
            Some(near) => self.fail(mistake.help(format!("did you mean `{near}`?"))),
            None => self.fail(mistake.help("`netprove explain layers` lists the layers")),
        }
    }

    fn binary(
        &mut self,
        op: BinaryOp,
        left: Operand,
        right: Operand,
        expr: &Expr,
        l: &Expr,
        r: &Expr,
    ) -> Built<Operand> {
        use Operand::{Constant, Node};
        let span = expr.span;
        let id = match (op, left, right) {
            (_, Constant(_), Constant(_)) => {
                return match self.checker.constants.evaluate(expr) {
                    Ok(tensor) => Ok(Constant(tensor)),
                    Err(mistakes) => self.fail_all(mistakes),
                };
            }
            (BinaryOp::Add, Node(a), Node(b)) => self.layer("add", Arguments::default(), &[a, b], span, &[])?,
            (BinaryOp::Subtract, Node(a), Node(b)) => self.layer("sub", Arguments::default(), &[a, b], span, &[])?,
            (BinaryOp::Add, Node(a), Constant(c)) => self.offset(a, c, r.span, span)?,
            (BinaryOp::Add, Constant(c), Node(a)) => self.offset(a, c, l.span, span)?,
            (BinaryOp::Subtract, Node(a), Constant(c)) => self.offset(a, c.scaled(&minus_one()), r.span, span)?,
            (BinaryOp::Subtract, Constant(c), Node(a)) => {
                let negated = self.scale(a, &minus_one(), span)?;
                self.offset(negated, c, l.span, span)?
            }
            (BinaryOp::Multiply, Node(a), Constant(c)) if c.len() == 1 => self.layer_with("scale", c, a, span)?,
            (BinaryOp::Multiply, Constant(c), Node(a)) if c.len() == 1 => self.layer_with("scale", c, a, span)?,
            (BinaryOp::Divide, Node(a), Constant(c)) if c.len() == 1 => match constants::inverse(&c, r.span) {
                Ok(factor) => self.layer_with("scale", factor, a, span)?,
                Err(mistakes) => return self.fail_all(mistakes),
            },
            (BinaryOp::Multiply, ..) | (BinaryOp::Divide, ..) => {
                let mistake = Diagnostic::new(Code::WrongKind, span, "values are scaled by single numbers only");
                let help = "a product of values is the layer `multiply(v)`; a scale for each channel is `scale(c)`";
                return self.fail(mistake.help(help));
            }
        };
        Ok(Node(id))
    }

    pub(super) fn scale(&mut self, input: NodeId, factor: &Rational, span: Span) -> Built<NodeId> {
        self.layer_with("scale", Constant::Numbers(Tensor::scalar(factor)), input, span)
    }

    /// `value + constant`: a single number for every entry, or a constant of the value's own shape.
    fn offset(&mut self, input: NodeId, constant: Constant, constant_span: Span, span: Span) -> Built<NodeId> {
        let shape = self.nodes[input].shape.clone();
        if !constant.is_scalar() && constant.shape() != &shape {
            let message = format!("the shapes {} and {shape} differ", constant.shape());
            let mistake = Diagnostic::new(Code::ShapeMismatch, span, message)
                .related(constant_span, format!("the constant is {}", constant.shape()))
                .related(self.nodes[input].span, format!("the value is {shape}"))
                .help("a number for each channel is the layer `bias(b)`");
            return self.fail(mistake);
        }
        self.layer_with("bias", constant, input, span)
    }
}

fn minus_one() -> Rational {
    Rational::from_integer((-1).into())
}

/// What other programs call layers.
const ELSEWHERE: &[(&str, &str)] = &[
    ("linear", "dense"),
    ("fc", "dense"),
    ("gemm", "dense"),
    ("convolution", "conv"),
    ("deconv", "conv_transpose"),
    ("maxpooling", "maxpool"),
    ("averagepool", "avgpool"),
    ("averagepooling", "avgpool"),
    ("adaptiveavgpool", "global_avgpool"),
    ("globalaveragepool", "global_avgpool"),
    ("bn", "batchnorm"),
    ("batchnormalization", "batchnorm"),
    ("swish", "silu"),
    ("zeropad", "pad"),
    ("view", "reshape"),
    ("transpose", "permute"),
    ("cat", "concat"),
    ("mul", "multiply"),
    ("subtract", "sub"),
];

/// The name that was meant: `Conv2d`, `MaxPool2d`, `Linear` are layers of other programs.
fn nearest(name: &str, known: &[String]) -> Option<String> {
    let plain = |text: &str| text.to_lowercase().replace('_', "");
    let lower = ["1d", "2d", "3d"].iter().fold(plain(name), |text, axes| text.replace(axes, ""));
    let same = known.iter().find(|k| plain(k) == lower).cloned();
    let elsewhere = || ELSEWHERE.iter().find(|(other, _)| *other == lower).map(|(_, ours)| ours.to_string());
    let near = || did_you_mean(name, known.iter().map(String::as_str)).map(str::to_string);
    same.or_else(elsewhere).or_else(near)
}
