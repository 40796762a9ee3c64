//! What an RSA modulus and exponent must be before they are trusted with anything.

use super::refusal::KeyRefusal;

/// The least modulus, in bits (RFC 7518, section 3.3), and the greatest that aws-lc verifies with.
const MIN_BITS: usize = 2048;
const MAX_BITS: usize = 8192;

/// The small primes whose residues give away a modulus that Infineon's library made (CVE-2017-15361, "ROCA").
const FINGERPRINT_PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
    109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// The generator of the residues that such a modulus has.
const FINGERPRINT_GENERATOR: u32 = 65_537;

/// Checks a public key, both numbers big-endian without leading zeros (J13).
///
/// # Errors
/// [`KeyRefusal::RsaSize`], [`KeyRefusal::RsaExponent`], [`KeyRefusal::Roca`].
pub fn check(modulus: &[u8], exponent: &[u8]) -> Result<(), KeyRefusal> {
    let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
    if !(MIN_BITS..=MAX_BITS).contains(&bits) {
        return Err(KeyRefusal::RsaSize);
    }
    // An exponent of 1 signs nothing, and an even one has no inverse.
    if exponent == [1] || exponent.last().is_none_or(|last| last % 2 == 0) {
        return Err(KeyRefusal::RsaExponent);
    }
    if is_roca(modulus) { Err(KeyRefusal::Roca) } else { Ok(()) }
}

/// Whether the modulus is, for every one of the primes, a power of the generator: so few numbers are that a key which
/// was made otherwise is practically never among them.
fn is_roca(modulus: &[u8]) -> bool {
    FINGERPRINT_PRIMES.iter().all(|&prime| {
        let residue = modulus.iter().fold(0, |residue, &byte| (residue << 8 | u32::from(byte)) % prime);
        let mut power = 1;
        loop {
            if power == residue {
                return true;
            }
            power = power * (FINGERPRINT_GENERATOR % prime) % prime;
            if power == 1 {
                return false;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{FINGERPRINT_GENERATOR, check, is_roca};
    use crate::token::refusal::KeyRefusal;

    fn modulus(bytes: usize) -> Vec<u8> {
        let mut modulus = vec![0; bytes];
        modulus[0] = 0x80;
        modulus[bytes - 1] = 0x2f;
        modulus
    }

    #[test]
    fn test_J13_size_and_exponent() {
        assert_eq!(check(&modulus(256), &[1, 0, 1]), Ok(()));
        assert_eq!(check(&modulus(1024), &[3]), Ok(()));
        let mut short = modulus(256);
        short[0] = 0x7f;
        for modulus in [&short[..], &modulus(128), &modulus(1025), &[]] {
            assert_eq!(check(modulus, &[1, 0, 1]), Err(KeyRefusal::RsaSize));
        }
        for exponent in [&[1][..], &[2], &[1, 0, 0], &[]] {
            assert_eq!(check(&modulus(256), exponent), Err(KeyRefusal::RsaExponent), "{exponent:?}");
        }
    }

    #[test]
    fn test_J13_roca() {
        // A power of the generator is one of its residues for every prime: multiply 65537 by itself, in base 256.
        let mut power = vec![1_u8];
        while power.len() < 256 {
            let mut carry = 0_u32;
            for byte in power.iter_mut().rev() {
                let product = u32::from(*byte) * FINGERPRINT_GENERATOR + carry;
                *byte = (product & 0xff) as u8;
                carry = product >> 8;
            }
            while carry > 0 {
                power.insert(0, (carry & 0xff) as u8);
                carry >>= 8;
            }
        }
        assert!(is_roca(&power));
        let mut sound = power.clone();
        *sound.last_mut().unwrap() ^= 2;
        assert!(!is_roca(&sound));
        if power[0] >= 0x80 {
            assert_eq!(check(&power, &[1, 0, 1]), Err(KeyRefusal::Roca));
        }
    }
}
