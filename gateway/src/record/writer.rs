//! The one who extends the chain, on a thread of his own.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kguard::audit::chain::RecordText;
use kguard::audit::{Event, Head, Record, SigningKey};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{error, info, warn};
use uuid::Uuid;

use super::TrailUnavailable;
use super::waiting::{self, Waiting};
use crate::store::{Batch, NewEntry, Step, Store, StoreError};

/// Records in one commit.
pub(super) const BATCH: usize = 512;

/// So many are not kept waiting for more.
const ENOUGH: usize = 128;

/// The time between two commits under load: each costs a sync and a signature, for one record or
/// for hundreds. A record that comes alone does not wait.
const INTERVAL: Duration = Duration::from_millis(2);

/// How long those whom a commit set free get to send their next record: without that, commits of one
/// and of all others would alternate where a sync takes long.
const RETURN: Duration = Duration::from_micros(100);

/// How often it is looked whether enough have come. To be woken by each of them would cost more.
const LOOK: Duration = Duration::from_micros(500);

/// How long records that nobody waits for may wait for one that somebody does.
const LINGER: Duration = Duration::from_millis(5);

/// Responses that are kept while the trail cannot be written. What does not fit stays open in the
/// trail, and is ended as unknown at the next start.
const LATE: usize = 4096;

/// How often an outage is put to the test while nobody asks.
const RETRY: Duration = Duration::from_secs(1);

/// What the writer is told.
#[derive(Debug)]
pub(super) enum Message {
    /// Record this, and tell whoever waits for it when it is durable.
    Append(Box<Draft>, Option<Waiting>),
    /// Take nothing more.
    Shutdown,
}

impl Message {
    fn is_awaited(&self) -> bool {
        !matches!(self, Self::Append(_, None))
    }
}

/// A record on its way to its place in the chain.
#[derive(Debug)]
pub(super) struct Draft {
    /// Its text.
    pub(super) text: RecordText,
    /// What it says.
    pub(super) record: Record,
}

impl Draft {
    pub(super) fn of(record: Record) -> serde_json::Result<Self> {
        Ok(Self { text: RecordText::write(&record)?, record })
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
    /// Requests whose record is durable and whose response is not.
    open: HashSet<Uuid>,
    outage: Option<Outage>,
}

/// A batch that the store did not take.
pub(super) struct Failed {
    /// Why.
    pub(super) failure: StoreError,
    /// The head that it would have led to.
    attempted: Head,
    /// What was in it.
    drafts: Vec<Draft>,
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
        Self { store, key, heads, failure, open: HashSet::new(), outage: None }
    }

