//! Django's `argon2$argon2id$v=19$m=102400,t=2,p=8$salt$hash`: all variants and versions that Django reads.

use ::argon2::{Algorithm, Argon2 as Hasher, Block, Params, Version};
use base64ct::Base64Unpadded;
use rayon::prelude::*;
use zeroize::Zeroize;

use super::derivation::{Derivation, Key};
use super::encoded::{Limits, fields};
use super::pool::heavy;
use crate::error::Error;

/// The most block passes (KiB times passes) that a row may ask for: twice RFC 9106's costliest recommendation (2 GiB,
/// one pass; section 4), twenty times Django's default. It bounds the time, as `Limits::max_memory` the memory (P16).
pub const MAX_BLOCK_PASSES: u64 = 1 << 22;

/// The most lanes: eight times Django's default of 8, sixteen times RFC 9106's recommendation of 4.
pub const MAX_LANES: u32 = 64;

/// Salts and keys, in bytes. RFC 9106 (section 3.1) wants salts of 8 at least; the shortest key in the field is the 16
/// of argon2-cffi before 21.2, the longest that any recommendation names is 64.
const SALT_LENGTHS: std::ops::RangeInclusive<usize> = 8..=64;
const KEY_LENGTHS: std::ops::RangeInclusive<usize> = 16..=64;

/// Nanoseconds of a block pass, times 1,000 over nanoseconds of a PBKDF2 iteration: see `benches/formats.py`.
const WORK_PER_1000_BLOCK_PASSES: u64 = 6_500;

/// Argon2 with its cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argon2 {
    /// argon2d, argon2i or argon2id.
    pub variety: Algorithm,
    /// 16 or 19 (0x10 or 0x13).
    pub version: Version,
    /// KiB.
    pub memory: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// The salt's bytes.
    pub salt: Vec<u8>,
    /// Bytes of the key.
    pub length: usize,
}

/// Reads what follows `argon2$`: the form of the reference implementation, `v=` left out for version 16.
pub(super) fn parse(text: &str, limits: Limits) -> Option<(Derivation, Key)> {
    let mut fields = text.split('$').peekable();
    let variety = variety(fields.next()?)?;
    let version = match fields.peek()?.strip_prefix("v=") {
        None => Version::V0x10,
        Some(version) => {
            fields.next();
            self::version(fields::count(version, u32::MAX)?)?
        }
    };
    let mut costs = fields.next()?.split(',');
    let mut cost = |name| costs.next()?.strip_prefix(name).and_then(|text| fields::count(text, u32::MAX));
    let (memory, passes, lanes) = (cost("m=")?, cost("t=")?, cost("p=")?);
    if costs.next().is_some() {
        return None;
    }
    let (salt, hash) = (fields.next()?, fields.next()?);
    if fields.next().is_some() {
        return None;
    }
    let salt = fields::key::<Base64Unpadded>(salt, salt.len() * 3 / 4)?.to_vec();
    let length = hash.len() * 3 / 4;
    let key = fields::key::<Base64Unpadded>(hash, length)?;
    let argon2 = Argon2 { variety, version, memory, passes, lanes, salt, length };
    argon2.check(limits.max_memory).ok()?;
    Some((Derivation::Argon2(argon2), key))
}

/// The variant of that name.
#[must_use]
pub fn variety(name: &str) -> Option<Algorithm> {
    match name {
        "argon2d" => Some(Algorithm::Argon2d),
        "argon2i" => Some(Algorithm::Argon2i),
        "argon2id" => Some(Algorithm::Argon2id),
        _ => None,
    }
}

/// The version of that number.
#[must_use]
pub fn version(number: u32) -> Option<Version> {
    match number {
        16 => Some(Version::V0x10),
        19 => Some(Version::V0x13),
        _ => None,
    }
}

impl Argon2 {
    /// Refuses costs outside the caps, before anything is allocated (P16).
    ///
    /// # Errors
    /// [`Error::Cost`].
    pub fn check(&self, max_memory: u64) -> Result<(), Error> {
        let good = (1..=MAX_LANES).contains(&self.lanes)
            && self.passes >= 1
            && self.memory >= 8 * self.lanes
            && self.memory() <= max_memory
            && u64::from(self.memory) * u64::from(self.passes) <= MAX_BLOCK_PASSES
            && SALT_LENGTHS.contains(&self.salt.len())
            && KEY_LENGTHS.contains(&self.length);
        if good { Ok(()) } else { Err(Error::Cost) }
    }

