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
    if memchr::memchr(b'.', &token[second + 1..]).is_some() || !is_of_alphabet(token) {
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

/// Bytes that are judged at once: a vector that every x86-64 and every AArch64 has.
const LANES: usize = 16;

/// Whether every byte is one of `[A-Za-z0-9_.-]`. Without a branch in a block, so the compiler turns it into vector code.
fn is_of_alphabet(token: &[u8]) -> bool {
    let Some(last) = token.last_chunk() else {
        return token.iter().all(|&byte| is_token_byte(byte));
    };
    let mut strange = [false; LANES];
    // The last block overlaps the one before it, and no byte is left over.
    for block in token.as_chunks::<LANES>().0.iter().chain([last]) {
        for (strange, &byte) in strange.iter_mut().zip(block) {
            *strange |= !is_token_byte(byte);
        }
    }
    strange == [false; LANES]
}

const fn is_token_byte(byte: u8) -> bool {
    // Without short cuts, each of which would be a branch. From hyphen to nine all is right but the slash.
    ((byte | 0x20).wrapping_sub(b'a') < 26)
        | ((byte.wrapping_sub(b'-') <= b'9' - b'-') & (byte != b'/'))
        | (byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT_MAX_TOKEN, LANES, MAX_HEADER, split};
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
        for byte in 0..=u8::MAX {
            let allowed = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            for length in [7, LANES, LANES + 1, 3 * LANES - 1, 3 * LANES] {
                for place in 4..length {
                    let mut token = vec![b'a'; length];
                    token[1] = b'.';
                    token[3] = b'.';
                    token[place] = byte;
                    assert_eq!(split(&token, 64).is_ok(), allowed, "{byte} in place {place} of {length}");
                }
            }
            let token = [byte, b'.', byte, b'.', byte];
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
