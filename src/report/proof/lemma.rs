//! One lemma a layer: what it is, and its Toeplitz matrix.

use super::{Writer, entries};
use crate::layer::{Layer, Lowered, catalogue};
use crate::network::NodeId;
use crate::report::document::{code, math, text};
use crate::report::numbers::{count, fits, matrix_grid};
use crate::toeplitz::{Operator, Structure};

/// A lowered layer and the names of its matrices.
pub struct Lemma {
    pub node: NodeId,
    pub lowered: Option<Lowered>,
    pub names: Vec<String>,
}

impl Writer<'_> {
    pub fn lemmas(&mut self) -> Vec<Lemma> {
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
                        entries(operator.nonzeros()),
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
        let trivial = |o: &Operator| matches!(o.structure(), Structure::Identity);
        for (operator, name) in lowered.operators.iter().zip(names) {
            if fits(operator.rows(), operator.columns(), self.detail.matrix) && !trivial(operator) {
                let blocks = operator.blocks().last().copied().unwrap_or((0, 0));
                self.document.grid(matrix_grid(name, &operator.matrix(), blocks));
            }
        }
    }
}

/// A combination without matrices of its own: `a + b` and `a - b`.
fn is_plain_combination(layer: &Layer) -> bool {
    matches!(layer.function().kind(), "add" | "sub")
}
