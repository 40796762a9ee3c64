//! ferrauth's core: password derivation, constant-time checks and tokens.
//!
//! | module            | what it is for                                                   |
//! |-------------------|------------------------------------------------------------------|
//! | [`error`]         | everything that can go wrong, in one enum                        |
//! | [`constant_time`] | equality that does not tell where two values differ              |
//! | [`machine`]       | what the machine gives this process                              |
//! | [`secret`]        | bytes that are wiped on drop and never printed                   |
//! | [`password`]      | Django's encoded passwords: parse, derive, compare               |
//! | [`token`]         | JSON Web Tokens: sign and verify                                 |
//! | `py`              | the Python module `ferrauth._core`; the only code that names pyo3 |
//!
//! Without the default feature `python` this is a plain Rust library: its tests and benches need no interpreter.
#![deny(unsafe_code)]
// A test that proves a row of the threat list carries its id (`test_P01_...`).
#![cfg_attr(test, allow(non_snake_case))]
#![cfg_attr(not(test), deny(unused_crate_dependencies))]

pub mod constant_time;
pub mod error;
pub mod machine;
pub mod password;
pub mod secret;
pub mod token;

#[cfg(feature = "python")]
mod py;

/// The version in Cargo.toml, which is the version of the Python package too.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether this build is optimised: `"release"` or `"debug"`.
pub const PROFILE: &str = if cfg!(debug_assertions) { "debug" } else { "release" };
