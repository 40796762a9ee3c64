//! PBKDF2-HMAC-SHA256 iterations for several jobs at once, one file per instruction set.
//!
//! A [`Lane`] is one output block being computed. A [`Kernel`] advances a group of lanes by a number of iterations; all kernels
//! give the same words as `soft`, which is the oracle of the tests. The kernel is chosen once, by CPUID alone, or by the
//! environment variable `FERRAUTH_KERNEL`.
//!
//! No branch, table index or memory address depends on a lane's words: only on the number of lanes and of iterations.

use std::fmt;
use std::sync::OnceLock;

use zeroize::{Zeroize, ZeroizeOnDrop};

#[cfg(any(target_arch = "x86_64", test))]
#[macro_use]
mod wide;

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod floor;
#[cfg(target_arch = "x86_64")]
mod sha_ni;
mod soft;

pub use floor::measure_floor;

/// Names the kernel that serves every purpose, instead of the choice by CPUID.
pub const KERNEL_VARIABLE: &str = "FERRAUTH_KERNEL";

/// Words of a SHA-256 state (FIPS 180-4, section 5.3.3).
const STATE_WORDS: usize = 8;
/// Words of a SHA-256 message block (FIPS 180-4, section 5.2.1).
const BLOCK_WORDS: usize = 16;
/// Bits hashed before and in the second block of either half of HMAC: one block of key, then one digest (RFC 2104).
const HMAC_MESSAGE_BITS: u32 = (64 + 32) * 8;
/// What follows a digest in its block: a one bit, zeros, and the length of the message (FIPS 180-4, section 5.1.1).
const PADDING: [u32; STATE_WORDS] = [0x8000_0000, 0, 0, 0, 0, 0, 0, HMAC_MESSAGE_BITS];

/// The round constants (FIPS 180-4, section 4.2.2).
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", test))]
#[rustfmt::skip]
const ROUND_CONSTANTS: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// The round constants with the padding already added in rounds 8 to 15, whose message words never change.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", test))]
const PADDED_ROUND_CONSTANTS: [u32; 64] = {
    let mut sums = ROUND_CONSTANTS;
    let mut word = 0;
    while word < STATE_WORDS {
        sums[STATE_WORDS + word] = sums[STATE_WORDS + word].wrapping_add(PADDING[word]);
        word += 1;
    }
    sums
};

/// One PBKDF2-HMAC-SHA256 output block being computed; SHA-256 state words `a` to `h` in native `u32`.
///
/// An iteration sets `u` to HMAC(key, `u`) and then `acc` to `acc ^ u` (RFC 8018, section 5.2). Erased when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
#[repr(C, align(16))]
pub struct Lane {
    /// State after the key block of the inner hash (key XOR `ipad`).
    pub inner: [u32; STATE_WORDS],
    /// State after the key block of the outer hash (key XOR `opad`).
    pub outer: [u32; STATE_WORDS],
    /// The latest `U_i` of the derivation.
    pub u: [u32; STATE_WORDS],
    /// `U_1 ^ ... ^ U_i`, the output block once every iteration is done.
    pub acc: [u32; STATE_WORDS],
}

/// One way to advance lanes, for one instruction set.
pub struct Kernel {
    /// The name in `build_info()` and in `FERRAUTH_KERNEL`.
    pub name: &'static str,
    /// The lane counts that have a routine of their own, ascending.
    pub widths: &'static [usize],
    available: fn() -> bool,
    run: fn(&mut [&mut Lane], u32),
}

impl Kernel {
    /// Whether this machine has the instructions.
    pub fn is_available(&self) -> bool {
        (self.available)()
    }

    /// Advances every lane by `iterations`.
    ///
    /// Any number of lanes is right: they are split greedily into `widths`, and a remainder below the narrowest width runs in
    /// that width beside idle lanes.
    ///
    /// # Panics
    /// If the kernel is not available: its instructions would be undefined behaviour.
    pub fn run(&self, lanes: &mut [&mut Lane], iterations: u32) {
        assert!(self.is_available(), "kernel {} is not available on this machine", self.name);
        (self.run)(lanes, iterations);
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Kernel")
            .field("name", &self.name)
            .field("widths", &self.widths)
            .finish_non_exhaustive()
    }
}

