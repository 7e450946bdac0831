//! Frames of a WebSocket (RFC 6455). Messages may come in any number of frames; what they say is
//! passed on as it comes, in messages of one frame each.
//!
//! How a message says what it is about (k8s.io/apimachinery `pkg/util/httpstream/wsstream`):
//!
//! | [`Form`] | |
//! |---|---|
//! | `Channels` | binary; the first byte is the channel. Of clients also text, which servers take the same |
//! | `Base64` | text; the first character is the channel, the rest base64 |
//! | `Bytes` | binary; a piece of a stream of bytes, as port-forward tunnels SPDY |

use std::borrow::Cow;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::StreamError;
use super::frame::Collected;

const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;
/// Lengths that stand for a longer one behind them.
const LENGTH_IN_2: u8 = 0x7e;
const LENGTH_IN_8: u8 = 0x7f;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// RFC 6455, 5.5.
const MAX_CONTROL_BYTES: u64 = 125;
/// What the reason of a close stands behind (RFC 6455, 5.5.1).
pub(super) const CODE_BYTES: usize = 2;
/// A message in base64 is read as a whole.
const MAX_TEXT_BYTES: u64 = 1 << 20;
/// In v5, the channel that says which channel has ended.
const CLOSED: u8 = 255;

/// How messages are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Channels,
    Base64,
    Bytes,
}

/// Who writes: clients mask what they send (RFC 6455, 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writes {
    Client,
    Server,
}

