//! The constant term of an affine layer.

use crate::algebra::{Coefficient, Integer, Shape, Tensor};

/// A constant of the output's shape, kept short: each of its n numbers serves `len / n` consecutive
/// entries (one number: all; one a channel; one an entry).
#[derive(Clone, Debug)]
pub struct Bias<C = Integer> {
    numbers: Tensor<C>,
    shape: Shape,
}

impl<C: Coefficient> Bias<C> {
    /// The constant of this shape; the number of `numbers` divides the number of entries.
    pub fn new(numbers: Tensor<C>, shape: Shape) -> Bias<C> {
        debug_assert!(shape.elements().is_multiple_of(numbers.len()), "every number serves as many entries");
        Bias { numbers, shape }
    }

    /// One number an entry.
    pub fn of_entries(numbers: Tensor<C>) -> Bias<C> {
        let shape = numbers.shape().clone();
        Bias { numbers, shape }
    }

    /// The numbers, each of which serves [`Bias::run`] entries.
    pub fn numbers(&self) -> &Tensor<C> {
        &self.numbers
    }

    /// The consecutive entries that one number serves.
    pub fn run(&self) -> usize {
        self.shape.elements() / self.numbers.len()
    }

    /// The shape of the output.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The numerator of an entry, over [`Bias::denominator`].
    pub fn at(&self, entry: usize) -> &C {
        &self.numbers.numerators()[entry / self.run()]
    }

    /// The common denominator: positive, in lowest terms with the numerators.
    pub fn denominator(&self) -> &Integer {
        self.numbers.denominator()
    }

    /// The bits of the longest numerator or of the denominator, whichever is longer.
    pub fn bits(&self) -> u64 {
        self.numbers.bits()
    }

    /// Whether every entry is 0.
    pub fn is_zero(&self) -> bool {
        self.numbers.is_zero()
    }

    /// One number an output channel, if the constant is the same at every position.
    pub fn per_channel(&self) -> Option<Tensor<C>> {
        let (channels, run) = (self.shape.channels(), self.run());
        let positions = self.shape.elements() / channels;
        let shape = Shape::new([channels]).ok()?;
        if run.is_multiple_of(positions) {
            return Some(self.numbers.gather(shape, |channel| Some(channel * positions / run)));
        }
        let alike = |channel: usize| {
            let first = self.at(channel * positions);
            (1..positions).all(|p| self.at(channel * positions + p) == first)
        };
        (0..channels).all(alike).then(|| self.numbers.gather(shape, |channel| Some(channel * positions / run)))
    }

    /// The constant, written out.
    pub fn tensor(&self) -> Tensor<C> {
        let run = self.run();
        self.numbers.gather(self.shape.clone(), |entry| Some(entry / run))
    }
}

impl Bias {
    /// The same constant over a larger ring.
    pub fn lifted<C: Coefficient>(&self) -> Bias<C> {
        Bias { numbers: self.numbers.lifted(), shape: self.shape.clone() }
    }
}
