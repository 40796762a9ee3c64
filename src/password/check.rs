//! What a stored password and a submitted one lead to, and how much work it takes to say so.
//!
//! A check is a plan and a verdict, with the derivation in between, so that the pool of lanes that runs it decides
//! nothing: [`Check::derivation`] says what to derive, [`Judge::verdict`] what it means, and [`Judge::shortfall`] how
//! many iterations a failure still owes, so that all failures cost the same (P37 to P42).

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::encoded::{self, DerivedKey, Encoded, KEY_LENGTH};
use super::pool::{Purpose, Request};
use super::salt;
use crate::constant_time;

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

/// What one stored row asks for.
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

    /// What to derive, and who judges it; see [`Check::judge`] for `is_text`. With `renew`, an outdated row is encoded
    /// anew.
    #[must_use]
    pub fn request(&self, is_text: bool, renew: bool) -> Request<'_> {
        let (salt, iterations) = self.derivation();
        let purpose = Purpose::Check { judge: self.judge(is_text), renew };
        Request { salt: salt.as_bytes(), block: 1, iterations, purpose }
    }

    /// Whether the row could be read at all.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.row.is_some()
    }

    /// What will judge the derived key. A password that is no text (`is_text` false) costs what a wrong one costs, and
    /// matches nothing.
    #[must_use]
    pub fn judge(&self, is_text: bool) -> Judge {
        Judge {
            // A row that did not parse is compared too, with a key that is not its own.
            expected: self.row.as_ref().map_or([0; KEY_LENGTH], |row| *row.key),
            may_match: is_text && self.row.is_some(),
            is_current: self.row.as_ref().is_some_and(|row| self.is_current(row)),
            iterations: self.derivation().1,
            preferred_iterations: self.policy.preferred_iterations,
        }
    }

    /// Higher counts are kept: a row is never weakened (P52).
    fn is_current(&self, row: &Encoded<'_>) -> bool {
        row.iterations >= self.policy.preferred_iterations && salt::is_long_enough(row.salt)
    }
}

/// What a derived key means for one row: the part of a [`Check`] that outlives the row's text. Wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Judge {
    expected: [u8; KEY_LENGTH],
    may_match: bool,
    is_current: bool,
    iterations: u32,
    preferred_iterations: u32,
}

impl Judge {
    /// What the derived key means; compared in constant time.
    #[must_use]
    pub fn verdict(&self, derived: &DerivedKey) -> Verdict {
        let is_equal = constant_time::equal(&self.expected, derived.as_slice());
        match (is_equal & self.may_match, self.is_current) {
            (true, true) => Verdict::Current,
            (true, false) => Verdict::Outdated,
            (false, _) => Verdict::Refused,
        }
    }

    /// The iterations that a refusal still owes: a row below the policy would answer sooner than an unknown user
    /// (CVE-2016-2513).
    #[must_use]
    pub fn shortfall(&self) -> u32 {
        self.preferred_iterations.saturating_sub(self.iterations)
    }

    #[cfg(test)]
    pub(super) fn is_wiped(&self) -> bool {
        self.expected == [0; KEY_LENGTH]
    }

    /// The count that an outdated row is encoded anew with.
    #[must_use]
    pub fn preferred_iterations(&self) -> u32 {
        self.preferred_iterations
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
            assert_eq!(check.judge(true).verdict(&key(7)), expected);
            assert_eq!(check.judge(true).verdict(&key(8)), Verdict::Refused);
            assert_eq!(check.judge(false).verdict(&key(7)), Verdict::Refused);
        }
    }

    #[test]
    fn test_P39_a_refusal_owes_what_a_weak_row_saved() {
        let weak = row(400, SALT);
        assert_eq!(Check::new(Some(&weak), POLICY).judge(true).shortfall(), 600);
        let strong = row(2_000, SALT);
        assert_eq!(Check::new(Some(&strong), POLICY).judge(true).shortfall(), 0);
    }

    #[test]
    fn test_P42_a_bad_row_costs_the_preferred_count_and_matches_nothing() {
        for text in [None, Some(""), Some("!"), Some("pbkdf2_sha256$1"), Some("md5$a$b")] {
            let check = Check::new(text, POLICY);
            assert_eq!(check.derivation().1, 1_000);
            assert_eq!(check.judge(true).verdict(&key(0)), Verdict::Refused);
            assert_eq!(check.judge(true).shortfall(), 0);
        }
    }
}
