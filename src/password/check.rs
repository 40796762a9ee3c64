//! What a stored password and a submitted one lead to, and how much work it takes to say so.
//!
//! A check is a plan and a verdict, with the derivation in between, so that whoever runs derivations (one thread, or
//! a pool of lanes) decides nothing: [`Check::derivation`] says what to derive, [`Check::judge`] what it means, and
//! [`Check::shortfall`] how many iterations a failure still owes, so that all failures cost the same (P37 to P42).

use super::derivation::{Derivation, Key};
use super::encoded::{self, Format, Formats, Limits, Row};
use super::params;
use crate::constant_time;
use crate::error::Error;

/// The salt of a derivation whose result is never compared: 22 characters, like a real one.
const DUMMY_SALT: &str = "ferrauthferrauthferrau";

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

/// One password checked against one stored row.
pub struct Check<'a> {
    row: Option<Row>,
    policy: &'a Policy,
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

impl<'a> Check<'a> {
    /// Plans a check. `None` is a row that cannot even be read as text, or that there is none; it costs what any other
    /// bad row costs.
    #[must_use]
    pub fn new(encoded: Option<&str>, policy: &'a Policy) -> Self {
        let row = encoded.and_then(|encoded| encoded::parse(encoded, policy.limits));
        Self { row, policy }
    }

    /// What to derive.
    #[must_use]
    pub fn derivation(&self) -> &Derivation {
        self.row.as_ref().map_or(&self.policy.preferred, |row| &row.derivation)
    }

    /// What the derived key means; compared in constant time.
    #[must_use]
    pub fn judge(&self, derived: &Key) -> Verdict {
        // A row that did not parse is compared too, with a key that is not the derived one.
        let unlike = Key::new(derived.iter().map(|byte| !byte).collect());
        let expected = self.row.as_ref().map_or(&unlike, |row| &row.key);
        match (constant_time::equal(expected, derived), &self.row) {
            (true, Some(row)) if self.is_current(row) => Verdict::Current,
            (true, Some(_)) => Verdict::Outdated,
            _ => Verdict::Refused,
        }
    }

    /// The PBKDF2-HMAC-SHA256 iterations that a refusal still owes: a row below the policy would answer sooner than an
    /// unknown user (CVE-2016-2513). 0 for every other verdict.
    #[must_use]
    pub fn shortfall(&self, verdict: Verdict) -> u32 {
        match verdict {
            Verdict::Refused => {
                let owed = self.policy.floor.saturating_sub(self.derivation().work());
                u32::try_from(owed).unwrap_or(u32::MAX).min(params::max_iterations())
            }
            Verdict::Current | Verdict::Outdated => 0,
        }
    }

    /// Derives and judges, with all the work that a refusal owes. `None` is a password that cannot be read as text: it
    /// costs what a wrong one costs, and matches nothing.
    ///
    /// # Errors
    /// None that a row or a password can bring about; [`Error`] is the derivation's own.
    pub fn run(&self, password: Option<&[u8]>) -> Result<Verdict, Error> {
        let derived = self.derivation().derive(password.unwrap_or_default())?;
        let verdict = if password.is_some() { self.judge(&derived) } else { Verdict::Refused };
        let owed = self.shortfall(verdict);
        if owed > 0 {
            Derivation::pbkdf2_sha256(owed, DUMMY_SALT).derive(password.unwrap_or_default())?;
        }
        Ok(verdict)
    }

    /// Whether the row could be read at all.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.row.is_some()
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

/// Whether `password` is the row's, at the row's own cost alone: for callers that see to equal work themselves.
///
/// # Errors
/// None that a row or a password can bring about; [`Error`] is the derivation's own.
pub fn matches(password: &[u8], encoded: &str, formats: Formats) -> Result<bool, Error> {
    match encoded::parse(encoded, Limits::current(formats)) {
        Some(row) => Ok(constant_time::equal(&row.key, &row.derivation.derive(password)?)),
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, Policy, Preferred, Verdict};
    use crate::password::derivation::Key;
    use crate::password::encoded::{Format, Formats, write};

    const SALT: &str = "0123456789012345678901";

    fn key(byte: u8) -> Key {
        Key::new(vec![byte; 32])
    }

    fn row(iterations: u32, salt: &str) -> String {
        write(Format::Pbkdf2Sha256, iterations, salt, &key(7)).unwrap()
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
            let check = Check::new(Some(&row(iterations, salt)), &policy);
            assert_eq!(
                (check.derivation().salt().as_ref(), check.derivation().work()),
                (salt, u64::from(iterations))
            );
            assert_eq!(check.judge(&key(7)), expected);
            assert_eq!(check.judge(&key(8)), Verdict::Refused);
            assert_eq!(check.shortfall(expected), 0);
        }
    }

    #[test]
    fn test_P39_a_refusal_owes_what_a_weak_row_saved() {
        let policy = Policy::pbkdf2_sha256(1_000);
        assert_eq!(Check::new(Some(&row(400, SALT)), &policy).shortfall(Verdict::Refused), 600);
        assert_eq!(Check::new(Some(&row(2_000, SALT)), &policy).shortfall(Verdict::Refused), 0);
    }

    #[test]
    fn test_P40_a_floor_hides_costlier_rows() {
        let policy = Policy::new(Preferred::Model(&row(1_000, SALT)), Formats::strong(), 3_000).unwrap();
        for (text, owed) in [(Some(row(400, SALT)), 2_600), (Some(row(3_000, SALT)), 0), (None, 2_000)] {
            assert_eq!(Check::new(text.as_deref(), &policy).shortfall(Verdict::Refused), owed);
        }
    }

    #[test]
    fn test_P42_a_bad_row_costs_the_preferred_count_and_matches_nothing() {
        let policy = Policy::pbkdf2_sha256(1_000);
        for text in [None, Some(""), Some("!"), Some("pbkdf2_sha256$1"), Some("md5$a$b")] {
            let check = Check::new(text, &policy);
            assert_eq!(check.derivation().work(), 1_000);
            assert_eq!(check.judge(&key(0)), Verdict::Refused);
            assert_eq!(check.shortfall(Verdict::Refused), 0);
        }
    }

    #[test]
    fn test_P15_md5_verifies_only_where_it_is_listed() {
        let text = "md5$salt$67a1e09bb1f83f5007dc119c14d663aa";
        assert_eq!(super::matches(b"password", text, Formats::strong()), Ok(false));
        assert_eq!(super::matches(b"password", text, Formats::ALL), Ok(true));
    }
}
