//! Layers by their defining sums.
//!
//! Output entry p of a layer reads entries of its operands. For every layer of the catalogue, *which*
//! ones is decided axis by axis: coordinate p of an axis has a list of [`Read`]s, and the entry reads
//! every combination of one read an axis, whose offsets are added. So a layer is a table an axis (its
//! length is the output's extent), its numbers, and what is done with what is read ([`How`]).
//!
//! [`Layer::new`] checks once that the extents are the stated shape, and that the largest offsets are
//! inside of the operands and of the numbers. What zero padding adds is no read at all.

use num_integer::Integer;
use num_traits::{One, Signed};

use crate::Rejection;
use crate::curve::Curve;
use crate::number::{Int, Poly, Rat, Symbol, over_common};
use crate::text::{Fields, Json, MAX_SIZE};

/// An entry of an operand: (operand, flat index), or [`ONE`].
pub type Source = (usize, usize);
/// The number 1, as an entry that every layer may read.
pub const ONE: Source = (usize::MAX, 0);
/// A number of the layer's table, times an integer, times an entry.
pub type Term = (Source, usize, i64);

/// The most axes of a tensor.
const MAX_RANK: usize = 8;
/// The most reads of an axis.
const MAX_READS: usize = 1 << 24;

/// What one coordinate of an output reads along its axis.
#[derive(Clone, Copy, Debug)]
struct Read {
    /// Added to the index of the weight.
    weight: usize,
    /// Added to the position in the operands, one after the other.
    position: usize,
    /// Multiplied with the weight.
    factor: i64,
}

/// The reads of every coordinate of an axis of the output.
type Axis = Vec<Vec<Read>>;

/// What an output makes of the entries that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// Σ weight · entry + bias.
    Sum,
    /// The largest, or smallest.
    Extreme {
        least: bool,
    },
    /// x where x ≥ 0, else the weight times x.
    Slopes,
    /// min(max(slope·x + offset, low), high).
    Clip,
    Curve(Curve),
    Softmax,
    Square,
    Multiply,
    Divide,
}

/// The numbers of a layer over one denominator; polynomials instead, where a symbol occurs.
#[derive(Debug)]
pub struct Numbers {
    pub numerators: Vec<Int>,
    pub denominator: Int,
    pub polynomials: Option<Vec<Poly>>,
}

/// Where outputs add a number: entry i that of index first + i / run.
#[derive(Debug)]
struct Bias {
    first: usize,
    run: usize,
    /// Only those that read nothing.
    outside: bool,
}

/// Sums of maxima and minima: the smallest (`least`) or largest of affine forms; of one form, the form.
pub struct Piece {
    pub least: bool,
    pub forms: Vec<Vec<Term>>,
}

#[derive(Debug)]
pub struct Layer {
    pub how: How,
    pub numbers: Numbers,
    pub shape: Vec<usize>,
    axes: Vec<Axis>,
    bias: Option<Bias>,
    /// Where each operand begins, one after the other.
    starts: Vec<usize>,
}

pub fn wrong<T>(why: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::at("", why))
}

/// The number of entries of a shape, of which every axis has some.
pub fn entries(shape: &[usize]) -> Result<usize, Rejection> {
    let count = shape.iter().try_fold(1_usize, |n, &axis| n.checked_mul(axis).filter(|&n| n > 0 && n <= MAX_SIZE));
    match count.filter(|_| (1..=MAX_RANK).contains(&shape.len())) {
        Some(count) => Ok(count),
        None => wrong(format!("the shape is empty, or has more than {MAX_SIZE} entries or {MAX_RANK} axes")),
    }
}

/// How far apart neighbours are along each axis of a row-major tensor.
fn strides(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).map(|a| shape[a + 1..].iter().product()).collect()
}

/// A tensor `{shape, denominator, numerators}`, as it is written.
pub struct Tensor<'j> {
    pub shape: Vec<usize>,
    denominator: Int,
    entries: &'j [Json],
}

