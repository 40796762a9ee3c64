//! Django's encoded passwords: parse, derive, compare.
//!
//! [`encoded`] knows the stored forms, [`derivation`] what each asks to derive, [`check`] what a stored form and a
//! password lead to. [`pool`] runs every derivation, PBKDF2-HMAC-SHA256 on [`lanes`]; [`batch`] is for callers who wait,
//! for one or for many; [`derive`](mod@derive) is the raw key. [`params`] holds every number, each with its source.

pub mod argon2;
pub mod batch;
pub mod bcrypt;
pub mod check;
pub mod derivation;
pub mod derive;
pub mod encoded;
pub mod lanes;
pub mod legacy;
pub mod params;
pub mod pbkdf2;
pub mod pool;
pub mod salt;
pub mod scrypt;

use crate::error::Error;
use batch::Wait;
use check::{Check, Verdict};
use derivation::{Derivation, Key, Pbkdf2};
use encoded::{Format, Formats, Limits};
use pbkdf2::Digest;
use pool::{Heavy, Outcome, Purpose, Request, Task, Then};

/// What encodes a password as Django does.
///
/// # Errors
/// [`Error::Salt`] for a salt that the stored form cannot hold, [`Error::Iterations`] for a count outside the caps.
pub fn make_task(salt: &str, iterations: u32) -> Result<Task<'_>, Error> {
    encoded::check_salt(salt)?;
    params::check_iterations(iterations)?;
    let purpose = Purpose::Make { format: Format::Pbkdf2Sha256, salt: salt.into(), iterations };
    Ok(Task::Lanes(Request { salt: salt.as_bytes(), block: 1, iterations, purpose }))
}

/// Encodes `password` as Django does, in a format that is PBKDF2's: plain or wrapped.
///
/// # Errors
/// As for [`make_task`], [`Error::Format`] for a format that is another derivation's, and the pool's.
pub fn make(
    password: &[u8],
    salt: &str,
    iterations: u32,
    format: Format,
    wait: Wait<'_>,
) -> Result<String, Error> {
    let task = match format {
        Format::Pbkdf2Sha256 => make_task(salt, iterations)?,
        Format::Pbkdf2Sha1 => {
            encoded::check_salt(salt)?;
            params::check_iterations(iterations)?;
            let sha1 = Pbkdf2 { digest: Digest::Sha1, iterations, salt: salt.to_owned(), over: None };
            let key = derive(password, Derivation::Pbkdf2(sha1), wait)?;
            return encoded::write(format, iterations, salt, &key);
        }
        Format::Wrapped(inner) => {
            encoded::check_salt(salt)?;
            params::check_iterations(iterations)?;
            let over = encoded::wrapped::inner(inner, salt, Limits::current(Formats::ALL)).ok_or(Error::Salt)?;
            let purpose = Purpose::Make { format, salt: salt.into(), iterations };
            Task::Heavy(Heavy {
                derivation: over,
                then: Then::Wrap { salt: salt.to_owned(), iterations, purpose },
            })
        }
        _ => return Err(Error::Format),
    };
    match batch::one(password, task, wait)? {
        Outcome::Encoded(row) => Ok(row),
        _ => Err(Error::WorkerFailed),
    }
}

/// Judges a password, with all the work that a refusal owes, and encodes it anew if `renew` is set and its row is
/// outdated. `None` is a password that cannot be read as text: it costs what a wrong one costs, and matches nothing.
///
/// # Errors
/// None that a row or a password can bring about; the pool's.
pub fn check(
    password: Option<&[u8]>,
    check: &Check,
    renew: bool,
    wait: Wait<'_>,
) -> Result<(Verdict, Option<String>), Error> {
    match batch::one(password.unwrap_or_default(), check.task(password.is_some(), renew), wait)? {
        Outcome::Checked { verdict, renewed } => Ok((verdict, renewed)),
        _ => Err(Error::WorkerFailed),
    }
}

/// The raw key of a derivation that cannot be sliced.
///
/// # Errors
/// [`Error::Memory`] where the operating system gives none; the pool's.
pub fn derive(password: &[u8], derivation: Derivation, wait: Wait<'_>) -> Result<Key, Error> {
    match batch::one(password, Task::Heavy(Heavy { derivation, then: Then::Deliver }), wait)? {
        Outcome::Key(key) => Ok(key),
        _ => Err(Error::WorkerFailed),
    }
}
