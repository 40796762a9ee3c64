//! JSON Web Keys (RFC 7517): read strictly, and written in the order of RFC 7638, which hashes them.

use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use super::algorithm::{Algorithm, Family};
use super::json::{self, Fault, Sink};
use super::pair::{Curve, KeyPair, Public};
use super::refusal::KeyRefusal;
use super::{base64url, json_writer};
use crate::secret::SecretBytes;

/// The longest text: a private RSA key of 8192 bits has 6.3 KiB.
const MAX_TEXT: usize = 16 * 1024;

/// A key has objects and lists in it (`key_ops`, `x5c`), and nothing deeper.
const MAX_DEPTH: usize = 4;

/// What a JWK holds.
pub enum Material {
    /// A secret (`kty` `oct`).
    Secret(SecretBytes),
    /// A key pair, or the public half of one.
    Pair(Box<KeyPair>),
}

/// A JWK that has been read.
pub struct Jwk {
    /// The one algorithm.
    pub algorithm: Algorithm,
    /// Its name.
    pub kid: Option<String>,
    /// The key itself.
    pub material: Material,
}

impl Jwk {
    /// Reads a JWK. `algorithm` is the caller's, which the key's own `alg` must not contradict.
    ///
    /// # Errors
    /// [`KeyRefusal`]: no JWK, for another use or algorithm, no key, a weak key.
    pub fn read(text: &[u8], algorithm: Option<Algorithm>) -> Result<Self, KeyRefusal> {
        if text.len() > MAX_TEXT {
            return Err(KeyRefusal::Jwk);
        }
        let mut members = Members::default();
        json::read_object(text, MAX_DEPTH, &mut members).map_err(|_: Fault| KeyRefusal::Jwk)?;
        members.check_use()?;
        let algorithm = members.algorithm(algorithm)?;
        let material = match (members.text("kty")?, algorithm.family()) {
            ("oct", Family::Hmac) => Material::Secret(members.bytes("k")?),
            ("RSA", Family::Rsa) => Material::Pair(Box::new(members.rsa()?)),
            ("EC", Family::Ec) => Material::Pair(Box::new(members.ec(algorithm)?)),
            ("OKP", Family::Ed) => Material::Pair(Box::new(members.ed()?)),
            ("oct" | "RSA" | "EC" | "OKP", _) => return Err(KeyRefusal::Family),
            _ => return Err(KeyRefusal::Jwk),
        };
        let kid = members.optional_text("kid")?.map(str::to_owned);
        Ok(Self { algorithm, kid, material })
    }
}

/// The members that a thumbprint is made of, in its order (RFC 7638, section 3.2), without braces.
#[must_use]
pub fn required_members(public: &Public) -> String {
    let mut json = String::new();
    let mut member = |name: &str, value: &str| {
        if !json.is_empty() {
            json.push(',');
        }
        json_writer::string(name, &mut json);
        json.push(':');
        json_writer::string(value, &mut json);
    };
    match public {
        Public::Rsa { n, e } => {
            member("e", &base64url::encode(e));
            member("kty", "RSA");
            member("n", &base64url::encode(n));
        }
        Public::Ec { curve, point } => {
            let (x, y) = point[1..].split_at(curve.coordinate());
            member("crv", curve.name());
            member("kty", "EC");
            member("x", &base64url::encode(x));
            member("y", &base64url::encode(y));
        }
        Public::Ed { x } => {
            member("crv", "Ed25519");
            member("kty", "OKP");
            member("x", &base64url::encode(x));
        }
    }
    json
}

