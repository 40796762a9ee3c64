//! Secrets that are no secrets: a public key, a certificate or a JWK offered as an HMAC secret.
//!
//! Whoever verifies RS256 tokens publishes a key, and an attacker who gets that key used as an HMAC secret signs what he
//! likes (RFC 8725, section 2.1; CVE-2022-29217 and the dozen that followed). So a secret is looked at in every dress that
//! slipped past a detector somewhere: whitespace inside or around, byte-order marks, UTF-16, DER, OpenSSH, JSON, and
//! base64 of any of these (J07 to J09).

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::der;
use super::pair::{Curve, KeyPair};

/// How an OpenSSH public key begins (RFC 4253, section 6.6; RFC 5656; RFC 8709; the `sk-` forms are OpenSSH's own).
const SSH_PREFIXES: [&[u8]; 6] =
    [b"ssh-rsa", b"ssh-dss", b"ssh-ed25519", b"ecdsa-sha2-", b"sk-ssh-", b"sk-ecdsa-"];

/// How an OpenSSH private key begins, once its armour is off.
const SSH_PRIVATE: &[u8] = b"openssh-key-v1\0";

/// Reads any base64 that anyone would read.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whether `secret` is a key of another kind.
#[must_use]
pub fn is_disguised(secret: &[u8]) -> bool {
    let squeezed = squeeze(secret);
    is_key(secret, &squeezed)
        || is_point(secret)
        || decode(&squeezed).is_some_and(|inner| is_key(&inner, &squeeze(&inner)) || is_point(&inner))
}

/// The bytes without whitespace, NULs and byte-order marks: what any of these hid is then in one piece.
fn squeeze(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut rest = bytes;
    for mark in [&b"\xef\xbb\xbf"[..], b"\xff\xfe", b"\xfe\xff"] {
        rest = rest.strip_prefix(mark).unwrap_or(rest);
    }
    Zeroizing::new(
        rest.iter().copied().filter(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0 | 0x0b)).collect(),
    )
}

fn is_key(bytes: &[u8], squeezed: &[u8]) -> bool {
    let contains =
        |needle: &[u8]| squeezed.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle));
    contains(b"--BEGIN")
        || contains(b"--END")
        || is_ssh(bytes, squeezed)
        || is_json(squeezed)
        || der::looks_like_a_key(bytes)
        || der::looks_like_a_key(bytes.trim_ascii())
}

fn is_ssh(bytes: &[u8], squeezed: &[u8]) -> bool {
    // Inside its base64, the name of the key's type comes after its length in four bytes.
    let named = bytes.get(4..).filter(|_| bytes.starts_with(&[0, 0, 0]));
    let starts = |text: &[u8]| SSH_PREFIXES.iter().any(|prefix| text.starts_with(prefix));
    starts(squeezed) || named.is_some_and(starts) || bytes.starts_with(SSH_PRIVATE)
}

/// Whether a text begins like an object or a list of objects with names in quotes. It need not end like one, nor parse:
/// a secret that is almost a JWK is one that somebody else's parser might take for one.
fn is_json(squeezed: &[u8]) -> bool {
    let inside = squeezed.iter().position(|byte| !matches!(byte, b'[' | b'{' | b'"' | b'\\'));
    let (opening, rest) = squeezed.split_at(inside.unwrap_or(squeezed.len()));
    // Random bytes seldom begin with a brace and a quote, and still more seldom with a name and a colon after them.
    let named = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).is_some_and(|end| {
        let name = &rest[..end];
        let after = rest[end..].iter().find(|byte| !matches!(byte, b'"' | b'\\'));
        name.iter().all(u8::is_ascii_graphic) && after == Some(&b':')
    });
    opening.iter().position(|byte| *byte == b'{').is_some_and(|brace| opening[brace..].contains(&b'"')) && named
}

/// Whether these are the bytes of a point of a curve that tokens are signed on, as a public key has them: whoever
/// publishes one may publish it so. Of random bytes of these lengths one in 2^8 has the first byte, and of those one in
/// two billion or more is on the curve unless it is compressed, which is not asked for that reason.
fn is_point(bytes: &[u8]) -> bool {
    let on = |curve: Curve| bytes.len() == 1 + 2 * curve.coordinate() && KeyPair::from_point(curve, bytes).is_ok();
    on(Curve::P256) || on(Curve::P384)
}

