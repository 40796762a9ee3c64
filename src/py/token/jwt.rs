//! `ferrauth.jwt`, in PyJWT's shape.

use std::borrow::Cow;
use std::sync::Arc;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use super::arguments::{self, Asked};
use super::keys::{PyKey, PyKeyRing};
use crate::error::Error;
use crate::py::json::{self, Failure, Objects};
use crate::py::text::required;
use crate::token::algorithm::{Algorithm, Family};
use crate::token::compact::{self, MAX_HEADER, MAX_TOKEN};
use crate::token::decode::{self as core, Expectations, Keys, Unverified};
use crate::token::encode::sign;
use crate::token::header::{Header, HeaderRule};
use crate::token::key::Key;
use crate::token::keyring::KeyRing;
use crate::token::refusal::{KeyRefusal, Refusal};
use crate::token::rules::Rules;
use crate::token::secret_cache::CACHE;
use crate::token::{base64url, load, pem};

/// Verifies a token and reads its claims into a new `dict`.
pub(super) fn verified<'py>(
    py: Python<'py>,
    token: &Bound<'py, PyAny>,
    keys: Keys<'_>,
    expected: &Expectations,
    now: Option<u64>,
) -> PyResult<Bound<'py, PyAny>> {
    let now = arguments::time(now)?;
    let unverified = Unverified::read(arguments::token(token)?, keys, expected, now).map_err(Error::Token)?;
    claims(py, &unverified, &expected.rules, now)
}

/// Verifies the signature and reads the claims. Other threads run while a key pair verifies; an HMAC is done sooner than
/// they could be let in.
pub(super) fn claims<'py>(
    py: Python<'py>,
    unverified: &Unverified<'_, '_>,
    rules: &Rules,
    now: u64,
) -> PyResult<Bound<'py, PyAny>> {
    let verified = if unverified.is_slow() { py.detach(|| unverified.verify()) } else { unverified.verify() };
    let verified = verified.map_err(Error::Token)?;
    verified.claims(rules, now, Objects::new(py)).map_err(|failure: Failure| failure.into())
}

/// What a caller passed as `key`.
enum Chosen<'k> {
    Key(&'k Arc<Key>),
    Ring(&'k KeyRing),
    Loaded(Vec<Arc<Key>>),
}

impl Chosen<'_> {
    fn keys(&self) -> Keys<'_> {
        match self {
            Self::Key(key) => Keys::One(key),
            Self::Ring(ring) => Keys::Ring(ring),
            Self::Loaded(keys) => Keys::ByAlgorithm(keys),
        }
    }
}

/// Loads a secret or PEM, or finds it loaded.
fn load(text: &[u8], algorithm: Algorithm) -> Result<Arc<Key>, KeyRefusal> {
    CACHE.get(text, algorithm, load::from_text)
}

/// Loads a text for those of the allowed algorithms that it can be for: PEM for key pairs, anything else for HMACs. What
/// a token says has no part in it, so a key that is refused is refused for every token.
fn load_for(text: &[u8], allowed: &[Algorithm]) -> Result<Vec<Arc<Key>>, KeyRefusal> {
    let pairs = pem::is_meant(text);
    let mut keys = Vec::with_capacity(1);
    let mut refusal = None;
    for algorithm in allowed.iter().filter(|algorithm| pairs != (algorithm.family() == Family::Hmac)) {
        match load(text, *algorithm) {
            Ok(key) => keys.push(key),
            // A key on one curve, where others are allowed too.
            Err(KeyRefusal::Family) => refusal = Some(KeyRefusal::Family),
            Err(other) => return Err(other),
        }
    }
    match refusal {
        _ if !keys.is_empty() => Ok(keys),
        // The caller allows nothing that ferrauth knows: every token is refused, and the key is not to blame.
        None if allowed.is_empty() => Ok(keys),
        None if pairs => Err(KeyRefusal::Disguised),
        _ => Err(KeyRefusal::Family),
    }
}

