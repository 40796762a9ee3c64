//! What a verifier expects of the registered claims (RFC 7519, section 4.1).

/// The most that a verifier may be lenient about clocks, in seconds (RFC 7519, section 4.1.4: "no more than a few
/// minutes"; J75).
pub const MAX_LEEWAY: u64 = 120;

/// The length of a token id made here, in bytes: 128 bits (OWASP ASVS 7.2.3).
pub const TOKEN_ID_BYTES: usize = 16;

/// The highest generation: integers beyond are not the same in every JSON reader (RFC 7493, section 2.2).
pub const MAX_GENERATION: u64 = (1 << 53) - 1;

/// What a verifier expects of the claims.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The issuers that are trusted; any where absent.
    pub issuers: Option<Vec<String>>,
    /// Who the verifier is, any one of which must be in `aud`; where absent, a token for anyone in particular is refused.
    pub audiences: Option<Vec<String>>,
    /// Whether `aud` has to be a single string, the one that is expected.
    pub strict_audience: bool,
    /// The one subject; any where absent.
    pub subject: Option<String>,
    /// Claims that have to be there, and not `null`.
    pub required: Vec<String>,
    /// Leniency about clocks, in seconds.
    pub leeway: u64,
    /// Which claims are judged where they are present.
    pub checks: Checks,
    /// What only tokens of a [`super::issuer::TokenIssuer`] have to obey.
    pub own: Option<Own>,
}

/// Which registered claims are judged where they are present.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "each is the claim of its name")]
#[expect(clippy::struct_excessive_bools, reason = "they are PyJWT's seven options")]
pub struct Checks {
    pub exp: bool,
    pub nbf: bool,
    pub iat: bool,
    pub iss: bool,
    pub aud: bool,
    pub sub: bool,
    pub jti: bool,
}

/// The stricter rules of first-party tokens: dates are integers, ids have this issuer's form, and sessions are whole.
#[derive(Debug, Clone)]
pub struct Own {
    /// What `token_type` has to be.
    pub token_type: String,
    /// The most that may lie between `iat` and `exp`, in seconds.
    pub max_lifetime: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            issuers: None,
            audiences: None,
            strict_audience: false,
            subject: None,
            required: Vec::new(),
            leeway: 0,
            checks: Checks { exp: true, nbf: true, iat: true, iss: true, aud: true, sub: true, jti: true },
            own: None,
        }
    }
}
