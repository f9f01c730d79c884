//! Proofs for every choice of the weights.

use super::Writer;
use super::lemma::Lemma;
use num_traits::Zero;

use crate::algebra::{Polynomial, Rational, Symbol};
use crate::collapse::{AffineMap, LimitReached};
use crate::network::{Assignment, Symbols};
use crate::report::document::{Inline, code, math, text};
use crate::report::numbers::{count, number};

/// Past this many, symbols are counted and not listed.
const LISTED: usize = 24;

impl Writer<'_> {
    /// "The weights `k` (9) and `b` (1) are symbols: …"
    pub fn quantifier(&self) -> Vec<Inline> {
        let names: Vec<&str> = self.symbols.tensors_of(self.network.symbols()).map(|t| t.name.as_str()).collect();
        if names.is_empty() {
            return Vec::new();
        }
        let mut words = vec![text(" This holds for every choice of the weights ")];
        for (i, name) in names.iter().enumerate().take(LISTED) {
            words.extend([text(if i > 0 { ", " } else { "" }), code(*name)]);
        }
        words.push(text(if names.len() > LISTED {
            format!(" and {} more.", names.len() - LISTED)
        } else {
            ".".into()
        }));
        words
    }

    pub fn symbolic(&mut self, map: &AffineMap<Polynomial>, lemmas: &[Lemma]) {
        self.composition(map, lemmas);
        self.map_grids(map, lemmas);
        let words = "The entries of M and b are polynomials in the weights; the composition is a computation with polynomials, so it holds whatever the weights are.";
        self.say(vec![text(words)]);
    }

    pub fn free_structure(&mut self, weights: Option<&Assignment>, limit: &LimitReached) {
        let words = match weights {
            None => "Linear maps compose to linear maps, whatever their weights.",
            Some(_) => {
                "Affine maps compose to affine maps, whatever their weights; f(0) is not 0 for every choice of them, as these show, with all others 0:"
            }
        };
        self.say(vec![text(words)]);
        if let Some(weights) = weights {
            self.weights(weights);
        }
        self.say(vec![text(format!("The one matrix is not written out: {limit}."))]);
    }

    /// The numbers chosen for symbols: those that are not 0, as far as they can be listed.
    pub fn weights(&mut self, weights: &Assignment) {
        let words = chosen(weights, self.symbols);
        if !words.is_empty() {
            self.say(words);
        }
    }
}

/// "the weights k\[0,0\] = 1, b = 2 in every entry, all others 0:"
pub(super) fn chosen(weights: &Assignment, symbols: &Symbols) -> Vec<Inline> {
    if weights.is_empty() {
        return Vec::new();
    }
    let mut parts = Vec::new();
    let mut left_out = 0;
    for tensor in symbols.tensors_of(weights.keys().copied()) {
        let values: Vec<(Symbol, &Rational)> =
            Symbols::of(tensor).filter_map(|s| Some((s, weights.get(&s)?))).filter(|(_, v)| !v.is_zero()).collect();
        let whole = values.len() > 1 && values.len() == tensor.shape.elements();
        match values.first() {
            Some((_, first)) if whole && values.iter().all(|(_, value)| value == first) => {
                parts.push(vec![code(&tensor.name), text(format!(" = {} in every entry", number(first)))]);
            }
            _ => {
                let shown = LISTED.saturating_sub(parts.len());
                left_out += values.len().saturating_sub(shown);
                let equation =
                    |(s, v): &(Symbol, &Rational)| vec![math(format!("{} = {}", symbols.name(*s), number(v)))];
                parts.extend(values.iter().take(shown).map(equation));
            }
        }
    }
    if let [(symbol, value)] = *weights.iter().collect::<Vec<_>>() {
        return vec![math(format!("{} = {}", symbols.name(*symbol), number(value))), text(":")];
    }
    if parts.is_empty() {
        return vec![text("all weights 0:")];
    }
    let mut words = vec![text("the weights ")];
    for (i, part) in parts.into_iter().enumerate() {
        words.push(text(if i > 0 { ", " } else { "" }));
        words.extend(part);
    }
    if left_out > 0 {
        words.push(text(format!(" and {} more", count(left_out))));
    }
    let others = weights.values().any(Zero::is_zero);
    words.push(text(if others { ", all others 0:" } else { ":" }));
    words
}
