//! What a stored password and a submitted one lead to, and how much work it takes to say so.
//!
//! A check is a plan and a verdict, with the derivation in between, so that the pool that runs it decides nothing:
//! [`Check::task`] says what to derive and where, [`Judge::verdict`] what it means, and [`Judge::shortfall`] how many
//! iterations a failure still owes, so that all failures cost the same (P37 to P42).

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::derivation::{Derivation, Pbkdf2};
use super::encoded::{self, Format, Formats, Limits, Row};
use super::lanes::Lane;
use super::params;
use super::pbkdf2::{Digest, Midstates};
use super::pool::{Heavy, Purpose, Request, Task, Then};
use crate::constant_time;
use crate::error::Error;

/// Bytes of the key that is compared where there is no row: a `pbkdf2_sha256` row's.
const UNLIKE_LENGTH: usize = 32;

/// The salt of a derivation whose result is never compared: 22 characters, like a real one.
pub(super) const DUMMY_SALT: &str = "ferrauthferrauthferrau";

/// What a password costs here.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The format of a new password.
    format: Format,
    /// Its derivation, with a salt that is never compared.
    preferred: Derivation,
    /// The work of every failure, in PBKDF2-HMAC-SHA256 iterations.
    floor: u64,
    limits: Limits,
}

/// What a new password is like.
#[derive(Debug, Clone, Copy)]
pub enum Preferred<'a> {
    /// A `pbkdf2_sha256` row of that many iterations.
    Iterations(u32),
    /// A row of the format and cost that this stored row has, whosever it is.
    Model(&'a str),
}

impl Policy {
    /// New passwords are `pbkdf2_sha256` rows of that many iterations; all formats but `md5` verify.
    #[must_use]
    pub fn pbkdf2_sha256(iterations: u32) -> Self {
        Self {
            format: Format::Pbkdf2Sha256,
            preferred: Derivation::pbkdf2_sha256(iterations, DUMMY_SALT),
            floor: u64::from(iterations),
            limits: Limits::current(Formats::strong()),
        }
    }

    /// New passwords are as `preferred` says, `formats` verify, and a failure is worth `floor` iterations at least,
    /// which is how rows that cost more than new ones are hidden (P40).
    ///
    /// # Errors
    /// [`Error::Model`] where the model is no row that could verify here, [`Error::Iterations`] for a floor above the
    /// cap.
    pub fn new(preferred: Preferred<'_>, formats: Formats, floor: u32) -> Result<Self, Error> {
        let limits = Limits::current(Formats::ALL);
        if floor > limits.max_iterations {
            return Err(Error::Iterations { max: limits.max_iterations });
        }
        let (format, preferred) = match preferred {
            Preferred::Iterations(count) => (Format::Pbkdf2Sha256, Derivation::pbkdf2_sha256(count, DUMMY_SALT)),
            Preferred::Model(model) => {
                let Row { format, derivation, .. } = encoded::parse(model, limits).ok_or(Error::Model)?;
                (format, derivation)
            }
        };
        let floor = preferred.work().max(u64::from(floor));
        Ok(Self { format, preferred, floor, limits: Limits { formats, ..limits } })
    }

    /// The iterations of a new `pbkdf2_sha256` row; `None` where new rows are of another format.
    #[must_use]
    pub fn iterations(&self) -> Option<u32> {
        match (&self.preferred, self.format) {
            (Derivation::Pbkdf2(preferred), Format::Pbkdf2Sha256) => Some(preferred.iterations),
            _ => None,
        }
    }

    /// The work of every failure, in PBKDF2-HMAC-SHA256 iterations.
    #[must_use]
    pub fn floor(&self) -> u64 {
        self.floor
    }
}

/// What one stored row asks for.
pub struct Check {
    row: Option<Row>,
    policy: Policy,
}

/// The outcome of a [`Check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The password is not the row's, or the row is nobody's.
    Refused,
    /// The password is the row's, and the row meets the policy.
    Current,
    /// The password is the row's, but a new row would be stronger.
    Outdated,
}

