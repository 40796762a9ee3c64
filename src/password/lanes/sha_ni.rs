//! One or two lanes on the x86 SHA extensions, in assembly.
//!
//! `sha256rnds2` does two rounds and takes its message from `xmm0`. Its state lives in two registers, (a, b, e, f) and
//! (c, d, g, h) with the first word highest; after it, the old (a, b, e, f) is the new (c, d, g, h), so the two registers swap
//! roles and nothing is moved. An iteration is a chain of 64 of them, and that chain's latency is the floor of one lane: all else
//! must stay off it. So the kernel is written for the chain:
//!
//! - The only work between the last rounds of one hash and the first of the next is a shuffle and an addition: the two message
//!   words are a and b, `raw + initial + K`, and `initial + K` is known beforehand (`*_start_*` in [`Frame`]).
//! - Rounds 8 to 15 see the padding, whose sums with the constants come from a table.
//! - Initial states, the accumulator and the table are memory operands, so that two lanes fit in the 16 registers.
//! - AVX encodings take three operands, which spares the moves. (The SHA instructions have none.)
//!
//! Two lanes are two independent chains in one stream: the second fills the cycles in which the first waits.

#![allow(unsafe_code)]

use std::arch::asm;
use std::mem::offset_of;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Kernel, Lane, PADDED_ROUND_CONSTANTS, PADDING, ROUND_CONSTANTS, STATE_WORDS};

pub(super) const KERNEL: Kernel = Kernel { name: "sha_ni", widths: &[1, 2], available, run };

pub(super) fn available() -> bool {
    is_x86_feature_detected!("sha") && is_x86_feature_detected!("avx") && is_x86_feature_detected!("sse4.1")
}

fn run(lanes: &mut [&mut Lane], iterations: u32) {
    if iterations == 0 {
        return;
    }
    let mut pairs = lanes.chunks_exact_mut(2);
    for pair in &mut pairs {
        let mut frames = [Frame::new(pair[0]), Frame::new(pair[1])];
        // SAFETY: `Kernel::run` has checked that the instructions are there.
        unsafe { two(&mut frames, iterations) };
        frames[0].finish(pair[0]);
        frames[1].finish(pair[1]);
    }
    for lane in pairs.into_remainder() {
        let mut frame = Frame::new(lane);
        // SAFETY: as above.
        unsafe { one(&mut frame, iterations) };
        frame.finish(lane);
    }
}

/// Four words in a vector register, lowest first.
type Vector = [u32; 4];

/// The constants of the assembly, read as aligned memory operands.
#[repr(C, align(64))]
struct Constants {
    /// Round constants, with the padding added in rounds 8 to 15.
    rounds: [u32; 64],
    /// Message words 8 to 11.
    ///
    /// They also equal `sha256msg1` of words 8 to 11 and 12 to 15, because words 9 to 14 are zero. For the same reason words 9
    /// to 12, a term of words 16 to 19, need no addition.
    words_8: Vector,
    /// Message words 12 to 15.
    words_12: Vector,
}

static CONSTANTS: Constants = Constants {
    rounds: PADDED_ROUND_CONSTANTS,
    words_8: [PADDING[0], PADDING[1], PADDING[2], PADDING[3]],
    words_12: [PADDING[4], PADDING[5], PADDING[6], PADDING[7]],
};

/// A lane in the layout of the instructions, for the length of a run.
///
/// `abef` and `cdgh` are in the order of `sha256rnds2`. `ab` and `cd` are in the order of a message: a, b, e, f and c, d, g, h.
#[derive(Zeroize, ZeroizeOnDrop)]
#[repr(C, align(64))]
struct Frame {
    inner_abef: Vector,
    inner_cdgh: Vector,
    /// The initial state, to be added to the state after the last round.
    inner_ab: Vector,
    inner_cd: Vector,
    /// The initial state and the constants of the first four rounds of the next hash.
    inner_start_ab: Vector,
    inner_start_cd: Vector,
    outer_abef: Vector,
    outer_cdgh: Vector,
    outer_ab: Vector,
    outer_cd: Vector,
    outer_start_ab: Vector,
    outer_start_cd: Vector,
    /// The state after the last round of the outer hash, before the initial state is added: `u - outer`.
    raw_abef: Vector,
    raw_cdgh: Vector,
    /// The accumulator. The assembly adds the *previous* `u` at each iteration, so it runs one behind: see `new` and `finish`.
    acc_ab: Vector,
    acc_cd: Vector,
}

