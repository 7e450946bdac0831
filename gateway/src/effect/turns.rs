//! Whose effect is worked out next. One person has so many turns at once: whoever asks for the effects of
//! his own requests in a loop would keep those from the card who are to decide on them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use kguard::identity::Caller;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many effects are worked out at once, for all and for one person.
const AT_ONCE: usize = 8;
const OF_ONE: usize = 2;

/// The turns of all who look.
#[derive(Debug)]
pub(super) struct Turns {
    all: Arc<Semaphore>,
    /// Of those who wait or look, by name.
    own: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _of_all: Option<OwnedSemaphorePermit>,
    _own: Option<OwnedSemaphorePermit>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(AT_ONCE)), own: Mutex::default() }
    }
}

impl Turns {
    /// Waits for a turn of `who`: among his own first, so that he takes no other's place in the queue.
    pub(super) fn next(&self, who: &Caller) -> impl Future<Output = Turn> + Send + use<> {
        let (all, own) = (Arc::clone(&self.all), self.own(&who.name));
        async move {
            // Neither is ever closed.
            let own = own.acquire_owned().await.ok();
            Turn { _of_all: all.acquire_owned().await.ok(), _own: own }
        }
    }

    fn own(&self, name: &str) -> Arc<Semaphore> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = own.get(name).and_then(Weak::upgrade) {
            return known;
        }
        own.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Semaphore::new(OF_ONE));
        own.insert(name.to_owned(), Arc::downgrade(&turns));
        turns
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use kguard::identity::CallerKind;

    use super::*;

    fn caller(name: &str) -> Caller {
        Caller {
            name: name.to_owned(),
            groups: vec![],
            uid: None,
            kind: CallerKind::Person,
            issuer: "https://issuer.example".to_owned(),
        }
    }

    #[test]
    fn nobody_takes_the_turns_of_others() {
        let turns = Turns::default();
        let (alice, bob) = (caller("alice"), caller("bob"));
        let mut asked: Vec<_> = (0..100).map(|_| Box::pin(turns.next(&alice))).collect();
        let mut got: Vec<_> = asked.iter_mut().filter_map(FutureExt::now_or_never).collect();
        assert_eq!(got.len(), OF_ONE);
        assert!(turns.next(&bob).now_or_never().is_some());
        got.pop();
        let next = asked.iter_mut().skip(OF_ONE).find_map(FutureExt::now_or_never);
        assert!(next.is_some(), "his own next");
        drop((got, asked, next));
        assert!(turns.next(&bob).now_or_never().is_some());
        assert_eq!(turns.own.lock().unwrap().len(), 1, "who is gone is forgotten");
    }
}
