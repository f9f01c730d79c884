//! Microseconds of three 64×64 Toeplitz matrices, multiplied by nalgebra over `BigRational`, and collapsed by netprove:
//! `benches/compare/run` prints them beside other programs. With a `.net` file, of the matrices of that one's layers.

use std::time::{Duration, Instant};

use nalgebra::DMatrix;
use netprove::algebra::{Integer, Rational};
use netprove::collapse::Region;
use netprove::diagnostic::Source;
use netprove::network::{NoImports, check};

fn fastest<T>(runs: usize, mut run: impl FnMut() -> T) -> Duration {
    let time = |_| {
        let start = Instant::now();
        std::hint::black_box(run());
        start.elapsed()
    };
    (0..runs).map(time).min().unwrap_or_default()
}

/// The matrices of the layers of a text's first network, first to last.
fn factors(text: String) -> Vec<DMatrix<Rational>> {
    let program = check(Source { name: "stack.net".into(), text }, &NoImports, 1 << 30).expect("a network");
    let region = Region::<Integer>::whole(&program.networks[0]).expect("affine layers");
    region.layers().map(|(_, lowered)| lowered.operators[0].matrix().to_dense()).collect()
}

fn main() {
    // One file: the product of its layers' matrices, from the outputs backwards, by nalgebra alone.
    if let Some(file) = std::env::args().nth(1).filter(|argument| argument.ends_with(".net")) {
        let factors = factors(std::fs::read_to_string(file).expect("a file"));
        let product = || {
            let mut factors = factors.iter().rev();
            let last = factors.next().expect("a layer").clone();
            factors.fold(last, |product, factor| product * factor)
        };
        return println!("nalgebra {}", fastest(1, product).as_micros());
    }
    let layer = |seed: usize| format!("conv(random(1x1x3x3, seed={seed}) / {}, pad=1)", seed + 2);
    let text = format!("network f(x: 1x8x8) {{ {}; {}; {} }}", layer(1), layer(2), layer(3));
    let factors = factors(text.clone());
    let program = check(Source { name: "small.net".into(), text }, &NoImports, 1 << 30).expect("a network");
    let network = &program.networks[0];
    let naive = fastest(3, || &factors[2] * (&factors[1] * &factors[0]));
    let ours = fastest(20, || Region::<Integer>::whole(network).map(|region| region.collapse(1 << 30)));
    println!("nalgebra {}\nnetprove {}", naive.as_micros(), ours.as_micros());
}
