//! Bounds of the rank of a matrix that is not written out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;

use super::{Axis, ImageMap, unravel};
use crate::algebra::{Echelon, Integer, Rank, RankLimits, Shape, Undecided, Visit, rank};

/// What elimination of all rows may take: some tenths of a second.
const LIMITS: RankLimits = RankLimits { work: 300_000_000, memory: 1 << 26 };

/// What reading one row costs, in multiply-adds.
const ROW: u64 = 2_000;

/// A local column: the source, the channel, and the place in each window.
type Place = (usize, usize, Vec<usize>);

impl ImageMap {
    /// The rank of M, between bounds that are proved; `most` is any known upper bound.
    ///
    /// The columns are in an order of the positions that they stand for: along each axis from the first to the
    /// last, or from the last to the first. The rows of one output position, one a channel, are brought into echelon
    /// form modulo a prime; so each begins in another column. Rows (of all positions) that begin in different
    /// columns are independent, so the rank is at least the number of columns that some row begins in. Where the
    /// windows of no two positions begin at one position, that is often all rows. Where that does not decide it, and the
    /// image is small, all rows are eliminated.
    pub fn rank(&self, most: usize) -> Rank {
        let most = most.min(self.occupied_rows()).min(self.occupied_columns());
        let mut least = 0;
        for directions in 0..1_u32 << self.axes.len() {
            if least < most {
                least = least.max(self.leading_columns(directions));
            }
        }
        if least >= most {
            return Rank::Exact(most);
        }
        match self.eliminated(most) {
            Some(Rank::Exact(rank)) => Rank::Exact(rank),
            Some(Rank::Between { least: found, why, .. }) => Rank::between(least.max(found), most, why),
            None => Rank::between(least, most, Undecided::Structure),
        }
    }

