//! Takes up the holds that an earlier run of the gateway left open.
//!
//! What is parked ended with that run, and its client has to send it again, as one does that is told
//! to come back. So what is kept of a hold is what it is recognised by: digests of the request and of
//! its object, and the terms. For a while it waits without its request; nobody sees what it would do
//! until the client is back.
//!
//! The trail says how far a hold has come. The store is written after it, and may have missed that an
//! approval was used: a hold of which the two do not say the same ends.

use std::sync::Arc;

use jiff::Timestamp;
use kguard::api::{Hold, HoldState};
use kguard::audit::Sealed;
use kguard::audit::record::Event;
use kguard::policy::HoldTerms;
use serde::{Deserialize, Serialize};

use super::slot::Slot;
use super::{COME_BACK, Holds, state_event};
use crate::record::TrailUnavailable;
use crate::store::{Filter, Query, StoreError, Waiting, Window};

/// A hold that waits has fewer entries: its opening, what has been decided, and for a plan what came
/// for it too early.
const MOST_ENTRIES: u32 = 1024;

/// What a hold is recognised by.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Standing {
    pub(super) shown: String,
    pub(super) terms: HoldTerms,
}

/// Why the holds of an earlier run cannot be taken up.
#[derive(Debug, thiserror::Error)]
pub enum NotRestored {
    /// They cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The end of one cannot be recorded.
    #[error(transparent)]
    Trail(#[from] TrailUnavailable),
}

impl Holds {
    /// Takes up what waits, and ends what cannot be taken up.
    pub async fn restore(&self) -> Result<(), NotRestored> {
        let now = self.now();
        for Waiting { hold, standing } in self.shared.store.waiting().await? {
            let standing = standing.and_then(|text| serde_json::from_str(&text).ok());
            let recorded = self.recorded(&hold).await?;
            let slot = match standing {
                _ if recorded != Some(Progress::of(&hold)) || hold.expires <= now => None,
                Some(standing) => Some(Slot::restored(hold.clone(), standing, now + COME_BACK)),
                None if hold.plan.is_some() => Some(Slot::of_plan(hold.clone())),
                None => None,
            };
            match slot {
                Some(slot) => drop(self.slots().insert(hold.id.clone(), Arc::new(slot))),
                None => self.end(hold, recorded, now).await?,
            }
        }
        Ok(())
    }

    /// Writes down what a hold is recognised by.
    pub(super) async fn keep_waiting(&self, slot: &Slot, hold: Arc<Hold>) {
        let standing = slot.standing().and_then(|of| serde_json::to_string(of).ok());
        let waiting = Waiting { hold: Hold::clone(&hold), standing };
        if let Err(error) = self.shared.store.put_waiting(&waiting).await {
            tracing::error!(hold = hold.id, %error, "a hold is not in the store; the trail has it");
        }
    }

    /// How far a hold has come by the trail; none if it does not know of it.
    async fn recorded(&self, hold: &Hold) -> Result<Option<Progress>, StoreError> {
        let filter = Filter { hold: Some(hold.id.clone()), ..Filter::default() };
        let query = Query { filter, window: Window::Newest, limit: MOST_ENTRIES };
        Ok(Progress::in_trail(&self.shared.store.entries(&query).await?))
    }

    async fn end(
        &self,
        mut hold: Hold,
        recorded: Option<Progress>,
        now: Timestamp,
    ) -> Result<(), NotRestored> {
        let is_open = |state| matches!(state, HoldState::Approved | HoldState::Pending);
        hold.state = match recorded {
            Some(Progress { state, .. }) if !is_open(state) => state,
            _ => {
                let is_over = hold.expires <= now;
                let state = if is_over { HoldState::Expired } else { HoldState::Cancelled };
                self.record(state_event(&hold.id, state)).await?;
                state
            }
        };
        Ok(self.shared.store.put_hold(&hold).await?)
    }
}

/// How far a hold has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Progress {
    state: HoldState,
    verdicts: usize,
}

impl Progress {
    fn of(hold: &Hold) -> Self {
        Self { state: hold.state, verdicts: hold.decisions.len() }
    }

    /// None if what opened the hold is not among the entries.
    fn in_trail(entries: &[Sealed]) -> Option<Self> {
        let mut progress = None;
        for entry in entries {
            match entry.record.read().ok()?.event {
                Event::Hold { .. } => {
                    progress = Some(Self { state: HoldState::Pending, verdicts: 0 });
                }
                Event::PlanSubmitted { policies, .. } => {
                    let is_free = policies.is_empty();
                    let state = if is_free { HoldState::Approved } else { HoldState::Pending };
                    progress = Some(Self { state, verdicts: 0 });
                }
                Event::HoldState { state, verdict, .. } => {
                    let so_far = progress.as_mut()?;
                    so_far.state = state;
                    so_far.verdicts += usize::from(verdict.is_some());
                }
                _ => {}
            }
        }
        progress
    }
}

#[cfg(test)]
mod tests {
    use kguard::api::Verdict;
    use kguard::audit::chain::RecordText;
    use kguard::audit::{Head, Record};

    use super::*;
    use crate::store::samples;

    fn state(state: HoldState, verdict: Option<Verdict>) -> Event {
        let by = verdict.map(|_| "bob".to_owned());
        Event::HoldState { hold: "ab2cd".into(), state, by, verdict, comment: None, grant: None }
    }

    fn submitted(policies: &[&str]) -> Event {
        Event::PlanSubmitted {
            plan: "ab2cd".into(),
            caller: samples::hold("ab2cd", HoldState::Pending, "2026-01-01T00:00:00Z").caller,
            cluster: "test".into(),
            digest: String::new(),
            writes: Vec::new(),
            policies: policies.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn progress(events: Vec<Event>) -> Option<(HoldState, usize)> {
        let mut head = Head::GENESIS;
        let seal = |event| {
            let at = Timestamp::UNIX_EPOCH;
            let sealed = head.seal(RecordText::write(&Record { at, event }).unwrap());
            head = sealed.head();
            sealed
        };
        let entries: Vec<_> = events.into_iter().map(seal).collect();
        Progress::in_trail(&entries).map(|Progress { state, verdicts }| (state, verdicts))
    }

    #[test]
    fn a_hold_has_come_as_far_as_its_last_entry_says() {
        use HoldState::{Approved, Pending, Used};
        let approve = |of| state(of, Some(Verdict::Approve));
        let held = || submitted(&["two"]);
        assert_eq!(progress(vec![held()]), Some((Pending, 0)));
        assert_eq!(progress(vec![held(), approve(Pending)]), Some((Pending, 1)));
        let approved = || vec![held(), approve(Pending), approve(Approved)];
        assert_eq!(progress(approved()), Some((Approved, 2)));
        let used = approved().into_iter().chain([state(Used, None)]).collect();
        assert_eq!(progress(used), Some((Used, 2)));
        assert_eq!(progress(vec![submitted(&[])]), Some((Approved, 0)));
    }

    #[test]
    fn what_the_trail_has_no_beginning_of_is_no_hold() {
        assert_eq!(progress(Vec::new()), None);
        assert_eq!(progress(vec![state(HoldState::Approved, Some(Verdict::Approve))]), None);
    }
}
