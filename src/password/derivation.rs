//! What a password must be put through to become the key of a stored row: one enum over all formats.
//!
//! Where a derivation runs is not said here: PBKDF2-HMAC-SHA256 on the pool's lanes, all others whole, on threads of
//! their own (see [`Check::task`](super::check::Check::task)).

use std::borrow::Cow;

use base64ct::{Base64, Base64Bcrypt, Base64Unpadded, Encoding};
use zeroize::Zeroizing;

use super::argon2::Argon2;
use super::bcrypt::Bcrypt;
use super::encoded::fields;
use super::legacy::Legacy;
use super::pbkdf2::{self, Digest};
use super::salt;
use super::scrypt::Scrypt;
use crate::error::Error;

/// A derived key; wiped on drop.
pub type Key = Zeroizing<Vec<u8>>;

/// The key of one lane: SHA-256's output.
pub type DerivedKey = Zeroizing<[u8; 32]>;

/// A derivation with its cost and its salt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Derivation {
    /// PBKDF2, of which only HMAC-SHA-256 goes to lanes.
    Pbkdf2(Pbkdf2),
    /// Argon2 (RFC 9106).
    Argon2(Argon2),
    /// scrypt (RFC 7914).
    Scrypt(Scrypt),
    /// bcrypt, plain or over a digest.
    Bcrypt(Bcrypt),
    /// MD5 or SHA-1 of salt and password: microseconds.
    Legacy(Legacy),
}

/// PBKDF2 (RFC 8018, section 5.2) with one block of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pbkdf2 {
    /// HMAC's hash, which also says how long the key is.
    pub digest: Digest,
    /// At least 1.
    pub iterations: u32,
    /// Never empty, holds no `$`.
    pub salt: String,
    /// The derivation whose text stands for the password, in a wrapped row.
    pub over: Option<Box<Derivation>>,
}

impl Derivation {
    /// PBKDF2-HMAC-SHA256 of the password itself: the derivation of new passwords.
    #[must_use]
    pub fn pbkdf2_sha256(iterations: u32, salt: &str) -> Self {
        Self::Pbkdf2(Pbkdf2 { digest: Digest::Sha256, iterations, salt: salt.to_owned(), over: None })
    }

    /// The salt as text, as far as the row has it as text.
    #[must_use]
    pub fn salt(&self) -> Cow<'_, str> {
        match self {
            Self::Pbkdf2(it) => Cow::Borrowed(&it.salt),
            Self::Argon2(it) => it.salt.iter().map(|&byte| char::from(byte)).collect(),
            Self::Scrypt(it) => Cow::Borrowed(&it.salt),
            Self::Bcrypt(it) => Cow::Owned(it.salt()),
            Self::Legacy(it) => Cow::Borrowed(&it.salt),
        }
    }

    /// Its time, in PBKDF2-HMAC-SHA256 iterations: exact for PBKDF2, measured for the others (`benches/formats.py`).
    #[must_use]
    pub fn work(&self) -> u64 {
        match self {
            Self::Pbkdf2(it) => u64::from(it.iterations) + it.over.as_ref().map_or(0, |over| over.work()),
            Self::Argon2(it) => it.work(),
            Self::Scrypt(it) => it.work(),
            Self::Bcrypt(it) => it.work(),
            Self::Legacy(_) => 0,
        }
    }

    /// Whether it costs at least what `wanted`, of the same format, costs, in every parameter. Costlier is never a
    /// reason to derive anew (P52), a salt below 128 bits is (P51).
    #[must_use]
    pub fn meets(&self, wanted: &Self) -> bool {
        let cost = match (self, wanted) {
            (Self::Pbkdf2(it), Self::Pbkdf2(wanted)) => it.iterations >= wanted.iterations,
            (Self::Argon2(it), Self::Argon2(wanted)) => it.meets(wanted),
            (Self::Scrypt(it), Self::Scrypt(wanted)) => it.meets(wanted),
            (Self::Bcrypt(it), Self::Bcrypt(wanted)) => return it.cost >= wanted.cost,
            (Self::Legacy(it), Self::Legacy(wanted)) => it.hash == wanted.hash,
            _ => return false,
        };
        cost && salt::is_long_enough(&self.salt())
    }

    /// Bytes of memory that it takes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        match self {
            Self::Pbkdf2(Pbkdf2 { over: Some(over), .. }) => over.memory(),
            Self::Pbkdf2(_) | Self::Legacy(_) => 0,
            Self::Argon2(it) => it.memory(),
            Self::Scrypt(it) => it.memory(),
            Self::Bcrypt(it) => it.memory(),
        }
    }

    /// Derives the key of `password` on this thread.
    ///
    /// # Errors
    /// [`Error::Memory`] and [`Error::Threads`] where the operating system gives none; none that a password can bring
    /// about.
    pub fn derive(&self, password: &[u8]) -> Result<Key, Error> {
        match self {
            Self::Pbkdf2(it) => match &it.over {
                Some(over) => Ok(it.derive(over.text(&over.derive(password)?).as_bytes())),
                None => Ok(it.derive(password)),
            },
            Self::Argon2(it) => it.derive(password),
            Self::Scrypt(it) => it.derive(password),
            Self::Bcrypt(it) => it.derive(password),
            Self::Legacy(it) => Ok(it.derive(password)),
        }
    }

    /// A key as the row's last field spells it.
    #[must_use]
    pub fn text(&self, key: &Key) -> Zeroizing<String> {
        Zeroizing::new(match self {
            Self::Pbkdf2(_) | Self::Scrypt(_) => Base64::encode_string(key),
            Self::Argon2(_) => Base64Unpadded::encode_string(key),
            Self::Bcrypt(_) => Base64Bcrypt::encode_string(key),
            Self::Legacy(_) => fields::hex(key),
        })
    }
}

impl Pbkdf2 {
    fn derive(&self, password: &[u8]) -> Key {
        let mut key = Key::new(vec![0; self.digest.output_length()]);
        pbkdf2::derive_here(self.digest, password, self.salt.as_bytes(), self.iterations, &mut key);
        key
    }
}
