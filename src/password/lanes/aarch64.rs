//! One or two lanes on the SHA-2 instructions of ARMv8.
//!
//! `sha256h` and `sha256h2` do four rounds on (a, b, c, d) and (e, f, g, h), which is also the order of a message, so nothing is
//! ever permuted. As in `sha_ni`, the first rounds of a hash take the raw state of the last one: `raw + initial + K`, where
//! `initial + K` is known beforehand, and the digest itself is made off the chain. Rounds 8 to 15 see padding and take their
//! sums from the table. There are 32 vector registers, so intrinsics do not spill on the chain.

#![allow(unsafe_code)]

use std::arch::aarch64::*;
use std::arch::is_aarch64_feature_detected;

use super::{Kernel, Lane, PADDED_ROUND_CONSTANTS, PADDING, ROUND_CONSTANTS, STATE_WORDS};

pub(super) const KERNEL: Kernel = Kernel { name: "aarch64", widths: &[1, 2], available, run };

fn available() -> bool {
    is_aarch64_feature_detected!("neon") && is_aarch64_feature_detected!("sha2")
}

fn run(lanes: &mut [&mut Lane], iterations: u32) {
    let mut pairs = lanes.chunks_exact_mut(2);
    for pair in &mut pairs {
        // SAFETY: `Kernel::run` has checked that the instructions are there.
        unsafe { advance::<2>(pair, iterations) };
    }
    for lane in pairs.into_remainder().chunks_exact_mut(1) {
        // SAFETY: as above.
        unsafe { advance::<1>(lane, iterations) };
    }
}

/// The four words from `$first` on; `$words` is an array of which they are part, or the bounds check fails.
macro_rules! load {
    ($words:expr, $first:expr) => {{
        let words: &[u32; 4] = $words[$first..].first_chunk().expect("four words are left");
        // SAFETY: the reference is to four words.
        unsafe { vld1q_u32(words.as_ptr()) }
    }};
}

/// Stores two registers as eight words.
macro_rules! store {
    ($words:expr, $low:expr, $high:expr) => {{
        let words: &mut [u32; STATE_WORDS] = $words;
        // SAFETY: the reference is to eight words, and each instruction stores four.
        unsafe {
            vst1q_u32(words.as_mut_ptr(), $low);
            vst1q_u32(words.as_mut_ptr().add(4), $high);
        }
    }};
}

/// Four rounds on the state `$abcd`, `$efgh`, all lanes in turn; `$sum` is the words plus their constants in lane `$l`.
macro_rules! rounds {
    ($abcd:ident, $efgh:ident, |$l:ident| $sum:expr) => {
        for $l in 0..N {
            let sum = $sum;
            let old = $abcd[$l];
            $abcd[$l] = vsha256hq_u32(old, $efgh[$l], sum);
            $efgh[$l] = vsha256h2q_u32($efgh[$l], old, sum);
        }
    };
}

/// Four rounds on the next words of the schedule, which replace the oldest, `$w`; `$x`, `$y`, `$z` are the twelve after those.
macro_rules! scheduled_rounds {
    ($abcd:ident, $efgh:ident, $first:literal, $w:ident $x:ident $y:ident $z:ident) => {
        for l in 0..N {
            $w[l] = vsha256su1q_u32(vsha256su0q_u32($w[l], $x[l]), $y[l], $z[l]);
        }
        rounds!($abcd, $efgh, |l| vaddq_u32($w[l], load!(ROUND_CONSTANTS, $first)));
    };
}

