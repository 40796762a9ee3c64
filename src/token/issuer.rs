//! First-party tokens: access and refresh, told apart by `typ`, by `token_type` and by a key of their own.

use std::sync::Arc;

use super::claims::{MAX_GENERATION, MAX_LEEWAY, Own, Rules};
use super::clock::LATEST;
use super::decode::{self, Expectations, Keys};
use super::header::HeaderRule;
use super::json::Sink;
use super::keyring::KeyRing;
use super::refusal::{KeyRefusal, Refusal};
use super::{base64url, compact, encode, json_writer};
use crate::error::Error;

/// The claims that only the issuer itself sets.
pub const RESERVED: [&str; 10] = ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "token_type", "sid", "gen"];

/// The longest issuer, audience or session id, in bytes.
const MAX_NAME: usize = 256;

/// The longest subject, in bytes: any primary key as its string.
const MAX_SUBJECT: usize = 256;

/// The purpose of the key that a session's token ids are made with.
const TOKEN_ID_PURPOSE: &str = "jti";

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sent with every request.
    Access,
    /// Sent to be exchanged for the next pair.
    Refresh,
}

impl Kind {
    /// The kind of that `token_type`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "access" => Some(Self::Access),
            "refresh" => Some(Self::Refresh),
            _ => None,
        }
    }

    /// Its `token_type`, and the purpose of its key.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }

    /// Its `typ`: RFC 9068 (section 2.1) defines `at+jwt`, the other is formed like it.
    #[must_use]
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Refresh => "rt+jwt",
        }
    }
}

/// What an issuer is told.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The life of an access token, in seconds.
    pub access_lifetime: u64,
    /// The life of a refresh token, in seconds.
    pub refresh_lifetime: u64,
    /// `iss`.
    pub issuer: Option<String>,
    /// `aud`.
    pub audience: Option<String>,
    /// Leniency about clocks, in seconds.
    pub leeway: u64,
}

impl Configuration {
    /// The life of an access token unless the caller says otherwise: a right that was withdrawn lives on as long (J97).
    pub const ACCESS_LIFETIME: u64 = 300;

    /// The life of a refresh token unless the caller says otherwise: 14 days without a visit end a session.
    pub const REFRESH_LIFETIME: u64 = 14 * 24 * 3600;
}

/// What one token says.
#[derive(Debug, Clone, Copy)]
pub struct Content<'c> {
    /// `sub`.
    pub subject: &'c str,
    /// `iat`, in seconds since 1970.
    pub issued_at: u64,
    /// The end that no lifetime reaches beyond, in seconds since 1970.
    pub expires_by: Option<u64>,
    /// `sid` and `gen`.
    pub session: Option<(&'c str, u64)>,
    /// Further members, as JSON without the braces; none of them [`RESERVED`].
    pub extra: &'c str,
}

/// A token and what its holder has to know of it.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The token itself.
    pub token: String,
    /// `jti`.
    pub token_id: String,
    /// `exp`, in seconds since 1970.
    pub expires_at: u64,
}

/// Makes and verifies access and refresh tokens.
#[derive(Debug)]
pub struct TokenIssuer {
    configuration: Configuration,
    access: Half,
    refresh: Half,
    token_ids: KeyRing,
}

/// One kind of token: its keys, and what is expected of it.
#[derive(Debug)]
struct Half {
    lifetime: u64,
    keys: KeyRing,
    expected: Expectations,
}

impl TokenIssuer {
    /// An issuer whose keys are derived from those of `ring`.
    ///
    /// # Errors
    /// [`Error::Setting`] for a lifetime of zero, a leeway beyond [`MAX_LEEWAY`], an empty or overlong name;
    /// [`Error::Key`] for a ring that keys cannot be derived from.
    pub fn new(ring: &KeyRing, configuration: Configuration) -> Result<Self, Error> {
        let lifetimes = [configuration.access_lifetime, configuration.refresh_lifetime];
        if lifetimes.iter().any(|lifetime| *lifetime == 0 || *lifetime > LATEST) {
            return Err(Error::Setting("A token's lifetime must be at least one second."));
        }
        if configuration.leeway > MAX_LEEWAY {
            return Err(Error::Setting("leeway must be from 0 to 120 seconds."));
        }
        for name in [&configuration.issuer, &configuration.audience].into_iter().flatten() {
            if !is_name(name) {
                return Err(Error::Setting(
                    "issuer and audience must be 1 to 256 bytes without control characters.",
                ));
            }
        }
        Ok(Self {
            access: Half::new(ring, Kind::Access, configuration.access_lifetime, &configuration)?,
            refresh: Half::new(ring, Kind::Refresh, configuration.refresh_lifetime, &configuration)?,
            token_ids: derived(ring, TOKEN_ID_PURPOSE, configuration.issuer.as_deref(), "JWT")?,
            configuration,
        })
    }

