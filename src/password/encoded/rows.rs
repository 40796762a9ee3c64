//! `pbkdf2_sha256$iterations$salt$hash` and `pbkdf2_sha1$...`: parse and write.

use base64ct::{Base64, Encoding};

use super::{Format, Limits, fields};
use crate::error::Error;
use crate::password::derivation::{Derivation, Key, Pbkdf2};
use crate::password::pbkdf2::Digest;

/// Reads what follows the format's name. The count is at most `limits.max_iterations` (P01); the key is canonical
/// base64 of exactly the digest's length (P10).
pub(super) fn parse(format: Format, fields: &str, limits: Limits) -> Option<(Derivation, Key)> {
    let digest = if format == Format::Pbkdf2Sha1 { Digest::Sha1 } else { Digest::Sha256 };
    let (iterations, salt, key) = split(fields, digest, limits)?;
    Some((Derivation::Pbkdf2(Pbkdf2 { digest, iterations, salt: salt.to_owned(), over: None }), key))
}

/// Splits `iterations$salt$hash`.
pub(super) fn split(fields: &str, digest: Digest, limits: Limits) -> Option<(u32, &str, Key)> {
    let mut fields = fields.splitn(3, '$');
    let iterations = fields::count(fields.next()?, limits.max_iterations)?;
    let salt = fields.next().filter(|salt| !salt.is_empty())?;
    let key = fields::key::<Base64>(fields.next()?, digest.output_length())?;
    Some((iterations, salt, key))
}

/// Writes a stored password as Django does.
///
/// # Errors
/// [`Error::Salt`] where the salt is empty or holds `$`.
pub fn write(format: Format, iterations: u32, salt: &str, key: &[u8]) -> Result<String, Error> {
    check_salt(salt)?;
    Ok(format!("{}${iterations}${salt}${}", format.name(), Base64::encode_string(key)))
}

/// Refuses a salt that the stored form could not hold.
///
/// # Errors
/// [`Error::Salt`] where the salt is empty or holds `$`.
pub fn check_salt(salt: &str) -> Result<(), Error> {
    if salt.is_empty() || salt.contains('$') { Err(Error::Salt) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::error::Error;
    use crate::password::derivation::Derivation;
    use crate::password::encoded::{Format, Formats, Limits, Row, parse as parse_with};

    const KEY: [u8; 32] = [0xfb; 32];
    const CAP: u32 = 10_000_000;

    fn parse(text: &str) -> Option<Row> {
        parse_with(text, Limits { max_iterations: CAP, max_memory: 1 << 30, formats: Formats::strong() })
    }

    fn good() -> String {
        write(Format::Pbkdf2Sha256, 1_000, "saltsalt", &KEY).unwrap()
    }

    fn with_count(count: &str) -> String {
        good().replacen("$1000$", &format!("${count}$"), 1)
    }

    #[test]
    fn test_what_is_written_is_read() {
        let row = parse(&good()).unwrap();
        assert_eq!((row.format, row.key.as_slice()), (Format::Pbkdf2Sha256, KEY.as_slice()));
        let Derivation::Pbkdf2(derivation) = row.derivation else { panic!("another derivation") };
        assert_eq!((derivation.iterations, derivation.salt.as_str()), (1_000, "saltsalt"));
    }

    #[test]
    fn test_sha1_rows_hold_20_bytes() {
        assert!(parse(&write(Format::Pbkdf2Sha1, 1, "salt", &[1; 20]).unwrap()).is_some());
        assert!(parse(&write(Format::Pbkdf2Sha1, 1, "salt", &KEY).unwrap()).is_none());
    }

    #[test]
    fn test_P01_count_above_the_cap() {
        assert!(parse(&with_count("10000000")).is_some());
        assert!(parse(&with_count("10000001")).is_none());
        assert!(parse(&with_count("2147483647")).is_none());
    }

    #[test]
    fn test_P02_huge_counts() {
        assert!(parse(&with_count("18446744073709551616")).is_none());
        assert!(parse(&with_count(&"9".repeat(900))).is_none());
    }

    #[test]
    fn test_P03_P04_other_spellings_of_a_number() {
        for count in ["0", "-1", "", "1.0", "1e6", "abc", "+1", "01", " 1 ", "1_0", "\u{661}", "1\n"] {
            assert!(parse(&with_count(count)).is_none(), "{count:?}");
        }
    }

    #[test]
    fn test_P05_missing_fields() {
        for text in ["", "pbkdf2_sha256", "pbkdf2_sha256$", "pbkdf2_sha256$1", "pbkdf2_sha256$1$abc"] {
            assert!(parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn test_P06_anything_before_or_after() {
        for text in [format!("{}$field", good()), format!("{}\n", good()), format!(" {}", good())] {
            assert!(parse(&text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn test_P07_P08_salt() {
        assert!(parse(&good().replacen("saltsalt", "", 1)).is_none());
        assert_eq!(write(Format::Pbkdf2Sha256, 1, "", &KEY), Err(Error::Salt));
        assert_eq!(write(Format::Pbkdf2Sha256, 1, "a$b", &KEY), Err(Error::Salt));
    }

    #[test]
    fn test_P09_salt_with_nul_or_beyond_ascii() {
        let text = write(Format::Pbkdf2Sha256, 1, "s\0\u{e4}\u{1f980}", &KEY).unwrap();
        assert_eq!(parse(&text).unwrap().derivation.salt(), "s\0\u{e4}\u{1f980}");
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
            assert!(parse(&format!("{head}${other}")).is_none(), "{other:?}");
        }
    }

    #[test]
    fn test_P14_other_algorithms() {
        for name in ["PBKDF2_SHA256", "pbkdf2_sha255", ""] {
            assert!(parse(&good().replacen("pbkdf2_sha256", name, 1)).is_none());
        }
    }

    #[test]
    fn test_P19_oversized() {
        assert!(parse(&write(Format::Pbkdf2Sha256, 1, &"s".repeat(963), &KEY).unwrap()).is_some());
        assert!(parse(&write(Format::Pbkdf2Sha256, 1, &"s".repeat(964), &KEY).unwrap()).is_none());
        assert!(parse(&"pbkdf2_sha256$".repeat(100_000)).is_none());
    }
}
