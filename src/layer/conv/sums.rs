//! The defining sums of convolutions.

use num_traits::Zero;

use super::Conv;
use crate::algebra::residue::{Patches, WORTH, product};
use crate::algebra::{Integer, Tensor};
use crate::layer::Weights;
use crate::layer::window::for_each_index;
use crate::toeplitz::PadMode;

impl<C: Weights> Conv<C> {
    /// W·x by the defining sum, for any kernel of this layer's form.
    pub(super) fn product(&self, kernel: &Tensor, x: &Tensor) -> Tensor {
        if kernel.is_zero() || x.is_zero() {
            return Tensor::zeros(self.output.clone());
        }
        let products = self.output.elements().saturating_mul(kernel.len()) / self.output.channels();
        let many = !self.transposed && products >= WORTH;
        let numerators = match many.then(|| self.gather_by_residues(kernel, x)).flatten() {
            Some(numerators) => numerators,
            None if self.transposed => self.scatter(kernel, x),
            None => self.gather(kernel, x),
        };
        Tensor::new(self.output.clone(), numerators, kernel.denominator() * x.denominator())
    }

    fn gather(&self, kernel: &Tensor, x: &Tensor) -> Vec<Integer> {
        let [outputs, per_group, size @ ..] = kernel.shape().axes() else { return Vec::new() };
        let (pixels, taps) = (self.input.spatial().iter().product::<usize>(), size.iter().product::<usize>());
        let mut y = Vec::with_capacity(self.output.elements());
        for o in 0..*outputs {
            let first = o / (outputs / self.groups) * per_group;
            for_each_index(&self.window.output, |p| {
                let mut sum = Integer::zero();
                let mut tap = 0;
                for_each_index(size, |k| {
                    if let Some(position) = self.window.position(p, k, self.mode) {
                        for c in 0..*per_group {
                            let weight = &kernel.numerators()[(o * per_group + c) * taps + tap];
                            let value = &x.numerators()[(first + c) * pixels + position];
                            if !weight.is_zero() && !value.is_zero() {
                                sum += weight * value;
                            }
                        }
                    }
                    tap += 1;
                });
                y.push(sum);
            });
        }
        y
    }

    /// The same sums as a matrix product: the kernel's rows times the patches that the window reads.
    fn gather_by_residues(&self, kernel: &Tensor, x: &Tensor) -> Option<Vec<Integer>> {
        let [_, per_group, size @ ..] = kernel.shape().axes() else { return None };
        let (pixels, taps) = (self.input.spatial().iter().product::<usize>(), size.iter().product::<usize>());
        let mut positions = Vec::with_capacity(self.output.spatial().iter().product::<usize>() * taps);
        for_each_index(&self.window.output, |p| {
            for_each_index(size, |k| positions.push(self.window.position(p, k, self.mode)));
        });
        let (weights, entries) = (kernel.len() / self.groups, per_group * pixels);
        let products = (0..self.groups).map(|group| {
            let values = x.integers().slice(group * entries..(group + 1) * entries);
            let kernel = kernel.integers().slice(group * weights..(group + 1) * weights);
            product(kernel, Patches { values, pixels, positions: &positions, taps })
        });
        Some(products.collect::<Option<Vec<_>>>()?.concat())
    }

    /// Every input adds its window to the output: y[i·stride + k·dilation − pad] += K[c, o, k]·x[c, i].
    fn scatter(&self, kernel: &Tensor, x: &Tensor) -> Vec<Integer> {
        let [inputs, per_group, size @ ..] = kernel.shape().axes() else { return Vec::new() };
        let (pixels, taps) = (self.output.spatial().iter().product::<usize>(), size.iter().product::<usize>());
        let mut y = vec![Integer::zero(); self.output.elements()];
        let mut flat = 0;
        for c in 0..*inputs {
            let first = c / (inputs / self.groups) * per_group;
            for_each_index(self.input.spatial(), |i| {
                let value = &x.numerators()[flat];
                flat += 1;
                if value.is_zero() {
                    return;
                }
                let mut tap = 0;
                for_each_index(size, |k| {
                    if let Some(position) = self.window.position(i, k, PadMode::Zero) {
                        for o in 0..*per_group {
                            y[(first + o) * pixels + position] +=
                                &kernel.numerators()[(c * per_group + o) * taps + tap] * value;
                        }
                    }
                    tap += 1;
                });
            });
        }
        y
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::algebra::Shape;
    use crate::layer::window::Window;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(80))]
        /// Every padding, stride and dilation; weights and values of both signs, tiny and huge.
        #[test]
        fn both_ways_give_the_same_sums(
            groups in 1_usize..4, per_group in 1_usize..4, outputs in 1_usize..4, image in (5_usize..9, 4_usize..8), size in (1_usize..4, 1_usize..4),
            stride in 1_usize..3, dilation in 1_usize..3, before in 0_usize..4, after in 0_usize..4, mode in 0_usize..4, seed in any::<u64>(), shift in 0_u32..1100,
        ) {
            let mode = [PadMode::Zero, PadMode::Circular, PadMode::Reflect, PadMode::Replicate][mode];
            let reach = |n: usize| dilation * (n - 1) + 1;
            prop_assume!(reach(size.0) <= image.0 + before + after && reach(size.1) <= image.1 + before + after);
            let extent = |n: usize, k: usize| (n + before + after - reach(k)) / stride + 1;
            let window = Window {
                input: vec![image.0, image.1],
                size: vec![size.0, size.1],
                stride: vec![stride; 2],
                dilation: vec![dilation; 2],
                before: vec![before; 2],
                after: vec![after; 2],
                output: vec![extent(image.0, size.0), extent(image.1, size.1)],
            };
            let mut state = seed;
            let mut numbers = |axes: &[usize]| {
                let shape = Shape::new(axes.to_vec()).expect("small");
                let numerators = (0..shape.elements()).map(|i| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    Integer::from((state >> 38) as i64 - (1 << 25)) << (if i % 7 == 0 { shift } else { 0 })
                });
                Tensor::new(shape.clone(), numerators.collect(), 3.into())
            };
            let kernel = numbers(&[groups * outputs, per_group, size.0, size.1]);
            let input = Shape::new([groups * per_group, image.0, image.1]).expect("small");
            let output = Shape::new([groups * outputs, window.output[0], window.output[1]]).expect("small");
            let x = numbers(input.axes());
            let conv: Conv<Integer> = Conv { kind: "conv", kernel: kernel.clone(), bias: None, groups, mode, window, transposed: false, input, output };
            prop_assert_eq!(conv.gather_by_residues(&kernel, &x), Some(conv.gather(&kernel, &x)));
        }
    }
}
