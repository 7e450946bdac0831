//! The server's frames of a WebSocket (RFC 6455), each message of which begins with the number of
//! its channel (k8s.io/apimachinery `pkg/util/httpstream/wsstream`).
//!
//! Text comes out in messages of one frame each. A close, of one channel or of all, comes after what
//! was held back.

use super::frame::Collected;
use super::{StreamError, Texts};

const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;
const CONTINUATION: u8 = 0;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// RFC 6455, 5.5.
const MAX_CONTROL_BYTES: u64 = 125;

/// The channel of the exit status.
const STATUS: u32 = 3;
/// In v5, the channel that says which channel has ended.
const CLOSED: u32 = 255;

/// Reads the frames of one connection.
#[derive(Debug, Default)]
pub(super) struct Reader {
    state: State,
    collected: Collected,
    message: Message,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Header,
    /// What is left of a frame's payload.
    Payload {
        left: u64,
        is_last: bool,
    },
    Control {
        first: u8,
        length: usize,
    },
}

/// The message whose frames are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Message {
    #[default]
    None,
    /// It has begun, and nothing of it has come.
    Begun,
    /// Of this channel; whether anything followed its number.
    Of { channel: u32, is_empty: bool },
}

impl Reader {
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        texts: &mut Texts,
        out: &mut Vec<u8>,
    ) -> Result<(), StreamError> {
        while !bytes.is_empty() {
            match self.state {
                State::Header => self.header(&mut bytes, out)?,
                State::Control { first, length } => {
                    if self.collected.take(length, &mut bytes) {
                        self.control(first, texts, out);
                    }
                }
                State::Payload { left, is_last } => {
                    let length = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    let (own, rest) = bytes.split_at(length);
                    bytes = rest;
                    self.payload(own, texts, out)?;
                    let left = left.saturating_sub(length as u64);
                    self.state = State::Payload { left, is_last };
                    if left == 0 {
                        self.end_frame(is_last, texts, out);
                    }
                }
            }
        }
        // A control frame may have no payload at all.
        if let State::Control { first, length: 0 } = self.state {
            self.control(first, texts, out);
        }
        Ok(())
    }

    fn header(&mut self, bytes: &mut &[u8], out: &mut Vec<u8>) -> Result<(), StreamError> {
        if !self.collected.take(2, bytes) {
            return Ok(());
        }
        let &[first, second, ..] = self.collected.bytes() else { return Ok(()) };
        let extended = match second {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if !self.collected.take(2 + extended, bytes) {
            return Ok(());
        }
        let header = self.collected.finish();
        let length = header.get(2..).unwrap_or_default();
        let length = length.iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
        let length = if extended == 0 { u64::from(second) } else { length };
        if first & RESERVED != 0 || second & MASKED != 0 || length > i64::MAX as u64 {
            return Err(StreamError::Frame);
        }
        let (is_last, opcode) = (first & FINAL != 0, first & !FINAL);
        match (opcode, self.message) {
            (BINARY, Message::None) => self.message = Message::Begun,
            (CONTINUATION, Message::Begun | Message::Of { .. }) => {}
            (CLOSE | PING | PONG, _) if is_last && length <= MAX_CONTROL_BYTES => {
                let length = usize::try_from(length).unwrap_or_default();
                self.state = State::Control { first, length };
                return Ok(());
            }
            _ => return Err(StreamError::Frame),
        }
        self.state = State::Payload { left: length, is_last };
        if length == 0 {
            self.end_empty(is_last, out);
        }
        Ok(())
    }

    fn control(&mut self, first: u8, texts: &mut Texts, out: &mut Vec<u8>) {
        self.state = State::Header;
        let payload = self.collected.finish();
        if first & !FINAL == CLOSE {
            let channels: Vec<_> = texts.maskers.keys().copied().collect();
            for channel in channels {
                end(channel, texts, out);
            }
        }
        frame(first, &[&payload], out);
    }

    fn payload(
        &mut self,
        mut bytes: &[u8],
        texts: &mut Texts,
        out: &mut Vec<u8>,
    ) -> Result<(), StreamError> {
        if self.message == Message::Begun
            && let Some((channel, rest)) = bytes.split_first()
        {
            self.message = Message::Of { channel: u32::from(*channel), is_empty: true };
            bytes = rest;
        }
        let Message::Of { channel, .. } = self.message else { return Ok(()) };
        if bytes.is_empty() {
            return Ok(());
        }
        self.message = Message::Of { channel, is_empty: false };
        if channel == CLOSED {
            for closed in bytes {
                end(u32::from(*closed), texts, out);
            }
            frame(FINAL | BINARY, &[&[255], bytes], out);
            return Ok(());
        }
        write(channel, &texts.push(channel, bytes)?, out);
        Ok(())
    }

    fn end_frame(&mut self, is_last: bool, texts: &mut Texts, out: &mut Vec<u8>) {
        self.state = State::Header;
        if !is_last {
            return;
        }
        match std::mem::take(&mut self.message) {
            // The client may not wait for it any longer than for the end of the program.
            Message::Of { channel: STATUS, is_empty: false } => {
                if let Some(masker) = texts.maskers.get_mut(&STATUS) {
                    let mut left = Vec::new();
                    masker.release(&mut left);
                    write(STATUS, &left, out);
                }
            }
            Message::Of { channel, is_empty: true } => {
                frame(FINAL | BINARY, &[&[low_byte(channel)]], out);
            }
            _ => {}
        }
    }

    /// A frame without a payload: the whole message, or a piece of one that says nothing.
    fn end_empty(&mut self, is_last: bool, out: &mut Vec<u8>) {
        self.state = State::Header;
        if !is_last {
            return;
        }
        match std::mem::take(&mut self.message) {
            Message::Begun => frame(FINAL | BINARY, &[], out),
            Message::Of { channel, is_empty: true } => {
                frame(FINAL | BINARY, &[&[low_byte(channel)]], out);
            }
            _ => {}
        }
    }
}

/// Writes a message with text of a channel, if there is any.
pub(super) fn write(channel: u32, text: &[u8], out: &mut Vec<u8>) {
    if !text.is_empty() {
        frame(FINAL | BINARY, &[&[low_byte(channel)], text], out);
    }
}

fn end(channel: u32, texts: &mut Texts, out: &mut Vec<u8>) {
    let mut left = Vec::new();
    texts.end(channel, &mut left);
    write(channel, &left, out);
}

/// Channels are bytes here.
fn low_byte(channel: u32) -> u8 {
    channel.to_be_bytes()[3]
}

fn frame(first: u8, parts: &[&[u8]], out: &mut Vec<u8>) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    out.push(first);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => out.push(short),
        (_, Ok(medium)) => {
            out.push(126);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    for part in parts {
        out.extend_from_slice(part);
    }
}
