//! Where finished jobs wait for whoever asked for them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::job::Outcome;

/// What came of one job.
#[derive(Debug)]
pub struct Finished {
    /// The number that the job was submitted under.
    pub index: usize,
    /// What it led to.
    pub outcome: Outcome,
}

/// Workers push, one reader takes. A worker holds the lock for one push and does nothing else under it.
#[derive(Default)]
pub struct Inbox {
    contents: Mutex<Contents>,
    changed: Condvar,
}

#[derive(Default)]
struct Contents {
    finished: Vec<Finished>,
    is_closed: bool,
}

impl Inbox {
    pub(super) fn push(&self, finished: Finished) {
        self.lock().finished.push(finished);
        self.changed.notify_one();
    }

    /// Takes all that has finished, without waiting.
    pub fn drain(&self) -> Vec<Finished> {
        std::mem::take(&mut self.lock().finished)
    }

    /// Waits until something has finished (true) or the inbox is closed (false). Takes nothing.
    pub fn wait(&self) -> bool {
        let mut contents = self.lock();
        while contents.finished.is_empty() && !contents.is_closed {
            contents = self.changed.wait(contents).unwrap_or_else(PoisonError::into_inner);
        }
        !contents.is_closed
    }

    /// Takes all that has finished, waiting up to `timeout` for the first.
    pub(super) fn drain_within(&self, timeout: Duration) -> Vec<Finished> {
        let deadline = Instant::now() + timeout;
        let mut contents = self.lock();
        while contents.finished.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            contents = self.changed.wait_timeout(contents, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::take(&mut contents.finished)
    }

    /// Ends every [`Inbox::wait`], now and later.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Whether [`Inbox::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether whoever asked still wants to know. One ticket may stand for many jobs.
#[derive(Debug, Default)]
pub struct Ticket(AtomicBool);

impl Ticket {
    pub(super) fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Where a job's outcome goes, and under what number.
#[derive(Clone)]
pub struct Delivery {
    /// Where to.
    pub inbox: Arc<Inbox>,
    /// Under what number.
    pub index: usize,
    /// Whether at all.
    pub ticket: Arc<Ticket>,
}
