//! What a stored password and a submitted one lead to, and how much work it takes to say so.
//!
//! A check is a plan and a verdict, with the derivation in between, so that whoever runs derivations (one thread, or
//! a pool of lanes) decides nothing: [`Check::new`] says what to derive, [`Check::judge`] what it means, and
//! [`Check::shortfall`] how many iterations a failure still owes, so that all failures cost the same (P37 to P42).

use super::encoded::{self, DerivedKey, Encoded, KEY_LENGTH};
use super::{derive_key, salt};
use crate::constant_time;
use crate::error::Error;

/// The salt of a derivation whose result is never compared: 22 characters, like a real one.
const DUMMY_SALT: &str = "ferrauthferrauthferrau";

/// What a password costs here.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// The count of a new password, and the work of every failure.
    pub preferred_iterations: u32,
    /// The highest count that a row may ask for.
    pub max_iterations: u32,
}

/// One password checked against one stored row.
pub struct Check<'a> {
    row: Option<Encoded<'a>>,
    policy: Policy,
}

/// The outcome of a [`Check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The password is not the row's, or the row is nobody's.
    Refused,
    /// The password is the row's, and the row meets the policy.
    Current,
    /// The password is the row's, but the row has fewer iterations or a shorter salt than a new one would.
    Outdated,
}

impl<'a> Check<'a> {
    /// Plans a check. `None` is a row that cannot even be read as text; it costs what any other bad row costs.
    #[must_use]
    pub fn new(encoded: Option<&'a str>, policy: Policy) -> Self {
        let row = encoded.and_then(|encoded| encoded::parse(encoded, policy.max_iterations));
        Self { row, policy }
    }

    /// The salt and the count to derive with.
    #[must_use]
    pub fn derivation(&self) -> (&str, u32) {
        match &self.row {
            Some(row) => (row.salt, row.iterations),
            None => (DUMMY_SALT, self.policy.preferred_iterations),
        }
    }

    /// What the derived key means; compared in constant time.
    #[must_use]
    pub fn judge(&self, derived: &DerivedKey) -> Verdict {
        // A row that did not parse is compared too, with a key that is not the derived one.
        let mut unlike = DerivedKey::default();
        for (byte, derived) in unlike.iter_mut().zip(derived.iter()) {
            *byte = !derived;
        }
        let expected: &[u8; KEY_LENGTH] = self.row.as_ref().map_or(&unlike, |row| &row.key);
        match (constant_time::equal(expected, derived.as_slice()), &self.row) {
            (true, Some(row)) if self.is_current(row) => Verdict::Current,
            (true, Some(_)) => Verdict::Outdated,
            _ => Verdict::Refused,
        }
    }

    /// The iterations that a refusal still owes: a row below the policy would answer sooner than an unknown user
    /// (CVE-2016-2513). 0 for every other verdict.
    #[must_use]
    pub fn shortfall(&self, verdict: Verdict) -> u32 {
        match verdict {
            Verdict::Refused => self.policy.preferred_iterations.saturating_sub(self.derivation().1),
            Verdict::Current | Verdict::Outdated => 0,
        }
    }

    /// Derives on this thread and judges, with all the work that a refusal owes. `None` is a password that cannot be
    /// read as text: it costs what a wrong one costs, and matches nothing.
    ///
    /// # Errors
    /// None that a row or a password can bring about; [`Error`] is the derivation's own.
    pub fn run(&self, password: Option<&[u8]>) -> Result<Verdict, Error> {
        let (salt, iterations) = self.derivation();
        let derived = derive_key(password.unwrap_or_default(), salt, iterations)?;
        let verdict = if password.is_some() { self.judge(&derived) } else { Verdict::Refused };
        let owed = self.shortfall(verdict);
        if owed > 0 {
            derive_key(password.unwrap_or_default(), salt, owed)?;
        }
        Ok(verdict)
    }

    /// Whether the row could be read at all.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.row.is_some()
    }

    /// Higher counts are kept: a row is never weakened (P52).
    fn is_current(&self, row: &Encoded<'_>) -> bool {
        row.iterations >= self.policy.preferred_iterations && salt::is_long_enough(row.salt)
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, Policy, Verdict};
    use crate::password::encoded::{self, DerivedKey};

    const POLICY: Policy = Policy { preferred_iterations: 1_000, max_iterations: 10_000 };
    const SALT: &str = "0123456789012345678901";

    fn key(byte: u8) -> DerivedKey {
        DerivedKey::new([byte; 32])
    }

    fn row(iterations: u32, salt: &str) -> String {
        encoded::write(iterations, salt, &key(7)).unwrap()
    }

    #[test]
    fn test_verdicts() {
        for (iterations, salt, expected) in [
            (1_000, SALT, Verdict::Current),
            (2_000, SALT, Verdict::Current),
            (999, SALT, Verdict::Outdated),
            (1_000, "short", Verdict::Outdated),
        ] {
            let row = row(iterations, salt);
            let check = Check::new(Some(&row), POLICY);
            assert_eq!(check.derivation(), (salt, iterations));
            assert_eq!(check.judge(&key(7)), expected);
            assert_eq!(check.judge(&key(8)), Verdict::Refused);
            assert_eq!(check.shortfall(expected), 0);
        }
    }

    #[test]
    fn test_P39_a_refusal_owes_what_a_weak_row_saved() {
        let weak = row(400, SALT);
        assert_eq!(Check::new(Some(&weak), POLICY).shortfall(Verdict::Refused), 600);
        let strong = row(2_000, SALT);
        assert_eq!(Check::new(Some(&strong), POLICY).shortfall(Verdict::Refused), 0);
    }

    #[test]
    fn test_P42_a_bad_row_costs_the_preferred_count_and_matches_nothing() {
        for text in [None, Some(""), Some("!"), Some("pbkdf2_sha256$1"), Some("md5$a$b")] {
            let check = Check::new(text, POLICY);
            assert_eq!(check.derivation().1, 1_000);
            assert_eq!(check.judge(&key(0)), Verdict::Refused);
            assert_eq!(check.shortfall(Verdict::Refused), 0);
        }
    }
}
