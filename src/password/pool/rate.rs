//! How fast a worker derives: what the length of a slice and the estimate of a wait are reckoned from.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::password::lanes::{Kernel, Lane};

/// A boundary between slices comes about this often: soon enough that nobody notices the wait for a lane, seldom
/// enough that boundaries cost nothing measurable.
const SLICE: Duration = Duration::from_micros(500);

/// Iterations of a measurement before the first job: a few tenths of a millisecond for the widest kernel.
const WARM_UP_ITERATIONS: u32 = 500;

/// Measurements of which the fastest counts: the others were disturbed, or met a core that had not woken up.
const WARM_UP_ROUNDS: usize = 4;

/// A slice that is too short to learn from, unless it is a whole one. By the clock, not by its iterations: those become
/// fewer as the rate falls, and a rate that has fallen must be able to rise again.
const TOO_SHORT: Duration = Duration::from_micros(10);

/// What one slice weighs against all before it: 1 in 16.
const SMOOTHING: u64 = 16;

/// Iterations a second that a worker runs over all lanes of a full latency group.
pub(super) struct Rate(AtomicU64);

impl Rate {
    /// Of full groups of kernels, measured in turn, so that the very first caller can be told how long it would wait. A
    /// core that has yet to wake up is so for all of them.
    pub(super) fn measure<const N: usize>(kernels: [(&Kernel, usize); N]) -> [Self; N] {
        let mut fastest = [Duration::MAX; N];
        for _ in 0..WARM_UP_ROUNDS {
            for (best, (kernel, lanes)) in fastest.iter_mut().zip(kernels) {
                let mut states = vec![Lane { inner: [0; 8], outer: [0; 8], u: [0; 8], acc: [0; 8] }; lanes];
                let mut group: Vec<&mut Lane> = states.iter_mut().collect();
                let start = Instant::now();
                kernel.run(&mut group, WARM_UP_ITERATIONS);
                *best = start.elapsed().min(*best);
            }
        }
        std::array::from_fn(|index| {
            Self(AtomicU64::new(per_second(kernels[index].1, WARM_UP_ITERATIONS, fastest[index])))
        })
    }

    /// The fewest jobs that a kernel of `lanes` lanes and the rate `wide` ends no later than one of this rate, if it
    /// takes as long for them as for all of its lanes. More than `lanes` where it never does.
    pub(super) fn wide_from(&self, wide: &Self, lanes: usize) -> usize {
        let [this, wide] = [self, wide].map(|rate| rate.0.load(Ordering::Relaxed) as f64);
        ((lanes as f64 * this / wide).ceil() as usize).max(1)
    }

    /// Learns from a slice that filled a latency group.
    pub(super) fn learn(&self, lanes: usize, iterations: u32, elapsed: Duration) {
        if elapsed >= TOO_SHORT || iterations >= self.slice(lanes) {
            let old = self.0.load(Ordering::Relaxed);
            let new = old - old / SMOOTHING + per_second(lanes, iterations, elapsed) / SMOOTHING;
            self.0.store(new.max(1), Ordering::Relaxed);
        }
    }

    /// How long `work` iterations take on `threads` workers.
    pub(super) fn wait(&self, work: u64, threads: usize) -> Duration {
        let per_second = self.0.load(Ordering::Relaxed) as f64 * threads as f64;
        Duration::from_secs_f64(work as f64 / per_second)
    }

    /// Iterations of a slice of `lanes` lanes.
    pub(super) fn slice(&self, lanes: usize) -> u32 {
        let iterations = self.0.load(Ordering::Relaxed) as f64 * SLICE.as_secs_f64() / lanes.max(1) as f64;
        (iterations as u32).max(1)
    }
}

fn per_second(lanes: usize, iterations: u32, elapsed: Duration) -> u64 {
    let seconds = elapsed.as_secs_f64().max(f64::EPSILON);
    ((lanes as f64 * f64::from(iterations) / seconds) as u64).max(1)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;
    use std::time::Duration;

    use super::Rate;

    #[test]
    fn test_waits_and_slices_follow_the_rate() {
        let rate = Rate(AtomicU64::new(20_000_000));
        assert_eq!(rate.wait(40_000_000, 1), Duration::from_secs(2));
        assert_eq!(rate.wait(40_000_000, 4), Duration::from_millis(500));
        assert_eq!(rate.slice(2), 5_000);
        assert_eq!(rate.slice(16), 625);
    }

    #[test]
    fn test_a_wide_kernel_serves_from_where_it_ends_the_last_sooner() {
        let [latency, wide] = [14_600_000, 22_700_000].map(|rate| Rate(AtomicU64::new(rate)));
        assert_eq!(latency.wide_from(&wide, 16), 11);
        assert_eq!(latency.wide_from(&latency, 16), 16);
        assert_eq!(wide.wide_from(&latency, 16), 25);
        assert_eq!(Rate(AtomicU64::new(1)).wide_from(&wide, 16), 1);
    }

    #[test]
    fn test_a_short_slice_teaches_nothing_and_a_long_one_a_little() {
        let rate = Rate(AtomicU64::new(16_000_000));
        rate.learn(2, 10, Duration::from_micros(9));
        assert_eq!(rate.wait(16_000_000, 1), Duration::from_secs(1));
        rate.learn(2, 8_000_000, Duration::from_secs(1));
        assert_eq!(rate.wait(16_000_000, 1), Duration::from_secs(1));
        rate.learn(1, 1_000_000, Duration::from_secs(1));
        assert!(rate.wait(16_000_000, 1) > Duration::from_secs(1));
        rate.learn(1, 1_000, Duration::from_secs(1_000_000));
        assert!(rate.slice(1) >= 1);
    }

    #[test]
    fn test_a_rate_that_has_fallen_rises_again() {
        let rate = Rate(AtomicU64::new(10_000));
        for _ in 0..200 {
            // Of a worker that runs 15 million iterations a second.
            let iterations = rate.slice(2);
            rate.learn(2, iterations, Duration::from_secs_f64(f64::from(2 * iterations) / 15e6));
        }
        assert!(rate.wait(15_000_000, 1) < Duration::from_millis(1_010));
    }
}
