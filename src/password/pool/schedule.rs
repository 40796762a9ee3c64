//! Which jobs a worker's lanes hold for the next slice. A pure function of counts: no thread, no lock, no clock.
//!
//! Latency first for logins, throughput for bulk:
//! - jobs spread over idle threads before they share one, and a job that shares a core moves to a thread gone idle;
//! - logins fill a group of the latency kernel's best lane count; only where so many are there for each free thread
//!   that the wide kernel, in which each job takes several times as long, ends the last of them sooner, they use it;
//! - bulk fills the wide kernel while no login runs or waits, and leaves its lanes at the first boundary after one
//!   arrives. A lane that stays free beside a login costs the login nearly nothing, so bulk may have it.

use std::ops::Add;

/// Jobs of each class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Jobs {
    pub(super) logins: usize,
    pub(super) bulk: usize,
}

impl Add for Jobs {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { logins: self.logins + other.logins, bulk: self.bulk + other.bulk }
    }
}

/// Lane counts of the kernels in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Widths {
    /// The best lane count of the latency kernel.
    pub(super) latency: usize,
    /// The lane count of the bulk kernel.
    pub(super) bulk: usize,
    /// The fewest jobs that the bulk kernel, beside lanes of it that idle, ends no later than the latency kernel; more
    /// than `bulk` where it never does.
    pub(super) wide_from: usize,
}

/// The kernel of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    Latency,
    Bulk,
}

impl Widths {
    /// How many jobs of each class a worker should hold, of those it holds now and those that wait. Holding less than
    /// now means to give the difference back. `idle` counts the other threads that hold nothing.
    pub(super) fn plan(self, held: Jobs, waiting: Jobs, idle: usize) -> Jobs {
        let threads = idle + 1;
        let known = held + waiting;

        let logins = known.logins.div_ceil(threads);
        let lanes = if logins == 0 || self.is_wide(logins) { self.bulk } else { self.latency };
        // A group that a flood has widened narrows as its lanes end, not by sending logins back.
        let logins = logins.min(lanes.max(held.logins));

        let bulk = if logins > 0 && idle > 0 {
            // A thread about to wake takes them; it would only have to move them otherwise.
            0
        } else {
            known.bulk.div_ceil(threads).min(lanes.saturating_sub(logins))
        };
        Jobs { logins, bulk }
    }

    /// The kernel for a group of `lanes`. A wide kernel takes as long for one lane as for all of its lanes.
    pub(super) fn kernel(self, lanes: usize) -> Choice {
        if self.is_wide(lanes) { Choice::Bulk } else { Choice::Latency }
    }

    fn is_wide(self, jobs: usize) -> bool {
        jobs.min(self.bulk) >= self.wide_from
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, Jobs, Widths};

    /// SHA-NI for logins, AVX-512 for bulk.
    const WIDE: Widths = Widths { latency: 2, bulk: 16, wide_from: 11 };
    /// SHA-NI for both.
    const SHA_NI: Widths = Widths { latency: 2, bulk: 2, wide_from: 2 };
    /// `soft` for logins, AVX2 for bulk: a server without the SHA extensions.
    const NO_SHA: Widths = Widths { latency: 1, bulk: 8, wide_from: 3 };
    /// A wide kernel that is slower than the latency kernel even where all of its lanes are in use.
    const SLOW: Widths = Widths { latency: 2, bulk: 8, wide_from: 9 };

    fn jobs(logins: usize, bulk: usize) -> Jobs {
        Jobs { logins, bulk }
    }

    #[test]
    fn test_one_job_alone_has_one_lane_of_the_latency_kernel() {
        for widths in [WIDE, SHA_NI, NO_SHA] {
            assert_eq!(widths.plan(jobs(0, 0), jobs(1, 0), 3), jobs(1, 0));
            assert_eq!(widths.plan(jobs(0, 0), jobs(0, 1), 3), jobs(0, 1));
            assert_eq!(WIDE.kernel(1), Choice::Latency);
        }
    }

    #[test]
    fn test_jobs_spread_over_threads_before_they_share_one() {
        assert_eq!(WIDE.plan(jobs(0, 0), jobs(2, 0), 1), jobs(1, 0));
        assert_eq!(WIDE.plan(jobs(1, 0), jobs(1, 0), 1), jobs(1, 0), "the idle thread takes it");
        assert_eq!(WIDE.plan(jobs(1, 0), jobs(1, 0), 0), jobs(2, 0), "no thread is idle: share");
        assert_eq!(WIDE.plan(jobs(0, 0), jobs(0, 16), 1), jobs(0, 8));
    }

