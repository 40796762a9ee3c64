//! All that the pool's threads share: the jobs that wait, what each worker holds, and what is promised.

use std::collections::VecDeque;
use std::thread::JoinHandle;
use std::time::Duration;

use super::job::{Class, JobBox};
use super::schedule::{Jobs, Widths};
use crate::error::Error;
use crate::secret::SecretBytes;

/// Jobs and reservations that may be outstanding when a caller with a limit asks for more. At a quarter of a kilobyte
/// each they are 25 MB.
pub const MAX_JOBS: usize = 100_000;

/// What the pool has done since it started, and what it holds now. Tests assert them; `build_info()` shows some.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Slices that worker groups have run.
    pub slices: u64,
    /// Iterations of all lanes in these slices. A derivation's first iteration is run by its keying, not here.
    pub iterations: u64,
    /// Jobs that were given a lane, also for a second time after they gave one back.
    pub admissions: u64,
    /// Jobs that gave a lane back to move to an idle thread.
    pub moves: u64,
    /// Bulk jobs that gave a lane back to a login.
    pub swaps: u64,
    /// Jobs that ended without an outcome: nobody wanted it any more.
    pub cancellations: u64,
    /// Jobs that were submitted.
    pub submitted: u64,
    /// Jobs that ended with an outcome.
    pub finished: u64,
    /// Callers that were refused.
    pub refusals: u64,
    /// The largest number of lanes that one worker has held.
    pub widest: usize,
    /// Jobs without a lane, now.
    pub queued: usize,
    /// Lanes in use, now.
    pub lanes_busy: usize,
    /// Admissions that are held and not yet used, now.
    pub reserved: usize,
    /// Worker threads, now.
    pub workers: usize,
}

/// A job whose password is too long to be keyed by its caller.
pub(super) struct Unkeyed {
    pub(super) password: SecretBytes,
    pub(super) key: KeyLater,
}

/// Makes a job of its password.
pub(super) type KeyLater = Box<dyn FnOnce(&[u8]) -> JobBox + Send>;

/// What a worker holds while it runs a slice, as it was at the slice's start.
#[derive(Clone, Copy, Default)]
pub(super) struct Held {
    lanes: usize,
    /// Iterations that its logins still have to run.
    work: u64,
}

#[derive(Default)]
pub(super) struct State {
    logins: VecDeque<JobBox>,
    bulk: VecDeque<JobBox>,
    pub(super) unkeyed: VecDeque<Unkeyed>,
    /// Iterations of the logins that wait.
    waiting_work: u64,
    held: Vec<Held>,
    /// Iterations of the admissions that are held and not yet used.
    reserved_work: u64,
    /// Cancellations since the queues were last swept.
    unswept: usize,
    pub(super) idle: usize,
    pub(super) workers: Vec<JoinHandle<()>>,
    pub(super) is_closed: bool,
    pub(super) counters: Counters,
}

