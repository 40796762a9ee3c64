//! Key pairs: RSA, the NIST curves and Ed25519, made and checked by aws-lc.

use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, PublicKey as RsaPublicKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
    ECDSA_P384_SHA384_FIXED_SIGNING, ED25519, EcdsaKeyPair, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm,
    Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};

use super::algorithm::{Algorithm, Family};
use super::pem::Label;
use super::refusal::KeyRefusal;
use super::signature::Signer;
use super::{base64url, der, ed25519, rsa};
use crate::secret::SecretBytes;

/// A modulus of 3072 bits is worth 128 bits of security (NIST SP 800-57, part 1, table 2), as P-256 and Ed25519 are.
const GENERATED_RSA: KeySize = KeySize::Rsa3072;

/// A key pair, or the public half of one.
pub struct KeyPair {
    public: Public,
    private: Option<Private>,
}

/// A public key's numbers, big-endian, as a JWK has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Public {
    /// Modulus and exponent, without leading zeros.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// A point: 4, then both coordinates in full length.
    Ec {
        /// The curve.
        curve: Curve,
        /// The point.
        point: Vec<u8>,
    },
    /// A compressed point.
    Ed {
        /// The point.
        x: [u8; 32],
    },
}

/// A private key: in the form that signs, and in PKCS#8.
struct Private {
    signer: Signer,
    pkcs8: SecretBytes,
}

/// A NIST curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// secp256r1.
    P256,
    /// secp384r1.
    P384,
}

impl Curve {
    /// The name in a JWK (RFC 7518, section 6.2.1.1).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    /// The length of a coordinate, in bytes.
    #[must_use]
    pub const fn coordinate(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }

    /// The curve of an algorithm (RFC 7518, section 3.4).
    #[must_use]
    pub const fn of(algorithm: Algorithm) -> Option<Self> {
        match algorithm {
            Algorithm::ES256 => Some(Self::P256),
            Algorithm::ES384 => Some(Self::P384),
            _ => None,
        }
    }

    const fn oid(self) -> &'static [u8] {
        match self {
            Self::P256 => der::P256,
            Self::P384 => der::P384,
        }
    }

    pub(super) fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        }
    }

    pub(super) fn verifying(self) -> &'static EcdsaVerificationAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED,
            Self::P384 => &ECDSA_P384_SHA384_FIXED,
        }
    }
}

