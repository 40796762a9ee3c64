//! Raw PBKDF2, for whoever brings a salt and wants a key.

use super::batch::{self, Wait};
use super::pbkdf2::{self, Digest, Midstates};
use super::pool::{Class, Outcome, Purpose, Request};
use crate::error::Error;

/// Fills `out` with PBKDF2(password, salt, iterations): SHA-256 on the pool's lanes, one a block of 32 bytes, and the
/// others on this thread.
///
/// # Errors
/// [`Error::Iterations`] for 0, [`Error::DerivedKeyLength`] for an empty `out` or one beyond 2^32 - 1 blocks, and the
/// pool's own.
pub fn derive(
    digest: Digest,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    out: &mut [u8],
    wait: Wait<'_>,
) -> Result<(), Error> {
    if iterations == 0 {
        return Err(Error::Iterations { max: u32::MAX });
    }
    let blocks = u32::try_from(out.len().div_ceil(digest.output_length())).unwrap_or(0);
    if blocks == 0 {
        return Err(Error::DerivedKeyLength);
    }
    match digest {
        Digest::Sha256 => on_lanes(password, salt, iterations, out, wait),
        Digest::Sha1 | Digest::Sha512 => {
            pbkdf2::derive_here(digest, password, salt, iterations, out);
            Ok(())
        }
    }
}

fn on_lanes(password: &[u8], salt: &[u8], iterations: u32, out: &mut [u8], wait: Wait<'_>) -> Result<(), Error> {
    let midstates = Midstates::new(password);
    let length = Digest::Sha256.output_length();
    batch::run(
        Class::Login,
        &vec![0; out.len().div_ceil(length)],
        |batch, index| {
            // `derive` has seen to it that the number of blocks is a u32.
            let block = index as u32 + 1;
            Ok(batch.prepare(index, &midstates, Request { salt, block, iterations, purpose: Purpose::Derive }))
        },
        |index, outcome| match outcome {
            Outcome::Key(key) => {
                let chunk = &mut out[index * length..];
                let length = length.min(chunk.len());
                chunk[..length].copy_from_slice(&key[..length]);
                Ok(())
            }
            _ => Err(Error::WorkerFailed),
        },
        wait,
    )
}

#[cfg(test)]
mod tests {
    use super::derive;
    use crate::error::Error;
    use crate::password::batch::{Wait, never};
    use crate::password::pbkdf2::{Digest, iterations_executed};

    fn sha256(password: &[u8], salt: &[u8], iterations: u32, length: usize) -> Vec<u8> {
        let mut out = vec![0; length];
        derive(Digest::Sha256, password, salt, iterations, &mut out, Wait::with(&mut never)).unwrap();
        out
    }

    fn oracle(password: &[u8], salt: &[u8], iterations: u32, length: usize) -> Vec<u8> {
        let mut out = vec![0; length];
        ::pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, salt, iterations, &mut out);
        out
    }

    #[test]
    fn test_P26_equal_to_the_pbkdf2_crate_at_every_block_edge() {
        let text: Vec<u8> = (0..=255).cycle().take(300).collect();
        for password in [0, 1, 31, 32, 55, 56, 63, 64, 65, 119, 128, 129, 300] {
            for salt in [0, 1, 22, 51, 52, 55, 56, 59, 60, 61, 64, 123, 124, 128, 300] {
                for (iterations, length) in [(1, 32), (2, 1), (7, 33), (3, 96)] {
                    assert_eq!(
                        sha256(&text[..password], &text[..salt], iterations, length),
                        oracle(&text[..password], &text[..salt], iterations, length),
                        "password of {password}, salt of {salt} bytes, {iterations} iterations, {length} bytes"
                    );
                }
            }
        }
    }

    #[test]
    fn test_P27_a_long_password_equals_its_digest() {
        let long = [b'p'; 65];
        let digest = <sha2::Sha256 as sha2::Digest>::digest(long);
        assert_eq!(sha256(&long, b"salt", 3, 32), sha256(&digest, b"salt", 3, 32));
    }

    #[test]
    fn test_P28_bytes_after_a_nul_count() {
        assert_ne!(sha256(b"p\0w", b"salt", 3, 32), sha256(b"p\0X", b"salt", 3, 32));
    }

    #[test]
    fn test_counts_the_iterations_of_every_block() {
        // Other tests of this process count too, so only a lower bound can be asked for.
        let before = iterations_executed();
        sha256(b"p", b"s", 1_000, 64);
        assert!(iterations_executed() - before >= 2_000);
    }

    #[test]
    fn test_refuses_what_rfc_8018_does_not_define() {
        assert_eq!(
            derive(Digest::Sha256, b"", b"", 0, &mut [0], Wait::with(&mut never)),
            Err(Error::Iterations { max: u32::MAX })
        );
        assert_eq!(
            derive(Digest::Sha512, b"", b"", 1, &mut [], Wait::with(&mut never)),
            Err(Error::DerivedKeyLength)
        );
        assert_eq!(Digest::from_name("md5"), Err(Error::Digest));
    }
}