impl State {
    pub(super) fn counters(&self) -> Counters {
        Counters {
            queued: self.waiting(),
            lanes_busy: self.held.iter().map(|held| held.lanes).sum(),
            workers: self.workers.len(),
            ..self.counters
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.logins.len() + self.bulk.len() + self.unkeyed.len()
    }

    /// Iterations that a login which arrives now would wait for. Bulk is not among them: it makes way.
    fn outstanding_work(&self) -> u64 {
        self.waiting_work + self.reserved_work + self.held.iter().map(|held| held.work).sum::<u64>()
    }

    /// Promises that a job of `work` iterations will be taken, unless `max_wait` is exceeded already. `wait` tells how
    /// long a number of iterations takes.
    pub(super) fn reserve(
        &mut self,
        work: u64,
        max_wait: Option<Duration>,
        wait: impl Fn(u64) -> Duration,
    ) -> Result<(), Error> {
        if let Some(max_wait) = max_wait {
            let is_full = |state: &Self| {
                let jobs = state.waiting() + state.counters.reserved;
                wait(state.outstanding_work()) > max_wait || jobs >= MAX_JOBS
            };
            // Those who went away count for nothing.
            if is_full(self) && self.unswept > 0 {
                self.sweep();
            }
            if is_full(self) {
                self.counters.refusals += 1;
                return Err(Error::Busy { retry_after: wait(self.outstanding_work()) });
            }
        }
        self.counters.reserved += 1;
        self.reserved_work += work;
        Ok(())
    }

    pub(super) fn release(&mut self, work: u64) {
        self.counters.reserved -= 1;
        self.reserved_work -= work;
    }

    pub(super) fn push(&mut self, job: JobBox) {
        match job.class {
            Class::Login => {
                self.waiting_work += job.work();
                self.logins.push_back(job);
            }
            Class::Bulk => self.bulk.push_back(job),
        }
    }

    /// Puts a job back that was there before those that wait.
    fn push_back_in_front(&mut self, job: JobBox) {
        match job.class {
            Class::Login => {
                self.waiting_work += job.work();
                self.logins.push_front(job);
            }
            Class::Bulk => self.bulk.push_front(job),
        }
    }

    fn pop(&mut self, class: Class) -> Option<JobBox> {
        loop {
            let job = match class {
                Class::Login => self.logins.pop_front(),
                Class::Bulk => self.bulk.pop_front(),
            }?;
            if class == Class::Login {
                self.waiting_work -= job.work();
            }
            if !job.is_cancelled() {
                return Some(job);
            }
            self.counters.cancellations += 1;
        }
    }

    /// Notes that `jobs` were cancelled. They are dropped when a worker meets them, or here once they may be half of
    /// what waits: so neither a cancellation nor a queue full of them costs much.
    pub(super) fn note_cancelled(&mut self, jobs: usize) {
        self.unswept += jobs;
        if self.unswept * 2 > self.logins.len() + self.bulk.len() {
            self.sweep();
        }
    }

    fn sweep(&mut self) {
        let before = self.logins.len() + self.bulk.len();
        self.logins.retain(|job| !job.is_cancelled());
        self.bulk.retain(|job| !job.is_cancelled());
        self.waiting_work = self.logins.iter().map(|job| job.work()).sum();
        self.counters.cancellations += (before - self.logins.len() - self.bulk.len()) as u64;
        self.unswept = 0;
    }

    /// Makes room to note what one more worker holds; returns its number.
    pub(super) fn add_worker(&mut self) -> usize {
        self.held.push(Held::default());
        self.held.len() - 1
    }

    /// Lets a worker's group hold what the plan says, at the boundary between two slices. Returns how many jobs it put
    /// back for other threads.
    pub(super) fn rearrange(&mut self, widths: Widths, worker: usize, group: &mut Vec<JobBox>) -> usize {
        let before = group.len();
        group.retain(|job| !job.is_cancelled());
        self.counters.cancellations += (before - group.len()) as u64;

        let held = tally(group);
        let waiting = Jobs { logins: self.logins.len(), bulk: self.bulk.len() };
        let plan = widths.plan(held, waiting, self.idle);
        let given = self.give_back(group, Class::Login, held.logins.saturating_sub(plan.logins))
            + self.give_back(group, Class::Bulk, held.bulk.saturating_sub(plan.bulk));
        if self.idle > 0 {
            self.counters.moves += given as u64;
        } else {
            self.counters.swaps += given as u64;
        }
        self.take(group, Class::Login, plan.logins.saturating_sub(held.logins));
        self.take(group, Class::Bulk, plan.bulk.saturating_sub(held.bulk));

        self.counters.widest = self.counters.widest.max(group.len());
        self.publish(worker, group);
        given
    }

    /// Notes what a worker holds.
    pub(super) fn publish(&mut self, worker: usize, group: &[JobBox]) {
        let logins = group.iter().filter(|job| job.class == Class::Login);
        self.held[worker] = Held { lanes: group.len(), work: logins.map(|job| job.work()).sum() };
    }

    fn give_back(&mut self, group: &mut Vec<JobBox>, class: Class, count: usize) -> usize {
        // The youngest go, and the oldest of them to the very front.
        for _ in 0..count {
            if let Some(index) = group.iter().rposition(|job| job.class == class) {
                let job = group.remove(index);
                self.push_back_in_front(job);
            }
        }
        count
    }

    fn take(&mut self, group: &mut Vec<JobBox>, class: Class, count: usize) {
        for _ in 0..count {
            if let Some(job) = self.pop(class) {
                self.counters.admissions += 1;
                group.push(job);
            }
        }
    }

    /// Drops every job that waits; each is wiped.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
        self.counters.cancellations += self.waiting() as u64;
        self.logins.clear();
        self.bulk.clear();
        self.unkeyed.clear();
        self.waiting_work = 0;
    }
}

fn tally(group: &[JobBox]) -> Jobs {
    let logins = group.iter().filter(|job| job.class == Class::Login).count();
    Jobs { logins, bulk: group.len() - logins }
}
