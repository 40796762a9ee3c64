//! What several formats' fields have in common: numbers in one spelling, keys in one spelling.

use base64ct::Encoding;

use crate::password::derivation::Key;

/// Reads a number from 1 to `max`, spelled `[1-9][0-9]*` and no other way (P03, P04).
#[must_use]
pub fn count(text: &str, max: u32) -> Option<u32> {
    if text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|count| (1..=max).contains(count))
}

/// Reads a key of `length` bytes in the one canonical spelling that `E` has (P10, P11).
#[must_use]
pub fn key<E: Encoding>(text: &str, length: usize) -> Option<Key> {
    let mut key = Key::new(vec![0; length]);
    let decoded = E::decode(text, &mut key).ok()?.len();
    // A decoder may pass over stray bits of the last character; the encoder has only one spelling.
    (decoded == length && E::encode_string(&key) == text).then_some(key)
}

/// Reads a key of `length` bytes in lower-case hexadecimal.
#[must_use]
pub fn hex_key(text: &str, length: usize) -> Option<Key> {
    if text.len() != 2 * length {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut key = Key::new(Vec::with_capacity(length));
    for pair in text.as_bytes().chunks_exact(2) {
        key.push(digit(pair[0])? << 4 | digit(pair[1])?);
    }
    Some(key)
}

/// Writes bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{count, hex, hex_key, key};

    #[test]
    fn test_P03_P04_a_number_has_one_spelling() {
        assert_eq!(count("1", 10), Some(1));
        assert_eq!(count("10", 10), Some(10));
        for text in ["0", "11", "-1", "", "1.0", "1e1", "abc", "+1", "01", " 1", "1_0", "\u{661}", "99999999999"] {
            assert_eq!(count(text, 10), None, "{text:?}");
        }
    }

    #[test]
    fn test_P10_a_key_has_one_spelling() {
        use base64ct::{Base64, Base64Bcrypt, Base64Unpadded};
        assert!(key::<Base64>("AA==", 1).is_some());
        assert!(key::<Base64>("AB==", 1).is_none());
        assert!(key::<Base64Unpadded>("AA", 1).is_some());
        assert!(key::<Base64Unpadded>("AB", 1).is_none());
        assert!(key::<Base64Unpadded>("AA==", 1).is_none());
        assert!(key::<Base64Bcrypt>("..", 1).is_some());
        assert!(key::<Base64Bcrypt>("./", 1).is_none());
        assert!(key::<Base64>("AA==", 2).is_none());
        assert!(key::<Base64>("AAA=", 1).is_none());
    }

    #[test]
    fn test_hex() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(*hex_key(&hex(&bytes), 256).unwrap(), bytes);
        for text in ["", "0", "0G", "0A", "000"] {
            assert!(hex_key(text, 1).is_none(), "{text:?}");
        }
    }
}
