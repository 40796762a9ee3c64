//! The kernel of the plain vector instruction sets: one macro, one lane in each element of a vector.
//!
//! Ordinary vector instructions know no SHA-256, so all lanes take the same step of FIPS 180-4 at once. `avx2` and `avx512`
//! instantiate the macros over their vectors, and the tests over arrays of words, so that the logic runs on any machine. They
//! are macros because a function with `#[target_feature]` is not reliably inlined, and a call would spill every vector.
//!
//! Each instantiation brings a macro `$op` with the operations `load`, `store`, `splat`, `add`, `xor`, `xor3`, `rotr`, `shr`,
//! `ch` and `maj`; the last two are FIPS 180-4, equations 4.2 and 4.3.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{BLOCK_WORDS, Lane, ROUND_CONSTANTS, STATE_WORDS};

/// The constants of rounds 16 to 63, sixteen rounds at a time.
pub(super) const SCHEDULED_ROUND_CONSTANTS: [[u32; BLOCK_WORDS]; 3] = {
    let mut constants = [[0; BLOCK_WORDS]; 3];
    let mut round = BLOCK_WORDS;
    while round < ROUND_CONSTANTS.len() {
        constants[round / BLOCK_WORDS - 1][round % BLOCK_WORDS] = ROUND_CONSTANTS[round];
        round += 1;
    }
    constants
};

/// Truth tables of functions of three bits, read at index `abc`, which AVX-512 takes as an immediate.
pub(super) mod table {
    /// a ^ b ^ c
    pub(crate) const XOR3: i32 = 0b1001_0110;
    /// Choose b where a is set, else c (FIPS 180-4, equation 4.2).
    pub(crate) const CH: i32 = 0b1100_1010;
    /// What at least two of a, b and c are (FIPS 180-4, equation 4.3).
    pub(crate) const MAJ: i32 = 0b1110_1000;
}

/// `N` lanes transposed: word `w` of lane `l` is `[w][l]`. Idle lanes are zero.
#[derive(Zeroize, ZeroizeOnDrop)]
#[repr(C, align(64))]
pub(super) struct Group<const N: usize> {
    pub inner: [[u32; N]; STATE_WORDS],
    pub outer: [[u32; N]; STATE_WORDS],
    pub u: [[u32; N]; STATE_WORDS],
    pub acc: [[u32; N]; STATE_WORDS],
}

impl<const N: usize> Group<N> {
    fn new(lanes: &[&mut Lane]) -> Self {
        let column = |word: usize, field: fn(&Lane) -> &[u32; STATE_WORDS]| {
            std::array::from_fn(|index| lanes.get(index).map_or(0, |lane| field(lane)[word]))
        };
        Self {
            inner: std::array::from_fn(|word| column(word, |lane| &lane.inner)),
            outer: std::array::from_fn(|word| column(word, |lane| &lane.outer)),
            u: std::array::from_fn(|word| column(word, |lane| &lane.u)),
            acc: std::array::from_fn(|word| column(word, |lane| &lane.acc)),
        }
    }

    fn finish(&self, lanes: &mut [&mut Lane]) {
        for (index, lane) in lanes.iter_mut().enumerate() {
            for word in 0..STATE_WORDS {
                lane.u[word] = self.u[word][index];
                lane.acc[word] = self.acc[word][index];
            }
        }
    }
}

/// Runs any number of lanes, `N` at a time.
pub(super) fn run_groups<const N: usize>(lanes: &mut [&mut Lane], mut run: impl FnMut(&mut Group<N>)) {
    for lanes in lanes.chunks_mut(N) {
        let mut group = Group::new(lanes);
        run(&mut group);
        group.finish(lanes);
    }
}

/// Round `$i` modulo 8 (FIPS 180-4, section 6.2.2, step 3) on the state `$s`, which is not moved: its names rotate instead.
macro_rules! wide_round {
    ($i:literal, $op:ident, $s:ident, $word:expr) => {
        let [a, b, c, d, e, f, g, h] = const {
            let first = (16 - $i) % 8;
            [first, first + 1, first + 2, first + 3, first + 4, first + 5, first + 6, first + 7]
        };
        let [a, b, c, d, e, f, g, h] = [a % 8, b % 8, c % 8, d % 8, e % 8, f % 8, g % 8, h % 8];
        let sum = $op!(add $op!(add $s[h], $word), $op!(ch $s[e], $s[f], $s[g]));
        let sum = $op!(add sum, $op!(xor3 $op!(rotr $s[e], 6), $op!(rotr $s[e], 11), $op!(rotr $s[e], 25)));
        $s[d] = $op!(add $s[d], sum);
        let sum = $op!(add sum, $op!(maj $s[a], $s[b], $s[c]));
        $s[h] = $op!(add sum, $op!(xor3 $op!(rotr $s[a], 2), $op!(rotr $s[a], 13), $op!(rotr $s[a], 22)));
    };
}

/// Round `$i` of the first eight, on a word of the digest.
macro_rules! wide_digest_round {
    ($i:literal, $op:ident, $s:ident, $w:ident) => {
        wide_round!($i, $op, $s, $op!(add $w[$i], $op!(splat PADDED_ROUND_CONSTANTS[$i])));
    };
}

/// Round 8 + `$i`, on padding.
macro_rules! wide_padding_round {
    ($i:literal, $op:ident, $s:ident) => {
        wide_round!($i, $op, $s, $op!(splat PADDED_ROUND_CONSTANTS[8 + $i]));
    };
}