    /// Records what comes in, until nobody can send any more.
    pub(super) async fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        let mut taken = Vec::with_capacity(BATCH);
        let mut next = Instant::now();
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
                // The last chance for what an outage left to be recorded.
                let _ = self.recover().await;
                return;
            }
            gather(&mut taken, &mut messages, next).await;
            let begun = Instant::now();
            self.serve(&mut taken, &mut messages).await;
            next = (begun + INTERVAL).max(Instant::now() + RETURN);
        }
    }

    async fn serve(&mut self, taken: &mut Vec<Message>, messages: &mut mpsc::Receiver<Message>) {
        let (mut drafts, mut waiting) = (Vec::with_capacity(taken.len()), Vec::new());
        for message in taken.drain(..) {
            match message {
                Message::Append(draft, of) => {
                    drafts.push(*draft);
                    waiting.extend(of);
                }
                Message::Shutdown => messages.close(),
            }
        }
        let outcome = self.write(drafts).await.map_err(TrailUnavailable::Store);
        waiting::tell(waiting, &outcome);
    }

    /// Commits records, after whatever an outage left to be recorded first.
    async fn write(&mut self, drafts: Vec<Draft>) -> Result<(), Arc<StoreError>> {
        if let Err(failure) = self.recover().await {
            if let Some(outage) = &mut self.outage {
                outage.turn_down(drafts, &self.open);
            }
            return Err(failure);
        }
        let Err(failed) = self.commit(drafts).await else { return Ok(()) };
        let Failed { failure, attempted, drafts } = failed;
        let mut outage = Outage {
            since: Timestamp::now(),
            refused: 0,
            late: VecDeque::new(),
            attempt: (attempted, 0),
        };
        outage.turn_down(drafts, &self.open);
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
        let (attempted, contained) = outage.attempt;
        if head == attempted {
            let open = self.store.open_requests(u32::MAX).await?;
            self.open = open.into_iter().map(|request| request.id).collect();
            outage.late.drain(..contained.min(outage.late.len()));
            outage.attempt = (head, 0);
            self.heads.send_replace(head);
        }
        let event = Event::Outage { since: outage.since, refused: outage.refused };
        // The record has a JSON as any other; if it had none, the responses would matter more.
        let first = Draft::of(Record { at: Timestamp::now(), event }).ok();
        let drafts = first.into_iter().chain(outage.late.drain(..)).collect();
        let Err(failed) = self.commit(drafts).await else { return Ok(()) };
        let kept = failed
            .drafts
            .into_iter()
            .filter(|draft| matches!(Step::of(&draft.record), Some(Step::Ended(_))));
        outage.late = kept.collect();
        outage.attempt = (failed.attempted, outage.late.len());
        Err(failed.failure)
    }

    fn report(&self, failure: StoreError) -> Arc<StoreError> {
        let failure = Arc::new(failure);
        self.failure.send_replace(Some(Arc::clone(&failure)));
        failure
    }

    /// Commits records as one batch.
    ///
    /// A response whose request is not in the trail, because the trail could not take it, is left
    /// out: a trail never ends what it did not begin.
    pub(super) async fn commit(&mut self, drafts: Vec<Draft>) -> Result<(), Failed> {
        let mut head = *self.heads.borrow();
        let mut changes = Vec::new();
        let mut entries = Vec::with_capacity(drafts.len());
        for Draft { text, record } in drafts {
            match Step::of(&record) {
                Some(Step::Sent(id)) if self.open.insert(id) => changes.push(Step::Sent(id)),
                Some(Step::Ended(id)) if self.open.remove(&id) => changes.push(Step::Ended(id)),
                Some(Step::Ended(_)) => continue,
                Some(Step::Sent(_)) | None => {}
            }
            let sealed = head.seal(text);
            head = sealed.head();
            entries.push(NewEntry { sealed, record });
        }
        if entries.is_empty() {
            return Ok(());
        }
        let checkpoint = self.key.sign(head, Timestamp::now());
        let batch = Arc::new(Batch { entries, checkpoint });
        if let Err(failure) = self.store.append(Arc::clone(&batch)).await {
            self.undo(changes);
            let unseal =
                |entry: NewEntry| Draft { text: entry.sealed.record, record: entry.record };
            // The store has given its own back by now.
            let entries = Arc::into_inner(batch).map_or_else(Vec::new, |batch| batch.entries);
            let drafts = entries.into_iter().map(unseal).collect();
            return Err(Failed { failure, attempted: head, drafts });
        }
        self.heads.send_replace(head);
        Ok(())
    }

    /// Takes requests for open that an earlier run of the gateway left so.
    pub(super) fn adopt(&mut self, open: impl IntoIterator<Item = Uuid>) {
        self.open.extend(open);
    }

    fn undo(&mut self, changes: Vec<Step>) {
        for change in changes.into_iter().rev() {
            match change {
                Step::Ended(id) => self.open.insert(id),
                Step::Sent(id) => self.open.remove(&id),
            };
        }
    }
}

/// Takes what belongs into one commit with the records that are there. With one that somebody waits
/// for, it is made at `next`.
async fn gather(taken: &mut Vec<Message>, messages: &mut mpsc::Receiver<Message>, next: Instant) {
    let first = Instant::now();
    loop {
        while taken.len() < BATCH
            && let Ok(message) = messages.try_recv()
        {
            taken.push(message);
        }
        let is_awaited = taken.iter().any(Message::is_awaited);
        let due = if is_awaited { next } else { first + LINGER };
        let left = due.saturating_duration_since(Instant::now());
        if taken.len() >= ENOUGH || messages.is_closed() || left.is_zero() {
            return;
        }
        if is_awaited {
            // The thread has nothing else to do.
            std::thread::sleep(left.min(LOOK));
            continue;
        }
        match timeout_at(due, messages.recv()).await {
            Ok(Some(message)) => taken.push(message),
            Ok(None) | Err(_) => return,
        }
    }
}

impl Outage {
    /// Counts the records that are lost, and keeps the responses of requests in the trail.
    fn turn_down(&mut self, drafts: Vec<Draft>, open: &HashSet<Uuid>) {
        for draft in drafts {
            match Step::of(&draft.record) {
                Some(Step::Ended(id)) if !open.contains(&id) => {}
                Some(Step::Ended(_)) if self.late.len() < LATE => self.late.push_back(draft),
                Some(Step::Ended(id)) => warn!(request = %id, "a response is not recorded"),
                Some(Step::Sent(_)) | None => self.refused += 1,
            }
        }
    }
}