impl<'j> Tensor<'j> {
    fn read(json: &'j Json) -> Result<Tensor<'j>, Rejection> {
        json.record(|f| {
            let (shape, denominator) = (f.get("shape")?.sizes()?, f.get("denominator")?.denominator()?);
            // A scalar has no axis.
            let count = if shape.is_empty() { 1 } else { entries(&shape)? };
            match f.get("numerators")? {
                Json::List(entries) if entries.len() == count => Ok(Tensor { shape, denominator, entries }),
                _ => wrong(format!("a tensor of shape {shape:?} has not {count} entries")),
            }
        })
    }

    fn len(&self) -> usize {
        self.entries.len()
    }
}

impl Numbers {
    fn of(numbers: &[Rat]) -> Numbers {
        let (numerators, denominator) = over_common(numbers);
        Numbers { numerators, denominator, polynomials: None }
    }

    /// The number 1 over a denominator.
    fn one_over(denominator: usize) -> Numbers {
        Numbers { numerators: vec![Int::one()], denominator: denominator.into(), polynomials: None }
    }

    /// Tensors one after the other.
    fn read(tensors: &[Option<&Tensor>], symbols: &[Symbol]) -> Result<Numbers, Rejection> {
        let tensors = || tensors.iter().copied().flatten();
        let all = || tensors().flat_map(|t| t.entries.iter().map(|n| (n, &t.denominator)));
        if all().any(|(n, _)| !matches!(n, Json::Text(_))) {
            let polynomials: Result<Vec<Poly>, Rejection> = all().map(|(n, d)| Poly::read(n, d, symbols)).collect();
            return Ok(Numbers { polynomials: Some(polynomials?), ..Numbers::one_over(1) });
        }
        let denominator = tensors().fold(Int::one(), |lcm, t| lcm.lcm(&t.denominator));
        let numerators = all().map(|(n, d)| Ok(n.integer()? * (&denominator / d)));
        Ok(Numbers { numerators: numerators.collect::<Result<_, Rejection>>()?, denominator, polynomials: None })
    }

    fn len(&self) -> usize {
        self.polynomials.as_ref().map_or(self.numerators.len(), Vec::len)
    }

    /// A number, times an integer.
    pub fn value(&self, at: usize, factor: i64) -> Poly {
        match &self.polynomials {
            Some(polynomials) => polynomials[at].times(&Poly::number(Rat::from(Int::from(factor)))),
            None => Poly::number(Rat::new(&self.numerators[at] * factor, self.denominator.clone())),
        }
    }
}

/// What is read outside of an image.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Zero,
    Circular,
    Reflect,
    Replicate,
}

impl Mode {
    fn read(json: &Json) -> Result<Mode, Rejection> {
        Ok(match json.text()? {
            "zero" => Mode::Zero,
            "circular" => Mode::Circular,
            "reflect" => Mode::Reflect,
            "replicate" => Mode::Replicate,
            other => return wrong(format!("there is no mode `{other}`")),
        })
    }

    /// Where coordinate `at` of an axis of n entries is read, if it is.
    fn place(self, at: i64, n: usize) -> Option<usize> {
        let last = n as i64 - 1;
        let inside = match self {
            _ if (0..=last).contains(&at) => at,
            Mode::Zero => return None,
            Mode::Circular => at.rem_euclid(n as i64),
            Mode::Replicate => at.clamp(0, last),
            Mode::Reflect if at < 0 => -at,
            Mode::Reflect => 2 * last - at,
        };
        usize::try_from(inside).ok()
    }

    /// The widest border beside an axis of n entries: then [`Mode::place`] is inside.
    fn widest(self, n: usize) -> usize {
        match self {
            Mode::Circular => n,
            Mode::Reflect => n - 1,
            Mode::Zero | Mode::Replicate => MAX_SIZE,
        }
    }
}

