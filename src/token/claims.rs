//! Registered claims (RFC 7519, section 4.1), judged while the payload is read: [`Watch`] stands between the reader and
//! the sink that builds the values, and remembers of each claim only what the verdict needs.

use super::base64url;
use super::clock;
use super::json::Sink;
use super::refusal::Refusal;
use super::rules::{MAX_GENERATION, Own, Rules, TOKEN_ID_BYTES};

/// A date claim.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Date {
    Absent,
    /// Present, and no number.
    Wrong,
    Integer(i128),
    Float(f64),
}

/// A text claim, held against what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    Absent,
    /// Present, and of another type.
    Wrong,
    /// A string, and not the expected one.
    Other,
    Expected,
}

/// The claims that are looked at. The discriminants are bits of [`Watch::present`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    Exp,
    Nbf,
    Iat,
    Iss,
    Aud,
    Sub,
    Jti,
    TokenType,
    Sid,
    Gen,
    Unknown,
}

impl Claim {
    fn from_name(name: &str) -> Self {
        match name {
            "exp" => Self::Exp,
            "nbf" => Self::Nbf,
            "iat" => Self::Iat,
            "iss" => Self::Iss,
            "aud" => Self::Aud,
            "sub" => Self::Sub,
            "jti" => Self::Jti,
            "token_type" => Self::TokenType,
            "sid" => Self::Sid,
            "gen" => Self::Gen,
            _ => Self::Unknown,
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// One value, as the reader met it.
#[derive(Clone, Copy)]
enum Event<'v> {
    Null,
    Integer(i128),
    Float(f64),
    Text(&'v str),
    Other,
}

/// A sink that passes everything on and remembers the claims.
pub struct Watch<'r, S> {
    inner: S,
    rules: &'r Rules,
    depth: usize,
    claim: Claim,
    /// Where the required name is that no [`Claim`] stands for.
    required: Option<usize>,
    present: u16,
    required_present: Vec<bool>,
    dates: [Date; 3],
    texts: [Text; 5],
    audience_is_list: bool,
    sid: Text,
    generation: Text,
}

impl<'r, S> Watch<'r, S> {
    /// Watches for what `rules` ask about.
    pub fn new(inner: S, rules: &'r Rules) -> Self {
        let others = rules.required.iter().any(|name| Claim::from_name(name) == Claim::Unknown);
        Self {
            inner,
            rules,
            depth: 0,
            claim: Claim::Unknown,
            required: None,
            present: 0,
            required_present: if others { vec![false; rules.required.len()] } else { Vec::new() },
            dates: [Date::Absent; 3],
            texts: [Text::Absent; 5],
            audience_is_list: false,
            sid: Text::Absent,
            generation: Text::Absent,
        }
    }

    /// The verdict, once the payload has been read.
    ///
    /// # Errors
    /// The first claim that is not as expected, in PyJWT's order.
    pub fn judge(&self, now: u64) -> Result<(), Refusal> {
        self.judge_presence()?;
        self.judge_dates(now)?;
        self.judge_texts()?;
        self.rules.own.as_ref().map_or(Ok(()), |own| self.judge_own(own))
    }

    fn judge_presence(&self) -> Result<(), Refusal> {
        for (index, name) in self.rules.required.iter().enumerate() {
            let present = match Claim::from_name(name) {
                Claim::Unknown => self.required_present[index],
                claim => self.present & claim.bit() != 0,
            };
            if !present {
                return Err(Refusal::Missing(name.clone()));
            }
        }
        Ok(())
    }

    fn judge_dates(&self, now: u64) -> Result<(), Refusal> {
        let (now, leeway) = (i128::from(now), i128::from(self.rules.leeway));
        let checks = self.rules.checks;
        let [exp, nbf, iat] = self.dates;
        // A fraction never lengthens a token's life: `exp` is rounded down, `nbf` and `iat` are rounded up (J68).
        if checks.iat
            && let Some(iat) = self.seconds(iat, f64::ceil).map_err(|()| Refusal::IssuedAt)?
        {
            if iat < 0 {
                return Err(Refusal::IssuedAt);
            }
            if iat > now + leeway {
                return Err(Refusal::Immature("iat"));
            }
        }
        if checks.nbf
            && let Some(nbf) = self.seconds(nbf, f64::ceil).map_err(|()| Refusal::Date("nbf"))?
            && nbf > now + leeway
        {
            return Err(Refusal::Immature("nbf"));
        }
        if checks.exp
            && let Some(exp) = self.seconds(exp, f64::floor).map_err(|()| Refusal::Date("exp"))?
            && exp <= now - leeway
        {
            return Err(Refusal::Expired);
        }
        Ok(())
    }

    /// The whole seconds of a date that is present, none of one that is absent, and an error for one that is no date.
    fn seconds(&self, date: Date, round: fn(f64) -> f64) -> Result<Option<i128>, ()> {
        let exact = self.rules.own.is_some();
        match date {
            Date::Absent => Ok(None),
            Date::Integer(seconds) if seconds <= i128::from(clock::LATEST) => Ok(Some(seconds)),
            // Doubles hold every second of these ten thousand years exactly.
            Date::Float(seconds) if !exact && seconds.abs() <= clock::LATEST as f64 => {
                Ok(Some(round(seconds) as i128))
            }
            _ => Err(()),
        }
    }

    fn judge_texts(&self) -> Result<(), Refusal> {
        let checks = self.rules.checks;
        let [iss, aud, sub, jti, _] = self.texts;
        match (iss, &self.rules.issuers) {
            _ if !checks.iss => {}
            (Text::Absent, Some(_)) => return Err(Refusal::Missing("iss".to_owned())),
            (Text::Wrong | Text::Other, Some(_)) => return Err(Refusal::Issuer),
            // An issuer without a name makes tokens without one, so another's it is, whose key may be the same (J92).
            (Text::Wrong | Text::Other | Text::Expected, None) if self.rules.own.is_some() => {
                return Err(Refusal::Issuer);
            }
            _ => {}
        }
        if checks.aud {
            match (aud, &self.rules.audiences) {
                (Text::Absent, None) => {}
                (Text::Absent, Some(_)) => return Err(Refusal::Missing("aud".to_owned())),
                (Text::Expected, Some(_)) if !(self.rules.strict_audience && self.audience_is_list) => {}
                _ => return Err(Refusal::Audience),
            }
        }
        match (sub, &self.rules.subject) {
            _ if !checks.sub => {}
            (Text::Absent, Some(_)) => return Err(Refusal::Missing("sub".to_owned())),
            (Text::Wrong | Text::Other, _) => return Err(Refusal::Subject),
            _ => {}
        }
        if checks.jti && matches!(jti, Text::Wrong | Text::Other) {
            return Err(Refusal::TokenId);
        }
        Ok(())
    }

    fn judge_own(&self, own: &Own) -> Result<(), Refusal> {
        if self.texts[4] != Text::Expected {
            return Err(Refusal::TokenType);
        }
        let within = match self.dates {
            [Date::Integer(exp), _, Date::Integer(iat)] => {
                (0..=i128::from(own.max_lifetime)).contains(&(exp - iat))
            }
            _ => false,
        };
        if !within {
            return Err(Refusal::Lifetime);
        }
        match (self.sid, self.generation) {
            (Text::Absent, Text::Absent) | (Text::Expected, Text::Expected) => Ok(()),
            _ => Err(Refusal::Session),
        }
    }

    #[inline]
    fn note(&mut self, event: Event<'_>) {
        if self.depth != 1 {
            self.note_audience(event);
            return;
        }
        if !matches!(event, Event::Null) {
            self.present |= self.claim.bit();
            if let Some(index) = self.required.take() {
                self.required_present[index] = true;
            }
        }
        match self.claim {
            Claim::Unknown => {}
            claim @ (Claim::Exp | Claim::Nbf | Claim::Iat) => {
                self.dates[claim as usize] = match event {
                    Event::Integer(seconds) => Date::Integer(seconds),
                    Event::Float(seconds) => Date::Float(seconds),
                    _ => Date::Wrong,
                };
            }
            Claim::Gen => self.generation = generation(event),
            Claim::Sid => self.sid = self.expected(Claim::Sid, event),
            claim => self.texts[claim as usize - Claim::Iss as usize] = self.expected(claim, event),
        }
    }

    fn expected(&self, claim: Claim, event: Event<'_>) -> Text {
        let Event::Text(text) = event else {
            return Text::Wrong;
        };
        let own = self.rules.own.as_ref();
        let exact = own.is_some();
        let expected = match claim {
            Claim::Iss => {
                self.rules.issuers.as_ref().is_none_or(|issuers| issuers.iter().any(|issuer| issuer == text))
            }
            Claim::Aud => self.is_audience(text),
            Claim::Sub => match &self.rules.subject {
                Some(subject) => subject == text,
                None => !(exact && text.is_empty()),
            },
            Claim::Jti => !exact || is_token_id(text),
            Claim::TokenType => own.is_none_or(|own| own.token_type == text),
            _ => !text.is_empty(),
        };
        if expected { Text::Expected } else { Text::Other }
    }

    fn is_audience(&self, text: &str) -> bool {
        // An empty name names nobody, as PyJWT has it.
        !text.is_empty()
            && self
                .rules
                .audiences
                .as_ref()
                .is_some_and(|audiences| audiences.iter().any(|audience| audience == text))
    }

    /// An element of `aud`: every one has to be a string, and one has to be expected.
    fn note_audience(&mut self, event: Event<'_>) {
        if !(self.depth == 2 && self.audience_is_list && self.claim == Claim::Aud) {
            return;
        }
        let aud = &mut self.texts[Claim::Aud as usize - Claim::Iss as usize];
        match event {
            Event::Text(text) if *aud == Text::Other => {
                let audiences = self.rules.audiences.as_deref().unwrap_or_default();
                if audiences.iter().any(|audience| audience == text) {
                    *aud = Text::Expected;
                }
            }
            Event::Text(_) => {}
            _ => *aud = Text::Wrong,
        }
    }

    fn open(&mut self, is_array: bool) {
        self.note(Event::Other);
        if self.depth == 1 && self.claim == Claim::Aud && is_array {
            self.audience_is_list = true;
            self.texts[Claim::Aud as usize - Claim::Iss as usize] = Text::Other;
        }
        self.depth += 1;
    }
}

/// A token id in this crate's form: the one spelling of that many bytes (J81).
fn is_token_id(text: &str) -> bool {
    base64url::decode_array::<TOKEN_ID_BYTES>(text.as_bytes()).is_some()
}

fn generation(event: Event<'_>) -> Text {
    match event {
        Event::Integer(value) if (0..=i128::from(MAX_GENERATION)).contains(&value) => Text::Expected,
        _ => Text::Wrong,
    }
}

impl<S: Sink> Sink for Watch<'_, S> {
    type Value = S::Value;
    type Array = S::Array;
    type Object = S::Object;
    type Name = S::Name;
    type Error = S::Error;

    fn null(&mut self) -> Result<S::Value, S::Error> {
        self.note(Event::Null);
        self.inner.null()
    }
    fn boolean(&mut self, value: bool) -> Result<S::Value, S::Error> {
        self.note(Event::Other);
        self.inner.boolean(value)
    }
    fn integer(&mut self, value: i128) -> Result<S::Value, S::Error> {
        self.note(Event::Integer(value));
        self.inner.integer(value)
    }
    fn float(&mut self, value: f64) -> Result<S::Value, S::Error> {
        self.note(Event::Float(value));
        self.inner.float(value)
    }
    fn string(&mut self, value: &str) -> Result<S::Value, S::Error> {
        self.note(Event::Text(value));
        self.inner.string(value)
    }
    fn array(&mut self) -> Result<S::Array, S::Error> {
        self.open(true);
        self.inner.array()
    }
    fn element(&mut self, array: &mut S::Array, value: S::Value) -> Result<(), S::Error> {
        self.inner.element(array, value)
    }
    fn end_array(&mut self, array: S::Array) -> Result<S::Value, S::Error> {
        self.depth -= 1;
        self.inner.end_array(array)
    }
    fn object(&mut self) -> Result<S::Object, S::Error> {
        self.open(false);
        self.inner.object()
    }
    fn name(&mut self, name: &str) -> Result<S::Name, S::Error> {
        if self.depth == 1 {
            self.claim = Claim::from_name(name);
            if !self.required_present.is_empty() {
                self.required = self.rules.required.iter().position(|required| required == name);
            }
        }
        self.inner.name(name)
    }
    fn member(&mut self, object: &mut S::Object, name: S::Name, value: S::Value) -> Result<(), S::Error> {
        self.inner.member(object, name, value)
    }
    fn end_object(&mut self, object: S::Object) -> Result<S::Value, S::Error> {
        self.depth -= 1;
        self.inner.end_object(object)
    }
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
