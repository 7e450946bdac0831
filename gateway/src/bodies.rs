//! How much of request bodies is in memory at once. A body stays there for as long as its request
//! is decided on or held, so without a limit a few hundred parked requests could take all of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::body::SizeHint;

/// The API server's own limit for a request body (k8s.io/apiserver `pkg/server/config.go`).
pub const MAX_BODY_BYTES: usize = 3 * 1024 * 1024;
/// Of all callers, and of one.
const TOTAL_BYTES: usize = 128 * 1024 * 1024;
const CALLER_BYTES: usize = 32 * 1024 * 1024;

/// The room that there is for bodies. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct BodyRoom(Arc<Mutex<HashMap<String, usize>>>);

/// Room that one body takes, given back when dropped.
#[derive(Debug)]
pub struct Taken {
    room: BodyRoom,
    caller: String,
    bytes: usize,
}

/// Too many bodies wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many large requests are under way or wait for approval; try again in a moment")]
pub struct NoRoom;

impl BodyRoom {
    /// Takes room for a body of that size; for one that does not tell, for the largest.
    pub fn take(&self, caller: &str, size: &SizeHint) -> Result<Taken, NoRoom> {
        let upper = size.upper().and_then(|bytes| usize::try_from(bytes).ok());
        let bytes = upper.unwrap_or(MAX_BODY_BYTES).min(MAX_BODY_BYTES);
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = callers.get(caller).copied().unwrap_or_default();
        if bytes > 0 {
            if own + bytes > CALLER_BYTES || callers.values().sum::<usize>() + bytes > TOTAL_BYTES {
                return Err(NoRoom);
            }
            callers.insert(caller.to_owned(), own + bytes);
        }
        Ok(Taken { room: self.clone(), caller: caller.to_owned(), bytes })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut callers = self.room.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(own) = callers.get_mut(&self.caller) else { return };
        *own = own.saturating_sub(self.bytes);
        if *own == 0 {
            callers.remove(&self.caller);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_takes_no_more_than_his_share_and_gives_it_back() {
        let room = BodyRoom::default();
        let unknown = SizeHint::default();
        let mut taken = Vec::new();
        while let Ok(more) = room.take("alice", &unknown) {
            taken.push(more);
        }
        assert_eq!(taken.len(), CALLER_BYTES / MAX_BODY_BYTES);
        assert!(room.take("alice", &SizeHint::with_exact(0)).is_ok());
        assert!(room.take("bob", &unknown).is_ok());
        taken.pop();
        assert!(room.take("alice", &unknown).is_ok());
        drop(taken);
        assert!(room.0.lock().unwrap().is_empty());
    }

    #[test]
    fn all_callers_together_are_limited() {
        let room = BodyRoom::default();
        let take = |caller: usize| room.take(&caller.to_string(), &SizeHint::default());
        let taken: Vec<_> = (0..1000).map_while(|caller| take(caller).ok()).collect();
        assert_eq!(taken.len(), TOTAL_BYTES / MAX_BODY_BYTES);
    }
}
