//! Which Ed25519 public keys are fit to verify with.

/// Bytes of a key.
const LENGTH: usize = 32;

/// 2^255 - 19, little-endian: the field's prime.
const PRIME: [u8; LENGTH] = {
    let mut prime = [0xff; LENGTH];
    prime[0] = 0xed;
    prime[LENGTH - 1] = 0x7f;
    prime
};

/// One less than the prime, little-endian.
const MINUS_ONE: [u8; LENGTH] = {
    let mut number = PRIME;
    number[0] -= 1;
    number
};

/// The y coordinates, little-endian, of the eight points whose order divides eight: 0 for the two of order 4, 1 for the
/// neutral point, -1 for that of order 2, and the two of those of order 8. With such a key a signature says next to
/// nothing about its message (J17). `tests/token/test_key_loading.py` computes them anew.
const SMALL_ORDER: [[u8; LENGTH]; 5] = [
    [0; LENGTH],
    {
        let mut one = [0; LENGTH];
        one[0] = 1;
        one
    },
    MINUS_ONE,
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// Whether a compressed point is spelled in the one way that it has (RFC 8032, section 5.1.3), and not of small order.
#[must_use]
pub fn is_sound(key: &[u8; LENGTH]) -> bool {
    let mut y = *key;
    // The last bit is the sign of x.
    y[LENGTH - 1] &= 0x7f;
    let reduced = y.iter().rev().lt(PRIME.iter().rev());
    reduced && !SMALL_ORDER.contains(&y)
}

#[cfg(test)]
mod tests {
    use super::{LENGTH, PRIME, SMALL_ORDER, is_sound};

    #[test]
    fn test_J17_small_order_and_second_spellings() {
        for point in SMALL_ORDER {
            let mut negative = point;
            negative[LENGTH - 1] |= 0x80;
            assert!(!is_sound(&point));
            assert!(!is_sound(&negative));
        }
        for above in 0..19 {
            let mut second = PRIME;
            second[0] += above;
            assert!(!is_sound(&second), "{above}");
        }
        // The base point (RFC 8032, section 5.1).
        let mut base = [0x66; LENGTH];
        base[0] = 0x58;
        assert!(is_sound(&base));
    }
}
