//! Delivers to one target: a queue with an end, a few at a time, again and again for a while. So one
//! that is slow or away is in nobody's way but its own.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand;
use kguard::api::Notification;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::dead_letters::{DeadLetters, Failed};
use super::target::Target;
use super::undelivered::{Again, Undelivered};
use crate::metrics::{Notified, NotifyFigures};

/// So many wait for one target.
pub(super) const QUEUE: usize = 1024;
/// So many are on their way to it.
const AT_A_TIME: usize = 8;
/// How long one attempt may take, whatever its parts may.
const ATTEMPT: Duration = Duration::from_secs(20);

/// How long to try.
struct Persistence {
    /// The pauses between attempts, from the first to the longest; each at random up to a half
    /// shorter.
    pauses: [Duration; 2],
    /// For how long.
    patience: Duration,
}

const PERSISTENCE: Persistence = Persistence {
    pauses: [Duration::from_secs(1), Duration::from_mins(1)],
    patience: Duration::from_mins(10),
};

/// What is left undone when the gateway stops.
const STOPPED: &str = "the gateway was stopped before it was delivered";

/// Delivers what comes through a queue.
pub(super) struct Courier {
    pub(super) target: Arc<Target>,
    pub(super) dead_letters: DeadLetters,
    pub(super) figures: NotifyFigures,
    pub(super) stopping: watch::Receiver<bool>,
}

impl Courier {
    /// Runs until the gateway stops; what is not delivered by then is kept.
    pub(super) async fn run(self: Arc<Self>, mut queue: mpsc::Receiver<Notification>) {
        let room = Arc::new(Semaphore::new(AT_A_TIME));
        let mut under_way = JoinSet::new();
        while let Some((notification, place)) = self.next(&mut queue, &room).await {
            while under_way.try_join_next().is_some() {}
            let courier = Arc::clone(&self);
            under_way.spawn(async move {
                courier.deliver(notification).await;
                drop(place);
            });
        }
        queue.close();
        while let Ok(notification) = queue.try_recv() {
            self.bury(notification, Failed { attempts: 0, error: STOPPED.to_owned() }).await;
        }
        while under_way.join_next().await.is_some() {}
    }

    /// The next one, and a place for it; none when the gateway stops.
    async fn next(
        &self,
        queue: &mut mpsc::Receiver<Notification>,
        room: &Arc<Semaphore>,
    ) -> Option<(Notification, tokio::sync::OwnedSemaphorePermit)> {
        let mut stopping = self.stopping.clone();
        let next = async {
            let place = Arc::clone(room).acquire_owned().await.ok()?;
            Some((queue.recv().await?, place))
        };
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => None,
            next = next => next,
        }
    }

    async fn deliver(&self, notification: Notification) {
        let mut stopping = self.stopping.clone();
        let send = || self.target.send(&notification);
        let count = |outcome| self.figures.count(&self.target.name, outcome);
        if let Err(failed) = PERSISTENCE.deliver(send, count, &mut stopping).await {
            self.bury(notification, failed).await;
        }
    }

    pub(super) async fn bury(&self, notification: Notification, failed: Failed) {
        self.figures.count(&self.target.name, Notified::Dead);
        self.dead_letters.keep(&self.target.name, notification, failed).await;
    }
}

impl Persistence {
    /// Sends until it is delivered, or there is no sense in trying any longer.
    async fn deliver<F: Future<Output = Result<(), Undelivered>>>(
        &self,
        send: impl Fn() -> F,
        count: impl Fn(Notified),
        stopping: &mut watch::Receiver<bool>,
    ) -> Result<(), Failed> {
        let begun = Instant::now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let sent = tokio::select! {
                sent = attempt(send()) => sent,
                _ = stopping.wait_for(|stopping| *stopping) => {
                    return Err(Failed { attempts, error: STOPPED.to_owned() });
                }
            };
            let Err(Undelivered { what, again }) = sent else {
                count(Notified::Delivered);
                return Ok(());
            };
            count(Notified::Failed);
            let failed = |error| Failed { attempts, error };
            let Again::Later(wanted) = again else { return Err(failed(what)) };
            let pause = self.pause(attempts).max(wanted.unwrap_or_default());
            if begun.elapsed().saturating_add(pause) > self.patience {
                return Err(failed(what));
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stopping.wait_for(|stopping| *stopping) => {
                    return Err(failed(format!("{STOPPED}; {what}")));
                }
            }
        }
    }

    /// The pause after so many attempts: twice the one before, and at random, so that a receiver that
    /// comes back is not met by all at once.
    fn pause(&self, attempts: u32) -> Duration {
        let [first, longest] = self.pauses;
        let doubled = first.saturating_mul(1 << (attempts - 1).min(16)).min(longest);
        let mut random = [0; 1];
        // Without randomness the pause is the longest.
        let share = rand::fill(&mut random).map_or(0, |()| u32::from(random[0]));
        doubled.mul_f64(1.0 - f64::from(share) / 512.0)
    }
}

