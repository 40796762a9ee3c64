//! Signing a token.

use super::base64url;
use super::compact::MAX_TOKEN;
use super::key::Key;
use super::refusal::KeyRefusal;

/// Signs `payload`, JSON that is already strict, under `header`, a segment.
///
/// # Errors
/// [`KeyRefusal`] where the key cannot sign.
pub fn sign(key: &Key, header: &str, payload: &str) -> Result<String, KeyRefusal> {
    let mut token = String::with_capacity(header.len() + base64url::encoded_length(payload.len()) + 96);
    token.push_str(header);
    token.push('.');
    base64url::encode_into(payload.as_bytes(), &mut token);
    let signed = token.len();
    token.push('.');
    let mut signature = String::with_capacity(96);
    key.sign(&token.as_bytes()[..signed], &mut signature)?;
    token.push_str(&signature);
    Ok(token)
}

/// Whether any verifier of this crate would read a token of that length.
#[must_use]
pub const fn is_readable(length: usize) -> bool {
    length <= MAX_TOKEN
}