impl Check {
    /// Plans a check. `None` is a row that cannot even be read as text, or that there is none; it costs what any other
    /// bad row costs.
    #[must_use]
    pub fn new(encoded: Option<&str>, policy: Policy) -> Self {
        let row = encoded.and_then(|encoded| encoded::parse(encoded, policy.limits));
        Self { row, policy }
    }

    /// What to derive.
    #[must_use]
    pub fn derivation(&self) -> &Derivation {
        self.row.as_ref().map_or(&self.policy.preferred, |row| &row.derivation)
    }

    /// What to derive, where, and who judges it; see [`Check::judge`] for `is_text`. With `renew`, an outdated row is
    /// encoded anew, if new rows are `pbkdf2_sha256`.
    #[must_use]
    pub fn task(&self, is_text: bool, renew: bool) -> Task<'_> {
        let judge = self.judge(is_text);
        let derivation = self.derivation();
        let Derivation::Pbkdf2(Pbkdf2 { digest: Digest::Sha256, iterations, salt, over }) = derivation else {
            return Task::Heavy(Heavy { derivation: derivation.clone(), then: Then::Judge { judge, renew } });
        };
        let (iterations, purpose) = (*iterations, Purpose::Check { judge, renew });
        match over {
            None => Task::Lanes(Request { salt: salt.as_bytes(), block: 1, iterations, purpose }),
            Some(over) => Task::Heavy(Heavy {
                derivation: (**over).clone(),
                then: Then::Wrap { salt: salt.clone(), iterations, purpose },
            }),
        }
    }

    /// Whether the row could be read at all.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.row.is_some()
    }

    /// Whether a new row would be stronger; `None` where the row cannot be read.
    #[must_use]
    pub fn is_outdated(&self) -> Option<bool> {
        self.row.as_ref().map(|row| !self.is_current(row))
    }

    /// What will judge the derived key. A password that is no text (`is_text` false) costs what a wrong one costs, and
    /// matches nothing.
    #[must_use]
    pub fn judge(&self, is_text: bool) -> Judge {
        let owed = self.policy.floor.saturating_sub(self.derivation().work());
        Judge {
            // A row that did not parse is compared too, with a key that is not its own.
            expected: self.row.as_ref().map_or_else(|| vec![0; UNLIKE_LENGTH], |row| row.key.to_vec()),
            may_match: is_text && self.row.is_some(),
            is_current: self.row.as_ref().is_some_and(|row| self.is_current(row)),
            shortfall: u32::try_from(owed).unwrap_or(u32::MAX).min(params::max_iterations()),
            renewal: self.policy.iterations(),
            password: None,
        }
    }

    /// A row of another format is outdated, unless it is memory-hard: it is not weakened into one that is not.
    fn is_current(&self, row: &Row) -> bool {
        if row.format == self.policy.format {
            row.derivation.meets(&self.policy.preferred)
        } else {
            row.format.is_memory_hard()
        }
    }
}

/// What a derived key means for one row: the part of a [`Check`] that outlives the row's text. Wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Judge {
    expected: Vec<u8>,
    may_match: bool,
    is_current: bool,
    shortfall: u32,
    renewal: Option<u32>,
    /// Wipes itself.
    #[zeroize(skip)]
    password: Option<Box<Midstates>>,
}

impl Judge {
    /// What the derived key means; compared in constant time.
    #[must_use]
    pub fn verdict(&self, derived: &[u8]) -> Verdict {
        let is_equal = constant_time::equal(&self.expected, derived);
        match (is_equal & self.may_match, self.is_current) {
            (true, true) => Verdict::Current,
            (true, false) => Verdict::Outdated,
            (false, _) => Verdict::Refused,
        }
    }

    /// The PBKDF2-HMAC-SHA256 iterations that a refusal still owes: a row below the policy would answer sooner than an
    /// unknown user (CVE-2016-2513).
    #[must_use]
    pub fn shortfall(&self) -> u32 {
        self.shortfall
    }

