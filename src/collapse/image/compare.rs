//! Comparison of two maps by their tables: the two partitions are refined to a common one, and one
//! row an output channel is compared in each part.

use std::collections::HashMap;

use super::row::columns;
use super::{ImageMap, Outputs, unravel};
use crate::algebra::{Coefficient, Integer};

/// One axis of two maps.
struct Common {
    /// The part of each position.
    parts: Vec<usize>,
    /// The first position of each part.
    firsts: Vec<usize>,
}

impl<C: Coefficient> ImageMap<C> {
    /// The outputs whose rows or constants are not 0.
    pub fn nonzero(&self) -> Outputs {
        let inside = self.table.iter().map(|class| {
            let nonzero = |channel: usize| {
                !class.bias.numerators()[channel].is_zero() || class.matrix.row(channel).next().is_some()
            };
            (0..self.output.channels()).map(nonzero).collect()
        });
        let axes = self.axes.iter().map(|axis| axis.classes.clone()).collect();
        Outputs::new(self.output.clone(), axes, inside.collect())
    }

    /// The outputs at which another map between the same images is not the same; `None` if it is
    /// between others. Nothing is written out.
    ///
    /// Two positions are in one part if each map has them in one class, and each position that the
    /// one map reads is the same one that the other does: then the rows of the part's positions
    /// differ for all of them or for none.
    pub fn difference(&self, other: &ImageMap<C>) -> Option<Outputs> {
        if self.inputs != other.inputs || self.output != other.output {
            return None;
        }
        let common: Vec<Common> = (0..self.axes.len()).map(|axis| self.common(other, axis)).collect();
        let counts: Vec<usize> = common.iter().map(|c| c.firsts.len()).collect();
        let part = |flat: usize| {
            let position: Vec<usize> =
                unravel(flat, &counts).into_iter().zip(&common).map(|(p, c)| c.firsts[p]).collect();
            (0..self.output.channels()).map(|channel| !self.same(other, channel, &position)).collect()
        };
        let inside = (0..counts.iter().product()).map(part).collect();
        Some(Outputs::new(self.output.clone(), common.into_iter().map(|c| c.parts).collect(), inside))
    }

    fn common(&self, other: &ImageMap<C>, axis: usize) -> Common {
        let (a, b) = (&self.axes[axis], &other.axes[axis]);
        let mut known = HashMap::new();
        let mut common = Common { parts: Vec::new(), firsts: Vec::new() };
        for p in 0..a.classes.len() {
            let matches: Vec<Vec<Option<usize>>> = a.windows[p]
                .iter()
                .zip(&b.windows[p])
                .map(|(a, b)| b.iter().map(|read| a.iter().position(|r| r == read)).collect())
                .collect();
            let next = known.len();
            let part = *known.entry((a.classes[p], b.classes[p], matches)).or_insert(next);
            if part == next {
                common.firsts.push(p);
            }
            common.parts.push(part);
        }
        common
    }

    /// Whether both maps have the same row and constant at an output.
    fn same(&self, other: &ImageMap<C>, channel: usize, position: &[usize]) -> bool {
        let row = |map: &ImageMap<C>| {
            let class = map.class_at(position);
            let windows: Vec<_> = map.axes.iter().zip(position).map(|(axis, &p)| &axis.windows[p]).collect();
            let columns = columns(&map.inputs, &windows);
            let row = class.matrix.row(channel).map(|(column, weight)| (columns[column], weight.clone()));
            let mut row: Vec<(usize, C)> = row.collect();
            row.sort_unstable_by_key(|(column, _)| *column);
            row
        };
        let (a, b) = (self.class_at(position), other.class_at(position));
        let equal = |(x, over): (&C, &Integer), (y, under): (&C, &Integer)| match over == under {
            true => x == y,
            false => x.times(under) == y.times(over),
        };
        let constant = |class: &'_ crate::collapse::AffineMap<C>| class.bias.numerators()[channel].clone();
        if !equal((&constant(a), a.bias.denominator()), (&constant(b), b.bias.denominator())) {
            return false;
        }
        if a.matrix.row(channel).count() != b.matrix.row(channel).count() {
            return false;
        }
        let weights = |((i, x), (j, y)): (&(usize, C), &(usize, C))| {
            i == j && equal((x, a.matrix.denominator()), (y, b.matrix.denominator()))
        };
        row(self).iter().zip(&row(other)).all(weights)
    }
}

impl<C: Coefficient> PartialEq for ImageMap<C> {
    /// Whether they are the same function.
    fn eq(&self, other: &ImageMap<C>) -> bool {
        self.difference(other).is_some_and(|outputs| outputs.is_empty())
    }
}

impl<C: Coefficient> Eq for ImageMap<C> {}
