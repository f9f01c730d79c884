//! Windows of three taps an axis in fewer products: filtering of tiles ([`crate::algebra::residue::filtering`]).

use std::ops::Range;

use rayon::prelude::*;

use super::Layout;
use super::windows::Windows;
use crate::algebra::residue::filtering::{CHUNK, Chunk, RESULTS, TAPS, Tile, VALUES};
use crate::algebra::residue::{Instructions, LANES, Modulus, Window, sum_products};
use crate::toeplitz::Taps;

/// The axes of a convolution that tiles can compute.
#[derive(Debug)]
pub(super) struct Tiles {
    axes: Vec<Axis>,
}

/// One axis: what is written at position p is Σₖ gₖ · (what is read at p + offset + k), 0 outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Axis {
    read: usize,
    written: usize,
    offset: isize,
    /// Whether gₖ is tap 2 − k, not tap k.
    reversed: bool,
}

impl Axis {
    /// `None` if the table is none of three neighbouring taps with zeros around.
    fn of(taps: &Taps) -> Option<Axis> {
        let (position, &(tap, read)) = (0..taps.outputs()).find_map(|p| Some((p, taps.row(p).first()?)))?;
        let axis = |reversed: bool| {
            let step = if reversed { TAPS.checked_sub(1 + tap)? } else { tap };
            let offset = read as isize - (position + step) as isize;
            let axis = Axis { read: taps.inputs(), written: taps.outputs(), offset, reversed };
            let same = |p: usize| {
                let mut row = taps.row(p).to_vec();
                row.sort_unstable();
                row == axis.row(p)
            };
            (0..axis.written).all(same).then_some(axis)
        };
        axis(false).or_else(|| axis(true))
    }

    /// The pairs (tap, position that is read) of a position, taps ascending.
    fn row(&self, position: usize) -> Vec<(usize, usize)> {
        let step = |tap: usize| if self.reversed { TAPS - 1 - tap } else { tap };
        (0..TAPS).filter_map(|tap| Some((tap, self.at(position + step(tap))?))).collect()
    }

    /// The position that is read `offset` from this one, if it is inside.
    fn at(&self, position: usize) -> Option<usize> {
        position.checked_add_signed(self.offset).filter(|&p| p < self.read)
    }

    fn tiles(&self) -> usize {
        self.written.div_ceil(RESULTS)
    }
}

/// The mixed-radix digits of a number, the last axis the fastest.
fn digits(mut n: usize, sizes: impl DoubleEndedIterator<Item = usize>) -> Vec<usize> {
    let mut digits: Vec<usize> = sizes.rev().map(|size| (n % size, n /= size).0).collect();
    digits.reverse();
    digits
}

/// The number with these digits; `None` if one of them is.
fn number(mut digits: impl Iterator<Item = (Option<usize>, usize)>) -> Option<usize> {
    digits.try_fold(0, |n, (digit, size)| Some(n * size + digit?))
}

impl Tiles {
    /// Of the tables from what is written to what is read; `None` if an axis has other windows.
    pub fn of(taps: &[Taps], window: &[usize]) -> Option<Tiles> {
        let three = !window.is_empty() && window.iter().all(|&size| size == TAPS);
        three.then(|| taps.iter().map(Axis::of).collect::<Option<_>>().map(|axes| Tiles { axes })).flatten()
    }

    /// Places of a tile.
    fn values(&self) -> usize {
        VALUES.pow(self.axes.len() as u32)
    }

    fn count(&self) -> usize {
        self.axes.iter().map(Axis::tiles).product()
    }

    /// Whether tiles take clearly fewer steps than `products` products for each pair of channels and row, which are
    /// chunks at least.
    pub fn worth(&self, rows: usize, products: usize, (read, written): (usize, usize)) -> bool {
        /// Steps of a transformation, in products for one channel: of what is read, of what is written, of a weight.
        const STEPS: [usize; 3] = [20, 15, 60];
        let lanes = written.next_multiple_of(LANES);
        let pairs = read * lanes;
        let each = pairs + STEPS[0] * read + STEPS[1] * lanes;
        let steps = self.values() * (self.count() * rows * each + STEPS[2] * pairs);
        read > 2 && rows * read.min(written) >= CHUNK && steps * 5 < products * rows * pairs * 4
    }

