//! One secret, one key for every purpose: HKDF-SHA-256 (RFC 5869), so that a key made for one kind of token, one issuer
//! or one algorithm is of no use for another (RFC 8725, section 3.11; J12, J90, J92).
//!
//! The salt is a constant; `info` is purpose, issuer and algorithm, each with its length in two bytes, big-endian, so
//! that no two triples run together (CVE-2026-6873). `tests/vectors/tokens/derive.json` pins the outcome.

use hkdf::Hkdf;
use sha2::Sha256;

use super::algorithm::Algorithm;
use super::base64url;
use crate::secret::SecretBytes;

const SALT: &[u8] = b"ferrauth/v1";

/// The purpose that names a secret's key id: 8 bytes of it, since an id has to differ, not to be secret.
const KEY_ID_PURPOSE: &str = "kid";
const KEY_ID_LENGTH: usize = 8;

/// The key of `secret` for a purpose: as many bytes as the algorithm's hash has.
#[must_use]
pub fn key(secret: &[u8], purpose: &str, issuer: &str, algorithm: Algorithm) -> SecretBytes {
    expand(secret, purpose, issuer, algorithm, algorithm.tag_length().unwrap_or_default())
}

/// A public name for `secret`, which tells nothing about it.
#[must_use]
pub fn key_id(secret: &[u8], algorithm: Algorithm) -> String {
    base64url::encode(expand(secret, KEY_ID_PURPOSE, "", algorithm, KEY_ID_LENGTH).expose())
}

fn expand(secret: &[u8], purpose: &str, issuer: &str, algorithm: Algorithm, length: usize) -> SecretBytes {
    let mut info = Vec::new();
    for part in [purpose, issuer, algorithm.name()] {
        // Longer names than two bytes can count are refused where issuers and purposes are set; a name cut short here
        // would still derive a key of its own.
        let counted = &part.as_bytes()[..part.len().min(usize::from(u16::MAX))];
        info.extend_from_slice(&(counted.len() as u16).to_be_bytes());
        info.extend_from_slice(counted);
    }
    let mut output = SecretBytes::new(&vec![0; length]);
    // Only lengths beyond 255 hashes fail (RFC 5869, section 2.3), and 64 bytes are asked for at most.
    let expanded = Hkdf::<Sha256>::new(Some(SALT), secret).expand(&info, output.expose_mut());
    debug_assert!(expanded.is_ok(), "HKDF gives 64 bytes");
    output
}
