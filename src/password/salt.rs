//! Fresh salts, in Django's alphabet.

use super::params::SALT_LENGTH;
use crate::error::Error;

const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// The largest multiple of 62 that a byte can reach: a byte from here on would favour the first letters.
const UNBIASED: u8 = 248;

/// [`SALT_LENGTH`] letters and digits, uniform, from the operating system at every call.
///
/// # Errors
/// [`Error::Random`] where the operating system gives no random bytes.
pub fn generate() -> Result<String, Error> {
    random_text(SALT_LENGTH)
}

/// `length` letters and digits, uniform, from the operating system.
///
/// # Errors
/// [`Error::Random`] where the operating system gives no random bytes.
pub fn random_text(length: usize) -> Result<String, Error> {
    let mut text = String::with_capacity(length);
    let mut bytes = [0_u8; 64];
    while text.len() < length {
        getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
        let letters = bytes.iter().filter(|&&byte| byte < UNBIASED);
        text.extend(letters.map(|&byte| char::from(ALPHABET[usize::from(byte) % 62])).take(length - text.len()));
    }
    Ok(text)
}

/// Whether `salt` could hold 128 bits in Django's alphabet; a shorter one is replaced at the next login (P51).
#[must_use]
pub fn is_long_enough(salt: &str) -> bool {
    salt.chars().count() >= SALT_LENGTH
}

#[cfg(test)]
mod tests {
    use super::{ALPHABET, generate, is_long_enough, random_text};

    #[test]
    fn test_salts_differ_and_stay_in_the_alphabet() {
        let first = generate().unwrap();
        assert_eq!(first.len(), 22);
        assert!(first.bytes().all(|byte| ALPHABET.contains(&byte)));
        assert_ne!(first, generate().unwrap());
        assert!(is_long_enough(&first));
    }

    #[test]
    fn test_every_letter_is_drawn() {
        let text = random_text(10_000).unwrap();
        assert_eq!(text.len(), 10_000);
        for letter in ALPHABET {
            let count = text.bytes().filter(|byte| byte == letter).count();
            assert!((80..=260).contains(&count), "{} was drawn {count} times", char::from(*letter));
        }
    }

    #[test]
    fn test_P51_short_salt_is_not_long_enough() {
        assert!(!is_long_enough("saltsaltsalt"));
        assert!(!is_long_enough(""));
    }
}
