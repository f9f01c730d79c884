//! Sets of outputs that are unions of products of classes.

use super::unravel;
use crate::algebra::Shape;

/// A set of outputs of an image: whether one is in it depends on its channel and the class of its
/// position on each axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outputs {
    /// The shape of the image.
    shape: Shape,
    /// For each spatial axis, the class of each position.
    axes: Vec<Vec<usize>>,
    /// For each product of classes, the last axis fastest: which channels are in the set.
    inside: Vec<Vec<bool>>,
}

impl Outputs {
    /// The set of outputs whose channel `inside` says, for each product of classes.
    pub(super) fn new(shape: Shape, axes: Vec<Vec<usize>>, inside: Vec<Vec<bool>>) -> Outputs {
        Outputs { shape, axes, inside }
    }

    fn counts(&self) -> Vec<usize> {
        self.axes.iter().map(|classes| classes.iter().max().map_or(0, |last| last + 1)).collect()
    }

    /// How many outputs are in it.
    pub fn len(&self) -> usize {
        let sizes: Vec<Vec<usize>> = self.axes.iter().map(|classes| sizes(classes)).collect();
        let counts = self.counts();
        let channels = |flat: usize| self.inside[flat].iter().filter(|&&inside| inside).count();
        let positions = |flat: usize| {
            unravel(flat, &counts).into_iter().zip(&sizes).map(|(class, sizes)| sizes[class]).product::<usize>()
        };
        (0..self.inside.len()).map(|flat| channels(flat) * positions(flat)).sum()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.inside.iter().flatten().all(|inside| !inside)
    }

    /// Whether an output is in it.
    pub fn contains(&self, output: usize) -> bool {
        let index = self.shape.unravel(output);
        let counts = self.counts();
        let flat = self.axes.iter().zip(&counts).zip(&index[1..]).fold(0, |f, ((a, n), &p)| f * n + a[p]);
        self.inside[flat][index[0]]
    }

    /// The first of them.
    pub fn first(&self) -> Option<usize> {
        let counts = self.counts();
        let first = |axis: usize, class: usize| self.axes[axis].iter().position(|&c| c == class);
        let outputs = (0..self.inside.len()).flat_map(|flat| {
            let classes = unravel(flat, &counts);
            let position: Option<Vec<usize>> = classes.iter().enumerate().map(|(a, &c)| first(a, c)).collect();
            let channel = self.inside[flat].iter().position(|&inside| inside);
            let index = channel.zip(position).map(|(channel, position)| [vec![channel], position].concat());
            index.map(|index| self.shape.ravel(&index))
        });
        outputs.min()
    }

    /// All of them, ascending.
    pub fn list(&self) -> Vec<usize> {
        let counts = self.counts();
        let positions: usize = self.axes.iter().map(Vec::len).product();
        let mut found = Vec::with_capacity(self.len());
        for channel in 0..self.shape.channels() {
            let mut index = vec![0; self.axes.len()];
            for position in 0..positions {
                let flat = self.axes.iter().zip(&counts).zip(&index).fold(0, |f, ((a, n), &p)| f * n + a[p]);
                if self.inside[flat][channel] {
                    found.push(channel * positions + position);
                }
                for (slot, axis) in index.iter_mut().zip(&self.axes).rev() {
                    *slot += 1;
                    if *slot < axis.len() {
                        break;
                    }
                    *slot = 0;
                }
            }
        }
        found
    }

    /// A picture of a plane: for each product of runs of equal classes along the two last axes,
    /// whether an output of the channel is in the set; the runs, first and last position.
    pub fn runs(&self) -> Vec<Vec<(usize, usize)>> {
        let runs = |classes: &Vec<usize>| {
            let mut runs: Vec<(usize, usize)> = Vec::new();
            for (p, class) in classes.iter().enumerate() {
                match runs.last_mut() {
                    Some((first, last)) if classes[*first] == *class => *last = p,
                    _ => runs.push((p, p)),
                }
            }
            runs
        };
        self.axes.iter().map(runs).collect()
    }
}

fn sizes(classes: &[usize]) -> Vec<usize> {
    let mut sizes = vec![0; classes.iter().max().map_or(0, |last| last + 1)];
    classes.iter().for_each(|&class| sizes[class] += 1);
    sizes
}
