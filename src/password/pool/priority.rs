//! Which thread goes first where there are more of them than cores.
//!
//! A derivation keeps a core for tens of milliseconds or more; what answers all other requests needs one for less than a
//! millisecond at a time. Were both alike to the scheduler, every request would stand behind derivations, several times
//! over: once for each of its steps. So whoever derives gives way. Where nothing else runs that costs nothing.

/// How much lower the threads that derive stand than the process: Linux gives a thread of niceness 10 about a tenth of
/// the core that it shares with one of 0 (sched(7), `sched_prio_to_weight`), and enough for no login to starve.
#[cfg(target_os = "linux")]
const BEHIND: i32 = 10;

/// Lets the other threads of this process go first from now on. Without effect where a thread has no priority of its
/// own, which is everywhere but on Linux.
pub(super) fn give_way() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpid, getpriority_process, setpriority_process};

        // Above that of the first thread, not of this one: whoever started this thread may have given way already.
        if let Ok(niceness) = getpriority_process(Some(getpid())) {
            // To lower itself is everybody's right; a sandbox that forbids the call costs latency and nothing else.
            let _ = setpriority_process(None, niceness + BEHIND);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{BEHIND, give_way};
    use rustix::process::{getpid, getpriority_process};

    #[test]
    fn test_a_thread_gives_way_alone_and_once() {
        let process = getpriority_process(Some(getpid())).unwrap();
        let within = || {
            give_way();
            give_way();
            getpriority_process(None).unwrap()
        };
        assert_eq!(std::thread::spawn(within).join().unwrap(), (process + BEHIND).min(19));
        assert_eq!(getpriority_process(Some(getpid())).unwrap(), process);
    }
}
