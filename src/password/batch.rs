//! Derivations whose caller waits for them: one, or many at once on every core.

use std::ops::{ControlFlow, Range};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::check::{Check, Policy, Verdict};
use super::encoded::wrapped::{self, Wrapping};
use super::encoded::{Format, Formats, Limits};
use super::pbkdf2::Midstates;
use super::pool::{self, Batch, Class, Outcome, PerProcess, Prepared, Purpose, Request, Reservation, Task, Watch};
use super::{params, salt};
use crate::error::Error;

/// Jobs that are set up at once while those before them run, at least: a stock of work that outlasts the set-up.
const CHUNK: usize = 256;

/// Bytes of passwords that are keyed at once, at most (but for a single longer one): Ctrl-C is felt in between.
const CHUNK_BYTES: usize = 1 << 20;

/// Jobs from which on it pays to set them up on several threads.
const PARALLEL: usize = 64;

/// Threads that key and salt, at most. A job's set-up takes microseconds where its derivation takes milliseconds.
const SETUP_THREADS: usize = 4;

/// How a caller waits.
pub struct Wait<'a> {
    /// The promise under which the jobs are submitted.
    pub reservation: Option<Reservation>,
    /// What it does meanwhile.
    pub watch: &'a mut Watch<'a>,
}

/// Derives one key or verdict.
///
/// # Errors
/// The pool's.
pub fn one(password: &[u8], task: Task<'_>, wait: Wait<'_>) -> Result<Outcome, Error> {
    let mut batch = Batch::new(pool::of_this_process()?, Class::Login, wait.reservation);
    batch.submit(vec![batch.prepare_task(0, password, task)])?;
    let finished = batch.receive(wait.watch)?;
    match finished.into_iter().next().map(|finished| finished.outcome) {
        Some(Outcome::Failed(error)) => Err(error),
        Some(outcome) => Ok(outcome),
        None => Err(Error::WorkerFailed),
    }
}

/// Encodes every password with a fresh salt, in order.
///
/// # Errors
/// [`Error::Iterations`], [`Error::Random`], and the pool's.
pub fn make(passwords: &[&[u8]], iterations: u32, wait: Wait<'_>) -> Result<Vec<String>, Error> {
    params::check_iterations(iterations)?;
    let mut rows = vec![String::new(); passwords.len()];
    let lengths: Vec<_> = passwords.iter().map(|password| password.len()).collect();
    let prepare = |batch: &Batch<'_>, index: usize| {
        let salt = salt::generate()?;
        let purpose =
            Purpose::Make { format: Format::Pbkdf2Sha256, salt: salt.clone().into_boxed_str(), iterations };
        let request = Request { salt: salt.as_bytes(), block: 1, iterations, purpose };
        Ok(batch.prepare(index, &Midstates::new(passwords[index]), request))
    };
    let accept = |index: usize, outcome| match outcome {
        Outcome::Encoded(row) => {
            rows[index] = row;
            Ok(())
        }
        _ => Err(Error::WorkerFailed),
    };
    run(Class::Bulk, &lengths, prepare, accept, wait)?;
    Ok(rows)
}

/// Wraps every old row, in order; `None` for one that is not old, is wrapped, or cannot be read.
///
/// # Errors
/// As for [`make`].
pub fn wrap(rows: &[&str], iterations: u32, wait: Wait<'_>) -> Result<Vec<Option<String>>, Error> {
    params::check_iterations(iterations)?;
    let limits = Limits::current(Formats::ALL);
    let plans = rows.iter().map(|row| wrapped::plan(row, limits)).collect::<Result<Vec<_>, _>>()?;
    let old: Vec<(usize, &Wrapping)> =
        plans.iter().enumerate().filter_map(|(place, plan)| Some((place, plan.as_ref()?))).collect();
    let mut texts = vec![None; rows.len()];
    let lengths: Vec<_> = old.iter().map(|(_, plan)| plan.password.len()).collect();
    let prepare = |batch: &Batch<'_>, index: usize| {
        let Wrapping { format, password, salt } = old[index].1;
        let purpose = Purpose::Make { format: *format, salt: salt.clone().into_boxed_str(), iterations };
        let request = Request { salt: salt.as_bytes(), block: 1, iterations, purpose };
        Ok(batch.prepare(index, &Midstates::new(password.as_bytes()), request))
    };
    let accept = |index: usize, outcome| match outcome {
        Outcome::Encoded(row) => {
            texts[old[index].0] = Some(row);
            Ok(())
        }
        _ => Err(Error::WorkerFailed),
    };
    run(Class::Bulk, &lengths, prepare, accept, wait)?;
    Ok(texts)
}