    /// What the issuer was told.
    #[must_use]
    pub const fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// Makes a token.
    ///
    /// # Errors
    /// [`Error::Setting`] for a subject or session that no verifier would take, a life that has ended before it began,
    /// or a token too long to be read again; [`Error::Key`] where no key may sign now; [`Error::Random`].
    pub fn issue(&self, kind: Kind, content: &Content<'_>) -> Result<Issued, Error> {
        let half = self.half(kind);
        if content.subject.is_empty() || content.subject.len() > MAX_SUBJECT || content.subject.contains('\0') {
            return Err(Error::Setting("A subject must be 1 to 256 bytes without NUL."));
        }
        if let Some((sid, generation)) = content.session
            && (!is_name(sid) || generation > MAX_GENERATION)
        {
            return Err(Error::Setting(
                "sid must be 1 to 256 bytes without control characters, gen from 0 to 2**53 - 1.",
            ));
        }
        let expires_at =
            content.issued_at.saturating_add(half.lifetime).min(content.expires_by.unwrap_or(u64::MAX));
        if expires_at <= content.issued_at || expires_at > LATEST {
            return Err(Error::Setting("The token would end before it begins, or after the year 9999."));
        }
        let token_id = self.token_id(kind, content)?;
        let payload = self.payload(kind, content, expires_at, &token_id);
        let key = half.keys.signer(content.issued_at)?;
        let token = encode::sign(key, key.header(), &payload)?;
        if token.len() > half.expected.max_length {
            return Err(Error::Setting("The token would be longer than a verifier reads: give it fewer claims."));
        }
        Ok(Issued { token, token_id, expires_at })
    }

    /// Verifies a token of that kind, and reads its claims into `sink`.
    ///
    /// # Errors
    /// The [`Refusal`] of the first check that fails, or what the sink fails with.
    pub fn decode<S>(&self, token: &[u8], kind: Kind, now: u64, sink: S) -> Result<S::Value, S::Error>
    where
        S: Sink,
        S::Error: From<Refusal>,
    {
        let half = self.half(kind);
        decode::decode(token, Keys::Ring(&half.keys), &half.expected, now, sink)
    }

    const fn half(&self, kind: Kind) -> &Half {
        match kind {
            Kind::Access => &self.access,
            Kind::Refresh => &self.refresh,
        }
    }

    /// A session's token id is a PRF of its session and generation, so that a repeated refresh gives the same token; any
    /// other is random, from the operating system at every call, so that a fork repeats none (J81, J111).
    fn token_id(&self, kind: Kind, content: &Content<'_>) -> Result<String, Error> {
        let Some((sid, generation)) = content.session else {
            let mut bytes = [0_u8; 16];
            getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
            return Ok(base64url::encode(&bytes));
        };
        // The kinds' names hold no NUL, and the generation's length is fixed: no two triples are one message.
        let message = [kind.name().as_bytes(), &[0], &generation.to_be_bytes(), sid.as_bytes()].concat();
        let mut tag = String::new();
        self.token_ids.signer(content.issued_at)?.sign(&message, &mut tag)?;
        let bytes = base64url::decode(tag.as_bytes()).map_err(|()| Error::Key(KeyRefusal::CannotSign))?;
        Ok(base64url::encode(&bytes[..16]))
    }

    fn payload(&self, kind: Kind, content: &Content<'_>, expires_at: u64, token_id: &str) -> String {
        let mut json = String::with_capacity(192 + content.extra.len());
        json.push('{');
        for (name, value) in [
            ("token_type", Some(kind.name())),
            ("iss", self.configuration.issuer.as_deref()),
            ("aud", self.configuration.audience.as_deref()),
            ("sub", Some(content.subject)),
            ("jti", Some(token_id)),
            ("sid", content.session.map(|(sid, _)| sid)),
        ] {
            if let Some(value) = value {
                json_writer::name(name, &mut json);
                json_writer::string(value, &mut json);
            }
        }
        for (name, value) in [
            ("gen", content.session.map(|(_, generation)| generation)),
            ("iat", Some(content.issued_at)),
            ("exp", Some(expires_at)),
        ] {
            if let Some(value) = value {
                json_writer::name(name, &mut json);
                json_writer::integer(i128::from(value), &mut json);
            }
        }
        if !content.extra.is_empty() {
            json.push(',');
            json.push_str(content.extra);
        }
        json.push('}');
        json
    }
}

impl Half {
    fn new(ring: &KeyRing, kind: Kind, lifetime: u64, configuration: &Configuration) -> Result<Self, Error> {
        let mut required = vec!["token_type", "sub", "jti", "iat", "exp"];
        required.extend(configuration.issuer.as_ref().map(|_| "iss"));
        required.extend(configuration.audience.as_ref().map(|_| "aud"));
        let rules = Rules {
            issuers: configuration.issuer.clone().map(|issuer| vec![issuer]),
            audiences: configuration.audience.clone().map(|audience| vec![audience]),
            required: required.into_iter().map(str::to_owned).collect(),
            leeway: configuration.leeway,
            own: Some(Own { token_type: kind.name().to_owned(), max_lifetime: Some(lifetime), exact: true }),
            ..Rules::default()
        };
        Ok(Self {
            lifetime,
            keys: derived(ring, kind.name(), configuration.issuer.as_deref(), kind.typ())?,
            expected: Expectations {
                max_length: compact::DEFAULT_MAX_TOKEN,
                header: HeaderRule { algorithms: None, typ: Some(kind.typ().to_owned()), closed: true },
                rules,
            },
        })
    }
}

fn derived(ring: &KeyRing, purpose: &str, issuer: Option<&str>, typ: &str) -> Result<KeyRing, KeyRefusal> {
    let keys: Result<Vec<_>, _> =
        ring.keys().iter().map(|key| key.derive(purpose, issuer, typ).map(Arc::new)).collect();
    KeyRing::new(keys?)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control)
}
