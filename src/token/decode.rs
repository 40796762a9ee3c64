//! Verifying a token, in the one order that leaves an attacker the least to work with: length, alphabet, segments,
//! header, algorithm and key, signature, and only then the claims (RFC 8725; CVE-2026-101918).

use super::claims::{Rules, Watch};
use super::compact::{self, Compact};
use super::header::{Header, HeaderRule};
use super::json::{self, Fault, Sink};
use super::key::Key;
use super::keyring::{Candidates, KeyRing};
use super::refusal::Refusal;
use super::{base64url, compact::DEFAULT_MAX_TOKEN};

/// Nesting in claims.
const MAX_DEPTH: usize = 16;

/// What verifies.
#[derive(Debug, Clone, Copy)]
pub enum Keys<'k> {
    /// One key, chosen by the caller: a header need not name it.
    One(&'k Key),
    /// A few keys of one secret, one for each algorithm that the caller allows.
    ByAlgorithm(&'k [std::sync::Arc<Key>]),
    /// A ring, whose keys a header chooses among.
    Ring(&'k KeyRing),
}

/// What a caller expects of a token.
#[derive(Debug, Clone)]
pub struct Expectations {
    /// The longest token, in bytes.
    pub max_length: usize,
    /// Of the header.
    pub header: HeaderRule,
    /// Of the claims.
    pub rules: Rules,
}

impl Default for Expectations {
    fn default() -> Self {
        Self { max_length: DEFAULT_MAX_TOKEN, header: HeaderRule::default(), rules: Rules::default() }
    }
}

/// Verifies `token` and reads its claims into `sink`.
///
/// # Errors
/// The [`Refusal`] of the first check that fails, or what the sink fails with.
pub fn decode<S>(
    token: &[u8],
    keys: Keys<'_>,
    expected: &Expectations,
    now: u64,
    sink: S,
) -> Result<S::Value, S::Error>
where
    S: Sink,
    S::Error: From<Refusal>,
{
    let payload = verify(token, keys, expected, now)?;
    read_claims(&payload, &expected.rules, now, sink)
}

/// Verifies `token` as far as the signature, and decodes its payload.
///
/// # Errors
/// The [`Refusal`] of the first check that fails.
pub fn verify(token: &[u8], keys: Keys<'_>, expected: &Expectations, now: u64) -> Result<Vec<u8>, Refusal> {
    let compact = compact::split(token, expected.max_length)?;
    let candidates = keys.select(compact.header, &expected.header)?;
    verify_signature(&compact, candidates, now)?;
    base64url::decode(compact.payload).map_err(|()| Refusal::Segments)
}

/// Reads and judges claims whose signature is verified.
///
/// # Errors
/// As [`decode`].
pub fn read_claims<S>(payload: &[u8], rules: &Rules, now: u64, sink: S) -> Result<S::Value, S::Error>
where
    S: Sink,
    S::Error: From<Refusal>,
{
    let mut watch = Watch::new(sink, rules);
    let value = json::read_object(payload, MAX_DEPTH, &mut watch)?;
    watch.judge(now)?;
    Ok(value)
}

/// Reads claims that nothing vouches for.
///
/// # Errors
/// What the sink fails with.
pub fn read_unjudged<S: Sink>(payload: &[u8], sink: &mut S) -> Result<S::Value, S::Error>
where
    S::Error: From<Fault>,
{
    json::read_object(payload, MAX_DEPTH, sink)
}

fn verify_signature(compact: &Compact<'_>, candidates: Candidates<'_>, now: u64) -> Result<(), Refusal> {
    let mut refusal = Refusal::KeyWindow;
    for key in candidates.into_iter().flatten().filter(|key| key.in_force(now)) {
        if key.verify(compact.signed, compact.signature) {
            return Ok(());
        }
        refusal = Refusal::Signature;
    }
    Err(refusal)
}

impl<'k> Keys<'k> {
    fn select(self, segment: &[u8], rule: &HeaderRule) -> Result<Candidates<'k>, Refusal> {
        let key = match self {
            Self::Ring(ring) => return ring.select(segment, rule),
            Self::One(key) => Self::select_among(segment, rule, std::iter::once(key))?,
            Self::ByAlgorithm(keys) => Self::select_among(segment, rule, keys.iter().map(|key| &**key))?,
        };
        Ok([Some(key), None])
    }

    /// The one key, of those that the caller chose, whose algorithm the header names.
    fn select_among(
        segment: &[u8],
        rule: &HeaderRule,
        keys: impl Iterator<Item = &'k Key> + Clone,
    ) -> Result<&'k Key, Refusal> {
        if let Some(key) = keys.clone().find(|key| key.wrote(segment, rule)) {
            return Ok(key);
        }
        let header = Header::read(segment)?;
        header.check(rule)?;
        let mut refusal = Refusal::Algorithm;
        for key in keys {
            match key.accepts(&header, rule) {
                Ok(()) => return Ok(key),
                Err(Refusal::Algorithm) => {}
                Err(other) => refusal = other,
            }
        }
        Err(refusal)
    }
}
