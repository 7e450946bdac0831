//! How often people are told of one caller's requests: a program gone wild must not make them deaf
//! to everybody else's. The inbox and the page show all, and whatever ran without an approval is
//! always told.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use kguard::identity::Caller;

/// Requests of one caller that are told at once, ...
const BURST: u32 = 20;

/// ... and how long it takes until one more may be.
const EACH: SignedDuration = SignedDuration::from_secs(30);

/// Callers that are remembered before those are forgotten who have been quiet.
const CALLERS: usize = 1024;

/// Whether one more is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// It is, and others would be.
    Some,
    /// It is, and the next would not be.
    Last,
    /// It is not.
    None,
}

/// What callers have used, each until when it is used up: a virtual clock that runs ahead by
/// [`EACH`] for each that is told (the generic cell rate algorithm, ITU-T I.371).
#[derive(Debug, Default)]
pub(super) struct Rates {
    used: HashMap<(String, String), Timestamp>,
}

impl Rates {
    /// Takes one of a caller's share.
    pub(super) fn take(&mut self, caller: &Caller, now: Timestamp) -> Share {
        if self.used.len() >= CALLERS {
            self.used.retain(|_, used| *used > now);
        }
        let key = (caller.issuer.clone(), caller.name.clone());
        let used = self.used.get(&key).copied().unwrap_or(now).max(now);
        let next = used.saturating_add(EACH).unwrap_or(used);
        let left = EACH * i32::try_from(BURST).unwrap_or(i32::MAX) - next.duration_since(now);
        if left.is_negative() {
            return Share::None;
        }
        self.used.insert(key, next);
        if left < EACH { Share::Last } else { Share::Some }
    }
}

#[cfg(test)]
mod tests {
    use kguard::identity::CallerKind;

    use super::*;

    fn caller(name: &str) -> Caller {
        Caller {
            name: name.to_owned(),
            uid: None,
            groups: Vec::new(),
            kind: CallerKind::Workload,
            issuer: "ci".to_owned(),
        }
    }

    #[test]
    fn who_asks_all_the_time_is_told_of_now_and_then_and_others_are_not_the_worse_for_it() {
        let mut rates = Rates::default();
        let now: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        let wild = caller("wild");
        for _ in 1..BURST {
            assert_eq!(rates.take(&wild, now), Share::Some);
        }
        assert_eq!(rates.take(&wild, now), Share::Last);
        assert_eq!(rates.take(&wild, now), Share::None);
        assert_eq!(rates.take(&caller("calm"), now), Share::Some);
        let soon = now + EACH;
        assert_eq!(rates.take(&wild, soon), Share::Last);
        assert_eq!(rates.take(&wild, soon), Share::None);
        let later = now + SignedDuration::from_hours(1);
        assert_eq!(rates.take(&wild, later), Share::Some);
    }

    #[test]
    fn quiet_callers_are_forgotten() {
        let mut rates = Rates::default();
        let now: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        for number in 0..CALLERS {
            rates.take(&caller(&number.to_string()), now);
        }
        rates.take(&caller("later"), now + SignedDuration::from_hours(1));
        assert_eq!(rates.used.len(), 1);
    }
}
