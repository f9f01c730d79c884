//! Which entries are read, along one axis.

use super::wrong;
use crate::Rejection;
use crate::text::{Json, MAX_SIZE};

/// The most reads of an axis.
const MAX_READS: usize = 1 << 24;

/// What one coordinate of an output reads along its axis.
#[derive(Clone, Copy, Debug)]
pub struct Read {
    /// Added to the index of the weight.
    pub weight: usize,
    /// Added to the position in the operands, one after the other.
    pub position: usize,
    /// Multiplied with the weight.
    pub factor: i64,
}

/// The reads of every coordinate of an axis of the output.
pub type Axis = Vec<Vec<Read>>;

/// How far apart neighbours are along each axis of a row-major tensor.
pub fn strides(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).map(|a| shape[a + 1..].iter().product()).collect()
}

/// What is read outside of an image.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Zero,
    Circular,
    Reflect,
    Replicate,
}

impl Mode {
    pub fn read(json: &Json) -> Result<Mode, Rejection> {
        Ok(match json.text()? {
            "zero" => Mode::Zero,
            "circular" => Mode::Circular,
            "reflect" => Mode::Reflect,
            "replicate" => Mode::Replicate,
            other => return wrong(format!("there is no mode `{other}`")),
        })
    }

    /// Where coordinate `at` of an axis of n entries is read, if it is.
    pub fn place(self, at: i64, n: usize) -> Option<usize> {
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
    pub fn widest(self, n: usize) -> usize {
        match self {
            Mode::Circular => n,
            Mode::Reflect => n - 1,
            Mode::Zero | Mode::Replicate => MAX_SIZE,
        }
    }
}

/// A sliding window, one number a spatial axis: output p reads with tap k the position p·stride + k·dilation − before.
pub struct Window {
    pub size: Vec<usize>,
    pub stride: Vec<usize>,
    pub dilation: Vec<usize>,
    pub before: Vec<usize>,
    pub after: Vec<usize>,
}

impl Window {
    pub fn read(json: &Json, axes: usize) -> Result<Window, Rejection> {
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
    pub fn axis(&self, a: usize, n: usize, mode: Mode) -> Result<Axis, Rejection> {
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
    pub fn transposed(&self, a: usize, n: usize, pad: usize) -> Result<Axis, Rejection> {
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
pub fn axis(n: usize, most: usize, reads: impl Fn(usize) -> Vec<(usize, usize)>) -> Result<Axis, Rejection> {
    if n == 0 || n.saturating_mul(most) > MAX_READS {
        return wrong("an axis is empty, or reads too much");
    }
    let read = |(weight, position)| Read { weight, position, factor: 1 };
    Ok((0..n).map(|p| reads(p).into_iter().map(read).collect()).collect())
}

/// An axis of n coordinates that read one position each.
pub fn gather(n: usize, from: impl Fn(usize) -> usize) -> Result<Axis, Rejection> {
    axis(n, 1, |p| vec![(0, from(p))])
}

/// An axis with its offsets multiplied.
pub fn times(mut axis: Axis, weight: usize, position: usize) -> Axis {
    let scale = |r: &mut Read| (r.weight, r.position) = (r.weight * weight, r.position * position);
    axis.iter_mut().flatten().for_each(scale);
    axis
}

/// The axes of a layer that reads what stands at the same place.
pub fn same(shape: &[usize]) -> Result<Vec<Axis>, Rejection> {
    shape.iter().zip(strides(shape)).map(|(&n, stride)| gather(n, |p| p * stride)).collect()
}

/// The same, of each of several operands of `apart` entries; the second is subtracted where `minus`.
pub fn of_all(shape: &[usize], operands: usize, apart: usize, minus: bool) -> Result<Vec<Axis>, Rejection> {
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
pub fn image(shape: &[usize]) -> Result<(usize, &[usize]), Rejection> {
    match shape {
        [channels, rest @ ..] if (1..=3).contains(&rest.len()) => Ok((*channels, rest)),
        _ => wrong(format!("{shape:?} is not channels and 1 to 3 spatial axes")),
    }
}
