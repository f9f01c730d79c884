//! Rows on demand: the rows of the border classes that some outputs need, and rows of M placed from them.

use std::collections::HashMap;
use std::ops::{ControlFlow, Range};

use rayon::prelude::*;

use super::borders::Borders;
use super::row::columns;
use super::unravel;
use crate::algebra::{Coefficient, Integer, Shape};
use crate::collapse::cost::{Cost, LITTLE};
use crate::collapse::{ENTRY_BYTES, MapRow, Plan, Region};

/// A table serves at least so many rows with each of its own.
const WORTH: u64 = 4;
/// Bytes of one label or position that is read, in a trace and its signature.
const READ_BYTES: u64 = 32;
/// Bytes of rows that are placed at once: more are no faster.
const PLACED: u64 = 1 << 25;

/// Rows of border classes, over the denominator of the whole map, for the outputs that need no others.
struct Table<'t> {
    borders: &'t Borders<'t, 't, Integer>,
    inputs: Vec<Shape>,
    /// For each product of classes that is needed, its first channel that is, and the rows from there on.
    rows: HashMap<usize, (usize, Vec<MapRow>)>,
}

impl Region<'_> {
    /// Hands on the rows of outputs as [`Region::stream`] does, as long as a table of border classes is worth it
    /// and fits; and says which output is the next.
    pub(in crate::collapse) fn stream_by_classes<B>(
        &self,
        plan: &Plan<'_, Integer>,
        outputs: Range<usize>,
        memory: u64,
        take: &mut impl FnMut(Vec<MapRow>) -> ControlFlow<B>,
    ) -> (usize, ControlFlow<B>) {
        let mut next = outputs.start;
        let positions = covering(&self.network.nodes[self.sink].shape, &outputs);
        let (count, cost) = (outputs.len() as u64, Cost::of(self));
        let traced: usize = positions.iter().map(Range::len).sum();
        let little = cost.by_entries.min(cost.by_residues).saturating_mul(count) <= LITTLE;
        if little || traced as u64 > 2 * count {
            return (next, ControlFlow::Continue(()));
        }
        // A quarter for the traces, half for the table, and the rest for the rows placed.
        let reads = usize::try_from(memory / 4 / READ_BYTES / positions.len().max(1) as u64).unwrap_or(usize::MAX);
        let Some(borders) = self.borders_of(positions, reads.min(super::borders::MOST_READS)) else {
            return (next, ControlFlow::Continue(()));
        };
        let worth = |needed: &HashMap<usize, Range<usize>>| {
            needed.values().map(|channels| channels.len() as u64).sum::<u64>().saturating_mul(WORTH) <= count
        };
        if worth(&borders.needed(outputs.clone())) {
            while next < outputs.end {
                match borders.stream(plan, next..outputs.end, memory, take) {
                    Some((end, ControlFlow::Continue(()))) => next = end,
                    Some(broken) => return broken,
                    None => break,
                }
            }
        }
        (next, ControlFlow::Continue(()))
    }
}

/// For each spatial axis, a range that the positions of these outputs are in.
fn covering(shape: &Shape, outputs: &Range<usize>) -> Vec<Range<usize>> {
    let (first, last) = (shape.unravel(outputs.start), shape.unravel(outputs.end.max(outputs.start + 1) - 1));
    let range = |axis: usize| match first[..axis] == last[..axis] {
        true => first[axis]..last[axis] + 1,
        false => 0..shape.axes()[axis],
    };
    (1..shape.axes().len()).map(range).collect()
}

impl Borders<'_, '_, Integer> {
    fn shape(&self) -> &Shape {
        &self.region.network.nodes[self.region.sink].shape
    }

    /// The product of classes of a position.
    fn flat(&self, position: &[usize]) -> usize {
        self.axes.iter().zip(position).fold(0, |flat, (axis, &p)| flat * axis.traces.len() + axis.class(p))
    }

    /// The products of classes that some outputs are in, each with channels that contain those of its outputs.
    fn needed(&self, outputs: Range<usize>) -> HashMap<usize, Range<usize>> {
        let spatial = self.shape().spatial();
        let plane: usize = spatial.iter().product();
        let mut needed: HashMap<usize, Range<usize>> = HashMap::new();
        for position in 0..plane {
            // The channels c with c · plane + position among the outputs.
            let channels = outputs.start.saturating_sub(position).div_ceil(plane)
                ..outputs.end.saturating_sub(position).div_ceil(plane);
            if channels.is_empty() {
                continue;
            }
            let all = needed.entry(self.flat(&unravel(position, spatial))).or_insert(channels.clone());
            *all = all.start.min(channels.start)..all.end.max(channels.end);
        }
        needed
    }