    #[test]
    fn test_a_job_that_shares_a_core_moves_to_an_idle_thread() {
        assert_eq!(WIDE.plan(jobs(2, 0), jobs(0, 0), 1), jobs(1, 0));
        assert_eq!(WIDE.plan(jobs(1, 1), jobs(0, 0), 1), jobs(1, 0));
        assert_eq!(WIDE.plan(jobs(0, 16), jobs(0, 0), 1), jobs(0, 8));
        assert_eq!(WIDE.plan(jobs(2, 0), jobs(0, 0), 0), jobs(2, 0));
    }

    #[test]
    fn test_logins_use_the_best_lane_count_until_the_wide_kernel_ends_the_last_of_them_sooner() {
        assert_eq!(WIDE.plan(jobs(0, 0), jobs(10, 0), 0), jobs(2, 0));
        assert_eq!(WIDE.plan(jobs(0, 0), jobs(11, 0), 0), jobs(11, 0));
        assert_eq!(WIDE.plan(jobs(2, 0), jobs(9, 0), 0), jobs(11, 0), "those with a lane count too");
        assert_eq!(WIDE.plan(jobs(0, 0), jobs(17, 0), 0), jobs(16, 0));
        assert_eq!(WIDE.plan(jobs(0, 0), jobs(20, 0), 1), jobs(2, 0), "ten for each of two threads is no flood");
        assert_eq!(WIDE.plan(jobs(0, 0), jobs(31, 0), 1), jobs(16, 0));
        assert_eq!(SHA_NI.plan(jobs(0, 0), jobs(500, 0), 0), jobs(2, 0));
        assert_eq!(NO_SHA.plan(jobs(0, 0), jobs(2, 0), 0), jobs(1, 0));
        assert_eq!(NO_SHA.plan(jobs(0, 0), jobs(3, 0), 0), jobs(3, 0));
        assert_eq!(SLOW.plan(jobs(0, 0), jobs(500, 0), 0), jobs(2, 0));
        assert_eq!((WIDE.kernel(10), WIDE.kernel(11)), (Choice::Latency, Choice::Bulk));
        assert_eq!((SLOW.kernel(8), SLOW.kernel(9)), (Choice::Latency, Choice::Latency));
    }

    #[test]
    fn test_a_wide_group_of_logins_narrows_as_its_lanes_end() {
        assert_eq!(WIDE.plan(jobs(9, 0), jobs(1, 0), 0), jobs(9, 0));
        assert_eq!(WIDE.plan(jobs(1, 0), jobs(3, 0), 0), jobs(2, 0));
        assert_eq!(WIDE.plan(jobs(15, 0), jobs(1, 0), 0), jobs(16, 0), "the flood goes on");
        assert_eq!(WIDE.plan(jobs(15, 0), jobs(40, 0), 0), jobs(16, 0));
    }

    #[test]
    fn test_bulk_may_have_the_lanes_of_the_wide_kernel_that_logins_leave() {
        assert_eq!(WIDE.plan(jobs(12, 0), jobs(0, 100), 0), jobs(12, 4));
        assert_eq!(WIDE.plan(jobs(12, 4), jobs(3, 100), 0), jobs(15, 1));
        assert_eq!(WIDE.plan(jobs(10, 6), jobs(0, 100), 0), jobs(10, 0), "the wide kernel is no longer theirs");
    }

    #[test]
    fn test_bulk_leaves_its_lanes_to_waiting_logins() {
        assert_eq!(WIDE.plan(jobs(0, 16), jobs(1, 100), 0), jobs(1, 1));
        assert_eq!(WIDE.plan(jobs(0, 16), jobs(2, 100), 0), jobs(2, 0));
        assert_eq!(WIDE.plan(jobs(2, 0), jobs(0, 100), 0), jobs(2, 0));
        assert_eq!(WIDE.plan(jobs(0, 0), jobs(0, 100), 0), jobs(0, 16));
        assert_eq!(SHA_NI.plan(jobs(0, 2), jobs(1, 9), 0), jobs(1, 1));
        assert_eq!(NO_SHA.plan(jobs(0, 8), jobs(1, 9), 0), jobs(1, 0));
    }

    #[test]
    fn test_no_plan_invents_or_overfills() {
        for widths in [WIDE, SHA_NI, NO_SHA, SLOW] {
            for held in 0..20 {
                for waiting in 0..40 {
                    for idle in 0..4 {
                        for split in 0..=held.min(3) {
                            let (held, waiting) =
                                (jobs(held - split, split), jobs(waiting / 2, waiting - waiting / 2));
                            let plan = widths.plan(held, waiting, idle);
                            let known = held + waiting;
                            assert!(plan.logins <= known.logins && plan.bulk <= known.bulk);
                            assert!(plan.logins + plan.bulk <= widths.bulk.max(widths.latency).max(held.logins));
                            let has_work = known.logins + known.bulk > 0;
                            assert_eq!(
                                plan.logins + plan.bulk > 0,
                                has_work,
                                "work is never left by an idle thread"
                            );
                        }
                    }
                }
            }
        }
    }
}
