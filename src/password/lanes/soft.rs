//! One lane at a time on the `sha2` crate's compression function: portable, and the oracle of every other kernel.

use sha2::block_api::compress256;
use zeroize::Zeroizing;

use super::{BLOCK_WORDS, Kernel, Lane, PADDING, STATE_WORDS};

/// Bytes of a word.
const WORD: usize = size_of::<u32>();

pub(super) const KERNEL: Kernel = Kernel { name: "soft", widths: &[1], available: || true, run };

fn run(lanes: &mut [&mut Lane], iterations: u32) {
    let mut block = Zeroizing::new([0; BLOCK_WORDS * WORD]);
    write_words(&mut block[STATE_WORDS * WORD..], &PADDING);
    for lane in lanes {
        for _ in 0..iterations {
            hash(&lane.inner, &mut lane.u, &mut block);
            hash(&lane.outer, &mut lane.u, &mut block);
            for (sum, word) in lane.acc.iter_mut().zip(&lane.u) {
                *sum ^= word;
            }
        }
    }
}

/// Replaces `digest` by its own hash, continued from `key_state`; the second half of `block` holds the padding.
fn hash(key_state: &[u32; STATE_WORDS], digest: &mut [u32; STATE_WORDS], block: &mut [u8; BLOCK_WORDS * WORD]) {
    write_words(&mut block[..STATE_WORDS * WORD], digest);
    *digest = *key_state;
    compress256(digest, std::slice::from_ref(block));
}

/// SHA-256 reads its message big-endian (FIPS 180-4, section 3.1).
fn write_words(bytes: &mut [u8], words: &[u32; STATE_WORDS]) {
    for (bytes, word) in bytes.chunks_exact_mut(WORD).zip(words) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
}
