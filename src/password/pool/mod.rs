//! The pool: every PBKDF2-HMAC-SHA256 derivation of the process is a job here, and every core runs a group of lanes.
//!
//! | module       | what it is for                                                                  |
//! |--------------|---------------------------------------------------------------------------------|
//! | [`job`]      | one derivation, and what its end leads to                                       |
//! | [`schedule`] | which jobs share a core for the next slice: a pure function of counts           |
//! | [`state`]    | what waits, what runs, what is promised: all that is behind the one lock        |
//! | [`worker`]   | the threads                                                                     |
//! | [`task`]     | what one caller wants done: on lanes, or first on a thread of its own           |
//! | [`heavy`]    | those threads, and the memory that they share                                   |
//! | [`inbox`]    | where finished jobs wait for whoever asked                                      |
//! | [`batch`]    | the jobs of one caller who waits for them                                       |
//! | [`rate`]     | how fast it goes, hence how long a slice is and how long a caller would wait    |
//! | [`process`]  | one pool a process, also after `fork`                                           |
//! | [`priority`] | threads that derive give way to those that answer                               |
//!
//! No thread starts before the first job, and a worker only when no idle one can take it.

mod batch;
pub mod heavy;
mod inbox;
mod job;
mod priority;
mod process;
mod rate;
mod schedule;
mod state;
mod task;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use batch::{Batch, Prepared, Watch};
pub use inbox::{Delivery, Finished, Inbox, Ticket};
pub use job::{Class, Outcome, Purpose, Request};
pub use process::PerProcess;
pub use state::{Counters, MAX_JOBS};
pub use task::{Heavy, Task, Then};

use super::lanes::{self, Selection};
use super::params;
use super::pbkdf2::Midstates;
use crate::error::Error;
use crate::secret::SecretBytes;
use job::{Job, JobBox};
use rate::Rate;
use schedule::Widths;
use state::{State, Unkeyed};

/// Passwords up to this length are keyed by their caller, in a few microseconds; longer ones by a worker, so that an
/// event loop never hashes megabytes.
const LONG_PASSWORD: usize = 4096;

static POOL: PerProcess<Result<Pool, Error>> = PerProcess::new();

/// Bytes of a queued job: the job, its ticket with the two counts of its `Arc`, and its place in the queue.
pub const JOB_SIZE: usize =
    size_of::<Job>() + size_of::<Ticket>().next_multiple_of(size_of::<usize>()) + 3 * size_of::<usize>();

/// The pool of this process, started at the first call.
///
/// # Errors
/// [`Error::Kernel`] and [`Error::ThreadCount`] where the environment asks for what is not to be had,
/// [`Error::Threads`] where processes have forked too deeply.
pub fn of_this_process() -> Result<&'static Pool, Error> {
    let pool = POOL.get_or_init(|| Pool::new(params::threads()?)).ok_or(Error::Threads)?;
    pool.as_ref().map_err(Clone::clone)
}

/// The pool of this process, if one has started.
#[must_use]
pub fn if_started() -> Option<&'static Pool> {
    POOL.get()?.as_ref().ok()
}

/// Lane groups on worker threads, and the queue before them.
pub struct Pool(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Told when a job arrives that an idle worker could take.
    arrived: Condvar,
    kernels: Selection,
    widths: Widths,
    rate: Rate,
    max_workers: usize,
    /// Whose threads they are. A forked child has this structure too, and may not touch its locks.
    process: u32,
    /// The same as [`State::is_closed`], for whoever does not hold the lock.
    is_closed: AtomicBool,
}

impl Shared {
    fn is_inherited(&self) -> bool {
        self.process != std::process::id()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for_work<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

/// A promise that a job will be taken; given back on drop.
pub struct Reservation {
    shared: Arc<Shared>,
    work: u64,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.shared.is_inherited() {
            self.shared.lock().release(self.work);
        }
    }
}

impl Pool {
    /// A pool of up to `max_workers` threads, none of them started.
    ///
    /// # Errors
    /// [`Error::Kernel`] where `FERRAUTH_KERNEL` names none that runs here.
    pub fn new(max_workers: usize) -> Result<Self, Error> {
        let kernels = lanes::selection()?;
        let widest = |kernel: &lanes::Kernel| kernel.widths.last().copied().unwrap_or(1);
        let (latency, bulk) = (widest(kernels.latency), widest(kernels.bulk));
        let [rate, wide] = Rate::measure([(kernels.latency, latency), (kernels.bulk, bulk)]);
        let wide_from = rate.wide_from(&wide, bulk);
        let widths = Widths { latency, bulk, wide_from };
        Ok(Self::with_kernels(kernels, widths, rate, max_workers))
    }

