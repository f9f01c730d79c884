//! Whole networks: collapsed, proved, compared, evaluated.

use std::ops::ControlFlow;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use netprove::algebra::{Integer, Rational, Shape, Tensor};
use netprove::collapse::{MapRow, Region};
use netprove::decide::prove;
use netprove::diagnostic::Source;
use netprove::network::{NoImports, Program, check};

const MEMORY: u64 = 4 << 30;

fn program(text: &str) -> Program {
    let source = Source { name: "bench.net".into(), text: text.into() };
    check(source, &NoImports, MEMORY).unwrap_or_else(|rejected| panic!("{:?}", rejected.diagnostics))
}

/// A stack between images.
fn image(side: usize) -> String {
    format!(
        "network f(x: 4x{side}x{side}) {{ conv(random(4x4x3x3, seed=1, bits=24), pad=1); \
         conv(random(4x4x3x3, seed=2, bits=24), pad=1); conv(random(4x4x3x3, seed=3, bits=24), pad=1) }}"
    )
}

/// Networks by what they cost: names with their files.
fn networks() -> Vec<(&'static str, String)> {
    vec![
        ("classroom", include_str!("../examples/stack.net").into()),
        ("residual", include_str!("../examples/residual.net").into()),
        ("all_cnn_c", include_str!("../examples/all_cnn_c.net").into()),
        ("all_cnn_c_relu", include_str!("all_cnn_c_relu.net").into()),
        ("image_16", image(16)),
        ("image_32", image(32)),
    ]
}

fn whole_networks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("networks");
    for (name, text) in networks() {
        group.bench_function(BenchmarkId::new("check", name), |bencher| bencher.iter(|| program(&text)));
        let program = program(&text);
        let Some(network) = program.networks.first() else { continue };
        group.bench_function(BenchmarkId::new("collapse", name), |bencher| {
            bencher.iter(|| Region::<Integer>::whole(network).map(|region| region.collapse(MEMORY)));
        });
        group.bench_function(BenchmarkId::new("prove", name), |bencher| bencher.iter(|| prove(&program, MEMORY)));
        let shape = Shape::new([network.input_elements()]).expect("a vector");
        let x = Tensor::constant(shape, &Rational::new(1.into(), 3.into()));
        group.bench_function(BenchmarkId::new("evaluate", name), |bencher| bencher.iter(|| network.evaluate(&x)));
    }
}

/// Maps between images: the table of border classes, the rank read off it, and rows placed from it.
fn images(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("images");
    for side in [32, 64] {
        let program = program(&image(side));
        let region = Region::<Integer>::whole(&program.networks[0]).expect("affine layers");
        let table = || region.image(MEMORY).expect("a large map").expect("within the limits");
        group.bench_function(BenchmarkId::new("table", side), |bencher| bencher.iter(table));
        let map = table();
        group.bench_function(BenchmarkId::new("rank", side), |bencher| bencher.iter(|| map.rank(region.rows())));
        group.bench_function(BenchmarkId::new("rows", side), |bencher| {
            bencher.iter(|| {
                let mut entries = 0;
                let count = |rows: Vec<MapRow>| {
                    entries += rows.iter().map(|row| row.entries.len()).sum::<usize>();
                    ControlFlow::<()>::Continue(())
                };
                let _: ControlFlow<()> = region.stream(0..region.rows(), MEMORY, count).expect("within the limits");
                entries
            });
        });
    }
}

fn comparisons(criterion: &mut Criterion) {
    let network = |name: &str, last: &str| {
        format!(
            "network {name}(x: 3x32x32) {{ conv(random(48x3x3x3, seed=1, bits=24), pad=1); \
             conv(random(64x48x3x3, seed=2, bits=24), stride=2, pad=1); conv(random(10x64x3x3, seed=3, bits=24) {last}); \
             global_avgpool; flatten }}\n"
        )
    };
    let mut group = criterion.benchmark_group("equality");
    for (case, last) in [("equal", "* 1"), ("unequal", "* 3/2")] {
        let text = format!("{}{}prove f == g", network("f", "* 1"), network("g", last));
        let program = program(&text);
        group.bench_function(case, |bencher| bencher.iter(|| prove(&program, MEMORY).claims));
    }
}

criterion_group! {
    name = networks_;
    config = Criterion::default().sample_size(10);
    targets = whole_networks, images, comparisons
}
criterion_main!(networks_);
