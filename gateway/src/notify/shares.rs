//! How often people are told of one caller's requests: a program gone wild must not make them deaf
//! to everybody else's. What is not told waits, and is told when its caller's share has come back.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use kguard::api::{Hold, HoldState, NotificationEvent};
use kguard::identity::Caller;

/// Messages about one caller that are sent at once, ...
const BURST: i32 = 20;

/// ... and how long it takes until one more may be.
const EACH: SignedDuration = SignedDuration::from_secs(30);

/// Callers that are remembered before those are forgotten who have been quiet.
const CALLERS: usize = 1024;

/// Holds that are not told of and remembered; of more, the oldest are forgotten.
const UNTOLD: usize = 1024;

/// Whether one more is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// It is, and the next would be.
    Left,
    /// It is, and the next would not be.
    Last,
    /// It is not.
    Spent,
}

/// What callers have used of one target's patience.
#[derive(Debug, Default)]
pub(super) struct Shares {
    /// Until when each has used it: a virtual clock that runs ahead by [`EACH`] for each message (the
    /// generic cell rate algorithm, ITU-T I.371).
    used: HashMap<(String, String), Timestamp>,
    untold: VecDeque<String>,
}

impl Shares {
    /// Takes one for a message. A request that waits is remembered if it cannot be told of; more
    /// approvers, and what ran without an approval, are always told.
    pub(super) fn take(&mut self, event: NotificationEvent, hold: &Hold, now: Timestamp) -> Share {
        if !matches!(event, NotificationEvent::Held | NotificationEvent::Settled) {
            return Share::Left;
        }
        let share = self.of_caller(&hold.caller, now);
        if share == Share::Spent && event == NotificationEvent::Held {
            self.untold.push_back(hold.id.clone());
            if self.untold.len() > UNTOLD {
                self.untold.pop_front();
            }
        }
        share
    }

    /// Whether there is something that is not told.
    pub(super) fn owe(&self) -> bool {
        !self.untold.is_empty()
    }

    /// Those of these that are not told of and still wait, in the order in which they came. They are
    /// forgotten here.
    pub(super) fn untold<'a>(&mut self, holds: &'a [Hold]) -> Vec<&'a Hold> {
        let waits = |id: String| {
            holds.iter().find(|hold| hold.id == id && hold.state == HoldState::Pending)
        };
        self.untold.drain(..).filter_map(waits).collect()
    }

    fn of_caller(&mut self, caller: &Caller, now: Timestamp) -> Share {
        if self.used.len() >= CALLERS {
            self.used.retain(|_, used| *used > now);
        }
        let key = (caller.issuer.clone(), caller.name.clone());
        let used = self.used.get(&key).copied().unwrap_or(now);
        // However the clock was set meanwhile.
        let used = used.duration_since(now).clamp(SignedDuration::ZERO, EACH * BURST);
        let left = EACH * BURST - used;
        if left < EACH {
            return Share::Spent;
        }
        if let Ok(next) = now.checked_add(used + EACH) {
            self.used.insert(key, next);
        }
        if left < EACH * 2 { Share::Last } else { Share::Left }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::samples;

    const NOW: &str = "2026-11-26T12:00:00Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    fn hold(id: &str, caller: &str) -> Hold {
        let mut hold = samples::hold(id, HoldState::Pending, NOW);
        Arc::make_mut(&mut hold.caller).name = caller.to_owned();
        hold
    }

    /// Shares of which `wild` has none left.
    fn spent() -> Shares {
        let mut shares = Shares::default();
        let wild = hold("told", "wild");
        for _ in 1..BURST {
            assert_eq!(shares.take(NotificationEvent::Held, &wild, now()), Share::Left);
        }
        assert_eq!(shares.take(NotificationEvent::Held, &wild, now()), Share::Last);
        shares
    }

    #[test]
    fn who_asks_all_the_time_is_told_of_now_and_then_and_others_are_not_the_worse_for_it() {
        let (mut shares, wild) = (spent(), hold("more", "wild"));
        for event in [NotificationEvent::Held, NotificationEvent::Settled] {
            assert_eq!(shares.take(event, &wild, now()), Share::Spent);
        }
        for event in [NotificationEvent::Escalated, NotificationEvent::BreakGlass] {
            assert_eq!(shares.take(event, &wild, now()), Share::Left);
        }
        let calm = hold("calm", "calm");
        assert_eq!(shares.take(NotificationEvent::Held, &calm, now()), Share::Left);
        let soon = now() + EACH;
        assert_eq!(shares.take(NotificationEvent::Held, &wild, soon), Share::Last);
        assert_eq!(shares.take(NotificationEvent::Held, &wild, soon), Share::Spent);
        let later = now() + SignedDuration::from_hours(1);
        assert_eq!(shares.take(NotificationEvent::Held, &wild, later), Share::Left);
        // A clock that is set back takes nobody's share for longer than it would have been.
        let before = now() - SignedDuration::from_hours(9);
        assert_eq!(spent().take(NotificationEvent::Held, &wild, before), Share::Spent);
    }

    #[test]
    fn what_is_not_told_is_told_later_if_it_still_waits() {
        let mut shares = spent();
        let mut holds = ["a", "b", "c"].map(|id| hold(id, "wild"));
        for hold in &holds {
            assert_eq!(shares.take(NotificationEvent::Held, hold, now()), Share::Spent);
        }
        holds[1].state = HoldState::Denied;
        assert!(shares.owe());
        let untold: Vec<_> = shares.untold(&holds).iter().map(|hold| hold.id.clone()).collect();
        assert_eq!(untold, ["a", "c"]);
        assert!(!shares.owe());
    }

    #[test]
    fn quiet_callers_and_the_oldest_of_too_many_are_forgotten() {
        let mut shares = Shares::default();
        for number in 0..CALLERS {
            let hold = hold("a", &number.to_string());
            shares.take(NotificationEvent::Held, &hold, now());
        }
        let later = now() + SignedDuration::from_hours(1);
        shares.take(NotificationEvent::Held, &hold("a", "later"), later);
        assert_eq!(shares.used.len(), 1);
        let mut shares = spent();
        for number in 0..=UNTOLD {
            shares.take(NotificationEvent::Held, &hold(&number.to_string(), "wild"), now());
        }
        assert_eq!((shares.untold.len(), shares.untold[0].as_str()), (UNTOLD, "1"));
    }
}
