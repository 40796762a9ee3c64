//! Equality over `subtle`.

use subtle::{Choice, ConstantTimeEq};

/// Whether `a` and `b` are the same bytes, in a time that depends on their lengths alone.
///
/// Two lengths that differ are unequal at once: a length is public (a tag's is fixed by its algorithm).
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// As [`equal`], for two tags of one length: in words, since `subtle` judges a word in the time of a byte.
#[must_use]
pub fn equal_tags<const N: usize>(a: &[u8; N], b: &[u8; N]) -> bool {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks(), b.as_chunks());
    let words = a
        .iter()
        .zip(b)
        .fold(Choice::from(1), |equal, (a, b)| equal & u64::from_ne_bytes(*a).ct_eq(&u64::from_ne_bytes(*b)));
    (words & a_rest.ct_eq(b_rest)).into()
}

#[cfg(test)]
mod tests {
    use super::{equal, equal_tags};

    #[test]
    fn test_P55_equal_compares_every_byte() {
        let reference = [0x5a_u8; 32];
        assert!(equal(&reference, &reference));
        for bit in 0..256 {
            let mut other = reference;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!equal(&reference, &other), "bit {bit}");
            assert!(!equal_tags(&reference, &other), "bit {bit}");
        }
        assert!(equal_tags(&reference, &reference));
    }

    #[test]
    fn test_J85_equal_tags_compares_what_is_left_of_the_last_word() {
        let reference = [0x5a_u8; 13];
        assert!(equal_tags(&reference, &reference));
        for byte in 0..reference.len() {
            let mut other = reference;
            other[byte] ^= 1;
            assert!(!equal_tags(&reference, &other), "byte {byte}");
        }
    }

    #[test]
    fn test_equal_refuses_other_lengths() {
        assert!(equal(b"", b""));
        assert!(!equal(b"", b"a"));
        assert!(!equal(b"abc", b"abcd"));
    }
}
