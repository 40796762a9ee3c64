//! The decoder of segments: what it takes has one spelling, and it says what the plain decoder says.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ferrauth::token::base64url;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let ours = base64url::decode(text).ok();
    assert_eq!(ours, URL_SAFE_NO_PAD.decode(text).ok());
    if let Some(bytes) = ours {
        assert_eq!(base64url::encode(&bytes).as_bytes(), text);
    }
});
