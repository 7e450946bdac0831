//! The server's frames of SPDY/3.1, as far as `moby/spdystream` speaks it: there is no flow control,
//! so that data may become longer or shorter.
//!
//! Data of every stream is masked, whatever the stream is for. Everything else passes as it is, after
//! what was held back of the streams that it ends.

use super::frame::Collected;
use super::{StreamError, Texts};

const HEADER_BYTES: usize = 8;
/// The first two bytes of a control frame: the highest bit, and version 3.
const CONTROL: [u8; 2] = [0x80, 3];
const RST_STREAM: u16 = 3;
const GOAWAY: u16 = 7;
/// SYN_STREAM to WINDOW_UPDATE.
const TYPES: std::ops::RangeInclusive<u16> = 1..=9;
const FIN: u8 = 1;
/// Header blocks of exec and attach are some hundred bytes.
const MAX_CONTROL_BYTES: usize = 64 << 10;
/// A frame's length has three bytes.
const MAX_DATA_BYTES: usize = (1 << 24) - 1;

/// Reads the frames of one connection.
#[derive(Debug, Default)]
pub(super) struct Reader {
    state: State,
    collected: Collected,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Header,
    /// A control frame of this length in all.
    Control { length: usize },
    /// What is left of a frame's data.
    Data { stream: u32, left: usize, last: Last },
}

/// Whether a stream ends with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    No,
    Yes,
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
                State::Header => {
                    if self.collected.take(HEADER_BYTES, &mut bytes) {
                        self.header(texts, out)?;
                    }
                }
                State::Control { length } => {
                    if self.collected.take(length, &mut bytes) {
                        self.control(texts, out);
                    }
                }
                State::Data { stream, left, last } => {
                    let (own, rest) = bytes.split_at(left.min(bytes.len()));
                    bytes = rest;
                    write(stream, &texts.push(stream, own)?, Last::No, out);
                    let left = left - own.len();
                    self.state = State::Data { stream, left, last };
                    if left == 0 {
                        self.end_data(texts, out);
                    }
                }
            }
        }
        Ok(())
    }

    fn header(&mut self, texts: &mut Texts, out: &mut Vec<u8>) -> Result<(), StreamError> {
        let &[a, b, c, d, flags, long, middle, short] = self.collected.bytes() else {
            return Err(StreamError::Frame);
        };
        let length = u32::from_be_bytes([0, long, middle, short]);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if a & 0x80 != 0 {
            let is_known = [a, b] == CONTROL && TYPES.contains(&u16::from_be_bytes([c, d]));
            if !is_known || length > MAX_CONTROL_BYTES {
                return Err(StreamError::Frame);
            }
            self.state = State::Control { length: HEADER_BYTES + length };
            if length == 0 {
                self.control(texts, out);
            }
            return Ok(());
        }
        if flags & !FIN != 0 {
            return Err(StreamError::Frame);
        }
        self.collected.finish();
        let last = if flags & FIN != 0 { Last::Yes } else { Last::No };
        self.state = State::Data { stream: u32::from_be_bytes([a, b, c, d]), left: length, last };
        if length == 0 {
            self.end_data(texts, out);
        }
        Ok(())
    }

    fn control(&mut self, texts: &mut Texts, out: &mut Vec<u8>) {
        self.state = State::Header;
        let frame = self.collected.finish();
        let kind = match frame.get(2..4) {
            Some(&[high, low]) => u16::from_be_bytes([high, low]),
            _ => 0,
        };
        let stream = match frame.get(HEADER_BYTES..HEADER_BYTES + 4) {
            Some(&[a, b, c, d]) => u32::from_be_bytes([a, b, c, d]),
            _ => 0,
        };
        let ended: Vec<_> = match kind {
            RST_STREAM => vec![stream],
            GOAWAY => texts.maskers.keys().copied().collect(),
            _ => Vec::new(),
        };
        for stream in ended {
            let mut left = Vec::new();
            texts.end(stream, &mut left);
            write(stream, &left, Last::No, out);
        }
        out.extend_from_slice(&frame);
    }

    fn end_data(&mut self, texts: &mut Texts, out: &mut Vec<u8>) {
        if let State::Data { stream, last: Last::Yes, .. } = self.state {
            let mut left = Vec::new();
            texts.end(stream, &mut left);
            write(stream, &left, Last::Yes, out);
        }
        self.state = State::Header;
    }
}

/// Writes data of a stream. Nothing is written of nothing, unless it is the last.
pub(super) fn write(stream: u32, mut data: &[u8], last: Last, out: &mut Vec<u8>) {
    loop {
        let (own, rest) = data.split_at(data.len().min(MAX_DATA_BYTES));
        data = rest;
        let ends = last == Last::Yes && data.is_empty();
        if !own.is_empty() || ends {
            let [_, long, middle, short] = u32::try_from(own.len()).unwrap_or(0).to_be_bytes();
            out.extend_from_slice(&stream.to_be_bytes());
            out.extend_from_slice(&[u8::from(ends) * FIN, long, middle, short]);
            out.extend_from_slice(own);
        }
        if data.is_empty() {
            return;
        }
    }
}
