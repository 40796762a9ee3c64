//! The fast path beside `jsonwebtoken`, on a million mutated tokens: about each signature the two say the same, and what is
//! accepted here is accepted there, with the same claims.

use jsonwebtoken::{DecodingKey, Validation, crypto};
use serde_json::Value;

use super::super::algorithm::Algorithm;
use super::super::json_values::Values;
use super::super::key::{Attributes, Key};
use super::super::{base64url, compact, encode};
use super::{Expectations, Keys, Unverified};

const COUNT: u64 = 1_000_000;
const SECRET: &[u8] = b"a secret of thirty-two bytes or more";
const NOW: u64 = 1_800_000_000;

/// A generator whose numbers need not be good, only many and the same at every run (Marsaglia's xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    /// Puts, takes out or changes a byte or three.
    fn change(&mut self, bytes: &mut Vec<u8>, with: &[u8]) {
        for _ in 0..=self.below(2) {
            let at = self.below(bytes.len() + 1);
            let byte = with[self.below(with.len())];
            match self.below(3) {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => bytes[at] = byte,
                _ if at < bytes.len() => drop(bytes.remove(at)),
                _ => {}
            }
        }
    }
}

fn mutated(chance: &mut Chance, key: &Key) -> Vec<u8> {
    const JSON: &[u8] = b"\"\\{}[]:, 0123456789-+.eEtrufalsn\x00\x1f\x7f\xff\xc3\xa9\xef";
    const TEXT: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ";
    let mut header = br#"{"alg":"HS256","typ":"JWT"}"#.to_vec();
    let mut payload = r#"{"sub":"é","n":[1,-2.5e3,{"a":null}],"exp":1900000000,"b":true}"#.as_bytes().to_vec();
    let kind = chance.below(5);
    match kind {
        0 => chance.change(&mut header, JSON),
        1 => chance.change(&mut payload, JSON),
        _ => {}
    }
    let signed = format!("{}.{}", base64url::encode(&header), base64url::encode(&payload));
    let mut signature = String::new();
    key.sign(signed.as_bytes(), &mut signature).unwrap();
    let mut signature = signature.into_bytes();
    if kind == 2 {
        chance.change(&mut signature, TEXT);
    }
    let mut token = [signed.as_bytes(), b".", &signature].concat();
    if kind == 3 {
        chance.change(&mut token, TEXT);
    }
    token
}

#[test]
fn test_agrees_with_jsonwebtoken_on_a_million_mutated_tokens() {
    let key = Key::from_secret(SECRET, Algorithm::HS256, Attributes::default()).unwrap();
    let theirs = DecodingKey::from_secret(SECRET);
    let mut validation = Validation::new(jsonwebtoken::Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    let expected = Expectations::default();
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let (mut accepted, mut refused, mut stricter) = (0_u64, 0_u64, 0_u64);
    for _ in 0..COUNT {
        let token = mutated(&mut chance, &key);
        if let Ok(compact) = compact::split(&token, expected.max_length) {
            let signature = std::str::from_utf8(compact.signature).unwrap();
            let verdict = crypto::verify(signature, compact.signed, &theirs, jsonwebtoken::Algorithm::HS256);
            assert_eq!(key.verify(compact.signed, compact.signature), verdict.unwrap_or(false));
        }
        let ours = Unverified::read(&token, Keys::One(&key), &expected, NOW)
            .and_then(|unverified| unverified.verify())
            .and_then(|verified| verified.claims(&expected.rules, NOW, Values));
        let oracle = jsonwebtoken::decode::<Value>(&token, &theirs, &validation);
        match (ours, oracle) {
            (Ok(ours), Ok(oracle)) => {
                // serde_json reads -0 as a float, and a sign may have been put before a zero.
                assert_eq!(ours.to_string().replace("-0.0", "0"), oracle.claims.to_string().replace("-0.0", "0"));
                accepted += 1;
            }
            (Ok(_), Err(error)) => panic!("{error}: {}", String::from_utf8_lossy(&token)),
            (Err(_), Ok(_)) => stricter += 1,
            (Err(_), Err(_)) => refused += 1,
        }
    }
    // The comparison means something only if every verdict is among the outcomes.
    assert!(accepted.min(refused).min(stricter) > COUNT / 1_000, "{accepted} {refused} {stricter}");
}

#[test]
fn test_what_is_signed_here_is_read_there() {
    let key = Key::from_secret(SECRET, Algorithm::HS256, Attributes::default()).unwrap();
    let token = encode::sign(&key, key.header(), r#"{"sub":"1","exp":1900000000}"#).unwrap();
    let mut validation = Validation::new(jsonwebtoken::Algorithm::HS256);
    validation.validate_exp = false;
    let read = jsonwebtoken::decode::<Value>(&token, &DecodingKey::from_secret(SECRET), &validation).unwrap();
    assert_eq!(read.claims["sub"], "1");
    assert_eq!(read.header.alg, jsonwebtoken::Algorithm::HS256);
}
