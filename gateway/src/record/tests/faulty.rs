//! A store that fails or waits when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use kguard::api::plans::Plan;
use kguard::api::{DeadLetter, Grant, Hold, HoldState};
use kguard::audit::{Checkpoint, Head, Sealed};
use tokio::sync::Semaphore;
use tokio::sync::watch;

use crate::store::{
    Batch, LocalStore, OpenRequest, PastHolds, PreImage, Query, Spending, Store, StoreError,
    Waiting,
};

/// What the store does with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Works,
    Fails,
    /// Commits, and then fails.
    Lies,
}

pub(super) struct FaultyStore {
    pub(super) inner: LocalStore,
    pub(super) mode: watch::Sender<Mode>,
    /// How many commits were begun.
    pub(super) begun: watch::Sender<usize>,
    /// How many commits may run.
    pub(super) gate: Semaphore,
    pub(super) committed: AtomicUsize,
}

impl FaultyStore {
    pub(super) fn new(inner: LocalStore) -> Self {
        Self {
            inner,
            mode: watch::Sender::new(Mode::Works),
            begun: watch::Sender::new(0),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            committed: AtomicUsize::new(0),
        }
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn append(&self, batch: Arc<Batch>) -> Result<(), StoreError> {
        self.begun.send_modify(|begun| *begun += 1);
        self.gate.acquire().await.unwrap().forget();
        let mode = *self.mode.borrow();
        if mode != Mode::Fails {
            self.inner.append(batch).await?;
            self.committed.fetch_add(1, Ordering::Relaxed);
        }
        if mode == Mode::Works { Ok(()) } else { Err(StoreError::Full { path: "disk".into() }) }
    }

    async fn head(&self) -> Result<Head, StoreError> {
        self.inner.head().await
    }

    async fn entries(&self, query: &Query) -> Result<Vec<Sealed>, StoreError> {
        self.inner.entries(query).await
    }

    async fn checkpoints(&self, after: u64, through: u64) -> Result<Vec<Checkpoint>, StoreError> {
        self.inner.checkpoints(after, through).await
    }

    async fn last_checkpoints(&self, count: u32) -> Result<Vec<Checkpoint>, StoreError> {
        self.inner.last_checkpoints(count).await
    }

    async fn open_requests(&self, limit: u32) -> Result<Vec<OpenRequest>, StoreError> {
        self.inner.open_requests(limit).await
    }

    async fn spending(&self, since: Timestamp) -> Result<Vec<Spending>, StoreError> {
        self.inner.spending(since).await
    }

    async fn put_waiting(&self, waiting: &Waiting) -> Result<(), StoreError> {
        self.inner.put_waiting(waiting).await
    }

    async fn waiting(&self) -> Result<Vec<Waiting>, StoreError> {
        self.inner.waiting().await
    }

    async fn put_hold(&self, hold: &Hold) -> Result<(), StoreError> {
        self.inner.put_hold(hold).await
    }

    async fn hold(&self, id: &str) -> Result<Option<Hold>, StoreError> {
        self.inner.hold(id).await
    }

    async fn holds(&self, state: Option<HoldState>, limit: u32) -> Result<Vec<Hold>, StoreError> {
        self.inner.holds(state, limit).await
    }

    async fn put_plan(&self, plan: &Plan) -> Result<(), StoreError> {
        self.inner.put_plan(plan).await
    }

    async fn plan(&self, id: &str) -> Result<Option<Plan>, StoreError> {
        self.inner.plan(id).await
    }

    async fn plans(&self, limit: u32) -> Result<Vec<Plan>, StoreError> {
        self.inner.plans(limit).await
    }

    async fn forget_plans(&self, until: Timestamp) -> Result<(), StoreError> {
        self.inner.forget_plans(until).await
    }

    async fn past_holds(&self, query: &PastHolds) -> Result<Vec<Hold>, StoreError> {
        self.inner.past_holds(query).await
    }

    async fn put_dead_letter(&self, letter: &DeadLetter, most: u32) -> Result<(), StoreError> {
        self.inner.put_dead_letter(letter, most).await
    }

    async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, StoreError> {
        self.inner.dead_letters(limit).await
    }

    async fn remove_dead_letter(&self, id: &str) -> Result<(), StoreError> {
        self.inner.remove_dead_letter(id).await
    }

    async fn owed_reviews(&self, limit: u32) -> Result<Vec<Hold>, StoreError> {
        self.inner.owed_reviews(limit).await
    }

    async fn put_grant(&self, grant: &Grant) -> Result<(), StoreError> {
        self.inner.put_grant(grant).await
    }

    async fn grants(&self, ended: bool, limit: u32) -> Result<Vec<Grant>, StoreError> {
        self.inner.grants(ended, limit).await
    }

    async fn put_pre_image(&self, image: PreImage, most: u64) -> Result<(), StoreError> {
        self.inner.put_pre_image(image, most).await
    }

    async fn set_pre_image_outcome(&self, id: &str, outcome: &str) -> Result<(), StoreError> {
        self.inner.set_pre_image_outcome(id, outcome).await
    }

    async fn pre_images(&self, id: &str, limit: u32) -> Result<Vec<PreImage>, StoreError> {
        self.inner.pre_images(id, limit).await
    }

    async fn pre_images_about(&self, limit: u32) -> Result<Vec<String>, StoreError> {
        self.inner.pre_images_about(limit).await
    }

    async fn remove_pre_image(&self, id: &str) -> Result<(), StoreError> {
        self.inner.remove_pre_image(id).await
    }

    async fn expire_pre_images(&self, now: Timestamp) -> Result<(), StoreError> {
        self.inner.expire_pre_images(now).await
    }
}
