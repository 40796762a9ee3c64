//! The protected header (RFC 7515, section 4): read strictly, and never obeyed beyond naming a key.

use super::algorithm::Algorithm;
use super::json::{self, Sink};
use super::refusal::Refusal;
use super::{base64url, json_writer};

/// Nesting in a header: our own have none, others' have an object or two.
const MAX_DEPTH: usize = 8;

/// Parameters that would have a verifier fetch or trust a key, understand an extension, or undo an encoding. A token
/// that carries one is refused, whatever the parameter says (J25 to J31).
const REFUSED: [&str; 10] = ["crit", "b64", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "zip", "enc"];

/// What a caller expects of a header beyond `alg` and `kid`.
#[derive(Debug, Clone, Default)]
pub struct HeaderRule {
    /// The algorithms that are allowed; those of the keys where absent.
    pub algorithms: Option<Vec<Algorithm>>,
    /// The one `typ`, compared byte for byte; anything where absent.
    pub typ: Option<String>,
    /// Whether parameters other than `alg`, `typ` and `kid` are refused (J36).
    pub closed: bool,
}

/// A header that has been read.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Header {
    /// The algorithm's name as it stands.
    pub alg: String,
    /// The type of token.
    pub typ: Option<String>,
    /// The name of the key.
    pub kid: Option<String>,
    /// Whether there are parameters beside these three.
    pub others: bool,
}

impl HeaderRule {
    /// Whether a key of that algorithm may be used at all.
    #[must_use]
    pub fn allows(&self, algorithm: Algorithm) -> bool {
        self.algorithms.as_ref().is_none_or(|allowed| allowed.contains(&algorithm))
    }
}

impl Header {
    /// Reads a header segment.
    ///
    /// # Errors
    /// [`Refusal::Segments`], [`Refusal::Header`], [`Refusal::Algorithm`] and [`Refusal::HeaderParameter`].
    pub fn read(segment: &[u8]) -> Result<Self, Refusal> {
        let text = base64url::decode(segment).map_err(|()| Refusal::Segments)?;
        Self::read_json(&text)
    }

    /// As [`Self::read`], of the decoded segment.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_json(text: &[u8]) -> Result<Self, Refusal> {
        let mut reader = HeaderSink::default();
        json::read_object(text, MAX_DEPTH, &mut reader).map_err(|refusal| match refusal {
            Refusal::Payload(fault) => Refusal::Header(fault),
            other => other,
        })?;
        let HeaderSink { alg, header, .. } = reader;
        Ok(Self { alg: alg.ok_or(Refusal::Algorithm)?, ..header })
    }

    /// Reads a header segment's text into another sink, strictly.
    ///
    /// # Errors
    /// What the sink fails with.
    pub fn read_into<S: Sink>(text: &[u8], sink: &mut S) -> Result<S::Value, S::Error> {
        json::read_object(text, MAX_DEPTH, sink)
    }

    /// Holds the header against what the caller expects.
    ///
    /// # Errors
    /// [`Refusal::Typ`], [`Refusal::HeaderParameter`].
    pub fn check(&self, rule: &HeaderRule) -> Result<(), Refusal> {
        if rule.closed && self.others {
            return Err(Refusal::HeaderParameter("(unknown)"));
        }
        match &rule.typ {
            Some(_) if rule.typ != self.typ => Err(Refusal::Typ),
            _ => Ok(()),
        }
    }
}

/// The members that mean something here.
#[derive(Clone, Copy)]
enum Name {
    Alg,
    Typ,
    Kid,
    Cty,
    Other,
}

/// A member's value, as far as anyone asks.
enum Value {
    Text(String),
    Other,
}

#[derive(Default)]
struct HeaderSink {
    depth: usize,
    alg: Option<String>,
    header: Header,
}

impl Sink for HeaderSink {
    type Value = Value;
    type Array = ();
    type Object = ();
    type Name = Name;
    type Error = Refusal;