impl KeyPair {
    /// A new key pair.
    ///
    /// # Errors
    /// [`KeyRefusal::Family`] for an HMAC; [`KeyRefusal::Material`] where aws-lc makes none.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyRefusal> {
        match (algorithm.family(), Curve::of(algorithm)) {
            (Family::Rsa, _) => Self::from_rsa(RsaKeyPair::generate(GENERATED_RSA).map_err(failed)?),
            (_, Some(curve)) => Self::from_ec(curve, EcdsaKeyPair::generate(curve.signing()).map_err(failed)?),
            (Family::Ed, _) => Self::from_ed(Ed25519KeyPair::generate().map_err(failed)?),
            _ => Err(KeyRefusal::Family),
        }
    }

    /// The key pair, or public key, of a PEM block.
    ///
    /// # Errors
    /// [`KeyRefusal`]: another family, another curve, no key, a weak key.
    pub fn from_block(label: Label, key: &[u8], algorithm: Algorithm) -> Result<Self, KeyRefusal> {
        let family = algorithm.family();
        match label {
            Label::Private => {
                let (oid, curve, inner) = der::pkcs8(key).ok_or(KeyRefusal::Material)?;
                expect(algorithm, oid, curve)?;
                match (family, Curve::of(algorithm)) {
                    (Family::Rsa, _) => Self::from_rsa(RsaKeyPair::from_der(inner).map_err(failed)?),
                    (_, Some(curve)) => {
                        Self::from_ec(curve, EcdsaKeyPair::from_pkcs8(curve.signing(), key).map_err(failed)?)
                    }
                    _ => Self::from_ed(Ed25519KeyPair::from_pkcs8(key).map_err(failed)?),
                }
            }
            Label::RsaPrivate if family == Family::Rsa => {
                Self::from_rsa(RsaKeyPair::from_der(key).map_err(failed)?)
            }
            Label::EcPrivate if family == Family::Ec => {
                let curve = Curve::of(algorithm).ok_or(KeyRefusal::Family)?;
                Self::from_ec(curve, EcdsaKeyPair::from_private_key_der(curve.signing(), key).map_err(failed)?)
            }
            Label::Public => {
                let (oid, curve, inner) = der::spki(key).ok_or(KeyRefusal::Material)?;
                expect(algorithm, oid, curve)?;
                match (family, Curve::of(algorithm)) {
                    (Family::Rsa, _) => Self::from_rsa_public(inner),
                    (_, Some(curve)) => Self::from_point(curve, inner),
                    _ => Self::from_ed_public(inner),
                }
            }
            Label::RsaPublic if family == Family::Rsa => Self::from_rsa_public(key),
            _ => Err(KeyRefusal::Family),
        }
    }

    /// A key pair that aws-lc has checked.
    ///
    /// # Errors
    /// [`KeyRefusal`] for a weak key.
    pub fn from_rsa(pair: RsaKeyPair) -> Result<Self, KeyRefusal> {
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
        let public = Self::from_rsa_public(pair.public_key().as_ref())?;
        Ok(public.with_private(pkcs8.as_ref(), Signer::Rsa(pair)))
    }

    /// A key pair that aws-lc has checked.
    ///
    /// # Errors
    /// [`KeyRefusal::Material`].
    pub fn from_ec(curve: Curve, pair: EcdsaKeyPair) -> Result<Self, KeyRefusal> {
        let pkcs8 = pair.to_pkcs8v1().map_err(failed)?;
        let public = Self::from_point(curve, pair.public_key().as_ref())?;
        Ok(public.with_private(pkcs8.as_ref(), Signer::Ec(pair)))
    }

    /// A key pair that aws-lc has checked.
    ///
    /// # Errors
    /// [`KeyRefusal::Material`].
    pub fn from_ed(pair: Ed25519KeyPair) -> Result<Self, KeyRefusal> {
        let pkcs8 = pair.to_pkcs8v1().map_err(failed)?;
        let public = Self::from_ed_public(pair.public_key().as_ref())?;
        Ok(public.with_private(pkcs8.as_ref(), Signer::Ed(pair)))
    }

    fn with_private(self, pkcs8: &[u8], signer: Signer) -> Self {
        Self { private: Some(Private { signer, pkcs8: SecretBytes::new(pkcs8) }), ..self }
    }

    /// A public key in PKCS#1.
    ///
    /// # Errors
    /// [`KeyRefusal`]: no key, a weak key.
    pub fn from_rsa_public(pkcs1: &[u8]) -> Result<Self, KeyRefusal> {
        let mut numbers = der::Reader::new(der::Reader::only(pkcs1, der::SEQUENCE).ok_or(KeyRefusal::Material)?);
        let (Some(n), Some(e), true) = (numbers.positive(), numbers.positive(), numbers.is_empty()) else {
            return Err(KeyRefusal::Material);
        };
        rsa::check(n, e)?;
        RsaPublicKey::from_der(pkcs1).map_err(failed)?;
        Ok(Self { public: Public::Rsa { n: n.to_vec(), e: e.to_vec() }, private: None })
    }

    /// A public key's numbers.
    ///
    /// # Errors
    /// [`KeyRefusal`]: no key, a weak key.
    pub fn from_rsa_numbers(n: &[u8], e: &[u8]) -> Result<Self, KeyRefusal> {
        rsa::check(n, e)?;
        let spki = rsa_spki(n, e)?;
        let (_, _, pkcs1) = der::spki(&spki).ok_or(KeyRefusal::Material)?;
        Self::from_rsa_public(pkcs1)
    }

    /// A point, not compressed. That it is on the curve is aws-lc's to check (J14).
    ///
    /// # Errors
    /// [`KeyRefusal::Material`].
    pub fn from_point(curve: Curve, point: &[u8]) -> Result<Self, KeyRefusal> {
        if point.len() != 1 + 2 * curve.coordinate() || point[0] != 4 {
            return Err(KeyRefusal::Material);
        }
        ParsedPublicKey::new(curve.verifying(), point).map_err(failed)?;
        Ok(Self { public: Public::Ec { curve, point: point.to_vec() }, private: None })
    }

    /// A compressed point.
    ///
    /// # Errors
    /// [`KeyRefusal::Material`] for a point of small order, with which a signature of one message would be one of others
    /// too (J17).
    pub fn from_ed_public(x: &[u8]) -> Result<Self, KeyRefusal> {
        let x: [u8; 32] = x.try_into().map_err(|_| KeyRefusal::Material)?;
        if !ed25519::is_sound(&x) {
            return Err(KeyRefusal::Material);
        }
        Ok(Self { public: Public::Ed { x }, private: None })
    }

    /// The same key without its private half.
    #[must_use]
    pub fn to_public(&self) -> Self {
        Self { public: self.public.clone(), private: None }
    }

    /// The public key's numbers.
    #[must_use]
    pub const fn public(&self) -> &Public {
        &self.public
    }

    /// The private key in PKCS#8.
    #[must_use]
    pub fn pkcs8(&self) -> Option<&SecretBytes> {
        self.private.as_ref().map(|private| &private.pkcs8)
    }

    /// The public key in SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`KeyRefusal::Material`] where aws-lc writes none.
    pub fn spki(&self) -> Result<Vec<u8>, KeyRefusal> {
        match &self.public {
            Public::Rsa { n, e } => rsa_spki(n, e),
            Public::Ec { curve, point } => spki(&ParsedPublicKey::new(curve.verifying(), point).map_err(failed)?),
            Public::Ed { x } => spki(&ParsedPublicKey::new(&ED25519, x).map_err(failed)?),
        }
    }

    /// A private key's number on a curve, or its seed.
    #[must_use]
    pub fn private_number(&self) -> Option<SecretBytes> {
        let pkcs8 = self.pkcs8()?.expose();
        match &self.public {
            Public::Ec { curve, .. } => {
                let pair = EcdsaKeyPair::from_pkcs8(curve.signing(), pkcs8).ok()?;
                let number: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().ok()?;
                Some(SecretBytes::new(number.as_ref()))
            }
            // The key inside is an octet string of its own (RFC 8410, section 7).
            Public::Ed { .. } => {
                let (_, _, inner) = der::pkcs8(pkcs8)?;
                der::Reader::only(inner, der::OCTET_STRING).map(SecretBytes::new)
            }
            Public::Rsa { .. } => None,
        }
    }

    /// Whether it can sign.
    #[must_use]
    pub const fn can_sign(&self) -> bool {
        self.private.is_some()
    }

    /// Appends the signature of `message` to `out`, as base64url.
    ///
    /// # Errors
    /// [`KeyRefusal::PublicOnly`]; [`KeyRefusal::Material`] where signing fails.
    pub fn sign(&self, algorithm: Algorithm, message: &[u8], out: &mut String) -> Result<(), KeyRefusal> {
        let private = self.private.as_ref().ok_or(KeyRefusal::PublicOnly)?;
        base64url::encode_into(&private.signer.sign(algorithm, message)?, out);
        Ok(())
    }
}

