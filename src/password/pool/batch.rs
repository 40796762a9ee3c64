//! The jobs of one caller, who waits for them.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::heavy::{self, Work};
use super::job::{Job, JobBox};
use super::{Class, Delivery, Finished, Inbox, Pool, Request, Reservation, Task, Ticket};
use crate::error::Error;
use crate::password::pbkdf2::Midstates;

/// How often a waiting caller looks up: Ctrl-C is to be felt within 100 milliseconds.
const TICK: Duration = Duration::from_millis(50);

/// Called from the waiting thread about twenty times a second with the number of jobs that have ended. `Break` gives
/// up all that have not.
pub type Watch<'a> = dyn FnMut(usize) -> ControlFlow<()> + 'a;

/// A job that is keyed, or to be derived whole, and not yet submitted.
pub struct Prepared(Kind);

enum Kind {
    Lanes(JobBox),
    Heavy(Work),
}

/// Jobs that share an inbox and a ticket. On drop, those that have not ended are given up.
pub struct Batch<'p> {
    pool: &'p Pool,
    class: Class,
    reservation: Option<Reservation>,
    inbox: Arc<Inbox>,
    ticket: Arc<Ticket>,
    submitted: usize,
    ended: usize,
    last_tick: Instant,
}

impl<'p> Batch<'p> {
    /// A batch without jobs. The reservation is given back when the first are submitted.
    #[must_use]
    pub fn new(pool: &'p Pool, class: Class, reservation: Option<Reservation>) -> Self {
        Self {
            pool,
            class,
            reservation,
            inbox: Arc::default(),
            ticket: Arc::default(),
            submitted: 0,
            ended: 0,
            last_tick: Instant::now(),
        }
    }

    /// Keys a job whose outcome will bear `index`.
    #[must_use]
    pub fn prepare(&self, index: usize, password: &Midstates, request: Request<'_>) -> Prepared {
        Prepared(Kind::Lanes(Job::new(password, request, self.class, self.delivery(index))))
    }

    /// As [`Batch::prepare`], for any task.
    #[must_use]
    pub fn prepare_task(&self, index: usize, password: &[u8], task: Task<'_>) -> Prepared {
        match task {
            Task::Lanes(request) => self.prepare(index, &Midstates::new(password), request),
            Task::Heavy(heavy) => {
                Prepared(Kind::Heavy(heavy.into_work(password, self.class, self.delivery(index))))
            }
        }
    }

    fn delivery(&self, index: usize) -> Delivery {
        Delivery { inbox: Arc::clone(&self.inbox), index, ticket: Arc::clone(&self.ticket) }
    }

    /// Starts jobs.
    ///
    /// # Errors
    /// [`Error::ShutDown`] and [`Error::Threads`].
    pub fn submit(&mut self, jobs: Vec<Prepared>) -> Result<(), Error> {
        let mut lanes = Vec::with_capacity(jobs.len());
        for Prepared(kind) in jobs {
            match kind {
                Kind::Lanes(job) => lanes.push(job),
                Kind::Heavy(work) => {
                    heavy::submit(work)?;
                    self.submitted += 1;
                }
            }
        }
        let count = lanes.len();
        self.pool.enqueue(lanes)?;
        self.submitted += count;
        self.reservation = None;
        Ok(())
    }

    /// Jobs that have been submitted and have not ended.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.submitted - self.ended
    }

    /// Waits for at least one job to end.
    ///
    /// # Errors
    /// [`Error::Interrupted`] where `watch` breaks, [`Error::Abandoned`] where the pool is shut down meanwhile,
    /// [`Error::Forked`] in a child.
    pub fn receive(&mut self, watch: &mut Watch<'_>) -> Result<Vec<Finished>, Error> {
        loop {
            let finished = self.inbox.drain_within(TICK.saturating_sub(self.last_tick.elapsed()));
            self.ended += finished.len();
            // Before looking up: a Python thread must not attach to an interpreter that shuts down.
            if finished.is_empty() && self.pool.is_closed() {
                return Err(Error::Abandoned);
            }
            self.look_up(watch)?;
            if !finished.is_empty() {
                return Ok(finished);
            }
        }
    }

    /// Lets the caller look up, if it is time to.
    ///
    /// # Errors
    /// [`Error::Interrupted`] where `watch` breaks, [`Error::Forked`] where it returns in a child.
    pub fn look_up(&mut self, watch: &mut Watch<'_>) -> Result<(), Error> {
        if self.last_tick.elapsed() >= TICK {
            self.last_tick = Instant::now();
            let verdict = watch(self.ended);
            if self.pool.is_inherited() {
                return Err(Error::Forked);
            }
            if verdict.is_break() {
                return Err(Error::Interrupted);
            }
        }
        Ok(())
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if self.outstanding() > 0 && !self.pool.is_inherited() {
            self.pool.cancel(&self.ticket, self.outstanding());
        }
    }
}
