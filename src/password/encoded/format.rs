//! The formats' names, and sets of them.

use crate::error::Error;

/// A format of stored passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `pbkdf2_sha256`, the format of new passwords.
    Pbkdf2Sha256,
    /// `pbkdf2_sha1`.
    Pbkdf2Sha1,
    /// `argon2`: argon2i, argon2d and argon2id.
    Argon2,
    /// `bcrypt_sha256`: bcrypt over the password's SHA-256 in hexadecimal.
    BcryptSha256,
    /// `bcrypt`, which reads 72 bytes.
    Bcrypt,
    /// `scrypt`.
    Scrypt,
    /// `md5`, salted. Verifies only where it is asked for (P15).
    Md5,
    /// PBKDF2-HMAC-SHA256 over another row's hash.
    Wrapped(Inner),
}

/// What a wrapped row was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inner {
    /// `md5$salt$hash`.
    Md5,
    /// `sha1$salt$hash`.
    Sha1,
    /// 32 hexadecimal digits, or `md5$$` before them.
    UnsaltedMd5,
    /// `sha1$$hash`.
    UnsaltedSha1,
    /// `pbkdf2_sha1`.
    Pbkdf2Sha1,
    /// `pbkdf2_sha256` with fewer iterations.
    Pbkdf2Sha256,
    /// `bcrypt`.
    Bcrypt,
    /// `bcrypt_sha256`.
    BcryptSha256,
}

/// Every format by its name. `pbkdf2_wrapped_md5` and `pbkdf2_wrapped_sha1` are the names, and the rows, of Django's
/// guide on upgrading without requiring a login (docs/topics/auth/passwords).
const NAMES: [(Format, &str); 15] = [
    (Format::Pbkdf2Sha256, "pbkdf2_sha256"),
    (Format::Pbkdf2Sha1, "pbkdf2_sha1"),
    (Format::Argon2, "argon2"),
    (Format::BcryptSha256, "bcrypt_sha256"),
    (Format::Bcrypt, "bcrypt"),
    (Format::Scrypt, "scrypt"),
    (Format::Md5, "md5"),
    (Format::Wrapped(Inner::Md5), "pbkdf2_wrapped_md5"),
    (Format::Wrapped(Inner::Sha1), "pbkdf2_wrapped_sha1"),
    (Format::Wrapped(Inner::UnsaltedMd5), "pbkdf2_wrapped_unsalted_md5"),
    (Format::Wrapped(Inner::UnsaltedSha1), "pbkdf2_wrapped_unsalted_sha1"),
    (Format::Wrapped(Inner::Pbkdf2Sha1), "pbkdf2_wrapped_pbkdf2_sha1"),
    (Format::Wrapped(Inner::Pbkdf2Sha256), "pbkdf2_wrapped_pbkdf2_sha256"),
    (Format::Wrapped(Inner::Bcrypt), "pbkdf2_wrapped_bcrypt"),
    (Format::Wrapped(Inner::BcryptSha256), "pbkdf2_wrapped_bcrypt_sha256"),
];

impl Format {
    /// Django's name of the format, the row's first field.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES[self.index()].1
    }

    /// The format of that name, in exactly that spelling (P14).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(format, _)| *format)
    }

    /// Whether a derivation's cost is memory as much as time.
    #[must_use]
    pub fn is_memory_hard(self) -> bool {
        matches!(self, Self::Argon2 | Self::Scrypt)
    }

    /// The names of all formats.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(_, name)| *name)
    }

    fn index(self) -> usize {
        NAMES.iter().position(|(format, _)| *format == self).unwrap_or_default()
    }
}

/// A set of formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Formats(u16);

impl Formats {
    /// All formats.
    pub const ALL: Self = Self((1 << NAMES.len()) - 1);

    /// All formats but `md5`: a legacy hash verifies only where it is listed (P15).
    #[must_use]
    pub fn strong() -> Self {
        Self(Self::ALL.0 & !(1 << Format::Md5.index()))
    }

    /// The formats of those names.
    ///
    /// # Errors
    /// [`Error::Format`] for a name that is none.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        names.into_iter().try_fold(Self(0), |set, name| {
            let format = Format::from_name(name).ok_or(Error::Format)?;
            Ok(Self(set.0 | 1 << format.index()))
        })
    }

    /// Whether `format` is one of them.
    #[must_use]
    pub fn contains(self, format: Format) -> bool {
        self.0 & (1 << format.index()) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, Formats};
    use crate::error::Error;

    #[test]
    fn test_names_are_unique_and_read_back() {
        for name in Format::names() {
            assert_eq!(Format::from_name(name).map(Format::name), Some(name));
        }
        assert_eq!(Formats::from_names(Format::names()), Ok(Formats::ALL));
    }

    #[test]
    fn test_P14_other_names() {
        for name in ["PBKDF2_SHA256", "", "sha1", "unsalted_md5", "crypt", "argon2id"] {
            assert_eq!(Format::from_name(name), None, "{name:?}");
            assert_eq!(Formats::from_names([name]), Err(Error::Format));
        }
    }

    #[test]
    fn test_P15_md5_must_be_listed() {
        assert!(!Formats::strong().contains(Format::Md5));
        assert!(Formats::from_names(["md5"]).unwrap().contains(Format::Md5));
    }
}
