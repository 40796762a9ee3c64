//! `TokenIssuer`, the pair it makes and the claims it reads.

use std::sync::Arc;

use pyo3::exceptions::{PyKeyError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyDict, PyString};

use super::arguments;
use super::keys;
use crate::py::json::{self, Failure, Objects};
use crate::token::issuer::{Configuration, Content, Issued, Kind, RESERVED, TokenIssuer};

/// Makes and verifies access and refresh tokens.
#[pyclass(frozen, name = "TokenIssuer", module = "ferrauth.tokens")]
pub(crate) struct PyTokenIssuer(Arc<TokenIssuer>);

#[pymethods]
impl PyTokenIssuer {
    #[new]
    #[pyo3(signature = (keys, access_lifetime = None, refresh_lifetime = None, issuer = None, audience = None, *, leeway = None))]
    fn new(
        keys: &Bound<'_, PyAny>,
        access_lifetime: Option<&Bound<'_, PyAny>>,
        refresh_lifetime: Option<&Bound<'_, PyAny>>,
        issuer: Option<String>,
        audience: Option<String>,
        leeway: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let lifetime = |value: Option<&Bound<'_, PyAny>>, name, default| match value {
            Some(value) => arguments::seconds(value, name),
            None => Ok(default),
        };
        let configuration = Configuration {
            access_lifetime: lifetime(access_lifetime, "access_lifetime", Configuration::ACCESS_LIFETIME)?,
            refresh_lifetime: lifetime(refresh_lifetime, "refresh_lifetime", Configuration::REFRESH_LIFETIME)?,
            issuer,
            audience,
            leeway: lifetime(leeway, "leeway", 0)?,
        };
        Ok(Self(Arc::new(TokenIssuer::new(&*keys::ring(keys)?, configuration)?)))
    }

    /// Makes an access and a refresh token for a user.
    #[pyo3(signature = (user_id, /, *, sid = None, r#gen = None, issued_at = None, expires_by = None, **claims))]
    fn generate_tokens(
        &self,
        user_id: &Bound<'_, PyAny>,
        sid: Option<&str>,
        r#gen: Option<u64>,
        issued_at: Option<&Bound<'_, PyAny>>,
        expires_by: Option<&Bound<'_, PyAny>>,
        claims: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyTokenPair> {
        let issued_at = match issued_at {
            Some(value) => arguments::moment(value, "issued_at")?,
            None => arguments::time(None)?,
        };
        let session = match (sid, r#gen) {
            (Some(sid), Some(generation)) => Some((sid, generation)),
            (None, None) => None,
            _ => return Err(PyTypeError::new_err("sid and gen belong together.")),
        };
        let subject = user_id.str()?;
        let extra = extra_claims(claims)?;
        let content = Content {
            subject: subject.to_str()?,
            issued_at,
            expires_by: expires_by.map(|value| arguments::moment(value, "expires_by")).transpose()?,
            session,
            extra: &extra,
        };
        Ok(PyTokenPair {
            access: self.0.issue(Kind::Access, &content)?,
            refresh: self.0.issue(Kind::Refresh, &content)?,
            issued_at,
        })
    }

    /// Verifies a token and returns its claims.
    #[pyo3(signature = (token, token_type = "access", *, now = None))]
    fn decode_token<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'py, PyAny>,
        token_type: &str,
        now: Option<u64>,
    ) -> PyResult<PyClaims> {
        let kind = Kind::from_name(token_type)
            .ok_or_else(|| PyValueError::new_err("token_type must be \"access\" or \"refresh\"."))?;
        let now = arguments::time(now)?;
        let claims = self
            .0
            .decode(arguments::token(token)?, kind, now, Objects::new(py))
            .map_err(|failure: Failure| PyErr::from(failure))?;
        Ok(PyClaims(claims.cast_into::<PyDict>()?.unbind()))
    }

    /// `iss` of the tokens.
    #[getter]
    fn issuer(&self) -> Option<&str> {
        self.0.configuration().issuer.as_deref()
    }

    /// `aud` of the tokens.
    #[getter]
    fn audience(&self) -> Option<&str> {
        self.0.configuration().audience.as_deref()
    }

    /// The life of an access token, in seconds.
    #[getter]
    fn access_lifetime(&self) -> u64 {
        self.0.configuration().access_lifetime
    }

    /// The life of a refresh token, in seconds.
    #[getter]
    fn refresh_lifetime(&self) -> u64 {
        self.0.configuration().refresh_lifetime
    }

    fn __repr__(&self) -> String {
        format!(
            "<TokenIssuer issuer={:?} audience={:?}>",
            self.issuer().unwrap_or_default(),
            self.audience().unwrap_or_default()
        )
    }
}

/// Claims that a caller adds, as JSON without the braces.
fn extra_claims(claims: Option<&Bound<'_, PyDict>>) -> PyResult<String> {
    let mut extra = String::new();
    if let Some(claims) = claims {
        for name in claims.keys() {
            let name = name.cast_into::<PyString>()?;
            if RESERVED.contains(&name.to_str()?) {
                return Err(PyValueError::new_err(format!(
                    "The claim {:?} is the issuer's to set.",
                    name.to_str()?
                )));
            }
        }
        json::write_members(claims, &mut extra)?;
    }
    Ok(extra)
}

/// An access token and the refresh token that renews it.
#[pyclass(frozen, name = "TokenPair", module = "ferrauth.tokens")]
pub(crate) struct PyTokenPair {
    access: Issued,
    refresh: Issued,
    issued_at: u64,
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
pub(crate) struct PyClaims(Py<PyDict>);

impl PyClaims {
    fn claim<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.bind(py).get_item(name)
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
        self.0.bind(py).copy()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        self.present(py, name)
    }

    fn __contains__(&self, py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.0.bind(py).contains(name)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyIterator>> {
        self.0.bind(py).keys().try_iter()
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.0.bind(py).len()
    }

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        match other.cast::<Self>() {
            Ok(other) => self.0.bind(py).eq(other.get().0.bind(py)),
            Err(_) => Ok(false),
        }
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<Claims sub={} token_type={}>", self.sub(py)?.repr()?, self.token_type(py)?.repr()?))
    }
}
