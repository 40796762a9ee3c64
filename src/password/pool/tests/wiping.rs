//! The drop hook: every job that is dropped anywhere tells here whether it was wiped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::password::pool::Ticket;

/// By ticket: how many jobs were dropped, and how many of them wiped.
static DROPPED: Mutex<Option<HashMap<usize, (usize, usize)>>> = Mutex::new(None);

pub(in crate::password::pool) fn record(ticket: &Arc<Ticket>, is_wiped: bool) {
    let mut dropped = DROPPED.lock().unwrap();
    let counts = dropped.get_or_insert_default().entry(key(ticket)).or_default();
    counts.0 += 1;
    counts.1 += usize::from(is_wiped);
}

/// How many jobs of this ticket were dropped, and how many of them wiped.
pub(in crate::password::pool) fn dropped(ticket: &Arc<Ticket>) -> (usize, usize) {
    DROPPED.lock().unwrap().get_or_insert_default().get(&key(ticket)).copied().unwrap_or_default()
}

/// Forgets what an earlier ticket in the same place in memory has left.
pub(in crate::password::pool) fn forget(ticket: &Arc<Ticket>) {
    DROPPED.lock().unwrap().get_or_insert_default().remove(&key(ticket));
}

fn key(ticket: &Arc<Ticket>) -> usize {
    Arc::as_ptr(ticket).addr()
}
