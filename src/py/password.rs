//! Password derivation and checks for callers who wait. Every derivation runs detached from the interpreter.

use std::num::NonZero;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyInt, PyString};
use zeroize::Zeroizing;

use super::admission::{self, Admission};
use super::text::{required, utf8};
use super::waiting::{Vigil, detached};
use crate::error::Error;
use crate::password::check::{self, Check, Preferred, Verdict};
use crate::password::encoded::{Format, Formats};
use crate::password::params::Caller;
use crate::password::{self, batch, derive, params, pbkdf2, salt};

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

/// Sets the memory that all derivations together may take at once, in bytes; `None` for a quarter of the machine's.
#[pyfunction]
#[pyo3(signature = (bytes, /))]
pub(super) fn set_memory_budget(bytes: Option<NonZero<u64>>) {
    params::set_memory_budget(bytes.map_or(0, NonZero::get));
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
    let reservation = admission::reserve(Caller::Sync, None)?;
    let mut key = Zeroizing::new(vec![0; dklen.unwrap_or(digest.output_length())]);
    detached(py, Vigil::new(py)?, reservation, |wait| {
        derive::derive(digest, password, salt, iterations, &mut key, wait)
    })?;
    Ok(PyBytes::new(py, &key))
}

/// Encodes a password as Django does, in a format that is PBKDF2's; a fresh salt where none is given.
#[pyfunction]
#[pyo3(signature = (password, salt, iterations, admission = None, algorithm = "pbkdf2_sha256", /))]
pub(super) fn make_password(
    py: Python<'_>,
    password: &Bound<'_, PyAny>,
    salt: Option<&Bound<'_, PyAny>>,
    iterations: &Bound<'_, PyAny>,
    admission: Option<&Bound<'_, Admission>>,
    algorithm: &str,
) -> PyResult<String> {
    let format = Format::from_name(algorithm).ok_or(Error::Format)?;
    let password = required(password, "password")?;
    let iterations = count(iterations, params::max_iterations())?;
    let salt = self::salt(salt)?;
    let reservation = admission::reserve(Caller::Sync, admission)?;
    detached(py, Vigil::new(py)?, reservation, |wait| password::make(password, &salt, iterations, format, wait))
}

/// What a password costs here: the format and cost of a new one, which formats verify, the least work of a failure.
#[pyclass(frozen, module = "ferrauth._core")]
pub(super) struct Policy(check::Policy);

#[pymethods]
impl Policy {
    #[new]
    #[pyo3(signature = (*, iterations = None, model = None, formats = None, floor = 0))]
    fn new(
        iterations: Option<&Bound<'_, PyAny>>,
        model: Option<&str>,
        formats: Option<&Bound<'_, PyAny>>,
        floor: u32,
    ) -> PyResult<Self> {
        let formats = match formats {
            None => Formats::strong(),
            Some(names) => {
                let names = names.try_iter()?.map(|name| name?.extract()).collect::<PyResult<Vec<String>>>()?;
                Formats::from_names(names.iter().map(String::as_str))?
            }
        };
        let preferred = match (iterations, model) {
            (None, None) => Preferred::Iterations(params::DEFAULT_ITERATIONS),
            (Some(iterations), None) => Preferred::Iterations(count(iterations, params::max_iterations())?),
            (None, Some(model)) => Preferred::Model(model),
            (Some(_), Some(_)) => return Err(PyValueError::new_err("give iterations or a model, not both.")),
        };
        Ok(Self(check::Policy::new(preferred, formats, floor)?))
    }

    /// The iterations of a new `pbkdf2_sha256` row; `None` where new rows are of another format.
    #[getter]
    fn iterations(&self) -> Option<u32> {
        self.0.iterations()
    }

    /// The work of every failure, in PBKDF2-HMAC-SHA256 iterations.
    #[getter]
    fn floor(&self) -> u64 {
        self.0.floor()
    }
}

/// Whether the password is the row's, and whether the row is weaker than a new one. `policy` is a [`Policy`], or the
/// iterations of a new `pbkdf2_sha256` row. Never raises for any password or row: what cannot be read costs what a
/// wrong password costs.
#[pyfunction]
#[pyo3(signature = (password, encoded, policy, admission = None, /))]
pub(super) fn check_password(
    py: Python<'_>,
    password: &Bound<'_, PyAny>,
    encoded: &Bound<'_, PyAny>,
    policy: &Bound<'_, PyAny>,
    admission: Option<&Bound<'_, Admission>>,
) -> PyResult<(bool, bool)> {
    let (verdict, _) = check(py, password, encoded, policy, admission, false)?;
    Ok((verdict != Verdict::Refused, verdict == Verdict::Outdated))
}

/// Whether the password is the row's; and a new encoding, if it is and the row is outdated. One job of the pool.
#[pyfunction]
#[pyo3(signature = (password, encoded, policy, admission = None, /))]
pub(super) fn verify_and_update(
    py: Python<'_>,
    password: &Bound<'_, PyAny>,
    encoded: &Bound<'_, PyAny>,
    policy: &Bound<'_, PyAny>,
    admission: Option<&Bound<'_, Admission>>,
) -> PyResult<(bool, Option<String>)> {
    let (verdict, renewed) = check(py, password, encoded, policy, admission, true)?;
    Ok((verdict != Verdict::Refused, renewed))
}

