//! PBKDF2 (RFC 8018, section 5.2) over HMAC-SHA-256 as a job of two halves: the password becomes two midstates once,
//! then every iteration is two compressions on fixed padding. SHA-1 and SHA-512 ride on the `pbkdf2` crate.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::block_api::compress256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::lanes::{Lane, soft};
use crate::error::Error;

/// SHA-256's block (FIPS 180-4, section 5.2.1) and HMAC's pads (RFC 2104, section 2).
const BLOCK: usize = 64;
const IPAD: u8 = 0x36;
const OPAD: u8 = 0x5c;

/// SHA-256's initial hash value (FIPS 180-4, section 5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

static ITERATIONS: AtomicU64 = AtomicU64::new(0);

/// How many PBKDF2 iterations this process has executed, over all digests. Tests of equal work compare it.
#[must_use]
pub fn iterations_executed() -> u64 {
    ITERATIONS.load(Ordering::Relaxed)
}

/// A digest that PBKDF2 is offered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// SHA-1, for Django's `pbkdf2_sha1`.
    Sha1,
    /// SHA-256, on our own lanes.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Digest {
    /// Reads `hashlib`'s name of a digest, in either case.
    ///
    /// # Errors
    /// [`Error::Digest`] for any other name.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        match name.to_ascii_lowercase().as_str() {
            "sha1" | "sha-1" => Ok(Self::Sha1),
            "sha256" | "sha-256" => Ok(Self::Sha256),
            "sha512" | "sha-512" => Ok(Self::Sha512),
            _ => Err(Error::Digest),
        }
    }

    /// The length of its output in bytes, `hLen` of RFC 8018.
    #[must_use]
    pub fn output_length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// The SHA-256 states after `key ^ ipad` and `key ^ opad`: all that an HMAC keeps of its key.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Midstates {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl Midstates {
    /// Keys the HMAC. A password longer than a block is hashed once (RFC 2104, section 2), so the cost of a long one
    /// is linear and paid once, not per iteration (P24, P25).
    #[must_use]
    pub fn new(password: &[u8]) -> Self {
        let mut key = Zeroizing::new([0_u8; BLOCK]);
        if password.len() > BLOCK {
            let mut state = Zeroizing::new(INITIAL);
            absorb(&mut state, &[password], 0);
            key[..32].copy_from_slice(to_bytes(&state).as_slice());
        } else {
            key[..password.len()].copy_from_slice(password);
        }
        Self { inner: keyed(&key, IPAD), outer: keyed(&key, OPAD) }
    }

    /// The HMAC of `message`.
    #[must_use]
    pub fn mac(&self, message: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut digest = Zeroizing::new(self.inner);
        absorb(&mut digest, &[message], BLOCK as u64);
        let mut state = Zeroizing::new(self.outer);
        absorb(&mut state, &[to_bytes(&digest).as_slice()], BLOCK as u64);
        to_bytes(&state)
    }

    /// A lane that has done its first iteration: U_1 = HMAC(password, salt || INT(block)).
    #[must_use]
    pub fn lane(&self, salt: &[u8], block: u32) -> Lane {
        let mut digest = Zeroizing::new(self.inner);
        absorb(&mut digest, &[salt, &block.to_be_bytes()], BLOCK as u64);
        let mut state = Zeroizing::new(self.outer);
        absorb(&mut state, &[to_bytes(&digest).as_slice()], BLOCK as u64);
        Lane { inner: self.inner, outer: self.outer, u: *state, acc: *state }
    }
}

/// Fills `out` with PBKDF2(password, salt, iterations).
///
/// # Errors
/// [`Error::Iterations`] for 0, [`Error::DerivedKeyLength`] for an empty `out` or one beyond 2^32 - 1 blocks.
pub fn derive(digest: Digest, password: &[u8], salt: &[u8], iterations: u32, out: &mut [u8]) -> Result<(), Error> {
    if iterations == 0 {
        return Err(Error::Iterations { max: u32::MAX });
    }
    let blocks = u32::try_from(out.len().div_ceil(digest.output_length())).unwrap_or(0);
    if blocks == 0 {
        return Err(Error::DerivedKeyLength);
    }
    match digest {
        Digest::Sha1 => ::pbkdf2::pbkdf2_hmac::<sha1::Sha1>(password, salt, iterations, out),
        Digest::Sha512 => ::pbkdf2::pbkdf2_hmac::<sha2::Sha512>(password, salt, iterations, out),
        Digest::Sha256 => {
            let midstates = Midstates::new(password);
            for (index, chunk) in (1_u32..).zip(out.chunks_mut(32)) {
                let mut lane = midstates.lane(salt, index);
                soft::run(&mut lane, iterations - 1);
                chunk.copy_from_slice(&to_bytes(&lane.acc)[..chunk.len()]);
            }
        }
    }
    ITERATIONS.fetch_add(u64::from(iterations) * u64::from(blocks), Ordering::Relaxed);
    Ok(())
}

