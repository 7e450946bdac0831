//! A recording of a stream: asciicast v2, as the gateway writes it and as any player reads it.
//!
//! A header, then events, a line each. It holds what a container printed, so nothing in it is
//! trusted: what cannot be read is left out and counted. Codes that this version does not know are
//! passed over, as players do.

mod reader;
mod summary;
#[cfg(test)]
pub(crate) mod tests;

use serde::Deserialize;
use serde_json::Value;

pub(crate) use reader::{Place, Reader, UnreadableRecording};
pub(crate) use summary::Summary;

/// More than any stream lasts: thirty years.
const MAX_SECONDS: f64 = 1e9;

/// What was recorded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Header {
    /// The terminal's columns and lines.
    pub(crate) size: Option<(u64, u64)>,
    /// Seconds since 1970.
    pub(crate) timestamp: Option<i64>,
    /// The gateway's facts; nothing for a recording of somebody else.
    kguard: Value,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// Seconds since the beginning.
    pub(crate) at: f64,
    pub(crate) what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    /// The container printed this.
    Output(String),
    /// It ended with this status; or, if that is no number, failed with this message.
    Exit(String),
    /// Something that the gateway saw.
    Fact(Value),
    /// The terminal has so many columns and lines from now on.
    Resize(u64, u64),
    /// Anything else: input, which the output echoes, a marker.
    Other,
}

impl Header {
    /// Reads the first line.
    pub(crate) fn read(line: &[u8]) -> Result<Self, UnreadableRecording> {
        #[derive(Deserialize)]
        struct Head {
            version: u64,
            #[serde(default)]
            width: Value,
            #[serde(default)]
            height: Value,
            #[serde(default)]
            timestamp: Value,
            #[serde(default)]
            kguard: Value,
        }
        let head: Head =
            serde_json::from_slice(line).map_err(|_| UnreadableRecording::NoRecording)?;
        if head.version != 2 {
            return Err(UnreadableRecording::Version(head.version));
        }
        Ok(Self {
            size: head.width.as_u64().zip(head.height.as_u64()),
            timestamp: head.timestamp.as_i64(),
            kguard: head.kguard,
        })
    }

    /// Whether somebody sat at a terminal. Recordings of other programs are of terminals.
    pub(crate) fn is_tty(&self) -> bool {
        self.kguard.get("tty").and_then(Value::as_bool).unwrap_or(true)
    }

    /// Whether the gateway wrote it, which says how a stream ends.
    pub(crate) fn is_of_gateway(&self) -> bool {
        self.kguard.is_object()
    }

    /// Whose stream it is, where to and what ran there; empty if it does not say.
    pub(crate) fn title(&self) -> String {
        let fact = |name: &str| self.kguard.get(name).and_then(Value::as_str).unwrap_or_default();
        let command = self.kguard.get("command").and_then(Value::as_array);
        let command: Vec<&str> = command.into_iter().flatten().filter_map(Value::as_str).collect();
        let mut title = String::new();
        for (before, text) in [
            ("", fact("caller")),
            (" in ", fact("cluster")),
            (": ", fact("kind")),
            (" ", fact("namespace")),
            ("/", fact("pod")),
            (" -c ", fact("container")),
            (": ", &command.join(" ")),
        ] {
            if !text.is_empty() {
                title.extend([before, text]);
            }
        }
        title.trim_start().to_owned()
    }
}

impl Event {
    /// Reads a line behind the first; none if it is no event.
    pub(crate) fn read(line: &[u8]) -> Option<Self> {
        let (at, code, data): (f64, String, Value) = serde_json::from_slice(line).ok()?;
        let what = match (code.as_str(), data) {
            ("o", Value::String(text)) => What::Output(text),
            ("x", Value::String(status)) => What::Exit(status),
            ("x", Value::Number(status)) => What::Exit(status.to_string()),
            ("r", Value::String(size)) => resize(&size).unwrap_or(What::Other),
            ("k", Value::String(fact)) => What::Fact(fact_of(&fact)?),
            ("o" | "x" | "k", _) => return None,
            _ => What::Other,
        };
        // JSON cannot spell a NaN, which would stay one.
        Some(Self { at: at.clamp(0.0, MAX_SECONDS), what })
    }
}

/// A fact is an object, as text like all data.
fn fact_of(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(Value::is_object)
}

fn resize(size: &str) -> Option<What> {
    let (columns, lines) = size.split_once('x')?;
    Some(What::Resize(columns.parse().ok()?, lines.parse().ok()?))
}
