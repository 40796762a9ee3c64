//! How a Python thread waits for its jobs: detached, and looking up now and then.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::Error;
use crate::password::batch::Wait;
use crate::password::pool::Reservation;

/// Progress is told at most this often.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// What a waiting thread looks up for.
pub(super) struct Vigil {
    /// Python runs signal handlers in the main thread alone. No other thread has a reason to attach while it waits.
    is_main_thread: bool,
    progress: Option<(Py<PyAny>, usize)>,
    told: Instant,
    /// What a signal handler or the progress callable raised.
    raised: Option<PyErr>,
}

impl Vigil {
    pub(super) fn new(py: Python<'_>) -> PyResult<Self> {
        let threading = py.import("threading")?;
        let main = threading.call_method0("main_thread")?.getattr("ident")?;
        let is_main_thread = threading.call_method0("get_ident")?.eq(main)?;
        Ok(Self { is_main_thread, progress: None, told: Instant::now(), raised: None })
    }

    /// Calls `progress` with the jobs done, and `total`.
    pub(super) fn with_progress(mut self, progress: Option<Bound<'_, PyAny>>, total: usize) -> Self {
        self.progress = progress.map(|progress| (progress.unbind(), total));
        self
    }

    fn look_up(&mut self, done: usize) -> ControlFlow<()> {
        let is_time_to_tell = self.progress.is_some() && self.told.elapsed() >= PROGRESS_INTERVAL;
        if !self.is_main_thread && !is_time_to_tell {
            return ControlFlow::Continue(());
        }
        let outcome = Python::attach(|py| {
            if self.is_main_thread {
                py.check_signals()?;
            }
            if is_time_to_tell { self.tell(py, done) } else { Ok(()) }
        });
        match outcome {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.raised = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn tell(&mut self, py: Python<'_>, done: usize) -> PyResult<()> {
        if let Some((progress, total)) = &self.progress {
            progress.call1(py, PyTuple::new(py, [done, *total])?)?;
            self.told = Instant::now();
        }
        Ok(())
    }
}

/// Runs `work` detached from the interpreter; the vigil looks up meanwhile, and tells of the end.
pub(super) fn detached<T: Send>(
    py: Python<'_>,
    mut vigil: Vigil,
    reservation: Option<Reservation>,
    work: impl FnOnce(Wait<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let result = py.detach(|| {
        let result = work(Wait { reservation, watch: &mut |done| vigil.look_up(done) });
        if result.as_ref().is_err_and(|error| *error == Error::Abandoned) {
            stand_still();
        }
        result
    });
    if let Some(error) = vigil.raised.take() {
        return Err(error);
    }
    let value = result?;
    if let Some(total) = vigil.progress.as_ref().map(|(_, total)| *total).filter(|total| *total > 0) {
        vigil.tell(py, total)?;
    }
    Ok(value)
}

/// Only a daemon thread can still be waiting when the interpreter shuts down. It may never attach again: before
/// Python 3.14 an attempt ends the thread by an unwinding that Rust cannot survive. So it does as those of 3.14 do,
/// and stands still until the process ends.
fn stand_still() -> ! {
    loop {
        std::thread::park();
    }
}
