//! The proof document of a network: theorem, one lemma a layer, composition, witness, segments.

mod behaviour;
mod borders;
mod cases;
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
mod window;
mod witness;

pub(super) use convolution::why as why_no_convolution;
pub(super) use equation::because as because_of;

pub use difference::{Differences, difference, scientific};

use super::document::{Block, Document, Inline, code, math, strong, text};

use super::numbers::{count, number, plural};
use crate::decide::{Answer, Comparison, Evidence, Finding, Findings, Status, Undecided, Verdict};
use crate::diagnostic::Sources;
use crate::network::{Claim, Network, Node, NodeId, Program, Property, Statement, Symbols};

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

/// The answers to a file's claims: first the equations, each with its proof, then all in a table.
pub fn claims(findings: &Findings<'_>, detail: Detail) -> Vec<Document> {
    let program = findings.program;
    let mut documents = Vec::new();
    let mut table = Document::default();
    table.blocks.push(Block::Title { text: vec![text("Claims")], aside: String::new() });
    let mut rows = Vec::new();
    for (claim, answer) in program.claims.iter().zip(&findings.claims) {
        let because = match (&claim.statement, &answer.comparison) {
            (Statement::Property { network, property: Property::AConvolution }, _) => {
                convolution::reason(&findings.networks[*network], answer.status)
                    .unwrap_or_else(|| reason(findings, *network))
            }
            (Statement::Property { network, .. }, _) => reason(findings, *network),
            (Statement::Equation(claimed), Some(comparison)) => {
                documents.push(equation::document(program, claim, claimed, comparison, detail));
                equation::reason(comparison)
            }
            (Statement::Law { equations, .. }, Some(comparison)) => {
                let equation = &equations[answer.equation];
                documents.push(equation::document(program, claim, equation, comparison, detail));
                equation::reason(comparison)
            }
            (Statement::Law { network, .. }, None) => match findings.networks[*network].decision.verdict {
                Verdict::Linear => reason(findings, *network),
                _ => "no layer adds a constant".into(),
            },
            (Statement::Equation(_), None) => String::new(),
            (Statement::Behaviour { network, behaviour }, _) => match &answer.grounds {
                None => String::new(),
                Some(grounds) => {
                    let subject = &program.networks[*network];
                    documents.push(behaviour::document(program, claim, subject, behaviour, grounds, detail));
                    grounds.because.clone()
                }
            },
        };
        let line = format!("line {}", program.sources.line(claim.span));
        rows.push(vec![answer.status.word().to_string(), claim.text.clone(), line, because]);
    }
    if !rows.is_empty() {
        let head = ["answer", "claim", "where", "because"].map(str::to_string).to_vec();
        table.blocks.push(Block::Table { head, rows });
        documents.push(table);
    }
    documents
}

/// The properties that were asked of each network beside its claims: a table a network.
fn properties(findings: &Findings<'_>) -> Vec<Document> {
    let mut documents = Vec::new();
    for (index, network) in findings.program.networks.iter().enumerate() {
        let about = |claim: &Claim| match &claim.statement {
            Statement::Law { network, .. } | Statement::Behaviour { network, .. } => *network == index,
            _ => false,
        };
        let row = |(claim, answer): &(Claim, Answer)| {
            let name = claim.text.split_once(" is ").map_or(claim.text.as_str(), |(_, property)| property);
            let word = match answer.status {
                Status::Proved => "yes",
                Status::Refuted => "no",
                Status::Undecided => "undecided",
            };
            vec![name.to_string(), word.to_string(), because(findings, claim, answer)]
        };
        let rows: Vec<Vec<String>> = findings.asked.iter().filter(|(claim, _)| about(claim)).map(row).collect();
        if rows.is_empty() {
            continue;
        }
        let mut document = Document::default();
        let title = vec![text(format!("properties of {}", network.name))];
        document.blocks.push(Block::Title { text: title, aside: String::new() });
        let head = ["property", "holds", "because"].map(str::to_string).to_vec();
        document.blocks.push(Block::Table { head, rows });
        documents.push(document);
    }
    documents
}

/// Why a property holds or not, in a few words.
pub(super) fn because(findings: &Findings<'_>, claim: &Claim, answer: &Answer) -> String {
    match (&claim.statement, &answer.comparison, &answer.grounds) {
        (_, _, Some(grounds)) => grounds.because.clone(),
        (_, Some(Comparison::Different(found)), _) => {
            let (left, right) = (witness::shown(&found.left), witness::shown(&found.right));
            format!("at some input, output {} is {left} on one side and {right} on the other", found.output)
        }
        (_, Some(comparison), _) => equation::reason(comparison),
        (Statement::Law { network, .. }, None, None) => match findings.networks[*network].decision.verdict {
            Verdict::Linear => reason(findings, *network),
            _ => "no layer adds a constant".into(),
        },
        _ => String::new(),
    }
}