    /// The rank by elimination; `None` if it is clear that it takes too long.
    ///
    /// Rows and columns stand in the order of their positions, so that a row's entries lie in a band, which elimination
    /// does not leave: a row meets about half a band of others, each half a band long.
    fn eliminated(&self, most: usize) -> Option<Rank> {
        let band = self.band() as u64 / 2;
        let cost = (self.rows() as u64).checked_mul(band.checked_mul(band)?.checked_add(ROW)?)?;
        if cost > LIMITS.work {
            return None;
        }
        let places = self.places();
        let (channels, positions) = (self.output.channels(), self.output.elements() / self.output.channels());
        let pass = |visit: &mut Visit<'_>| -> Result<(), Infallible> {
            for output in (0..positions).flat_map(|p| (0..channels).map(move |channel| channel * positions + p)) {
                let row = self.row(output);
                let mut entries: Vec<(usize, &Integer)> = row.entries.iter().map(|(c, n)| (places[*c], n)).collect();
                entries.sort_unstable_by_key(|entry| entry.0);
                visit(&entries);
            }
            Ok(())
        };
        match rank(self.columns(), most, LIMITS, pass) {
            Ok(rank) => Some(rank),
        }
    }

    /// How many columns lie between the first and the last that a position reads, in the order of [`Self::places`].
    fn band(&self) -> usize {
        let of = |(source, shape): (usize, &Shape)| {
            // From the first to the last position, in a plane of rows of points.
            let span = |axis: &Axis| {
                let ends = |windows: &Vec<Vec<usize>>| {
                    let window = &windows[source];
                    window.iter().max().zip(window.iter().min()).map_or(0, |(last, first)| last - first)
                };
                axis.windows.iter().map(ends).max().unwrap_or(0)
            };
            let spans = self.axes.iter().zip(shape.spatial());
            shape.channels() * (spans.fold(0, |flat, (axis, size)| flat * size + span(axis)) + 1)
        };
        self.inputs.iter().enumerate().map(of).sum()
    }

    /// For each column its place, where those of a position stand side by side; in larger images more positions do.
    fn places(&self) -> Vec<usize> {
        let planes: Vec<usize> = self.inputs.iter().map(|shape| shape.elements() / shape.channels()).collect();
        let largest = planes.iter().copied().max().unwrap_or(1);
        let of = |(shape, plane): (&Shape, &usize)| {
            let plane = *plane;
            (0..shape.elements()).map(move |flat| flat % plane * largest / plane).collect::<Vec<_>>()
        };
        let positions: Vec<usize> = self.inputs.iter().zip(&planes).flat_map(of).collect();
        let mut order: Vec<usize> = (0..positions.len()).collect();
        order.sort_by_key(|&column| positions[column]);
        let mut places = vec![0; order.len()];
        order.into_iter().enumerate().for_each(|(place, column)| places[column] = place);
        places
    }

    /// The rows that are not 0.
    fn occupied_rows(&self) -> usize {
        let rows = |class: &super::AffineMap| {
            (0..self.output.channels()).filter(|&channel| class.matrix.row(channel).next().is_some()).count()
        };
        self.table().map(|(positions, class)| positions * rows(class)).sum()
    }

    /// The columns that stand in some window.
    fn occupied_columns(&self) -> usize {
        let read = |source: usize| {
            let axis = |axis: &Axis| axis.windows.iter().flat_map(|w| &w[source]).collect::<BTreeSet<_>>().len();
            self.inputs[source].channels() * self.axes.iter().map(axis).product::<usize>()
        };
        (0..self.inputs.len()).map(read).sum()
    }

    /// The columns that some row of an echelon form begins in.
    fn leading_columns(&self, directions: u32) -> usize {
        let parts: Vec<Vec<Vec<usize>>> = self.axes.iter().map(parts).collect();
        let counts: Vec<usize> = parts.iter().map(Vec::len).collect();
        let mut leading = vec![false; self.columns()];
        for flat in 0..counts.iter().product() {
            let part: Vec<&Vec<usize>> = unravel(flat, &counts).into_iter().zip(&parts).map(|(n, p)| &p[n]).collect();
            let places = self.leads(&part.iter().map(|members| members[0]).collect::<Vec<_>>(), directions);
            let sizes: Vec<usize> = part.iter().map(|members| members.len()).collect();
            for member in 0..sizes.iter().product() {
                let at = unravel(member, &sizes);
                for place in &places {
                    leading[self.column(place, |axis| part[axis][at[axis]])] = true;
                }
            }
        }
        leading.into_iter().filter(|&leads| leads).count()
    }

    /// The column of M that a place stands for, at an output position.
    fn column(&self, (source, channel, places): &Place, position: impl Fn(usize) -> usize) -> usize {
        let before: usize = self.inputs[..*source].iter().map(|shape| shape.elements()).sum();
        let shape = &self.inputs[*source];
        let axes = places.iter().zip(shape.spatial()).enumerate();
        let flat = axes.fold(*channel, |flat, (axis, (&place, &size))| {
            flat * size + self.axes[axis].windows[position(axis)][*source].get(place).copied().unwrap_or(0)
        });
        before + flat
    }

    /// The columns that the rows of a position begin in, in an echelon form modulo a prime.
    fn leads(&self, position: &[usize], directions: u32) -> Vec<Place> {
        let class = self.class_at(position);
        let channels = self.output.channels();
        // In the order of the columns: the key, the local column, and what it stands for.
        let mut order: Vec<(Vec<i64>, usize, Place)> = Vec::new();
        let mut local = 0;
        let used: BTreeSet<usize> = class.matrix.numerators().col_indices().iter().copied().collect();
        for (source, shape) in self.inputs.iter().enumerate() {
            let window = |axis: usize| &self.axes[axis].windows[position[axis]][source];
            let sizes: Vec<usize> = std::iter::once(shape.channels())
                .chain((0..self.axes.len()).map(|axis| window(axis).len().max(1)))
                .collect();
            let size: usize = sizes.iter().product();
            for flat in (0..size).filter(|flat| used.contains(&(local + flat))) {
                let mut places = unravel(flat, &sizes);
                let channel = places.remove(0);
                let at = |(axis, &place): (usize, &usize)| {
                    let read = window(axis).get(place).map_or(0, |&p| p as i64);
                    if directions >> axis & 1 == 1 { -read } else { read }
                };
                let key = std::iter::once(source as i64).chain(places.iter().enumerate().map(at));
                order.push((key.chain([channel as i64]).collect(), local + flat, (source, channel, places)));
            }
            local += size;
        }
        order.sort_unstable();
        // The first columns: more than the rows, so that few of them are 0 there.
        order.truncate(channels + 2 * self.inputs.iter().map(|shape| shape.channels()).max().unwrap_or(1));
        let rank: HashMap<usize, usize> = order.iter().enumerate().map(|(rank, entry)| (entry.1, rank)).collect();
        let mut echelon = Echelon::small(order.len());
        for channel in 0..channels {
            let entries = class.matrix.row(channel).filter_map(|(column, n)| Some((*rank.get(&column)?, n)));
            let mut row: Vec<(usize, &Integer)> = entries.collect();
            row.sort_unstable_by_key(|entry| entry.0);
            echelon.insert(&row);
        }
        echelon.leads().map(|lead| order[lead].2.clone()).collect()
    }
}

/// The positions of one axis by their class and the order of what they read.
fn parts(axis: &Axis) -> Vec<Vec<usize>> {
    let mut parts: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (position, windows) in axis.windows.iter().enumerate() {
        let order = |window: &Vec<usize>| {
            let mut order: Vec<usize> = (0..window.len()).collect();
            order.sort_unstable_by_key(|&place| window[place]);
            order
        };
        let orders: Vec<Vec<usize>> = windows.iter().map(order).collect();
        parts.entry((axis.classes[position], orders)).or_default().push(position);
    }
    parts.into_values().collect()
}
