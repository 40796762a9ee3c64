//! Interleaved rounds: F, and every available kernel at each of its widths, in nanoseconds an iteration.
//!
//! `taskset -c 1 cargo bench --bench floor`. A figure is the wall time of one iteration of the whole group; the last column
//! divides its median by the number of lanes. Other work on the machine moves single rounds, so read minimum and median.

use std::hint::black_box;
use std::time::Instant;

use ferrauth::password::lanes::{KERNELS, Kernel, Lane, measure_floor};

/// Rounds of all subjects in turn.
const ROUNDS: usize = 51;
/// Iterations of one subject in one round: a slice of the pool, about half a millisecond for one lane.
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
    assert!(
        expected
            .iter()
            .zip(&actual)
            .all(|(expected, actual)| expected.acc == actual.acc && expected.u == actual.u),
        "{}",
        kernel.name
    );
}

struct Subject {
    name: String,
    lanes: usize,
    measure: Box<dyn FnMut() -> f64>,
    times: Vec<f64>,
}

fn main() {
    let mut subjects = Vec::new();
    if measure_floor(1).is_some() {
        let measure = Box::new(|| measure_floor(SLICE).expect("it was there a moment ago"));
        subjects.push(Subject { name: "F".to_owned(), lanes: 1, measure, times: Vec::new() });
    }
    for kernel in KERNELS.iter().filter(|kernel| kernel.is_available()) {
        for &count in kernel.widths {
            assert_equals_soft(kernel, count);
            let mut group = lanes(count);
            let measure = Box::new(move || {
                let start = Instant::now();
                run(kernel, black_box(&mut group));
                start.elapsed().as_secs_f64() * 1e9 / f64::from(SLICE)
            });
            subjects.push(Subject {
                name: format!("{} x{count}", kernel.name),
                lanes: count,
                measure,
                times: Vec::new(),
            });
        }
    }
    for _ in 0..ROUNDS {
        for subject in &mut subjects {
            let time = (subject.measure)();
            subject.times.push(time);
        }
    }
    println!(
        "{:<12} {:>9} {:>9} {:>9} {:>12} {:>14}",
        "ns/iteration", "minimum", "median", "maximum", "of F (median)", "a lane (median)"
    );
    let mut floor = f64::NAN;
    for subject in &mut subjects {
        subject.times.sort_by(f64::total_cmp);
        let (minimum, median, maximum) = (subject.times[0], subject.times[ROUNDS / 2], subject.times[ROUNDS - 1]);
        if subject.name == "F" {
            floor = median;
        }
        println!(
            "{:<12} {minimum:>9.2} {median:>9.2} {maximum:>9.2} {:>12.3} {:>14.2}",
            subject.name,
            median / floor,
            median / subject.lanes as f64
        );
    }
}
