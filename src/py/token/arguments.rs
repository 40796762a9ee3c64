//! Arguments that several functions take.

use std::sync::LazyLock;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyInt, PyString};

use crate::error::Error;
use crate::token::algorithm::Algorithm;
use crate::token::clock;
use crate::token::compact::MAX_TOKEN;
use crate::token::decode::Expectations;
use crate::token::refusal::{KeyRefusal, Refusal};
use crate::token::rules::MAX_LEEWAY;

static DEFAULT: LazyLock<Expectations> = LazyLock::new(Expectations::default);

/// The bytes of a token. A `str` that UTF-8 cannot hold is a bad token like any other (J45, J46).
pub(super) fn token<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    if let Ok(text) = object.cast::<PyString>() {
        text.to_str().map(str::as_bytes).map_err(|_| Error::Token(Refusal::Segments).into())
    } else if let Ok(bytes) = object.cast::<PyBytes>() {
        Ok(bytes.as_bytes())
    } else {
        let kind = object.get_type().name()?;
        Err(PyTypeError::new_err(format!("A token must be str or bytes, not {kind}.")))
    }
}

/// The caller's time, or the clock's.
pub(super) fn time(now: Option<u64>) -> PyResult<u64> {
    match now {
        Some(now) => Ok(now),
        None => clock::now().map_err(|refusal| Error::Token(refusal).into()),
    }
}

/// A whole number of seconds: an `int` or a `timedelta`, from zero on.
pub(super) fn seconds(value: &Bound<'_, PyAny>, name: &str) -> PyResult<u64> {
    let seconds = if value.hasattr("total_seconds")? {
        value.call_method0("total_seconds")?.extract::<f64>()?
    } else if value.is_instance_of::<PyBool>() {
        f64::NAN
    } else {
        value
            .extract::<f64>()
            .map_err(|_| PyTypeError::new_err(format!("{name} must be seconds or a timedelta.")))?
    };
    if !(0.0..=clock::LATEST as f64).contains(&seconds) {
        return Err(PyValueError::new_err(format!("{name} must be seconds or a timedelta, not negative.")));
    }
    // A fraction of a second never lengthens anything.
    Ok(seconds as u64)
}

/// A moment: seconds since 1970, or a `datetime` that knows its offset.
pub(super) fn moment(value: &Bound<'_, PyAny>, name: &str) -> PyResult<u64> {
    if is_datetime(value)? {
        let seconds = timestamp(value, name)?;
        return u64::try_from(seconds)
            .map_err(|_| PyValueError::new_err(format!("{name} must not be before 1970.")));
    }
    if !value.is_instance_of::<PyInt>() || value.is_instance_of::<PyBool>() {
        return Err(PyTypeError::new_err(format!("{name} must be whole seconds since 1970 or a datetime.")));
    }
    value.extract().map_err(|_| PyValueError::new_err(format!("{name} must be whole seconds since 1970.")))
}

pub(super) fn is_datetime(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    // Asking the type by its method spares an import at every call.
    value.hasattr("utctimetuple")
}

/// Whole seconds since 1970 of a `datetime`, rounded down as PyJWT does.
pub(super) fn timestamp(datetime: &Bound<'_, PyAny>, name: &str) -> PyResult<i64> {
    if datetime.call_method0("utcoffset")?.is_none() {
        return Err(PyValueError::new_err(format!(
            "{name} is a datetime without a time zone: which moment it means is a guess. Use datetime.now(timezone.utc)."
        )));
    }
    let calendar = datetime.py().import("calendar")?;
    calendar.call_method1("timegm", (datetime.call_method0("utctimetuple")?,))?.extract()
}

/// An algorithm by its name.
pub(super) fn algorithm(name: &str) -> PyResult<Algorithm> {
    Algorithm::from_name(name).ok_or_else(|| Error::Key(KeyRefusal::Algorithm).into())
}

/// As [`algorithm`], where one is named.
pub(super) fn optional_algorithm(name: Option<&str>) -> PyResult<Option<Algorithm>> {
    name.map(algorithm).transpose()
}

