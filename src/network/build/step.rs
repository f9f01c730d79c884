//! Steps: layers and calls of other networks, applied to their inputs.

use std::collections::BTreeMap;

use super::{Builder, Built, Chain, MAX_NODES};
use crate::algebra::Shape;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::layer::{Arguments, Layer, Misuse, Signature, Values, catalogue};
use crate::network::call;
use crate::network::constant::Constant;
use crate::network::constants::{Mistakes, Poisoned, checked_shape, pick, wrong_kind};
use crate::network::graph::{Network, Node, NodeId};
use crate::syntax::tree::{Argument, Expr, ExprKind, Name};

impl Builder<'_, '_> {
    /// A statement's expression: a layer or network without an input takes the chain's value.
    pub(super) fn step_or_value(&mut self, expr: &Expr) -> Built<NodeId> {
        if self.is_step(expr) {
            let input = match self.chain {
                Some(Chain::Value(id)) => id,
                Some(Chain::Poisoned) => {
                    // Still look at the arguments: their mistakes are independent.
                    self.check_step(expr);
                    return Err(Poisoned);
                }
                None => {
                    let names = self.inputs.iter().map(|i| format!("`{}`", i.name)).collect::<Vec<_>>().join(" or ");
                    let mistake = Diagnostic::new(Code::MissingInput, expr.span, "this step has no input")
                        .note(format!("the network has {} arguments", self.inputs.len()))
                        .help(format!("say which value it takes with `|>`: {names}"));
                    return self.fail(mistake);
                }
            };
            return self.step(expr, input);
        }
        self.value(expr)
    }

