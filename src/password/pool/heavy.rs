//! Jobs that cannot be sliced: argon2, scrypt, bcrypt, PBKDF2 over SHA-1. They run on threads of their own, never on a
//! lane worker, as many at once as there are cores and as their memory fits the budget; but one may always run.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{PerProcess, priority};
use crate::error::Error;
use crate::password::params;

/// How long a thread waits for another job before it ends.
const IDLE: Duration = Duration::from_secs(10);

static HEAVY: PerProcess<Heavy> = PerProcess::new();

/// A job.
pub(super) struct Work {
    /// Bytes.
    pub(super) memory: u64,
    /// PBKDF2-HMAC-SHA256 iterations that take as long.
    pub(super) work: u64,
    pub(super) run: Box<dyn FnOnce() + Send>,
}

/// This process's threads for such jobs.
#[derive(Default)]
struct Heavy {
    state: Mutex<State>,
    arrived: Condvar,
    /// The work of the jobs that wait and run.
    outstanding: AtomicU64,
}

#[derive(Default)]
struct State {
    /// First come, first served: a job that waits for memory is overtaken by none.
    waiting: VecDeque<Work>,
    running: usize,
    idle: usize,
    memory: u64,
}

/// Starts a job.
///
/// # Errors
/// [`Error::Threads`] where the operating system starts none.
pub(super) fn submit(work: Work) -> Result<(), Error> {
    let most = params::threads()?;
    HEAVY.get_or_init(Heavy::default).ok_or(Error::Threads)?.submit(work, most)
}

/// The PBKDF2-HMAC-SHA256 iterations that take as long as all that waits and runs here.
pub(super) fn outstanding_work() -> u64 {
    HEAVY.get().map_or(0, |heavy| heavy.outstanding.load(Ordering::Relaxed))
}

/// Runs a derivation. A panic in it would be a bug of somebody's; it must not leave a caller waiting for ever (P56).
pub(super) fn guarded<T>(derive: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(derive)).unwrap_or(Err(Error::WorkerFailed))
}

/// The rayon pool in which argon2's lanes run, whichever job they are of: so their threads are bounded too.
///
/// # Errors
/// [`Error::Threads`] where the operating system starts none.
pub fn lanes() -> Result<&'static ThreadPool, Error> {
    static LANES: PerProcess<Option<ThreadPool>> = PerProcess::new();
    let threads = params::threads()?;
    let start = || {
        let name = |index| format!("ferrauth-argon2-{index}");
        let behind = |_| priority::give_way();
        ThreadPoolBuilder::new().num_threads(threads).thread_name(name).start_handler(behind).build().ok()
    };
    LANES.get_or_init(start).and_then(Option::as_ref).ok_or(Error::Threads)
}

impl Heavy {
    fn submit(&'static self, work: Work, most: usize) -> Result<(), Error> {
        let mut state = self.state();
        self.outstanding.fetch_add(work.work, Ordering::Relaxed);
        state.waiting.push_back(work);
        if state.waiting.len() > state.idle && state.running < most {
            state.running += 1;
            let named = thread::Builder::new().name("ferrauth-heavy".to_owned());
            if named.spawn(move || self.work()).is_err() {
                state.running -= 1;
                // Fewer threads than could be had is slow; none at all is a failure.
                if state.running == 0 {
                    let refused = state.waiting.pop_back().map_or(0, |work| work.work);
                    self.outstanding.fetch_sub(refused, Ordering::Relaxed);
                    return Err(Error::Threads);
                }
            }
        }
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// A thread's life: jobs as they come and fit, until none has come for a while.
    fn work(&self) {
        priority::give_way();
        let mut state = self.state();
        loop {
            if let Some(Work { memory, work, run }) = state.take() {
                drop(state);
                run();
                self.outstanding.fetch_sub(work, Ordering::Relaxed);
                state = self.state();
                state.memory -= memory;
                // The memory given back may be what another thread's job waits for.
                self.arrived.notify_all();
                continue;
            }
            state.idle += 1;
            let (woken, waited) = self.arrived.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if waited.timed_out() && state.waiting.is_empty() {
                state.running -= 1;
                return;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The next job, where it fits the budget, or nothing else that takes memory runs.
    fn take(&mut self) -> Option<Work> {
        let next = self.waiting.front()?.memory;
        if self.memory > 0 && self.memory.saturating_add(next) > params::memory_budget() {
            return None;
        }
        self.memory += next;
        self.waiting.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::{State, Work};
    use crate::password::params;

    fn job(memory: u64) -> Work {
        Work { memory, work: 0, run: Box::new(|| {}) }
    }

    #[test]
    fn test_one_job_may_always_run_and_others_wait_for_the_budget() {
        let budget = params::memory_budget();
        let mut state = State::default();
        state.waiting.extend([job(2 * budget), job(1), job(budget)]);
        assert_eq!(state.take().unwrap().memory, 2 * budget);
        assert!(state.take().is_none(), "the budget is spent");
        state.memory -= 2 * budget;
        assert_eq!(state.take().unwrap().memory, 1);
        assert!(state.take().is_none(), "1 byte is too much beside the whole budget");
        state.memory -= 1;
        assert_eq!(state.take().unwrap().memory, budget);
        assert!(state.waiting.is_empty());
    }

    #[test]
    fn test_jobs_that_come_at_once_all_end() {
        let (sender, receiver) = std::sync::mpsc::channel();
        for index in 0..64_usize {
            let sender = sender.clone();
            super::submit(Work { memory: 1 << 20, work: 0, run: Box::new(move || sender.send(index).unwrap()) })
                .unwrap();
        }
        drop(sender);
        let mut ended: Vec<_> = receiver.iter().collect();
        ended.sort_unstable();
        assert_eq!(ended, (0..64).collect::<Vec<_>>());
    }
}
