//! Iteration counts and caps, each with its source.

use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::error::Error;
use crate::machine;

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

/// The most memory that one derivation may ask for, in bytes: that of RFC 9106's first recommendation (section 4), and
/// never more than half of what the machine gives the process (P16).
const MAX_MEMORY: u64 = 2 << 30;

/// The share of the machine's memory that all memory-hard derivations together take by default: a quarter.
const MEMORY_SHARE: u64 = 4;

/// 0 is "not set".
static MEMORY_BUDGET: AtomicU64 = AtomicU64::new(0);

/// The most memory that one derivation may ask for, in bytes.
#[must_use]
pub fn max_memory() -> u64 {
    MAX_MEMORY.min(machine_memory() / 2)
}

/// The memory that all derivations together may take at once, in bytes; but one may always run.
#[must_use]
pub fn memory_budget() -> u64 {
    match MEMORY_BUDGET.load(Ordering::Relaxed) {
        0 => machine_memory() / MEMORY_SHARE,
        budget => budget,
    }
}

/// Sets the memory that all derivations together may take at once, in bytes; 0 for the default.
pub fn set_memory_budget(bytes: u64) {
    MEMORY_BUDGET.store(bytes, Ordering::Relaxed);
}

fn machine_memory() -> u64 {
    static MEMORY: OnceLock<u64> = OnceLock::new();
    *MEMORY.get_or_init(machine::memory)
}

/// The longest stored form that is looked at, in bytes. Django's column holds 128 characters; the rest is room for
/// formats with long parameters.
pub const MAX_ENCODED_LENGTH: usize = 1024;

/// Characters of a fresh salt, from the 62 of `a-z A-Z 0-9`: 130 bits, as in Django since 3.2
/// (`BasePasswordHasher.salt_entropy` is 128).
pub const SALT_LENGTH: usize = 22;

/// Refuses a count that this process does not accept.
///
/// # Errors
/// [`Error::Iterations`] for 0 and for a count above the cap.
pub fn check_iterations(iterations: u32) -> Result<(), Error> {
    let max = max_iterations();
    if (1..=max).contains(&iterations) { Ok(()) } else { Err(Error::Iterations { max }) }
}

/// How long an asynchronous caller's derivation may have to wait, unless it is configured: longer than anybody watches
/// a login turn, so what would wait longer is work for nobody (THREATS.md P53).
pub const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(10);

/// How long a caller is willing to wait for the work before its own, in milliseconds; [`u64::MAX`] for ever.
static MAX_WAIT: AtomicU64 = AtomicU64::new(DEFAULT_MAX_WAIT.as_millis() as u64);
static MAX_WAIT_SYNC: AtomicU64 = AtomicU64::new(u64::MAX);

/// Whether a caller holds a thread while it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// It does: waiting costs nothing that is not already spent, so by default it is never refused.
    Sync,
    /// It does not.
    Async,
}

/// How long such a caller is willing to wait; `None` for ever.
#[must_use]
pub fn max_wait(caller: Caller) -> Option<Duration> {
    let millis = setting(caller).load(Ordering::Relaxed);
    (millis != u64::MAX).then(|| Duration::from_millis(millis))
}

/// Sets how long such callers are willing to wait; `None` for ever.
pub fn set_max_wait(caller: Caller, max_wait: Option<Duration>) {
    let millis = max_wait.map_or(u64::MAX, |wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    setting(caller).store(millis, Ordering::Relaxed);
}

fn setting(caller: Caller) -> &'static AtomicU64 {
    match caller {
        Caller::Sync => &MAX_WAIT_SYNC,
        Caller::Async => &MAX_WAIT,
    }
}

/// The environment variable that says how many threads derive. Where N server processes share a machine, each should
/// have its cores divided by N.
pub const THREADS_VARIABLE: &str = "FERRAUTH_THREADS";

/// 0 where nothing is set.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// Sets how many threads derive. It counts for a pool that has not started.
pub fn set_threads(threads: NonZero<usize>) {
    THREADS.store(threads.get(), Ordering::Relaxed);
}

/// How many threads derive: what the environment says, else what was set, else what the machine gives this process
/// ([`std::thread::available_parallelism`] knows of affinity and of the cgroup's quota).
///
/// # Errors
/// [`Error::ThreadCount`] where the environment holds no whole number of at least 1.
pub fn threads() -> Result<usize, Error> {
    if let Some(text) = std::env::var_os(THREADS_VARIABLE) {
        let count = text.to_str().and_then(|text| text.parse().ok());
        return count.map(NonZero::<usize>::get).ok_or(Error::ThreadCount);
    }
    match THREADS.load(Ordering::Relaxed) {
        0 => Ok(std::thread::available_parallelism().map_or(1, NonZero::get)),
        threads => Ok(threads),
    }
}
