//! How often wrong codes and passwords may be tried.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// Wrong attempts, over all users, within [`WINDOW`].
const MAX_FAILURES: usize = 10;
const WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// The wrong attempts of late.
#[derive(Default)]
pub(super) struct Attempts(VecDeque<Timestamp>);

impl Attempts {
    /// Whether another attempt is let through.
    pub(super) fn may_try(&mut self, now: Timestamp) -> bool {
        while self.0.front().is_some_and(|at| now.duration_since(*at) >= WINDOW) {
            self.0.pop_front();
        }
        self.0.len() < MAX_FAILURES
    }

    /// An attempt that was let through was wrong.
    pub(super) fn failed(&mut self, now: Timestamp) {
        self.0.push_back(now);
    }
}
