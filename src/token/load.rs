//! Keys from PEM, from JWKs and from nothing; and back to PEM and JWKs.

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use super::algorithm::{Algorithm, Family};
use super::jwk::{self, Jwk, Material};
use super::key::{Attributes, Key};
use super::pair::{self, KeyPair, Public};
use super::pem::{self, Label};
use super::refusal::KeyRefusal;
use super::{der, json_writer};
use crate::error::Error;
use crate::secret::SecretBytes;

/// Room for the longest JWK, in bytes: of RSA with 8192 bits, six numbers of at most 1,366 characters and two names.
/// A text that holds secrets is never moved to a larger place, where its first one would stay behind unwiped.
pub const MAX_JWK: usize = 16 * 1024;

/// Room for `alg`, `use` and `kid`, each of its 256 bytes escaped.
const MAX_ATTRIBUTES: usize = 64 + 6 * 256;

/// The key of a PEM text. Without an algorithm, a key that can only be for one is for that.
///
/// # Errors
/// [`KeyRefusal`]: no PEM, another family, no key, a weak key.
pub fn from_pem(text: &[u8], algorithm: Option<Algorithm>, attributes: Attributes) -> Result<Key, KeyRefusal> {
    let (label, block) = pem::read(text)?;
    let algorithm =
        algorithm.or_else(|| only_algorithm(label, block.expose())).ok_or(KeyRefusal::AlgorithmNeeded)?;
    let pair = KeyPair::from_block(label, block.expose(), algorithm)?;
    Key::from_pair(pair, algorithm, attributes)
}

/// The key of a JWK. Without a name of the caller's, its own is kept.
///
/// # Errors
/// [`KeyRefusal`]: no JWK, for another use or algorithm, no key, a weak key.
pub fn from_jwk(text: &[u8], algorithm: Option<Algorithm>, mut attributes: Attributes) -> Result<Key, KeyRefusal> {
    let Jwk { algorithm, kid, material } = Jwk::read(text, algorithm)?;
    attributes.kid = attributes.kid.or(kid);
    match material {
        Material::Secret(secret) => Key::from_secret(secret.expose(), algorithm, attributes),
        Material::Pair(pair) => Key::from_pair(*pair, algorithm, attributes),
    }
}

/// The key that a mere text is, for `jwt.decode` and `jwt.encode`: PEM or a secret.
///
/// # Errors
/// [`KeyRefusal`]: as for the two.
pub fn from_text(text: &[u8], algorithm: Algorithm) -> Result<Key, KeyRefusal> {
    match algorithm.family() {
        Family::Hmac => Key::from_secret(text, algorithm, Attributes::default()),
        _ => from_pem(text, Some(algorithm), Attributes::default()),
    }
}

/// A new key; for an HMAC, as many random bytes as its tag has.
///
/// # Errors
/// [`Error::Random`], [`Error::Key`].
pub fn generate(algorithm: Algorithm, attributes: Attributes) -> Result<Key, Error> {
    let Some(length) = algorithm.tag_length() else {
        return Ok(Key::from_pair(KeyPair::generate(algorithm)?, algorithm, attributes)?);
    };
    let mut secret = SecretBytes::new(&vec![0; length]);
    getrandom::fill(secret.expose_mut()).map_err(|_| Error::Random)?;
    Ok(Key::from_secret(secret.expose(), algorithm, attributes)?)
}

/// The public half as a JWK, for a JWKS (RFC 7517, section 5).
///
/// # Errors
/// [`KeyRefusal::NoPublic`] for a secret: nothing of it is ever published.
pub fn public_jwk(key: &Key) -> Result<String, KeyRefusal> {
    let pair = key.pair().ok_or(KeyRefusal::NoPublic)?;
    Ok(with_attributes(&jwk::required_members(pair.public()), key).to_string())
}

