//! Django's `algorithm$...`: one stored row, parsed with bounds on every field.
//!
//! Each format's own fields are read where the format is: [`pbkdf2`](super::pbkdf2) rows in [`rows`], the others
//! beside their derivation. [`wrapped`] reads and makes rows whose password is another row's hash.

pub mod fields;
pub mod format;
pub mod rows;
pub mod wrapped;

pub use format::{Format, Formats};
pub use rows::{check_salt, write};

use super::derivation::{Derivation, Key};
use super::params::MAX_ENCODED_LENGTH;
use super::{argon2, bcrypt, legacy, params, scrypt};

/// What a stored row may ask of this process.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The highest PBKDF2 count.
    pub max_iterations: u32,
    /// The most memory of one derivation, in bytes.
    pub max_memory: u64,
    /// The formats that may verify.
    pub formats: Formats,
}

impl Limits {
    /// This process's limits, for those formats.
    #[must_use]
    pub fn current(formats: Formats) -> Self {
        Self { max_iterations: params::max_iterations(), max_memory: params::max_memory(), formats }
    }
}

/// A well-formed stored password.
#[derive(Clone)]
pub struct Row {
    /// Which of Django's formats it has.
    pub format: Format,
    /// What the password must be put through.
    pub derivation: Derivation,
    /// The key that the right password derives.
    pub key: Key,
}

/// Reads a stored password; `None` for anything that Django, or [`wrapped`], would not have written.
///
/// The length is bounded before the text is split, and every cost before anything is allocated for it.
#[must_use]
pub fn parse(encoded: &str, limits: Limits) -> Option<Row> {
    if encoded.len() > MAX_ENCODED_LENGTH {
        return None;
    }
    let (name, fields) = encoded.split_once('$')?;
    let format = Format::from_name(name).filter(|format| limits.formats.contains(*format))?;
    let (derivation, key) = match format {
        Format::Pbkdf2Sha256 | Format::Pbkdf2Sha1 => rows::parse(format, fields, limits)?,
        Format::Argon2 => argon2::parse(fields, limits)?,
        Format::BcryptSha256 | Format::Bcrypt => bcrypt::parse(format, fields)?,
        Format::Scrypt => scrypt::parse(fields, limits)?,
        Format::Md5 => legacy::parse(legacy::Hash::Md5, fields)?,
        Format::Wrapped(inner) => wrapped::parse(inner, fields, limits)?,
    };
    Some(Row { format, derivation, key })
}
