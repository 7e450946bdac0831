//! Tells people who do not look at the gateway: that a request waits for them, that it still does,
//! that somebody ran something without asking. By Slack, Teams, signed webhooks and e-mail, as the
//! configuration names them; see `docs/notifications.md`.
//!
//! Nothing of this ever stands in a hold's way. Holds tell of their changes whether anybody listens
//! or not; [`tracker`] finds what is news in them, and hands it to a queue of each target that wants
//! to know. [`delivery`] does the rest, in its own time. What cannot be delivered is kept as a dead
//! letter, also when the gateway stops; only what is under way when it is killed is lost.

mod config;
mod dead_letters;
mod delivery;
mod email;
mod outbox;
mod post;
mod shares;
mod slack;
mod target;
mod teams;
mod text;
mod tracker;
mod undelivered;
mod webhook;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kguard::api::{DeadLetter, Hold, Notice, Notification, NotificationEvent, Sent};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

pub use self::config::{
    ChatConfig, EmailConfig, Misconfigured, NotificationConfig, NotificationsError, WebhookConfig,
    When,
};
use self::dead_letters::DeadLetters;
use self::delivery::{Courier, QUEUE, attempt};
use self::outbox::Outbox;
use self::target::Target;
use self::tracker::Tracker;
use crate::clock::Clock;
use crate::hold::Holds;
use crate::metrics::{Notified, NotifyFigures};
use crate::store::{Store, StoreError};

/// How long a stop waits until what is not delivered is kept.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How often those are looked through that were not told of, since their callers ask all the time.
const CATCH_UP: Duration = Duration::from_secs(10);

/// All targets, and what could not be told them.
pub struct Notifications {
    targets: Vec<Arc<Target>>,
    dead_letters: DeadLetters,
    figures: NotifyFigures,
    stop: watch::Sender<bool>,
    couriers: Mutex<Vec<JoinHandle<()>>>,
}

/// Why something cannot be sent by hand.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// No such dead letter.
    #[error("there is no undelivered notification `{0}`; `kguard notifications` lists them")]
    NoLetter(String),
    /// No such target.
    #[error("there is no notification target `{name}`{}", choices(.known))]
    NoTarget {
        /// What it was called.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn choices(names: &[String]) -> String {
    match names {
        [] => "; the gateway's configuration has no `notifications`".to_owned(),
        names => format!("; there are: {}", names.join(", ")),
    }
}

/// Checks targets, before anything of a gateway is started.
pub fn check(configs: &[NotificationConfig]) -> Result<(), NotificationsError> {
    targets(configs).map(drop)
}

fn targets(configs: &[NotificationConfig]) -> Result<Vec<Arc<Target>>, NotificationsError> {
    let mut targets: Vec<Arc<Target>> = Vec::new();
    for config in configs {
        let target = Target::new(config)?;
        if targets.iter().any(|other| other.name == target.name) {
            let problem = Misconfigured::Duplicate;
            return Err(NotificationsError { name: target.name, problem });
        }
        targets.push(Arc::new(target));
    }
    Ok(targets)
}

impl Notifications {
    /// Listens to holds from now on.
    pub fn start(
        configs: &[NotificationConfig],
        holds: &Holds,
        figures: NotifyFigures,
        (store, clock): (Arc<dyn Store>, Clock),
    ) -> Result<Self, NotificationsError> {
        let targets = targets(configs)?;
        let dead_letters = DeadLetters { store, clock: clock.clone() };
        let (stop, stopping) = watch::channel(false);
        let mut outboxes = Vec::new();
        let mut couriers = Vec::new();
        for target in &targets {
            let (sender, queue) = mpsc::channel(QUEUE);
            let courier = Arc::new(Courier {
                target: Arc::clone(target),
                dead_letters: dead_letters.clone(),
                figures: figures.clone(),
                stopping: stopping.clone(),
            });
            couriers.push(tokio::spawn(Arc::clone(&courier).run(queue)));
            outboxes.push(Outbox::new(courier, sender));
        }
        let dispatcher =
            Dispatcher { holds: holds.clone(), tracker: Tracker::default(), outboxes, clock };
        if !targets.is_empty() {
            tokio::spawn(dispatcher.run(holds.changes(), stopping));
        }
        Ok(Self { targets, dead_letters, figures, stop, couriers: Mutex::new(couriers) })
    }

