//! Who is taken, who is refused, and what a check costs.

use std::sync::Arc;
use std::time::Duration;

use super::{Client, ENDLESS, until};
use crate::error::Error;
use crate::password::check::{Check, Policy, Verdict};
use crate::password::derivation::DerivedKey;
use crate::password::encoded::{self, Format};
use crate::password::pool::{Delivery, JOB_SIZE, MAX_JOBS, Outcome, Pool, Ticket};

const PREFERRED: u32 = 1_000;
const SALT: &str = "0123456789012345678901";

#[test]
fn test_P53_refused_by_the_time_that_the_work_before_takes() {
    let pool = Pool::new(1).unwrap();
    let patience = Some(Duration::from_secs(10));
    assert!(pool.reserve(1_000, patience).is_ok(), "nothing is outstanding");
    // A promise that nobody has used yet counts: four thousand million iterations take longer than ten seconds.
    let promise = pool.reserve(ENDLESS, patience).unwrap();
    let Err(Error::Busy { retry_after }) = pool.reserve(1_000, patience) else { panic!("was taken") };
    assert!(retry_after > Duration::from_secs(10));
    assert!(pool.reserve(1_000, None).is_ok(), "whoever holds a thread anyway waits");
    drop(promise);
    assert!(pool.reserve(1_000, patience).is_ok());
    assert_eq!((pool.counters().refusals, pool.counters().reserved), (1, 0));
}

#[test]
fn test_P53_what_runs_and_what_waits_counts_and_what_was_cancelled_does_not() {
    let pool = Pool::new(1).unwrap();
    let client = Client::new(&pool);
    let patience = Some(Duration::from_secs(10));
    let running = client.submit(0, b"password", ENDLESS);
    until(&pool, |now| now.lanes_busy == 1);
    assert!(pool.reserve(1, patience).is_err());
    pool.cancel(&running, 1);
    until(&pool, |now| now.lanes_busy == 0);
    assert!(pool.reserve(1, patience).is_ok());

    let lanes = pool.0.widths.latency;
    let running: Vec<_> = (0..lanes).map(|_| client.submit(0, b"password", 100_000_000)).collect();
    until(&pool, |now| now.lanes_busy == lanes);
    let waiting: Vec<_> = (0..10).map(|_| client.submit(0, b"password", ENDLESS)).collect();
    assert!(pool.reserve(1, patience).is_err());
    waiting.iter().chain(&running).for_each(|ticket| pool.cancel(ticket, 1));
    until(&pool, |now| now.lanes_busy == 0);
    assert!(pool.reserve(1, Some(Duration::ZERO)).is_ok());
    pool.shut_down();
}

#[test]
fn test_P53_bulk_makes_nobody_wait() {
    let pool = Pool::new(1).unwrap();
    let client = Client::new(&pool);
    client.submit_together(super::Class::Bulk, 100, ENDLESS);
    assert!(pool.reserve(1, Some(Duration::ZERO)).is_ok());
    pool.shut_down();
}

#[test]
fn test_P53_a_queued_job_is_small() {
    const { assert!(JOB_SIZE <= 256, "a queued job takes at most 256 bytes") };
}

#[test]
fn test_P53_hard_cap() {
    let pool = Pool::new(1).unwrap();
    let patience = Some(Duration::from_secs(10));
    let promises: Vec<_> = (0..MAX_JOBS).map(|_| pool.reserve(0, patience).unwrap()).collect();
    assert!(matches!(pool.reserve(0, patience), Err(Error::Busy { .. })));
    assert!(pool.reserve(0, None).is_ok());
    drop(promises);
    assert!(pool.reserve(0, patience).is_ok());
}

/// What one job leads to, and how many iterations its lane ran after the first of each derivation.
fn check(row: Option<&str>, password: Option<&[u8]>, renew: bool) -> (Verdict, Option<String>, u64) {
    let pool = Pool::new(1).unwrap();
    let client = Client::new(&pool);
    let check = Check::new(row, Policy::pbkdf2_sha256(PREFERRED));
    let delivery = Delivery { inbox: Arc::clone(&client.inbox), index: 0, ticket: Arc::new(Ticket::default()) };
    pool.start(password.unwrap_or_default(), check.task(password.is_some(), renew), delivery).unwrap();
    let outcome = client.receive(1).remove(0).outcome;
    let counters = until(&pool, |now| now.finished == 1);
    assert_eq!((counters.submitted, counters.admissions), (1, 1), "a whole login is one admission");
    pool.shut_down();
    match outcome {
        Outcome::Checked { verdict, renewed } => (verdict, renewed, counters.iterations),
        other => panic!("no verdict but {other:?}"),
    }
}

fn row(iterations: u32, salt: &str) -> String {
    let mut key = DerivedKey::default();
    ::pbkdf2::pbkdf2_hmac::<sha2::Sha256>(b"right", salt.as_bytes(), iterations, key.as_mut_slice());
    encoded::write(Format::Pbkdf2Sha256, iterations, salt, &*key).unwrap()
}

#[test]
fn test_P37_P38_P39_P42_every_refusal_runs_the_preferred_count() {
    let weak = row(400, SALT);
    for (row, password) in [
        (Some(weak.as_str()), Some(b"wrong".as_slice())),
        (Some(weak.as_str()), None),
        (Some(row(1_000, SALT).as_str()), Some(b"wrong".as_slice())),
        (Some("!unusable"), Some(b"right".as_slice())),
        (Some("md5$a$b"), Some(b"right".as_slice())),
        (None, Some(b"right".as_slice())),
        (None, None),
    ] {
        assert_eq!(check(row, password, true), (Verdict::Refused, None, 1_000 - 1), "{row:?}");
    }
}

#[test]
fn test_P46_an_outdated_row_is_renewed_in_the_same_job_and_only_on_request() {
    let old = row(400, SALT);
    assert_eq!(check(Some(&old), Some(b"right"), false), (Verdict::Outdated, None, 400 - 1));
    let (verdict, renewed, iterations) = check(Some(&old), Some(b"right"), true);
    assert_eq!((verdict, iterations), (Verdict::Outdated, 400 - 1 + 1_000 - 1));
    assert_eq!(check(renewed.as_deref(), Some(b"right"), true), (Verdict::Current, None, 1_000 - 1));
    assert_eq!(check(Some(&row(1_000, SALT)), Some(b"right"), true), (Verdict::Current, None, 1_000 - 1));
}
