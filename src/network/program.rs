//! A checked file: its networks, with every call inlined and every weight exact, and its claims.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::behaviour::Behaviour;
use super::build::build;
use super::constants::{Constants, Poisoned, checked_shape};
use super::equation::Equation;
use super::graph::Network;
use super::laws::Law;
use super::symbols::Symbols;
use crate::algebra::Symbol;
use crate::diagnostic::{Code, Diagnostic, Source, Sources, Span};
use crate::layer::catalogue;
use crate::syntax;
use crate::syntax::tree::{self, Declaration, Item, Name, NetworkItem};

/// Everything that a `.net` file says, checked.
#[derive(Clone, Debug)]
pub struct Program {
    /// The files it was read from, for places and lines.
    pub sources: Sources,
    /// The networks of the file itself (not those it imports), in order.
    pub networks: Vec<Network>,
    /// The claims of the file itself, in order.
    pub claims: Vec<Claim>,
    /// The symbols that its theorems are quantified over.
    pub symbols: Symbols,
}

/// A file that cannot be given a meaning, and every reason why.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// The files, for rendering.
    pub sources: Sources,
    /// The mistakes, in order of place.
    pub diagnostics: Vec<Diagnostic>,
}

/// A claim, checked.
#[derive(Clone, Debug)]
pub struct Claim {
    /// What it says.
    pub statement: Statement,
    /// The claim as written.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// What a claim says.
#[derive(Clone, Debug)]
pub enum Statement {
    /// A network has a property.
    Property {
        /// The index of the network in [`Program::networks`].
        network: usize,
        /// The property.
        property: Property,
    },
    /// Two networks are equal, or not.
    Equation(Box<Equation>),
    /// A network obeys a law.
    Law {
        /// The index of the network in [`Program::networks`].
        network: usize,
        /// The law.
        law: Law,
        /// The equations that together are the law.
        equations: Vec<Equation>,
    },
    /// A network has a property that no equation states.
    Behaviour {
        /// The index of the network in [`Program::networks`].
        network: usize,
        /// The property.
        behaviour: Behaviour,
    },
}

/// What a claim says of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// f(x) = Mx.
    Linear,
    /// f(x) = Mx + b.
    Affine,
    /// Not affine.
    Nonlinear,
    /// Equal to one convolution.
    AConvolution,
}

/// How the checker gets the text of imported files: the library itself reads nothing.
pub trait Loader {
    /// The name (for messages, and to recognise a file imported twice) and text of the file at
    /// `path`, relative to the file named `from`.
    fn load(&self, from: &str, path: &str) -> Result<Source, String>;

    /// The bytes of the file at `path`, relative to the file named `from`, if there are at most
    /// `limit`; with `confined`, only inside the folder of `from`, wherever links lead.
    fn bytes(&self, from: &str, path: &str, confined: bool, limit: u64) -> Result<Vec<u8>, String> {
        let _ = (from, path, confined, limit);
        Err("files are not available here".into())
    }
}

/// A loader for programs that import nothing.
pub struct NoImports;

impl Loader for NoImports {
    fn load(&self, _: &str, _: &str) -> Result<Source, String> {
        Err("imports are not available here".into())
    }
}

/// Networks that call ones defined after them, and files that import files, at most this deep.
const MAX_CALLS: usize = 100;
const MAX_IMPORTS: usize = 50;

/// Parses and checks a program; `memory` bounds the bytes that its constants may take.
pub fn check(source: Source, loader: &dyn Loader, memory: u64) -> Result<Program, Rejected> {
    checked(Checker::new(loader, memory), source)
}

/// Parses and checks a program that is compared with another: its sources follow the other's, and
/// symbols of the same name are the same.
///
/// # Errors
/// As for [`check`], and if the two give a symbol different shapes.
pub fn check_beside(other: &Program, source: Source, loader: &dyn Loader, memory: u64) -> Result<Program, Rejected> {
    let mut checker = Checker::new(loader, memory);
    checker.sources = other.sources.clone();
    checker.constants.symbols = other.symbols.share();
    checked(checker, source)
}

fn checked(mut checker: Checker<'_>, source: Source) -> Result<Program, Rejected> {
    checker.first = checker.sources.files.len();
    checker.read(source);
    checker.define_networks();
    checker.constants.symbols.close();
    let claims = checker.claims();
    let Checker { sources, mut diagnostics, networks, main, constants, .. } = checker;
    if diagnostics.is_empty() {
        let main_networks = main.iter().filter_map(|name| networks.get(name).cloned().flatten()).collect();
        return Ok(Program { sources, networks: main_networks, claims, symbols: constants.symbols });
    }
    diagnostics.sort_by_key(|d| d.span);
    diagnostics.dedup();
    Err(Rejected { sources, diagnostics })
}

