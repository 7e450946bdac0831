//! What a container sends through exec and attach, with its text masked.
//!
//! ```text
//! bytes of the server → frames (WebSocket, SPDY/3.1) → text of each channel → masked → frames
//! ```
//!
//! Frames are parsed and made anew, never patched: a channel's text has no frames of its own, so it
//! may be cut anywhere. What is no frame ends the stream. Pure: who calls does the reading, the
//! writing and the waiting.

mod frame;
mod spdy;
mod websocket;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::mask::{MaskReport, TextMasker, TextPlan};

/// More streams than exec and attach ever have at once.
const MAX_CHANNELS: usize = 32;

/// The protocol of an upgraded connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// SPDY/3.1, as `moby/spdystream` speaks it.
    Spdy,
    /// RFC 6455 with a binary subprotocol `channel.k8s.io`.
    WebSocket,
}

/// Why a stream cannot go on. None quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// A frame that the protocol does not have here.
    #[error("the server sent a frame that does not belong here")]
    Frame,
    /// More channels than there are.
    #[error("the server opened too many channels")]
    TooManyChannels,
}

/// Masks the server's half of a connection.
#[derive(Debug)]
pub struct StreamMasker {
    reader: Reader,
    texts: Texts,
}

#[derive(Debug)]
enum Reader {
    Spdy(spdy::Reader),
    WebSocket(websocket::Reader),
}

impl StreamMasker {
    /// For a connection that begins.
    pub fn new(protocol: Protocol, plan: Arc<TextPlan>) -> Self {
        let reader = match protocol {
            Protocol::Spdy => Reader::Spdy(spdy::Reader::default()),
            Protocol::WebSocket => Reader::WebSocket(websocket::Reader::default()),
        };
        let texts = Texts { plan, maskers: BTreeMap::new(), report: MaskReport::default() };
        Self { reader, texts }
    }

    /// Takes the server's next bytes and writes what the client gets of them.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), StreamError> {
        match &mut self.reader {
            Reader::Spdy(reader) => reader.push(bytes, &mut self.texts, out),
            Reader::WebSocket(reader) => reader.push(bytes, &mut self.texts, out),
        }
    }

    /// Whether some text is held back until it is clear.
    pub fn is_holding(&self) -> bool {
        self.texts.maskers.values().any(TextMasker::is_holding)
    }

    /// Writes what is held back, when it must not wait longer.
    pub fn release(&mut self, out: &mut Vec<u8>) {
        let holding = self.texts.maskers.iter_mut().filter(|(_, masker)| masker.is_holding());
        for (channel, masker) in holding {
            let mut text = Vec::new();
            masker.release(&mut text);
            match self.reader {
                Reader::Spdy(_) => spdy::write(*channel, &text, spdy::Last::No, out),
                Reader::WebSocket(_) => websocket::write(*channel, &text, out),
            }
        }
    }

    /// Ends the connection: what is held back, and what was masked.
    pub fn finish(mut self, out: &mut Vec<u8>) -> MaskReport {
        self.release(out);
        let channels: Vec<_> = self.texts.maskers.keys().copied().collect();
        for channel in channels {
            // Nothing is left in them.
            self.texts.end(channel, &mut Vec::new());
        }
        self.texts.report
    }
}

/// The text of each channel.
#[derive(Debug)]
struct Texts {
    plan: Arc<TextPlan>,
    maskers: BTreeMap<u32, TextMasker>,
    report: MaskReport,
}

impl Texts {
    /// More text of a channel, as far as it is clear by now.
    fn push(&mut self, channel: u32, text: &[u8]) -> Result<Vec<u8>, StreamError> {
        if !self.maskers.contains_key(&channel) && self.maskers.len() >= MAX_CHANNELS {
            return Err(StreamError::TooManyChannels);
        }
        let masker = self.maskers.entry(channel).or_insert_with(|| self.plan.masker());
        let mut clear = Vec::with_capacity(text.len());
        masker.push(text, &mut clear);
        Ok(clear)
    }

    /// Ends a channel; what is left of its text.
    fn end(&mut self, channel: u32, left: &mut Vec<u8>) {
        let Some(masker) = self.maskers.remove(&channel) else { return };
        for (document, count) in masker.finish(left).masked {
            *self.report.masked.entry(document).or_default() += count;
        }
    }
}