/// The keys that may verify: the caller's own, or those that a text is for the algorithms that the caller allows.
fn choose<'k>(key: &'k Bound<'_, PyAny>, algorithms: Option<&Allowed>) -> PyResult<Chosen<'k>> {
    if let Ok(key) = key.cast::<PyKey>() {
        let key = &key.get().0;
        return match algorithms {
            Some(allowed) if !allowed.known.contains(&key.algorithm()) => {
                Err(Error::Token(Refusal::Algorithm).into())
            }
            _ => Ok(Chosen::Key(key)),
        };
    }
    if let Ok(ring) = key.cast::<PyKeyRing>() {
        return Ok(Chosen::Ring(&ring.get().0));
    }
    let text = required(key, "key")?;
    let allowed = algorithms.filter(|allowed| allowed.any).ok_or(Error::Token(Refusal::NoAlgorithms))?;
    Ok(Chosen::Loaded(load_for(text, &allowed.known).map_err(Error::Key)?))
}

/// The algorithms that a caller names.
struct Allowed {
    /// Whether any is named.
    any: bool,
    /// Those that ferrauth knows. A name that it does not know allows nothing.
    known: Vec<Algorithm>,
}

impl Allowed {
    fn read(names: &Bound<'_, PyAny>) -> PyResult<Self> {
        let names = arguments::texts(names, "algorithms")?;
        let known = names.iter().filter_map(|name| Algorithm::from_name(name)).collect();
        Ok(Self { any: !names.is_empty(), known })
    }
}

/// Verifies a token and returns its claims.
#[pyfunction]
#[pyo3(signature = (jwt, key = None, algorithms = None, options = None, *, audience = None, subject = None, issuer = None,
    leeway = None, now = None))]
#[expect(clippy::too_many_arguments, reason = "they are PyJWT's")]
pub(crate) fn decode<'py>(
    py: Python<'py>,
    jwt: &Bound<'py, PyAny>,
    key: Option<&Bound<'py, PyAny>>,
    algorithms: Option<&Bound<'py, PyAny>>,
    options: Option<&Bound<'py, PyDict>>,
    audience: Option<&Bound<'py, PyAny>>,
    subject: Option<String>,
    issuer: Option<&Bound<'py, PyAny>>,
    leeway: Option<&Bound<'py, PyAny>>,
    now: Option<u64>,
) -> PyResult<Bound<'py, PyAny>> {
    let key = key.ok_or(Error::Key(KeyRefusal::Empty))?;
    let allowed = algorithms.map(Allowed::read).transpose()?;
    let chosen = choose(key, allowed.as_ref())?;
    // A text was loaded, and a key was compared, for the allowed algorithms alone; a ring chooses by itself.
    let algorithms = allowed.filter(|_| matches!(chosen, Chosen::Ring(_))).map(|allowed| allowed.known);
    let expected = Asked { audience, issuer, subject, leeway, options, typ: None, algorithms }.expectations()?;
    verified(py, jwt, chosen.keys(), expected.get(), now)
}

/// Verifies a token and returns its header, its claims and its signature.
#[pyfunction]
#[pyo3(signature = (jwt, key = None, algorithms = None, options = None, *, audience = None, subject = None, issuer = None,
    leeway = None, now = None))]
#[expect(clippy::too_many_arguments, reason = "they are PyJWT's")]
pub(crate) fn decode_complete<'py>(
    py: Python<'py>,
    jwt: &Bound<'py, PyAny>,
    key: Option<&Bound<'py, PyAny>>,
    algorithms: Option<&Bound<'py, PyAny>>,
    options: Option<&Bound<'py, PyDict>>,
    audience: Option<&Bound<'py, PyAny>>,
    subject: Option<String>,
    issuer: Option<&Bound<'py, PyAny>>,
    leeway: Option<&Bound<'py, PyAny>>,
    now: Option<u64>,
) -> PyResult<Bound<'py, PyDict>> {
    let payload = decode(py, jwt, key, algorithms, options, audience, subject, issuer, leeway, now)?;
    let compact = compact::split(arguments::token(jwt)?, MAX_TOKEN).map_err(Error::Token)?;
    let signature = base64url::decode(compact.signature).map_err(|()| Error::Token(Refusal::Segments))?;
    let complete = PyDict::new(py);
    complete.set_item("header", header(py, compact.header)?)?;
    complete.set_item("payload", payload)?;
    complete.set_item("signature", PyBytes::new(py, &signature))?;
    Ok(complete)
}

