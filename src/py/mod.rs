//! The Python module `ferrauth._core`: extract, validate, detach, return. Nothing is decided here.

mod admission;
mod build;
mod errors;
mod formats;
mod futures;
mod json;
mod password;
mod text;
mod token;
mod waiting;

use pyo3::prelude::*;

/// ferrauth's compiled core. Import `ferrauth`, not this: its names may change between releases.
#[pymodule]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::admission::{Admission, admit, max_wait, set_max_wait, set_max_wait_sync, set_threads};
    #[pymodule_export]
    use super::build::{build_info, measure_floor, pool_counters};
    #[pymodule_export]
    use super::formats::{argon2, bcrypt, formats, is_outdated, matches, md5, scrypt, work_of};
    #[pymodule_export]
    use super::futures::{Job, shut_down, start_check, start_make};
    #[pymodule_export]
    use super::password::{
        Policy, check_password, check_passwords, iterations_executed, make_password, make_passwords,
        max_iterations, pbkdf2_hmac, random_text, set_max_iterations, set_memory_budget, verify_and_update,
        wrap_passwords,
    };
    #[pymodule_export]
    use super::text::constant_time_compare;
    #[pymodule_export]
    use super::token::{
        PyClaims, PyKey, PyKeyRing, PyTokenIssuer, PyTokenPair, decode, decode_complete, decode_unverified,
        encode, export_private_jwk, export_private_pem, get_unverified_header,
    };
    #[pymodule_export]
    const DEFAULT_ITERATIONS: u32 = crate::password::params::DEFAULT_ITERATIONS;
    #[pymodule_export]
    const JOB_SIZE: usize = crate::password::pool::JOB_SIZE;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", crate::VERSION)?;
        module.py().import("atexit")?.call_method1("register", (module.getattr("shut_down")?,))?;
        super::install_logging(module.py())
    }
}

/// Sends the core's `log` records to Python's `logging`, as logger `ferrauth.core`.
///
/// Only threads that are attached to the interpreter log: a worker that waited for it while its caller holds it would
/// wait for ever.
fn install_logging(py: Python<'_>) -> PyResult<()> {
    let logger = pyo3_log::Logger::new(py, pyo3_log::Caching::Nothing)?.filter(log::LevelFilter::Info);
    // A second import in one process, by a subinterpreter for example, finds the logger installed.
    let _ = logger.install();
    Ok(())
}
