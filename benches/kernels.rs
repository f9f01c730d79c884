//! The kernels of residue arithmetic, each for every set of instructions that the processor has, and what is
//! built on them, against integers of any size.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use netprove::algebra::residue::filtering::{CHUNK, Tile, VALUES};
use netprove::algebra::residue::{Basis, Digits, Instructions, LANES, Patches, Window, moduli, product, sum_products};
use netprove::algebra::{Integer, Matrix, Numerators, Shape, Tensor};
use netprove::toeplitz::adjoint::{Adjoint, Layout};
use netprove::toeplitz::{Convolution, Operator, PadMode, Taps};

/// Arbitrary integers of both signs.
fn integers(count: usize, bits: u32) -> Vec<Integer> {
    let mut state = 1_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state as i64) >> 8
    };
    (0..count).map(|_| (Integer::from(next()) << bits) / (Integer::from(1) << 55)).collect()
}

fn sums_of_products(criterion: &mut Criterion) {
    let (pairs, modulus) = (432, &moduli()[0]);
    let mut group = criterion.benchmark_group("sum_products");
    for instructions in Instructions::available() {
        for vectors in 1..=3 {
            let (columns, outputs) = (instructions.columns(vectors), vectors * LANES);
            let weights = Digits::new(integers(2 * pairs * outputs, 24).iter()).residues(modulus);
            let values = Digits::new(integers(2 * pairs * columns, 24).iter()).residues(modulus);
            let starts: Vec<usize> = (0..columns).map(|n| 2 * pairs * n).collect();
            let mut out = vec![0; columns * outputs];
            group.throughput(Throughput::Elements((2 * pairs * outputs * columns) as u64));
            group.bench_function(BenchmarkId::new(format!("{instructions:?}"), outputs), |bencher| {
                let windows = [Window { weights: &weights, starts: &starts }];
                bencher.iter(|| sum_products(instructions, modulus, vectors, &windows, &values, &mut out));
            });
        }
    }
}

fn residues_and_back(criterion: &mut Criterion) {
    const COUNT: usize = 10_000;
    let mut group = criterion.benchmark_group("numbers");
    group.throughput(Throughput::Elements(COUNT as u64));
    for bits in [24, 100, 350] {
        let numbers = integers(COUNT, bits);
        let (bound, wide) = (Integer::from(1) << bits, Integer::from(1) << (2 * bits));
        let (basis, wider) = (Basis::of(&bound).expect("primes"), Basis::of(&wide).expect("primes"));
        group.bench_function(BenchmarkId::new("digits", bits), |bencher| bencher.iter(|| Digits::new(numbers.iter())));
        let digits = Digits::new(numbers.iter());
        group.bench_function(BenchmarkId::new("residues", bits), |bencher| {
            bencher.iter(|| digits.residues(&basis.moduli()[0]));
        });
        let residues: Vec<Vec<i16>> = basis.moduli().iter().map(|m| digits.residues(m)).collect();
        group.bench_function(BenchmarkId::new("measure", bits), |bencher| bencher.iter(|| basis.measure(&residues)));
        let measured = basis.measure(&residues);
        group.bench_function(BenchmarkId::new("extend", bits), |bencher| bencher.iter(|| measured.extend(&wider)));
        let slices: Vec<&[i16]> = residues.iter().map(Vec::as_slice).collect();
        group.bench_function(BenchmarkId::new("lift", bits), |bencher| bencher.iter(|| basis.lift(&slices)));
    }
}