    fn null(&mut self) -> Result<Value, Refusal> {
        Ok(Value::Other)
    }
    fn boolean(&mut self, _: bool) -> Result<Value, Refusal> {
        Ok(Value::Other)
    }
    fn integer(&mut self, _: i128) -> Result<Value, Refusal> {
        Ok(Value::Other)
    }
    fn float(&mut self, _: f64) -> Result<Value, Refusal> {
        Ok(Value::Other)
    }
    fn string(&mut self, value: &str) -> Result<Value, Refusal> {
        Ok(Value::Text(value.to_owned()))
    }
    fn array(&mut self) -> Result<(), Refusal> {
        Ok(())
    }
    fn element(&mut self, (): &mut (), _: Value) -> Result<(), Refusal> {
        Ok(())
    }
    fn end_array(&mut self, (): ()) -> Result<Value, Refusal> {
        Ok(Value::Other)
    }
    fn object(&mut self) -> Result<(), Refusal> {
        self.depth += 1;
        Ok(())
    }
    fn end_object(&mut self, (): ()) -> Result<Value, Refusal> {
        self.depth -= 1;
        Ok(Value::Other)
    }

    fn name(&mut self, name: &str) -> Result<Name, Refusal> {
        if self.depth > 1 {
            return Ok(Name::Other);
        }
        if let Some(refused) = REFUSED.into_iter().find(|refused| *refused == name) {
            return Err(Refusal::HeaderParameter(refused));
        }
        Ok(match name {
            "alg" => Name::Alg,
            "typ" => Name::Typ,
            "kid" => Name::Kid,
            "cty" => Name::Cty,
            _ => Name::Other,
        })
    }

    fn member(&mut self, (): &mut (), name: Name, value: Value) -> Result<(), Refusal> {
        match (name, value) {
            (Name::Alg, Value::Text(alg)) => self.alg = Some(alg),
            // Whatever else it is, it is no algorithm, and no crash either (J05).
            (Name::Alg, Value::Other) => return Err(Refusal::Algorithm),
            (Name::Typ, Value::Text(typ)) => self.header.typ = Some(typ),
            (Name::Typ, Value::Other) => return Err(Refusal::HeaderParameter("typ")),
            (Name::Kid, Value::Text(kid)) => self.header.kid = Some(kid),
            (Name::Kid, Value::Other) => return Err(Refusal::HeaderParameter("kid")),
            // A nested token would have to be verified again (J32).
            (Name::Cty, Value::Text(cty)) if !cty.eq_ignore_ascii_case("JWT") => self.header.others = true,
            (Name::Cty, _) => return Err(Refusal::HeaderParameter("cty")),
            (Name::Other, _) => self.header.others |= self.depth == 1,
        }
        Ok(())
    }
}

