//! `undo:` in the gateway's configuration.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// How much is kept to undo changes with, and for how long.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UndoConfig {
    /// For how many hours; with 0 nothing is kept.
    pub keep_hours: u32,
    /// What all of it may take on disk, in MiB; the oldest goes first.
    pub max_mebibytes: u32,
}

impl Default for UndoConfig {
    fn default() -> Self {
        Self { keep_hours: 72, max_mebibytes: 256 }
    }
}

impl UndoConfig {
    /// Whether anything is kept.
    pub(super) fn keeps(&self) -> bool {
        self.keep_hours > 0 && self.max_mebibytes > 0
    }

    /// What all of it may take.
    pub(super) fn max_bytes(&self) -> u64 {
        u64::from(self.max_mebibytes) << 20
    }

    /// Until when that is kept which is kept now.
    pub(super) fn until(&self, now: Timestamp) -> Timestamp {
        let hours = SignedDuration::from_hours(self.keep_hours.into());
        now.saturating_add(hours).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_refused_and_what_is_not_said_has_a_default() {
        let read = |text: &str| serde_saphyr::from_str::<UndoConfig>(text);
        let config = read("{keepHours: 1}").unwrap();
        assert_eq!((config.keep_hours, config.max_mebibytes), (1, 256));
        assert!(config.keeps() && !read("{keepHours: 0}").unwrap().keeps());
        assert!(read("{keepDays: 1}").is_err());
    }
}
