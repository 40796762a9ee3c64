//! The strict reader: whatever it reads, serde_json reads too, and reads as the same.
#![no_main]

use ferrauth::token;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[path = "../../src/token/json_values.rs"]
mod json_values;

fuzz_target!(|text: &[u8]| {
    if let Ok(ours) = token::json::read_object(text, token::decode::MAX_DEPTH, &mut json_values::Values) {
        let theirs: Value = serde_json::from_slice(text).expect("serde_json refused it");
        // serde_json reads -0 as the float -0.0; here it is the integer 0, as in Python.
        assert_eq!(ours.to_string().replace("-0.0", "0"), theirs.to_string().replace("-0.0", "0"));
    }
});
