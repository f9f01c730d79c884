//! The proof document of a network: theorem, one lemma a layer, composition, witness, segments.

mod behaviour;
mod borders;
mod cases;
mod claims;
mod collapse;
mod convolution;
mod difference;
mod equation;
mod figures;
mod images;
mod lemma;
mod picture;
mod rule;
mod stable;
mod stored;
mod symbolic;
mod theorem;
mod window;
mod witness;

pub(super) use convolution::why as why_no_convolution;
pub(super) use equation::because as because_of;

use claims::properties;
pub use claims::{claims, quiet};
pub use difference::{Differences, difference, scientific};

use super::document::{Block, Document, Inline, text};
use super::numbers::{count, number};
use crate::decide::{Evidence, Finding, Findings, Verdict};
use crate::diagnostic::Sources;
use crate::network::{Network, Node, Program, Symbols};

/// How much of a proof is shown.
#[derive(Clone, Copy, Debug)]
pub struct Detail {
    /// Matrices with at most this many rows and columns are printed.
    pub matrix: usize,
    /// Values of a witness with at most this many entries are printed.
    pub values: usize,
    /// Whether there are figures.
    pub figures: bool,
}

impl Detail {
    /// What fits a terminal.
    pub const NORMAL: Detail = Detail { matrix: 16, values: 64, figures: false };
    /// For `--verbose`.
    pub const VERBOSE: Detail = Detail { matrix: 64, values: 1024, figures: true };
}

/// Everything that was found out about a file: a document a network, one an equation, and one for all claims.
pub fn documents(findings: &Findings<'_>, detail: Detail) -> Vec<Document> {
    let networks = findings.program.networks.iter().zip(&findings.networks);
    let mut documents: Vec<Document> = networks.map(|(n, f)| network(n, f, findings.program, detail)).collect();
    documents.extend(claims(findings, detail));
    documents.extend(properties(findings));
    documents
}

/// The proof about one network.
pub fn network(network: &Network, finding: &Finding, program: &Program, detail: Detail) -> Document {
    let document = Document::default();
    let (sources, symbols) = (&program.sources, &program.symbols);
    let mut writer = Writer { document, network, sources, symbols, detail, windowed: false };
    writer.title();
    writer.theorem(finding);
    if detail.figures {
        writer.graph(finding);
    }
    let lemmas = writer.lemmas();
    writer.stored_floats();
    match &finding.decision.evidence {
        Evidence::Composition(map) => {
            writer.composition(map, &lemmas);
            writer.the_map(map, &lemmas);
            writer.equations_of_linearity(map);
        }
        Evidence::Image(map) => {
            writer.composed((map.rows(), map.columns()), map.nonzeros(), map.is_linear(), &lemmas);
            writer.border_classes(map);
            writer.linearity_of_image(map);
        }
        Evidence::Structure { bias, limit } => {
            writer.say(vec![text(format!(
                "Affine maps compose to affine maps, and f(0) is {}. The one matrix is not written out: {limit}.",
                if bias.is_zero() { "0" } else { "not 0" }
            ))]);
        }
        Evidence::NormalForm(map, steps) => {
            writer.normal_form(map, steps);
            writer.the_map(map, &[]);
            writer.equations_of_linearity(map);
        }
        Evidence::Regions(map, found) => {
            cases::cases(&mut writer.document, found, "every output is the same affine form");
            writer.the_map(map, &[]);
            writer.equations_of_linearity(map);
        }
        Evidence::SymbolicNormalForm(map, steps) => {
            writer.normal_form(map, steps);
            writer.map_grids(map, &[]);
        }
        Evidence::Symbolic(map) => writer.symbolic(map, &lemmas),
        Evidence::FreeStructure { weights, limit } => writer.free_structure(weights.as_ref(), limit),
        Evidence::Witness(witness, weights) => writer.witness(witness, weights),
        Evidence::Nothing(undecided) => writer.undecided(undecided),
    }
    if finding.decision.verdict != Verdict::Undecided {
        writer.document.blocks.push(Block::Qed);
    }
    if let Some(found) = &finding.convolution {
        writer.convolution(found);
    }
    writer.segments(finding);
    writer.stable(finding);
    writer.document
}

struct Writer<'n> {
    document: Document,
    network: &'n Network,
    sources: &'n Sources,
    symbols: &'n Symbols,
    detail: Detail,
    /// Whether one convolution's row has been shown beside its window.
    windowed: bool,
}

impl Writer<'_> {
    pub(super) fn say(&mut self, words: Vec<Inline>) {
        self.document.say(words);
    }

    pub(super) fn place(&self, node: &Node) -> String {
        let line = self.sources.line(node.span);
        match self.sources.files.get(node.span.file as usize) {
            Some(file) if node.span.file > 0 => format!("{}:{line}", file.name),
            _ => format!("line {line}"),
        }
    }

    /// `f(x)`, or `f(x, y)`: the network applied to its arguments.
    pub(super) fn applied(&self) -> String {
        let names: Vec<&str> = self.network.inputs.iter().map(|i| i.name.as_str()).collect();
        format!("\\mathrm{{{}}}({})", self.network.name, names.join(", "))
    }

    pub(super) fn domain(&self) -> Vec<Inline> {
        let bounded = self.network.inputs.iter().filter_map(|i| i.domain.as_ref().map(|d| (i, d)));
        let words: Vec<String> = bounded
            .map(|(i, (lo, hi))| format!("every entry of {} in [{}, {}]", i.name, number(lo), number(hi)))
            .collect();
        if words.is_empty() {
            vec![text(" for every input.")]
        } else {
            vec![text(format!(" for every input with {}.", words.join(" and ")))]
        }
    }

    /// `x`, or `(x; y)` for the concatenation of several arguments.
    pub(super) fn input_vector(&self) -> String {
        let names: Vec<&str> = self.network.inputs.iter().map(|i| i.name.as_str()).collect();
        if names.len() == 1 { names[0].to_string() } else { format!("({})", names.join("; ")) }
    }

    /// `[0, 2, 1]` for an image, `3` for a vector.
    pub(super) fn output_name(&self, flat: usize) -> String {
        let index = self.network.output_shape().unravel(flat);
        if index.len() == 1 { format!("{flat}") } else { format!("{index:?}") }
    }
}

/// `ℚ^(1×8×8) → ℚ^10` as a formula.
pub(super) fn signature(network: &Network) -> String {
    let spaces: Vec<String> = network.inputs.iter().map(|i| space(&i.shape)).collect();
    format!("{} \\to {}", spaces.join(" \\times "), space(network.output_shape()))
}

/// How many documents the report of a file has: the networks', the equations' and the table of claims.
pub(super) fn shown_parts(findings: &Findings<'_>) -> usize {
    let proofs = findings.claims.iter().filter(|answer| answer.comparison.is_some()).count();
    findings.networks.len() + proofs + usize::from(!findings.claims.is_empty())
}

fn entries(n: usize) -> String {
    if n == 1 { "1 nonzero entry".into() } else { format!("{} nonzero entries", count(n)) }
}

fn space(shape: &crate::algebra::Shape) -> String {
    let axes: Vec<String> = shape.axes().iter().map(usize::to_string).collect();
    format!("\\mathbb{{Q}}^{{{}}}", axes.join("\\times"))
}

fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or(String::new(), |c| c.to_uppercase().chain(chars).collect())
}
