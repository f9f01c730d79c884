//! What is said first and last of a network: the theorem, and the segments that collapse.

use super::{Writer, capital, signature};
use crate::decide::{Finding, Undecided, Verdict};
use crate::network::NodeId;
use crate::report::document::{Block, code, math, strong, text};
use crate::report::numbers::{count, plural};

impl Writer<'_> {
    pub(super) fn title(&mut self) {
        let network = self.network;
        let arrow = signature(network);
        let file = self.sources.files.get(network.span.file as usize).map_or("", |f| f.name.as_str());
        let aside = format!("{file}:{}", self.sources.line(network.span));
        let title = vec![text(format!("network {} : ", network.name)), math(arrow)];
        self.document.blocks.push(Block::Title { text: title, aside });
    }

    pub(super) fn theorem(&mut self, finding: &Finding) {
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

    pub(super) fn undecided(&mut self, undecided: &Undecided) {
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

    pub(super) fn segments(&mut self, finding: &Finding) {
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
