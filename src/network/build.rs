//! A network's statements, turned into a graph: names resolved, calls inlined, shapes inferred.

use std::collections::{BTreeMap, BTreeSet};

use super::call;
use super::constants::{Mistakes, Poisoned, wrong_kind};
use super::functions;
use super::graph::{Input, Network, Node, NodeId};
use super::program::{Checker, not_a_layer};
use crate::algebra::{Rational, Shape, Tensor};
use crate::diagnostic::{Code, Diagnostic, Span, did_you_mean};
use crate::layer::{Arguments, Layer, Misuse, Signature, Value, Values, catalogue};
use crate::syntax::tree::{
    Argument, BinaryOp, Declaration, Expr, ExprKind, Name, NetworkItem, Statement, StatementKind,
};

/// Calls are inlined, so a short file can describe a huge network; past this it is refused.
const MAX_NODES: usize = 20_000;

type Built<T> = Result<T, Poisoned>;

/// Builds one network; mistakes go to the checker.
pub(super) fn build(checker: &mut Checker<'_>, item: &NetworkItem) -> Built<Network> {
    let mut builder = Builder {
        checker,
        inputs: Vec::new(),
        nodes: Vec::new(),
        values: BTreeMap::new(),
        chain: None,
        taken: item.body.iter().filter_map(|s| bound_name(s)).map(|n| n.text.clone()).collect(),
        counts: BTreeMap::new(),
    };
    let parameters = builder.parameters(item);
    let output = builder.body(item);
    parameters?;
    let output = output?;
    let (inputs, nodes) = (builder.inputs, builder.nodes);
    // What was read of a broken body has served to find further mistakes; it is not a network.
    if item.broken {
        return Err(Poisoned);
    }
    Ok(Network { name: item.name.text.clone(), inputs, nodes, output, span: item.name.span })
}

fn bound_name(statement: &Statement) -> Option<&Name> {
    match &statement.kind {
        StatementKind::Binding(name) => Some(name),
        _ => None,
    }
}

struct Builder<'c, 'a> {
    checker: &'c mut Checker<'a>,
    inputs: Vec<Input>,
    nodes: Vec<Node>,
    /// Named values; `None` is a value that was wrong and has been reported.
    values: BTreeMap<String, Option<NodeId>>,
    /// The value that a step without an input takes; `None` after a mistake or with several arguments.
    chain: Option<Chain>,
    /// Names that the user gives, which generated names must avoid.
    taken: BTreeSet<String>,
    counts: BTreeMap<String, usize>,
}

#[derive(Clone, Copy)]
enum Chain {
    Value(NodeId),
    /// The statement above was wrong.
    Poisoned,
}

/// The value of an expression inside a network.
enum Operand {
    Node(NodeId),
    Constant(Tensor),
}

impl Builder<'_, '_> {
    fn fail<T>(&mut self, mistake: Diagnostic) -> Built<T> {
        Err(self.checker.report(mistake))
    }

    fn fail_all<T>(&mut self, mistakes: Mistakes) -> Built<T> {
        self.checker.diagnostics.extend(mistakes);
        Err(Poisoned)
    }

    fn parameters(&mut self, item: &NetworkItem) -> Built<()> {
        let mut result = Ok(());
        for parameter in &item.parameters {
            let input = self.parameter(parameter);
            if let Err(mistake) = not_a_layer(&parameter.name) {
                result = self.fail(mistake);
            }
            if self.values.contains_key(&parameter.name.text) {
                let message = format!("two arguments are called `{}`", parameter.name.text);
                result = self.fail(Diagnostic::new(Code::DuplicateName, parameter.name.span, message));
            }
            let Ok(input) = input else {
                self.values.insert(parameter.name.text.clone(), None);
                self.chain = Some(Chain::Poisoned);
                result = Err(Poisoned);
                continue;
            };
            let id = self.nodes.len();
            let (name, shape) = (input.name.clone(), input.shape.clone());
            self.nodes.push(Node { name, layer: None, operands: Vec::new(), shape, span: parameter.name.span });
            self.inputs.push(input);
            self.values.insert(parameter.name.text.clone(), Some(id));
        }
        if item.parameters.is_empty() {
            let mistake = Diagnostic::new(Code::EmptyNetwork, item.name.span, "a network needs at least one argument");
            return self.fail(mistake.help(format!("write `network {}(x: 1x8x8) {{ … }}`", item.name.text)));
        }
        if self.inputs.len() == 1 && self.chain.is_none() {
            self.chain = Some(Chain::Value(0));
        }
        result
    }