/// Every kernel compiled for this target; `soft` is first and always available.
pub static KERNELS: &[Kernel] = &[
    soft::KERNEL,
    #[cfg(target_arch = "x86_64")]
    sha_ni::KERNEL,
    #[cfg(target_arch = "x86_64")]
    avx2::KERNEL,
    #[cfg(target_arch = "x86_64")]
    avx512::KERNEL,
    #[cfg(target_arch = "aarch64")]
    aarch64::KERNEL,
];

/// A kernel that panics: for tests of what a bug of ours leads to.
#[cfg(test)]
pub(crate) static FAILING: Kernel =
    Kernel { name: "failing", widths: &[1], available: || true, run: |_, _| panic!("this kernel fails") };

/// From the shortest time of one derivation to the longest.
const LATENCY_ORDER: [&str; 3] = ["sha_ni", "aarch64", "soft"];
/// From the most derivations a second to the fewest.
const BULK_ORDER: [&str; 5] = ["avx512", "sha_ni", "aarch64", "avx2", "soft"];

/// The kernels in use, chosen once.
#[derive(Clone, Copy, Debug)]
pub struct Selection {
    /// For logins: the shortest time of one derivation.
    pub latency: &'static Kernel,
    /// For bulk work: the most derivations a second.
    pub bulk: &'static Kernel,
}

/// Why a named kernel can not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KernelError {
    /// No kernel of this target has the name.
    Unknown(String),
    /// The kernel is compiled in, and this machine lacks its instructions.
    Unavailable(&'static str),
}

impl fmt::Display for KernelError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(formatter, "unknown kernel {name:?}")?,
            Self::Unavailable(name) => {
                write!(formatter, "kernel {name:?} needs instructions that this machine lacks")?
            }
        }
        formatter.write_str("; choose from")?;
        for (index, kernel) in KERNELS.iter().filter(|kernel| kernel.is_available()).enumerate() {
            write!(formatter, "{} {}", if index == 0 { "" } else { "," }, kernel.name)?;
        }
        Ok(())
    }
}

impl std::error::Error for KernelError {}

/// The kernel of this name.
///
/// # Errors
/// [`KernelError`], which names the choices, if the kernel is unknown or not available on this machine.
pub fn by_name(name: &str) -> Result<&'static Kernel, KernelError> {
    let kernel =
        KERNELS.iter().find(|kernel| kernel.name == name).ok_or_else(|| KernelError::Unknown(name.to_owned()))?;
    if kernel.is_available() { Ok(kernel) } else { Err(KernelError::Unavailable(kernel.name)) }
}

/// The kernels for logins and for bulk work, chosen at the first call and the same ever after.
///
/// # Errors
/// [`KernelError`] if `FERRAUTH_KERNEL` names a kernel that is unknown or not available.
pub fn selection() -> Result<Selection, KernelError> {
    static SELECTION: OnceLock<Result<Selection, KernelError>> = OnceLock::new();
    SELECTION
        .get_or_init(|| {
            select(std::env::var_os(KERNEL_VARIABLE).as_deref().map(|name| name.to_string_lossy()).as_deref())
        })
        .clone()
}

fn select(forced: Option<&str>) -> Result<Selection, KernelError> {
    if let Some(name) = forced {
        let kernel = by_name(name)?;
        return Ok(Selection { latency: kernel, bulk: kernel });
    }
    let first = |order: &[&str]| order.iter().find_map(|name| by_name(name).ok()).unwrap_or(&KERNELS[0]);
    Ok(Selection { latency: first(&LATENCY_ORDER), bulk: first(&BULK_ORDER) })
}

#[cfg(test)]
mod tests;
