//! The one conversion of the core's errors into Python exceptions.

use pyo3::exceptions::{PyMemoryError, PyOSError, PyValueError};
use pyo3::prelude::*;

use crate::error::Error;

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Iterations { .. }
            | Error::Salt
            | Error::DerivedKeyLength
            | Error::Digest
            | Error::Cost
            | Error::Format
            | Error::Model => PyValueError::new_err(text),
            Error::Memory => PyMemoryError::new_err(text),
            Error::Random | Error::Threads => PyOSError::new_err(text),
        }
    }
}
