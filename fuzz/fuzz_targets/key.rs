//! Key material of every form: it is refused or it loads, it never loads as a secret and as a key pair, and what loads
//! verifies what it signs.
#![no_main]

use ferrauth::token::algorithm::Algorithm;
use ferrauth::token::key::{Attributes, Key};
use ferrauth::token::load;
use libfuzzer_sys::fuzz_target;

const ALGORITHMS: [Algorithm; 6] =
    [Algorithm::HS256, Algorithm::HS512, Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA];

fuzz_target!(|input: &[u8]| {
    let Some((choice, text)) = input.split_first() else { return };
    let algorithm = ALGORITHMS[usize::from(*choice) % ALGORITHMS.len()];
    let secret = Key::from_secret(text, algorithm, Attributes::default());
    let pem = load::from_pem(text, Some(algorithm), Attributes::default());
    let jwk = load::from_jwk(text, None, Attributes::default());
    assert!(secret.is_err() || (pem.is_err() && jwk.is_err()), "a key that is a secret too");
    for key in [secret, pem, jwk, load::from_text(text, algorithm)].into_iter().flatten() {
        let mut signature = String::new();
        if key.can_sign() {
            key.sign(b"message", &mut signature).expect("it can sign");
            assert!(key.verify(b"message", signature.as_bytes()));
            assert!(!key.verify(b"messagE", signature.as_bytes()));
        }
    }
});
