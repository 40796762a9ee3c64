//! One kind of token of one issuer: its keys, its life, and what is expected of it.

use std::sync::Arc;

use super::settings::{Configuration, Content, Kind};
use crate::error::Error;
use crate::token::clock::LATEST;
use crate::token::compact;
use crate::token::decode::{Expectations, Keys, Unverified};
use crate::token::encode;
use crate::token::header::HeaderRule;
use crate::token::key::Key;
use crate::token::keyring::KeyRing;
use crate::token::refusal::{KeyRefusal, Refusal};
use crate::token::rules::{MAX_GENERATION, Own, Rules};

/// The longest issuer, audience or session id, in bytes.
const MAX_NAME: usize = 256;

/// The longest subject, in bytes: any primary key as its string.
const MAX_SUBJECT: usize = 256;

/// One kind of token: its keys, and what is expected of it.
#[derive(Debug)]
pub(super) struct Half {
    lifetime: u64,
    pub(super) keys: KeyRing,
    expected: Expectations,
}

/// A token that is about to be verified, and by which rules.
#[derive(Debug)]
pub struct Reading<'t, 'i> {
    /// The token.
    pub unverified: Unverified<'t, 'i>,
    /// What its claims have to be.
    pub rules: &'i Rules,
}

impl Half {
    pub(super) fn new(
        ring: &KeyRing,
        kind: Kind,
        lifetime: u64,
        configuration: &Configuration,
    ) -> Result<Self, Error> {
        let issuer = configuration.issuer.as_deref();
        let keys = each(ring, |key| key.for_kind(kind.name(), issuer, kind.typ()))?;
        let mut required = vec!["token_type", "sub", "jti", "iat", "exp"];
        required.extend(configuration.issuer.as_ref().map(|_| "iss"));
        required.extend(configuration.audience.as_ref().map(|_| "aud"));
        let rules = Rules {
            issuers: configuration.issuer.clone().map(|issuer| vec![issuer]),
            audiences: configuration.audience.clone().map(|audience| vec![audience]),
            required: required.into_iter().map(str::to_owned).collect(),
            leeway: configuration.leeway,
            own: Some(Own { token_type: kind.name().to_owned(), max_lifetime: lifetime }),
            ..Rules::default()
        };
        let header = HeaderRule { algorithms: None, typ: Some(kind.typ().to_owned()), closed: true };
        let expected = Expectations { max_length: compact::DEFAULT_MAX_TOKEN, header, rules };
        Ok(Self { lifetime, keys, expected })
    }

    pub(super) fn read<'t>(&self, token: &'t [u8], now: u64) -> Result<Reading<'t, '_>, Refusal> {
        let unverified = Unverified::read(token, Keys::Ring(&self.keys), &self.expected, now)?;
        Ok(Reading { unverified, rules: &self.expected.rules })
    }

    /// When a token of that content ends.
    pub(super) fn expires_at(&self, content: &Content<'_>) -> Result<u64, Error> {
        if content.subject.is_empty() || content.subject.len() > MAX_SUBJECT || content.subject.contains('\0') {
            return Err(Error::Setting("A subject must be 1 to 256 bytes without NUL."));
        }
        if let Some((sid, generation)) = content.session
            && (!is_name(sid) || generation > MAX_GENERATION)
        {
            let text = "sid must be 1 to 256 bytes without control characters, gen from 0 to 2**53 - 1.";
            return Err(Error::Setting(text));
        }
        let expires_at =
            content.issued_at.saturating_add(self.lifetime).min(content.expires_by.unwrap_or(u64::MAX));
        if expires_at <= content.issued_at || expires_at > LATEST {
            return Err(Error::Setting("The token would end before it begins, or after the year 9999."));
        }
        Ok(expires_at)
    }

    pub(super) fn sign(&self, signer: usize, payload: &str) -> Result<String, Error> {
        let key = &self.keys.keys()[signer];
        let token = encode::sign(key, key.header(), payload)?;
        if token.len() > self.expected.max_length {
            return Err(Error::Setting("The token would be longer than a verifier reads: give it fewer claims."));
        }
        Ok(token)
    }
}

/// A ring of what becomes of each key.
fn each(ring: &KeyRing, derive: impl Fn(&Key) -> Result<Key, KeyRefusal>) -> Result<KeyRing, KeyRefusal> {
    let keys: Result<Vec<_>, _> = ring.keys().iter().map(|key| derive(key).map(Arc::new)).collect();
    KeyRing::new(keys?, ring.verified().capacity())
}

pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control)
}
