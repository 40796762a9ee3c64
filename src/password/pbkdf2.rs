//! PBKDF2 (RFC 8018, section 5.2) over HMAC-SHA-256 as a job of two halves: the password becomes two midstates once,
//! then every iteration is two compressions on fixed padding. SHA-1 and SHA-512 ride on the `pbkdf2` crate.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::block_api::compress256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::derivation::DerivedKey;
use super::lanes::Lane;
use crate::error::Error;

/// SHA-256's block (FIPS 180-4, section 5.2.1) and HMAC's pads (RFC 2104, section 2).
const BLOCK: usize = 64;
/// SHA-256's output (FIPS 180-4, section 6.2).
const DIGEST: usize = 32;
const IPAD: u8 = 0x36;
const OPAD: u8 = 0x5c;

/// SHA-256's initial hash value (FIPS 180-4, section 5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

static ITERATIONS: AtomicU64 = AtomicU64::new(0);

/// Adds to what [`iterations_executed`] tells.
pub(super) fn count_iterations(iterations: u64) {
    ITERATIONS.fetch_add(iterations, Ordering::Relaxed);
}

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

/// Fills `out` with one block of PBKDF2(password, salt, iterations) or less, on this thread and by the `pbkdf2` crate.
pub(super) fn derive_here(digest: Digest, password: &[u8], salt: &[u8], iterations: u32, out: &mut [u8]) {
    match digest {
        Digest::Sha1 => ::pbkdf2::pbkdf2_hmac::<sha1::Sha1>(password, salt, iterations, out),
        Digest::Sha256 => ::pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, salt, iterations, out),
        Digest::Sha512 => ::pbkdf2::pbkdf2_hmac::<sha2::Sha512>(password, salt, iterations, out),
    }
    count_iterations(u64::from(iterations) * out.len().div_ceil(digest.output_length()) as u64);
}

/// The SHA-256 states after `key ^ ipad` and `key ^ opad`: all that an HMAC keeps of its key.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
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
            absorb(&mut state, &[password], 0, &mut Zeroizing::new([0; BLOCK]));
            key[..32].copy_from_slice(to_bytes(&state).as_slice());
        } else {
            key[..password.len()].copy_from_slice(password);
        }
        Self { inner: keyed(&key, IPAD), outer: keyed(&key, OPAD) }
    }

    /// The HMAC of `message`, which is no secret.
    #[must_use]
    pub fn mac(&self, message: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut digest = Zeroizing::new(self.inner);
        absorb(&mut digest, &[message], BLOCK as u64, &mut [0; BLOCK]);
        let mut state = Zeroizing::new(self.outer);
        absorb_digest(&mut state, &digest);
        to_bytes(&state)
    }

    /// The midstates that a lane works with: enough to derive anew from the same password.
    pub(super) fn of(lane: &Lane) -> Self {
        Self { inner: lane.inner, outer: lane.outer }
    }

    /// A lane that has done its first iteration: U_1 = HMAC(password, salt || INT(block)).
    #[must_use]
    pub fn lane(&self, salt: &[u8], block: u32) -> Lane {
        let mut digest = Zeroizing::new(self.inner);
        absorb(&mut digest, &[salt, &block.to_be_bytes()], BLOCK as u64, &mut [0; BLOCK]);
        let mut state = Zeroizing::new(self.outer);
        absorb_digest(&mut state, &digest);
        count_iterations(1);
        Lane { inner: self.inner, outer: self.outer, u: *state, acc: *state }
    }
}

/// The output block of a lane that has done its iterations.
pub(super) fn output(lane: &Lane) -> DerivedKey {
    to_bytes(&lane.acc)
}

/// The big-endian bytes of eight words.
fn to_bytes(words: &[u32; 8]) -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0_u8; DIGEST]);
    write_bytes(words, bytes.as_mut_slice());
    bytes
}

fn write_bytes(words: &[u32; 8], out: &mut [u8]) {
    for (chunk, word) in out.chunks_exact_mut(4).zip(words) {
        chunk.copy_from_slice(&word.to_be_bytes());
    }
}

fn keyed(key: &[u8; BLOCK], pad: u8) -> [u32; 8] {
    let block = Zeroizing::new(key.map(|byte| byte ^ pad));
    let mut state = INITIAL;
    compress256(&mut state, std::slice::from_ref(&*block));
    state
}

/// Finishes the outer SHA-256 of an HMAC: one block of the inner digest, the padding and the length.
fn absorb_digest(state: &mut [u32; 8], digest: &[u32; 8]) {
    let mut block = [0_u8; BLOCK];
    write_bytes(digest, &mut block[..DIGEST]);
    block[DIGEST] = 0x80;
    block[BLOCK - 8..].copy_from_slice(&((BLOCK + DIGEST) as u64 * 8).to_be_bytes());
    compress256(state, &[block]);
    block[..DIGEST].zeroize();
}

/// Finishes a SHA-256 whose first `before` bytes are already in `state`: the parts, then the padding and the length.
/// `block` is where what does not fill one is put together: the caller wipes it where a part is secret.
fn absorb(state: &mut [u32; 8], parts: &[&[u8]], before: u64, block: &mut [u8; BLOCK]) {
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
            compress256(state, std::slice::from_ref(block));
        }
        let (whole, tail) = rest.as_chunks::<BLOCK>();
        compress256(state, whole);
        block[..tail.len()].copy_from_slice(tail);
        filled = tail.len();
    }
    block[filled] = 0x80;
    block[filled + 1..].fill(0);
    if filled + 1 + 8 > BLOCK {
        compress256(state, std::slice::from_ref(block));
        block.fill(0);
    }
    block[BLOCK - 8..].copy_from_slice(&(total * 8).to_be_bytes());
    compress256(state, std::slice::from_ref(block));
}