impl Frame {
    fn new(lane: &Lane) -> Self {
        let [inner_ab, inner_cd] = message_order(&lane.inner);
        let [outer_ab, outer_cd] = message_order(&lane.outer);
        let [raw_ab, raw_cd] = message_order(&combine(&lane.u, &lane.outer, u32::wrapping_sub));
        let [acc_ab, acc_cd] = message_order(&combine(&lane.acc, &lane.u, |sum, word| sum ^ word));
        let start = |ab: Vector, cd: Vector| {
            let [a, b, c, d] = [0, 1, 2, 3].map(|round| ROUND_CONSTANTS[round]);
            [combine(&ab, &[a, b, 0, 0], u32::wrapping_add), combine(&cd, &[c, d, 0, 0], u32::wrapping_add)]
        };
        let [inner_start_ab, inner_start_cd] = start(inner_ab, inner_cd);
        let [outer_start_ab, outer_start_cd] = start(outer_ab, outer_cd);
        Self {
            inner_abef: reversed(inner_ab),
            inner_cdgh: reversed(inner_cd),
            inner_ab,
            inner_cd,
            inner_start_ab,
            inner_start_cd,
            outer_abef: reversed(outer_ab),
            outer_cdgh: reversed(outer_cd),
            outer_ab,
            outer_cd,
            outer_start_ab,
            outer_start_cd,
            raw_abef: reversed(raw_ab),
            raw_cdgh: reversed(raw_cd),
            acc_ab,
            acc_cd,
        }
    }

    fn finish(&self, lane: &mut Lane) {
        let raw = canonical_order(reversed(self.raw_abef), reversed(self.raw_cdgh));
        lane.u = combine(&raw, &lane.outer, u32::wrapping_add);
        lane.acc = combine(&canonical_order(self.acc_ab, self.acc_cd), &lane.u, |sum, word| sum ^ word);
    }
}

fn combine<const N: usize>(left: &[u32; N], right: &[u32; N], operation: impl Fn(u32, u32) -> u32) -> [u32; N] {
    std::array::from_fn(|word| operation(left[word], right[word]))
}

fn message_order(&[a, b, c, d, e, f, g, h]: &[u32; STATE_WORDS]) -> [Vector; 2] {
    [[a, b, e, f], [c, d, g, h]]
}

fn canonical_order([a, b, e, f]: Vector, [c, d, g, h]: Vector) -> [u32; STATE_WORDS] {
    [a, b, c, d, e, f, g, h]
}

fn reversed([a, b, c, d]: Vector) -> Vector {
    [d, c, b, a]
}

// The pieces of the assembly. In each, `$l` is the lane ("0" or "1"): {a0} is (a, b, e, f), {c0} is (c, d, g, h), {p0} {q0} {r0}
// {s0} are sixteen message words, {t0} is a scratch register and {f0} points to the frame; {k} points to `Constants`. rustfmt
// would give every argument of `concat!` a line; here a line is an instruction.

/// Loads the state of one hash into the registers that a run begins with.
#[rustfmt::skip]
macro_rules! load {
    ($l:literal) => {
        concat!("vmovdqa {a", $l, "}, [{f", $l, "} + {raw_abef}]\n", "vmovdqa {c", $l, "}, [{f", $l, "} + {raw_cdgh}]\n")
    };
}

/// Stores what `load` loaded.
#[rustfmt::skip]
macro_rules! store {
    ($l:literal) => {
        concat!("vmovdqa [{f", $l, "} + {raw_abef}], {a", $l, "}\n", "vmovdqa [{f", $l, "} + {raw_cdgh}], {c", $l, "}\n")
    };
}

/// Ends the hash `$last` and begins the hash `$next`: rounds 0 to 3 on the raw words.
#[rustfmt::skip]
macro_rules! begin {
    ($l:literal, $last:literal, $next:literal) => {
        concat!(
            "vpshufd {s", $l, "}, {c", $l, "}, 0x1b\n",
            "vpshufd {r", $l, "}, {a", $l, "}, 0x1b\n",
            "vpaddd xmm0, {r", $l, "}, [{f", $l, "} + {", $last, "_start_ab}]\n",
            "vmovdqa {a", $l, "}, [{f", $l, "} + {", $next, "_abef}]\n",
            "vmovdqa {c", $l, "}, [{f", $l, "} + {", $next, "_cdgh}]\n",
            "sha256rnds2 {c", $l, "}, {a", $l, "}\n",
            "vpaddd xmm0, {s", $l, "}, [{f", $l, "} + {", $last, "_start_cd}]\n",
            "sha256rnds2 {a", $l, "}, {c", $l, "}\n",
        )
    };
}

/// The digest of `$last`, which is message words 0 to 7.
#[rustfmt::skip]
macro_rules! digest {
    ($l:literal, $last:literal) => {
        concat!(
            "vpaddd {r", $l, "}, {r", $l, "}, [{f", $l, "} + {", $last, "_ab}]\n",
            "vpaddd {s", $l, "}, {s", $l, "}, [{f", $l, "} + {", $last, "_cd}]\n",
            "vpunpcklqdq {p", $l, "}, {r", $l, "}, {s", $l, "}\n",
            "vpunpckhqdq {q", $l, "}, {r", $l, "}, {s", $l, "}\n",
        )
    };
}