    /// The count that an outdated row is encoded anew with; `None` where new rows are of another format, which whoever
    /// asked writes.
    #[must_use]
    pub fn renewal(&self) -> Option<u32> {
        self.renewal
    }

    /// For a wrapped row: the lane's password is the old row's hash, and this is the password itself.
    pub(super) fn renewing_from(mut self, password: Midstates) -> Self {
        self.password = Some(Box::new(password));
        self
    }

    /// The password that an outdated row is encoded anew from, where its lane has ended.
    pub(super) fn password(&self, lane: &Lane) -> Midstates {
        self.password.as_deref().map_or_else(|| Midstates::of(lane), Midstates::clone)
    }

    #[cfg(test)]
    pub(super) fn is_wiped(&self) -> bool {
        self.expected.iter().all(|byte| *byte == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, Policy, Preferred, Verdict};
    use crate::password::encoded::{Format, Formats, write};

    const SALT: &str = "0123456789012345678901";

    fn key(byte: u8) -> [u8; 32] {
        [byte; 32]
    }

    fn row(iterations: u32, salt: &str) -> String {
        write(Format::Pbkdf2Sha256, iterations, salt, &key(7)).unwrap()
    }

    fn owed(row: Option<&str>, policy: &Policy) -> u32 {
        Check::new(row, policy.clone()).judge(true).shortfall()
    }

    #[test]
    fn test_verdicts() {
        let policy = Policy::pbkdf2_sha256(1_000);
        for (iterations, salt, expected) in [
            (1_000, SALT, Verdict::Current),
            (2_000, SALT, Verdict::Current),
            (999, SALT, Verdict::Outdated),
            (1_000, "short", Verdict::Outdated),
        ] {
            let check = Check::new(Some(&row(iterations, salt)), policy.clone());
            assert_eq!(
                (check.derivation().salt().as_ref(), check.derivation().work()),
                (salt, u64::from(iterations))
            );
            assert_eq!(check.judge(true).verdict(&key(7)), expected);
            assert_eq!(check.judge(true).verdict(&key(8)), Verdict::Refused);
            assert_eq!(check.judge(false).verdict(&key(7)), Verdict::Refused);
        }
    }

    #[test]
    fn test_P39_a_refusal_owes_what_a_weak_row_saved() {
        let policy = Policy::pbkdf2_sha256(1_000);
        assert_eq!(owed(Some(&row(400, SALT)), &policy), 600);
        assert_eq!(owed(Some(&row(2_000, SALT)), &policy), 0);
    }

    #[test]
    fn test_P40_a_floor_hides_costlier_rows() {
        let policy = Policy::new(Preferred::Model(&row(1_000, SALT)), Formats::strong(), 3_000).unwrap();
        for (text, expected) in [(Some(row(400, SALT)), 2_600), (Some(row(3_000, SALT)), 0), (None, 2_000)] {
            assert_eq!(owed(text.as_deref(), &policy), expected);
        }
    }

    #[test]
    fn test_P42_a_bad_row_costs_the_preferred_count_and_matches_nothing() {
        let policy = Policy::pbkdf2_sha256(1_000);
        for text in [None, Some(""), Some("!"), Some("pbkdf2_sha256$1"), Some("md5$a$b")] {
            let check = Check::new(text, policy.clone());
            assert_eq!(check.derivation().work(), 1_000);
            assert_eq!(check.judge(true).verdict(&key(0)), Verdict::Refused);
            assert_eq!(check.judge(true).shortfall(), 0);
        }
    }

    #[test]
    fn test_P15_md5_verifies_only_where_it_is_listed() {
        let text = "md5$salt$67a1e09bb1f83f5007dc119c14d663aa";
        assert!(!Check::new(Some(text), Policy::pbkdf2_sha256(1)).is_readable());
        let policy = Policy::new(Preferred::Iterations(1), Formats::ALL, 0).unwrap();
        let check = Check::new(Some(text), policy);
        assert_eq!(check.judge(true).verdict(&check.derivation().derive(b"password").unwrap()), Verdict::Outdated);
    }
}
