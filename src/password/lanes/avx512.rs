//! Sixteen lanes on AVX-512F: bulk work.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::wide::{Group, SCHEDULED_ROUND_CONSTANTS, run_groups, table};
use super::{BLOCK_WORDS, Kernel, Lane, PADDED_ROUND_CONSTANTS, PADDING, STATE_WORDS};

pub(super) const KERNEL: Kernel = Kernel { name: "avx512", widths: &[16], available, run };

fn available() -> bool {
    is_x86_feature_detected!("avx512f")
}

fn run(lanes: &mut [&mut Lane], iterations: u32) {
    // SAFETY: `Kernel::run` has checked that the instructions are there.
    run_groups(lanes, |group| unsafe { sixteen_lanes(group, iterations) });
}

/// The operations of `wide` on `__m512i`.
macro_rules! vector {
    (load $words:expr) => {
        // SAFETY: the reference is to sixteen words, and the instruction needs no alignment.
        unsafe { _mm512_loadu_si512($words.as_ptr().cast()) }
    };
    (store $words:expr, $v:expr) => {
        // SAFETY: as for `load`, and the reference is exclusive.
        unsafe { _mm512_storeu_si512($words.as_mut_ptr().cast(), $v) }
    };
    (splat $word:expr) => {
        _mm512_set1_epi32($word as i32)
    };
    (add $a:expr, $b:expr) => {
        _mm512_add_epi32($a, $b)
    };
    (xor $a:expr, $b:expr) => {
        _mm512_xor_si512($a, $b)
    };
    (rotr $a:expr, $bits:literal) => {
        _mm512_ror_epi32::<$bits>($a)
    };
    (shr $a:expr, $bits:literal) => {
        _mm512_srli_epi32::<$bits>($a)
    };
    // Any function of three bits is one instruction.
    (xor3 $a:expr, $b:expr, $c:expr) => {
        _mm512_ternarylogic_epi32::<{ table::XOR3 }>($a, $b, $c)
    };
    (ch $e:expr, $f:expr, $g:expr) => {
        _mm512_ternarylogic_epi32::<{ table::CH }>($e, $f, $g)
    };
    (maj $a:expr, $b:expr, $c:expr) => {
        _mm512_ternarylogic_epi32::<{ table::MAJ }>($a, $b, $c)
    };
}

wide_kernel!(
    #[target_feature(enable = "avx512f")]
    fn sixteen_lanes, lanes: 16, operations: vector
);
