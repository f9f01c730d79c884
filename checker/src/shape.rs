//! The shape rules: what a layer's output looks like, and whether its weights and geometry fit its operands.
//!
//! These are the checks after which [`crate::layer`] reads no entry that does not exist.

use std::collections::BTreeSet;

use num_traits::One;

use crate::Rejection;
use crate::format::{Divisor, Kind, Symbol, Tensor};
use crate::layer::{MAX_ENTRIES, count, wrong};
use crate::number::{Int, Rat, rational, rationals};
use crate::table::Table;
use crate::window::padding_fits;

/// Channels and image of a shape of rank 2 to 4.
fn image(shape: &[usize]) -> Result<(usize, &[usize]), Rejection> {
    match shape {
        [channels, rest @ ..] if (1..=3).contains(&rest.len()) => Ok((*channels, rest)),
        _ => wrong(format!("{shape:?} is not channels and 1 to 3 spatial axes")),
    }
}

/// The output's shape and the numbers of a layer.
pub fn shape_of(
    kind: &Kind,
    inputs: &[Vec<usize>],
    shape: &[usize],
    symbols: &[Symbol],
    counts: &mut Vec<usize>,
) -> Result<(Vec<usize>, Table), Rejection> {
    let input = &inputs[0];
    let same = |inputs: &[Vec<usize>]| match inputs.iter().all(|s| s == input) {
        true => Ok((input.clone(), Table::small(1))),
        false => wrong("its operands have different shapes"),
    };
    let bias_fits = |bias: &Option<Tensor>, outputs: usize| match bias {
        Some(bias) if bias.numerators.len() != outputs => wrong(format!("the bias has not {outputs} entries")),
        _ => Ok(()),
    };
    match kind {
        Kind::Conv { kernel, bias, window, groups, mode } => {
            let (channels, extent) = image(input)?;
            let table = Table::new(&[Some(kernel), bias.as_ref()], symbols)?;
            let [outputs, per_group, size @ ..] = kernel.shape.as_slice() else {
                return wrong("the kernel has no channels");
            };
            if size != window.size
                || *groups == 0
                || outputs % groups != 0
                || per_group.checked_mul(*groups) != Some(channels)
            {
                return wrong("the kernel does not fit the window, the groups or the input's channels");
            }
            let positions = window.outputs(extent)?;
            window.padding_fits(extent, *mode)?;
            bias_fits(bias, *outputs)?;
            Ok(([vec![*outputs], positions].concat(), table))
        }
        Kind::ConvTranspose { kernel, bias, window, output_pad, groups } => {
            let (channels, extent) = image(input)?;
            let table = Table::new(&[Some(kernel), bias.as_ref()], symbols)?;
            let [inputs, per_group, size @ ..] = kernel.shape.as_slice() else {
                return wrong("the kernel has no channels");
            };
            if size != window.size || *groups == 0 || inputs % groups != 0 || *inputs != channels {
                return wrong("the kernel does not fit the window, the groups or the input's channels");
            }
            window.check(extent.len())?;
            if output_pad.len() != extent.len() || output_pad.iter().any(|&n| n > MAX_ENTRIES) {
                return wrong("`output_pad` has not one sensible entry for each spatial axis");
            }
            let axis = |a: usize| {
                let full = (extent[a] - 1) * window.stride[a] + window.dilation[a] * (size[a] - 1) + 1 + output_pad[a];
                full.checked_sub(window.before[a] + window.after[a])
            };
            let positions: Option<Vec<usize>> = (0..size.len()).map(axis).collect();
            let Some(positions) = positions else { return wrong("the padding leaves nothing of the output") };
            let Some(outputs) = per_group.checked_mul(*groups) else { return wrong("too many groups") };
            bias_fits(bias, outputs)?;
            Ok(([vec![outputs], positions].concat(), table))
        }
        Kind::Dense { matrix, bias } => {
            let table = Table::new(&[Some(matrix), bias.as_ref()], symbols)?;
            let [outputs, inputs] = *matrix.shape.as_slice() else { return wrong("the matrix is none") };
            if *input != [inputs] {
                return wrong(format!("the matrix takes {inputs} entries, but the operand's shape is {input:?}"));
            }
            bias_fits(bias, outputs)?;
            Ok((vec![outputs], table))
        }
        Kind::Scale { factor, offset } => {
            let table = Table::new(&[factor.as_ref(), offset.as_ref()], symbols)?;
            let lengths = [1, input.first().copied().unwrap_or(1), count(input)];
            for tensor in [factor, offset].into_iter().flatten() {
                if !lengths.contains(&tensor.numerators.len()) {
                    return wrong("there is not one number, one a channel or one an entry");
                }
            }
            Ok((input.clone(), table.with_one()))
        }
        Kind::SumPool { window, divisor } => {
            let (channels, extent) = image(input)?;
            let positions = window.outputs(extent)?;
            let table = match divisor {
                Divisor::One => Table::small(1),
                Divisor::Window => Table::small(count(&window.size)),
                Divisor::Inside => {
                    let mut products = BTreeSet::from([1]);
                    for a in 0..extent.len() {
                        let axis: BTreeSet<usize> = (0..positions[a]).map(|p| window.inside(a, extent[a], p)).collect();
                        products = products.iter().flat_map(|n| axis.iter().map(move |m| n * m)).collect();
                    }
                    if products.contains(&0) || products.len() > 1 << 16 {
                        return wrong("a window lies outside of the image, or their sizes are too different");
                    }
                    *counts = products.into_iter().collect();
                    Table::of(&counts.iter().map(|&n| Rat::new(Int::one(), n.into())).collect::<Vec<_>>())
                }
            };
            Ok(([vec![channels], positions].concat(), table))
        }
        Kind::Pad { before, after, value, mode } => {
            let (channels, extent) = image(input)?;
            let ends = before.iter().chain(after);
            if before.len() != extent.len() || after.len() != extent.len() || ends.into_iter().any(|&n| n > MAX_ENTRIES)
            {
                return wrong("the padding has not one sensible amount for each side");
            }
            padding_fits(before, after, extent, *mode)?;
            let positions = (0..extent.len()).map(|a| before[a] + extent[a] + after[a]).collect();
            Ok(([vec![channels], positions].concat(), Table::of(&[rational(value)?, Rat::one()])))
        }
        Kind::Slice { start, step } => {
            if start.len() != input.len() || step.len() != input.len() || shape.len() != input.len() {
                return wrong("there is not one start and one step for each axis");
            }
            let last = |a: usize| step[a].checked_mul(shape[a] - 1)?.checked_add(start[a]);
            if (0..input.len()).any(|a| step[a] == 0 || last(a).is_none_or(|last| last >= input[a])) {
                return wrong("it reads past the end of an axis");
            }
            Ok((shape.to_vec(), Table::small(1)))
        }
        Kind::Upsample { factor, bilinear } => {
            let (channels, extent) = image(input)?;
            let times = |n: usize, f: &usize| n.checked_mul(2 * Some(*f).filter(|&f| f <= MAX_ENTRIES)?);
            let unit = factor.iter().try_fold(1_usize, times);
            let Some(unit) = unit.filter(|&n| n > 0 && n < 1 << 40 && factor.len() == extent.len()) else {
                return wrong("there is not one sensible factor for each spatial axis");
            };
            let positions = extent.iter().zip(factor).map(|(n, f)| n * f).collect();
            Ok(([vec![channels], positions].concat(), Table::small(if *bilinear { unit } else { 1 })))
        }
        Kind::Reshape {} if count(input) == count(shape) => Ok((shape.to_vec(), Table::small(1))),
        Kind::Reshape {} => wrong(format!("{input:?} and {shape:?} have different numbers of entries")),
        Kind::Permute { axes } => {
            let mut sorted = axes.clone();
            sorted.sort_unstable();
            if !sorted.iter().copied().eq(0..input.len()) {
                return wrong(format!("{axes:?} is no order of the axes"));
            }
            Ok((axes.iter().map(|&a| input[a]).collect(), Table::small(1)))
        }
        Kind::PixelShuffle { r } => match (input.as_slice(), r.checked_mul(*r)) {
            ([channels, height, width], Some(square)) if square > 0 && channels % square == 0 => {
                Ok((vec![channels / square, height * r, width * r], Table::small(1)))
            }
            _ => wrong("its channels are not a multiple of r²"),
        },
        Kind::Concat {} => {
            if inputs.iter().any(|s| s.is_empty() || s[1..] != input[1..]) {
                return wrong("its operands differ in other axes than the first");
            }
            Ok(([vec![inputs.iter().map(|s| s[0]).sum()], input[1..].to_vec()].concat(), Table::small(1)))
        }
        Kind::Slopes { below } => {
            if ![1, input.first().copied().unwrap_or(1)].contains(&below.len()) {
                return wrong("there is not one slope, or one a channel");
            }
            Ok((input.clone(), Table::of(&rationals(below)?).with_one()))
        }
        Kind::Clip { slope, offset, low, high } => {
            let [slope, offset, low, high] = [rational(slope)?, rational(offset)?, rational(low)?, rational(high)?];
            if low > high {
                return wrong("`low` is above `high`");
            }
            let (above, below) = (&offset - &low, &high - &offset);
            Ok((input.clone(), Table::of(&[low, slope.clone(), above, -slope, below])))
        }
        Kind::ExtremePool { window, .. } => {
            let (channels, extent) = image(input)?;
            let positions = window.outputs(extent)?;
            let blind = |a: usize| (0..positions[a]).any(|p| window.inside(a, extent[a], p) == 0);
            if (0..extent.len()).any(blind) {
                return wrong("a window lies outside of the image");
            }
            Ok(([vec![channels], positions].concat(), Table::small(1)))
        }
        Kind::Maxout { k } => match input.split_first() {
            Some((channels, rest)) if *k > 0 && channels % k == 0 => {
                Ok(([&[channels / k], rest].concat(), Table::small(1)))
            }
            _ => wrong("its channels are not a multiple of k"),
        },
        Kind::Softmax {} if input.is_empty() => wrong("it has no channels"),
        Kind::Add {} | Kind::Sub {} | Kind::Extreme { .. } | Kind::Multiply {} => same(inputs),
        Kind::Sigmoid {} | Kind::Tanh {} | Kind::Silu {} | Kind::Gelu {} | Kind::Softmax {} | Kind::Square {} => {
            same(inputs)
        }
    }
}
