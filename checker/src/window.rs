//! Windows that slide over an image: which entry a tap reads.

use num_integer::Integer;

use crate::Rejection;
use crate::format::{Mode, Window};
use crate::layer::{MAX_ENTRIES, entries, wrong};

/// Where coordinate `at` of an axis of n entries is read; `None` is a zero.
pub fn place(at: i64, n: usize, mode: Mode) -> Option<usize> {
    let length = n as i64;
    let inside = match mode {
        _ if (0..length).contains(&at) => at,
        Mode::Zero => return None,
        Mode::Circular => at.rem_euclid(length),
        Mode::Replicate => at.clamp(0, length - 1),
        Mode::Reflect if at < 0 => -at,
        Mode::Reflect => 2 * (length - 1) - at,
    };
    usize::try_from(inside).ok()
}

impl Window {
    /// One number for each spatial axis everywhere, none of them so large that sums of products overflow.
    pub fn check(&self, axes: usize) -> Result<(), Rejection> {
        let lists = [&self.size, &self.stride, &self.dilation, &self.before, &self.after];
        if lists.iter().any(|l| l.len() != axes) {
            return wrong("the window has not one entry for each spatial axis");
        }
        let most = |l: &&Vec<usize>| l.iter().any(|&n| n > MAX_ENTRIES);
        if lists.iter().any(most) || lists[1..3].iter().any(|l| l.contains(&0)) {
            return wrong("a number of the window is 0 or too large");
        }
        entries(&self.size).map(|_| ())
    }

    /// The extent of the output: ⌊(n + before + after − dilation·(size − 1) − 1) / stride⌋ + 1.
    pub fn outputs(&self, input: &[usize]) -> Result<Vec<usize>, Rejection> {
        self.check(input.len())?;
        let axis = |a: usize| {
            let reach = self.dilation[a] * (self.size[a] - 1) + 1;
            let room = (input[a] + self.before[a] + self.after[a]).checked_sub(reach);
            room.map_or_else(|| wrong("the window is larger than the padded input"), |r| Ok(r / self.stride[a] + 1))
        };
        (0..input.len()).map(axis).collect()
    }

    pub fn padding_fits(&self, input: &[usize], mode: Mode) -> Result<(), Rejection> {
        padding_fits(&self.before, &self.after, input, mode)
    }

    /// The coordinate that tap `k` reads for output `p`.
    fn at(&self, axis: usize, p: usize, k: usize) -> i64 {
        (p * self.stride[axis] + k * self.dilation[axis]) as i64 - self.before[axis] as i64
    }

    /// The flat position in the image that tap `k` reads for output `p`.
    pub fn position(&self, image: &[usize], p: &[usize], k: &[usize], mode: Mode) -> Option<usize> {
        let step = |flat, a: usize| Some(flat * image[a] + place(self.at(a, p[a], k[a]), image[a], mode)?);
        (0..image.len()).try_fold(0, step)
    }

    /// How many taps k of an axis are inside of the image, 0 ≤ first + k·dilation < n, for output `p`.
    pub fn inside(&self, axis: usize, n: usize, p: usize) -> usize {
        let (first, step) = (self.at(axis, p, 0), self.dilation[axis] as i64);
        let below = |end: i64| Integer::div_ceil(&(end - first).max(0), &step).min(self.size[axis] as i64);
        usize::try_from(below(n as i64) - below(0)).unwrap_or(0)
    }
}

/// A border may not be wider than what it continues: then [`place`] is inside of the image.
pub fn padding_fits(before: &[usize], after: &[usize], input: &[usize], mode: Mode) -> Result<(), Rejection> {
    let most = |n: usize| match mode {
        Mode::Circular => n,
        Mode::Reflect => n - 1,
        Mode::Zero | Mode::Replicate => MAX_ENTRIES,
    };
    let wide = |a: usize| before[a].max(after[a]) > most(input[a]);
    if (0..input.len()).any(wide) { wrong("the padding is too wide for its mode") } else { Ok(()) }
}
