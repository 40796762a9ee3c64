//! What this build is, and what it runs on.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::password::params;

/// The version, the profile and the kernel in use.
#[pyfunction]
pub(super) fn build_info(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let info = PyDict::new(py);
    info.set_item("version", crate::VERSION)?;
    info.set_item("profile", crate::PROFILE)?;
    info.set_item("kernel", "soft")?;
    info.set_item("lanes", 1)?;
    info.set_item("threads", params::threads())?;
    info.set_item("memory_budget", params::memory_budget())?;
    Ok(info)
}
