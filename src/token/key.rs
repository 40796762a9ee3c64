//! A key: one secret or key pair, one algorithm, one name, one window of time.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::algorithm::{Algorithm, Family};
use super::compact::MAX_HEADER;
use super::header::{self, Header, HeaderRule};
use super::hmac::Keyed;
use super::pair::KeyPair;
use super::refusal::{KeyRefusal, Refusal};
use super::signature::Verifier;
use super::{base64url, derive, disguise, jwk};
use crate::secret::SecretBytes;

/// The `typ` of a token whose kind nobody named (RFC 7519, section 5.1).
pub const GENERIC_TYP: &str = "JWT";

/// The longest key id, in bytes: it has to leave room in a header of 1 KiB (J22).
const MAX_KEY_ID: usize = 256;

/// The shortest secret that keys are derived from, in bytes: what RFC 7518 (section 3.2) asks of HS256, whatever the
/// derived key is for. Django makes secrets of 50 characters.
const MIN_ROOT: usize = 32;

/// What a key is told beside its material.
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    /// Its name in headers.
    pub kid: Option<String>,
    /// The first second in which it signs and verifies.
    pub not_before: Option<u64>,
    /// The first second in which it no longer does.
    pub not_after: Option<u64>,
}

/// A key that is ready to use.
pub struct Key {
    algorithm: Algorithm,
    attributes: Attributes,
    typ: String,
    material: Material,
    /// The header segment of the tokens that this key signs.
    header: String,
    /// The same header with its members the other way round, as many libraries write it.
    other_header: Option<String>,
}

enum Material {
    Hmac {
        secret: SecretBytes,
        keyed: Keyed,
    },
    /// A secret of any length that is only there to derive keys from.
    Root {
        secret: SecretBytes,
    },
    /// A key pair, or its public half, with what verifies by it and its thumbprint.
    Pair {
        pair: Arc<KeyPair>,
        verifier: Arc<Verifier>,
        thumbprint: [u8; 32],
    },
}

impl Key {
    /// A key from an HMAC secret.
    ///
    /// # Errors
    /// [`KeyRefusal`]: another family's algorithm, a secret shorter than RFC 7518 (section 3.2) asks for, a public key in
    /// disguise, a bad `kid`.
    pub fn from_secret(secret: &[u8], algorithm: Algorithm, attributes: Attributes) -> Result<Self, KeyRefusal> {
        let needed = algorithm.tag_length().ok_or(KeyRefusal::Family)?;
        if secret.is_empty() {
            return Err(KeyRefusal::Empty);
        }
        if secret.len() < needed {
            return Err(KeyRefusal::Short { needed, algorithm: algorithm.name() });
        }
        if disguise::is_disguised(secret) {
            return Err(KeyRefusal::Disguised);
        }
        let keyed = Keyed::new(algorithm, secret).ok_or(KeyRefusal::Family)?;
        Self::new(algorithm, attributes, GENERIC_TYP, Material::Hmac { secret: SecretBytes::new(secret), keyed })
    }

    /// A key to derive others from, out of a secret. It is named by a PRF of the secret, so that tokens name the secret
    /// that they come from and a ring of many secrets stays unambiguous (J23). Deriving adds nothing to a secret that can
    /// be guessed: it has to be as long as one that signs (J11).
    ///
    /// # Errors
    /// [`KeyRefusal::Empty`], [`KeyRefusal::Short`], [`KeyRefusal::Family`], [`KeyRefusal::Disguised`].
    pub fn root(secret: &[u8], algorithm: Algorithm) -> Result<Self, KeyRefusal> {
        if algorithm.family() != Family::Hmac {
            return Err(KeyRefusal::Family);
        }
        if secret.is_empty() {
            return Err(KeyRefusal::Empty);
        }
        if secret.len() < MIN_ROOT {
            return Err(KeyRefusal::Short { needed: MIN_ROOT, algorithm: Algorithm::HS256.name() });
        }
        if disguise::is_disguised(secret) {
            return Err(KeyRefusal::Disguised);
        }
        let attributes = Attributes { kid: Some(derive::key_id(secret, algorithm)), ..Attributes::default() };
        Self::new(algorithm, attributes, GENERIC_TYP, Material::Root { secret: SecretBytes::new(secret) })
    }

