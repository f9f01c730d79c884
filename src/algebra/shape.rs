//! Shapes of tensors: positive axis lengths, channel first, no batch axis.

use std::fmt;

/// The most elements that one tensor may have (2⁴⁰). Memory limits are stricter and are applied
/// where memory is used; this bound only keeps every later size computation free of overflow.
pub const MAX_ELEMENTS: usize = 1 << 40;

/// Axis lengths, channel first: `C`, `C×L`, `C×H×W` or `C×D×H×W` for values; any rank for weights.
///
/// Every axis is at least 1 and the product is at most [`MAX_ELEMENTS`]. A scalar has rank 0.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shape(Vec<usize>);

/// Why some axis lengths are not a shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// An axis has length 0.
    #[error("axis {0} has length 0")]
    Empty(usize),
    /// The number of elements exceeds [`MAX_ELEMENTS`].
    #[error("it has more than 2^40 elements")]
    TooLarge,
}

impl Shape {
    /// Checks the axis lengths.
    pub fn new(axes: impl Into<Vec<usize>>) -> Result<Shape, ShapeError> {
        let axes = axes.into();
        let mut elements: usize = 1;
        for (i, &axis) in axes.iter().enumerate() {
            if axis == 0 {
                return Err(ShapeError::Empty(i));
            }
            elements = elements.checked_mul(axis).filter(|&n| n <= MAX_ELEMENTS).ok_or(ShapeError::TooLarge)?;
        }
        Ok(Shape(axes))
    }

    /// The shape of a scalar: no axes, one element.
    pub fn scalar() -> Shape {
        Shape(Vec::new())
    }

    /// The axis lengths.
    pub fn axes(&self) -> &[usize] {
        &self.0
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The number of elements.
    pub fn elements(&self) -> usize {
        self.0.iter().product()
    }

    /// The first axis: the number of channels (1 for a scalar).
    pub fn channels(&self) -> usize {
        self.0.first().copied().unwrap_or(1)
    }

    /// The axes after the first: the image's extent.
    pub fn spatial(&self) -> &[usize] {
        self.0.get(1..).unwrap_or(&[])
    }

    /// The row-major multi-index of a flat index.
    pub fn unravel(&self, mut flat: usize) -> Vec<usize> {
        let mut index = vec![0; self.0.len()];
        for (slot, &axis) in index.iter_mut().zip(&self.0).rev() {
            *slot = flat % axis;
            flat /= axis;
        }
        index
    }

    /// The flat index of a row-major multi-index.
    pub fn ravel(&self, index: &[usize]) -> usize {
        index.iter().zip(&self.0).fold(0, |flat, (&i, &axis)| flat * axis + i)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("scalar");
        }
        for (i, axis) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("×")?;
            }
            write!(f, "{axis}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
