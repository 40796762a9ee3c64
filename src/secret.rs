//! Bytes that are wiped on drop and never printed.

use std::fmt;

use zeroize::Zeroizing;

/// A password, a key or a derived key: wiped when dropped, and `Debug` shows nothing but its length's existence.
#[derive(Clone, Default)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Copies `bytes` into memory that will be wiped.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// The bytes themselves.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes themselves, to be filled in place.
    pub fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::SecretBytes;

    #[test]
    fn test_debug_shows_nothing() {
        let secret = SecretBytes::new(b"hunter2");
        assert_eq!(format!("{secret:?}"), "SecretBytes(..)");
        assert_eq!(secret.expose(), b"hunter2");
    }
}
