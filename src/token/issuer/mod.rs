//! First-party tokens: access and refresh, told apart by `typ`, by `token_type` and by a key of their own.

use super::key::Key;
use super::keyring::KeyRing;
use super::refusal::{KeyRefusal, Refusal};
use super::rules::{MAX_LEEWAY, TOKEN_ID_BYTES};
use super::{base64url, clock, json_writer};
use crate::error::Error;

mod half;
mod settings;

use half::{Half, is_name};

pub use half::Reading;
pub use settings::{Configuration, Content, Issued, Kind, RESERVED};

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
}

impl TokenIssuer {
    /// An issuer whose keys are derived from those of `ring`.
    ///
    /// # Errors
    /// [`Error::Setting`] for a lifetime of zero, a leeway beyond [`MAX_LEEWAY`], an empty or overlong name;
    /// [`Error::Key`] for a ring that keys cannot be derived from.
    pub fn new(ring: &KeyRing, configuration: Configuration) -> Result<Self, Error> {
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

    /// Reads the header of a token of that kind.
    ///
    /// # Errors
    /// The [`Refusal`] of the first check that fails.
    pub fn read<'t>(&self, token: &'t [u8], kind: Kind, now: u64) -> Result<Reading<'t, '_>, Refusal> {
        self.half(kind).read(token, now)
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
