//! Values that belong to one process. A forked child inherits its parent's memory but none of its threads, so whatever
//! holds threads is made anew there.

use std::sync::OnceLock;

/// A value of each process. What a child inherited of its parent stays where it is, untouched: its locks may be held by
/// threads that the child does not have.
pub struct PerProcess<T: 'static> {
    first: OnceLock<&'static Node<T>>,
}

struct Node<T: 'static> {
    process: u32,
    value: T,
    /// The value of a child, of a child's child, ...
    next: OnceLock<&'static Node<T>>,
}

impl<T: Default> PerProcess<T> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { first: OnceLock::new() }
    }

    /// This process's value, made at the first call.
    pub fn get(&'static self) -> &'static T {
        let process = std::process::id();
        let mut place = &self.first;
        loop {
            match place.get() {
                Some(node) if node.process == process => return &node.value,
                Some(node) => place = &node.next,
                None => {
                    let node = Box::leak(Box::new(Node { process, value: T::default(), next: OnceLock::new() }));
                    // Where another thread was faster, the loop finds its node; this one holds no thread yet.
                    let _ = place.set(node);
                }
            }
        }
    }
}

impl<T: Default> Default for PerProcess<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::PerProcess;
    use std::sync::atomic::{AtomicU32, Ordering};

    static VALUE: PerProcess<AtomicU32> = PerProcess::new();

    #[test]
    fn test_one_value_a_process() {
        VALUE.get().store(7, Ordering::Relaxed);
        assert_eq!(VALUE.get().load(Ordering::Relaxed), 7);
    }
}
