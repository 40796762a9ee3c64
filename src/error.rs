//! Everything that can go wrong in the core, in one enum. `src/py/errors.rs` turns it into Python exceptions, once.

use std::fmt;
use std::time::Duration;

use crate::password::lanes::KernelError;
use crate::token::refusal::{KeyRefusal, Refusal};

/// A refusal by the core. No variant carries a password, a hash, a key or a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// An iteration count outside `1..=max`.
    Iterations {
        /// The highest count that is allowed.
        max: u32,
    },
    /// A salt that is empty, or that holds the `$` which separates Django's fields.
    Salt,
    /// A derived key of zero length, or longer than PBKDF2 can make (RFC 8018, section 5.2).
    DerivedKeyLength,
    /// A digest that PBKDF2 is not offered with.
    Digest,
    /// Costs that a derivation does not have, or that exceed this process's caps.
    Cost,
    /// A name that is no format's.
    Format,
    /// A model of new passwords that is no stored password.
    Model,
    /// The operating system gave no memory.
    Memory,
    /// The operating system gave no random bytes.
    Random,
    /// The operating system started no thread.
    Threads,
    /// A setting that is out of range, in words.
    Setting(&'static str),
    /// A key that is refused.
    Key(KeyRefusal),
    /// A token that is refused.
    Token(Refusal),
    /// `FERRAUTH_THREADS` or the setting of threads is not a whole number of at least 1.
    ThreadCount,
    /// `FERRAUTH_KERNEL` names a kernel that does not run here.
    Kernel(KernelError),
    /// What is outstanding takes longer than this caller would wait.
    Busy {
        /// How long it takes.
        retry_after: Duration,
    },
    /// The caller gave up waiting.
    Interrupted,
    /// The pool has ended for good.
    ShutDown,
    /// The pool ended while this job was under way.
    Abandoned,
    /// The process that waits is a child of the one whose jobs these are.
    Forked,
    /// A worker failed: a bug.
    WorkerFailed,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Iterations { max } => write!(f, "iterations must be a whole number from 1 to {max}."),
            // Django's own words (django.contrib.auth.hashers._check_encode_args), so that callers see no change.
            Self::Salt => write!(f, "salt must be provided and cannot contain $."),
            Self::DerivedKeyLength => {
                write!(f, "dklen must be at least 1 and at most (2**32 - 1) times the digest's length.")
            }
            Self::Digest => write!(f, "hash_name must be one of sha1, sha256 and sha512."),
            Self::Cost => write!(f, "the cost is outside what this process accepts."),
            Self::Format => write!(f, "formats must be names of password formats."),
            Self::Model => write!(f, "the model must be a stored password in a format that ferrauth reads."),
            Self::Memory => write!(f, "the operating system gave no memory."),
            Self::Random => write!(f, "the operating system gave no random bytes."),
            Self::Threads => write!(f, "the operating system started no thread."),
            Self::Setting(text) => f.write_str(text),
            Self::Key(refusal) => refusal.fmt(f),
            Self::Token(refusal) => refusal.fmt(f),
            Self::ThreadCount => write!(f, "the number of threads must be a whole number of at least 1."),
            Self::Kernel(error) => write!(f, "{error}."),
            Self::Busy { .. } => write!(f, "too many passwords wait to be hashed."),
            Self::Interrupted => write!(f, "the caller gave up waiting."),
            Self::ShutDown => write!(f, "no password is hashed after the interpreter has begun to shut down."),
            Self::Abandoned => write!(f, "the interpreter shut down while a password was hashed."),
            Self::Forked => write!(f, "this process was forked while a password was hashed for its parent."),
            Self::WorkerFailed => write!(f, "a password could not be hashed, because of a bug in ferrauth."),
        }
    }
}

impl std::error::Error for Error {}

impl From<KeyRefusal> for Error {
    fn from(refusal: KeyRefusal) -> Self {
        Self::Key(refusal)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Token(refusal)
    }
}

impl From<KernelError> for Error {
    fn from(error: KernelError) -> Self {
        Self::Kernel(error)
    }
}