    /// Whether an expression is a layer or network that waits for its input.
    pub(super) fn is_step(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(name) => {
                !self.is_value(name) && (catalogue::find(name).is_some() || self.checker.has_network(name))
            }
            ExprKind::Call { callee, arguments } => match catalogue::find(&callee.text) {
                Some(_) => true,
                // `f()` waits for all of its arguments but the piped one; `f(x)` has them.
                None => self.checker.has_network(&callee.text) && arguments.is_empty(),
            },
            _ => false,
        }
    }

    /// Reports what is wrong with the constant arguments of a step whose input is unknown.
    pub(super) fn check_step(&mut self, expr: &Expr) {
        if let ExprKind::Call { callee, arguments } = &expr.kind
            && let Some(signature) = catalogue::find(&callee.text)
            && let Err(mistakes) = call::arguments(&self.checker.constants, signature, arguments, None, expr.span)
        {
            self.checker.diagnostics.extend(mistakes);
        }
    }

    /// A step applied to its input.
    pub(super) fn step(&mut self, expr: &Expr, input: NodeId) -> Built<NodeId> {
        let none = Vec::new();
        let (callee, written) = match &expr.kind {
            ExprKind::Name(name) => (Name { text: name.clone(), span: expr.span }, &none),
            ExprKind::Call { callee, arguments } => (callee.clone(), arguments),
            _ => return self.fail(wrong_kind(expr.span, "an expression", "a layer or a network after `|>`")),
        };
        if self.checker.has_network(&callee.text) {
            return self.call_network(&callee, Some(input), written, expr.span);
        }
        let Some(signature) = catalogue::find(&callee.text) else {
            if self.is_value(&callee.text) {
                let message = format!("`{}` is a value, not a layer", callee.text);
                return self.fail(
                    Diagnostic::new(Code::WrongKind, callee.span, message)
                        .help("write `add(…)` or `+` to combine values"),
                );
            }
            return self.unknown_layer(&callee);
        };
        let arguments = match self.arguments(signature, written, input, expr.span) {
            Ok(arguments) => Ok(arguments),
            Err(mistakes) => self.fail_all(mistakes),
        };
        let more = self.value_arguments(signature, written, expr.span);
        let operands = [vec![input], more?].concat();
        self.layer(signature.name, arguments?, &operands, expr.span, written)
    }

    /// The constant arguments of a layer; free weights where it is written by size.
    fn arguments(
        &mut self,
        signature: &'static Signature,
        written: &[Argument],
        input: NodeId,
        span: Span,
    ) -> Result<Arguments, Mistakes> {
        self.no_values(signature, written)?;
        let shape = self.nodes[input].shape.clone();
        let constants = &self.checker.constants;
        let Some(size) = call::by_size(constants, signature, written, shape.spatial().len())? else {
            return call::arguments(constants, signature, written, None, span);
        };
        let weights = signature.parameters.first().map_or("", |p| p.name);
        let arguments = call::arguments(constants, signature, &size.rest, Some(weights), span)?;
        let groups = arguments.integers("groups").and_then(|n| n.first().copied()).unwrap_or(1);
        let outputs = size.outputs.unwrap_or(shape.channels());
        let divided = match signature.name {
            "conv" => shape.channels(),
            _ => outputs,
        };
        if !divided.is_multiple_of(groups.max(1)) {
            let message = format!("{divided} channels cannot be divided into {groups} groups");
            let place = pick(written, "groups", None).map_or(span, |e| e.span);
            let mistake = Diagnostic::new(Code::InvalidArgument, place, message);
            let given = format!("`{}` is {shape}", self.nodes[input].name);
            return Err(vec![mistake.related(self.nodes[input].span, given)]);
        }
        let channels = match signature.name {
            "conv" => vec![outputs, shape.channels() / groups.max(1)],
            "conv_transpose" => vec![shape.channels(), outputs / groups.max(1)],
            "depthwise" => vec![outputs],
            _ => vec![outputs, shape.channels()],
        };
        let kernel = checked_shape([channels, size.window].concat(), span)?;
        let name = format!("{}.{}", self.name, self.next_name(signature.name));
        let kernel = self.checker.constants.fresh(&name, kernel, span)?;
        let arguments = match arguments.has("bias") {
            true => arguments,
            false => {
                let bias = checked_shape(vec![outputs], span)?;
                let bias = self.checker.constants.fresh(&format!("{name}.bias"), bias, span)?;
                arguments.with("bias", bias.value())
            }
        };
        Ok(arguments.with(weights, kernel.value()))
    }

    /// A layer's input is never one of its arguments: `relu(x)` is written `x |> relu`.
    fn no_values(&self, signature: &Signature, written: &[Argument]) -> Result<(), Mistakes> {
        let value = |a: &&Argument| matches!(&a.value.kind, ExprKind::Name(name) if self.values.contains_key(name) && !self.checker.constants.knows(name));
        let Some(argument) = written.iter().find(value).filter(|_| signature.values == Values::None) else {
            return Ok(());
        };
        let text = |a: &Argument| self.checker.sources.text(a.value.span).to_string();
        let (input, name) = (text(argument), signature.name);
        let call = match signature.parameters.iter().any(|p| p.required) {
            true => format!("{name}(…)"),
            false => name.to_string(),
        };
        let help = match name {
            "bias" => format!("values are added by `add({input})`"),
            "scale" => format!("values are multiplied by `multiply({input})`"),
            _ => format!("write `{input} |> {call}`"),
        };
        let message = format!("`{input}` is a value of the network, and a layer's input is not one of its arguments");
        let mistake = Diagnostic::new(Code::UnknownArgument, argument.value.span, message);
        Err(vec![mistake.help(help)])
    }

    /// The values in the parentheses of `add(v, ...)`.
    fn value_arguments(&mut self, signature: &Signature, written: &[Argument], span: Span) -> Built<Vec<NodeId>> {
        if signature.values == Values::None {
            return Ok(Vec::new());
        }
        let positional: Vec<&Expr> = written.iter().filter(|a| a.name.is_none()).map(|a| &a.value).collect();
        if positional.is_empty() || (signature.values == Values::One && positional.len() > 1) {
            let count = if signature.values == Values::One { "exactly one value" } else { "at least one value" };
            let message = format!("`{}` needs {count} in its parentheses, besides its input", signature.name);
            return self.fail(
                Diagnostic::new(Code::MissingArgument, span, message)
                    .help(format!("write `{}`", call::usage(signature))),
            );
        }
        let values: Vec<Built<NodeId>> = positional.into_iter().map(|e| self.value(e)).collect();
        values.into_iter().collect()
    }

    /// A layer whose first argument is a constant made here.
    pub(super) fn layer_with(
        &mut self,
        name: &'static str,
        constant: Constant,
        input: NodeId,
        span: Span,
    ) -> Built<NodeId> {
        let parameter = catalogue::find(name).and_then(|s| s.parameters.first()).map_or("", |p| p.name);
        let arguments = Arguments::default().with(parameter, constant.value());
        self.layer(name, arguments, &[input], span, &[])
    }

    /// Appends a layer.
    pub(super) fn layer(
        &mut self,
        name: &str,
        arguments: Arguments,
        operands: &[NodeId],
        span: Span,
        written: &[Argument],
    ) -> Built<NodeId> {
        let Some(signature) = catalogue::find(name) else { return Err(Poisoned) };
        let shapes: Vec<&Shape> = operands.iter().map(|&o| &self.nodes[o].shape).collect();
        match (signature.build)(&arguments, &shapes) {
            Ok(layer) => self.append(name, layer, operands.to_vec(), span),
            Err(misuse) => {
                let mistake = self.misuse(misuse, signature, operands, span, written);
                self.fail(mistake)
            }
        }
    }

    fn misuse(
        &self,
        misuse: Misuse,
        signature: &Signature,
        operands: &[NodeId],
        span: Span,
        written: &[Argument],
    ) -> Diagnostic {
        let position = |name: &str| signature.parameters.iter().position(|p| p.name == name);
        let place = misuse.parameter.and_then(|p| pick(written, p, position(p)));
        let mut mistake = Diagnostic::new(misuse.code, place.map_or(span, |e| e.span), misuse.message);
        for &operand in operands {
            let node = &self.nodes[operand];
            mistake = mistake.related(node.span, format!("`{}` is {}", node.name, node.shape));
        }
        match misuse.help {
            Some(help) => mistake.help(help),
            None => mistake,
        }
    }

    fn append(&mut self, kind: &str, layer: Layer, operands: Vec<NodeId>, span: Span) -> Built<NodeId> {
        let name = self.fresh_name(kind);
        let shape = layer.function().output().clone();
        if let Err(mistakes) = self.checker.constants.affordable(&shape, span) {
            return self.fail_all(mistakes);
        }
        self.push(Node { name, layer: Some(layer), operands, shape, span })
    }

    pub(super) fn push(&mut self, node: Node) -> Built<NodeId> {
        if self.nodes.len() >= MAX_NODES {
            let message = format!("the network has more than {MAX_NODES} layers, calls included");
            let mistake = Diagnostic::new(Code::NetworkTooLarge, node.span, message);
            return self.fail(mistake);
        }
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    /// `conv1`, `conv2`, …: the kind and its number, avoiding the user's names.
    fn fresh_name(&mut self, kind: &str) -> String {
        let (name, count) = self.numbered(kind);
        self.counts.insert(kind.to_string(), count);
        name
    }

    /// The name that the next layer of a kind will get.
    fn next_name(&self, kind: &str) -> String {
        self.numbered(kind).0
    }

    fn numbered(&self, kind: &str) -> (String, usize) {
        let mut count = self.counts.get(kind).copied().unwrap_or(0);
        loop {
            count += 1;
            let name = format!("{kind}{count}");
            if !self.taken.contains(&name) {
                return (name, count);
            }
        }
    }

    /// `f(x)` or `x |> f`: the callee's layers, inlined.
    pub(super) fn call_network(
        &mut self,
        callee: &Name,
        piped: Option<NodeId>,
        written: &[Argument],
        span: Span,
    ) -> Built<NodeId> {
        if let Some(cycle) = self.checker.recursion(&callee.text) {
            let path = cycle.iter().chain([&callee.text]).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" calls ");
            let mistake =
                Diagnostic::new(Code::RecursiveNetwork, span, format!("{path}: a network cannot call itself"));
            return self.fail(mistake);
        }
        if let Some(keyword) = written.iter().find_map(|a| a.name.as_ref()) {
            let message = format!("the arguments of the network `{}` have no keywords", callee.text);
            return self
                .fail(Diagnostic::new(Code::UnknownArgument, keyword.span, message).help("give the values in order"));
        }
        let arguments: Vec<Built<NodeId>> = written.iter().map(|a| self.value(&a.value)).collect();
        let arguments: Built<Vec<NodeId>> = piped.into_iter().map(Ok).chain(arguments).collect();
        let network = self.checker.network(&callee.text).ok_or(Poisoned)?;
        let arguments = arguments?;
        if arguments.len() != network.inputs.len() {
            let message =
                format!("`{}` takes {} values, but {} are given", callee.text, network.inputs.len(), arguments.len());
            let mistake = Diagnostic::new(Code::MissingArgument, span, message);
            return self.fail(mistake.related(network.span, "defined here"));
        }
        for (input, &argument) in network.inputs.iter().zip(&arguments) {
            let (found, given) = (self.nodes[argument].shape.clone(), self.nodes[argument].span);
            if found != input.shape {
                let message =
                    format!("`{}` takes {} for `{}`, but is given {found}", callee.text, input.shape, input.name);
                let mistake = Diagnostic::new(Code::ShapeMismatch, span, message)
                    .related(given, format!("this is {found}"))
                    .related(network.span, format!("its argument `{}` is {}", input.name, input.shape));
                return self.fail(mistake);
            }
        }
        self.inline(&network, &arguments, callee)
    }

    fn inline(&mut self, network: &Network, arguments: &[NodeId], callee: &Name) -> Built<NodeId> {
        let count = self.counts.entry(format!("call {}", callee.text)).or_default();
        *count += 1;
        let prefix = if *count == 1 { callee.text.clone() } else { format!("{}#{count}", callee.text) };
        let mut ids: BTreeMap<NodeId, NodeId> = arguments.iter().copied().enumerate().collect();
        for id in network.live_nodes() {
            if ids.contains_key(&id) {
                continue;
            }
            let node = &network.nodes[id];
            let operands = node.operands.iter().map(|o| ids[o]).collect();
            let copy = Node { name: format!("{prefix}.{}", node.name), operands, ..node.clone() };
            let copied = self.push(copy)?;
            ids.insert(id, copied);
        }
        Ok(ids[&network.output])
    }
}