    fn with_kernels(kernels: Selection, widths: Widths, rate: Rate, max_workers: usize) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::default(),
            arrived: Condvar::new(),
            rate,
            kernels,
            widths,
            max_workers,
            process: std::process::id(),
            is_closed: AtomicBool::new(false),
        }))
    }

    /// Promises that a derivation of `iterations` will be taken. Decided by what is outstanding alone, so that it
    /// can come before anything about a user is known. With `max_wait` None nobody is refused.
    ///
    /// # Errors
    /// [`Error::Busy`] where what is outstanding takes longer than `max_wait`, or is [`MAX_JOBS`].
    pub fn reserve(&self, iterations: u32, max_wait: Option<Duration>) -> Result<Reservation, Error> {
        let work = u64::from(iterations);
        // Derivations that cannot be sliced run beside the lanes, on the same cores.
        let beside = heavy::outstanding_work();
        let wait = |work| self.0.rate.wait(work + beside, self.0.max_workers);
        self.0.lock().reserve(work, max_wait, wait)?;
        Ok(Reservation { shared: Arc::clone(&self.0), work })
    }

    /// Starts a derivation whose outcome goes to `delivery`, without waiting, and without keying a long password.
    ///
    /// # Errors
    /// [`Error::ShutDown`] and [`Error::Threads`].
    pub fn submit(&self, password: &[u8], request: Request<'_>, delivery: Delivery) -> Result<(), Error> {
        if password.len() <= LONG_PASSWORD {
            return self.enqueue(vec![Job::new(&Midstates::new(password), request, Class::Login, delivery)]);
        }
        let Request { salt, block, iterations, purpose } = request;
        let salt = Box::<[u8]>::from(salt);
        let key = move |password: &[u8]| {
            let request = Request { salt: &salt, block, iterations, purpose };
            Job::new(&Midstates::new(password), request, Class::Login, delivery)
        };
        let mut state = self.open_state()?;
        state.unkeyed.push_back(Unkeyed { password: SecretBytes::new(password), key: Box::new(key) });
        state.counters.submitted += 1;
        self.wake(state, 1)
    }

    fn enqueue(&self, jobs: Vec<JobBox>) -> Result<(), Error> {
        let mut state = self.open_state()?;
        let count = jobs.len();
        state.counters.submitted += count as u64;
        jobs.into_iter().for_each(|job| state.push(job));
        self.wake(state, count)
    }

    fn open_state(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = self.0.lock();
        if state.is_closed { Err(Error::ShutDown) } else { Ok(state) }
    }

    /// Sees to it that `jobs` new jobs find a worker.
    fn wake(&self, mut state: MutexGuard<'_, State>, jobs: usize) -> Result<(), Error> {
        while state.waiting() > state.idle && state.workers.len() < self.0.max_workers {
            if let Err(error) = self.start_worker(&mut state) {
                // Fewer threads than could be had is slow; none at all is a failure.
                if state.workers.is_empty() {
                    return Err(error);
                }
                break;
            }
        }
        for _ in 0..jobs.min(state.idle) {
            self.0.arrived.notify_one();
        }
        Ok(())
    }

    fn start_worker(&self, state: &mut State) -> Result<(), Error> {
        let worker = state.add_worker();
        let shared = Arc::clone(&self.0);
        let thread = std::thread::Builder::new()
            .name(format!("ferrauth-lanes-{worker}"))
            .spawn(move || worker::run(&shared, worker))
            .map_err(|_| Error::Threads)?;
        state.workers.push(thread);
        state.idle += 1;
        Ok(())
    }

    /// Gives up `jobs` jobs of one ticket: those that run leave their lanes at the next boundary.
    pub fn cancel(&self, ticket: &Ticket, jobs: usize) {
        ticket.cancel();
        self.0.lock().note_cancelled(jobs);
    }

    /// What the pool has done and holds.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.lock().counters()
    }

    /// The most jobs that all workers together may hold.
    #[must_use]
    pub fn lanes(&self) -> usize {
        self.0.max_workers * self.0.widths.bulk.max(self.0.widths.latency)
    }

    /// Drops every job, wiped, and ends every worker; returns when they have ended, within about a slice. Whoever
    /// waits for a job is told [`Error::Abandoned`].
    pub fn shut_down(&self) {
        let mut state = self.0.lock();
        state.close();
        self.0.is_closed.store(true, Ordering::Release);
        let workers = std::mem::take(&mut state.workers);
        drop(state);
        self.0.arrived.notify_all();
        for worker in workers {
            // A worker that panicked has ended too.
            let _ = worker.join();
        }
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed.load(Ordering::Acquire)
    }

    fn is_inherited(&self) -> bool {
        self.0.is_inherited()
    }
}
