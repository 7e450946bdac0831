//! What goes to one target, and when.

use std::sync::Arc;

use jiff::Timestamp;
use kguard::api::{Hold, Notice, Notification, NotificationEvent};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::dead_letters::Failed;
use super::delivery::{Courier, QUEUE};
use super::notification;
use super::shares::{Share, Shares};

/// A target's queue.
pub(super) struct Outbox {
    courier: Arc<Courier>,
    sender: mpsc::Sender<Notification>,
    shares: Shares,
}

impl Outbox {
    pub(super) fn new(courier: Arc<Courier>, sender: mpsc::Sender<Notification>) -> Self {
        Self { courier, sender, shares: Shares::default() }
    }

    /// Whether there are holds that the target was not told of, and should have been.
    pub(super) fn owes(&self) -> bool {
        self.shares.owe()
    }

    /// Tells the target of a hold, if that is what it wants to know and its caller does not ask all
    /// the time.
    pub(super) async fn tell(&mut self, event: NotificationEvent, hold: &Hold, now: Timestamp) {
        let target = &self.courier.target;
        if !target.when.fits(event, hold) {
            return;
        }
        // Machines read all that there is.
        let is_for_people = !target.is_webhook();
        let share = if is_for_people { self.shares.take(event, hold, now) } else { Share::Left };
        match share {
            Share::Left => {}
            Share::Last => {
                let (target, caller) = (&target.name, &hold.caller.name);
                tracing::warn!(%target, %caller, "asks so often that people are told later");
            }
            Share::Spent => return,
        }
        let news = notification(event, Some(Arc::new(Notice::of(hold))), now);
        self.send(Notification { throttled: share == Share::Last, ..news }).await;
    }

    /// Tells of those that still wait, as far as their callers' shares have come back.
    pub(super) async fn catch_up(&mut self, holds: &[Hold], now: Timestamp) {
        for hold in self.shares.untold(holds) {
            self.tell(NotificationEvent::Held, hold, now).await;
        }
    }

    async fn send(&self, news: Notification) {
        if let Err(TrySendError::Full(news) | TrySendError::Closed(news)) =
            self.sender.try_send(news)
        {
            let error = format!("{QUEUE} others waited for the same target");
            self.courier.bury(news, Failed { attempts: 0, error }).await;
        }
    }
}
