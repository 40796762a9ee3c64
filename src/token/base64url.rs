//! Base64url without padding (RFC 7515, section 2), and nothing else: no `=`, no other alphabet, no whitespace, no bits
//! set after the last byte (RFC 4648, section 3.5). So every byte string has exactly one spelling (J39 to J44).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64_simd::AsOut;
use std::mem::MaybeUninit;

/// Decodes a segment.
///
/// # Errors
/// `Err(())` where `text` is not the one spelling of some bytes.
#[expect(clippy::result_unit_err, reason = "there is one way to fail, and the caller knows which segment it was")]
pub fn decode(text: &[u8]) -> Result<Vec<u8>, ()> {
    let mut bytes = vec![0; decoded_length(text.len())];
    if decode_exact(text, &mut bytes) { Ok(bytes) } else { Err(()) }
}

/// Decodes a segment into `room`; none where it is not the one spelling of some bytes, or does not fit.
#[must_use]
pub fn decode_into<'r>(text: &[u8], room: &'r mut [MaybeUninit<u8>]) -> Option<&'r [u8]> {
    let room = room.get_mut(..decoded_length(text.len()))?;
    base64_simd::URL_SAFE_NO_PAD.decode(text, room.as_out()).ok().map(|bytes| &*bytes)
}

/// Decodes a segment of exactly `N` bytes.
#[must_use]
pub fn decode_array<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    decode_exact(text, &mut bytes).then_some(bytes)
}

/// Fills `out` with what `text` spells; whether `text` is the one spelling of that many bytes. Where it is not, what is in
/// `out` means nothing.
#[must_use]
pub fn decode_exact(text: &[u8], out: &mut [u8]) -> bool {
    if text.len() != encoded_length(out.len()) {
        return false;
    }
    base64_simd::URL_SAFE_NO_PAD.decode(text, out.as_out()).is_ok()
}

/// Appends the one spelling of `bytes` to `out`.
pub fn encode_into(bytes: &[u8], out: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, out);
}

/// The one spelling of `bytes`.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// How many characters `length` bytes are spelled with.
#[must_use]
pub const fn encoded_length(length: usize) -> usize {
    length / 3 * 4 + [0, 2, 3][length % 3]
}

/// How many bytes that many characters spell, where they spell any.
#[must_use]
pub const fn decoded_length(length: usize) -> usize {
    length / 4 * 3 + length % 4 * 3 / 4
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::{decode, decode_array, decoded_length, encode, encoded_length};

    #[test]
    fn test_agrees_with_the_base64_crate_on_every_byte_in_every_place() {
        // Up to four vectors of 32 characters, and every length of what is left over.
        for length in (0..48).chain(92..132) {
            let text = vec![b'A'; length];
            for place in 0..length {
                for byte in 0..=255 {
                    let mut text = text.clone();
                    text[place] = byte;
                    assert_eq!(decode(&text).ok(), URL_SAFE_NO_PAD.decode(&text).ok(), "{text:?}");
                }
            }
            assert_eq!(decode(&text).ok(), URL_SAFE_NO_PAD.decode(&text).ok());
        }
    }

    #[test]
    fn test_agrees_with_the_base64_crate_on_every_group() {
        // Every pair of characters, in both halves of a group, and as a group that is short.
        for first in 0..=255 {
            for second in 0..=255 {
                for text in [&[first, second, b'_', b'0'][..], &[b'z', b'9', first, second], &[first, second]] {
                    assert_eq!(decode(text).ok(), URL_SAFE_NO_PAD.decode(text).ok(), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn test_every_length_has_one_spelling() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..=bytes.len() {
            let text = encode(&bytes[..length]);
            assert_eq!(text.len(), encoded_length(length));
            assert_eq!(decoded_length(text.len()), length);
            assert_eq!(decode(text.as_bytes()).unwrap(), &bytes[..length]);
        }
        let text = encode(&bytes[..32]);
        assert_eq!(decode_array::<32>(text.as_bytes()).unwrap(), bytes[..32]);
        assert_eq!(decode_array::<31>(text.as_bytes()), None);
        assert_eq!(decode_array::<33>(text.as_bytes()), None);
    }

    #[test]
    fn test_J39_J40_J41_J42_J43_J44_any_other_spelling() {
        for text in [
            "QQ==",
            "QQ=",
            "QUI=",
            "=",
            "QQ==QQ==", // padding
            "QR",
            "QUJ",
            "QUF", // bits after the last byte
            "a+/b",
            "a+bc",
            "ab/c", // the standard alphabet
            "QU JC",
            "QUJC\n",
            " QUJC",
            "QUJC\0",
            "QU!JC",
            "QU?JC",
            "QUJC\u{e9}", // anything else
            "Q",
            "QUJCQ", // one character over
        ] {
            assert!(decode(text.as_bytes()).is_err(), "{text:?}");
        }
        for last in 0_u8..=255 {
            let mut text = encode(&[0; 32]).into_bytes();
            *text.last_mut().unwrap() = last;
            // Two bits of the last character must be zero, so 16 of 256 values spell 32 bytes.
            let canonical = b"AEIMQUYcgkosw048".contains(&last);
            assert_eq!(decode_array::<32>(&text).is_some(), canonical, "{last}");
        }
    }
}
