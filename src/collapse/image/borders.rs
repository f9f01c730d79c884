//! The border classes of a region, and the table that is computed from them.

use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;

use super::local::Local;
use super::trace::Classes;
use super::{Axis, ImageMap, ImageRow, unravel};
use crate::algebra::{Budget, Shape, Tensor};
use crate::collapse::{AffineMap, ENTRY_BYTES, LimitReached, Region, STANDARD_WORK};
use crate::layer::Weights;
use crate::network::NodeId;

/// Matrices with fewer entries are written out.
const LARGE: u64 = 250_000;
/// A table has at most one in so many of the matrix's entries.
const WORTH: u64 = 4;
/// The most products of classes.
const MOST_CLASSES: usize = 1 << 16;
/// Reads of all positions of an axis together; past this, an axis has no small table.
pub(super) const MOST_READS: usize = 20_000_000;

/// A region between images whose border classes are known, and whose table is not computed yet.
pub struct Borders<'r, 'n, C> {
    pub(super) region: &'r Region<'n, C>,
    pub(super) axes: Vec<Classes>,
    /// Constants that are the same at all positions: one number a channel.
    pub(super) uniform: BTreeMap<NodeId, Tensor<C>>,
}

impl<C: Weights> Region<'_, C> {
    /// The border classes, where every layer is a product over the axes of images.
    pub fn borders(&self) -> Option<Borders<'_, '_, C>> {
        let positions = self.network.nodes[self.sink].shape.spatial().iter().map(|&n| 0..n).collect();
        self.borders_of(positions, MOST_READS)
    }

    /// The border classes of some positions, one range a spatial axis; `None` too where there is more to read
    /// along an axis.
    pub(super) fn borders_of(&self, positions: Vec<Range<usize>>, most_reads: usize) -> Option<Borders<'_, '_, C>> {
        let shape = |id: NodeId| &self.network.nodes[id].shape;
        let axes = shape(self.sink).spatial().len();
        if axes == 0 || self.sources.iter().any(|&source| shape(source).spatial().len() != axes) {
            return None;
        }
        let biases = self.layers().filter_map(|(id, lowered)| Some((id, lowered.bias.as_ref()?.per_channel()?)));
        let uniform: BTreeMap<NodeId, Tensor<C>> = biases.collect();
        let known = |id| uniform.contains_key(&id);
        let classes = positions.into_iter().enumerate().map(|axis| Classes::of(self, axis, &known, most_reads));
        Some(Borders { axes: classes.collect::<Option<_>>()?, region: self, uniform })
    }

    /// The map by border classes, where its matrix is large and the table is not.
    pub fn image(&self, budget: impl Into<Budget>) -> Option<Result<ImageMap<C>, LimitReached>> {
        let most = (self.rows() as u64).saturating_mul(self.columns() as u64);
        let borders = if most < LARGE { None } else { self.borders() };
        borders.filter(Borders::are_worth_it).map(|borders| borders.map(budget))
    }
}

impl<C: Weights> Borders<'_, '_, C> {
    /// Entries of M that may not be zero, and entries of the table.
    fn entries(&self) -> (u64, u64) {
        let nodes = &self.region.network.nodes;
        let (mut matrix, mut table) = (0_u64, 0_u64);
        for (at, &source) in self.region.sources.iter().enumerate() {
            let (mut all, mut some) = (nodes[source].shape.channels() as u64, nodes[source].shape.channels() as u64);
            for classes in &self.axes {
                let size = |position: usize| classes.windows[position][at].len() as u64;
                all = all.saturating_mul((0..classes.of.len()).map(size).sum());
                some = some.saturating_mul(classes.firsts().into_iter().map(size).sum());
            }
            (matrix, table) = (matrix.saturating_add(all), table.saturating_add(some));
        }
        let rows = nodes[self.region.sink].shape.channels() as u64;
        (matrix.saturating_mul(rows), table.saturating_mul(rows))
    }

    /// Whether the matrix is large, and the table much smaller.
    pub fn are_worth_it(&self) -> bool {
        let (matrix, table) = self.entries();
        matrix >= LARGE && table <= matrix / WORTH && self.count().is_some_and(|count| count <= MOST_CLASSES)
    }

    /// The products of classes.
    fn count(&self) -> Option<usize> {
        self.axes.iter().try_fold(1_usize, |count, classes| count.checked_mul(classes.traces.len()))
    }

    pub(super) fn local(&self, flat: usize) -> Local<'_> {
        let counts: Vec<usize> = self.axes.iter().map(|classes| classes.traces.len()).collect();
        let classes = self.axes.iter().zip(unravel(flat, &counts));
        Local { traces: classes.map(|(classes, class)| &classes.traces[class]).collect() }
    }

    /// The product of classes in which windows are largest.
    fn widest(&self) -> usize {
        let widest = |classes: &Classes| {
            let size = |&class: &usize| classes.traces[class].positions.values().map(Vec::len).sum::<usize>();
            (0..classes.traces.len()).max_by_key(size).unwrap_or(0)
        };
        self.axes.iter().fold(0, |flat, classes| flat * classes.traces.len() + widest(classes))
    }

    /// Computes the table.
    pub fn map(&self, budget: impl Into<Budget>) -> Result<ImageMap<C>, LimitReached> {
        let budget = budget.into();
        let (region, limit) = (self.region, budget.work(STANDARD_WORK));
        let (rows, columns) = (region.rows(), region.columns());
        let count = self.count().unwrap_or(usize::MAX);
        let bytes = ENTRY_BYTES + region.magnitude() / 8;
        let needed = self.entries().1.saturating_mul(bytes);
        if needed > budget.memory {
            return Err(LimitReached::Memory { rows, columns, needed, limit: budget.memory });
        }
        let cost = self.local(self.widest()).cost(region, &self.uniform).unwrap_or(u64::MAX);
        let needed = cost.saturating_mul(count as u64);
        if needed > limit {
            return Err(LimitReached::Work { rows, needed, limit });
        }
        let class = |flat: usize| self.class(flat, budget);
        let table = (0..count).into_par_iter().map(class).collect::<Result<_, _>>()?;
        let shape = |&id: &NodeId| region.network.nodes[id].shape.clone();
        let axis = |classes: &Classes| Axis { classes: classes.of.clone(), windows: classes.windows.clone() };
        let axes = self.axes.iter().map(axis).collect();
        Ok(ImageMap { inputs: region.sources.iter().map(shape).collect(), output: shape(&region.sink), axes, table })
    }

    /// The rows of one product of classes.
    fn class(&self, flat: usize, budget: Budget) -> Result<AffineMap<C>, LimitReached> {
        self.local(flat).map(self.region, &self.uniform, (budget.memory, budget.work(STANDARD_WORK)))
    }

    /// One row of M, and its entry of b: the rows of its class alone are computed.
    pub fn row(&self, row: usize, budget: impl Into<Budget>) -> Result<ImageRow<C>, LimitReached> {
        let nodes = &self.region.network.nodes;
        let index = nodes[self.region.sink].shape.unravel(row);
        let classes = self.axes.iter().zip(&index[1..]);
        let flat = classes.clone().fold(0, |flat, (c, &p)| flat * c.traces.len() + c.class(p));
        let windows: Vec<&Vec<Vec<usize>>> = classes.map(|(classes, &p)| classes.windows_at(p)).collect();
        let inputs: Vec<Shape> = self.region.sources.iter().map(|&id| nodes[id].shape.clone()).collect();
        Ok(ImageRow::of(&self.class(flat, budget.into())?, index[0], &inputs, &windows))
    }
}
