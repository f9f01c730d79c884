//! What is not one convolution.

use std::collections::BTreeMap;

use super::{Checked, Context, Span};
use crate::form::CONSTANT;
use crate::layer::{Mode, wrong};
use crate::number::{Int, Rat};
use crate::text::Fields;

/// A matrix between images: for each row its entries that are not 0, and its constant.
struct Images<'n> {
    from: &'n [usize],
    to: &'n [usize],
    rows: Vec<(BTreeMap<usize, Span>, Span)>,
}

impl Context {
    /// `not_a_convolution` by `matrix`. One convolution is f(x)[o, p] = b[o] + Σ K[o, c, d] · x[c, s·p + d], with strides
    /// s of at most n along an axis of n positions (1 where the output has one), where x outside of the image is
    /// - 0, and along no axis more than 2n − 1 positions hold all d with K[·, ·, d] ≠ 0; or
    /// - extended, in one of the other modes and as far as `conv` allows, and all s·p + d lie inside of the image for
    ///   the output p in the middle.
    ///
    /// The map that an earlier theorem says f is has one matrix and constant, as no input is one number; entries are
    /// bounded, for some values of the symbols. So f is none, if two constants of a channel o differ; or if, for every s,
    /// in the first case two of the entries that K[o, c, d] would be are not the same, or span too much; and in the others
    /// a row is not what the middle's says.
    pub(super) fn no_convolution(&self, index: usize, e: &Fields<'_>) -> Checked {
        let (network, map) = (&self.networks[index], self.map_of(index, e)?);
        let [from] = network.inputs.as_slice() else { return wrong("there is not one input") };
        let to = network.shape(network.output);
        if from.len() != to.len() || from.len() < 2 || network.bounds().iter().flatten().any(|(low, high)| low == high)
        {
            return wrong("it is no map between images with as many axes, or its input is one number");
        }
        let (values, over) = (self.values(e.get("symbols")?, &[])?, Rat::new(Int::from(1), map.denominator.clone()));
        let mut rows = Vec::new();
        for row in &map.rows {
            let (mut entries, mut constant) = (BTreeMap::new(), Span::default());
            for (v, poly) in row {
                let Some((low, high)) = poly.bounds(&|symbol| values.get(&symbol).cloned()) else {
                    return wrong("a symbol has no value");
                };
                let span = (low * &over, high * &over);
                if *v == CONSTANT { constant = span } else { _ = entries.insert(v - 1, span) }
            }
            rows.push((entries, constant));
        }
        let images = Images { from, to, rows };
        if images.rows.chunks(images.rows.len() / to[0]).any(|rows| rows.iter().any(|(_, b)| differ(b, &rows[0].1))) {
            return Ok(());
        }
        let most: Vec<usize> = from.iter().zip(to).skip(1).map(|(&n, &m)| if m == 1 { 1 } else { n }).collect();
        for flat in 0..most.iter().product() {
            let stride: Vec<i64> = unravel(flat, &most).iter().map(|s| s + 1).collect();
            self.work.spend(100)?;
            if self.may_be_padded(&images, &stride)? {
                return wrong(format!("it may be a convolution with the stride {stride:?}"));
            }
            for mode in [Mode::Circular, Mode::Reflect, Mode::Replicate] {
                if self.may_be_extended(&images, &stride, mode)? {
                    return wrong(format!("it may be a convolution of the extended image with the stride {stride:?}"));
                }
            }
        }
        Ok(())
    }

    fn may_be_padded(&self, images: &Images<'_>, stride: &[i64]) -> Checked<bool> {
        let zero = Span::default();
        // For each o the entries by c and d.
        let mut kernel: Vec<BTreeMap<Vec<i64>, &Span>> = vec![BTreeMap::new(); images.to[0]];
        for (row, (entries, _)) in images.rows.iter().enumerate() {
            self.work.spend(500 * (1 + entries.len() as u64))?;
            let p = unravel(row, images.to);
            for (column, entry) in entries {
                let mut tap = unravel(*column, images.from);
                (1..tap.len()).for_each(|a| tap[a] -= stride[a - 1] * p[a]);
                if differ(kernel[p[0] as usize].entry(tap).or_insert(entry), entry) {
                    return Ok(false);
                }
            }
        }
        for (row, (entries, _)) in images.rows.iter().enumerate() {
            let p = unravel(row, images.to);
            let taps = &kernel[p[0] as usize];
            self.work.spend(500 * (1 + taps.len() as u64))?;
            for (tap, entry) in taps {
                let read: Vec<i64> =
                    (0..tap.len()).map(|a| if a == 0 { tap[0] } else { tap[a] + stride[a - 1] * p[a] }).collect();
                let inside = read.iter().zip(images.from).all(|(at, &n)| (0..n as i64).contains(at));
                if inside && !entries.contains_key(&ravel(&read, images.from)) && differ(entry, &zero) {
                    return Ok(false);
                }
            }
        }
        let taps = || kernel.iter().flatten().filter(|(_, entry)| differ(entry, &zero)).map(|(tap, _)| tap);
        let span = |a: usize| taps().map(|d| d[a]).max().zip(taps().map(|d| d[a]).min()).map_or(0, |(x, y)| x - y);
        Ok((1..images.from.len()).all(|a| span(a) < 2 * images.from[a] as i64 - 1))
    }

    fn may_be_extended(&self, images: &Images<'_>, stride: &[i64], mode: Mode) -> Checked<bool> {
        let zero = Span::default();
        for (row, (entries, _)) in images.rows.iter().enumerate() {
            let p = unravel(row, images.to);
            let mut middle: Vec<i64> = images.to.iter().map(|&m| (m as i64 - 1) / 2).collect();
            middle[0] = p[0];
            let mut expected: BTreeMap<usize, Span> = BTreeMap::new();
            let own = &images.rows[ravel(&middle, images.to)].0;
            self.work.spend(500 * (1 + own.len() + entries.len()) as u64)?;
            for (column, entry) in own {
                // d = q − s·(middle), which is read at s·p + d.
                let mut read = unravel(*column, images.from);
                for a in 1..read.len() {
                    let (n, at) = (images.from[a], read[a] + stride[a - 1] * (p[a] - middle[a]));
                    let widest = mode.widest(n) as i64;
                    match mode.place(at, n).filter(|_| (-widest..n as i64 + widest).contains(&at)) {
                        Some(place) => read[a] = place as i64,
                        // Not allowed, where the entry is not 0.
                        None => return Ok(!differ(entry, &zero)),
                    }
                }
                let sum = expected.entry(ravel(&read, images.from)).or_default();
                *sum = (&sum.0 + &entry.0, &sum.1 + &entry.1);
            }
            let entry = |of: &BTreeMap<usize, Span>, column| of.get(column).unwrap_or(&zero).clone();
            let mut columns = expected.keys().chain(entries.keys());
            if columns.any(|column| differ(&entry(&expected, column), &entry(entries, column))) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether two intervals have no number in common.
fn differ(a: &Span, b: &Span) -> bool {
    a.0 > b.1 || b.0 > a.1
}

/// The flat index.
fn ravel(at: &[i64], shape: &[usize]) -> usize {
    at.iter().zip(shape).fold(0, |flat, (i, n)| flat * n + *i as usize)
}

/// The indices along the axes of a flat one.
fn unravel(mut flat: usize, shape: &[usize]) -> Vec<i64> {
    let mut found = vec![0; shape.len()];
    for (index, n) in found.iter_mut().zip(shape).rev() {
        (*index, flat) = ((flat % n) as i64, flat / n);
    }
    found
}
