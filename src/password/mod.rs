//! Django's encoded passwords: parse, derive, compare.
//!
//! [`encoded`] knows the stored form, [`pbkdf2`] the derivation, [`check`] what a stored form and a password lead to.
//! [`params`] holds every number, each with its source.

pub mod check;
pub mod encoded;
pub mod lanes;
pub mod params;
pub mod pbkdf2;
pub mod salt;