/// The header of a token that nothing vouches for.
#[pyfunction]
#[pyo3(signature = (jwt))]
pub(crate) fn get_unverified_header<'py>(py: Python<'py>, jwt: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let compact = compact::split(arguments::token(jwt)?, MAX_TOKEN).map_err(Error::Token)?;
    // What is no token has no header either.
    for segment in [compact.payload, compact.signature] {
        base64url::decode(segment).map_err(|()| Error::Token(Refusal::Segments))?;
    }
    header(py, compact.header)
}

/// The claims of a token that nothing vouches for.
#[pyfunction]
#[pyo3(signature = (jwt, /))]
pub(crate) fn decode_unverified<'py>(py: Python<'py>, jwt: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let compact = compact::split(arguments::token(jwt)?, MAX_TOKEN).map_err(Error::Token)?;
    let payload = base64url::decode(compact.payload).map_err(|()| Error::Token(Refusal::Segments))?;
    core::read_unjudged(&payload, &mut Objects::new(py)).map_err(|failure: Failure| failure.into())
}

fn header<'py>(py: Python<'py>, segment: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let text = base64url::decode(segment).map_err(|()| Error::Token(Refusal::Segments))?;
    Header::read_json(&text).map_err(Error::Token)?;
    Header::read_into(&text, &mut Objects::new(py)).map_err(|failure: Failure| failure.into())
}

/// The algorithm that a caller signs with.
pub(crate) enum Named {
    /// The key's own; of a secret, HS256.
    Unsaid,
    /// `None`: the key's own; of a secret, what PyJWT means by it is `none` (J01).
    None,
    /// One that ferrauth knows, or not.
    Name(Option<Algorithm>),
}

impl FromPyObject<'_, '_> for Named {
    type Error = PyErr;

    fn extract(name: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if name.is_none() {
            return Ok(Self::None);
        }
        Ok(Self::Name(Algorithm::from_name(&name.extract::<String>()?)))
    }
}

/// Signs claims.
#[pyfunction]
#[pyo3(signature = (payload, key, algorithm = Named::Unsaid, headers = None, json_encoder = None, sort_headers = true))]
pub(crate) fn encode(
    payload: &Bound<'_, PyAny>,
    key: &Bound<'_, PyAny>,
    algorithm: Named,
    headers: Option<&Bound<'_, PyDict>>,
    json_encoder: Option<&Bound<'_, PyAny>>,
    sort_headers: bool,
) -> PyResult<String> {
    if !sort_headers {
        return Err(PyValueError::new_err(
            "Headers are written in alphabetical order: sort_headers must be True.",
        ));
    }
    let text_algorithm = match algorithm {
        Named::Unsaid => Some(Algorithm::HS256),
        Named::None => None,
        Named::Name(known) => Some(known.ok_or(Error::Token(Refusal::Algorithm))?),
    };
    let signer = if let Ok(key) = key.cast::<PyKey>() {
        Arc::clone(signing(&key.get().0)?)
    } else if let Ok(ring) = key.cast::<PyKeyRing>() {
        Arc::clone(ring.get().0.signer(arguments::time(None)?).map_err(Error::Key)?)
    } else {
        let algorithm = text_algorithm.ok_or(Error::Token(Refusal::Algorithm))?;
        load(required(key, "key")?, algorithm).map_err(Error::Key)?
    };
    if matches!(algorithm, Named::Name(named) if named != Some(signer.algorithm())) {
        return Err(Error::Token(Refusal::Algorithm).into());
    }
    encode_with(&signer, payload, headers, json_encoder)
}

/// A key that was chosen by itself, if it is in force: a ring looks for one that is.
pub(super) fn signing(key: &Arc<Key>) -> PyResult<&Arc<Key>> {
    if key.has_window() && !key.in_force(arguments::time(None)?) {
        return Err(Error::Key(KeyRefusal::CannotSign).into());
    }
    Ok(key)
}

