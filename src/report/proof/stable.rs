//! Units that never change on the domain, layer by layer.

use super::Writer;
use crate::decide::{Finding, Stable};
use crate::report::document::{Block, text};
use crate::report::numbers::count;

impl Writer<'_> {
    /// A table of the layers with kinks, where a domain makes some of their units stable.
    pub fn stable(&mut self, finding: &Finding) {
        if finding.stable.iter().all(|layer| layer.constant + layer.affine == 0) {
            return;
        }
        let words = "On the domain some units never change: one argument of their maximum always wins, so they are affine there, or constant.";
        self.document.state("Stable units", vec![text(words)]);
        let row = |layer: &Stable| {
            vec![
                self.network.nodes[layer.node].name.clone(),
                count(layer.units),
                count(layer.affine),
                count(layer.constant),
                count(layer.undecided()),
            ]
        };
        let rows: Vec<Vec<String>> = finding.stable.iter().map(row).collect();
        let head = ["layer", "units", "always affine", "constant", "neither, or not known"].map(str::to_string);
        self.document.blocks.push(Block::Table { head: head.to_vec(), rows });
        let (by_regions, open) =
            finding.stable.iter().fold((0, 0), |sum, layer| (sum.0 + layer.by_regions, sum.1 + layer.undecided()));
        let mut words = "Bounds of the forms in the normal form show it, exactly".to_string();
        if by_regions > 0 {
            words.push_str(&format!("; for {} of them, linear programs on the regions before them", count(by_regions)));
        }
        words.push_str(if open == 0 {
            ". So every layer is affine on the domain, and the network collapses."
        } else {
            ". Where all units of a layer are stable, it merges with its neighbours."
        });
        self.say(vec![text(words)]);
    }
}