/// The digest of the outer hash, which is a `u`: the same, and adds it to the accumulator.
#[rustfmt::skip]
macro_rules! digest_and_accumulate {
    ($l:literal, $last:literal) => {
        concat!(
            digest!($l, $last),
            "vpxor {r", $l, "}, {r", $l, "}, [{f", $l, "} + {acc_ab}]\n",
            "vpxor {s", $l, "}, {s", $l, "}, [{f", $l, "} + {acc_cd}]\n",
            "vmovdqa [{f", $l, "} + {acc_ab}], {r", $l, "}\n",
            "vmovdqa [{f", $l, "} + {acc_cd}], {s", $l, "}\n",
        )
    };
}

/// Four rounds on the words in `$w`; `$k` is the offset of their constants.
#[rustfmt::skip]
macro_rules! rounds {
    ($l:literal, $w:literal, $k:literal) => {
        concat!(
            "vpaddd xmm0, {", $w, $l, "}, [{k} + ", $k, "]\n",
            "sha256rnds2 {c", $l, "}, {a", $l, "}\n",
            "vpshufd xmm0, xmm0, 0x0e\n",
            "sha256rnds2 {a", $l, "}, {c", $l, "}\n",
        )
    };
}

/// Four rounds on padding; `$low` and `$high` are the offsets of their two pairs of sums.
#[rustfmt::skip]
macro_rules! padding_rounds {
    ($l:literal, $low:literal, $high:literal) => {
        concat!(
            "vmovq xmm0, [{k} + ", $low, "]\n",
            "sha256rnds2 {c", $l, "}, {a", $l, "}\n",
            "vmovq xmm0, [{k} + ", $high, "]\n",
            "sha256rnds2 {a", $l, "}, {c", $l, "}\n",
        )
    };
}

/// Message words 16 to 19, in place of 0 to 3.
#[rustfmt::skip]
macro_rules! words_16 {
    ($l:literal) => {
        concat!("sha256msg1 {p", $l, "}, {q", $l, "}\n", "sha256msg2 {p", $l, "}, [{k} + {words_12}]\n")
    };
}

/// Message words 20 to 23, in place of 4 to 7.
#[rustfmt::skip]
macro_rules! words_20 {
    ($l:literal) => {
        concat!(
            "sha256msg1 {q", $l, "}, [{k} + {words_8}]\n",
            "vpalignr {t", $l, "}, {p", $l, "}, [{k} + {words_12}], 4\n",
            "vpaddd {q", $l, "}, {q", $l, "}, {t", $l, "}\n",
            "sha256msg2 {q", $l, "}, {p", $l, "}\n",
        )
    };
}

/// Message words 24 to 27.
#[rustfmt::skip]
macro_rules! words_24 {
    ($l:literal) => {
        concat!(
            "vpalignr {r", $l, "}, {q", $l, "}, {p", $l, "}, 4\n",
            "vpaddd {r", $l, "}, {r", $l, "}, [{k} + {words_8}]\n",
            "sha256msg2 {r", $l, "}, {q", $l, "}\n",
        )
    };
}

/// Message words 28 to 31.
#[rustfmt::skip]
macro_rules! words_28 {
    ($l:literal) => {
        concat!("vmovdqa {s", $l, "}, [{k} + {words_12}]\n", words!($l, "s", "p", "q", "r"))
    };
}

/// The next four message words, in place of those in `$w`, the oldest; `$x`, `$y`, `$z` hold the twelve that follow them.
#[rustfmt::skip]
macro_rules! words {
    ($l:literal, $w:literal, $x:literal, $y:literal, $z:literal) => {
        concat!(
            "sha256msg1 {", $w, $l, "}, {", $x, $l, "}\n",
            "vpalignr {t", $l, "}, {", $z, $l, "}, {", $y, $l, "}, 4\n",
            "vpaddd {", $w, $l, "}, {", $w, $l, "}, {t", $l, "}\n",
            "sha256msg2 {", $w, $l, "}, {", $z, $l, "}\n",
        )
    };
}

