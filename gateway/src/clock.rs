//! The time as a parameter, so that tests move it instead of waiting.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

/// Tells the time. Cheap to clone; clones tell the same time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::from_fn(Timestamp::now)
    }

    /// A clock that shows what `now` returns.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// A clock that stands still until a test moves it.
#[cfg(test)]
#[derive(Clone)]
pub(crate) struct ManualClock(Arc<std::sync::atomic::AtomicI64>);

#[cfg(test)]
impl ManualClock {
    /// Stands at `second` of the Unix epoch.
    pub(crate) fn at(second: i64) -> Self {
        Self(Arc::new(second.into()))
    }

    /// Moves on.
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, std::sync::atomic::Ordering::SeqCst);
    }

    /// What it shows, in seconds of the Unix epoch.
    pub(crate) fn second(&self) -> i64 {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// The clock to hand over.
    pub(crate) fn clock(&self) -> Clock {
        let this = self.clone();
        Clock::from_fn(move || Timestamp::from_second(this.second()).unwrap())
    }
}
