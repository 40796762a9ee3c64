//! The jobs of one caller, who waits for them.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::job::{Job, JobBox};
use super::{Class, Delivery, Finished, Inbox, Pool, Request, Reservation, Ticket};
use crate::error::Error;
use crate::password::pbkdf2::Midstates;

/// How often a waiting caller looks up: Ctrl-C is to be felt within 100 milliseconds.
const TICK: Duration = Duration::from_millis(50);

/// Called from the waiting thread about twenty times a second with the number of jobs that have ended. `Break` gives
/// up all that have not.
pub type Watch<'a> = dyn FnMut(usize) -> ControlFlow<()> + 'a;

/// A job that is keyed and not yet submitted.
pub struct Prepared(JobBox);

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
        let delivery = Delivery { inbox: Arc::clone(&self.inbox), index, ticket: Arc::clone(&self.ticket) };
        Prepared(Job::new(password, request, self.class, delivery))
    }

    /// Starts jobs.
    ///
    /// # Errors
    /// [`Error::ShutDown`] and [`Error::Threads`].
    pub fn submit(&mut self, jobs: Vec<Prepared>) -> Result<(), Error> {
        let count = jobs.len();
        self.pool.enqueue(jobs.into_iter().map(|prepared| prepared.0).collect())?;
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
