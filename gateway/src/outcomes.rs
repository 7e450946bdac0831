//! What became of the requests of sessions that have just ended, so that `kguard` can end with the
//! right code. It is noted before a request is answered; a client that asks after the answer gets
//! it whatever way its session's events took.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kguard::api::SessionOutcome;
use kguard::identity::Caller;
use uuid::Uuid;

/// A client asks as soon as its program has ended; one that has not by then, never will.
const REMEMBERED: Duration = Duration::from_hours(1);
/// Sessions of one caller. They are his own choice, so whoever makes up many forgets his own.
const MOST_SESSIONS: usize = 64;
/// Callers whose sessions are remembered.
const MOST_CALLERS: usize = 4096;

/// The outcomes of sessions, by caller.
#[derive(Default)]
pub struct Outcomes(Mutex<HashMap<Key, VecDeque<Noted>>>);

/// A caller's name and issuer.
type Key = (String, String);

struct Noted {
    session: Uuid,
    outcome: SessionOutcome,
    at: Instant,
}

impl Outcomes {
    /// Adds to what became of a session.
    pub fn note(&self, session: Option<Uuid>, caller: &Caller, new: SessionOutcome) {
        let Some(session) = session.filter(|_| new != SessionOutcome::default()) else { return };
        let mut outcomes = self.lock();
        if outcomes.len() >= MOST_CALLERS && !outcomes.contains_key(&key(caller)) {
            outcomes.retain(|_, of| of.back().is_some_and(Noted::is_fresh));
            if outcomes.len() >= MOST_CALLERS {
                return;
            }
        }
        let own = outcomes.entry(key(caller)).or_default();
        own.retain(Noted::is_fresh);
        let before = own.iter().position(|noted| noted.session == session);
        let before = before.and_then(|at| own.remove(at));
        let before = before.map_or_else(SessionOutcome::default, |noted| noted.outcome);
        if own.len() >= MOST_SESSIONS {
            own.pop_front();
        }
        let outcome = SessionOutcome {
            refused: before.refused || new.refused,
            timed_out: before.timed_out || new.timed_out,
        };
        own.push_back(Noted { session, outcome, at: Instant::now() });
    }

    /// What became of a caller's session.
    pub fn of(&self, session: Uuid, caller: &Caller) -> SessionOutcome {
        let outcomes = self.lock();
        let mut own = outcomes.get(&key(caller)).into_iter().flatten();
        own.find(|noted| noted.session == session)
            .map_or_else(SessionOutcome::default, |noted| noted.outcome)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, VecDeque<Noted>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    fn is_fresh(&self) -> bool {
        self.at.elapsed() < REMEMBERED
    }
}

fn key(caller: &Caller) -> Key {
    (caller.name.clone(), caller.issuer.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples;

    const REFUSED: SessionOutcome = SessionOutcome { refused: true, timed_out: false };
    const TIMED_OUT: SessionOutcome = SessionOutcome { refused: false, timed_out: true };

    fn caller(name: &str) -> Caller {
        serde_json::from_value(samples::caller(name)).unwrap()
    }

    #[test]
    fn a_session_is_its_callers_own_and_adds_up() {
        let (outcomes, session) = (Outcomes::default(), Uuid::new_v4());
        outcomes.note(Some(session), &caller("alice"), REFUSED);
        outcomes.note(Some(session), &caller("alice"), TIMED_OUT);
        outcomes.note(None, &caller("alice"), REFUSED);
        let both = SessionOutcome { refused: true, timed_out: true };
        assert_eq!(outcomes.of(session, &caller("alice")), both);
        assert_eq!(outcomes.of(session, &caller("bob")), SessionOutcome::default());
        assert_eq!(outcomes.of(Uuid::new_v4(), &caller("alice")), SessionOutcome::default());
    }

    #[test]
    fn whoever_makes_up_sessions_forgets_only_his_own() {
        let (outcomes, session) = (Outcomes::default(), Uuid::new_v4());
        outcomes.note(Some(session), &caller("alice"), REFUSED);
        outcomes.note(Some(session), &caller("mallory"), REFUSED);
        for _ in 0..MOST_SESSIONS {
            outcomes.note(Some(Uuid::new_v4()), &caller("mallory"), REFUSED);
        }
        assert_eq!(outcomes.of(session, &caller("mallory")), SessionOutcome::default());
        assert_eq!(outcomes.of(session, &caller("alice")), REFUSED);
    }
}
