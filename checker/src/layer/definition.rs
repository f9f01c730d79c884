//! The layers, one by one: which entries an output reads, times which numbers, and what is made of them.

use num_integer::Integer;
use num_traits::One;

use super::axis::{Axis, Mode, Window, axis, gather, image, of_all, same, strides, times};
use super::{Bias, How, Numbers, Tensor, entries, wrong};
use crate::Rejection;
use crate::curve::Curve;
use crate::number::{Int, Rat, Symbol};
use crate::text::{Fields, Json};

/// What a kind of layer is on its operands.
pub struct Definition {
    pub how: How,
    pub axes: Vec<Axis>,
    pub numbers: Numbers,
    pub bias: Option<Bias>,
}

/// The definition of a layer by its fields, on operands of these shapes; `shape` is its output's, as stated.
pub fn definition(
    f: &Fields<'_>,
    operands: &[Vec<usize>],
    shape: &[usize],
    symbols: &[Symbol],
) -> Result<Definition, Rejection> {
    let Some(input) = operands.first() else { return wrong("it has no operands") };
    let kind = f.get("kind")?.text()?;
    let few = match kind {
        "sub" | "multiply" | "divide" => 2..=2,
        "add" | "concat" | "extreme" => 1..=usize::MAX,
        _ => 1..=1,
    };
    if !few.contains(&operands.len()) {
        return wrong(format!("it has {} operands", operands.len()));
    }
    let (size, input_strides) = (entries(input)?, strides(input));
    let plain = |how: How, axes: Vec<Axis>| Definition { how, axes, numbers: Numbers::one_over(1), bias: None };
    let sum = |axes: Vec<Axis>| Ok(plain(How::Sum, axes));
    let entrywise = |how: How| Ok(plain(how, same(input)?));
    let alike =
        || if operands.iter().all(|s| s == input) { Ok(()) } else { wrong("its operands have different shapes") };
    let tensor = |name: &str| f.get(name)?.option(Tensor::read);
    // A kernel's axes: out of and into channels, then the window.
    let linear = |kernel: &Tensor, axes: Vec<Axis>| {
        let (bias, run) = (tensor("bias")?, axes[1..].iter().map(Vec::len).product());
        if bias.as_ref().is_some_and(|bias| bias.len() != axes[0].len()) {
            return wrong(format!("the bias has not {} entries", axes[0].len()));
        }
        let numbers = Numbers::read(&[Some(kernel), bias.as_ref()], symbols)?;
        let bias = bias.map(|_| Bias { first: kernel.len(), run, outside: false });
        Ok(Definition { how: How::Sum, axes, numbers, bias })
    };
    let pooled = |how: How, window: &Window, extent: &[usize]| {
        let spatial = (0..extent.len())
            .map(|a| Ok(times(window.axis(a, extent[a], Mode::Zero)?, 0, input_strides[a + 1])))
            .collect::<Result<Vec<Axis>, Rejection>>()?;
        let channels = times(gather(input[0], |c| c)?, 0, input_strides[0]);
        Ok::<_, Rejection>(plain(how, [vec![channels], spatial].concat()))
    };
    match kind {
        "conv" | "conv_transpose" => {
            let ((channels, extent), kernel, transposed) =
                (image(input)?, Tensor::read(f.get("kernel")?)?, kind == "conv_transpose");
            let (window, groups) = (Window::read(f.get("window")?, extent.len())?, f.get("groups")?.size()?);
            let [first, second, size @ ..] = kernel.shape.as_slice() else {
                return wrong("the kernel has no channels");
            };
            let (taps, weight_strides) = (size.iter().product(), strides(&kernel.shape));
            let into = if transposed { *first } else { second * groups };
            if size != window.size || groups == 0 || first % groups != 0 || into != channels {
                return wrong("the kernel does not fit the window, the groups or the input's channels");
            }
            let share = first / groups;
            let (axes, spatial): (Axis, Vec<Axis>) = if transposed {
                let pads = f.get("output_pad")?.sizes()?;
                if pads.len() != extent.len() {
                    return wrong("`output_pad` has not one entry for each spatial axis");
                }
                let spatial = (0..extent.len()).map(|a| window.transposed(a, extent[a], pads[a]));
                // Output o reads the inputs c of its group with kernel[c, o % second].
                let reads = |o: usize| {
                    let group = o / second * share..(o / second + 1) * share;
                    group.map(|c| (c * second + o % second, c)).collect()
                };
                (axis(second * groups, share, reads)?, spatial.collect::<Result<_, _>>()?)
            } else {
                let mode = Mode::read(f.get("mode")?)?;
                let spatial = (0..extent.len()).map(|a| window.axis(a, extent[a], mode));
                // Output o reads the inputs of its group with kernel[o, c].
                let reads = |o: usize| (0..*second).map(|c| (o * second + c, o / share * second + c)).collect();
                (axis(*first, *second, reads)?, spatial.collect::<Result<_, _>>()?)
            };
            let spatial = spatial.into_iter().enumerate();
            let spatial = spatial.map(|(a, axis)| times(axis, weight_strides[a + 2], input_strides[a + 1]));
            let axes = std::iter::once(times(axes, taps, input_strides[0])).chain(spatial).collect();
            linear(&kernel, axes)
        }
        "dense" => {
            let matrix = Tensor::read(f.get("matrix")?)?;
            match matrix.shape.as_slice() {
                &[outputs, inputs] if *input == [inputs] => {
                    let row = |o: usize| (0..inputs).map(|c| (o * inputs + c, c)).collect();
                    linear(&matrix, vec![axis(outputs, inputs, row)?])
                }
                _ => wrong(format!("the matrix is none, or does not fit the operand's shape {input:?}")),
            }
        }
        "scale" => {
            let (factor, offset) = (tensor("factor")?, tensor("offset")?);
            let lengths = [1, input[0], size];
            if [&factor, &offset].into_iter().flatten().any(|t| !lengths.contains(&t.len())) {
                return wrong("there is not one number, one a channel or one an entry");
            }
            // Consecutive entries share a number. Without a factor, it is 1.
            let one = Json::Text("1".into());
            let unit = Tensor { shape: vec![], denominator: Int::one(), entries: std::slice::from_ref(&one) };
            let factor = factor.unwrap_or(unit);
            let mut axes = same(input)?;
            for (axis, stride) in axes.iter_mut().zip(&input_strides) {
                let weight = |p: usize| p * stride / (size / factor.len());
                axis.iter_mut().enumerate().for_each(|(p, reads)| reads[0].weight = weight(p));
            }
            let numbers = Numbers::read(&[Some(&factor), offset.as_ref()], symbols)?;
            let bias = offset.map(|t| Bias { first: factor.len(), run: size / t.len(), outside: false });
            Ok(Definition { how: How::Sum, axes, numbers, bias })
        }
        "sum_pool" => {
            let (_, extent) = image(input)?;
            let window = Window::read(f.get("window")?, extent.len())?;
            let mut pool = pooled(How::Sum, &window, extent)?;
            let mut divisor = Int::one();
            match f.get("divisor")?.text()? {
                "one" => {}
                "window" => divisor = window.size.iter().map(|&n| Int::from(n)).product(),
                // 1/n for n entries inside is (common/n)/common, axis by axis.
                "inside" => {
                    for axis in &mut pool.axes[1..] {
                        if axis.iter().any(Vec::is_empty) {
                            return wrong("a window lies outside of the image");
                        }
                        let common = axis.iter().fold(1_i64, |lcm, reads| lcm.lcm(&(reads.len() as i64)).min(1 << 20));
                        for reads in axis.iter_mut() {
                            let count = reads.len() as i64;
                            if common % count != 0 {
                                return wrong("its windows have too many different sizes");
                            }
                            reads.iter_mut().for_each(|r| r.factor = common / count);
                        }
                        divisor *= common;
                    }
                }
                other => return wrong(format!("there is no divisor `{other}`")),
            }
            pool.numbers.denominator = divisor;
            Ok(pool)
        }
        "extreme_pool" => {
            let (_, extent) = image(input)?;
            let how = How::Extreme { least: f.get("least")?.flag()? };
            let pool = pooled(how, &Window::read(f.get("window")?, extent.len())?, extent)?;
            match pool.axes.iter().flatten().any(Vec::is_empty) {
                true => wrong("a window lies outside of the image"),
                false => Ok(pool),
            }
        }
        "pad" => {
            let (_, extent) = image(input)?;
            let (before, after) = (f.get("before")?.sizes()?, f.get("after")?.sizes()?);
            let (value, mode) = (f.get("value")?.rational()?, Mode::read(f.get("mode")?)?);
            if before.len() != extent.len() || after.len() != extent.len() {
                return wrong("the padding has not one amount for each side");
            }
            let one = || vec![1; extent.len()];
            let window = Window { size: one(), stride: one(), dilation: one(), before, after };
            let mut axes = vec![times(gather(input[0], |c| c)?, 0, input_strides[0])];
            for a in 0..extent.len() {
                axes.push(times(window.axis(a, extent[a], mode)?, 0, input_strides[a + 1]));
            }
            let numbers = Numbers::of(&[Rat::one(), value]);
            Ok(Definition {
                how: How::Sum,
                axes,
                numbers,
                bias: Some(Bias { first: 1, run: usize::MAX, outside: true }),
            })
        }
        "slice" => {
            let (start, step) = (f.get("start")?.sizes()?, f.get("step")?.sizes()?);
            if [start.len(), step.len(), shape.len()] != [input.len(); 3] {
                return wrong("there is not one start and one step for each axis");
            }
            if (0..input.len()).any(|a| step[a] == 0 || start[a] + step[a] * (shape[a] - 1) >= input[a]) {
                return wrong("it reads past the end of an axis");
            }
            let from = |a: usize| gather(shape[a], |p| (start[a] + p * step[a]) * input_strides[a]);
            sum((0..input.len()).map(from).collect::<Result<_, _>>()?)
        }
        "upsample" => {
            let ((channels, extent), factor) = (image(input)?, f.get("factor")?.sizes()?);
            let bilinear = f.get("bilinear")?.flag()?;
            if factor.len() != extent.len() || factor.iter().any(|&f| !(1..=1 << 12).contains(&f)) {
                return wrong("there is not one sensible factor for each spatial axis");
            }
            let mut axes = vec![times(gather(channels, |c| c)?, 0, input_strides[0])];
            for (a, (&n, &f)) in extent.iter().zip(&factor).enumerate() {
                let mut axis = axis(n * f, 2, |p| {
                    // Between pixel centres: at (p + 1/2)/f − 1/2 in the input's coordinates.
                    let q = if bilinear { (2 * p + 1).saturating_sub(f) / (2 * f) } else { p / f };
                    if bilinear { vec![(0, q), (0, (q + 1).min(n - 1))] } else { vec![(0, q)] }
                })?;
                for (p, reads) in axis.iter_mut().enumerate().filter(|_| bilinear) {
                    let part = ((2 * p + 1).saturating_sub(f) % (2 * f)) as i64;
                    (reads[0].factor, reads[1].factor) = (2 * f as i64 - part, part);
                }
                axes.push(times(axis, 0, input_strides[a + 1]));
            }
            let unit = if bilinear { factor.iter().map(|f| 2 * f).product() } else { 1 };
            Ok(Definition { how: How::Sum, axes, numbers: Numbers::one_over(unit), bias: None })
        }
        "reshape" if entries(shape)? != size => {
            wrong(format!("{shape:?} has another number of entries than {input:?}"))
        }
        "reshape" => sum(same(shape)?),
        "permute" => {
            let axes = f.get("axes")?.sizes()?;
            let mut sorted = axes.clone();
            sorted.sort_unstable();
            if !sorted.iter().copied().eq(0..input.len()) {
                return wrong(format!("{axes:?} is no order of the axes"));
            }
            sum(axes.iter().map(|&a| gather(input[a], |p| p * input_strides[a])).collect::<Result<_, _>>()?)
        }
        "pixel_shuffle" => match (input.as_slice(), f.get("r")?.size()?) {
            (&[channels, h, w], r) if (1..=1 << 12).contains(&r) && channels % (r * r) == 0 => sum(vec![
                gather(channels / (r * r), |c| c * r * r * h * w)?,
                gather(h * r, |y| y % r * r * h * w + y / r * w)?,
                gather(w * r, |x| x % r * h * w + x / r)?,
            ]),
            _ => wrong("its channels are not a multiple of r²"),
        },
        "add" | "sub" => alike().and(sum(of_all(input, operands.len(), size, kind == "sub")?)),
        "extreme" => {
            alike()?;
            let how = How::Extreme { least: f.get("least")?.flag()? };
            Ok(plain(how, of_all(input, operands.len(), size, false)?))
        }
        "multiply" => alike().and(Ok(plain(How::Multiply, of_all(input, 2, size, false)?))),
        "divide" => alike().and(Ok(plain(How::Divide, of_all(input, 2, size, false)?))),
        "concat" if operands.iter().any(|s| s.is_empty() || s[1..] != input[1..]) => {
            wrong("its operands differ in other axes than the first")
        }
        "concat" => {
            let channels = operands.iter().map(|s| s[0]).sum();
            sum(same(&[&[channels], &input[1..]].concat())?)
        }
        "slopes" => {
            let below = f.get("below")?.rationals()?;
            if ![1, input[0]].contains(&below.len()) {
                return wrong("there is not one slope, or one a channel");
            }
            let mut axes = same(input)?;
            let weight = |c: usize| if below.len() == 1 { 0 } else { c };
            axes[0].iter_mut().enumerate().for_each(|(c, reads)| reads[0].weight = weight(c));
            let rest = below.iter().map(|a| Rat::one() - a).collect();
            let numbers = Numbers::of(&[below, rest].concat());
            Ok(Definition { how: How::Slopes, axes, numbers, bias: None })
        }
        "clip" => {
            let number = |name: &str| f.get(name)?.rational();
            let (slope, offset, low, high) = (number("slope")?, number("offset")?, number("low")?, number("high")?);
            if low > high {
                return wrong("`low` is above `high`");
            }
            let (above, below) = (&offset - &low, &high - &offset);
            let numbers = Numbers::of(&[slope.clone(), low, above, -slope, below]);
            Ok(Definition { numbers, ..entrywise(How::Clip)? })
        }
        "maxout" => match f.get("k")?.size()? {
            k if k > 0 && input[0] % k == 0 => {
                let first = axis(input[0] / k, k, |c| (0..k).map(|j| (0, c * k + j)).collect())?;
                let mut axes = same(input)?;
                axes[0] = times(first, 0, input_strides[0]);
                Ok(plain(How::Extreme { least: false }, axes))
            }
            _ => wrong("its channels are not a multiple of k"),
        },
        // Its own channel first.
        "softmax" => {
            let own = |c: usize| std::iter::once(c).chain((0..input[0]).filter(move |&k| k != c));
            let mut axes = same(input)?;
            axes[0] = times(axis(input[0], input[0], |c| own(c).map(|k| (0, k)).collect())?, 0, input_strides[0]);
            Ok(plain(How::Softmax, axes))
        }
        "square" => entrywise(How::Square),
        _ => match Curve::read(kind) {
            Some(curve) => entrywise(How::Curve(curve)),
            None => wrong(format!("there is no layer `{kind}`")),
        },
    }
}