/// As [`required_members`], of a secret.
#[must_use]
pub fn required_members_of_secret(secret: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(Base64UrlUnpadded::encode_string(secret));
    Zeroizing::new(format!(r#""k":"{}","kty":"oct""#, *text))
}

/// A value, as far as a key needs it.
enum Value {
    Text(Zeroizing<String>),
    Texts(Vec<String>),
    Other,
}

#[derive(Default)]
struct Members {
    depth: usize,
    members: Vec<(String, Value)>,
}

impl Members {
    fn get(&self, name: &str) -> Option<&Value> {
        self.members.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    fn optional_text(&self, name: &str) -> Result<Option<&str>, KeyRefusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(KeyRefusal::Jwk),
        }
    }

    fn text(&self, name: &str) -> Result<&str, KeyRefusal> {
        self.optional_text(name)?.ok_or(KeyRefusal::Jwk)
    }

    /// A member's bytes. Most are secret, so they are decoded in constant time.
    fn bytes(&self, name: &str) -> Result<SecretBytes, KeyRefusal> {
        let bytes = Base64UrlUnpadded::decode_vec(self.text(name)?).map_err(|_| KeyRefusal::Jwk)?;
        Ok(SecretBytes::new(&Zeroizing::new(bytes)))
    }

    /// A member's bytes, which are that many.
    fn exactly(&self, name: &str, length: usize) -> Result<SecretBytes, KeyRefusal> {
        let bytes = self.bytes(name)?;
        if bytes.expose().len() == length { Ok(bytes) } else { Err(KeyRefusal::Jwk) }
    }

    /// A member's number, without leading zeros (RFC 7518, section 2: Base64urlUInt).
    fn number(&self, name: &str) -> Result<SecretBytes, KeyRefusal> {
        let bytes = self.bytes(name)?;
        if bytes.expose().first().is_some_and(|first| *first != 0) { Ok(bytes) } else { Err(KeyRefusal::Jwk) }
    }

    /// Refuses a key for encryption (J24).
    fn check_use(&self) -> Result<(), KeyRefusal> {
        if self.optional_text("use")?.is_some_and(|purpose| purpose != "sig") {
            return Err(KeyRefusal::JwkUse);
        }
        match self.get("key_ops") {
            None => Ok(()),
            Some(Value::Texts(operations)) => {
                let unique = (1..operations.len()).all(|index| !operations[..index].contains(&operations[index]));
                let signs =
                    !operations.is_empty() && operations.iter().all(|name| name == "sign" || name == "verify");
                if unique && signs { Ok(()) } else { Err(KeyRefusal::JwkUse) }
            }
            Some(_) => Err(KeyRefusal::Jwk),
        }
    }

    fn algorithm(&self, wanted: Option<Algorithm>) -> Result<Algorithm, KeyRefusal> {
        let own = match self.optional_text("alg")? {
            Some(name) => Some(Algorithm::from_name(name).ok_or(KeyRefusal::JwkUse)?),
            None => None,
        };
        match (wanted, own) {
            (Some(wanted), Some(own)) if wanted != own => Err(KeyRefusal::Family),
            (Some(algorithm), _) | (None, Some(algorithm)) => Ok(algorithm),
            (None, None) => match (self.text("kty")?, self.optional_text("crv")?) {
                ("EC", Some("P-256")) => Ok(Algorithm::ES256),
                ("EC", Some("P-384")) => Ok(Algorithm::ES384),
                ("OKP", Some("Ed25519")) => Ok(Algorithm::EdDSA),
                _ => Err(KeyRefusal::AlgorithmNeeded),
            },
        }
    }

    fn rsa(&self) -> Result<KeyPair, KeyRefusal> {
        let (n, e) = (self.number("n")?, self.number("e")?);
        if self.get("d").is_none() {
            return KeyPair::from_rsa_numbers(n.expose(), e.expose());
        }
        // More than two primes are nothing that aws-lc signs with.
        if self.get("oth").is_some() {
            return Err(KeyRefusal::Material);
        }
        let [d, p, q, dp, dq, qi] = ["d", "p", "q", "dp", "dq", "qi"].map(|name| self.number(name));
        let (d, p, q, dp, dq, qi) = (d?, p?, q?, dp?, dq?, qi?);
        let pair = RsaKeyPair::from_components(&KeyPairComponents {
            public_key: PublicKeyComponents { n: n.expose(), e: e.expose() },
            d: d.expose(),
            p: p.expose(),
            q: q.expose(),
            dP: dp.expose(),
            dQ: dq.expose(),
            qInv: qi.expose(),
        });
        KeyPair::from_rsa(pair.map_err(|_| KeyRefusal::Material)?)
    }

    fn ec(&self, algorithm: Algorithm) -> Result<KeyPair, KeyRefusal> {
        let curve = Curve::of(algorithm).ok_or(KeyRefusal::Family)?;
        if self.text("crv")? != curve.name() {
            return Err(KeyRefusal::Family);
        }
        let (x, y) = (self.exactly("x", curve.coordinate())?, self.exactly("y", curve.coordinate())?);
        let point = [&[4], x.expose(), y.expose()].concat();
        if self.get("d").is_none() {
            return KeyPair::from_point(curve, &point);
        }
        let d = self.exactly("d", curve.coordinate())?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(curve.signing(), d.expose(), &point);
        KeyPair::from_ec(curve, pair.map_err(|_| KeyRefusal::Material)?)
    }

    fn ed(&self) -> Result<KeyPair, KeyRefusal> {
        if self.text("crv")? != "Ed25519" {
            return Err(KeyRefusal::Family);
        }
        let x = self.exactly("x", 32)?;
        if self.get("d").is_none() {
            return KeyPair::from_ed_public(x.expose());
        }
        let pair = Ed25519KeyPair::from_seed_and_public_key(self.exactly("d", 32)?.expose(), x.expose());
        KeyPair::from_ed(pair.map_err(|_| KeyRefusal::Material)?)
    }
}

impl Sink for Members {
    type Value = Value;
    type Array = Option<Vec<String>>;
    type Object = ();
    type Name = String;
    type Error = Fault;

    fn null(&mut self) -> Result<Value, Fault> {
        Ok(Value::Other)
    }
    fn boolean(&mut self, _: bool) -> Result<Value, Fault> {
        Ok(Value::Other)
    }
    fn integer(&mut self, _: i128) -> Result<Value, Fault> {
        Ok(Value::Other)
    }
    fn float(&mut self, _: f64) -> Result<Value, Fault> {
        Ok(Value::Other)
    }
    fn string(&mut self, value: &str) -> Result<Value, Fault> {
        Ok(Value::Text(Zeroizing::new(value.to_owned())))
    }
    fn array(&mut self) -> Result<Option<Vec<String>>, Fault> {
        Ok(Some(Vec::new()))
    }
    fn element(&mut self, array: &mut Option<Vec<String>>, value: Value) -> Result<(), Fault> {
        match (array.as_mut(), value) {
            (Some(texts), Value::Text(text)) => texts.push(text.to_string()),
            _ => *array = None,
        }
        Ok(())
    }
    fn end_array(&mut self, array: Option<Vec<String>>) -> Result<Value, Fault> {
        Ok(array.map_or(Value::Other, Value::Texts))
    }
    fn object(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        Ok(())
    }
    fn name(&mut self, name: &str) -> Result<String, Fault> {
        Ok(name.to_owned())
    }
    fn member(&mut self, (): &mut (), name: String, value: Value) -> Result<(), Fault> {
        if self.depth == 1 {
            self.members.push((name, value));
        }
        Ok(())
    }
    fn end_object(&mut self, (): ()) -> Result<Value, Fault> {
        self.depth -= 1;
        Ok(Value::Other)
    }
}
