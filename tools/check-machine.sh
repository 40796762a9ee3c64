#!/bin/sh
# Names the first thing this machine lacks to build ferrauth, in one line, and exits 1; silent where all is there.
# Usage: check-machine.sh PYTHON
set -u
python=$1

fail() {
    echo "ferrauth: $1" >&2
    exit 1
}

# $1 is at least $2, both dotted numbers.
at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -t. -k1,1n -k2,2n | head -n 1)" = "$2" ]
}

command -v "$python" >/dev/null 2>&1 ||
    fail "no $python on PATH. Install Python 3.11 or later, or name one: make PYTHON=/path/to/python3 ..."
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) ||
    fail "$python does not run. Name a working Python 3.11 or later: make PYTHON=/path/to/python3 ..."
at_least "$version" 3.11 ||
    fail "$python is Python $version, and 3.11 is the oldest supported. Name a newer one: make PYTHON=python3.13 ..."

command -v cargo >/dev/null 2>&1 && command -v rustc >/dev/null 2>&1 ||
    fail "no Rust toolchain on PATH (cargo, rustc). Install Rust from https://rustup.rs, then try again."
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
rust=$(rustc --version | cut -d' ' -f2)
at_least "$rust" "$wanted" ||
    fail "rustc is $rust, and $wanted is the oldest that compiles the AVX-512 kernels. Run: rustup update stable"

command -v "${CC:-cc}" >/dev/null 2>&1 ||
    fail "no C compiler (${CC:-cc}) on PATH, which the signature library needs. On Debian: apt-get install gcc libc6-dev"
