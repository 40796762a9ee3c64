//! Password derivation and checks. Every derivation runs detached from the interpreter.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyString};
use zeroize::Zeroizing;

use super::text::{required, utf8};
use crate::error::Error;
use crate::password::check::{Check, Policy, Verdict};
use crate::password::{self, batch, params, pbkdf2, salt};

/// How many PBKDF2 iterations this process has executed. Tests of equal work compare it.
#[pyfunction]
pub(super) fn iterations_executed() -> u64 {
    pbkdf2::iterations_executed()
}

/// The highest iteration count that this process accepts.
#[pyfunction]
pub(super) fn max_iterations() -> u32 {
    params::max_iterations()
}

/// Sets the highest iteration count that this process accepts.
#[pyfunction]
#[pyo3(signature = (value, /))]
pub(super) fn set_max_iterations(value: &Bound<'_, PyAny>) -> PyResult<()> {
    Ok(params::set_max_iterations(count(value, u32::MAX)?)?)
}

/// `length` letters and digits from the operating system's generator.
#[pyfunction]
#[pyo3(signature = (length, /))]
pub(super) fn random_text(length: usize) -> PyResult<String> {
    Ok(salt::random_text(length)?)
}

/// Raw PBKDF2-HMAC, with hashlib's signature.
#[pyfunction]
#[pyo3(signature = (hash_name, password, salt, iterations, dklen = None))]
pub(super) fn pbkdf2_hmac<'py>(
    py: Python<'py>,
    hash_name: &str,
    password: &Bound<'py, PyAny>,
    salt: &Bound<'py, PyAny>,
    iterations: &Bound<'py, PyAny>,
    dklen: Option<usize>,
) -> PyResult<Bound<'py, PyBytes>> {
    let digest = pbkdf2::Digest::from_name(hash_name)?;
    let password = required(password, "password")?;
    let salt = required(salt, "salt")?;
    let iterations = count(iterations, params::max_iterations())?;
    let mut key = Zeroizing::new(vec![0; dklen.unwrap_or(digest.output_length())]);
    py.detach(|| pbkdf2::derive(digest, password, salt, iterations, &mut key))?;
    Ok(PyBytes::new(py, &key))
}

/// Encodes a password as Django does; a fresh salt where none is given.
#[pyfunction]
#[pyo3(signature = (password, salt, iterations, /))]
pub(super) fn make_password(
    py: Python<'_>,
    password: &Bound<'_, PyAny>,
    salt: Option<&Bound<'_, PyAny>>,
    iterations: &Bound<'_, PyAny>,
) -> PyResult<String> {
    let password = required(password, "password")?;
    let iterations = count(iterations, params::max_iterations())?;
    let salt = match salt {
        None => salt::generate()?,
        Some(salt) => String::from_utf8(required(salt, "salt")?.to_vec())
            .map_err(|_| PyValueError::new_err("salt must be UTF-8."))?,
    };
    Ok(py.detach(|| password::make(password, &salt, iterations))?)
}

/// Whether the password is the row's, and whether the row is below `preferred` iterations or salted too briefly.
/// Never raises for any password or row: what cannot be read costs what a wrong password costs.
#[pyfunction]
#[pyo3(signature = (password, encoded, preferred, /))]
pub(super) fn check_password(
    py: Python<'_>,
    password: &Bound<'_, PyAny>,
    encoded: &Bound<'_, PyAny>,
    preferred: &Bound<'_, PyAny>,
) -> PyResult<(bool, bool)> {
    let (password, row) = (submitted(password), stored(encoded));
    let check = Check::new(row, policy(preferred)?);
    let verdict = py.detach(|| check.run(password))?;
    if !check.is_readable() {
        report_unreadable(row);
    }
    Ok((verdict != Verdict::Refused, verdict == Verdict::Outdated))
}

/// Encodes many passwords, each with a fresh salt, on every core.
#[pyfunction]
#[pyo3(signature = (passwords, iterations, /))]
pub(super) fn make_passwords(
    py: Python<'_>,
    passwords: Vec<Bound<'_, PyAny>>,
    iterations: &Bound<'_, PyAny>,
) -> PyResult<Vec<String>> {
    let iterations = count(iterations, params::max_iterations())?;
    let texts = passwords
        .iter()
        .enumerate()
        .map(|(index, password)| required(password, &format!("passwords[{index}]")))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(py.detach(|| batch::make(&texts, iterations))?)
}

/// Checks many passwords, each against its row, on every core.
#[pyfunction]
#[pyo3(signature = (pairs, preferred, /))]
pub(super) fn check_passwords(
    py: Python<'_>,
    pairs: Vec<(Bound<'_, PyAny>, Bound<'_, PyAny>)>,
    preferred: &Bound<'_, PyAny>,
) -> PyResult<Vec<bool>> {
    let policy = policy(preferred)?;
    let texts: Vec<_> = pairs.iter().map(|(password, row)| (submitted(password), stored(row))).collect();
    Ok(py.detach(|| batch::check(&texts, policy))?)
}

/// A submitted password, if it is text at all.
fn submitted<'a>(password: &'a Bound<'_, PyAny>) -> Option<&'a [u8]> {
    utf8(password, "password").ok()
}

/// A stored row, if it is text at all.
fn stored<'a>(encoded: &'a Bound<'_, PyAny>) -> Option<&'a str> {
    encoded.cast::<PyString>().ok().and_then(|text| text.to_str().ok())
}

fn policy(preferred: &Bound<'_, PyAny>) -> PyResult<Policy> {
    let max_iterations = params::max_iterations();
    Ok(Policy { preferred_iterations: count(preferred, max_iterations)?, max_iterations })
}

/// An iteration count: an `int` from 1 to `max`, and `True` is none.
fn count(value: &Bound<'_, PyAny>, max: u32) -> Result<u32, Error> {
    let refused = Error::Iterations { max };
    if !value.is_instance_of::<PyInt>() || value.is_instance_of::<PyBool>() {
        return Err(refused);
    }
    value.extract().ok().filter(|count| (1..=max).contains(count)).ok_or(refused)
}

/// An operator should hear of a row that nobody can log in with. An unusable password (`!...`) is meant to be one.
fn report_unreadable(row: Option<&str>) {
    if row.is_none_or(|row| !row.starts_with('!')) {
        log::warn!(target: "ferrauth::core", "a stored password could not be read; it was refused at full cost");
    }
}