    /// Bytes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        u64::from(self.memory) * 1024
    }

    /// As [`Derivation::work`].
    pub(super) fn work(&self) -> u64 {
        u64::from(self.memory) * u64::from(self.passes) * WORK_PER_1000_BLOCK_PASSES / 1_000
    }

    /// As [`Derivation::meets`], without the salt.
    pub(super) fn meets(&self, wanted: &Self) -> bool {
        (self.variety, self.version) == (wanted.variety, wanted.version)
            && self.memory >= wanted.memory
            && u64::from(self.memory) * u64::from(self.passes)
                >= u64::from(wanted.memory) * u64::from(wanted.passes)
    }

    /// Derives on this thread and, where there are several lanes, on our own rayon pool.
    ///
    /// # Errors
    /// [`Error::Memory`] where the operating system gives none, [`Error::Cost`] for what [`Self::check`] refuses.
    pub fn derive(&self, password: &[u8]) -> Result<Key, Error> {
        let params =
            Params::new(self.memory, self.passes, self.lanes, Some(self.length)).map_err(|_| Error::Cost)?;
        let mut blocks = Vec::new();
        blocks.try_reserve_exact(params.block_count()).map_err(|_| Error::Memory)?;
        let mut key = Key::new(vec![0; self.length]);
        let derived = heavy::lanes()?.install(|| {
            // All threads touch the new memory: that alone is a tenth of the time on one.
            (0..params.block_count()).into_par_iter().map(|_| Block::new()).collect_into_vec(&mut blocks);
            let hasher = Hasher::new(self.variety, self.version, params);
            let derived = hasher.hash_password_into_with_memory(password, &self.salt, &mut key, &mut blocks);
            // The first blocks follow from the password in two hashes: left in memory, they are a cheap test of
            // guesses.
            blocks.par_iter_mut().for_each(Zeroize::zeroize);
            derived
        });
        derived.map_err(|_| Error::Cost)?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, Version};
    use crate::password::derivation::Derivation;
    use crate::password::encoded::{Formats, Limits, parse};

    /// By argon2-cffi 25.1: password `secret`, salt `saltsaltsaltsaltsaltsa`, m=64, t=2, p=2.
    const GOOD: &str = "argon2$argon2id$v=19$m=64,t=2,p=2$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ\
                        $c2Vjb25kIHByZWltYWdlIG9mIG5vdGhpbmc";

    fn read(text: &str) -> Option<Derivation> {
        let limits = Limits { max_iterations: 1, max_memory: 1 << 30, formats: Formats::ALL };
        parse(text, limits).map(|row| row.derivation)
    }

    #[test]
    fn test_varieties_and_versions() {
        for (text, variety, version) in [
            (GOOD.to_owned(), Algorithm::Argon2id, Version::V0x13),
            (GOOD.replace("argon2id", "argon2i"), Algorithm::Argon2i, Version::V0x13),
            (GOOD.replace("argon2id$v=19", "argon2d$v=16"), Algorithm::Argon2d, Version::V0x10),
            (GOOD.replace("argon2id$v=19$", "argon2i$"), Algorithm::Argon2i, Version::V0x10),
        ] {
            let Some(Derivation::Argon2(read)) = read(&text) else { panic!("{text}") };
            assert_eq!(
                (read.variety, read.version, read.memory, read.passes, read.lanes),
                (variety, version, 64, 2, 2)
            );
            assert_eq!(read.salt, b"saltsaltsaltsaltsaltsa");
        }
    }

    #[test]
    fn test_P16_costs_beyond_the_caps() {
        for cost in [
            "m=4294967296,t=4294967296,p=16777216",
            "m=4294967295,t=1,p=1",
            "m=1048577,t=1,p=1",
            "m=65536,t=65,p=1",
            "m=520,t=1,p=65",
            "m=15,t=1,p=2",
            "m=0,t=1,p=1",
            "m=64,t=0,p=1",
            "m=64,t=1,p=0",
        ] {
            assert!(read(&GOOD.replace("m=64,t=2,p=2", cost)).is_none(), "{cost}");
        }
        assert!(read(&GOOD.replace("m=64,t=2,p=2", "m=1048576,t=4,p=64")).is_some());
    }

    #[test]
    fn test_P04_P06_P10_other_spellings() {
        for (from, to) in [
            ("m=64,", "m=064,"),
            ("m=64,", "m=+64,"),
            (",p=2", ",p=2,x=1"),
            ("m=64,t=2", "t=2,m=64"),
            ("v=19", "v=18"),
            ("v=19", "v=019"),
            ("argon2id$", "Argon2id$"),
            ("dGhpbmc", "dGhpbmc="),
            ("dGhpbmc", "dGhpbmd$"),
            ("YQ$", "YR$"),
            ("c2FsdHNhbHRzYWx0c2FsdHNhbHRzYQ", "c2FsdA"),
        ] {
            assert!(GOOD.contains(from) && read(&GOOD.replace(from, to)).is_none(), "{from} {to}");
        }
        let (head, _) = GOOD.rsplit_once('$').unwrap();
        for key in ["", "AAAAAAAAAAAAAAAAAAAA"] {
            assert!(read(&format!("{head}${key}")).is_none(), "P11: a key of {key:?}");
        }
    }
}