/// The state of a check: definitions seen so far and mistakes found so far.
pub(super) struct Checker<'a> {
    pub(super) loader: &'a dyn Loader,
    pub(super) sources: Sources,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) constants: Constants<'a>,
    /// Where each name was first defined.
    defined: BTreeMap<String, Span>,
    pub(super) items: BTreeMap<String, NetworkItem>,
    /// `None`: wrong, and said so.
    pub(super) networks: BTreeMap<String, Option<Network>>,
    /// The networks being built, outermost first.
    building: Vec<String>,
    /// The networks of the named file, in order.
    pub(super) main: Vec<String>,
    pub(super) proofs: Vec<(tree::Claim, Span)>,
    /// The factor of the laws of homogeneity, once one is claimed.
    pub(super) factor: Option<(Symbol, &'static str)>,
    /// The number of the named file among the sources.
    first: usize,
    /// The files being read, outermost first, and those already read.
    reading: Vec<String>,
    read: BTreeSet<String>,
}

impl<'a> Checker<'a> {
    fn new(loader: &'a dyn Loader, memory: u64) -> Checker<'a> {
        Checker {
            loader,
            sources: Sources::default(),
            diagnostics: Vec::new(),
            constants: Constants::new(loader, memory),
            defined: BTreeMap::new(),
            items: BTreeMap::new(),
            networks: BTreeMap::new(),
            building: Vec::new(),
            main: Vec::new(),
            proofs: Vec::new(),
            factor: None,
            first: 0,
            reading: Vec::new(),
            read: BTreeSet::new(),
        }
    }

    /// Records a mistake.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) -> Poisoned {
        self.diagnostics.push(diagnostic);
        Poisoned
    }

    fn read(&mut self, source: Source) {
        let file = u32::try_from(self.sources.files.len()).unwrap_or(u32::MAX);
        let (parsed, mistakes) = syntax::parse(&source.text, file);
        self.reading.push(source.name.clone());
        self.constants.file = source.name.clone();
        self.read.insert(source.name.clone());
        self.sources.files.push(source);
        self.diagnostics.extend(mistakes);
        for name in parsed.poisoned {
            self.constants.poison(&name);
            self.networks.entry(name).or_insert(None);
        }
        for item in parsed.items {
            self.item(item, file);
        }
        self.reading.pop();
        self.constants.file = self.reading.last().cloned().unwrap_or_default();
    }

    fn item(&mut self, item: Item, file: u32) {
        match item {
            Item::Let { name, value } => {
                let fresh = self.define(&name);
                match self.constants.evaluate(&value) {
                    Ok(tensor) if fresh => self.constants.define(&name.text, tensor),
                    Ok(_) => {}
                    Err(mistakes) => {
                        self.diagnostics.extend(mistakes);
                        self.constants.poison(&name.text);
                    }
                }
            }
            Item::Forall { symbols, .. } => symbols.into_iter().for_each(|symbol| self.forall(symbol)),
            Item::Network(item) => {
                if self.define(&item.name) {
                    if file as usize == self.first {
                        self.main.push(item.name.text.clone());
                    }
                    self.items.insert(item.name.text.clone(), item);
                }
            }
            Item::Import { path, path_span, alias } => self.import(&path, path_span, alias),
            // Claims of imported files are theirs, not this file's.
            Item::Prove { claim, span } if file as usize == self.first => self.proofs.push((claim, span)),
            Item::Prove { .. } => {}
        }
    }

    /// A tensor of symbols.
    fn forall(&mut self, symbol: Declaration) {
        let fresh = self.define(&symbol.name);
        if let Some((low, high)) = &symbol.domain {
            self.report(not_yet(low.span.to(high.span), "theorems over symbols with a domain"));
        }
        // A symbol of shape 1 is a number: it scales whatever it multiplies.
        let axes = if symbol.shape == [1] { Vec::new() } else { symbol.shape };
        let tensor = checked_shape(axes, symbol.shape_span)
            .and_then(|shape| self.constants.fresh(&symbol.name.text, shape, symbol.shape_span));
        match tensor {
            // `forall a: 1` is a number, like any other.
            Ok(tensor) if fresh => self.constants.define(&symbol.name.text, tensor),
            Ok(_) => {}
            Err(mistakes) => {
                self.diagnostics.extend(mistakes);
                self.constants.poison(&symbol.name.text);
            }
        }
    }

