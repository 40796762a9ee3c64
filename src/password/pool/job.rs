//! One derivation: what a lane works on, and what its end leads to.

use zeroize::Zeroize;

use super::inbox::{Delivery, Finished};
use crate::error::Error;
use crate::password::check::{Judge, Verdict};
use crate::password::derivation::Key;
use crate::password::encoded::{self, Format};
use crate::password::lanes::Lane;
use crate::password::pbkdf2::{self, Midstates};
use crate::password::salt;

/// Who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Someone, for this very job.
    Login,
    /// A program, for many.
    Bulk,
}

/// What a derived key is for.
pub enum Purpose {
    /// The key itself is asked for.
    Derive,
    /// An encoded password.
    Make {
        /// The format to write.
        format: Format,
        /// The salt, which [`encoded::check_salt`] has accepted.
        salt: Box<str>,
        /// The count to write.
        iterations: u32,
    },
    /// A verdict; and a new encoding, if `renew` is set and the row turns out to be outdated.
    Check {
        /// Who gives the verdict.
        judge: Judge,
        /// Whether an outdated row is encoded anew.
        renew: bool,
    },
    /// The verdict has been given. The lane works on a new encoding, or only to cost what every refusal costs.
    Judged {
        /// The verdict.
        verdict: Verdict,
        /// Salt and count of the new encoding.
        renewal: Option<(Box<str>, u32)>,
    },
}

impl Purpose {
    /// As it is, for a lane whose password is another row's hash: where an outdated row is encoded anew, it is from the
    /// password that `midstates` keys.
    pub(super) fn renewing(self, midstates: impl FnOnce() -> Midstates) -> Self {
        match self {
            Self::Check { judge, renew: true } => {
                Self::Check { judge: judge.renewing_from(midstates()), renew: true }
            }
            other => other,
        }
    }
}

/// What a job led to.
#[derive(Debug)]
pub enum Outcome {
    /// Of [`Purpose::Derive`].
    Key(Key),
    /// Of [`Purpose::Make`].
    Encoded(String),
    /// Of [`Purpose::Check`].
    Checked {
        /// What the password is to the row.
        verdict: Verdict,
        /// What to store instead of the row.
        renewed: Option<String>,
    },
    /// A worker failed, which is a bug of ours; the password was neither accepted nor refused.
    Failed(Error),
}

/// What to derive, beside the password.
pub struct Request<'a> {
    /// The salt.
    pub salt: &'a [u8],
    /// The index of the output block, from 1 (RFC 8018, section 5.2).
    pub block: u32,
    /// The iteration count, at least 1.
    pub iterations: u32,
    /// What for.
    pub purpose: Purpose,
}

/// A request under way. Holds no password, only what HMAC keeps of it. Wiped on drop, wherever that happens.
pub(super) struct Job {
    pub(super) lane: Lane,
    purpose: Purpose,
    /// Iterations until the lane's present derivation ends.
    pub(super) remaining: u32,
    pub(super) class: Class,
    delivery: Delivery,
}

/// A job stays where it was made: moved by value, it would leave copies of its secrets behind.
pub(super) type JobBox = Box<Job>;

impl Job {
    pub(super) fn new(password: &Midstates, request: Request<'_>, class: Class, delivery: Delivery) -> JobBox {
        Box::new(Self {
            lane: password.lane(request.salt, request.block),
            purpose: request.purpose,
            // The lane starts with its first iteration done.
            remaining: request.iterations.saturating_sub(1),
            class,
            delivery,
        })
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.delivery.ticket.is_cancelled()
    }

    /// Iterations that are still to run, as far as can be told before the verdict: a refusal's shortfall counts.
    pub(super) fn work(&self) -> u64 {
        let owed = match &self.purpose {
            Purpose::Check { judge, .. } => judge.shortfall(),
            _ => 0,
        };
        u64::from(self.remaining) + u64::from(owed)
    }

    /// Draws the conclusion of a lane at its end. True if the job is done; false if the lane goes on, because a
    /// refusal owes more work or an outdated row is encoded anew.
    pub(super) fn settle(&mut self) -> bool {
        let Purpose::Check { judge, renew } = &self.purpose else { return true };
        let verdict = judge.verdict(pbkdf2::output(&self.lane).as_slice());
        let mut renewal = None;
        if verdict == Verdict::Refused {
            self.remaining = judge.shortfall();
        } else if verdict == Verdict::Outdated && *renew {
            // Without a salt the login still succeeds; the row is renewed at the next.
            if let (Some(iterations), Ok(salt)) = (judge.renewal(), salt::generate()) {
                self.lane = judge.password(&self.lane).lane(salt.as_bytes(), 1);
                self.remaining = iterations - 1;
                renewal = Some((salt.into_boxed_str(), iterations));
            }
        }
        self.purpose = Purpose::Judged { verdict, renewal };
        self.remaining == 0
    }

    /// Hands over what the job led to.
    pub(super) fn deliver(self: Box<Self>) {
        let outcome = self.outcome();
        self.hand_over(outcome);
    }

    /// Hands over that a worker failed.
    pub(super) fn fail(self: Box<Self>) {
        self.hand_over(Outcome::Failed(Error::WorkerFailed));
    }

    fn hand_over(&self, outcome: Outcome) {
        self.delivery.inbox.push(Finished { index: self.delivery.index, outcome });
    }

    fn outcome(&self) -> Outcome {
        let key = pbkdf2::output(&self.lane);
        match &self.purpose {
            Purpose::Derive => Outcome::Key(Key::new(key.to_vec())),
            Purpose::Make { format, salt, iterations } => {
                match encoded::write(*format, *iterations, salt, &*key) {
                    Ok(text) => Outcome::Encoded(text),
                    Err(error) => Outcome::Failed(error),
                }
            }
            Purpose::Judged { verdict, renewal } => {
                let write = |(salt, count): &(Box<str>, u32)| {
                    encoded::write(Format::Pbkdf2Sha256, *count, salt, &*key).ok()
                };
                let renewed = renewal.as_ref().and_then(write);
                Outcome::Checked { verdict: *verdict, renewed }
            }
            Purpose::Check { .. } => Outcome::Failed(Error::WorkerFailed),
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.lane.zeroize();
        if let Purpose::Check { judge, .. } = &mut self.purpose {
            judge.zeroize();
        }
        #[cfg(test)]
        super::tests::wiping::record(&self.delivery.ticket, self.is_wiped());
    }
}

#[cfg(test)]
impl Job {
    fn is_wiped(&self) -> bool {
        let words = [self.lane.inner, self.lane.outer, self.lane.u, self.lane.acc];
        let is_judge_wiped = match &self.purpose {
            Purpose::Check { judge, .. } => judge.is_wiped(),
            _ => true,
        };
        words == [[0; 8]; 4] && is_judge_wiped
    }
}
