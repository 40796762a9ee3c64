//! What signs and verifies with key pairs: aws-lc's objects, made once a key, so that no token pays for the parsing of one.
//! `jsonwebtoken`, which parses at each token, is the oracle.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ED25519, EcdsaKeyPair, Ed25519KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding, RsaKeyPair, RsaParameters, RsaPublicKeyComponents,
};

use super::algorithm::{Algorithm, Family};
use super::base64url;
use super::pair::{Curve, Public};
use super::refusal::KeyRefusal;

/// An Ed25519 signature, in bytes (RFC 8032, section 5.1.6).
const ED25519_LENGTH: usize = 64;

/// A private key that is ready to sign.
pub enum Signer {
    /// Of RSA.
    Rsa(RsaKeyPair),
    /// On a NIST curve.
    Ec(EcdsaKeyPair),
    /// On Curve25519.
    Ed(Ed25519KeyPair),
}

impl Signer {
    /// The signature of `message`.
    ///
    /// # Errors
    /// [`KeyRefusal::Family`] for another family's algorithm; [`KeyRefusal::Material`] where signing fails.
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyRefusal> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let (encoding, _) = rsa(algorithm).ok_or(KeyRefusal::Family)?;
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).map_err(|_| KeyRefusal::Material)?;
                Ok(signature)
            }
            Self::Ec(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| KeyRefusal::Material)?;
                Ok(signature.as_ref().to_vec())
            }
            Self::Ed(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

/// A public key that is ready to verify one algorithm's signatures.
pub struct Verifier {
    key: ParsedPublicKey,
    /// Of a signature, in bytes.
    length: usize,
}

impl Verifier {
    /// The verifier of a public key.
    ///
    /// # Errors
    /// [`KeyRefusal::Family`] for another family's algorithm; [`KeyRefusal::Material`] for a key that is none.
    pub fn new(public: &Public, algorithm: Algorithm) -> Result<Self, KeyRefusal> {
        let (key, length) = match public {
            Public::Rsa { n, e } => {
                let (_, parameters) = rsa(algorithm).ok_or(KeyRefusal::Family)?;
                (RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters).ok(), n.len())
            }
            Public::Ec { curve, point } if Curve::of(algorithm) == Some(*curve) => {
                (ParsedPublicKey::new(curve.verifying(), point).ok(), 2 * curve.coordinate())
            }
            Public::Ed { x } if algorithm.family() == Family::Ed => {
                (ParsedPublicKey::new(&ED25519, x).ok(), ED25519_LENGTH)
            }
            _ => return Err(KeyRefusal::Family),
        };
        Ok(Self { key: key.ok_or(KeyRefusal::Material)?, length })
    }

    /// Whether `segment` is the base64url of a signature of `message`. A segment of another length is refused first: the
    /// length is public (J15, J84).
    #[must_use]
    pub fn verify(&self, message: &[u8], segment: &[u8]) -> bool {
        segment.len() == base64url::encoded_length(self.length)
            && base64url::decode(segment).is_ok_and(|signature| self.key.verify_sig(message, &signature).is_ok())
    }
}

/// How RSA signs and verifies for an algorithm (RFC 7518, sections 3.3 and 3.5).
fn rsa(algorithm: Algorithm) -> Option<(&'static dyn RsaEncoding, &'static RsaParameters)> {
    match algorithm {
        Algorithm::RS256 => Some((&RSA_PKCS1_SHA256, &RSA_PKCS1_2048_8192_SHA256)),
        Algorithm::RS384 => Some((&RSA_PKCS1_SHA384, &RSA_PKCS1_2048_8192_SHA384)),
        Algorithm::RS512 => Some((&RSA_PKCS1_SHA512, &RSA_PKCS1_2048_8192_SHA512)),
        Algorithm::PS256 => Some((&RSA_PSS_SHA256, &RSA_PSS_2048_8192_SHA256)),
        Algorithm::PS384 => Some((&RSA_PSS_SHA384, &RSA_PSS_2048_8192_SHA384)),
        Algorithm::PS512 => Some((&RSA_PSS_SHA512, &RSA_PSS_2048_8192_SHA512)),
        _ => None,
    }
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