/// One attempt, with an end.
pub(super) async fn attempt(
    sent: impl Future<Output = Result<(), Undelivered>>,
) -> Result<(), Undelivered> {
    match tokio::time::timeout(ATTEMPT, sent).await {
        Ok(sent) => sent,
        Err(_) => Err(Undelivered::later(format!("no answer within {} s", ATTEMPT.as_secs()))),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    /// As persistent, in a fraction of the time.
    const QUICK: Persistence = Persistence {
        pauses: [Duration::from_millis(2), Duration::from_millis(20)],
        patience: Duration::from_millis(400),
    };

    /// What becomes of a notification whose every attempt ends so; and how often it was tried, and
    /// for how long.
    async fn tried(
        end: impl Fn(u32) -> Result<(), Undelivered>,
    ) -> (Result<(), Failed>, u32, Duration) {
        let (_stop, mut stopping) = watch::channel(false);
        let (begun, tries) = (Instant::now(), Cell::new(0));
        let send = || {
            tries.set(tries.get() + 1);
            std::future::ready(end(tries.get()))
        };
        let counted = RefCell::new(Vec::new());
        let count = |outcome| counted.borrow_mut().push(outcome);
        let done = QUICK.deliver(send, count, &mut stopping).await;
        assert_eq!(counted.borrow().len(), usize::try_from(tries.get()).unwrap());
        (done, tries.get(), begun.elapsed())
    }

    #[test]
    fn pauses_double_and_are_up_to_a_half_shorter() {
        for (attempts, longest) in [(1, 1), (2, 2), (3, 4), (7, 60), (100, 60)] {
            let longest = Duration::from_secs(longest);
            for _ in 0..100 {
                let pause = PERSISTENCE.pause(attempts);
                assert!(pause <= longest && pause > longest / 2, "{attempts}: {pause:?}");
            }
        }
    }

    #[tokio::test]
    async fn what_fails_for_a_while_is_delivered() {
        let end = |tries| if tries < 4 { Err(Undelivered::later("x".into())) } else { Ok(()) };
        let (done, tries, _) = tried(end).await;
        assert!(done.is_ok());
        assert_eq!(tries, 4);
    }

    #[tokio::test]
    async fn what_fails_for_long_is_given_up() {
        let (done, tries, took) = tried(|_| Err(Undelivered::later("HTTP 500".into()))).await;
        let failed = done.unwrap_err();
        assert_eq!((failed.attempts, failed.error.as_str()), (tries, "HTTP 500"));
        assert!(tries > 2 && took > QUICK.patience / 2, "{tries} in {took:?}");
    }

    #[tokio::test]
    async fn what_can_never_be_delivered_is_tried_once() {
        let (done, tries, _) = tried(|_| Err(Undelivered::never("HTTP 404".into()))).await;
        assert_eq!((done.unwrap_err().error.as_str(), tries), ("HTTP 404", 1));
    }

    #[tokio::test]
    async fn a_receiver_that_wants_to_be_left_alone_is() {
        let wait = Duration::from_millis(100);
        let end = |tries| {
            if tries == 1 { Err(Undelivered::after("429".into(), Some(wait))) } else { Ok(()) }
        };
        let (done, _, took) = tried(end).await;
        assert!(done.is_ok() && took >= wait, "{took:?}");
        let long = Some(QUICK.patience * 2);
        let (done, tries, _) = tried(|_| Err(Undelivered::after("429".into(), long))).await;
        assert!(done.is_err());
        assert_eq!(tries, 1);
    }

    #[tokio::test]
    async fn a_gateway_that_stops_waits_for_nobody() {
        let (stop, mut stopping) = watch::channel(false);
        let sent = PERSISTENCE.deliver(std::future::pending, |_| {}, &mut stopping);
        let (sent, ()) = tokio::join!(sent, async {
            stop.send_replace(true);
        });
        assert_eq!(sent.unwrap_err().error, STOPPED);
    }
}