/// What a frame, or a piece of one, says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frame<'f> {
    /// Bytes of a channel; of channel 0 where there are none.
    Data {
        channel: u8,
        bytes: &'f [u8],
    },
    /// A message without anything but its channel, if that.
    Empty {
        channel: Option<u8>,
    },
    /// The end of a message of a channel.
    EndOfMessage {
        channel: u8,
    },
    /// Nothing more comes on a channel from this side (v5).
    Closed {
        channel: u8,
    },
    /// The other side's turn.
    Ping(&'f [u8]),
    Pong(&'f [u8]),
    Close(&'f [u8]),
}

/// Reads the frames of one direction.
#[derive(Debug)]
pub(super) struct Reader {
    form: Form,
    from: Writes,
    state: State,
    collected: Collected,
    message: Message,
    /// A message in base64, as far as it has come.
    text: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Header,
    /// What is left of a frame's payload.
    Payload {
        left: u64,
        is_last: bool,
        key: Key,
    },
    Control {
        first: u8,
        length: usize,
        key: Key,
    },
}

/// What a payload is masked with, and how much of it was.
#[derive(Debug, Clone, Copy, Default)]
struct Key {
    bytes: [u8; 4],
    at: usize,
}

impl Key {
    fn masks(self) -> bool {
        self.bytes != [0; 4]
    }

    fn apply(&mut self, payload: &mut [u8]) {
        if !self.masks() {
            return;
        }
        let mut key = self.bytes;
        key.rotate_left(self.at);
        let mut fours = payload.chunks_exact_mut(key.len());
        for four in &mut fours {
            four.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        }
        fours.into_remainder().iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        self.at = (self.at + payload.len()) % key.len();
    }
}

/// The message whose frames are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    None,
    /// It has begun, and nothing of it has come.
    Begun,
    /// Of this channel; whether anything followed its number.
    Of {
        channel: u8,
        is_empty: bool,
    },
}

type Each<'e> = &'e mut dyn FnMut(Frame<'_>) -> Result<(), StreamError>;

impl Reader {
    pub(super) fn new(form: Form, from: Writes) -> Self {
        let (state, message) = (State::Header, Message::None);
        Self { form, from, state, collected: Collected::default(), message, text: Vec::new() }
    }

    /// Whose frames it reads.
    pub(super) fn from(&self) -> Writes {
        self.from
    }

    /// Reads on. What a channel says comes in pieces as it arrives.
    pub(super) fn push(&mut self, mut bytes: &[u8], each: Each<'_>) -> Result<(), StreamError> {
        while !bytes.is_empty() {
            match self.state {
                State::Header => self.header(&mut bytes, each)?,
                State::Control { first, length, key } => {
                    if self.collected.take(length, &mut bytes) {
                        self.control(first, key, each)?;
                    }
                }
                State::Payload { left, is_last, mut key } => {
                    let length = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    let (own, rest) = bytes.split_at(length);
                    bytes = rest;
                    let left = left.saturating_sub(length as u64);
                    self.payload(own, &mut key, each)?;
                    self.state = State::Payload { left, is_last, key };
                    if left == 0 {
                        self.end_frame(is_last, each)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn header(&mut self, bytes: &mut &[u8], each: Each<'_>) -> Result<(), StreamError> {
        if !self.collected.take(2, bytes) {
            return Ok(());
        }
        let &[first, second, ..] = self.collected.bytes() else { return Ok(()) };
        let is_masked = second & MASKED != 0;
        let extended = match second & !MASKED {
            LENGTH_IN_2 => 2,
            LENGTH_IN_8 => 8,
            _ => 0,
        };
        let key_bytes = if is_masked { 4 } else { 0 };
        if !self.collected.take(2 + extended + key_bytes, bytes) {
            return Ok(());
        }
        let header = self.collected.finish();
        let (length, key) = header.get(2..).unwrap_or_default().split_at(extended);
        let length = length.iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
        let length = if extended == 0 { u64::from(second & !MASKED) } else { length };
        let key = Key { bytes: key.try_into().unwrap_or_default(), at: 0 };
        let is_expected = is_masked == (self.from == Writes::Client);
        if first & RESERVED != 0 || !is_expected || length > i64::MAX as u64 {
            return Err(StreamError::Frame);
        }
        self.begin(first, length, key)?;
        match self.state {
            // They may have no payload at all.
            State::Control { first, length: 0, key } => self.control(first, key, each),
            State::Payload { left: 0, is_last, .. } => self.end_frame(is_last, each),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, first: u8, length: u64, key: Key) -> Result<(), StreamError> {
        let (is_last, opcode) = (first & FINAL != 0, first & !FINAL);
        // API servers do not tell text from bytes, and Python's client sends its bytes as text.
        let is_own = match (self.form, opcode) {
            (Form::Base64, TEXT) | (Form::Channels | Form::Bytes, BINARY) => true,
            (Form::Channels, TEXT) => self.from == Writes::Client,
            _ => false,
        };
        match (opcode, self.message) {
            (_, Message::None) if is_own => self.message = Message::Begun,
            (CONTINUATION, Message::Begun | Message::Of { .. }) => {}
            (CLOSE | PING | PONG, _) if is_last && length <= MAX_CONTROL_BYTES => {
                let length = usize::try_from(length).unwrap_or_default();
                self.state = State::Control { first, length, key };
                return Ok(());
            }
            _ => return Err(StreamError::Frame),
        }
        if self.form == Form::Base64 && self.text.len() as u64 + length > MAX_TEXT_BYTES {
            return Err(StreamError::Frame);
        }
        self.state = State::Payload { left: length, is_last, key };
        Ok(())
    }

    fn control(&mut self, first: u8, mut key: Key, each: Each<'_>) -> Result<(), StreamError> {
        self.state = State::Header;
        let mut payload = self.collected.finish();
        key.apply(&mut payload);
        each(match first & !FINAL {
            CLOSE => Frame::Close(&payload),
            PING => Frame::Ping(&payload),
            _ => Frame::Pong(&payload),
        })
    }

    fn payload(&mut self, bytes: &[u8], key: &mut Key, each: Each<'_>) -> Result<(), StreamError> {
        let mut unmasked = Cow::Borrowed(bytes);
        if key.masks() {
            key.apply(unmasked.to_mut());
        }
        if self.form == Form::Base64 {
            self.text.extend_from_slice(&unmasked);
            return Ok(());
        }
        self.say(&unmasked, each)
    }

    /// Says a piece of a message.
    fn say(&mut self, mut bytes: &[u8], each: Each<'_>) -> Result<(), StreamError> {
        if self.message == Message::Begun {
            if self.form == Form::Bytes {
                self.message = Message::Of { channel: 0, is_empty: true };
            } else if let Some((channel, rest)) = bytes.split_first() {
                self.message = Message::Of { channel: *channel, is_empty: true };
                bytes = rest;
            }
        }
        let Message::Of { channel, .. } = self.message else { return Ok(()) };
        if bytes.is_empty() {
            return Ok(());
        }
        self.message = Message::Of { channel, is_empty: false };
        if channel == CLOSED && self.form == Form::Channels {
            return bytes.iter().try_for_each(|closed| each(Frame::Closed { channel: *closed }));
        }
        each(Frame::Data { channel, bytes })
    }

    fn end_frame(&mut self, is_last: bool, each: Each<'_>) -> Result<(), StreamError> {
        self.state = State::Header;
        if !is_last {
            return Ok(());
        }
        if self.form == Form::Base64 {
            let text = std::mem::take(&mut self.text);
            if let Some((digit, encoded)) = text.split_first() {
                let channel = digit.checked_sub(b'0').ok_or(StreamError::Frame)?;
                let decoded = STANDARD.decode(encoded).map_err(|_| StreamError::Frame)?;
                self.say(&[&[channel], decoded.as_slice()].concat(), each)?;
            }
        }
        match std::mem::replace(&mut self.message, Message::None) {
            Message::Begun if self.form == Form::Bytes => Ok(()),
            Message::Begun => each(Frame::Empty { channel: None }),
            Message::Of { channel, is_empty: true } => {
                each(Frame::Empty { channel: Some(channel) })
            }
            Message::Of { channel, .. } => each(Frame::EndOfMessage { channel }),
            Message::None => Ok(()),
        }
    }
}

/// Writes the frames of one direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer {
    pub(super) form: Form,
    pub(super) from: Writes,
}

impl Writer {
    /// Writes a frame; of the end of a message, nothing: it was one before.
    pub(super) fn write(self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        match *frame {
            Frame::Data { bytes: [], .. } | Frame::EndOfMessage { .. } => {}
            Frame::Data { bytes, .. } if self.form == Form::Bytes => {
                self.frame(BINARY, &[bytes], out);
            }
            Frame::Data { channel, bytes } => self.message(channel, bytes, out),
            Frame::Empty { channel: None } if self.form == Form::Base64 => {
                self.frame(TEXT, &[], out);
            }
            Frame::Empty { channel: None } => self.frame(BINARY, &[], out),
            Frame::Empty { channel: Some(channel) } => self.message(channel, &[], out),
            Frame::Closed { channel } => self.message(CLOSED, &[channel], out),
            Frame::Ping(payload) => self.frame(PING, &[payload], out),
            Frame::Pong(payload) => self.frame(PONG, &[payload], out),
            Frame::Close(payload) => self.frame(CLOSE, &[payload], out),
        }
    }

    fn message(self, channel: u8, bytes: &[u8], out: &mut Vec<u8>) {
        if self.form == Form::Base64 {
            let encoded = STANDARD.encode(bytes);
            self.frame(TEXT, &[&[b'0'.wrapping_add(channel)], encoded.as_bytes()], out);
        } else {
            self.frame(BINARY, &[&[channel], bytes], out);
        }
    }

    fn frame(self, opcode: u8, parts: &[&[u8]], out: &mut Vec<u8>) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let masked = if self.from == Writes::Client { MASKED } else { 0 };
        out.push(FINAL | opcode);
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short), _) if short < LENGTH_IN_2 => out.push(masked | short),
            (_, Ok(medium)) => {
                out.push(masked | LENGTH_IN_2);
                out.extend_from_slice(&medium.to_be_bytes());
            }
            _ => {
                out.push(masked | LENGTH_IN_8);
                out.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        let mut key = Key::default();
        if masked != 0 {
            // A key of zeros masks nothing, which no server minds.
            let _ = rand::fill(&mut key.bytes);
            out.extend_from_slice(&key.bytes);
        }
        let start = out.len();
        for part in parts {
            out.extend_from_slice(part);
        }
        key.apply(out.get_mut(start..).unwrap_or_default());
    }
}
