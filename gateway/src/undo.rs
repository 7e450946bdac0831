//! Taking back a change that an approval let through.
//!
//! ```text
//! keep (right before the change is sent) ─→ vault ─→ store
//!                                                     │  settle (once the answer is here)
//! plan (as the one who undoes) ←─ vault ←─────────────┘
//!   ├─→ preview: what is there against what would be, masked
//!   └─→ run: an ordinary request, through the pipeline like any other
//! ```
//!
//! The object is read in the name of the one as whom the change runs, right before it is sent, and
//! is kept with all that it holds: a Secret is to come back as it was, also for somebody who may not
//! see it. So it is kept encrypted, and leaves this module only towards its own cluster, or masked.
//!
//! Undoing gives nobody a right: what it sends is a request of the one who undoes, on which policies
//! decide as on any other, and which may be held itself. It replaces nothing that has changed since.
//!
//! If there is nothing to keep, or it cannot be kept, the change runs all the same, and its entry in
//! the trail says so: an approved change is what somebody needs now, and must not fail because a copy
//! of what was there did. So a copy may be missing and is never promised.

mod body;
mod config;
mod keep;
mod plan;
mod preview;
mod run;
mod vault;

use kguard::api::undo::Undoable;
use kguard::kube::status::Reason;
use kguard::mask::PlaceholderKey;
use serde_json::Value;

pub use self::config::UndoConfig;
pub use self::keep::{Kept, keep};
pub use self::preview::preview;
pub use self::run::{Undoing, begin};
pub use self::vault::{Vault, VaultError};

use self::vault::Seal;
use crate::clock::Clock;
use crate::gateway::Gateway;
use crate::store::{Store, StoreError};

/// How often what is too old is looked for.
const SWEPT: std::time::Duration = std::time::Duration::from_mins(5);
/// Changes of one hold that are told apart; more are found by their own ids.
const MOST_OF_A_HOLD: u32 = 2;

/// What undoing takes besides the store.
#[derive(Debug)]
pub struct Undos {
    /// Encrypts what is kept.
    pub vault: Vault,
    /// How much is kept, and for how long.
    pub config: UndoConfig,
}

/// A change, and what was there before.
pub struct Former {
    /// The change.
    change: Undoable,
    /// The object as it was.
    object: Value,
    /// What the change left; none if that was not seen.
    outcome: Option<String>,
}

/// Why a change is not undone.
#[derive(Debug, thiserror::Error)]
pub enum NotUndone {
    /// It was changed since.
    #[error(
        "the object was changed since, and undoing would undo that as well; look at the difference, \
         and change back by hand what has to be"
    )]
    Changed,
    /// A delete that has not ended yet.
    #[error("the object is still going away; try again once it is gone")]
    Going,
    /// There is nothing to change back.
    #[error("the object is not there any more; undo what deleted it instead")]
    Gone,
    /// More than one change.
    #[error(
        "hold {0} let several changes through; name the one to undo by its own id: \
         `kguard undo --list`"
    )]
    Many(String),
    /// Nothing is kept, or it is not for him to know.
    #[error(
        "nothing is kept to undo `{0}` with: only approved deletes, updates and scalings can be \
         undone, for a while; `kguard undo --list` lists them, `kguard audit show {0}` may say why"
    )]
    NotFound(String),
    /// Another object by that name.
    #[error("there is another object of that name by now, and it stays")]
    Other,
    /// What is kept cannot be opened.
    #[error("what is kept of it cannot be opened: it was altered, or `undo.key` is another one")]
    Sealed,
    /// The store.
    #[error("the gateway's store cannot be read")]
    Store(#[source] StoreError),
    /// The answer to the change was not seen.
    #[error(
        "kguard has not seen what the change left, so it cannot tell whether something was changed \
         since; change it back by hand"
    )]
    Unseen,
    /// It cannot be looked at.
    #[error("kguard cannot look at the object in your name: {0}")]
    Unreadable(String),
}

impl NotUndone {
    /// What it is to the client.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Changed | Self::Going | Self::Gone | Self::Many(_) | Self::Other => {
                Reason::Conflict
            }
            Self::NotFound(_) => Reason::NotFound,
            Self::Sealed | Self::Unseen => Reason::Invalid,
            Self::Store(_) => Reason::ServiceUnavailable,
            Self::Unreadable(_) => Reason::Forbidden,
        }
    }
}

/// The change with this id, or that the hold with this id let through.
pub async fn find(gateway: &Gateway, id: &str) -> Result<Former, NotUndone> {
    let found = gateway.store.pre_images(id, MOST_OF_A_HOLD).await.map_err(NotUndone::Store)?;
    let now = gateway.clock.now();
    let mut found: Vec<_> = found.into_iter().filter(|image| image.expires > now).collect();
    let image = found.pop().ok_or_else(|| NotUndone::NotFound(id.to_owned()))?;
    if !found.is_empty() {
        return Err(NotUndone::Many(id.to_owned()));
    }
    let seal = Seal { about: &image.about };
    let object = gateway.undos.vault.open(&seal, &image.sealed).ok_or(NotUndone::Sealed)?;
    let change = serde_json::from_str(&image.about).map_err(|_| NotUndone::Sealed)?;
    let object = serde_json::from_slice(&object).map_err(|_| NotUndone::Sealed)?;
    Ok(Former { change, object, outcome: image.outcome })
}

/// The changes that can be undone, newest first, whoever made them.
pub async fn list(gateway: &Gateway, limit: u32) -> Result<Vec<Undoable>, StoreError> {
    let now = gateway.clock.now();
    let about = gateway.store.pre_images_about(limit).await?;
    let changes = about.iter().filter_map(|about| serde_json::from_str::<Undoable>(about).ok());
    Ok(changes.filter(|change| change.until > now).collect())
}

impl Former {
    /// The change.
    pub fn change(&self) -> &Undoable {
        &self.change
    }
}

/// Forgets what is too old. Runs for as long as the gateway does.
pub async fn sweep(store: std::sync::Arc<dyn Store>, clock: Clock) {
    let mut ticks = tokio::time::interval(SWEPT);
    loop {
        ticks.tick().await;
        if let Err(error) = store.expire_pre_images(clock.now()).await {
            tracing::warn!(%error, "what is kept for undoing and is too old cannot be removed");
        }
    }
}

/// Tells one content of an object from another, without what changes by itself: keyed, or a short
/// secret could be found out by trying.
fn digest(key: &PlaceholderKey, object: &Value) -> String {
    key.digest(body::lasting(object).to_string().as_bytes())
}
