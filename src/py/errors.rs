//! The one conversion of the core's errors into Python exceptions.

use pyo3::PyErrArguments;
use pyo3::exceptions::{PyKeyboardInterrupt, PyMemoryError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyModule, PyType};

use crate::error::Error;
use crate::token::refusal::Refusal;

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Iterations { .. }
            | Error::Salt
            | Error::DerivedKeyLength
            | Error::Digest
            | Error::ThreadCount
            | Error::Cost
            | Error::Format
            | Error::Model
            | Error::Kernel(_)
            | Error::Setting(_) => PyValueError::new_err(text),
            Error::Busy { retry_after } => exception("HasherBusy", retry_after.as_secs_f64()),
            Error::ShutDown | Error::Abandoned | Error::Forked | Error::WorkerFailed => {
                PyRuntimeError::new_err(text)
            }
            // What interrupted the caller is raised in its stead, by whoever watched.
            Error::Interrupted => PyKeyboardInterrupt::new_err(()),
            Error::Memory => PyMemoryError::new_err(text),
            Error::Random | Error::Threads => PyOSError::new_err(text),
            Error::Key(_) => exception("InvalidKeyError", text),
            Error::Token(Refusal::Missing(claim)) => exception("MissingRequiredClaimError", claim),
            Error::Token(refusal) => exception(token_class(&refusal), text),
        }
    }
}

/// The class of `ferrauth.exceptions` that stands for a refused token: PyJWT's names.
const fn token_class(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::TooLong
        | Refusal::Segments
        | Refusal::Header(_)
        | Refusal::NoAlgorithms
        | Refusal::Payload(_)
        | Refusal::Date(_) => "DecodeError",
        Refusal::Algorithm => "InvalidAlgorithmError",
        Refusal::Signature => "InvalidSignatureError",
        Refusal::Missing(_) => "MissingRequiredClaimError",
        Refusal::IssuedAt => "InvalidIssuedAtError",
        Refusal::Expired => "ExpiredSignatureError",
        Refusal::Immature(_) => "ImmatureSignatureError",
        Refusal::Audience => "InvalidAudienceError",
        Refusal::Issuer => "InvalidIssuerError",
        Refusal::Subject => "InvalidSubjectError",
        Refusal::TokenId => "InvalidJTIError",
        Refusal::HeaderParameter(_)
        | Refusal::Typ
        | Refusal::KeyId
        | Refusal::KeyWindow
        | Refusal::Lifetime
        | Refusal::TokenType
        | Refusal::Session
        | Refusal::Clock => "InvalidTokenError",
    }
}

/// An exception of a class that Python defines: with the stable ABI, Rust cannot derive one from another.
fn exception(class: &str, argument: impl PyErrArguments + 'static) -> PyErr {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    Python::attach(|py| {
        let module = MODULE.get_or_try_init(py, || PyModule::import(py, "ferrauth.exceptions").map(Bound::unbind));
        match module.and_then(|module| Ok(module.bind(py).getattr(class)?.cast_into::<PyType>()?)) {
            Ok(class) => PyErr::from_type(class, argument),
            Err(error) => error,
        }
    })
}
