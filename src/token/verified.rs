//! Tokens whose signature was verified before. A browser sends the same token with every request, and a signature check
//! with a public key costs more than everything else together (J108).
//!
//! What is kept is one bit about a token and a key: that this signature was verified. Nothing that was read from the token
//! is kept, so a hit still reads the header, chooses the key, and reads and judges the claims; an expired token, or one
//! that another verifier would refuse, is refused as if it had never been seen (CVE-2026-107719). The entry's name is the
//! SHA-256 of the key's thumbprint and the whole token, so no two tokens share one (CVE-2026-35039). A ring never changes,
//! and a new ring has a new cache.

use std::collections::{HashSet, VecDeque};
use std::sync::Mutex;

use sha2::{Digest, Sha256};

/// The most entries that a caller may ask for: 100,000 take about 15 MB.
pub const MAX_CAPACITY: usize = 100_000;

/// The name of a token and a key.
pub type Name = [u8; 32];

/// A bounded set of tokens.
#[derive(Debug)]
pub struct VerifiedTokens {
    capacity: usize,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    names: HashSet<Name>,
    oldest_first: VecDeque<Name>,
}

impl VerifiedTokens {
    /// An empty set of at most `capacity` tokens.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.min(MAX_CAPACITY), entries: Mutex::default() }
    }

    /// The name of a token under a key.
    #[must_use]
    pub fn name(thumbprint: &[u8; 32], token: &[u8]) -> Name {
        Sha256::new().chain_update(thumbprint).chain_update(token).finalize().into()
    }

    /// Whether the token was verified before.
    #[must_use]
    pub fn contains(&self, name: &Name) -> bool {
        // The lock is never waited for: a process that was forked while it was held would wait for ever.
        self.entries.try_lock().is_ok_and(|entries| entries.names.contains(name))
    }

    /// Remembers a token that was verified; the oldest is forgotten where there is no room.
    pub fn insert(&self, name: Name) {
        let Ok(mut entries) = self.entries.try_lock() else {
            return;
        };
        if self.capacity == 0 || !entries.names.insert(name) {
            return;
        }
        entries.oldest_first.push_back(name);
        if entries.oldest_first.len() > self.capacity
            && let Some(oldest) = entries.oldest_first.pop_front()
        {
            entries.names.remove(&oldest);
        }
    }

    /// How many tokens there is room for.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many tokens are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.try_lock().map_or(0, |entries| entries.names.len())
    }

    /// Whether no token is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::VerifiedTokens;

    #[test]
    fn test_J108_a_name_is_of_the_whole_token_and_the_key() {
        let name = VerifiedTokens::name(&[1; 32], b"a.b.c");
        assert_ne!(name, VerifiedTokens::name(&[1; 32], b"a.b.d"));
        assert_ne!(name, VerifiedTokens::name(&[2; 32], b"a.b.c"));
    }

    #[test]
    fn test_J108_bounded() {
        let tokens = VerifiedTokens::new(2);
        for byte in 0..5 {
            tokens.insert([byte; 32]);
            tokens.insert([byte; 32]);
        }
        assert_eq!(tokens.len(), 2);
        assert!(!tokens.contains(&[2; 32]));
        assert!(tokens.contains(&[3; 32]) && tokens.contains(&[4; 32]));
        let none = VerifiedTokens::new(0);
        none.insert([0; 32]);
        assert!(none.is_empty());
    }

    #[test]
    fn test_a_held_lock_is_not_waited_for() {
        let tokens = VerifiedTokens::new(2);
        tokens.insert([0; 32]);
        let held = tokens.entries.lock().unwrap();
        assert!(!tokens.contains(&[0; 32]));
        tokens.insert([1; 32]);
        drop(held);
        assert_eq!(tokens.len(), 1);
    }
}
