//! Where the gateway keeps what outlives it: the trail, the holds, the grants and the plans.
//!
//! One gateway writes to a store at a time, because two would fork the chain; a store refuses the
//! second. Only the modules below name a database.

mod columns;
mod local;
#[cfg(test)]
pub(crate) mod samples;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kguard::api::plans::Plan;
use kguard::api::{DeadLetter, Grant, Hold, HoldState};
use kguard::audit::record::Outcome;
use kguard::audit::{Checkpoint, Head, Line, Record, Sealed};
use uuid::Uuid;

pub use columns::{Columns, Step};
pub use local::LocalStore;

/// Keeps the trail, the holds and the grants.
#[async_trait]
pub trait Store: Send + Sync {
    /// Adds a batch to the trail: wholly, and durably once this returns, or not at all. After an
    /// error only [`Store::head`] tells which. It may block its thread meanwhile.
    async fn append(&self, batch: Arc<Batch>) -> Result<(), StoreError>;

    /// How far the trail has come.
    async fn head(&self) -> Result<Head, StoreError>;

    /// The entries that a query selects, oldest first.
    async fn entries(&self, query: &Query) -> Result<Vec<Sealed>, StoreError>;

    /// The checkpoints of the entries `after < seq <= through`, oldest first.
    async fn checkpoints(&self, after: u64, through: u64) -> Result<Vec<Checkpoint>, StoreError>;

    /// The last `count` checkpoints, oldest first.
    async fn last_checkpoints(&self, count: u32) -> Result<Vec<Checkpoint>, StoreError>;

    /// Up to `limit` requests that were sent on and have not ended.
    async fn open_requests(&self, limit: u32) -> Result<Vec<OpenRequest>, StoreError>;

    /// What requests took out of budgets since a moment, oldest first.
    async fn spending(&self, since: Timestamp) -> Result<Vec<Spending>, StoreError>;

    /// Saves a hold in its present state.
    async fn put_hold(&self, hold: &Hold) -> Result<(), StoreError>;

    /// Saves a hold that has been opened, with what it is recognised by after a restart.
    async fn put_waiting(&self, waiting: &Waiting) -> Result<(), StoreError>;

    /// The holds that have not been settled, oldest first.
    async fn waiting(&self) -> Result<Vec<Waiting>, StoreError>;

    /// A hold by its id.
    async fn hold(&self, id: &str) -> Result<Option<Hold>, StoreError>;

    /// Up to `limit` holds, in one state or in any, newest first.
    async fn holds(&self, state: Option<HoldState>, limit: u32) -> Result<Vec<Hold>, StoreError>;

    /// The holds that a query selects, newest first.
    async fn past_holds(&self, query: &PastHolds) -> Result<Vec<Hold>, StoreError>;

    /// Saves a notification that was not delivered. Of more than `most`, the oldest go.
    async fn put_dead_letter(&self, letter: &DeadLetter, most: u32) -> Result<(), StoreError>;

    /// Up to `limit` notifications that were not delivered, newest first.
    async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, StoreError>;

    /// Forgets one of them.
    async fn remove_dead_letter(&self, id: &str) -> Result<(), StoreError>;

    /// Saves a plan in its present state.
    async fn put_plan(&self, plan: &Plan) -> Result<(), StoreError>;

    /// A plan by its id.
    async fn plan(&self, id: &str) -> Result<Option<Plan>, StoreError>;

    /// Up to `limit` plans, newest first.
    async fn plans(&self, limit: u32) -> Result<Vec<Plan>, StoreError>;

    /// Removes the plans whose time was up by then.
    async fn forget_plans(&self, until: Timestamp) -> Result<(), StoreError>;

    /// Up to `limit` holds that owe a review, newest first.
    async fn owed_reviews(&self, limit: u32) -> Result<Vec<Hold>, StoreError>;

    /// Saves a grant in its present state.
    async fn put_grant(&self, grant: &Grant) -> Result<(), StoreError>;

    /// Up to `limit` grants that have ended or that have not, newest first.
    async fn grants(&self, ended: bool, limit: u32) -> Result<Vec<Grant>, StoreError>;

    /// Saves an object as it was before a change. Of more than `most` bytes in all, the oldest go.
    async fn put_pre_image(&self, image: PreImage, most: u64) -> Result<(), StoreError>;

    /// Notes what the change left.
    async fn set_pre_image_outcome(&self, id: &str, outcome: &str) -> Result<(), StoreError>;

    /// Up to `limit` of a request, or of all that a hold let through, newest first.
    async fn pre_images(&self, id: &str, limit: u32) -> Result<Vec<PreImage>, StoreError>;

    /// What is said of up to `limit` of them whose change was seen to succeed, newest first.
    async fn pre_images_about(&self, limit: u32) -> Result<Vec<String>, StoreError>;

    /// Forgets the one of a request.
    async fn remove_pre_image(&self, id: &str) -> Result<(), StoreError>;

    /// Forgets those whose time is up.
    async fn expire_pre_images(&self, now: Timestamp) -> Result<(), StoreError>;

