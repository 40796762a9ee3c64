//! One value a process, also after `fork`.
//!
//! A forked child inherits its parent's memory but only the thread that forked: every lock may be held for ever by a
//! thread that is gone. So nothing of the parent's value is touched in the child, not even to drop it. The child is
//! recognised by its process id, in an atomic, before any lock; it goes on with a slot that no ancestor has used.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// How deep forks may nest, counting only processes that used the value: gunicorn, Celery and `multiprocessing` nest
/// two or three deep.
const SLOTS: usize = 32;

/// A value that every process makes for itself, at its first use.
pub struct PerProcess<T: 'static> {
    /// The process id of the slot in use, and its index: `id << 32 | index`. 0 before the first use.
    owner: AtomicU64,
    slots: [OnceLock<T>; SLOTS],
}

impl<T> PerProcess<T> {
    /// No value yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { owner: AtomicU64::new(0), slots: [const { OnceLock::new() }; SLOTS] }
    }

    /// This process's value, made by `make` at the first call. `None` where forks have nested too deeply.
    pub fn get_or_init(&'static self, make: impl FnOnce() -> T) -> Option<&'static T> {
        self.get_or_init_in(std::process::id(), make)
    }

    /// This process's value, if it has been made.
    pub fn get(&'static self) -> Option<&'static T> {
        self.get_in(std::process::id())
    }

    fn get_in(&'static self, process: u32) -> Option<&'static T> {
        let (owner, index) = unpack(self.owner.load(Ordering::Acquire));
        if owner == process { self.slots.get(index as usize)?.get() } else { None }
    }

    fn get_or_init_in(&'static self, process: u32, make: impl FnOnce() -> T) -> Option<&'static T> {
        // All threads of a process meet in one slot: the first to see another owner moves on, the rest follow it.
        let claim = |packed| {
            let (owner, index) = unpack(packed);
            let next = if packed == 0 { 0 } else { index + 1 };
            (owner != process).then(|| pack(process, next))
        };
        let _ = self.owner.fetch_update(Ordering::AcqRel, Ordering::Acquire, claim);
        let (_, index) = unpack(self.owner.load(Ordering::Acquire));
        Some(self.slots.get(index as usize)?.get_or_init(make))
    }
}

impl<T> Default for PerProcess<T> {
    fn default() -> Self {
        Self::new()
    }
}

fn pack(process: u32, index: u32) -> u64 {
    u64::from(process) << 32 | u64::from(index)
}

fn unpack(packed: u64) -> (u32, u32) {
    ((packed >> 32) as u32, packed as u32)
}

#[cfg(test)]
mod tests {
    use super::{PerProcess, SLOTS};

    #[test]
    fn test_a_child_makes_its_own_and_leaves_its_parents() {
        static VALUE: PerProcess<u32> = PerProcess::new();
        assert_eq!(VALUE.get_in(100), None);
        assert_eq!(VALUE.get_or_init_in(100, || 1), Some(&1));
        assert_eq!(VALUE.get_or_init_in(100, || 2), Some(&1));
        assert_eq!(VALUE.get_in(200), None);
        assert_eq!(VALUE.get_or_init_in(200, || 3), Some(&3));
        assert_eq!(VALUE.get_in(200), Some(&3));
        assert_eq!(VALUE.slots[0].get(), Some(&1));
    }

    #[test]
    fn test_threads_of_one_process_share_one_value() {
        static VALUE: PerProcess<std::thread::ThreadId> = PerProcess::new();
        let threads: Vec<_> =
            (0..8).map(|_| std::thread::spawn(|| VALUE.get_or_init(|| std::thread::current().id()))).collect();
        let seen: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(seen.iter().all(|value| value.is_some() && *value == seen[0]));
    }

    #[test]
    fn test_forks_that_nest_too_deeply_are_told() {
        static VALUE: PerProcess<u32> = PerProcess::new();
        let depth = u32::try_from(SLOTS).unwrap();
        for process in 1..=depth {
            assert_eq!(VALUE.get_or_init_in(process, || process), Some(&process));
        }
        assert_eq!(VALUE.get_or_init_in(depth + 1, || 0), None);
        assert_eq!(VALUE.get_in(depth + 1), None);
    }
}
