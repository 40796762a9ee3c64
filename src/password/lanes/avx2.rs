//! Eight lanes on AVX2: bulk work, and the servers without SHA extensions.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::wide::{Group, SCHEDULED_ROUND_CONSTANTS, run_groups};
use super::{BLOCK_WORDS, Kernel, Lane, PADDED_ROUND_CONSTANTS, PADDING, STATE_WORDS};

pub(super) const KERNEL: Kernel = Kernel { name: "avx2", widths: &[8], available, run };

fn available() -> bool {
    is_x86_feature_detected!("avx2")
}

fn run(lanes: &mut [&mut Lane], iterations: u32) {
    // SAFETY: `Kernel::run` has checked that the instructions are there.
    run_groups(lanes, |group| unsafe { eight_lanes(group, iterations) });
}

/// The operations of `wide` on `__m256i`.
macro_rules! vector {
    (load $words:expr) => {
        // SAFETY: the reference is to eight words, and the instruction needs no alignment.
        unsafe { _mm256_loadu_si256($words.as_ptr().cast()) }
    };
    (store $words:expr, $v:expr) => {
        // SAFETY: as for `load`, and the reference is exclusive.
        unsafe { _mm256_storeu_si256($words.as_mut_ptr().cast(), $v) }
    };
    (splat $word:expr) => {
        _mm256_set1_epi32($word as i32)
    };
    (add $a:expr, $b:expr) => {
        _mm256_add_epi32($a, $b)
    };
    (xor $a:expr, $b:expr) => {
        _mm256_xor_si256($a, $b)
    };
    (xor3 $a:expr, $b:expr, $c:expr) => {
        _mm256_xor_si256(_mm256_xor_si256($a, $b), $c)
    };
    (rotr $a:expr, $bits:literal) => {
        _mm256_or_si256(_mm256_srli_epi32::<$bits>($a), _mm256_slli_epi32::<{ 32 - $bits }>($a))
    };
    (shr $a:expr, $bits:literal) => {
        _mm256_srli_epi32::<$bits>($a)
    };
    // Both are written with three instructions instead of four; `b ^ c` of a round's `maj` is `a ^ b` of the round before.
    (ch $e:expr, $f:expr, $g:expr) => {
        _mm256_xor_si256($g, _mm256_and_si256($e, _mm256_xor_si256($f, $g)))
    };
    (maj $a:expr, $b:expr, $c:expr) => {
        _mm256_xor_si256($b, _mm256_and_si256(_mm256_xor_si256($a, $b), _mm256_xor_si256($b, $c)))
    };
}

wide_kernel!(
    #[target_feature(enable = "avx2")]
    fn eight_lanes, lanes: 8, operations: vector
);
