//! Keys that were loaded from text before: `jwt.decode(token, "secret...", ...)` names its secret at every call, and
//! checking and keying it costs more than verifying the token.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock, Mutex};

use super::algorithm::Algorithm;
use super::key::Key;
use super::refusal::KeyRefusal;
use crate::constant_time;
use crate::secret::SecretBytes;

/// How many keys are kept: a process verifies with a handful.
pub const CAPACITY: usize = 64;

/// A bounded table of loaded keys, looked up by a keyed hash of their text and algorithm.
pub struct SecretCache {
    hasher: RandomState,
    entries: Mutex<VecDeque<Entry>>,
}

/// Its copies of secrets are wiped when it is dropped, which is when it is pushed out.
struct Entry {
    hash: u64,
    text: SecretBytes,
    key: Arc<Key>,
}

/// The cache of this process.
pub static CACHE: LazyLock<SecretCache> = LazyLock::new(SecretCache::new);

impl SecretCache {
    fn new() -> Self {
        Self { hasher: RandomState::new(), entries: Mutex::new(VecDeque::with_capacity(CAPACITY)) }
    }

    /// The key that `load` makes of `text`, or made of it before.
    ///
    /// # Errors
    /// What `load` fails with; a failure is not kept.
    pub fn get(
        &self,
        text: &[u8],
        algorithm: Algorithm,
        load: impl FnOnce(&[u8], Algorithm) -> Result<Key, KeyRefusal>,
    ) -> Result<Arc<Key>, KeyRefusal> {
        let hash = self.hasher.hash_one((algorithm, text));
        // The lock is never waited for: a process that was forked while it was held would wait for ever.
        if let Ok(entries) = self.entries.try_lock()
            && let Some(entry) = entries.iter().find(|entry| entry.is(hash, text, algorithm))
        {
            return Ok(Arc::clone(&entry.key));
        }
        let key = Arc::new(load(text, algorithm)?);
        if let Ok(mut entries) = self.entries.try_lock() {
            if entries.len() == CAPACITY {
                entries.pop_front();
            }
            entries.push_back(Entry { hash, text: SecretBytes::new(text), key: Arc::clone(&key) });
        }
        Ok(key)
    }
}

impl Entry {
    /// The hash finds the entry, the text itself decides: two secrets of one hash must not be taken for each other.
    fn is(&self, hash: u64, text: &[u8], algorithm: Algorithm) -> bool {
        self.hash == hash && self.key.algorithm() == algorithm && constant_time::equal(self.text.expose(), text)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{CAPACITY, SecretCache};
    use crate::token::algorithm::Algorithm;
    use crate::token::key::{Attributes, Key};
    use crate::token::refusal::KeyRefusal;

    fn get(cache: &SecretCache, text: &[u8], algorithm: Algorithm) -> Result<Arc<Key>, KeyRefusal> {
        cache.get(text, algorithm, |text, algorithm| Key::from_secret(text, algorithm, Attributes::default()))
    }

    #[test]
    fn test_one_key_for_one_secret_and_algorithm() {
        let cache = SecretCache::new();
        let first = get(&cache, &[1; 64], Algorithm::HS256).unwrap();
        assert!(Arc::ptr_eq(&first, &get(&cache, &[1; 64], Algorithm::HS256).unwrap()));
        assert!(!Arc::ptr_eq(&first, &get(&cache, &[1; 64], Algorithm::HS512).unwrap()));
        assert!(!Arc::ptr_eq(&first, &get(&cache, &[2; 64], Algorithm::HS256).unwrap()));
        assert!(!Arc::ptr_eq(&first, &get(&cache, &[1; 63], Algorithm::HS256).unwrap()));
    }

    #[test]
    fn test_bounded_and_wiped_when_pushed_out() {
        let cache = SecretCache::new();
        let first = Arc::downgrade(&get(&cache, &[0; 32], Algorithm::HS256).unwrap());
        for byte in 1..=CAPACITY {
            assert!(first.upgrade().is_some());
            get(&cache, &[u8::try_from(byte).unwrap(); 32], Algorithm::HS256).unwrap();
        }
        assert!(first.upgrade().is_none());
        assert_eq!(cache.entries.lock().unwrap().len(), CAPACITY);
    }

    #[test]
    fn test_J11_a_refused_secret_is_refused_again() {
        let cache = SecretCache::new();
        for _ in 0..2 {
            assert!(get(&cache, b"short", Algorithm::HS256).is_err());
        }
        assert!(cache.entries.lock().unwrap().is_empty());
    }

    #[test]
    fn test_a_held_lock_is_not_waited_for() {
        let cache = SecretCache::new();
        let held = cache.entries.lock().unwrap();
        assert!(get(&cache, &[1; 32], Algorithm::HS256).is_ok());
        drop(held);
    }
}