    /// What could not be delivered, newest first.
    pub async fn undelivered(&self) -> Result<Vec<DeadLetter>, StoreError> {
        self.dead_letters.list().await
    }

    /// Sends a dead letter once more, now.
    pub async fn retry(&self, id: &str) -> Result<Sent, NotSent> {
        let letter = self.dead_letters.one(id).await?;
        let letter = letter.ok_or_else(|| NotSent::NoLetter(id.to_owned()))?;
        let sent = self.send(&letter.target, &letter.notification).await?;
        match &sent.error {
            None => self.dead_letters.forget(id).await?,
            Some(error) => self.dead_letters.failed_again(letter, error.clone()).await,
        }
        Ok(sent)
    }

    /// Sends a target a test, now.
    pub async fn test(&self, target: &str, now: Timestamp) -> Result<Sent, NotSent> {
        self.send(target, &notification(NotificationEvent::Test, None, now)).await
    }

    async fn send(&self, name: &str, notification: &Notification) -> Result<Sent, NotSent> {
        let target = self.targets.iter().find(|target| target.name == name);
        let target = target.ok_or_else(|| NotSent::NoTarget {
            name: name.to_owned(),
            known: self.targets.iter().map(|target| target.name.clone()).collect(),
        })?;
        let sent = attempt(target.send(notification)).await;
        let outcome = if sent.is_ok() { Notified::Delivered } else { Notified::Failed };
        self.figures.count(&target.name, outcome);
        let error = sent.err().map(|undelivered| undelivered.what);
        Ok(Sent { target: target.name.clone(), error })
    }

    /// Stops, and keeps what is not delivered.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let couriers =
            std::mem::take(&mut *self.couriers.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = futures_util::future::join_all(couriers);
        if tokio::time::timeout(LAST_WORDS, ended).await.is_err() {
            tracing::error!("some notifications were neither delivered nor kept");
        }
    }
}

/// Hands what is news to those who want to know.
struct Dispatcher {
    holds: Holds,
    tracker: Tracker,
    outboxes: Vec<Outbox>,
    clock: Clock,
}

impl Dispatcher {
    async fn run(
        mut self,
        mut changes: broadcast::Receiver<Arc<Hold>>,
        mut stopping: watch::Receiver<bool>,
    ) {
        let mut again = tokio::time::interval(CATCH_UP);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let change = tokio::select! {
                change = changes.recv() => Some(change),
                _ = again.tick(), if self.outboxes.iter().any(Outbox::owes) => None,
                _ = stopping.wait_for(|stopping| *stopping) => return,
            };
            match change {
                Some(Ok(hold)) => self.dispatch(&hold).await,
                // What still waits is not missed.
                Some(Err(RecvError::Lagged(_))) => {
                    let holds = self.holds.recent();
                    self.tracker.keep(&holds);
                    for hold in holds {
                        self.dispatch(&hold).await;
                    }
                }
                Some(Err(RecvError::Closed)) => return,
                None => self.catch_up().await,
            }
        }
    }

    async fn dispatch(&mut self, hold: &Hold) {
        let Some(event) = self.tracker.news(hold) else { return };
        let now = self.clock.now();
        for outbox in &mut self.outboxes {
            outbox.tell(event, hold, now).await;
        }
    }

    async fn catch_up(&mut self) {
        let (holds, now) = (self.holds.recent(), self.clock.now());
        for outbox in &mut self.outboxes {
            outbox.catch_up(&holds, now).await;
        }
    }
}

fn notification(
    event: NotificationEvent,
    hold: Option<Arc<Notice>>,
    at: Timestamp,
) -> Notification {
    let id = format!("msg_{}", Uuid::new_v4().simple());
    Notification { id, event, at, hold, throttled: false }
}