fn check(
    py: Python<'_>,
    password: &Bound<'_, PyAny>,
    encoded: &Bound<'_, PyAny>,
    policy: &Bound<'_, PyAny>,
    admission: Option<&Bound<'_, Admission>>,
    renew: bool,
) -> PyResult<(Verdict, Option<String>)> {
    // Before anything about the row is known: whether the pool is busy must not depend on whether a user exists.
    let reservation = admission::reserve(Caller::Sync, admission)?;
    let password = submitted(password);
    let check = plan(encoded, policy)?;
    detached(py, Vigil::new(py)?, reservation, |wait| password::check(password, &check, renew, wait))
}

/// Encodes many passwords, each with a fresh salt, on every core.
#[pyfunction]
#[pyo3(signature = (passwords, iterations, progress = None, /))]
pub(super) fn make_passwords(
    py: Python<'_>,
    passwords: Vec<Bound<'_, PyAny>>,
    iterations: &Bound<'_, PyAny>,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<Vec<String>> {
    let iterations = count(iterations, params::max_iterations())?;
    let texts = passwords
        .iter()
        .enumerate()
        .map(|(index, password)| required(password, &format!("passwords[{index}]")))
        .collect::<PyResult<Vec<_>>>()?;
    let vigil = Vigil::new(py)?.with_progress(progress, texts.len());
    detached(py, vigil, None, |wait| batch::make(&texts, iterations, wait))
}

/// Wraps many old rows; `None` for one that is not old, is wrapped, or cannot be read.
#[pyfunction]
#[pyo3(signature = (rows, iterations, progress = None, /))]
pub(super) fn wrap_passwords(
    py: Python<'_>,
    rows: Vec<Bound<'_, PyAny>>,
    iterations: &Bound<'_, PyAny>,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<Vec<Option<String>>> {
    let iterations = count(iterations, params::max_iterations())?;
    let texts: Vec<_> = rows.iter().map(|row| stored(row).unwrap_or_default()).collect();
    let vigil = Vigil::new(py)?.with_progress(progress, texts.len());
    detached(py, vigil, None, |wait| batch::wrap(&texts, iterations, wait))
}

/// Checks many passwords, each against its row, on every core.
#[pyfunction]
#[pyo3(signature = (pairs, policy, progress = None, /))]
pub(super) fn check_passwords(
    py: Python<'_>,
    pairs: Vec<Bound<'_, PyAny>>,
    policy: &Bound<'_, PyAny>,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<Vec<bool>> {
    let policy = to_policy(policy)?;
    let refused = |index| PyTypeError::new_err(format!("pairs[{index}] must be a (password, encoded) tuple."));
    let pairs = pairs
        .iter()
        .enumerate()
        .map(|(index, pair)| pair.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>().map_err(|_| refused(index)))
        .collect::<PyResult<Vec<_>>>()?;
    let texts: Vec<_> = pairs.iter().map(|(password, row)| (submitted(password), stored(row))).collect();
    let vigil = Vigil::new(py)?.with_progress(progress, texts.len());
    detached(py, vigil, None, |wait| batch::check(&texts, &policy, wait))
}

/// What a stored row asks for. An operator hears of one that cannot be read.
pub(super) fn plan(encoded: &Bound<'_, PyAny>, policy: &Bound<'_, PyAny>) -> PyResult<Check> {
    let row = stored(encoded);
    let check = Check::new(row, to_policy(policy)?);
    // No row at all is nobody's: a login with a name that does not exist.
    if !check.is_readable() && !encoded.is_none() {
        report_unreadable(row);
    }
    Ok(check)
}

/// A submitted password, if it is text at all.
pub(super) fn submitted<'a>(password: &'a Bound<'_, PyAny>) -> Option<&'a [u8]> {
    utf8(password, "password").ok()
}

/// The salt that is given, or a fresh one.
pub(super) fn salt(salt: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
    match salt {
        None => Ok(salt::generate()?),
        Some(salt) => String::from_utf8(required(salt, "salt")?.to_vec())
            .map_err(|_| PyValueError::new_err("salt must be UTF-8.")),
    }
}

/// An iteration count: an `int` from 1 to `max`, and `True` is none.
pub(super) fn count(value: &Bound<'_, PyAny>, max: u32) -> Result<u32, Error> {
    let refused = Error::Iterations { max };
    if !value.is_instance_of::<PyInt>() || value.is_instance_of::<PyBool>() {
        return Err(refused);
    }
    value.extract().ok().filter(|count| (1..=max).contains(count)).ok_or(refused)
}

/// A stored row, if it is text at all.
pub(super) fn stored<'a>(encoded: &'a Bound<'_, PyAny>) -> Option<&'a str> {
    encoded.cast::<PyString>().ok().and_then(|text| text.to_str().ok())
}

/// A [`Policy`], or the iterations of a new `pbkdf2_sha256` row.
pub(super) fn to_policy(policy: &Bound<'_, PyAny>) -> PyResult<check::Policy> {
    match policy.cast::<Policy>() {
        Ok(policy) => Ok(policy.get().0.clone()),
        Err(_) => Ok(check::Policy::pbkdf2_sha256(count(policy, params::max_iterations())?)),
    }
}

/// An operator should hear of a row that nobody can log in with. An unusable password (`!...`) is meant to be one.
fn report_unreadable(row: Option<&str>) {
    if row.is_none_or(|row| !row.starts_with('!')) {
        log::warn!(target: "ferrauth::core", "a stored password could not be read; it was refused at full cost");
    }
}