/// Round `$i` of a later sixteen, on the next word of the schedule (FIPS 180-4, section 6.2.2, step 1), which replaces the oldest.
macro_rules! wide_scheduled_round {
    ($i:literal, $op:ident, $s:ident, $w:ident, $constants:ident) => {
        let (early, late) = ($w[($i + 1) % 16], $w[($i + 14) % 16]);
        let word = $op!(add $w[$i], $w[($i + 9) % 16]);
        let word = $op!(add word, $op!(xor3 $op!(rotr early, 7), $op!(rotr early, 18), $op!(shr early, 3)));
        $w[$i] = $op!(add word, $op!(xor3 $op!(rotr late, 17), $op!(rotr late, 19), $op!(shr late, 10)));
        wide_round!($i, $op, $s, $op!(add $w[$i], $op!(splat $constants[$i])));
    };
}

/// `$step` for 0 to 7, unrolled, so that every index is a constant and every word can stay in a register.
macro_rules! eight {
    ($step:ident, $($argument:tt)*) => {
        $step!(0, $($argument)*);
        $step!(1, $($argument)*);
        $step!(2, $($argument)*);
        $step!(3, $($argument)*);
        $step!(4, $($argument)*);
        $step!(5, $($argument)*);
        $step!(6, $($argument)*);
        $step!(7, $($argument)*);
    };
}

/// `$step` for 8 to 15.
macro_rules! eight_more {
    ($step:ident, $($argument:tt)*) => {
        $step!(8, $($argument)*);
        $step!(9, $($argument)*);
        $step!(10, $($argument)*);
        $step!(11, $($argument)*);
        $step!(12, $($argument)*);
        $step!(13, $($argument)*);
        $step!(14, $($argument)*);
        $step!(15, $($argument)*);
    };
}

/// Defines `$function(&mut Group<$lanes>, iterations)` over the operations `$op`.
macro_rules! wide_kernel {
    ($(#[$attribute:meta])* fn $function:ident, lanes: $lanes:literal, operations: $op:ident) => {
        $(#[$attribute])*
        fn $function(group: &mut Group<$lanes>, iterations: u32) {
            // Plain loops: a closure would be called from a function without the target feature.
            for _ in 0..iterations {
                let mut w = [$op!(splat 0); BLOCK_WORDS];
                for word in 0..STATE_WORDS {
                    w[word] = $op!(load &group.u[word]);
                }
                for key_state in [&group.inner, &group.outer] {
                    let mut s = [$op!(splat 0); STATE_WORDS];
                    for word in 0..STATE_WORDS {
                        s[word] = $op!(load &key_state[word]);
                        w[STATE_WORDS + word] = $op!(splat PADDING[word]);
                    }
                    eight!(wide_digest_round, $op, s, w);
                    eight!(wide_padding_round, $op, s);
                    for constants in &SCHEDULED_ROUND_CONSTANTS {
                        eight!(wide_scheduled_round, $op, s, w, constants);
                        eight_more!(wide_scheduled_round, $op, s, w, constants);
                    }
                    for word in 0..STATE_WORDS {
                        w[word] = $op!(add s[word], $op!(load &key_state[word]));
                    }
                }
                for word in 0..STATE_WORDS {
                    $op!(store &mut group.u[word], w[word]);
                    let sum = $op!(xor $op!(load &group.acc[word]), w[word]);
                    $op!(store &mut group.acc[word], sum);
                }
            }
        }
    };
}

/// The macros over arrays of words, at the width of AVX-512 and with its truth tables, for the tests.
#[cfg(test)]
pub(super) mod emulation {
    use super::super::{BLOCK_WORDS, Kernel, Lane, PADDED_ROUND_CONSTANTS, PADDING, STATE_WORDS};
    use super::{Group, SCHEDULED_ROUND_CONSTANTS, run_groups, table};

    pub(in super::super) const KERNEL: Kernel =
        Kernel { name: "emulation", widths: &[16], available: || true, run };

    fn run(lanes: &mut [&mut Lane], iterations: u32) {
        run_groups(lanes, |group| sixteen_lanes(group, iterations));
    }

    type Vector = [u32; 16];

    fn each(operation: impl Fn(usize) -> u32) -> Vector {
        std::array::from_fn(operation)
    }

    /// What `vpternlogd` does: the union of the cases in which the table holds a one.
    fn ternary(table: i32, a: Vector, b: Vector, c: Vector) -> Vector {
        let case = |word: u32, bit: usize, index: usize| if index >> bit & 1 == 1 { word } else { !word };
        each(|lane| {
            let cases = (0..8).filter(|index| table >> index & 1 == 1);
            cases.fold(0, |bits, index| {
                bits | case(a[lane], 2, index) & case(b[lane], 1, index) & case(c[lane], 0, index)
            })
        })
    }

    macro_rules! array {
        (load $words:expr) => {
            *$words
        };
        (store $words:expr, $v:expr) => {
            *$words = $v
        };
        (splat $word:expr) => {
            [$word; 16]
        };
        (add $a:expr, $b:expr) => {{
            let (a, b) = ($a, $b);
            each(|lane| a[lane].wrapping_add(b[lane]))
        }};
        (xor $a:expr, $b:expr) => {{
            let (a, b) = ($a, $b);
            each(|lane| a[lane] ^ b[lane])
        }};
        (rotr $a:expr, $bits:literal) => {{
            let a = $a;
            each(|lane| a[lane].rotate_right($bits))
        }};
        (shr $a:expr, $bits:literal) => {{
            let a = $a;
            each(|lane| a[lane] >> $bits)
        }};
        (xor3 $a:expr, $b:expr, $c:expr) => {
            ternary(table::XOR3, $a, $b, $c)
        };
        (ch $e:expr, $f:expr, $g:expr) => {
            ternary(table::CH, $e, $f, $g)
        };
        (maj $a:expr, $b:expr, $c:expr) => {
            ternary(table::MAJ, $a, $b, $c)
        };
    }

    wide_kernel!(fn sixteen_lanes, lanes: 16, operations: array);
}