    /// A key from a key pair, or from its public half.
    ///
    /// # Errors
    /// [`KeyRefusal::Family`], [`KeyRefusal::Material`], [`KeyRefusal::KeyId`], [`KeyRefusal::Window`].
    pub fn from_pair(pair: KeyPair, algorithm: Algorithm, attributes: Attributes) -> Result<Self, KeyRefusal> {
        let verifier = Arc::new(Verifier::new(pair.public(), algorithm)?);
        let thumbprint = hash(&jwk::required_members(pair.public()));
        let material = Material::Pair { pair: Arc::new(pair), verifier, thumbprint };
        Self::new(algorithm, attributes, GENERIC_TYP, material)
    }

    fn new(
        algorithm: Algorithm,
        attributes: Attributes,
        typ: &str,
        material: Material,
    ) -> Result<Self, KeyRefusal> {
        if let Some(kid) = &attributes.kid
            && (kid.is_empty() || kid.len() > MAX_KEY_ID || kid.chars().any(char::is_control))
        {
            return Err(KeyRefusal::KeyId);
        }
        if let (Some(from), Some(to)) = (attributes.not_before, attributes.not_after)
            && from >= to
        {
            return Err(KeyRefusal::Window);
        }
        let kid = attributes.kid.as_deref();
        let (name, typ) = (algorithm.name(), typ.to_owned());
        let header =
            base64url::encode(header::write(&[("alg", Some(name)), ("kid", kid), ("typ", Some(&typ))]).as_bytes());
        let reversed = header::write(&[("typ", Some(&typ)), ("alg", Some(name))]);
        let other_header = kid.is_none().then(|| base64url::encode(reversed.as_bytes()));
        if header.len() > MAX_HEADER {
            return Err(KeyRefusal::KeyId);
        }
        Ok(Self { algorithm, attributes, typ, material, header, other_header })
    }

    /// The key that `purpose` and `issuer` give, which signs tokens of type `typ` (J90, J92).
    ///
    /// # Errors
    /// [`KeyRefusal::NotDerivable`] for a key pair.
    pub fn derive(&self, purpose: &str, issuer: Option<&str>, typ: &str) -> Result<Self, KeyRefusal> {
        let secret = self.secret().ok_or(KeyRefusal::NotDerivable)?;
        let derived = derive::key(secret, purpose, issuer.unwrap_or_default(), self.algorithm);
        Self::derived(self.algorithm, self.attributes.clone(), typ, derived)
    }

    /// The key that signs one kind of token: derived from a secret; a key pair itself, whose kinds `typ` tells apart.
    ///
    /// # Errors
    /// [`KeyRefusal`] of the type.
    pub fn for_kind(&self, kind: &str, issuer: Option<&str>, typ: &str) -> Result<Self, KeyRefusal> {
        let Material::Pair { pair, verifier, thumbprint } = &self.material else {
            return self.derive(kind, issuer, typ);
        };
        let (pair, verifier) = (Arc::clone(pair), Arc::clone(verifier));
        let material = Material::Pair { pair, verifier, thumbprint: *thumbprint };
        Self::new(self.algorithm, self.attributes.clone(), typ, material)
    }

    /// An HS256 key that only whoever can sign knows, for what is derived and never sent; none for a public half.
    #[must_use]
    pub fn prf(&self, purpose: &str, issuer: Option<&str>) -> Option<Self> {
        let secret = match &self.material {
            Material::Pair { pair, .. } => pair.pkcs8()?.expose(),
            Material::Hmac { secret, .. } | Material::Root { secret } => secret.expose(),
        };
        let derived = derive::key(secret, purpose, issuer.unwrap_or_default(), Algorithm::HS256);
        Self::derived(Algorithm::HS256, Attributes::default(), GENERIC_TYP, derived).ok()
    }

    fn derived(
        algorithm: Algorithm,
        attributes: Attributes,
        typ: &str,
        secret: SecretBytes,
    ) -> Result<Self, KeyRefusal> {
        let keyed = Keyed::new(algorithm, secret.expose()).ok_or(KeyRefusal::NotDerivable)?;
        Self::new(algorithm, attributes, typ, Material::Hmac { secret, keyed })
    }

    /// The same key without its private half.
    ///
    /// # Errors
    /// [`KeyRefusal::NoPublic`] for a secret.
    pub fn public(&self) -> Result<Self, KeyRefusal> {
        let pair = self.pair().ok_or(KeyRefusal::NoPublic)?;
        Self::from_pair(pair.to_public(), self.algorithm, self.attributes.clone())
    }

    fn secret(&self) -> Option<&[u8]> {
        match &self.material {
            Material::Hmac { secret, .. } | Material::Root { secret } => Some(secret.expose()),
            Material::Pair { .. } => None,
        }
    }

