//! HMAC (RFC 2104) keyed once and used many times. HS256 runs on the midstates that PBKDF2 runs on; HS384 and HS512 on
//! the `hmac` crate, keyed and cloned. The tag is compared in constant time, always (J86).

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha384, Sha512};

use super::algorithm::Algorithm;
use super::base64url;
use crate::constant_time;
use crate::password::pbkdf2::Midstates;

/// A keyed HMAC. What it keeps of its secret is wiped on drop.
pub enum Keyed {
    /// HS256.
    Sha256(Midstates),
    /// HS384.
    Sha384(Box<Hmac<Sha384>>),
    /// HS512.
    Sha512(Box<Hmac<Sha512>>),
}

impl Keyed {
    /// Keys an HMAC; `None` where `algorithm` is none.
    #[must_use]
    pub fn new(algorithm: Algorithm, secret: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::HS256 => Some(Self::Sha256(Midstates::new(secret))),
            Algorithm::HS384 => Hmac::new_from_slice(secret).ok().map(|mac| Self::Sha384(Box::new(mac))),
            Algorithm::HS512 => Hmac::new_from_slice(secret).ok().map(|mac| Self::Sha512(Box::new(mac))),
            _ => None,
        }
    }

    /// Appends the tag of `message` to `out`, as base64url.
    pub fn sign(&self, message: &[u8], out: &mut String) {
        match self {
            Self::Sha256(midstates) => base64url::encode_into(midstates.mac(message).as_slice(), out),
            Self::Sha384(mac) => base64url::encode_into(&finish(&**mac, message), out),
            Self::Sha512(mac) => base64url::encode_into(&finish(&**mac, message), out),
        }
    }

    /// Whether `segment` is the base64url of the tag of `message`. A segment of another length is refused first: the
    /// length is public (J84).
    #[must_use]
    pub fn verify(&self, message: &[u8], segment: &[u8]) -> bool {
        match self {
            Self::Sha256(midstates) => base64url::decode_array::<32>(segment)
                .is_some_and(|tag| constant_time::equal_tags(&midstates.mac(message), &tag)),
            Self::Sha384(mac) => base64url::decode_array::<48>(segment)
                .is_some_and(|tag| constant_time::equal_tags(&finish(&**mac, message).into(), &tag)),
            Self::Sha512(mac) => base64url::decode_array::<64>(segment)
                .is_some_and(|tag| constant_time::equal_tags(&finish(&**mac, message).into(), &tag)),
        }
    }
}

fn finish<M: Mac + Clone>(keyed: &M, message: &[u8]) -> hmac::digest::Output<M> {
    keyed.clone().chain_update(message).finalize().into_bytes()
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, EncodingKey};

    use super::Keyed;
    use crate::token::algorithm::Algorithm;

    const ALGORITHMS: [(Algorithm, jsonwebtoken::Algorithm); 3] = [
        (Algorithm::HS256, jsonwebtoken::Algorithm::HS256),
        (Algorithm::HS384, jsonwebtoken::Algorithm::HS384),
        (Algorithm::HS512, jsonwebtoken::Algorithm::HS512),
    ];

    #[test]
    fn test_equal_to_jsonwebtoken_at_every_block_edge() {
        let text: Vec<u8> = (0..=255).cycle().take(600).collect();
        for (algorithm, theirs) in ALGORITHMS {
            for secret in [1, 32, 63, 64, 65, 127, 128, 129, 300] {
                let keyed = Keyed::new(algorithm, &text[..secret]).unwrap();
                for length in [0, 1, 55, 56, 63, 64, 111, 112, 127, 128, 183, 184, 256, 600] {
                    let message = &text[..length];
                    let mut tag = String::new();
                    keyed.sign(message, &mut tag);
                    let key = EncodingKey::from_secret(&text[..secret]);
                    assert_eq!(tag, jsonwebtoken::crypto::sign(message, &key, theirs).unwrap());
                    assert!(keyed.verify(message, tag.as_bytes()));
                }
            }
        }
    }

    #[test]
    fn test_J84_J85_J86_every_bit_and_every_length_of_the_tag_counts() {
        for (algorithm, theirs) in ALGORITHMS {
            let keyed = Keyed::new(algorithm, &[7; 64]).unwrap();
            let mut tag = String::new();
            keyed.sign(b"message", &mut tag);
            let bytes = super::base64url::decode(tag.as_bytes()).unwrap();
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let flipped = super::base64url::encode(&flipped);
                assert!(!keyed.verify(b"message", flipped.as_bytes()), "bit {bit}");
                let key = DecodingKey::from_secret(&[7; 64]);
                assert!(!jsonwebtoken::crypto::verify(&flipped, b"message", &key, theirs).unwrap());
            }
            for length in (0..bytes.len()).chain([bytes.len() + 1]) {
                let mut other = bytes.clone();
                other.resize(length, 0);
                assert!(!keyed.verify(b"message", super::base64url::encode(&other).as_bytes()), "{length} bytes");
            }
            assert!(!keyed.verify(b"messagE", tag.as_bytes()));
        }
    }
}
