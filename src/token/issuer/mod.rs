//! First-party tokens: access and refresh, told apart by `typ`, by `token_type` and by a key of their own.

use std::sync::Arc;

use super::key::Key;
use super::keyring::{KeyRing, MAX_UNNAMED};
use super::refusal::{KeyRefusal, Refusal};
use super::rules::{MAX_LEEWAY, TOKEN_ID_BYTES};
use super::{base64url, clock, json_writer};
use crate::error::Error;

mod half;
mod settings;

use half::{Half, is_name};

pub use half::Reading;
pub use settings::{Configuration, Content, Issued, Kind, Legacy, RESERVED};

/// The purpose of the key that a session's token ids are made with.
const TOKEN_ID_PURPOSE: &str = "jti";

/// Makes and verifies access and refresh tokens.
#[derive(Debug)]
pub struct TokenIssuer {
    configuration: Configuration,
    access: Half,
    refresh: Half,
    /// For every key that signs, the key that a session's token ids are made with.
    token_id_keys: Vec<Option<Key>>,
    legacy: Option<LegacyIssuer>,
}

#[derive(Debug)]
struct LegacyIssuer {
    user_id_claim: String,
    issuer: Option<String>,
    audience: Option<String>,
    access: Half,
    refresh: Half,
}

impl TokenIssuer {
    /// An issuer whose keys are derived from those of `ring`.
    ///
    /// # Errors
    /// [`Error::Setting`] for a lifetime of zero, a leeway beyond [`MAX_LEEWAY`], an empty or overlong name;
    /// [`Error::Key`] for a ring that keys cannot be derived from.
    pub fn new(ring: &KeyRing, configuration: Configuration, legacy: Option<Legacy>) -> Result<Self, Error> {
        let lifetimes = [configuration.access_lifetime, configuration.refresh_lifetime];
        if lifetimes.iter().any(|lifetime| *lifetime == 0 || *lifetime > clock::LATEST) {
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
        let issuer = configuration.issuer.as_deref();
        Ok(Self {
            access: Half::new(ring, Kind::Access, configuration.access_lifetime, &configuration)?,
            refresh: Half::new(ring, Kind::Refresh, configuration.refresh_lifetime, &configuration)?,
            token_id_keys: ring.keys().iter().map(|key| key.prf(TOKEN_ID_PURPOSE, issuer)).collect(),
            legacy: legacy.map(|legacy| LegacyIssuer::new(ring, legacy, &configuration)).transpose()?,
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
        let expires_at = half.expires_at(content)?;
        let signer = half.keys.signer_index(content.issued_at)?;
        let token_id = self.token_id(kind, content, signer)?;
        let names = [
            ("token_type", Some(kind.name())),
            ("iss", self.configuration.issuer.as_deref()),
            ("aud", self.configuration.audience.as_deref()),
            ("sub", Some(content.subject)),
            ("jti", Some(&token_id)),
            ("sid", content.session.map(|(sid, _)| sid)),
        ];
        let payload =
            write_payload(&names, content, content.session.map(|(_, generation)| generation), expires_at);
        let token = half.sign(signer, &payload)?;
        Ok(Issued { token, token_id, expires_at })
    }

    /// Makes a token as the other library does.
    ///
    /// # Errors
    /// As [`Self::issue`]; [`Error::Setting`] too where the issuer was told of no other library.
    pub fn issue_legacy(&self, kind: Kind, content: &Content<'_>) -> Result<Issued, Error> {
        let legacy =
            self.legacy.as_ref().ok_or(Error::Setting("This issuer was told of no other library: see compat."))?;
        let half = legacy.half(kind);
        let expires_at = half.expires_at(content)?;
        let token_id = random_id()?.iter().fold(String::new(), |id, byte| id + &format!("{byte:02x}"));
        let names = [
            ("token_type", Some(kind.name())),
            ("iss", legacy.issuer.as_deref()),
            ("aud", legacy.audience.as_deref()),
            (legacy.user_id_claim.as_str(), Some(content.subject)),
            ("jti", Some(&token_id)),
        ];
        let payload = write_payload(&names, content, None, expires_at);
        let token = half.sign(half.keys.signer_index(content.issued_at)?, &payload)?;
        Ok(Issued { token, token_id, expires_at })
    }

    /// Reads the header of a token of that kind.
    ///
    /// # Errors
    /// The [`Refusal`] of the first check that fails.
    pub fn read<'t>(&self, token: &'t [u8], kind: Kind, now: u64) -> Result<Reading<'t, '_>, Refusal> {
        match (self.half(kind).read(token, now, None), &self.legacy) {
            // Only the other library's tokens are of no type of ours.
            (Err(Refusal::Typ), Some(legacy)) => legacy.half(kind).read(token, now, Some(&legacy.user_id_claim)),
            (reading, _) => reading,
        }
    }

    const fn half(&self, kind: Kind) -> &Half {
        match kind {
            Kind::Access => &self.access,
            Kind::Refresh => &self.refresh,
        }
    }

    /// A session's token id is a PRF of its session and generation, so that a repeated refresh gives the same token; any
    /// other is random (J81).
    fn token_id(&self, kind: Kind, content: &Content<'_>, signer: usize) -> Result<String, Error> {
        let Some((sid, generation)) = content.session else {
            return Ok(base64url::encode(&random_id()?));
        };
        let key = self.token_id_keys[signer].as_ref().ok_or(KeyRefusal::CannotSign)?;
        // The kinds' names hold no NUL, and the generation's length is fixed: no two triples are one message.
        let message = [kind.name().as_bytes(), &[0], &generation.to_be_bytes(), sid.as_bytes()].concat();
        let mut tag = String::new();
        key.sign(&message, &mut tag)?;
        let tag = base64url::decode_array::<32>(tag.as_bytes()).ok_or(KeyRefusal::CannotSign)?;
        Ok(base64url::encode(&tag[..TOKEN_ID_BYTES]))
    }
}

impl LegacyIssuer {
    fn new(ring: &KeyRing, legacy: Legacy, configuration: &Configuration) -> Result<Self, Error> {
        if !is_name(&legacy.user_id_claim) || RESERVED.contains(&legacy.user_id_claim.as_str()) {
            return Err(Error::Setting(
                "The other library's user_id_claim must be a claim that is not registered.",
            ));
        }
        let keys = match &legacy.keys {
            Some(keys) => Arc::clone(keys),
            // The other library's tokens do not name their key, so few are tried: the present secret and the last.
            None => {
                let raw: Result<Vec<_>, _> =
                    ring.keys().iter().take(MAX_UNNAMED).map(|key| key.raw().map(Arc::new)).collect();
                Arc::new(KeyRing::new(raw?, ring.verified().capacity())?)
            }
        };
        Ok(Self {
            access: Half::legacy(Arc::clone(&keys), Kind::Access, &legacy, configuration),
            refresh: Half::legacy(keys, Kind::Refresh, &legacy, configuration),
            user_id_claim: legacy.user_id_claim,
            issuer: legacy.issuer,
            audience: legacy.audience,
        })
    }

    const fn half(&self, kind: Kind) -> &Half {
        match kind {
            Kind::Access => &self.access,
            Kind::Refresh => &self.refresh,
        }
    }
}

fn write_payload(
    names: &[(&str, Option<&str>)],
    content: &Content<'_>,
    generation: Option<u64>,
    expires_at: u64,
) -> String {
    let mut json = String::with_capacity(256 + content.extra.len());
    json.push('{');
    for (name, value) in names {
        if let Some(value) = value {
            json_writer::name(name, &mut json);
            json_writer::string(value, &mut json);
        }
    }
    for (name, value) in [("gen", generation), ("iat", Some(content.issued_at)), ("exp", Some(expires_at))] {
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

/// From the operating system at every call, so that a fork repeats none (J111).
fn random_id() -> Result<[u8; TOKEN_ID_BYTES], Error> {
    let mut bytes = [0; TOKEN_ID_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(bytes)
}
