//! What is seen of a stream: on its way into the recording, and asked of the policies.

use std::sync::Arc;
use std::time::Instant;

use kguard::recording::Cast;
use kguard::stream::{Observer, Seen};

use super::standing::Standing;

/// Observes one stream.
pub(crate) struct Tap {
    cast: Option<Cast>,
    standing: Arc<Standing>,
    began: Instant,
    /// Whether the other side has said how it ended.
    has_status: bool,
}

impl Tap {
    pub(super) fn new(cast: Option<Cast>, (standing, began): (Arc<Standing>, Instant)) -> Self {
        Self { cast, standing, began, has_status: false }
    }

    /// One that records nothing, for tests.
    #[cfg(test)]
    pub(crate) fn of_nothing() -> Self {
        Self::new(None, (Arc::new(Standing::of_nobody()), Instant::now()))
    }

    /// Whether a command has ended: what breaks after that is no failure.
    pub(crate) fn has_status(&self) -> bool {
        self.has_status
    }

    /// The lines that are to be written, in exchange for memory of the next ones.
    pub(crate) fn exchange(&mut self, memory: Vec<u8>) -> Vec<u8> {
        self.cast.as_mut().map(|cast| cast.exchange(memory)).unwrap_or_default()
    }

    /// How many bytes of them there are.
    pub(crate) fn waiting(&self) -> usize {
        self.cast.as_ref().map_or(0, Cast::waiting)
    }

    /// Writes down that it is over, and why if it did not end by itself.
    pub(crate) fn end(&mut self, why: Option<&str>) {
        let seconds = self.began.elapsed().as_secs_f64();
        if let Some(cast) = &mut self.cast {
            cast.end(seconds, why);
        }
    }
}

impl Observer for Tap {
    fn saw(&mut self, seen: &Seen<'_>) {
        self.has_status |= matches!(seen, Seen::Status(_));
        let seconds = self.began.elapsed().as_secs_f64();
        if let Some(cast) = &mut self.cast {
            cast.saw(seconds, seen);
        }
    }

    fn may_connect(&mut self, port: u16) -> Result<(), String> {
        self.standing.may_connect(port)
    }
}