    /// The next page of an export: up to `limit` entries after one, and the checkpoints among
    /// them.
    async fn lines(&self, after: u64, limit: u32) -> Result<Vec<Line>, StoreError> {
        let entries = self.entries(&Query::after(after, limit)).await?;
        let through = entries.last().map_or(after, |entry| entry.seq);
        let mut checkpoints = self.checkpoints(after, through).await?.into_iter().peekable();
        let mut lines = Vec::with_capacity(entries.len());
        for entry in entries {
            let seq = entry.seq;
            lines.push(Line::Entry(entry));
            lines.extend(checkpoints.next_if(|next| next.seq == seq).map(Line::Checkpoint));
        }
        Ok(lines)
    }
}

/// What is added to the trail in one transaction.
#[derive(Debug)]
pub struct Batch {
    /// The entries, in the order of the chain.
    pub entries: Vec<NewEntry>,
    /// Signs the last of them.
    pub checkpoint: Checkpoint,
}

/// An entry and the record that it was written from.
#[derive(Debug)]
pub struct NewEntry {
    /// The entry.
    pub sealed: Sealed,
    /// What it says; the store takes out of it what the entry will be found by.
    pub record: Record,
}

/// A request that was sent on and has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenRequest {
    /// Its id.
    pub id: Uuid,
    /// When it was decided.
    pub at: Timestamp,
}

/// What a request took out of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spending {
    /// The name of the `Budget` document.
    pub budget: String,
    /// Who asked.
    pub caller: String,
    /// When it was decided.
    pub at: Timestamp,
    /// How much, in pods or objects.
    pub amount: u64,
}

/// An object as it was before a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreImage {
    /// The request's id.
    pub id: String,
    /// The hold that let it through.
    pub hold: Option<String>,
    /// When it was made.
    pub at: Timestamp,
    /// When it goes.
    pub expires: Timestamp,
    /// What was changed by whom: JSON, and part of what the seal is over.
    pub about: String,
    /// The object, sealed.
    pub sealed: Vec<u8>,
    /// What the change left, as whoever made the image says it; none until that is known.
    pub outcome: Option<String>,
}

/// Selects entries.
#[derive(Debug, Clone)]
pub struct Query {
    /// Which ones.
    pub filter: Filter,
    /// From which end.
    pub window: Window,
    /// How many at most.
    pub limit: u32,
}

impl Query {
    /// Whatever comes after an entry.
    pub fn after(seq: u64, limit: u32) -> Self {
        Self { filter: Filter::default(), window: Window::After(seq), limit }
    }
}

/// A hold that waits for a decision, or for whoever asked for it.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The hold.
    pub hold: Hold,
    /// What it is recognised by, in the words of the one who wrote it; none if nobody comes back.
    pub standing: Option<String>,
}

/// Selects holds that do not wait any more.
#[derive(Debug, Clone)]
pub struct PastHolds {
    /// In this state; in any but pending, if none is named.
    pub state: Option<HoldState>,
    /// Before the hold with this time and id.
    pub before: Option<(Timestamp, String)>,
    /// How many at most.
    pub limit: u32,
}

/// From which end a limited query takes its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The first ones after this position.
    After(u64),
    /// The last ones before this position.
    Before(u64),
    /// The last ones.
    Newest,
}

/// What entries must have in common; what is left out does not matter.
///
/// A response carries neither caller nor cluster: find it by its request's id.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The caller, or the person who decided a hold.
    pub caller: Option<String>,
    /// The cluster.
    pub cluster: Option<String>,
    /// The decision on the request.
    pub decision: Option<Outcome>,
    /// The request's verb, as `RequestInfo` spells it.
    pub verb: Option<String>,
    /// The request's namespace.
    pub namespace: Option<String>,
    /// The earliest moment.
    pub since: Option<Timestamp>,
    /// The moment before which it was.
    pub until: Option<Timestamp>,
    /// Everything about one request.
    pub request: Option<Uuid>,
    /// Everything about one hold.
    pub hold: Option<String>,
}

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The state folder, or a file in it, cannot be made or opened.
    #[error("cannot open {path}")]
    Open {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// Another gateway runs on the same state.
    #[error("another gateway is using {path}; stop it, or give this one a state folder of its own")]
    InUse {
        /// The state folder.
        path: PathBuf,
    },
    /// Somebody else has written to the trail.
    #[error(
        "the trail {path} was altered: {what}; keep the state folder as evidence and start with a \
         new one, or put the file back from a backup"
    )]
    Altered {
        /// The trail's file.
        path: PathBuf,
        /// In which way.
        what: &'static str,
    },
    /// A newer gateway wrote the database.
    #[error("{path} was written by a newer kguard-gateway; run that version or a later one")]
    Newer {
        /// The database.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("no space is left for {path}; free some on that volume")]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// The database cannot be written.
    #[error("cannot write to {path}")]
    Write {
        /// The database.
        path: PathBuf,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The database cannot be read.
    #[error("cannot read from {path}")]
    Read {
        /// The database.
        path: PathBuf,
        /// Why.
        #[source]
        source: BoxError,
    },
}

/// An error of whatever database is below.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
