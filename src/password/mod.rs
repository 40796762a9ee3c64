//! Django's encoded passwords: parse, derive, compare.
//!
//! [`encoded`] knows the stored form, [`pbkdf2`] the derivation, [`check`] what a stored form and a password lead to.
//! [`params`] holds every number, each with its source; [`batch`] does many at once.

pub mod batch;
pub mod check;
pub mod encoded;
pub mod lanes;
pub mod params;
pub mod pbkdf2;
pub mod salt;

use crate::error::Error;
use encoded::DerivedKey;

/// Encodes `password` as Django does.
///
/// # Errors
/// [`Error::Salt`] for a salt that the stored form cannot hold, [`Error::Iterations`] for a count outside the caps.
pub fn make(password: &[u8], salt: &str, iterations: u32) -> Result<String, Error> {
    encoded::check_salt(salt)?;
    encoded::write(iterations, salt, &*derive_key(password, salt, iterations)?)
}

/// The key that `password` derives for a stored row.
fn derive_key(password: &[u8], salt: &str, iterations: u32) -> Result<DerivedKey, Error> {
    let max = params::max_iterations();
    if iterations > max {
        return Err(Error::Iterations { max });
    }
    let mut key = DerivedKey::default();
    pbkdf2::derive(pbkdf2::Digest::Sha256, password, salt.as_bytes(), iterations, key.as_mut_slice())?;
    Ok(key)
}
