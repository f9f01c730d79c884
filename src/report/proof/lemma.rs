//! One lemma a layer: what it is, and its Toeplitz matrix.

use super::{Writer, entries};
use crate::layer::{Definition, Layer, Lowered, catalogue};
use crate::network::NodeId;
use crate::report::document::{Inline, code, math, text};
use crate::report::numbers::{Formula, count, fits, matrix_grid};
use crate::toeplitz::{Operator, Structure};

/// What later parts of the proof need to know of a layer's lowering.
pub struct Lemma {
    pub node: NodeId,
    /// Whether the layer is affine.
    pub affine: bool,
    /// The names of its matrices; none where it only adds or subtracts.
    pub names: Vec<String>,
    /// For each matrix, whether it is the identity.
    pub identities: Vec<bool>,
    /// Whether a constant is added.
    pub bias: bool,
}

impl Writer<'_> {
    pub fn lemmas(&mut self) -> Vec<Lemma> {
        let live = self.network.live_nodes();
        let mut lemmas = Vec::new();
        let mut operators = 0;
        for id in live {
            let Some(layer) = &self.network.nodes[id].layer else { continue };
            let node = &self.network.nodes[id];
            let label = format!("Lemma {} ({}, {})", lemmas.len() + 1, node.name, self.place(node));
            let lemma = match layer {
                Layer::Affine(affine) => self.affine_lemma(label, id, layer, &affine.lower(), &mut operators),
                Layer::Symbolic(affine) => self.affine_lemma(label, id, layer, &affine.lower(), &mut operators),
                _ => {
                    let mut words = self.introduction(id, layer);
                    words.push(text("is not affine by itself: "));
                    words.push(math(catalogue::find(layer.function().kind()).map_or("", |s| s.formula)));
                    words.push(text("."));
                    self.document.state(label, words);
                    Lemma { node: id, affine: false, names: Vec::new(), identities: Vec::new(), bias: false }
                }
            };
            lemmas.push(lemma);
        }
        lemmas
    }

    /// `conv: kernel 3×3, 1×8×8 → 1×6×6, `
    fn introduction(&self, id: NodeId, layer: &Layer) -> Vec<Inline> {
        let node = &self.network.nodes[id];
        let (kind, detail) = (layer.function().kind(), layer.function().detail());
        let what = if detail.is_empty() { code(kind) } else { code(format!("{kind}: {detail}")) };
        let from: Vec<String> = node.operands.iter().map(|&o| self.network.nodes[o].shape.to_string()).collect();
        vec![text(" "), what, text(format!(", {} → {}, ", from.join(", "), node.shape))]
    }

    fn affine_lemma<C: Formula>(
        &mut self,
        label: String,
        id: NodeId,
        layer: &Layer,
        lowered: &Lowered<C>,
        operators: &mut usize,
    ) -> Lemma {
        let mut words = self.introduction(id, layer);
        let identities = lowered.operators.iter().map(is_identity).collect();
        let bias = lowered.bias.is_some();
        if is_plain_combination(layer) {
            words.push(text("is linear: it adds or subtracts entry by entry."));
            self.document.state(label, words);
            return Lemma { node: id, affine: true, names: Vec::new(), identities, bias };
        }
        let mut names = Vec::new();
        for operator in &lowered.operators {
            *operators += 1;
            let name = format!("T_{{{operators}}}");
            words.push(text(if names.is_empty() { "is multiplication by " } else { " and by " }));
            words.push(math(name.clone()));
            words.push(text(format!(
                ", {}×{} with {}: {}",
                count(operator.rows()),
                count(operator.columns()),
                entries(operator.nonzeros()),
                operator.describe()
            )));
            names.push(name);
        }
        if let Some(bias) = &lowered.bias {
            let zero = if bias.is_zero() { " (all zero)" } else { "" };
            words.push(text(format!("; then a constant vector{zero} is added")));
        }
        words.push(text("."));
        self.document.state(label, words);
        if self.detail.figures {
            self.operator_figures(lowered, &names, layer.function());
            // The first convolution shows how its matrix comes about.
            if let (Some(Definition::Conv { window, .. }), Some(name), false) =
                (layer.function().definition(), names.first(), self.windowed)
            {
                self.windowed = true;
                self.window_figure(lowered, &window, name);
            }
        } else {
            self.matrices(lowered, &names);
        }
        Lemma { node: id, affine: true, names, identities, bias }
    }

    fn matrices<C: Formula>(&mut self, lowered: &Lowered<C>, names: &[String]) {
        for (operator, name) in lowered.operators.iter().zip(names) {
            if fits(operator.rows(), operator.columns(), self.detail.matrix) && !is_identity(operator) {
                let blocks = operator.blocks().last().copied().unwrap_or((0, 0));
                self.document.grid(matrix_grid(name, &operator.matrix(), blocks, self.symbols));
            }
        }
    }
}

pub(super) fn is_identity<C: Formula>(operator: &Operator<C>) -> bool {
    matches!(operator.structure(), Structure::Identity)
}

/// A combination without matrices of its own: `a + b` and `a - b`.
fn is_plain_combination(layer: &Layer) -> bool {
    matches!(layer.function().kind(), "add" | "sub")
}
