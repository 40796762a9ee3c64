//! Derivations whose caller awaits them: no thread is held, and no event loop is stopped.
//!
//! Workers push what they finish to one inbox. One notifier thread attaches to the interpreter, takes all that is
//! there, and hands it to `ferrauth._futures.deliver`, which calls each event loop once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use super::admission::{self, Admission};
use super::password::{count, plan, salt, submitted};
use super::text::required;
use crate::error::Error;
use crate::password::check::Verdict;
use crate::password::make_task;
use crate::password::params::{self, Caller};
use crate::password::pool::{self, Delivery, Finished, Inbox, Outcome, PerProcess, Task, Ticket};

static NOTIFIER: PerProcess<Notifier> = PerProcess::new();

struct Notifier {
    inbox: Arc<Inbox>,
    /// Futures by the number of their job. Only threads that are attached touch it, and none of them detaches or runs
    /// Python code while it holds the lock.
    futures: Mutex<HashMap<usize, Py<PyAny>>>,
    next: AtomicUsize,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Notifier {
    fn of_this_process() -> Result<&'static Self, Error> {
        NOTIFIER
            .get_or_init(|| Self {
                inbox: Arc::default(),
                futures: Mutex::default(),
                next: AtomicUsize::new(0),
                thread: Mutex::default(),
            })
            .ok_or(Error::Threads)
    }

    fn futures(&self) -> MutexGuard<'_, HashMap<usize, Py<PyAny>>> {
        self.futures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn thread(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the thread, at the first future.
    fn start(&'static self) -> Result<(), Error> {
        if self.inbox.is_closed() {
            return Err(Error::ShutDown);
        }
        let mut thread = self.thread();
        if thread.is_none() {
            let builder = std::thread::Builder::new().name("ferrauth-notifier".to_owned());
            *thread = Some(builder.spawn(|| self.run()).map_err(|_| Error::Threads)?);
        }
        Ok(())
    }

    /// Delivers until the inbox is closed.
    ///
    /// It attaches once, and detaches to wait. To attach anew each time would make and end a thread state of the
    /// interpreter's under a lock that CPython 3.11 does not renew in a forked child: one forked at that moment would
    /// hang in `os.fork()`.
    fn run(&self) {
        Python::attach(|py| {
            while py.detach(|| self.inbox.wait()) {
                // Attaching may have taken a while: what has finished meanwhile goes along.
                if let Err(error) = self.deliver(py, self.inbox.drain()) {
                    error.write_unraisable(py, None);
                }
            }
        });
    }

    fn deliver(&self, py: Python<'_>, finished: Vec<Finished>) -> PyResult<()> {
        let mut deliveries = Vec::with_capacity(finished.len());
        for Finished { index, outcome } in finished {
            // A cancelled one is not there.
            let future = self.futures().remove(&index);
            if let Some(future) = future {
                deliveries.push(PyTuple::new(py, [future.into_bound(py), value(py, outcome)?])?);
            }
        }
        py.import("ferrauth._futures")?.call_method1("deliver", (PyList::new(py, deliveries)?,))?;
        Ok(())
    }
}

/// What a future is given: a result, or an exception to raise.
fn value(py: Python<'_>, outcome: Outcome) -> PyResult<Bound<'_, PyAny>> {
    match outcome {
        Outcome::Key(key) => Ok(PyBytes::new(py, key.as_slice()).into_any()),
        Outcome::Encoded(row) => row.into_bound_py_any(py),
        Outcome::Checked { verdict, renewed } => {
            (verdict != Verdict::Refused, verdict == Verdict::Outdated, renewed).into_bound_py_any(py)
        }
        Outcome::Failed(error) => PyErr::from(error).into_bound_py_any(py),
    }
}

/// A job that a future waits for.
#[pyclass(frozen, module = "ferrauth._core")]
pub(super) struct Job {
    index: usize,
    ticket: Arc<Ticket>,
    /// Whose job it is. A forked child inherits it, and counts its own jobs from 0.
    process: u32,
}

#[pymethods]
impl Job {
    /// Gives the job up, if it has not ended: its lane is free at the next boundary, its future stays as it is.
    fn cancel(&self) {
        if self.process != std::process::id() {
            return;
        }
        let future = NOTIFIER.get().and_then(|notifier| notifier.futures().remove(&self.index));
        if future.is_some()
            && let Some(pool) = pool::if_started()
        {
            pool.cancel(&self.ticket, 1);
        }
    }
}

fn submit(
    future: Bound<'_, PyAny>,
    password: &[u8],
    task: Task<'_>,
    reservation: Option<pool::Reservation>,
) -> PyResult<Job> {
    let notifier = Notifier::of_this_process()?;
    notifier.start()?;
    let index = notifier.next.fetch_add(1, Ordering::Relaxed);
    let ticket = Arc::<Ticket>::default();
    let delivery = Delivery { inbox: Arc::clone(&notifier.inbox), index, ticket: Arc::clone(&ticket) };
    notifier.futures().insert(index, future.unbind());
    let submitted = pool::of_this_process()?.start(password, task, delivery);
    drop(reservation);
    if let Err(error) = submitted {
        let future = notifier.futures().remove(&index);
        drop(future);
        return Err(error.into());
    }
    Ok(Job { index, ticket, process: std::process::id() })
}

/// Starts to encode a password; the future is given the row.
#[pyfunction]
#[pyo3(signature = (future, password, salt, iterations, admission, /))]
pub(super) fn start_make(
    future: Bound<'_, PyAny>,
    password: &Bound<'_, PyAny>,
    salt: Option<&Bound<'_, PyAny>>,
    iterations: &Bound<'_, PyAny>,
    admission: Option<&Bound<'_, Admission>>,
) -> PyResult<Job> {
    let password = required(password, "password")?;
    let iterations = count(iterations, params::max_iterations())?;
    let salt = self::salt(salt)?;
    let task = make_task(&salt, iterations)?;
    let reservation = admission::reserve(Caller::Async, admission)?;
    submit(future, password, task, reservation)
}

/// Starts to check a password; the future is given whether it is the row's, whether the row is outdated, and a new
/// encoding, if `renew` asks for it and the row is.
#[pyfunction]
#[pyo3(signature = (future, password, encoded, policy, renew, admission, /))]
pub(super) fn start_check(
    future: Bound<'_, PyAny>,
    password: &Bound<'_, PyAny>,
    encoded: &Bound<'_, PyAny>,
    policy: &Bound<'_, PyAny>,
    renew: bool,
    admission: Option<&Bound<'_, Admission>>,
) -> PyResult<Job> {
    // Before anything about the row is known: whether the pool is busy must not depend on whether a user exists.
    let reservation = admission::reserve(Caller::Async, admission)?;
    let password = submitted(password);
    let check = plan(encoded, policy)?;
    submit(future, password.unwrap_or_default(), check.task(password.is_some(), renew), reservation)
}

/// Ends the notifier and the pool of this process, promptly and for good. Called when the interpreter exits: after that
/// no thread of ours may attach.
#[pyfunction]
pub(super) fn shut_down(py: Python<'_>) {
    py.detach(|| {
        if let Some(notifier) = NOTIFIER.get() {
            notifier.inbox.close();
            // Joined without the lock: whoever waits for the lock may be attached, and the notifier may wait to attach.
            let thread = notifier.thread().take();
            if let Some(thread) = thread {
                // A notifier that panicked has ended too.
                let _ = thread.join();
            }
        }
        if let Some(pool) = pool::if_started() {
            pool.shut_down();
        }
    });
}