/// One tile a number of a chunk, through the transformations of convolutions with three taps an axis.
fn tiles(criterion: &mut Criterion) {
    let (axes, modulus) = (2, &moduli()[0]);
    let residues = Digits::new(integers(CHUNK * VALUES * VALUES, 24).iter()).residues(modulus);
    let place = |place: usize| residues[place * CHUNK..].first_chunk::<CHUNK>().expect("a chunk");
    let mut group = criterion.benchmark_group("tiles");
    group.throughput(Throughput::Elements(CHUNK as u64));
    let (mut tile, mut last) = (Tile::default(), [0; CHUNK]);
    group.bench_function("values", |b| b.iter(|| tile.values(modulus, axes, place, |_, chunk| last = *chunk)));
    group.bench_function("taps", |b| b.iter(|| tile.taps(modulus, axes, place, |_, chunk| last = *chunk)));
    group.bench_function("results", |b| b.iter(|| tile.results(modulus, axes, place, |_, chunk| last = *chunk)));
}

/// Ten row vectors through a convolution, backwards, modulo one prime: by tiles, by windows, and with all taps side by side.
fn adjoints(criterion: &mut Criterion) {
    let (rows, side, modulus) = (10, 16, &moduli()[0]);
    let shape = |axes: [usize; 3]| Shape::new(axes).expect("a small shape");
    let mut group = criterion.benchmark_group("adjoint");
    for (name, inputs, outputs, size, stride) in
        [("tiles", 64, 64, 3, 1), ("stride 2", 64, 64, 3, 2), ("5x5", 64, 64, 5, 1), ("few channels", 3, 64, 3, 1)]
    {
        let taps = Taps::convolution(side, size, stride, 1, (size / 2, size / 2), PadMode::Zero);
        let kernel = Shape::new([outputs, inputs, size, size]).expect("a small shape");
        let kernel = Tensor::new(kernel.clone(), integers(kernel.elements(), 24), 1.into());
        let (from, to) = (shape([inputs, side, side]), shape([outputs, taps.outputs(), taps.outputs()]));
        let products = outputs * inputs * size * size * to.elements() / outputs * rows;
        let convolution = Convolution::new(kernel, 1, vec![taps.clone(), taps]);
        let operator = Operator::convolution(from, to.clone(), convolution);
        let adjoint = Adjoint::new(&operator).expect("numbers");
        let u = Digits::new(integers(Layout::of(&to).size(rows), 24).iter()).residues(modulus);
        group.throughput(Throughput::Elements(products as u64));
        let mut room = Vec::new();
        group.bench_function(name, |bencher| {
            bencher.iter(|| room = adjoint.apply(modulus, rows, &u, std::mem::take(&mut room)));
        });
    }
}

fn products(criterion: &mut Criterion) {
    let (size, taps) = (96, 1);
    let mut group = criterion.benchmark_group("product 96x96");
    group.throughput(Throughput::Elements((size * size * size) as u64));
    for bits in [24, 200] {
        let (left, right) = (integers(size * size, bits), integers(size * size, bits));
        let positions: Vec<Option<usize>> = (0..size).map(Some).collect();
        group.bench_function(BenchmarkId::new("residues", bits), |bencher| {
            let (left, values) = (Numerators::Long(&left), Numerators::Long(&right));
            bencher.iter(|| product(left, Patches { values, pixels: size, positions: &positions, taps }));
        });
        let matrix = |entries: &[Integer]| {
            let rows = entries.chunks(size).map(|row| row.iter().cloned().enumerate().collect()).collect();
            Matrix::from_rows(size, rows, 1.into())
        };
        let (left, right) = (matrix(&left), matrix(&right));
        group.bench_function(BenchmarkId::new("integers", bits), |bencher| bencher.iter(|| left.product(&right)));
    }
    let matrix = Matrix::from_rows(
        200,
        integers(100 * 200, 100).chunks(200).map(|row| row.iter().cloned().enumerate().collect()).collect(),
        1.into(),
    );
    group.finish();
    criterion.bench_function("rank 100x200", |bencher| bencher.iter(|| matrix.rank(100)));
}

criterion_group! {
    name = kernels;
    config = Criterion::default().sample_size(20);
    targets = sums_of_products, residues_and_back, tiles, adjoints, products
}
criterion_main!(kernels);
