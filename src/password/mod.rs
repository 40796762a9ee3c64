//! Django's encoded passwords: parse, derive, compare.
//!
//! [`encoded`] knows the stored form, [`pbkdf2`] the derivation, [`check`] what a stored form and a password lead to.
//! [`pool`] runs every derivation on [`lanes`]; [`batch`] is for callers who wait, for one or for many; [`derive`] is
//! the raw key. [`params`] holds every number, each with its source.

pub mod batch;
pub mod check;
pub mod derive;
pub mod encoded;
pub mod lanes;
pub mod params;
pub mod pbkdf2;
pub mod pool;
pub mod salt;

use crate::error::Error;
use batch::Wait;
use check::{Check, Verdict};
use pbkdf2::Midstates;
use pool::{Outcome, Purpose, Request};

/// What encodes `password` as Django does.
///
/// # Errors
/// [`Error::Salt`] for a salt that the stored form cannot hold, [`Error::Iterations`] for a count outside the caps.
pub fn make_request(salt: &str, iterations: u32) -> Result<Request<'_>, Error> {
    encoded::check_salt(salt)?;
    params::check_iterations(iterations)?;
    let purpose = Purpose::Make { salt: salt.into(), iterations };
    Ok(Request { salt: salt.as_bytes(), block: 1, iterations, purpose })
}

/// Encodes `password` as Django does.
///
/// # Errors
/// As for [`make_request`], and the pool's.
pub fn make(password: &[u8], salt: &str, iterations: u32, wait: Wait<'_>) -> Result<String, Error> {
    match batch::one(&Midstates::new(password), make_request(salt, iterations)?, wait)? {
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
    check: &Check<'_>,
    renew: bool,
    wait: Wait<'_>,
) -> Result<(Verdict, Option<String>), Error> {
    let midstates = Midstates::new(password.unwrap_or_default());
    match batch::one(&midstates, check.request(password.is_some(), renew), wait)? {
        Outcome::Checked { verdict, renewed } => Ok((verdict, renewed)),
        _ => Err(Error::WorkerFailed),
    }
}