    /// The secret of a key that signs.
    ///
    /// # Errors
    /// [`KeyRefusal::DeriveOnly`] for a root, [`KeyRefusal::Family`] for a key pair.
    pub fn signing_secret(&self) -> Result<&[u8], KeyRefusal> {
        match &self.material {
            Material::Hmac { secret, .. } => Ok(secret.expose()),
            Material::Root { .. } => Err(KeyRefusal::DeriveOnly),
            Material::Pair { .. } => Err(KeyRefusal::Family),
        }
    }

    /// The key pair; none for a secret.
    #[must_use]
    pub fn pair(&self) -> Option<&KeyPair> {
        match &self.material {
            Material::Pair { pair, .. } => Some(pair),
            _ => None,
        }
    }

    /// The SHA-256 of the JWK's required members (RFC 7638).
    ///
    /// # Errors
    /// [`KeyRefusal::DeriveOnly`] for a root.
    pub fn thumbprint(&self) -> Result<[u8; 32], KeyRefusal> {
        match &self.material {
            Material::Pair { thumbprint, .. } => Ok(*thumbprint),
            _ => Ok(hash(&jwk::required_members_of_secret(self.signing_secret()?))),
        }
    }

    /// The one algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The name in headers.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.attributes.kid.as_deref()
    }

    /// The `typ` of the tokens that it signs.
    #[must_use]
    pub fn typ(&self) -> &str {
        &self.typ
    }

    /// Its name and its window.
    #[must_use]
    pub const fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// The header segment of the tokens that it signs.
    #[must_use]
    pub fn header(&self) -> &str {
        &self.header
    }

    /// Whether there is a time at which it neither signs nor verifies.
    #[must_use]
    pub const fn has_window(&self) -> bool {
        self.attributes.not_before.is_some() || self.attributes.not_after.is_some()
    }

    /// Whether it signs and verifies at that time (J110).
    #[must_use]
    pub fn in_force(&self, now: u64) -> bool {
        self.attributes.not_before.is_none_or(|first| first <= now)
            && self.attributes.not_after.is_none_or(|end| now < end)
    }

    /// Whether a header segment is, byte for byte, one that this key writes: nothing in it is left to check then.
    #[must_use]
    pub fn wrote(&self, segment: &[u8], rule: &HeaderRule) -> bool {
        (segment == self.header.as_bytes()
            || self.other_header.as_ref().is_some_and(|other| segment == other.as_bytes()))
            && rule.typ.as_ref().is_none_or(|typ| *typ == self.typ)
            && rule.allows(self.algorithm)
    }

    /// Whether a header that has been read is one that this key may verify: `alg` byte for byte the key's, and allowed by
    /// the caller (J06, J21); `kid` where both have one.
    ///
    /// # Errors
    /// [`Refusal::Algorithm`], [`Refusal::KeyId`].
    pub fn accepts(&self, header: &Header, rule: &HeaderRule) -> Result<(), Refusal> {
        if header.alg != self.algorithm.name() || !rule.allows(self.algorithm) {
            return Err(Refusal::Algorithm);
        }
        match (&self.attributes.kid, &header.kid) {
            (Some(own), Some(named)) if own != named => Err(Refusal::KeyId),
            _ => Ok(()),
        }
    }

    /// Appends the signature of `message` to `out`, as base64url.
    ///
    /// # Errors
    /// [`KeyRefusal::DeriveOnly`], [`KeyRefusal::PublicOnly`].
    pub fn sign(&self, message: &[u8], out: &mut String) -> Result<(), KeyRefusal> {
        match &self.material {
            Material::Hmac { keyed, .. } => {
                keyed.sign(message, out);
                Ok(())
            }
            Material::Root { .. } => Err(KeyRefusal::DeriveOnly),
            Material::Pair { pair, .. } => pair.sign(self.algorithm, message, out),
        }
    }

    /// Whether `signature`, a segment, is this key's over `message`.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Hmac { keyed, .. } => keyed.verify(message, signature),
            Material::Root { .. } => false,
            Material::Pair { verifier, .. } => verifier.verify(message, signature),
        }
    }

    /// Whether it can sign at all.
    #[must_use]
    pub fn can_sign(&self) -> bool {
        match &self.material {
            Material::Hmac { .. } => true,
            Material::Root { .. } => false,
            Material::Pair { pair, .. } => pair.can_sign(),
        }
    }
}

fn hash(members: &str) -> [u8; 32] {
    Sha256::new().chain_update("{").chain_update(members).chain_update("}").finalize().into()
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.attributes.kid)
            .finish_non_exhaustive()
    }
}
