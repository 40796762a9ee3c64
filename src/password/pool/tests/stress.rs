//! Submits, cancels and shuts down at random, from several threads.
//!
//! Runs for a second; `FERRAUTH_STRESS_SECONDS=60` makes it a minute.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::{Class, Client, key, oracle, until};
use crate::password::pool::Pool;

const CLIENTS: u64 = 3;
const LENGTHS: [u32; 6] = [1, 2, 500, 3_000, 9_000, 25_000];
const ROUND: usize = 60;

/// Marsaglia's xorshift, 64 bits: a test needs to be repeatable, not unpredictable.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Submits a round of jobs and cancels some. The outcomes of the rest must all come, once each, and be right.
fn play(pool: &Pool, dice: &mut Dice, expected: &[[u8; 32]]) {
    let client = Client::new(pool);
    let mut wanted = HashSet::new();
    let mut lengths = Vec::new();
    for index in 0..ROUND {
        let length = dice.roll(LENGTHS.len() as u64) as usize;
        lengths.push(length);
        let ticket = client.submit(index, b"password", LENGTHS[length]);
        wanted.insert(index);
        if dice.roll(3) == 0 {
            pool.cancel(&ticket, 1);
            wanted.remove(&index);
        }
        if dice.roll(10) == 0 {
            // Nobody receives these: a client that goes away.
            let gone = Client::new(pool);
            let ticket = gone.submit_together(Class::Bulk, 20, LENGTHS[length]);
            pool.cancel(&ticket, 20);
        }
    }
    let mut seen = HashSet::new();
    while !wanted.is_empty() {
        for finished in client.receive(1) {
            assert!(seen.insert(finished.index), "an outcome came twice");
            assert_eq!(key(&finished.outcome), expected[lengths[finished.index]]);
            wanted.remove(&finished.index);
        }
    }
}

#[test]
fn test_random_submits_cancels_and_shut_downs_lose_nothing() {
    let seconds = std::env::var("FERRAUTH_STRESS_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let expected: Vec<_> = LENGTHS.iter().map(|&length| oracle(b"password", length)).collect();
    let start = Instant::now();
    let mut seed = 0x5eed;
    while start.elapsed() < Duration::from_secs(seconds) {
        seed += 1;
        let mut dice = Dice(seed);
        let pool = Pool::new(1 + dice.roll(4) as usize).unwrap();
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let mut dice = Dice(seed << 8 | (client + 1));
                let (pool, expected) = (&pool, &expected);
                scope.spawn(move || {
                    for _ in 0..5 {
                        play(pool, &mut dice, expected);
                    }
                });
            }
        });
        let settled = until(&pool, |now| now.submitted == now.finished + now.cancellations);
        assert_eq!((settled.queued, settled.lanes_busy), (0, 0), "seed {seed}");
        // Some pools end with their hands full.
        if dice.roll(2) == 0 {
            Client::new(&pool).submit_together(Class::Login, 50, super::ENDLESS);
        }
        pool.shut_down();
        let ended = pool.counters();
        assert_eq!(ended.submitted, ended.finished + ended.cancellations, "seed {seed}");
        assert_eq!((ended.workers, ended.lanes_busy, ended.queued), (0, 0, 0), "seed {seed}");
    }
}