/// The one algorithm that a key of these identifiers can be for; none for RSA, which has six.
#[must_use]
pub fn only_algorithm(oid: &[u8], curve: Option<&[u8]>) -> Option<Algorithm> {
    match (oid, curve) {
        (der::EC, Some(der::P256)) => Some(Algorithm::ES256),
        (der::EC, Some(der::P384)) => Some(Algorithm::ES384),
        (der::ED25519, None) => Some(Algorithm::EdDSA),
        _ => None,
    }
}

/// Refuses a key that is not of the algorithm's family and curve.
fn expect(algorithm: Algorithm, oid: &[u8], curve: Option<&[u8]>) -> Result<(), KeyRefusal> {
    let expected = match (algorithm.family(), Curve::of(algorithm)) {
        (Family::Rsa, _) => oid == der::RSA,
        (_, Some(expected)) => oid == der::EC && curve == Some(expected.oid()),
        (Family::Ed, _) => oid == der::ED25519,
        _ => false,
    };
    if expected { Ok(()) } else { Err(KeyRefusal::Family) }
}

fn rsa_spki(n: &[u8], e: &[u8]) -> Result<Vec<u8>, KeyRefusal> {
    let key = RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).map_err(failed)?;
    spki(&key)
}

fn spki(key: &ParsedPublicKey) -> Result<Vec<u8>, KeyRefusal> {
    let spki: PublicKeyX509Der<'_> = key.as_der().map_err(failed)?;
    Ok(spki.as_ref().to_vec())
}

/// What a library says of a key may name parts of it, so its words go no further.
fn failed<E>(_: E) -> KeyRefusal {
    KeyRefusal::Material
}
