//! As whom pods and Secrets are read.

use std::sync::atomic::{AtomicBool, Ordering};

use kguard::identity::{Caller, CallerKind};
use serde_json::Value;

use super::Unknown;
use crate::cluster::Cluster;
use crate::forward::{self, ReadError};

/// As whom the gateway reads at first. No issuer's callers have such a name: all that it names
/// have a prefix.
pub(super) const READER: &str = "kguard:masking";

/// The gateway, as it reads at first.
pub(super) fn reader() -> Caller {
    Caller {
        name: READER.to_owned(),
        uid: None,
        groups: Vec::new(),
        kind: CallerKind::Workload,
        issuer: String::new(),
    }
}

/// Which of the readers of a cluster was let read last. He is asked first, since where
/// [`READER`] has no rights each refusal would cost a request; what can be read is the same.
#[derive(Debug, Default)]
pub struct LastReader {
    is_caller: AtomicBool,
}

/// Those as whom the gateway may read.
pub(super) struct Readers<'a> {
    cluster: &'a Cluster,
    own: Caller,
    caller: &'a Caller,
}

impl<'a> Readers<'a> {
    pub(super) fn new(cluster: &'a Cluster, caller: &'a Caller) -> Self {
        Self { cluster, own: reader(), caller }
    }

    pub(super) fn cluster(&self) -> &'a Cluster {
        self.cluster
    }

    /// An object; none if it is not there.
    pub(super) async fn read(&self, what: &str, path: &str) -> Result<Option<Value>, Unknown> {
        let last = &self.cluster.last_reader().is_caller;
        let first = last.load(Ordering::Relaxed);
        for is_caller in [first, !first] {
            let reader = if is_caller { self.caller } else { &self.own };
            let object = match forward::read(self.cluster, reader, path).await {
                Ok(object) => Some(object),
                Err(ReadError::NotFound) => None,
                Err(ReadError::Refused) => continue,
                Err(source) => {
                    return Err(Unknown::Unavailable { what: what.to_owned(), source });
                }
            };
            if is_caller != first {
                last.store(is_caller, Ordering::Relaxed);
            }
            return Ok(object);
        }
        Err(Unknown::Refused { what: what.to_owned() })
    }
}
