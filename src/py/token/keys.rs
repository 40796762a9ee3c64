//! `Key` and `KeyRing`.

use std::sync::Arc;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyDict, PyType};
use zeroize::Zeroizing;

use super::arguments::{self, Asked};
use super::jwt::{encode_with, signing, verified};
use crate::error::Error;
use crate::py::json;
use crate::py::text::required;
use crate::token::algorithm::Algorithm;
use crate::token::base64url;
use crate::token::decode::Keys;
use crate::token::key::{Attributes, Key};
use crate::token::keyring::KeyRing;
use crate::token::load;
use crate::token::refusal::KeyRefusal;
use crate::token::verified::MAX_CAPACITY;

/// One key, for one algorithm.
#[pyclass(frozen, name = "Key", module = "ferrauth.keys")]
pub(crate) struct PyKey(pub(super) Arc<Key>);

impl PyKey {
    fn made(key: Result<Key, KeyRefusal>) -> PyResult<Self> {
        Ok(Self(Arc::new(key.map_err(Error::Key)?)))
    }
}

#[pymethods]
impl PyKey {
    /// A key from an HMAC secret.
    #[classmethod]
    #[pyo3(signature = (secret, algorithm = "HS256", *, kid = None, not_before = None, not_after = None))]
    fn from_secret(
        _class: &Bound<'_, PyType>,
        secret: &Bound<'_, PyAny>,
        algorithm: &str,
        kid: Option<String>,
        not_before: Option<&Bound<'_, PyAny>>,
        not_after: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let attributes = attributes(kid, not_before, not_after)?;
        let key = Key::from_secret(required(secret, "secret")?, arguments::algorithm(algorithm)?, attributes);
        Self::made(key)
    }

    /// A key from PEM: a private key, or a public one that only verifies.
    #[classmethod]
    #[pyo3(signature = (pem, algorithm = None, *, kid = None, not_before = None, not_after = None))]
    fn from_pem(
        _class: &Bound<'_, PyType>,
        py: Python<'_>,
        pem: &Bound<'_, PyAny>,
        algorithm: Option<&str>,
        kid: Option<String>,
        not_before: Option<&Bound<'_, PyAny>>,
        not_after: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let attributes = attributes(kid, not_before, not_after)?;
        let (text, algorithm) = (required(pem, "pem")?, arguments::optional_algorithm(algorithm)?);
        Self::made(py.detach(|| load::from_pem(text, algorithm, attributes)))
    }

    /// A key from a JWK: a dict, or its JSON.
    #[classmethod]
    #[pyo3(signature = (jwk, algorithm = None, *, kid = None, not_before = None, not_after = None))]
    fn from_jwk(
        _class: &Bound<'_, PyType>,
        py: Python<'_>,
        jwk: &Bound<'_, PyAny>,
        algorithm: Option<&str>,
        kid: Option<String>,
        not_before: Option<&Bound<'_, PyAny>>,
        not_after: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let attributes = attributes(kid, not_before, not_after)?;
        let algorithm = arguments::optional_algorithm(algorithm)?;
        // One reader for both: what a dict says is held to the rules of the text.
        let mut json = Zeroizing::new(String::with_capacity(load::MAX_JWK));
        let text = if let Ok(members) = jwk.cast::<PyDict>() {
            json::write_object(members, &mut json).map_err(|_| Error::Key(KeyRefusal::Jwk))?;
            json.as_bytes()
        } else {
            required(jwk, "jwk")?
        };
        Self::made(py.detach(|| load::from_jwk(text, algorithm, attributes)))
    }

    /// A new key.
    #[classmethod]
    #[pyo3(signature = (algorithm = "HS256", *, kid = None, not_before = None, not_after = None))]
    fn generate(
        _class: &Bound<'_, PyType>,
        py: Python<'_>,
        algorithm: &str,
        kid: Option<String>,
        not_before: Option<&Bound<'_, PyAny>>,
        not_after: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let attributes = attributes(kid, not_before, not_after)?;
        let algorithm = arguments::algorithm(algorithm)?;
        Ok(Self(Arc::new(py.detach(|| load::generate(algorithm, attributes))?)))
    }

