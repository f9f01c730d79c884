//! The proof document of a network: theorem, one lemma a layer, composition, witness, segments.

use num_traits::{One, Zero};

use super::document::{Block, Document, Grid, Inline, code, math, strong, text};
use super::numbers::{count, fits, matrix_grid, number, plural, tensor_grid};
use super::{NetworkResult, Report, Status};
use crate::algebra::{Integer, Rank, Tensor};
use crate::collapse::AffineMap;
use crate::decide::normal_form::Steps;
use crate::decide::search::{Value, Witness};
use crate::decide::{Evidence, Undecided, Verdict};
use crate::diagnostic::Sources;
use crate::layer::{Layer, Lowered, catalogue};
use crate::network::{Network, Node, NodeId};

/// How much of a proof is shown.
#[derive(Clone, Copy, Debug)]
pub struct Detail {
    /// Matrices with at most this many rows and columns are printed.
    pub matrix: usize,
    /// Values of a witness with at most this many entries are printed.
    pub values: usize,
}

impl Detail {
    /// What fits a terminal.
    pub const NORMAL: Detail = Detail { matrix: 16, values: 64 };
    /// For `--verbose`.
    pub const VERBOSE: Detail = Detail { matrix: 64, values: 1024 };
}

/// The proof about one network.
pub fn network(network: &Network, result: &NetworkResult, sources: &Sources, detail: Detail) -> Document {
    let mut writer = Writer { document: Document::default(), network, sources, detail };
    writer.title();
    writer.theorem(result);
    let lemmas = writer.lemmas();
    match &result.decision.evidence {
        Evidence::Composition(map) => writer.composition(map, &lemmas),
        Evidence::Structure { bias, limit } => {
            writer.say(vec![text(format!(
                "Affine maps compose to affine maps, and f(0) is {}. The one matrix is not written out: {limit}.",
                if bias.is_zero() { "0" } else { "not 0" }
            ))]);
        }
        Evidence::NormalForm(map, steps) => writer.normal_form(map, steps),
        Evidence::Witness(witness) => writer.witness(witness),
        Evidence::Nothing(undecided) => writer.undecided(undecided),
    }
    if result.decision.verdict != Verdict::Undecided {
        writer.document.blocks.push(Block::Qed);
    }
    writer.segments(result);
    writer.document
}

/// The answers to a file's claims.
pub fn claims(report: &Report<'_>) -> Document {
    let mut document = Document::default();
    if report.program.claims.is_empty() {
        return document;
    }
    document.blocks.push(Block::Title { text: vec![text("Claims")], aside: String::new() });
    let rows = report.program.claims.iter().map(|claim| {
        let line = report.program.sources.line(claim.span);
        vec![
            report.status(claim).word().to_string(),
            claim.text.clone(),
            format!("line {line}"),
            reason(report, claim.network),
        ]
    });
    let head = ["answer", "claim", "where", "because"].map(str::to_string).to_vec();
    document.blocks.push(Block::Table { head, rows: rows.collect() });
    document
}

fn reason(report: &Report<'_>, network: usize) -> String {
    let name = &report.program.networks[network].name;
    match report.results[network].decision.verdict {
        Verdict::Linear => format!("{name}(x) = M x"),
        Verdict::Affine => format!("{name}(x) = M x + b, b ≠ 0"),
        Verdict::Nonlinear => "its witness".into(),
        Verdict::Undecided => "undecided, for the reason above".into(),
    }
}

/// One line a network and a claim.
pub fn quiet(report: &Report<'_>) -> String {
    let mut out = String::new();
    for (network, result) in report.program.networks.iter().zip(&report.results) {
        out.push_str(&format!("{}: {}\n", network.name, result.decision.verdict.word()));
    }
    for claim in &report.program.claims {
        out.push_str(&format!("{}: {}\n", claim.text, report.status(claim).word()));
    }
    out
}

/// A lowered layer and the names of its matrices.
struct Lemma {
    node: NodeId,
    lowered: Option<Lowered>,
    names: Vec<String>,
}

struct Writer<'n> {
    document: Document,
    network: &'n Network,
    sources: &'n Sources,
    detail: Detail,
}

