//! Jobs that cannot be sliced: argon2, scrypt, bcrypt, PBKDF2 over SHA-1. They run on threads of their own, never on a
//! lane worker, as many at once as there are cores and as their memory fits the budget; but one may always run.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use rayon::{ThreadPool, ThreadPoolBuilder};
use zeroize::Zeroizing;

use super::derivation::Key;
use super::params;
use crate::error::Error;
use crate::process::PerProcess;

/// How long a thread waits for another job before it ends.
const IDLE: Duration = Duration::from_secs(10);

static HEAVY: PerProcess<Heavy> = PerProcess::new();

/// This process's threads for such jobs.
#[derive(Default)]
struct Heavy {
    state: Mutex<State>,
    arrived: Condvar,
    lanes: OnceLock<ThreadPool>,
}

#[derive(Default)]
struct State {
    /// First come, first served: a job that waits for memory is overtaken by none.
    waiting: VecDeque<Job>,
    running: usize,
    idle: usize,
    memory: u64,
}

struct Job {
    memory: u64,
    run: Box<dyn FnOnce() + Send>,
}

/// Derives on such a thread and waits for it.
///
/// # Errors
/// [`Error::Threads`] where the operating system starts none; the derivation's own.
pub fn run<T: Send + 'static>(
    memory: u64,
    derivation: T,
    password: &[u8],
    derive: fn(&T, &[u8]) -> Result<Key, Error>,
) -> Result<Key, Error> {
    let password = Zeroizing::new(password.to_vec());
    let (sender, receiver) = mpsc::sync_channel(1);
    let run = move || {
        let outcome = catch_unwind(AssertUnwindSafe(|| derive(&derivation, &password)));
        // A caller that went away is no error.
        let _ = sender.send(outcome);
    };
    HEAVY.get().submit(Job { memory, run: Box::new(run) })?;
    receiver.recv().map_err(|_| Error::Threads)?.unwrap_or_else(|panic| resume_unwind(panic))
}

/// The rayon pool in which argon2's lanes run, whichever job they are of: so their threads are bounded too.
///
/// # Errors
/// [`Error::Threads`] where the operating system starts none.
pub fn lanes() -> Result<&'static ThreadPool, Error> {
    let lanes = &HEAVY.get().lanes;
    if lanes.get().is_none() {
        let name = |index| format!("ferrauth-argon2-{index}");
        let pool = ThreadPoolBuilder::new().num_threads(params::threads()).thread_name(name).build();
        // Where two threads made one at once, the second pool ends here.
        let _ = lanes.set(pool.map_err(|_| Error::Threads)?);
    }
    lanes.get().ok_or(Error::Threads)
}

impl Heavy {
    fn submit(&'static self, job: Job) -> Result<(), Error> {
        let mut state = self.state();
        state.waiting.push_back(job);
        if state.waiting.len() > state.idle && state.running < params::threads() {
            state.running += 1;
            let named = thread::Builder::new().name("ferrauth-heavy".into());
            if named.spawn(move || self.work()).is_err() {
                state.running -= 1;
                if state.running == 0 {
                    state.waiting.pop_back();
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
        let mut state = self.state();
        loop {
            if let Some(job) = state.take() {
                drop(state);
                (job.run)();
                state = self.state();
                state.memory -= job.memory;
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
    fn take(&mut self) -> Option<Job> {
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
    use super::{Job, State};
    use crate::password::params;

    fn job(memory: u64) -> Job {
        Job { memory, run: Box::new(|| {}) }
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
        let derive = |length: &usize, password: &[u8]| Ok(super::Key::new(password.repeat(*length)));
        let threads: Vec<_> = (0..16)
            .map(|length| std::thread::spawn(move || super::run(1 << 20, length, b"ab", derive).unwrap().len()))
            .collect();
        for (length, thread) in threads.into_iter().enumerate() {
            assert_eq!(thread.join().unwrap(), 2 * length);
        }
    }
}
