//! As much strict DER (ITU-T X.690) as keys need: definite lengths in their shortest form, nothing left over.

/// ASN.1's universal tags.
pub const INTEGER: u8 = 0x02;
/// A string of bits.
pub const BIT_STRING: u8 = 0x03;
/// A string of bytes.
pub const OCTET_STRING: u8 = 0x04;
/// An object identifier.
pub const OBJECT_IDENTIFIER: u8 = 0x06;
/// A sequence.
pub const SEQUENCE: u8 = 0x30;

/// `rsaEncryption` (RFC 8017, appendix C).
pub const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// `id-ecPublicKey` (RFC 5480, section 2.1.1).
pub const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// `secp256r1` (RFC 5480, section 2.1.1.1).
pub const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// `secp384r1` (RFC 5480, section 2.1.1.1).
pub const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
/// `id-Ed25519` (RFC 8410, section 3).
pub const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// Reads one element after the other.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'d> {
    rest: &'d [u8],
}

impl<'d> Reader<'d> {
    /// Reads `der` from its start.
    #[must_use]
    pub const fn new(der: &'d [u8]) -> Self {
        Self { rest: der }
    }

    /// The contents of the one element that `der` is.
    #[must_use]
    pub fn only(der: &'d [u8], tag: u8) -> Option<&'d [u8]> {
        let mut reader = Self::new(der);
        let contents = reader.element(tag)?;
        reader.is_empty().then_some(contents)
    }

    /// Whether everything has been read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element's tag.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The contents of the next element, if it has that tag.
    pub fn element(&mut self, tag: u8) -> Option<&'d [u8]> {
        if self.peek() == Some(tag) { self.any().map(|(_, contents)| contents) } else { None }
    }

    /// The next element's tag and contents.
    pub fn any(&mut self) -> Option<(u8, &'d [u8])> {
        let (&tag, rest) = self.rest.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            // Keys are shorter than 64 KiB, so two bytes of length are all that is read.
            let count = usize::from(first & 0x7f);
            if !(1..=2).contains(&count) || rest.len() < count {
                return None;
            }
            let (bytes, rest) = rest.split_at(count);
            let length = bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
            let shortest = if count == 1 { length >= 0x80 } else { length >= 0x100 };
            if !shortest {
                return None;
            }
            (length, rest)
        };
        if rest.len() < length {
            return None;
        }
        let (contents, rest) = rest.split_at(length);
        self.rest = rest;
        Some((tag, contents))
    }

    /// The magnitude of the next element, a positive integer.
    pub fn positive(&mut self) -> Option<&'d [u8]> {
        match self.element(INTEGER)? {
            [0, rest @ ..] if rest.first().is_some_and(|byte| *byte >= 0x80) => Some(rest),
            contents @ [first, ..] if (1..0x80).contains(first) => Some(contents),
            _ => None,
        }
    }
}

/// An algorithm identifier (RFC 5280, section 4.1.1.2): the algorithm, and the curve where it has one.
pub fn algorithm<'d>(reader: &mut Reader<'d>) -> Option<(&'d [u8], Option<&'d [u8]>)> {
    let mut inner = Reader::new(reader.element(SEQUENCE)?);
    let algorithm = inner.element(OBJECT_IDENTIFIER)?;
    Some((algorithm, inner.element(OBJECT_IDENTIFIER)))
}

/// What a key's wrapping holds: the algorithm's identifier, the curve's where there is one, and the key inside.
type Wrapped<'a> = (&'a [u8], Option<&'a [u8]>, &'a [u8]);

/// A private key in PKCS#8 (RFC 5208, section 5; RFC 5958): its algorithm, its curve, and the key inside.
#[must_use]
pub fn pkcs8(der: &[u8]) -> Option<Wrapped<'_>> {
    let mut reader = Reader::new(Reader::only(der, SEQUENCE)?);
    reader.element(INTEGER)?;
    let (oid, curve) = algorithm(&mut reader)?;
    Some((oid, curve, reader.element(OCTET_STRING)?))
}

/// A public key in SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7): its algorithm, its curve, and the key inside.
#[must_use]
pub fn spki(der: &[u8]) -> Option<Wrapped<'_>> {
    let mut reader = Reader::new(Reader::only(der, SEQUENCE)?);
    let (oid, curve) = algorithm(&mut reader)?;
    // No bit of the last byte is unused.
    let key = reader.element(BIT_STRING)?.strip_prefix(&[0])?;
    reader.is_empty().then_some((oid, curve, key))
}

/// The curve that a private key in SEC 1 names (RFC 5915, section 3).
#[must_use]
pub fn sec1_curve(der: &[u8]) -> Option<&[u8]> {
    /// The parameters: context-specific, constructed, number 0.
    const PARAMETERS: u8 = 0xa0;
    let mut reader = Reader::new(Reader::only(der, SEQUENCE)?);
    reader.element(INTEGER)?;
    reader.element(OCTET_STRING)?;
    Reader::only(reader.element(PARAMETERS)?, OBJECT_IDENTIFIER)
}

/// Whether bytes are a DER sequence that holds whole elements and begins as a key, a certificate or a request does: with
/// a sequence or an integer.
#[must_use]
pub fn looks_like_a_key(der: &[u8]) -> bool {
    let Some(contents) = Reader::only(der, SEQUENCE) else {
        return false;
    };
    let mut reader = Reader::new(contents);
    if !matches!(reader.peek(), Some(SEQUENCE | INTEGER)) {
        return false;
    }
    while !reader.is_empty() {
        if reader.any().is_none() {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{INTEGER, Reader, SEQUENCE, looks_like_a_key};

    #[test]
    fn test_lengths_are_definite_and_shortest() {
        let mut long = vec![SEQUENCE, 0x82, 0x01, 0x00];
        long.resize(260, 0);
        assert_eq!(Reader::only(&long, SEQUENCE).unwrap().len(), 256);
        for der in [
            &[SEQUENCE, 0x80, 0, 0][..],      // indefinite
            &[SEQUENCE, 0x81, 0x01, 0],       // longer than needed
            &[SEQUENCE, 0x82, 0x00, 0x01, 0], // longer than needed
            &[SEQUENCE, 0x01],                // cut short
            &[SEQUENCE, 0x00, 0x00],          // something left over
            &[SEQUENCE],
            &[],
            &[SEQUENCE, 0xff],
            &[INTEGER, 0x00],
        ] {
            assert_eq!(Reader::only(der, SEQUENCE), None, "{der:02x?}");
        }
    }

    #[test]
    fn test_integers_are_positive_and_shortest() {
        let positive = |der: &[u8]| Reader::new(der).positive().map(<[u8]>::to_vec);
        assert_eq!(positive(&[INTEGER, 1, 0x7f]), Some(vec![0x7f]));
        assert_eq!(positive(&[INTEGER, 2, 0, 0x80]), Some(vec![0x80]));
        for der in [&[INTEGER, 1, 0][..], &[INTEGER, 1, 0x80], &[INTEGER, 2, 0, 0x7f], &[INTEGER, 0]] {
            assert_eq!(positive(der), None, "{der:02x?}");
        }
    }

    #[test]
    fn test_random_bytes_are_no_key() {
        assert!(!looks_like_a_key(&[SEQUENCE; 50]));
        assert!(!looks_like_a_key(b"0\x1ethis is a text of 30 letters"));
        assert!(looks_like_a_key(&[SEQUENCE, 6, INTEGER, 1, 5, INTEGER, 1, 3]));
    }
}