/// A sliding window, one number a spatial axis: output p reads with tap k the position p·stride + k·dilation − before.
struct Window {
    size: Vec<usize>,
    stride: Vec<usize>,
    dilation: Vec<usize>,
    before: Vec<usize>,
    after: Vec<usize>,
}

impl Window {
    fn read(json: &Json, axes: usize) -> Result<Window, Rejection> {
        json.record(|f| {
            let list = |name: &str| match f.get(name)?.sizes()? {
                list if list.len() == axes => Ok(list),
                _ => wrong("the window has not one entry for each spatial axis"),
            };
            let (size, stride, dilation) = (list("size")?, list("stride")?, list("dilation")?);
            if [&size, &stride, &dilation].iter().any(|list| list.contains(&0)) {
                return wrong("a number of the window is 0");
            }
            Ok(Window { size, stride, dilation, before: list("before")?, after: list("after")? })
        })
    }

    /// The taps and positions that are read along an axis of n entries:
    /// ⌊(n + before + after − dilation·(size − 1) − 1) / stride⌋ + 1 outputs.
    fn axis(&self, a: usize, n: usize, mode: Mode) -> Result<Axis, Rejection> {
        let (size, before, after) = (self.size[a], self.before[a], self.after[a]);
        let room = (n + before + after).checked_sub(self.dilation[a] * (size - 1) + 1);
        let Some(room) = room else { return wrong("the window is larger than the padded input") };
        if before.max(after) > mode.widest(n) {
            return wrong("the padding is too wide for its mode");
        }
        axis(room / self.stride[a] + 1, size, |p| {
            let at = |k: usize| (p * self.stride[a] + k * self.dilation[a]) as i64 - before as i64;
            (0..size).filter_map(|k| Some((k, mode.place(at(k), n)?))).collect()
        })
    }

    /// Of the transposed window: the input at q adds to the output at q·stride + k·dilation − before.
    fn transposed(&self, a: usize, n: usize, pad: usize) -> Result<Axis, Rejection> {
        let full = (n - 1) * self.stride[a] + self.dilation[a] * (self.size[a] - 1) + 1 + pad;
        let Some(outputs) = full.checked_sub(self.before[a] + self.after[a]) else {
            return wrong("the padding leaves nothing of the output");
        };
        axis(outputs, self.size[a], |p| {
            let from = |k: usize| {
                let steps = (p + self.before[a]).checked_sub(k * self.dilation[a])?;
                let q = steps / self.stride[a];
                (steps % self.stride[a] == 0 && q < n).then_some((k, q))
            };
            (0..self.size[a]).filter_map(from).collect()
        })
    }
}

/// An axis of n coordinates, each with at most `most` reads of a weight and a position.
fn axis(n: usize, most: usize, reads: impl Fn(usize) -> Vec<(usize, usize)>) -> Result<Axis, Rejection> {
    if n == 0 || n.saturating_mul(most) > MAX_READS {
        return wrong("an axis is empty, or reads too much");
    }
    let read = |(weight, position)| Read { weight, position, factor: 1 };
    Ok((0..n).map(|p| reads(p).into_iter().map(read).collect()).collect())
}

/// An axis of n coordinates that read one position each.
fn gather(n: usize, from: impl Fn(usize) -> usize) -> Result<Axis, Rejection> {
    axis(n, 1, |p| vec![(0, from(p))])
}

/// An axis with its offsets multiplied.
fn times(mut axis: Axis, weight: usize, position: usize) -> Axis {
    let scale = |r: &mut Read| (r.weight, r.position) = (r.weight * weight, r.position * position);
    axis.iter_mut().flatten().for_each(scale);
    axis
}

/// The axes of a layer that reads what stands at the same place.
fn same(shape: &[usize]) -> Result<Vec<Axis>, Rejection> {
    shape.iter().zip(strides(shape)).map(|(&n, stride)| gather(n, |p| p * stride)).collect()
}

