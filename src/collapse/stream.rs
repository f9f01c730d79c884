//! Rows of a collapsed map on demand: some of them, in order, in pieces that fit the memory.

use std::ops::{ControlFlow, Range};

use rayon::prelude::*;

use super::cost::Cost;
use super::residues::{Residues, TooLong, WORKSPACE};
use super::{ENTRY_BYTES, LimitReached, Plan, Region, Row};
use crate::algebra::Integer;

/// One row of a map, over the map's denominator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapRow {
    /// `(column, numerator)` of the entries that are not 0, columns ascending.
    pub entries: Vec<(usize, Integer)>,
    /// The numerator of the constant.
    pub constant: Integer,
}

impl From<Row<Integer>> for MapRow {
    fn from((mut entries, constant): Row<Integer>) -> MapRow {
        entries.sort_by_key(|&(column, _)| column);
        MapRow { entries, constant }
    }
}

/// The bytes that rows take while they are computed.
struct Needs {
    /// What one row keeps.
    result: u64,
    /// What one row needs besides, while it is computed.
    row: u64,
    /// What is needed once.
    once: u64,
}

impl Region<'_> {
    /// A common denominator of M and b, known before any row is: not always the least.
    pub fn denominator(&self) -> Result<Integer, LimitReached> {
        Ok(Plan::new(self)?.denominator)
    }

    /// Computes the rows of some outputs, over [`Region::denominator`], and hands them on piece by
    /// piece, in order; between images off a table of border classes, where that is less work. At most `memory`
    /// bytes of rows and of what computing them takes are held at once; how long it takes is not limited, but
    /// whoever takes the rows may break off.
    pub fn stream<B>(
        &self,
        outputs: Range<usize>,
        memory: u64,
        mut take: impl FnMut(Vec<MapRow>) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, LimitReached> {
        let plan = Plan::new(self)?;
        match self.stream_by_classes(&plan, outputs.clone(), memory, &mut take) {
            (next, ControlFlow::Continue(())) => self.stream_by_adjoints(&plan, next..outputs.end, memory, &mut take),
            (_, broken) => Ok(broken),
        }
    }

    /// The same, each row computed on its own.
    pub(super) fn stream_by_adjoints<B>(
        &self,
        plan: &Plan<'_, Integer>,
        outputs: Range<usize>,
        memory: u64,
        take: &mut impl FnMut(Vec<MapRow>) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, LimitReached> {
        let cost = Cost::of(self);
        let mut next = outputs.start;
        if let Some(residues) = cost.prefers_residues(outputs.len()).then(|| Residues::new(plan)).flatten() {
            let needs = self.needs_by_residues(plan, &cost, memory);
            let piece = self.piece(memory, &needs)?;
            let room = memory.saturating_sub(needs.result.saturating_mul(piece as u64)).min(WORKSPACE);
            while next < outputs.end {
                let end = outputs.end.min(next + piece);
                match residues.rows(next..end, room) {
                    Ok(rows) => {
                        if let ControlFlow::Break(b) = take(rows.into_iter().map(MapRow::from).collect()) {
                            return Ok(ControlFlow::Break(b));
                        }
                    }
                    Err(TooLong) => break,
                }
                next = end;
            }
        }
        // What is left: all of it, or what residues are too short for.
        while next < outputs.end {
            let piece = self.piece(memory, &self.needs_by_entries(plan, &cost))?;
            let end = outputs.end.min(next + piece);
            let rows = (next..end).into_par_iter();
            let rows = rows.map_init(|| plan.workspace(), |work, row| MapRow::from(plan.row(work, row))).collect();
            if let ControlFlow::Break(b) = take(rows) {
                return Ok(ControlFlow::Break(b));
            }
            next = end;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn needs_by_residues(&self, plan: &Plan<'_, Integer>, cost: &Cost, memory: u64) -> Needs {
        let result = cost.entries.saturating_mul(ENTRY_BYTES + self.magnitude() / 8);
        let row = plan.row_by_residues(memory.saturating_sub(result).min(WORKSPACE));
        Needs { result, row, once: 0 }
    }

    fn needs_by_entries(&self, plan: &Plan<'_, Integer>, cost: &Cost) -> Needs {
        let elements = |&id: &super::NodeId| self.network.nodes[id].shape.elements() as u64;
        let workspace: u64 = plan.denominators.keys().map(elements).sum::<u64>().saturating_mul(ENTRY_BYTES);
        let threads = rayon::current_num_threads() as u64;
        let result = cost.entries.saturating_mul(ENTRY_BYTES + self.magnitude() / 8);
        Needs { result, row: 0, once: workspace.saturating_mul(threads) }
    }

    /// How many rows are computed at once.
    fn piece(&self, memory: u64, needs: &Needs) -> Result<usize, LimitReached> {
        let row = needs.result.saturating_add(needs.row).max(1);
        let needed = row.saturating_add(needs.once);
        if needed > memory {
            // Of one row: the others are computed after it.
            return Err(LimitReached::Memory { rows: 1, columns: self.columns(), needed, limit: memory });
        }
        // More at once are no faster, and whoever waits sees less.
        let room = (memory - needs.once).min(WORKSPACE);
        Ok(usize::try_from(room / row).unwrap_or(usize::MAX).max(1))
    }
}
