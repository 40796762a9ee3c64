//! Django's `pbkdf2_sha256$iterations$salt$hash`: parse with bounds on every field, and write.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::params::MAX_ENCODED_LENGTH;
use crate::error::Error;

/// Django's name for PBKDF2-HMAC-SHA256 with a 32-byte key in padded standard base64.
pub const PBKDF2_SHA256: &str = "pbkdf2_sha256";

/// Bytes of a derived key in this format: SHA-256's output.
pub const KEY_LENGTH: usize = 32;

/// Characters of [`KEY_LENGTH`] bytes in padded base64 (RFC 4648, section 4).
const KEY_TEXT_LENGTH: usize = 44;

/// A derived key; wiped on drop.
pub type DerivedKey = Zeroizing<[u8; KEY_LENGTH]>;

/// The fields of a well-formed stored password.
#[derive(Clone)]
pub struct Encoded<'a> {
    /// From 1 to the cap that [`parse`] was given.
    pub iterations: u32,
    /// Never empty, holds no `$`.
    pub salt: &'a str,
    /// The key that the right password derives.
    pub key: DerivedKey,
}

/// Reads a stored password; `None` for anything that [`write`] would not have written.
///
/// The length is bounded before the text is split. The count is `[1-9][0-9]*`, at most `max_iterations`, so no other
/// spelling of a number is accepted (P03, P04); the key is canonical base64 of exactly 32 bytes (P10).
#[must_use]
pub fn parse(encoded: &str, max_iterations: u32) -> Option<Encoded<'_>> {
    if encoded.len() > MAX_ENCODED_LENGTH {
        return None;
    }
    let mut fields = encoded.splitn(4, '$');
    if fields.next()? != PBKDF2_SHA256 {
        return None;
    }
    let iterations = parse_count(fields.next()?, max_iterations)?;
    let salt = fields.next().filter(|salt| !salt.is_empty())?;
    let key = parse_key(fields.next()?)?;
    Some(Encoded { iterations, salt, key })
}

/// Writes a stored password as Django does.
///
/// # Errors
/// [`Error::Salt`] where the salt is empty or holds `$`.
pub fn write(iterations: u32, salt: &str, key: &[u8; KEY_LENGTH]) -> Result<String, Error> {
    check_salt(salt)?;
    Ok(format!("{PBKDF2_SHA256}${iterations}${salt}${}", Base64::encode_string(key)))
}

/// Refuses a salt that the stored form could not hold.
///
/// # Errors
/// [`Error::Salt`] where the salt is empty or holds `$`.
pub fn check_salt(salt: &str) -> Result<(), Error> {
    if salt.is_empty() || salt.contains('$') { Err(Error::Salt) } else { Ok(()) }
}

fn parse_count(text: &str, max: u32) -> Option<u32> {
    if text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|count| (1..=max).contains(count))
}

fn parse_key(text: &str) -> Option<DerivedKey> {
    if text.len() != KEY_TEXT_LENGTH {
        return None;
    }
    let mut key = DerivedKey::default();
    let decoded = Base64::decode(text, key.as_mut_slice()).ok()?;
    (decoded.len() == KEY_LENGTH).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::{KEY_LENGTH, parse, write};
    use crate::error::Error;

    const KEY: [u8; KEY_LENGTH] = [0xfb; KEY_LENGTH];
    const CAP: u32 = 10_000_000;

    fn good() -> String {
        write(1_000, "saltsalt", &KEY).unwrap()
    }

    fn with_count(count: &str) -> String {
        good().replacen("$1000$", &format!("${count}$"), 1)
    }

    #[test]
    fn test_what_is_written_is_read() {
        let text = good();
        let read = parse(&text, CAP).unwrap();
        assert_eq!((read.iterations, read.salt, *read.key), (1_000, "saltsalt", KEY));
    }

    #[test]
    fn test_P01_count_above_the_cap() {
        assert!(parse(&with_count("10000000"), CAP).is_some());
        assert!(parse(&with_count("10000001"), CAP).is_none());
        assert!(parse(&with_count("2147483647"), CAP).is_none());
    }

    #[test]
    fn test_P02_huge_counts() {
        assert!(parse(&with_count("18446744073709551616"), CAP).is_none());
        assert!(parse(&with_count(&"9".repeat(900)), CAP).is_none());
    }

    #[test]
    fn test_P03_P04_other_spellings_of_a_number() {
        for count in ["0", "-1", "", "1.0", "1e6", "abc", "+1", "01", " 1 ", "1_0", "\u{661}", "1\n"] {
            assert!(parse(&with_count(count), CAP).is_none(), "{count:?}");
        }
    }

    #[test]
    fn test_P05_missing_fields() {
        for text in ["", "pbkdf2_sha256", "pbkdf2_sha256$", "pbkdf2_sha256$1", "pbkdf2_sha256$1$abc"] {
            assert!(parse(text, CAP).is_none(), "{text:?}");
        }
    }

    #[test]
    fn test_P06_anything_before_or_after() {
        for text in [format!("{}$field", good()), format!("{}\n", good()), format!(" {}", good())] {
            assert!(parse(&text, CAP).is_none(), "{text:?}");
        }
    }

    #[test]
    fn test_P07_P08_salt() {
        assert!(parse(&good().replacen("saltsalt", "", 1), CAP).is_none());
        assert_eq!(write(1, "", &KEY), Err(Error::Salt));
        assert_eq!(write(1, "a$b", &KEY), Err(Error::Salt));
    }

    #[test]
    fn test_P09_salt_with_nul_or_beyond_ascii() {
        let text = write(1, "s\0\u{e4}\u{1f980}", &KEY).unwrap();
        assert_eq!(parse(&text, CAP).unwrap().salt, "s\0\u{e4}\u{1f980}");
    }

    #[test]
    fn test_P10_P11_key_text() {
        let head = good().rsplit_once('$').unwrap().0.to_owned();
        let key = good().rsplit_once('$').unwrap().1.to_owned();
        let last = &key[..42];
        for other in [
            String::new(),
            key[..43].to_owned(),
            key[..40].to_owned(),
            key.replace('=', ""),
            key.replace(['+', '/'], "-"),
            format!("{last}t="),
            format!("{key}="),
        ] {
            assert!(parse(&format!("{head}${other}"), CAP).is_none(), "{other:?}");
        }
    }

    #[test]
    fn test_P14_other_algorithms() {
        for name in ["PBKDF2_SHA256", "pbkdf2_sha255", ""] {
            assert!(parse(&good().replacen("pbkdf2_sha256", name, 1), CAP).is_none());
        }
    }

    #[test]
    fn test_P19_oversized() {
        assert!(parse(&write(1, &"s".repeat(963), &KEY).unwrap(), CAP).is_some());
        assert!(parse(&write(1, &"s".repeat(964), &KEY).unwrap(), CAP).is_none());
        assert!(parse(&"pbkdf2_sha256$".repeat(100_000), CAP).is_none());
    }
}
