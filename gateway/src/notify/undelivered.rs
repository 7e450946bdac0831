//! Why a notification was not delivered, and whether to try again.

use std::time::Duration;

use super::config::Misconfigured;

/// A failed attempt.
#[derive(Debug)]
pub(super) struct Undelivered {
    /// In the gateway's words; shown to auditors.
    pub(super) what: String,
    pub(super) again: Again,
}

/// Whether to try again.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// It would fail the same way.
    Never,
    /// Not before so long, if the receiver said.
    Later(Option<Duration>),
}

impl Undelivered {
    /// It would fail the same way again.
    pub(super) fn never(what: String) -> Self {
        Self { what, again: Again::Never }
    }

    /// It may be delivered later.
    pub(super) fn later(what: String) -> Self {
        Self::after(what, None)
    }

    /// It may be delivered later, and not before the receiver wants it.
    pub(super) fn after(what: String, pause: Option<Duration>) -> Self {
        Self { what, again: Again::Later(pause) }
    }
}

/// A file that cannot be used now may be mended.
impl From<Misconfigured> for Undelivered {
    fn from(error: Misconfigured) -> Self {
        Self::later(error.to_string())
    }
}
