//! The floor F that one-lane figures are judged against: the latency of the state updates of one iteration.

#![cfg_attr(target_arch = "x86_64", allow(unsafe_code))]

/// `sha256rnds2` instructions in a PBKDF2 iteration: two hashes of one block, 64 rounds each, two rounds an instruction.
#[cfg(target_arch = "x86_64")]
const INSTRUCTIONS: u32 = 64;

/// Times `rounds` times 64 dependent `sha256rnds2`.
///
/// Returns F in nanoseconds an iteration, from one timing; None where the instruction is missing or `rounds` is 0.
#[cfg(target_arch = "x86_64")]
pub fn measure_floor(rounds: u32) -> Option<f64> {
    if rounds == 0 || !super::sha_ni::available() {
        return None;
    }
    let start = std::time::Instant::now();
    // SAFETY: the instructions have just been found, and the count is not 0.
    unsafe { chain(rounds) };
    Some(start.elapsed().as_secs_f64() * 1e9 / f64::from(rounds))
}

/// See the x86 version: other targets have no `sha256rnds2`, so there is no F.
#[cfg(not(target_arch = "x86_64"))]
pub fn measure_floor(_rounds: u32) -> Option<f64> {
    None
}

/// Runs `rounds` iterations of the bare chain; `rounds` is at least 1.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sha,avx,sse4.1")]
fn chain(rounds: u32) {
    // SAFETY: the caller has the instructions; the assembly touches no memory and ends, since the count is at least 1.
    unsafe {
        std::arch::asm!(
            "vzeroupper",
            "vpxor {abef}, {abef}, {abef}",
            "vpxor {cdgh}, {cdgh}, {cdgh}",
            "vpxor xmm0, xmm0, xmm0",
            "2:",
            ".rept {instructions} / 2",
            "sha256rnds2 {cdgh}, {abef}",
            "sha256rnds2 {abef}, {cdgh}",
            ".endr",
            "dec {rounds:e}",
            "jnz 2b",
            instructions = const INSTRUCTIONS,
            rounds = inout(reg) rounds => _,
            abef = out(xmm_reg) _,
            cdgh = out(xmm_reg) _,
            out("xmm0") _,
            options(nomem, nostack),
        );
    }
}
