//! Tells what is news about a hold: the holds themselves only say where they stand.

use std::collections::HashMap;

use kguard::api::{Hold, HoldState, NotificationEvent};

/// What has been told of the holds that are not over.
#[derive(Default)]
pub(super) struct Tracker {
    told: HashMap<String, Told>,
}

#[derive(Clone, Copy)]
struct Told {
    escalated: bool,
    settled: bool,
}

impl Tracker {
    /// What there is to tell of a hold that has just changed.
    pub(super) fn news(&mut self, hold: &Hold) -> Option<NotificationEvent> {
        // It waited for nobody, and is told of once: what comes next closes its review.
        if hold.owes_review() {
            return Some(NotificationEvent::BreakGlass);
        }
        let escalated = hold.escalation.as_ref().is_some_and(|escalation| escalation.done);
        match (hold.state, self.told.get_mut(&hold.id)) {
            (HoldState::Pending, None) => {
                self.told.insert(hold.id.clone(), Told { escalated, settled: false });
                Some(NotificationEvent::Held)
            }
            (HoldState::Pending, Some(told)) => {
                let is_news = escalated && !told.escalated;
                told.escalated = escalated;
                is_news.then_some(NotificationEvent::Escalated)
            }
            // What was approved may wait for its requester, and is then used; one of it is enough.
            (HoldState::Approved, Some(told)) if !told.settled => {
                told.settled = true;
                Some(NotificationEvent::Settled)
            }
            (HoldState::Approved, _) | (_, None) => None,
            (_, Some(Told { settled, .. })) => {
                let is_news = !*settled;
                self.told.remove(&hold.id);
                is_news.then_some(NotificationEvent::Settled)
            }
        }
    }

    /// Forgets what is not among these: it ended while nobody looked.
    pub(super) fn keep(&mut self, holds: &[Hold]) {
        let is_there = |id: &str| holds.iter().any(|hold| hold.id == id);
        self.told.retain(|id, _| is_there(id));
    }
}

#[cfg(test)]
mod tests {
    use kguard::api::Escalation;

    use super::*;
    use crate::store::samples;

    #[test]
    fn a_run_that_broke_the_glass_is_told_and_its_review_is_not() {
        let mut hold = samples::hold("7kq4m", HoldState::Used, "2026-01-01T00:00:00Z");
        let broken = serde_json::json!({"reason": "the shop is down", "review": null});
        hold.break_glass = Some(serde_json::from_value(broken).unwrap());
        let mut tracker = Tracker::default();
        assert_eq!(tracker.news(&hold), Some(NotificationEvent::BreakGlass));
        let review =
            serde_json::json!({"by": "bob", "comment": "ok", "at": "2026-01-01T00:00:00Z"});
        hold.break_glass.as_mut().unwrap().review = Some(serde_json::from_value(review).unwrap());
        assert_eq!(tracker.news(&hold), None);
    }

    #[test]
    fn each_thing_is_told_once() {
        use HoldState::{Approved, Cancelled, Denied, Expired, Pending, Used};
        use NotificationEvent::{Escalated, Held, Settled};
        type Step = (HoldState, bool, Option<NotificationEvent>);
        let stories: [&[Step]; 6] = [
            &[
                (Pending, false, Some(Held)),
                (Pending, false, None),
                (Pending, true, Some(Escalated)),
                (Pending, true, None),
                (Approved, true, Some(Settled)),
                (Used, true, None),
            ],
            &[(Pending, false, Some(Held)), (Denied, false, Some(Settled))],
            &[(Pending, false, Some(Held)), (Expired, false, Some(Settled))],
            &[
                (Pending, false, Some(Held)),
                (Cancelled, false, Some(Settled)),
                (Cancelled, false, None),
            ],
            &[
                (Pending, false, Some(Held)),
                (Approved, false, Some(Settled)),
                (Expired, false, None),
            ],
            // Of what it never knew, it says nothing.
            &[(Used, false, None)],
        ];
        for story in stories {
            let mut tracker = Tracker::default();
            for &(state, escalated, news) in story {
                let mut hold = samples::hold("7kq4m", state, "2026-01-01T00:00:00Z");
                let at = hold.created;
                let (policy, approvers) = (String::new(), Vec::new());
                hold.escalation = Some(Escalation { policy, at, approvers, done: escalated });
                assert_eq!(tracker.news(&hold), news, "{state:?} in {story:?}");
            }
            assert!(tracker.told.is_empty());
        }
    }

    #[test]
    fn what_ended_unseen_is_forgotten() {
        let hold = samples::hold("7kq4m", HoldState::Pending, "2026-01-01T00:00:00Z");
        let mut tracker = Tracker::default();
        tracker.news(&hold);
        tracker.keep(std::slice::from_ref(&hold));
        assert_eq!(tracker.told.len(), 1);
        tracker.keep(&[]);
        assert!(tracker.told.is_empty());
    }
}
