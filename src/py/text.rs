//! Python's text and bytes at the boundary.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::constant_time;

/// Why an object is no text.
pub(super) enum NoText {
    /// A `str` with a lone surrogate, which UTF-8 cannot hold.
    Surrogate,
    /// Neither `str` nor `bytes`.
    Type(PyErr),
}

/// The UTF-8 of a `str`, or the bytes of a `bytes`, borrowed from the object: both are immutable.
pub(super) fn utf8<'a>(object: &'a Bound<'_, PyAny>, name: &str) -> Result<&'a [u8], NoText> {
    if let Ok(text) = object.cast::<PyString>() {
        // UnicodeEncodeError names the text it could not encode, and the text may be a password: it goes no further.
        text.to_str().map(str::as_bytes).map_err(|_| NoText::Surrogate)
    } else if let Ok(bytes) = object.cast::<PyBytes>() {
        Ok(bytes.as_bytes())
    } else {
        let kind = object.get_type().name().map(|kind| kind.to_string()).unwrap_or_default();
        Err(NoText::Type(PyTypeError::new_err(format!("{name} must be str or bytes, not {kind}."))))
    }
}

/// As [`utf8`], for callers that refuse a lone surrogate as they refuse any other bad value.
pub(super) fn required<'a>(object: &'a Bound<'_, PyAny>, name: &str) -> PyResult<&'a [u8]> {
    utf8(object, name).map_err(|reason| match reason {
        NoText::Surrogate => PyValueError::new_err(format!("{name} holds a lone surrogate, which is not text.")),
        NoText::Type(error) => error,
    })
}

/// Whether two texts or byte strings are equal, in a time that depends on their lengths alone.
#[pyfunction]
#[pyo3(signature = (a, b, /))]
pub(super) fn constant_time_compare(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(constant_time::equal(&comparable(a, "a")?, &comparable(b, "b")?))
}

/// As [`utf8`], but a lone surrogate becomes the three bytes it would have: a comparison has no reason to fail.
fn comparable(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<u8>> {
    match utf8(object, name) {
        Ok(bytes) => Ok(bytes.to_vec()),
        Err(NoText::Surrogate) => object.call_method1("encode", ("utf-8", "surrogatepass"))?.extract(),
        Err(NoText::Type(error)) => Err(error),
    }
}
