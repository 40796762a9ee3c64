//! Tests of the pool: counters and orders decide, never clocks. A deadline here only ends a test that hangs.

mod admission;
mod lanes;
mod stress;
pub(super) mod wiping;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Class, Counters, Delivery, Finished, Inbox, Outcome, Pool, Purpose, Request, Ticket};
use crate::password::pbkdf2::Midstates;

/// More iterations than any test waits for.
const ENDLESS: u32 = u32::MAX;

/// Ends a test that hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// Submits jobs and takes what they lead to, as an asynchronous caller does.
struct Client<'p> {
    pool: &'p Pool,
    inbox: Arc<Inbox>,
}

impl<'p> Client<'p> {
    fn new(pool: &'p Pool) -> Self {
        Self { pool, inbox: Arc::default() }
    }

    fn submit(&self, index: usize, password: &[u8], iterations: u32) -> Arc<Ticket> {
        let ticket = Arc::new(Ticket::default());
        wiping::forget(&ticket);
        let delivery = Delivery { inbox: Arc::clone(&self.inbox), index, ticket: Arc::clone(&ticket) };
        self.pool.submit(password, request(iterations), delivery).unwrap();
        ticket
    }

    /// Enqueues many jobs of one class at one moment, under one ticket.
    fn submit_together(&self, class: Class, count: usize, iterations: u32) -> Arc<Ticket> {
        let ticket = Arc::new(Ticket::default());
        wiping::forget(&ticket);
        let midstates = Midstates::new(b"password");
        let jobs = (0..count)
            .map(|index| {
                let delivery = Delivery { inbox: Arc::clone(&self.inbox), index, ticket: Arc::clone(&ticket) };
                super::job::Job::new(&midstates, request(iterations), class, delivery)
            })
            .collect();
        self.pool.enqueue(jobs).unwrap();
        ticket
    }

    /// Waits for `count` outcomes.
    fn receive(&self, count: usize) -> Vec<Finished> {
        let start = Instant::now();
        let mut received = Vec::new();
        while received.len() < count {
            assert!(start.elapsed() < DEADLINE, "{} of {count} jobs ended", received.len());
            received.extend(self.inbox.drain_within(Duration::from_millis(10)));
        }
        received
    }
}

fn request(iterations: u32) -> Request<'static> {
    Request { salt: b"salt", block: 1, iterations, purpose: Purpose::Derive }
}

fn key(outcome: &Outcome) -> [u8; 32] {
    match outcome {
        Outcome::Key(key) => key.as_slice().try_into().unwrap(),
        other => panic!("no key but {other:?}"),
    }
}

fn oracle(password: &[u8], iterations: u32) -> [u8; 32] {
    let mut key = [0; 32];
    ::pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, b"salt", iterations, &mut key);
    key
}

/// Waits until the counters are as they should be.
fn until(pool: &Pool, is_so: impl Fn(&Counters) -> bool) -> Counters {
    let start = Instant::now();
    loop {
        let counters = pool.counters();
        if is_so(&counters) {
            return counters;
        }
        assert!(start.elapsed() < DEADLINE, "{counters:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
