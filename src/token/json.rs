//! A strict JSON reader for headers and claims: one pass, one verdict, straight into the caller's objects.
//!
//! It reads less than RFC 8259 allows, so that no two readers of one token can disagree: UTF-8 only, names unique after
//! unescaping, bounded depth and member count, no lone surrogate, no NUL, no number that loses its value, nothing after
//! the object (J47 to J62). What is built from the events is the [`Sink`]'s affair: Python objects behind the boundary,
//! `serde_json::Value` in tests, verdicts on claims in [`super::claims`].

use std::borrow::Cow;
use std::str;

use smallvec::SmallVec;

/// The most members that one object may have (J62).
pub const MAX_MEMBERS: usize = 64;

/// The longest number, in characters. The shortest decimal that gives back any double has at most 24, the longest that
/// is still a sensible way of writing one is not twice that (J57).
const MAX_NUMBER: usize = 64;

/// Names that are kept without asking for memory: of more open members than most tokens have.
const NAMES_ON_STACK: usize = 8;

/// Digits of which every number fits 64 bits.
const SAFE_DIGITS: usize = u64::MAX.ilog10() as usize;

/// Why a text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not UTF-8 (RFC 8259, section 8.1).
    Utf8,
    /// Not JSON (RFC 8259).
    Syntax,
    /// The text is not an object.
    NotObject,
    /// Something follows the object.
    Trailing,
    /// Nested deeper than allowed.
    Depth,
    /// An object of more than [`MAX_MEMBERS`] members.
    Members,
    /// A name that its object has already (RFC 7515, section 4; RFC 7519, section 4).
    Duplicate,
    /// An escape of half a surrogate pair (RFC 8259, section 8.2).
    Surrogate,
    /// U+0000 in a string, which PostgreSQL text and memcached keys cannot hold (J54).
    Nul,
    /// An integer outside `-2^63 ..= 2^64 - 1`, or a number that no double holds.
    Number,
}

/// What receives a text's events and builds values from them.
///
/// A container is opened, given its members in order, and closed; a name comes before its value.
pub trait Sink {
    /// A finished value.
    type Value;
    /// An open array.
    type Array;
    /// An open object.
    type Object;
    /// The name of a member whose value is still to come.
    type Name;
    /// What the sink may fail with; a fault of the text is one of them.
    type Error: From<Fault>;

    /// `null`.
    fn null(&mut self) -> Result<Self::Value, Self::Error>;
    /// `true` or `false`.
    fn boolean(&mut self, value: bool) -> Result<Self::Value, Self::Error>;
    /// A number without fraction and exponent, from `-2^63` to `2^64 - 1`.
    fn integer(&mut self, value: i128) -> Result<Self::Value, Self::Error>;
    /// Any other number, finite.
    fn float(&mut self, value: f64) -> Result<Self::Value, Self::Error>;
    /// A string, unescaped.
    fn string(&mut self, value: &str) -> Result<Self::Value, Self::Error>;
    /// Opens an array.
    fn array(&mut self) -> Result<Self::Array, Self::Error>;
    /// Adds an element to an open array.
    fn element(&mut self, array: &mut Self::Array, value: Self::Value) -> Result<(), Self::Error>;
    /// Closes an array.
    fn end_array(&mut self, array: Self::Array) -> Result<Self::Value, Self::Error>;
    /// Opens an object.
    fn object(&mut self) -> Result<Self::Object, Self::Error>;
    /// Names the value that comes next, unescaped. The reader has made sure that the name is new.
    fn name(&mut self, name: &str) -> Result<Self::Name, Self::Error>;
    /// Adds a member to an open object.
    fn member(
        &mut self,
        object: &mut Self::Object,
        name: Self::Name,
        value: Self::Value,
    ) -> Result<(), Self::Error>;
    /// Closes an object.
    fn end_object(&mut self, object: Self::Object) -> Result<Self::Value, Self::Error>;
}

/// Reads one object, which is all of `text`, into `sink`. `max_depth` counts containers: an object of scalars is 1.
///
/// # Errors
/// The [`Fault`] that was met first, or what the sink failed with.
pub fn read_object<S: Sink>(text: &[u8], max_depth: usize, sink: &mut S) -> Result<S::Value, S::Error> {
    let text = str::from_utf8(text).map_err(|_| Fault::Utf8)?;
    let mut reader = Reader { text, position: 0, depth_left: max_depth, names: SmallVec::new(), sink };
    reader.skip_whitespace();
    if reader.peek() != Some(b'{') {
        return Err(Fault::NotObject.into());
    }
    let value = reader.object()?;
    reader.skip_whitespace();
    if reader.position == text.len() { Ok(value) } else { Err(Fault::Trailing.into()) }
}

