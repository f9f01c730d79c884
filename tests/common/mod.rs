//! What the integration tests share: the examples, layers built by name, random exact tensors.
#![allow(dead_code)]

pub mod certificates;
pub mod programs;

use std::path::{Path, PathBuf};

use netprove::algebra::{Rational, Shape, Tensor};
use netprove::layer::{Arguments, Layer, Misuse, Value, catalogue};
use proptest::prelude::*;

/// The files of `examples/`, of the gallery and of the bugs, without those that are wrong.
pub fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let within =
        |folder: PathBuf| std::fs::read_dir(folder).expect("a folder of examples").map(|e| e.expect("an entry").path());
    let folders = [folder.clone(), folder.join("bugs"), folder.join("gallery")];
    let entries = folders.into_iter().flat_map(within);
    let mut files: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|e| e == "net")).collect();
    files.sort();
    assert!(files.len() >= 30, "the examples are there");
    files
}

pub fn shape(axes: &[usize]) -> Shape {
    Shape::new(axes.to_vec()).expect("a shape")
}

/// Splits a seed into small rationals of both signs, zeros included: n/d with |n| ≤ 9, d ≤ 4.
pub fn tensor(shape: &Shape, seed: u64) -> Tensor {
    let mut state = seed;
    let values: Vec<Rational> = (0..shape.elements())
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let n = i64::try_from((state >> 33) % 19).expect("small") - 9;
            let d = i64::try_from((state >> 45) % 4).expect("small") + 1;
            Rational::new(n.into(), d.into())
        })
        .collect();
    Tensor::from_rationals(shape.clone(), &values)
}

pub fn build(name: &str, arguments: Arguments, inputs: &[&Shape]) -> Result<Layer, Misuse> {
    (catalogue::find(name).expect("a layer").build)(&arguments, inputs)
}

pub fn integers(list: &[usize]) -> Value {
    Value::Integers(list.to_vec())
}

/// A padded, strided, dilated window over 1, 2 or 3 axes that may or may not fit: whoever uses it
/// skips what is refused.
#[derive(Clone, Debug)]
pub struct Geometry {
    pub spatial: Vec<usize>,
    pub size: Vec<usize>,
    pub stride: Vec<usize>,
    pub dilation: Vec<usize>,
    pub pad: Vec<usize>,
    pub mode: &'static str,
    pub seed: u64,
}

pub fn geometry() -> impl Strategy<Value = Geometry> {
    let axes = 1_usize..=3;
    axes.prop_flat_map(|n| {
        let most = [9_usize, 6, 4][n - 1];
        (
            prop::collection::vec(1_usize..=most, n),
            prop::collection::vec(1_usize..=3, n),
            prop::collection::vec(1_usize..=3, n),
            prop::collection::vec(1_usize..=2, n),
            prop::collection::vec(0_usize..=2, 2 * n),
            prop::sample::select(vec!["zero", "circular", "reflect", "replicate"]),
            any::<u64>(),
        )
    })
    .prop_map(|(spatial, size, stride, dilation, pad, mode, seed)| Geometry {
        spatial,
        size,
        stride,
        dilation,
        pad,
        mode,
        seed,
    })
}

/// Fourier and Motzkin's elimination: whether functions (slopes, then the constant) are all positive
/// somewhere.
#[allow(dead_code)]
pub fn solvable(variables: usize, mut system: Vec<Vec<netprove::algebra::Rational>>) -> bool {
    let zero = netprove::algebra::Rational::from_integer(0.into());
    for v in 0..variables {
        let (lower, rest): (Vec<_>, Vec<_>) = system.into_iter().partition(|g| g[v] > zero);
        let (upper, mut rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|g| g[v] < zero);
        for l in &lower {
            for u in &upper {
                rest.push(l.iter().zip(u).map(|(a, b)| a * -&u[v] + b * &l[v]).collect());
            }
        }
        system = rest;
    }
    system.iter().all(|g| g[variables] > zero)
}
