//! Why a token or a key is refused. The reason is for the caller's log and exception class; what goes out over HTTP is
//! one answer for all (J88). No reason carries a part of a token or a key (J89).

use std::fmt;

use super::json::Fault;

/// Why a token is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Longer than allowed (J35, J38, J60).
    TooLong,
    /// Not three segments of base64url (J37 to J44).
    Segments,
    /// The header is no strict JSON object.
    Header(Fault),
    /// A header parameter that is malformed, or that no verifier may ignore: named.
    HeaderParameter(&'static str),
    /// `typ` is not that of the expected kind of token (J90, J91).
    Typ,
    /// No key of that name, or no name where one is needed (J22, J23).
    KeyId,
    /// The key is not yet, or no longer, in force (J110).
    KeyWindow,
    /// `alg` is missing, unknown, not allowed, or not the key's (J01 to J06, J21).
    Algorithm,
    /// The caller named no algorithm for a key that is a mere text.
    NoAlgorithms,
    /// The signature is not this key's over these bytes.
    Signature,
    /// The claims are no strict JSON object.
    Payload(Fault),
    /// A claim that has to be there is not: named.
    Missing(String),
    /// `exp` or `nbf` is no date: named (J66 to J71).
    Date(&'static str),
    /// `iat` is no date (J74).
    IssuedAt,
    /// `exp` has passed (J63).
    Expired,
    /// `nbf` or `iat` is still to come: named (J73, J74).
    Immature(&'static str),
    /// `exp` is further from `iat` than this kind of token may live (J72).
    Lifetime,
    /// `aud` is not the expected one (J77, J78).
    Audience,
    /// `iss` is not the expected one (J79).
    Issuer,
    /// `sub` is no string, or not the expected one (J80).
    Subject,
    /// `jti` is no string, or not in this issuer's form (J81).
    TokenId,
    /// `token_type` is not that of the expected kind of token (J90).
    TokenType,
    /// `sid` or `gen` is malformed.
    Session,
    /// The system's clock shows a date before this version was made (J76).
    Clock,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Payload(fault)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("The token is too long."),
            Self::Segments => f.write_str("Not three segments of unpadded base64url."),
            Self::Header(fault) => write!(f, "Invalid header: {fault}."),
            Self::HeaderParameter(name) => write!(f, "Header parameter \"{name}\" is malformed or not supported."),
            Self::Typ => f.write_str("Not the expected type of token (typ)."),
            Self::KeyId => f.write_str("No key is known by this token's key id (kid)."),
            Self::KeyWindow => f.write_str("The token's key is not in force."),
            Self::Algorithm => f.write_str("The specified alg value is not allowed."),
            Self::NoAlgorithms => f.write_str(
                "It is required that you pass in a value for the \"algorithms\" argument when calling decode().",
            ),
            Self::Signature => f.write_str("Signature verification failed."),
            Self::Payload(fault) => write!(f, "Invalid payload: {fault}."),
            Self::Missing(claim) => write!(f, "Token is missing the \"{claim}\" claim"),
            Self::Date(claim) => write!(f, "Claim \"{claim}\" must be a date: a number of seconds since 1970."),
            Self::IssuedAt => f.write_str("Issued At claim (iat) must be a number of seconds since 1970."),
            Self::Expired => f.write_str("Signature has expired."),
            Self::Immature(claim) => write!(f, "The token is not yet valid ({claim})."),
            Self::Lifetime => f.write_str("The token's lifetime is longer than this issuer gives (exp, iat)."),
            Self::Audience => f.write_str("Invalid audience (aud)."),
            Self::Issuer => f.write_str("Invalid issuer (iss)."),
            Self::Subject => f.write_str("Invalid subject (sub)."),
            Self::TokenId => f.write_str("Invalid token id (jti)."),
            Self::TokenType => f.write_str("Not the expected type of token (token_type)."),
            Self::Session => f.write_str("Invalid session (sid, gen)."),
            Self::Clock => f.write_str("The system's clock is wrong."),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "not UTF-8",
            Self::Syntax => "not JSON",
            Self::NotObject => "not a JSON object",
            Self::Trailing => "something follows the JSON object",
            Self::Depth => "nested too deeply",
            Self::Members => "too many members",
            Self::Duplicate => "a name stands twice",
            Self::Surrogate => "half a surrogate pair",
            Self::Nul => "a NUL character",
            Self::Number => "a number out of range",
        })
    }
}

