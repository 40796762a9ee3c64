//! Many derivations at once, on every core.

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::check::{Check, Policy, Verdict};
use super::derivation::Derivation;
use super::encoded::wrapped::{self, Wrapping};
use super::encoded::{self, Format, Formats, Limits};
use super::{params, salt};
use crate::error::Error;

/// Encodes every password with a fresh salt, in order.
///
/// # Errors
/// [`Error::Iterations`] and [`Error::Random`] as for one password, [`Error::Threads`] where none could be started.
pub fn make(passwords: &[&[u8]], iterations: u32) -> Result<Vec<String>, Error> {
    pool()?.install(|| {
        passwords
            .par_iter()
            .map(|password| encode(Format::Pbkdf2Sha256, password, &salt::generate()?, iterations))
            .collect()
    })
}

/// Wraps every old row, in order; `None` for one that is not old, is wrapped, or cannot be read.
///
/// # Errors
/// As for [`make`].
pub fn wrap(rows: &[&str], iterations: u32) -> Result<Vec<Option<String>>, Error> {
    let limits = Limits::current(Formats::ALL);
    pool()?.install(|| {
        rows.par_iter()
            .map(|row| {
                let Some(Wrapping { format, password, salt }) = wrapped::plan(row, limits)? else {
                    return Ok(None);
                };
                encode(format, password.as_bytes(), &salt, iterations).map(Some)
            })
            .collect()
    })
}

/// Checks every password against its row, in order. `None` stands for what could not be read as text.
///
/// # Errors
/// [`Error::Threads`] where none could be started.
pub fn check(pairs: &[(Option<&[u8]>, Option<&str>)], policy: &Policy) -> Result<Vec<bool>, Error> {
    pool()?.install(|| {
        pairs
            .par_iter()
            .map(|&(password, row)| Ok(Check::new(row, policy).run(password)? != Verdict::Refused))
            .collect()
    })
}

fn encode(format: Format, password: &[u8], salt: &str, iterations: u32) -> Result<String, Error> {
    let key = Derivation::pbkdf2_sha256(iterations, salt).derive(password)?;
    encoded::write(format, iterations, salt, &key)
}

/// A pool of this batch alone: no thread outlives the call, so none is missing in a forked child.
fn pool() -> Result<ThreadPool, Error> {
    ThreadPoolBuilder::new()
        .num_threads(params::threads())
        .thread_name(|index| format!("ferrauth-batch-{index}"))
        .build()
        .map_err(|_| Error::Threads)
}
