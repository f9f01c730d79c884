//! Microseconds of three 64×64 Toeplitz matrices, multiplied by nalgebra over `BigRational`, and collapsed by netprove:
//! `benches/compare/run` prints them beside other programs.

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

fn main() {
    let layer = |seed: usize| format!("conv(random(1x1x3x3, seed={seed}) / {}, pad=1)", seed + 2);
    let text = format!("network f(x: 1x8x8) {{ {}; {}; {} }}", layer(1), layer(2), layer(3));
    let program = check(Source { name: "small.net".into(), text }, &NoImports, 1 << 30).expect("a network");
    let network = &program.networks[0];
    let region = Region::<Integer>::whole(network).expect("affine layers");
    let factors: Vec<DMatrix<Rational>> =
        region.layers().map(|(_, lowered)| lowered.operators[0].matrix().to_dense()).collect();
    let naive = fastest(3, || &factors[2] * (&factors[1] * &factors[0]));
    let ours = fastest(20, || Region::<Integer>::whole(network).map(|region| region.collapse(1 << 30)));
    println!("nalgebra {}\nnetprove {}", naive.as_micros(), ours.as_micros());
}