    /// The name of the one algorithm.
    #[getter]
    fn algorithm(&self) -> &'static str {
        self.0.algorithm().name()
    }

    /// The key's name in headers.
    #[getter]
    fn kid(&self) -> Option<&str> {
        self.0.kid()
    }

    /// The first second in which it signs and verifies.
    #[getter]
    fn not_before(&self) -> Option<u64> {
        self.0.attributes().not_before
    }

    /// The first second in which it no longer does.
    #[getter]
    fn not_after(&self) -> Option<u64> {
        self.0.attributes().not_after
    }

    /// Whether the key signs, and does not only verify.
    #[getter]
    fn can_sign(&self) -> bool {
        self.0.can_sign()
    }

    /// The SHA-256 thumbprint, in base64url.
    fn thumbprint(&self) -> PyResult<String> {
        Ok(base64url::encode(&self.0.thumbprint().map_err(Error::Key)?))
    }

    /// The public half.
    fn public(&self) -> PyResult<Self> {
        Self::made(self.0.public())
    }

    /// The public half as a JWK.
    fn to_jwk<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json::object(py, &load::public_jwk(&self.0).map_err(Error::Key)?)
    }

    /// The public half as PEM.
    fn to_pem(&self) -> PyResult<String> {
        Ok(load::public_pem(&self.0).map_err(Error::Key)?.to_string())
    }

    /// The key that a purpose and an issuer give.
    #[pyo3(signature = (purpose, *, issuer = None, typ = "JWT"))]
    fn derive(&self, purpose: &str, issuer: Option<&str>, typ: &str) -> PyResult<Self> {
        Self::made(self.0.derive(purpose, issuer, typ))
    }

    /// Signs claims.
    #[pyo3(signature = (payload, headers = None))]
    fn encode(&self, payload: &Bound<'_, PyAny>, headers: Option<&Bound<'_, PyDict>>) -> PyResult<String> {
        encode_with(signing(&self.0)?, payload, headers, None)
    }

    /// Verifies a token and returns its claims.
    #[pyo3(signature = (token, *, audience = None, issuer = None, subject = None, leeway = None, options = None, typ = None, now = None))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords of Python")]
    fn decode<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'py, PyAny>,
        audience: Option<&Bound<'py, PyAny>>,
        issuer: Option<&Bound<'py, PyAny>>,
        subject: Option<String>,
        leeway: Option<&Bound<'py, PyAny>>,
        options: Option<&Bound<'py, PyDict>>,
        typ: Option<String>,
        now: Option<u64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let expected =
            Asked { audience, issuer, subject, leeway, options, typ, algorithms: None }.expectations()?;
        verified(py, token, Keys::One(&self.0), expected.get(), now)
    }

    fn __repr__(&self) -> String {
        match self.0.kid() {
            Some(kid) => format!("<Key {} kid={kid:?}>", self.algorithm()),
            None => format!("<Key {}>", self.algorithm()),
        }
    }
}

/// Keys that stand for each other: the first that is in force signs, all verify.
#[pyclass(frozen, name = "KeyRing", module = "ferrauth.keys")]
pub(crate) struct PyKeyRing(pub(super) Arc<KeyRing>);

#[pymethods]
impl PyKeyRing {
    #[new]
    #[pyo3(signature = (keys, *, cache = 0))]
    fn new(keys: &Bound<'_, PyAny>, cache: usize) -> PyResult<Self> {
        if cache > MAX_CAPACITY {
            return Err(PyValueError::new_err(format!("cache must be from 0 to {MAX_CAPACITY} tokens.")));
        }
        let keys: PyResult<Vec<_>> =
            keys.try_iter()?.map(|key| Ok(Arc::clone(&key?.cast::<PyKey>()?.get().0))).collect();
        Ok(Self(Arc::new(KeyRing::new(keys?, cache).map_err(Error::Key)?)))
    }

    /// A ring to derive keys from, out of secrets of any length: the first signs, all verify.
    #[classmethod]
    #[pyo3(signature = (secrets, algorithm = "HS256"))]
    fn from_secrets(_class: &Bound<'_, PyType>, secrets: &Bound<'_, PyAny>, algorithm: &str) -> PyResult<Self> {
        let algorithm = arguments::algorithm(algorithm)?;
        let roots: PyResult<Vec<_>> = secrets.try_iter()?.map(|secret| root(&secret?, algorithm)).collect();
        Ok(Self(Arc::new(KeyRing::new(roots?, 0).map_err(Error::Key)?)))
    }

