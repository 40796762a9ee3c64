//! What an issuer makes and reads: `TokenPair` and `Claims`.

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyDict};

use crate::token::issuer::Issued;

/// An access token and the refresh token that renews it.
#[pyclass(frozen, name = "TokenPair", module = "ferrauth.tokens")]
pub(crate) struct PyTokenPair {
    access: Issued,
    refresh: Issued,
    issued_at: u64,
}

impl PyTokenPair {
    pub(super) const fn new(access: Issued, refresh: Issued, issued_at: u64) -> Self {
        Self { access, refresh, issued_at }
    }
}

#[pymethods]
impl PyTokenPair {
    /// The access token.
    #[getter]
    fn access(&self) -> &str {
        &self.access.token
    }

    /// The refresh token.
    #[getter]
    fn refresh(&self) -> &str {
        &self.refresh.token
    }

    /// `jti` of the access token.
    #[getter]
    fn access_jti(&self) -> &str {
        &self.access.token_id
    }

    /// `jti` of the refresh token.
    #[getter]
    fn refresh_jti(&self) -> &str {
        &self.refresh.token_id
    }

    /// `exp` of the access token.
    #[getter]
    fn access_expires_at(&self) -> u64 {
        self.access.expires_at
    }

    /// `exp` of the refresh token.
    #[getter]
    fn refresh_expires_at(&self) -> u64 {
        self.refresh.expires_at
    }

    /// `iat` of both.
    #[getter]
    fn issued_at(&self) -> u64 {
        self.issued_at
    }

    /// The life of the access token, in seconds.
    #[getter]
    fn expires_in(&self) -> u64 {
        self.access.expires_at - self.issued_at
    }

    fn __repr__(&self) -> String {
        format!("<TokenPair access_jti={:?} refresh_jti={:?}>", self.access.token_id, self.refresh.token_id)
    }
}

/// The claims of a verified token.
#[pyclass(frozen, mapping, name = "Claims", module = "ferrauth.tokens")]
pub(crate) struct PyClaims {
    claims: Py<PyDict>,
}

impl PyClaims {
    pub(super) const fn new(claims: Py<PyDict>) -> Self {
        Self { claims }
    }

    fn claim<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.claims.bind(py).get_item(name)
    }

    fn present<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        self.claim(py, name)?.ok_or_else(|| PyKeyError::new_err(name.to_owned()))
    }
}

#[pymethods]
impl PyClaims {
    /// Whom the token speaks of.
    #[getter]
    fn sub<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.present(py, "sub")
    }

    /// The token's id.
    #[getter]
    fn jti<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.present(py, "jti")
    }

    /// When the token was made.
    #[getter]
    fn iat<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.present(py, "iat")
    }

    /// When the token ends.
    #[getter]
    fn exp<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.present(py, "exp")
    }

    /// What the token is for.
    #[getter]
    fn token_type<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.present(py, "token_type")
    }

    /// Who made the token.
    #[getter]
    fn iss<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.claim(py, "iss")
    }

    /// Whom the token is for.
    #[getter]
    fn aud<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.claim(py, "aud")
    }

    /// The token's session.
    #[getter]
    fn sid<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.claim(py, "sid")
    }

    /// The session's generation.
    #[getter]
    fn r#gen<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.claim(py, "gen")
    }

    /// The claim of that name, or the default.
    #[pyo3(signature = (name, default = None, /))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.claim(py, name)?.or(default))
    }

    /// All claims, in a new dict.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.claims.bind(py).copy()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        self.present(py, name)
    }

    fn __contains__(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.claims.bind(py).contains(name)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyIterator>> {
        self.claims.bind(py).keys().try_iter()
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.claims.bind(py).len()
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        match other.cast::<Self>() {
            Ok(other) => self.claims.bind(py).eq(other.get().claims.bind(py)),
            Err(_) => Ok(false),
        }
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<Claims sub={} token_type={}>", self.sub(py)?.repr()?, self.token_type(py)?.repr()?))
    }
}