/// One text, or several.
pub(super) fn texts(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<String>> {
    if let Ok(text) = value.extract::<String>() {
        return Ok(vec![text]);
    }
    let wrong = || PyTypeError::new_err(format!("{name} must be a str or an iterable of str."));
    value.try_iter().map_err(|_| wrong())?.map(|item| item?.extract::<String>().map_err(|_| wrong())).collect()
}

/// The claims of `require`, each once. One name that is no list would be read as the list of its letters elsewhere.
fn names(value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    if value.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("require must be a list of names, not one name."));
    }
    let mut names = texts(value, "require")?;
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// What `decode` was asked to expect. The arguments that nobody gave cost nothing.
pub(super) struct Asked<'a, 'py> {
    pub(super) audience: Option<&'a Bound<'py, PyAny>>,
    pub(super) issuer: Option<&'a Bound<'py, PyAny>>,
    pub(super) subject: Option<String>,
    pub(super) leeway: Option<&'a Bound<'py, PyAny>>,
    pub(super) options: Option<&'a Bound<'py, PyDict>>,
    pub(super) typ: Option<String>,
    pub(super) algorithms: Option<Vec<Algorithm>>,
}

/// Expectations that were asked for, or those of everyone.
pub(super) enum Expected {
    Default,
    Asked(Box<Expectations>),
}

impl Expected {
    pub(super) fn get(&self) -> &Expectations {
        match self {
            Self::Default => &DEFAULT,
            Self::Asked(expectations) => expectations,
        }
    }
}

impl Asked<'_, '_> {
    pub(super) fn expectations(self) -> PyResult<Expected> {
        if self.audience.is_none()
            && self.issuer.is_none()
            && self.subject.is_none()
            && self.leeway.is_none()
            && self.options.is_none()
            && self.typ.is_none()
            && self.algorithms.is_none()
        {
            return Ok(Expected::Default);
        }
        let mut expected = Expectations::default();
        expected.rules.audiences = self.audience.map(|value| texts(value, "audience")).transpose()?;
        expected.rules.issuers = self.issuer.map(|value| texts(value, "issuer")).transpose()?;
        expected.rules.subject = self.subject;
        expected.rules.leeway = self.leeway.map_or(Ok(0), |value| seconds(value, "leeway"))?;
        if expected.rules.leeway > MAX_LEEWAY {
            return Err(PyValueError::new_err(format!("leeway must be from 0 to {MAX_LEEWAY} seconds.")));
        }
        expected.header.typ = self.typ;
        expected.header.algorithms = self.algorithms;
        if let Some(options) = self.options {
            read_options(options, &mut expected)?;
        }
        if expected.rules.strict_audience
            && self.audience.is_some_and(|audience| !audience.is_instance_of::<PyString>())
        {
            // Strict is about one audience on either side: a list of them is none (PyJWT).
            expected.rules.audiences = Some(Vec::new());
        }
        Ok(Expected::Asked(Box::new(expected)))
    }
}

/// PyJWT's options, but those that would switch the signature check off.
fn read_options(options: &Bound<'_, PyDict>, expected: &mut Expectations) -> PyResult<()> {
    let checks = &mut expected.rules.checks;
    // Of a copy: asking a value whether it is true may run code that changes the dict.
    for (name, value) in options.copy()?.iter() {
        let name: String = name.extract()?;
        match name.as_str() {
            "verify_signature" if value.is_truthy()? => {}
            "verify_signature" => {
                return Err(PyValueError::new_err(
                    "verify_signature cannot be switched off here: see ferrauth.hazmat.decode_unverified.",
                ));
            }
            "verify_exp" => checks.exp = value.is_truthy()?,
            "verify_nbf" => checks.nbf = value.is_truthy()?,
            "verify_iat" => checks.iat = value.is_truthy()?,
            "verify_aud" => checks.aud = value.is_truthy()?,
            "verify_iss" => checks.iss = value.is_truthy()?,
            "verify_sub" => checks.sub = value.is_truthy()?,
            "verify_jti" => checks.jti = value.is_truthy()?,
            "strict_aud" => expected.rules.strict_audience = value.is_truthy()?,
            "require" => expected.rules.required = names(&value)?,
            // It is enforced whatever this says.
            "enforce_minimum_key_length" => {}
            "max_length" => {
                expected.max_length =
                    value.extract::<usize>().ok().filter(|length| (1..=MAX_TOKEN).contains(length)).ok_or_else(
                        || PyValueError::new_err(format!("max_length must be from 1 to {MAX_TOKEN} bytes.")),
                    )?;
            }
            _ => return Err(PyValueError::new_err(format!("There is no option {name:?}."))),
        }
    }
    Ok(())
}
