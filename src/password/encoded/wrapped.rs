//! Wrapped rows: `pbkdf2_wrapped_<old format>$iterations$salt$hash`, PBKDF2-HMAC-SHA256 over an old row's hash text, so
//! that a weak row grows strong without its owner (Django's guide on upgrading without requiring a login).
//!
//! The salt field is the old row's salt, with what the old derivation needs before it and a dot: `20000.salt` for an
//! old PBKDF2 row, `12.salt` for bcrypt. It salts the new derivation too, as in Django's guide, whose
//! `pbkdf2_wrapped_md5` and `pbkdf2_wrapped_sha1` rows are these very rows.

use super::format::Inner;
use super::{Format, Formats, Limits, fields, parse as parse_row, rows};
use crate::error::Error;
use crate::password::derivation::{Derivation, Key, Pbkdf2};
use crate::password::legacy::{self, Hash, Legacy};
use crate::password::params::MAX_ENCODED_LENGTH;
use crate::password::pbkdf2::Digest;
use crate::password::{bcrypt, salt};

/// Reads what follows the format's name.
pub(super) fn parse(old: Inner, text: &str, limits: Limits) -> Option<(Derivation, Key)> {
    let (iterations, salt, key) = rows::split(text, Digest::Sha256, limits)?;
    let over = Some(Box::new(inner(old, salt, limits)?));
    Some((Derivation::Pbkdf2(Pbkdf2 { digest: Digest::Sha256, iterations, salt: salt.to_owned(), over }), key))
}

/// The derivation of the old row that a salt field tells of.
#[must_use]
pub fn inner(inner: Inner, salt: &str, limits: Limits) -> Option<Derivation> {
    Some(match inner {
        Inner::Md5 => legacy(Hash::Md5, salt),
        Inner::Sha1 => legacy(Hash::Sha1, salt),
        Inner::UnsaltedMd5 => legacy(Hash::Md5, ""),
        Inner::UnsaltedSha1 => legacy(Hash::Sha1, ""),
        Inner::Pbkdf2Sha1 => pbkdf2(Digest::Sha1, salt, limits)?,
        Inner::Pbkdf2Sha256 => pbkdf2(Digest::Sha256, salt, limits)?,
        Inner::Bcrypt | Inner::BcryptSha256 => {
            let (cost, salt) = salt.split_once('.')?;
            Derivation::Bcrypt(bcrypt::setting(inner == Inner::BcryptSha256, cost, salt)?)
        }
    })
}

fn legacy(hash: Hash, salt: &str) -> Derivation {
    Derivation::Legacy(Legacy { hash, salt: salt.to_owned() })
}

fn pbkdf2(digest: Digest, salt: &str, limits: Limits) -> Option<Derivation> {
    let (count, salt) = salt.split_once('.')?;
    let iterations = fields::count(count, limits.max_iterations)?;
    (!salt.is_empty())
        .then(|| Derivation::Pbkdf2(Pbkdf2 { digest, iterations, salt: salt.to_owned(), over: None }))
}

/// What is derived to wrap an old row.
pub struct Wrapping {
    /// The new row's format.
    pub format: Format,
    /// The old row's hash text, which the new derivation takes for a password.
    pub password: zeroize::Zeroizing<String>,
    /// The new row's salt field.
    pub salt: String,
}

/// Plans the wrapping of an old row; `None` for a row that is not old, is wrapped, or cannot be read.
///
/// # Errors
/// [`Error::Random`] where an unsalted row needs a salt and the operating system gives none.
pub fn plan(row: &str, limits: Limits) -> Result<Option<Wrapping>, Error> {
    if row.len() > MAX_ENCODED_LENGTH {
        return Ok(None);
    }
    let limits = Limits { formats: Formats::ALL, ..limits };
    let (inner, derivation, key) = if let Some((hash, salted, derivation, key)) = legacy::parse_any(row) {
        let inner = match (hash, salted) {
            (Hash::Md5, true) => Inner::Md5,
            (Hash::Sha1, true) => Inner::Sha1,
            (Hash::Md5, false) => Inner::UnsaltedMd5,
            (Hash::Sha1, false) => Inner::UnsaltedSha1,
        };
        (inner, derivation, key)
    } else if let Some(row) = parse_row(row, limits) {
        let inner = match row.format {
            Format::Pbkdf2Sha1 => Inner::Pbkdf2Sha1,
            Format::Pbkdf2Sha256 => Inner::Pbkdf2Sha256,
            Format::Bcrypt => Inner::Bcrypt,
            Format::BcryptSha256 => Inner::BcryptSha256,
            _ => return Ok(None),
        };
        (inner, row.derivation, row.key)
    } else {
        return Ok(None);
    };
    let salt = match &derivation {
        Derivation::Pbkdf2(old) => format!("{}.{}", old.iterations, old.salt),
        Derivation::Bcrypt(old) => format!("{}.{}", old.cost, old.salt()),
        Derivation::Legacy(old) if !old.salt.is_empty() => old.salt.clone(),
        _ => salt::generate()?,
    };
    Ok(Some(Wrapping { format: Format::Wrapped(inner), password: derivation.text(&key), salt }))
}

#[cfg(test)]
mod tests {
    use super::plan;
    use crate::password::encoded::{Format, Formats, Limits, parse, write};

    const LIMITS: Limits = Limits { max_iterations: 10_000, max_memory: 1 << 20, formats: Formats::ALL };

    /// Rows of the password `secret`, by stock Django 4.2 (`sha1` and `unsalted_md5` are gone from 5.1 on).
    const ROWS: [&str; 5] = [
        "5ebe2294ecd0e0f08eab7690d2a6ee69",
        "md5$$5ebe2294ecd0e0f08eab7690d2a6ee69",
        "md5$salt$abcdef0123456789abcdef0123456789",
        "sha1$$e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4",
        "sha1$salt$e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4",
    ];

    #[test]
    fn test_a_wrapped_row_is_read_back() {
        for row in ROWS {
            let wrapping = plan(row, LIMITS).unwrap().unwrap();
            let text = write(wrapping.format, 7, &wrapping.salt, &[3; 32]).unwrap();
            let read = parse(&text, LIMITS).unwrap();
            assert_eq!((read.format, read.derivation.salt().as_ref()), (wrapping.format, wrapping.salt.as_str()));
        }
    }

    #[test]
    fn test_what_is_not_old_is_left() {
        for row in ["", "!", "junk", "scrypt$2$salt$8$1$AAAA", "pbkdf2_wrapped_md5$1$salt$AAAA", "md5$salt$abc"] {
            assert!(plan(row, LIMITS).unwrap().is_none(), "{row:?}");
        }
        assert_eq!(plan(ROWS[0], LIMITS).unwrap().unwrap().format.name(), "pbkdf2_wrapped_unsalted_md5");
        assert!(Format::from_name("pbkdf2_wrapped_pbkdf2_wrapped_md5").is_none());
    }
}
