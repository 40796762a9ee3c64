//! Django's `bcrypt$$2b$12$...` and `bcrypt_sha256$$2b$12$...`.

use base64ct::{Base64Bcrypt, Encoding};
use sha2::Digest as _;
use zeroize::Zeroizing;

use super::derivation::{Derivation, Key};
use super::encoded::{Format, fields};
use crate::error::Error;

/// The lowest cost that bcrypt has, and the highest that a row may ask for: eight times the work of Django's default of
/// 12 (P16: 31 would take a day).
pub const COSTS: std::ops::RangeInclusive<u32> = 4..=15;

/// Bytes of a password that bcrypt reads, its last NUL included.
pub const PASSWORD_LENGTH: usize = 72;

/// Bytes of a salt, and characters of its text.
const SALT_LENGTH: usize = 16;
const SALT_TEXT_LENGTH: usize = 22;

/// Bytes of a key: the last of bcrypt's 24 is dropped.
const KEY_LENGTH: usize = 23;

/// The Blowfish state, in bytes: four tables of 256 words and 18 subkeys.
const MEMORY: u64 = 4 * (4 * 256 + 18);

/// Nanoseconds of a round of the key schedule (of `2^cost`) over nanoseconds of a PBKDF2 iteration: see
/// `benches/formats.py`.
const WORK_PER_ROUND: u64 = 800;

/// bcrypt with its cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bcrypt {
    /// Binary logarithm of the rounds.
    pub cost: u32,
    /// The salt.
    pub salt: [u8; SALT_LENGTH],
    /// Whether the password is its SHA-256 in hexadecimal, as in `bcrypt_sha256`.
    pub digested: bool,
}

/// Reads what follows the format's name: `$2b$12$`, 22 characters of salt, 31 of key. `2a` and `2y` are the same
/// algorithm; `2x` is not.
pub(super) fn parse(format: Format, text: &str) -> Option<(Derivation, Key)> {
    let rest = ["$2b$", "$2a$", "$2y$"].iter().find_map(|prefix| text.strip_prefix(prefix))?;
    let (cost, rest) = rest.split_once('$')?;
    let (salt, key) = rest.split_at_checked(SALT_TEXT_LENGTH)?;
    let cost = if cost.len() == 2 { cost.strip_prefix('0').unwrap_or(cost) } else { return None };
    let bcrypt = setting(format == Format::BcryptSha256, cost, salt)?;
    Some((Derivation::Bcrypt(bcrypt), fields::key::<Base64Bcrypt>(key, KEY_LENGTH)?))
}

/// Reads a cost, without leading zero, and a salt.
#[must_use]
pub fn setting(digested: bool, cost: &str, salt: &str) -> Option<Bcrypt> {
    let cost = fields::count(cost, *COSTS.end()).filter(|cost| COSTS.contains(cost))?;
    let salt = fields::key::<Base64Bcrypt>(salt, SALT_LENGTH)?.as_slice().try_into().ok()?;
    Some(Bcrypt { cost, salt, digested })
}

impl Bcrypt {
    /// The salt's text, 22 characters.
    #[must_use]
    pub fn salt(&self) -> String {
        Base64Bcrypt::encode_string(&self.salt)
    }

    /// Bytes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        MEMORY
    }

    /// As [`Derivation::work`].
    pub(super) fn work(&self) -> u64 {
        WORK_PER_ROUND << self.cost
    }

    /// Derives on this thread. What a plain bcrypt password has beyond 72 bytes is not read, as in every bcrypt that
    /// wrote such a row.
    ///
    /// # Errors
    /// [`Error::Cost`] for a cost outside [`COSTS`].
    pub fn derive(&self, password: &[u8]) -> Result<Key, Error> {
        if !COSTS.contains(&self.cost) {
            return Err(Error::Cost);
        }
        let mut text = Zeroizing::new(Vec::with_capacity(PASSWORD_LENGTH + 1));
        if self.digested {
            let digest = Zeroizing::new(<[u8; 32]>::from(sha2::Sha256::digest(password)));
            text.extend_from_slice(Zeroizing::new(fields::hex(digest.as_slice())).as_bytes());
        } else {
            text.extend_from_slice(&password[..password.len().min(PASSWORD_LENGTH)]);
        }
        text.push(0);
        text.truncate(PASSWORD_LENGTH);
        let output = Zeroizing::new(::bcrypt::bcrypt(self.cost, self.salt, &text));
        Ok(Key::new(output[..KEY_LENGTH].to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::Bcrypt;
    use crate::password::derivation::Derivation;
    use crate::password::encoded::{Formats, Limits, parse};

    /// From OpenBSD's `bcrypt(3)` tests: the empty password at cost 6.
    const GOOD: &str = "bcrypt$$2b$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.";

    fn read(text: &str) -> Option<Derivation> {
        let limits = Limits { max_iterations: 1, max_memory: 1, formats: Formats::ALL };
        parse(text, limits).map(|row| row.derivation)
    }

    #[test]
    fn test_known_answer() {
        let Some(Derivation::Bcrypt(bcrypt)) = read(GOOD) else { panic!("no bcrypt row") };
        let derivation = Derivation::Bcrypt(bcrypt.clone());
        assert_eq!(*derivation.text(&bcrypt.derive(b"").unwrap()), GOOD[GOOD.len() - 31..]);
        assert_eq!(bcrypt.salt(), "DCq7YPn5Rq63x1Lad4cll.");
    }

    #[test]
    fn test_P17_P18_72_bytes_are_read_plain_and_all_digested() {
        let plain = Bcrypt { cost: 4, salt: [7; 16], digested: false };
        let digested = Bcrypt { digested: true, ..plain.clone() };
        let (short, long) = ([b'p'; 72], [b'p'; 73]);
        assert_eq!(plain.derive(&short).unwrap(), plain.derive(&long).unwrap());
        assert_ne!(digested.derive(&short).unwrap(), digested.derive(&long).unwrap());
        assert_ne!(plain.derive(b"p\0w").unwrap(), plain.derive(b"p\0X").unwrap());
    }

    #[test]
    fn test_P16_costs_beyond_the_caps() {
        for (cost, good) in [("04", true), ("15", true), ("16", false), ("31", false), ("03", false), ("4", false)]
        {
            assert_eq!(read(&GOOD.replace("$06$", &format!("${cost}$"))).is_some(), good, "{cost}");
        }
    }

    #[test]
    fn test_P04_P06_P10_other_spellings() {
        for (from, to) in [
            ("$2b$", "$2x$"),
            ("$$2b", "$2b"),
            ("$06$", "$+6$"),
            ("X1s.", "X1s"),
            ("X1s.", "X1s/"),
            ("X1s.", "X1s.\n"),
            ("cll.T", "cll/T"),
            ("DCq7", "\u{e4}q7"),
        ] {
            assert!(GOOD.contains(from) && read(&GOOD.replace(from, to)).is_none(), "{from} {to}");
        }
    }
}