/// The hash `$next` of the digest of `$last`, on every lane of the list. Message words are made a group or two before their
/// rounds.
#[rustfmt::skip]
macro_rules! hash {
    ($last:literal, $next:literal, $digest:ident, $($l:literal)+) => {
        concat!(
            $(begin!($l, $last, $next), $digest!($l, $last),)+
            $(rounds!($l, "q", "16"), words_16!($l),)+
            $(padding_rounds!($l, "32", "40"), words_20!($l),)+
            $(padding_rounds!($l, "48", "56"), words_24!($l),)+
            $(rounds!($l, "p", "64"), words_28!($l),)+
            $(rounds!($l, "q", "80"), words!($l, "p", "q", "r", "s"),)+
            $(rounds!($l, "r", "96"), words!($l, "q", "r", "s", "p"),)+
            $(rounds!($l, "s", "112"), words!($l, "r", "s", "p", "q"),)+
            $(rounds!($l, "p", "128"), words!($l, "s", "p", "q", "r"),)+
            $(rounds!($l, "q", "144"), words!($l, "p", "q", "r", "s"),)+
            $(rounds!($l, "r", "160"), words!($l, "q", "r", "s", "p"),)+
            $(rounds!($l, "s", "176"), words!($l, "r", "s", "p", "q"),)+
            $(rounds!($l, "p", "192"), words!($l, "s", "p", "q", "r"),)+
            $(rounds!($l, "q", "208"),)+
            $(rounds!($l, "r", "224"),)+
            $(rounds!($l, "s", "240"),)+
        )
    };
}

/// The whole run, on every lane of the list: its name, its frame and its registers.
#[rustfmt::skip]
macro_rules! run_lanes {
    ($iterations:ident; $($l:literal: $frame:expr, $f:ident $a:ident $c:ident $p:ident $q:ident $r:ident $s:ident $t:ident;)+) => {
        asm!(
            // The SHA instructions have no AVX encoding, and they wait for whatever last wrote a register's upper half.
            "vzeroupper",
            $(load!($l),)+
            ".p2align 6",
            "2:",
            hash!("outer", "inner", digest_and_accumulate, $($l)+),
            hash!("inner", "outer", digest, $($l)+),
            "dec {iterations:e}",
            "jnz 2b",
            $(store!($l),)+
            // No word of a lane stays behind in a register.
            "vzeroall",
            iterations = inout(reg) $iterations => _,
            k = in(reg) &CONSTANTS,
            $(
                $f = in(reg) $frame,
                $a = out(xmm_reg) _,
                $c = out(xmm_reg) _,
                $p = out(xmm_reg) _,
                $q = out(xmm_reg) _,
                $r = out(xmm_reg) _,
                $s = out(xmm_reg) _,
                $t = out(xmm_reg) _,
            )+
            words_8 = const offset_of!(Constants, words_8),
            words_12 = const offset_of!(Constants, words_12),
            inner_abef = const offset_of!(Frame, inner_abef),
            inner_cdgh = const offset_of!(Frame, inner_cdgh),
            inner_ab = const offset_of!(Frame, inner_ab),
            inner_cd = const offset_of!(Frame, inner_cd),
            inner_start_ab = const offset_of!(Frame, inner_start_ab),
            inner_start_cd = const offset_of!(Frame, inner_start_cd),
            outer_abef = const offset_of!(Frame, outer_abef),
            outer_cdgh = const offset_of!(Frame, outer_cdgh),
            outer_ab = const offset_of!(Frame, outer_ab),
            outer_cd = const offset_of!(Frame, outer_cd),
            outer_start_ab = const offset_of!(Frame, outer_start_ab),
            outer_start_cd = const offset_of!(Frame, outer_start_cd),
            raw_abef = const offset_of!(Frame, raw_abef),
            raw_cdgh = const offset_of!(Frame, raw_cdgh),
            acc_ab = const offset_of!(Frame, acc_ab),
            acc_cd = const offset_of!(Frame, acc_cd),
            // Every vector register is overwritten, those that no operand names too.
            out("xmm0") _, out("xmm15") _,
            options(nostack),
        )
    };
}

/// Advances one lane; `iterations` is at least 1.
#[target_feature(enable = "sha,avx,sse4.1")]
fn one(frame: &mut Frame, iterations: u32) {
    let frame: *mut Frame = frame;
    // SAFETY: the caller has the instructions. The assembly reads `CONSTANTS` and reads and writes the frame, which is borrowed
    // mutably and aligned to 64 bytes; it touches no other memory and ends, since the count is at least 1.
    unsafe { run_lanes!(iterations; "0": frame, f0 a0 c0 p0 q0 r0 s0 t0;) }
}

/// Advances two lanes; `iterations` is at least 1.
#[target_feature(enable = "sha,avx,sse4.1")]
fn two(frames: &mut [Frame; 2], iterations: u32) {
    let [first, second] = frames.each_mut().map(|frame| -> *mut Frame { frame });
    // SAFETY: as in `one`, for two frames.
    unsafe { run_lanes!(iterations; "0": first, f0 a0 c0 p0 q0 r0 s0 t0; "1": second, f1 a1 c1 p1 q1 r1 s1 t1;) }
}
