//! The one task that extends the chain.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kguard::audit::chain::RecordText;
use kguard::audit::{Event, Head, Record, SigningKey};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tracing::{error, info, warn};

use super::TrailUnavailable;
use crate::store::{Batch, Columns, NewEntry, Store, StoreError};

/// Records in one commit.
pub(super) const BATCH: usize = 512;

/// Responses that are kept while the trail cannot be written. What does not fit stays open in the
/// trail, and is ended as unknown at the next start.
const LATE: usize = 4096;

/// How often an outage is put to the test while nobody asks.
const RETRY: Duration = Duration::from_secs(1);

/// What the writer is told.
#[derive(Debug)]
pub(super) enum Message {
    /// Record this, and say when it is durable.
    Append(Draft, oneshot::Sender<Result<(), TrailUnavailable>>),
    /// Take nothing more.
    Shutdown,
}

/// A record on its way to its place in the chain.
#[derive(Debug)]
pub(super) struct Draft {
    /// Its text.
    pub(super) text: RecordText,
    /// What it will be found by.
    pub(super) columns: Columns,
}

impl Draft {
    pub(super) fn of(record: &Record) -> serde_json::Result<Self> {
        Ok(Self { text: RecordText::write(record)?, columns: Columns::of(record) })
    }
}

/// Extends the chain of one store.
pub(super) struct Writer {
    pub(super) store: Arc<dyn Store>,
    key: SigningKey,
    /// The durable head, as everybody sees it.
    heads: watch::Sender<Head>,
    /// Why the last commit failed, as everybody sees it.
    failure: watch::Sender<Option<Arc<StoreError>>>,
    outage: Option<Outage>,
}

/// The trail cannot be written.
struct Outage {
    since: Timestamp,
    /// Records turned down.
    refused: u64,
    /// Responses to record afterwards.
    late: VecDeque<Draft>,
    /// The head that the last attempt would have led to, and how many of `late` it contained. The
    /// store may have committed it before it failed.
    attempt: (Head, usize),
}

impl Writer {
    pub(super) fn new(
        store: Arc<dyn Store>,
        key: SigningKey,
        heads: watch::Sender<Head>,
        failure: watch::Sender<Option<Arc<StoreError>>>,
    ) -> Self {
        Self { store, key, heads, failure, outage: None }
    }

    /// Records what comes in, until nobody can send any more.
    pub(super) async fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        let mut taken = Vec::with_capacity(BATCH);
        loop {
            let wait = messages.recv_many(&mut taken, BATCH);
            if self.outage.is_none() {
                wait.await;
            } else if timeout(RETRY, wait).await.is_err() {
                // The failure is told to whoever asks; there is nobody to answer here.
                let _ = self.recover().await;
                continue;
            }
            if taken.is_empty() {
                return;
            }
            // Everybody whom the last commit set free gets to send the next record first: without
            // this, commits of one and of all the others would alternate.
            tokio::task::yield_now().await;
            while taken.len() < BATCH
                && let Ok(message) = messages.try_recv()
            {
                taken.push(message);
            }
            self.serve(&mut taken, &mut messages).await;
        }
    }

    async fn serve(&mut self, taken: &mut Vec<Message>, messages: &mut mpsc::Receiver<Message>) {
        let (mut drafts, mut waiting) = (Vec::with_capacity(taken.len()), Vec::new());
        for message in taken.drain(..) {
            match message {
                Message::Append(draft, done) => {
                    drafts.push(draft);
                    waiting.push(done);
                }
                Message::Shutdown => messages.close(),
            }
        }
        let outcome = self.write(drafts).await.map_err(TrailUnavailable::Store);
        for done in waiting {
            // Who no longer waits does not mind.
            let _ = done.send(outcome.clone());
        }
    }

    /// Commits records, after whatever an outage left to be recorded first.
    async fn write(&mut self, drafts: Vec<Draft>) -> Result<(), Arc<StoreError>> {
        if let Err(failure) = self.recover().await {
            if let Some(outage) = &mut self.outage {
                outage.turn_down(drafts);
            }
            return Err(failure);
        }
        let Err((failure, attempted, drafts)) = self.commit(drafts).await else { return Ok(()) };
        let mut outage = Outage {
            since: Timestamp::now(),
            refused: 0,
            late: VecDeque::new(),
            attempt: (attempted, 0),
        };
        outage.turn_down(drafts);
        outage.attempt.1 = outage.late.len();
        self.outage = Some(outage);
        error!(error = %failure, "the trail cannot be written; requests are refused");
        Err(self.report(failure))
    }

    /// Ends an outage if the store lets it.
    async fn recover(&mut self) -> Result<(), Arc<StoreError>> {
        let Some(mut outage) = self.outage.take() else { return Ok(()) };
        match self.try_recover(&mut outage).await {
            Ok(()) => {
                info!(refused = outage.refused, "the trail can be written again");
                self.failure.send_replace(None);
                Ok(())
            }
            Err(failure) => {
                self.outage = Some(outage);
                Err(self.report(failure))
            }
        }
    }

    async fn try_recover(&mut self, outage: &mut Outage) -> Result<(), StoreError> {
        let head = self.store.head().await?;
        self.heads.send_replace(head);
        let (attempted, contained) = outage.attempt;
        if head == attempted {
            outage.late.drain(..contained.min(outage.late.len()));
        }
        outage.attempt = (head, 0);
        let event = Event::Outage { since: outage.since, refused: outage.refused };
        // The record has a JSON as any other; if it had none, the responses would matter more.
        let first = Draft::of(&Record { at: Timestamp::now(), event }).ok();
        let drafts = first.into_iter().chain(outage.late.drain(..)).collect();
        let Err((failure, attempted, drafts)) = self.commit(drafts).await else { return Ok(()) };
        outage.late = drafts.into_iter().filter(|draft| draft.columns.is_response()).collect();
        outage.attempt = (attempted, outage.late.len());
        Err(failure)
    }

    fn report(&self, failure: StoreError) -> Arc<StoreError> {
        let failure = Arc::new(failure);
        self.failure.send_replace(Some(Arc::clone(&failure)));
        failure
    }

    /// Commits records as one batch. On failure gives them back, with the head that they would
    /// have led to.
    pub(super) async fn commit(
        &mut self,
        drafts: Vec<Draft>,
    ) -> Result<(), (StoreError, Head, Vec<Draft>)> {
        let mut head = *self.heads.borrow();
        if drafts.is_empty() {
            return Ok(());
        }
        let mut entries = Vec::with_capacity(drafts.len());
        for Draft { text, columns } in drafts {
            let sealed = head.seal(text);
            head = sealed.head();
            entries.push(NewEntry { sealed, columns });
        }
        let batch = Batch { entries, checkpoint: self.key.sign(head, Timestamp::now()) };
        if let Err(failure) = self.store.append(&batch).await {
            let drafts = batch.entries.into_iter().map(|NewEntry { sealed, columns }| Draft {
                text: sealed.record,
                columns,
            });
            return Err((failure, head, drafts.collect()));
        }
        self.heads.send_replace(head);
        Ok(())
    }
}

impl Outage {
    /// Counts the records that are lost, and keeps those that are not.
    fn turn_down(&mut self, drafts: Vec<Draft>) {
        for draft in drafts {
            if !draft.columns.is_response() {
                self.refused += 1;
            } else if self.late.len() < LATE {
                self.late.push_back(draft);
            } else {
                warn!(request = ?draft.columns.request, "a response is left out of the trail");
            }
        }
    }
}
