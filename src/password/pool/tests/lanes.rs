//! Which jobs share a core, and what leaves one.

use std::sync::Arc;

use super::{Class, Client, ENDLESS, Outcome, key, oracle, until, wiping};
use crate::error::Error;
use crate::password::lanes::{self, Selection};
use crate::password::pool::rate::Rate;
use crate::password::pool::schedule::Widths;
use crate::password::pool::{Delivery, Pool, Ticket};

#[test]
fn test_no_thread_before_the_first_job_and_no_more_than_needed() {
    let pool = Pool::new(4).unwrap();
    assert_eq!(pool.counters().workers, 0);
    let client = Client::new(&pool);
    for index in 0..3 {
        client.submit(index, b"password", 10);
        client.receive(1);
        until(&pool, |now| now.lanes_busy == 0);
    }
    assert!(pool.counters().workers <= 3);
    pool.shut_down();
}

#[test]
fn test_jobs_of_unequal_length_share_threads_and_none_is_mistaken() {
    for threads in [1, 2, 3] {
        let pool = Pool::new(threads).unwrap();
        let client = Client::new(&pool);
        let lengths = [1, 2, 3, 999, 1_000, 20_000, 7, 12_345, 1, 30_000, 64, 5_000];
        for (index, iterations) in lengths.into_iter().enumerate() {
            client.submit(index, format!("password {index}").as_bytes(), iterations);
        }
        let mut finished = client.receive(lengths.len());
        finished.sort_by_key(|finished| finished.index);
        for (index, (finished, iterations)) in finished.iter().zip(lengths).enumerate() {
            assert_eq!(finished.index, index);
            let expected = oracle(format!("password {index}").as_bytes(), iterations);
            assert_eq!(key(&finished.outcome), expected, "{threads} threads, {iterations} iterations");
        }
        let counters = until(&pool, |now| now.finished == lengths.len() as u64);
        assert_eq!((counters.submitted, counters.queued), (lengths.len() as u64, 0));
        pool.shut_down();
    }
}

#[test]
fn test_P24_a_long_password_is_keyed_by_a_worker() {
    let pool = Pool::new(1).unwrap();
    let client = Client::new(&pool);
    let long = vec![b'p'; 1_000_000];
    client.submit(0, &long, 100);
    assert_eq!(key(&client.receive(1)[0].outcome), oracle(&long, 100));
    pool.shut_down();
}

#[test]
fn test_jobs_spread_over_threads_before_they_share_one() {
    let pool = Pool::new(3).unwrap();
    let client = Client::new(&pool);
    let tickets: Vec<_> = (0..3).map(|index| client.submit(index, b"password", ENDLESS)).collect();
    let counters = until(&pool, |now| now.lanes_busy == 3);
    assert_eq!((counters.widest, counters.workers), (1, 3));
    tickets.iter().for_each(|ticket| pool.cancel(ticket, 1));
    pool.shut_down();
}

#[test]
fn test_a_job_that_shares_a_core_moves_to_a_thread_gone_idle() {
    let pool = Pool::new(2).unwrap();
    if pool.0.widths.latency < 2 {
        // No kernel of this machine lets two logins share a core.
        return pool.shut_down();
    }
    let client = Client::new(&pool);
    let first: Vec<_> = (0..2).map(|index| client.submit(index, b"password", ENDLESS)).collect();
    until(&pool, |now| now.lanes_busy == 2);
    client.submit(2, b"password", ENDLESS);
    let counters = until(&pool, |now| now.lanes_busy == 3);
    assert_eq!((counters.widest, counters.moves), (2, 0));
    // Either of the two first jobs may have been left alone on its core. With both gone a thread is idle, unless the
    // third has moved there.
    pool.cancel(&first[0], 1);
    pool.cancel(&first[1], 1);
    client.submit(3, b"password", ENDLESS);
    let counters = until(&pool, |now| now.lanes_busy == 2 && now.cancellations == 2);
    assert!(counters.admissions >= 4);
    pool.shut_down();
}

#[test]
fn test_two_jobs_on_one_core_part_when_a_thread_becomes_idle() {
    let pool = Pool::new(2).unwrap();
    let client = Client::new(&pool);
    // Four logins fill both cores' lanes; when the two of one core end, one of the other's moves over.
    let lanes = pool.0.widths.latency;
    let tickets: Vec<_> = (0..2 * lanes).map(|index| client.submit(index, b"password", ENDLESS)).collect();
    until(&pool, |now| now.lanes_busy == 2 * lanes);
    // Whichever two are cancelled, at most one lane a core is in use once all has settled.
    tickets[2..].iter().for_each(|ticket| pool.cancel(ticket, 1));
    until(&pool, |now| now.lanes_busy == tickets.len().min(2) && now.queued == 0);
    let slices = pool.counters().slices;
    let settled = until(&pool, |now| now.slices > slices + 20);
    assert_eq!(settled.lanes_busy, tickets.len().min(2));
    pool.shut_down();
}

