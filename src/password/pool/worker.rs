//! A worker thread: it steps the lanes it holds a slice at a time, and rearranges them at every boundary.
//!
//! A worker never attaches to the Python interpreter, never logs and drops no Python object: beside a busy Python
//! thread each of these costs milliseconds in which all its lanes would stand still.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::MutexGuard;
use std::time::Instant;

use super::Shared;
use super::job::{Job, JobBox};
use super::priority;
use super::schedule::Choice;
use super::state::{State, Unkeyed};
use crate::password::lanes::Lane;
use crate::password::pbkdf2;

/// What a worker does after a boundary.
enum Turn {
    Step,
    Key(Unkeyed),
    End,
}

/// What a slice has done.
#[derive(Default)]
struct Done {
    iterations: u64,
    finished: u64,
}

/// The life of a worker.
pub(super) fn run(shared: &Shared, worker: usize) {
    priority::give_way();
    let mut group = Vec::new();
    let mut done = Done::default();
    let mut state = shared.lock();
    // Whoever started the thread has counted it as idle, so that no second one is started for the same job. It stays
    // idle for the others until, under the same lock, it holds a job.
    state.idle -= 1;
    loop {
        match shared.boundary(state, worker, &mut group, std::mem::take(&mut done)) {
            Turn::Step => done = shared.step(&mut group),
            Turn::Key(unkeyed) => shared.key(unkeyed),
            Turn::End => return,
        }
        state = shared.lock();
    }
}

impl Shared {
    /// Waits until there is something to do.
    fn boundary(
        &self,
        mut state: MutexGuard<'_, State>,
        worker: usize,
        group: &mut Vec<JobBox>,
        done: Done,
    ) -> Turn {
        state.counters.iterations += done.iterations;
        state.counters.finished += done.finished;
        loop {
            if state.is_closed {
                state.counters.cancellations += group.len() as u64;
                group.clear();
                state.publish(worker, group);
                return Turn::End;
            }
            // A long password is keyed at once, so that its copy does not wait in the queue; by an idle thread, if
            // there is one.
            if (group.is_empty() || state.idle == 0)
                && let Some(unkeyed) = state.unkeyed.pop_front()
            {
                return Turn::Key(unkeyed);
            }
            let given = state.rearrange(self.widths, worker, group);
            for _ in 0..given.min(state.idle) {
                self.arrived.notify_one();
            }
            if !group.is_empty() {
                state.counters.slices += 1;
                return Turn::Step;
            }
            state.idle += 1;
            state = self.wait_for_work(state);
            state.idle -= 1;
        }
    }

    /// Runs one slice, and hands over what it finished.
    fn step(&self, group: &mut Vec<JobBox>) -> Done {
        // A panic in here would be a bug of ours. It must not leave a caller waiting for ever (P56).
        let Ok(iterations) = catch_unwind(AssertUnwindSafe(|| self.run_slice(group))) else {
            let finished = group.len() as u64;
            group.drain(..).for_each(Job::fail);
            return Done { iterations: 0, finished };
        };
        let mut finished = 0;
        for mut job in std::mem::take(group) {
            if job.remaining == 0 && job.settle() {
                finished += 1;
                job.deliver();
            } else {
                group.push(job);
            }
        }
        Done { iterations, finished }
    }

    /// Returns the iterations of all lanes.
    fn run_slice(&self, group: &mut [JobBox]) -> u64 {
        let shortest = group.iter().map(|job| job.remaining).min().unwrap_or(0);
        let iterations = shortest.min(self.rate.slice(group.len().max(self.widths.latency)));
        if iterations == 0 {
            return 0;
        }
        let kernel = match self.widths.kernel(group.len()) {
            Choice::Latency => self.kernels.latency,
            Choice::Bulk => self.kernels.bulk,
        };
        let start = Instant::now();
        let mut lanes: Vec<&mut Lane> = group.iter_mut().map(|job| &mut job.lane).collect();
        kernel.run(&mut lanes, iterations);
        for job in group.iter_mut() {
            job.remaining -= iterations;
        }
        if group.len() >= self.widths.latency {
            self.rate.learn(group.len(), iterations, start.elapsed());
        }
        let total = group.len() as u64 * u64::from(iterations);
        pbkdf2::count_iterations(total);
        total
    }

    fn key(&self, unkeyed: Unkeyed) {
        let Unkeyed { password, key } = unkeyed;
        let job = key(password.expose());
        drop(password);
        self.lock().push(job);
        self.arrived.notify_one();
    }
}
