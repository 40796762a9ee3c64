//! Verifying a token, in the one order that leaves an attacker the least to work with: length, alphabet, segments,
//! header, algorithm and key, signature, and only then the claims (RFC 8725; CVE-2026-101918).

use std::mem::MaybeUninit;
use std::sync::Arc;

use super::base64url;
use super::claims::Watch;
use super::compact::{self, Compact, DEFAULT_MAX_TOKEN};
use super::header::{Header, HeaderRule};
use super::json::{self, Sink};
use super::key::Key;
use super::keyring::{Candidates, KeyRing};
use super::refusal::Refusal;
use super::rules::Rules;
use super::verified::{Name, VerifiedTokens};

/// Nesting in claims.
pub const MAX_DEPTH: usize = 16;

/// The longest payload that is decoded without asking for memory, in bytes: twice what a session's claims take.
const ON_STACK: usize = 512;

/// What verifies.
#[derive(Debug, Clone, Copy)]
pub enum Keys<'k> {
    /// One key, chosen by the caller: a header need not name it.
    One(&'k Key),
    /// A few keys of one text, one for each algorithm that the caller allows.
    ByAlgorithm(&'k [Arc<Key>]),
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

/// A token whose header is read and whose keys are chosen; what is left is the signature, and then the claims.
#[derive(Debug)]
pub struct Unverified<'t, 'k> {
    token: &'t [u8],
    compact: Compact<'t>,
    candidates: Candidates<'k>,
    /// Where tokens that were verified before are remembered.
    memory: Option<&'k VerifiedTokens>,
    /// Whether this one was.
    remembered: bool,
}

impl<'t, 'k> Unverified<'t, 'k> {
    /// Reads the header of `token` and chooses the keys that may have signed it.
    ///
    /// # Errors
    /// The [`Refusal`] of the first check that fails.
    pub fn read(token: &'t [u8], keys: Keys<'k>, expected: &Expectations, now: u64) -> Result<Self, Refusal> {
        let compact = compact::split(token, expected.max_length)?;
        let mut candidates = keys.select(compact.header, &expected.header)?;
        for candidate in &mut candidates {
            *candidate = candidate.filter(|key| key.in_force(now));
        }
        if candidates.iter().all(Option::is_none) {
            return Err(Refusal::KeyWindow);
        }
        let memory = match keys {
            Keys::Ring(ring) if ring.verified().capacity() > 0 => Some(ring.verified()),
            _ => None,
        };
        let mut unverified = Self { token, compact, candidates, memory, remembered: false };
        unverified.remembered = unverified.is_remembered();
        Ok(unverified)
    }

    /// Whether the signature check takes so long that other threads should run meanwhile.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        !self.remembered && self.candidates.iter().flatten().any(|key| key.pair().is_some())
    }

    /// Verifies the signature.
    ///
    /// # Errors
    /// [`Refusal::Signature`].
    pub fn verify(&self) -> Result<Verified<'t>, Refusal> {
        let verified = Verified { compact: self.compact };
        if self.remembered {
            return Ok(verified);
        }
        let key =
            self.candidates.iter().flatten().find(|key| key.verify(self.compact.signed, self.compact.signature));
        let key = key.ok_or(Refusal::Signature)?;
        if let (Some(memory), Some(name)) = (self.memory, self.name(key)) {
            memory.insert(name);
        }
        Ok(verified)
    }

    fn is_remembered(&self) -> bool {
        self.memory.is_some_and(|memory| {
            self.candidates.iter().flatten().filter_map(|key| self.name(key)).any(|name| memory.contains(&name))
        })
    }

    /// Only what a key pair verifies is worth remembering: an HMAC costs less than the name.
    fn name(&self, key: &Key) -> Option<Name> {
        key.pair()?;
        key.thumbprint().ok().map(|thumbprint| VerifiedTokens::name(&thumbprint, self.token))
    }
}

/// A token whose signature is verified. There is no other way to one than [`Unverified::verify`].
#[derive(Debug)]
pub struct Verified<'t> {
    compact: Compact<'t>,
}

impl Verified<'_> {
    /// Reads the claims into `sink` and judges them.
    ///
    /// # Errors
    /// The [`Refusal`] of the first check that fails, or what the sink fails with.
    pub fn claims<S>(&self, rules: &Rules, now: u64, sink: S) -> Result<S::Value, S::Error>
    where
        S: Sink,
        S::Error: From<Refusal>,
    {
        let segment = self.compact.payload;
        let mut on_stack = [MaybeUninit::uninit(); ON_STACK];
        if base64url::decoded_length(segment.len()) > ON_STACK {
            let payload = base64url::decode(segment).map_err(|()| Refusal::Segments)?;
            return read_claims(&payload, rules, now, sink);
        }
        let payload = base64url::decode_into(segment, &mut on_stack).ok_or(Refusal::Segments)?;
        read_claims(payload, rules, now, sink)
    }
}

/// Reads claims and judges them.
///
/// # Errors
/// The [`Refusal`] of the first check that fails, or what the sink fails with.
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
pub fn read_unjudged<S: Sink>(payload: &[u8], sink: &mut S) -> Result<S::Value, S::Error> {
    json::read_object(payload, MAX_DEPTH, sink)
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

#[cfg(test)]
#[path = "oracle_tests.rs"]
mod tests;
