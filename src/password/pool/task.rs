//! What is done for one caller: a request of the lanes, perhaps after a derivation that cannot be sliced.

use super::heavy::{self, Work};
use super::job::{Class, Job, JobBox, Outcome, Purpose, Request};
use super::{Delivery, Finished, Pool, of_this_process};
use crate::error::Error;
use crate::password::check::{DUMMY_SALT, Judge, Verdict};
use crate::password::derivation::{Derivation, Key};
use crate::password::pbkdf2::Midstates;
use crate::password::salt;
use crate::secret::SecretBytes;

/// What to do with a password.
pub enum Task<'a> {
    /// A derivation on lanes.
    Lanes(Request<'a>),
    /// A derivation on a thread of its own first.
    Heavy(Heavy),
}

/// A derivation that cannot be sliced, and what its key leads to.
pub struct Heavy {
    /// What to derive.
    pub derivation: Derivation,
    /// What for.
    pub then: Then,
}

/// What a key leads to.
pub enum Then {
    /// The key itself is asked for.
    Deliver,
    /// It is judged; what a refusal owes, or a new encoding if `renew` is set, is then derived on lanes.
    Judge {
        /// Who gives the verdict.
        judge: Judge,
        /// Whether an outdated row is encoded anew.
        renew: bool,
    },
    /// Its text is the password of a derivation on lanes: a wrapped row.
    Wrap {
        /// The salt of that derivation.
        salt: String,
        /// Its iterations.
        iterations: u32,
        /// What that is for.
        purpose: Purpose,
    },
}

impl Heavy {
    /// A job for the heavy threads.
    pub(super) fn into_work(self, password: &[u8], class: Class, delivery: Delivery) -> Work {
        let password = SecretBytes::new(password);
        let (memory, work) = (self.derivation.memory(), self.derivation.work());
        let run = Box::new(move || self.run(password.expose(), class, delivery));
        Work { memory, work, run }
    }

    fn run(self, password: &[u8], class: Class, delivery: Delivery) {
        if delivery.ticket.is_cancelled() {
            return;
        }
        let hand_over = |outcome| delivery.inbox.push(Finished { index: delivery.index, outcome });
        let key = match heavy::guarded(|| self.derivation.derive(password)) {
            Ok(key) => key,
            Err(error) => return hand_over(Outcome::Failed(error)),
        };
        let next = match self.then {
            Then::Deliver => return hand_over(Outcome::Key(key)),
            Then::Judge { judge, renew } => match judged(&judge, &key, renew) {
                Ok(next) => next.with(password),
                Err(outcome) => return hand_over(outcome),
            },
            Then::Wrap { salt, iterations, purpose } => {
                let purpose = purpose.renewing(|| Midstates::new(password));
                Next { salt, iterations, purpose }.with(self.derivation.text(&key).as_bytes())
            }
        };
        let started = of_this_process().and_then(|pool| pool.enqueue(vec![next(class, delivery.clone())]));
        if let Err(error) = started {
            hand_over(Outcome::Failed(error));
        }
    }
}

/// A derivation on lanes that follows.
struct Next {
    salt: String,
    iterations: u32,
    purpose: Purpose,
}

impl Next {
    fn with(self, password: &[u8]) -> impl FnOnce(Class, Delivery) -> JobBox + use<> {
        let midstates = Midstates::new(password);
        move |class, delivery| {
            let request = Request {
                salt: self.salt.as_bytes(),
                block: 1,
                iterations: self.iterations,
                purpose: self.purpose,
            };
            Job::new(&midstates, request, class, delivery)
        }
    }
}

/// What a verdict leads to: more work on lanes, or an outcome.
fn judged(judge: &Judge, key: &Key, renew: bool) -> Result<Next, Outcome> {
    let verdict = judge.verdict(key);
    if verdict == Verdict::Refused && judge.shortfall() > 0 {
        let purpose = Purpose::Judged { verdict, renewal: None };
        return Ok(Next { salt: DUMMY_SALT.to_owned(), iterations: judge.shortfall(), purpose });
    }
    if verdict == Verdict::Outdated
        && renew
        && let Some(iterations) = judge.renewal()
        // Without a salt the login still succeeds; the row is renewed at the next.
        && let Ok(salt) = salt::generate()
    {
        let renewal = Some((salt.clone().into_boxed_str(), iterations));
        return Ok(Next { salt, iterations, purpose: Purpose::Judged { verdict, renewal } });
    }
    Err(Outcome::Checked { verdict, renewed: None })
}

impl Pool {
    /// Starts a task whose outcome goes to `delivery`, without waiting.
    ///
    /// # Errors
    /// [`Error::ShutDown`] and [`Error::Threads`].
    pub fn start(&self, password: &[u8], task: Task<'_>, delivery: Delivery) -> Result<(), Error> {
        match task {
            Task::Lanes(request) => self.submit(password, request, delivery),
            Task::Heavy(heavy) => heavy::submit(heavy.into_work(password, Class::Login, delivery)),
        }
    }
}