/// The whole key as a JWK.
///
/// # Errors
/// [`KeyRefusal::PublicOnly`]; [`KeyRefusal::DeriveOnly`].
pub fn private_jwk(key: &Key) -> Result<Zeroizing<String>, KeyRefusal> {
    let Some(pair) = key.pair() else {
        return Ok(with_attributes(&jwk::required_members_of_secret(key.signing_secret()?), key));
    };
    let mut members = Zeroizing::new(String::with_capacity(MAX_JWK));
    members.push_str(&jwk::required_members(pair.public()));
    for (name, number) in private_numbers(pair)? {
        let text = Zeroizing::new(Base64UrlUnpadded::encode_string(number.expose()));
        members.push(',');
        json_writer::string(name, &mut members);
        members.push(':');
        json_writer::string(&text, &mut members);
    }
    Ok(with_attributes(&members, key))
}

/// The public half as PEM.
///
/// # Errors
/// [`KeyRefusal::NoPublic`].
pub fn public_pem(key: &Key) -> Result<Zeroizing<String>, KeyRefusal> {
    Ok(pem::write("PUBLIC KEY", &key.pair().ok_or(KeyRefusal::NoPublic)?.spki()?))
}

/// The private key as PEM.
///
/// # Errors
/// [`KeyRefusal::PublicOnly`]; [`KeyRefusal::Family`] for a secret, for which there is no PEM.
pub fn private_pem(key: &Key) -> Result<Zeroizing<String>, KeyRefusal> {
    let pair = key.pair().ok_or(KeyRefusal::Family)?;
    Ok(pem::write("PRIVATE KEY", pair.pkcs8().ok_or(KeyRefusal::PublicOnly)?.expose()))
}

fn with_attributes(members: &str, key: &Key) -> Zeroizing<String> {
    let mut json = Zeroizing::new(String::with_capacity(members.len() + MAX_ATTRIBUTES));
    json.push('{');
    json.push_str(members);
    for (name, value) in [("alg", Some(key.algorithm().name())), ("use", Some("sig")), ("kid", key.kid())] {
        if let Some(value) = value {
            json_writer::name(name, &mut json);
            json_writer::string(value, &mut json);
        }
    }
    json.push('}');
    json
}

/// A private key's numbers under their names in a JWK (RFC 7518, sections 6.2.2 and 6.3.2; RFC 8037, section 2).
fn private_numbers(pair: &KeyPair) -> Result<Vec<(&'static str, SecretBytes)>, KeyRefusal> {
    if let Public::Rsa { .. } = pair.public() {
        let pkcs8 = pair.pkcs8().ok_or(KeyRefusal::PublicOnly)?;
        let (_, _, pkcs1) = der::pkcs8(pkcs8.expose()).ok_or(KeyRefusal::Material)?;
        // RFC 8017, appendix A.1.2: version, n, e, and then these six.
        let mut reader = der::Reader::new(der::Reader::only(pkcs1, der::SEQUENCE).ok_or(KeyRefusal::Material)?);
        reader.element(der::INTEGER).ok_or(KeyRefusal::Material)?;
        let (_, _) = (reader.positive(), reader.positive());
        return ["d", "p", "q", "dp", "dq", "qi"]
            .into_iter()
            .map(|name| Ok((name, SecretBytes::new(reader.positive().ok_or(KeyRefusal::Material)?))))
            .collect();
    }
    Ok(vec![("d", pair.private_number().ok_or(KeyRefusal::PublicOnly)?)])
}

fn only_algorithm(label: Label, block: &[u8]) -> Option<Algorithm> {
    let (oid, curve) = match label {
        Label::Private => der::pkcs8(block).map(|(oid, curve, _)| (oid, curve))?,
        Label::Public => der::spki(block).map(|(oid, curve, _)| (oid, curve))?,
        Label::EcPrivate => (der::EC, der::sec1_curve(block)),
        Label::RsaPrivate | Label::RsaPublic => return None,
    };
    pair::only_algorithm(oid, curve)
}
