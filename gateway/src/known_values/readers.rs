//! As whom pods and Secrets are read.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kguard::identity::{Caller, CallerKind};
use serde_json::Value;

use super::Unknown;
use crate::cluster::Cluster;
use crate::forward::{self, ReadError};

/// As whom the gateway reads, where that may. No issuer's callers have such a name: all that it
/// names have a prefix.
pub(super) const READER: &str = "kguard:masking";

/// How long it is remembered that [`READER`] was refused, ...
const REMEMBERED: Duration = Duration::from_mins(5);

/// ... and of how many kinds in how many namespaces, before all is forgotten.
const COLLECTIONS: usize = 10_000;

/// Longer than the path of any that can be there: names of namespaces have 63 characters.
const LONGEST: usize = 128;

/// The gateway, as it reads.
pub(super) fn reader() -> Caller {
    Caller {
        name: READER.to_owned(),
        uid: None,
        groups: Vec::new(),
        kind: CallerKind::Workload,
        issuer: String::new(),
    }
}

/// Where [`READER`] was refused lately: there the caller is asked first, since each refusal costs a
/// request. What can be read is the same.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<HashMap<String, Instant>>);

impl Refusals {
    fn knows(&self, collection: &str) -> bool {
        self.lock().get(collection).is_some_and(|since| since.elapsed() < REMEMBERED)
    }

    fn note(&self, collection: &str) {
        if collection.len() > LONGEST {
            return;
        }
        let mut refusals = self.lock();
        if refusals.len() >= COLLECTIONS {
            refusals.clear();
        }
        refusals.insert(collection.to_owned(), Instant::now());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        let collection = path.rsplit_once('/').map_or(path, |(collection, _)| collection);
        let mut readers = [&self.own, self.caller];
        if self.cluster.refusals().knows(collection) {
            readers.reverse();
        }
        let mut why = Unknown::Refused { what: what.to_owned() };
        for reader in readers {
            match forward::read(self.cluster, reader, path).await {
                Ok(object) => return Ok(Some(object)),
                Err(ReadError::NotFound) => return Ok(None),
                Err(ReadError::Refused) if reader.name == READER => {
                    self.cluster.refusals().note(collection);
                }
                Err(ReadError::Refused) => {}
                // The other may have more luck: API servers hold back who asks too much.
                Err(source) => why = Unknown::Unavailable { what: what.to_owned(), source },
            }
        }
        Err(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_of_its_kind_and_namespace() {
        let refusals = Refusals::default();
        refusals.note("/api/v1/namespaces/shop/secrets");
        assert!(refusals.knows("/api/v1/namespaces/shop/secrets"));
        for other in ["/api/v1/namespaces/shop/pods", "/api/v1/namespaces/desk/secrets"] {
            assert!(!refusals.knows(other), "{other}");
        }
        let wild = "x".repeat(LONGEST + 1);
        refusals.note(&wild);
        assert!(!refusals.knows(&wild));
        for number in 0..COLLECTIONS {
            refusals.note(&number.to_string());
        }
        assert!(refusals.lock().len() <= COLLECTIONS);
    }
}
