//! The holds that one approver may decide on, as a stream: those that wait, then every change.

use std::collections::VecDeque;
use std::sync::Arc;

use kguard::api::Hold;
use kguard::identity::Caller;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::{Holds, may_decide};

/// A stream of holds for one approver.
pub struct Inbox {
    holds: Holds,
    approver: Arc<Caller>,
    changes: broadcast::Receiver<Arc<Hold>>,
    ready: VecDeque<Hold>,
}

impl Inbox {
    pub(super) fn new(
        holds: Holds,
        approver: Arc<Caller>,
        changes: broadcast::Receiver<Arc<Hold>>,
    ) -> Self {
        let mut inbox = Self { holds, approver, changes, ready: VecDeque::new() };
        inbox.reload();
        inbox
    }

    /// The next hold. None when the gateway ends.
    pub async fn next(&mut self) -> Option<Hold> {
        loop {
            if let Some(hold) = self.ready.pop_front() {
                return Some(hold);
            }
            match self.changes.recv().await {
                Ok(hold) if may_decide(&hold, &self.approver) => return Some(Hold::clone(&hold)),
                Ok(_) => {}
                // An approver who cannot keep up starts over with what waits now.
                Err(RecvError::Lagged(_)) => self.reload(),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn reload(&mut self) {
        let mut pending = self.holds.pending();
        pending.retain(|hold| may_decide(hold, &self.approver));
        pending.sort_by_key(|hold| hold.created);
        self.ready = pending.into();
    }
}
