//! What this build is, and what it runs on.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::Error;
use crate::password::lanes::{self, KERNELS};
use crate::password::{params, pool};

/// The version, the profile, the kernels, and what the pool holds now.
#[pyfunction]
pub(super) fn build_info(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let selection = lanes::selection().map_err(Error::from)?;
    let kernels = KERNELS
        .iter()
        .map(|kernel| {
            let entry = PyDict::new(py);
            entry.set_item("name", kernel.name)?;
            entry.set_item("lanes", kernel.widths.to_vec())?;
            entry.set_item("available", kernel.is_available())?;
            Ok(entry)
        })
        .collect::<PyResult<Vec<_>>>()?;
    let now = pool::if_started().map(pool::Pool::counters).unwrap_or_default();

    let info = PyDict::new(py);
    info.set_item("version", crate::VERSION)?;
    info.set_item("profile", crate::PROFILE)?;
    info.set_item("kernel", selection.latency.name)?;
    info.set_item("bulk_kernel", selection.bulk.name)?;
    info.set_item("kernels", kernels)?;
    info.set_item("lanes", selection.latency.widths.last())?;
    info.set_item("threads", params::threads()?)?;
    info.set_item("memory_budget", params::memory_budget())?;
    info.set_item("lanes_busy", now.lanes_busy)?;
    info.set_item("queued", now.queued)?;
    Ok(info)
}

/// What the pool of this process has done since it started, and what it holds now.
#[pyfunction]
pub(super) fn pool_counters(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let now = pool::if_started().map(pool::Pool::counters).unwrap_or_default();
    let counters = PyDict::new(py);
    counters.set_item("slices", now.slices)?;
    counters.set_item("iterations", now.iterations)?;
    counters.set_item("admissions", now.admissions)?;
    counters.set_item("moves", now.moves)?;
    counters.set_item("swaps", now.swaps)?;
    counters.set_item("cancellations", now.cancellations)?;
    counters.set_item("submitted", now.submitted)?;
    counters.set_item("finished", now.finished)?;
    counters.set_item("refusals", now.refusals)?;
    counters.set_item("widest", now.widest)?;
    counters.set_item("queued", now.queued)?;
    counters.set_item("lanes_busy", now.lanes_busy)?;
    counters.set_item("reserved", now.reserved)?;
    counters.set_item("workers", now.workers)?;
    Ok(counters)
}

/// Nanoseconds of the instruction chain that one iteration cannot be faster than, where the machine has it.
#[pyfunction]
#[pyo3(signature = (rounds, /))]
pub(super) fn measure_floor(py: Python<'_>, rounds: u32) -> Option<f64> {
    py.detach(|| lanes::measure_floor(rounds))
}
