//! Reads an exported trail for what it says. Whether it was altered is for
//! [`verify`](super::verify) to tell.

use jiff::Timestamp;

use super::{Line, Record};

/// A line of a trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// A signature, which says nothing of its own.
    Checkpoint,
    /// A fact of a kind that this version does not know.
    Newer,
    /// A fact.
    Record(Record),
}

/// The line is none of a trail. Whoever exported it, or another program, wrote something else.
#[derive(Debug, thiserror::Error)]
#[error("this is no line of an exported trail")]
pub struct Unreadable;

/// Reads a line.
pub fn read(line: &[u8]) -> Result<Read, Unreadable> {
    match serde_json::from_slice(line).map_err(|_| Unreadable)? {
        Line::Checkpoint(_) => Ok(Read::Checkpoint),
        Line::Entry(sealed) => Ok(sealed.record.read().map_or(Read::Newer, Read::Record)),
    }
}

/// A part of a trail: from a moment on, and before another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Between {
    /// The first moment of it.
    pub since: Option<Timestamp>,
    /// The first moment behind it.
    pub until: Option<Timestamp>,
}

impl Between {
    /// Whether it contains a moment.
    pub fn contains(self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= at) && self.until.is_none_or(|until| at < until)
    }
}

#[cfg(test)]
pub(crate) mod samples;