    /// The public halves of the keys, as a JWKS.
    fn jwks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let keys = self.0.keys().iter().map(|key| json::object(py, &load::public_jwk(key).map_err(Error::Key)?));
        let jwks = PyDict::new(py);
        jwks.set_item("keys", keys.collect::<PyResult<Vec<_>>>()?)?;
        Ok(jwks)
    }

    /// How many verified tokens are remembered, and how many can be.
    #[getter]
    fn cache_info(&self) -> (usize, usize) {
        (self.0.verified().len(), self.0.verified().capacity())
    }

    /// The keys, the signing one first.
    #[getter]
    fn keys(&self) -> Vec<PyKey> {
        self.0.keys().iter().map(|key| PyKey(Arc::clone(key))).collect()
    }

    /// Signs claims with the first key that is in force.
    #[pyo3(signature = (payload, headers = None, *, now = None))]
    fn encode(
        &self,
        payload: &Bound<'_, PyAny>,
        headers: Option<&Bound<'_, PyDict>>,
        now: Option<u64>,
    ) -> PyResult<String> {
        let signer = self.0.signer(arguments::time(now)?).map_err(Error::Key)?;
        encode_with(signer, payload, headers, None)
    }

    /// Verifies a token with the key that it names and returns its claims.
    #[pyo3(signature = (token, *, audience = None, issuer = None, subject = None, leeway = None, options = None, typ = None, now = None))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords of Python")]
    fn decode<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'py, PyAny>,
        audience: Option<&Bound<'py, PyAny>>,
        issuer: Option<&Bound<'py, PyAny>>,
        subject: Option<String>,
        leeway: Option<&Bound<'py, PyAny>>,
        options: Option<&Bound<'py, PyDict>>,
        typ: Option<String>,
        now: Option<u64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let expected =
            Asked { audience, issuer, subject, leeway, options, typ, algorithms: None }.expectations()?;
        verified(py, token, Keys::Ring(&self.0), expected.get(), now)
    }

    fn __len__(&self) -> usize {
        self.0.keys().len()
    }

    fn __repr__(&self) -> String {
        format!("<KeyRing of {} keys>", self.0.keys().len())
    }
}

fn root(secret: &Bound<'_, PyAny>, algorithm: Algorithm) -> PyResult<Arc<Key>> {
    Ok(Arc::new(Key::root(required(secret, "secret")?, algorithm).map_err(Error::Key)?))
}

/// A ring out of a ring, a key or several keys.
pub(super) fn ring(keys: &Bound<'_, PyAny>) -> PyResult<Arc<KeyRing>> {
    if let Ok(ring) = keys.cast::<PyKeyRing>() {
        return Ok(Arc::clone(&ring.get().0));
    }
    if let Ok(key) = keys.cast::<PyKey>() {
        return Ok(Arc::new(KeyRing::new(vec![Arc::clone(&key.get().0)], 0).map_err(Error::Key)?));
    }
    if keys.try_iter().is_err() {
        return Err(PyTypeError::new_err("keys must be a KeyRing, a Key or an iterable of Keys."));
    }
    Ok(PyKeyRing::new(keys, 0)?.0)
}

fn attributes(
    kid: Option<String>,
    not_before: Option<&Bound<'_, PyAny>>,
    not_after: Option<&Bound<'_, PyAny>>,
) -> PyResult<Attributes> {
    Ok(Attributes {
        kid,
        not_before: not_before.map(|value| arguments::moment(value, "not_before")).transpose()?,
        not_after: not_after.map(|value| arguments::moment(value, "not_after")).transpose()?,
    })
}

/// The whole key as a JWK.
#[pyfunction]
#[pyo3(signature = (key, /))]
pub(crate) fn export_private_jwk<'py>(py: Python<'py>, key: &Bound<'py, PyKey>) -> PyResult<Bound<'py, PyAny>> {
    json::object(py, &load::private_jwk(&key.get().0).map_err(Error::Key)?)
}

/// The private key as PEM.
#[pyfunction]
#[pyo3(signature = (key, /))]
pub(crate) fn export_private_pem(key: &Bound<'_, PyKey>) -> PyResult<String> {
    Ok(load::private_pem(&key.get().0).map_err(Error::Key)?.to_string())
}