struct Reader<'t, 's, S> {
    text: &'t str,
    position: usize,
    depth_left: usize,
    /// The names of every open object, the innermost object's last.
    names: SmallVec<[Cow<'t, str>; NAMES_ON_STACK]>,
    sink: &'s mut S,
}

impl<'t, S: Sink> Reader<'t, '_, S> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    #[inline(always)]
    fn skip_whitespace(&mut self) {
        // Tokens hold none.
        if self.peek().is_none_or(|byte| byte > b' ') {
            return;
        }
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.position += 1;
        }
    }

    /// Whether the next byte is `byte`, which is then consumed.
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        if self.eat(byte) { Ok(()) } else { Err(Fault::Syntax) }
    }

    #[inline(always)]
    fn value(&mut self) -> Result<S::Value, S::Error> {
        match self.peek() {
            Some(b'"') => match self.string()? {
                Cow::Borrowed(text) => self.sink.string(text),
                Cow::Owned(text) => self.sink.string(&text),
            },
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b't') => self.word("true").and_then(|()| self.sink.boolean(true)),
            Some(b'f') => self.word("false").and_then(|()| self.sink.boolean(false)),
            Some(b'n') => self.word("null").and_then(|()| self.sink.null()),
            _ => Err(Fault::Syntax.into()),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), S::Error> {
        if !self.text.as_bytes()[self.position..].starts_with(word.as_bytes()) {
            return Err(Fault::Syntax.into());
        }
        self.position += word.len();
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Fault> {
        self.depth_left = self.depth_left.checked_sub(1).ok_or(Fault::Depth)?;
        self.position += 1;
        self.skip_whitespace();
        Ok(())
    }

    fn object(&mut self) -> Result<S::Value, S::Error> {
        self.enter()?;
        let mut object = self.sink.object()?;
        let first = self.names.len();
        if !self.eat(b'}') {
            loop {
                let name = self.unique_name(first)?;
                self.skip_whitespace();
                self.expect(b':')?;
                self.skip_whitespace();
                let value = self.value()?;
                self.sink.member(&mut object, name, value)?;
                self.skip_whitespace();
                if self.eat(b'}') {
                    break;
                }
                self.expect(b',')?;
                self.skip_whitespace();
            }
        }
        self.names.truncate(first);
        self.depth_left += 1;
        self.sink.end_object(object)
    }

    /// Reads a name that no member since `first` has. At most 64 names are compared, so squares stay small.
    #[inline(always)]
    fn unique_name(&mut self, first: usize) -> Result<S::Name, S::Error> {
        if self.peek() != Some(b'"') {
            return Err(Fault::Syntax.into());
        }
        let name = self.string()?;
        let earlier = &self.names[first..];
        if earlier.contains(&name) {
            return Err(Fault::Duplicate.into());
        }
        if earlier.len() == MAX_MEMBERS {
            return Err(Fault::Members.into());
        }
        let key = self.sink.name(&name)?;
        self.names.push(name);
        Ok(key)
    }

    fn array(&mut self) -> Result<S::Value, S::Error> {
        self.enter()?;
        let mut array = self.sink.array()?;
        if !self.eat(b']') {
            loop {
                let value = self.value()?;
                self.sink.element(&mut array, value)?;
                self.skip_whitespace();
                if self.eat(b']') {
                    break;
                }
                self.expect(b',')?;
                self.skip_whitespace();
            }
        }
        self.depth_left += 1;
        self.sink.end_array(array)
    }

    /// Reads a string from its opening quote on: a piece of the text where nothing is escaped.
    #[inline(always)]
    fn string(&mut self) -> Result<Cow<'t, str>, Fault> {
        self.position += 1;
        let start = self.position;
        self.skip_plain();
        if self.eat(b'"') {
            return Ok(Cow::Borrowed(&self.text[start..self.position - 1]));
        }
        self.unescaped(start).map(Cow::Owned)
    }

    /// Reads the rest of a string that began at `start` and holds an escape here.
    #[cold]
    fn unescaped(&mut self, start: usize) -> Result<String, Fault> {
        let mut unescaped = self.text[start..self.position].to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(unescaped);
                }
                Some(b'\\') => {
                    self.position += 1;
                    unescaped.push(self.escape()?);
                }
                // The text ended, or holds a control character as it is.
                _ => return Err(Fault::Syntax),
            }
            let start = self.position;
            self.skip_plain();
            unescaped.push_str(&self.text[start..self.position]);
        }
    }

    /// Moves to the next byte that ends a string, begins an escape or may not stand in a string.
    #[inline(always)]
    fn skip_plain(&mut self) {
        let mut rest = &self.text.as_bytes()[self.position..];
        while let Some((word, after)) = rest.split_first_chunk::<8>() {
            let found = ends_plain(u64::from_le_bytes(*word));
            if found != 0 {
                self.position = self.text.len() - rest.len() + found.trailing_zeros() as usize / 8;
                return;
            }
            rest = after;
        }
        let plain = rest.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20);
        self.position = self.text.len() - rest.len() + plain.unwrap_or(rest.len());
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let letter = self.peek().ok_or(Fault::Syntax)?;
        self.position += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(Fault::Syntax),
        })
    }

    /// Reads what follows `\u`: four digits, and a second escape where they are the first half of a pair.
    fn unicode_escape(&mut self) -> Result<char, Fault> {
        let unit = self.hex4()?;
        let scalar = match unit {
            0 => return Err(Fault::Nul),
            0xd800..=0xdbff => {
                if !(self.eat(b'\\') && self.eat(b'u')) {
                    return Err(Fault::Surrogate);
                }
                let low = self.hex4()?;
                if !(0xdc00..=0xdfff).contains(&low) {
                    return Err(Fault::Surrogate);
                }
                0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
            }
            _ => unit,
        };
        char::from_u32(scalar).ok_or(Fault::Surrogate)
    }

    fn hex4(&mut self) -> Result<u32, Fault> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16)).ok_or(Fault::Syntax)?;
            unit = unit * 16 + digit;
            self.position += 1;
        }
        Ok(unit)
    }

    /// Reads digits: how many there are, and the number that they spell where they are no more than [`SAFE_DIGITS`].
    #[inline(always)]
    fn digits(&mut self) -> (usize, u64) {
        let (mut count, mut number) = (0, 0_u64);
        for byte in &self.text.as_bytes()[self.position..] {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
            count += 1;
        }
        self.position += count;
        (count, number)
    }

    #[inline(always)]
    fn number(&mut self) -> Result<S::Value, S::Error> {
        let start = self.position;
        let negative = self.eat(b'-');
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.position;
        let (digits, number) = self.digits();
        if digits == 0 || (digits > 1 && leading_zero) {
            return Err(Fault::Syntax.into());
        }
        let mut fractional = false;
        if self.eat(b'.') {
            fractional = true;
            if self.digits().0 == 0 {
                return Err(Fault::Syntax.into());
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            fractional = true;
            self.position += 1;
            if !self.eat(b'-') {
                self.eat(b'+');
            }
            if self.digits().0 == 0 {
                return Err(Fault::Syntax.into());
            }
        }
        let text = &self.text[start..self.position];
        if text.len() > MAX_NUMBER {
            return Err(Fault::Number.into());
        }
        if fractional {
            let value: f64 = text.parse().map_err(|_| Fault::Syntax)?;
            return if value.is_finite() { self.sink.float(value) } else { Err(Fault::Number.into()) };
        }
        let magnitude = if digits <= SAFE_DIGITS {
            number
        } else {
            self.text[whole..self.position].parse().map_err(|_| Fault::Number)?
        };
        let value = if negative { -i128::from(magnitude) } else { i128::from(magnitude) };
        if value < i128::from(i64::MIN) {
            return Err(Fault::Number.into());
        }
        self.sink.integer(value)
    }
}

/// Eight bytes at once: the highest bit of the first one that is a quote, a backslash or a control character is set, and
/// no bit before it. (`x - n & !x` has the highest bit of a byte below `n` set; a borrow reaches later bytes only. With one
/// bit flipped the quote comes right after the control characters, and nothing else comes before it.)
const fn ends_plain(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    let quote_or_control = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21) & !word;
    let backslash = word ^ (ONES * b'\\' as u64);
    (quote_or_control | (backslash.wrapping_sub(ONES) & !backslash)) & HIGHS
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
