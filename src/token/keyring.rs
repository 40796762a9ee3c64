//! A ring of keys: the first that is in force signs, all verify, and `kid` says which (J21 to J24, J110).

use std::sync::Arc;

use super::header::{Header, HeaderRule};
use super::key::Key;
use super::refusal::{KeyRefusal, Refusal};
use super::verified::VerifiedTokens;

/// The most keys without a name: a token without `kid` is tried on each of them, so there are few (J23).
pub const MAX_UNNAMED: usize = 2;

/// Keys that stand for each other. It never changes: a rotation makes a new ring.
#[derive(Debug)]
pub struct KeyRing {
    keys: Vec<Arc<Key>>,
    verified: VerifiedTokens,
}

/// The keys that a token is tried on: one by name, or the few without one.
pub type Candidates<'k> = [Option<&'k Key>; MAX_UNNAMED];

impl KeyRing {
    /// A ring of these keys, which remembers up to `cache` tokens that key pairs verified.
    ///
    /// # Errors
    /// [`KeyRefusal`]: no key, one name twice, too many without a name, secrets and key pairs together.
    pub fn new(keys: Vec<Arc<Key>>, cache: usize) -> Result<Self, KeyRefusal> {
        let first = keys.first().ok_or(KeyRefusal::NoKeys)?;
        let symmetric = |key: &Key| key.algorithm().tag_length().is_some();
        if keys.iter().any(|key| symmetric(key) != symmetric(first)) {
            return Err(KeyRefusal::MixedRing);
        }
        for (index, key) in keys.iter().enumerate() {
            if key.kid().is_some() && keys[..index].iter().any(|other| other.kid() == key.kid()) {
                return Err(KeyRefusal::DuplicateKeyId);
            }
        }
        if keys.iter().filter(|key| key.kid().is_none()).count() > MAX_UNNAMED {
            return Err(KeyRefusal::Unnamed);
        }
        Ok(Self { keys, verified: VerifiedTokens::new(cache) })
    }

    /// The keys, the signing one first.
    #[must_use]
    pub fn keys(&self) -> &[Arc<Key>] {
        &self.keys
    }

    /// The tokens that were verified before.
    #[must_use]
    pub const fn verified(&self) -> &VerifiedTokens {
        &self.verified
    }

    /// The key that signs at that time.
    ///
    /// # Errors
    /// As [`Self::signer_index`].
    pub fn signer(&self, now: u64) -> Result<&Arc<Key>, KeyRefusal> {
        self.signer_index(now).map(|index| &self.keys[index])
    }

    /// Which key signs at that time.
    ///
    /// # Errors
    /// [`KeyRefusal::CannotSign`] where no key that can sign is in force.
    pub fn signer_index(&self, now: u64) -> Result<usize, KeyRefusal> {
        self.keys.iter().position(|key| key.can_sign() && key.in_force(now)).ok_or(KeyRefusal::CannotSign)
    }

    /// The keys that may verify a token with this header segment.
    ///
    /// # Errors
    /// The [`Refusal`] of the header, of its `alg` or of its `kid`.
    pub fn select(&self, segment: &[u8], rule: &HeaderRule) -> Result<Candidates<'_>, Refusal> {
        // A header that a key writes itself need not be read. One without a name is that of every key without a name.
        if let Some(key) = self.keys.iter().find(|key| key.wrote(segment, rule))
            && (key.kid().is_some() || self.unnamed().count() == 1)
        {
            return Ok([Some(key), None]);
        }
        let header = Header::read(segment)?;
        header.check(rule)?;
        let mut candidates = [None; MAX_UNNAMED];
        if let Some(kid) = &header.kid {
            let key = self.keys.iter().find(|key| key.kid() == Some(kid)).ok_or(Refusal::KeyId)?;
            key.accepts(&header, rule)?;
            candidates[0] = Some(&**key);
        } else {
            let mut unnamed = self.unnamed().peekable();
            unnamed.peek().ok_or(Refusal::KeyId)?;
            for (candidate, key) in
                candidates.iter_mut().zip(unnamed.filter(|key| key.accepts(&header, rule).is_ok()))
            {
                *candidate = Some(key);
            }
            candidates[0].ok_or(Refusal::Algorithm)?;
        }
        Ok(candidates)
    }

    fn unnamed(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter().map(|key| &**key).filter(|key| key.kid().is_none())
    }
}
