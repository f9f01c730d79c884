//! Composition at the level of kernels: a network of convolutions as one stencil, whatever the
//! size of the image.

use crate::algebra::{Coefficient, Shape, Tensor};
use crate::layer::Weights;
use crate::network::{Network, NodeId};
use crate::toeplitz::Stencil;

/// A network as one kernel on its image extended by zeros.
#[derive(Clone, Debug)]
pub struct OneKernel<C> {
    /// The kernel.
    pub stencil: Stencil<C>,
    /// The first layer that reads zeros where the value before it, as a formula, is not 0: there,
    /// outputs near the border may be other than the kernel says. `None`: the kernel is exact.
    pub inexact: Option<NodeId>,
}

/// Composes a network's layers by their kernels; `None` if it has several inputs, a layer that is
/// no convolution on an image extended by zeros, or too much work.
pub fn one_kernel<C: Weights>(network: &Network) -> Option<OneKernel<C>> {
    let [input] = network.inputs.as_slice() else { return None };
    let mut values: Vec<Option<Stencil<C>>> = vec![None; network.nodes.len()];
    values[0] = Some(Stencil::identity(&input.shape)?);
    let mut inexact = None;
    for id in network.live_nodes() {
        let node = &network.nodes[id];
        let Some(layer) = &node.layer else { continue };
        let lowered = C::lower(layer)?;
        let mut sum: Option<Stencil<C>> = None;
        for (&operand, operator) in node.operands.iter().zip(&lowered.operators) {
            let (value, exact) = values[operand].as_ref()?.then(&Stencil::of(operator)?)?;
            if !exact && inexact.is_none() {
                inexact = Some(id);
            }
            sum = Some(match sum {
                None => value,
                Some(sum) => sum.plus(&value)?,
            });
        }
        let bias = lowered.bias.as_ref().filter(|b| !b.is_zero());
        values[id] = Some(match bias {
            Some(bias) => sum?.with_bias(&bias.per_channel()?),
            None => sum?,
        });
    }
    Some(OneKernel { stencil: values.swap_remove(network.output)?, inexact })
}

/// The first layer that reads zeros where the value before it, judged by which positions it reads
/// and whether it has constants, is not 0; `None` too where a layer is no convolution on an image
/// extended by zeros. Its numbers are not looked at, so this is quick for any channels.
pub fn padded_between<C: Weights>(network: &Network) -> Option<NodeId> {
    let [input] = network.inputs.as_slice() else { return None };
    let mut values: Vec<Option<Stencil>> = vec![None; network.nodes.len()];
    values[0] = Some(pattern(&Stencil::<C>::identity(&input.shape)?)?);
    for id in network.live_nodes() {
        let node = &network.nodes[id];
        let Some(layer) = &node.layer else { continue };
        let lowered = C::lower(layer)?;
        let mut sum: Option<Stencil> = None;
        for (&operand, operator) in node.operands.iter().zip(&lowered.operators) {
            let (value, exact) = values[operand].as_ref()?.then(&pattern(&Stencil::of(operator)?)?)?;
            if !exact {
                return Some(id);
            }
            sum = Some(match sum {
                None => value,
                Some(sum) => sum.plus(&value)?,
            });
        }
        let constant = lowered.bias.as_ref().is_some_and(|bias| !bias.is_zero());
        let one = Tensor::from_integers(Shape::new([1]).ok()?, vec![1.into()]);
        values[id] = Some(if constant { sum?.with_bias(&one) } else { sum? });
    }
    None
}

/// 1 for each tap that some channels have: a kernel from one channel to one, whose compositions
/// cancel nowhere.
fn pattern<C: Coefficient>(stencil: &Stencil<C>) -> Option<Stencil> {
    let window: Vec<usize> = stencil.kernel.shape().axes()[2..].to_vec();
    let taps: usize = window.iter().product();
    let used = |tap: usize| stencil.kernel.numerators().iter().skip(tap).step_by(taps).any(|n| !n.is_zero());
    let numerators = (0..taps).map(|tap| i32::from(used(tap)).into()).collect();
    let one = |shape: &Shape| Shape::new([&[1], shape.spatial()].concat()).ok();
    Some(Stencil {
        input: one(&stencil.input)?,
        output: one(&stencil.output)?,
        kernel: Tensor::from_integers(Shape::new([vec![1, 1], window].concat()).ok()?, numerators),
        low: stencil.low.clone(),
        stride: stencil.stride.clone(),
        bias: Tensor::zeros(Shape::new([1]).ok()?),
    })
}

/// One number a channel, if a constant is the same at every position.
pub fn per_channel<C: Coefficient>(constant: &Tensor<C>) -> Option<Tensor<C>> {
    let channels = constant.shape().channels();
    let run = constant.len() / channels;
    let uniform = constant.numerators().chunks(run).all(|channel| channel.iter().all(|n| *n == channel[0]));
    let shape = Shape::new([channels]).ok().filter(|_| uniform)?;
    Some(constant.gather(shape, |channel| Some(channel * run)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algebra::Integer;
    use crate::diagnostic::Source;
    use crate::network::{NoImports, check};

    /// The layer that reads zeros where the value before it is not 0.
    #[test]
    fn padding_between_layers_is_found_by_positions_and_constants() {
        for (body, layer) in [
            ("conv(random(3x3, seed=1)); conv(random(3x3, seed=2))", None),
            ("conv(random(3x3, seed=1), pad=1); conv(random(3x3, seed=2), pad=1)", Some(2)),
            ("conv(random(1x1, seed=1)); conv(random(3x3, seed=2), pad=1)", None),
            ("conv(random(1x1, seed=1), [3]); conv(random(3x3, seed=2), pad=1)", Some(2)),
            ("bias([0]); conv(random(3x3, seed=2), pad=1)", None),
            ("bias([1]); conv(random(3x3, seed=2), pad=1)", Some(2)),
            ("pad(2); conv(random(3x3, seed=1)); conv(random(3x3, seed=2))", None),
        ] {
            let text = format!("network f(x: 1x7x8) {{ {body} }}");
            let source = Source { name: "test.net".into(), text };
            let network = check(source, &NoImports, 1 << 30).expect("right").networks.remove(0);
            assert_eq!(padded_between::<Integer>(&network), layer, "{body}");
            assert_eq!(one_kernel::<Integer>(&network).expect("kernels").inexact, layer, "{body}");
        }
    }

    #[test]
    fn constants_are_one_a_channel_only_where_all_positions_agree() {
        let shape = |axes: &[usize]| Shape::new(axes.to_vec()).expect("small");
        let constant = |numbers: [i32; 4]| {
            Tensor::<Integer>::from_integers(shape(&[2, 2]), numbers.into_iter().map(Integer::from).collect())
        };
        let channels = Tensor::from_integers(shape(&[2]), vec![5.into(), (-7).into()]);
        assert_eq!(per_channel(&constant([5, 5, -7, -7])), Some(channels));
        assert_eq!(per_channel(&constant([5, 5, -7, 7])), None);
        assert_eq!(per_channel(&constant([5, -7, 5, -7])), None);
    }
}
