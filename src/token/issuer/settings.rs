//! What an issuer is told, and what it makes tokens of.

/// The claims that only the issuer itself sets.
pub const RESERVED: [&str; 10] = ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "token_type", "sid", "gen"];

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sent with every request.
    Access,
    /// Sent to be exchanged for the next pair.
    Refresh,
}

impl Kind {
    /// The kind of that `token_type`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "access" => Some(Self::Access),
            "refresh" => Some(Self::Refresh),
            _ => None,
        }
    }

    /// Its `token_type`, and the purpose of its key.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }

    /// Its `typ`: RFC 9068 (section 2.1) defines `at+jwt`, the other is formed like it.
    #[must_use]
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Refresh => "rt+jwt",
        }
    }
}

/// What an issuer is told.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The life of an access token, in seconds.
    pub access_lifetime: u64,
    /// The life of a refresh token, in seconds.
    pub refresh_lifetime: u64,
    /// `iss`.
    pub issuer: Option<String>,
    /// `aud`.
    pub audience: Option<String>,
    /// Leniency about clocks, in seconds.
    pub leeway: u64,
}

impl Configuration {
    /// The life of an access token unless the caller says otherwise: a right that was withdrawn lives on as long (J97).
    pub const ACCESS_LIFETIME: u64 = 300;

    /// The life of a refresh token unless the caller says otherwise: 14 days without a visit end a session.
    pub const REFRESH_LIFETIME: u64 = 14 * 24 * 3600;
}

/// What one token says.
#[derive(Debug, Clone, Copy)]
pub struct Content<'c> {
    /// `sub`.
    pub subject: &'c str,
    /// `iat`, in seconds since 1970.
    pub issued_at: u64,
    /// The end that no lifetime reaches beyond, in seconds since 1970.
    pub expires_by: Option<u64>,
    /// `sid` and `gen`.
    pub session: Option<(&'c str, u64)>,
    /// Further members, as JSON without the braces; none of them [`RESERVED`].
    pub extra: &'c str,
}

/// A token and what its holder has to know of it.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The token itself.
    pub token: String,
    /// `jti`.
    pub token_id: String,
    /// `exp`, in seconds since 1970.
    pub expires_at: u64,
}
