//! `TokenIssuer`, the pair it makes and the claims it reads.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyBool, PyBytes, PyDict, PyFloat, PyList, PyString, PyTuple};

use super::claims::{PyClaims, PyTokenPair};
use super::{arguments, jwt, keys};
use crate::error::Error;
use crate::py::json;
use crate::token::issuer::{Configuration, Content, Issued, Kind, RESERVED, TokenIssuer};
use crate::token::json::MAX_MEMBERS;

/// How many claims a caller may add: with the issuer's own, no more than a verifier reads.
const MAX_EXTRA_CLAIMS: usize = MAX_MEMBERS - RESERVED.len();

/// Makes and verifies access and refresh tokens.
#[pyclass(frozen, name = "TokenIssuer", module = "ferrauth.tokens")]
pub(crate) struct PyTokenIssuer {
    issuer: TokenIssuer,
    /// Whether it signs with key pairs, so that other threads should run meanwhile.
    slow: bool,
}

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
        let ring = keys::ring(keys)?;
        let slow = ring.keys().iter().any(|key| key.pair().is_some());
        Ok(Self { issuer: TokenIssuer::new(&ring, configuration)?, slow })
    }

    /// Makes an access and a refresh token for a user.
    #[pyo3(signature = (user_id, /, *, sid = None, r#gen = None, issued_at = None, expires_by = None, **claims))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords of Python")]
    fn generate_tokens(
        &self,
        py: Python<'_>,
        user_id: &Bound<'_, PyAny>,
        sid: Option<&str>,
        r#gen: Option<u64>,
        issued_at: Option<&Bound<'_, PyAny>>,
        expires_by: Option<&Bound<'_, PyAny>>,
        claims: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyTokenPair> {
        let session = match (sid, r#gen) {
            (Some(sid), Some(generation)) => Some((sid, generation)),
            (None, None) => None,
            _ => return Err(PyTypeError::new_err("sid and gen belong together.")),
        };
        let subject = subject(user_id)?;
        let extra = extra_claims(claims)?;
        let expires_by = expires_by.map(|value| arguments::moment(value, "expires_by")).transpose()?;
        let issued_at = begin(issued_at)?;
        let content = Content { subject: subject.to_str()?, issued_at, expires_by, session, extra: &extra };
        self.pair(py, issued_at, |kind| self.issuer.issue(kind, &content))
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
        let reading = self.issuer.read(arguments::token(token)?, kind, now).map_err(Error::Token)?;
        let claims = jwt::claims(py, &reading.unverified, reading.rules, now)?.cast_into::<PyDict>()?;
        Ok(PyClaims::new(claims.unbind()))
    }

    /// `iss` of the tokens.
    #[getter]
    fn issuer(&self) -> Option<&str> {
        self.issuer.configuration().issuer.as_deref()
    }

    /// `aud` of the tokens.
    #[getter]
    fn audience(&self) -> Option<&str> {
        self.issuer.configuration().audience.as_deref()
    }

    /// The life of an access token, in seconds.
    #[getter]
    fn access_lifetime(&self) -> u64 {
        self.issuer.configuration().access_lifetime
    }

    /// The life of a refresh token, in seconds.
    #[getter]
    fn refresh_lifetime(&self) -> u64 {
        self.issuer.configuration().refresh_lifetime
    }

    fn __repr__(&self) -> String {
        format!(
            "<TokenIssuer issuer={:?} audience={:?}>",
            self.issuer().unwrap_or_default(),
            self.audience().unwrap_or_default()
        )
    }
}

impl PyTokenIssuer {
    fn pair<F>(&self, py: Python<'_>, issued_at: u64, issue: F) -> PyResult<PyTokenPair>
    where
        F: Fn(Kind) -> Result<Issued, Error> + Send + Sync,
    {
        let both = || Ok::<_, Error>((issue(Kind::Access)?, issue(Kind::Refresh)?));
        let (access, refresh) = if self.slow { py.detach(both) } else { both() }?;
        Ok(PyTokenPair::new(access, refresh, issued_at))
    }
}

/// A primary key as its string. What is none by mistake would be somebody's name: `"None"`, `"True"`, `"b'7'"`.
fn subject<'py>(user_id: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    let is_key = !(user_id.is_none()
        || user_id.is_instance_of::<PyBool>()
        || user_id.is_instance_of::<PyFloat>()
        || user_id.is_instance_of::<PyBytes>()
        || user_id.is_instance_of::<PyList>()
        || user_id.is_instance_of::<PyTuple>()
        || user_id.is_instance_of::<PyDict>());
    if !is_key {
        let kind = user_id.get_type().name()?;
        return Err(PyTypeError::new_err(format!(
            "user_id must be a primary key (int, str, UUID, ...), not {kind}."
        )));
    }
    user_id.str()
}

/// When tokens begin.
fn begin(issued_at: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
    issued_at.map_or_else(|| arguments::time(None), |value| arguments::moment(value, "issued_at"))
}

/// Claims that a caller adds, as JSON without the braces.
fn extra_claims(claims: Option<&Bound<'_, PyDict>>) -> PyResult<String> {
    let mut extra = String::new();
    if let Some(claims) = claims {
        if claims.len() > MAX_EXTRA_CLAIMS {
            return Err(PyValueError::new_err(format!("At most {MAX_EXTRA_CLAIMS} claims may be added.")));
        }
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
