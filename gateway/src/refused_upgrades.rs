//! Streams that were refused over WebSocket a moment ago.
//!
//! kubectl takes any answer but 101 for a server that speaks no WebSocket, and asks once more over SPDY
//! (client-go `transport/websocket/roundtripper.go`), with the same URL. That is one request of its user,
//! so it gets the same answer and leaves no second entry.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kguard::audit::hex::sha256;
use kguard::identity::Caller;

use crate::request::{KubeRequest, Origin};

/// kubectl asks again at once.
const REMEMBERED: Duration = Duration::from_secs(10);
/// More than are refused in that time; beyond that, the second asking is decided on like any other.
const MOST: usize = 4096;

/// What was refused, and with which words.
#[derive(Default)]
pub struct RefusedUpgrades(Mutex<HashMap<Asked, (Instant, Arc<str>)>>);

/// The hash of what both askings have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asked(String);

impl Asked {
    /// What is asked for, if it is a stream.
    pub fn of(request: &KubeRequest, caller: &Caller, origin: &Origin) -> Option<Self> {
        request.upgrade.as_ref().filter(|upgrade| upgrade.watch.is_none())?;
        let all = format!(
            "{:?}",
            (
                &caller.name,
                &request.impersonation,
                &origin.cluster,
                &origin.session,
                &request.info.path,
                request.query.pairs(),
            )
        );
        Some(Self(sha256(all.as_bytes())))
    }
}

impl RefusedUpgrades {
    /// Remembers a refusal over WebSocket.
    pub fn remember(&self, asked: Asked, message: &str) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refused.retain(|_, (since, _)| since.elapsed() < REMEMBERED);
        if refused.len() < MOST {
            refused.insert(asked, (Instant::now(), message.into()));
        }
    }

    /// The words of a refusal that is asked for once more, which forgets it.
    pub fn again(&self, asked: &Asked) -> Option<Arc<str>> {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, message) = refused.remove(asked)?;
        (since.elapsed() < REMEMBERED).then_some(message)
    }
}
