//! A network's statements, turned into a graph: names resolved, calls inlined, shapes inferred.

use std::collections::{BTreeMap, BTreeSet};

mod step;
mod value;

use super::constants::{Mistakes, Poisoned, both, checked_shape};
use super::graph::{Input, Network, Node, NodeId};
use super::program::{Checker, not_a_layer};
use crate::algebra::Rational;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::tree::{Declaration, Expr, Name, NetworkItem, Statement, StatementKind};

/// Calls are inlined, so a short file can describe a huge network; past this it is refused.
const MAX_NODES: usize = 20_000;

type Built<T> = Result<T, Poisoned>;

/// Builds one network; mistakes go to the checker.
pub(super) fn build(checker: &mut Checker<'_>, item: &NetworkItem) -> Built<Network> {
    let mut builder = Builder {
        checker,
        name: item.name.text.clone(),
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
    name: String,
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

impl Builder<'_, '_> {
    pub(super) fn fail<T>(&mut self, mistake: Diagnostic) -> Built<T> {
        Err(self.checker.report(mistake))
    }

    pub(super) fn fail_all<T>(&mut self, mistakes: Mistakes) -> Built<T> {
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
        let shape = checked_shape(parameter.shape.clone(), parameter.shape_span);
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
        let (low_value, high_value) = match both(constants.scalar(low), constants.scalar(high)) {
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

    pub(super) fn is_value(&self, name: &str) -> bool {
        self.values.contains_key(name) || self.checker.constants.knows(name)
    }
}
