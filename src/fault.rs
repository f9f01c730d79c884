//! Faults: ways in which netprove is wrong, put in on purpose. Tests of the checker only: nothing of this is
//! in a release build, and nothing of it acts until a test asks for it.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::algebra::{Coefficient, Integer, Tensor};
use crate::layer::Lowered;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each has its name in words")]
pub enum Fault {
    ShiftedTap = 1,
    LostTap,
    FlippedTaps,
    DroppedBorder,
    WrongStride,
    WrongDilation,
    ReplicatedBorder,
    ReversedKernel,
    TransposedKernel,
    MixedGroups,
    NegatedWeight,
    LostBias,
    BiasOfAnotherChannel,
    PoolDivisor,
    ExchangedOperands,
    LostArgument,
    LostScale,
    SharedAtom,
    LostInterval,
    Multiplier,
    WrongArgument,
    LostBranch,
    WrongSign,
    WrongEntry,
    WrongRank,
    MissedConvolution,
    LostDomain,
}

/// All of them, with their names.
pub const FAULTS: &[(Fault, &str)] = &[
    (Fault::ShiftedTap, "a tap shifted"),
    (Fault::LostTap, "the last tap lost"),
    (Fault::FlippedTaps, "taps flipped"),
    (Fault::DroppedBorder, "a border dropped"),
    (Fault::WrongStride, "a wrong stride"),
    (Fault::WrongDilation, "a wrong dilation"),
    (Fault::ReplicatedBorder, "zeros replaced by the edge"),
    (Fault::ReversedKernel, "a kernel reversed"),
    (Fault::TransposedKernel, "a kernel transposed"),
    (Fault::MixedGroups, "groups mixed up"),
    (Fault::NegatedWeight, "a weight negated"),
    (Fault::LostBias, "a bias lost"),
    (Fault::BiasOfAnotherChannel, "biases exchanged"),
    (Fault::PoolDivisor, "a wrong divisor"),
    (Fault::ExchangedOperands, "operands exchanged"),
    (Fault::LostArgument, "an argument lost"),
    (Fault::LostScale, "a scale lost"),
    (Fault::SharedAtom, "two atoms as one"),
    (Fault::LostInterval, "a stable unit"),
    (Fault::Multiplier, "a multiplier off by one"),
    (Fault::WrongArgument, "a wrong argument fixed"),
    (Fault::LostBranch, "a branch lost"),
    (Fault::WrongSign, "a sign lost"),
    (Fault::WrongEntry, "an entry off by one"),
    (Fault::WrongRank, "a rank too large"),
    (Fault::MissedConvolution, "a convolution missed"),
    (Fault::LostDomain, "a law's domain lost"),
];

static ACTIVE: AtomicUsize = AtomicUsize::new(0);

/// Puts a fault in, or takes it out; in all threads.
pub fn inject(fault: Option<Fault>) {
    ACTIVE.store(fault.map_or(0, |fault| fault as usize), Ordering::SeqCst);
}

/// Whether this fault is in.
pub(crate) fn has(fault: Fault) -> bool {
    ACTIVE.load(Ordering::Relaxed) == fault as usize
}

/// The taps and positions that each output reads along an axis.
pub(crate) fn taps(mut rows: Vec<Vec<(usize, usize)>>, inputs: usize, size: usize) -> Vec<Vec<(usize, usize)>> {
    let reads = rows.clone();
    let last = rows.len() - 1;
    for (output, row) in rows.iter_mut().enumerate() {
        match () {
            () if has(Fault::ShiftedTap) => row.iter_mut().for_each(|(_, at)| *at = (*at + 1) % inputs),
            () if has(Fault::LostTap) => row.retain(|(tap, _)| size == 1 || tap + 1 < size),
            () if has(Fault::FlippedTaps) => row.iter_mut().for_each(|(tap, _)| *tap = size - 1 - *tap),
            () if has(Fault::DroppedBorder) && output == last => row.clear(),
            () if has(Fault::WrongStride) => row.clone_from(&reads[(2 * output).min(last)]),
            () if has(Fault::WrongDilation) => row.iter_mut().for_each(|(tap, at)| *at = (*at + *tap) % inputs),
            () if has(Fault::ReplicatedBorder) => {
                let missing: Vec<usize> = (0..size).filter(|tap| row.iter().all(|(k, _)| k != tap)).collect();
                row.extend(missing.into_iter().map(|tap| (tap, if output == 0 { 0 } else { inputs - 1 })));
                row.sort_unstable();
            }
            () => {}
        }
    }
    rows
}

/// A kernel or a matrix.
pub(crate) fn kernel<C: Coefficient>(kernel: &Tensor<C>) -> Tensor<C> {
    let (shape, mut entries) = (kernel.shape().clone(), kernel.numerators().to_vec());
    let block = entries.len() / shape.axes()[0];
    match () {
        () if has(Fault::ReversedKernel) => entries.reverse(),
        // The last two axes exchanged, where they are equal.
        () if has(Fault::TransposedKernel) => {
            if let [.., rows, columns] = *shape.axes()
                && rows == columns
            {
                for window in entries.chunks_mut(rows * columns) {
                    let old = window.to_vec();
                    (0..rows * columns).for_each(|i| window[i] = old[i % columns * columns + i / columns].clone());
                }
            }
        }
        () if has(Fault::MixedGroups) => entries.rotate_left(block),
        () if has(Fault::NegatedWeight) => entries[0] = entries[0].times(&(-1).into()),
        () => {}
    }
    Tensor::new(shape, entries, kernel.denominator().clone())
}

/// A bias, one number a channel or an entry.
pub(crate) fn bias<C: Coefficient>(bias: Option<Tensor<C>>) -> Option<Tensor<C>> {
    match bias {
        Some(_) if has(Fault::LostBias) => None,
        Some(bias) if has(Fault::BiasOfAnotherChannel) => {
            let mut entries = bias.numerators().to_vec();
            entries.rotate_left(1);
            Some(Tensor::new(bias.shape().clone(), entries, bias.denominator().clone()))
        }
        other => other,
    }
}

/// The arguments of a maximum, in order.
pub(crate) fn arguments<F>(forms: &mut Vec<F>) {
    match () {
        () if has(Fault::LostArgument) && forms.len() > 1 => _ = forms.pop(),
        () if has(Fault::LostInterval) => forms.truncate(1),
        () => {}
    }
}

/// The operators of a sum or a difference.
pub(crate) fn operands(mut lowered: Lowered) -> Lowered {
    if has(Fault::ExchangedOperands) {
        lowered.operators.reverse();
    }
    lowered
}

/// A number that is written into a certificate.
pub(crate) fn off_by_one(fault: Fault, n: Integer) -> Integer {
    if has(fault) { n + 1 } else { n }
}
