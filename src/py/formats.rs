//! The derivations of Django's other formats, raw: what its hasher classes ask of argon2-cffi, bcrypt and hashlib.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::admission;
use super::password::{stored, to_policy};
use super::text::required;
use super::waiting::{Vigil, detached};
use crate::error::Error;
use crate::password::argon2::Argon2;
use crate::password::check::{self, Preferred, Verdict};
use crate::password::derivation::{Derivation, Key};
use crate::password::encoded::{self, Format, Formats, Limits};
use crate::password::legacy::{Hash, Legacy};
use crate::password::params::Caller;
use crate::password::scrypt::Scrypt;
use crate::password::{self, params};

/// The names of all formats that ferrauth reads.
#[pyfunction]
pub(super) fn formats() -> Vec<&'static str> {
    Format::names().collect()
}

/// The format and the work of a stored row, in PBKDF2-HMAC-SHA256 iterations; `None` for one that cannot be read.
#[pyfunction]
#[pyo3(signature = (encoded, /))]
pub(super) fn work_of(encoded: &Bound<'_, PyAny>) -> Option<(&'static str, u64)> {
    let row = encoded::parse(stored(encoded)?, Limits::current(Formats::ALL))?;
    Some((row.format.name(), row.derivation.work()))
}

/// Whether a stored row is weaker than a new one; `None` for one that cannot be read.
#[pyfunction]
#[pyo3(signature = (encoded, policy, /))]
pub(super) fn is_outdated(encoded: &Bound<'_, PyAny>, policy: &Bound<'_, PyAny>) -> PyResult<Option<bool>> {
    Ok(check::Check::new(stored(encoded), to_policy(policy)?).is_outdated())
}

/// Whether the password is the row's, at the row's own cost: nothing is added for equal work.
#[pyfunction]
#[pyo3(signature = (password, encoded, /))]
pub(super) fn matches(py: Python<'_>, password: &Bound<'_, PyAny>, encoded: &Bound<'_, PyAny>) -> PyResult<bool> {
    let password = required(password, "password")?;
    let policy = check::Policy::new(Preferred::Iterations(1), Formats::ALL, 0)?;
    let check = check::Check::new(stored(encoded), policy);
    if !check.is_readable() {
        return Ok(false);
    }
    let reservation = admission::reserve(Caller::Sync, None)?;
    let (verdict, _) =
        detached(py, Vigil::new(py)?, reservation, |wait| password::check(Some(password), &check, false, wait))?;
    Ok(verdict != Verdict::Refused)
}

/// Raw Argon2.
#[pyfunction]
#[pyo3(signature = (password, salt, *, variety, version, memory_cost, time_cost, parallelism, length))]
#[expect(clippy::too_many_arguments, reason = "RFC 9106 has as many inputs, and all are named by the caller")]
pub(super) fn argon2<'py>(
    py: Python<'py>,
    password: &Bound<'py, PyAny>,
    salt: &Bound<'py, PyAny>,
    variety: &str,
    version: u32,
    memory_cost: u32,
    time_cost: u32,
    parallelism: u32,
    length: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    let argon2 = Argon2 {
        variety: password::argon2::variety(variety).ok_or(Error::Cost)?,
        version: password::argon2::version(version).ok_or(Error::Cost)?,
        memory: memory_cost,
        passes: time_cost,
        lanes: parallelism,
        salt: required(salt, "salt")?.to_vec(),
        length,
    };
    argon2.check(params::max_memory())?;
    Ok(PyBytes::new(py, &derive(py, password, &Derivation::Argon2(argon2))?))
}

/// Raw scrypt with a key of 64 bytes.
#[pyfunction]
#[pyo3(signature = (password, salt, *, n, r, p))]
pub(super) fn scrypt<'py>(
    py: Python<'py>,
    password: &Bound<'py, PyAny>,
    salt: &str,
    n: u32,
    r: u32,
    p: u32,
) -> PyResult<Bound<'py, PyBytes>> {
    let scrypt = Scrypt { n, r, p, salt: salt.to_owned() };
    scrypt.check(params::max_memory())?;
    Ok(PyBytes::new(py, &derive(py, password, &Derivation::Scrypt(scrypt))?))
}

/// The 31 characters that bcrypt writes behind a cost (without leading zero) and a salt of 22 characters.
#[pyfunction]
#[pyo3(signature = (password, cost, salt, /))]
pub(super) fn bcrypt(py: Python<'_>, password: &Bound<'_, PyAny>, cost: u32, salt: &str) -> PyResult<String> {
    let setting = password::bcrypt::setting(false, &cost.to_string(), salt).ok_or(Error::Cost)?;
    text(py, password, &Derivation::Bcrypt(setting))
}

/// MD5 of salt and password, in hexadecimal.
#[pyfunction]
#[pyo3(signature = (password, salt, /))]
pub(super) fn md5(py: Python<'_>, password: &Bound<'_, PyAny>, salt: &str) -> PyResult<String> {
    text(py, password, &Derivation::Legacy(Legacy { hash: Hash::Md5, salt: salt.to_owned() }))
}

/// Derives within the pool's bounds, and waits.
fn derive(py: Python<'_>, password: &Bound<'_, PyAny>, derivation: &Derivation) -> PyResult<Key> {
    let password = required(password, "password")?;
    let reservation = admission::reserve(Caller::Sync, None)?;
    detached(py, Vigil::new(py)?, reservation, |wait| password::derive(password, derivation.clone(), wait))
}

fn text(py: Python<'_>, password: &Bound<'_, PyAny>, derivation: &Derivation) -> PyResult<String> {
    Ok(derivation.text(&derive(py, password, derivation)?).to_string())
}