    /// The weights of all windows, tap by tap in slabs, as the windows of tiles: place by place.
    fn weights(&self, windows: &Windows, modulus: &Modulus, weights: &[i16]) -> Vec<i16> {
        let axes = self.axes.len();
        // The tap that stands at each place.
        let tap = |place: usize| {
            let digits = digits(place, self.axes.iter().map(|_| TAPS)).into_iter().zip(&self.axes);
            digits.fold(0, |n, (d, axis)| n * TAPS + if axis.reversed { TAPS - 1 - d } else { d })
        };
        let taps: Vec<usize> = (0..TAPS.pow(axes as u32)).map(tap).collect();
        let (mut out, mut next, mut tile) = (vec![0; weights.len() / taps.len() * self.values()], 0, Tile::default());
        for (_, vectors, range) in (0..windows.groups).flat_map(|group| windows.parts(group)) {
            let slab = windows.slab(vectors);
            for at in chunks(slab) {
                let from = |place: usize| chunk(weights, range.start + taps[place] * slab + at);
                tile.taps(modulus, axes, from, |place, chunk| put(&mut out, next + place * slab + at, chunk));
            }
            next += slab * self.values();
        }
        out
    }

    /// The product modulo one prime, as [`Windows::apply`] gives it.
    pub fn apply(
        &self,
        windows: &Windows,
        modulus: &Modulus,
        (from, to): (Layout, Layout),
        rows: usize,
        (weights, u): (&[i16], &[i16]),
        out: &mut [i16],
    ) {
        let weights = self.weights(windows, modulus, weights);
        let (first, rest) = (self.axes[0], &self.axes[1..]);
        // A band: what one tile reaches along the first axis.
        let band: usize = rest.iter().map(|axis| axis.written).product::<usize>() * RESULTS;
        let tiles: usize = rest.iter().map(Axis::tiles).product();
        let product = Product { tiles: self, windows, modulus, from, to, rows, weights: &weights, u };
        debug_assert_eq!(first.tiles() * tiles, self.count());
        let bands = out.par_chunks_mut(band * rows * to.stride).enumerate();
        bands.for_each_init(Default::default, |transforms, (n, out)| {
            product.band(n * tiles..(n + 1) * tiles, n * band, transforms, out);
        });
    }
}

/// Where the chunks of a run of residues begin: the last one overlaps the one before, rather than the end.
fn chunks(run: usize) -> impl Iterator<Item = usize> {
    (0..run).step_by(CHUNK).map(move |at| at.min(run - CHUNK))
}

fn chunk(residues: &[i16], at: usize) -> &Chunk {
    residues[at..].first_chunk().expect("runs are no shorter than a chunk")
}

fn put(residues: &mut [i16], at: usize, chunk: &Chunk) {
    residues[at..at + CHUNK].copy_from_slice(chunk);
}

/// One product by tiles.
struct Product<'a> {
    tiles: &'a Tiles,
    windows: &'a Windows,
    modulus: &'a Modulus,
    from: Layout,
    to: Layout,
    rows: usize,
    weights: &'a [i16],
    u: &'a [i16],
}