/// Checks every password against its row, in order. `None` stands for what could not be read as text.
///
/// # Errors
/// The pool's.
pub fn check(
    pairs: &[(Option<&[u8]>, Option<&str>)],
    policy: &Policy,
    wait: Wait<'_>,
) -> Result<Vec<bool>, Error> {
    let mut verdicts = vec![false; pairs.len()];
    let lengths: Vec<_> = pairs.iter().map(|(password, _)| password.map_or(0, <[u8]>::len)).collect();
    let prepare = |batch: &Batch<'_>, index: usize| {
        let (password, row) = pairs[index];
        let check = Check::new(row, policy.clone());
        Ok(batch.prepare_task(index, password.unwrap_or_default(), check.task(password.is_some(), false)))
    };
    let accept = |index: usize, outcome| match outcome {
        Outcome::Checked { verdict, .. } => {
            verdicts[index] = verdict != Verdict::Refused;
            Ok(())
        }
        _ => Err(Error::WorkerFailed),
    };
    run(Class::Bulk, &lengths, prepare, accept, wait)?;
    Ok(verdicts)
}

/// Runs one job for each of `lengths`, the bytes of its password. `prepare` sets a job up, on any thread; `accept`
/// takes its outcome, on this one, in any order.
pub(super) fn run(
    class: Class,
    lengths: &[usize],
    prepare: impl Fn(&Batch<'_>, usize) -> Result<Prepared, Error> + Sync,
    mut accept: impl FnMut(usize, Outcome) -> Result<(), Error>,
    wait: Wait<'_>,
) -> Result<(), Error> {
    let pool = pool::of_this_process()?;
    let mut batch = Batch::new(pool, class, wait.reservation);
    let stock = CHUNK.max(2 * pool.lanes());
    let mut next = 0;
    while next < lengths.len() || batch.outstanding() > 0 {
        if next < lengths.len() && batch.outstanding() < stock {
            let chunk = chunk(lengths, next, stock);
            next = chunk.end;
            let jobs = set_up(chunk, |index| prepare(&batch, index))?;
            batch.submit(jobs)?;
            // A chunk of long passwords takes a while to key, and Ctrl-C must be felt between two of them.
            batch.look_up(wait.watch)?;
            continue;
        }
        for finished in batch.receive(wait.watch)? {
            accept(finished.index, finished.outcome)?;
        }
    }
    Ok(())
}

/// The jobs from `start` that are set up together.
fn chunk(lengths: &[usize], start: usize, most: usize) -> Range<usize> {
    let mut end = start + 1;
    let mut bytes = lengths[start];
    while end < lengths.len() && end - start < most && bytes + lengths[end] <= CHUNK_BYTES {
        bytes += lengths[end];
        end += 1;
    }
    start..end
}

fn set_up<T: Send>(
    indices: Range<usize>,
    prepare: impl Fn(usize) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    static THREADS: PerProcess<Option<ThreadPool>> = PerProcess::new();
    if indices.len() < PARALLEL {
        return indices.map(prepare).collect();
    }
    let threads = params::threads()?.min(SETUP_THREADS);
    let start = || {
        let name = |index| format!("ferrauth-setup-{index}");
        ThreadPoolBuilder::new().num_threads(threads).thread_name(name).build().ok()
    };
    let pool = THREADS.get_or_init(start).and_then(Option::as_ref).ok_or(Error::Threads)?;
    pool.install(|| indices.into_par_iter().map(&prepare).collect())
}

impl<'a> Wait<'a> {
    /// Waits for as long as it takes, without a promise.
    pub fn with(watch: &'a mut Watch<'a>) -> Self {
        Self { reservation: None, watch }
    }
}

/// A [`Watch`] that never breaks.
///
/// # Errors
/// None; the type is that of a watch.
pub fn never(_ended: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
