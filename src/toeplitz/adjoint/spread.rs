//! Windows that write few channels: the products with all taps first, then the sums.
//!
//! Computing one channel takes as long as computing [`LANES`] of them. So where few are written, every tap writes
//! channels of its own, side by side, from each position that is read; and what reaches a position is added afterwards.

use rayon::prelude::*;

use super::Layout;
use super::windows::Windows;
use crate::algebra::residue::{LANES, Modulus};

/// A convolution's products with all taps.
#[derive(Debug)]
pub(super) struct Spread {
    /// One window of one tap for each position that is read; channels are (group, tap, channel).
    products: Windows,
    /// The taps of the convolution's window.
    taps: usize,
}

impl Spread {
    /// Whether it takes clearly fewer steps than windows: of `taps` taps, which meet `uses` times, at so many positions that are
    /// read, with the channels of a group that are read and written. The products take no more room than what is read.
    pub fn worth(taps: usize, uses: usize, positions: usize, (read, written): (usize, usize)) -> bool {
        /// Steps of an addition, in products of a pair for one channel.
        const ADDITION: usize = 32;
        let (pairs, lanes) = (read.div_ceil(2), |channels: usize| channels.next_multiple_of(LANES));
        let steps = positions * pairs * lanes(taps * written) + uses * written * ADDITION;
        taps * written <= read && steps * 5 < uses * pairs * lanes(written) * 4
    }

    pub fn new(products: Windows, taps: usize) -> Spread {
        Spread { products, taps }
    }

    /// The product modulo one prime, as [`Windows::apply`] gives it.
    pub fn apply(
        &self,
        windows: &Windows,
        modulus: &Modulus,
        (from, to): (Layout, Layout),
        rows: usize,
        u: &[i16],
        out: &mut [i16],
    ) {
        /// Residues that an `i32` holds the sum of.
        const RESIDUES: usize = 1 << 18;
        let channels = self.products.inputs;
        let between = Layout { channels, positions: from.positions, stride: channels.next_multiple_of(2) };
        let products = self.products.apply(modulus, (from, between), rows, u, Vec::new());
        let written = windows.inputs / windows.groups;
        let positions = out.par_chunks_mut(rows * to.stride).zip(&windows.taps);
        positions.for_each_init(Vec::new, |sums, (out, taps)| {
            for channel in 0..windows.inputs {
                let first = channel / written * self.taps * written + channel % written;
                sums.clear();
                sums.resize(rows, 0_i32);
                for taps in taps.chunks(RESIDUES) {
                    for &(tap, read) in taps {
                        let runs = products[read * rows * between.stride..].chunks_exact(between.stride);
                        sums.iter_mut().zip(runs).for_each(|(sum, run)| *sum += i32::from(run[first + tap * written]));
                    }
                    sums.iter_mut().for_each(|sum| *sum = modulus.reduce(*sum).into());
                }
                out.chunks_exact_mut(to.stride).zip(&*sums).for_each(|(out, &sum)| out[channel] = sum as i16);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_channels_of_many_are_spread() {
        // The first layers of networks on images, and windows for which vectors are full, or the room would be large.
        for (taps, uses, positions, channels, worth) in [
            (9, 9 * 1024, 1024, (96, 3), true),
            (49, 49 * 112 * 112, 112 * 112, (147, 3), true),
            (49, 49 * 112 * 112, 112 * 112, (64, 3), false),
            (9, 9 * 1024, 1024, (144, 16), false),
            (1, 1024, 1024, (96, 3), false),
            (9, 9 * 1024, 1024, (10, 3), false),
        ] {
            assert_eq!(Spread::worth(taps, uses, positions, channels), worth, "{taps} {channels:?}");
        }
    }
}
