//! Hashes that take microseconds and are kept only to be lifted: `md5$salt$hash`, and the older `sha1$salt$hash`, which
//! may have no salt or, for MD5, no name.

use md5::Digest as _;
use zeroize::Zeroizing;

use super::derivation::{Derivation, Key};
use super::encoded::fields;

/// A legacy hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// RFC 1321.
    Md5,
    /// FIPS 180-4.
    Sha1,
}

impl Hash {
    fn output_length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
        }
    }
}

/// A hash of salt and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Legacy {
    /// The hash.
    pub hash: Hash,
    /// Before the password; empty where Django wrote none.
    pub salt: String,
}

/// Reads `salt$hash`, salt not empty.
pub(super) fn parse(hash: Hash, text: &str) -> Option<(Derivation, Key)> {
    let (salt, digest) = text.split_once('$')?;
    let key = fields::hex_key(digest, hash.output_length())?;
    (!salt.is_empty()).then(|| (Derivation::Legacy(Legacy { hash, salt: salt.to_owned() }), key))
}

/// Reads every legacy row that Django has had, also those that never verify here (P15), to lift them. Says which hash
/// it has, and whether it is salted.
pub(super) fn parse_any(row: &str) -> Option<(Hash, bool, Derivation, Key)> {
    let unsalted = |hash: Hash, digest| {
        let key = fields::hex_key(digest, hash.output_length())?;
        Some((hash, false, Derivation::Legacy(Legacy { hash, salt: String::new() }), key))
    };
    let salted = |hash, text| parse(hash, text).map(|(derivation, key)| (hash, true, derivation, key));
    match row.split_once('$') {
        None => unsalted(Hash::Md5, row),
        Some(("md5", rest)) => match rest.strip_prefix('$') {
            Some(digest) => unsalted(Hash::Md5, digest),
            None => salted(Hash::Md5, rest),
        },
        Some(("sha1", rest)) => match rest.strip_prefix('$') {
            Some(digest) => unsalted(Hash::Sha1, digest),
            None => salted(Hash::Sha1, rest),
        },
        Some(_) => None,
    }
}

impl Legacy {
    /// Hashes at once.
    #[must_use]
    pub fn derive(&self, password: &[u8]) -> Key {
        let text = Zeroizing::new([self.salt.as_bytes(), password].concat());
        Key::new(match self.hash {
            Hash::Md5 => md5::Md5::digest(&*text).to_vec(),
            Hash::Sha1 => sha1::Sha1::digest(&*text).to_vec(),
        })
    }
}