/// Hashes the digest in `$p` and `$q` from the key state `$key`; `$raw` is that digest less the key state `$last` it came from,
/// and becomes the raw state of this hash.
macro_rules! hash {
    ($raw_abcd:ident, $raw_efgh:ident, $p:ident, $q:ident, $last:ident, $key:ident) => {
        let (mut abcd, mut efgh) = ($key.abcd, $key.efgh);
        rounds!(abcd, efgh, |l| vaddq_u32($raw_abcd[l], $last.abcd_start[l]));
        rounds!(abcd, efgh, |l| vaddq_u32($raw_efgh[l], $last.efgh_start[l]));
        rounds!(abcd, efgh, |_lane| load!(PADDED_ROUND_CONSTANTS, 8));
        rounds!(abcd, efgh, |_lane| load!(PADDED_ROUND_CONSTANTS, 12));
        let (mut r, mut s) = ([load!(PADDING, 0); N], [load!(PADDING, 4); N]);
        scheduled_rounds!(abcd, efgh, 16, $p $q r s);
        scheduled_rounds!(abcd, efgh, 20, $q r s $p);
        scheduled_rounds!(abcd, efgh, 24, r s $p $q);
        scheduled_rounds!(abcd, efgh, 28, s $p $q r);
        scheduled_rounds!(abcd, efgh, 32, $p $q r s);
        scheduled_rounds!(abcd, efgh, 36, $q r s $p);
        scheduled_rounds!(abcd, efgh, 40, r s $p $q);
        scheduled_rounds!(abcd, efgh, 44, s $p $q r);
        scheduled_rounds!(abcd, efgh, 48, $p $q r s);
        scheduled_rounds!(abcd, efgh, 52, $q r s $p);
        scheduled_rounds!(abcd, efgh, 56, r s $p $q);
        scheduled_rounds!(abcd, efgh, 60, s $p $q r);
        ($raw_abcd, $raw_efgh) = (abcd, efgh);
    };
}

/// The key states of `N` lanes for one half of HMAC, and their sums with the constants of rounds 0 to 7.
struct Key<const N: usize> {
    abcd: [uint32x4_t; N],
    efgh: [uint32x4_t; N],
    abcd_start: [uint32x4_t; N],
    efgh_start: [uint32x4_t; N],
}

/// Advances `N` lanes, of which `lanes` has at least that many.
#[target_feature(enable = "neon,sha2")]
fn advance<const N: usize>(lanes: &mut [&mut Lane], iterations: u32) {
    let zero = [vdupq_n_u32(0); N];
    let mut inner = Key { abcd: zero, efgh: zero, abcd_start: zero, efgh_start: zero };
    let mut outer = Key { abcd: zero, efgh: zero, abcd_start: zero, efgh_start: zero };
    let (mut u_abcd, mut u_efgh, mut acc_abcd, mut acc_efgh) = (zero, zero, zero, zero);
    let (mut raw_abcd, mut raw_efgh) = (zero, zero);
    for l in 0..N {
        for (key, words) in [(&mut inner, &lanes[l].inner), (&mut outer, &lanes[l].outer)] {
            key.abcd[l] = load!(words, 0);
            key.efgh[l] = load!(words, 4);
            key.abcd_start[l] = vaddq_u32(key.abcd[l], load!(ROUND_CONSTANTS, 0));
            key.efgh_start[l] = vaddq_u32(key.efgh[l], load!(ROUND_CONSTANTS, 4));
        }
        u_abcd[l] = load!(lanes[l].u, 0);
        u_efgh[l] = load!(lanes[l].u, 4);
        acc_abcd[l] = load!(lanes[l].acc, 0);
        acc_efgh[l] = load!(lanes[l].acc, 4);
        raw_abcd[l] = vsubq_u32(u_abcd[l], outer.abcd[l]);
        raw_efgh[l] = vsubq_u32(u_efgh[l], outer.efgh[l]);
    }
    for _ in 0..iterations {
        hash!(raw_abcd, raw_efgh, u_abcd, u_efgh, outer, inner);
        for l in 0..N {
            u_abcd[l] = vaddq_u32(raw_abcd[l], inner.abcd[l]);
            u_efgh[l] = vaddq_u32(raw_efgh[l], inner.efgh[l]);
        }
        hash!(raw_abcd, raw_efgh, u_abcd, u_efgh, inner, outer);
        for l in 0..N {
            u_abcd[l] = vaddq_u32(raw_abcd[l], outer.abcd[l]);
            u_efgh[l] = vaddq_u32(raw_efgh[l], outer.efgh[l]);
            acc_abcd[l] = veorq_u32(acc_abcd[l], u_abcd[l]);
            acc_efgh[l] = veorq_u32(acc_efgh[l], u_efgh[l]);
        }
    }
    for l in 0..N {
        store!(&mut lanes[l].u, u_abcd[l], u_efgh[l]);
        store!(&mut lanes[l].acc, acc_abcd[l], acc_efgh[l]);
    }
}
