//! JSON Web Tokens: what is accepted is a strict subset of what any other library accepts.
//!
//! | module          | what it is for                                                        |
//! |-----------------|-----------------------------------------------------------------------|
//! | [`decode`]      | verifying, in the one order of checks                                 |
//! | [`encode`]      | signing                                                               |
//! | [`issuer`]      | first-party access and refresh tokens                                 |
//! | [`compact`]     | three segments, found by scanning                                     |
//! | [`base64url`]   | one spelling for every byte string                                    |
//! | [`json`]        | the strict reader, generic over what it builds                        |
//! | [`json_writer`] | JSON that the strict reader reads back                                |
//! | [`header`]      | the protected header                                                  |
//! | [`claims`]      | registered claims, judged while they are read                         |
//! | [`clock`]       | now, or a refusal                                                     |
//! | [`algorithm`]   | the algorithms' names                                                 |
//! | [`hmac`]        | HMAC keyed once                                                       |
//! | [`key`]         | one key, one algorithm                                                |
//! | [`keyring`]     | keys that stand for each other                                        |
//! | [`derive`]      | one secret, one key for every purpose                                 |
//! | [`refusal`]     | why a token or a key is refused                                       |
//! | [`secret_cache`] | keys that were loaded from text before                                     |

pub mod algorithm;
pub mod base64url;
pub mod claims;
pub mod clock;
pub mod compact;
pub mod decode;
pub mod derive;
pub mod encode;
pub mod header;
pub mod hmac;
pub mod issuer;
pub mod json;
pub mod json_writer;
pub mod key;
pub mod keyring;
pub mod refusal;
pub mod secret_cache;
