//! Writes the trail. One thread fixes every record's place in the chain and commits whatever has
//! come in while the commit before ran, so that many requests share one sync. It does nothing else, so
//! that it may wait for the disk itself: a request that is recorded changes threads twice, there and back.
//!
//! A record is recorded once its [`Receipt`] says so. If the trail cannot be written, every request
//! that waits for a receipt is refused, until a commit succeeds again; the thread sees to that by
//! itself. Responses that could not be written meanwhile follow then, behind a record of the
//! outage, because they have happened all the same.

mod key;
mod start;
mod waiting;
mod writer;

use std::path::Path;
use std::sync::Arc;

use kguard::audit::{Head, PublicKey, Record};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, mpsc, oneshot, watch};

pub use key::KeyError;
pub use start::StartError;

use crate::store::{Store, StoreError};
use waiting::{Outcome, Waiting};
use writer::{Draft, Message, Writer};

/// Records that wait for their place; more of them wait in [`Recorder::append`].
const QUEUE: usize = 4096;

/// Takes records for the trail.
#[derive(Debug)]
pub struct Recorder {
    queue: mpsc::Sender<Message>,
    heads: watch::Receiver<Head>,
    outage: watch::Receiver<Option<Arc<StoreError>>>,
    public_key: PublicKey,
    /// Closed once the writer has ended.
    ended: Mutex<Option<oneshot::Receiver<()>>>,
}

/// The trail does not take records at the moment, so nothing may run.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TrailUnavailable {
    /// The gateway is shutting down.
    #[error("the trail is closed, because the gateway is shutting down")]
    Closed,
    /// A defect of the gateway: the record has no JSON.
    #[error("the record cannot be written as JSON")]
    Encode(#[source] Arc<serde_json::Error>),
    /// The store fails; its own error says what to do.
    #[error("the trail cannot be written")]
    Store(#[source] Arc<StoreError>),
}

impl Recorder {
    /// Goes on with the trail of a store: checks its end against the key, states of requests that
    /// an interruption left open that nobody knows how they ended, and starts the writer.
    ///
    /// The key is made at the trail's very beginning.
    pub async fn start(store: Arc<dyn Store>, key: &Path) -> Result<Self, StartError> {
        let (key, head) = start::check(&*store, key).await?;
        let public_key = key.public_key();
        let (heads_sender, heads) = watch::channel(head);
        let (outage_sender, outage) = watch::channel(None);
        let mut writer = Writer::new(store, key, heads_sender, outage_sender);
        start::end_open_requests(&mut writer).await?;
        let (queue, messages) = mpsc::channel(QUEUE);
        let ended = Mutex::new(Some(run(writer, messages).map_err(StartError::Thread)?));
        Ok(Self { queue, heads, outage, public_key, ended })
    }

    /// Hands a record over. It is not durable before the receipt says so; what changes a cluster
    /// has to wait for that.
    ///
    /// During an outage this returns only once the record is durable, so that nothing starts that
    /// cannot be recorded.
    pub async fn append(&self, record: Record) -> Result<Receipt, TrailUnavailable> {
        let (waiting, receipt) = Waiting::new();
        let message = Message::Append(draft(record)?, Some(waiting));
        self.queue.send(message).await.map_err(|_| TrailUnavailable::Closed)?;
        let receipt = Receipt(Some(receipt));
        if self.healthy().is_ok() {
            return Ok(receipt);
        }
        receipt.durable().await?;
        Ok(Receipt(None))
    }

    /// Hands over a record that nobody waits for. It is in the queue when this returns, so that a
    /// shutdown that follows commits it; only where the queue is full it gets there later. It is
    /// committed with the next record that somebody waits for, or a few milliseconds later.
    pub fn append_unattended(&self, record: Record) -> Result<(), TrailUnavailable> {
        match self.queue.try_send(Message::Append(draft(record)?, None)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(TrailUnavailable::Closed),
            Err(TrySendError::Full(message)) => {
                let runtime = tokio::runtime::Handle::try_current();
                let runtime = runtime.map_err(|_| TrailUnavailable::Closed)?;
                let queue = self.queue.clone();
                runtime.spawn(async move { queue.send(message).await });
                Ok(())
            }
        }
    }

    /// Whether the last commit succeeded.
    pub fn healthy(&self) -> Result<(), TrailUnavailable> {
        self.outage.borrow().clone().map_or(Ok(()), |error| Err(TrailUnavailable::Store(error)))
    }

    /// How far the trail has come durably; changes with every commit.
    pub fn heads(&self) -> watch::Receiver<Head> {
        self.heads.clone()
    }

    /// The key that verifies the trail.
    pub fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// Takes no more records and returns once those in the queue are committed.
    pub async fn shutdown(&self) {
        if let Some(ended) = self.ended.lock().await.take() {
            // Fails only if the writer has ended before.
            let _ = self.queue.send(Message::Shutdown).await;
            // Nothing is ever sent: it resolves when the writer is gone.
            let _ = ended.await;
        }
    }
}

/// Runs the writer on a thread of its own; what comes back is closed when it has ended.
fn run(
    writer: Writer,
    messages: mpsc::Receiver<Message>,
) -> std::io::Result<oneshot::Receiver<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let (running, ended) = oneshot::channel();
    std::thread::Builder::new().name("trail".to_owned()).spawn(move || {
        runtime.block_on(writer.run(messages));
        drop(running);
    })?;
    Ok(ended)
}

fn draft(record: Record) -> Result<Box<Draft>, TrailUnavailable> {
    let draft = Draft::of(record).map_err(|source| TrailUnavailable::Encode(Arc::new(source)))?;
    Ok(Box::new(draft))
}

/// Tells when a record is durable. Dropping it loses that news only, not the record.
#[derive(Debug)]
#[must_use = "the record may not be durable yet"]
pub struct Receipt(Option<oneshot::Receiver<Outcome>>);

impl Receipt {
    /// Waits until the record is durable.
    pub async fn durable(self) -> Result<(), TrailUnavailable> {
        match self.0 {
            Some(receipt) => receipt.await.unwrap_or(Err(TrailUnavailable::Closed)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
