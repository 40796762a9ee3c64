//! JSON Web Tokens: what is accepted is a strict subset of what any other library accepts.
//!
//! | module           | what it is for                                                       |
//! |------------------|----------------------------------------------------------------------|
//! | [`decode`]       | verifying, in the one order of checks                                |
//! | [`encode`]       | signing                                                              |
//! | [`issuer`]       | first-party access and refresh tokens                                |
//! | [`compact`]      | three segments, found by scanning                                    |
//! | [`base64url`]    | one spelling for every byte string                                   |
//! | [`json`]         | the strict reader, generic over what it builds                       |
//! | [`json_writer`]  | JSON that the strict reader reads back                               |
//! | [`header`]       | the protected header                                                 |
//! | [`claims`]       | registered claims, judged while they are read                        |
//! | [`rules`]        | what is expected of them                                             |
//! | [`clock`]        | now, or a refusal                                                    |
//! | [`algorithm`]    | the algorithms' names                                                |
//! | [`hmac`]         | HMAC keyed once                                                      |
//! | [`pair`]         | key pairs, on aws-lc                                                 |
//! | [`signature`]    | what signs and verifies with them                                    |
//! | [`key`]          | one key, one algorithm                                               |
//! | [`keyring`]      | keys that stand for each other                                       |
//! | [`load`]         | keys from PEM, JWKs and nothing, and back                            |
//! | [`pem`], [`der`], [`jwk`] | the formats of keys                                         |
//! | [`rsa`], [`ed25519`] | what public keys must be                                         |
//! | [`disguise`]     | public keys that pose as secrets                                     |
//! | [`derive`]       | one secret, one key for every purpose                                |
//! | [`secret_cache`] | keys that were loaded from text before                               |
//! | [`verified`]     | tokens whose signature was verified before                           |
//! | [`refusal`]      | why a token or a key is refused                                      |

pub mod algorithm;
pub mod base64url;
pub mod claims;
pub mod clock;
pub mod compact;
pub mod decode;
pub mod der;
pub mod derive;
pub mod disguise;
pub mod ed25519;
pub mod encode;
pub mod header;
pub mod hmac;
pub mod issuer;
pub mod json;
#[cfg(test)]
mod json_values;
pub mod json_writer;
pub mod jwk;
pub mod key;
pub mod keyring;
pub mod load;
pub mod pair;
pub mod pem;
pub mod refusal;
pub mod rsa;
pub mod rules;
pub mod secret_cache;
pub mod signature;
pub mod verified;
