//! Django's encoded passwords: parse, derive, compare.
//!
//! [`encoded`] knows the stored forms, [`derivation`] what each asks to derive, [`check`] what a stored form and a
//! password lead to. [`params`] holds every number, each with its source; [`batch`] does many at once.

pub mod argon2;
pub mod batch;
pub mod bcrypt;
pub mod check;
pub mod derivation;
pub mod encoded;
pub mod heavy;
pub mod lanes;
pub mod legacy;
pub mod params;
pub mod pbkdf2;
pub mod salt;
pub mod scrypt;

use crate::error::Error;
use derivation::{Derivation, Pbkdf2};
use encoded::{Format, Formats, Limits};
use pbkdf2::Digest;

/// Encodes `password` as Django does, in a format that is PBKDF2's: plain or wrapped.
///
/// # Errors
/// [`Error::Salt`] for a salt that the stored form cannot hold, [`Error::Iterations`] for a count outside the caps,
/// [`Error::Format`] for a format that is another derivation's.
pub fn make(password: &[u8], salt: &str, iterations: u32, format: Format) -> Result<String, Error> {
    encoded::check_salt(salt)?;
    let limits = Limits::current(Formats::ALL);
    if iterations > limits.max_iterations {
        return Err(Error::Iterations { max: limits.max_iterations });
    }
    let derivation = match format {
        Format::Pbkdf2Sha256 => Derivation::pbkdf2_sha256(iterations, salt),
        Format::Pbkdf2Sha1 => {
            Derivation::Pbkdf2(Pbkdf2 { digest: Digest::Sha1, iterations, salt: salt.to_owned(), over: None })
        }
        Format::Wrapped(inner) => {
            encoded::wrapped::derivation(inner, iterations, salt, limits).ok_or(Error::Salt)?
        }
        _ => return Err(Error::Format),
    };
    encoded::write(format, iterations, salt, &derivation.derive(password)?)
}
