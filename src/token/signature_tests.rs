//! Key pairs beside `jsonwebtoken`: what either signs the other verifies, and of damaged signatures both say the same.

use jsonwebtoken::{DecodingKey, EncodingKey, crypto};

use super::super::algorithm::{Algorithm, Family};
use super::super::key::{Attributes, Key};
use super::super::pair::Public;
use super::super::{base64url, der, load};
use super::Verifier;

const MESSAGE: &[u8] = b"header.payload";

const PAIRS: [(Algorithm, jsonwebtoken::Algorithm); 9] = [
    (Algorithm::RS256, jsonwebtoken::Algorithm::RS256),
    (Algorithm::RS384, jsonwebtoken::Algorithm::RS384),
    (Algorithm::RS512, jsonwebtoken::Algorithm::RS512),
    (Algorithm::PS256, jsonwebtoken::Algorithm::PS256),
    (Algorithm::PS384, jsonwebtoken::Algorithm::PS384),
    (Algorithm::PS512, jsonwebtoken::Algorithm::PS512),
    (Algorithm::ES256, jsonwebtoken::Algorithm::ES256),
    (Algorithm::ES384, jsonwebtoken::Algorithm::ES384),
    (Algorithm::EdDSA, jsonwebtoken::Algorithm::EdDSA),
];

/// A key for each algorithm; making one of RSA takes long, so those are one.
fn keys() -> impl Iterator<Item = (Key, Algorithm, jsonwebtoken::Algorithm)> {
    let rsa = load::private_pem(&load::generate(Algorithm::RS256, Attributes::default()).unwrap()).unwrap();
    PAIRS.into_iter().map(move |(algorithm, named)| {
        let key = match algorithm.family() {
            Family::Rsa => load::from_pem(rsa.as_bytes(), Some(algorithm), Attributes::default()).unwrap(),
            _ => load::generate(algorithm, Attributes::default()).unwrap(),
        };
        (key, algorithm, named)
    })
}

fn theirs(key: &Key) -> (EncodingKey, DecodingKey) {
    let pair = key.pair().unwrap();
    let pkcs8 = pair.pkcs8().unwrap().expose();
    match pair.public() {
        Public::Rsa { .. } => {
            let spki = pair.spki().unwrap();
            let (_, _, pkcs1) = der::spki(&spki).unwrap();
            (EncodingKey::from_rsa_der(der::pkcs8(pkcs8).unwrap().2), DecodingKey::from_rsa_der(pkcs1))
        }
        Public::Ec { point, .. } => (EncodingKey::from_ec_der(pkcs8), DecodingKey::from_ec_der(point)),
        Public::Ed { x } => (EncodingKey::from_ed_der(pkcs8), DecodingKey::from_ed_der(x)),
    }
}

#[test]
fn test_J15_J17_J19_every_pair_agrees_with_jsonwebtoken() {
    for (key, algorithm, named) in keys() {
        let (signs, verifies) = theirs(&key);
        let mut ours = String::new();
        key.sign(MESSAGE, &mut ours).unwrap();
        assert!(crypto::verify(&ours, MESSAGE, &verifies, named).unwrap(), "{algorithm:?}");
        assert!(key.verify(MESSAGE, crypto::sign(MESSAGE, &signs, named).unwrap().as_bytes()), "{algorithm:?}");
        assert!(!key.verify(b"header.payloae", ours.as_bytes()), "{algorithm:?}");

        let signature = base64url::decode(ours.as_bytes()).unwrap();
        let damaged = (0..signature.len()).map(|place| {
            let mut damaged = signature.clone();
            damaged[place] ^= 1 << (place % 8);
            damaged
        });
        let others = [vec![], vec![0; signature.len()], vec![0xff; signature.len()], signature[1..].to_vec()];
        let longer = [[&[0], &*signature].concat(), [&*signature, &[0]].concat()];
        for bytes in damaged.chain(others).chain(longer) {
            let segment = base64url::encode(&bytes);
            assert!(!crypto::verify(&segment, MESSAGE, &verifies, named).unwrap_or(false), "{algorithm:?}");
            assert!(!key.verify(MESSAGE, segment.as_bytes()), "{algorithm:?}");
        }
    }
}

#[test]
fn test_J06_J14_a_pair_verifies_for_its_own_family_and_curve_only() {
    for (key, algorithm, _) in keys() {
        for (other, _) in PAIRS {
            let fits = algorithm == other || [algorithm, other].map(Algorithm::family) == [Family::Rsa; 2];
            assert_eq!(
                Verifier::new(key.pair().unwrap().public(), other).is_ok(),
                fits,
                "{algorithm:?} {other:?}"
            );
        }
    }
}
