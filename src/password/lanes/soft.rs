//! The portable kernel, and the oracle of every other: one lane through `sha2`'s compression function, which
//! itself uses the CPU's SHA instructions where it finds them.

use sha2::block_api::compress256;

use super::Lane;

/// A message of one block ends after 64 bytes of key and 32 bytes of digest: 0x80, zeros, and 768 bits (FIPS 180-4,
/// section 5.1.1).
const PADDING: [u8; 32] = {
    let mut padding = [0_u8; 32];
    padding[0] = 0x80;
    let bits = ((64 + 32) * 8_u16).to_be_bytes();
    padding[30] = bits[0];
    padding[31] = bits[1];
    padding
};

/// Steps `lane` by `iterations`.
pub fn run(lane: &mut Lane, iterations: u32) {
    let mut block = [0_u8; 64];
    block[32..].copy_from_slice(&PADDING);
    for _ in 0..iterations {
        let mut state = lane.inner;
        write_words(&mut block, &lane.u);
        compress256(&mut state, std::slice::from_ref(&block));
        write_words(&mut block, &state);
        state = lane.outer;
        compress256(&mut state, std::slice::from_ref(&block));
        lane.u = state;
        for (acc, word) in lane.acc.iter_mut().zip(state) {
            *acc ^= word;
        }
    }
    zeroize::Zeroize::zeroize(&mut block);
}

fn write_words(block: &mut [u8; 64], words: &[u32; 8]) {
    for (bytes, word) in block.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
}