/// Why a key is refused when it is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyRefusal {
    /// No such algorithm.
    Algorithm,
    /// The algorithm takes another family of key.
    Family,
    /// An HMAC secret shorter than its tag (RFC 7518, section 3.2): bytes needed, algorithm.
    Short {
        /// How many bytes RFC 7518 asks for.
        needed: usize,
        /// The algorithm's name.
        algorithm: &'static str,
    },
    /// An empty secret (J10).
    Empty,
    /// A key id that is empty, too long, or holds control characters.
    KeyId,
    /// A key that is only there to derive others from.
    DeriveOnly,
    /// Only HMAC keys derive others.
    NotDerivable,
    /// A ring without keys.
    NoKeys,
    /// Two keys of a ring have one key id (J24).
    DuplicateKeyId,
    /// More than [`super::keyring::MAX_UNNAMED`] keys of a ring have no key id (J23).
    Unnamed,
    /// Secrets and key pairs in one ring (J24).
    MixedRing,
    /// No key may sign now.
    CannotSign,
    /// `not_after` does not come after `not_before`.
    Window,
    /// A public key, a certificate or a JWK, in whatever dress, where a secret is wanted (J07 to J09).
    Disguised,
    /// No PEM of one key.
    Pem,
    /// A key under a password.
    Encrypted,
    /// No key, an inconsistent one, or one that no signature should be trusted to.
    Material,
    /// An RSA modulus that is too short or too long (RFC 7518, section 3.3).
    RsaSize,
    /// An RSA exponent that signs nothing.
    RsaExponent,
    /// An RSA modulus that can be factored (CVE-2017-15361).
    Roca,
    /// Only the public half is there.
    PublicOnly,
    /// There is no public half.
    NoPublic,
    /// Nothing says which of its family's algorithms the key is for.
    AlgorithmNeeded,
    /// No JSON object of a key.
    Jwk,
    /// A JWK for another use than signatures (J24).
    JwkUse,
}

impl fmt::Display for KeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm => f.write_str("The algorithm is none that ferrauth knows."),
            Self::Family => f.write_str("This key is of another kind than the algorithm takes."),
            Self::Short { needed, algorithm } => write!(
                f,
                "An {algorithm} secret must have at least {needed} bytes (RFC 7518, section 3.2). \
                 Make one with: python -m ferrauth keygen --algorithm {algorithm}"
            ),
            Self::Empty => f.write_str("The secret must not be empty."),
            Self::KeyId => f.write_str("A kid must be 1 to 256 printable characters."),
            Self::DeriveOnly => f.write_str(
                "This key neither signs nor verifies: keys are derived from it (TokenIssuer, Key.derive).",
            ),
            Self::NotDerivable => f.write_str("Keys are derived from HMAC secrets only."),
            Self::NoKeys => f.write_str("A key ring needs at least one key."),
            Self::DuplicateKeyId => f.write_str("Two keys of the ring have the same kid."),
            Self::Unnamed => f.write_str("At most two keys of a ring may be without a kid."),
            Self::MixedRing => f.write_str("A ring holds HMAC secrets or key pairs, not both."),
            Self::CannotSign => f.write_str("No key may sign now (not_before, not_after)."),
            Self::Window => f.write_str("not_after must come after not_before."),
            Self::Disguised => f.write_str(
                "A public key, a certificate or a JWK must not serve as an HMAC secret. Load it with Key.from_pem or \
                 Key.from_jwk.",
            ),
            Self::Pem => f.write_str(
                "Not PEM of one key: PRIVATE KEY, RSA PRIVATE KEY, EC PRIVATE KEY, PUBLIC KEY or RSA PUBLIC KEY.",
            ),
            Self::Encrypted => f.write_str("The key is under a password: decrypt it first."),
            Self::Material => f.write_str("Not a sound key for this algorithm."),
            Self::RsaSize => f.write_str("An RSA modulus must have 2048 to 8192 bits (RFC 7518, section 3.3)."),
            Self::RsaExponent => f.write_str("An RSA exponent must be odd and greater than 1."),
            Self::Roca => f.write_str("This RSA modulus can be factored (CVE-2017-15361)."),
            Self::PublicOnly => f.write_str("This key is the public half: it verifies and does not sign."),
            Self::NoPublic => f.write_str("An HMAC secret has no public half."),
            Self::AlgorithmNeeded => f.write_str("Name the algorithm: this key can be for several."),
            Self::Jwk => f.write_str("Not a JWK (RFC 7517): a JSON object of one key, every member in its one spelling."),
            Self::JwkUse => f.write_str("This JWK is not for signatures (use, key_ops, alg)."),
        }
    }
}