impl Writer<'_> {
    fn say(&mut self, words: Vec<Inline>) {
        self.document.say(words);
    }

    fn place(&self, node: &Node) -> String {
        let line = self.sources.line(node.span);
        match self.sources.files.get(node.span.file as usize) {
            Some(file) if node.span.file > 0 => format!("{}:{line}", file.name),
            _ => format!("line {line}"),
        }
    }

    fn title(&mut self) {
        let network = self.network;
        let spaces: Vec<String> = network.inputs.iter().map(|i| space(&i.shape)).collect();
        let arrow = format!("{} \\to {}", spaces.join(" \\times "), space(network.output_shape()));
        let file = self.sources.files.get(network.span.file as usize).map_or("", |f| f.name.as_str());
        let aside = format!("{file}:{}", self.sources.line(network.span));
        let title = vec![text(format!("network {} : ", network.name)), math(arrow)];
        self.document.blocks.push(Block::Title { text: title, aside });
    }

    /// `f(x)`, or `f(x, y)`: the network applied to its arguments.
    fn applied(&self) -> String {
        let names: Vec<&str> = self.network.inputs.iter().map(|i| i.name.as_str()).collect();
        format!("\\mathrm{{{}}}({})", self.network.name, names.join(", "))
    }

    fn domain(&self) -> Vec<Inline> {
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

    fn theorem(&mut self, result: &NetworkResult) {
        let (f, x) = (self.applied(), self.input_vector());
        let name = &self.network.name;
        let mut words = match result.decision.verdict {
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
                math("b \\neq 0"),
                text(" with "),
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
        self.document.state("Theorem", words);
    }

    /// `x`, or `(x; y)` for the concatenation of several arguments.
    fn input_vector(&self) -> String {
        let names: Vec<&str> = self.network.inputs.iter().map(|i| i.name.as_str()).collect();
        if names.len() == 1 { names[0].to_string() } else { format!("({})", names.join("; ")) }
    }

    fn lemmas(&mut self) -> Vec<Lemma> {
        let live = self.network.live_nodes();
        let mut lemmas = Vec::new();
        let mut operators = 0;
        for id in live {
            let Some(layer) = &self.network.nodes[id].layer else { continue };
            let lowered = match layer {
                Layer::Affine(layer) => Some(layer.lower()),
                _ => None,
            };
            let names = match &lowered {
                Some(lowered) if !is_plain_combination(layer) => lowered
                    .operators
                    .iter()
                    .map(|_| {
                        operators += 1;
                        format!("T_{{{operators}}}")
                    })
                    .collect(),
                _ => Vec::new(),
            };
            let lemma = Lemma { node: id, lowered, names };
            let at = lemmas.len() + 1;
            self.lemma(at, layer, &lemma);
            lemmas.push(lemma);
        }
        lemmas
    }

    fn lemma(&mut self, at: usize, layer: &Layer, lemma: &Lemma) {
        let node = &self.network.nodes[lemma.node];
        let function = layer.function();
        let label = format!("Lemma {at} ({}, {})", node.name, self.place(node));
        let detail = function.detail();
        let kind =
            if detail.is_empty() { code(function.kind()) } else { code(format!("{}: {detail}", function.kind())) };
        let from: Vec<String> = node.operands.iter().map(|&o| self.network.nodes[o].shape.to_string()).collect();
        let arrow = format!("{} → {}", from.join(", "), node.shape);
        let mut words = vec![text(" "), kind, text(format!(", {arrow}, "))];
        match &lemma.lowered {
            None => {
                words.push(text("is not affine by itself: "));
                words.push(math(catalogue::find(function.kind()).map_or("", |s| s.formula)));
                words.push(text("."));
                self.document.state(label, words);
            }
            Some(_) if lemma.names.is_empty() => {
                words.push(text("is linear: it adds or subtracts entry by entry."));
                self.document.state(label, words);
            }
            Some(lowered) => {
                for (i, (operator, name)) in lowered.operators.iter().zip(&lemma.names).enumerate() {
                    words.push(text(if i == 0 { "is multiplication by " } else { " and by " }));
                    words.push(math(name.clone()));
                    words.push(text(format!(
                        ", {}×{} with {}: {}",
                        count(operator.rows()),
                        count(operator.columns()),
                        plural(operator.nonzeros(), "nonzero entry").replace("entrys", "entries"),
                        operator.describe()
                    )));
                }
                if let Some(bias) = &lowered.bias {
                    let zero = if bias.is_zero() { " (all zero)" } else { "" };
                    words.push(text(format!("; then a constant vector{zero} is added")));
                }
                words.push(text("."));
                self.document.state(label, words);
                self.matrices(lowered, &lemma.names);
            }
        }
    }

    fn matrices(&mut self, lowered: &Lowered, names: &[String]) {
        let trivial = |o: &crate::toeplitz::Operator| matches!(o.structure(), crate::toeplitz::Structure::Identity);
        for (operator, name) in lowered.operators.iter().zip(names) {
            if fits(operator.rows(), operator.columns(), self.detail.matrix) && !trivial(operator) {
                let blocks = operator.blocks().last().copied().unwrap_or((0, 0));
                self.document.grid(matrix_grid(name, &operator.matrix(), blocks));
            }
        }
    }

    /// `h₁ = T₁ x`, `h₂ = T₂ h₁ + b₂`, …: one line a layer.
    fn equations(&self, lemmas: &[Lemma]) -> Vec<String> {
        let symbol = |id: NodeId| match lemmas.iter().position(|l| l.node == id) {
            None => self.network.nodes[id].name.clone(),
            Some(_) if id == self.network.output => self.applied(),
            Some(at) => format!("h_{{{}}}", at + 1),
        };
        let equation = |lemma: &Lemma| {
            let node = &self.network.nodes[lemma.node];
            let operands: Vec<String> = node.operands.iter().map(|&o| symbol(o)).collect();
            let kind = node.layer.as_ref().map_or("", |l| l.function().kind());
            let right = match &lemma.lowered {
                None => format!("\\operatorname{{{kind}}}({})", operands.join(", ")),
                Some(_) if kind == "sub" => operands.join(" - "),
                Some(_) if kind == "add" => operands.join(" + "),
                Some(lowered) => {
                    let identity =
                        |o: &crate::toeplitz::Operator| matches!(o.structure(), crate::toeplitz::Structure::Identity);
                    let product = |(i, name): (usize, &String)| {
                        if identity(&lowered.operators[i]) {
                            operands[i].clone()
                        } else {
                            format!("{name} {}", operands[i])
                        }
                    };
                    let sum = lemma.names.iter().enumerate().map(product).collect::<Vec<_>>().join(" + ");
                    let at = lemmas.iter().position(|l| l.node == lemma.node).map_or(0, |p| p + 1);
                    if lowered.bias.is_some() { format!("{sum} + b_{{{at}}}") } else { sum }
                }
            };
            format!("{} = {right}", symbol(lemma.node))
        };
        let mut lines: Vec<String> = lemmas.iter().map(equation).collect();
        if lines.is_empty() {
            lines.push(format!("{} = {}", self.applied(), symbol(self.network.output)));
        }
        lines
    }

    fn composition(&mut self, map: &AffineMap, lemmas: &[Lemma]) {
        self.document.state("Composition", vec![text("By the lemmas,")]);
        let lines = self.equations(lemmas);
        self.document.formulas(abridged(lines));
        let chain = self.chain(lemmas);
        let mut words = vec![text("Substituting each line into the next leaves one matrix")];
        if let Some(product) = chain {
            words.extend([text(", "), math(format!("M = {product}")), text(",")]);
        }
        words.push(text(format!(
            " of {}×{} with {}",
            count(map.matrix.rows()),
            count(map.matrix.columns()),
            entries(map.matrix.nonzeros())
        )));
        words.push(text(if map.bias.is_zero() { ", and no constant." } else { ", and one constant vector " }));
        if !map.bias.is_zero() {
            words.extend([math("b"), text(".")]);
        }
        self.say(words);
        self.the_map(map, lemmas);
        self.equations_of_linearity(map);
    }

    /// `T₃ T₂ T₁` when the network is a chain of single products.
    fn chain(&self, lemmas: &[Lemma]) -> Option<String> {
        let mut expected = self.network.inputs.len().checked_sub(1).filter(|&n| n == 0)?;
        let mut names = Vec::new();
        for lemma in lemmas {
            if self.network.nodes[lemma.node].operands != [expected] {
                return None;
            }
            expected = lemma.node;
            names.extend(lemma.names.iter().cloned());
        }
        names.reverse();
        (names.len() > 1 && names.len() <= 12).then(|| names.join(" "))
    }

    fn the_map(&mut self, map: &AffineMap, lemmas: &[Lemma]) {
        let (rows, columns) = (map.matrix.rows(), map.matrix.columns());
        if fits(rows, columns, self.detail.matrix) {
            let mut grids = vec![matrix_grid("M", &map.matrix, self.blocks())];
            if !map.bias.is_zero() {
                grids.push(column_grid("b", &map.bias));
            }
            self.document.blocks.push(Block::Row(grids));
        } else if !map.bias.is_zero() && map.bias.len() <= self.detail.values {
            self.document.grid(tensor_grid("b", &map.bias));
        }
        let narrowest = lemmas.iter().map(|l| self.network.nodes[l.node].shape.elements()).min().unwrap_or(usize::MAX);
        let upper =
            if lemmas.iter().all(|l| self.network.nodes[l.node].operands.len() == 1) { narrowest } else { usize::MAX };
        let rank = match map.matrix.rank(upper) {
            Rank::Exact(rank) if rank == rows && rank == columns => {
                format!("The rank of M is exactly {}: M is invertible, so nothing of the input is lost.", count(rank))
            }
            Rank::Exact(rank) => format!("The rank of M is exactly {}.", count(rank)),
            Rank::AtLeast(rank) => format!("The rank of M is at least {}.", count(rank)),
        };
        let denominator = map.denominator();
        let over = if denominator.is_one() {
            "All entries are integers. ".to_string()
        } else {
            format!("All entries are integers over {}. ", number(&denominator.into()))
        };
        self.say(vec![text(format!("{over}{rank}"))]);
    }

    /// Block lines for M when input and output are images of one channel.
    fn blocks(&self) -> (usize, usize) {
        let [input] = self.network.inputs.as_slice() else { return (0, 0) };
        let (from, to) = (&input.shape, self.network.output_shape());
        if from.rank() < 2 || from.rank() != to.rank() {
            return (0, 0);
        }
        let width = |s: &crate::algebra::Shape| s.axes().last().copied().unwrap_or(0);
        (width(to), width(from))
    }

    fn equations_of_linearity(&mut self, map: &AffineMap) {
        let f = |x: &str| format!("\\mathrm{{{}}}({x})", self.network.name);
        if map.bias.is_zero() {
            let additive = format!("{} = M(x + y) = M x + M y = {} + {}", f("x + y"), f("x"), f("y"));
            let homogeneous = format!("{} = M(a x) = a \\cdot M x = a \\cdot {}", f("a x"), f("x"));
            self.document.state("Additivity", vec![math(additive), text(".")]);
            self.document.state("Homogeneity", vec![math(homogeneous), text(".")]);
        } else {
            let shifted = format!("{} + {} = M(x + y) + 2 b = {} + {}", f("x + y"), f("0"), f("x"), f("y"));
            self.document.state("Affinity", vec![math(shifted), text(".")]);
            let at = (0..map.bias.len()).find(|&i| !map.bias.get(i).is_zero()).unwrap_or(0);
            let value = number(&map.bias.get(at));
            let words = vec![
                text("A linear map takes 0 to 0, but "),
                math(f("0")),
                text(" = "),
                math("b"),
                text(format!(" is {value} at output {}.", self.output_name(at))),
            ];
            self.document.state("Not linear", words);
        }
    }

    /// `[0, 2, 1]` for an image, `3` for a vector.
    fn output_name(&self, flat: usize) -> String {
        let index = self.network.output_shape().unravel(flat);
        if index.len() == 1 { format!("{flat}") } else { format!("{index:?}") }
    }

    fn normal_form(&mut self, map: &AffineMap, steps: &Steps) {
        self.document.state(
            "Normal form",
            vec![
                text("Every value is written as an affine form of the input plus multiples of atoms "),
                math("\\max\\{0, l, \\dots\\}"),
                text(". Equal atoms are recognised: "),
                math("\\max\\{0, s \\cdot l\\} = s \\cdot \\max\\{0, l\\}"),
                text(" for "),
                math("s > 0"),
                text(", and "),
                math("\\max\\{0, -l\\} = \\max\\{0, l\\} - l"),
                text("."),
            ],
        );
        let rows = steps.layers.iter().map(|step| {
            let name = self.network.nodes[step.node].name.clone();
            let why = step.example.as_ref().map_or("–".to_string(), |(unit, why)| format!("unit {unit}: {why}"));
            vec![name, count(step.units), count(step.stable), why]
        });
        let head = ["layer", "units", "affine", "for example"].map(str::to_string).to_vec();
        let rows = rows.collect();
        self.document.blocks.push(Block::Table { head, rows });
        let mut words = match steps.atoms {
            0 => vec![text("No atom is left: every unit is affine where it is used.")],
            n => vec![text(format!(
                "{} made; in every output the coefficients of each add up to 0, so all of them cancel.",
                if n == 1 { "One atom is".into() } else { format!("{} atoms are", count(n)) }
            ))],
        };
        if let Some((atom, users)) = &steps.shared {
            words.extend([
                text(" For example "),
                math(atom.clone()),
                text(format!(" is shared by {}.", users.join(", "))),
            ]);
        }
        self.say(words);
        self.say(vec![text(format!(
            "What is left is one matrix of {}×{} with {}.",
            count(map.matrix.rows()),
            count(map.matrix.columns()),
            entries(map.matrix.nonzeros())
        ))]);
        self.the_map(map, &[]);
        self.equations_of_linearity(map);
    }

    fn witness(&mut self, witness: &Witness) {
        let f = |x: &str| format!("\\mathrm{{{}}}({x})", self.network.name);
        let based = !witness.base.is_zero();
        let (p, plus) = if based { ("p", "p + ") } else { ("0", "") };
        let law = format!(
            "{} + {} = {} + {}",
            f(&format!("{plus}x + y")),
            f(p),
            f(&format!("{plus}x")),
            f(&format!("{plus}y"))
        );
        self.document.state(
            "Witness",
            vec![
                text("If "),
                code(&self.network.name),
                text(" were affine, then "),
                math(law),
                text(" for all inputs. Take"),
            ],
        );
        let mut inputs = vec![("x", &witness.x), ("y", &witness.y)];
        if based {
            inputs.insert(0, ("p", &witness.base));
        }
        if witness.x.len() <= self.detail.values {
            let grids = inputs.iter().flat_map(|(name, value)| self.input_grids(name, value)).collect();
            self.document.blocks.push(Block::Row(grids));
        } else {
            let rows = inputs.iter().flat_map(|(name, value)| self.nonzero_rows(name, value)).collect();
            let head = ["vector", "entry", "value"].map(str::to_string).to_vec();
            self.document.blocks.push(Block::Table { head, rows });
            self.say(vec![text("All other entries are 0.")]);
        }
        self.trace(witness);
        let output = self.output_name(witness.output);
        let rows = [
            (p.to_string(), &witness.f_base),
            (format!("{plus}x"), &witness.f_x),
            (format!("{plus}y"), &witness.f_y),
            (format!("{plus}x + y"), &witness.f_xy),
        ];
        let rows =
            rows.into_iter().map(|(point, value)| vec![format!("{}({})", self.network.name, point), shown(value)]);
        let head = vec!["value".to_string(), format!("at output {output}")];
        let rows = rows.collect();
        self.document.blocks.push(Block::Table { head, rows });
        let left = shown(&witness.f_xy.plus(&witness.f_base));
        let right = shown(&witness.f_x.plus(&witness.f_y));
        let (l, r) = (
            format!("{} + {}", f(&format!("{plus}x + y")), f(p)),
            format!("{} + {}", f(&format!("{plus}x")), f(&format!("{plus}y"))),
        );
        self.say(vec![text("So "), math(l), text(format!(" = {left}, but ")), math(r), text(format!(" = {right}."))]);
        if !witness.f_x.is_exact() || !witness.f_xy.is_exact() {
            self.say(vec![text("Intervals are proved enclosures with rational ends; the two sides do not overlap.")]);
        }
        if !based && witness.f_base == (Value { low: Zero::zero(), high: Zero::zero() }) {
            let law = format!("{} = {} + {}", f("x + y"), f("x"), f("y"));
            self.say(vec![
                text("Since "),
                math(f("0")),
                text(" = 0 there, this is the failure of additivity, "),
                math(law),
                text("."),
            ]);
        }
    }

    /// An input vector as one grid an argument.
    fn input_grids(&self, name: &str, flat: &Tensor) -> Vec<Grid> {
        let parts = self.network.split_input(flat);
        let several = parts.len() > 1;
        let grid = |(part, input): (Tensor, &crate::network::Input)| {
            let name = if several { format!("{name}_{{{}}}", input.name) } else { name.to_string() };
            tensor_grid(&name, &part)
        };
        parts.into_iter().zip(&self.network.inputs).map(grid).collect()
    }

    /// The nonzero entries of an input vector, one a row.
    fn nonzero_rows(&self, name: &str, flat: &Tensor) -> Vec<Vec<String>> {
        let parts = self.network.split_input(flat);
        let rows = parts.iter().zip(&self.network.inputs).flat_map(|(part, input)| {
            let nonzero = (0..part.len()).filter(|&i| !part.numerators()[i].is_zero());
            nonzero.map(move |i| {
                vec![name.to_string(), format!("{}{:?}", input.name, part.shape().unravel(i)), number(&part.get(i))]
            })
        });
        rows.collect()
    }

    /// The values of every layer at the witness's points, where they are small enough to follow.
    fn trace(&mut self, witness: &Witness) {
        let points = [
            &witness.base.plus(&witness.x),
            &witness.base.plus(&witness.y),
            &witness.base.plus(&witness.x).plus(&witness.y),
        ];
        let labels = if witness.base.is_zero() { ["x", "y", "x + y"] } else { ["p + x", "p + y", "p + x + y"] };
        let traces: Option<Vec<Vec<(NodeId, Tensor)>>> = points.into_iter().map(|p| self.network.trace(p)).collect();
        let Some(traces) = traces else { return };
        let small = traces[0].iter().all(|(_, value)| value.len() <= self.detail.values) && traces[0].len() <= 12;
        if !small {
            return;
        }
        self.say(vec![text("Layer by layer, from the definitions:")]);
        for (step, (id, _)) in traces[0].iter().enumerate() {
            let name = &self.network.nodes[*id].name;
            let grids = traces
                .iter()
                .zip(labels)
                .map(|(t, label)| tensor_grid(&format!("\\mathrm{{{name}}}({label})"), &t[step].1));
            self.document.blocks.push(Block::Row(grids.collect()));
        }
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

    fn segments(&mut self, result: &NetworkResult) {
        let worth: Vec<_> = result.segments.iter().map(|s| (s, s.working_layers(self.network))).collect();
        if worth.iter().all(|(_, layers)| layers.len() < 2) {
            if !worth.is_empty() {
                self.document.state("Segments", vec![text("No two neighbouring affine layers can be merged: a nonlinear layer stands between any two of them.")]);
            }
            return;
        }
        self.document.state("Segments", vec![text("Between its nonlinear layers the network is affine: each run of affine layers below is one matrix, and all but one of its layers are redundant.")]);
        let name = |id: NodeId| self.network.nodes[id].name.clone();
        let rows = worth.iter().filter(|(_, layers)| layers.len() > 1).map(|(segment, layers)| {
            let after = segment
                .map
                .as_ref()
                .map(|m| m.matrix.nonzeros() + m.bias.numerators().iter().filter(|n| !n.is_zero()).count());
            let weights = segment.map.as_ref().map_or("–".into(), |m| count(m.matrix.nonzeros()));
            vec![
                layers.iter().map(|&id| name(id)).collect::<Vec<_>>().join(" → "),
                count(layers.len() - 1),
                count(segment.parameters),
                after.map_or("–".into(), count),
                count(segment.multiply_adds),
                weights,
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

/// A combination without matrices of its own: `a + b` and `a - b`.
fn is_plain_combination(layer: &Layer) -> bool {
    matches!(layer.function().kind(), "add" | "sub")
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

/// Long lists of equations keep their first and last lines.
fn abridged(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > 24 {
        lines.splice(12..lines.len() - 8, ["\\dots".to_string()]);
    }
    lines
}

fn shown(value: &Value) -> String {
    if value.is_exact() {
        number(&value.low)
    } else {
        format!("[{}, {}]", decimal(&value.low, false), decimal(&value.high, true))
    }
}

/// Nine decimals, rounded outward: for reading; the exact ends are in the JSON report.
fn decimal(value: &crate::algebra::Rational, up: bool) -> String {
    let scale = Integer::from(1_000_000_000);
    let scaled = value * crate::algebra::Rational::from_integer(scale.clone());
    let rounded = if up { scaled.ceil() } else { scaled.floor() }.to_integer();
    let sign = if rounded.sign() == num_bigint::Sign::Minus { "−" } else { "" };
    let digits = rounded.magnitude() / scale.magnitude();
    let fraction = rounded.magnitude() % scale.magnitude();
    format!("{sign}{digits}.{fraction:0>9}")
}

/// A bias as a column.
fn column_grid(name: &str, bias: &Tensor) -> Grid {
    let mut grid = tensor_grid(name, bias);
    grid.cells = bias.numerators().iter().map(|n| vec![n.clone()]).collect();
    grid.column_block = 0;
    grid
}

impl Status {
    /// Whether the file's author has nothing to do.
    pub fn is_proved(self) -> bool {
        self == Status::Proved
    }
}