fn decode(squeezed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let standard: Zeroizing<Vec<u8>> = Zeroizing::new(
        squeezed
            .iter()
            .map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                other => *other,
            })
            .collect(),
    );
    LENIENT.decode(&*standard).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

    use super::is_disguised;
    use crate::token::algorithm::Algorithm;
    use crate::token::key::Attributes;
    use crate::token::load;
    use crate::token::pair::Public;

    /// An Ed25519 public key (RFC 8410, section 10.1) as DER.
    const SPKI: [u8; 44] = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 0x19, 0xbf, 0x44, 0x09, 0x69,
        0x84, 0xcd, 0xfe, 0x85, 0x41, 0xba, 0xc1, 0x67, 0xdc, 0x3b, 0x96, 0xc8, 0x50, 0x86, 0xaa, 0x30, 0xb6,
        0xb6, 0xcb, 0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31, 0x66, 0xe1,
    ];

    fn dresses() -> Vec<Vec<u8>> {
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(SPKI));
        let mut ssh = vec![0, 0, 0, 11];
        ssh.extend(b"ssh-ed25519");
        ssh.extend([0, 0, 0, 32]);
        ssh.extend(&SPKI[12..]);
        let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"}"#;
        let texts = [
            pem.clone(),
            pem.replace('\n', "\r\n"),
            pem.replace('\n', ""),
            pem.replace("BEGIN ", "BEGIN\t "),
            pem.replace("-----", "---- ").replace("---- \n", "-----\n"),
            pem.to_lowercase(),
            pem.replace("PUBLIC KEY", "CERTIFICATE"),
            pem.replace("PUBLIC KEY", "OPENSSH PRIVATE KEY"),
            pem.replace("PUBLIC KEY", "RSA PUBLIC KEY"),
            format!("ssh-ed25519 {} me@here", STANDARD.encode(&ssh)),
            jwk.to_owned(),
            jwk.replace("kty", "\\u006bty"),
            jwk.replace(',', ",\n\t"),
            format!("[{jwk}]"),
            format!("{{\"keys\":[{jwk}]}}"),
            jwk.replace("\"kty\"", "\"kid\":\"clé\",\"kty\""),
            format!("\"{}\"", jwk.replace('"', "\\\"")),
            r#"{"a":"#.repeat(5_000),
        ];
        let mut dresses: Vec<Vec<u8>> = vec![SPKI.to_vec(), ssh, [&SPKI[..], b"\n"].concat()];
        dresses.extend(texts.iter().flat_map(|text| {
            [
                text.as_bytes().to_vec(),
                [b" \r\n\t\x0b", text.as_bytes()].concat(),
                [b"\xef\xbb\xbf", text.as_bytes()].concat(),
                [&b"\xff\xfe"[..], &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()].concat(),
                text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            ]
        }));
        dresses
    }

    #[test]
    fn test_J07_J08_J09_a_public_key_in_every_dress() {
        for dress in dresses() {
            assert!(is_disguised(&dress), "{}", String::from_utf8_lossy(&dress));
            for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
                let text = engine.encode(&dress);
                assert!(is_disguised(text.as_bytes()), "{text}");
                assert!(is_disguised(format!(" {}\r\n{}", &text[..20], &text[20..]).as_bytes()), "{text}");
            }
        }
    }

    #[test]
    fn test_J08_text_that_is_no_utf8_and_points() {
        assert!(is_disguised(b"{\"kty\":\"oct\",\"k\":\"\xed\xa0\x80\"}"));
        for algorithm in [Algorithm::ES256, Algorithm::ES384] {
            let key = load::generate(algorithm, Attributes::default()).unwrap();
            let Public::Ec { point, .. } = key.pair().unwrap().public() else { unreachable!() };
            assert!(is_disguised(point));
            assert!(is_disguised(STANDARD.encode(point).as_bytes()));
            let mut other = point.clone();
            *other.last_mut().unwrap() ^= 1;
            assert!(!is_disguised(&other));
        }
    }

    #[test]
    fn test_secrets_are_secrets() {
        let mut bytes = [0_u8; 64];
        for _ in 0..20_000 {
            getrandom::fill(&mut bytes).unwrap();
            for length in [32, 48, 64] {
                assert!(!is_disguised(&bytes[..length]), "{:02x?}", &bytes[..length]);
                assert!(
                    !is_disguised(URL_SAFE_NO_PAD.encode(&bytes[..length]).as_bytes()),
                    "{:02x?}",
                    &bytes[..length]
                );
            }
        }
        for secret in [
            "django-insecure-{x}[y]-begin-end--------------",
            "correct horse battery staple",
            "{4^(>Cp\\:\u{1b}a brace, letters, a backslash, a colon",
            "{[}] an odd sentence: with a colon, and \"quotes\"",
            "0".repeat(64).as_str(),
        ] {
            assert!(!is_disguised(secret.as_bytes()), "{secret}");
        }
    }
}
