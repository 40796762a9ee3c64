//! Equality over `subtle`.

use subtle::ConstantTimeEq;

/// Whether `a` and `b` are the same bytes, in a time that depends on their lengths alone.
///
/// Two lengths that differ are unequal at once: a length is public (a tag's is fixed by its algorithm).
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::equal;

    #[test]
    fn test_P55_equal_compares_every_byte() {
        let reference = [0x5a_u8; 32];
        assert!(equal(&reference, &reference));
        for bit in 0..256 {
            let mut other = reference;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!equal(&reference, &other), "bit {bit}");
        }
    }

    #[test]
    fn test_equal_refuses_other_lengths() {
        assert!(equal(b"", b""));
        assert!(!equal(b"", b"a"));
        assert!(!equal(b"abc", b"abcd"));
    }
}
