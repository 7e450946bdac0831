//! Notifications that could not be delivered, kept until somebody sends them again.

use std::sync::Arc;

use jiff::Timestamp;
use kguard::api::{DeadLetter, Notification};

use crate::clock::Clock;
use crate::store::{Store, StoreError};

/// So many are kept; beyond that the oldest goes.
const MOST: u32 = 1000;

/// Why one was given up.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) attempts: u32,
    pub(super) error: String,
}

/// All of them.
#[derive(Clone)]
pub(super) struct DeadLetters {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
}

impl DeadLetters {
    /// Keeps one that was given up.
    pub(super) async fn keep(&self, target: &str, notification: Notification, failed: Failed) {
        let Failed { attempts, error } = failed;
        tracing::warn!(
            to = target,
            hold = hold(&notification),
            error,
            "a notification is undelivered"
        );
        let id = id(&notification.id);
        let target = target.to_owned();
        let letter = DeadLetter { id, target, notification, attempts, error, failed: self.now() };
        self.put(&letter).await;
    }

    /// Keeps one that failed once more.
    pub(super) async fn failed_again(&self, mut letter: DeadLetter, error: String) {
        letter.attempts = letter.attempts.saturating_add(1);
        (letter.error, letter.failed) = (error, self.now());
        self.put(&letter).await;
    }

    async fn put(&self, letter: &DeadLetter) {
        if let Err(error) = self.store.put_dead_letter(letter, MOST).await {
            tracing::error!(to = letter.target, %error, "a notification is lost");
        }
    }

    /// All, newest first.
    pub(super) async fn list(&self) -> Result<Vec<DeadLetter>, StoreError> {
        self.store.dead_letters(MOST).await
    }

    /// One by its id.
    pub(super) async fn one(&self, id: &str) -> Result<Option<DeadLetter>, StoreError> {
        Ok(self.list().await?.into_iter().find(|letter| letter.id == id))
    }

    /// Forgets one that was delivered.
    pub(super) async fn forget(&self, id: &str) -> Result<(), StoreError> {
        self.store.remove_dead_letter(id).await
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn hold(notification: &Notification) -> &str {
    notification.hold.as_ref().map_or("", |hold| &hold.id)
}

/// The end of a notification's id: short enough to be typed.
fn id(notification: &str) -> String {
    let chars = notification.chars().rev().take(10).collect::<Vec<_>>();
    chars.into_iter().rev().collect()
}
