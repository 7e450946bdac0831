//! The sessions of this gateway, in memory: a restart logs the page out, and the issuer logs it in
//! again without a word. Kept by the digest of their ids, so that a dump of the memory holds no
//! cookie.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use kguard::identity::Caller;
use kguard::redact::Secret;

use super::attempt::random_text;
use super::config::WebError;
use super::session::{Session, Vouched};
use crate::clock::Clock;

/// Sessions of one person; the one that was unused for longest goes first.
const MAX_PER_CALLER: usize = 16;
/// Sessions of all.
const MAX: usize = 8192;

/// All sessions.
pub(super) struct Sessions {
    by_id: Mutex<HashMap<IdDigest, Arc<Session>>>,
    most: usize,
    clock: Clock,
}

type IdDigest = [u8; 32];

impl Sessions {
    /// None yet.
    pub(super) fn new(clock: Clock) -> Self {
        Self { by_id: Mutex::default(), most: MAX, clock }
    }

    /// Begins a session; its id, for the cookie alone.
    pub(super) fn begin(&self, vouched: Vouched) -> Result<Secret<String>, WebError> {
        let (id, csrf) = (random_text()?, random_text()?);
        let now = self.clock.now();
        let session = Session::begin(vouched, Secret::new(csrf), now);
        let mut sessions = self.lock();
        remove(&mut sessions, |session| session.is_over(now));
        let caller = session.caller();
        make_room(&mut sessions, MAX_PER_CALLER, |session| is_same(&session.caller(), &caller));
        make_room(&mut sessions, self.most, |_| true);
        sessions.insert(digest_of(&id), Arc::new(session));
        Ok(Secret::new(id))
    }

    /// The session of an id, which counts as used now.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Session>> {
        let now = self.clock.now();
        let session = self.lock().get(&digest_of(id)).map(Arc::clone)?;
        if session.is_over(now) {
            self.end(id);
            return None;
        }
        session.used(now);
        Some(session)
    }

    /// Ends a session.
    pub(super) fn end(&self, id: &str) {
        if let Some(session) = self.lock().remove(&digest_of(id)) {
            session.end();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IdDigest, Arc<Session>>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether two callers are one person. His groups may have changed.
pub(super) fn is_same(one: &Caller, other: &Caller) -> bool {
    one.name == other.name && one.issuer == other.issuer && one.uid == other.uid
}

/// Leaves room for one more of those that `counts`.
fn make_room(
    sessions: &mut HashMap<IdDigest, Arc<Session>>,
    most: usize,
    counts: impl Fn(&Session) -> bool,
) {
    let mut counted: Vec<_> = sessions
        .iter()
        .filter(|(_, session)| counts(session))
        .map(|(id, session)| (session.last_used(), *id))
        .collect();
    counted.sort_unstable();
    let too_many = (counted.len() + 1).saturating_sub(most);
    for (_, id) in counted.into_iter().take(too_many) {
        if let Some(session) = sessions.remove(&id) {
            session.end();
        }
    }
}

fn remove(sessions: &mut HashMap<IdDigest, Arc<Session>>, goes: impl Fn(&Session) -> bool) {
    sessions.retain(|_, session| {
        let goes = goes(session);
        if goes {
            session.end();
        }
        !goes
    });
}

fn digest_of(id: &str) -> IdDigest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, id.as_bytes()).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::super::session::tests::vouched;
    use super::*;
    use crate::clock::ManualClock;

    const FAR: i64 = 1_000_000;

    fn begin(sessions: &Sessions, name: &str) -> Secret<String> {
        sessions.begin(vouched(name, 0, FAR)).unwrap()
    }

    #[test]
    fn each_session_has_an_id_of_its_own_and_is_found_by_it_alone() {
        let sessions = Sessions::new(ManualClock::at(0).clock());
        let (one, other) = (begin(&sessions, "bob"), begin(&sessions, "bob"));
        assert_ne!(one, other);
        let csrf = |id: &Secret<String>| sessions.find(id.expose()).unwrap().csrf().clone();
        assert_ne!(csrf(&one), csrf(&other));
        for id in ["", "x", &one.expose().to_lowercase()] {
            assert!(sessions.find(id).is_none(), "{id}");
        }
    }

    #[test]
    fn a_session_that_ends_ends_what_it_is_being_told() {
        let clock = ManualClock::at(0);
        let sessions = Sessions::new(clock.clock());
        let (logged_out, idle) = (begin(&sessions, "bob"), begin(&sessions, "bob"));
        let ends = [&logged_out, &idle].map(|id| sessions.find(id.expose()).unwrap().ended());
        let [mut first, mut second] = ends.map(Box::pin);
        assert!(first.as_mut().now_or_never().is_none());
        sessions.end(logged_out.expose());
        assert!(first.now_or_never().is_some());
        assert!(sessions.find(logged_out.expose()).is_none());
        clock.advance(3600);
        assert!(second.as_mut().now_or_never().is_none());
        assert!(sessions.find(idle.expose()).is_none());
        assert!(second.now_or_never().is_some());
    }

    #[test]
    fn one_person_has_so_many_sessions_and_takes_none_from_others() {
        let clock = ManualClock::at(0);
        let sessions = Sessions::new(clock.clock());
        let carols = begin(&sessions, "carol");
        let first = begin(&sessions, "bob");
        let mut bobs = Vec::new();
        for _ in 0..MAX_PER_CALLER {
            clock.advance(1);
            bobs.push(begin(&sessions, "bob"));
        }
        assert!(sessions.find(first.expose()).is_none(), "the one unused for longest");
        assert!(bobs.iter().all(|id| sessions.find(id.expose()).is_some()));
        assert!(sessions.find(carols.expose()).is_some());
        assert_eq!(sessions.lock().len(), MAX_PER_CALLER + 1);
    }

    #[test]
    fn all_together_are_bounded_and_those_that_are_over_go_first() {
        let clock = ManualClock::at(0);
        let sessions = Sessions { most: 20, ..Sessions::new(clock.clock()) };
        for n in 0..30 {
            begin(&sessions, &n.to_string());
        }
        assert_eq!(sessions.lock().len(), 20);
        clock.advance(3600);
        begin(&sessions, "bob");
        assert_eq!(sessions.lock().len(), 1);
    }
}