    fn parameter(&mut self, parameter: &Declaration) -> Built<Input> {
        let shape = super::constants::checked_shape(parameter.shape.clone(), parameter.shape_span);
        let shape = match shape {
            Ok(shape) => shape,
            Err(mistakes) => return self.fail_all(mistakes),
        };
        if let Err(mistakes) = self.checker.constants.affordable(&shape, parameter.shape_span) {
            return self.fail_all(mistakes);
        }
        let domain = match &parameter.domain {
            None => None,
            Some((low, high)) => Some(self.domain(low, high)?),
        };
        Ok(Input { name: parameter.name.text.clone(), shape, domain })
    }

    fn domain(&mut self, low: &Expr, high: &Expr) -> Built<(Rational, Rational)> {
        let constants = &self.checker.constants;
        let (low_value, high_value) = match super::constants::both(constants.scalar(low), constants.scalar(high)) {
            Ok(bounds) => bounds,
            Err(mistakes) => return self.fail_all(mistakes),
        };
        if low_value > high_value {
            let message = format!("the interval [{low_value}, {high_value}] is empty");
            let help = format!("write `in [{high_value}, {low_value}]`");
            return self.fail(Diagnostic::new(Code::EmptyDomain, low.span.to(high.span), message).help(help));
        }
        Ok((low_value, high_value))
    }

    fn body(&mut self, item: &NetworkItem) -> Built<NodeId> {
        if item.body.is_empty() && !item.broken {
            let mistake = Diagnostic::new(Code::EmptyNetwork, item.name.span, "a network needs at least one statement");
            return self.fail(mistake.help("the network that changes nothing is `identity`"));
        }
        let mut output = None;
        let mut failed = false;
        for (i, statement) in item.body.iter().enumerate() {
            let value = self.statement(statement);
            failed |= value.is_err();
            if let StatementKind::Output = statement.kind {
                output = value.ok();
                if let Some(next) = item.body.get(i + 1) {
                    let mistake = Diagnostic::new(Code::Syntax, next.span, "`output` ends a network");
                    return self
                        .fail(mistake.label("nothing may follow").related(statement.span, "the output is given here"));
                }
            }
        }
        match (output, self.chain) {
            _ if failed => Err(Poisoned),
            (Some(id), _) | (None, Some(Chain::Value(id))) => Ok(id),
            (None, _) => Err(Poisoned),
        }
    }

    /// Runs a statement; its value becomes the chain's.
    fn statement(&mut self, statement: &Statement) -> Built<NodeId> {
        let value = match &statement.kind {
            StatementKind::Output => self.value(&statement.value),
            StatementKind::Step => self.step_or_value(&statement.value),
            StatementKind::Binding(name) => self.binding(name, &statement.value),
        };
        self.chain = Some(value.map_or(Chain::Poisoned, Chain::Value));
        value
    }

    fn binding(&mut self, name: &Name, expr: &Expr) -> Built<NodeId> {
        let before = self.nodes.len();
        let value = self.step_or_value(expr);
        if let Err(mistake) = not_a_layer(name) {
            return self.fail(mistake);
        }
        if self.values.contains_key(&name.text) || self.checker.constants.knows(&name.text) {
            let what = if self.values.contains_key(&name.text) { "value" } else { "constant" };
            let message = format!("there is already a {what} `{}`", name.text);
            return self.fail(Diagnostic::new(Code::DuplicateName, name.span, message).help("choose another name"));
        }
        self.values.insert(name.text.clone(), value.ok());
        // A binding names the node that it made; a second name for an older value leaves that one's.
        if let Ok(id) = value
            && id >= before
        {
            self.nodes[id].name = name.text.clone();
        }
        value
    }