fn reason(findings: &Findings<'_>, network: usize) -> String {
    let name = &findings.program.networks[network].name;
    match findings.networks[network].decision.verdict {
        Verdict::Linear => format!("{name}(x) = M x"),
        Verdict::Affine => format!("{name}(x) = M x + b, b ≠ 0"),
        Verdict::Nonlinear => "its witness".into(),
        Verdict::Undecided => "undecided, for the reason above".into(),
    }
}

/// One line a network and a claim.
pub fn quiet(findings: &Findings<'_>) -> String {
    let mut out = String::new();
    for (network, finding) in findings.program.networks.iter().zip(&findings.networks) {
        out.push_str(&format!("{}: {}\n", network.name, finding.decision.verdict.word()));
    }
    for (claim, answer) in findings.program.claims.iter().zip(&findings.claims) {
        out.push_str(&format!("{}: {}\n", claim.text, answer.status.word()));
    }
    for (claim, answer) in &findings.asked {
        out.push_str(&format!("{}: {}\n", claim.text, answer.status.word()));
    }
    out
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

    fn title(&mut self) {
        let network = self.network;
        let arrow = signature(network);
        let file = self.sources.files.get(network.span.file as usize).map_or("", |f| f.name.as_str());
        let aside = format!("{file}:{}", self.sources.line(network.span));
        let title = vec![text(format!("network {} : ", network.name)), math(arrow)];
        self.document.blocks.push(Block::Title { text: title, aside });
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

    fn theorem(&mut self, finding: &Finding) {
        let (f, x) = (self.applied(), self.input_vector());
        let name = &self.network.name;
        let mut words = match finding.decision.verdict {
            Verdict::Linear => vec![
                code(name),
                text(" is "),
                strong("linear"),
                text(": there is one matrix "),
                math("M"),
                text(" with "),
                math(format!("{f} = M {x}")),
            ],
            Verdict::Affine => vec![
                code(name),
                text(" is "),
                strong("affine"),
                text(", not linear: there are one matrix "),
                math("M"),
                text(" and one vector "),
                math(if self.network.is_symbolic() { "b" } else { "b \\neq 0" }),
                text(if self.network.is_symbolic() { ", not always 0, with " } else { " with " }),
                math(format!("{f} = M {x} + b")),
            ],
            Verdict::Nonlinear => {
                let words = vec![
                    code(name),
                    text(" is "),
                    strong("nonlinear"),
                    text(": no matrix "),
                    math("M"),
                    text(" and vector "),
                    math("b"),
                    text(" satisfy "),
                    math(format!("{f} = M {x} + b")),
                ];
                let tail = vec![text(" for all inputs, by the witness below.")];
                self.document.state("Theorem", [words, tail].concat());
                return;
            }
            Verdict::Undecided => {
                self.document.state(
                    "No theorem",
                    vec![
                        code(name),
                        text(" is "),
                        strong("undecided"),
                        text(": neither a proof that it is affine nor a witness against it was found."),
                    ],
                );
                return;
            }
        };
        words.extend(self.domain());
        words.extend(self.quantifier());
        self.document.state("Theorem", words);
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

    fn undecided(&mut self, undecided: &Undecided) {
        let tried = undecided.tried;
        self.document.state("Why not", vec![text(format!("{}.", capital(&undecided.reason)))]);
        let looked = format!(
            "{} of points, {} and {} on them were tried.",
            plural(tried.pairs, "pair"),
            plural(tried.lines, "line"),
            plural(tried.breakpoints, "breakpoint")
        );
        self.say(vec![text(looked)]);
        self.say(vec![text(format!("What may decide it: {}.", undecided.remedy))]);
    }

    fn segments(&mut self, finding: &Finding) {
        let worth: Vec<_> = finding.segments.iter().map(|s| (s, s.working_layers(self.network))).collect();
        if worth.iter().all(|(_, layers)| layers.len() < 2) {
            if !worth.is_empty() {
                self.document.state("Segments", vec![text("No two neighbouring affine layers can be merged: a nonlinear layer stands between any two of them.")]);
            }
            return;
        }
        self.document.state("Segments", vec![text("Between its nonlinear layers the network is affine: each run of affine layers below is one matrix, and all but one of its layers are redundant.")]);
        let name = |id: NodeId| self.network.nodes[id].name.clone();
        let rows = worth.iter().filter(|(_, layers)| layers.len() > 1).map(|(segment, layers)| {
            let merged = segment.merged.as_ref().ok();
            vec![
                layers.iter().map(|&id| name(id)).collect::<Vec<_>>().join(" → "),
                count(layers.len() - 1),
                count(segment.parameters),
                merged.map_or("–".into(), |m| count(m.weights + m.constants)),
                count(segment.multiply_adds),
                merged.map_or("–".into(), |m| count(m.weights)),
            ]
        });
        let head = ["layers", "redundant", "parameters", "as one matrix", "multiply-adds", "as one matrix"]
            .map(str::to_string)
            .to_vec();
        let rows = rows.collect();
        self.document.blocks.push(Block::Table { head, rows });
        self.say(vec![text("Parameters count stored weights, and for one matrix its nonzeros and constants; multiply-adds count nonzero entries of matrices.")]);
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