/// Signs claims with a key that is loaded.
pub(super) fn encode_with(
    key: &Key,
    payload: &Bound<'_, PyAny>,
    headers: Option<&Bound<'_, PyDict>>,
    json_encoder: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let payload = payload.cast::<PyDict>().map_err(|_| {
        PyTypeError::new_err("Expecting a dict object, as JWT only supports JSON objects as payloads.")
    })?;
    let mut json = String::with_capacity(256);
    match json_encoder {
        None => json::write_object(&with_whole_dates(payload)?, &mut json)?,
        Some(encoder) => encoded(&with_whole_dates(payload)?, encoder, &mut json)?,
    }
    let header = match headers {
        Some(headers) if !headers.is_empty() => Cow::Owned(header_segment(key, headers)?),
        _ => Cow::Borrowed(key.header()),
    };
    let signed = if key.pair().is_some() {
        payload.py().detach(|| sign(key, &header, &json))
    } else {
        sign(key, &header, &json)
    };
    let token = signed.map_err(Error::Key)?;
    if token.len() > MAX_TOKEN {
        return Err(PyValueError::new_err(format!("A token may have at most {MAX_TOKEN} bytes.")));
    }
    Ok(token)
}

/// The claims with every `datetime` that is a date as whole seconds, and an `iss` that is text.
fn with_whole_dates<'py>(payload: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyDict>> {
    let py = payload.py();
    let mut changed: Option<Bound<'py, PyDict>> = None;
    for name in [pyo3::intern!(py, "exp"), pyo3::intern!(py, "iat"), pyo3::intern!(py, "nbf")] {
        if let Some(value) = payload.get_item(name)?
            && !value.is_instance_of::<pyo3::types::PyInt>()
            && arguments::is_datetime(&value)?
        {
            let whole = arguments::timestamp(&value, name.to_str()?)?;
            if changed.is_none() {
                changed = Some(payload.copy()?);
            }
            if let Some(changed) = &changed {
                changed.set_item(name, whole)?;
            }
        }
    }
    if let Some(issuer) = payload.get_item(pyo3::intern!(py, "iss"))?
        && !issuer.is_instance_of::<PyString>()
    {
        return Err(PyTypeError::new_err("Issuer (iss) must be a string."));
    }
    Ok(changed.unwrap_or_else(|| payload.clone()))
}

/// The claims as the caller's encoder writes them, if the strict reader takes them.
fn encoded(payload: &Bound<'_, PyDict>, encoder: &Bound<'_, PyAny>, out: &mut String) -> PyResult<()> {
    let py = payload.py();
    let arguments = PyDict::new(py);
    arguments.set_item("cls", encoder)?;
    arguments.set_item("separators", (",", ":"))?;
    let json: String = py.import("json")?.call_method("dumps", (payload,), Some(&arguments))?.extract()?;
    core::read_unjudged(json.as_bytes(), &mut Objects::new(py))
        .map_err(|failure: Failure| PyValueError::new_err(PyErr::from(failure).to_string()))?;
    out.push_str(&json);
    Ok(())
}

/// A header with the caller's parameters, as long as a verifier of this crate would read it.
fn header_segment(key: &Key, headers: &Bound<'_, PyDict>) -> PyResult<String> {
    let py = headers.py();
    let merged = PyDict::new(py);
    merged.set_item("alg", key.algorithm().name())?;
    if let Some(kid) = key.kid() {
        merged.set_item("kid", kid)?;
    }
    merged.set_item("typ", key.typ())?;
    merged.update(headers.as_mapping())?;
    if let Some(typ) = merged.get_item("typ")?
        && !typ.is_truthy()?
    {
        merged.del_item("typ")?;
    }
    // In PyJWT's order, which is also that of the headers made without parameters.
    let names = merged.keys();
    names.sort()?;
    let sorted = PyDict::new(py);
    for name in names {
        sorted.set_item(&name, merged.get_item(&name)?)?;
    }
    let mut json = String::new();
    json::write_object(&sorted, &mut json)?;
    let header = Header::read_json(json.as_bytes()).map_err(Error::Token)?;
    key.accepts(&header, &HeaderRule::default()).map_err(Error::Token)?;
    let segment = base64url::encode(json.as_bytes());
    if segment.len() > MAX_HEADER {
        return Err(PyValueError::new_err(format!("A header may have at most {MAX_HEADER} characters.")));
    }
    Ok(segment)
}
