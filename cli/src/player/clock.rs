//! Which second is being played, at what speed.

use std::time::Duration;

/// As fast and as slow as keys can make it.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.0625..=64.0;

/// The time in a recording.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    /// The second that was played at `since`.
    second: f64,
    since: Duration,
    speed: f64,
    held: bool,
}

impl Clock {
    pub(super) fn new(speed: f64) -> Self {
        Self { second: 0.0, since: Duration::ZERO, speed, held: false }
    }

    /// The second that is being played.
    pub(super) fn position(&self, now: Duration) -> f64 {
        if self.held {
            return self.second;
        }
        self.second + now.saturating_sub(self.since).as_secs_f64() * self.speed
    }

    /// Jumps.
    pub(super) fn set(&mut self, now: Duration, second: f64) {
        self.second = second;
        self.since = now;
    }

    /// Stands still, or goes.
    pub(super) fn hold(&mut self, now: Duration, held: bool) {
        self.set(now, self.position(now));
        self.held = held;
    }

    /// How long it takes until this second comes.
    pub(super) fn until(&self, now: Duration, second: f64) -> Duration {
        let seconds = (second - self.position(now)).max(0.0) / self.speed;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    pub(super) fn faster(&mut self, now: Duration) {
        self.scale(now, 2.0);
    }

    pub(super) fn slower(&mut self, now: Duration) {
        self.scale(now, 0.5);
    }

    /// A speed that was asked for on the command line may be beyond what keys reach.
    fn scale(&mut self, now: Duration, by: f64) {
        let speed = self.speed * by;
        if SPEEDS.contains(&speed) {
            self.set(now, self.position(now));
            self.speed = speed;
        }
    }
}
