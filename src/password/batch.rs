//! Many derivations at once, on every core.

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::check::{Check, Policy, Verdict};
use super::encoded;
use super::{derive_key, salt};
use crate::error::Error;

/// Encodes every password with a fresh salt, in order.
///
/// # Errors
/// [`Error::Iterations`] and [`Error::Random`] as for one password, [`Error::Threads`] where none could be started.
pub fn make(passwords: &[&[u8]], iterations: u32) -> Result<Vec<String>, Error> {
    pool()?.install(|| {
        passwords
            .par_iter()
            .map(|password| {
                let salt = salt::generate()?;
                encoded::write(iterations, &salt, &*derive_key(password, &salt, iterations)?)
            })
            .collect()
    })
}

/// Checks every password against its row, in order. `None` stands for what could not be read as text.
///
/// # Errors
/// [`Error::Threads`] where none could be started.
pub fn check(pairs: &[(Option<&[u8]>, Option<&str>)], policy: Policy) -> Result<Vec<bool>, Error> {
    pool()?.install(|| {
        pairs
            .par_iter()
            .map(|&(password, row)| Ok(Check::new(row, policy).run(password)? != Verdict::Refused))
            .collect()
    })
}

/// A pool of this batch alone: no thread outlives the call, so none is missing in a forked child.
fn pool() -> Result<ThreadPool, Error> {
    ThreadPoolBuilder::new()
        .thread_name(|index| format!("ferrauth-batch-{index}"))
        .build()
        .map_err(|_| Error::Threads)
}
