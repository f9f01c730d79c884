//! The grammar's nodes made into the syntax tree: items, declarations and statements.
//!
//! The builder never fails: a mistake is recorded, and what it makes unusable is left out, with its
//! name poisoned or its network marked broken.

use pest::iterators::Pair;

use super::chain::Nodes;
use super::parse::Rule;
use super::tree::{Claim, Declaration, File, Item, Name, NetworkItem, Statement, StatementKind};
use crate::diagnostic::{Code, Diagnostic, Span};

/// The most digits that the numbers of one file may have together.
const MAX_TOTAL_DIGITS: usize = 32 << 20;

/// The most bytes of shape and domain that the names of one declaration may multiply to.
const MAX_SHARED: usize = 1 << 20;

/// Makes the tree of a text, or of a part of it that begins at byte `base` of the file.
pub(super) struct Builder<'t> {
    text: &'t str,
    file: u32,
    base: usize,
    digits: usize,
    /// Whether the part being built was already found to be too deep.
    pub(super) too_deep: bool,
    /// What has been built.
    pub tree: File,
    /// The mistakes found.
    pub diagnostics: Vec<Diagnostic>,
}

impl<'t> Builder<'t> {
    /// A builder for a whole text.
    pub fn new(text: &'t str, file: u32) -> Builder<'t> {
        let (tree, diagnostics) = (File::default(), Vec::new());
        Builder { text, file, base: 0, digits: MAX_TOTAL_DIGITS, too_deep: false, tree, diagnostics }
    }

    /// Goes on with the part of the file that begins at byte `base`.
    pub fn part(&mut self, text: &'t str, base: usize) {
        (self.text, self.base) = (text, base);
    }

    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    pub(super) fn base(&self) -> usize {
        self.base
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Takes digits from what the file may still use; `false` if there are not enough.
    pub(super) fn spend(&mut self, digits: usize) -> bool {
        let left = self.digits.checked_sub(digits);
        self.digits = left.unwrap_or(self.digits);
        left.is_some()
    }

    pub(super) fn span(&self, node: &Pair<Rule>) -> Span {
        let span = node.as_span();
        Span { file: self.file, start: self.base + span.start(), end: self.base + span.end() }
    }

    pub(super) fn end(&self) -> Span {
        let end = self.base + self.text.len();
        Span { file: self.file, start: end, end }
    }

    pub(super) fn name(&self, node: &Pair<Rule>) -> Name {
        Name { text: node.as_str().to_string(), span: self.span(node) }
    }

    /// Whether `build` finds no mistake; also what it builds.
    fn sound<T>(&mut self, build: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        self.too_deep = false;
        let before = self.diagnostics.len();
        let built = build(self);
        (built, self.diagnostics.len() == before)
    }

    /// The items of a `file` or `lone_item`.
    pub fn items(&mut self, node: Pair<Rule>) {
        node.into_inner().for_each(|item| self.item(item));
    }

    fn item(&mut self, node: Pair<Rule>) {
        let rule = node.as_rule();
        let mut nodes = node.into_inner().peekable();
        match rule {
            Rule::let_item => self.let_item(&mut nodes),
            Rule::forall_item => self.forall_item(&mut nodes),
            Rule::import_item => self.import_item(&mut nodes),
            Rule::prove_item => self.prove_item(&mut nodes),
            Rule::network_block | Rule::network_value => self.network_item(&mut nodes),
            _ => {}
        }
    }

    fn let_item(&mut self, nodes: &mut Nodes) {
        let Some(name) = nodes.find(|node| node.as_rule() == Rule::name).map(|node| self.name(&node)) else { return };
        nodes.next_if(|node| node.as_rule() == Rule::equals);
        let (value, sound) = self.sound(|builder| builder.expression(nodes));
        match sound {
            true => self.tree.items.push(Item::Let { name, value }),
            false => self.tree.poisoned.push(name.text),
        }
    }

    fn forall_item(&mut self, nodes: &mut Nodes) {
        let Some(word) = nodes.next().map(|node| self.span(&node)) else { return };
        let symbols = self.declarations(nodes, true);
        if let Some(last) = symbols.last() {
            let span = word.to(last.domain.as_ref().map_or(last.shape_span, |(_, high)| last.shape_span.to(high.span)));
            self.tree.items.push(Item::Forall { symbols, span });
        }
    }

    fn import_item(&mut self, nodes: &mut Nodes) {
        let Some(node) = nodes.find(|node| node.as_rule() == Rule::string) else { return };
        let path = node.as_str().trim_matches('"').to_string();
        let alias = nodes.find(|node| node.as_rule() == Rule::name).map(|node| self.name(&node));
        self.tree.items.push(Item::Import { path, path_span: self.span(&node), alias });
    }

    fn prove_item(&mut self, nodes: &mut Nodes) {
        nodes.next_if(|node| node.as_rule() == Rule::prove_word);
        let (built, sound) = self.sound(|builder| match nodes.next_if(|node| node.as_rule() == Rule::quantified) {
            Some(node) => builder.quantified(node),
            None => builder.claim(nodes),
        });
        if let (Some((claim, span)), true) = (built, sound) {
            self.tree.items.push(Item::Prove { claim, span });
        }
    }

    fn quantified(&mut self, node: Pair<Rule>) -> Option<(Claim, Span)> {
        let span = self.span(&node);
        let mut nodes = node.into_inner().peekable();
        nodes.next_if(|node| node.as_rule() == Rule::forall_word);
        let variables = self.declarations(&mut nodes, false);
        nodes.next_if(|node| node.as_rule() == Rule::dot);
        let (mut claim, rest) = self.claim(&mut nodes)?;
        if let Claim::Comparison { variables: slot, .. } = &mut claim {
            *slot = variables;
        }
        Some((claim, Span { start: span.start, ..rest }))
    }

    fn claim(&mut self, nodes: &mut Nodes) -> Option<(Claim, Span)> {
        let left = self.expression(nodes);
        let node = nodes.next()?;
        let rule = node.as_rule();
        let mut nodes = node.into_inner().peekable();
        let first = nodes.next()?;
        let start = left.span;
        if rule == Rule::property {
            let property = nodes.next().map(|node| self.name(&node))?;
            let argument = nodes.peek().is_some().then(|| self.expression(&mut nodes));
            let span = start.to(argument.as_ref().map_or(property.span, |argument| argument.span));
            return Some((Claim::Property { subject: left, property, argument }, span));
        }
        let equal = first.as_str() == "==";
        let right = self.expression(&mut nodes);
        let within = nodes.next_if(|node| node.as_rule() == Rule::within_word).map(|_| self.expression(&mut nodes));
        let span = start.to(within.as_ref().map_or(right.span, |within| within.span));
        Some((Claim::Comparison { variables: Vec::new(), left, right, equal, within }, span))
    }

    /// The declarations that the next nodes are. Those with a mistake are left out, and `poison` says
    /// whether their names are then poisoned.
    fn declarations(&mut self, nodes: &mut Nodes, poison: bool) -> Vec<Declaration> {
        let mut declarations = Vec::new();
        while let Some(rule) = nodes.peek().map(Pair::as_rule) {
            match rule {
                Rule::declaration | Rule::parameter => {
                    let Some(node) = nodes.next() else { break };
                    let (group, sound) = self.sound(|builder| builder.declaration(node.into_inner().peekable()));
                    if sound {
                        declarations.extend(group);
                    } else if poison {
                        self.tree.poisoned.extend(group.into_iter().map(|declaration| declaration.name.text));
                    }
                }
                Rule::comma | Rule::open_paren | Rule::close_paren => drop(nodes.next()),
                _ => break,
            }
        }
        declarations
    }

    /// One declaration, which may have several names.
    fn declaration(&mut self, mut nodes: Nodes) -> Vec<Declaration> {
        let (mut names, mut shape, mut domain, mut length) = (Vec::new(), None, None, 0);
        for node in nodes.by_ref() {
            match node.as_rule() {
                Rule::name => names.push(self.name(&node)),
                Rule::shape | Rule::axis => {
                    let span = self.span(&node);
                    length += node.as_str().len();
                    shape = Some((self.axes(node.as_str(), span), span));
                }
                Rule::interval => {
                    length += node.as_str().len();
                    domain = Some(self.interval(node.into_inner().peekable()));
                }
                _ => {}
            }
        }
        let Some((shape, shape_span)) = shape else { return Vec::new() };
        if names.len().saturating_mul(length) > MAX_SHARED {
            let message = "the shape or domain of so many names is too long";
            self.report(Diagnostic::new(Code::FileTooLarge, shape_span, message).help("declare the names one by one"));
            return Vec::new();
        }
        let declare = |name| Declaration { name, shape: shape.clone(), shape_span, domain: domain.clone() };
        names.into_iter().map(declare).collect()
    }

    fn interval(&mut self, mut nodes: Nodes) -> (super::tree::Expr, super::tree::Expr) {
        nodes.next_if(|node| node.as_rule() == Rule::open_list);
        let low = self.expression(&mut nodes);
        nodes.next_if(|node| node.as_rule() == Rule::comma);
        (low, self.expression(&mut nodes))
    }

    fn network_item(&mut self, nodes: &mut Nodes) {
        let Some(node) = nodes.next() else { return };
        let Some(mut network) = self.header(node) else { return };
        match nodes.next() {
            Some(node) if node.as_rule() == Rule::body => {
                network.span = network.span.to(self.span(&node));
                for node in node.into_inner() {
                    self.statement(node, &mut network);
                }
            }
            _ => self.value_body(nodes, &mut network),
        }
        self.finish(network);
    }

    /// Adds a network to the tree, or poisons its name if its parameters could not be read.
    pub(super) fn finish(&mut self, network: NetworkItem) {
        match network.parameters.is_empty() {
            true if network.name.text.is_empty() => {}
            true => self.tree.poisoned.push(network.name.text),
            false => self.tree.items.push(Item::Network(network)),
        }
    }

    /// The `header` of a network, as a network without a body. It has no parameters if one of them
    /// could not be read.
    pub(super) fn header(&mut self, node: Pair<Rule>) -> Option<NetworkItem> {
        let span = self.span(&node);
        let mut nodes = node.into_inner().peekable();
        let name = nodes.find(|node| node.as_rule() == Rule::name).map(|node| self.name(&node))?;
        let (parameters, sound) = self.sound(|builder| builder.declarations(&mut nodes, false));
        let parameters = if sound { parameters } else { Vec::new() };
        Some(NetworkItem { name, parameters, body: Vec::new(), broken: false, span })
    }

    /// The body `= VALUE`, which is one `output`.
    pub(super) fn value_body(&mut self, nodes: &mut Nodes, network: &mut NetworkItem) {
        let (value, sound) = self.sound(|builder| builder.expression(nodes));
        network.span = network.span.to(value.span);
        match sound {
            true => network.body.push(Statement { kind: StatementKind::Output, span: value.span, value }),
            false => network.broken = true,
        }
    }

    /// A statement of a network; nothing for its punctuation.
    pub(super) fn statement(&mut self, node: Pair<Rule>, network: &mut NetworkItem) {
        let rule = node.as_rule();
        if !matches!(rule, Rule::output_statement | Rule::binding | Rule::bare) {
            return;
        }
        let mut nodes = node.into_inner().peekable();
        let mut start = None;
        let kind = match rule {
            Rule::output_statement => {
                start = nodes.next().map(|word| self.span(&word));
                StatementKind::Output
            }
            Rule::binding => {
                let Some(name) = nodes.next().map(|name| self.name(&name)) else { return };
                nodes.next_if(|node| node.as_rule() == Rule::equals);
                start = Some(name.span);
                StatementKind::Binding(name)
            }
            _ => StatementKind::Step,
        };
        let (value, sound) = self.sound(|builder| builder.expression(&mut nodes));
        let span = start.map_or(value.span, |start| start.to(value.span));
        match sound {
            true => network.body.push(Statement { kind, value, span }),
            false => network.broken = true,
        }
    }
}