    /// A statement's expression: a layer or network without an input takes the chain's value.
    fn step_or_value(&mut self, expr: &Expr) -> Built<NodeId> {
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
    fn is_step(&self, expr: &Expr) -> bool {
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

    fn is_value(&self, name: &str) -> bool {
        self.values.contains_key(name) || self.checker.constants.knows(name)
    }

    /// Reports what is wrong with the constant arguments of a step whose input is unknown.
    fn check_step(&mut self, expr: &Expr) {
        if let ExprKind::Call { callee, arguments } = &expr.kind
            && let Some(signature) = catalogue::find(&callee.text)
            && let Err(mistakes) = call::arguments(&self.checker.constants, signature, arguments, expr.span)
        {
            self.checker.diagnostics.extend(mistakes);
        }
    }

    /// A value: a node, never a bare constant.
    fn value(&mut self, expr: &Expr) -> Built<NodeId> {
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
        match did_you_mean(name, known.iter().map(String::as_str)) {
            Some(near) => self.fail(mistake.help(format!("did you mean `{near}`?"))),
            None => self.fail(mistake),
        }
    }

    fn known_names(&self) -> Vec<String> {
        let layers = catalogue::all().map(|s| s.name.to_string());
        let constants = self.checker.constants.names().map(str::to_string);
        let networks = self.checker.network_names().map(str::to_string);
        self.values.keys().cloned().chain(constants).chain(layers).chain(networks).collect()
    }

    /// A layer inside an expression, without an input; or a name that is no layer at all.
    fn missing_input<T>(&mut self, callee: &Name, span: Span) -> Built<T> {
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

    fn unknown_layer<T>(&mut self, callee: &Name) -> Built<T> {
        let known = self.known_names();
        let mistake = Diagnostic::new(Code::UnknownLayer, callee.span, format!("there is no layer `{}`", callee.text));
        let lower = callee.text.to_lowercase().replace("2d", "").replace("_", "");
        let same = known.iter().find(|k| k.replace('_', "") == lower);
        match same.map(String::as_str).or_else(|| did_you_mean(&callee.text, known.iter().map(String::as_str))) {
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
            (BinaryOp::Multiply, Node(a), Constant(c)) if c.len() == 1 => self.scale(a, &c.get(0), span)?,
            (BinaryOp::Multiply, Constant(c), Node(a)) if c.len() == 1 => self.scale(a, &c.get(0), span)?,
            (BinaryOp::Divide, Node(a), Constant(c)) if c.len() == 1 => {
                let divisor = c.get(0);
                if divisor == Rational::from_integer(0.into()) {
                    return self.fail(Diagnostic::new(Code::InvalidNumber, r.span, "division by zero"));
                }
                self.scale(a, &divisor.recip(), span)?
            }
            (BinaryOp::Multiply, ..) | (BinaryOp::Divide, ..) => {
                let mistake = Diagnostic::new(Code::WrongKind, span, "values are scaled by single numbers only");
                let help = "a product of values is the layer `multiply(v)`; a scale for each channel is `scale(c)`";
                return self.fail(mistake.help(help));
            }
        };
        Ok(Node(id))
    }

    fn scale(&mut self, input: NodeId, factor: &Rational, span: Span) -> Built<NodeId> {
        self.layer_with("scale", Tensor::scalar(factor), input, span)
    }

    /// `value + constant`: a single number for every entry, or a constant of the value's own shape.
    fn offset(&mut self, input: NodeId, constant: Tensor, constant_span: Span, span: Span) -> Built<NodeId> {
        let shape = self.nodes[input].shape.clone();
        if constant.shape().rank() != 0 && constant.shape() != &shape {
            let message = format!("the shapes {} and {shape} differ", constant.shape());
            let mistake = Diagnostic::new(Code::ShapeMismatch, span, message)
                .related(constant_span, format!("the constant is {}", constant.shape()))
                .related(self.nodes[input].span, format!("the value is {shape}"))
                .help("a number for each channel is the layer `bias(b)`");
            return self.fail(mistake);
        }
        self.layer_with("bias", constant, input, span)
    }

    /// A layer whose first argument is a constant made here.
    fn layer_with(&mut self, name: &'static str, constant: Tensor, input: NodeId, span: Span) -> Built<NodeId> {
        let parameter = catalogue::find(name).and_then(|s| s.parameters.first()).map_or("", |p| p.name);
        let arguments = Arguments::default().with(parameter, Value::Tensor(constant));
        self.layer(name, arguments, &[input], span, &[])
    }

    /// A step applied to its input.
    fn step(&mut self, expr: &Expr, input: NodeId) -> Built<NodeId> {
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
        let arguments = match call::arguments(&self.checker.constants, signature, written, expr.span) {
            Ok(arguments) => Ok(arguments),
            Err(mistakes) => self.fail_all(mistakes),
        };
        let more = self.value_arguments(signature, written, expr.span);
        let operands = [vec![input], more?].concat();
        self.layer(signature.name, arguments?, &operands, expr.span, written)
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

    /// Appends a layer.
    fn layer(
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
        let place = misuse.parameter.and_then(|p| super::constants::pick(written, p, position(p)));
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

    fn push(&mut self, node: Node) -> Built<NodeId> {
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
        let count = self.counts.entry(kind.to_string()).or_default();
        loop {
            *count += 1;
            let name = format!("{kind}{count}");
            if !self.taken.contains(&name) {
                return name;
            }
        }
    }

    /// `f(x)` or `x |> f`: the callee's layers, inlined.
    fn call_network(
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

fn minus_one() -> Rational {
    Rational::from_integer((-1).into())
}
