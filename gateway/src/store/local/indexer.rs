//! Lets the index follow the trail's file.
//!
//! Batches come straight from the one who wrote them. Where something is missing between them and
//! the index, because the gateway was interrupted or the index could not be written, it is read
//! from the file.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;
use tracing::{error, info};

use super::connections::{Writer, blocking};
use super::index;
use super::log::{Extent, Log, Placed};
use crate::store::BoxError;

/// Batches that wait to be indexed; who writes the next one waits for a place.
const QUEUE: usize = 1024;

/// How long batches are gathered, since many cost little more than one. Nobody who asks for
/// entries waits for it.
const GATHER: Duration = Duration::from_millis(200);

/// Batches of one transaction.
const MAX_BATCHES: usize = 256;

/// How long after a failure the index is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Hands batches over to the task that indexes them.
#[derive(Debug)]
pub(super) struct Indexer {
    queue: mpsc::Sender<Placed>,
    progress: watch::Receiver<Progress>,
    wanted: Arc<Wanted>,
}

/// How much of the file is indexed, and why not more.
#[derive(Debug, Default)]
struct Progress {
    size: u64,
    failure: Option<String>,
}

/// How much of the file somebody waits for.
#[derive(Debug, Default)]
struct Wanted {
    size: AtomicU64,
    risen: Notify,
}

/// The index does not show what the trail has.
#[derive(Debug, thiserror::Error)]
pub(super) enum Behind {
    #[error("the trail's index cannot be written: {0}")]
    Failed(String),
    #[error("the gateway is shutting down")]
    Ended,
}

impl Indexer {
    /// Starts at what the index has.
    pub(super) fn start(log: Arc<Log>, writer: Arc<Writer>, known: Extent) -> Self {
        let (queue, batches) = mpsc::channel(QUEUE);
        let (sender, progress) = watch::channel(Progress { size: known.size, failure: None });
        let wanted = Arc::<Wanted>::default();
        let task = Task { log, writer, known, progress: sender, wanted: Arc::clone(&wanted) };
        tokio::spawn(task.run(batches));
        Self { queue, progress, wanted }
    }

    /// Hands a batch over. One that is lost on the way is found in the file.
    pub(super) async fn hand_over(&self, batch: Placed) {
        let _ = self.queue.send(batch).await;
    }

    /// Waits until so much of the file is indexed.
    pub(super) async fn reach(&self, size: u64) -> Result<(), Behind> {
        self.wanted.size.fetch_max(size, Ordering::Relaxed);
        self.wanted.risen.notify_one();
        let mut progress = self.progress.clone();
        let over = |progress: &Progress| progress.size >= size || progress.failure.is_some();
        let progress = progress.wait_for(over).await.map_err(|_| Behind::Ended)?;
        match &progress.failure {
            Some(failure) if progress.size < size => Err(Behind::Failed(failure.clone())),
            _ => Ok(()),
        }
    }
}

/// The one who writes the index.
struct Task {
    log: Arc<Log>,
    writer: Arc<Writer>,
    known: Extent,
    progress: watch::Sender<Progress>,
    wanted: Arc<Wanted>,
}

impl Task {
    async fn run(mut self, mut batches: mpsc::Receiver<Placed>) {
        let mut behind = true;
        loop {
            let added = if behind {
                // What they say is in the file by now.
                while batches.try_recv().is_ok() {}
                self.catch_up().await
            } else {
                let Some(gathered) = self.gather(&mut batches).await else { return };
                self.add(gathered).await.map_err(BoxError::from)
            };
            match added {
                Ok(complete) => behind = !complete,
                Err(failure) => {
                    self.fail(&failure);
                    behind = true;
                    let ended = async { while batches.recv().await.is_some() {} };
                    if timeout(RETRY, ended).await.is_ok() {
                        return;
                    }
                }
            }
        }
    }

    /// The next batches; none at all if somebody waits for what was not handed over. Nothing once
    /// there will be no more.
    async fn gather(&self, batches: &mut mpsc::Receiver<Placed>) -> Option<Vec<Placed>> {
        let mut gathered = Vec::new();
        while gathered.is_empty() {
            tokio::select! {
                batch = batches.recv() => gathered.push(batch?),
                () = self.wanted.risen.notified() => if self.is_wanted() {
                    return Some(gathered);
                },
            }
        }
        let wanted = async {
            while !self.is_wanted() {
                self.wanted.risen.notified().await;
            }
        };
        // Each batch that comes would wake it otherwise.
        if batches.len() < MAX_BATCHES {
            let _ = timeout(GATHER, wanted).await;
        }
        while gathered.len() < MAX_BATCHES
            && let Ok(batch) = batches.try_recv()
        {
            gathered.push(batch);
        }
        Some(gathered)
    }

    fn is_wanted(&self) -> bool {
        self.wanted.size.load(Ordering::Relaxed) > self.known.size
    }

    /// Indexes batches. Returns whether that was all, or some are missing before them.
    async fn add(&mut self, mut batches: Vec<Placed>) -> rusqlite::Result<bool> {
        batches.retain(|batch| batch.start >= self.known.size);
        if batches.is_empty() {
            return Ok(!self.is_wanted());
        }
        let last = batches.last().map_or(self.known, Placed::extent);
        self.known = self.writer.run(move |connection| index::add(connection, &batches)).await?;
        let known = self.known;
        self.progress.send_modify(|progress| {
            if progress.failure.take().is_some() {
                info!("the trail's index can be written again");
            }
            progress.size = known.size;
        });
        Ok(known == last)
    }

    /// Indexes the next batches out of the file. Returns whether that was all.
    async fn catch_up(&mut self) -> Result<bool, BoxError> {
        let (log, known, end) = (Arc::clone(&self.log), self.known, self.log.extent());
        let batches = blocking(move || log.after(known, MAX_BATCHES)).await?;
        self.add(batches).await?;
        Ok(self.known.size >= end.size)
    }

    fn fail(&self, failure: &BoxError) {
        error!(error = %failure, "the trail's index cannot be written; it will catch up");
        self.progress.send_modify(|progress| progress.failure = Some(failure.to_string()));
    }
}
