//! Iteration counts and caps, each with its source.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::Error;

/// Django 6.1's default for PBKDF2-HMAC-SHA256 (`django.contrib.auth.hashers.PBKDF2PasswordHasher.iterations`): the
/// count of a new password where no framework says otherwise. It is above OWASP's minimum of 600,000
/// (Password Storage Cheat Sheet). Django's own hasher inherits the count of the Django that is installed.
pub const DEFAULT_ITERATIONS: u32 = 1_500_000;

/// The highest count that a caller or a stored row may ask for, unless it is configured: more than six times the
/// newest Django default. A row above it is a bomb (THREATS.md P01), not a password.
pub const DEFAULT_MAX_ITERATIONS: u32 = 10_000_000;

static MAX_ITERATIONS: AtomicU32 = AtomicU32::new(DEFAULT_MAX_ITERATIONS);

/// The highest count that this process accepts.
#[must_use]
pub fn max_iterations() -> u32 {
    MAX_ITERATIONS.load(Ordering::Relaxed)
}

/// Sets the highest count that this process accepts.
///
/// # Errors
/// [`Error::Iterations`] for 0.
pub fn set_max_iterations(max: u32) -> Result<(), Error> {
    if max == 0 {
        return Err(Error::Iterations { max: u32::MAX });
    }
    MAX_ITERATIONS.store(max, Ordering::Relaxed);
    Ok(())
}

/// The longest stored form that is looked at, in bytes. Django's column holds 128 characters; the rest is room for
/// formats with long parameters.
pub const MAX_ENCODED_LENGTH: usize = 1024;

/// Characters of a fresh salt, from the 62 of `a-z A-Z 0-9`: 130 bits, as in Django since 3.2
/// (`BasePasswordHasher.salt_entropy` is 128).
pub const SALT_LENGTH: usize = 22;