impl Product<'_> {
    /// The product at the positions of some tiles; `begin` is the first of the positions of `out`, and the transforms of
    /// what is read and written only take room.
    fn band(&self, tiles: Range<usize>, begin: usize, (read, written): &mut (Vec<i16>, Vec<i16>), out: &mut [i16]) {
        /// Columns whose transforms are kept at once: they should fit a processor's own cache.
        const PANEL: usize = 80;
        let parts = self.rows.div_ceil(PANEL);
        let together = (PANEL / self.rows).max(1);
        for first in tiles.clone().step_by(together) {
            let tiles = first..tiles.end.min(first + together);
            for part in 0..parts {
                let rows = self.rows * part / parts..self.rows * (part + 1) / parts;
                self.read(tiles.clone(), &rows, read);
                self.multiply(tiles.len() * rows.len(), read, written);
                self.write(tiles.clone(), &rows, begin, written, out);
            }
        }
    }

    /// The corner of a tile along each axis.
    fn corner(&self, tile: usize) -> Vec<usize> {
        digits(tile, self.tiles.axes.iter().map(Axis::tiles)).into_iter().map(|t| t * RESULTS).collect()
    }

    /// The transforms of what some tiles read: place by place, tile by tile, row by row, the channels.
    fn read(&self, tiles: Range<usize>, rows: &Range<usize>, read: &mut Vec<i16>) {
        let (axes, run) = (&self.tiles.axes, rows.len() * self.from.stride);
        let (places, size) = (self.tiles.values(), tiles.len() * run);
        // All of it is written below.
        read.resize(places * size + super::SLACK, 0);
        let mut tile = Tile::default();
        for (n, t) in tiles.enumerate() {
            let corner = self.corner(t);
            let source = |place: usize| {
                let digits = digits(place, axes.iter().map(|_| VALUES));
                number(digits.iter().zip(&corner).zip(axes).map(|((d, c), axis)| (axis.at(c + d), axis.read)))
            };
            let sources: Vec<Option<usize>> = (0..places).map(source).collect();
            for at in chunks(run) {
                let of = |p: usize| chunk(self.u, (p * self.rows + rows.start) * self.from.stride + at);
                let from = |place: usize| sources[place].map_or(&[0; CHUNK], of);
                let to = |place: usize, chunk: &Chunk| put(read, place * size + n * run + at, chunk);
                tile.values(self.modulus, axes.len(), from, to);
            }
        }
    }

    /// The products place by place: the layout of `written` is that of `read`, with the channels that are written.
    fn multiply(&self, columns: usize, read: &[i16], written: &mut Vec<i16>) {
        let (windows, instructions) = (self.windows, Instructions::detect());
        let places = self.tiles.values();
        // Room that no channel takes is the end of every stride, and stays 0.
        written.resize(places * columns * self.to.stride, 0);
        let (mut results, mut starts) = (Vec::new(), Vec::new());
        let mut next = 0;
        for group in 0..windows.groups {
            let offset = group * (windows.outputs / windows.groups);
            for (first, vectors, _) in windows.parts(group) {
                let (lanes, slab) = (vectors * LANES, windows.slab(vectors));
                let valid = lanes.min(windows.inputs / windows.groups - first);
                let to = group * (windows.inputs / windows.groups) + first;
                let together = instructions.columns(vectors);
                results.resize(together * lanes, 0);
                for place in 0..places {
                    let weights = &self.weights[next + place * slab..][..slab];
                    for begin in (0..columns).step_by(together) {
                        let some = begin..columns.min(begin + together);
                        let start = |column| (place * columns + column) * self.from.stride + offset;
                        starts.clear();
                        starts.extend(some.clone().map(start));
                        let window = [Window { weights, starts: &starts }];
                        sum_products(instructions, self.modulus, vectors, &window, read, &mut results);
                        for (column, result) in some.zip(results.chunks_exact(lanes)) {
                            written[(place * columns + column) * self.to.stride + to..][..valid]
                                .copy_from_slice(&result[..valid]);
                        }
                    }
                }
                next += places * slab;
            }
        }
    }

    /// What some tiles leave, where they lie.
    fn write(&self, tiles: Range<usize>, rows: &Range<usize>, begin: usize, written: &[i16], out: &mut [i16]) {
        let (axes, run) = (&self.tiles.axes, rows.len() * self.to.stride);
        let size = tiles.len() * run;
        let mut tile = Tile::default();
        for (n, t) in tiles.enumerate() {
            let corner = self.corner(t);
            let target = |place: usize| {
                let digits = digits(place, axes.iter().map(|_| RESULTS));
                let inside = |(d, c): (&usize, &usize), axis: &Axis| Some(c + d).filter(|&p| p < axis.written);
                number(digits.iter().zip(&corner).zip(axes).map(|(dc, axis)| (inside(dc, axis), axis.written)))
            };
            let targets: Vec<Option<usize>> = (0..RESULTS.pow(axes.len() as u32)).map(target).collect();
            for at in chunks(run) {
                let from = |place: usize| chunk(written, place * size + n * run + at);
                tile.results(self.modulus, axes.len(), from, |place, chunk| {
                    if let Some(p) = targets[place] {
                        put(out, ((p - begin) * self.rows + rows.start) * self.to.stride + at, chunk);
                    }
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::algebra::residue::moduli;
    use crate::algebra::{Integer, Shape, Tensor};
    use crate::toeplitz::{Convolution, PadMode};

    fn numbers(count: usize, mut state: u64) -> impl Iterator<Item = i64> {
        let next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as i64 - (1 << 30)
        };
        std::iter::repeat_with(next).take(count)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// Of convolutions and transposed ones, with borders of all sizes on either side, with groups.
        #[test]
        fn tiles_are_windows(
            lengths in prop::collection::vec((3_usize..10, 0_usize..4, 0_usize..4), 1..=3),
            (read, written, groups) in (3_usize..8, 1_usize..60, 1_usize..3),
            (transposed, prime, seed, more) in (any::<bool>(), 0_usize..464, any::<u64>(), 0_usize..200),
        ) {
            let forward: Vec<Taps> =
                lengths.iter().map(|&(n, a, b)| Taps::convolution(n, 3, 1, 1, (a, b), PadMode::Zero)).collect();
            // The adjoint of a transposed convolution reads what the convolution writes.
            let (o, i) = if transposed { (written * groups, read) } else { (read * groups, written) };
            let mut axes = vec![o, i];
            axes.resize(2 + lengths.len(), 3);
            let shape = Shape::new(axes).expect("a small shape");
            let kernel: Vec<Integer> = numbers(shape.elements(), seed).map(Integer::from).collect();
            let kernel = Tensor::new(shape, kernel, Integer::from(1));
            let inputs: Vec<usize> = lengths.iter().map(|&(n, ..)| n).collect();
            let convolution = match transposed {
                false => Convolution::new(kernel, groups, forward),
                true => Convolution::transposed(kernel, groups, &forward, &inputs),
            };
            let mut windows = Windows::of_convolution(&convolution).expect("numbers");
            let tiles = windows.tiles.take().expect("three taps an axis");
            let (modulus, rows) = (&moduli()[prime], CHUNK.div_ceil(written.min(read)) + more);
            let positions = |f: fn(&Taps) -> usize| convolution.taps().iter().map(f).product::<usize>();
            let layout = |channels: usize, positions: usize| {
                Layout { channels, positions, stride: channels.next_multiple_of(2) }
            };
            let from = layout(read * groups, positions(Taps::outputs));
            let to = layout(written * groups, positions(Taps::inputs));
            let mut u = vec![0; from.size(rows)];
            for (row, flat) in (0..rows).flat_map(|r| (0..from.positions * from.channels).map(move |f| (r, f))) {
                let arbitrary = (row * 7919 + flat * flat * 31) % (1 << 20);
                u[from.index(rows, row, flat)] = modulus.reduce(arbitrary as i32 - (seed % (1 << 20)) as i32);
            }
            let direct = windows.apply(modulus, (from, to), rows, &u, vec![1; to.size(rows)]);
            let mut found = vec![0; to.size(rows)];
            let (entries, _) = found.split_at_mut(to.positions * rows * to.stride);
            tiles.apply(&windows, modulus, (from, to), rows, (&windows.residues(modulus), &u), entries);
            prop_assert_eq!(found, direct);
        }
    }

    #[test]
    fn other_windows_are_no_tiles() {
        let taps = |stride, dilation, mode| Taps::convolution(9, 3, stride, dilation, (1, 1), mode).transpose();
        assert!(Tiles::of(&[taps(1, 1, PadMode::Zero)], &[3]).is_some());
        for taps in [
            taps(2, 1, PadMode::Zero),
            taps(1, 2, PadMode::Zero),
            taps(1, 1, PadMode::Circular),
            taps(1, 1, PadMode::Reflect),
        ] {
            assert!(Tiles::of(&[taps], &[3]).is_none());
        }
        assert!(Tiles::of(&[Taps::convolution(9, 5, 1, 1, (2, 2), PadMode::Zero).transpose()], &[5]).is_none());
        assert!(Tiles::of(&[], &[]).is_none());
    }
}
