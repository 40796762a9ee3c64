//! Every kernel against `soft`, and `soft` against the `pbkdf2` crate and RFC 7914.

use super::*;

/// SplitMix64: the tests need different words, the same at every run, and no secrets.
struct Words(u64);

impl Words {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word >> 32) as u32
    }

    fn lane(&mut self) -> Lane {
        let mut words = || std::array::from_fn(|_| self.next());
        Lane { inner: words(), outer: words(), u: words(), acc: words() }
    }
}

fn words(lane: &Lane) -> [[u32; STATE_WORDS]; 4] {
    [lane.inner, lane.outer, lane.u, lane.acc]
}

fn run(kernel: &Kernel, lanes: &mut [Lane], iterations: u32) {
    kernel.run(&mut lanes.iter_mut().collect::<Vec<_>>(), iterations);
}

fn assert_equals_soft(kernel: &Kernel) {
    let mut random = Words(7914);
    for iterations in [0, 1, 2, 3, 63, 1000] {
        for count in 0..=20 {
            let mut expected: Vec<Lane> = (0..count).map(|_| random.lane()).collect();
            let mut actual = expected.clone();
            run(&soft::KERNEL, &mut expected, iterations);
            run(kernel, &mut actual, iterations);
            for (expected, actual) in expected.iter().zip(&actual) {
                assert_eq!(
                    words(expected),
                    words(actual),
                    "{} at {count} lanes, {iterations} iterations",
                    kernel.name
                );
            }
        }
    }
}

#[test]
fn test_every_available_kernel_equals_soft() {
    for kernel in KERNELS.iter().filter(|kernel| kernel.is_available()) {
        assert_equals_soft(kernel);
    }
}

/// The AVX2 and AVX-512 kernels are one macro; here it is instantiated over plain arrays, which every machine can run.
#[test]
fn test_wide_kernel_over_arrays_equals_soft() {
    assert_equals_soft(&wide::emulation::KERNEL);
}

/// A slice of a derivation leaves the lane such that the next slice continues it, on any kernel.
#[test]
fn test_slices_continue_on_any_kernel() {
    let mut random = Words(8018);
    let start: Vec<Lane> = (0..3).map(|_| random.lane()).collect();
    let mut expected = start.clone();
    run(&soft::KERNEL, &mut expected, 60);
    let mut actual = start;
    let mut left = 60;
    for kernel in KERNELS.iter().filter(|kernel| kernel.is_available()).cycle() {
        let slice = left.min(7);
        run(kernel, &mut actual, slice);
        left -= slice;
        if left == 0 {
            break;
        }
    }
    assert_eq!(expected.iter().map(words).collect::<Vec<_>>(), actual.iter().map(words).collect::<Vec<_>>());
}

/// The first lane of a derivation, keyed plainly: a password of at most one block and a salt short enough for one block.
fn first_lane(password: &[u8], salt: &[u8], block_index: u32) -> Lane {
    const INITIAL: [u32; STATE_WORDS] =
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
    let compress = |mut state: [u32; STATE_WORDS], block: [u8; 64]| {
        sha2::block_api::compress256(&mut state, &[block]);
        state
    };
    let key = |pad: u8| {
        let mut block = [pad; 64];
        block.iter_mut().zip(password).for_each(|(byte, key)| *byte ^= key);
        compress(INITIAL, block)
    };
    let padded = |message: &[u8]| {
        let mut block = [0; 64];
        block[..message.len()].copy_from_slice(message);
        block[message.len()] = 0x80;
        block[56..].copy_from_slice(&(8 * (64 + message.len() as u64)).to_be_bytes());
        block
    };
    let (inner, outer) = (key(0x36), key(0x5c));
    let digest = compress(inner, padded(&[salt, &block_index.to_be_bytes()].concat()));
    let u = compress(outer, padded(&bytes(&digest)));
    Lane { inner, outer, u, acc: u }
}

fn bytes(words: &[u32; STATE_WORDS]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn derive(kernel: &Kernel, password: &[u8], salt: &[u8], iterations: u32, blocks: u32) -> Vec<u8> {
    let mut lanes: Vec<Lane> = (1..=blocks).map(|index| first_lane(password, salt, index)).collect();
    run(kernel, &mut lanes, iterations - 1);
    lanes.iter().flat_map(|lane| bytes(&lane.acc)).collect()
}

/// RFC 7914, section 11: PBKDF2-HMAC-SHA-256 with 64 bytes of output.
#[test]
fn test_rfc_7914_vectors() {
    let vectors: [(&[u8], &[u8], u32, &str); 2] = [
        (
            b"passwd",
            b"salt",
            1,
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc\
             49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
        ),
        (
            b"Password",
            b"NaCl",
            80000,
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56\
             a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
        ),
    ];
    for (password, salt, iterations, expected) in vectors {
        for kernel in KERNELS.iter().filter(|kernel| kernel.is_available()) {
            let output = derive(kernel, password, salt, iterations, 2);
            let hexadecimal: String = output.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hexadecimal, expected, "{}", kernel.name);
        }
    }
}

#[test]
fn test_soft_equals_the_pbkdf2_crate() {
    let mut random = Words(2104);
    for iterations in [1, 2, 3, 63, 1000] {
        let password = bytes(&std::array::from_fn(|_| random.next()));
        let salt = bytes(&std::array::from_fn(|_| random.next()));
        let mut expected = [0; 96];
        pbkdf2::pbkdf2_hmac::<sha2::Sha256>(&password, &salt, iterations, &mut expected);
        assert_eq!(derive(&soft::KERNEL, &password, &salt, iterations, 3), expected);
    }
}

#[test]
fn test_choice_by_name_names_the_choices() {
    let error = by_name("sse2").unwrap_err();
    assert_eq!(error, KernelError::Unknown("sse2".to_owned()));
    assert!(error.to_string().starts_with("unknown kernel \"sse2\"; choose from soft"), "{error}");
    for kernel in KERNELS {
        match by_name(kernel.name) {
            Ok(found) => assert!(found.is_available() && found.name == kernel.name),
            Err(error) => assert_eq!(error, KernelError::Unavailable(kernel.name)),
        }
    }
}

#[test]
fn test_forced_kernel_serves_both_purposes() {
    let forced = select(Some("soft")).unwrap();
    assert_eq!((forced.latency.name, forced.bulk.name), ("soft", "soft"));
    assert!(select(Some("")).is_err());
    let free = select(None).unwrap();
    assert!(free.latency.is_available() && free.bulk.is_available());
}

#[test]
fn test_floor_is_a_positive_time_where_it_exists() {
    assert_eq!(measure_floor(0), None);
    assert_eq!(measure_floor(1000).is_some(), by_name("sha_ni").is_ok());
}
