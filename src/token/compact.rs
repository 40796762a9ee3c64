//! A token's three segments, found by scanning: nothing is decoded, nothing is copied, no list is made (J37, J38).

use super::refusal::Refusal;

/// The longest token unless the caller says otherwise, in bytes. A header line of a web server is seldom longer.
pub const DEFAULT_MAX_TOKEN: usize = 8 * 1024;

/// The longest token that a caller may allow, in bytes.
pub const MAX_TOKEN: usize = 64 * 1024;

/// The longest header segment, in bytes.
pub const MAX_HEADER: usize = 1024;

/// A token in compact serialization (RFC 7515, section 7.1), still encoded.
#[derive(Debug, Clone, Copy)]
pub struct Compact<'t> {
    /// The header's segment.
    pub header: &'t [u8],
    /// The payload's segment.
    pub payload: &'t [u8],
    /// The signature's segment.
    pub signature: &'t [u8],
    /// The bytes that are signed, as they were received: header, dot, payload (J87).
    pub signed: &'t [u8],
}

/// Finds the segments of `token`.
///
/// # Errors
/// [`Refusal::TooLong`]; [`Refusal::Segments`] for a byte outside `[A-Za-z0-9_.-]` (RFC 8725bis, section 3.14), for
/// other than two dots, and for an empty segment.
pub fn split(token: &[u8], max_length: usize) -> Result<Compact<'_>, Refusal> {
    if token.len() > max_length {
        return Err(Refusal::TooLong);
    }
    let first = memchr::memchr(b'.', token).ok_or(Refusal::Segments)?;
    let second = first + 1 + memchr::memchr(b'.', &token[first + 1..]).ok_or(Refusal::Segments)?;
    // One pass without a branch, in counters as small as the bytes: the compiler turns it into vector code. A dot is no
    // byte of a segment, so a third one is counted too.
    let others: usize = token
        .chunks(usize::from(u8::MAX))
        .map(|chunk| {
            usize::from(
                chunk.iter().fold(0, |others: u8, &byte| others.wrapping_add(u8::from(!is_segment_byte(byte)))),
            )
        })
        .sum();
    if others != 2 {
        return Err(Refusal::Segments);
    }
    let compact = Compact {
        header: &token[..first],
        payload: &token[first + 1..second],
        signature: &token[second + 1..],
        signed: &token[..second],
    };
    if compact.header.len() > MAX_HEADER {
        return Err(Refusal::TooLong);
    }
    if compact.header.is_empty() || compact.payload.is_empty() || compact.signature.is_empty() {
        return Err(Refusal::Segments);
    }
    Ok(compact)
}

const fn is_segment_byte(byte: u8) -> bool {
    (byte | 0x20).wrapping_sub(b'a') < 26 || byte.wrapping_sub(b'0') < 10 || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT_MAX_TOKEN, MAX_HEADER, is_segment_byte, split};
    use crate::token::refusal::Refusal;

    #[test]
    fn test_segments_and_signed_bytes() {
        let compact = split(b"he-ad.pay_load.sig", 64).unwrap();
        assert_eq!(compact.header, b"he-ad");
        assert_eq!(compact.payload, b"pay_load");
        assert_eq!(compact.signature, b"sig");
        assert_eq!(compact.signed, b"he-ad.pay_load");
    }

    #[test]
    fn test_J37_other_than_three_segments() {
        for token in
            ["", ".", "..", "...", "a", "a.b", ".a.b", "a..b", "a.b.", "a.b.c.", ".a.b.c", "a.b.c.d", "a.b.c.d.e"]
        {
            assert_eq!(split(token.as_bytes(), 64).unwrap_err(), Refusal::Segments, "{token}");
        }
    }

    #[test]
    fn test_J33_J42_J45_every_byte_outside_the_alphabet() {
        for byte in 0..=255 {
            let token = [b'a', byte, b'b', b'.', b'c', b'.', b'd'];
            let allowed = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            assert_eq!(is_segment_byte(byte), allowed, "{byte}");
            assert_eq!(split(&token, 64).is_ok(), allowed, "{byte}");
        }
        assert_eq!(split(b"{\"payload\":\"\"}", 64).unwrap_err(), Refusal::Segments);
    }

    #[test]
    fn test_J35_J38_J60_lengths() {
        assert_eq!(split(&vec![b'.'; 10_000_000], DEFAULT_MAX_TOKEN).unwrap_err(), Refusal::TooLong);
        let token = |header: usize| format!("{}.b.c", "a".repeat(header));
        assert!(split(token(MAX_HEADER).as_bytes(), DEFAULT_MAX_TOKEN).is_ok());
        assert_eq!(split(token(MAX_HEADER + 1).as_bytes(), DEFAULT_MAX_TOKEN).unwrap_err(), Refusal::TooLong);
        let exact = format!("a.{}.c", "b".repeat(60));
        assert!(split(exact.as_bytes(), 64).is_ok());
        assert_eq!(split(exact.as_bytes(), 63).unwrap_err(), Refusal::TooLong);
    }
}
