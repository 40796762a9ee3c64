//! Stored passwords: what is parsed asks for no more than the caps, is planned like any other, and can be wrapped and
//! read back.
#![no_main]

use ferrauth::password::check::{Check, Policy};
use ferrauth::password::encoded::{self, Formats, Limits, wrapped};
use ferrauth::password::params;
use libfuzzer_sys::fuzz_target;

const KEY: [u8; 32] = [7; 32];

fuzz_target!(|text: &str| {
    let limits = Limits::current(Formats::ALL);
    if let Some(row) = encoded::parse(text, limits) {
        assert!(text.len() <= params::MAX_ENCODED_LENGTH);
        assert!(text.starts_with(row.format.name()));
        assert!(!row.key.is_empty());
        assert!(row.derivation.memory() <= limits.max_memory);
    }
    let check = Check::new(Some(text), Policy::pbkdf2_sha256(params::DEFAULT_ITERATIONS));
    assert_eq!(check.is_readable(), check.is_outdated().is_some());
    assert!(check.judge(true).shortfall() <= params::DEFAULT_ITERATIONS);
    drop(check.task(true, true));
    if let Ok(Some(wrapping)) = wrapped::plan(text, limits) {
        let row = encoded::write(wrapping.format, 1, &wrapping.salt, &KEY).expect("a planned row can be written");
        assert!(encoded::parse(&row, limits).is_some(), "{row}");
    }
});
