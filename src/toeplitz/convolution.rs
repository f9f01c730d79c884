//! The block-Toeplitz operator of a convolution, and its transpose.

use super::Taps;
use crate::algebra::{Coefficient, Integer, Tensor};

/// Σₖ Kₖ ⊗ T₍ₖ₁₎ ⊗ T₍ₖ₂₎ …: a kernel `O×I/g×K…` and one table of taps a spatial axis.
///
/// With `transposed`, the transpose of that operator: taps are seen from the input positions, and
/// the kernel's channel axes exchange their roles.
#[derive(Clone, Debug)]
pub struct Convolution<C = Integer> {
    kernel: Tensor<C>,
    groups: usize,
    taps: Vec<Taps>,
    transposed: bool,
    /// Whether two taps may meet in one column.
    repeats: bool,
}

impl<C: Coefficient> Convolution<C> {
    /// A convolution; `kernel` is `O×I/g×K…` with one tap table for each axis after the second.
    pub fn new(kernel: Tensor<C>, groups: usize, taps: Vec<Taps>) -> Convolution<C> {
        let repeats = taps.iter().any(Taps::repeats);
        Convolution { kernel, groups, taps, transposed: false, repeats }
    }

    /// A transposed convolution in PyTorch's layout: `kernel` is `I×O/g×K…`, `forward` are the taps
    /// of the convolution that it transposes, and `output` is its spatial extent, which
    /// `output_pad` may make larger than the positions that taps reach.
    pub fn transposed(kernel: Tensor<C>, groups: usize, forward: &[Taps], output: &[usize]) -> Convolution<C> {
        let taps = forward.iter().zip(output).map(|(t, &n)| t.transposed_to(n)).collect();
        Convolution { kernel, groups, taps, transposed: true, repeats: false }
    }

    /// The transpose.
    pub fn transpose(&self) -> Convolution<C> {
        let taps = self.taps.iter().map(Taps::transpose).collect();
        Convolution {
            kernel: self.kernel.clone(),
            groups: self.groups,
            taps,
            transposed: !self.transposed,
            repeats: self.repeats,
        }
    }

    /// The same kernel between other positions.
    pub(crate) fn between(&self, taps: Vec<Taps>) -> Convolution<C> {
        let repeats = taps.iter().any(Taps::repeats);
        Convolution { kernel: self.kernel.clone(), groups: self.groups, taps, transposed: self.transposed, repeats }
    }

    /// The denominator of the kernel.
    pub fn denominator(&self) -> &Integer {
        self.kernel.denominator()
    }

    /// The bits of the kernel's longest number.
    pub fn bits(&self) -> u64 {
        self.kernel.bits()
    }

    /// The kernel: `O×I/g×K…`.
    pub fn kernel(&self) -> &Tensor<C> {
        &self.kernel
    }

    /// The groups that the channels are divided into.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Whether the kernel's first axis is of input channels.
    pub fn is_transposed(&self) -> bool {
        self.transposed
    }

    /// The tap tables, one a spatial axis.
    pub fn taps(&self) -> &[Taps] {
        &self.taps
    }

    /// Output and input channels.
    pub fn channels(&self) -> (usize, usize) {
        let (o, i) = (self.kernel.shape().axes()[0], self.kernel.shape().axes()[1] * self.groups);
        if self.transposed { (i, o) } else { (o, i) }
    }

    /// The output and input channel that the kernel's entry `[first, second, …]` joins.
    pub fn channels_of(&self, first: usize, second: usize) -> (usize, usize) {
        let (outer, inner) = (self.kernel.shape().axes()[0], self.kernel.shape().axes()[1]);
        let group = first / (outer / self.groups);
        let (o, i) = (first, group * inner + second);
        if self.transposed { (i, o) } else { (o, i) }
    }

    /// Visits the nonzero weights of a row; a column may come more than once.
    pub fn for_each_in_row(&self, row: usize, visit: &mut dyn FnMut(usize, &C)) {
        let window = self.kernel.shape().axes()[2..].iter().product::<usize>();
        let positions: usize = self.taps.iter().map(Taps::outputs).product();
        let inputs: usize = self.taps.iter().map(Taps::inputs).product();
        let (channel, seen) = (row / positions, self.seen(row % positions));
        let (o, i) = (self.kernel.shape().axes()[0], self.kernel.shape().axes()[1]);
        let mut channels = |kernel_row: usize, column_channel: usize| {
            let weights = self.kernel.run(kernel_row * window..(kernel_row + 1) * window);
            for &(tap, position) in &seen {
                let weight = &weights[tap];
                if !weight.is_zero() {
                    visit(column_channel * inputs + position, weight);
                }
            }
        };
        if self.transposed {
            let (group, inner) = (channel / i, channel % i);
            let per_group = o / self.groups;
            (group * per_group..(group + 1) * per_group).for_each(|output| channels(output * i + inner, output));
        } else {
            let group = channel / (o / self.groups);
            (0..i).for_each(|inner| channels(channel * i + inner, group * i + inner));
        }
    }

    /// The pairs (flat tap, flat input position) that one flat output position reads.
    pub(super) fn seen(&self, mut position: usize) -> Vec<(usize, usize)> {
        let mut index = vec![0; self.taps.len()];
        for (slot, taps) in index.iter_mut().zip(&self.taps).rev() {
            *slot = position % taps.outputs();
            position /= taps.outputs();
        }
        let mut pairs = vec![(0, 0)];
        for ((taps, &at), &size) in self.taps.iter().zip(&index).zip(&self.kernel.shape().axes()[2..]) {
            let extend = |&(tap, input): &(usize, usize)| {
                taps.row(at).iter().map(move |&(t, p)| (tap * size + t, input * taps.inputs() + p))
            };
            pairs = pairs.iter().flat_map(extend).collect();
        }
        pairs
    }

    /// The exact number of nonzeros, from the structure; `None` if taps may meet in one column.
    pub fn nonzeros(&self) -> Option<usize> {
        (!self.repeats).then(|| self.products())
    }

    /// The products of one application: pairs of a nonzero weight and an input position.
    pub fn products(&self) -> usize {
        let sizes = &self.kernel.shape().axes()[2..];
        let mut uses = vec![1_usize];
        for (taps, &size) in self.taps.iter().zip(sizes) {
            let axis = taps.uses(size);
            uses = uses.iter().flat_map(|u| axis.iter().map(move |a| u * a)).collect();
        }
        self.kernel.weigh_nonzeros(&uses)
    }
}

impl Convolution {
    /// The same convolution over a larger ring.
    pub fn lifted<C: Coefficient>(&self) -> Convolution<C> {
        let (groups, taps) = (self.groups, self.taps.clone());
        Convolution { kernel: self.kernel.lifted(), groups, taps, transposed: self.transposed, repeats: self.repeats }
    }
}
