//! Criterion: a slice of 6,000 iterations on every available kernel at each of its widths. `cargo bench --bench kernels`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ferrauth::password::lanes::{KERNELS, Kernel, Lane};

/// Iterations of one slice of the pool.
const SLICE: u32 = 6_000;

fn lanes(count: usize) -> Vec<Lane> {
    let words = |lane: usize, field: usize| std::array::from_fn(|word| (lane * 31 + field * 7 + word) as u32);
    (0..count)
        .map(|lane| Lane { inner: words(lane, 0), outer: words(lane, 1), u: words(lane, 2), acc: words(lane, 3) })
        .collect()
}

fn run(kernel: &Kernel, lanes: &mut [Lane]) {
    kernel.run(&mut lanes.iter_mut().collect::<Vec<_>>(), SLICE);
}

/// A timing says nothing about a kernel that is wrong.
fn assert_equals_soft(kernel: &Kernel, count: usize) {
    let (mut expected, mut actual) = (lanes(count), lanes(count));
    run(&KERNELS[0], &mut expected);
    run(kernel, &mut actual);
    assert!(expected.iter().zip(&actual).all(|(expected, actual)| expected.acc == actual.acc), "{}", kernel.name);
}

fn slice(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("slice");
    for kernel in KERNELS.iter().filter(|kernel| kernel.is_available()) {
        for &count in kernel.widths {
            assert_equals_soft(kernel, count);
            let mut lanes = lanes(count);
            group.throughput(Throughput::Elements(u64::from(SLICE) * count as u64));
            group.bench_function(BenchmarkId::new(kernel.name, count), |bencher| {
                bencher.iter(|| run(kernel, black_box(&mut lanes)))
            });
        }
    }
    group.finish();
}

criterion_group!(benches, slice);
criterion_main!(benches);
