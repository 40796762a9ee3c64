//! Seconds since 1970, or a refusal: a clock that is evidently wrong decides nothing (J76).

use std::time::{SystemTime, UNIX_EPOCH};

use super::refusal::Refusal;

/// When Rust 1.89, the oldest compiler that builds this crate, was released: 2025-08-07. No right clock shows less.
const EARLIEST: u64 = 1_754_524_800;

/// The last second of the year 9999, the last that Python's `datetime` and PostgreSQL's clients hold (J70).
pub const LATEST: u64 = 253_402_300_799;

/// The system's clock, in whole seconds since 1970.
///
/// # Errors
/// [`Refusal::Clock`] for a time before this version can have been built, 1970 included, or after the year 9999.
pub fn now() -> Result<u64, Refusal> {
    check(SystemTime::now())
}

fn check(time: SystemTime) -> Result<u64, Refusal> {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) if (EARLIEST..=LATEST).contains(&since.as_secs()) => Ok(since.as_secs()),
        _ => Err(Refusal::Clock),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{EARLIEST, LATEST, check, now};
    use crate::token::refusal::Refusal;

    #[test]
    fn test_J76_a_wrong_clock_refuses_and_does_not_panic() {
        assert!(now().is_ok());
        assert_eq!(check(UNIX_EPOCH - Duration::from_secs(1)), Err(Refusal::Clock));
        assert_eq!(check(UNIX_EPOCH), Err(Refusal::Clock));
        assert_eq!(check(UNIX_EPOCH + Duration::from_secs(EARLIEST - 1)), Err(Refusal::Clock));
        assert_eq!(check(UNIX_EPOCH + Duration::from_secs(EARLIEST)), Ok(EARLIEST));
        assert_eq!(check(UNIX_EPOCH + Duration::from_secs(LATEST + 1)), Err(Refusal::Clock));
    }
}
