//! Proofs for every choice of the weights.

use super::Writer;
use super::lemma::Lemma;
use crate::algebra::Polynomial;
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
        self.map_grids(map);
        let words = "The entries of M and b are polynomials in the weights; the composition is a computation with polynomials, so it holds whatever the weights are.";
        self.say(vec![text(words)]);
    }

    pub fn free_structure(&mut self, weights: Option<&Assignment>, limit: &LimitReached) {
        let words = match weights {
            None => "Linear maps compose to linear maps, whatever their weights.",
            Some(_) => {
                "Affine maps compose to affine maps, whatever their weights; f(0) is not 0 for every choice of them, as these show:"
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

/// "the weights k\[0,0\] = 1, all others 0"
pub(super) fn chosen(weights: &Assignment, symbols: &Symbols) -> Vec<Inline> {
    if weights.is_empty() {
        return Vec::new();
    }
    let zero = |value: &crate::algebra::Rational| *value == Default::default();
    let nonzero: Vec<_> = weights.iter().filter(|(_, value)| !zero(value)).collect();
    let ones = nonzero.len() == weights.len()
        && weights.values().all(|v| *v == crate::algebra::Rational::from_integer(1.into()));
    if ones {
        return vec![text("the weights that are all 1:")];
    }
    let mut words = vec![text("the weights ")];
    for (i, (symbol, value)) in nonzero.iter().enumerate().take(LISTED) {
        words.push(text(if i > 0 { ", " } else { "" }));
        words.push(math(format!("{} = {}", symbols.name(**symbol), number(value))));
    }
    if nonzero.len() > LISTED {
        words.push(text(format!(" and {} more", count(nonzero.len() - LISTED))));
    }
    if nonzero.is_empty() {
        words = vec![text("all weights 0")];
    } else if nonzero.len() < weights.len() {
        words.push(text(", all others 0"));
    }
    words.push(text(":"));
    words
}