/// The JSON of a header of these parameters, as far as they have values. In alphabetical order it is what PyJWT writes.
#[must_use]
pub fn write(parameters: &[(&str, Option<&str>)]) -> String {
    let mut text = String::with_capacity(64);
    text.push('{');
    for (name, value) in parameters {
        if let Some(value) = value {
            json_writer::name(name, &mut text);
            json_writer::string(value, &mut text);
        }
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use super::{Header, HeaderRule, write};
    use crate::token::json::Fault;
    use crate::token::refusal::Refusal;

    fn read(text: &str) -> Result<Header, Refusal> {
        Header::read_json(text.as_bytes())
    }

    #[test]
    fn test_reads_what_it_writes() {
        let text = write(&[("alg", Some("HS256")), ("kid", Some("k\"1")), ("typ", Some("at+jwt"))]);
        assert_eq!(text, r#"{"alg":"HS256","kid":"k\"1","typ":"at+jwt"}"#);
        let header = read(&text).unwrap();
        assert_eq!(
            (&*header.alg, header.kid.as_deref(), header.typ.as_deref()),
            ("HS256", Some("k\"1"), Some("at+jwt"))
        );
        assert!(!header.others);
        assert_eq!(
            write(&[("alg", Some("HS256")), ("kid", None), ("typ", Some("JWT"))]),
            r#"{"alg":"HS256","typ":"JWT"}"#
        );
    }

    #[test]
    fn test_J04_an_escaped_name_is_that_name() {
        assert_eq!(read(r#"{"alg":"\u0048S256"}"#).unwrap().alg, "HS256");
    }

    #[test]
    fn test_J05_alg_that_is_no_string() {
        for text in [
            "{}",
            r#"{"alg":null}"#,
            r#"{"alg":1}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"alg":{"HS256":1}}"#,
            r#"{"ALG":"HS256"}"#,
        ] {
            assert_eq!(read(text), Err(Refusal::Algorithm), "{text}");
        }
    }

    #[test]
    fn test_J22_kid_and_typ_are_strings() {
        for value in ["null", "1", "[]", "{}", "true"] {
            for name in ["kid", "typ"] {
                let text = format!(r#"{{"alg":"HS256","{name}":{value}}}"#);
                assert_eq!(read(&text), Err(Refusal::HeaderParameter(name)), "{text}");
            }
        }
    }

    #[test]
    fn test_J25_to_J31_parameters_no_verifier_may_ignore() {
        for name in super::REFUSED {
            for value in ["[]", "null", "false", "true", r#""x""#, r#"["alg"]"#, r#"["b64"]"#, "{}"] {
                let text = format!(r#"{{"alg":"HS256","{name}":{value}}}"#);
                assert_eq!(read(&text), Err(Refusal::HeaderParameter(name)), "{text}");
            }
        }
    }

    #[test]
    fn test_J32_a_nested_token() {
        for cty in [r#""JWT""#, r#""jwt""#, "null", "1"] {
            assert_eq!(read(&format!(r#"{{"alg":"HS256","cty":{cty}}}"#)), Err(Refusal::HeaderParameter("cty")));
        }
        assert!(read(r#"{"alg":"HS256","cty":"json"}"#).unwrap().others);
    }

    #[test]
    fn test_J34_J47_J49_J55_no_strict_object() {
        for (text, fault) in [
            ("[]", Fault::NotObject),
            ("\"x\"", Fault::NotObject),
            ("", Fault::NotObject),
            ("null", Fault::NotObject),
            (r#"{"alg":"none","alg":"HS256"}"#, Fault::Duplicate),
            (r#"{"alg":"HS256"}x"#, Fault::Trailing),
            (r#"{"alg":"HS256","x":[[[[[[[[1]]]]]]]]}"#, Fault::Depth),
            (&format!("{{\"x\":{}", "[".repeat(100_000)), Fault::Depth),
        ] {
            assert_eq!(read(text), Err(Refusal::Header(fault)), "{}", &text[..text.len().min(40)]);
        }
    }

    #[test]
    fn test_J36_J83_other_parameters_are_ignored_or_refused() {
        let header = read(r#"{"alg":"HS256","exp":1,"sub":"x","nested":{"alg":"none","crit":1}}"#).unwrap();
        assert_eq!(header.check(&HeaderRule::default()), Ok(()));
        let closed = HeaderRule { closed: true, ..HeaderRule::default() };
        assert_eq!(header.check(&closed), Err(Refusal::HeaderParameter("(unknown)")));
        assert_eq!(read(r#"{"alg":"HS256","typ":"JWT","kid":"a"}"#).unwrap().check(&closed), Ok(()));
    }

    #[test]
    fn test_J90_J91_typ_is_exact() {
        let rule = HeaderRule { closed: true, typ: Some("at+jwt".to_owned()), ..HeaderRule::default() };
        assert_eq!(read(r#"{"alg":"HS256","typ":"at+jwt"}"#).unwrap().check(&rule), Ok(()));
        for text in [
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"JWT"}"#,
            r#"{"alg":"HS256","typ":"rt+jwt"}"#,
            r#"{"alg":"HS256","typ":"AT+JWT"}"#,
            r#"{"alg":"HS256","typ":"application/at+jwt"}"#,
        ] {
            assert_eq!(read(text).unwrap().check(&rule), Err(Refusal::Typ), "{text}");
        }
    }
}