/// The same, of each of several operands of `apart` entries; the second is subtracted where `minus`.
fn of_all(shape: &[usize], operands: usize, apart: usize, minus: bool) -> Result<Vec<Axis>, Rejection> {
    let mut axes = same(shape)?;
    let factor = |j: usize| if minus && j == 1 { -1 } else { 1 };
    for reads in &mut axes[0] {
        let first = reads[0];
        *reads =
            (0..operands).map(|j| Read { position: first.position + j * apart, factor: factor(j), ..first }).collect();
    }
    Ok(axes)
}

/// Channels and image of a shape of rank 2 to 4.
fn image(shape: &[usize]) -> Result<(usize, &[usize]), Rejection> {
    match shape {
        [channels, rest @ ..] if (1..=3).contains(&rest.len()) => Ok((*channels, rest)),
        _ => wrong(format!("{shape:?} is not channels and 1 to 3 spatial axes")),
    }
}

/// What a kind of layer is on its operands.
struct Definition {
    how: How,
    axes: Vec<Axis>,
    numbers: Numbers,
    bias: Option<Bias>,
}

/// The definition of a layer by its fields, on operands of these shapes; `shape` is its output's, as stated.
fn definition(
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

impl Layer {
    /// A layer on operands of these shapes, if the stated shape of its output is right.
    pub fn new(
        json: &Json,
        operands: &[Vec<usize>],
        shape: Vec<usize>,
        symbols: &[Symbol],
    ) -> Result<Layer, Rejection> {
        entries(&shape)?;
        let Definition { how, axes, numbers, bias } = json.record(|f| definition(f, operands, &shape, symbols))?;
        let found: Vec<usize> = axes.iter().map(Vec::len).collect();
        if found != shape {
            return wrong(format!("its output has the shape {found:?}, not {shape:?}"));
        }
        let mut starts = vec![0];
        for operand in operands {
            starts.push(starts.last().copied().unwrap_or(0) + entries(operand)?);
        }
        let largest = |offset: fn(&Read) -> usize| -> usize {
            axes.iter().map(|axis| axis.iter().flatten().map(offset).max().unwrap_or(0)).sum()
        };
        let most = bias.as_ref().map_or(0, |b| b.first + (entries(&shape).unwrap_or(1) - 1) / b.run);
        if largest(|r| r.position) >= starts.pop().unwrap_or(0) || largest(|r| r.weight).max(most) >= numbers.len() {
            return wrong("it reads an entry that does not exist");
        }
        Ok(Layer { how, numbers, shape, axes, bias, starts })
    }

    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// The reads that its tables hold.
    pub fn reads_of_axes(&self) -> usize {
        self.axes.iter().flatten().map(Vec::len).sum()
    }

    /// Whether the outputs are not sums of pieces.
    pub fn is_smooth(&self) -> bool {
        !matches!(self.how, How::Sum | How::Extreme { .. } | How::Slopes | How::Clip)
    }

    /// The most entries that an output reads, and a bias.
    pub fn fan_in(&self) -> usize {
        self.axes.iter().map(|axis| axis.iter().map(Vec::len).max().unwrap_or(0)).product::<usize>() + 1
    }

    /// What output `i` reads, in order: entries, the indices of their numbers, and factors.
    pub fn reads(&self, i: usize, visit: &mut dyn FnMut(Source, usize, i64)) {
        let mut index = [0; MAX_RANK];
        let (mut flat, rank) = (i, self.shape.len());
        for a in (0..rank).rev() {
            (index[a], flat) = (flat % self.shape[a], flat / self.shape[a]);
        }
        self.combine(0, &index, Read { weight: 0, position: 0, factor: 1 }, visit);
    }

    fn combine(&self, a: usize, index: &[usize], so_far: Read, visit: &mut dyn FnMut(Source, usize, i64)) {
        let Some(axis) = self.axes.get(a) else {
            let operand = self.starts.partition_point(|&start| start <= so_far.position) - 1;
            return visit((operand, so_far.position - self.starts[operand]), so_far.weight, so_far.factor);
        };
        for read in &axis[index[a]] {
            let next = Read {
                weight: so_far.weight + read.weight,
                position: so_far.position + read.position,
                factor: so_far.factor * read.factor,
            };
            self.combine(a + 1, index, next, visit);
        }
    }

    /// The terms of output `i` of an affine layer.
    pub fn terms(&self, i: usize, visit: &mut dyn FnMut(Source, usize, i64)) {
        let mut reads = 0;
        self.reads(i, &mut |source, weight, factor| {
            reads += 1;
            visit(source, weight, factor);
        });
        if let Some(bias) = self.bias.as_ref().filter(|bias| !bias.outside || reads == 0) {
            visit(ONE, bias.first + i / bias.run, 1);
        }
    }

    /// The entries that output `i` reads, in order.
    pub fn arguments(&self, i: usize) -> Vec<Source> {
        let mut sources = Vec::new();
        self.reads(i, &mut |source, _, _| sources.push(source));
        sources
    }

    /// The pieces whose sum is output `i` of a layer that is not smooth.
    pub fn pieces(&self, i: usize) -> Vec<Piece> {
        let mut terms: Vec<Term> = Vec::new();
        self.terms(i, &mut |source, weight, factor| terms.push((source, weight, factor)));
        let (x, own) = terms.first().map_or((ONE, 0), |term| (term.0, term.1));
        match self.how {
            How::Extreme { least } => vec![Piece { least, forms: terms.into_iter().map(|term| vec![term]).collect() }],
            // a·x + max(0, (1 − a)·x) where a ≤ 1, a·x + min(0, (1 − a)·x) where a > 1.
            How::Slopes => {
                let (numbers, rest) = (&self.numbers, own + self.numbers.len() / 2);
                let least = numbers.numerators[own] > numbers.denominator;
                vec![
                    Piece { least: false, forms: vec![vec![(x, own, 1)]] },
                    Piece { least, forms: vec![vec![], vec![(x, rest, 1)]] },
                ]
            }
            // With l = slope·x + offset: low + max(0, l − low) + min(0, high − l), because low ≤ high.
            How::Clip => vec![
                Piece { least: false, forms: vec![vec![(ONE, 1, 1)]] },
                Piece { least: false, forms: vec![vec![], vec![(x, 0, 1), (ONE, 2, 1)]] },
                Piece { least: true, forms: vec![vec![], vec![(x, 3, 1), (ONE, 4, 1)]] },
            ],
            _ => vec![Piece { least: false, forms: vec![terms] }],
        }
    }

    /// The least and the greatest slope of a function of one entry, where it is one; else `None`.
    pub fn slopes(&self, i: usize) -> Option<(Source, Rat, Rat)> {
        let (mut of, number) =
            (None, |at: usize| Rat::new(self.numbers.numerators[at].clone(), self.numbers.denominator.clone()));
        self.reads(i, &mut |source, weight, _| of = Some((source, weight)));
        let (source, weight) = of?;
        let (a, b) = match self.how {
            How::Slopes => (number(weight), Rat::one()),
            How::Clip => (number(0), Rat::default()),
            _ => return None,
        };
        Some((source, a.clone().min(b.clone()), a.max(b)))
    }

    /// An upper bound of Σ |weight| for every output of an affine layer of numbers.
    pub fn norm(&self) -> Rat {
        let largest = self.numbers.numerators.iter().map(|n| n.abs()).max().unwrap_or_default();
        let factor: i64 =
            self.axes.iter().map(|axis| axis.iter().flatten().map(|r| r.factor.abs()).max().unwrap_or(1)).product();
        Rat::new(largest * factor * self.fan_in(), self.numbers.denominator.clone())
    }
}
