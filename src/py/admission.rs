//! Admission to the pool, decided before anything about a user is known.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::Error;
use crate::password::params::{self, Caller, DEFAULT_ITERATIONS};
use crate::password::pool::{self, Reservation};

/// A promise that the derivations made with it are taken.
#[pyclass(frozen, module = "ferrauth._core")]
pub(super) struct Admission(Mutex<State>);

enum State {
    /// Nothing has been derived with it yet.
    Reserved(Reservation),
    /// Its first derivation counts in its stead; later ones of the same login are taken too.
    Used,
    Released,
}

#[pymethods]
impl Admission {
    /// Gives the promise back. It can be released many times.
    fn release(&self) {
        self.replace(State::Released);
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, PyAny>) {
        self.release();
    }
}

impl Admission {
    fn replace(&self, state: State) -> State {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), state)
    }
}

/// Asks the pool for admission; whoever is asked for too much answers `HasherBusy`.
#[pyfunction]
#[pyo3(signature = (is_async, /))]
pub(super) fn admit(is_async: bool) -> PyResult<Admission> {
    let caller = if is_async { Caller::Async } else { Caller::Sync };
    Ok(Admission(Mutex::new(State::Reserved(ask(caller)?))))
}

/// The promise that a derivation is submitted under: that of an admission, or a new one.
pub(super) fn reserve(caller: Caller, admission: Option<&Bound<'_, Admission>>) -> PyResult<Option<Reservation>> {
    let Some(admission) = admission else { return Ok(Some(ask(caller)?)) };
    match admission.get().replace(State::Used) {
        State::Reserved(reservation) => Ok(Some(reservation)),
        State::Used => Ok(None),
        State::Released => {
            admission.get().release();
            Err(PyValueError::new_err("the admission has been released."))
        }
    }
}

fn ask(caller: Caller) -> Result<Reservation, Error> {
    pool::of_this_process()?.reserve(DEFAULT_ITERATIONS, params::max_wait(caller))
}

/// Sets how long an asynchronous caller waits at most; `None` for ever.
#[pyfunction]
#[pyo3(signature = (seconds, /))]
pub(super) fn set_max_wait(seconds: Option<f64>) -> PyResult<()> {
    params::set_max_wait(Caller::Async, duration(seconds)?);
    Ok(())
}

/// Sets how long a synchronous caller waits at most; `None` for ever.
#[pyfunction]
#[pyo3(signature = (seconds, /))]
pub(super) fn set_max_wait_sync(seconds: Option<f64>) -> PyResult<()> {
    params::set_max_wait(Caller::Sync, duration(seconds)?);
    Ok(())
}

/// How long callers wait at most, asynchronous and synchronous; `None` for ever.
#[pyfunction]
pub(super) fn max_wait() -> (Option<f64>, Option<f64>) {
    let seconds = |caller| params::max_wait(caller).map(|wait| wait.as_secs_f64());
    (seconds(Caller::Async), seconds(Caller::Sync))
}

fn duration(seconds: Option<f64>) -> PyResult<Option<Duration>> {
    let refused = |_| PyValueError::new_err("max_wait must be a number of seconds from 0, or None.");
    seconds.map(Duration::try_from_secs_f64).transpose().map_err(refused)
}

/// Sets how many threads derive, for a pool that has not started.
#[pyfunction]
#[pyo3(signature = (threads, /))]
pub(super) fn set_threads(threads: usize) -> PyResult<()> {
    params::set_threads(threads.try_into().map_err(|_| Error::ThreadCount)?);
    Ok(())
}
