//! Django's `scrypt$16384$salt$8$5$hash`: N, salt, r, p, and a key of 64 bytes.

use ::scrypt::Params;
use base64ct::Base64;

use super::derivation::{Derivation, Key};
use super::encoded::{Limits, fields};
use crate::error::Error;

/// Django's `dklen` (`ScryptPasswordHasher.encode`), in bytes.
pub const KEY_LENGTH: usize = 64;

/// The most mixes (N times r times p) that a row may ask for: eight times OWASP's strongest recommendation (N 2^17, r 8,
/// p 1; Password Storage Cheat Sheet), twelve times Django's default. It bounds the time (P16).
pub const MAX_MIXES: u64 = 1 << 23;

/// Nanoseconds of a mix, times 1,000 over nanoseconds of a PBKDF2 iteration: see `benches/formats.py`.
const WORK_PER_1000_MIXES: u64 = 2_800;

/// scrypt with its cost, under the names of RFC 7914, section 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrypt {
    /// N, a power of two.
    pub n: u32,
    /// Block size.
    pub r: u32,
    /// Parallelization.
    pub p: u32,
    /// Never empty, holds no `$`.
    pub salt: String,
}

/// Reads what follows `scrypt$`.
pub(super) fn parse(text: &str, limits: Limits) -> Option<(Derivation, Key)> {
    let mut fields = text.splitn(5, '$');
    let n = fields::count(fields.next()?, u32::MAX)?;
    let salt = fields.next().filter(|salt| !salt.is_empty())?.to_owned();
    let r = fields::count(fields.next()?, u32::MAX)?;
    let p = fields::count(fields.next()?, u32::MAX)?;
    let key = fields::key::<Base64>(fields.next()?, KEY_LENGTH)?;
    let scrypt = Scrypt { n, r, p, salt };
    scrypt.check(limits.max_memory).ok()?;
    Some((Derivation::Scrypt(scrypt), key))
}

impl Scrypt {
    /// Refuses costs outside the caps, before anything is allocated (P16).
    ///
    /// # Errors
    /// [`Error::Cost`].
    pub fn check(&self, max_memory: u64) -> Result<(), Error> {
        let good = self.n.is_power_of_two()
            && self.n >= 2
            && self.r >= 1
            && self.p >= 1
            && self.mixes().is_some_and(|mixes| mixes <= MAX_MIXES)
            && self.memory() <= max_memory;
        if good { Ok(()) } else { Err(Error::Cost) }
    }

    /// Bytes: the vector V of N blocks, and the p blocks (RFC 7914, sections 5 and 6).
    #[must_use]
    pub fn memory(&self) -> u64 {
        let block = 128 * u64::from(self.r);
        block.saturating_mul(u64::from(self.n)).saturating_add(block.saturating_mul(u64::from(self.p)))
    }

    /// As [`Derivation::work`].
    pub(super) fn work(&self) -> u64 {
        self.mixes().unwrap_or(MAX_MIXES) * WORK_PER_1000_MIXES / 1_000
    }

    /// As [`Derivation::meets`], without the salt.
    pub(super) fn meets(&self, wanted: &Self) -> bool {
        self.n >= wanted.n && self.r >= wanted.r && self.p >= wanted.p
    }

    /// Derives on this thread.
    ///
    /// # Errors
    /// [`Error::Cost`] for what [`Self::check`] refuses.
    pub fn derive(&self, password: &[u8]) -> Result<Key, Error> {
        let log_n = u8::try_from(self.n.ilog2()).map_err(|_| Error::Cost)?;
        let params = Params::new(log_n, self.r, self.p).map_err(|_| Error::Cost)?;
        let mut key = Key::new(vec![0; KEY_LENGTH]);
        ::scrypt::scrypt(password, self.salt.as_bytes(), &params, &mut key).map_err(|_| Error::Cost)?;
        Ok(key)
    }

    fn mixes(&self) -> Option<u64> {
        u64::from(self.n).checked_mul(u64::from(self.r))?.checked_mul(u64::from(self.p))
    }
}

#[cfg(test)]
mod tests {
    use super::Scrypt;
    use crate::password::encoded::{Formats, Limits, parse};

    fn row(n: &str, salt: &str, r: &str, p: &str) -> String {
        format!("scrypt${n}${salt}${r}${p}${}==", "A".repeat(86))
    }

    fn reads(text: &str) -> bool {
        parse(text, Limits { max_iterations: 1, max_memory: 1 << 27, formats: Formats::ALL }).is_some()
    }

    #[test]
    fn test_rfc_7914_section_12() {
        let derive = |password: &[u8], salt: &str, n, r, p| {
            Scrypt { n, r, p, salt: salt.to_owned() }.derive(password).unwrap()
        };
        assert_eq!(derive(b"", "", 16, 1, 1)[..8], [0x77, 0xd6, 0x57, 0x62, 0x38, 0x65, 0x7b, 0x20]);
        assert_eq!(
            derive(b"password", "NaCl", 1024, 8, 16)[..8],
            [0xfd, 0xba, 0xbe, 0x1c, 0x9d, 0x34, 0x72, 0x00]
        );
    }

    #[test]
    fn test_P16_costs_beyond_the_caps() {
        assert!(reads(&row("16384", "salt", "8", "5")));
        for (n, r, p) in [
            ("9223372036854775808", "8", "1"),
            ("2147483648", "8", "1"),
            ("16383", "8", "1"),
            ("1", "8", "1"),
            ("16384", "4294967295", "1"),
            ("16384", "8", "4294967295"),
            ("131072", "8", "1"),
            ("16384", "8", "65"),
        ] {
            assert!(!reads(&row(n, "salt", r, p)), "N {n}, r {r}, p {p}");
        }
    }

    #[test]
    fn test_P04_P06_P07_P10_other_spellings() {
        for (n, salt, r, p) in [
            ("016384", "salt", "8", "5"),
            ("16384", "", "8", "5"),
            ("16384", "salt", "+8", "5"),
            ("16384", "salt", "8", " 5"),
            ("16384", "salt", "8", ""),
        ] {
            assert!(!reads(&row(n, salt, r, p)));
        }
        let good = row("2", "salt", "8", "1");
        for text in
            [format!("{good}\n"), format!("{good}$"), good.replace("==", "="), good.replace("AA==", "AB==")]
        {
            assert!(!reads(&text), "{text:?}");
        }
    }
}