#[test]
fn test_bulk_gives_its_lanes_to_a_login() {
    let pool = Pool::new(1).unwrap();
    let client = Client::new(&pool);
    let lanes = pool.0.widths.bulk;
    client.submit_together(Class::Bulk, lanes + 3, ENDLESS);
    until(&pool, |now| now.lanes_busy == lanes && now.queued == 3);
    client.submit(1_000, b"password", 5_000);
    let finished = client.receive(1);
    assert_eq!((finished[0].index, key(&finished[0].outcome)), (1_000, oracle(b"password", 5_000)));
    assert!(pool.counters().swaps >= 1);
    // And takes them back.
    until(&pool, |now| now.lanes_busy == lanes && now.queued == 3);
    pool.shut_down();
}

#[test]
fn test_logins_use_a_wide_group_only_when_so_many_wait() {
    let measured = Pool::new(1).unwrap().0.widths;
    let Widths { latency, bulk, .. } = measured;
    if bulk == latency {
        // The kernels of this machine are of one width: nothing is ever wide.
        return;
    }
    for (logins, widest) in [(bulk - 2, latency), (bulk - 1, bulk - 1), (2 * bulk, bulk)] {
        let kernels = lanes::selection().unwrap();
        let widths = Widths { wide_from: bulk - 1, ..measured };
        let [rate] = Rate::measure([(kernels.latency, latency)]);
        let pool = Pool::with_kernels(kernels, widths, rate, 1);
        let client = Client::new(&pool);
        client.submit_together(Class::Login, logins, 2_000);
        client.receive(logins);
        assert_eq!(until(&pool, |now| now.lanes_busy == 0).widest, widest);
        pool.shut_down();
    }
}

#[test]
fn test_a_cancelled_job_leaves_its_lane_and_the_queue() {
    let pool = Pool::new(1).unwrap();
    let client = Client::new(&pool);
    let lanes = pool.0.widths.latency;
    let running: Vec<_> = (0..lanes).map(|index| client.submit(index, b"password", ENDLESS)).collect();
    until(&pool, |now| now.lanes_busy == lanes);
    let waiting: Vec<_> = (0..100).map(|index| client.submit(index, b"password", ENDLESS)).collect();
    waiting.iter().for_each(|ticket| pool.cancel(ticket, 1));
    assert!(pool.counters().queued < 100, "half of the queue at most is of the cancelled");
    running.iter().for_each(|ticket| pool.cancel(ticket, 1));
    let counters = until(&pool, |now| now.lanes_busy == 0 && now.queued == 0);
    assert_eq!((counters.cancellations, counters.finished), (100 + lanes as u64, 0));
    client.submit(7, b"password", 10);
    assert_eq!(client.receive(1)[0].index, 7);
    pool.shut_down();
}

#[test]
fn test_every_job_is_wiped_whether_it_ends_is_cancelled_or_is_shut_down() {
    let pool = Pool::new(2).unwrap();
    let client = Client::new(&pool);
    let ended = client.submit_together(Class::Login, 5, 100);
    client.receive(5);
    let cancelled = client.submit_together(Class::Login, 50, ENDLESS);
    pool.cancel(&cancelled, 50);
    until(&pool, |now| now.queued == 0 && now.lanes_busy == 0);
    let shut_down = client.submit_together(Class::Bulk, 70, ENDLESS);
    let keyed_late = client.submit(0, &[b'p'; 10_000], ENDLESS);
    until(&pool, |now| now.lanes_busy > 0);
    pool.shut_down();
    assert_eq!(wiping::dropped(&ended), (5, 5));
    assert_eq!(wiping::dropped(&cancelled), (50, 50));
    assert_eq!(wiping::dropped(&shut_down), (70, 70));
    let (dropped, wiped) = wiping::dropped(&keyed_late);
    assert_eq!(dropped, wiped);
}

#[test]
fn test_after_shut_down_no_thread_is_left_and_no_job_taken() {
    let pool = Pool::new(2).unwrap();
    let client = Client::new(&pool);
    client.submit_together(Class::Login, 9, ENDLESS);
    until(&pool, |now| now.lanes_busy > 0);
    pool.shut_down();
    let counters = pool.counters();
    assert_eq!((counters.workers, counters.lanes_busy, counters.queued), (0, 0, 0));
    assert_eq!((counters.cancellations, counters.finished), (9, 0));
    // Only this test's handle is left of what the threads shared.
    assert_eq!(Arc::strong_count(&pool.0), 1);
    let delivery = Delivery { inbox: Arc::default(), index: 0, ticket: Arc::new(Ticket::default()) };
    assert_eq!(pool.submit(b"password", super::request(1), delivery), Err(Error::ShutDown));
}

#[test]
fn test_P56_a_failing_worker_leaves_nobody_waiting() {
    let kernels = Selection { latency: &crate::password::lanes::FAILING, bulk: &crate::password::lanes::FAILING };
    let widths = Widths { latency: 1, bulk: 1, wide_from: 1 };
    let [rate] = Rate::measure([(&crate::password::lanes::KERNELS[0], 1)]);
    let pool = Pool::with_kernels(kernels, widths, rate, 1);
    let client = Client::new(&pool);
    for index in 0..3 {
        client.submit(index, b"password", 10);
        let finished = client.receive(1);
        assert!(matches!(finished[0].outcome, Outcome::Failed(Error::WorkerFailed)));
    }
    pool.shut_down();
}
