//! One PBKDF2-HMAC-SHA256 iteration, for one lane or several.

pub mod soft;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// One PBKDF2-HMAC-SHA256 output block being computed. Words are SHA-256 state words in native `u32`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
#[repr(C, align(16))]
pub struct Lane {
    /// The state after `key ^ ipad`.
    pub inner: [u32; 8],
    /// The state after `key ^ opad`.
    pub outer: [u32; 8],
    /// The last HMAC output, U_i of RFC 8018.
    pub u: [u32; 8],
    /// U_1 ^ ... ^ U_i.
    pub acc: [u32; 8],
}