/// The big-endian bytes of eight words.
fn to_bytes(words: &[u32; 8]) -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    for (chunk, word) in bytes.chunks_exact_mut(4).zip(words) {
        chunk.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

fn keyed(key: &[u8; BLOCK], pad: u8) -> [u32; 8] {
    let block = Zeroizing::new(key.map(|byte| byte ^ pad));
    let mut state = INITIAL;
    compress256(&mut state, std::slice::from_ref(&*block));
    state
}

/// Finishes a SHA-256 whose first `before` bytes are already in `state`: the parts, then the padding and the length.
fn absorb(state: &mut [u32; 8], parts: &[&[u8]], before: u64) {
    let mut block = Zeroizing::new([0_u8; BLOCK]);
    let mut filled = 0;
    let mut total = before;
    for part in parts {
        total += part.len() as u64;
        let mut rest = *part;
        if filled > 0 {
            let taken = rest.len().min(BLOCK - filled);
            block[filled..filled + taken].copy_from_slice(&rest[..taken]);
            filled += taken;
            rest = &rest[taken..];
            if filled < BLOCK {
                continue;
            }
            compress256(state, std::slice::from_ref(&*block));
        }
        let (whole, tail) = rest.as_chunks::<BLOCK>();
        compress256(state, whole);
        block[..tail.len()].copy_from_slice(tail);
        filled = tail.len();
    }
    block[filled] = 0x80;
    block[filled + 1..].fill(0);
    if filled + 1 + 8 > BLOCK {
        compress256(state, std::slice::from_ref(&*block));
        block.fill(0);
    }
    block[BLOCK - 8..].copy_from_slice(&(total * 8).to_be_bytes());
    compress256(state, std::slice::from_ref(&*block));
}

#[cfg(test)]
mod tests {
    use super::{Digest, derive, iterations_executed};
    use crate::error::Error;

    fn sha256(password: &[u8], salt: &[u8], iterations: u32, length: usize) -> Vec<u8> {
        let mut out = vec![0; length];
        derive(Digest::Sha256, password, salt, iterations, &mut out).unwrap();
        out
    }

    fn oracle(password: &[u8], salt: &[u8], iterations: u32, length: usize) -> Vec<u8> {
        let mut out = vec![0; length];
        ::pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, salt, iterations, &mut out);
        out
    }

    #[test]
    fn test_P26_equal_to_the_pbkdf2_crate_at_every_block_edge() {
        let text: Vec<u8> = (0..=255).cycle().take(300).collect();
        for password in [0, 1, 31, 32, 55, 56, 63, 64, 65, 119, 128, 129, 300] {
            for salt in [0, 1, 22, 51, 52, 55, 56, 59, 60, 61, 64, 123, 124, 128, 300] {
                for (iterations, length) in [(1, 32), (2, 1), (7, 33), (3, 96)] {
                    assert_eq!(
                        sha256(&text[..password], &text[..salt], iterations, length),
                        oracle(&text[..password], &text[..salt], iterations, length),
                        "password of {password}, salt of {salt} bytes, {iterations} iterations, {length} bytes"
                    );
                }
            }
        }
    }

    #[test]
    fn test_P27_a_long_password_equals_its_digest() {
        let long = [b'p'; 65];
        let digest = <sha2::Sha256 as sha2::Digest>::digest(long);
        assert_eq!(sha256(&long, b"salt", 3, 32), sha256(&digest, b"salt", 3, 32));
    }

    #[test]
    fn test_P28_bytes_after_a_nul_count() {
        assert_ne!(sha256(b"p\0w", b"salt", 3, 32), sha256(b"p\0X", b"salt", 3, 32));
    }

    #[test]
    fn test_counts_the_iterations_of_every_block() {
        // Other tests of this process count too, so only a lower bound can be asked for.
        let before = iterations_executed();
        sha256(b"p", b"s", 1_000, 64);
        assert!(iterations_executed() - before >= 2_000);
    }

    #[test]
    fn test_refuses_what_rfc_8018_does_not_define() {
        assert_eq!(derive(Digest::Sha256, b"", b"", 0, &mut [0]), Err(Error::Iterations { max: u32::MAX }));
        assert_eq!(derive(Digest::Sha512, b"", b"", 1, &mut []), Err(Error::DerivedKeyLength));
        assert_eq!(Digest::from_name("md5"), Err(Error::Digest));
    }
}
