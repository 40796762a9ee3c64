//! Everything that can go wrong in the core, in one enum. `src/py/errors.rs` turns it into Python exceptions, once.

use std::fmt;

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
