//! Whole tokens, and headers and payloads under a right MAC: what is accepted was signed, names the key's algorithm, and
//! says what serde_json reads; and what is signed here is never a token of the issuer's, whose keys are others.
#![no_main]

use std::sync::{Arc, LazyLock};

use ferrauth::token;
use ferrauth::token::algorithm::Algorithm;
use ferrauth::token::base64url;
use ferrauth::token::compact;
use ferrauth::token::decode::{Expectations, Keys, Unverified};
use ferrauth::token::issuer::{Configuration, Kind, TokenIssuer};
use ferrauth::token::key::{Attributes, Key};
use ferrauth::token::keyring::KeyRing;
use json_values::Values;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[path = "../../src/token/json_values.rs"]
mod json_values;

const NOW: u64 = 1_800_000_000;

/// Ends the header in the input: no JSON that a reader may accept holds it.
const SEPARATOR: u8 = 0;

struct Readers {
    ring: KeyRing,
    issuer: TokenIssuer,
    expected: Expectations,
}

static READERS: LazyLock<Readers> = LazyLock::new(|| {
    let named = Attributes { kid: Some("a".to_owned()), ..Attributes::default() };
    let keys = [(b's', Attributes::default()), (b't', named)];
    let keys = keys.map(|(byte, attributes)| Key::from_secret(&[byte; 32], Algorithm::HS256, attributes).unwrap());
    let ring = KeyRing::new(keys.map(Arc::new).to_vec(), 0).unwrap();
    let configuration = Configuration {
        access_lifetime: Configuration::ACCESS_LIFETIME,
        refresh_lifetime: Configuration::REFRESH_LIFETIME,
        issuer: None,
        audience: None,
        leeway: 0,
    };
    let issuer = TokenIssuer::new(&ring, configuration).unwrap();
    Readers { ring, issuer, expected: Expectations::default() }
});

fuzz_target!(|input: &[u8]| {
    read(input);
    if let Some(at) = input.iter().position(|&byte| byte == SEPARATOR) {
        let mut token = format!("{}.{}", base64url::encode(&input[..at]), base64url::encode(&input[at + 1..]));
        let mut tag = String::new();
        READERS.ring.keys()[0].sign(token.as_bytes(), &mut tag).unwrap();
        token.push('.');
        token.push_str(&tag);
        read(token.as_bytes());
    }
});

fn read(token: &[u8]) {
    let Readers { ring, issuer, expected } = &*READERS;
    for kind in [Kind::Access, Kind::Refresh] {
        if let Ok(reading) = issuer.read(token, kind, NOW) {
            assert!(reading.unverified.verify().is_err(), "a token that no issuer made");
        }
    }
    for keys in [Keys::One(&ring.keys()[0]), Keys::Ring(ring)] {
        let Ok(unverified) = Unverified::read(token, keys, expected, NOW) else { continue };
        let Ok(verified) = unverified.verify() else { continue };
        let compact = compact::split(token, expected.max_length).unwrap();
        let signers = ring.keys().iter().filter(|key| key.verify(compact.signed, compact.signature));
        assert_eq!(signers.count(), 1);
        let header: Value = serde_json::from_slice(&base64url::decode(compact.header).unwrap()).unwrap();
        assert_eq!(header["alg"], "HS256");
        let Ok(ours) = verified.claims(&expected.rules, NOW, Values) else { continue };
        let theirs: Value = serde_json::from_slice(&base64url::decode(compact.payload).unwrap()).unwrap();
        assert_eq!(ours.to_string().replace("-0.0", "0"), theirs.to_string().replace("-0.0", "0"));
        for date in ["exp", "nbf", "iat"] {
            assert!(theirs.get(date).is_none_or(Value::is_number), "{date} is no number");
        }
        assert!(theirs.get("exp").is_none_or(|exp| exp.as_f64().unwrap() > NOW as f64));
        assert!(theirs.get("aud").is_none(), "a token for somebody");
    }
}