    fn import(&mut self, path: &str, span: Span, alias: Option<Name>) {
        if path.ends_with(".onnx") {
            // A mistake has been reported.
            let _ = self.import_model(path, span, alias);
            return;
        }
        if !path.ends_with(".net") {
            if let Some(name) = alias {
                self.networks.insert(name.text, None);
            }
            self.report(not_yet(span, "importing such files").help("import a `.net` or `.onnx` file"));
            return;
        }
        if let Some(name) = alias {
            let help = format!("write `import \"{path}\"`");
            let mistake = Diagnostic::new(Code::Syntax, name.span, "`as` names an imported model, not a `.net` file");
            self.report(mistake.label("a `.net` file brings its own names").help(help));
            return;
        }
        let from = self.importing();
        if self.reading.len() > MAX_IMPORTS {
            let message = format!("imports are nested more than {MAX_IMPORTS} deep here");
            self.report(Diagnostic::new(Code::NestedTooDeeply, span, message));
            return;
        }
        match self.loader.load(&from, path) {
            Ok(source) if self.reading.contains(&source.name) => {
                let chain = [self.reading.join("` imports `"), source.name].join("` imports `");
                let mistake = Diagnostic::new(Code::RecursiveImport, span, "this import leads back to its own file");
                self.report(mistake.note(format!("`{chain}`")));
            }
            Ok(source) if self.read.contains(&source.name) => {}
            Ok(source) => self.read(source),
            Err(reason) => {
                let mistake = Diagnostic::new(Code::Unreadable, span, format!("`{path}` cannot be read"));
                self.report(mistake.label(reason).note("paths are relative to the file that imports"));
            }
        }
    }

    /// The file that is being read.
    pub(super) fn importing(&self) -> String {
        self.reading.last().cloned().unwrap_or_default()
    }

    /// Records an imported network; `None` if it is wrong, and said so.
    pub(super) fn imported(&mut self, name: &Name, network: Option<Network>) {
        if self.define(name) {
            self.networks.insert(name.text.clone(), network);
        }
    }

    /// Records the definition of a name; false, with a mistake reported, if it is taken.
    fn define(&mut self, name: &Name) -> bool {
        if let Some(&first) = self.defined.get(&name.text) {
            let mistake = Diagnostic::new(Code::DuplicateName, name.span, format!("`{}` is defined twice", name.text));
            self.report(mistake.label("again here").related(first, "first defined here"));
            return false;
        }
        self.defined.insert(name.text.clone(), name.span);
        if let Err(mistake) = not_a_layer(name) {
            self.report(mistake);
        }
        true
    }

    /// Builds all networks in the order of their definitions, imported ones first: calls of what is
    /// defined before are then not nested.
    fn define_networks(&mut self) {
        let mut names: Vec<(Reverse<u32>, usize, String)> = self
            .items
            .iter()
            .map(|(name, item)| (Reverse(item.name.span.file), item.name.span.start, name.clone()))
            .collect();
        names.sort();
        for (_, _, name) in names {
            self.network(&name);
        }
    }

    /// The names of all networks.
    pub(super) fn network_names(&self) -> impl Iterator<Item = &str> {
        self.items.keys().chain(self.networks.keys()).map(String::as_str)
    }

    /// Whether a network of this name exists.
    pub(super) fn has_network(&self, name: &str) -> bool {
        self.items.contains_key(name) || self.networks.contains_key(name)
    }

    /// The networks being built, outermost first, when `name` is one of them.
    pub(super) fn recursion(&self, name: &str) -> Option<&[String]> {
        self.building.iter().position(|b| b == name).map(|at| &self.building[at..])
    }

    /// A network by name, built when first asked for; `None` if it is wrong.
    pub(super) fn network(&mut self, name: &str) -> Option<Network> {
        if let Some(built) = self.networks.get(name) {
            return built.clone();
        }
        let item = self.items.get(name)?.clone();
        if self.building.len() >= MAX_CALLS {
            let message = format!("calls of networks are nested more than {MAX_CALLS} deep here");
            let mistake = Diagnostic::new(Code::NestedTooDeeply, item.name.span, message);
            self.report(mistake.help("define networks before the networks that call them"));
            self.networks.insert(name.to_string(), None);
            return None;
        }
        self.building.push(name.to_string());
        let network = build(self, &item).ok();
        self.building.pop();
        self.networks.insert(name.to_string(), network.clone());
        network
    }
}

/// A part of the language that parses, and is refused until it is decided.
pub(super) fn not_yet(span: Span, what: &str) -> Diagnostic {
    let message = format!("{what} cannot be decided by this version yet");
    Diagnostic::new(Code::NotYetSupported, span, message)
}

/// A value named like a layer that can be written without arguments would make `relu` ambiguous.
pub(super) fn not_a_layer(name: &Name) -> Result<(), Diagnostic> {
    let bare = catalogue::find(&name.text).is_some_and(|s| !s.parameters.iter().any(|p| p.required));
    if !bare {
        return Ok(());
    }
    let message = format!("`{}` is the name of a layer", name.text);
    Err(Diagnostic::new(Code::DuplicateName, name.span, message).help(format!("call it `{}_1`, say", name.text)))
}
