//! Takes up a trail where it was left: cleanly, by a crash, or altered by somebody meanwhile.

use std::path::Path;

use jiff::Timestamp;
use kguard::audit::record::ResponseRecord;
use kguard::audit::{Checkpoint, Event, Head, Record, SigningKey};

use super::key::{self, KeyError};
use super::writer::{BATCH, Draft, Writer};
use crate::store::{OpenRequest, Query, Store, StoreError};

/// What is stated of a request whose end the gateway did not see.
const INTERRUPTED: &str = "the gateway was interrupted; the outcome is unknown";

/// Why a trail cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The trail's end is not what the gateway signed.
    #[error(
        "the trail's last batch, up to entry {seq}, was altered: {what}; keep the state folder as \
         evidence and start with a new one"
    )]
    Altered {
        /// The last entry.
        seq: u64,
        /// In which way.
        what: &'static str,
    },
    /// A defect of the gateway: a record has no JSON.
    #[error("a record cannot be written as JSON")]
    Encode(#[from] serde_json::Error),
    /// The signing key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The writer's thread does not start.
    #[error("cannot start the thread that writes the trail")]
    Thread(#[source] std::io::Error),
}

/// Reads the key and the head, and verifies the last batch with them.
pub(super) async fn check(store: &dyn Store, key: &Path) -> Result<(SigningKey, Head), StartError> {
    let head = store.head().await?;
    let key = key::load_or_create(key, head.seq)?;
    let altered = |what| StartError::Altered { seq: head.seq, what };
    let checkpoints = store.last_checkpoints(2).await?;
    let (before, last) = match checkpoints.as_slice() {
        [] if head == Head::GENESIS => return Ok((key, head)),
        [] => return Err(altered("it has no checkpoint")),
        [last] => (Head::GENESIS, last),
        [before, last, ..] => (before.head(), last),
    };
    if last.head() != head {
        return Err(altered("its last checkpoint names another entry"));
    }
    if checkpoints.iter().any(|checkpoint| !is_ours(checkpoint, &key)) {
        return Err(altered("its last checkpoints are not signed by this gateway's key"));
    }
    if last_of_chain(store, before, head.seq).await? != Some(head) {
        return Err(altered("its hashes do not fit"));
    }
    Ok((key, head))
}

fn is_ours(checkpoint: &Checkpoint, key: &SigningKey) -> bool {
    checkpoint.key == key.public_key() && checkpoint.is_authentic()
}

/// Follows the chain from a head to an entry.
async fn last_of_chain(
    store: &dyn Store,
    from: Head,
    seq: u64,
) -> Result<Option<Head>, StoreError> {
    let mut head = from;
    while head.seq < seq {
        let page = store.entries(&Query::after(head.seq, 1000)).await?;
        if page.is_empty() {
            return Ok(None);
        }
        for entry in page {
            if !head.is_followed_by(&entry) {
                return Ok(None);
            }
            head = entry.head();
        }
    }
    Ok(Some(head))
}

/// Ends the requests that were under way when the gateway stopped.
pub(super) async fn end_open_requests(writer: &mut Writer) -> Result<(), StartError> {
    loop {
        let open = writer.store.open_requests(u32::try_from(BATCH).unwrap_or(u32::MAX)).await?;
        if open.is_empty() {
            return Ok(());
        }
        let now = Timestamp::now();
        let drafts = open.iter().map(|request| Draft::of(interrupted(*request, now)));
        let drafts = drafts.collect::<Result<Vec<_>, _>>()?;
        writer.adopt(open.iter().map(|request| request.id));
        writer.commit(drafts).await.map_err(|failed| failed.failure)?;
    }
}

fn interrupted(request: OpenRequest, now: Timestamp) -> Record {
    let duration = now.duration_since(request.at).as_millis();
    let event = Event::Response(ResponseRecord {
        id: request.id,
        code: None,
        bytes: 0,
        masked: std::collections::BTreeMap::new(),
        duration_ms: u64::try_from(duration).unwrap_or(0),
        failure: Some(INTERRUPTED.to_owned()),
        recording: None,
    });
    Record { at: now, event }
}