    /// Hands on, in order, the rows of as many of these outputs as one table that fits serves; `None` if that is none.
    fn stream<B>(
        &self,
        plan: &Plan<'_, Integer>,
        outputs: Range<usize>,
        memory: u64,
        take: &mut impl FnMut(Vec<MapRow>) -> ControlFlow<B>,
    ) -> Option<(usize, ControlFlow<B>)> {
        let plane: usize = self.shape().spatial().iter().product();
        let entry = ENTRY_BYTES + self.region.magnitude() / 8;
        let channel = outputs.start / plane;
        let mut channels = (outputs.end - 1) / plane + 1 - channel;
        let (end, needed) = loop {
            let end = outputs.end.min((channel + channels) * plane);
            let needed = self.needed(outputs.start..end);
            let bytes = |(&flat, channels): (&usize, &Range<usize>)| {
                self.window(flat).saturating_mul(channels.len() as u64).saturating_mul(entry)
            };
            if needed.iter().map(bytes).fold(0, u64::saturating_add) <= memory / 2 {
                break (end, needed);
            }
            if channels == 1 {
                return None;
            }
            channels = channels.div_ceil(2);
        };
        let widest = needed.keys().map(|&flat| self.window(flat)).max()?.saturating_mul(entry).max(1);
        let piece = usize::try_from((memory / 4).min(PLACED) / widest).unwrap_or(usize::MAX);
        if piece == 0 {
            return None;
        }
        let table = self.table(plan, needed, memory / 4)?;
        let mut next = outputs.start;
        while next < end {
            let until = end.min(next.saturating_add(piece));
            if let ControlFlow::Break(b) = take((next..until).into_par_iter().map(|output| table.row(output)).collect())
            {
                return Some((until, ControlFlow::Break(b)));
            }
            next = until;
        }
        Some((end, ControlFlow::Continue(())))
    }

    /// Entries of a row of a product of classes, at most.
    fn window(&self, flat: usize) -> u64 {
        let local = self.local(flat);
        let entries = |source: &usize| {
            let size = |trace: &&super::trace::Trace| trace.positions.get(source).map_or(1, |p| p.len().max(1) as u64);
            self.region.network.nodes[*source].shape.channels() as u64 * local.traces.iter().map(size).product::<u64>()
        };
        self.region.sources.iter().map(entries).sum()
    }

    /// The rows of products of classes, each computed within a share of `memory`; `None` if one does not fit.
    fn table(&self, plan: &Plan<'_, Integer>, needed: HashMap<usize, Range<usize>>, memory: u64) -> Option<Table<'_>> {
        let share = memory / rayon::current_num_threads() as u64;
        let rows = |(flat, channels): (usize, Range<usize>)| {
            let first = channels.start;
            let rows = self.local(flat).of(self.region, &self.uniform, |local| local.rows_over(plan, channels, share));
            Some((flat, (first, rows??)))
        };
        let rows = needed.into_par_iter().map(rows).collect::<Option<_>>()?;
        let inputs = self.region.sources.iter().map(|&id| self.region.network.nodes[id].shape.clone()).collect();
        Some(Table { borders: self, inputs, rows })
    }
}

impl Region<'_> {
    /// Rows over the denominator of the region that this is a class of: its own divides that one, since the weights
    /// are some of that one's.
    fn rows_over(&self, whole: &Plan<'_, Integer>, outputs: Range<usize>, memory: u64) -> Option<Vec<MapRow>> {
        let plan = Plan::new(self).ok()?;
        let mut rows = Vec::with_capacity(outputs.len());
        let flow = self.stream_by_adjoints(&plan, outputs, memory, &mut |piece| {
            rows.extend(piece);
            ControlFlow::<()>::Continue(())
        });
        if !flow.is_ok_and(|flow| flow.is_continue()) {
            return None;
        }
        let factor = &whole.denominator / &plan.denominator;
        debug_assert_eq!(&factor * &plan.denominator, whole.denominator);
        for row in &mut rows {
            row.entries.iter_mut().for_each(|(_, n)| *n = n.times(&factor));
            row.constant *= &factor;
        }
        Some(rows)
    }
}

impl Table<'_> {
    /// The row of an output.
    fn row(&self, output: usize) -> MapRow {
        let index = self.borders.shape().unravel(output);
        let windows: Vec<_> = self.borders.axes.iter().zip(&index[1..]).map(|(axis, &p)| axis.windows_at(p)).collect();
        let (columns, (first, rows)) = (columns(&self.inputs, &windows), &self.rows[&self.borders.flat(&index[1..])]);
        let row = &rows[index[0] - first];
        let entries = row.entries.iter().map(|(column, n)| (columns[*column], n.clone())).collect();
        MapRow::from((entries, row.constant.clone()))
    }
}

#[cfg(test)]
mod tests;
